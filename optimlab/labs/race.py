"""The race: any number of optimizers from one start, each with its own sliders."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..descent import TARGET, TOLERANCE, check_loss, check_optimizer, check_start, check_steps, descend
from ..knobs import told
from ..palette import role, style_of
from ..stage.scene import Panel, Run, Scene, mark
from ..stage.widget import Source
from ..surfaces import field_grid
from .lab import Control, Lab

__all__ = ["loss_panel", "path_source", "race", "surface_panel"]


def race(surface, optimizers, steps: int = 150, start=None, tolerance: float = TOLERANCE, names=None) -> Lab:
    """Race optimizers on a surface: drag the start, move the sliders, play, scrub, switch runners off and on.

    Parameters
    ----------
    surface : a `Surface`, or a problem of two parameters
    optimizers : one `Optimizer`, or several
    steps : how long they run
    start : θ₀, the surface's customary start if None
    tolerance : a runner has settled when L − min L stays at or below it
    names : what to call the runners, their class names if None
    """
    optimizers, names = runners("a race", optimizers, names)
    tolerance = TARGET.check_one(tolerance)
    check_steps(steps)
    start = start_on(surface, start)
    styles = style_of([optimizer.name for optimizer in optimizers])
    runs = [
        Run(name, name, *style, loss=(f"run{i}", surface.dim), minimum=floor_of(surface), tolerance=tolerance)
        for i, (name, style) in enumerate(zip(names, styles, strict=True))
    ]
    shared = [Control(name, knob, surface.params[name], "surface") for name, knob in surface.knobs.items()]
    controls = [
        Control(f"{run.id} {name}", knob, getattr(optimizer, name), run.id)
        for run, optimizer in zip(runs, optimizers, strict=True)
        for name, knob in slider_knobs(optimizer).items()
    ]
    sources = [
        path_source(f"run{i}", surface, optimizer, run.id, steps)
        for i, (run, optimizer) in enumerate(zip(runs, optimizers, strict=True))
    ]
    first = descend(surface, optimizers[0], start, steps=0).loss[0]
    panels = [surface_panel(surface, sources, runs), loss_panel(surface, sources, runs, steps, float(first), tolerance)]
    if surface.eigenvalues:
        panels.append(rate_ruler(surface, runs, controls))
        sources.append(theory_source(surface))
    if surface.dim == 2:
        sources.append(field_source(surface))

    def summary(values):
        chosen = surface_at(surface, values)
        settings = [with_values(optimizer, run.id, values) for run, optimizer in zip(runs, optimizers, strict=True)]
        return [
            descend(chosen, setting, values["start"], steps).summary(tolerance)
            + ("" if run.id == setting.name else f"  [{run.id}]")
            for run, setting in zip(runs, settings, strict=True)
        ]

    where = ", ".join(f"{x:g}" for x in start)
    scene = Scene(panels, runs, steps)
    named = surface.name if type(surface).__repr__ is object.__repr__ else repr(surface)
    title = f"race on {named} from ({where}), {steps} steps"
    return Lab(scene, sources, [*shared, *controls], {"start": start}, summary, title)


def runners(what, optimizers, names=None) -> tuple:
    """One optimizer or several as a list, and a name for each: those given, or their class names."""
    family = [check_optimizer(o) for o in (optimizers if np.iterable(optimizers) else [optimizers])]
    if not family:
        raise ValueError(f"{what} needs at least one optimizer, got none")
    names = [names] if isinstance(names, str) else names
    if names is not None and not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise ValueError(f"the names must be a list of texts, got {told(names)}")
    if names is not None and len(names) != len(family):
        raise ValueError(f"{len(family)} optimizers need {len(family)} names, got {told(names)}")
    return family, unique(names or [optimizer.name for optimizer in family])


def plane(what, surface):
    """A surface of two parameters, or a `ValueError`."""
    check_loss(surface)
    if surface.dim != 2:
        raise ValueError(f"{what} needs a surface of two parameters, got {told(surface)} with {surface.dim}")
    if surface.view is None or surface.start is None:
        raise ValueError(f"{what} needs to know where to start and what to draw: give {told(surface)} start= and view=")
    return surface


def fixed(surface):
    """The surface as it stands, without sliders of its own."""
    return replace(surface, knobs={}) if surface.knobs else surface


def rows_of(*columns):
    """Columns of shape (T+1, ...) as the rows of a source: shape (..., T+1, columns)."""
    return np.moveaxis(np.stack(columns, axis=-1), 0, -2)


def start_on(surface, start=None) -> tuple:
    """Where a lab starts: one point, the surface's customary start if None."""
    check_loss(surface)
    point = check_start(surface.start if start is None else start)
    if point.shape != (surface.dim,):
        raise ValueError(f"the start θ₀ must have shape ({surface.dim},) on {surface.name}, got {point.shape}")
    return tuple(point.tolist())


