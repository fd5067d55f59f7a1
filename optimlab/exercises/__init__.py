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

from ..checks import shortened, told
from ..memory import KNOWN, remember

__all__ = ["Exercise", "Unanswered", "Verdict", "check"]

NOTEBOOKS = ("01", "02", "03", "04", "05", "06", "07", "08", "09", "10")


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


class Unreadable(Exception):
    """Raised by a test for what is no answer of the kind that is asked for; its sentence is the hint."""


class Verdict:
    """What `check` says; it shows itself as its last line."""

    def __init__(self, text: str, right: bool | None):
        self.text, self.right = text, right

    def __repr__(self) -> str:
        return self.text


def check(name: str, answer=None) -> Verdict:
    """Check an answer: ``check("02.1", 0.5)``.

    An exercise that has no answer yet (None or ``...``) says so; one that is solved is noted in the learner's own file
    (`optimlab.memory`). Whatever the answer is, nothing is raised.
    """
    try:
        exercise = exercises_of(name)[name]
    except (KeyError, AttributeError, TypeError):
        known = ", ".join(known_exercises())
        return Verdict(f"There is no exercise {told(name)}; there are {known}.", None)
    if answer is None or answer is ...:
        return Verdict(f"{name} not answered yet.", None)
    try:
        hint = exercise.test(answer)
    except Unanswered:
        return Verdict(f"{name} not answered yet.", None)
    except Unreadable as error:
        return Verdict(f"{name} not yet. {error}", False)
    except (Exception, SystemExit) as error:
        what = shortened(f"{type(error).__name__}: {error}", 200)
        return Verdict(f"{name} not yet: this answer could not be used ({what}). Compare it with the question.", False)
    if hint:
        return Verdict(f"{name} not yet. {shortened(hint, 600)}", False)
    if name not in KNOWN["exercises"]:
        remember(name, "exercises", answer="solved")
    return Verdict(f"{name} ✓ right. {exercise.praise}".rstrip(), True)


def question(name: str) -> dict | None:
    """What the exercise asks for as data, where that is a number in a range or a letter; else None."""
    exercise = exercises_of(name)[name]
    asks = getattr(exercise.test, "asks", None)
    return None if asks is None else {"name": name, "praise": exercise.praise, **asks}


def exercises_of(name: str) -> dict:
    """The exercises of the notebook that ``name`` belongs to."""
    number = name.split(".")[0]
    if number not in NOTEBOOKS:
        raise KeyError(name)
    return import_module(f".n{number}", __name__).EXERCISES


def known_exercises() -> list[str]:
    return [name for number in NOTEBOOKS for name in exercises_of(number)]


def called(function, *arguments):
    """The function's result; a place still to be filled in counts as no answer."""
    result = function(*arguments)
    if result is None or result is ...:
        raise Unanswered
    return result


def must_be_function(answer, name):
    return None if callable(answer) else f"The answer is the function itself: answer = {name}, without parentheses."


def one_number(answer) -> float:
    """The answer as a finite number; one in a list counts, one as text too, with a point or a comma."""
    while isinstance(answer, list | tuple | np.ndarray) and np.ndim(answer) > 0 and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, str):
        answer = answer.strip().replace("−", "-").replace(",", ".")
    try:
        if isinstance(answer, bool):
            raise TypeError
        value = float(answer)
    except (TypeError, ValueError, OverflowError):
        raise Unreadable(f"The answer should be a single number, got {told(answer)}.") from None
    if not np.isfinite(value):
        raise Unreadable("The answer should be a finite number.")
    return value


def two_numbers(answer, form: str) -> tuple[float, float]:
    """The answer as two finite numbers; `form` shows how to write them, as in "(eta, B)"."""
    if not isinstance(answer, list | tuple | np.ndarray) or len(np.shape(answer)) != 1 or len(answer) != 2:
        raise Unreadable(f"The answer is a pair: answer = {form}.")
    return one_number(answer[0]), one_number(answer[1])


def number(low: float, high: float, hint_low: str, hint_high: str) -> Callable:
    """A test for a number in [low, high], with a hint for each side."""

    def test(answer):
        value = one_number(answer)
        if value < low:
            return hint_low
        return hint_high if value > high else None

    return asked(test, kind="number", low=low, high=high, hint_low=hint_low, hint_high=hint_high)


def choice(right: str, hints: dict, words: dict | None = None) -> Callable:
    """A test for one of several letters, with a hint for each wrong one; `words` are what else each is called."""

    def test(answer):
        if not isinstance(answer, str):
            return 'Write the letter in quotes, as in answer = "b".'
        letter = re.sub(r"[^a-z]", "", str(answer).lower())  # "(B)." is a b
        letter = (words or {}).get(letter, letter)
        if letter == right:
            return None
        return hints.get(letter, f"Choose one of the letters {', '.join(sorted([right, *hints]))}.")

    return asked(test, kind="choice", right=right, hints=hints, words=words or {})


def asked(test: Callable, **asks) -> Callable:
    """The test, with what it asks for as data: a page without Python can check the answer too."""
    test.asks = asks  # type: ignore[attr-defined]
    return test
