"""The static twin: a scene drawn with matplotlib, mark for mark as the stage draws it in the browser."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from ..palette import ROLES
from .scene import Scene

__all__ = ["contour_levels", "draw", "png"]

FIELD = ("#AAB9CC", "#FBFCFD")  # low ground, high ground
CONTOUR = "#8494A8"


def draw(scene: Scene, rows: dict, values: dict, k: int | None = None, width: float = 10.5) -> Figure:
    """A scene as a matplotlib figure.

    Parameters
    ----------
    rows : the current array of each source
    values : the value of each control
    k : the step that is shown, the last one if None
    """
    k = scene.steps if k is None else k
    panels = [p for p in scene.panels if p.height != "ruler"]
    rulers = [p for p in scene.panels if p.height == "ruler"]
    total = sum(p.wide for p in panels)
    tall = max(float(p.height) for p in panels) * width / total * 0.98 + 0.35
    lines = -(-len(scene.runs) // 6)
    figure = Figure(figsize=(width, tall + 0.75 * len(rulers) + 0.25 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(1 + len(rulers), 1, height_ratios=[tall] + [0.6] * len(rulers))
    top = grid[0].subgridspec(1, len(panels), width_ratios=[p.wide for p in panels])
    runs = {run.id: run for run in scene.runs}
    for spot, panel in [*zip(spots(top), panels, strict=True), *zip(spots(grid)[1:], rulers, strict=True)]:
        axes = figure.add_subplot(spot)
        _prepare(axes, panel)
        for item in panel.marks:
            if item.run in runs and not runs[item.run].shown:
                continue
            DRAW[item.kind](axes, panel, item, rows, values, k, runs)
    _add_legend(figure)
    return figure


def spots(grid: Any) -> list:
    """The places of a grid; matplotlib's own types do not say that it can be walked through."""
    return list(grid)


def _add_legend(figure):
    """One legend for all panels, below them."""
    entries = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if entries:
        columns = min(len(entries), 6)
        figure.legend(entries.values(), entries.keys(), loc="outside lower center", ncols=columns, fontsize=8)


def png(figure: Figure, dpi: int = 80) -> bytes:
    """The figure as PNG bytes with a palette: small, and the same picture gives the same bytes."""
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=dpi)
    Image.open(raw).convert("RGB").quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        small, format="png", optimize=True
    )
    return small.getvalue()


def _prepare(axes, panel):
    axes.set_xlim(panel.x)
    axes.set_ylim(panel.y)
    if panel.x_log:
        axes.set_xscale("log")
    if panel.y_log:
        axes.set_yscale("log")
    if panel.equal:
        axes.set_aspect("equal")
    axes.set_xlabel(panel.x_label, fontsize=9)
    axes.set_ylabel(panel.y_label, fontsize=9)
    axes.set_title(panel.title, fontsize=10, loc="center" if panel.wide >= 0.7 else "right")  # not beyond the edge
    axes.tick_params(labelsize=8)
    if not panel.x_log and float(panel.x[1] - panel.x[0]).is_integer() and panel.x[1] - panel.x[0] >= 4:
        axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True))  # whole steps
    if panel.height == "ruler":
        axes.set_yticks([])
        axes.spines[["left", "right", "top"]].set_visible(False)
    if not panel.x_ticks:
        axes.set_xticks([])
    if not panel.axes:
        axes.set_axis_off()


def _line_style(item, runs):
    """Colour and dashes of a mark: those of its run, or its own."""
    run = runs.get(item.run)
    color = run.color if run else (item.color or ROLES["text"][0])
    dash = run.dash if run else item.dash or ()
    return {"color": color, "linestyle": (0, tuple(dash)) if dash else "-", "label": run.label if run else None}


def _finite(*columns):
    """The columns up to the first number that is not finite, clipped to what matplotlib can draw."""
    good = np.all([np.isfinite(c) for c in columns], axis=0)
    end = len(good) if good.all() else int(np.argmin(good))
    return [np.clip(c[:end], -1e12, 1e12) for c in columns]


def _field(axes, panel, item, rows, values, k, runs):
    grid = np.asarray(rows[item.source], float)
    x, y = np.linspace(*panel.x, grid.shape[1]), np.linspace(*panel.y, grid.shape[0])
    colors = LinearSegmentedColormap.from_list("ground", FIELD)
    levels = contour_levels(grid, item.minimum, item.count)
    edges = [min(grid.min(), levels[0]) - 1, *levels, max(grid.max(), levels[-1]) + 1]
    bands = [colors(i / (len(edges) - 2)) for i in range(len(edges) - 1)]
    axes.contourf(x, y, grid, levels=edges, colors=bands)
    axes.contour(x, y, grid, levels=levels, colors=CONTOUR, linewidths=0.5)


def _picture(axes, panel, item, rows, values, k, runs):
    from matplotlib.image import imread

    axes.imshow(imread(io.BytesIO(rows[item.source])), extent=(*panel.x, *panel.y), aspect="auto", zorder=0)


def _path(axes, panel, item, rows, values, k, runs):
    row = rows[item.source]
    x, y = _finite(row[: k + 1, item.x], row[: k + 1, item.y])
    style = _line_style(item, runs)
    axes.plot(x, y, linewidth=1.6, **style)
    if len(x) <= 60:
        axes.plot(x, y, ".", color=style["color"], markersize=4)
    if len(x):
        axes.plot(x[-1], y[-1], "o", color=style["color"], markersize=6, markeredgecolor="white", zorder=5)


def _curve(axes, panel, item, rows, values, k, runs):
    row = rows[item.source]
    y = row[:, item.y]
    x = np.arange(len(row), dtype=float) if item.x is None else row[:, item.x]
    x, y = _finite(x, y)
    axes.plot(x, y, linewidth=1.6, **_line_style(item, runs))


