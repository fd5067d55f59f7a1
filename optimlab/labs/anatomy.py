"""The anatomy of one step: the terms of the formula as arrows, in the formula's colours."""

from __future__ import annotations

import re
from functools import reduce
from html import escape
from itertools import islice, pairwise

import numpy as np

from ..descent import TARGET, TOLERANCE, Driver, check_steps, descend, walk
from ..optimizers import Optimizer
from ..optimizers.base import check_optimizer
from ..palette import ROLES
from ..stage.marks import Arrow, Bars, Mark, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .inputs import plane, start_on
from .lab import Control, Lab
from .panels import surface_panel
from .sources import field_source, path_source, shapes, slider_knobs, surface_at, with_values
from .travel import Taken, Walk, walk_recipe

__all__ = ["anatomy"]


# Channels of the source "parts": where the step starts, then pairs of coordinates. "enlarged" has the same arrows.
AT, SCALE, LENGTH, CHANNELS = [0, 1], [8, 9], 10, 13
BY = {"step": [2, 3], "gradient": [4, 5], "velocity": [6, 7], "decay": [11, 12]}


def anatomy(surface, optimizer, steps: int = 40, start=None, tolerance: float = TOLERANCE) -> Lab:
    """Take the steps of an optimizer apart: step through them, and see each term of the formula as an arrow.

    Where the terms add up to the step (gradient descent, momentum, Nesterov), they are drawn tip to tail, in
    proportion. Where a scale per coordinate bends the step (AdaGrad, RMSprop, Adam, …), all arrows have the
    same length, so that the directions can be compared, and bars show the scale of each coordinate.

    Parameters
    ----------
    surface : a `Surface`, or a problem, of two parameters
    optimizer : any `Optimizer`; one that does not say what its ``terms`` are shows its gradient and its step
    """
    surface = plane("anatomy", surface)
    check_steps(steps)
    start, optimizer = start_on(surface, start), check_optimizer(optimizer)
    cut = Cut(optimizer)
    name, tolerance = optimizer.name, TARGET.check_one(tolerance)
    path_run = Run(name, name, *ROLES["data"], loss=("run0", 2), minimum=surface.minimum, tolerance=tolerance)
    arrows = [
        Run("step", "the step", *ROLES["step"]),
        Run("gradient", cut.gradient, *ROLES["gradient"]),
        *(Run(term, cut.labels[term], *ROLES[term]) for term in cut.others),
    ]
    controls = [Control(n, k, surface.params[n], "surface") for n, k in surface.knobs.items()]
    controls += [Control(f"{name} {n}", k, getattr(optimizer, n), name) for n, k in slider_knobs(optimizer).items()]
    sources = [path_source("run0", surface, optimizer, name, steps)]
    on_surface = [Arrow(source="parts", run=run, at=AT, by=by) for run, by in surface_arrows(cut)]
    panels = [surface_panel(surface, sources[:1], [path_run], extra=on_surface), step_panel(cut)]
    if cut.scaled:
        panels.append(scale_panel(cut))
    sources += parts_sources(surface, optimizer, cut, sources[0].needs, steps)
    sources.append(field_source(surface))
    scene = Scene(panels, [path_run, *arrows], steps, readouts=[Readout("|step|", "parts", LENGTH)])

    def summary(values):
        setting = with_values(optimizer, name, values)
        return [descend(surface_at(surface, values), setting, values["start"], steps).summary(tolerance)]

    title = f"anatomy of {name} on {surface!r}, {steps} steps"
    twin_step = min(4, steps)
    return Lab(
        scene, sources, controls, {"start": start}, summary, title, twin_step, header=coloured(optimizer.formula)
    )


class Cut:
    """What of an optimizer's step is shown apart; the optimizer itself says its terms and what they are called."""

    def __init__(self, optimizer):
        self.labels = optimizer.labels
        self.scaled = "scale" in self.labels
        self.others = [term for term in ("velocity", "decay") if term in self.labels]
        self.adds_up = not self.scaled and "velocity" in self.others  # then they are drawn tip to tail
        self.proportional = self.adds_up or (type(optimizer).terms is not Optimizer.terms and not self.scaled)
        self.gradient = self.labels.get("gradient", "−g, the direction downhill")


def surface_arrows(cut):
    """On the surface itself: the step, and the terms it is made of."""
    if cut.adds_up:
        yield "velocity", BY["velocity"]
    yield "step", BY["step"]


def step_panel(cut) -> Panel:
    """The arrows of one step, enlarged: the longest one reaches the circle."""
    circle = [[float(np.cos(a)), float(np.sin(a))] for a in np.linspace(0, 2 * np.pi, 73)]
    marks: list[Mark] = [Points(data=circle, symbol="line", color="#B9C2CD", color_dark="#4A5360")]
    at = {"gradient": BY["velocity"]} if cut.adds_up else {}
    order = [*cut.others, "gradient"] if cut.adds_up else ["gradient", *cut.others]
    for term in order:
        marks.append(Arrow(run=term, source="enlarged", at=at.get(term, AT), by=BY[term], width=4.5))
    marks.append(Arrow(run="step", source="enlarged", at=AT, by=BY["step"], width=2))  # thin: what it covers is seen
    title = "one step; radius: longest arrow" if cut.proportional else "directions; circle: length 1"
    return Panel(
        (-1.3, 1.3),
        (-1.15, 1.15),
        equal=True,
        title=title,
        alt="the arrows of one step, enlarged",
        x_label="along x",
        y_label="along y",
        wide=0.8,
        height=0.9,
        marks=marks,
    )


