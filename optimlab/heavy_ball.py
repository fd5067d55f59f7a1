r"""Heavy-ball momentum on a quadratic, exactly: roots, regions, rates and transients.

Along a direction of curvature λ the error of v ← γv + ηg, θ ← θ − v obeys

.. math:: x_{k+1} = (1 + \gamma - \eta\lambda)\,x_k - \gamma\,x_{k-1},

so it is made of powers of the two roots of z² − (1+γ−ηλ)z + γ = 0 (Polyak 1964). The larger of their sizes is the rate.
What both roots are names a region of the plane (ηλ, γ): they are real and positive (*creep*: monotone), complex
(*swing*: the rate is √γ, whatever η is), real and negative (*flip*: each step changes the side), or one is not inside
the unit circle (*flight*).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, told

__all__ = ["REGIONS", "optimum", "rate", "region", "roots", "spectral_rate", "transient"]

REGIONS = ("creep", "swing", "flip", "flight")


def checked(eta_lambda: Any, gamma: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays, or a `ValueError`."""
    x = check_numbers(eta_lambda, "ηλ must be a number of at least 0")
    g = check_numbers(gamma, "γ must be a number in [0, 1)")
    if not np.all(x >= 0):
        raise ValueError(f"ηλ must be a number of at least 0, got {told(eta_lambda)}")
    if not np.all((g >= 0) & (g < 1)):
        raise ValueError(f"γ must be a number in [0, 1), got {told(gamma)}")
    return x, g


def roots(eta_lambda: Any, gamma: Any) -> np.ndarray:
    """The two roots of z² − (1+γ−ηλ)z + γ = 0, complex, shape (..., 2); the first is not the smaller one in size.

    Parameters
    ----------
    eta_lambda : ηλ ≥ 0
    gamma : γ in [0, 1); both broadcast
    """
    x, g = np.broadcast_arrays(*checked(eta_lambda, gamma))
    half = (1 + g - x) / 2
    root = np.sqrt((half**2 - g).astype(complex))
    larger = np.where(half < 0, half - root, half + root)  # no difference of two that are nearly the same
    with np.errstate(divide="ignore", invalid="ignore"):
        smaller = np.where(larger == 0, 0, g / larger)
    return np.stack([larger, smaller], axis=-1)


def rate(eta_lambda: Any, gamma: Any) -> np.ndarray:
    """|σ|, the larger size of the two roots: what each step multiplies the error by in the long run."""
    return larger_size(*checked(eta_lambda, gamma))


def larger_size(x: Any, g: Any) -> Any:
    """The same, unchecked: a formula in real arithmetic, which travels."""
    half = (1 + g - x) / 2
    inside = half**2 - g
    return np.where(inside < 0, np.sqrt(g), np.abs(half) + np.sqrt(np.maximum(inside, 0.0)))


def region(eta_lambda: Any, gamma: Any) -> np.ndarray:
    """The number of the region in `REGIONS`.

    *Creep* up to ηλ = (1−√γ)², *swing* below (1+√γ)², *flip* below 2+2γ, *flight* from there on. Where nothing moves,
    at ηλ = 0, it is creep.
    """
    x, g = checked(eta_lambda, gamma)
    root = np.sqrt(g)
    borders = (x > (1 - root) ** 2, x >= (1 + root) ** 2, x >= 2 + 2 * g)
    return np.sum(np.broadcast_arrays(*borders), axis=0)


def spectral_rate(eta: Any, gamma: Any, low: Any, high: Any) -> np.ndarray:
    """The rate on all quadratics whose curvatures are between `low` and `high`: that of the slower end."""
    return np.maximum(rate(np.multiply(eta, low), gamma), rate(np.multiply(eta, high), gamma))


def optimum(low: Any, high: Any) -> tuple[Any, Any, Any]:
    """η, γ and the rate with which heavy ball is fastest on curvatures from `low` to `high` (Polyak 1964).

    η = 4/(√high+√low)², γ = ((√κ−1)/(√κ+1))², rate √γ.
    """
    a, b = np.sqrt(low), np.sqrt(high)
    ratio = (b - a) / (b + a)
    return 4 / (a + b) ** 2, ratio**2, ratio


def transient(eta_lambda: Any, gamma: Any, steps: int) -> np.ndarray:
    """The error after 0 … `steps` steps from 1 at rest, exactly, shape (steps + 1, ...).

    With two roots a ≠ b and x₁ = 1 − ηλ it is ((x₁ − b) aᵏ − (x₁ − a) bᵏ)/(a − b), and (1 + (x₁/a − 1) k) aᵏ where
    they are the same.
    """
    z = roots(eta_lambda, gamma)
    a, b = z[..., 0], z[..., 1]
    first = 1 - np.asarray(eta_lambda, float)
    k = np.arange(steps + 1).reshape(-1, *[1] * a.ndim)
    double = np.abs(a - b) <= 1e-7 * np.maximum(np.abs(a), 1e-300)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        apart = np.where(double, 1, a - b)
        two = ((first - b) * a**k - (first - a) * b**k) / apart
        middle = np.where(double, (a + b) / 2, 1)
        one = (1 + (first / middle - 1) * k) * middle**k
    return np.where(double, one, two).real
