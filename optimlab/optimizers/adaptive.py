"""A step size for each coordinate, from the squares of its gradients: AdaGrad, Adadelta, RMSprop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, Terms, decay, learning_rate, option, remembered, stabilizer

__all__ = ["AdaGrad", "Adadelta", "RMSprop"]


@dataclass(frozen=True, repr=False)
class AdaGrad(Optimizer):
    r"""AdaGrad (Duchi, Hazan & Singer 2011), per coordinate.

    .. math:: G \leftarrow G + g^2, \qquad \theta \leftarrow \theta - \frac{\eta}{\sqrt{G + \varepsilon}}\, g

    Parameters
    ----------
    lr : η ≥ 0, default 0.1
    eps : ε ≥ 0, default 1e-8
    eps_in_sqrt : ε inside the root as above (default; Keras, optax), or outside, √G + ε (PyTorch)
    initial_accumulator_value : G before the first step, default 0 (PyTorch); 0.1 in Keras and optax

    State: ``G``, shaped like θ.
    """

    paper, year = "Duchi, Hazan & Singer", 2011

    lr: Rate = learning_rate(0.1)
    eps: float = stabilizer(1e-8)
    eps_in_sqrt: bool = option(True)
    initial_accumulator_value: float = knob(0.0, "G₀", "initial accumulator", low=0.0, high=1.0, slider=False)

    def init(self, theta: np.ndarray) -> State:
        return {"G": np.zeros_like(theta) + self.initial_accumulator_value}

    def memory(self, layer: Layer) -> int:
        return layer.size

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        G = state["G"] + g**2
        return theta - self.rate(k) / root(G, self.eps, self.eps_in_sqrt) * g, {"G": G}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return {"gradient": -self.rate(k) * self.scale(theta, grad, state, k) * grad(theta)}

    def scale(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> np.ndarray:
        return 1 / root(state["G"] + grad(theta) ** 2, self.eps, self.eps_in_sqrt)

    @property
    def formula(self) -> str:
        return SCALED.format(root_formula("G", self.eps_in_sqrt), r"G \leftarrow G + g^2")

    @property
    def labels(self) -> dict[str, str]:
        return {"scale": "1/√(G+ε)" if self.eps_in_sqrt else "1/(√G+ε)"}


@dataclass(frozen=True, repr=False)
class Adadelta(Optimizer):
    r"""Adadelta (Zeiler 2012): the step carries the units of θ.

    .. math::
        E[g^2] \leftarrow \rho E[g^2] + (1-\rho) g^2, \qquad
        \Delta = \frac{\sqrt{E[\Delta^2] + \varepsilon}}{\sqrt{E[g^2] + \varepsilon}}\, g, \qquad
        \theta \leftarrow \theta - \eta\,\Delta, \qquad
        E[\Delta^2] \leftarrow \rho E[\Delta^2] + (1-\rho) \Delta^2

    Parameters
    ----------
    lr : η ≥ 0, default 1 (the paper has none; Keras's default is 0.001)
    rho : ρ in [0, 1), default 0.9 (PyTorch, optax; 0.95 in the paper and Keras)
    eps : ε ≥ 0, default 1e-6; it sets the size of the very first steps

    State: ``E[g²]`` and ``E[Δ²]``, shaped like θ.
    """

    paper, year = "Zeiler", 2012

    lr: Rate = knob(1.0, "η", "learning rate", low=1e-2, high=10.0, log=True)
    rho: float = decay(0.9, "ρ", "decay")
    eps: float = stabilizer(1e-6)

    def init(self, theta: np.ndarray) -> State:
        return {"E[g²]": np.zeros_like(theta), "E[Δ²]": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * (remembered(self.rho) + 1)  # Δ² is of the step before, whatever ρ is

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        mean_g2 = self.rho * state["E[g²]"] + (1 - self.rho) * g**2
        delta = np.sqrt(state["E[Δ²]"] + self.eps) / np.sqrt(mean_g2 + self.eps) * g
        mean_delta2 = self.rho * state["E[Δ²]"] + (1 - self.rho) * delta**2
        return theta - self.rate(k) * delta, {"E[g²]": mean_g2, "E[Δ²]": mean_delta2}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return {"gradient": -self.rate(k) * self.scale(theta, grad, state, k) * grad(theta)}

    def scale(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> np.ndarray:
        mean_g2 = self.rho * state["E[g²]"] + (1 - self.rho) * grad(theta) ** 2
        return np.sqrt(state["E[Δ²]"] + self.eps) / np.sqrt(mean_g2 + self.eps)

    @property
    def formula(self) -> str:
        return (
            r"\theta \leftarrow \theta \;\step{-\,\eta}\,"
            r"\scale{\frac{\sqrt{E[\Delta^2]+\varepsilon}}{\sqrt{E[g^2]+\varepsilon}}}\,\gradient{g}"
        )

    @property
    def labels(self) -> dict[str, str]:
        return {"scale": "√(E[Δ²]+ε)/√(E[g²]+ε)"}


@dataclass(frozen=True, repr=False)
class RMSprop(Optimizer):
    r"""RMSprop (Tieleman & Hinton 2012, lecture 6e).

    .. math::
        E[g^2] \leftarrow \gamma E[g^2] + (1-\gamma) g^2, \qquad
        \theta \leftarrow \theta - \frac{\eta}{\sqrt{E[g^2] + \varepsilon}}\, g

    Parameters
    ----------
    lr : η ≥ 0, default 0.01
    gamma : γ in [0, 1), default 0.9 (Keras, optax; PyTorch calls it ``alpha`` and takes 0.99)
    eps : ε ≥ 0, default 1e-8
    eps_in_sqrt : ε inside the root as above (default; Keras, optax), or outside, √E[g²] + ε (PyTorch)

    State: ``E[g²]``, shaped like θ.
    """

    paper, year = "Tieleman & Hinton", 2012

    lr: Rate = learning_rate(0.01)
    gamma: float = decay(0.9, "γ", "decay")
    eps: float = stabilizer(1e-8)
    eps_in_sqrt: bool = option(True)

    def init(self, theta: np.ndarray) -> State:
        return {"E[g²]": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.gamma)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        mean_g2 = self.gamma * state["E[g²]"] + (1 - self.gamma) * g**2
        return theta - self.rate(k) / root(mean_g2, self.eps, self.eps_in_sqrt) * g, {"E[g²]": mean_g2}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return {"gradient": -self.rate(k) * self.scale(theta, grad, state, k) * grad(theta)}

    def scale(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> np.ndarray:
        mean_g2 = self.gamma * state["E[g²]"] + (1 - self.gamma) * grad(theta) ** 2
        return 1 / root(mean_g2, self.eps, self.eps_in_sqrt)

    @property
    def formula(self) -> str:
        mean = r"E[g^2] \leftarrow \gamma E[g^2] + (1-\gamma) g^2"
        return SCALED.format(root_formula("E[g^2]", self.eps_in_sqrt), mean)

    @property
    def labels(self) -> dict[str, str]:
        return {"scale": "1/√(E[g²]+ε)" if self.eps_in_sqrt else "1/(√E[g²]+ε)"}


def root(mean_square: np.ndarray, eps: Any, eps_in_sqrt: bool) -> np.ndarray:
    """√(· + ε), or √· + ε: the two places where ε is found."""
    return np.sqrt(mean_square + eps) if eps_in_sqrt else np.sqrt(mean_square) + eps


def root_formula(mean_square: str, eps_in_sqrt: bool) -> str:
    """The same as LaTeX."""
    return rf"\sqrt{{{mean_square}+\varepsilon}}" if eps_in_sqrt else rf"\sqrt{{{mean_square}}}+\varepsilon"


SCALED = r"\theta \leftarrow \theta \;\step{{-\,\eta}}\,\scale{{\frac{{1}}{{{}}}}}\,\gradient{{g}}, \qquad {}"
