"""The anatomy of one step: the terms of the formula as arrows, in the formula's colours."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..descent import TARGET, TOLERANCE, check_optimizer, check_steps, descend
from ..optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop
from ..palette import ROLES, style_of
from ..stage.scene import Panel, Run, Scene, mark
from ..stage.widget import Source
from .lab import Control, Lab
from .race import field_source, path_source, plane, slider_knobs, start_on, surface_at, surface_panel, with_values

__all__ = ["anatomy"]


@dataclass(frozen=True)
class Dissection:
    """How an optimizer's step is taken apart.

    ``formula`` is LaTeX whose coloured terms are written ``\\gradient{…}``, ``\\velocity{…}``, ``\\scale{…}`` and
    ``\\step{…}``. ``carried(optimizer, state)`` is the term that past gradients contribute (or None), ``scale`` the
    per-coordinate factor (or None), both of shape (T, ..., d) from the recorded state.
    """

    formula: str
    carried: object = None
    carried_label: str = ""
    scale: object = None
    scale_label: str = ""


def velocity(optimizer, state):
    return -optimizer.gamma * state["v"][:-1]


def first_moment(optimizer, state):
    return -state["m"][1:] / (1 - optimizer.beta1 ** counted(state["m"]))


def second_moment_scale(optimizer, state):
    v_hat = state["v"][1:] / (1 - optimizer.beta2 ** counted(state["v"]))
    return 1 / (np.sqrt(v_hat) + optimizer.eps)


def counted(array):
    """t = 1, 2, … as a column that broadcasts against the states after each step."""
    return np.arange(1, len(array)).reshape(-1, *[1] * (array.ndim - 1))


MOMENTUM = r"\theta \leftarrow \theta - v, \qquad v \leftarrow \velocity{\gamma v} + "
DISSECTIONS = {
    GradientDescent: Dissection(r"\theta \leftarrow \theta \;\step{-\,\eta\,\nabla L(\theta)}"),
    Momentum: Dissection(MOMENTUM + r"\gradient{\eta\,\nabla L(\theta)}", velocity, "−γv, what is carried over"),
    Nesterov: Dissection(MOMENTUM + r"\gradient{\eta\,\nabla L(\theta - \gamma v)}", velocity, "−γv, the look-ahead"),
    AdaGrad: Dissection(
        r"\theta \leftarrow \theta \;\step{-\,\eta}\,\scale{\frac{1}{\sqrt{G+\varepsilon}}}\,\gradient{g}, \qquad "
        r"G \leftarrow G + g^2",
        scale=lambda optimizer, state: 1 / np.sqrt(state["G"][1:] + optimizer.eps),
        scale_label="1/√(G+ε)",
    ),
    RMSprop: Dissection(
        r"\theta \leftarrow \theta \;\step{-\,\eta}\,\scale{\frac{1}{\sqrt{E[g^2]+\varepsilon}}}\,\gradient{g}, \qquad "
        r"E[g^2] \leftarrow \gamma E[g^2] + (1-\gamma) g^2",
        scale=lambda optimizer, state: 1 / np.sqrt(state["E[g²]"][1:] + optimizer.eps),
        scale_label="1/√(E[g²]+ε)",
    ),
    Adadelta: Dissection(
        r"\theta \leftarrow \theta \;\step{-\,\eta}\,"
        r"\scale{\frac{\sqrt{E[\Delta^2]+\varepsilon}}{\sqrt{E[g^2]+\varepsilon}}}\,\gradient{g}",
        scale=lambda optimizer, state: (
            np.sqrt(state["E[Δ²]"][:-1] + optimizer.eps) / np.sqrt(state["E[g²]"][1:] + optimizer.eps)
        ),
        scale_label="√(E[Δ²]+ε)/√(E[g²]+ε)",
    ),
    Adam: Dissection(
        r"\theta \leftarrow \theta \;\step{-\,\eta}\,\scale{\frac{1}{\sqrt{\hat v}+\varepsilon}}\,\velocity{\hat m}, "
        r"\qquad m \leftarrow \beta_1 m + (1-\beta_1)\gradient{g}, \quad v \leftarrow \beta_2 v + (1-\beta_2) g^2",
        first_moment,
        "−m̂, the mean of past gradients",
        second_moment_scale,
        "1/(√v̂+ε)",
    ),
}
PLAIN = Dissection(r"\theta \leftarrow \theta \;\step{+\,\Delta\theta}, \qquad \gradient{g = \nabla L(\theta)}")

# Channels of the source "parts": where the step starts, then pairs of coordinates. "enlarged" has the first four.
AT, STEP, GRADIENT, CARRIED, SCALE, LENGTH = [0, 1], [2, 3], [4, 5], [6, 7], [8, 9], 10


def anatomy(surface, optimizer, steps: int = 40, start=None, tolerance: float = TOLERANCE) -> Lab:
    """Take the steps of an optimizer apart: step through them, and see each term of the formula as an arrow.

    Where the terms add up to the step (gradient descent, momentum, Nesterov), they are drawn tip to tail, in
    proportion. Where a scale per coordinate bends the step (AdaGrad, RMSprop, Adam, …), all arrows have the
    same length, so that the directions can be compared, and bars show the scale of each coordinate.

    Parameters
    ----------
    surface : a `Surface`, or a problem, of two parameters
    optimizer : any `Optimizer`; one that the package does not know shows its gradient and its step
    """
    plane("anatomy", surface)
    check_steps(steps)
    start, optimizer = start_on(surface, start), check_optimizer(optimizer)
    cut = DISSECTIONS.get(type(optimizer), PLAIN)
    name, tolerance = optimizer.name, TARGET.check_one(tolerance)
    adds_up = cut.scale is None and cut is not PLAIN
    path_run = Run(name, name, *style_of([name])[0], loss=("run0", 2), minimum=surface.minimum, tolerance=tolerance)
    arrows = [
        Run("step", "the step", *ROLES["step"]),
        Run("gradient", gradient_label(cut, adds_up), *ROLES["gradient"]),
    ]
    if cut.carried:
        arrows.append(Run("carried", cut.carried_label, *ROLES["velocity"]))
    controls = [Control(n, k, surface.params[n], "surface") for n, k in surface.knobs.items()]
    controls += [Control(f"{name} {n}", k, getattr(optimizer, n), name) for n, k in slider_knobs(optimizer).items()]
    sources = [path_source("run0", surface, optimizer, name, steps)]
    on_surface = [mark("arrow", source="parts", run=run, at=AT, by=by) for run, by in surface_arrows(cut, adds_up)]
    panels = [
        surface_panel(surface, sources[:1], [path_run], extra=on_surface),
        step_panel(cut, adds_up),
        *([scale_panel(surface, cut)] if cut.scale else []),
    ]
    sources += parts_sources(surface, optimizer, cut, sources[0].needs, steps, adds_up)
    sources.append(field_source(surface))
    scene = Scene(
        panels, [path_run, *arrows], steps, readouts=[{"label": "|step|", "source": "parts", "channel": LENGTH}]
    )

    def summary(values):
        setting = with_values(optimizer, name, values)
        return [descend(surface_at(surface, values), setting, values["start"], steps).summary(tolerance)]

    title = f"anatomy of {name} on {surface!r}, {steps} steps"
    twin_step = min(4, steps)
    return Lab(scene, sources, controls, {"start": start}, summary, title, twin_step, header=coloured(cut.formula))


def gradient_label(cut, adds_up):
    if adds_up and cut.carried:
        return "−η∇L, the new gradient's part"
    return "−g, the direction downhill"


def surface_arrows(cut, adds_up):
    """On the surface itself: the step, and the two terms it is made of."""
    if adds_up and cut.carried:
        yield "carried", CARRIED
    yield "step", STEP


def step_panel(cut, adds_up) -> Panel:
    """The arrows of one step, enlarged: the longest one reaches the circle."""
    circle = [[float(np.cos(a)), float(np.sin(a))] for a in np.linspace(0, 2 * np.pi, 73)]
    marks = [mark("points", data=circle, symbol="line", color="#B9C2CD", color_dark="#4A5360")]
    unit = {"source": "enlarged", "at": AT, "width": 4.5}
    if adds_up and cut.carried:
        marks.append(mark("arrow", run="carried", by=CARRIED, **unit))
        marks.append(mark("arrow", run="gradient", source="enlarged", at=CARRIED, by=GRADIENT, width=4.5))
    else:
        marks.append(mark("arrow", run="gradient", by=GRADIENT, **unit))
        if cut.carried:
            marks.append(mark("arrow", run="carried", by=CARRIED, **unit))
    marks.append(mark("arrow", run="step", by=STEP, **unit | {"width": 2}))  # thin, so that what it covers is seen
    title = "this step, enlarged: the terms add up" if adds_up and cut.carried else "this step: directions"
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


def scale_panel(surface, cut) -> Panel:
    """The factor that each coordinate's gradient is multiplied by, before η."""
    marks = [
        mark(
            "bars", source="parts", channels=SCALE, labels=["x", "y"],
            colors=[ROLES["scale"][0]] * 2, colors_dark=[ROLES["scale"][1]] * 2,
        )
    ]  # fmt: skip
    return Panel(
        (-0.6, 1.6),
        (1e-4, 1e4),
        title=f"scale of each coordinate, {cut.scale_label}",
        alt=f"the scale {cut.scale_label} of each coordinate",
        y_log=True,
        x_ticks=False,
        wide=0.6,
        height=1.2,
        marks=marks,
    )


