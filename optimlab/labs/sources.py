"""What labs compute: paths, fields and losses as the sliders stand, one row or a whole sweep."""

from __future__ import annotations

import numpy as np

from ..descent import descend
from ..stage.widget import Source
from ..surfaces import field_grid

SMALLEST_ERROR = 1e-3  # where a logarithmic axis shows 0


def slider_knobs(optimizer):
    """The knobs that get a slider: not ε, and no learning rate that is a schedule."""
    return {n: k for n, k in optimizer.knobs.items() if k.slider and not callable(getattr(optimizer, n))}


def with_values(optimizer, run_id, values, axes=0):
    """The optimizer as its sliders stand. Arrays of values get `axes` trailing axes, to broadcast against θ."""
    changes = {name: np.asarray(values[f"{run_id} {name}"], float) for name in slider_knobs(optimizer)}
    return optimizer.replace(
        **{n: v.reshape(v.shape + (1,) * axes) if v.ndim else float(v) for n, v in changes.items()}
    )


def surface_at(surface, values):
    """The surface as its sliders stand."""
    return surface.replace(**{name: values[name] for name in surface.knobs}) if surface.knobs else surface


def floor_of(surface) -> float:
    """What the loss is measured from: its minimum, or the lowest place in view where there is none."""
    if np.isfinite(surface.minimum):
        return surface.minimum
    return float(field_grid(surface, surface.view).min())


def path_source(name, surface, optimizer, run_id, steps) -> Source:
    """The path of an optimizer as its sliders and the start stand: columns θ, then L − min L."""
    mine = [f"{run_id} {knob}" for knob in slider_knobs(optimizer)]
    floor = floor_of(surface)

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in [*mine, *surface.knobs]))
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, surface.dim))
        setting = with_values(optimizer, run_id, values, axes=1)
        trajectory = descend(surface_at(surface, values), setting, start, steps)
        rows = np.concatenate([trajectory.theta, (trajectory.loss - floor)[..., None]], axis=-1)
        return np.moveaxis(rows, 0, -2)

    return Source(name, ("start", *mine, *surface.knobs), compute)


def field_source(surface) -> Source:
    """The surface's heights over its view; the stage's cubic interpolation draws a quadratic exactly from few."""
    few = {"width": 9, "height": 7} if surface.eigenvalues else {}

    def heights(values, **size):
        return field_grid(surface, surface.view, **size, **{name: values[name] for name in surface.knobs})

    return Source("field", tuple(surface.knobs), lambda values: heights(values, **few), still=heights)


def theory_source(surface) -> Source:
    """The learning rates that theory knows for gradient descent on this quadratic: the best, and the limit."""

    def compute(values):
        low, high = surface_at(surface, values).eigenvalues
        low, high, *_ = np.broadcast_arrays(low, high, *(values[name] for name in surface.knobs))
        return np.stack([2 / (low + high), 2 / high], axis=-1)[..., None, :]

    return Source("theory", tuple(surface.knobs), compute)


def rows_of(*columns):
    """Columns of shape (T+1, ...) as the rows of a source: shape (..., T+1, columns)."""
    return np.moveaxis(np.stack(columns, axis=-1), 0, -2)


def training_rows(history):
    """Training loss and test error of each epoch so far, shape (epochs + 1, 2)."""
    with np.errstate(all="ignore"):
        error = 1 - np.asarray(history.test_accuracy)
    return np.column_stack([np.maximum(history.loss, 1e-12), np.maximum(error, SMALLEST_ERROR)])
