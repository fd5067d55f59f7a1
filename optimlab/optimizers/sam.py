"""Sharpness-aware minimization: not the gradient here, but that of the worst place near by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..knobs import knob
from ..losses import Gradient
from .around import Around
from .base import State, Step

__all__ = ["SAM"]


@dataclass(frozen=True, repr=False)
class SAM(Around):
    r"""SAM (Foret, Kleiner, Mobahi & Neyshabur 2021) around any optimizer: it descends from the worst place near by.

    .. math::
        \theta \leftarrow \text{inner}\big(\theta;\, \nabla L(\theta + e)\big), \qquad
        e = \rho\,\frac{\nabla L(\theta)}{\lVert \nabla L(\theta) \rVert}

    Parameters
    ----------
    inner : any `Optimizer`; it is given ∇L(θ + e) wherever it asks for ∇L(θ)
    rho : ρ ≥ 0, default 0.05: how far away the worst place is looked for; with 0 it is the inner optimizer alone

    Notes
    -----
    A step costs two gradients, both of the same batch. ‖·‖ goes over all of θ; where the gradient is 0 there is no
    direction, and e = 0. In PyTorch's implementations 10⁻¹² is added to ‖·‖.

    State: the inner optimizer's.

    >>> from optimlab.optimizers import GradientDescent
    >>> SAM(GradientDescent(0.5), rho=0.5).step(np.array([0.0, 2.0]), lambda theta: theta, {}, 0)
    (array([0.  , 0.75]), {})
    """

    paper, year = "Foret, Kleiner, Mobahi & Neyshabur", 2021

    rho: float = knob(0.05, "ρ", "radius", low=0.0, high=0.5, count=51)

    @property
    def evaluations(self) -> int:
        return 2 * self.inner.evaluations

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        def sharp(theta: np.ndarray) -> np.ndarray:
            g = grad(theta)
            norm = np.sqrt(np.sum(g**2, axis=-1, keepdims=True))
            return grad(theta + self.rho * g / np.where(norm > 0, norm, 1))

        return self.inner.step(theta, sharp, state, k)
