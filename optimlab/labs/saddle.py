"""Leaving a saddle: how long it takes, by how far from the ridge you start, and what a little noise does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..checks import check_whole
from ..descent import descend
from ..knobs import Knob
from ..noise import Noisy
from ..optimizers import Adam, GradientDescent, Momentum
from ..palette import role, role_style, style_of
from ..stage.marks import Curve, HLine, VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..surfaces import saddle
from .inputs import runners
from .lab import Control, Lab
from .panels import surface_panels
from .sources import field_source, rows_of, shapes, slider_knobs, with_values
from .travel import EVERY, Walk, map_recipe, walk_recipe

__all__ = ["saddle_lab"]

DISTANCE = Knob("y₀", "distance from the ridge", 1e-12, 1.0, log=True, allowed="(0, ∞)", count=37)
SIGMA = Knob("σ", "noise", 1e-12, 0.1, log=True, allowed="(0, ∞)", count=34)
GONE = 0.5  # |y| beyond which the saddle is left
AWAY, LOSS = 2, 3


def saddle_lab(optimizers=None, distance: float = 1e-6, sigma: float = 1e-6, steps: int = 200) -> Lab:
    """Runs beside the ridge of a saddle, one exactly on it, and one on it with noise on its gradients.

    Parameters
    ----------
    optimizers : one `Optimizer`, or several; gradient descent, momentum and Adam if None
    distance : y₀ > 0, how far from the ridge they start
    sigma : σ > 0, the noise of the run that starts on the ridge
    steps : how long they run
    """
    surface = saddle()
    family = [GradientDescent(0.1), Momentum(0.1, 0.9), Adam(0.1)] if optimizers is None else optimizers
    family, names = runners("the saddle lab", family)
    check_whole("steps", steps, 1)
    styles = style_of([optimizer.name for optimizer in family])
    first = family[0]
    beside = [
        Run(name, name, *style, loss=(f"run{i}", LOSS), minimum=surface.minimum)
        for i, (name, style) in enumerate(zip(names, styles, strict=True))
    ]
    calm, shaken = (
        Run(name, name, *role_style(style), loss=(source, LOSS), minimum=surface.minimum)
        for name, source, style in (
            (f"{names[0]} on the ridge", "calm", "on the ridge"),
            ("on the ridge, with noise", "shaken", "on the ridge, with noise"),
        )
    )
    runs = [*beside, calm, shaken]
    distance, sigma = DISTANCE.check_one(distance), SIGMA.check_one(sigma)
    controls = [Control("distance", DISTANCE, distance, "all"), Control("sigma", SIGMA, sigma, "all")]
    for run, optimizer in zip(beside, family, strict=True):
        for name, knob in slider_knobs(optimizer).items():
            knob = replace(knob, count=41 if knob.log else 34)
            controls.append(Control(f"{run.id} {name}", knob, getattr(optimizer, name), run.id))
    paths = [path_beside(f"run{i}", surface, o, beside[i].id, steps) for i, o in enumerate(family)]
    times = [escape_source(f"escape{i}", surface, o, beside[i].id, steps) for i, o in enumerate(family)]
    paths += [
        path_on_ridge("calm", surface, first, names[0], steps),
        path_on_ridge("shaken", surface, first, names[0], steps, True),
    ]
    panels = [
        *map(plain, surface_panels(surface, paths, runs, title="the saddle: a ridge along y = 0")),
        away_panel(paths, runs, steps),
        escape_panel(times, beside, steps),
    ]

    def summary(values):
        for source, run in zip(paths, runs, strict=True):
            time = escape_time(source.compute(values)[..., AWAY])
            yield f"{run.label:28}  {'stays' if np.isnan(time) else f'has left after {time:.0f} steps'}"

    title = f"saddle from y₀={distance:g}, noise σ={sigma:g}, {steps} steps"
    return Lab(Scene(panels, runs, steps), [*paths, *times, field_source(surface)], controls, None, summary, title)


def away_panel(paths, runs, steps) -> Panel:
    """The distance from the ridge against the step: a straight line, as long as it grows by one factor a step."""
    marks = [Curve(source=s.name, run=run.id, y=AWAY) for s, run in zip(paths, runs, strict=True)]
    return Panel(
        (0, steps),
        (1e-13, 10.0),
        x_label="step k",
        y_label="|y|: distance from the ridge",
        title="distance from the ridge",
        alt="distance from the ridge against step, logarithmic",
        y_log=True,
        marks=[*marks, HLine(y=GONE, label="gone", side="right")],
    )


def escape_panel(times, runs, steps) -> Panel:
    """Escape times against the distance at the start: a straight line over a logarithmic axis."""
    marks = [Curve(source=s.name, run=r.id, x=0, y=1, still=True) for s, r in zip(times, runs, strict=True)]
    return Panel(
        (DISTANCE.low, DISTANCE.high),
        (0, steps),
        x_label="distance y₀ at the start",
        y_label="steps until it has left",
        title="escape time",
        alt="steps until the saddle is left, against the distance at the start, logarithmic",
        x_log=True,
        marks=[*marks, VLine(control="distance", label="y₀", dash=(2, 2), **role("theory"))],
    )


def escape_time(away):
    """The first step with |y| > 0.5, NaN if there is none; steps along the last axis."""
    gone = away > GONE
    return np.where(gone.any(axis=-1), gone.argmax(axis=-1), np.nan)


def plain(panel) -> Panel:
    """The surface without a start to drag: here the sliders set it."""
    return panel.without("handle")


def columns(walk, surface):
    """x, y, |y| and L − min L of each step: shape (..., T+1, 4)."""
    x, y = walk.theta[..., 0], walk.theta[..., 1]
    return rows_of(x, y, np.abs(y), walk.loss - surface.minimum)


def row(walk, taken):
    """The same of one step."""
    return [taken.theta, np.abs(taken.theta[1]), walk.loss.value(taken.theta) - walk.loss.minimum]


def starts(surface, y0, many):
    """θ₀ at the distances y₀ from the ridge, shape (*many, 2)."""
    return np.stack(np.broadcast_arrays(surface.start[0], np.broadcast_to(y0, many)), axis=-1)


def path_beside(name, surface, optimizer, run_id, steps) -> Source:
    needs = ("distance", *(f"{run_id} {knob}" for knob in slider_knobs(optimizer)))

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs))
        setting = with_values(optimizer, run_id, values, axes=1)
        return columns(descend(surface, setting, starts(surface, values["distance"], many), steps), surface)

    def begin(values):
        return Walk(surface, with_values(optimizer, run_id, values), (surface.start[0], values["distance"]))

    return Source(name, needs, compute, recipe=walk_recipe(begin, shapes(needs), steps, row))


def path_on_ridge(name, surface, optimizer, run_id, steps, noise=False) -> Source:
    needs = (*(f"{run_id} {knob}" for knob in slider_knobs(optimizer)), *(["sigma"] if noise else []))

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs))
        setting = with_values(optimizer, run_id, values, axes=1)
        loss = Noisy(surface, np.asarray(values["sigma"], float)) if noise else surface
        return columns(descend(loss, setting, starts(surface, 0.0, many), steps), surface)

    def begin(values):
        loss = Noisy(surface, values["sigma"]) if noise else surface
        return Walk(loss, with_values(optimizer, run_id, values), (surface.start[0], 0.0))

    return Source(name, needs, compute, recipe=walk_recipe(begin, shapes(needs), steps, row))


def escape_source(name, surface, optimizer, run_id, steps) -> Source:
    """Escape times from all distances of the slider, the largest first: shape (..., distances, 2)."""
    needs = tuple(f"{run_id} {knob}" for knob in slider_knobs(optimizer))
    distances = DISTANCE.grid[::-1]

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs))
        setting = with_values(optimizer, run_id, values, axes=2)
        walk = descend(surface, setting, starts(surface, distances, (*many, len(distances))), steps)
        times = escape_time(np.abs(np.moveaxis(walk.theta[..., 1], 0, -1)))
        return np.stack([np.broadcast_to(distances, times.shape), times], axis=-1)

    def begin(values):
        return Walk(surface, with_values(optimizer, run_id, values), (surface.start[0], values["distance"]))

    recipe = map_recipe(begin, shapes(needs), steps, {"distance": distances}, {"time": np.nan}, tell_escape)
    return Source(name, needs, compute, recipe=recipe, few=lambda values: compute(values)[::EVERY])


def tell_escape(walk, taken, memory):
    """Where a walk began and when it has left, NaN if it has not yet."""
    leaves = np.isnan(memory["time"]) & (np.abs(taken.theta[1]) > GONE)
    time = np.where(leaves, taken.k, memory["time"])
    return {"time": time}, [walk.start[1], time]
