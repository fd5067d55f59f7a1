"""Layers that trust their gradients: the step of each layer is as long as its weights allow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer, Layers, one_layer
from ..losses import Gradient
from .base import Optimizer, State, Step, decay, learning_rate, option, remembered, stabilizer

__all__ = ["LAMB", "LARS"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Trusting(Optimizer):
    """What they share: θ is told apart into layers, and biases may be left out."""

    trust_eps: float = stabilizer(0.0, "ε_trust")
    biases: str = option("scaled", "scaled", "plain")
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, layers=layers)

    def scaled(self, theta: np.ndarray) -> np.ndarray:
        """W: θ with zeros in place of what is neither scaled nor shrunk."""
        plain = self.biases == "plain" and self.layers is not None and self.layers.has_matrices
        return self.layers.matrices(theta) if plain else theta  # type: ignore[union-attr]

    def norm(self, flat: np.ndarray) -> np.ndarray:
        """|·| of each layer, in the place of each of its numbers."""

        def of_layer(layer: Layer, part: np.ndarray) -> np.ndarray:
            rows = part.reshape(*part.shape[: part.ndim - len(layer.shape)], layer.size)
            return np.broadcast_to(np.sqrt(np.sum(rows**2, axis=-1, keepdims=True)), rows.shape)

        return (self.layers or one_layer(flat.shape[-1])).each(of_layer, flat)

    def ratio(self, weights: np.ndarray, update: np.ndarray, coefficient: Any = 1) -> np.ndarray:
        """The quotient of two norms, and 1 where one of them is zero: what has no length could never move."""
        both = (weights > 0) & (update > 0)
        return np.where(both, coefficient * weights / np.where(both, update + self.trust_eps, 1), 1)


@dataclass(frozen=True, repr=False)
class LARS(Trusting):
    r"""LARS (You, Gitman & Ginsburg 2017): momentum, whose new part is scaled layer by layer.

    .. math::
        v \leftarrow \gamma v + \eta\,\frac{\tau\,|W|}{|g| + \lambda|W|}\,(g + \lambda W), \qquad W \leftarrow W - v

    with |·| the norm of a layer.

    Parameters
    ----------
    lr : η ≥ 0, default 1
    gamma : γ in [0, 1), default 0.9
    weight_decay : λ ≥ 0, default 0.0005 (0 in optax)
    trust_coefficient : τ > 0, default 0.001 (the paper's η)
    form : ``"paper"`` as above; ``"optax"`` divides by |g + λW|; ``"torch"`` has η outside, W ← W − ηv (timm,
        pytorch_optimizer)
    trust_eps : ε ≥ 0 that is added to the denominator, default 0 (1e-8 in timm)
    biases : ``"scaled"`` as any layer (default; optax), or ``"plain"``, with ratio 1 and without decay (timm,
        pytorch_optimizer)

    Notes
    -----
    The factor before g + λW is 1 where W, or what it is divided by, is zero, so that a bias that begins at zero begins
    to move: as in the libraries, without τ, that is, with a step that is far larger than all that follow. Without
    layers (a surface), θ is one layer.

    State: ``v``, shaped like θ.

    >>> LARS(trust_coefficient=0.1, weight_decay=0.0).step(np.array([3.0, 4.0]), lambda at: at / 99, {"v": 0.0}, 0)[0]
    array([2.7, 3.6])
    """

    paper, year = "You, Gitman & Ginsburg", 2017

    lr: Rate = knob(1.0, "η", "learning rate", low=1e-2, high=1e2, log=True, count=161)
    gamma: float = decay(0.9, "γ", "momentum")
    weight_decay: float = knob(0.0005, "λ", "weight decay", low=0.0, high=0.1, slider=False)
    trust_coefficient: float = knob(
        0.001, "τ", "trust coefficient", low=1e-4, high=1.0, log=True, allowed="(0, ∞)", slider=False
    )
    form: str = option("paper", "paper", "optax", "torch")

    def init(self, theta: np.ndarray) -> State:
        return {"v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.gamma)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        W = self.scaled(theta)
        u = g + self.weight_decay * W
        size = self.norm(u) if self.form == "optax" else self.norm(g) + self.weight_decay * self.norm(W)
        u = self.ratio(self.norm(W), size, self.trust_coefficient) * u
        if self.form == "torch":
            v = self.gamma * state["v"] + u
            return theta - self.rate(k) * v, {"v": v}
        v = self.gamma * state["v"] + self.rate(k) * u
        return theta - v, {"v": v}

    @property
    def formula(self) -> str:
        size = r"|g + \lambda W|" if self.form == "optax" else r"|g| + \lambda|W|"
        inside, outside = ("", r"\eta ") if self.form == "torch" else (r"\eta\,", "")
        return (
            rf"W \leftarrow W \;\step{{-\,{outside}v}}, \qquad v \leftarrow \gamma v + {inside}"
            rf"\frac{{\tau\,|W|}}{{{size}}}\,(\gradient{{g}} + \lambda W)"
        )


@dataclass(frozen=True, repr=False)
class LAMB(Trusting):
    r"""LAMB (You et al. 2020): AdamW, whose step is as long as the weights of the layer times η.

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1) g, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2, \quad
        u = \frac{\hat m}{\sqrt{\hat v} + \varepsilon} + \lambda W, \quad W \leftarrow W - \eta\,\frac{|W|}{|u|}\,u

    with |·| the norm of a layer.

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.999
    eps : ε ≥ 0, default 1e-6
    weight_decay : λ ≥ 0, default 0.01 (0 in optax)
    bias_correction : m̂ and v̂ as in `Adam` (default; the paper, optax, timm), or m and v (pytorch_optimizer)
    trust_eps : ε ≥ 0 that is added to |u|, default 0 (1e-6 in pytorch_optimizer)
    biases : ``"scaled"`` as any layer (default; optax), or ``"plain"``, with ratio 1 and without decay (timm)

    Notes
    -----
    The ratio is 1 where W or u is zero, so that a bias that begins at zero begins to move. The paper's φ is φ(z) = z,
    as in optax and timm. pytorch_optimizer cuts |W| at 10, and divides η by 1 − β₁ᵗ unless ``adam_debias=True``.
    Without layers (a surface), θ is one layer.

    State: ``m`` and ``v``, shaped like θ.

    >>> LAMB(lr=0.1).step(np.array([3.0, 4.0]), lambda theta: theta, LAMB().init(np.ones(2)), 0)[0].round(2)
    array([2.65, 3.64])
    """

    paper, year = "You et al.", 2020

    lr: Rate = learning_rate(0.001)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-6)
    weight_decay: float = knob(0.01, "λ", "weight decay", low=0.0, high=1.0, slider=False)
    bias_correction: bool = option(True)

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta1, self.beta2)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t) if self.bias_correction else m
        v_hat = v / (1 - self.beta2**t) if self.bias_correction else v
        W = self.scaled(theta)
        u = m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * W
        return theta - self.rate(k) * self.ratio(self.norm(W), self.norm(u)) * u, {"m": m, "v": v}

    @property
    def formula(self) -> str:
        hat = r"\frac{\hat m}{\sqrt{\hat v}+\varepsilon}" if self.bias_correction else r"\frac{m}{\sqrt{v}+\varepsilon}"
        return rf"W \leftarrow W \;\step{{-\,\eta\,\frac{{|W|}}{{|u|}}\,u}}, \qquad u = {hat} + \lambda W"
