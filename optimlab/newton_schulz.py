"""The Newton–Schulz iteration: what it does to a singular value, and so to a matrix.

Muon does not compute the orthogonal matrix that is nearest to its momentum (`polar`), but repeats an odd polynomial,
X ← aX + b(XXᵀ)X + c(XXᵀ)²X. That leaves the singular vectors as they are, and moves each singular value by
σ ← aσ + bσ³ + cσ⁵ (`on_values`), towards 1. Which a, b, c are taken in which step is what `COEFFICIENTS` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from .checks import check_choice, check_numbers, check_whole, told
from .knobs import Knob

__all__ = ["COEFFICIENTS", "FORMS", "Coefficients", "on_values", "orthogonalized", "polar"]

MARGIN = Knob("margin", "the", low=1.0, high=1.1, allowed="[1, ∞)")


@dataclass(frozen=True)
class Coefficients:
    """(a, b, c) of each step; the last row goes on. Before the first, X is divided by ``margin`` · ‖X‖_F.

    >>> Coefficients(((2.0, -1.5, 0.5),))
    Coefficients(rows=((2.0, -1.5, 0.5),), margin=1.0)
    """

    rows: tuple[tuple[float, float, float], ...]
    margin: float = 1.0

    def __post_init__(self) -> None:
        rows = check_numbers(self.rows, "the coefficients must be rows of three numbers, (a, b, c)")
        if rows.ndim != 2 or rows.shape[1] != 3 or not len(rows):
            raise ValueError(f"the coefficients must be rows of three numbers, (a, b, c), got {told(self.rows)}")
        object.__setattr__(self, "margin", MARGIN.check_one(self.margin))
        object.__setattr__(self, "rows", tuple((float(a), float(b), float(c)) for a, b, c in rows))

    def of(self, steps: int) -> Iterator[tuple[float, float, float]]:
        """(a, b, c) of each of so many steps."""
        return islice(chain(self.rows, repeat(self.rows[-1])), check_whole("the number of steps", steps, 0, 100))


EXPRESS = (
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
)
"""As the paper prints them: each is the best polynomial for the values that those before it leave."""

SAFER = tuple((a / 1.01, b / 1.01**3, c / 1.01**5) for a, b, c in EXPRESS)
"""The same of σ/1.01, so that no rounding carries a value out of their reach."""

COEFFICIENTS = {
    "Jordan": Coefficients(((3.4445, -4.7750, 2.0315),)),
    "Polar Express": Coefficients((*SAFER, (1.875, -1.25, 0.375)), margin=1.01),
    "cubic": Coefficients(((1.5, -0.5, 0.0),)),
    "quintic": Coefficients(((1.875, -1.25, 0.375),)),
}
"""Jordan et al. (2024), as in Muon: steep at 0, and never at rest. Polar Express (Amsel, Persson, Musco & Gower 2025).
The cubic and the quintic polynomial that are flat at 1, (3σ − σ³)/2 and (15σ − 10σ³ + 3σ⁵)/8: slow at 0, then exact."""


FORMS: dict[str, Callable[[Any], Any]] = {
    "paper": lambda norm: norm + 1e-7,
    "torch": lambda norm: np.maximum(norm, 1e-7),
    "optax": lambda norm: norm + 1e-8,
}
"""What G is divided by, for ``margin`` · ‖G‖_F: by the authors of either method, PyTorch and optax.

They differ for tiny matrices only."""


def on_values(sigma: Any, coefficients: str | Coefficients = "Jordan", steps: int = 5) -> np.ndarray:
    """What becomes of singular values, as parts of ‖X‖_F in [0, 1], in so many steps.

    >>> on_values([0.01, 0.1, 1.0]).round(3)
    array([0.699, 0.712, 0.696])
    >>> on_values([0.01, 0.1, 1.0], "Polar Express", steps=8).round(3)
    array([1., 1., 1.])
    """
    chosen = chosen_of(coefficients)
    sigma = check_numbers(sigma, "singular values must be numbers") / chosen.margin
    for a, b, c in chosen.of(steps):
        sigma = a * sigma + b * sigma**3 + c * sigma**5
    return sigma


def orthogonalized(
    G: Any, coefficients: str | Coefficients = "Jordan", steps: int = 5, form: str = "paper"
) -> np.ndarray:
    """Matrices (..., rows, columns) with the same singular vectors, and their singular values moved by `on_values`.

    Parameters
    ----------
    G : the matrices
    coefficients : a name of `COEFFICIENTS`, or `Coefficients`
    steps : how often, in [0, 100]
    form : whose divisor G has before the first step, of `FORMS`: "paper", "torch" or "optax"

    >>> orthogonalized(np.diag([3.0, -4.0]), "quintic", steps=8).round(3) + 0.0
    array([[ 1.,  0.],
           [ 0., -1.]])
    """
    chosen, X = chosen_of(coefficients), matrices(G)
    divisor = FORMS[check_choice("the form", form, FORMS)]
    tall = X.shape[-2] > X.shape[-1]
    X = np.swapaxes(X, -2, -1) if tall else X
    X = X / divisor(chosen.margin * np.sqrt(np.sum(X**2, axis=(-2, -1), keepdims=True)))
    for a, b, c in chosen.of(steps):
        A = X @ np.swapaxes(X, -2, -1)
        X = a * X + (b * A + c * (A @ A)) @ X
    return np.swapaxes(X, -2, -1) if tall else X


def polar(G: Any) -> np.ndarray:
    """UVᵀ of G = UΣVᵀ: what the iteration is after. Singular values that are 0, to rounding, stay 0.

    Matrices have the shape (..., rows, columns). One that is not finite becomes NaN, as the iteration makes it.

    >>> polar(np.array([[0.0, -3.0], [0.5, 0.0]])).round(3) + 0.0
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    G = matrices(G)
    finite = np.isfinite(G).all(axis=(-2, -1), keepdims=True)
    U, sigma, Vt = np.linalg.svd(np.where(finite, G, np.zeros_like(G)), full_matrices=False)
    least = np.max(sigma, axis=-1, keepdims=True) * max(G.shape[-2:]) * np.finfo(sigma.dtype).eps
    factor = (U * (sigma > least)[..., None, :]) @ Vt
    factor[~finite[..., 0, 0]] = np.nan
    return factor


def chosen_of(coefficients: Any) -> Coefficients:
    """The coefficients, by their name or as they are; or a `ValueError`."""
    if isinstance(coefficients, Coefficients):
        return coefficients
    return COEFFICIENTS[check_choice("the coefficients", coefficients, COEFFICIENTS)]


def matrices(G: Any) -> np.ndarray:
    """The same as an array of matrices, or a `ValueError`."""
    array = check_numbers(G, "G must be a matrix, or many of them")
    if array.ndim < 2 or 0 in array.shape[-2:]:
        raise ValueError(f"G must have the shape (..., rows, columns), got {array.shape}")
    return array
