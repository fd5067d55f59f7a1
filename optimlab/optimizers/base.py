"""What all optimizers share: legal hyperparameters, a label, sweeps, schedules, and the pieces that a class is made of.

No rule stands here; each family has a module of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from functools import wraps
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ..checks import check_choice, short, told
from ..knobs import Knob, Rate, knob, knobs_of
from ..layers import Layer, Layers
from ..losses import Gradient

__all__ = ["Optimizer", "Work", "check_optimizer"]

State = dict[str, Any]
Step = tuple[np.ndarray, State]
Terms = dict[str, np.ndarray]


def learning_rate(default: float) -> Any:
    # 40 positions a decade, so that powers of ten are positions: from 0.001 to 10^0.3, about 2.
    return knob(default, "η", "learning rate", low=1e-3, high=10**0.3, log=True, count=133)


def decay(default: float, symbol: str, meaning: str, low: float = 0.0, high: float = 0.99, count: int = 67) -> Any:
    return knob(default, symbol, meaning, low=low, high=high, allowed="[0, 1)", count=count)


def stabilizer(default: float, symbol: str = "ε") -> Any:
    return knob(default, symbol, "stabilizer", low=1e-10, high=1e-1, log=True, slider=False)


def option(default: Any, *allowed: Any) -> Any:
    """A dataclass field that selects a dialect: one of `allowed`, True or False if none are named."""
    return field(default=default, metadata={"allowed": allowed or (True, False)})


def with_fields(init: Callable[..., None]) -> Callable[..., None]:
    """An ``__init__`` that says what to write in its place, if it sets attributes."""

    @wraps(init)
    def wrapped(self: Any, *args: Any, **options: Any) -> None:
        try:
            init(self, *args, **options)
        except FrozenInstanceError as error:
            raise TypeError(
                f"the hyperparameters of {type(self).__name__} are declared as fields, not set in __init__: write "
                '@dataclass(frozen=True) above the class, and gamma: float = knob(0.9, "γ", "momentum") in it'
            ) from error

    return wrapped


class Work(NamedTuple):
    """What a step costs beside its gradients, as a mean over many steps.

    ``products`` are the multiplications in products of matrices; ``decompositions`` is the sum of n³ over all n × n
    matrices whose eigenvectors, or whose QR, are computed: their order, since the factor depends on the algorithm.
    """

    products: float = 0
    decompositions: float = 0


def remembered(*decays: Any) -> int:
    """How many of these means outlive a step: one whose decay is 0 is what has just come in."""
    return sum(bool(np.any(decay)) for decay in decays)


def same(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.all(a == b))


@dataclass(frozen=True, repr=False)
class Optimizer:
    """What all optimizers share: legal hyperparameters, a label, and the learning rate of step k.

    A subclass says what ``step`` does, and ``init`` if it has a state; see `GradientDescent` for the smallest one.
    One that has more hyperparameters than η is a frozen dataclass itself. What else it may say (``terms`` and
    ``scale`` for `anatomy`, ``on`` if layers matter to it) has a default here.
    """

    lr: Rate = learning_rate(0.01)

    def __init_subclass__(cls, **options: Any) -> None:
        """A class with an ``__init__`` of its own, as PyTorch's have, is told how hyperparameters are declared here."""
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__:
            cls.__init__ = with_fields(cls.__init__)  # type: ignore[method-assign]
        if "init" in cls.__dict__ and "memory" not in cls.__dict__:
            cls.memory = Optimizer.memory  # type: ignore[method-assign]  # another state than its parent's

    def __post_init__(self) -> None:
        for name, spec in knobs_of(self).items():
            value = getattr(self, name)
            if name != "lr" or isinstance(value, type) or not callable(value):
                object.__setattr__(self, name, spec.check(value))
        for part in fields(self):
            if allowed := part.metadata.get("allowed"):
                check_choice(part.name, getattr(self, part.name), allowed)

    # The rule

    def init(self, theta: np.ndarray) -> State:
        """The state before the first step: a dict of arrays named as in the formula; entries may have any shape."""
        return {}

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        """One step: the new θ, at which the loss is evaluated, and the new state. It modifies neither of the old ones.

        ``grad`` may be asked as often as the rule wants: within a step it is one batch and one dropout mask.
        """
        raise NotImplementedError(f"{type(self).__name__} has no step yet")

    def on(self, layers: Layers | None) -> Optimizer:
        """The same optimizer, told how θ is made of layers; most do not care."""
        return self

    def rate(self, k: int) -> Any:
        """η at step k: the schedule's value, or the constant."""
        if not callable(self.lr):
            return self.lr
        try:
            eta = self.knobs["lr"].check(self.lr(k))
        except ValueError as error:
            raise ValueError(f"the schedule at step k={k}: {error}") from None
        if np.ndim(eta) and np.shape(eta)[-1] != 1:
            raise ValueError(
                f"the schedule at step k={k} must give one number, or the shape (n, 1) for n descents, got the shape "
                f"{np.shape(eta)}"
            )
        return eta

    # Where it comes from, and what it costs

    paper: ClassVar[str] = ""  # its authors
    year: ClassVar[int | None] = None

    def memory(self, layer: Layer) -> int:
        """How many numbers of state the method needs for a layer, beside its weights: 0 for gradient descent.

        A mean whose decay is 0 needs none, and a number that all layers share is not counted. Where a class does not
        say it, it is what `init` makes, which may be more.
        """
        return self.counted(layer)

    def counted(self, layer: Layer) -> int:
        """How many numbers `init` makes for a layer."""
        if type(self).init is Optimizer.init:  # without asking for a vector that may be larger than 32 bits can count
            return 0
        state = self.on(Layers((layer,))).init(np.broadcast_to(0.0, (layer.size,)))
        return sum(int(np.size(entry)) for entry in state.values())

    def work(self, layer: Layer) -> Work:
        """What a step costs beside its gradients; nothing for a rule that goes number by number.

        Such a rule needs a few multiplications a number, where a gradient needs about three an example.
        """
        return Work()

    @property
    def evaluations(self) -> int:
        """How many gradients a step asks for."""
        return 1

    # The step taken apart

    def terms(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Terms:
        """Vectors whose sum is the step, by their role: "gradient", "velocity", "decay"; "step" if it has no parts."""
        return {"step": self.step(theta, grad, state, k)[0] - theta}

    def scale(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> np.ndarray | None:
        """What each coordinate is multiplied by before η, if the rule does that."""
        return None

    @property
    def formula(self) -> str:
        r"""The rule as LaTeX; what has a role is marked: ``\gradient{…}``, ``\velocity{…}``, ``\scale{…}``, …"""
        return r"\theta \leftarrow \theta \;\step{+\,\Delta\theta}, \qquad \gradient{g = \nabla L(\theta)}"

    @property
    def labels(self) -> dict[str, str]:
        """What the roles are called in words; those that are not named are not shown apart."""
        return {}

    # What theory knows of it on a quadratic, whose curvatures λ lie between λmin and λmax; None where it knows nothing

    limit_formula: ClassVar[str] = ""

    def limit(self, curvature: Any) -> Any:
        """The largest η: below it the method converges on a quadratic with λmax = `curvature`, above it diverges."""
        return None

    def critical(self, curvature: Any) -> Any:
        """The η from which on the motion along a direction of this curvature is no longer monotone."""
        return None

    def best(self, low: Any, high: Any) -> dict[str, Any]:
        """The hyperparameters with the fastest rate on all quadratics with λmin = `low` and λmax = `high`."""
        return {}

    # Its hyperparameters

    def replace(self, **changes: Any) -> Optimizer:
        """A copy with other hyperparameters: ``Momentum().replace(gamma=0.99)``."""
        own = [f.name for f in fields(self) if f.init]
        if unknown := sorted(set(changes) - set(own)):
            raise ValueError(f"{self.name} has no hyperparameter {unknown[0]}; it has {', '.join(own)}")
        return replace(self, **changes)

    @property
    def name(self) -> str:
        return type(self).__name__

    @property
    def knobs(self) -> dict[str, Knob]:
        """The hyperparameters that a slider can move, by field name."""
        return knobs_of(self)

    @property
    def settings(self) -> list[str]:
        """The hyperparameters that have a slider, and the others where they are not the default: "η=0.05", …"""
        own = knobs_of(self)
        shown = [f"{spec.symbol}={short(getattr(self, name))}" for name, spec in own.items() if spec.slider]
        hidden = [f for f in fields(self) if f.repr and (f.name not in own or not own[f.name].slider)]
        return shown + [
            f"{f.name}={getattr(self, f.name)}" for f in hidden if not same(getattr(self, f.name), f.default)
        ]

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(self.settings)})"

    # Many runs at once, and rates that change

    def with_rate(self, lr: Any) -> Optimizer:
        """The same optimizer at another η, which is known to be legal."""
        copy = self.replace()
        object.__setattr__(copy, "lr", lr)
        return copy

    def of_type(self, dtype: Any) -> Optimizer:
        """Hyperparameters as arrays of θ's type: float32 stays float32, and one descent rounds as a sweep does."""
        copy = self.replace()
        for name, spec in knobs_of(self).items():
            if not callable(value := getattr(self, name)):
                with np.errstate(over="ignore", under="ignore"):
                    held = np.asarray(value, dtype)
                if np.any(np.isinf(held) | ((held == 0) & (np.asarray(value) != 0))):
                    raise ValueError(
                        f"{spec.meaning} {spec.symbol}={short(value)} is beyond what {held.dtype} can hold"
                    )
                object.__setattr__(copy, name, held)
        return copy

    def widened(self, theta: np.ndarray) -> np.ndarray:
        """θ₀ as wide as the hyperparameters: shape (..., d) of all runs that they make together."""
        for name, spec in self.knobs.items():
            value = getattr(self, name)
            if callable(value):
                continue
            try:
                wide = np.broadcast_shapes(theta.shape, np.shape(value))
            except ValueError:
                wide = ()
            if wide[-1:] != theta.shape[-1:]:
                raise ValueError(
                    f"{spec.meaning} {spec.symbol} of shape {np.shape(value)} does not broadcast against θ of shape "
                    f"{theta.shape}; one value for each of n descents has shape (n, 1)"
                )
            theta = np.broadcast_to(theta, wide)
        return theta

    def check_single(self) -> None:
        """That each hyperparameter is one number, for what trains one network; or a `ValueError`."""
        for name, spec in self.knobs.items():
            if not callable(value := getattr(self, name)):
                spec.check_one(value)


def fixed(self: Any, name: str, value: Any) -> None:
    """An attribute of an optimizer is set once, when it is made: also of a class that forgets to be a dataclass."""
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


Optimizer.__setattr__ = fixed  # type: ignore[method-assign, assignment]


def check_optimizer(optimizer: Any) -> Optimizer:
    """The optimizer, or a `ValueError`: `Adam` is a class, `Adam(lr=0.1)` an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"the optimizer must be an Optimizer, such as Adam(lr=0.1), got {told(optimizer)}")
    return optimizer
