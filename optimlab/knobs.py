"""Knobs: hyperparameters that know their symbol, their slider and their allowed range.

Sliders, labels, static captions and error messages all read the same metadata, so no lab repeats a range.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import Field, dataclass, field, fields

import numpy as np

MILLION = 10**6  # steps, epochs, units: more than a learner waits for

Rate = float | np.ndarray | Callable
"""A learning rate: a number, an array that broadcasts against θ, or a schedule (a function of the step k)."""


@dataclass(frozen=True)
class Knob:
    """What a slider and an error message need to know about one hyperparameter.

    Parameters
    ----------
    symbol, meaning : the Greek letter and the word for it, as in "momentum γ"
    low, high : the ends of its slider
    log : whether the slider is logarithmic
    allowed : the interval of legal values, written as in mathematics: ``"[0, 1)"``
    count : how many positions the slider has
    slider : whether labs show a slider for it (not for ε and the like)
    """

    symbol: str
    meaning: str
    low: float
    high: float
    log: bool = False
    allowed: str = "[0, ∞)"
    count: int = 81
    slider: bool = True

    @property
    def grid(self) -> np.ndarray:
        """The slider's positions, shape (count,)."""
        if self.log:
            return np.logspace(np.log10(self.low), np.log10(self.high), self.count)
        return np.linspace(self.low, self.high, self.count)

    def check(self, value) -> float | np.ndarray:
        """Return `value` as a float or a float array, or raise a `ValueError` that a learner understands."""
        name = f"{self.meaning} {self.symbol}"
        try:
            numbers = np.asarray(value)
            if numbers.dtype.kind not in "fiu" or numbers.size == 0:
                raise TypeError
        except (TypeError, ValueError):
            raise ValueError(f"{name} must be a number in {self.allowed}, got {told(value)}") from None
        legal = np.isfinite(numbers) & inside(numbers, self.allowed)
        if not np.all(legal):
            raise ValueError(f"{name} must be in {self.allowed}, got {numbers[~legal].flat[0]:g}")
        if numbers.ndim == 0:
            return float(numbers)
        return numbers if numbers.dtype.kind == "f" else numbers.astype(float)

    def check_one(self, value) -> float:
        """As `check`, where there is room for one value only."""
        if np.ndim(number := self.check(value)):
            raise ValueError(f"{self.meaning} {self.symbol} must be one number here, got the shape {number.shape}")
        return number


def check_whole(what: str, number, least: int = 0, most: int = MILLION) -> int:
    """A whole number of at least `least` and at most `most` as an int, or a `ValueError` that names it."""
    if not is_whole(number) or not least <= number <= most:
        too_much = is_whole(number) and number > most
        allowed = f"≥ {least}" if most == MILLION and not too_much else f"in [{least}, {most}]"
        raise ValueError(f"{what} must be a whole number {allowed}, got {told(number)}")
    return int(number)


def check_seed(seed) -> int:
    """A seed as an int, or a `ValueError`. Seeds may be large."""
    if not is_whole(seed) or not 0 <= seed < 2**128:
        allowed = "below 2¹²⁸" if is_whole(seed) and seed > 0 else "≥ 0"
        raise ValueError(f"the seed must be a whole number {allowed}, got {told(seed)}")
    return int(seed)


def is_whole(number) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


def check_choice(what: str, choice, choices):
    """The choice if it is one of `choices`, or a `ValueError` that lists them."""
    if not isinstance(choice, Hashable) or choice not in tuple(choices):
        listed = "True or False" if True in choices else f"one of {', '.join(choices)}"
        raise ValueError(f"{what} must be {listed}, got {told(choice)}")
    return choice


def check_function(what: str, function):
    """That it can be called and is no class, or a `ValueError`."""
    if not callable(function) or isinstance(function, type):
        raise ValueError(f"{what}, got {told(function)}")
    return function


def check_numbers(values, must: str) -> np.ndarray:
    """A float array of what are numbers, or a `ValueError` that says what `must` be."""
    try:
        array = np.asarray(values)
        if array.size and array.dtype.kind not in "fiu":
            raise TypeError
    except (TypeError, ValueError):
        raise ValueError(f"{must}, got {told(values)}") from None
    return array if array.dtype.kind == "f" else array.astype(float)


def told(value) -> str:
    """A wrong value as an error message shows it: in a few words, on one line."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def inside(numbers, interval: str):
    """Whether `numbers` lie in an interval written as ``"[0, 1)"``, ``"(0, 1]"`` or ``"[1, ∞)"``."""
    low, high = (float(end.replace("∞", "inf")) for end in interval[1:-1].split(","))
    above = numbers >= low if interval[0] == "[" else numbers > low
    below = numbers <= high if interval[-1] == "]" else numbers < high
    return above & below


def knob(default, symbol, meaning, **slider) -> Field:
    """A dataclass field that is a knob: ``gamma: float = knob(0.9, "γ", "momentum", low=0, high=0.99)``."""
    return field(default=default, metadata={"knob": Knob(symbol, meaning, **slider)})


def knobs_of(owner) -> dict[str, Knob]:
    """The knobs of a dataclass (or of one of its instances), by field name."""
    return {f.name: f.metadata["knob"] for f in fields(owner) if "knob" in f.metadata}


def short(value) -> str:
    """A number in three significant digits, as it stands in labels: 0.05, 1.2e-05, 3e+10."""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    if np.size(value) == 0:
        return "nothing"
    if np.ndim(value):
        flat = np.ravel(value)
        return f"{flat[0]:.3g}…{flat[-1]:.3g}"
    return f"{value:.3g}"
