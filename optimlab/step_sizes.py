r"""Step sizes that accelerate gradient descent without momentum: Chebyshev's, in several orders, and the silver ones.

After N steps of gradient descent on a quadratic the error along a direction of curvature λ has been multiplied by
:math:`\prod_k (1 - \eta_k\lambda)`. The polynomial that is smallest on the whole spectrum is Chebyshev's, and its roots
are the inverse steps (Young 1953). In exact arithmetic their order is of no account; in floating point it decides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_choice, check_numbers, check_whole, told

__all__ = ["ORDERS", "chebyshev_bound", "chebyshev_steps", "fractal_order", "silver_steps"]

ORDERS = ("big first", "small first", "random", "fractal")


def chebyshev_steps(low: Any, high: Any, count: int, order: str = "fractal", seed: int = 0) -> np.ndarray:
    r"""The best N step sizes for all quadratics with curvatures from `low` to `high`, shape (N, ...).

    .. math:: \eta_j = 1 \Big/ \left(\tfrac{L+m}{2} - \tfrac{L-m}{2}\cos\tfrac{(2j-1)\pi}{2N}\right),\quad j = 1 \dots N

    Parameters
    ----------
    low, high : m and L, 0 < m ≤ L
    count : N
    order : "fractal" (Lebedev and Finogenov 1971; Agarwal, Goel and Zhang 2021), for which N must be a power of two,
        "big first", "small first" or "random"
    seed : of the random order
    """
    m, big = check_ends(low, high)
    check_whole("count", count, 1, 2**16)
    check_choice("order", order, ORDERS)
    j = np.arange(count) + 0.5
    cosines = np.cos(np.pi * j / count).reshape(-1, *[1] * np.ndim(m))
    steps = 1 / ((big + m) / 2 - (big - m) / 2 * cosines)
    return steps[places(order, count, seed)]


def places(order: str, count: int, seed: int = 0) -> np.ndarray:
    """The places of the steps in turn, of steps that stand biggest first."""
    if order == "fractal":
        return fractal_order(count)
    if order == "random":
        return np.random.default_rng(seed).permutation(count)
    return np.arange(count) if order == "big first" else np.arange(count)[::-1]


def check_ends(low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    m, big = (check_numbers(end, "the ends of a spectrum must be numbers above 0") for end in (low, high))
    m, big = np.broadcast_arrays(m, big)
    if not (np.all(m > 0) and np.all(big >= m) and np.all(np.isfinite(big))):
        raise ValueError(f"the ends of a spectrum must be 0 < low ≤ high, got {told(low)} and {told(high)}")
    return m, big


def fractal_order(count: int) -> np.ndarray:
    """The places 0 … N−1 in the fractal order: σ₁ = (1), and σ₂ₙ alternates σₙ with 2N + 1 − σₙ.

    A big step is followed by the small one that undoes what it did to the steep directions, a pair by the pair that
    does the same for it, and so on. N must be a power of two.
    """
    check_whole("count", count, 1, 2**16)
    if count & (count - 1):
        raise ValueError(f"the fractal order needs a number of steps that is a power of two, got {count}")
    order = np.array([1])
    while len(order) < count:
        order = np.stack([order, 2 * len(order) + 1 - order], axis=-1).ravel()
    return order - 1


def chebyshev_bound(low: Any, high: Any, count: int) -> np.ndarray:
    """The factor by which `chebyshev_steps` shrink the error of the slowest direction: 1/T_N((L+m)/(L−m))."""
    m, big = check_ends(low, high)
    check_whole("count", count, 1, 2**16)
    with np.errstate(divide="ignore", over="ignore"):
        return 1 / np.cosh(count * np.arccosh((big + m) / (big - m)))


def silver_steps(count: int, high: Any = 1.0) -> np.ndarray:
    """The first `count` silver step sizes for curvatures up to L = `high`, shape (count,).

    ηᵢ = (1 + ρ^(ν(i) − 1))/L with the silver ratio ρ = 1 + √2, where 2^ν(i) is the largest power of two that divides
    i = 1, 2, … (Altschuler and Parrilo 2023). With count = 2ⁿ − 1 the error falls like count^−log₂ρ on every convex
    function, and the smallest curvature need not be known.
    """
    check_whole("count", count, 1, 2**16)
    i = np.arange(1, count + 1)
    zeros = np.log2(i & -i)
    return (1 + (1 + np.sqrt(2)) ** (zeros - 1)) / check_ends(high, high)[1]
