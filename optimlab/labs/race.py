"""The race: any number of optimizers from one start, each with its own sliders."""

from __future__ import annotations

from ..descent import TARGET, TOLERANCE, check_steps, descend
from ..palette import style_of
from ..stage.scene import Run, Scene
from .inputs import drawable, runners, start_on
from .lab import Control, Lab
from .panels import loss_panel, rate_ruler, surface_panels
from .sources import field_source, floor_of, path_source, slider_knobs, surface_at, theory_source, with_values


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
    surface = drawable("a race", surface)
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
    losses = loss_panel(surface, sources, runs, steps, float(first), tolerance)
    panels = [*surface_panels(surface, sources, runs), losses]
    if surface.eigenvalues:
        panels.append(rate_ruler(surface, runs, optimizers, controls))
        sources.append(theory_source(surface, optimizers, [run.id for run in runs]))
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
    title = f"race on {surface!r} from ({where}), {steps} steps"
    return Lab(scene, sources, [*shared, *controls], {"start": start}, summary, title)
