"""A loss seen through noise: what mini-batches do to a gradient, with a slider for how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .checks import check_seed, check_whole, short, told
from .knobs import Knob
from .losses import Gradient, Through, as_loss

__all__ = ["Noisy"]

SIGMA = Knob("σ", "noise", low=0.0, high=1.0, count=41)


class Noisy(Through):
    """A loss whose gradient is noisy: that of step k is ∇L(θ) + σ ξₖ, with ξₖ from the normal distribution N(0, I).

    The loss itself stays what it is. The same seed gives the same noise, whatever the optimizer.

    Parameters
    ----------
    surface : a `Surface`, or a problem of `optimlab.problems`
    sigma : σ ≥ 0, the standard deviation of the noise on each coordinate
    seed : of the noise
    copies : None for one noise that all descents share; m for m independent ones, for starts of shape (m, d)
    """

    def __init__(self, surface: Any, sigma: Any = 0.1, seed: int = 0, copies: int | None = None):
        if not hasattr(surface, "gradient") or isinstance(surface, Noisy):
            raise ValueError(f"Noisy needs a surface or a problem with gradient(theta), got {told(surface)}")
        super().__init__(as_loss(surface))
        self.surface, self.sigma, self.seed = surface, SIGMA.check(sigma), check_seed(seed)
        self.copies = None if copies is None else check_whole("copies", copies, 1)

    def noise(self, k: int) -> np.ndarray:
        """ξₖ, shape (d,) or (copies, d)."""
        shape = (self.dim,) if self.copies is None else (self.copies, self.dim)
        return np.random.default_rng([self.seed, check_whole("the step k", k)]).normal(size=shape)

    def gradient_at(self, k: int) -> Gradient:
        """The gradient function of step k."""
        sigma = self.sigma[..., None] if isinstance(self.sigma, np.ndarray) else self.sigma
        noise = sigma * self.noise(k)

        def gradient(theta: np.ndarray) -> np.ndarray:
            if self.copies is not None and np.shape(theta)[-2:-1] != (self.copies,):
                must = f"{self.copies} copies of the noise need starts of shape (..., {self.copies}, {self.dim})"
                raise ValueError(f"{must}, got θ of shape {np.shape(theta)}")
            g = self.surface.gradient(theta)
            return g + noise.astype(g.dtype)

        return gradient

    @property
    def knobs(self) -> Mapping:  # type: ignore[override]
        return {**self.surface.knobs, "sigma": SIGMA}

    @property
    def params(self) -> Mapping:  # type: ignore[override]
        return {**self.surface.params, "sigma": self.sigma}

    def as_formula(self) -> Noisy:
        return type(self)(self.surface.as_formula(), self.sigma, self.seed, self.copies)

    def replace(self, **changes: Any) -> Noisy:
        """The same with other knobs: ``Noisy(ravine()).replace(sigma=0.3, kappa=50)``."""
        sigma = changes.pop("sigma", self.sigma)
        surface = self.surface.replace(**changes) if changes else self.surface
        return type(self)(surface, sigma, self.seed, self.copies)

    def __repr__(self) -> str:
        return f"{self.surface!r} with noise σ={short(self.sigma)}"