def scale_panel(cut) -> Panel:
    """The factor that each coordinate's gradient is multiplied by, before η."""
    color, dark = ROLES["scale"]
    label = cut.labels["scale"]
    return Panel(
        (-0.6, 1.6),
        (1e-4, 1e4),
        title=f"scale of each coordinate, {label}",
        y_label="factor (1: as it is)",
        alt=f"the scale {label} of each coordinate",
        y_log=True,
        x_ticks=False,
        wide=0.6,
        height=1.2,
        marks=[
            Bars(
                source="parts", channels=SCALE, labels=["x", "y"], colors=[color] * 2, colors_dark=[dark] * 2, base=1.0
            )
        ],
    )


def parts_sources(surface, optimizer, cut, needs, steps) -> list[Source]:
    """The pieces of every step, shape (T, channels): in the surface's units, and enlarged."""
    name = optimizer.name

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs if n != "start"))
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, 2))
        setting = with_values(optimizer, name, values, axes=1)
        with np.errstate(all="ignore"):
            return np.moveaxis(step_by_step(surface_at(surface, values), setting, start, steps, cut), 0, -2)

    def begin(values):
        return Walk(surface_at(surface, values), with_values(optimizer, name, values), values["start"])

    def row(walk, taken):
        return [channels(walk.optimizer, taken, cut)]

    def enlarged_row(walk, taken):
        return [enlarged(*row(walk, taken), cut)]

    recipes = [walk_recipe(begin, shapes(needs), steps, one, last=False) for one in (row, enlarged_row)]
    return [
        Source("parts", needs, compute, recipe=recipes[0]),
        Source("enlarged", needs, lambda v: enlarged(compute(v), cut), recipe=recipes[1]),
    ]


def step_by_step(surface, optimizer, start, steps, cut):
    """The channels of every step, shape (T, ..., channels)."""
    rows = []
    for here, there in pairwise(islice(walk(surface, Driver(optimizer), start), steps + 1)):
        gradient = there.asked[-1][1] if there.asked else np.zeros_like(here.theta)
        taken = Taken(here.theta, here.state, here.k, surface.gradient_at(here.k), gradient, there.theta)
        rows.append(channels(optimizer, taken, cut))
    return np.array(rows) if rows else np.empty((0, *start.shape[:-1], CHANNELS))


def channels(optimizer, taken, cut):
    """The pieces of one step, shape (..., channels)."""
    at = taken.theta, taken.grad, taken.state, taken.k
    terms, step = optimizer.terms(*at), taken.there - taken.theta
    zero, one = np.zeros_like(step), np.ones_like(step)
    scale = optimizer.scale(*at) if cut.scaled else one
    pull = sum(vector for term, vector in terms.items() if term != "decay")  # what the gradients contribute
    velocity = pull / scale if cut.scaled else terms.get("velocity", zero)
    gradient = terms["gradient"] if cut.adds_up else -taken.gradient
    parts = [taken.theta, step, gradient, velocity, scale, length(step)[..., None], terms.get("decay", zero)]
    return np.concatenate([*np.broadcast_arrays(*parts[:5]), *parts[5:]], axis=-1)


def enlarged(parts, cut):
    """The arrows from the origin, in units of the longest one; or each of length 1, if only directions count."""
    vectors = [parts[..., BY[term]] for term in ("step", "gradient", "velocity", "decay")]
    with np.errstate(all="ignore"):
        longest = reduce(np.maximum, [length(v) for v in vectors[:3]])
        units = [longest if cut.proportional else length(v) for v in vectors]
        scaled = [np.where(unit[..., None] > 0, v / unit[..., None], 0) for v, unit in zip(vectors, units)]
    rest = np.zeros_like(parts[..., [*SCALE, LENGTH]])
    return np.concatenate([np.zeros_like(parts[..., AT]), *scaled[:3], rest, scaled[3]], axis=-1)


def length(vectors):
    return np.sqrt(np.sum(vectors**2, axis=-1))


def coloured(formula: str) -> str:
    """The formula with its terms in the colours of the arrows."""
    for role in ("gradient", "velocity", "scale", "decay", "step"):
        formula = re.sub(rf"\\{role}(\{{(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*\}})", color(role), formula)
    return f"$${escape(formula, quote=False)}$$"


def color(role):
    """{\\color{#…}{…}} means the same to MathJax 2 and 3."""
    return lambda match: f"{{\\color{{{ROLES[role][0]}}}{match[1]}}}"
