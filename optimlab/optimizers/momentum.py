"""Gradient descent, and the methods that carry a velocity: heavy ball and Nesterov."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import short
from ..knobs import Rate, knob
from ..layers import Layer
from ..losses import Gradient
from .base import Optimizer, State, Step, Terms, decay, learning_rate, option, remembered

__all__ = ["GradientDescent", "Momentum", "Nesterov"]


@dataclass(frozen=True, repr=False)
class GradientDescent(Optimizer):
    r"""Gradient descent (Cauchy 1847).

    .. math:: \theta \leftarrow \theta - \eta\,\nabla L(\theta)

    Parameters
    ----------
    lr : η ≥ 0, default 0.1

    Notes
    -----
    On a quadratic it converges exactly when η < 2/λmax, and fastest at η = 2/(λmin+λmax).
    PyTorch's and Keras's ``SGD`` and optax's ``sgd``
    without momentum are this rule; "stochastic" is what you feed them.

    >>> GradientDescent(lr=0.1).step(np.array([1.0, 2.0]), lambda theta: theta, {}, 0)
    (array([0.9, 1.8]), {})
    """

    paper, year = "Cauchy", 1847

    lr: Rate = learning_rate(0.1)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        return theta - self.rate(k) * grad(theta), {}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return {"gradient": -self.rate(k) * grad(theta)}

    limit_formula = "2/λmax"

    def limit(self, curvature: Any) -> Any:
        return 2 / curvature

    def critical(self, curvature: Any) -> Any:
        return 1 / curvature

    def best(self, low: Any, high: Any) -> dict[str, Any]:
        return {"lr": 2 / (low + high)}

    @property
    def formula(self) -> str:
        return r"\theta \leftarrow \theta \;\step{-\,\eta\,\nabla L(\theta)}"


@dataclass(frozen=True, repr=False)
class Momentum(Optimizer):
    r"""Heavy-ball momentum (Polyak 1964).

    .. math:: v \leftarrow \gamma v + \eta\,\nabla L(\theta), \qquad \theta \leftarrow \theta - v

    Parameters
    ----------
    lr : η ≥ 0, default 0.01
    gamma : γ in [0, 1), default 0.9
    lr_outside : η multiplies the velocity instead of the gradient, v ← γv + ∇L(θ), θ ← θ − ηv
        (PyTorch, optax); the same path while η is constant, another one under a schedule
    dampening : τ in [0, 1), default 0; with ``lr_outside``, scales the new gradient by 1 − τ from the second step on
        (PyTorch)

    State: ``v``, shaped like θ. Keras keeps −v.

    Notes
    -----
    On a quadratic it converges exactly when η < 2(1+γ)/λmax; a direction of curvature λ is monotone up to
    ηλ = (1−√γ)²; the best rate is at η = 4/(√λmax+√λmin)², γ = ((√κ−1)/(√κ+1))² (Polyak 1964). With dampening, η
    stands for (1−τ)η.

    >>> Momentum(lr=0.1).step(np.array([1.0]), lambda theta: theta, {"v": np.array([0.5])}, 1)
    (array([0.45]), {'v': array([0.55])})
    """

    paper, year = "Polyak", 1964

    lr: Rate = learning_rate(0.01)
    gamma: float = decay(0.9, "γ", "momentum")
    dampening: float = knob(0.0, "τ", "dampening", low=0.0, high=0.9, allowed="[0, 1)", slider=False)
    lr_outside: bool = option(False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.any(self.dampening) and not self.lr_outside:
            raise ValueError(
                f"dampening τ is part of PyTorch's rule: with τ={short(self.dampening)}, set lr_outside=True"
            )

    def init(self, theta: np.ndarray) -> State:
        return {"v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.gamma)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        if not self.lr_outside:
            v = self.gamma * state["v"] + self.rate(k) * grad(theta)
            return theta - v, {"v": v}
        tau = self.dampening * (k > 0)
        v = self.gamma * state["v"] + (1 - tau) * grad(theta)
        return theta - self.rate(k) * v, {"v": v}

    limit_formula = "2(1+γ)/λmax"

    def limit(self, curvature: Any) -> Any:
        return 2 * (1 + self.gamma) / (1 - self.dampening) / curvature

    def critical(self, curvature: Any) -> Any:
        return (1 - np.sqrt(self.gamma)) ** 2 / (1 - self.dampening) / curvature

    def best(self, low: Any, high: Any) -> dict[str, Any]:
        slow, fast = np.sqrt(low), np.sqrt(high)
        return {"lr": 4 / (1 - self.dampening) / (slow + fast) ** 2, "gamma": ((fast - slow) / (fast + slow)) ** 2}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        if self.lr_outside:
            eta, tau = self.rate(k), self.dampening * (k > 0)
            return {"velocity": -eta * self.gamma * state["v"], "gradient": -eta * (1 - tau) * grad(theta)}
        return {"velocity": -self.gamma * state["v"], "gradient": -self.rate(k) * grad(theta)}

    @property
    def formula(self) -> str:
        if not self.lr_outside:
            return HEAVY + r"\gradient{\eta\,\nabla L(\theta)}"
        new = r"(1-\tau)\nabla L(\theta)" if np.any(self.dampening) else r"\nabla L(\theta)"
        return LATE + rf"\gradient{{{new}}}"

    @property
    def labels(self) -> dict[str, str]:
        eta = "η" if self.lr_outside else ""
        return {"velocity": f"−{eta}γv, what is carried over", "gradient": "−η∇L, the new gradient's part"}


@dataclass(frozen=True, repr=False)
class Nesterov(Optimizer):
    r"""Nesterov's accelerated gradient (Nesterov 1983) in the look-ahead form of Sutskever et al. (2013).

    .. math:: v \leftarrow \gamma v + \eta\,\nabla L(\theta - \gamma v), \qquad \theta \leftarrow \theta - v

    Parameters
    ----------
    lr : η ≥ 0, default 0.01
    gamma : γ in [0, 1), default 0.9
    form : ``"look-ahead"`` as above; ``"keras"`` v ← γv + ηg, θ ← θ − γv − ηg;
        ``"torch"`` v ← γv + g, θ ← θ − η(g + γv), which is optax's rule too; both with g = ∇L(θ)

    Notes
    -----
    On a quadratic it converges exactly when η < 2(1+γ)/((1+2γ)λmax); a direction of curvature λ is monotone up to
    ηλ = ((1−γ)/(1+γ))²; the best rate is at η = 4/(3λmax+λmin), γ = (√(3κ+1)−2)/(√(3κ+1)+2) (Lessard, Recht and
    Packard 2016, table 1). The other two forms write down the look-ahead points θ − γv themselves: the same method,
    another sequence of points. For Keras that holds always, for PyTorch and optax while η is constant.

    State: ``v``, shaped like θ.
    """

    paper, year = "Nesterov", 1983

    lr: Rate = learning_rate(0.01)
    gamma: float = decay(0.9, "γ", "momentum")
    form: str = option("look-ahead", "look-ahead", "keras", "torch")

    def init(self, theta: np.ndarray) -> State:
        return {"v": np.zeros_like(theta)}

    def memory(self, layer: Layer) -> int:
        return layer.size * remembered(self.gamma)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        eta = self.rate(k)
        if self.form == "look-ahead":
            v = self.gamma * state["v"] + eta * grad(theta - self.gamma * state["v"])
            return theta - v, {"v": v}
        g = grad(theta)
        if self.form == "keras":
            v = self.gamma * state["v"] + eta * g
            return theta - self.gamma * v - eta * g, {"v": v}
        v = self.gamma * state["v"] + g
        return theta - eta * (g + self.gamma * v), {"v": v}

    limit_formula = "2(1+γ)/((1+2γ)λmax)"

    def limit(self, curvature: Any) -> Any:
        return 2 * (1 + self.gamma) / (1 + 2 * self.gamma) / curvature

    def critical(self, curvature: Any) -> Any:
        return ((1 - self.gamma) / (1 + self.gamma)) ** 2 / curvature

    def best(self, low: Any, high: Any) -> dict[str, Any]:
        root = np.sqrt(3 * high / low + 1)
        return {"lr": 4 / (3 * high + low), "gamma": (root - 2) / (root + 2)}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        eta, gamma = self.rate(k), self.gamma
        if self.form == "torch":
            return {"velocity": -eta * gamma**2 * state["v"], "gradient": -eta * (1 + gamma) * grad(theta)}
        if self.form == "keras":
            return {"velocity": -(gamma**2) * state["v"], "gradient": -(1 + gamma) * eta * grad(theta)}
        return {"velocity": -gamma * state["v"], "gradient": -eta * grad(theta - gamma * state["v"])}

    @property
    def formula(self) -> str:
        if self.form == "torch":
            return AHEAD.format(r"\eta\,(g + \gamma v)", "g")
        if self.form == "keras":
            return AHEAD.format(r"(\gamma v + \eta g)", r"\eta g")
        return HEAVY + r"\gradient{\eta\,\nabla L(\theta - \gamma v)}"

    @property
    def labels(self) -> dict[str, str]:
        carried = {"torch": "−ηγ²v, what is carried over", "keras": "−γ²v, what is carried over"}
        new = "−η∇L, the new gradient's part" if self.form == "look-ahead" else "−(1+γ)ηg, the new gradient's part"
        return {"velocity": carried.get(self.form, "−γv, the look-ahead"), "gradient": new}


# The starts of formulas; what has a role in the step is written with its name.
HEAVY = r"\theta \leftarrow \theta - v, \qquad v \leftarrow \velocity{\gamma v} + "
LATE = r"\theta \leftarrow \theta - \eta v, \qquad v \leftarrow \velocity{\gamma v} + "
AHEAD = (
    r"\theta \leftarrow \theta - {}, \qquad v \leftarrow \velocity{{\gamma v}} + \gradient{{{}}}, "
    r"\qquad g = \nabla L(\theta)"
)
