r"""Steps in the k steepest directions of a loss only, and steps without them; and which share of a gradient lies there.

With u₁, …, u_k the eigenvectors of the k largest eigenvalues of the Hessian and P = Σ uⱼuⱼᵀ, a step is replaced by its
part inside, P∇L ("Dom"), or by its part outside, (1 − P)∇L ("Bulk"), as Song, Ahn & Yun (2024, ICLR 2025) do. Gur-Ari,
Roberts & Dyer (2018) found much of the gradient inside, with k the number of classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import check_choice, check_numbers, check_whole
from .curvature import check_vector, hessian_at, top_eigen
from .knobs import Knob
from .losses import Loss, as_loss
from .place import is_plain
from .training import Examples

__all__ = ["PARTS", "ProjectedPath", "projected_descent", "random_share", "shares"]

PARTS = ("all", "inside", "outside")
RATE = Knob("η", "learning rate", 1e-3, 10.0, log=True, allowed="(0, ∞)")
STRETCH = Knob("s", "stretch", 0.0, 1.0, allowed="[0, 1]", count=11)
FIRST = 30  # iterations of the first directions
SPARE = 5  # directions beyond k, so that the k-th converges


def shares(vector: Any, directions: Any) -> np.ndarray:
    r"""The share of |v|² inside the first j directions, for j = 1 … k, shape (k,).

    .. math:: s_j = \frac{1}{|v|^2} \sum_{i \le j} (u_i^\top v)^2

    Parameters
    ----------
    vector : v, shape (d,); NaN where it is 0
    directions : uᵢ as orthonormal columns, shape (d, k)

    >>> shares([3.0, 4.0, 0.0], np.eye(3)[:, :2]).tolist()
    [0.36, 1.0]
    """
    v = check_vector("v", vector)
    must = f"the directions must be numbers of shape ({v.size}, k)"
    columns = check_numbers(directions, must)
    if columns.ndim != 2 or len(columns) != v.size or not columns.size:
        raise ValueError(f"{must}, got shape {columns.shape}")
    with np.errstate(all="ignore"):
        return np.cumsum((v @ columns) ** 2) / (v @ v)


def random_share(k: int, dim: int) -> float:
    r"""The mean share of |v|² inside k directions that are drawn by chance: k/d, with k in [1, d].

    >>> random_share(10, 1000)
    0.01
    """
    check_whole("d", dim, 1)
    return check_whole("k", k, 1, dim) / dim


@dataclass(frozen=True)
class ProjectedPath:
    """A descent of T steps; where it has gone to infinity, NaN.

    Parameters
    ----------
    theta : θ at each step, (T+1, d)
    loss : L on all examples, (T+1,)
    share : of the gradient that each step takes (of a mini-batch), inside the first j directions, (T+1, k)
    full_share : the same of the gradient of all examples; None unless it was to be watched
    values, directions : the last eigenvalues and directions, (k + spare,) and (d, k + spare)
    """

    theta: np.ndarray
    loss: np.ndarray
    share: np.ndarray
    full_share: np.ndarray | None
    values: np.ndarray
    directions: np.ndarray


def projected_descent(
    loss: Loss,
    theta: Any,
    lr: float,
    steps: int,
    part: str = "all",
    k: int = 10,
    stretch: float = 0.0,
    every: int = 10,
    iterations: int = 1,
    first: int = 0,
    directions: Any = None,
    watch: bool = False,
) -> ProjectedPath:
    r"""Gradient descent, or SGD, whose steps are replaced by their part inside or outside the k steepest directions.

    .. math:: u = Pg \text{ or } (1-P)g, \qquad \theta \leftarrow \theta - \eta\, (|g|/|u|)^s\, u

    P follows the Hessian of all examples: every so many steps the directions of the last time are improved by
    subspace iteration (`optimlab.curvature.top_eigen`), which finds the eigenvalues of largest size.

    Parameters
    ----------
    loss : any `Loss`; its step k takes ``loss.gradient_at(first + k)``
    theta : θ₀, shape (d,)
    lr : η > 0
    steps : T ≥ 1
    part : "all", "inside" (Dom) or "outside" (Bulk)
    k : in [1, d]
    stretch : s in [0, 1]; with 1 each step is as long as the whole one would have been
    every, iterations : how often the directions are improved, and how much; 30 iterations at the start, unless
        `directions` are given
    directions : the first ones, at least k columns, (d, ≥ k); those beyond k are spare, and help the k-th converge
    watch : whether to look at the gradient of all examples too

    >>> from optimlab.losses import Loss
    >>> class Valley(Loss):
    ...     def value(self, theta): return 0.5 * np.sum(theta**2 * [1, 10], axis=-1)
    ...     def gradient(self, theta): return theta * [1, 10]
    >>> for part in ("inside", "outside"):
    ...     print(part, projected_descent(Valley(), [1, 1], 0.1, 9, part, k=1).theta[-1].round(2).tolist())
    inside [1.0, 0.0]
    outside [0.39, 1.0]
    """
    loss = as_loss(loss)
    theta, eta, s = check_vector("θ₀", theta), RATE.check_one(lr), STRETCH.check_one(stretch)
    check_whole("the number of steps", steps, 1)
    check_choice("the part", part, PARTS)
    check_whole("k", k, 1, theta.size)
    for what, number in (("every", every), ("iterations", iterations)):
        check_whole(what, number, 1)
    check_whole("first", first)
    if directions is not None and np.shape(directions)[-1:] < (k,):
        raise ValueError(f"the directions must be at least k={k} columns, got shape {np.shape(directions)}")
    path, told_loss = np.full((steps + 1, theta.size), np.nan), np.full(steps + 1, np.nan)
    share, full = np.full((steps + 1, k), np.nan), np.full((steps + 1, k), np.nan)
    Q, wanted = directions, min(k + SPARE, theta.size) if directions is None else np.shape(directions)[-1]
    with np.errstate(all="ignore"):
        for t in range(steps + 1):
            if t % every == 0:
                times, product = FIRST if Q is None else iterations, exact_product(loss, theta)
                values, Q = top_eigen(loss.gradient, theta, wanted, times, directions=Q, product=product)
            path[t], told_loss[t] = theta, loss.value(theta)
            gradient = loss.gradient_at(first + t)(theta)
            if not (np.isfinite(gradient).all() and np.isfinite(told_loss[t])):
                break
            D = Q[:, :k]
            share[t] = shares(gradient, D)
            if watch:
                full[t] = shares(loss.gradient(theta), D)
            theta = theta - eta * projected(gradient, D, part, s)
    return ProjectedPath(path, told_loss, share, full if watch else None, values, Q)


def projected(gradient: np.ndarray, directions: np.ndarray, part: str, stretch: float) -> np.ndarray:
    """The part of the gradient inside or outside, stretched."""
    if part == "all":
        return gradient
    inside = directions @ (gradient @ directions)
    kept = inside if part == "inside" else gradient - inside
    length = np.linalg.norm(kept)
    return kept * (np.linalg.norm(gradient) / length) ** stretch if length > 0 else kept


def exact_product(loss: Loss, theta: np.ndarray) -> Callable[[np.ndarray], np.ndarray] | None:
    """v → Hv where it is known exactly."""
    return hessian_at(loss, theta) if isinstance(loss, Examples) and is_plain(loss.network) else None
