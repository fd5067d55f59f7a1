r"""Where heavy ball runs in circles for ever: smooth strongly convex functions made to measure, and one in 1-D.

On a quadratic heavy ball converges for every ηλmax < 2 + 2γ. Goujaud, Taylor and Dieuleveut (2023) give, for many of
these pairs, a function that is as smooth and as strongly convex, on which it goes round a regular polygon. If the K
points are :math:`x_t = e^{i\tau t}`, :math:`\tau = 2\pi/K`, in the complex plane, the gradients there have to be

.. math:: g_t = \frac{(1+\gamma) - e^{i\tau} - \gamma e^{-i\tau}}{\eta}\,x_t,

and :math:`f(x) = \tfrac L2|x|^2 - \tfrac{L-m}2\,\mathrm{dist}(x, C)^2` has them, with C the polygon of the
:math:`p_t = (g_t - m\,x_t)/(L-m)`, if each :math:`p_t` is the point of C that is nearest to :math:`x_t`. For a regular
polygon that is one inequality, for the neighbours of a corner decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, check_whole, told
from .losses import Loss
from .tape import as_symbolic

__all__ = ["Lessard", "Polygon", "corner", "has_cycle", "shortest_cycle"]

LONGEST = 25  # corners of a polygon that is looked for


def corner(eta: Any, gamma: Any, low: Any, high: Any, corners: Any) -> tuple[Any, Any]:
    """Real and imaginary part of p₀, the corner of C that belongs to x₀ = 1."""
    tau = 2 * np.pi / corners
    real = ((1 + gamma) * (1 - np.cos(tau)) / eta - low) / (high - low)
    imaginary = -(1 - gamma) * np.sin(tau) / (eta * (high - low))
    return real, imaginary


def has_cycle(eta: Any, gamma: Any, low: Any, high: Any, corners: Any) -> Any:
    """Whether a function with curvatures from `low` to `high` exists on which heavy ball runs round K corners.

    With p = p₀: (Re p − |p|²)(1 − cos τ) ≥ |Im p| sin τ. All arguments broadcast; η > 0, 0 ≤ γ < 1, 0 < low < high.
    """
    check_spectrum(eta, low, high)
    tau = 2 * np.pi / corners
    real, imaginary = corner(eta, gamma, low, high, corners)
    room = (real - real**2 - imaginary**2) * (1 - np.cos(tau))
    return room >= np.abs(imaginary) * np.sin(tau) - 1e-12


def shortest_cycle(eta: Any, gamma: Any, low: Any, high: Any, longest: int = LONGEST) -> Any:
    """The least number of corners, from 2 to `longest`, of a polygon round which heavy ball can run; 0 is none."""
    check_whole("longest", longest, 2, 1000)
    found: Any = 0.0
    for corners in range(longest, 1, -1):
        found = np.where(has_cycle(eta, gamma, low, high, float(corners)), float(corners), found)
    return found


def check_spectrum(eta: Any, low: Any, high: Any) -> None:
    """η and the ends of the spectrum, or a `ValueError`; what is being recorded has been looked at before."""
    if any(as_symbolic(value) is not None for value in (eta, low, high)):
        return
    numbers = [check_numbers(value, "η and the ends of the spectrum must be numbers") for value in (eta, low, high)]
    if not (np.all(numbers[0] > 0) and np.all(numbers[1] > 0) and np.all(numbers[2] > numbers[1])):
        raise ValueError(f"η > 0 and 0 < low < high are needed, got {told(eta)}, {told(low)} and {told(high)}")


def column(values: Any) -> Any:
    """With one more axis at the end, for the corners."""
    return (np.asarray(values, float) if as_symbolic(values) is None else values)[..., None]


class Polygon(Loss):
    """f(x) = (L/2)|x|² − ((L−m)/2) dist(x, C)² in the plane: smooth, strongly convex, and round for one heavy ball.

    Parameters
    ----------
    eta, gamma : of the heavy ball that is to go round
    low, high : m and L, 0 < m < L
    corners : K ≥ 2; whether it then goes round says `has_cycle`

    Its only minimum is 0. Each step of the cycle is a corner of the unit circle.
    """

    name, dim, minimum = "polygon", 2, 0.0
    minima = ((0.0, 0.0),)
    view = ((-1.6, 1.6), (-1.6, 1.6))
    start = (1.2, 0.0)

    def __init__(self, eta: Any, gamma: Any, low: Any, high: Any, corners: Any):
        check_spectrum(eta, low, high)
        self.eta, self.gamma, self.low, self.high, self.corners = eta, gamma, low, high, corners

    def vertices(self) -> tuple[Any, Any]:
        """The corners of C, x and y, LONGEST + 1 of them: after K they come again."""
        real, imaginary = map(column, corner(self.eta, self.gamma, self.low, self.high, self.corners))
        turn = 2 * np.pi / column(self.corners) * np.arange(LONGEST + 1)
        c, s = np.cos(turn), np.sin(turn)
        return real * c - imaginary * s, real * s + imaginary * c

    def nearest(self, theta: Any) -> tuple[Any, Any]:
        """The point of C that is nearest to θ."""
        x, y = self.vertices()
        ax, ay, dx, dy = x[..., :-1], y[..., :-1], x[..., 1:] - x[..., :-1], y[..., 1:] - y[..., :-1]
        px, py = column(theta[..., 0]), column(theta[..., 1])
        along = np.clip(((px - ax) * dx + (py - ay) * dy) / np.maximum(dx**2 + dy**2, 1e-300), 0.0, 1.0)
        qx, qy = ax + along * dx, ay + along * dy
        far = (px - qx) ** 2 + (py - qy) ** 2
        least = far.min(axis=-1)
        outside = (dx * (py - ay) - dy * (px - ax)).min(axis=-1) < 0  # corners run counterclockwise
        first = self.first_of(far <= least[..., None])
        edge = [(first * part).sum(axis=-1) for part in (qx, qy)]
        return tuple(np.where(outside, near, theta[..., i]) for i, near in enumerate(edge))  # type: ignore[return-value]

    @staticmethod
    def first_of(found: Any) -> Any:
        """1 for the first of those that are found, along the last axis, 0 for all others."""
        chosen: list[Any] = []
        taken: Any = 0.0
        for i in range(LONGEST):
            one = np.where(found[..., i], 1.0 - taken, 0.0)
            taken = taken + one
            chosen.append(one)
        return np.stack(chosen, axis=-1)

    def gradient(self, theta: Any) -> Any:
        """m θ + (L − m) P_C(θ)."""
        x, y = self.nearest(theta)
        gap = self.high - self.low
        return np.stack([self.low * theta[..., 0] + gap * x, self.low * theta[..., 1] + gap * y], axis=-1)

    def value(self, theta: Any) -> Any:
        x, y = self.nearest(theta)
        far = (theta[..., 0] - x) ** 2 + (theta[..., 1] - y) ** 2
        return 0.5 * self.high * (theta**2).sum(axis=-1) - 0.5 * (self.high - self.low) * far


class Lessard(Loss):
    """A convex function of one parameter on which heavy ball with η = 1/9, γ = 4/9 can cycle for ever.

    f′ = 25x below 1, x + 24 from 1 to 2, 25x − 24 above (Lessard, Recht and Packard 2016): curvatures between 1 and 25,
    for which these are Polyak's η and γ.
    """

    name, dim, minimum = "Lessard's function", 1, 0.0
    minima = ((0.0,),)
    view = ((-4.0, 4.0),)
    start = (3.1,)

    def gradient(self, theta: Any) -> Any:
        return np.where(theta < 1, 25 * theta, np.where(theta < 2, theta + 24, 25 * theta - 24))

    def value(self, theta: Any) -> Any:
        x = theta[..., 0]
        middle = 0.5 * x**2 + 24 * x - 12
        return np.where(x < 1, 12.5 * x**2, np.where(x < 2, middle, 12.5 * x**2 - 24 * x + 36))
