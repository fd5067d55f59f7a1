"""A surface in 3-D in the static twin: a block with the heights on top, seen as the stage sees it at first.

The geometry is that of `solid.js`: u and v go from −1 to 1 along the axes of the panel, w from 0 at the lowest place to
1 at the highest. What the surface hides is drawn faintly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.ticker import MaxNLocator

from .marks import Solid
from .pens import CONTOUR, FIELD, contour_levels, finite, line_style
from .scene import Panel

__all__ = ["ELEVATION", "TURN", "Block", "draw_solid", "project", "rise"]

TURN, ELEVATION = np.radians(30.0), np.radians(44.0)  # from where the stage looks at first
SIDE, TALL, FLOOR = 81, 0.9, -0.07
LOW, STEPS, LIFT, STRIDE = 0.7, 160, 0.006, 0.03
WALL = "#C4CEDB"
HIDDEN = 0.4
Array = np.ndarray


def project(u: Any, v: Any, w: Any, turn: float = TURN, elevation: float = ELEVATION) -> Array:
    """(across, up, away) of points of the box, in the last axis."""
    across, away, up = u * np.cos(turn) + v * np.sin(turn), v * np.cos(turn) - u * np.sin(turn), (w - 0.5) * TALL
    lift, back = np.cos(elevation), np.sin(elevation)
    return np.stack(np.broadcast_arrays(across, up * lift + away * back, away * lift - up * back), axis=-1)


def rise(height: Any, top: float, log: float | None) -> Any:
    """A height above the lowest place as a share of the highest one, or of its logarithm, which is drawn lower."""
    height = np.clip(np.asarray(height, float), 0.0, top)
    return height / top if log is None else LOW * np.log1p(height / log) / np.log1p(top / log)


@dataclass(frozen=True)
class Block:
    """The mesh of a surface: w at SIDE × SIDE points, v growing with the first axis; and what it is a share of."""

    heights: Array
    top: float

    def over(self, u: Any, v: Any) -> Array:
        """w over points of the box; beyond the edge, that of the edge."""
        c, r = ((np.clip(np.asarray(at, float), -1, 1) + 1) / 2 * (SIDE - 1) for at in (u, v))
        i, j = (np.minimum(at.astype(int), SIDE - 2) for at in (c, r))
        s, t, h = c - i, r - j, self.heights
        below, above = (h[row, i] + s * (h[row, i + 1] - h[row, i]) for row in (j, j + 1))
        return below + t * (above - below)

    def places(self, u: Any, v: Any) -> Array:
        """Where points on the surface are seen."""
        return project(np.asarray(u), np.asarray(v), self.over(u, v))[..., :2]

    def hides(self, u: Any, v: Any) -> Array:
        """Whether the surface stands between its points (u, v) and the eye."""
        low = self.over(u, v) + LIFT
        hidden, seen = np.zeros(np.shape(low), bool), np.zeros(np.shape(low), bool)
        for i in range(1, STEPS):
            up = i / STEPS
            gone = up * TALL / np.tan(ELEVATION)
            a, b, w = u + gone * np.sin(TURN), v - gone * np.cos(TURN), low + up
            seen |= (w >= 1) | (np.abs(a) > 1) | (np.abs(b) > 1)
            hidden |= ~seen & (self.over(a, b) > w)
        return hidden


def block_of(grid: Array, item: Solid) -> Block:
    """The mesh of a field."""
    rows, columns = (np.linspace(0, n - 1, SIDE) for n in grid.shape)
    wide = np.array([np.interp(columns, np.arange(grid.shape[1]), row) for row in grid])
    fine = np.array([np.interp(rows, np.arange(grid.shape[0]), column) for column in wide.T]).T - item.minimum
    top = max(float(fine.max()), 1e-12)
    return Block(rise(fine, top, item.log), top)


def draw_solid(axes: Any, panel: Panel, item: Solid, rows: dict, values: dict, k: int, runs: dict) -> None:
    """A surface, and the panel's other marks, which lie on it."""
    grid = np.asarray(rows[item.source], float)
    block = block_of(grid, item)
    _surface(axes, block, item, contour_levels(grid, item.minimum, item.count))
    _walls(axes, block)
    _frame(axes, panel, item, block)
    for mark in panel.marks:
        if mark is not item:
            DRAPED[mark.kind](axes, _unit(panel), block, mark, rows, values, k, runs)
    axes.set(xlim=(-1.75, 1.6), ylim=(-1.62, 1.32), aspect="equal")


