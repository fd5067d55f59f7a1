"""A form as a picture, for who reads the notebook on paper or on a page that shows no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ..stage.twin import png

__all__ = ["draw", "still"]

WIDE, LINE = 6.6, 0.235  # inches: the picture, and from line to line
LETTERS = 78  # in a line
GAP = 0.12  # between two forms


def still(shown: Any, text: str, figure: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an output holds of a form: the live view that `shown` has, its words, and its picture."""
    data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
    return (
        data | {"text/plain": text, "image/png": png(figure)},
        metadata | {"image/png": {"alt": text}},
    )


@style.context("default")
def draw(forms: Sequence[tuple[str, Sequence[str]]]) -> Figure:
    """Forms below one another: of each the question, and the lines below it, of which "○ …" is a choice."""
    each = [lines_of(question, below) for question, below in forms]
    heights = [LINE * (len(lines) + 1) for lines in each]
    tall = sum(heights) + GAP * (len(each) - 1)
    figure = Figure(figsize=(WIDE, tall))
    FigureCanvasAgg(figure)
    top = tall
    for lines, height in zip(each, heights, strict=True):
        frame(figure, top - height, height)
        for i, (text, weight) in enumerate(lines):
            y = (top - LINE * (i + 1)) / tall
            figure.text(0.2 / WIDE, y, text, fontsize=9, va="center", weight=weight, parse_math=False)
        top -= height + GAP
    return figure


def lines_of(question: str, below: Sequence[str]) -> list[tuple[str, str]]:
    """(text, weight) of each line of a form."""
    lines = [(text, "bold") for text in wrap(question, LETTERS - 6)]
    for text in below:
        first, *more = wrap(text, LETTERS - 2)
        lines += [(first, "normal"), *((f"     {part}", "normal") for part in more)]
    return lines


def frame(figure: Figure, bottom: float, height: float) -> None:
    """The box around a form, with its blue edge; in inches."""
    box = Rectangle((0.04, bottom + 0.04), WIDE - 0.08, height - 0.08, facecolor="none", edgecolor="#B8C2CC")
    bar = Rectangle((0.03, bottom + 0.03), 0.06, height - 0.06, facecolor="#0B5CAD", linewidth=0)
    for part in (box, bar):
        part.set_transform(figure.dpi_scale_trans)
        figure.add_artist(part)
