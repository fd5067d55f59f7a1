r"""A loss of two parameters as a polynomial that goes through its values on a grid: for losses that take long.

A lab asks a surface for its height at thousands of places, and for its gradient for each position of each slider. On
the plane of a network that takes a minute; on the polynomial it takes no time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebvander

from .checks import check_numbers, check_whole, told
from .losses import Loss, as_loss

__all__ = ["Sampled"]

LIKE = ("name", "start", "view", "minima", "minimum", "symbols")


class Sampled(Loss):
    r"""The polynomial of degree n − 1 in each of φ₁ and φ₂ that is L at n × n Chebyshev points of the view.

    .. math:: L(\varphi) \approx \sum_{i,j<n} c_{ij}\, T_i(x)\, T_j(y), \qquad x_k = \cos \frac{\pi(k + 1/2)}{n}

    with x and y the place in the view from −1 to 1 (Trefethen 2019, *Approximation theory and approximation practice*).
    For a smooth loss the error falls with every n, for a network of ReLUs as a power of n: see `error`. Outside the
    view, where a polynomial explodes, it goes on as the tangent plane at the nearest place of the border.

    Parameters
    ----------
    loss : a loss of two parameters with a view, such as a `Plane`; its own sliders are fixed as they stand
    points : n in [3, 101]; the loss is asked n² times

    >>> from optimlab.surfaces import himmelblau
    >>> copy = Sampled(himmelblau(), points=5)  # of degree 4 in each
    >>> round(float(copy.value(np.array([1.0, 2.0]))), 9), copy.gradient(np.array([1.0, 2.0])).round(9).tolist()
    (68.0, [-36.0, -32.0])
    """

    def __init__(self, loss: Any, points: int = 33):
        loss = as_loss(loss)
        if loss.dim != 2 or loss.view is None:
            raise ValueError(f"only a loss of two parameters with a view can be sampled, got {told(loss)}")
        self.points = check_whole("points", points, 3, 101)
        self.loss = loss
        for part in LIKE:
            setattr(self, part, getattr(loss, part))
        low, high = np.transpose(np.asarray(loss.view, float))
        self.middle, self.half = (low + high) / 2, (high - low) / 2
        nodes = np.cos(np.pi * (np.arange(points) + 0.5) / points)
        x, y = np.meshgrid(nodes, nodes, indexing="ij")
        heights = np.asarray(loss.value(self.middle + self.half * np.stack([x, y], axis=-1)))
        if not np.isfinite(heights).all():
            raise ValueError(f"{loss.name} has a height in its view that is not finite: it cannot be sampled")
        back = np.linalg.inv(chebvander(nodes, points - 1))
        self.coefficients = back @ heights @ back.T

    @property
    def dim(self) -> int:
        return 2

    def value(self, theta: Any) -> np.ndarray:
        """L(φ): shape (..., 2) → (...)."""
        place, beyond = self._inside(theta)
        return self._sum(self.coefficients, place) + np.sum(self._slope(place) * beyond, axis=-1)

    def gradient(self, theta: Any) -> np.ndarray:
        """∇L(φ): shape (..., 2) → (..., 2); beyond the border, that of the nearest place of the border."""
        return self._slope(self._inside(theta)[0]) / self.half

    def error(self, places: int = 200, seed: int = 0) -> float:
        """The largest error of L at random places of the view, as a share of its range there."""
        places = check_whole("places", places, 2)
        phi = self.middle + self.half * np.random.default_rng(seed).uniform(-1, 1, (places, 2))
        right = np.asarray(self.loss.value(phi))
        return float(np.abs(self.value(phi) - right).max() / np.ptp(right))

    def _inside(self, theta: Any) -> tuple[np.ndarray, np.ndarray]:
        """The place from −1 to 1 in the view, and how far beyond it the point is."""
        phi = (check_numbers(theta, "φ must be numbers of shape (..., 2)") - self.middle) / self.half
        place = np.clip(phi, -1, 1)
        return place, phi - place

    def _slope(self, place: np.ndarray) -> np.ndarray:
        parts = [self._sum(chebder(self.coefficients, axis=axis), place) for axis in (0, 1)]
        return np.stack(parts, axis=-1)

    @staticmethod
    def _sum(c: np.ndarray, place: np.ndarray) -> np.ndarray:
        across, up = (chebvander(place[..., i : i + 1], c.shape[i] - 1)[..., 0, :] for i in (0, 1))
        return np.sum((across @ c) * up, axis=-1)

    def __repr__(self) -> str:
        return f"{self.name}, sampled at {self.points}² places"
