r"""A quadratic of a weight matrix: its curvature is that of the rows times that of the columns, in axes that may turn.

The loss is ½ tr((W−W*)ᵀ S (W−W*) C). With S = 1 each row's curvature is C, with C = 1 each column's is S; it is what a
linear layer sees whose inputs have the second moments S and whose outputs are weighed by C. In the axes of S and C the
entries of W do not know of each other; a method that looks at single entries sees that only if these axes are its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_choice, check_numbers, check_seed, check_whole, told
from .knobs import Knob
from .layers import Layer, Layers
from .losses import Loss
from .rotated import random_rotation

__all__ = ["MatrixQuadratic"]

POWER = Knob("p", "exponent of the spectrum", 0.0, 3.0, allowed="[0, 10]")
SYMMETRIC = 1e-9


class MatrixQuadratic(Loss):
    r"""The loss of an n×m matrix W, flat as θ, with one layer.

    .. math::
        L(W) = \tfrac12 \operatorname{tr}\big((W - W^*)^\top S\,(W - W^*)\,C\big), \qquad
        \nabla L = S\,(W - W^*)\,C

    S = U diag(i^{−p}) Uᵀ is n×n and C = V diag(j^{−p}) Vᵀ is m×m, with U and V drawn at random, and W* = U Z Vᵀ with
    normal random numbers Z. It starts at W = 0. Its curvatures are the products of those of S and of C, its condition
    number is (nm)^p. The minimum is 0.

    Parameters
    ----------
    rows, columns : n and m, from 1 to 500
    exponent : p in [0, 10] of both spectra
    turned : axes U and V at random (default), or those of the coordinates, U = V = 1, with the same Z: the same
        valleys, and the same way for all that does not see single coordinates
    seed : of U, V and Z

    See `MatrixQuadratic.of` for other S, C and W*.

    Attributes
    ----------
    S, C, solution : shapes (n, n), (m, m) and (n, m)
    eigenvalues : the nm curvatures, ascending
    kappa : the largest over the smallest

    >>> loss = MatrixQuadratic(4, 2)
    >>> loss.layers.parts, round(loss.kappa, 3), float(loss.value(loss.solution.ravel()))
    ((Layer(name='W', shape=(4, 2)),), 22.627, 0.0)
    """

    name, minimum = "matrix quadratic", 0.0

    def __init__(
        self, rows: int = 32, columns: int = 16, exponent: float = 1.5, turned: bool = True, seed: int = 0
    ) -> None:
        rows = check_whole("the number n of rows", rows, 1, 500)
        columns = check_whole("the number m of columns", columns, 1, 500)
        p, seed = POWER.check_one(exponent), check_seed(seed)
        check_choice("turned", turned, (True, False))
        U, V = (axes(size, turned, (side, seed)) for side, size in enumerate((rows, columns)))
        Z = np.random.default_rng((2, seed)).normal(size=(rows, columns))
        S, C = (Q @ np.diag(np.arange(1.0, len(Q) + 1) ** -p) @ Q.T for Q in (U, V))
        self._set(S, C, U @ Z @ V.T)

    @classmethod
    def of(cls, S: Any, C: Any, solution: Any) -> MatrixQuadratic:
        """The loss with these S, C and W*, where S and C are symmetric with eigenvalues above 0.

        >>> loss = MatrixQuadratic.of([[2.0]], [[3.0]], [[1.0]])
        >>> float(loss.value(loss.start)), loss.gradient(loss.start)
        (3.0, array([-6.]))
        """
        S, C = (check_positive(name, A) for name, A in (("S", S), ("C", C)))
        target = check_numbers(solution, "W* must be a matrix of numbers")
        if target.shape != (len(S), len(C)):
            raise ValueError(f"W* must have shape (n, m) = ({len(S)}, {len(C)}), got {target.shape}")
        if not np.isfinite(target).all():
            raise ValueError(f"W* must have finite entries, got {told(solution)}")
        made = cls.__new__(cls)
        made._set(S, C, target.copy())
        return made

    def _set(self, S: np.ndarray, C: np.ndarray, solution: np.ndarray) -> None:
        self.S, self.C, self.solution = (S + S.T) / 2, (C + C.T) / 2, solution
        self.start = np.zeros(solution.size)
        self.minima = (solution.ravel(),)
        products = np.outer(np.linalg.eigvalsh(self.S), np.linalg.eigvalsh(self.C))
        self.eigenvalues = tuple(np.sort(products, axis=None).tolist())

    @property
    def kappa(self) -> float:
        return float(np.linalg.cond(self.S) * np.linalg.cond(self.C))

    @property
    def layers(self) -> Layers:
        """One: the matrix W."""
        return Layers((Layer("W", self.solution.shape),))

    def off(self, theta: np.ndarray) -> np.ndarray:
        """W − W*, shape (..., n, m)."""
        return theta.reshape(*theta.shape[:-1], *self.solution.shape) - self.solution

    def value(self, theta: np.ndarray) -> np.ndarray:
        off = self.off(theta)
        return 0.5 * np.sum(off * (self.S @ off @ self.C), axis=(-2, -1))

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return (self.S @ self.off(theta) @ self.C).reshape(theta.shape)

    def __repr__(self) -> str:
        n, m = self.solution.shape
        return f"{self.name}, {n}×{m}, κ={self.kappa:.3g}"


def axes(size: int, turned: bool, seed: tuple[int, int]) -> np.ndarray:
    """Orthogonal axes: at random, or those of the coordinates."""
    if not turned:
        return np.eye(size)
    return random_rotation(size, int(np.random.SeedSequence(seed).generate_state(1)[0]))


def check_positive(name: str, matrix: Any) -> np.ndarray:
    """A symmetric matrix with eigenvalues above 0, or a `ValueError`."""
    A = check_numbers(matrix, f"{name} must be a symmetric matrix of numbers")
    if A.ndim != 2 or not A.size or A.shape[0] != A.shape[1]:
        raise ValueError(f"{name} must be a symmetric matrix, got {told(matrix)}")
    if not np.isfinite(A).all():
        raise ValueError(f"{name} must have finite entries, got {told(matrix)}")
    if not np.abs(A - A.T).max() <= SYMMETRIC * np.abs(A).max():
        raise ValueError(f"{name} must be symmetric, got {told(matrix)}")
    if not (least := np.linalg.eigvalsh(A)[0]) > 0:
        raise ValueError(f"the eigenvalues of {name} must be above 0, got {least:.3g}")
    return A
