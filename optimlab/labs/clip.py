"""Gradient clipping on a cliff: by value, by norm, and not at all."""

from __future__ import annotations

import numpy as np

from ..checks import check_whole, told
from ..clipping import clip_norm, clip_value
from ..descent import descend
from ..knobs import Knob
from ..noise import Noisy
from ..optimizers import GradientDescent
from ..optimizers.base import check_optimizer
from ..palette import role_style
from ..stage.marks import Curve, HLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..surfaces import cliff
from .inputs import fixed, plane, start_on
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import field_source, floor_of, rows_of, shapes, slider_knobs, with_values
from .travel import Walk, walk_recipe

__all__ = ["clip_lab"]

LIMIT = Knob("limit", "clipping", 0.05, 20.0, log=True, allowed="(0, ∞)", count=53)
CLIPS = {"no clipping": None, "clipped by value": clip_value, "clipped by norm": clip_norm}
LOSS, NORM = 2, 3


def clip_lab(surface=None, optimizer=None, limit: float = 1.0, steps: int = 60, start=None) -> Lab:
    """One optimizer three times: without clipping, with its gradients clipped by value, and by norm.

    Parameters
    ----------
    surface : a `Surface`, the cliff if None
    optimizer : any `Optimizer`, gradient descent with η = 1 if None
    limit : of the gradient's coordinates, or of its norm
    """
    if surface is None:
        surface, start = cliff(), (2.0, 0.9) if start is None else start
    optimizer = GradientDescent(1.0) if optimizer is None else check_optimizer(optimizer)
    if isinstance(plane("clip_lab", surface), Noisy):
        raise ValueError(f"clip_lab needs a surface without noise, got {told(surface)}")
    surface, shown = fixed(surface), repr(surface)
    check_whole("steps", steps, 1)
    start, floor = start_on(surface, start), floor_of(surface)
    runs = [Run(name, name, *role_style(name), loss=(f"run{i}", LOSS), minimum=floor) for i, name in enumerate(CLIPS)]
    controls = [
        Control(f"all {name}", knob, getattr(optimizer, name), "all") for name, knob in slider_knobs(optimizer).items()
    ]
    controls.append(Control("limit", LIMIT, limit, "all"))
    sources = [clip_source(f"run{i}", surface, optimizer, clip, steps) for i, clip in enumerate(CLIPS.values())]
    losses = loss_panel(surface, sources, runs, steps, float(surface.value(np.array(start))))
    norms = Panel(
        (0, steps),
        (1e-3, 1e2),
        x_label="step k",
        y_label="|∇L(θ)|, before clipping",
        title="the gradient's norm, and the limit",
        alt="norm of the gradient against step, with the clipping limit, logarithmic",
        y_log=True,
        marks=[
            HLine(control="limit", label="limit", side="right"),
            *(Curve(source=s.name, run=run.id, y=NORM) for s, run in zip(sources, runs, strict=True)),
        ],
    )

    def summary(values):
        for source, name in zip(sources, CLIPS, strict=True):
            rows = source.compute(values)
            farthest = np.abs(np.nan_to_num(rows[:, 0], nan=np.inf)).max()
            yield f"{name:16}  ends at L − min L = {rows[-1, LOSS]:.2e}; its largest |x| was {farthest:.3g}"

    where = ", ".join(f"{x:g}" for x in start)
    title = f"clipping on {shown} with {optimizer!r} from ({where}), limit {limit:g}, {steps} steps"
    panels = [surface_panel(surface, sources, runs), losses, norms]
    scene = Scene(panels, runs, steps)
    return Lab(scene, [*sources, field_source(surface)], controls, {"start": start}, summary, title)


def clip_source(name, surface, optimizer, clip, steps) -> Source:
    """θ, L − min L and the norm of the whole gradient."""
    mine = [f"all {knob}" for knob in slider_knobs(optimizer)]
    needs = ("start", *mine, *(["limit"] if clip else []))
    floor = floor_of(surface)

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs if n != "start"))
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, surface.dim))
        limited = clip(np.asarray(values["limit"], float)[..., None]) if clip else None
        walk = descend(surface, with_values(optimizer, "all", values, axes=1), start, steps, clip=limited)
        with np.errstate(all="ignore"):
            norm = np.linalg.norm(surface.gradient(walk.theta), axis=-1)
        return rows_of(walk.theta[..., 0], walk.theta[..., 1], walk.loss - floor, norm)

    def begin(values):
        limited = clip(values["limit"]) if clip else None
        return Walk(surface, with_values(optimizer, "all", values), values["start"], limited)

    def row(walk, taken):
        return [taken.theta, surface.value(taken.theta) - floor, np.linalg.norm(surface.gradient(taken.theta))]

    return Source(name, needs, compute, recipe=walk_recipe(begin, shapes(needs), steps, row))
