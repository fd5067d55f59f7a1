"""Panels that several labs have: a surface with paths, losses against the step, a ruler of learning rates, epochs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..descent import TOLERANCE
from ..stage.marks import Curve, Dot, Field, Handle, HLine, Mark, Path, Points, Solid, VLine
from ..stage.scene import Panel
from ..surfaces import field_grid
from .sources import HUGE, floor_of, ground, has_holes

FLAT = 1 / 12  # of the highest place: where half of the places are lower, heights are drawn as logarithms
HOLES = " (flat where L is not finite)"
TRAINING_LOSS, TEST_ERROR = range(2)
"""The channels of a training's curves; see `optimlab.labs.sources.training_rows`."""


def surface_panel(surface, sources, runs, title=None, extra=(), handle="start θ₀") -> Panel:
    """The surface with its minima, the paths of the runs, and the start to drag."""
    if surface.dim == 1:
        return line_panel(surface, sources, runs, handle)
    symbols = surface.symbols
    marks: list[Mark] = [Field(source="field", minimum=floor_of(surface), count=16)]
    marks += [Path(source=s.name, run=run.id, x=0, y=1) for s, run in zip(sources, runs, strict=True)]
    if surface.minima:
        marks.append(
            Points(
                data=[list(m) for m in surface.minima],
                symbol="star",
                color="#222222",
                color_dark="#ffffff",
                label="minimum",
            )
        )
    marks += [*extra, Handle(control="start", label=handle)]
    x, y = surface.view
    return Panel(
        x,
        y,
        x_label=symbols[0],
        y_label=symbols[1],
        title=(title or f"{surface.name}: drag the start") + (HOLES if has_holes(surface) else ""),
        alt=f"contour plot of {surface.name} with the paths of {', '.join(run.label for run in runs) or 'no run'}",
        marks=marks,
    )


def surface3d(surface, sources, runs, title=None, extra=(), handle="start θ₀") -> Panel:
    """What `surface_panel` shows, in 3-D: the surface can be turned, and paths, minima and start lie on it."""
    title = title or f"{surface.name} in 3-D: turn it"
    flat = surface_panel(surface, sources, runs, title, extra, handle)
    soft = softening(surface)
    label = "L − min L" if soft is None else "L − min L (log)"
    solid = Solid(source="field", minimum=floor_of(surface), count=16, log=soft, label=label)
    alt = flat.alt.replace("contour plot", "3-D view") + "; drag, or use the arrow keys, to turn it"
    return replace(flat.without("field"), alt=alt, way="3-D", axes=False, height=0.85).with_marks(solid, first=True)


def surface_panels(surface, sources, runs, title=None, extra=(), handle="start θ₀") -> list[Panel]:
    """The surface from above and in 3-D, as alternatives; of a loss of one parameter there is only the curve."""
    flat = surface_panel(surface, sources, runs, title, extra, handle)
    if surface.dim == 1:
        return [flat]
    return [replace(flat, way="2-D"), surface3d(surface, sources, runs, extra=extra, handle=handle)]


def softening(surface) -> float | None:
    """What is added to L − min L before its logarithm is drawn as height; None where the height is drawn as it is.

    Logarithms show a surface of which half lies below a twelfth of its top. So much is added, a power of ten, that the
    lowest twentieth of the places lies within one decade.
    """
    heights = ground(field_grid(surface, surface.view)) - floor_of(surface)
    low, median = np.quantile(heights, [0.05, 0.5])
    if not 0 < median < FLAT * heights.max():
        return None
    return float(10.0 ** np.floor(np.log10(max(low, 1e-6 * heights.max()))))


