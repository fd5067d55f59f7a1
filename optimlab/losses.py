"""What optimizers walk on: a loss, with its gradient and with whatever else a lab may ask of it.

`Loss` writes down once what a loss has if it says nothing else; `Through` is for a loss seen through something, such
as noise or mini-batches. Losses themselves are in `optimlab.surfaces`, `optimlab.problems` and `optimlab.training`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from .checks import told
from .knobs import Knob
from .layers import Layers, one_layer
from .returned import gradient_of, value_of

__all__ = ["Loss", "Through", "as_loss"]

Gradient = Callable[[np.ndarray], np.ndarray]
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Loss:
    """A loss L(θ) of d parameters.

    A subclass says ``value(theta)``, shape (..., d) → (...), and ``gradient(theta)``, shape (..., d) → (..., d); one
    whose gradient changes from step to step (mini-batches, noise) says ``gradient_at(k)`` as well.

    Attributes
    ----------
    name : how it is called
    start : the customary start θ₀, shape (d,), or None
    view : ((x low, x high), (y low, y high)), the part of the plane that a lab draws, or None
    minima, minimum : the global minima, as far as they are known, and the smallest value; 0 where nothing is known
    eigenvalues : λ of the Hessian, ascending, where it is constant, else None
    knobs, params : the loss's own sliders, and their values
    symbols : what its parameters are called
    stochastic : whether its gradients are those of batches, or noisy
    """

    name: str = "loss"
    start: Any = None
    view: Any = None
    minima: tuple = ()
    minimum: Any = 0.0
    eigenvalues: tuple | None = None
    knobs: Mapping[str, Knob] = NOTHING
    params: Mapping[str, Any] = NOTHING
    symbols: tuple[str, ...] = ("x", "y")
    stochastic: bool = False

    @property
    def dim(self) -> int | None:
        """d, how many parameters there are; None if any number will do."""
        return None if self.start is None else len(self.start)

    @property
    def layers(self) -> Layers | None:
        """How θ is made of layers: a surface is one."""
        return None if self.dim is None else one_layer(self.dim)

    def value(self, theta: np.ndarray) -> np.ndarray:
        """L(θ): shape (..., d) → (...)."""
        raise NotImplementedError(f"{type(self).__name__} does not say its value")

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """∇L(θ): shape (..., d) → (..., d)."""
        raise NotImplementedError(f"{type(self).__name__} does not say its gradient")

    def gradient_at(self, k: int) -> Gradient:
        """The gradient function of step k, one batch and one noise for as often as it is asked."""
        return self.gradient

    def price(self, k: int) -> int:
        """What one gradient of step k costs, in single examples; 1 where there are no examples."""
        return 1

    def as_formula(self) -> Loss:
        """The same loss as a formula that is short enough for a tape: where there are data, without them."""
        return self

    def replace(self, **changes: Any) -> Loss:
        """The same loss with other knobs."""
        if changes:
            raise ValueError(f"{self.name} has no knob {told(next(iter(changes)))}; it has none")
        return self

    def __repr__(self) -> str:
        return self.name


def inner(name: str) -> Any:
    """An attribute that is the inner loss's."""
    return property(lambda self: getattr(self.inner, name))


class Through(Loss):
    """A loss seen through something: whatever a subclass does not change is the inner loss's."""

    inner: Any
    name, start, view, symbols = inner("name"), inner("start"), inner("view"), inner("symbols")
    minima, minimum, eigenvalues = inner("minima"), inner("minimum"), inner("eigenvalues")
    knobs, params, dim, layers = inner("knobs"), inner("params"), inner("dim"), inner("layers")
    stochastic = True

    def __init__(self, loss: Loss):
        self.inner = loss

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return getattr(self.inner, name)  # what only losses of its kind have: data, formula, …

    def value(self, theta: np.ndarray) -> np.ndarray:
        return self.inner.value(theta)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        return self.inner.gradient(theta)

    def gradient_at(self, k: int) -> Gradient:
        return self.inner.gradient_at(k)

    def price(self, k: int) -> int:
        return self.inner.price(k)


class Adopted(Loss):
    """Any object with ``value(theta)`` and a gradient, as a `Loss`: what it does not say is as `Loss` says."""

    PARTS = (
        "name", "start", "view", "minima", "minimum", "eigenvalues", "knobs", "params", "symbols",
        "stochastic", "value", "gradient", "gradient_at", "price", "replace",
    )  # fmt: skip

    def __init__(self, thing: Any):
        self.thing, self.stochastic = thing, hasattr(thing, "gradient_at")
        for part in self.PARTS:
            if hasattr(thing, part):
                setattr(self, part, getattr(thing, part))
        self.value = partial(value_of, thing)  # type: ignore[method-assign]
        if hasattr(thing, "gradient"):
            self.gradient = gradient_of(thing, thing.gradient)  # type: ignore[method-assign, assignment]

    @property
    def dim(self) -> int | None:
        return getattr(self.thing, "dim", super().dim)

    @property
    def layers(self) -> Layers | None:
        return getattr(self.thing, "layers", super().layers)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "thing":
            raise AttributeError(name)
        return getattr(self.thing, name)

    def __repr__(self) -> str:
        return self.name if type(self.thing).__repr__ is object.__repr__ else repr(self.thing)


def as_loss(thing: Any) -> Loss:
    """A loss: `thing` itself, or any object with ``value(theta)`` and ``gradient(theta)``; or a `ValueError`.

    `ravine` is a function, `ravine()` a loss; a network is one together with data.
    """
    if isinstance(thing, Loss):
        return thing
    has_gradient = hasattr(thing, "gradient") or hasattr(thing, "gradient_at")
    if not (hasattr(thing, "value") and has_gradient) or isinstance(thing, type):
        raise ValueError(f"the loss must have value(theta) and gradient(theta), got {told(thing)}")
    if not takes_theta_alone(thing.value):
        hint = ": a network is a loss together with data, network.on(data)" if hasattr(thing, "on") else ""
        raise ValueError(f"the loss must have a value of θ alone, value(theta){hint}, got {told(thing)}")
    return Adopted(thing)


def takes_theta_alone(function: Callable) -> bool:
    """Whether a function can be called with one argument."""
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    except ValueError:  # built-in functions may not tell
        return True
    return True
