"""Only the sign: each step moves every coordinate by η, however large its gradient is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, Terms, decay, remembered

__all__ = ["Lion", "Signum"]


def small_rate(default: float) -> Any:
    # As `base.learning_rate`, and a decade further down: a step of sign descent is as long as η, not as long as ηg.
    return knob(default, "η", "learning rate", low=1e-4, high=10**0.3, log=True, count=173)


@dataclass(frozen=True, repr=False)
class Signum(Optimizer):
    r"""Signum (Bernstein et al. 2018): the sign of the momentum. With β = 0 it is signSGD, the sign of the gradient.

    .. math:: m \leftarrow \beta m + (1-\beta)\, g, \qquad \theta \leftarrow \theta - \eta\,\mathrm{sign}(m)

    Parameters
    ----------
    lr : η ≥ 0, default 0.001
    beta : β in [0, 1), default 0.9

    Notes
    -----
    sign(0) = 0. m needs no correction of its start, which would not change its sign.

    State: ``m``, shaped like θ.

    >>> Signum(lr=0.1, beta=0.0).step(np.array([2.0, -0.001]), lambda theta: theta, {"m": np.zeros(2)}, 0)[0]
    array([1.9  , 0.099])
    """

    paper, year = "Bernstein et al.", 2018

    lr: Rate = small_rate(0.001)
    beta: float = decay(0.9, "β", "momentum")

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        m = self.beta * state["m"] + (1 - self.beta) * grad(theta)
        return theta - self.rate(k) * np.sign(m), {"m": m}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta\,\mathrm{sign}(m)}, "
            r"\qquad m \leftarrow \beta m + (1-\beta)\gradient{g}"
        )


@dataclass(frozen=True, repr=False)
class Lion(Optimizer):
    r"""Lion (Chen et al. 2023), found by a search through programs: one mean to step by, another one to remember.

    .. math::
        u = \mathrm{sign}(\beta_1 m + (1-\beta_1)\, g), \qquad m \leftarrow \beta_2 m + (1-\beta_2)\, g, \qquad
        \theta \leftarrow \theta - \eta\,(u + \lambda\theta)

    Parameters
    ----------
    lr : η ≥ 0, default 0.0001: 3 to 10 times smaller than Adam's
    beta1 : β₁ in [0, 1), default 0.9
    beta2 : β₂ in [0, 1), default 0.99; with β₂ = β₁ it is `Signum`
    weight_decay : λ ≥ 0, default 0 (lion-pytorch; 0.001 in optax): 3 to 10 times larger than AdamW's

    State: ``m``, shaped like θ.

    >>> Lion(lr=0.1, weight_decay=0.5).step(np.array([2.0]), lambda theta: theta, {"m": np.array([-1.0])}, 1)
    (array([2.]), {'m': array([-0.97])})
    """

    paper, year = "Chen et al.", 2023

    lr: Rate = small_rate(0.0001)
    beta1: float = decay(0.9, "β₁", "interpolation")
    beta2: float = decay(0.99, "β₂", "momentum decay")
    weight_decay: float = knob(0.0, "λ", "weight decay", low=0.0, high=1.0, slider=False)

    def init(self, theta: np.ndarray) -> State:
        return {"m": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.beta1)  # with β₁ = 0 no step looks at m

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        u = np.sign(self.beta1 * state["m"] + (1 - self.beta1) * g)
        m = self.beta2 * state["m"] + (1 - self.beta2) * g
        return theta - self.rate(k) * (u + self.weight_decay * theta), {"m": m}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        u = np.sign(self.beta1 * state["m"] + (1 - self.beta1) * grad(theta))
        return {"step": -self.rate(k) * u, "decay": -self.rate(k) * self.weight_decay * theta}

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\decay{-\,\eta\lambda\theta}"
            r"\;\step{-\,\eta\,\mathrm{sign}(\beta_1 m + (1-\beta_1)\gradient{g})}, "
            r"\qquad m \leftarrow \beta_2 m + (1-\beta_2) g"
        )

    @property
    def labels(self) -> dict[str, str]:
        return {"decay": "−λθ, the decay"} if np.any(self.weight_decay) else {}
