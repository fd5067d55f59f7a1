"""Knobs: hyperparameters that know their symbol, their slider and their allowed range.

Sliders, labels, static captions and error messages all read the same metadata, so no lab repeats a range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from .checks import inside, told
from .tape import as_symbolic

Rate = float | np.ndarray | Callable[..., Any]
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
    whole : whether only whole numbers are legal
    """

    symbol: str
    meaning: str
    low: float
    high: float
    log: bool = False
    allowed: str = "[0, ∞)"
    count: int = 81
    slider: bool = True
    whole: bool = False

    @property
    def grid(self) -> np.ndarray:
        """The slider's positions, shape (count,)."""
        if self.log:
            return np.logspace(np.log10(self.low), np.log10(self.high), self.count)
        return np.linspace(self.low, self.high, self.count)

    def check(self, value: Any) -> float | np.ndarray:
        """Return `value` as a float or a float array, or raise a `ValueError` that a learner understands."""
        if (symbolic := as_symbolic(value)) is not None:
            return symbolic  # type: ignore[return-value]
        name = f"{self.meaning} {self.symbol}"
        try:
            numbers = np.asarray(value)
            if numbers.dtype.kind not in "fiu" or numbers.size == 0:
                raise TypeError
        except (TypeError, ValueError):
            raise ValueError(f"{name} must be a number in {self.allowed}, got {told(value)}") from None
        legal = np.isfinite(numbers) & inside(numbers, self.allowed)
        if self.whole:
            legal &= numbers == np.round(numbers)
        if not np.all(legal):
            must = "a whole number in" if self.whole else "in"
            raise ValueError(f"{name} must be {must} {self.allowed}, got {numbers[~legal].flat[0]:g}")
        if numbers.ndim == 0:
            return float(numbers)
        return numbers if numbers.dtype.kind == "f" else numbers.astype(float)

    def check_one(self, value: Any) -> float:
        """As `check`, where there is room for one value only."""
        number = self.check(value)
        if isinstance(number, np.ndarray):
            raise ValueError(f"{self.meaning} {self.symbol} must be one number here, got the shape {number.shape}")
        return number


def knob(default: Any, symbol: str, meaning: str, **slider: Any) -> Any:
    """A dataclass field that is a knob: ``gamma: float = knob(0.9, "γ", "momentum", low=0, high=0.99)``."""
    return field(default=default, metadata={"knob": Knob(symbol, meaning, **slider)})


def knobs_of(owner: Any) -> dict[str, Knob]:
    """The knobs of a dataclass (or of one of its instances), by field name."""
    return {f.name: f.metadata["knob"] for f in fields(owner) if "knob" in f.metadata}