def _points(axes, panel, item, rows, values, k, runs):
    data = np.atleast_2d(np.asarray(rows[item.source] if item.data is None else item.data, float))
    if item.symbol == "line":
        axes.plot(data[:, 0], data[:, 1], color=item.color, linewidth=1.5, zorder=1.5)
        return
    marker, size = {"star": ("*", 13), "dot": ("o", 3.5), "ring": ("o", 7)}[item.symbol]
    color = _line_style(item, runs)["color"]
    face = "none" if item.symbol == "ring" else color
    axes.plot(
        data[:, 0], data[:, 1], marker, markersize=size, color=color, markerfacecolor=face,
        markeredgecolor="white" if item.symbol == "star" else color,
        alpha=item.alpha or 1.0, label=item.label, zorder=4,
    )  # fmt: skip


def _arrow(axes, panel, item, rows, values, k, runs):
    row = np.atleast_2d(rows[item.source])
    row = row[min(k, len(row) - 1)]
    (x, y), (dx, dy) = row[item.at], row[item.by]
    if not np.isfinite([x, y, dx, dy]).all():
        return
    style = _line_style(item, runs)
    width = 0.7 * (item.width or 3)
    arrow = {"arrowstyle": "-|>", "color": style["color"], "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x + dx, y + dy), (x, y), arrowprops=arrow, zorder=6, annotation_clip=True)
    axes.plot([], [], color=style["color"], linewidth=2, label=style["label"])


def _line(axes, panel, item, rows, values, k, runs):
    if item.control:
        slope, intercept = values[item.control]
    else:
        row = rows[item.source][min(k, len(rows[item.source]) - 1)]
        slope, intercept = row[item.slope], row[item.intercept]
    if not np.isfinite([slope, intercept]).all():
        return
    x = np.array(panel.x)
    axes.plot(x, slope * x + intercept, linewidth=2, **_line_style(item, runs))


def _vline(axes, panel, item, rows, values, k, runs):
    x = values[item.control] if item.control else item.x
    x = rows[item.source].ravel()[x] if item.source else x
    color = item.color or ROLES["theory"][0]
    axes.axvline(x, color=color, linewidth=1.4, linestyle=(0, tuple(item.dash)) if item.dash else "-")
    if item.label:
        right = (item.side or "right") == "right"
        axes.annotate(
            _labelled(item.label, x), (x, 0.97), xycoords=("data", "axes fraction"), fontsize=8, color=color,
            xytext=(4 if right else -4, 0), textcoords="offset points", ha="left" if right else "right", va="top",
            annotation_clip=True,
        )  # fmt: skip


def _hline(axes, panel, item, rows, values, k, runs):
    y = values[item.control] if item.control else item.y
    axes.axhline(y, color=(item.color or ROLES["text"][0]), linewidth=0.8, linestyle=":")
    if item.label:
        right = item.side == "right"
        axes.annotate(
            item.label, (0.99 if right else 0.01, y), xycoords=("axes fraction", "data"), fontsize=8,
            ha="right" if right else "left", va="top",
            color=(item.color or ROLES["text"][0]), bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.5, "lw": 0},
        )  # fmt: skip


def _dot(axes, panel, item, rows, values, k, runs):
    style = _line_style(item, runs)
    low, high = axes.get_ylim()
    axes.plot(values[item.control], low + 0.3 * (high - low), "o", color=style["color"], markersize=7, clip_on=False)


def _bars(axes, panel, item, rows, values, k, runs):
    row = rows[item.source][min(k, len(rows[item.source]) - 1)]
    heights = np.nan_to_num(row[item.channels], nan=0, posinf=1e12, neginf=-1e12)
    axes.bar(range(len(item.channels)), heights, color=item.colors, width=0.6)
    axes.set_xticks(range(len(item.channels)), item.labels)


def _histogram(axes, panel, item, rows, values, k, runs):
    shares = rows[item.source][k, item.first : item.first + item.count]
    style = _line_style(item, runs)
    edges = np.linspace(*panel.x, item.count + 1)
    floor = panel.y[0]
    axes.stairs(np.maximum(shares, floor), edges, baseline=floor, fill=True, color=style["color"], alpha=0.2)
    axes.stairs(np.maximum(shares, floor), edges, baseline=floor, linewidth=1.6, **style)


def _handle(axes, panel, item, rows, values, k, runs):
    point = values[item.control]
    x, y = point if len(point) == 2 else (point[0], item.y)
    axes.plot(x, y, "o", markersize=9, markerfacecolor="white", markeredgecolor="#222222", markeredgewidth=2, zorder=7)


DRAW = {
    "field": _field,
    "picture": _picture,
    "path": _path,
    "curve": _curve,
    "points": _points,
    "arrow": _arrow,
    "line": _line,
    "vline": _vline,
    "hline": _hline,
    "dot": _dot,
    "bars": _bars,
    "histogram": _histogram,
    "handle": _handle,
}


def _labelled(text, x):
    """A label whose "{x}" is replaced by the number."""
    return text.replace("{x}", f"{x:.3g}")


def contour_levels(grid, minimum: float, count: int = 14) -> list:
    """Contour levels that show the floor as well as the walls.

    The heights are minimum + top·(i/count)ᵖ, with p such that the median of the field lies on the middle one.
    """
    height = np.asarray(grid) - minimum
    top = max(float(np.max(height)), 1e-12)
    middle = np.clip(np.median(height) / top, 1e-3, 0.35)
    power = np.log(middle) / np.log(0.5)
    return [float(minimum + top * (i / count) ** power) for i in range(1, count)]
