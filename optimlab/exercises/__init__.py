"""Checks for the exercises: right, or a hint; never an error in a learner's face.

>>> from optimlab import check
>>> check("02.1", None)
02.1 not answered yet.

Each notebook's exercises stand in a module of their own (``n01``, ``n02``, …) as a dict ``EXERCISES``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np

__all__ = ["Exercise", "Unanswered", "Verdict", "check"]

NOTEBOOKS = ("01", "02", "03", "04", "05", "06")


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    test : ``test(answer)`` returns None if the answer is right, else a hint
    solution : an answer that passes
    wrong : a plausible answer that does not
    praise : what a right answer means, in one sentence
    """

    test: Callable
    solution: object
    wrong: object
    praise: str = ""


class Unanswered(Exception):
    """Raised by a test that finds a place still to be filled in."""


class Verdict:
    """What `check` says; it shows itself as its last line."""

    def __init__(self, text: str, right: bool | None):
        self.text, self.right = text, right

    def __repr__(self) -> str:
        return self.text


def check(name: str, answer=None) -> Verdict:
    """Check an answer: ``check("02.1", 0.5)``.

    An exercise that has no answer yet (None or ``...``) says so. Whatever the answer is, nothing is raised.
    """
    try:
        exercise = exercises_of(name)[name]
    except (KeyError, AttributeError, TypeError):
        known = ", ".join(known_exercises())
        return Verdict(f"There is no exercise {name!r}; there are {known}.", None)
    if answer is None or answer is ...:
        return Verdict(f"{name} not answered yet.", None)
    try:
        hint = exercise.test(answer)
    except Unanswered:
        return Verdict(f"{name} not answered yet.", None)
    except Exception as error:
        kind = type(error).__name__
        return Verdict(
            f"{name} not yet: this answer could not be used ({kind}: {error}). Compare it with the question.", False
        )
    if hint:
        return Verdict(f"{name} not yet. {hint}", False)
    return Verdict(f"{name} ✓ right. {exercise.praise}".rstrip(), True)


def exercises_of(name: str) -> dict:
    """The exercises of the notebook that ``name`` belongs to."""
    number = name.split(".")[0]
    if number not in NOTEBOOKS:
        raise KeyError(name)
    return import_module(f".n{number}", __name__).EXERCISES


def known_exercises() -> list[str]:
    return [name for number in NOTEBOOKS for name in exercises_of(number)]


def number(low: float, high: float, hint_low: str, hint_high: str) -> Callable:
    """A test for a number in [low, high], with a hint for each side."""

    def test(answer):
        if np.size(answer) != 1:
            return "The answer should be a single number."
        value = float(np.asarray(answer).astype(float, casting="same_kind").ravel()[0])
        if not np.isfinite(value):
            return "The answer should be a finite number."
        if value < low:
            return hint_low
        return hint_high if value > high else None

    return test


def choice(right: str, hints: dict) -> Callable:
    """A test for one of several letters, with a hint for each wrong one."""

    def test(answer):
        letter = re.sub(r"[^a-z]", "", str(answer).lower())  # "(B)." is a b
        if letter == right:
            return None
        return hints.get(letter, f"Choose one of the letters {', '.join(sorted([right, *hints]))}.")

    return test
