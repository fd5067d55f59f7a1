r"""The noise ball: where descent with mini-batches and a constant learning rate stays, on a linear regression.

With g_b and H_b the gradient at the minimum θ* and the Hessian of one batch, the distance e = θ − θ* follows
e ← (I − η H_b) e − η g_b. For batches of B independent draws, H = E[H_i], C = E[g_i g_iᵀ] and

    E[H_b ⊗ H_b] = E[H_i ⊗ H_i]/B + (1 − 1/B) H ⊗ H,

its covariance Σ = E[e eᵀ] stays the same from step to step when

    (H ⊗ I + I ⊗ H − η E[H_b ⊗ H_b]) vec Σ = η vec C / B.

For small η that is HΣ + ΣH = η C/B, and the mean of L − min L is η tr C/(4B) (Mandt, Hoffman & Blei 2017); the whole
of it is in Ziyin et al. (2022). Beyond the limit of `mean_square_limit` there is no such Σ (Wu, Ma & E 2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, told
from .optimizers import GradientDescent
from .problems import LinearRegression

__all__ = ["gradient_covariance", "mean_excess", "mean_square_limit", "stationary_covariance"]

RATE = GradientDescent().knobs["lr"]


def gradient_covariance(problem: LinearRegression) -> np.ndarray:
    """C = E[g_i g_iᵀ], the covariance of the gradients of single examples at the minimum, shape (d, d)."""
    single = per_example(problem)[0]
    return single.T @ single / len(single)


def mean_square_limit(problem: LinearRegression, batch_size: Any = 1) -> np.ndarray | float:
    r"""The η below which E|θ − θ*|² stays bounded, for batches of B independent draws; shape of B.

    ``1/η`` is the largest eigenvalue of (H ⊗ I + I ⊗ H)⁻¹ E[H_b ⊗ H_b]. With the whole data set that is 2/λmax.

    Parameters
    ----------
    problem : a `LinearRegression` whose Hessian has no eigenvalue 0
    batch_size : B ≥ 1, or an array of them
    """
    pull, spread = operators(problem, batch_size)
    return 1 / np.linalg.eigvals(np.linalg.solve(pull, spread)).real.max(axis=-1)


def stationary_covariance(problem: LinearRegression, lr: Any, batch_size: Any = 1) -> np.ndarray:
    """Σ, the covariance of θ once it has settled in its noise ball, for batches of B independent draws.

    Parameters
    ----------
    problem : a `LinearRegression` whose Hessian has no eigenvalue 0
    lr : η > 0, or an array of shape S
    batch_size : B ≥ 1, or an array of shape S

    Returns
    -------
    Shape (*S, d, d); NaN where η is at the mean-square limit or beyond.
    """
    lr = np.asarray(RATE.check(lr), float)
    pull, spread = operators(problem, batch_size)
    noise = gradient_covariance(problem).reshape(-1, 1)
    rate, size = lr[..., None, None], np.asarray(batch_size, float)[..., None, None]
    sigma = np.linalg.solve(pull - rate * spread, rate * noise / size)[..., 0]
    sigma = np.where((lr < mean_square_limit(problem, batch_size))[..., None], sigma, np.nan)
    return sigma.reshape(*sigma.shape[:-1], problem.dim, problem.dim)


def mean_excess(problem: LinearRegression, lr: Any, batch_size: Any = 1) -> np.ndarray:
    """½ tr(HΣ), the mean of L − min L in the noise ball; arguments as in `stationary_covariance`."""
    hessian = per_example(problem)[1].mean(axis=0)
    return 0.5 * np.trace(hessian @ stationary_covariance(problem, lr, batch_size), axis1=-2, axis2=-1)


def operators(problem: LinearRegression, batch_size: Any) -> tuple[np.ndarray, np.ndarray]:
    """H ⊗ I + I ⊗ H, and E[H_b ⊗ H_b] with the shape of B in front."""
    sizes = check_numbers(batch_size, "the batch size B must be a number, or an array of them")
    if not np.all((sizes >= 1) & (sizes == np.round(sizes))):
        raise ValueError(f"the batch size B must be a whole number ≥ 1, got {told(batch_size)}")
    hessians = per_example(problem)[1]
    hessian, one = hessians.mean(axis=0), np.eye(problem.dim)
    if not problem.eigenvalues[0] > 1e-12 * problem.eigenvalues[-1]:
        raise ValueError(f"{told(problem)} has many minima, so there is no one ball: give a penalty l2 > 0")
    single = np.einsum("nij,nkl->ikjl", hessians, hessians).reshape(2 * [problem.dim**2]) / len(hessians)
    share = 1 / np.asarray(sizes, float)[..., None, None]
    return np.kron(hessian, one) + np.kron(one, hessian), share * single + (1 - share) * np.kron(hessian, hessian)


def per_example(problem: LinearRegression) -> tuple[np.ndarray, np.ndarray]:
    """The gradient of each example at the minimum, shape (N, d), and its Hessian, shape (N, d, d)."""
    if not isinstance(problem, LinearRegression):
        raise ValueError(f"the noise ball is known exactly for a LinearRegression, got {told(problem)}")
    rows, theta = problem.design, problem.solution
    gradients = (rows @ theta - problem.y)[:, None] * rows + problem.l2 * theta
    return gradients, rows[:, :, None] * rows[:, None, :] + problem.l2 * np.eye(problem.dim)