def _surface(axes, block, item, levels):
    at = np.linspace(-1, 1, SIDE)
    u, v = np.meshgrid(at, at)
    places = project(u, v, block.heights)
    corners = [places[r : SIDE - 1 + r, c : SIDE - 1 + c] for r, c in ((0, 0), (0, 1), (1, 1), (1, 0))]
    cells = np.stack(corners, axis=-2).reshape(-1, 4, 3)
    edges = rise(np.asarray(levels) - item.minimum, block.top, item.log)
    middle = (block.heights[:-1, :-1] + block.heights[1:, 1:]) / 2
    bands = np.searchsorted(edges, middle.ravel()) / len(edges)
    colors = LinearSegmentedColormap.from_list("ground", FIELD)(bands)
    colors[:, :3] = np.clip(colors[:, :3] * (0.72 + 0.32 * _light(block)[:-1, :-1].reshape(-1, 1)), 0, 1)
    far = np.argsort(-cells[..., 2].sum(axis=-1), kind="stable")
    axes.add_collection(
        PolyCollection(
            cells[far, :, :2], facecolors=colors[far], edgecolors=colors[far], linewidths=0.4, rasterized=True
        )
    )
    mesh = [line for p in np.linspace(-1, 1, 11) for line in ((np.full(SIDE, p), at), (at, np.full(SIDE, p)))]
    _seen(axes, block, mesh, 0.3, 0.45)
    drawn = contour_generator(at, at, block.heights)
    _seen(axes, block, [line.T for level in sorted(set(edges)) for line in drawn.lines(level)], 0.6, 1.0)


def _light(block):
    """How much each point of the mesh is in the light, which comes from the left above the eye."""
    dv, du = np.gradient(block.heights * TALL, 2 / (SIDE - 1))
    across, near, up = -0.5, 0.45, 0.74
    lu, lv = across * np.cos(TURN) + near * np.sin(TURN), across * np.sin(TURN) - near * np.cos(TURN)
    return np.maximum(0, (up - du * lu - dv * lv) / np.sqrt(1 + du**2 + dv**2))


def _seen(axes, block, lines, width, alpha):
    """The parts of lines of the ground that the surface does not hide."""
    pieces = []
    for u, v in lines:
        places, hidden = block.places(u, v), block.hides(u, v)
        cuts = np.flatnonzero(np.diff(hidden)) + 1
        pieces += [part for part, off in zip(np.split(places, cuts), np.split(hidden, cuts), strict=True) if not off[0]]
    axes.add_collection(LineCollection(pieces, colors=CONTOUR, linewidths=width, alpha=alpha))


def _walls(axes, block):
    """The two sides of the block that face the eye."""
    at = np.linspace(-1, 1, SIDE)
    for u, v, facing in ((at, np.full(SIDE, -1.0), np.cos(TURN)), (np.full(SIDE, 1.0), at, np.sin(TURN))):
        foot = project(u[[-1, 0]], v[[-1, 0]], FLOOR)[:, :2]
        outline = np.concatenate([block.places(u, v), foot])
        face = np.array(to_rgb(WALL)) * (0.86 + 0.14 * facing)
        axes.add_collection(PolyCollection([outline], facecolors=[face], edgecolors=CONTOUR, linewidths=0.7))


def _frame(axes, panel, item, block):
    """The axes along the two edges in front, and upwards at the left corner."""
    style = {"fontsize": 7, "color": "#5F6873", "parse_math": False, "va": "center"}
    for ends, name, along in (
        (panel.x, panel.x_label, lambda t, out: project(t, -out, FLOOR)[:2]),
        (panel.y, panel.y_label, lambda t, out: project(out, t, FLOOR)[:2]),
    ):
        way = along(0.0, 2.0) - along(0.0, 1.0)
        way = way / np.hypot(*way)
        for value in _ticks(*ends):
            place = along(2 * (value - ends[0]) / (ends[1] - ends[0]) - 1, 1.0)
            axes.plot(*np.array([place, place + 0.04 * way]).T, color="#5F6873", linewidth=0.7)
            axes.text(
                *(place + 0.1 * way), f"{value:g}".replace("-", "−"), ha="left" if way[0] > 0 else "right", **style
            )
        axes.text(*(along(0.0, 1.0) + 0.32 * way), name, ha="center", **style | {"fontsize": 9, "color": "#222222"})
    foot, head = project(-1, -1, FLOOR)[:2], project(-1, -1, rise(block.top, block.top, item.log))[:2]
    axes.plot(*np.array([foot, head]).T, color="#5F6873", linewidth=0.7)
    for value, label in _heights(block.top, item.log):
        place = project(-1, -1, rise(value, block.top, item.log))[:2]
        axes.plot(*np.array([place, place - (0.04, 0)]).T, color="#5F6873", linewidth=0.7)
        axes.text(*(place - (0.07, 0)), label, ha="right", **style)
    axes.text(-1.72, head[1] + 0.14, item.label, ha="left", **style | {"fontsize": 8, "color": "#222222"})


