"""Which questions there are, and what is said to an answer: each measures itself what comes out."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ..predictions.prediction import Question

__all__ = ["INVENTORIES", "NOTEBOOKS", "known_questions", "outcome", "question_of", "questions_of"]

NOTEBOOKS = tuple(sorted(path.stem[1:] for path in Path(__file__).parent.glob("n[0-9][0-9].py")))
INVENTORIES = ("before", "after")


def questions_of(place: str) -> dict[str, Question]:
    """The questions at the start of a notebook, or an inventory's."""
    if place in INVENTORIES:
        return getattr(import_module(".ten", __package__), place.upper())
    return import_module(f".n{place}", __package__).QUESTIONS if place in NOTEBOOKS else {}


def known_questions() -> list[str]:
    return [name for place in (*NOTEBOOKS, *INVENTORIES) for name in questions_of(place)]


def question_of(name: Any) -> Question | None:
    """The question of this name, or None."""
    return questions_of(name.split(".")[0]).get(name) if isinstance(name, str) else None


@cache
def measured(name: str) -> tuple[str | None, str]:
    """(the letter that comes out, why), computed now."""
    question = question_of(name)
    if question is None:
        raise KeyError(name)
    seen = question.measure()
    return question.read(question.judge(**seen)), question.right.format(**seen)


def outcome(name: str, answer: str) -> tuple[str, str | None]:
    """(what is said to an answer, the letter that comes out)."""
    question = question_of(name)
    if question is None:
        raise KeyError(name)
    came, why = measured(name)
    if answer == came:
        return f"✓ {question.told(came)}\n{why}", came
    parts = (f"Not this time. It is {question.told(came)}", question.wrong.get(answer, ""), why)
    return "\n".join(part for part in parts if part), came
