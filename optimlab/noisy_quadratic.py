r"""The noisy quadratic model (Zhang et al. 2019): how many steps momentum saves, at every batch size at once.

The loss is ½ Σ hᵢxᵢ² with hᵢ = 1/i, and the gradient of a mini-batch of B has in coordinate i the noise variance hᵢ/B.
For v ← γv + ηg, x ← x − v the mean loss after t steps is exactly

.. math:: E[L_t] = \tfrac12 \sum_i h_i \Big( x_i(t)^2 + \frac{\eta^2 h_i}{B} \sum_{j<t} u_i(j)^2 \Big),

with x(t) the error without noise from 1 at rest (`optimlab.heavy_ball.transient`) and u(j) what one unit of noise has
become j steps later. Only the second part knows B, as 1/B: one computation serves all batch sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .checks import check_numbers, check_whole, told
from .heavy_ball import roots

__all__ = ["Tuned", "mean_loss", "stationary_variance", "steps_needed"]

SHARE = 0.01  # of the loss at the start: the target
LONGEST = 200_000  # steps
MOMENTA = (0.0, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
RATES = 40  # learning rates a momentum, below its limit
FINE = 160  # numbers of steps that are looked at, at equal ratios


def stationary_variance(eta: Any, gamma: Any, curvature: Any = 1.0, sigma: Any = 1.0) -> np.ndarray:
    r"""The variance of x in the long run, of heavy ball on ½λx² with gradient noise σ.

    .. math:: \mathrm{Var}[x] = \frac{\eta\sigma^2 (1+\gamma)}{\lambda (1-\gamma) (2(1+\gamma) - \eta\lambda)}

    infinite from ηλ = 2(1+γ) on. For a small η it is η_eff σ²/(2λ) with η_eff = η/(1−γ): momentum makes the ball as
    large as so much larger steps would.
    """
    eta, gamma, lam, sigma = (check_numbers(v, "η, γ, λ and σ must be numbers") for v in (eta, gamma, curvature, sigma))
    if not (np.all(eta > 0) and np.all((gamma >= 0) & (gamma < 1)) and np.all(lam > 0) and np.all(sigma >= 0)):
        raise ValueError(
            f"η > 0, γ in [0, 1), λ > 0, σ ≥ 0 are needed, got {told(eta)}, {told(gamma)}, {told(lam)}, {told(sigma)}"
        )
    room = 2 * (1 + gamma) - eta * lam
    with np.errstate(divide="ignore"):
        return np.where(room > 0, eta * sigma**2 * (1 + gamma) / (lam * (1 - gamma) * np.maximum(room, 0)), np.inf)


def mean_loss(eta: float, gamma: float, steps: Any, dim: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """The mean loss after each of `steps`: the part without noise, and what one over B is to be multiplied by.

    Both have the shape of `steps`; E[L] is the first plus the second over B.
    """
    check_whole("dim", dim, 1, 10_000)
    h = 1 / np.arange(1, dim + 1)
    t = np.asarray(steps, float)[..., None]
    a, b = apart(roots(eta * h, gamma))
    first = 1 - eta * h
    with np.errstate(over="ignore", invalid="ignore"):
        error = (((first - b) * a**t - (first - a) * b**t) / (a - b)).real
        gathered = (series(a * a, t) - 2 * series(a * b, t) + series(b * b, t)) / (a - b) ** 2
        noise = eta**2 * h * gathered.real
        return 0.5 * (h * error**2).sum(axis=-1), 0.5 * (h * noise).sum(axis=-1)


def apart(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two roots; where they are the same, two that are not quite."""
    a, b = z[..., 0], z[..., 1]
    same = np.abs(a - b) < 1e-5 * np.maximum(np.abs(a), 1e-5)
    return np.where(same, a + 5e-6, a), np.where(same, a - 5e-6, b)


def series(q: np.ndarray, t: np.ndarray) -> np.ndarray:
    """q + q² + … + q^t."""
    one = np.abs(1 - q) < 1e-15
    return np.where(one, t, q * (1 - q**t) / np.where(one, 1, 1 - q))


@dataclass(frozen=True)
class Tuned:
    """For each batch size, the fewest steps until the mean loss stays below the target, and with which η and γ."""

    batch_size: np.ndarray
    steps: np.ndarray
    eta: np.ndarray
    gamma: np.ndarray


def steps_needed(batch_size: Any, momenta: Any = MOMENTA, dim: int = 100) -> Tuned:
    """Steps until the mean loss stays at or below 1 % of what it was, with the best η and γ of a grid.

    Parameters
    ----------
    batch_size : B ≥ 1, an array; infinity is the full batch, without noise
    momenta : the γ that are tried; ``(0,)`` is plain gradient descent
    dim : the number of curvatures 1, ½, ⅓, …

    The η are 40 for each γ, from 2·10⁻⁴ of its limit 2(1+γ) to 0.98 of it, at equal ratios. NaN where 200 000 steps
    are too few.
    """
    sizes = np.atleast_1d(check_numbers(batch_size, "the batch size B must be a number of at least 1"))
    if not np.all(sizes >= 1):
        raise ValueError(f"the batch size B must be a number of at least 1, got {told(batch_size)}")
    start = 0.5 * (1 / np.arange(1, dim + 1)).sum()
    etas, gammas, t, calm, noise = descents(tuple(float(gamma) for gamma in momenta), dim)
    best = np.full((3, len(sizes)), np.nan)
    for i, size in enumerate(sizes):
        took = settled(t, calm + noise / size, SHARE * start)
        if not np.isnan(took).all():
            j = np.nanargmin(took)
            best[:, i] = took[j], etas[j], gammas[j]
    return Tuned(sizes, *best)


@lru_cache(8)
def descents(momenta: tuple[float, ...], dim: int) -> tuple[np.ndarray, ...]:
    """η and γ of all that are tried, the steps that are looked at, and both parts of the mean loss there."""
    t = np.unique(np.geomspace(1, LONGEST, FINE).round())
    tried = [(2 * (1 + g) * share, g) for g in momenta for share in np.geomspace(2e-4, 0.98, RATES)]
    parts = [mean_loss(eta, gamma, t, dim) for eta, gamma in tried]
    etas, gammas = np.array(tried).T
    return etas, gammas, t, np.array([calm for calm, _ in parts]), np.array([noise for _, noise in parts])


def settled(t: np.ndarray, loss: np.ndarray, target: float) -> np.ndarray:
    """The steps after which each row stays at or below the target, between two that were looked at; NaN: never."""
    above = ~(loss <= target)
    last = loss.shape[1] - 1 - np.argmax(above[:, ::-1], axis=1)
    never, always = last == loss.shape[1] - 1, ~above.any(axis=1)
    after = np.minimum(last + 1, loss.shape[1] - 1)
    rows = np.arange(len(loss))
    high, low = np.log(loss[rows, last]), np.log(loss[rows, after])
    share = np.clip((high - np.log(target)) / np.where(high > low, high - low, 1.0), 0, 1)
    took = t[last] * (t[after] / t[last]) ** share
    return np.where(always, t[0], np.where(never, np.nan, took))
