"""Gradient descent, and the methods that carry a velocity: heavy ball and Nesterov."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..checks import short
from ..knobs import Rate, knob
from ..losses import Gradient
from .base import Optimizer, State, Step, Terms, decay, learning_rate, option

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
    On a quadratic it converges exactly when η < 2/λmax. PyTorch's and Keras's ``SGD`` and optax's ``sgd``
    without momentum are this rule; "stochastic" is what you feed them.

    >>> GradientDescent(lr=0.1).step(np.array([1.0, 2.0]), lambda theta: theta, {}, 0)
    (array([0.9, 1.8]), {})
    """

    lr: Rate = learning_rate(0.1)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        return theta - self.rate(k) * grad(theta), {}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        return {"gradient": -self.rate(k) * grad(theta)}

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

    >>> Momentum(lr=0.1).step(np.array([1.0]), lambda theta: theta, {"v": np.array([0.5])}, 1)
    (array([0.45]), {'v': array([0.55])})
    """

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

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        if self.lr_outside:
            tau = self.dampening if k > 0 else 0.0
            v = self.gamma * state["v"] + (1 - tau) * grad(theta)
            return theta - self.rate(k) * v, {"v": v}
        v = self.gamma * state["v"] + self.rate(k) * grad(theta)
        return theta - v, {"v": v}

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        if self.lr_outside:
            eta, tau = self.rate(k), self.dampening if k > 0 else 0.0
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
    The other two forms write down the look-ahead points θ − γv themselves: the same method, another sequence of
    points. For Keras that holds always, for PyTorch and optax while η is constant.

    State: ``v``, shaped like θ.
    """

    lr: Rate = learning_rate(0.01)
    gamma: float = decay(0.9, "γ", "momentum")
    form: str = option("look-ahead", "look-ahead", "keras", "torch")

    def init(self, theta: np.ndarray) -> State:
        return {"v": np.zeros_like(theta)}

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        eta = self.rate(k)
        if self.form == "torch":
            g = grad(theta)
            v = self.gamma * state["v"] + g
            return theta - eta * (g + self.gamma * v), {"v": v}
        if self.form == "keras":
            g = grad(theta)
            v = self.gamma * state["v"] + eta * g
            return theta - self.gamma * v - eta * g, {"v": v}
        v = self.gamma * state["v"] + eta * grad(theta - self.gamma * state["v"])
        return theta - v, {"v": v}

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
