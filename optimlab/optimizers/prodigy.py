"""Prodigy: Adam that finds its learning rate, as an estimate of how far away the solution is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..knobs import Knob, Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, decay, option, remembered, stabilizer

__all__ = ["Prodigy"]

BETA3 = Knob("β₃", "decay of the estimate", low=0.0, high=0.9999, allowed="[0, 1)")


@dataclass(frozen=True, repr=False)
class Prodigy(Optimizer):
    r"""Prodigy (Mishchenko & Defazio 2024): Adam whose step is d, which grows towards the distance of the solution.

    .. math::
        m &\leftarrow \beta_1 m + (1-\beta_1)\,d\,g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\,d^2 g^2, \\
        r &\leftarrow \beta_3 r + (1-\beta_3)\,\eta d^2\,\langle g, \theta_0 - \theta\rangle, \qquad
        s \leftarrow \beta_3 s + (1-\beta_3)\,\eta d^2 g, \\
        \theta &\leftarrow \theta - \eta d\,\frac{m}{\sqrt v + d\varepsilon}, \qquad
        d \leftarrow \max(d, \hat d), \quad \hat d = \frac{r}{\lVert s\rVert_1}

    Parameters
    ----------
    lr : η ≥ 0, default 1: leave it there, or let a schedule fall from it
    beta1, beta2, eps : β₁, β₂ and ε of `Adam`
    beta3 : β₃ in [0, 1), default None, that is, √β₂
    d0 : d₀ > 0, the first d, default 1e-6: any number that is too small
    d_coef : a factor of d̂, default 1
    weight_decay : λ ≥ 0, default 0: θ ← θ − ηdλθ besides
    use_bias_correction : η√(1−β₂ᵗ)/(1−β₁ᵗ) in place of η (optax always; the authors' package with this option)
    safeguard_warmup : η is left out of s, so that d does not grow too far while η still does
    eps_step : in dε, the d that this step begins with (``"current"``, default; the paper), or ends with (``"next"``;
        the authors' package, optax)

    Notes
    -----
    There is one d for all of θ. The libraries divide r and s by d₀ and leave out 1−β₃: d̂ is the same.

    State: ``m``, ``v``, ``s`` and ``θ₀``, shaped like θ; ``r`` and ``d``, of shape (..., 1).

    >>> rule, theta = Prodigy(d0=0.5), np.array([2.0, -2.0])
    >>> theta, state = rule.step(theta, np.sign, rule.init(theta), 0)
    >>> theta, state = rule.step(theta, np.sign, state, 1)
    >>> state["d"].round(3)
    array([0.791])
    """

    paper, year = "Mishchenko & Defazio", 2024

    lr: Rate = knob(1.0, "η", "learning rate", low=1e-2, high=10.0, log=True)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    beta3: float | None = field(default=None)
    eps: float = stabilizer(1e-8)
    d0: float = knob(1e-6, "d₀", "first estimate", low=1e-8, high=1e-2, log=True, allowed="(0, ∞)", slider=False)
    d_coef: float = knob(1.0, "c_d", "factor of the estimate", low=0.1, high=10.0, log=True, slider=False)
    weight_decay: float = knob(0.0, "λ", "weight decay", low=0.0, high=1.0, slider=False)
    use_bias_correction: bool = option(False)
    safeguard_warmup: bool = option(False)
    eps_step: str = option("current", "current", "next")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.beta3 is not None:
            object.__setattr__(self, "beta3", BETA3.check_one(self.beta3))

    def init(self, theta: np.ndarray) -> State:
        zero = np.zeros_like(theta)
        one = np.zeros_like(theta[..., :1])
        return {"m": zero, "v": zero, "s": zero, "θ₀": theta, "r": one, "d": one + self.d0}

    def memory(self, layer: Layer) -> int:
        beta3 = self.beta2 if self.beta3 is None else self.beta3
        return layer.size * (remembered(self.beta1, self.beta2, beta3) + 1)  # and θ₀; all layers share one r and d

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g, d, eta = grad(theta), state["d"], self.corrected(k)
        m = self.beta1 * state["m"] + (1 - self.beta1) * d * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * d**2 * g**2
        beta3 = np.sqrt(self.beta2) if self.beta3 is None else self.beta3
        r = beta3 * state["r"] + (1 - beta3) * eta * d**2 * np.sum(g * (state["θ₀"] - theta), axis=-1, keepdims=True)
        s = beta3 * state["s"] + (1 - beta3) * (1 if self.safeguard_warmup else eta) * d**2 * g
        size = np.sum(np.abs(s), axis=-1, keepdims=True)
        d_hat = self.d_coef * np.where(size > 0, r / np.where(size > 0, size, 1), 0)
        longer = np.maximum(d, d_hat)
        eps = self.eps * (longer if self.eps_step == "next" else d)
        step = eta * d * (m / (np.sqrt(v) + eps) + self.weight_decay * theta)
        return theta - step, {"m": m, "v": v, "s": s, "θ₀": state["θ₀"], "r": r, "d": longer}

    def corrected(self, k: int) -> Any:
        """η at step k, with Adam's corrections if they are asked for."""
        t = k + 1
        if not self.use_bias_correction:
            return self.rate(k)
        return self.rate(k) * np.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta d\,\frac{m}{\sqrt{v}+d\varepsilon}}, \qquad "
            r"d \leftarrow \max\left(d, \frac{r}{\lVert s\rVert_1}\right)"
        )
