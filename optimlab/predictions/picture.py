"""The form as a picture, for who reads the notebook on paper or on a page that shows no widgets."""

from __future__ import annotations

from textwrap import wrap

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .prediction import SURE, Choice, Prediction

__all__ = ["draw"]

WIDE, LINE = 6.6, 0.235  # inches: the picture, and from line to line
LETTERS = 78  # in a line


@style.context("default")
def draw(prediction: Prediction) -> Figure:
    """The question, its choices or the place for a number, and how sure one can be."""
    lines = [(text, "bold") for text in wrap(prediction.question, LETTERS - 6)]
    if isinstance(prediction, Choice):
        for letter, text in prediction.letters.items():
            first, *more = wrap(f"{letter}) {text}", LETTERS - 4)
            lines += [(f"○ {first}", "normal"), *((f"     {part}", "normal") for part in more)]
    else:
        lines.append((f"________ {prediction.unit}", "normal"))
    lines.append(("How sure are you?   " + "   ".join(f"○ {word}" for word in SURE), "normal"))
    tall = LINE * (len(lines) + 1)
    figure = Figure(figsize=(WIDE, tall))
    FigureCanvasAgg(figure)
    box = Rectangle((0.04, 0.04), WIDE - 0.08, tall - 0.08, facecolor="none", edgecolor="#B8C2CC")
    bar = Rectangle((0.03, 0.03), 0.06, tall - 0.06, facecolor="#0B5CAD", linewidth=0)
    for part in (box, bar):
        part.set_transform(figure.dpi_scale_trans)
        figure.add_artist(part)
    for i, (text, weight) in enumerate(lines):
        y = 1 - LINE * (i + 1) / tall
        figure.text(0.2 / WIDE, y, text, fontsize=9, va="center", weight=weight, parse_math=False)
    return figure