def parts_sources(surface, optimizer, cut, needs, steps, adds_up) -> list[Source]:
    """The pieces of every step, shape (T, channels): in the surface's units, and enlarged."""
    name = optimizer.name

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs if n != "start"))
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, 2))
        setting = with_values(optimizer, name, values, axes=1)
        walk = descend(surface_at(surface, values), setting, start, steps, record=True)
        step = np.diff(walk.theta, axis=0)
        with np.errstate(all="ignore"):
            carried = cut.carried(setting, walk.state) if cut.carried else np.zeros_like(step)
            gradient = step - carried if adds_up and cut.carried else -walk.state["g"]
            scale = cut.scale(setting, walk.state) if cut.scale else np.ones_like(step)
            rows = [walk.theta[:-1], step, gradient, carried, scale, length(step)[..., None]]
            return np.moveaxis(np.concatenate(rows, axis=-1), 0, -2)

    return [Source("parts", needs, compute), Source("enlarged", needs, lambda v: enlarged(compute(v), adds_up))]


def enlarged(parts, adds_up):
    """The arrows from the origin, in units of the longest one; or each of length 1, if only directions count."""
    vectors = {channel[0]: parts[..., channel] for channel in (STEP, GRADIENT, CARRIED)}
    with np.errstate(all="ignore"):
        longest = np.max([length(v) for v in vectors.values()], axis=0)
        units = {c: longest if adds_up else length(v) for c, v in vectors.items()}
        scaled = {c: np.where(units[c][..., None] > 0, v / units[c][..., None], 0) for c, v in vectors.items()}
    origin = np.zeros_like(parts[..., AT])
    return np.concatenate([origin, scaled[2], scaled[4], scaled[6]], axis=-1)


def length(vectors):
    return np.sqrt(np.sum(vectors**2, axis=-1))


def coloured(formula: str) -> str:
    """The formula with its terms in the colours of the arrows."""
    for role in ("gradient", "velocity", "scale", "step"):
        formula = re.sub(rf"\\{role}(\{{(?:[^{{}}]|\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}})*\}})", color(role), formula)
    return f"$${formula}$$"


def color(role):
    """{\\color{#…}{…}} means the same to MathJax 2 and 3."""
    return lambda match: f"{{\\color{{{ROLES[role][0]}}}{match[1]}}}"
