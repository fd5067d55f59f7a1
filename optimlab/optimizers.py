r"""The optimizers, each as its formula.

An optimizer is a frozen dataclass of hyperparameters with two pure methods::

    state        = optimizer.init(theta)                   # v, m, G … all zero
    theta, state = optimizer.step(theta, grad, state, k)   # the rule, once

``theta`` has shape (..., d). ``grad`` is a *function*, so that the code can say ``grad(theta)`` where the formula
says ∇L(θ), and look elsewhere (Nesterov) in the same words. ``k`` = 0, 1, 2, … is the index of the step.
Hyperparameters broadcast against θ: with ``lr`` of shape (n, 1) and θ of shape (n, d), n descents run at once.
The learning rate may also be a schedule, that is, a function of k.

The defaults are the rules as papers and lessons write them. Where PyTorch, Keras or optax differ, an option with
the field's name gives their dialect.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from .knobs import Knob, Rate, check_choice, knob, knobs_of, short

__all__ = [
    "AdaGrad",
    "Adadelta",
    "Adam",
    "GradientDescent",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
]


def learning_rate(default):
    # 40 positions a decade, so that powers of ten are positions: from 0.001 to 10^0.3, about 2.
    return knob(default, "η", "learning rate", low=1e-3, high=10**0.3, log=True, count=133)


def decay(default, symbol, meaning, low=0.0, high=0.99, count=67):
    return knob(default, symbol, meaning, low=low, high=high, allowed="[0, 1)", count=count)


def stabilizer(default, symbol="ε"):
    return knob(default, symbol, "stabilizer", low=1e-10, high=1e-1, log=True, slider=False)


def option(default, *allowed):
    """A dataclass field that selects a dialect: one of `allowed`, True or False if none are named."""
    return field(default=default, metadata={"allowed": allowed or (True, False)})


def same(a, b) -> bool:
    return np.shape(a) == np.shape(b) and np.all(a == b)


@dataclass(frozen=True, repr=False)
class Optimizer:
    """What all optimizers share: legal hyperparameters, a label, and the learning rate of step k.

    A subclass says what ``step`` does, and ``init`` if it has a state; see `GradientDescent` for the smallest one.
    One that has more hyperparameters than η is a frozen dataclass itself.
    """

    lr: Rate = learning_rate(0.01)

    def __post_init__(self):
        for name, spec in knobs_of(self).items():
            value = getattr(self, name)
            if name != "lr" or isinstance(value, type) or not callable(value):
                object.__setattr__(self, name, spec.check(value))
        for spec in fields(self):
            allowed = spec.metadata.get("allowed")
            if allowed:
                check_choice(spec.name, getattr(self, spec.name), allowed)

    def init(self, theta) -> dict:
        """The state before the first step: a dict of arrays named as in the formula, shaped like θ."""
        return {}

    def step(self, theta, grad, state, k) -> tuple:
        """One step: the new θ and the new state. Neither `theta` nor `state` is modified."""
        raise NotImplementedError(f"{type(self).__name__} has no step yet")

    def rate(self, k):
        """η at step k: the schedule's value, or the constant."""
        if not callable(self.lr):
            return self.lr
        return self.knobs["lr"].check(self.lr(k))

    def replace(self, **changes) -> Optimizer:
        """A copy with other hyperparameters: ``Momentum().replace(gamma=0.99)``."""
        return replace(self, **changes)

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def knobs(self) -> dict[str, Knob]:
        """The hyperparameters that a slider can move, by field name."""
        return knobs_of(self)

    def __repr__(self) -> str:
        shown = [f"{spec.symbol}={short(getattr(self, name))}" for name, spec in self.knobs.items() if spec.slider]
        hidden = [f for f in fields(self) if f.name not in self.knobs or not self.knobs[f.name].slider]
        dialect = [f"{f.name}={getattr(self, f.name)}" for f in hidden if not same(getattr(self, f.name), f.default)]
        return f"{self.name}({', '.join(shown + dialect)})"


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

    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad(theta), {}


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

    def __post_init__(self):
        super().__post_init__()
        if np.any(self.dampening) and not self.lr_outside:
            raise ValueError(
                f"dampening τ is part of PyTorch's rule: with τ={short(self.dampening)}, set lr_outside=True"
            )

    def init(self, theta):
        return {"v": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        if self.lr_outside:
            tau = self.dampening if k > 0 else 0.0
            v = self.gamma * state["v"] + (1 - tau) * grad(theta)
            return theta - self.rate(k) * v, {"v": v}
        v = self.gamma * state["v"] + self.rate(k) * grad(theta)
        return theta - v, {"v": v}


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

    def init(self, theta):
        return {"v": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
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

    lr: Rate = learning_rate(0.1)
    eps: float = stabilizer(1e-8)
    eps_in_sqrt: bool = option(True)
    initial_accumulator_value: float = knob(0.0, "G₀", "initial accumulator", low=0.0, high=1.0, slider=False)

    def init(self, theta):
        return {"G": np.zeros_like(theta) + self.initial_accumulator_value}

    def step(self, theta, grad, state, k):
        g = grad(theta)
        G = state["G"] + g**2
        return theta - self.rate(k) / root(G, self.eps, self.eps_in_sqrt) * g, {"G": G}


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

    lr: Rate = knob(1.0, "η", "learning rate", low=1e-2, high=10.0, log=True)
    rho: float = decay(0.9, "ρ", "decay")
    eps: float = stabilizer(1e-6)

    def init(self, theta):
        return {"E[g²]": np.zeros_like(theta), "E[Δ²]": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        g = grad(theta)
        mean_g2 = self.rho * state["E[g²]"] + (1 - self.rho) * g**2
        delta = np.sqrt(state["E[Δ²]"] + self.eps) / np.sqrt(mean_g2 + self.eps) * g
        mean_delta2 = self.rho * state["E[Δ²]"] + (1 - self.rho) * delta**2
        return theta - self.rate(k) * delta, {"E[g²]": mean_g2, "E[Δ²]": mean_delta2}


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

    lr: Rate = learning_rate(0.01)
    gamma: float = decay(0.9, "γ", "decay")
    eps: float = stabilizer(1e-8)
    eps_in_sqrt: bool = option(True)

    def init(self, theta):
        return {"E[g²]": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        g = grad(theta)
        mean_g2 = self.gamma * state["E[g²]"] + (1 - self.gamma) * g**2
        return theta - self.rate(k) / root(mean_g2, self.eps, self.eps_in_sqrt) * g, {"E[g²]": mean_g2}


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

    lr: Rate = learning_rate(0.001)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-8)
    eps_root: float = stabilizer(0.0, "ε_root")
    eps_hat: bool = option(False)

    def init(self, theta):
        return {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        t = k + 1
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**t)
        v_hat = v / (1 - self.beta2**t)
        eps = self.eps / (1 - self.beta2**t) ** 0.5 if self.eps_hat else self.eps
        return theta - self.rate(k) * m_hat / (np.sqrt(v_hat + self.eps_root) + eps), {"m": m, "v": v}


def root(mean_square, eps, eps_in_sqrt):
    """√(· + ε), or √· + ε: the two places where ε is found."""
    return np.sqrt(mean_square + eps) if eps_in_sqrt else np.sqrt(mean_square) + eps
