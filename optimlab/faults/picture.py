"""The picture of one training, or of two beside each other: losses, accuracies, gradients and steps by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..palette import LAYERS, ROLE_STYLES
from ..stage.twin import png
from .recipe import EPOCHS, Run

__all__ = ["picture"]

AXES: dict[str, tuple[float, ...]] = {
    "loss": (1e-4, 1e-2, 1, 1e2),
    "accuracy": (0, 0.2, 0.4, 0.6, 0.8, 1),
    "|∇W| by layer": (1e-8, 1e-6, 1e-4, 1e-2, 1, 1e2, 1e4),
    "|ΔW|/|W| by layer": (1e-7, 1e-5, 1e-3, 1e-1, 10),
}
"""The panels and their ticks, the same in every case; what lies beyond the first or the last is drawn at the edge."""


@style.context("default")
def picture(rows: list[tuple[str, Run]]) -> bytes:
    """PNG bytes: a row of four panels for each training, the epoch on the horizontal axis.

    Parameters
    ----------
    rows : what each row is called, and its training
    """
    tall = 1.0 + 2.1 * len(rows)
    figure = Figure(figsize=(11, tall))
    FigureCanvasAgg(figure)
    places = {"left": 0.065, "right": 0.99, "bottom": 0.7 / tall, "top": 1 - 0.3 / tall, "wspace": 0.24}
    panels = figure.subplots(len(rows), len(AXES), squeeze=False, gridspec_kw=places)
    for row, (name, run) in zip(panels, rows):
        for axes, title in zip(row, AXES):
            prepare(axes, title)
        row[0].set_ylabel(name, fontsize=10, weight="bold")
        draw(row, run)
    for axes, title in zip(panels[0], AXES):
        axes.set_title(title, fontsize=10, parse_math=False)
    for axes in panels[-1]:
        axes.set_xlabel("epoch", fontsize=9)
    legend(figure, panels[0])
    return png(figure)


def prepare(axes: Any, title: str) -> None:
    ticks = AXES[title]
    if title != "accuracy":
        axes.set_yscale("log")
    axes.set(xlim=(-0.3, EPOCHS + 0.3), ylim=(ticks[0], ticks[-1]), yticks=ticks, xticks=range(0, EPOCHS + 1, 5))
    axes.minorticks_off()
    axes.tick_params(labelsize=8)
    axes.grid(color="#DDDDDD", linewidth=0.6)


def draw(panels: Any, run: Run) -> None:
    history, layers = run.history, np.array(run.history.per_layer)
    for panel, pairs in zip(panels, ((history.loss, history.test_loss), (history.accuracy, history.test_accuracy))):
        for name, values, (color, dash) in zip(("training", "test"), pairs, STROKES):
            line(panel, values, color, dash, name)
    for panel, sizes in zip(panels[2:], (layers[:, 0], layers[:, 1])):
        for i, values in enumerate(sizes.T):
            color, _, dashes = LAYERS[i]
            line(panel, values, color, (0, dashes) if dashes else "-", f"W{i + 1}")
    if not np.isfinite(history.loss).all():
        epoch = int(np.argmin(np.isfinite(history.loss)))
        note = f"no finite number from epoch {epoch} on"
        panels[0].text(0.5, 0.5, note, ha="center", fontsize=8, transform=panels[0].transAxes)


STROKES = ((ROLE_STYLES["full batch"][0], "--"), (ROLE_STYLES["mini-batch"][0], "-"))
"""Training and test: blue and dashed, vermilion and solid."""


def line(axes: Any, values: Any, color: str, dashes: Any, name: str) -> None:
    """A line through the values; those beyond an end of the axis are at that end, and what is no number is left out."""
    kept = np.clip(np.array(values, float), *axes.get_ylim())
    axes.plot(kept, ".", color=color, markersize=3, clip_on=False)  # one number between two that are none is seen too
    axes.plot(kept, color=color, linestyle=dashes, linewidth=1.5, label=name, clip_on=False)


def legend(figure: Figure, panels: Any) -> None:
    """One line below all panels: what is training and test, and the layers."""
    entries = [entry for axes in (panels[0], panels[3]) for entry in zip(*axes.get_legend_handles_labels())]
    handles, names = zip(*entries)
    figure.legend(handles, names, loc="lower center", ncols=len(names), fontsize=8, frameon=False)
