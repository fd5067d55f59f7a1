"""A learner's function of x and y, asked at as many points as one likes, whatever it is made for.

If it can be recorded, its tape is asked: it takes arrays, and never mixes points. Else the function itself, with arrays
if it gives for many points what it gives for each, and point by point if not. What it gives or raises instead of a
number becomes one sentence that says where.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import check_function, short, told
from .derivative import Recorded, gradient_of
from .tape import Unrecordable, as_symbolic, record

__all__ = ["Differences", "Pointwise", "Slopes", "check_arguments", "of_gradient"]

PLAIN = (float, np.float64)
JUMP = 1e3  # by so much slopes on both sides of a point differ only at a jump, in units of 1 + the flatter one
HOLES = ("math domain error", "math range error", "expected a ")  # of the module math, where a formula has no value


class Pointwise:
    """A function of x and y as a function of arrays of one shape.

    Parameters
    ----------
    function : ``f(x, y)``, of plain numbers or of arrays
    name : what an error message calls it
    outputs : None if it gives one number, or how many numbers it gives
    trials : points at which it is tried, shape (n, 2)

    Attributes
    ----------
    formula : what was recorded, or None
    reason : why it could not be recorded, or None
    arrays : whether the function itself is asked with arrays

    >>> f = Pointwise(lambda x, y: x if x > y else y, "f", None, [(0.0, 1.0), (2.0, -1.0)])
    >>> f(np.array([1.0, 5.0]), np.array([3.0, 4.0])), f.formula is None, f.arrays
    (array([3., 5.]), True, False)
    """

    def __init__(self, function: Callable, name: str, outputs: int | None, trials: Any):
        self.function, self.name, self.outputs = function, name, outputs
        self.reason: str | None = None
        self.error: Exception | None = None  # the last one that has been taken for a hole
        trials = np.asarray(trials, float)
        x, y = trials.T
        alone = self.one_by_one(x, y)
        if not same(alone, self.one_by_one(x, y)):
            raise ValueError(f"{name} must give the same for the same x and y, it gives something else each time")
        self.formula = self.recorded(trials, alone)
        self.arrays = self.formula is None and self.takes_arrays(x, y, alone)

    def __call__(self, x: Any, y: Any) -> Any:
        """Its number, or a tuple of its numbers, each of the coordinates' shape."""
        if self.formula is not None:
            parts = self.formula.parts(x, y)
            return parts[0] if self.outputs is None else tuple(parts)
        if as_symbolic(x) is not None or as_symbolic(y) is not None:
            raise Unrecordable(self.reason)
        result = self.at_once(x, y) if self.arrays else self.one_by_one(x, y)
        result = result.astype(np.result_type(x, y))
        return result[..., 0] if self.outputs is None else tuple(np.moveaxis(result, -1, 0))

    def recorded(self, trials: np.ndarray, alone: np.ndarray) -> Recorded | None:
        """The function as a formula, if that gives what the function gives; else the reason is kept."""
        try:
            formula = Recorded(record(lambda v: {"L": self.numbers(v["θ"])}, {"θ": (2,)}))
            if not same(formula(trials), alone):
                raise Unrecordable("the recorded formula gives something else than the code")
        except Unrecordable as reason:
            self.reason = str(reason)
            return None
        return formula

    def numbers(self, theta: Any) -> Any:
        """What the function gives for symbolic numbers, as many as it must be."""
        result = self.function(theta[0], theta[1])
        flat = np.reshape(np.asarray(result) if np.isscalar(result) else result_array(result), (-1,))
        if len(flat) != (self.outputs or 1):
            raise Unrecordable(f"it gives {len(flat)} numbers")
        return flat

    def takes_arrays(self, x: np.ndarray, y: np.ndarray, alone: np.ndarray) -> bool:
        try:
            n = len(x) // 2 * 2
            wide = self.at_once(x[:n].reshape(2, -1), y[:n].reshape(2, -1))
            return same(self.at_once(x, y), alone) and same(wide.reshape(n, -1), alone[:n])
        except Exception:  # it was asked alone before, where its mistakes are told
            return False

    def at_once(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            result = self.function(x, y)
        parts = [result] if self.outputs is None else [*result]
        arrays = [np.asarray(part) for part in parts]
        if len(parts) != (self.outputs or 1) or any(a.dtype.kind not in "fiu" or a.shape != x.shape for a in arrays):
            raise ValueError(f"{self.name} must give numbers of the coordinates' shape {x.shape}")
        return np.stack(arrays, axis=-1).astype(float)

    def one_by_one(self, x: Any, y: Any) -> np.ndarray:
        x, y = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        with np.errstate(all="ignore"):
            rows = [self.quick(*point) for point in zip(x.ravel(), y.ravel(), strict=True)]
        return np.array(rows, float).reshape(*x.shape, self.outputs or 1)

    def quick(self, x: Any, y: Any) -> Any:
        """The same as `at`, without a look at what is a number."""
        try:
            result = self.function(x, y) if self.outputs is None else None
        except Exception:  # `at` tells what it is
            result = None
        return [result] if type(result) in PLAIN else self.at(x, y)

    def at(self, x: Any, y: Any) -> np.ndarray:
        """Its numbers at one point; NaN where a formula of plain numbers has no value there, such as 1/0."""
        must = f"{self.name} must give {self.what} for every x and y"
        try:
            with np.errstate(all="ignore"):
                result = self.function(x, y)
        except Exception as error:
            if isinstance(error, ArithmeticError) or (isinstance(error, ValueError) and str(error).startswith(HOLES)):
                self.error = error
                return np.full(self.outputs or 1, np.nan)
            words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise ValueError(f"{must}, at {place(x, y)} it raises {words}") from error
        try:
            array = np.asarray(result)
        except Exception as error:
            raise ValueError(f"{must}, at {place(x, y)} it gives {told(result)}") from error
        wanted = array.size == 1 if self.outputs is None else array.shape == (self.outputs,)
        if array.dtype.kind not in "fiu" or not wanted:
            hint = ": return is missing" if result is None else ""
            result = array.tolist() if array.dtype.kind in "fiubc" else result
            raise ValueError(f"{must}, at {place(x, y)} it gives {told(result)}{hint}")
        return array.reshape(-1).astype(float)

    @property
    def what(self) -> str:
        return "one real number" if self.outputs is None else f"{self.outputs} real numbers (∂L/∂x, ∂L/∂y)"


def result_array(result: Any) -> Any:
    symbolic = as_symbolic(result)
    return np.stack([*result]) if symbolic is None and isinstance(result, list | tuple) else result


def place(x: Any, y: Any) -> str:
    return f"x = {short(x)}, y = {short(y)}"


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True))


