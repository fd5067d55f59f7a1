"""Validators: each returns what it was given, in the form that the code works with, or raises one clear `ValueError`.

They know nothing of optimizers or losses; hyperparameters, which have ranges of their own, are `optimlab.knobs`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import numpy as np

from .tape import as_symbolic

MILLION = 10**6  # steps, epochs, units: more than a learner waits for

Choice = TypeVar("Choice")
Function = TypeVar("Function", bound=Callable[..., Any])


def check_whole(what: str, number: Any, least: int = 0, most: int = MILLION) -> int:
    """A whole number of at least `least` and at most `most` as an int, or a `ValueError` that names it."""
    if not is_whole(number) or not least <= number <= most:
        too_much = is_whole(number) and number > most
        allowed = f"≥ {least}" if most == MILLION and not too_much else f"in [{least}, {most}]"
        raise ValueError(f"{what} must be a whole number {allowed}, got {told(number)}")
    return int(number)


def check_seed(seed: Any) -> int:
    """A seed as an int, or a `ValueError`. Seeds may be large."""
    if not is_whole(seed) or not 0 <= seed < 2**128:
        allowed = "below 2¹²⁸" if is_whole(seed) and seed > 0 else "≥ 0"
        raise ValueError(f"the seed must be a whole number {allowed}, got {told(seed)}")
    return int(seed)


def is_whole(number: Any) -> bool:
    """Whether it is an integer; True and False are none."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool | np.timedelta64)


def check_choice(what: str, choice: Choice, choices: Iterable[Any]) -> Choice:
    """The choice if it is one of `choices`, or a `ValueError` that lists them."""
    choices = tuple(choices)
    if not isinstance(choice, Hashable) or choice not in choices:
        listed = "True or False" if True in choices else f"one of {', '.join(choices)}"
        raise ValueError(f"{what} must be {listed}, got {told(choice)}")
    return choice


def check_function(what: str, function: Function) -> Function:
    """That it can be called and is no class, or a `ValueError`."""
    if not callable(function) or isinstance(function, type):
        raise ValueError(f"{what}, got {told(function)}")
    return function


def check_numbers(values: Any, must: str) -> np.ndarray:
    """A float array of what are numbers, or a `ValueError` that says what `must` be.

    A PyTorch tensor is taken without its history; what is being recorded (`optimlab.tape`) passes.
    """
    if (symbolic := as_symbolic(values)) is not None:
        return symbolic  # type: ignore[return-value]
    try:
        array = np.asarray(values.detach() if hasattr(values, "detach") else values)
        if array.size and array.dtype.kind not in "fiu":
            raise TypeError
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{must}, got {told(values)}") from None
    return array if array.dtype.kind == "f" else array.astype(float)


def told(value: Any) -> str:
    """A wrong value as an error message shows it: in a few words, on one line."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    return shortened(repr(value), 60)


def shortened(text: str, length: int) -> str:
    """A text on one line, cut at a length."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 3]}…"


def inside(numbers: np.ndarray, interval: str) -> np.ndarray:
    """Whether `numbers` lie in an interval written as ``"[0, 1)"``, ``"(0, 1]"`` or ``"[1, ∞)"``."""
    low, high = (float(end.replace("∞", "inf")) for end in interval[1:-1].split(","))
    above = numbers >= low if interval[0] == "[" else numbers > low
    below = numbers <= high if interval[-1] == "]" else numbers < high
    return above & below


def short(value: Any) -> str:
    """A number in three significant digits, as it stands in labels: 0.05, 1.2e-05, 3e+10."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if np.size(value) == 0:
        return "nothing"
    if np.ndim(value):
        flat = np.ravel(value)
        return f"{flat[0]:.3g}…{flat[-1]:.3g}"
    return f"{value:.3g}"