def unique(names):
    """Names that differ: a second "Adam" becomes "Adam 2"."""
    seen, result = {}, []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return result


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


def surface_panel(surface, sources, runs, title=None, extra=(), handle="start θ₀") -> Panel:
    """The surface with its minima, the paths of the runs, and the start to drag."""
    if surface.dim == 1:
        return line_panel(surface, sources, runs, handle)
    symbols = getattr(surface, "symbols", ("x", "y"))
    marks = [mark("field", source="field", minimum=floor_of(surface), count=16)]
    if surface.minima:
        marks.append(
            mark(
                "points",
                data=[list(m) for m in surface.minima],
                symbol="star",
                color="#222222",
                color_dark="#ffffff",
                label="minimum",
            )
        )
    marks += [mark("path", source=s.name, run=run.id, x=0, y=1) for s, run in zip(sources, runs, strict=True)]
    marks += [*extra, mark("handle", control="start", label=handle)]
    return Panel(
        *surface.view,
        x_label=symbols[0],
        y_label=symbols[1],
        title=title or f"{surface.name}: drag the start",
        alt=f"contour plot of {surface.name} with the paths of {', '.join(run.label for run in runs) or 'no run'}",
        marks=marks,
    )


def line_panel(surface, sources, runs, handle) -> Panel:
    """A loss of one parameter as a curve, with the steps as points on it."""
    (view,) = surface.view
    w = np.linspace(*view, 161)
    heights = surface.value(w[:, None]) - floor_of(surface)
    top = 1.1 * float(heights.max())
    curve = np.column_stack([w, heights])
    marks = [mark("points", data=curve.tolist(), symbol="line", color="#98A4B3", color_dark="#6B7787")]
    marks += [mark("path", source=s.name, run=run.id, x=0, y=1) for s, run in zip(sources, runs, strict=True)]
    marks.append(mark("handle", control="start", label=handle, y=-0.06 * top))
    return Panel(
        view,
        (-0.12 * top, top),
        x_label="w",
        y_label="L(w) − min L",
        title=f"{surface.name}: drag the start",
        alt=f"{surface.name} with the steps of {', '.join(run.label for run in runs)}",
        marks=marks,
    )


def loss_panel(surface, sources, runs, steps, first, tolerance=None) -> Panel:
    """L − min L against the step, on a logarithmic scale; without a tolerance, without the line of the target."""
    target, tolerance = tolerance is not None, TOLERANCE if tolerance is None else tolerance
    top = max(first - floor_of(surface), 10 * tolerance, 1e-6)
    high = 10.0 ** np.ceil(np.log10(top) + 0.6)
    low = min(10.0 ** np.floor(np.log10(tolerance) - 2), high * 1e-6)
    marks = [mark("curve", source=s.name, run=run.id, y=surface.dim) for s, run in zip(sources, runs, strict=True)]
    if target:
        marks.append(mark("hline", y=tolerance, label=f"settled: at or below {tolerance:g} for good"))
    return Panel(
        (0, max(steps, 1)),
        (low, high),
        x_label="step k",
        y_label="L − min L",
        title="loss against step",
        alt=f"loss against step for {', '.join(run.label for run in runs)}, logarithmic",
        y_log=True,
        marks=marks,
    )


def rate_ruler(surface, runs, controls) -> Panel:
    """Where each η lies, beside what theory says for gradient descent on this quadratic."""
    rates = [c for c in controls if c.name.endswith(" lr")]
    low = min([c.knob.low for c in rates], default=1e-4)
    high = max([c.knob.high for c in rates], default=1.0)
    kind = "full-batch gradient descent" if hasattr(surface, "gradient_at") else "gradient descent"
    theory = role("theory")
    marks = [
        mark("vline", source="theory", x=0, label="best: 2/(λmin+λmax) = {x}", side="left", dash=(2, 1.5), **theory),
        mark("vline", source="theory", x=1, label="limit: 2/λmax = {x}", **theory),
    ]
    marks += [mark("dot", control=c.name, run=c.row) for c in rates]
    return Panel(
        (low, 10 * high),
        (0, 1),
        x_label=f"learning rate η, and what theory says for {kind}",
        alt="the learning rates beside 2/(λmin+λmax) and 2/λmax",
        x_log=True,
        height="ruler",
        marks=marks,
    )
