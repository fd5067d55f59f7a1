"""Optimizers that contain another one: its steps, averaged, looked back on, or shrunk.

What has a point of its own to walk from keeps it in its state; θ is always the point at which the loss is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np

from ..knobs import Knob, Rate, knob, knobs_of
from ..layers import Layer, Layers
from ..losses import Gradient
from .base import Optimizer, State, Step, Work, check_optimizer, decay, option

__all__ = ["Around", "DecoupledWeightDecay", "Lookahead", "ScheduleFree"]


@dataclass(frozen=True, repr=False)
class Around(Optimizer):
    """An optimizer around another one, whose η, knobs and other hyperparameters are its own as well.

    A subclass says ``init`` and ``step``; in its state it keeps its own `letters` beside the inner optimizer's.

    Parameters
    ----------
    inner : any `Optimizer`
    """

    lr: Rate = field(init=False, repr=False)
    inner: Optimizer = field(repr=False)

    letters: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        check_optimizer(self.inner)
        object.__setattr__(self, "lr", self.inner.lr)
        super().__post_init__()
        if twice := set(knobs_of(self)) & set(self.inner.knobs):
            raise ValueError(f"{type(self).__name__} and {self.inner!r} inside it both have {sorted(twice)[0]}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)  # γ, β₁, … of the inner optimizer

    def init(self, theta: np.ndarray) -> State:
        return self.inner.init(theta)

    def beside(self, state: State, **own: np.ndarray) -> State:
        """The state of both: the inner optimizer's, and one's own letters."""
        if twice := set(own) & set(state):
            raise ValueError(f"{type(self).__name__} and {self.inner!r} inside it both have a state {sorted(twice)[0]}")
        return state | own

    def inside(self, state: State) -> State:
        """The inner optimizer's part of the state."""
        return {name: entry for name, entry in state.items() if name not in self.letters}

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, inner=self.inner.on(layers))

    def counted(self, layer: Layer) -> int:
        """The inner optimizer's numbers, and as many as the layer has for each of the letters."""
        return self.inner.memory(layer) + layer.size * len(self.letters)

    def work(self, layer: Layer) -> Work:
        return self.inner.work(layer)

    @property
    def evaluations(self) -> int:
        return self.inner.evaluations

    def rate(self, k: int) -> Any:
        return self.inner.rate(k)

    def replace(self, **changes: Any) -> Optimizer:
        own = {f.name for f in fields(self) if f.init}
        mine = {name: value for name, value in changes.items() if name in own}
        rest = {name: value for name, value in changes.items() if name not in own}
        return replace(self, inner=mine.pop("inner", self.inner).replace(**rest), **mine)

    @property
    def name(self) -> str:
        return f"{type(self).__name__}({self.inner.name})"

    @property
    def knobs(self) -> dict[str, Knob]:
        return self.inner.knobs | knobs_of(self)

    @property
    def settings(self) -> list[str]:
        return self.inner.settings + super().settings

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join([repr(self.inner), *super().settings])})"

    def with_rate(self, lr: Any) -> Optimizer:
        return self._with_inner(self.inner.with_rate(lr), self.replace())

    def of_type(self, dtype: Any) -> Optimizer:
        return self._with_inner(self.inner.of_type(dtype), super().of_type(dtype))

    def _with_inner(self, inner: Optimizer, copy: Optimizer) -> Optimizer:
        """The copy, around an inner optimizer whose hyperparameters are known to be legal."""
        object.__setattr__(copy, "inner", inner)
        object.__setattr__(copy, "lr", inner.lr)
        return copy


@dataclass(frozen=True, repr=False)
class DecoupledWeightDecay(Around):
    r"""Decoupled weight decay around any optimizer (Loshchilov & Hutter 2019): SGDW, AdamW, …

    .. math:: \theta \leftarrow \text{inner}(\theta) - \eta\lambda\,\theta_\text{weights}

    Parameters
    ----------
    inner : any `Optimizer` that walks on θ itself, that is, keeps no average
    weight_decay : λ ≥ 0, default 0.01

    Notes
    -----
    Only matrices shrink, no biases; without layers (a surface), all of θ. `AdamW` shrinks all of θ always.
    """

    paper, year = "Loshchilov & Hutter", 2019

    weight_decay: float = knob(0.01, "λ", "weight decay", low=0.0, high=0.1)
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.inner, Around) and self.inner.letters:
            name = type(self.inner).__name__
            raise ValueError(f"weight decay belongs inside of {name}: {name}(AdamW(weight_decay=0.01))")

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, inner=self.inner.on(layers), layers=layers)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        weights = self.layers.matrices(theta) if self.layers and self.layers.has_matrices else theta
        shrink = self.rate(k) * self.weight_decay * weights
        theta, state = self.inner.step(theta, grad, state, k)
        return theta - shrink, state


