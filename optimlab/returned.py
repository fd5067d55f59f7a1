"""What code that somebody has written gives back, a rule, a loss or a schedule: as it has to be, or one clear sentence.

A walk hands θ and the state out so that they cannot be modified in place, and looks at whatever comes back. Errors of
that code itself come through as they are, but for those that only an array of many points at once can make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np

from .checks import check_numbers, told

__all__ = ["explain", "gradient_of", "read_only", "state_of", "stepped", "value_of"]

ARRAYS = ("truth value of an array", "length-1 arrays", "0-dimensional arrays", "dimension 0 arrays")
FLOATS = (np.ndarray, np.floating)
MISTAKES = (TypeError, ValueError, IndexError, FrozenInstanceError)


def read_only(array: Any) -> np.ndarray:
    """The array, in a view that NumPy does not let anybody modify."""
    view = array.view() if isinstance(array, np.ndarray) else np.asarray(array).view()
    view.flags.writeable = False
    return view


def explain(error: Exception, what: str, lr: Any = None) -> None:
    """Raise a sentence in place of an error whose own words speak of NumPy or Python; return if it has no such words.

    Parameters
    ----------
    what : whose code it was, as in "the step of Mine"
    lr : its learning rate, if it has one
    """
    words = str(error)
    if "read-only" in words:
        raise ValueError(
            f"{what} modifies θ, its state or a gradient in place (-=, *=, …[0] =): make a new array, theta = theta - …"
        ) from error
    if any(part in words for part in ARRAYS):
        raise ValueError(
            f"{what} is asked at many points at once, so its numbers are arrays: write np.sin for math.sin, "
            "and np.where(x > 0, a, b) for an if"
        ) from error
    if "out of bounds for axis 0" in words:
        raise ValueError(
            f"{what} takes θ for one point, but it has the shape (..., d), a row for each: write "
            "theta[..., 0] for theta[0]"
        ) from error
    if isinstance(error, FrozenInstanceError):
        raise TypeError(
            f"{what} sets an attribute of self: what changes from step to step is its state, return theta, state"
        ) from error
    if isinstance(error, TypeError) and "'Watched'" in words:
        raise TypeError(f"{what} takes grad for an array: it is a function, grad(theta) is the gradient") from error
    if isinstance(error, TypeError) and callable(lr) and f"'{type(lr).__name__}'" in words:
        raise TypeError(f"{what} takes self.lr for a number: under a schedule η is self.rate(k)") from error


def value_of(loss: Any, theta: np.ndarray) -> np.ndarray:
    """L(θ) of any loss, of shape (...) for θ of shape (..., d), or a `ValueError` that says what it gave instead."""
    shape = theta.shape[:-1]
    try:
        value = loss.value(read_only(theta))
    except MISTAKES as error:
        explain(error, f"the value of {called(loss)}")
        raise
    if not (isinstance(value, FLOATS) and value.dtype.kind == "f"):
        value = check_numbers(value, f"the value of {called(loss)} must be real numbers")
    if value.shape == shape:
        return value
    if value.size == 1 and all(n == 1 for n in shape):
        return np.reshape(value, shape)
    raise ValueError(
        f"the value of {called(loss)} must have the shape {shape} for θ of shape {theta.shape}, got {value.shape}: "
        "sum over the last axis alone, np.sum(…, axis=-1)"
    )


def gradient_of(loss: Any, gradient: Callable[[np.ndarray], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A gradient function of any loss, whose results have θ's shape, or it raises a `ValueError`."""

    def ask(theta: np.ndarray) -> np.ndarray:
        theta = read_only(theta)
        try:
            g = gradient(theta)
        except MISTAKES as error:
            explain(error, f"the gradient of {called(loss)}")
            raise
        if not (isinstance(g, np.ndarray) and g.dtype.kind == "f"):
            g = check_numbers(g, f"the gradient of {called(loss)} must be real numbers")
        if g.shape != theta.shape and not (getattr(loss, "stochastic", False) and wider(g.shape, theta.shape)):
            raise ValueError(f"the gradient of {called(loss)} must have θ's shape {theta.shape}, got {g.shape}")
        return g if g.flags.writeable else g.copy()

    return ask


def called(loss: Any) -> str:
    """A loss in an error message."""
    return str(getattr(loss, "name", type(loss).__name__))[:60]


def wider(shape: tuple, than: tuple) -> bool:
    """Whether a shape is another one for more descents."""
    return shape != than and shape[-1:] == than[-1:] and len(shape) >= len(than) and broadcast(shape, than) == shape


def broadcast(a: tuple, b: tuple) -> tuple | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def check_rows(loss: Any, theta: np.ndarray) -> None:
    """That many points at once give what each gives alone, or a `ValueError`: code for one point may mix them."""
    rows = theta.reshape(-1, theta.shape[-1])
    rows = rows + 0.01 * np.arange(len(rows))[:, None]  # places that differ, whatever the starts are
    parts = {"value": lambda at: value_of(loss, at), "gradient": gradient_of(loss, loss.gradient)}
    for name, function in parts.items():
        with np.errstate(all="ignore"):
            together, alone = function(rows)[-1], function(rows[-1:])[0]
        if not np.allclose(together, alone, rtol=1e-6, equal_nan=True):
            raise ValueError(
                f"the {name} of {called(loss)} mixes the {len(rows)} points that it is asked at: θ has the shape "
                "(..., d), a row for each: write theta[..., 0] for theta[0]"
            )


def state_of(state: Any, what: str) -> dict:
    """A state, its arrays safe from being modified in place, or a `ValueError`."""
    if not isinstance(state, dict):
        raise ValueError(f'{what} must be a dict of arrays, such as {{"v": v}}, got {told(state)}')
    for name, entry in state.items():
        if isinstance(entry, np.ndarray):
            entry.flags.writeable = False
        elif isinstance(entry, (list, dict, set)):
            raise ValueError(f"{what} must hold arrays or numbers, got {told(name)}: {told(entry)}")
    return state


def stepped(result: Any, theta: np.ndarray, name: str) -> tuple[np.ndarray, dict]:
    """The new θ and the new state that a step from θ has returned, or a `ValueError`.

    Parameters
    ----------
    name : of the optimizer
    """
    if not (isinstance(result, (tuple, list)) and len(result) == 2):
        got = "nothing" if result is None else "one array" if isinstance(result, np.ndarray) else told(result)
        raise ValueError(f"the step of {name} must return both, return theta, state, got {got}")
    new, state = result
    if not (isinstance(new, np.ndarray) and new.dtype.kind == "f"):
        new = check_numbers(new, f"the θ that the step of {name} returns must be real numbers")
    if new.shape != theta.shape and wider(new.shape, theta.shape):
        raise ValueError(
            f"a schedule, a clipping limit or noise for {new.shape[:-1]} descents needs as many starts: "
            f"θ₀ of shape {new.shape}, got {theta.shape}"
        )
    if new.shape != theta.shape:
        raise ValueError(f"the step of {name} must return θ in its shape {theta.shape}, got {new.shape}")
    return read_only(new), state_of(state, f"the state that the step of {name} returns")
