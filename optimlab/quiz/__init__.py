"""Questions that come back: ideas of earlier notebooks with other numbers, and ten questions before and after it all.

`recall` asks two or three of them at the start of a notebook, and says at once what is right. `inventory` asks the ten
of the concept inventory, before the course and after it, and `gains` compares the two. The answers are not stored: each
question measures itself what comes out (`optimlab.quiz.questions`).

That what is asked again after a while is kept longer is the spacing effect and the testing effect (Cepeda et al. 2006;
Roediger & Karpicke 2006); to compare an inventory before and after is Hake's (1998).
"""

from __future__ import annotations

from typing import Any

from ..checks import told
from ..memory import kept
from ..predictions import Observed
from .questions import INVENTORIES, NOTEBOOKS, questions_of

__all__ = ["gains", "inventory", "recall"]


def recall(notebook: str) -> Any:
    """Ask again what earlier notebooks have taught: ``recall("03")``."""
    if not isinstance(notebook, str) or notebook not in NOTEBOOKS:
        return Observed(
            f"There are no questions for notebook {told(notebook)}; there are some for {', '.join(NOTEBOOKS)}."
        )
    from .widget import Quiz  # ipywidgets is wanted by nothing else here

    return Quiz(notebook, f"Questions from before notebook {notebook}")


def inventory(when: str) -> Any:
    """The ten questions of the concept inventory, ``when`` is "before" or "after" the course.

    Before it, an answer is only noted, so that the questions afterwards are new; after it, it is said what is right.
    """
    if not isinstance(when, str) or when not in INVENTORIES:
        return Observed(f'The inventory is taken "before" or "after", got {told(when)}.')
    from .widget import Quiz

    return Quiz(when, f"Ten questions, {when} the course", tells=when == "after")


def gains() -> Observed:
    """The ten ideas before and after, and the normalized gain ⟨g⟩ = (after − before)/(10 − before) (Hake 1998)."""
    first: dict[str, bool] = {}
    for entry in kept("predictions"):
        if entry.get("right") is not None:
            first.setdefault(entry["name"], entry["right"])
    befores, afters = (questions_of(when) for when in INVENTORIES)
    lines, both = [], []
    for (before, question), after in zip(befores.items(), afters, strict=True):
        marks = [{True: "✓", False: "–", None: "not answered"}[first.get(name)] for name in (before, after)]
        if before in first and after not in first:
            marks[0] = "noted"  # what is right is told after the course
        lines.append(f"{question.about:34} {marks[0]:14} {marks[1]}")
        if before in first and after in first:
            both.append((first[before], first[after]))
    head = f"{'':34} {'before':14} after"
    return Observed("\n".join([head, *lines, *gain(both, len(befores))]))


def gain(both: list[tuple[bool, bool]], asked: int) -> list[str]:
    """The sums of those that were answered both times."""
    if not both:
        return ["No question has been answered both times yet."]
    before, after = (sum(each) for each in zip(*both, strict=True))
    of = "all" if len(both) == asked else f"the {len(both)} answered both times"
    told_gain = f": {(after - before) / (len(both) - before):.2f} of what could be gained" if before < len(both) else ""
    return [f"Of {of}: {before} right before, {after} right after{told_gain}."]
