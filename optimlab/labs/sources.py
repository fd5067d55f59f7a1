"""What labs compute: paths, fields and losses as the sliders stand, one row or a whole sweep."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..descent import descend
from ..knobs import Knob
from ..optimizers import GradientDescent
from ..stage.widget import Source
from ..surfaces import field_grid
from ..tape import as_symbolic
from .travel import HUGE, Walk, field_recipe, formula_recipe, theta_and_excess, walk_recipe

SMALLEST_ERROR = 1e-3  # where a logarithmic axis shows 0
EXCESS, COST = 2, 3  # the channels of a `batch_source` after θ


def slider_knobs(optimizer):
    """The knobs that get a slider: not ε, and no learning rate that is a schedule."""
    return {n: k for n, k in optimizer.knobs.items() if k.slider and not callable(getattr(optimizer, n))}


def with_values(optimizer, run_id, values, axes=0, knobs=None):
    """The optimizer as its sliders stand, those of `knobs`. Arrays of values get `axes` trailing axes, for θ."""
    names = slider_knobs(optimizer) if knobs is None else knobs
    return optimizer.replace(**{name: trailing(values[f"{run_id} {name}"], axes) for name in names})


def trailing(value, axes=0):
    """A number as it is; an array of shape (n,) with `axes` trailing axes, to broadcast against θ of n descents."""
    if (symbolic := as_symbolic(value)) is not None:
        return symbolic
    value = np.asarray(value, float)
    return value.reshape(value.shape + (1,) * axes) if value.ndim else float(value)


def numbers(value):
    """What a control shows, as an array; what is being recorded as it is."""
    symbolic = as_symbolic(value)
    return np.asarray(value, float) if symbolic is None else symbolic


def shapes(needs, dim=2) -> dict:
    """The shapes of controls, as recipes want them: points have as many numbers as θ."""
    return {name: (dim,) if name == "start" else () for name in needs}


def surface_at(surface, values):
    """The surface as its sliders stand."""
    return surface.replace(**{name: values[name] for name in surface.knobs}) if surface.knobs else surface


def floor_of(surface) -> float:
    """What the loss is measured from: its minimum, or the lowest place in view where there is none."""
    if surface.minimum != -np.inf:
        return float(surface.minimum)
    if surface.dim == 1:
        low, high = surface.view[0]
        heights = surface.value(np.linspace(low, high, 161)[:, None])
    else:
        heights = field_grid(surface, surface.view)
    return float(ground(heights).min())


def ground(heights):
    """Heights that can be drawn: what is not finite, or huge, is as high as the highest that is."""
    drawn = np.abs(heights) < HUGE
    if not drawn.any():
        raise ValueError(f"there is nothing to draw: no height in the view is a number below {HUGE:g}")
    return heights if drawn.all() else np.where(drawn, heights, heights[drawn].max())


def has_holes(surface) -> bool:
    """Whether heights in the view are not finite, or too large to be drawn."""
    return surface.dim == 2 and not bool((np.abs(field_grid(surface, surface.view, 31, 23)) < HUGE).all())


def path_source(name, surface, optimizer, run_id, steps, knobs=None, start=None) -> Source:
    """The path of an optimizer as its sliders and the start stand: columns θ, then L − min L.

    Sliders are there for some of its `knobs`, if not for all; a `start` that is given is not to be dragged.
    """
    knobs = slider_knobs(optimizer) if knobs is None else knobs
    mine = [f"{run_id} {knob}" for knob in knobs]
    floor = floor_of(surface)

    def begins(values):
        return values["start"] if start is None else start

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in [*mine, *surface.knobs]))
        starts = np.broadcast_to(np.asarray(begins(values), float), (*many, surface.dim))
        setting = with_values(optimizer, run_id, values, axes=1, knobs=knobs)
        return rows_of_walk(descend(surface_at(surface, values), setting, starts, steps), floor)

    def begin(values):
        return Walk(surface_at(surface, values), with_values(optimizer, run_id, values, knobs=knobs), begins(values))

    needs = (*(["start"] if start is None else []), *mine, *surface.knobs)
    recipe = walk_recipe(begin, shapes(needs, surface.dim), steps, theta_and_excess(floor))
    return Source(name, needs, compute, recipe=recipe)


def size_knob(problem) -> Knob:
    """The batch size, over the powers of two."""
    largest = int(np.log2(problem.size))
    return Knob("B", "batch size", 1, 2**largest, log=True, allowed=f"[1, {problem.size}]", count=largest + 1)


def batch_source(name, draw, batch_of, needs, steps) -> Source:
    """θ, L − min L and the cost so far, in single-example gradients; ``draw(B)`` gives the batches."""

    def walk(values, batch_size):
        batch = draw(round(float(batch_size)))
        lr = np.asarray(values["lr"], float)
        start = np.broadcast_to(np.asarray(values["start"], float), (*lr.shape, 2))
        trajectory = descend(batch, GradientDescent(lr[..., None] if lr.ndim else float(lr)), start, steps)
        cost = np.broadcast_to(batch.cost(steps).reshape(-1, *[1] * lr.ndim), trajectory.loss.shape)
        excess = trajectory.loss - trajectory.minimum
        return np.moveaxis(np.concatenate([trajectory.theta, np.stack([excess, cost], axis=-1)], axis=-1), 0, -2)

    def compute(values):
        size = batch_of(values)
        return walk(values, size) if np.ndim(size) == 0 else np.stack([walk(values, one) for one in size])

    return Source(name, needs, compute)


def field_source(surface) -> Source:
    """The surface's heights over its view; the stage's cubic interpolation draws a quadratic exactly from few."""
    few = {"width": 9, "height": 7} if surface.eigenvalues else {}

    def heights(values, **size):
        return ground(field_grid(surface, surface.view, **size, **{name: values[name] for name in surface.knobs}))

    size = few or {"width": 121, "height": 91}
    recipe = field_recipe(partial(surface_at, surface), shapes(surface.knobs), surface.view, **size)
    return Source("field", tuple(surface.knobs), partial(heights, **few), still=heights, recipe=recipe)


def theory_source(surface, optimizers, run_ids) -> Source:
    """What theory says of each optimizer on this quadratic, as its sliders stand: its best η and its limit, in turn.

    NaN where theory is silent. The best η is told only where it does not depend on another hyperparameter.
    """
    known = [(run, o) for run, o in zip(run_ids, optimizers, strict=True) if o.limit(1.0) is not None]
    told = (*surface.knobs, *(f"{run} {name}" for run, o in known for name in slider_knobs(o) if name != "lr"))

    def compute(values):
        curvatures = surface_at(surface, values).eigenvalues
        low, high = curvatures[0], curvatures[-1]
        columns = []
        for run, optimizer in zip(run_ids, optimizers, strict=True):
            setting = with_values(optimizer, run, values)
            best, limit = setting.best(low, high), setting.limit(high)
            columns += [best["lr"] if list(best) == ["lr"] else np.nan, np.nan if limit is None else limit]
        wide = np.broadcast_arrays(*columns, *(values[name] for name in told))[: len(columns)]
        return np.stack(wide, axis=-1)[..., None, :]

    rates = [f"{run} {name}" for run, o in zip(run_ids, optimizers, strict=True) for name in slider_knobs(o)]
    return Source("theory", told, compute, recipe=formula_recipe(compute, shapes([*told, *rates])))


def rows_of(*columns):
    """Columns of shape (T+1, ...) as the rows of a source: shape (..., T+1, columns)."""
    return np.moveaxis(np.stack(columns, axis=-1), 0, -2)


def rows_of_walk(trajectory, floor):
    """θ, then L − min L, as the rows of a source: shape (..., T+1, d+1)."""
    return rows_of(*np.moveaxis(trajectory.theta, -1, 0), trajectory.loss - floor)


def training_rows(history):
    """Training loss and test error of each epoch so far, shape (epochs + 1, 2)."""
    with np.errstate(all="ignore"):
        error = 1 - np.asarray(history.test_accuracy)
    return np.column_stack([np.maximum(history.loss, 1e-12), np.maximum(error, SMALLEST_ERROR)])
