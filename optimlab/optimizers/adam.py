"""Adam and its relatives: a mean of the gradients over a mean of their squares, both corrected for their start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, Terms, decay, learning_rate, option, remembered, stabilizer

__all__ = ["Adam", "AdamW"]


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    r"""Adam (Kingma & Ba 2015).

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
        \hat m = \frac{m}{1-\beta_1^t}, \quad \hat v = \frac{v}{1-\beta_2^t}, \quad
        \theta \leftarrow \theta - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.999
    eps : ε ≥ 0, default 1e-8 (1e-7 in Keras)
    eps_root : a second ε inside the root, √(v̂ + ε_root), default 0 (optax)
    eps_hat : ε is added to √v before the bias correction, that is, the paper's ε̂ (Keras)

    State: ``m`` and ``v``, shaped like θ. The paper's t counts from 1: t = k + 1.
    """

    paper, year = "Kingma & Ba", 2015

    lr: Rate = learning_rate(0.001)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-8)
    eps_root: float = stabilizer(0.0, "ε_root")
    eps_hat: bool = option(False)

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta1, self.beta2)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        return theta - self.rate(k) * m_hat / (np.sqrt(v_hat + self.eps_root) + eps), {"m": m, "v": v}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        pull = -self.rate(k) * self.scale(theta, grad, state, k) / (1 - self.beta1 ** (k + 1))
        return {"velocity": pull * self.beta1 * state["m"], "gradient": pull * (1 - self.beta1) * grad(theta)}

    def scale(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> np.ndarray:
        correction = 1 - self.beta2 ** (k + 1)
        v_hat = (self.beta2 * state["v"] + (1 - self.beta2) * grad(theta) ** 2) / correction
        eps = self.eps / correction**0.5 if self.eps_hat else self.eps
        return 1 / (np.sqrt(v_hat + self.eps_root) + eps)

    @property
    def formula(self) -> str:
        return MEANS.format("", denominator(self))

    @property
    def labels(self) -> dict[str, str]:
        inside = "(v̂+ε_root)" if np.any(self.eps_root) else "v̂"
        eps = "ε/√(1−β₂ᵗ)" if self.eps_hat else "ε"
        return {"velocity": "−m̂, the mean of past gradients", "scale": f"1/(√{inside}+{eps})"}


@dataclass(frozen=True, repr=False)
class AdamW(Adam):
    r"""Adam with decoupled weight decay (Loshchilov & Hutter 2019).

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
        \theta \leftarrow \theta - \eta\lambda\,\theta - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon}

    Parameters
    ----------
    weight_decay : λ ≥ 0, default 0.01 (PyTorch; 0.0001 in optax, 0.004 in Keras)

    The others are those of `Adam`.

    Notes
    -----
    The decay is not divided by √v̂, which is what tells it from an L2 penalty. It reaches all of θ, as the libraries'
    does by default; `DecoupledWeightDecay` spares the biases. In the paper η multiplies the decay only through the
    schedule; the libraries multiply by η itself.

    State: ``m`` and ``v``, shaped like θ.

    >>> AdamW(lr=0.1, weight_decay=0.5).step(np.array([2.0]), lambda theta: 0 * theta, AdamW().init(np.ones(1)), 0)[0]
    array([1.9])
    """

    paper, year = "Loshchilov & Hutter", 2019

    weight_decay: float = knob(0.01, "λ", "weight decay", low=0.0, high=1.0)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        theta = theta - self.rate(k) * self.weight_decay * theta
        return theta - self.rate(k) * m_hat / (np.sqrt(v_hat + self.eps_root) + eps), {"m": m, "v": v}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return super().terms(theta, grad, state, k) | {"decay": -self.rate(k) * self.weight_decay * theta}

    @property
    def formula(self) -> str:
        return MEANS.format(r"\;\decay{-\,\eta\lambda\theta}", denominator(self))

    @property
    def labels(self) -> dict[str, str]:
        return super().labels | {"decay": "−λθ, the decay"}


MEANS = (
    r"\theta \leftarrow \theta {}\;\step{{-\,\eta}}\,\scale{{\frac{{1}}{{{}}}}}\,\velocity{{\hat m}}, "
    r"\qquad m \leftarrow \beta_1 m + (1-\beta_1)\gradient{{g}}, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2"
)


def denominator(adam: Adam) -> str:
    """√v̂ + ε as LaTeX, with ε where the dialect has it."""
    inside = r"\hat v + \varepsilon_\text{root}" if np.any(adam.eps_root) else r"\hat v"
    return rf"\sqrt{{{inside}}}+" + (r"\varepsilon/\sqrt{1-\beta_2^t}" if adam.eps_hat else r"\varepsilon")
