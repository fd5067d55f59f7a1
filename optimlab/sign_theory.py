r"""What theory knows of steps that keep only the sign of a noisy gradient: their mean, and how near they come to rest.

Each function is one formula of notebook 09, to be held against what a descent measures. They take arrays, which
broadcast. The loss is ½λx², its gradient λx + σξ with ξ from the normal distribution N(0, 1).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .adam_theory import below_one, checked, positive

__all__ = ["mean_sign", "sign_floor", "sign_floor_any", "signum_floor"]

erf = np.vectorize(math.erf, otypes=[float])


def mean_sign(snr: Any) -> Any:
    r"""The mean of the sign of a gradient g in normal noise σ (Bernstein et al. 2018).

    .. math:: E[\mathrm{sign}(g + \sigma\xi)] = \mathrm{erf}\left(\frac{\mathrm{SNR}}{\sqrt 2}\right)
        \approx \sqrt{\frac{2}{\pi}}\,\mathrm{SNR}, \qquad \mathrm{SNR} = \frac{g}{\sigma}

    The sign is that of g with the probability Φ(SNR) and the other one with 1 − Φ(SNR). So in much noise the mean step
    of sign descent still knows the size of g: the noise gives it back.

    Parameters
    ----------
    snr : g/σ, any number; the result has its shape

    >>> print(mean_sign([0.0, 0.1, 10.0]).round(4))
    [0.     0.0797 1.    ]
    """
    snr = checked(snr, "SNR", "a number", lambda x: ~np.isnan(x))
    return erf(snr / math.sqrt(2))[()]


def sign_floor(eta: Any, sigma: Any, curvature: Any = 1.0) -> Any:
    r"""E[x²] in the long run of sign descent, x ← x − η sign(λx + σξ), for a small constant η.

    .. math:: E[x^2] = \sqrt{\frac{\pi}{8}}\,\frac{\eta\sigma}{\lambda} \approx 0.627\,\frac{\eta\sigma}{\lambda}

    A step changes the mean of x² by −2η E[x sign(λx + σξ)] + η². While the noise is most of the gradient, the mean of
    the sign is about √(2/π) λx/σ (`mean_sign`), and in the long run the change is 0:

    .. math:: 2\eta\,\sqrt{\frac{2}{\pi}}\,\frac{\lambda}{\sigma}\,E[x^2] = \eta^2 .

    Of gradient descent with step η/σ, as Adam is in noise, it is ησ/2λ (`optimlab.adam_theory.noise_floor`). So at
    equal η the sign costs a factor √(π/2) = 1.25, and at equal speed near the minimum, with an η that is larger by this
    factor, π/2 = 1.57. That is for normal noise; with the density f of another noise at 0 it is η/(4λf).

    For ηλ ≪ σ: 0.3 % too low for ηλ = σ/100, 3 % for σ/10, a quarter for ηλ = σ. See `sign_floor_any`.

    Parameters
    ----------
    eta, sigma, curvature : η, σ and λ, each above 0

    >>> print(f"{sign_floor(0.01, 1.0):.5f}")
    0.00627
    """
    return math.sqrt(math.pi / 8) * positive(eta, "η") * positive(sigma, "σ") / positive(curvature, "λ")


def sign_floor_any(eta: Any, sigma: Any, curvature: Any = 1.0) -> Any:
    r"""The same for any noise, also without noise.

    .. math:: E[x^2] = h + \sqrt{\frac{\pi}{8}\,\frac{\eta^2\sigma^2}{\lambda^2} + h^2}, \qquad h = \frac{\pi}{16}\eta^2

    It is what the balance of `sign_floor` gives with the whole error function, if x is normally distributed:
    2η E[x erf(λx/√2σ)] = η² with E[x erf(λx/√2σ)] = √(2/π) λs²/√(σ² + λ²s²), s² = E[x²].

    Right within 2 % up to ηλ = σ. Without noise x is not normally distributed: it jumps to and fro between two places
    η apart, and which, its start decides. Over all starts E[x²] is η²/3 then, and the formula is 18 % too high.

    Parameters
    ----------
    eta, sigma, curvature : η and λ above 0, σ at least 0

    >>> print(sign_floor_any(0.1, [0.0, 0.1, 1.0]).round(5))
    [0.00393 0.00853 0.06466]
    """
    eta, curvature = positive(eta, "η"), positive(curvature, "λ")
    sigma = checked(sigma, "σ", "a number of at least 0", lambda x: x >= 0)
    half = math.pi / 16 * eta**2
    return half + np.sqrt(math.pi / 8 * (eta * sigma / curvature) ** 2 + half**2)


def signum_floor(eta: Any, sigma: Any, beta: Any, curvature: Any = 1.0) -> Any:
    r"""E[x²] in the long run of Signum, x ← x − η sign(m) with m ← βm + (1−β)(λx + σξ), for a small constant η.

    .. math:: E[x^2] \approx \sqrt{\frac{\pi}{8}}\,\frac{\eta\sigma}{\lambda\sqrt{1-\beta}}

    The noise of m is smaller than σ, by √((1−β)/(1+β)), and its sign knows that much more of x. But it is the same
    noise for about 1/(1−β) steps, which then all go one way. The sign of a normal sequence whose correlation is βʲ has
    the correlation (2/π) arcsin βʲ; so where x moves little in that time,

    .. math:: \frac{E[x^2]}{\eta\sigma\sqrt{\pi/8}/\lambda}
        = \sqrt{\frac{1-\beta}{1+\beta}}\left(1 + \frac{4}{\pi}\sum_{j\ge1} \arcsin\beta^j\right) .

    That is 1 for β = 0 and nears √2 ln 2/√(1−β) = 0.98/√(1−β) for β → 1. The rounded form above is at most 6.3 % higher
    in between. A measurement finds it right within 10 % for β from 0 to 0.99 and ηλ up to 0.3σ, also where x does move
    in the time of the memory.

    Parameters
    ----------
    eta, sigma, curvature : η, σ and λ, each above 0
    beta : β in [0, 1)

    >>> print(f"{signum_floor(0.01, 1.0, 0.9):.4f}")
    0.0198
    """
    return sign_floor(eta, sigma, curvature) / np.sqrt(1 - below_one(beta, "β"))
