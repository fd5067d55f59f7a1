"""How a notebook went: predictions by how sure one was, questions that came back, explanations, exercises."""

from __future__ import annotations

from typing import Any

from .checks import told
from .exercises import known_exercises
from .memory import Entry, kept
from .predictions import Observed
from .predictions.drawn import known_paths
from .predictions.prediction import SURE, known_predictions
from .quiz.questions import known_questions
from .whys.why import known_whys, why_of

__all__ = ["review"]


def review(notebook: str) -> Observed:
    """How a notebook went: ``review("01")``.

    The first try at each prediction counts, of earlier sessions too, by how sure the learner was; what was committed
    after it had been shown counts not. Below that: the questions from earlier notebooks, the questions why, and the
    exercises.
    """
    asked = of(notebook, [*known_predictions(), *known_paths()])
    if not asked:
        known = ", ".join(dict.fromkeys(name.split(".")[0] for name in known_predictions()))
        return Observed(f"There are no predictions of notebook {told(notebook)}; there are those of {known}.")
    parts = (
        predicted(asked),
        recalled(of(notebook, known_questions())),
        explained(of(notebook, known_whys())),
        solved(of(notebook, known_exercises())),
    )
    return Observed("\n".join(line for lines in parts for line in lines))


def of(notebook: Any, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(f"{notebook}.")]


def judged(asked: list[str]) -> dict[str, Entry]:
    """The first try at each question, if it was committed before it had been shown what comes out."""
    first: dict[str, Entry] = {}
    for entry in kept("predictions"):
        if entry["name"] in asked and entry.get("right") is not None and not entry.get("after"):
            first.setdefault(entry["name"], entry)
    return first


def predicted(asked: list[str]) -> list[str]:
    made = judged(asked)
    late = {entry["name"] for entry in kept("predictions") if entry["name"] in asked and entry.get("after")} - set(made)
    too_late = f"{len(late)} committed after it had been shown what comes out, which does not count."
    if not made:
        return [f"{len(asked)} predictions in this notebook, {too_late if late else 'none committed yet.'}"]
    lines = [f"{len(made)} of {len(asked)} predictions committed, {right_in(made)} right."]
    for level, word in enumerate(SURE):
        of_level = {name: entry for name, entry in made.items() if entry["sure"] == level}
        if of_level:
            lines.append(f"  {word}: {right_in(of_level)} of {len(of_level)} right")
    lines += [f"  {too_late}"] if late else []
    again = [name for name in asked if name in made and not made[name]["right"]]
    return [*lines, f"  Predictions to look at again: {', '.join(again)}."] if again else lines


def right_in(made: dict[str, Entry]) -> int:
    return sum(entry["right"] for entry in made.values())


def recalled(asked: list[str]) -> list[str]:
    made = judged(asked)
    return [f"{right_in(made)} of {len(made)} questions from earlier notebooks right."] if made else []


def explained(asked: list[str]) -> list[str]:
    """How many sections were explained, and how much of the model answers was there."""
    if not asked:
        return []
    written = {entry["name"]: entry.get("ticked") or [] for entry in kept("whys") if entry["name"] in asked}
    if not written:
        return [f"{len(asked)} questions why, none answered yet."]
    compared = {name: ticked for name, ticked in written.items() if ticked}
    points = sum(len(why.points) for name in compared if (why := why_of(name)))
    found = sum(map(len, compared.values()))
    counted = f"; {found} of {points} points were in the answers." if compared else "."
    lines = [f"{len(written)} of {len(asked)} questions why answered{counted}"]
    bare = [name for name in asked if name in written and name not in compared]
    return [*lines, f"  No point of the model answer ticked yet: {', '.join(bare)}."] if bare else lines


def solved(asked: list[str]) -> list[str]:
    done = {entry["name"] for entry in kept("exercises")}
    missing = [name for name in asked if name not in done]
    if not missing:
        return [f"All {len(asked)} exercises solved."] if asked else []
    return [f"{len(asked) - len(missing)} of {len(asked)} exercises solved; to do: {', '.join(missing)}."]
