"""Relatives of Adam: the same two means, and one line that differs in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, decay, learning_rate, option, remembered, stabilizer

__all__ = ["AMSGrad", "AdaBelief", "Nadam", "RAdam"]


@dataclass(frozen=True, repr=False)
class Relative(Optimizer):
    """What they share with `Adam`: the hyperparameters, and a step of η·scale·m̂."""

    lr: Rate = learning_rate(0.001)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-8)

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta1, self.beta2)


@dataclass(frozen=True, repr=False)
class AMSGrad(Relative):
    r"""AMSGrad (Reddi, Kale & Kumar 2018): the mean of the squares never falls again.

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
        v_{\max} \leftarrow \max(v_{\max}, v), \quad
        \theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat v_{\max}} + \varepsilon}

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.999
    eps : ε ≥ 0, default 1e-8
    correction : ``"after"``, the maximum of v is divided by 1 − β₂ᵗ (default; PyTorch's ``amsgrad=True``);
        ``"before"``, it is the maximum of v̂ (optax); ``"none"``, neither m nor v is corrected (the paper)

    State: ``m``, ``v`` and ``v_max``, shaped like θ.

    >>> AMSGrad(lr=0.1).step(np.array([2.0]), lambda theta: theta, AMSGrad().init(np.ones(1)), 0)[0].round(6)
    array([1.9])
    """

    paper, year = "Reddi, Kale & Kumar", 2018

    correction: str = option("after", "after", "before", "none")

    def init(self, theta: np.ndarray) -> State:
        return super().init(theta) | {"v_max": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return super().memory(layer) + layer.size

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        if self.correction == "before":
            v_max = np.maximum(state["v_max"], v / (1 - self.beta2**t))
        else:
            v_max = np.maximum(state["v_max"], v)
        v_hat = v_max / (1 - self.beta2**t) if self.correction == "after" else v_max
        m_hat = m if self.correction == "none" else m / (1 - self.beta1**t)
        return theta - self.rate(k) * m_hat / (np.sqrt(v_hat) + self.eps), {"m": m, "v": v, "v_max": v_max}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta\,\frac{\hat m}{\sqrt{\hat v_{\max}}+\varepsilon}}, "
            r"\qquad v_{\max} \leftarrow \max(v_{\max}, v)"
        )


@dataclass(frozen=True, repr=False)
class Nadam(Relative):
    r"""Nadam (Dozat 2016): Adam that looks ahead, as Nesterov's momentum does.

    .. math::
        \mu_t = \beta_1\left(1 - \tfrac12\,0.96^{t\psi}\right), \quad
        \theta \leftarrow \theta - \frac{\eta}{\sqrt{\hat v} + \varepsilon}
        \left(\frac{\mu_{t+1}\, m}{1 - \prod_{i=1}^{t+1}\mu_i} + \frac{(1-\mu_t)\, g}{1 - \prod_{i=1}^{t}\mu_i}\right)

    with Adam's m, v and v̂.

    Parameters
    ----------
    lr : η ≥ 0, default 0.002
    beta1, beta2, eps : those of `Adam`
    momentum_decay : ψ ≥ 0, default 0.004
    scheduled : μ grows with t as above (default; the paper, PyTorch); or it is β₁ from the start (optax)

    State: ``m`` and ``v``, shaped like θ, and ``Πμ``, the product of the μ so far.
    """

    paper, year = "Dozat", 2016

    lr: Rate = learning_rate(0.002)
    momentum_decay: float = knob(0.004, "ψ", "momentum decay", low=0.0, high=1.0, slider=False)
    scheduled: bool = option(True)

    def init(self, theta: np.ndarray) -> State:
        return super().init(theta) | {"Πμ": np.ones_like(theta)}

    def mu(self, t: int) -> np.ndarray | float:
        """μ at step t = 1, 2, …"""
        return self.beta1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)) if self.scheduled else self.beta1

    memory = Relative.memory  # all layers share one Πμ

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        product = state["Πμ"] * self.mu(t)
        ahead = self.mu(t + 1) * m / (1 - product * self.mu(t + 1))
        here = (1 - self.mu(t)) * g / (1 - product)
        v_hat = v / (1 - self.beta2**t)
        step = self.rate(k) * (ahead + here) / (np.sqrt(v_hat) + self.eps)
        return theta - step, {"m": m, "v": v, "Πμ": product}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\frac{\eta}{\sqrt{\hat v}+\varepsilon}\left("
            r"\frac{\mu_{t+1}\,m}{1-\prod\mu_{i\leq t+1}}+\frac{(1-\mu_t)\,g}{1-\prod\mu_{i\leq t}}\right)}"
        )


@dataclass(frozen=True, repr=False)
class RAdam(Relative):
    r"""RAdam (Liu et al. 2020): no scale before the mean of the squares can be trusted, and a smaller step for a while.

    .. math::
        \rho_\infty = \frac{2}{1-\beta_2} - 1, \quad \rho_t = \rho_\infty - \frac{2t\beta_2^t}{1-\beta_2^t}, \quad
        r_t = \sqrt{\frac{(\rho_t-4)(\rho_t-2)\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\rho_t}}, \quad
        \theta \leftarrow \theta - \eta\,r_t\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}

    while ρₜ > 5; before that :math:`\theta \leftarrow \theta - \eta\,\hat m`.

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.999; with β₂ ≤ 2/3 ρ never comes to 5, and no step is scaled
    eps : ε ≥ 0, default 1e-8
    eps_hat : ε is added to √v before the bias correction (PyTorch), or to √v̂ (default; optax)

    State: ``m`` and ``v``, shaped like θ.
    """

    paper, year = "Liu et al.", 2020

    eps_hat: bool = option(False)

    def rectification(self, t: int) -> tuple[Any, Any]:
        """ρₜ and rₜ; rₜ where ρₜ > 5."""
        beta2 = self.beta2
        longest = 2 / (1 - beta2) - 1
        rho = longest - 2 * t * beta2**t / (1 - beta2**t)
        kept, most = np.maximum(rho, 5.0), np.maximum(longest, 5.0)
        return rho, np.sqrt((kept - 4) * (kept - 2) * most / ((most - 4) * (most - 2) * kept))

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        rho, r = self.rectification(t)
        step = np.where(rho > 5, r * m_hat / (np.sqrt(v_hat) + eps), m_hat)
        return theta - self.rate(k) * step, {"m": m, "v": v}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta\,r_t\frac{\hat m}{\sqrt{\hat v}+\varepsilon}}"
            r"\;\text{ if } \rho_t > 5, \quad \text{else}\; -\,\eta\,\hat m"
        )


@dataclass(frozen=True, repr=False)
class AdaBelief(Relative):
    r"""AdaBelief (Zhuang et al. 2020): the scale is how far the gradient is from its own mean.

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1) g, \quad s \leftarrow \beta_2 s + (1-\beta_2)(g - m)^2 + \varepsilon, \quad
        \theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat s} + \varepsilon}

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.999
    eps : ε ≥ 0 beside the root, default 1e-16
    eps_root : ε ≥ 0 that is added to s in each step, default 1e-16

    State: ``m`` and ``s``, shaped like θ.
    """

    paper, year = "Zhuang et al.", 2020

    eps: float = stabilizer(1e-16)
    eps_root: float = stabilizer(1e-16, "ε_root")

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta), "s": np.zeros_like(theta)}

    memory = Relative.memory

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        s = self.beta2 * state["s"] + (1 - self.beta2) * (g - m) ** 2 + self.eps_root
        m_hat = m / (1 - self.beta1**t)
        s_hat = s / (1 - self.beta2**t)
        return theta - self.rate(k) * m_hat / (np.sqrt(s_hat) + self.eps), {"m": m, "s": s}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta\,\frac{\hat m}{\sqrt{\hat s}+\varepsilon}}, "
            r"\qquad s \leftarrow \beta_2 s + (1-\beta_2)(g-m)^2 + \varepsilon"
        )