@dataclass(frozen=True, repr=False)
class Lookahead(Around):
    r"""Lookahead (Zhang, Lucas, Hinton & Ba 2019): s fast steps forward, one slow step back.

    .. math::
        \varphi \leftarrow \text{inner}(\varphi), \qquad \text{every } s \text{ steps:}\quad
        \theta \leftarrow \theta + \alpha\,(\varphi - \theta), \quad \varphi \leftarrow \theta

    Parameters
    ----------
    inner : any `Optimizer`, which makes the fast steps
    sync_period : s ≥ 1, default 6 (the paper's k; 5 in its experiments on images)
    slow_step_size : α in (0, 1], default 0.5

    Notes
    -----
    θ, the slow weights, stands still between the meetings; gradients are taken at the fast weights. The inner state
    goes on through a meeting, as with optax's ``reset_state=False``.

    State: ``φ``, the fast weights, shaped like θ, beside the inner optimizer's.
    """

    paper, year = "Zhang, Lucas, Hinton & Ba", 2019

    sync_period: int = knob(6, "s", "synchronization period", low=1, high=20, count=20, allowed="[1, ∞)", whole=True)
    slow_step_size: float = knob(0.5, "α", "slow step", low=0.05, high=1.0, count=20, allowed="(0, 1]")

    letters = ("φ",)

    def init(self, theta: np.ndarray) -> State:
        return self.beside(self.inner.init(theta), φ=theta)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        fast, inner = self.inner.step(state["φ"], grad, self.inside(state), k)
        meet = (k + 1) % self.sync_period == 0
        theta = np.where(meet, theta + self.slow_step_size * (fast - theta), theta)
        return theta, inner | {"φ": np.where(meet, theta, fast)}


@dataclass(frozen=True, repr=False)
class ScheduleFree(Around):
    r"""Schedule-free learning (Defazio et al. 2024): an average in place of a schedule.

    .. math::
        y = \beta x + (1-\beta) z, \qquad z \leftarrow \text{inner}(z;\, \nabla L(y)) - \eta\lambda y, \qquad
        x \leftarrow (1-c)\,x + c\,z, \quad c = \frac{w}{\sum w}, \quad w = t^r\,\eta_\text{max}^p

    Parameters
    ----------
    inner : an `Optimizer` without momentum, such as ``GradientDescent(1.0)`` or ``Adam(0.0025, beta1=0.0)``
    beta : β in [0, 1), default 0.9: how far from z towards the average gradients are taken
    weight_decay : λ ≥ 0, default 0: of y, as in the authors' package and in optax
    weight_lr_power, r : p and r, default 2 and 0: the weight of a step in the average
    weight_step : η_max is the largest η up to the ``"current"`` step (the authors), or up to the ``"next"`` (optax)

    Notes
    -----
    θ is x, the average: where the loss is evaluated. The libraries keep y in the model while it is trained.

    State: ``z``, ``Σw`` and ``η_max``, shaped like θ, beside the inner optimizer's.
    """

    paper, year = "Defazio et al.", 2024

    beta: float = decay(0.9, "β", "interpolation")
    weight_decay: float = knob(0.0, "λ", "weight decay", low=0.0, high=0.1, slider=False)
    weight_lr_power: float = knob(2.0, "p", "power of η in the weight", low=0.0, high=4.0, slider=False)
    r: float = knob(0.0, "r", "power of t in the weight", low=0.0, high=4.0, slider=False)
    weight_step: str = option("current", "current", "next")

    letters = ("z", "Σw", "η_max")

    def init(self, theta: np.ndarray) -> State:
        zero = np.zeros_like(theta)
        return self.beside(self.inner.init(theta), z=theta, Σw=zero, η_max=zero)

    def memory(self, layer: Layer) -> int:
        return self.inner.memory(layer) + layer.size  # z; all layers share one Σw and η_max

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        y = self.beta * theta + (1 - self.beta) * state["z"]
        z, inner = self.inner.step(state["z"], lambda _: grad(y), self.inside(state), k)
        z = z - self.rate(k) * self.weight_decay * y
        highest = np.maximum(state["η_max"], self.rate(k + 1 if self.weight_step == "next" else k))
        w = (k + 1) ** self.r * highest**self.weight_lr_power
        total = state["Σw"] + w
        c = np.where(total > 0, w / np.where(total > 0, total, 1), 0)
        return (1 - c) * theta + c * z, inner | {"z": z, "Σw": total, "η_max": highest}
