"""The map: two hyperparameters as a plane, coloured by how many steps a descent takes to settle there."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

import numpy as np

from ..checks import check_choice, check_whole, short
from ..descent import TARGET, TOLERANCE, descend
from ..optimizers.base import check_optimizer
from ..palette import role, role_style
from ..stage.marks import Curve, Handle, Map, Mark, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .inputs import plane, runners, start_on
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import field_source, floor_of, numbers, rows_of, shapes, slider_knobs, surface_at
from .switch import Switch
from .travel import (
    EVERY,
    TRIED,
    Walk,
    cell_recipe,
    formula_recipe,
    lowest,
    map_recipe,
    nearest,
    settling,
    theta_and_excess,
    walk_recipe,
)

__all__ = ["map_lab"]

COLUMNS, ROWS = 67, 100  # 20 values of η a decade; steps of 0.01 in γ
LONGEST = 1000  # steps: a map of descents of that length takes a second, and 100 MB
THEORY = (  # channel, label, where on the line, dashes
    (1, "limit", 0.9, ()),
    (2, "monotone along λmax", 0.55, (6, 2)),
    (3, "monotone along λmin", 0.2, (1.5, 1.5)),
)


def map_lab(
    surface, optimizer, x: str = "lr", y: str | None = None, steps: int = 200, start=None, tolerance: float = TOLERANCE
) -> Lab | Switch:
    """Steps until it settles, for every pair of two hyperparameters; a dot to drag, and its descent beside it.

    Grey: not settled within `steps`. Hatched: it ends higher than it began. On a quadratic the limit, the borders of
    monotone motion and the best pair that theory knows lie over it. Two cells are marked: the best of the map, and
    the best of those whose y is the usual one, the optimizer's default.

    Parameters
    ----------
    surface : a `Surface`, or a problem, of two parameters
    optimizer : one with at least two hyperparameters; or several, between which a switch chooses
    x, y : the names of two of them, such as "lr" and "gamma"; `y` is the first after `x` if None
    steps : how long each descent is, from 1 to 1000
    start : θ₀, the surface's customary start if None
    tolerance : settled means that L − min L stays at or below it
    """
    surface = plane("map_lab", surface)
    if not np.iterable(optimizer):
        return one_map(surface, optimizer, x, y, steps, start, tolerance)
    family, names = runners("map_lab", optimizer)
    maps = {n: partial(one_map, surface, o, x, y, steps, start, tolerance) for n, o in zip(names, family, strict=True)}
    return Switch(maps, "method")


def one_map(surface, optimizer, x, y, steps, start, tolerance) -> Lab:
    """The map of one optimizer."""
    check_optimizer(optimizer)
    check_whole("the steps of a map", steps, 1, LONGEST)
    atlas = Atlas(surface, optimizer, x, y, steps, TARGET.check_one(tolerance))
    start = start_on(surface, start)
    runs = [
        Run(cell, cell, *role_style(cell), loss=(f"run{i}", 2), minimum=floor_of(surface), tolerance=atlas.tolerance)
        for i, cell in enumerate(atlas.cells)
    ]
    controls = [Control(n, k, surface.params[n], "surface") for n, k in surface.knobs.items()]
    controls += [Control(n, k, getattr(optimizer, n), optimizer.name) for n, k in atlas.others.items()]
    needs = ("start", *(control.name for control in controls))
    walked = [("dot", *needs), needs, needs]  # only the first depends on where the dot is
    paths = [atlas.path_source(i, walked[i]) for i in range(len(runs))]
    cells = [atlas.cell_source(i, walked[i]) for i in range(len(runs))]
    first = float(surface.value(np.asarray(start)))
    panels = [
        atlas.panel(runs),
        surface_panel(surface, paths, runs),
        loss_panel(surface, paths, runs, steps, first, atlas.tolerance),
    ]
    sources = [atlas.map_source(needs), *cells, *paths, field_source(surface)]
    if atlas.known:
        sources += [atlas.known_source("theory", atlas.theory), atlas.known_source("optimum", atlas.optimum)]
    symbols = [optimizer.knobs[n].symbol for n in (atlas.x, atlas.y)]
    readouts = [
        Readout(f"{cell}: {symbol}", f"cell{i}", channel)
        for i, cell in enumerate(atlas.cells)
        for channel, symbol in enumerate(symbols)
    ]
    points = {"start": start, "dot": (getattr(optimizer, atlas.x), getattr(optimizer, atlas.y))}
    title = f"map of {symbols[0]} and {symbols[1]} for {optimizer.name} on {surface!r}, {steps} steps"
    return Lab(Scene(panels, runs, steps, readouts), sources, controls, points, atlas.summary, title)


class Axis:
    """A hyperparameter along an edge of the map: its values at the middles of the cells, and the ends of the panel."""

    def __init__(self, knob, count):
        self.knob, self.log = knob, knob.log
        space = np.geomspace if knob.log else np.linspace
        self.values = space(knob.low, knob.high, count)
        first, second = self.scaled(self.values[:2])
        ends = self.scaled(np.array([knob.low, knob.high])) + np.array([-0.5, 0.5]) * (second - first)
        self.ends = tuple(float(end) for end in (10.0**ends if knob.log else ends))

    def scaled(self, value):
        return np.log10(value) if self.log else np.asarray(value, float)

    def nearest(self, value) -> int:
        """The cell in which a value lies, or the first or last one."""
        return nearest(self.values, self.log, np.clip(value, *self.ends))


class Atlas:
    """The cells of a map, and the descents that belong to them."""

    cells = ("the dot", "best cell", "the usual value")

    def __init__(self, surface, optimizer, x, y, steps, tolerance):
        knobs = slider_knobs(optimizer)
        if len(knobs) < 2:
            raise ValueError(f"map_lab needs an optimizer with two hyperparameters to move, got {optimizer!r}")
        self.x = check_choice("x", x, knobs)
        self.y = check_choice("y", next(n for n in knobs if n != x) if y is None else y, [n for n in knobs if n != x])
        self.others = {n: k for n, k in knobs.items() if n not in (self.x, self.y)}
        self.surface, self.optimizer, self.steps, self.tolerance = surface, optimizer, steps, tolerance
        self.across, self.up = Axis(knobs[self.x], COLUMNS), Axis(knobs[self.y], ROWS)
        self.usual = self.up.nearest(next(field.default for field in fields(optimizer) if field.name == self.y))
        known = set(optimizer.best(1.0, 4.0)) == {self.x, self.y}
        self.known = bool(surface.eigenvalues) and self.x == "lr" and known
        self.kept: dict[str, np.ndarray] = {}  # the last maps, by what they were computed for

    # What is computed

    def setting(self, values, x, y):
        """The optimizer with these two hyperparameters, and the others as their sliders stand."""
        return self.optimizer.replace(**{self.x: x, self.y: y}, **{n: values[n] for n in self.others})

    def steps_of(self, values, every=1):
        """The steps until each cell settles, shape (ROWS, COLUMNS); NaN: it does not; infinity: it diverges.

        With ``every=n`` only every n-th cell across, and up.
        """
        key = repr([every, *(values[n] for n in ("start", *self.surface.knobs, *self.others))])
        if key not in self.kept:
            self.kept = dict([*self.kept.items()][-2:]) | {key: self.computed(values, every)}
        return self.kept[key]

    def computed(self, values, every=1):
        x, y = np.meshgrid(self.across.values[::every], self.up.values[::every])
        start = np.broadcast_to(np.asarray(values["start"], float), (*x.shape, 2))
        setting = self.setting(values, x[..., None], y[..., None])
        walk = descend(surface_at(self.surface, values), setting, start, self.steps)
        settled = np.asarray(walk.settled_at(self.tolerance), float)
        grown = ~(walk.loss[-1] <= walk.loss[0])
        return np.where(np.isnan(settled) & grown, np.inf, settled)

    def cell(self, name, values, every=1):
        """A cell of the map: its x and its y."""
        if name == "the dot":
            x, y = values["dot"]
            return np.array([self.across.values[self.across.nearest(x)], self.up.values[self.up.nearest(y)]])
        row = None if name == "best cell" else self.usual // every
        column, row = lowest(self.steps_of(values, every), row)
        return np.array([self.across.values[::every][column], self.up.values[::every][row]])

    def steps_at(self, name, values):
        """The steps until a cell of the map settles."""
        x, y = self.cell(name, values)
        return self.steps_of(values)[self.up.nearest(y), self.across.nearest(x)]

    def path(self, name, values, every=1, steps=None):
        """The descent of a cell: θ, and L − min L."""
        setting = self.setting(values, *self.cell(name, values, every))
        walk = descend(surface_at(self.surface, values), setting, values["start"], steps or self.steps)
        return rows_of(*walk.theta.T, walk.loss - floor_of(self.surface))

    # Sources

    def begin(self, values) -> Walk:
        setting = self.setting(values, values[self.x], values[self.y])
        return Walk(surface_at(self.surface, values), setting, values["start"])

    def map_source(self, needs) -> Source:
        plane = {self.x: self.across.values, self.y: self.up.values}
        tale = settling(self.surface.minimum, self.tolerance, self.steps)
        recipe = map_recipe(self.begin, shapes(needs), self.steps, plane, **tale)
        return Source("map", needs, self.steps_of, (), recipe=recipe, few=partial(self.steps_of, every=EVERY))

    def cell_source(self, i, needs) -> Source:
        which = [{"at": "dot"}, {"of": "map"}, {"of": "map", "row": self.usual}][i]
        recipe = cell_recipe(self.across.values, self.up.values, (self.across.log, self.up.log), **which)

        def compute(values, every=1):
            return self.cell(self.cells[i], values, every)[None]

        return Source(f"cell{i}", needs, compute, (), recipe=recipe, few=partial(compute, every=EVERY))

    def path_source(self, i, needs) -> Source:
        controls = shapes(name for name in needs if name != "dot")
        takes = [(self.x, f"cell{i}", 0), (self.y, f"cell{i}", 1)]
        recipe = walk_recipe(self.begin, controls, self.steps, theta_and_excess(floor_of(self.surface)), takes=takes)
        compute = partial(self.path, self.cells[i])
        return Source(f"run{i}", needs, compute, (), recipe=recipe, few=partial(compute, every=EVERY, steps=TRIED))

    def known_source(self, name, compute) -> Source:
        known = tuple(self.surface.knobs)
        return Source(name, known, compute, recipe=formula_recipe(compute, shapes(known)))

    # What theory says

    def theory(self, values):
        """For each y: the limit of x, and where the motion along λmax and λmin is no longer monotone."""
        low, *_, high = surface_at(self.surface, values).eigenvalues
        y = np.linspace(self.up.knob.low, self.up.knob.high, 100)
        at = self.optimizer.replace(**{self.y: y})
        low, high, *others = (numbers(v)[..., None] for v in (low, high, *(values[n] for n in self.surface.knobs)))
        lines = np.broadcast_arrays(y, at.limit(high), at.critical(high), at.critical(low), *others)[:4]
        return np.stack(lines, axis=-1)

    def optimum(self, values):
        """The x and y with the best rate that theory knows."""
        best = self.optimizer.best(*surface_at(self.surface, values).eigenvalues)
        point = np.broadcast_arrays(best[self.x], best[self.y], *(values[n] for n in self.surface.knobs))[:2]
        return np.stack(point, axis=-1)[..., None, :]

    # What is shown

    def panel(self, runs) -> Panel:
        x, y = self.across.knob, self.up.knob
        marks: list[Mark] = [Map(source="map", low=max(1, self.steps // 40), top=self.steps)]
        if self.known:
            for channel, label, where, dash in THEORY:
                line = Curve(
                    source="theory", x=channel, y=0, still=True, dash=dash, label=label, label_at=where, **role("ink")
                )
                marks.append(line)
            marks.append(Points(source="optimum", symbol="star", label="theory's optimum", **role("ink")))
        marks += [Points(source=f"cell{i}", run=run.id, symbol="ring") for i, run in enumerate(runs) if i]
        marks.append(Handle(control="dot", label=f"the pair ({x.symbol}, {y.symbol})", hint="drag me over the map"))
        return Panel(
            self.across.ends,
            self.up.ends,
            x_label=f"{x.meaning} {x.symbol}",
            y_label=f"{y.meaning} {y.symbol}",
            title="steps until settled",
            alt=f"map of the steps until {self.optimizer.name} settles, over {x.symbol} and {y.symbol}",
            x_log=self.across.log,
            y_log=self.up.log,
            marks=marks,
        )

    def summary(self, values):
        x, y = self.across.knob.symbol, self.up.knob.symbol
        steps = self.steps_of(values)
        for name in self.cells:
            (at_x, at_y), took = self.cell(name, values), self.steps_at(name, values)
            how = (
                f"settles after {took:.0f} steps"
                if np.isfinite(took)
                else "diverges"
                if took > 0
                else "does not settle"
            )
            alike = int(np.sum(steps == took))
            ties = f", the first of {alike} such cells" if name == "best cell" and alike > 1 else ""
            yield f"{name:15} {x}={short(at_x)}  {y}={short(at_y)}  {how}{ties}"
        yield f"{np.mean(np.isfinite(steps)):.0%} of the cells settle, {np.mean(np.isposinf(steps)):.0%} diverge"