def check_arguments(function: Any, what: str, example: str) -> Callable:
    """That it can be called with two numbers, or a `ValueError`."""
    check_function(f"{what} must be a function of two numbers, such as {example}", function)
    try:
        inspect.signature(function).bind(0.0, 0.0)
    except ValueError:  # built-in functions may not tell
        return function
    except TypeError:
        takes = f"one of {inspect.signature(function)}"
        raise ValueError(f"{what} must be a function of two numbers, such as {example}, got {takes}") from None
    return function


# Its gradient


def of_gradient(of: Pointwise) -> Callable:
    """The slopes of what was recorded, exact; or else central differences."""
    if of.formula is None:
        return Differences(of, of.reason or "")
    try:
        exact = gradient_of(of.formula)
    except Unrecordable as reason:  # it is too long
        return Differences(of, f"of its gradient {reason}")
    return Slopes(exact)


@dataclass(frozen=True)
class Slopes:
    """The partial derivatives that a formula gives."""

    formula: Recorded

    def __call__(self, x: Any, y: Any) -> tuple:
        return tuple(self.formula.parts(x, y))


@dataclass(frozen=True)
class Differences:
    """Partial derivatives by central differences, good to about nine digits; with steps of ∛ε · (1 + |x|).

    Where a jump lies within a step, the slope is that of the flatter side.
    """

    of: Pointwise
    reason: str

    def __call__(self, x: Any, y: Any) -> tuple:
        if as_symbolic(x) is not None or as_symbolic(y) is not None:
            raise Unrecordable(self.reason)
        wide = np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float))
        with np.errstate(all="ignore"):
            here = self.of(*wide)
            parts = [self.along(wide, here, i) for i in range(2)]
        return tuple(part.astype(np.result_type(x, y)) for part in parts)

    def along(self, wide: Any, here: np.ndarray, i: int) -> np.ndarray:
        """The slope along one coordinate."""
        h = np.cbrt(np.finfo(float).eps) * (1 + np.abs(wide[i]))
        low, high = (self.of(*(z + sign * h * (k == i) for k, z in enumerate(wide))) for sign in (-1, 1))
        before, after = (here - low) / h, (high - here) / h
        flatter = np.where(np.abs(before) < np.abs(after), before, after)
        jumps = np.abs(after - before) > JUMP * (1 + np.abs(flatter))
        return np.where(jumps, flatter, (high - low) / (2 * h))