def line_panel(surface, sources, runs, handle) -> Panel:
    """A loss of one parameter as a curve, with the steps as points on it."""
    (view,) = surface.view
    low, high = view
    w = np.linspace(low, high, 161)
    with np.errstate(all="ignore"):
        heights = ground(surface.value(w[:, None])) - floor_of(surface)
    top = 1.1 * float(heights.max()) or 1.0
    curve = np.column_stack([w, heights])
    marks: list[Mark] = [Points(data=curve.tolist(), symbol="line", color="#98A4B3", color_dark="#6B7787")]
    marks += [Path(source=s.name, run=run.id, x=0, y=1) for s, run in zip(sources, runs, strict=True)]
    marks.append(Handle(control="start", label=handle, y=-0.06 * top))
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
    above = first - floor_of(surface)
    top = max(above if above < HUGE else 1.0, 10 * tolerance, 1e-6)
    high = 10.0 ** np.ceil(np.log10(top) + 0.6)
    low = min(10.0 ** np.floor(np.log10(tolerance) - 2), high * 1e-6)
    marks: list[Mark] = [Curve(source=s.name, run=run.id, y=surface.dim) for s, run in zip(sources, runs, strict=True)]
    if target:
        marks.append(HLine(y=tolerance, label=f"settled: at or below {tolerance:g} for good"))
    return Panel(
        (0, max(steps, 1)),
        (low, high),
        x_label="step k",
        y_label="L − min L",
        title="loss against step",
        alt=f"loss against step for {', '.join(run.label for run in runs)}, logarithmic",
        y_log=True,
        follow="up",
        marks=marks,
    )


def rate_ruler(surface, runs, optimizers, controls) -> Panel:
    """Where each η lies, each in a row, beside what theory says of its own method on this quadratic."""
    rates = {c.row: c for c in controls if c.name.endswith(" lr")}
    low = min([c.knob.low for c in rates.values()], default=1e-4)
    high = max([c.knob.high for c in rates.values()], default=1.0)
    marks: list[Mark] = []
    for row, (run, optimizer) in enumerate(zip(runs, optimizers, strict=True)):
        if optimizer.limit(1.0) is not None:
            if list(optimizer.best(1.0, 1.0)) == ["lr"]:
                marks.append(VLine(source="theory", x=2 * row, run=run.id, row=row, label="best {x}", side="left"))
            label = f"limit {optimizer.limit_formula} = {{x}}"
            marks.append(VLine(source="theory", x=2 * row + 1, run=run.id, row=row, label=label))
        if run.id in rates:
            marks.append(Dot(control=rates[run.id].name, run=run.id, row=row))
    batch = " with the full batch" if surface.stochastic else ""
    known = any(mark.kind == "vline" for mark in marks)
    theory = f", and what theory says of each method{batch}" if known else ""
    return Panel(
        (low, 3 * high),
        (0, len(runs)),
        x_label=f"learning rate η{theory}",
        alt=f"the learning rate of each method{', beside the limit that theory gives for it' if known else ''}",
        x_log=True,
        height="ruler",
        marks=marks,
    )


def rate_panel(sources, runs, steps, channel, top, title="the schedules") -> Panel:
    """η, a channel of each source, against the step."""
    return Panel(
        (0, steps),
        (-0.02 * top, top),
        x_label="step k",
        y_label="learning rate η",
        title=title,
        alt=f"learning rate against step for {', '.join(run.label for run in runs)}",
        marks=[Curve(source=s.name, run=run.id, y=channel) for s, run in zip(sources, runs, strict=True)],
    )


def training_panels(runs, epochs) -> list:
    """Training loss and test error, against the epoch."""
    return [
        epoch_panel("training loss", "cross-entropy", TRAINING_LOSS, (1e-3, 10.0), runs, epochs, height=0.55),
        epoch_panel("test error", "share of wrong answers", TEST_ERROR, (5e-3, 1.0), runs, epochs, height=0.55),
    ]


def epoch_panel(title, y_label, channel, span, runs, epochs, log=True, height=0.72) -> Panel:
    """One channel of every run against the epoch; the source of the i-th run is called ``run{i}``."""
    return Panel(
        (0, epochs),
        span,
        x_label="epoch",
        y_label=y_label,
        title=title,
        alt=f"{title} against epoch for {', '.join(run.label for run in runs)}{', logarithmic' if log else ''}",
        y_log=log,
        follow="both" if log else "",
        height=height,
        marks=[Curve(source=f"run{i}", run=run.id, y=channel) for i, run in enumerate(runs)],
    )
