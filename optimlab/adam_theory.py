r"""What theory knows of Adam: its first steps, its mean step in noise, when it forgets, decays and bursts.

Each function is one formula of notebook 08, to be held against what a descent measures. They take arrays, which
broadcast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, told
from .tape import as_symbolic

__all__ = [
    "bias_factor", "bias_peak", "decayed", "decoupled_spread", "giant_drift", "mean_step", "noise_floor", "spike_step",
    "stable_curvature",
]  # fmt: skip

EXACT = 16  # gradients after the giant that are added one by one; the others as an integral


def checked(value: Any, symbol: str, allowed: str, legal: Any) -> Any:
    """The value as an array, or a `ValueError` that names it; a symbolic number as it is."""
    if as_symbolic(value) is not None:
        return value
    numbers = check_numbers(value, f"{symbol} must be {allowed}")
    if not np.all(legal(numbers)):
        raise ValueError(f"{symbol} must be {allowed}, got {told(value)}")
    return numbers


def positive(value: Any, symbol: str) -> Any:
    return checked(value, symbol, "a number above 0", lambda x: x > 0)


def below_one(value: Any, symbol: str) -> Any:
    return checked(value, symbol, "a number in [0, 1)", lambda x: (x >= 0) & (x < 1))


def inside(value: Any, symbol: str) -> Any:
    return checked(value, symbol, "a number in (0, 1)", lambda x: (x > 0) & (x < 1))


# 08.1


def bias_factor(t: Any, beta1: Any, beta2: Any) -> Any:
    r"""How many times as long step t = 1, 2, … is without Adam's bias correction (Kingma & Ba 2015, section 3).

    .. math:: \frac{m_t/\sqrt{v_t}}{\hat m_t/\sqrt{\hat v_t}} = \frac{1-\beta_1^t}{\sqrt{1-\beta_2^t}}

    Parameters
    ----------
    t : the step, counted from 1
    beta1, beta2 : β₁ and β₂ in [0, 1)
    """
    t = checked(t, "t", "a number of at least 1", lambda x: x >= 1)
    return (1 - below_one(beta1, "β₁") ** t) / np.sqrt(1 - below_one(beta2, "β₂") ** t)


def bias_peak(beta1: Any, beta2: Any) -> tuple[Any, Any]:
    r"""The step at which that factor is largest, and the factor there, for β₂ so near to 1 that 1 − β₂ᵗ ≈ (1 − β₂)t.

    .. math:: t^* = \frac{1.2564}{-\ln\beta_1}, \qquad 0.6382 \sqrt{\frac{-\ln\beta_1}{1-\beta_2}}

    Both numbers belong to the maximum of (1 − e⁻ˢ)/√s, with s = −t ln β₁.

    Parameters
    ----------
    beta1, beta2 : β₁ and β₂ in (0, 1)
    """
    rate = -np.log(inside(beta1, "β₁"))
    return TOP / rate, (1 - np.exp(-TOP)) / np.sqrt(TOP) * np.sqrt(rate / (1 - inside(beta2, "β₂")))


TOP = 1.2564312086261695
"""s at which (1 − e⁻ˢ)/√s is largest: 2s = eˢ − 1."""


# 08.2


def mean_step(snr: Any) -> Any:
    r"""The mean of Adam's step, in units of η, in noise (Balles & Hennig 2018).

    .. math:: \frac{E[\Delta\theta]}{\eta} = \frac{1}{\sqrt{1 + 1/\mathrm{SNR}^2}},
        \qquad \mathrm{SNR} = \frac{|E[g]|}{\sqrt{\mathrm{Var}[g]}}

    for β₂ near 1, so that v̂ is the mean square of the gradient.

    Parameters
    ----------
    snr : the signal-to-noise ratio, at least 0
    """
    snr = checked(snr, "SNR", "a number of at least 0", lambda x: x >= 0)
    return snr / np.sqrt(1 + snr**2)


def noise_floor(eta: Any, sigma: Any, curvature: Any = 1.0) -> Any:
    r"""E[x²] in the long run, of Adam on ½λx² with gradient noise σ and a small constant η.

    .. math:: E[x^2] = \frac{\eta\sigma}{2\lambda}

    as long as the noise is most of the gradient: then Adam is gradient descent with the step η/σ, whose E[x²] is
    (η/σ)σ²/(2λ). It grows like σ, gradient descent's like σ².

    Parameters
    ----------
    eta, sigma, curvature : η, σ and λ, each above 0
    """
    return positive(eta, "η") * positive(sigma, "σ") / (2 * positive(curvature, "λ"))


# 08.4


def giant_drift(giant: Any, period: Any, beta2: Any) -> Any:
    r"""How far RMSprop goes down in a cycle of one gradient C and N−1 gradients −1, in units of η (Reddi et al. 2018).

    With β₁ = 0 and the v that a long row of such cycles has just after a giant, and j steps later,

    .. math:: v_0 = 1 + \frac{(1-\beta_2)(C^2-1)}{1-\beta_2^N}, \quad v_j = 1 + \beta_2^j (v_0 - 1), \qquad
        \frac{C}{\sqrt{v_0}} - \sum_{j=1}^{N-1} \frac{1}{\sqrt{v_j}} .

    Where it is negative, x goes *up*, though the sum C − (N−1) of the gradients says down. With AMSGrad, whose v does
    not fall, it is (C − N + 1)/√v₀.

    Parameters
    ----------
    giant : C, at least 1
    period : N, a whole number from 2 on
    beta2 : β₂ in (0, 1)

    From the 17th summand on the sum is an integral (the midpoint rule read backwards), which is off by less than 0.02.
    """
    giant = checked(giant, "C", "a number of at least 1", lambda x: x >= 1)
    period = checked(period, "N", "a whole number of at least 2", lambda x: (x >= 2) & (x == np.round(x)))
    return drift(giant, period, inside(beta2, "β₂"))


def after_giant(giant: Any, period: Any, beta2: Any) -> Any:
    """v just after a giant, less 1."""
    return (1 - beta2) * (giant**2 - 1) / (1 - beta2**period)


def drift(giant: Any, period: Any, beta2: Any) -> Any:
    above = after_giant(giant, period, beta2)
    up: Any = 0.0
    left = above
    for j in range(1, EXACT + 1):
        left = beta2 * left
        up = up + np.where(period > j, 1 / np.sqrt(1 + left), 0.0)
    rest = integral(above * beta2 ** (EXACT + 0.5), above * beta2 ** (period - 0.5), beta2, period - EXACT - 1)
    return giant / np.sqrt(1 + above) - up - np.where(period > EXACT + 1, rest, 0.0)


def integral(first: Any, last: Any, beta2: Any, length: Any) -> Any:
    """Of 1/√(1+y) over `length` steps, while y falls from `first` to `last`: ∫dy/(y√(1+y)) = ln y − 2 ln(1+√(1+y))."""
    return length + 2 * (np.log(1 + np.sqrt(1 + first)) - np.log(1 + np.sqrt(1 + last))) / np.log(beta2)


# 08.5


def decayed(eta: Any, decay: Any, steps: Any, sigma: Any = None) -> Any:
    r"""What is left of a weight that sees nothing but noise, after `steps` steps of Adam.

    .. math:: (1-\eta\lambda)^T \quad\text{decoupled}, \qquad e^{-\eta\lambda T/\sigma} \quad\text{L2, in noise } \sigma

    The gradient λw of an L2 penalty is divided by √v̂ ≈ σ as every gradient is; decoupled decay is not (Loshchilov &
    Hutter 2019).

    Parameters
    ----------
    eta, decay : η > 0 and λ ≥ 0
    steps : T ≥ 0
    sigma : σ of an L2 penalty; None means decoupled
    """
    eta = positive(eta, "η")
    decay = checked(decay, "λ", "a number of at least 0", lambda x: x >= 0)
    steps = checked(steps, "T", "a number of at least 0", lambda x: x >= 0)
    if sigma is None:
        return (1 - eta * decay) ** steps
    return np.exp(-eta * decay * steps / positive(sigma, "σ"))


def decoupled_spread(eta: Any, decay: Any, steps: Any = np.inf) -> Any:
    r"""The spread of weights that see nothing but noise, after T steps of Adam with decoupled decay.

    .. math:: \sqrt{\frac{\eta}{2\lambda}\left(1 - e^{-2\eta\lambda T}\right)}

    In the long run the noise moves a weight as steps of ±η would, whatever σ is, and the decay takes back 2ηλ of the
    variance: all weights end equally wide (compare the rotational equilibrium of Kosson et al. 2024). For β₁ = 0, or
    T much longer than 1/(1−β₁).

    Parameters
    ----------
    eta, decay : η and λ, both above 0
    steps : T ≥ 0; infinity is the long run
    """
    eta, decay = positive(eta, "η"), positive(decay, "λ")
    steps = checked(steps, "T", "a number of at least 0", lambda x: x >= 0)
    return np.sqrt(eta / (2 * decay) * (1 - np.exp(-2 * eta * decay * steps)))


# 08.6


def stable_curvature(eta: Any, beta1: Any) -> Any:
    r"""The largest preconditioned curvature λ/√v̂ at which Adam with a fixed v̂ does not diverge (Cohen et al. 2022).

    .. math:: \frac{2 + 2\beta_1}{(1-\beta_1)\,\eta}

    It is heavy ball's 2 + 2γ, with the step (1−β₁)η.

    Parameters
    ----------
    eta : η > 0
    beta1 : β₁ in [0, 1)
    """
    beta1 = below_one(beta1, "β₁")
    return (2 + 2 * beta1) / ((1 - beta1) * positive(eta, "η"))


def spike_step(v: Any, curvature: Any, eta: Any, beta1: Any, beta2: Any, t: Any = 0) -> Any:
    r"""The step at which λ/√v̂ comes to `stable_curvature`, if v only decays from step t on.

    .. math:: t + \frac{\ln\left(v\,\kappa^2/\lambda^2\right)}{-\ln\beta_2}, \qquad
        \kappa = \frac{2+2\beta_1}{(1-\beta_1)\eta}

    Parameters
    ----------
    v : v (not v̂) at step t, above 0
    curvature : λ > 0
    eta, beta1, beta2 : η > 0, β₁ in [0, 1), β₂ in (0, 1)
    t : the step, at least 0

    The bias correction of v is left out: it is 1 by then, unless 1/(1−β₂) steps have not passed.
    """
    room = stable_curvature(eta, beta1) / positive(curvature, "λ")
    t = checked(t, "t", "a number of at least 0", lambda x: x >= 0)
    return t + np.log(positive(v, "v") * room**2) / -np.log(inside(beta2, "β₂"))
