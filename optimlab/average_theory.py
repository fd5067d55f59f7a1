r"""Averages of a noisy descent on a quadratic, exactly: what they calm, and which smaller η would do the same.

Along a direction of curvature λ, gradient descent with gradient noise σ is w ← aw − ησξ with a = 1 − ηλ. In the long
run its points have the variance V = ησ²/(λ(2−ηλ)), and two of them that are n steps apart the covariance aⁿV.

**Along one direction an average is a smaller η, no more.** w ← aw − ησξ and θ ← βθ + (1−β)w are two filters in a row,
one that forgets with a, one with β, and it does not matter which comes first: θ is the same sequence, noise for noise,
with η′ = (1−β)/λ in place of η and β′ = 1 − ηλ in place of β. So an average over h = 1/(1−β) steps has about the floor
of η′ = 1/(hλ), and forgets where it began as slowly as that. What is gained lies between the directions: h is the same
for all of them, while an η that is small enough for the floor of a steep one hardly moves along a flat one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .checks import check_numbers, check_whole, told

__all__ = [
    "averaged_excess", "effective_steps", "ema_variance", "equal_rate", "mean_variance", "next_moments", "variance",
]  # fmt: skip


def variance(eta: Any, curvature: Any = 1.0, sigma: Any = 1.0) -> np.ndarray:
    r"""The variance of w in the long run, without an average.

    .. math:: V = \frac{\eta\sigma^2}{\lambda(2-\eta\lambda)}

    Parameters
    ----------
    eta, curvature : η > 0 and λ > 0, any shapes that broadcast; infinite from ηλ = 2 on
    sigma : σ ≥ 0, the standard deviation of the noise in a gradient

    >>> float(variance(0.5, 2.0, 0.1).round(4))
    0.0025
    """
    eta, lam, sigma = positive("η", eta), positive("λ", curvature), noise(sigma)
    room = 2 - eta * lam
    return np.where(room > 0, eta * sigma**2 / (lam * np.where(room > 0, room, 1.0)), np.inf)


def ema_variance(eta: Any, beta: Any, curvature: Any = 1.0, sigma: Any = 1.0) -> np.ndarray:
    r"""The variance in the long run of the exponential average θ ← βθ + (1−β)w of the points.

    .. math:: V\,\frac{1-\beta}{1+\beta}\,\frac{1+a\beta}{1-a\beta}, \qquad a = 1-\eta\lambda

    About (1−β)σ²/(2λ²) where 1−β is well below ηλ: η is not in it.

    Parameters
    ----------
    beta : β in [0, 1); 0 is no average
    eta, curvature, sigma : as of `variance`

    Source: the autocovariance aⁿV of an AR(1) process, added up with the weights (1−β)βⁱ.

    >>> float(ema_variance(0.5, 0.9).round(3)), float(variance(0.1).round(3))
    (0.046, 0.053)
    """
    return variance(eta, curvature, sigma) / effective_steps(eta, beta, curvature)


def effective_steps(eta: Any, beta: Any, curvature: Any = 1.0) -> np.ndarray:
    r"""How many independent points an exponential average is worth: V over its own variance.

    .. math:: \frac{1+\beta}{1-\beta}\,\frac{1-a\beta}{1+a\beta}, \qquad a = 1-\eta\lambda

    That is (1+β)/(1−β), about 2h, if the points were independent (ηλ = 1), and 1, which is no gain, for small ηλ: then
    all points that it reaches are the same. Beyond ηλ = 1 the points alternate, and it is more. Arguments as of
    `ema_variance`.

    >>> effective_steps([1.0, 0.1, 1e-6], 0.9).round(2).tolist()
    [19.0, 1.99, 1.0]
    """
    eta, lam, beta = positive("η", eta), positive("λ", curvature), decay(beta)
    a = 1 - eta * lam
    return np.where(a > -1, (1 + beta) / (1 - beta) * (1 - a * beta) / (1 + a * beta), np.nan)


def mean_variance(eta: Any, steps: Any, curvature: Any = 1.0, sigma: Any = 1.0) -> np.ndarray:
    r"""The variance of the plain mean of T points in a row, in the long run (SWA's, of every point).

    .. math:: \frac{V}{T}\Big(\frac{1+a}{1-a} - \frac{2a\,(1-a^T)}{T\,(1-a)^2}\Big), \qquad a = 1-\eta\lambda

    For ηλT well above 1 it is σ²/(λ²T), whatever η is (Polyak & Juditsky 1992): the least
    that an estimate from T noisy gradients can have in the long run.

    Parameters
    ----------
    steps : T ≥ 1, whole numbers
    eta, curvature, sigma : as of `variance`

    >>> mean_variance([0.5, 0.1], 1000).round(5).tolist()
    [0.001, 0.00099]
    """
    eta, lam = positive("η", eta), positive("λ", curvature)
    count = check_numbers(steps, "the number T of steps must be whole numbers ≥ 1")
    if not np.all((count >= 1) & (count == np.round(count))):
        raise ValueError(f"the number T of steps must be whole numbers ≥ 1, got {told(steps)}")
    x = eta * lam
    a = 1 - x
    each = np.where(x < 2, (1 + a) / x - 2 * a * (1 - a**count) / (count * x**2), 1.0)
    return variance(eta, lam, sigma) / count * each


def equal_rate(eta: Any, beta: Any, curvature: Any = 1.0) -> np.ndarray:
    r"""The η without an average that has the same variance in the long run as η with an average of decay β.

    .. math:: \eta' = \frac{2\lambda v}{1+\lambda^2 v}, \qquad v = \text{the average's variance for } \sigma = 1

    About (1−β)/λ where 1−β is well below ηλ, and η itself where it is well above. Arguments as of `ema_variance`.

    >>> equal_rate(1.0, [0.0, 0.9, 0.99]).round(4).tolist()
    [1.0, 0.1, 0.01]
    """
    lam = positive("λ", curvature)
    v = ema_variance(eta, beta, lam)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(v), 2 * lam * v / (1 + lam**2 * v), np.nan)


def next_moments(moments: tuple, eta: Any, share: Any, curvature: Any, sigma: Any, toward: Any = 0.0) -> tuple:
    r"""E[w²], E[wθ] and E[θ²] one step later, along a direction of curvature λ.

    .. math::
        w \leftarrow w - \eta\,\big(\lambda\,((1-\beta)w + \beta\theta) + \sigma\xi\big), \qquad
        \theta \leftarrow (1-c)\,\theta + c\,w

    Parameters
    ----------
    moments : the three before the step; d², d² and d² at the start, d away from the minimum
    eta, curvature, sigma : η, λ and σ
    share : c in [0, 1]: 1 is no average, 1−β an exponential one, 1/t the mean of all points, t = 1, 2, …
    toward : β in [0, 1): how far towards the average gradients are taken, as `ScheduleFree` does

    It is plain arithmetic, unchecked, so that it can be recorded (`optimlab.tape`).

    >>> next_moments((1.0, 1.0, 1.0), 0.5, 0.5, 1.0, 0.0)
    (0.25, 0.375, 0.5625)
    """
    ww, wt, tt = moments
    p, q = 1 - eta * curvature * (1 - toward), -eta * curvature * toward
    new = p * p * ww + 2 * p * q * wt + q * q * tt + (eta * sigma) ** 2
    mixed = p * wt + q * tt  # of the new w with the old θ
    kept = 1 - share
    return new, kept * mixed + share * new, kept * kept * tt + 2 * kept * share * mixed + share * share * new


def averaged_excess(
    eta: Callable[[int], Any],
    share: Callable[[int], Any],
    curvatures: Any,
    distances: Any,
    sigma: Any,
    steps: int,
    toward: float = 0.0,
) -> np.ndarray:
    r"""The mean of L − min L at the average θ over all noises, exactly: shape (steps + 1, ...).

    .. math:: E[L(\theta_k)] - \min L = \tfrac12 \sum_i \lambda_i\,E[\theta_{k,i}^2]

    Parameters
    ----------
    eta, share : η and c as functions of k = 0, 1, …, numbers or arrays that broadcast against λ; see `next_moments`
    curvatures, distances : λᵢ > 0, and the start's distance from the minimum along each of them, shape (..., d)
    sigma : σ ≥ 0, of the noise in each coordinate of the gradient
    steps : how many steps
    toward : β of `ScheduleFree`, 0 for averages that the walk knows nothing of

    >>> averaged_excess(lambda k: 0.5, lambda k: 0.1, [1.0, 2.0], [1.0, 1.0], 0.0, 1).round(3).tolist()
    [1.5, 1.261]
    """
    lam, sigma = positive("λ", curvatures), noise(sigma)
    check_whole("steps", steps, 0)
    beta = decay(toward)
    square = np.square(check_numbers(distances, "the distances must be numbers")) + 0.0 * lam
    moments, rows = (square, square, square), [0.5 * (lam * square).sum(axis=-1)]
    for k in range(steps):
        moments = next_moments(moments, eta(k), share(k), lam, sigma, beta)
        rows.append(0.5 * (lam * moments[2]).sum(axis=-1))
    return np.array(np.broadcast_arrays(*rows))


def positive(symbol: str, value: Any) -> np.ndarray:
    numbers = check_numbers(value, f"{symbol} must be a number above 0")
    if not np.all((numbers > 0) & np.isfinite(numbers)):
        raise ValueError(f"{symbol} must be a number above 0, got {told(value)}")
    return numbers


def noise(value: Any) -> np.ndarray:
    numbers = check_numbers(value, "σ must be a number of at least 0")
    if not np.all((numbers >= 0) & np.isfinite(numbers)):
        raise ValueError(f"σ must be a number of at least 0, got {told(value)}")
    return numbers


def decay(value: Any) -> np.ndarray:
    numbers = check_numbers(value, "β must be a number in [0, 1)")
    if not np.all((numbers >= 0) & (numbers < 1)):
        raise ValueError(f"β must be a number in [0, 1), got {told(value)}")
    return numbers
