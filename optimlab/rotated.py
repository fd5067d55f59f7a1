r"""A loss in turned coordinates: the same valleys, other axes. What looks at single coordinates sees a difference."""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, check_seed, check_whole
from .layers import Layers, one_layer
from .losses import Gradient, Through, as_loss

__all__ = ["Rotated", "random_rotation"]

ORTHOGONAL = 1e-9


def random_rotation(dim: int, seed: int = 0) -> np.ndarray:
    """An orthogonal matrix, shape (d, d), drawn evenly from all there are (Stewart 1980; Mezzadri 2007).

    It is the Q of a QR factorization of normal random numbers, with the signs that make R's diagonal positive.
    """
    check_whole("dim", dim, 1, 5000)
    check_seed(seed)
    Q, R = np.linalg.qr(np.random.default_rng(seed).normal(size=(dim, dim)))
    return Q * np.sign(np.diag(R))


class Rotated(Through):
    r"""The loss φ ↦ L(Qφ), that is, L in coordinates φ = Qᵀθ.

    .. math:: \nabla_\varphi L = Q^\top \nabla L(Q\varphi)

    It starts at Qᵀθ₀, the same place. Gradient descent, with or without momentum, takes the same way (in exact
    arithmetic); what has a scale for each coordinate, as Adam, does not.

    Parameters
    ----------
    loss : any loss of d parameters
    Q : an orthogonal matrix, shape (d, d); see `random_rotation`
    """

    view, minima, eigenvalues, knobs, params = None, (), None, {}, {}

    def __init__(self, loss: Any, Q: Any):
        loss = as_loss(loss)
        Q = check_numbers(Q, "Q must be an orthogonal matrix")
        if Q.ndim != 2 or Q.shape[0] != Q.shape[1] or (loss.dim is not None and len(Q) != loss.dim):
            raise ValueError(f"Q must be an orthogonal matrix of shape (d, d) with d = {loss.dim}, got {Q.shape}")
        off = np.abs(Q.T @ Q - np.eye(len(Q))).max()
        if not off < ORTHOGONAL:
            raise ValueError(f"Q must be an orthogonal matrix, got one whose QᵀQ is {off:.2g} away from 1")
        super().__init__(loss)
        self.Q, self.stochastic = Q, loss.stochastic

    @property
    def start(self) -> Any:  # type: ignore[override]
        return None if self.inner.start is None else self.inner.start @ self.Q

    @property
    def dim(self) -> int:  # type: ignore[override]
        return len(self.Q)

    @property
    def layers(self) -> Layers:  # type: ignore[override]
        """One: a layer's weights are spread over all coordinates."""
        return one_layer(self.dim)

    def there(self, phi: Any) -> Any:
        """θ = Qφ, shape (..., d)."""
        return phi @ self.Q.T

    def value(self, theta: Any) -> Any:
        return self.inner.value(self.there(theta))

    def gradient(self, theta: Any) -> Any:
        return self.inner.gradient(self.there(theta)) @ self.Q

    def gradient_at(self, k: int) -> Gradient:
        slope = self.inner.gradient_at(k)
        return lambda phi: slope(self.there(phi)) @ self.Q

    def __repr__(self) -> str:
        return f"{self.inner!r}, rotated"
