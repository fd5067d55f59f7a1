"""AdEMAMix: Adam with a second, much slower mean of the gradients beside the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, decay, learning_rate, remembered, stabilizer

__all__ = ["AdEMAMix"]


@dataclass(frozen=True, repr=False)
class AdEMAMix(Optimizer):
    r"""AdEMAMix (Pagliardini, Ablin & Grangier 2024): one mean reacts quickly, another one remembers for long.

    .. math::
        m_1 \leftarrow \beta_1 m_1 + (1-\beta_1) g, \quad m_2 \leftarrow \beta_3^{(t)} m_2 + (1-\beta_3^{(t)}) g, \quad
        v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
        \theta \leftarrow \theta - \eta\left(\frac{\hat m_1 + \alpha^{(t)} m_2}{\sqrt{\hat v} + \varepsilon}
        + \lambda\theta\right)

    with Adam's corrections of m₁ and v, and, as long as t is below T_α or T_β₃,

    .. math::
        \alpha^{(t)} = \frac{t}{T_\alpha}\,\alpha, \qquad
        \frac{1}{\ln\beta_3^{(t)}} = \Big(1 - \frac{t}{T_{\beta_3}}\Big)\frac{1}{\ln\beta_1}
        + \frac{t}{T_{\beta_3}}\,\frac{1}{\ln\beta_3}

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1, beta2, eps : β₁, β₂ and ε of `Adam`
    beta3 : β₃ in [0, 1), default 0.9999: the slow mean reaches back about 1/(1−β₃) steps; less for short runs
    alpha : α ≥ 0, default 5 (4 to 10 in the paper; 2 in the authors' code): the weight of the slow mean
    weight_decay : λ ≥ 0, default 0
    alpha_warmup, beta3_warmup : T_α and T_β₃, whole numbers ≥ 0, default 0, that is, α and β₃ from the first step on;
        in the paper both are the number of all steps

    Notes
    -----
    m₂ is not corrected for its start, so that it comes in slowly. The half-life of the slow mean, ln ½ / ln β₃, grows
    evenly from that of the fast one; the paper's formula is this one, solved for β₃. The authors' code adds 10⁻⁸ to
    β₁ and β₃ in it.

    State: ``m₁``, ``m₂`` and ``v``, shaped like θ.

    >>> rule = AdEMAMix(lr=0.1, alpha=10.0, beta3=0.9)
    >>> rule.step(np.array([2.0]), lambda theta: theta, rule.init(np.ones(1)), 0)[0].round(6)
    array([1.8])
    """

    paper, year = "Pagliardini, Ablin & Grangier", 2024

    lr: Rate = learning_rate(0.001)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    beta3: float = decay(0.9999, "β₃", "slow first-moment decay", low=0.99, high=0.9999, count=34)
    alpha: float = knob(5.0, "α", "weight of the slow mean", low=0.0, high=10.0, count=41)
    eps: float = stabilizer(1e-8)
    weight_decay: float = knob(0.0, "λ", "weight decay", low=0.0, high=1.0, slider=False)
    alpha_warmup: int = knob(0, "T_α", "warmup of α", low=0, high=1000, whole=True, slider=False)
    beta3_warmup: int = knob(0, "T_β₃", "warmup of β₃", low=0, high=1000, whole=True, slider=False)

    def init(self, theta: np.ndarray) -> State:
        zero = np.zeros_like(theta)
        return {"m₁": zero, "m₂": zero, "v": zero}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta1, self.beta2, self.beta3)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        alpha, beta3 = self.warmed(t)
        m1 = self.beta1 * state["m₁"] + (1 - self.beta1) * g
        m2 = beta3 * state["m₂"] + (1 - beta3) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m1_hat = m1 / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        step = (m1_hat + alpha * m2) / (np.sqrt(v_hat) + self.eps) + self.weight_decay * theta
        return theta - self.rate(k) * step, {"m₁": m1, "m₂": m2, "v": v}

    def warmed(self, t: int) -> tuple[Any, Any]:
        """α and β₃ at step t = 1, 2, …"""
        part = t / np.maximum(self.beta3_warmup, t)  # t/T, and from T on 1
        with np.errstate(divide="ignore"):  # the logarithm of β₁ = 0
            mixed = (1 - part) / np.log(self.beta1) + part / np.log(self.beta3)
            beta3 = np.minimum(np.exp(1 / mixed), self.beta3)
        return self.alpha * (t / np.maximum(self.alpha_warmup, t)), beta3

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta\,\frac{\hat m_1+\alpha\,m_2}{\sqrt{\hat v}+\varepsilon}}, "
            r"\qquad m_2 \leftarrow \beta_3 m_2 + (1-\beta_3) g"
        )
