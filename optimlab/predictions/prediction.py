"""What is asked: a choice between letters, or an amount; and what is said when it has come out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["NOTEBOOKS", "SURE", "Amount", "Choice", "Prediction", "Question", "known_predictions", "prediction_of"]

NOTEBOOKS = tuple(sorted(path.stem[1:] for path in Path(__file__).parent.glob("n[0-9][0-9].py")))
SURE = ("a guess", "rather sure", "certain")


@dataclass(frozen=True)
class Choice:
    """A question with a few answers.

    Parameters
    ----------
    question : in one short sentence
    choices : what can be expected, the first is a), the second b), …
    judge : ``judge(**seen) -> letter``, from what the cell has computed; None where it is none of the choices
    right : why it comes out as it does; ``{A:.2f}`` stands for what was seen
    wrong : {letter: what to say to who expected it}, for each choice that does not come out
    """

    question: str
    choices: tuple[str, ...]
    judge: Callable[..., str | None]
    right: str
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def letters(self) -> dict[str, str]:
        return dict(zip("abcdef", self.choices))

    def takes(self, answer: Any) -> str | None:
        """Why an answer can't be taken, or None."""
        return (
            None if isinstance(answer, str) and answer in self.letters else f"choose one of {', '.join(self.letters)}"
        )

    def read(self, came: Any) -> str | None:
        """What the judge says, as it is kept."""
        return None if came is None else str(came)

    def told(self, answer: Any) -> str:
        return f"{answer}) {self.letters[answer]}" if answer in self.letters else "none of these"

    def verdict(self, name: str, answer: Any, came: Any, why: str) -> str:
        if answer is None:
            return lines(f"{name}, without a prediction: {self.told(came)}", why)
        if answer == came:
            return lines(f"{name} ✓ as you predicted: {self.told(came)}", why)
        said = f"{name} not this time: you predicted {self.told(answer)}; it is {self.told(came)}"
        return lines(said, self.wrong.get(answer, ""), why)

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        return {"kind": "choice", "question": self.question, "choices": self.letters, "wrong": dict(self.wrong)}


@dataclass(frozen=True, kw_only=True)
class Question(Choice):
    """A question that needs no cell of a notebook: it measures itself what comes out.

    Parameters
    ----------
    measure : ``measure() -> what was seen``, the arguments of the judge, computed within a second
    about : the idea in a few words, as in "the limit of η"
    """

    measure: Callable[[], dict[str, Any]]
    about: str


@dataclass(frozen=True)
class Amount:
    """A question for a number above 0, which is right within a factor.

    Parameters
    ----------
    question : in one short sentence
    unit : what is counted, as in "steps"
    judge : ``judge(**seen) -> number``, from what the cell has computed
    right : why it comes out as it does
    low, high : what to say to who expected less, or more
    factor : how far off is still right
    """

    question: str
    unit: str
    judge: Callable[..., float]
    right: str
    low: str = ""
    high: str = ""
    factor: float = 2.0

    def takes(self, answer: Any) -> str | None:
        """Why an answer can't be taken, or None."""
        number = isinstance(answer, int | float) and not isinstance(answer, bool)
        return None if number and 0 < answer < math.inf else "write a number above 0"

    def read(self, came: Any) -> float:
        """What the judge says, as it is kept."""
        return float(came)

    def told(self, answer: Any) -> str:
        return "no number" if answer is None else f"{three_digits(answer)} {self.unit}".strip()

    def verdict(self, name: str, answer: Any, came: Any, why: str) -> str:
        if answer is None:
            return lines(f"{name}, without a prediction: {self.told(came)}", why)
        ratio = answer / came if came > 0 else math.inf
        if 1 / self.factor <= ratio <= self.factor:
            return lines(f"{name} ✓ you predicted {self.told(answer)}; it is {self.told(came)}", why)
        said = f"{name} not this time: you predicted {self.told(answer)}; it is {self.told(came)}"
        return lines(said, self.low if ratio < 1 else self.high, why)

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        return {
            "kind": "amount", "question": self.question, "unit": self.unit, "factor": self.factor,
            "low": self.low, "high": self.high,
        }  # fmt: skip


Prediction = Choice | Amount


def three_digits(number: float) -> str:
    """With three significant digits, and without an exponent where that is readable."""
    rounded = float(f"{number:.3g}")
    return f"{rounded:.0f}" if 1000 <= rounded < 1e15 else f"{rounded:g}"


def lines(*parts: str) -> str:
    return "\n  ".join(part for part in parts if part)


def predictions_of(notebook: str) -> dict[str, Prediction]:
    return import_module(f".n{notebook}", __package__).PREDICTIONS if notebook in NOTEBOOKS else {}


def known_predictions() -> list[str]:
    return [name for notebook in NOTEBOOKS for name in predictions_of(notebook)]


def prediction_of(name: Any) -> Prediction | None:
    """The prediction of this name, or None."""
    return predictions_of(name.split(".")[0]).get(name) if isinstance(name, str) else None