def _ticks(low, high):
    values = MaxNLocator(nbins=5, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [value for value in values if low - 1e-9 <= value <= high + 1e-9]


def _heights(top, log):
    """Values and labels of the axis of heights: powers of ten, if it is logarithmic."""
    if log is None:
        return [(value, f"{value:g}") for value in _ticks(0.0, top)]
    first, last = int(np.ceil(np.log10(log) - 1e-9)), int(np.floor(np.log10(top) + 1e-9))
    superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return [
        (10.0**n, f"10{str(n).translate(superscript)}") for n in range(first, last + 1, max(1, (last - first) // 4))
    ]


def _unit(panel) -> Callable[[Any, Any], tuple]:
    """Data to the unit box."""
    return lambda x, y: tuple(
        2 * (np.asarray(at, float) - low) / (high - low) - 1
        for at, (low, high) in zip((x, y), (panel.x, panel.y), strict=True)
    )


def _laid(u, v):
    """Points along the line through points of the box, close together, with NaN where it is outside."""
    lengths = np.minimum(np.hypot(np.diff(u), np.diff(v)), 4.0)
    parts = [np.linspace(0, 1, max(2, int(np.ceil(length / STRIDE)) + 1))[1:] for length in lengths]
    at = np.concatenate([[0.0], *(i + part for i, part in enumerate(parts))])
    u, v = (np.interp(at, np.arange(len(line)), line) for line in (u, v))
    outside = (np.abs(u) > 1) | (np.abs(v) > 1)
    return np.where(outside, np.nan, u), np.where(outside, np.nan, v)


def _stroke(axes, block, u, v, width, style):
    """A line on the surface: faint where it is hidden."""
    u, v = _laid(u, v)
    out = np.isnan(u)
    hidden = block.hides(np.nan_to_num(u), np.nan_to_num(v))
    places = block.places(np.nan_to_num(u), np.nan_to_num(v))
    for there, faint in ((~hidden, 1.0), (hidden, HIDDEN)):
        joined = there | np.append(there[1:], False)
        line = np.where((joined & ~out)[:, None], places, np.nan)
        look = {"linewidth": width, "zorder": 4} | style
        if faint < 1:
            look |= {"linewidth": 0.55 * width, "linestyle": (0, (1.5, 2)), "alpha": faint, "label": None}
        axes.plot(line[:, 0], line[:, 1], **look)
    return places[-1], bool(hidden[-1]), bool(out[-1])


def _path(axes, unit, block, item, rows, values, k, runs):
    row = rows[item.source]
    u, v = unit(*finite(row[: k + 1, item.x], row[: k + 1, item.y]))
    if not len(u):
        return
    style = line_style(item, runs)
    end, hidden, out = _stroke(axes, block, u, v, 0.6 * (item.width or 2.7), style)
    if not out:
        look = {"color": style["color"], "markeredgecolor": "white", "zorder": 5, "alpha": HIDDEN if hidden else 1}
        axes.plot(*end, "o", markersize=6, **look)


def _points(axes, unit, block, item, rows, values, k, runs):
    data = np.atleast_2d(np.asarray(rows[item.source] if item.data is None else item.data, float))
    marker, size = {"star": ("*", 12), "ring": ("o", 7)}.get(item.symbol, ("o", 3.5))
    color = line_style(item, runs)["color"]
    for u, v in np.transpose(unit(data[:, 0], data[:, 1])):
        if max(abs(u), abs(v)) > 1:
            continue
        look = {
            "markerfacecolor": "none" if item.symbol == "ring" else color,
            "alpha": HIDDEN if block.hides(u, v) else 1,
        }
        rim = "white" if item.symbol == "star" else color
        axes.plot(*block.places(u, v), marker, markersize=size, color=color, markeredgecolor=rim, zorder=4, **look)


def _arrow(axes, unit, block, item, rows, values, k, runs):
    row = np.atleast_2d(rows[item.source])
    row = row[min(k, len(row) - 1)]
    (x, y), (dx, dy) = row[list(item.at)], row[list(item.by)]
    if not np.isfinite([x, y, dx, dy]).all():
        return
    u, v = _laid(*unit(np.array([x, x + dx]), np.array([y, y + dy])))
    there = ~np.isnan(u)
    u, v = u[there], v[there]
    if len(u) < 2:
        return
    style = line_style(item, runs)
    _stroke(axes, block, u, v, 0.7 * (item.width or 3), style)
    tail, tip = block.places(u[[-2, -1]], v[[-2, -1]])
    look = {"arrowstyle": "-|>", "color": style["color"], "mutation_scale": 11, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", tip + 1e-3 * (tip - tail), tail, arrowprops=look, zorder=6)


def _handle(axes, unit, block, item, rows, values, k, runs):
    u, v = (float(np.clip(at, -1, 1)) for at in unit(*values[item.control]))
    look = {"markerfacecolor": "white", "markeredgecolor": "#222222", "markeredgewidth": 2, "zorder": 7}
    axes.plot(*block.places(u, v), "o", markersize=9, alpha=HIDDEN if block.hides(u, v) else 1, **look)


DRAPED = {"path": _path, "points": _points, "arrow": _arrow, "handle": _handle}
