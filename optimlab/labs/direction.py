"""One direction of a quadratic: what a method does along it, it does without seeing the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..losses import Loss

__all__ = ["Direction"]


class Direction(Loss):
    """L = ½λx², from x = 1; in units in which the steepest curvature is 1, λ is its share of that."""

    name, dim, start = "direction", 1, np.ones(1)

    def __init__(self, curvature: Any = 1.0):
        self.curvature = curvature

    def value(self, theta: Any) -> Any:
        return 0.5 * self.curvature * (theta**2).sum(axis=-1)

    def gradient(self, theta: Any) -> Any:
        return self.curvature * theta
