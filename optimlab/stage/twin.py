"""The static twin: a scene drawn with matplotlib, mark for mark as the stage draws it in the browser."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from PIL import Image

from ..checks import shortened
from ..palette import ROLES
from .marks import Curve, Path
from .pens import CONTOUR, FIELD, VISIBLE, contour_levels, finite, line_style
from .scene import Panel, Scene
from .solid import draw_solid

__all__ = ["contour_levels", "draw", "png"]

LONGEST = 40  # letters of a name in the legend
WIDE = 720  # points that a ruler is long, nearly
NEVER, HATCH = "#C9CED6", "#9AA3AF"


@style.context("default")
def draw(scene: Scene, rows: dict, values: dict, k: int | None = None, width: float = 10.5) -> Figure:
    """A scene as a matplotlib figure.

    Parameters
    ----------
    rows : the current array of each source
    values : the value of each control
    k : the step that is shown, the last one if None
    """
    k = scene.steps if k is None else k
    scene = to_be_drawn(scene) if scene.sketch else scene
    panels = [p for p in scene.first_panels if p.height != "ruler"]
    rulers = [p for p in scene.first_panels if p.height == "ruler"]
    total = sum(p.wide for p in panels)
    tall = max(float(p.height) for p in panels) * width / total * 0.98 + 0.35
    lines = -(-len(scene.runs) // 6)
    low = [0.45 + 0.25 * p.y[1] for p in rulers]
    figure = Figure(figsize=(width, tall + sum(low) + 0.25 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(1 + len(rulers), 1, height_ratios=[tall, *low])
    top = grid[0].subgridspec(1, len(panels), width_ratios=[p.wide for p in panels])
    runs = {run.id: run for run in scene.runs}
    for spot, panel in [*zip(spots(top), panels, strict=True), *zip(spots(grid)[1:], rulers, strict=True)]:
        axes = figure.add_subplot(spot)
        panel = followed(panel, rows, runs)
        _prepare(axes, panel)
        panel = replace(panel, marks=[item for item in panel.marks if item.run not in runs or runs[item.run].shown])
        for item in [item for item in panel.marks if item.kind == "solid"] or panel.marks:  # it draws what lies on it
            DRAW[item.kind](axes, panel, item, rows, values, k, runs)
    _add_legend(figure)
    return figure


def to_be_drawn(scene: Scene) -> Scene:
    """The surface alone, without any path, for a scene that asks for one: on paper it is drawn with a pencil."""
    surfaces = [panel for panel in scene.panels if any(isinstance(mark, Path) for mark in panel.marks)]
    told = [[m for m in panel.marks if m.kind == "field" or not getattr(m, "source", "")] for panel in surfaces]
    panels = [replace(panel, marks=marks) for panel, marks in zip(surfaces, told, strict=True)]
    return replace(scene, panels=panels, layout="2-D")


def followed(panel: Panel, rows: dict, runs: dict) -> Panel:
    """The panel with a y-axis that goes as far as its curves, if it is to follow them."""
    if not panel.follow:
        return panel
    curves = [m for m in panel.marks if isinstance(m, Curve) and not m.still]
    shown = [m for m in curves if m.run not in runs or runs[m.run].shown]
    drawn = np.concatenate([np.empty(0), *(finite(rows[m.source][:, m.y])[0] for m in shown)])
    lowest = drawn.min(initial=np.inf) if panel.follow == "both" else np.inf
    return replace(panel, y=stretched(panel.y, lowest, drawn.max(initial=-np.inf), panel.y_log))


def stretched(y: tuple[float, float], lowest: float, highest: float, log: bool) -> tuple[float, float]:
    """An axis that goes so far that the lowest and the highest value are seen: to its own ends, or pairs of decades
    beyond them, twelve at most; doublings of its length, if it is not logarithmic."""
    low, high = y
    if log:
        down, up = (
            10.0 ** min(12, 2 * np.ceil(np.log10(max(r, 1)) / 2)) for r in (low / max(lowest, 1e-300), highest / high)
        )
        return low / down, high * up
    size = high - low
    down, up = (size * 2.0 ** min(20, np.ceil(np.log2(max(far / size, 1)))) for far in (high - lowest, highest - low))
    return high - down, low + up


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
        names = [shortened(label.removeprefix(VISIBLE), LONGEST) for label in entries]
        places = list(map(str, range(len(names))))  # what they are called comes later, as plain text
        legend = figure.legend(entries.values(), places, loc="outside lower center", ncols=columns, fontsize=8)
        for text, name in zip(legend.get_texts(), names, strict=True):
            text.set_parse_math(False)
            text.set_text(name)


@style.context("default")
def png(figure: Figure, dpi: int = 80) -> bytes:
    """The figure as PNG bytes with a palette: small, and the same picture gives the same bytes."""
    raw, small = io.BytesIO(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a name may have letters that the font has not
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
    axes.set_xlabel(panel.x_label, fontsize=9, parse_math=False)
    axes.set_ylabel(panel.y_label, fontsize=9, parse_math=False)
    side = "center" if panel.wide >= 0.7 else "right"  # not beyond the edge
    axes.set_title(panel.title, fontsize=10, loc=side, parse_math=False)
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


def _field(axes, panel, item, rows, values, k, runs):
    grid = np.asarray(rows[item.source], float)
    x, y = np.linspace(*panel.x, grid.shape[1]), np.linspace(*panel.y, grid.shape[0])
    colors = LinearSegmentedColormap.from_list("ground", FIELD)
    levels = sorted(set(contour_levels(grid, item.minimum, item.count)))  # on a plain, rounding makes some of them one
    edges = [min(grid.min(), levels[0]) - 1, *levels, max(grid.max(), levels[-1]) + 1]
    bands = [colors(i / (len(edges) - 2)) for i in range(len(edges) - 1)]
    axes.contourf(x, y, grid, levels=edges, colors=bands)
    axes.contour(x, y, grid, levels=levels, colors=CONTOUR, linewidths=0.5)


def _map(axes, panel, item, rows, values, k, runs):
    grid = np.asarray(rows[item.source], float)
    spaces = [np.geomspace if log else np.linspace for log in (panel.x_log, panel.y_log)]
    x, y = (space(*ends, n + 1) for space, ends, n in zip(spaces, (panel.x, panel.y), grid.shape[::-1], strict=True))
    colors = LinearSegmentedColormap.from_list("steps", item.colors)
    axes.set_facecolor(NEVER)
    known = np.ma.masked_where(~np.isfinite(grid), np.maximum(grid, item.low))
    cells = axes.pcolormesh(x, y, known, cmap=colors, norm=LogNorm(item.low, item.top), rasterized=True)
    diverges = np.ma.masked_where(~np.isposinf(grid), np.ones(grid.shape))
    hatched = axes.pcolor(x, y, diverges, cmap=ListedColormap(["white"]), hatch="////", edgecolor=HATCH, linewidth=0)
    hatched.set_zorder(cells.get_zorder())
    axes.figure.colorbar(cells, ax=axes, pad=0.02, aspect=30).ax.tick_params(labelsize=7)


def _picture(axes, panel, item, rows, values, k, runs):
    from matplotlib.image import imread

    axes.imshow(imread(io.BytesIO(rows[item.source])), extent=(*panel.x, *panel.y), aspect="auto", zorder=0)


def _fog(axes, panel, item, rows, values, k, runs):
    (left, right), (low, high) = panel.x, panel.y
    frame = np.array([(left, low), (right, low), (right, high), (left, high), (left, low)])
    hole = Outline.circle(values[item.control], item.radius * (right - left))
    axes.add_patch(PathPatch(Outline.make_compound_path(Outline(frame), hole), facecolor="#EDEFF2", edgecolor="none"))


def _path(axes, panel, item, rows, values, k, runs):
    row = rows[item.source]
    x, y = finite(row[: k + 1, item.x], row[: k + 1, item.y])
    style = line_style(item, runs)
    axes.plot(x, y, linewidth=0.6 * (item.width or 2.7), **style)
    if len(x) <= 60 and not item.width:
        axes.plot(x, y, ".", color=style["color"], markersize=4)
    _head(axes, panel, x, y, style["color"], "o")


def _head(axes, panel, x, y, color, inside=None):
    """The last point of a line, whole at the edge too; a pointer outwards where the line has left the panel."""
    if not len(x):
        return
    places = [_share(at, ends, log) for at, ends, log in ((x[-1], panel.x, panel.x_log), (y[-1], panel.y, panel.y_log))]
    kept = np.clip(places, 0.015, 0.985)
    style = {"color": color, "markeredgecolor": "white", "zorder": 5, "clip_on": False}
    if np.all(np.abs(np.array(places) - 0.5) <= 0.501):
        if inside:
            axes.plot(x[-1], y[-1], inside, markersize=6, **style)
        return
    angle = np.degrees(np.arctan2(*np.subtract(places, kept)[::-1]))
    axes.plot(*kept, marker=(3, 0, angle - 90), markersize=9, transform=axes.transAxes, **style)


def _share(value, ends, log):
    """Where a value lies between the ends of an axis, as a share of it."""
    with np.errstate(all="ignore"):
        low, high, at = np.log(np.maximum([*ends, value], 1e-300)) if log else (*ends, value)
    return (at - low) / (high - low)


def _curve(axes, panel, item, rows, values, k, runs):
    row = rows[item.source]
    y = row[:, item.y]
    x = np.arange(len(row), dtype=float) if item.x is None else row[:, item.x]
    x, y = finite(x, y)
    halo = [withStroke(linewidth=3.5, foreground="white", alpha=0.7)] if item.label else None
    style = line_style(item, runs)
    width, plays = 0.6 * (item.width or 2.7), not item.still and k + 1 < len(row)
    if plays:  # faint as a whole, strong up to step k, as in the browser
        axes.plot(x, y, linewidth=0.6 * width, alpha=0.3, **(style | {"label": None}))
    axes.plot(*((x[: k + 1], y[: k + 1]) if plays else (x, y)), linewidth=width, path_effects=halo, **style)
    if not item.still:
        _head(axes, panel, x[: k + 1], y[: k + 1], style["color"], "o" if plays else None)
    if item.label and len(x):
        i = round((0.5 if item.label_at is None else item.label_at) * (len(x) - 1))
        axes.annotate(
            item.label, (x[i], y[i]), fontsize=7, xytext=(4, 0), textcoords="offset points", va="center",
            path_effects=halo, annotation_clip=True, parse_math=False,
        )  # fmt: skip


def _points(axes, panel, item, rows, values, k, runs):
    data = np.atleast_2d(np.asarray(rows[item.source] if item.data is None else item.data, float))
    if item.symbol == "line":
        axes.plot(data[:, 0], data[:, 1], color=item.color, linewidth=1.5, label=item.label)
        return
    marker, size = {"star": ("*", 13), "dot": ("o", 3.5), "ring": ("o", 7)}[item.symbol]
    color = line_style(item, runs)["color"]
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
    style = line_style(item, runs)
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
    axes.plot(x, slope * x + intercept, linewidth=2, **line_style(item, runs))


def _vline(axes, panel, item, rows, values, k, runs):
    x = values[item.control] if item.control else item.x
    x = rows[item.source].ravel()[x] if item.source else x
    if not np.isfinite(x):
        return
    style = line_style(item, runs)
    color = style["color"] if item.run else item.color or ROLES["theory"][0]
    if item.row is None:
        axes.axvline(x, color=color, linewidth=1.4, linestyle=(0, tuple(item.dash)) if item.dash else "-")
    else:
        middle = _row(panel, item.row)
        axes.plot([x, x], [middle - 0.4, middle + 0.4], color=color, linewidth=2)
    if item.label:
        right, label = (item.side or "right") == "right", _labelled(item.label, x)
        y, along = (0.97, "axes fraction") if item.row is None else (_row(panel, item.row), "data")
        begin = _clear_of(_dots(panel, item, values, x), label, right)
        axes.annotate(
            label, (x, y), xycoords=("data", along), fontsize=8, color=color, xytext=(begin, 0),
            textcoords="offset points", ha="left" if right else "right", va="top" if item.row is None else "center",
            annotation_clip=True, parse_math=False,
        )  # fmt: skip


def _dots(panel, item, values, x):
    """How far the dots in the row of a label stand from its x, in points."""
    dots = [mark for mark in panel.marks if mark.kind == "dot" and mark.row == item.row is not None]
    ends = [_share(at, panel.x, panel.x_log) for at in (x, *(values[dot.control] for dot in dots))]
    return [WIDE * (end - ends[0]) for end in ends[1:]]


def _clear_of(dots, label, right):
    """How far from its x a label begins, in points: on the far side of a dot that would lie on it."""
    begin, wide = 4, 4.6 * len(label)
    for dot in dots:
        at = dot if right else -dot
        begin = at + 8 if begin - 6 < at < begin + wide + 6 else begin
    return begin if right else -begin


def _hline(axes, panel, item, rows, values, k, runs):
    y = values[item.control] if item.control else item.y
    y = rows[item.source].ravel()[y] if item.source else y
    if not np.isfinite(y):
        return
    axes.axhline(y, color=(item.color or ROLES["text"][0]), linewidth=1.4 if item.source else 0.8, linestyle=":")
    if item.label:
        right = item.side == "right"
        axes.annotate(
            _labelled(item.label, y), (0.99 if right else 0.01, y), xycoords=("axes fraction", "data"), fontsize=8,
            ha="right" if right else "left", va="top",
            color=(item.color or ROLES["text"][0]), bbox={"facecolor": "white", "alpha": 0.8, "pad": 0.5, "lw": 0},
            parse_math=False,
        )  # fmt: skip


def _dot(axes, panel, item, rows, values, k, runs):
    style = line_style(item, runs)
    y = panel.y[0] + 0.3 * (panel.y[1] - panel.y[0]) if item.row is None else _row(panel, item.row)
    axes.plot(values[item.control], y, "o", color=style["color"], markersize=7, clip_on=False)


def _row(panel, row):
    """The middle of a row of a ruler, counted from above."""
    return panel.y[1] - row - 0.5


def _bars(axes, panel, item, rows, values, k, runs):
    row = rows[item.source][min(k, len(rows[item.source]) - 1)]
    heights = np.nan_to_num(row[item.channels], nan=0, posinf=1e12, neginf=-1e12)
    base = panel.y[0] if item.base is None and panel.y_log else item.base or 0.0
    axes.bar(range(len(item.channels)), heights - base, bottom=base, color=item.colors, width=0.6)
    if item.base is not None:
        axes.axhline(base, color=ROLES["text"][0], linewidth=0.8)
    axes.set_xticks(range(len(item.channels)), item.labels)


def _histogram(axes, panel, item, rows, values, k, runs):
    shares = rows[item.source][k, item.first : item.first + item.count]
    style = line_style(item, runs)
    edges = np.linspace(*panel.x, item.count + 1)
    floor = panel.y[0]
    axes.stairs(np.maximum(shares, floor), edges, baseline=floor, fill=True, color=style["color"], alpha=0.2)
    axes.stairs(np.maximum(shares, floor), edges, baseline=floor, linewidth=1.6, **style)


HANDLE = {"markerfacecolor": "white", "markeredgecolor": "#222222", "markeredgewidth": 2, "zorder": 7}


def _handle(axes, panel, item, rows, values, k, runs):
    point = values[item.control]
    x, y = point if len(point) == 2 else (point[0], item.y)
    if item.turn:
        c, s = np.cos(np.deg2rad(values[item.turn])), np.sin(np.deg2rad(values[item.turn]))
        x, y = c * x + s * y, c * y - s * x
    axes.plot(x, y, "o", **HANDLE, markersize=9)


def _knots(axes, panel, item, rows, values, k, runs):
    axes.plot(item.x, values[item.control], "o", **HANDLE, markersize=6)


DRAW = {
    "field": _field,
    "map": _map,
    "picture": _picture,
    "solid": draw_solid,
    "fog": _fog,
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
    "knots": _knots,
}


def _labelled(text, place):
    """A label whose "{x}" or "{y}" is replaced by the number."""
    return text.replace("{x}", f"{place:.3g}").replace("{y}", f"{place:.3g}")
