r"""A river valley: a loss that falls slowly along a river, between steep hills across which the noise shakes.

.. math:: L(x, y) = e^{-x/8} + \tfrac{1}{2} h\,\big(y - b \sin(x/2)\big)^2

with noise of standard deviation σ on the gradient in y. The first term is the *river part*, the second one the *hill
part*. That is a small model of the picture of Wen et al. (2024): a large η goes far along the river and is thrown high
up the hills, so the loss does not show how far it has come; when η decays the hill part goes away.

On a straight river (b = 0) all is exact. The step along x has no noise, and that across has two moments only:

.. math::
    x_{k+1} = x_k + \tfrac{\eta_k}{8} e^{-x_k/8}, \qquad
    E[y_{k+1}^2] = (1 - \eta_k h)^2\, E[y_k^2] + \eta_k^2 \sigma^2 .

On a bent river the noise across pushes along the river as well, and there is no such formula; `descend` measures it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .checks import check_numbers, told
from .knobs import Knob
from .noise import Noisy
from .surfaces import Surface

__all__ = ["LENGTH", "STEEPNESS", "Across", "Expected", "expected", "hill", "progress", "river_part", "river_valley"]

LENGTH = 8.0  # along which the river part falls by a factor of e
STEEPNESS = 10.0  # h
START = (0.0, 0.5)
NOISE = 3.0  # σ
BEND = Knob("b", "bend of the river", 0.0, 1.0, count=21)
STEEP = Knob("h", "steepness of the hills", 1.0, 20.0, allowed="(0, ∞)", count=39)
RATE = Knob("η", "learning rate", 1e-3, 0.19, log=True, allowed="[0, ∞)")
SIGMA = Knob("σ", "noise", 0.0, 6.0)


def river_valley(bend: Any = 0.0, h: Any = STEEPNESS) -> Surface:
    """e^{−x/8} + ½h(y − b sin(x/2))², from (0, ½): a straight river for b = 0. It has no minimum.

    Parameters
    ----------
    bend : b ≥ 0
    h : > 0, the curvature across

    >>> float(river_valley().value([0.0, 0.5]))
    2.25
    """
    b, h = BEND.check(bend), STEEP.check(h)

    def of(x: Any, y: Any) -> Any:
        return river_part(x) + 0.5 * h * (y - b * np.sin(x / 2)) ** 2

    def slope(x: Any, y: Any) -> tuple:
        across = h * (y - b * np.sin(x / 2))
        return -river_part(x) / LENGTH - across * b * np.cos(x / 2) / 2, across

    return Surface(
        "river valley",
        r"e^{-x/8} + \tfrac{1}{2} h\,(y - b \sin\tfrac{x}{2})^2",
        of,
        slope,
        minima=(),
        start=START,
        view=((-0.5, 13.5), (-1.5, 1.5)),
        knobs={"bend": BEND, "h": STEEP},
        params={"bend": bend, "h": h},
        family=river_valley,
    )


class Across(Noisy):
    """A loss whose gradient is noisy in its last coordinate only: σξₖ with ξₖ from N(0, 1), in three decimals.

    >>> Across(river_valley(), 3.0).noise(0).round(1).tolist()[0]
    0.0
    """

    def noise(self, k: int) -> np.ndarray:
        return np.round(super().noise(k), 3) * (np.arange(self.dim) == self.dim - 1)


def river_part(x: Any) -> Any:
    """e^{−x/8}: what is left of the loss at the bottom of the valley; any x, any shape.

    >>> river_part(0.0).item()
    1.0
    """
    return np.exp(-x / LENGTH)


def hill(eta: Any, h: Any = STEEPNESS, sigma: Any = NOISE) -> np.ndarray:
    r"""The mean hill part that a constant η keeps, on a straight river.

    .. math:: \tfrac{1}{2} h\,E[y^2] = \frac{\eta\sigma^2}{2\,(2 - \eta h)}

    Parameters
    ----------
    eta : η ≥ 0; NaN where ηh ≥ 2, for there y diverges
    h, sigma : h > 0, σ ≥ 0; all broadcast

    >>> round(float(hill(0.1)), 3)
    0.45
    """
    eta, h, sigma = RATE.check(eta), STEEP.check(h), SIGMA.check(sigma)
    left = np.asarray(2 - np.multiply(eta, h))
    return np.where(left > 0, eta * np.square(sigma) / (2 * np.where(left > 0, left, 1.0)), np.nan)


def progress(way: Any, x: Any = 0.0) -> np.ndarray:
    """How far along a straight river a way of S = Σηₖ leads from x, for small steps: 8 ln(e^{x/8} + S/64).

    That solves dx/dS = e^{−x/8}/8. So of the whole schedule only the sum of its η matters, and the river part is
    1/(e^{x/8} + S/64): twice the sum halves it, in the long run.

    Parameters
    ----------
    way : S ≥ 0, any shape
    x : where it begins; both broadcast

    >>> round(float(progress(200.0)), 2)
    11.34
    """
    way = check_numbers(way, "the sum of all η must be a number of at least 0")
    if not np.all(way >= 0):
        raise ValueError(f"the sum of all η must be a number of at least 0, got {told(float(way.min()))}")
    return LENGTH * np.log(np.exp(check_numbers(x, "x must be a number") / LENGTH) + way / LENGTH**2)


def square_after(square: Any, eta: Any, h: Any, sigma: Any) -> Any:
    """E[y²] after a step with η, from what it was before."""
    return (1 - eta * h) ** 2 * square + (eta * sigma) ** 2


class Expected(NamedTuple):
    """What many copies have on the average at the steps 0 … T, each of shape (T+1, ...)."""

    x: np.ndarray
    hill: np.ndarray

    @property
    def river(self) -> np.ndarray:
        return np.asarray(river_part(self.x))

    @property
    def loss(self) -> np.ndarray:
        return self.river + self.hill


def expected(rates: Any, h: Any = STEEPNESS, sigma: Any = NOISE, start: tuple = START) -> Expected:
    """The two parts of the mean loss on a straight river, exactly, by the recursion of the module.

    Parameters
    ----------
    rates : ηₖ ≥ 0 of each step, shape (T, ...): many schedules at once
    h, sigma : h > 0, σ ≥ 0, which broadcast against a row of the rates
    start : (x, y)

    >>> after = expected(np.full(1000, 0.1))
    >>> round(float(after.hill[-1]), 3), round(float(after.x[-1]), 2)
    (0.45, 7.53)
    """
    rates, h, sigma = np.asarray(RATE.check(rates)), STEEP.check(h), SIGMA.check(sigma)
    if not rates.ndim:
        raise ValueError(f"the rates must be one η for each step, shape (T, ...), got {told(float(rates))}")
    must = "the start must be two numbers, x and y"
    if check_numbers(start, must).shape != (2,):
        raise ValueError(f"{must}, got {told(start)}")
    x = np.full(np.broadcast_shapes(rates.shape[1:], np.shape(h), np.shape(sigma)), float(start[0]))
    square = np.full_like(x, float(start[1]) ** 2)
    xs, squares = [x], [square]
    for eta in rates:
        x = x + eta / LENGTH * river_part(x)
        square = square_after(square, eta, h, sigma)
        xs.append(x)
        squares.append(square)
    return Expected(np.array(xs), 0.5 * h * np.array(squares))
