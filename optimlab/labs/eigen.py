"""The eigen-directions of a quadratic: heavy ball goes its own way along each, and each has its own rate and bill."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..checks import check_whole, told
from ..descent import descend
from ..heavy_ball import larger_size, optimum, rate, transient
from ..knobs import Knob
from ..losses import Loss
from ..optimizers import Momentum
from ..palette import STEPS, role, role_style
from ..stage.marks import Bars, Curve, Dot, Field, Handle, HLine, Mark, Path, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..surfaces import ANGLE, ravine
from .inputs import start_on
from .lab import Control, Lab
from .sources import field_source, numbers, rows_of, surface_at, trailing
from .travel import Taken, Walk, formula_recipe, walk_recipe

__all__ = ["eigen_lab"]

CONDITION = Knob("κ", "condition number", 2.0, 1e4, log=True, allowed="[1, ∞)", count=75)
RATIO = Knob("η/η*", "learning rate, of Polyak's", 0.2, 1.5, allowed="(0, ∞)", count=131)
GAMMA = Knob("γ", "momentum", 0.0, 0.999, allowed="[0, 1)", count=112)
UNITS = Knob("ηλ", "step in units of 1/λmax", 0.05, 4.0, allowed="(0, ∞)", count=80)
SQUARE = ((-1.6, 1.6), (-1.6, 1.6))
SHOWN = 60  # the step at which the bars are shown first
LOWEST = 1e-8  # errors below it are drawn there
PATH, FLAT, STEEP, EXACT, RATE = "path", "flat", "steep", "exact", "rate"
TURNED, SIZES, THEORY, RATES = 2, 4, 6, 8  # channels of a walk's row, two each, after θ; then the error's whole size


def eigen_lab(
    loss: Any = None, ratio: float | None = None, gamma: float | None = None, steps: int | None = None
) -> Lab:
    """Heavy ball in the eigen-directions of a quadratic, from rest.

    On a ravine, the path in the plane of the parameters and in that of the eigen-directions, side by side, with one
    start to drag in either; and the errors along both directions, with what theory says of them: exactly
    (`optimlab.heavy_ball.transient`), or by the rate alone. On linear regression with more inputs a bar for the error
    along each direction, and each one's rate.

    Parameters
    ----------
    loss : a `ravine` (κ = 100, turned by 30°, if None), or a `LinearRegression`
    ratio : the learning rate as a part of Polyak's η* = 4/(√λmax+√λmin)²; 1 if None
    gamma : γ in [0, 1); Polyak's ((√κ−1)/(√κ+1))² if None
    steps : how long; 150, or 400 on data, if None
    """
    loss = ravine(100.0, 30.0) if loss is None else loss
    curvatures = getattr(loss, "eigenvalues", ())
    if not curvatures or loss.stochastic or not curvatures[0] > 0:
        raise ValueError(f"eigen_lab needs a quadratic: a ravine, or a LinearRegression, got {told(loss)}")
    eta, best, _ = optimum(curvatures[0], curvatures[-1])
    ratio = RATIO.check_one(1.0 if ratio is None else ratio)
    gamma = GAMMA.check_one(float(best) if gamma is None else gamma)
    if getattr(loss, "name", "") == "ravine":
        return planes(loss, ratio, gamma, 150 if steps is None else check_steps(steps))
    return bars(loss, float(ratio * eta), gamma, 400 if steps is None else check_steps(steps))


def check_steps(steps: Any) -> int:
    check_whole("steps", steps, 2, 5000)
    return int(steps)


# A ravine: two planes


def planes(surface: Any, ratio: float, gamma: float, steps: int) -> Lab:
    theory = role("theory")
    runs = [
        Run(PATH, "heavy ball", *role_style("the dot")),
        Run(FLAT, "error along the flattest", *role_style("flattest direction")),
        Run(STEEP, "error along the steepest", *role_style("steepest direction")),
        Run(EXACT, "theory, with the transient", theory["color"], theory["color_dark"], (4, 2)),
        Run(RATE, "theory, the rate only", theory["color"], theory["color_dark"], (1, 1.5), shown=False),
    ]
    knobs = {"kappa": CONDITION, "angle": ANGLE}
    controls = [Control(name, knob, surface.params[name], "surface") for name, knob in knobs.items()]
    controls += [Control("ratio", RATIO, ratio, "heavy ball"), Control("gamma", GAMMA, gamma, "heavy ball")]
    shapes = {"start": (2,)} | {control.name: () for control in controls}
    walk = walk_recipe(partial(begin, surface), shapes, steps, row)
    sources = [
        Source("walk", tuple(shapes), partial(walked, surface, steps), recipe=walk),
        field_source(replace(surface, view=SQUARE)),
        replace(field_source(straight(surface)), name="straight"),
        formula("axes", axes, "angle"),
    ]
    panels = [plane_panel(surface.symbols), eigen_panel(), error_panel(steps)]
    readouts = [Readout("‖error‖ / ‖start‖", "walk", RATES + 2, 3)]

    def summary(values: Any) -> Any:
        rows = walked(surface, steps, values)
        yield f"κ={values['kappa']:.4g}, η={values['ratio']:.4g} η*, γ={values['gamma']:.4g}"
        for name, column in (("flattest", SIZES), ("steepest", SIZES + 1)):
            error, far = rows[:, column], rows[:, column + THEORY - SIZES]
            right = "as theory says" if np.allclose(error, far, rtol=1e-6, atol=1e-9) else "not as theory says"
            yield f"along the {name}: largest {error.max():.4g} at step {error.argmax()}, last {error[-1]:.3g}; {right}"

    start = start_on(surface)
    title = f"the eigen-directions of {surface!r}, {steps} steps"
    return Lab(Scene(panels, runs, steps, readouts), sources, controls, {"start": start}, summary, title)


def straight(surface: Any) -> Any:
    """The same ravine along its own axes, over a square."""
    kappa = {"kappa": surface.params["kappa"]}
    return replace(ravine(**kappa), view=SQUARE, params=kappa, knobs={"kappa": CONDITION})


def setting(values: Any) -> tuple[Any, Any]:
    """η and γ as the sliders stand."""
    eta, _, _ = optimum(1.0, numbers(values["kappa"]))
    return values["ratio"] * eta, values["gamma"]


def begin(surface: Any, values: Any) -> Walk:
    eta, gamma = setting(values)
    return Walk(surface_at(surface, values), Momentum(eta, gamma), values["start"])


def walked(surface: Any, steps: int, values: Any) -> np.ndarray:
    """What `row` says of each step, with `optimlab.heavy_ball` for what theory says."""
    wide = ("kappa", "angle", "ratio", "gamma")
    many = np.broadcast_shapes(*(np.shape(values[name]) for name in wide))
    kappa, angle, ratio, gamma = (np.broadcast_to(np.asarray(values[name], float), many) for name in wide)
    eta = ratio * optimum(1.0, kappa)[0]
    start = np.broadcast_to(np.asarray(values["start"], float), (*many, 2))
    there = {"kappa": trailing(kappa), "angle": trailing(angle)}
    path = descend(surface_at(surface, there), Momentum(trailing(eta, 1), trailing(gamma, 1)), start, steps).theta
    own = np.stack(turned(path[..., 0], path[..., 1], angle), axis=-1)
    curvatures = np.stack([np.ones(many), kappa], axis=-1)
    bound = np.abs(own[0]) * rate(eta[..., None] * curvatures, gamma[..., None]) ** powers(steps, own)
    exact = np.abs(own[0] * transient(eta[..., None] * curvatures, gamma[..., None], steps))
    size = np.linalg.norm(own, axis=-1, keepdims=True) / np.maximum(np.linalg.norm(own[0], axis=-1), 1e-300)[..., None]
    return np.moveaxis(np.concatenate([path, own, np.abs(own), exact, bound, size], axis=-1), 0, -2)


def powers(steps: int, like: np.ndarray) -> np.ndarray:
    return np.arange(steps + 1.0).reshape(-1, *[1] * (like.ndim - 1))


def turned(x: Any, y: Any, angle: Any) -> tuple[Any, Any]:
    """Along the flattest and the steepest direction of a ravine that is turned by `angle` degrees."""
    c, s = np.cos(angle * np.pi / 180), np.sin(angle * np.pi / 180)
    return c * x + s * y, c * y - s * x


def row(walk: Walk, taken: Taken) -> list:
    """θ; the errors along both directions, and their sizes; what theory says of these, exactly and by the rate."""
    of: Any = walk.loss
    heavy: Any = walk.optimizer
    own = turned(taken.theta[0], taken.theta[1], of.params["angle"])
    first = turned(walk.start[0], walk.start[1], of.params["angle"])
    at = [(heavy.lr * curvature, heavy.gamma, taken.k) for curvature in (1.0, of.params["kappa"])]
    exact = [abs(c * error_at(*place)) for c, place in zip(first, at, strict=True)]
    bound = [abs(c) * np.power(larger_size(x, g), k) for c, (x, g, k) in zip(first, at, strict=True)]
    size = np.sqrt(own[0] ** 2 + own[1] ** 2) / np.maximum(np.sqrt(first[0] ** 2 + first[1] ** 2), 1e-300)
    return [taken.theta, *own, *(abs(c) for c in own), *exact, *bound, size]


def error_at(x: Any, g: Any, k: Any) -> Any:
    """`optimlab.heavy_ball.transient` at step k, in real arithmetic, so that it travels."""
    half, first = (1 + g - x) / 2, 1 - x
    inside = half**2 - g
    double = abs(inside) < 1e-12
    sine = np.sqrt(np.maximum(-inside, 1e-12))
    angle = k * np.arctan2(sine, half)
    swing = np.power(np.sqrt(g), k) * (np.cos(angle) + (first - half) / sine * np.sin(angle))
    larger = half + np.where(half < 0, -1.0, 1.0) * np.sqrt(np.maximum(inside, 1e-12))
    smaller = g / larger
    two = ((first - smaller) * np.power(larger, k) - (first - larger) * np.power(smaller, k)) / (larger - smaller)
    one = (1 + (first / np.where(half == 0, 1.0, half) - 1) * k) * np.power(half, k)
    return np.where(double, one, np.where(inside < 0, swing, two))


def axes(values: Any) -> Any:
    """From end to end of the flattest direction, and of the steepest one."""
    x, y = turned(1.0, 0.0, -numbers(values["angle"]))
    far = 3.0
    ends = [
        (far * x, far * y),
        (-far * x, -far * y),
        (np.nan * x, np.nan * y),
        (-far * y, far * x),
        (far * y, -far * x),
    ]
    return np.stack([np.stack(end, axis=-1) for end in ends], axis=-2)


def formula(name: str, compute: Any, *controls: str) -> Source:
    return Source(name, controls, compute, recipe=formula_recipe(compute, dict.fromkeys(controls, ())))


def plane_panel(symbols: Any) -> Panel:
    return Panel(
        *SQUARE,
        x_label=symbols[0],
        y_label=symbols[1],
        title="the parameters",
        alt="contour plot of the ravine with the path of heavy ball and its two eigen-directions",
        equal=True,
        marks=[
            Field(source="field", minimum=0.0, count=16),
            Points(source="axes", symbol="line", **role("data")),
            Path(source="walk", run=PATH, x=0, y=1),
            Handle(control="start", label="start θ₀", hint="drag me, here or beside"),
        ],
    )


def eigen_panel() -> Panel:
    return Panel(
        *SQUARE,
        x_label="along the flattest direction",
        y_label="along the steepest direction",
        title="its eigen-directions",
        alt="the same path along the axes of the ravine",
        equal=True,
        marks=[
            Field(source="straight", minimum=0.0, count=16),
            Path(source="walk", run=PATH, x=TURNED, y=TURNED + 1),
            Handle(control="start", turn="angle", label="start in eigen-directions", hint="drag me, here or beside"),
        ],
    )


def error_panel(steps: int) -> Panel:
    lines = ((SIZES, None, (FLAT, STEEP)), (THEORY, 1.4, (EXACT, EXACT)), (RATES, 1.4, (RATE, RATE)))
    marks = [
        Curve(source="walk", run=run, y=channel + i, width=width)
        for channel, width, names in lines
        for i, run in enumerate(names)
    ]
    return Panel(
        (0, steps),
        (LOWEST, 10.0),
        x_label="step k",
        y_label="|error|",
        title="the error along both directions",
        alt="size of the error against step, along the flattest and the steepest direction, logarithmic",
        y_log=True,
        follow="up",
        marks=marks,
    )


# Data: bars


class Axes(Loss):
    """½ Σ λᵢ cᵢ², a quadratic along its own axes."""

    name = "eigen-directions"

    def __init__(self, curvatures: np.ndarray, start: np.ndarray):
        self.curvatures, self.start = curvatures, start

    def value(self, theta: Any) -> Any:
        return 0.5 * (self.curvatures * theta**2).sum(axis=-1)

    def gradient(self, theta: Any) -> Any:
        return self.curvatures * theta


def bars(problem: Any, eta: float, gamma: float, steps: int) -> Lab:
    """The bars: |cᵢ| at step k, as parts of the error at the start, and the rate of each direction."""
    curvatures, start = along_axes(problem)
    low, high = float(curvatures[0]), float(curvatures[-1])
    _, best, _ = optimum(low, high)
    loss = Axes(curvatures, start)
    colors = colors_of(len(start))
    labels = [str(i + 1) for i in range(len(start))]
    directions = f"direction (λ = {low:.2g} … {high:.3g})"
    theory = role("theory")
    runs = [
        Run(PATH, "‖error‖ / ‖start‖", *role_style("the dot")),
        Run(RATE, "the slowest rate |σ|ᵏ", theory["color"], theory["color_dark"], (4, 2)),
    ]
    controls = [
        Control("x", UNITS, eta * high, "heavy ball"),
        Control("gamma", GAMMA, gamma, "heavy ball"),
    ]
    shapes: dict = {"x": (), "gamma": ()}

    def begin(values: Any) -> Walk:
        return Walk(loss, Momentum(values["x"] / high, values["gamma"]), tuple(start))

    def row(walk: Walk, taken: Taken) -> list:
        size = np.sqrt((taken.theta**2).sum(axis=-1))
        heavy: Any = walk.optimizer
        each = [larger_size(heavy.lr * curvature, heavy.gamma) for curvature in curvatures]
        slowest = each[0]
        for other in each[1:]:
            slowest = np.maximum(slowest, other)
        return [abs(taken.theta), size, np.power(slowest, taken.k)]

    def compute(values: Any) -> np.ndarray:
        x, g = np.broadcast_arrays(*(np.asarray(values[name], float) for name in shapes))
        many = np.broadcast_to(start, (*x.shape, len(start)))
        path = descend(loss, Momentum(trailing(x, 1) / high, trailing(g, 1)), many, steps).theta
        slowest = rate(x[..., None] / high * curvatures, g[..., None]).max(axis=-1)
        bound = slowest ** powers(steps, path[..., 0])
        return rows_of(*np.abs(np.moveaxis(path, -1, 0)), np.linalg.norm(path, axis=-1), bound)

    def rates(values: Any) -> Any:
        x, g = (numbers(values[name])[..., None] for name in shapes)
        return larger_size(x / high * curvatures, g)[..., None, :]

    sources = [
        Source("walk", ("x", "gamma"), compute, recipe=walk_recipe(begin, shapes, steps, row)),
        Source("rates", ("x", "gamma"), rates, recipe=formula_recipe(rates, shapes)),
    ]
    each = range(len(start))
    drawn: dict[str, Any] = {"channels": list(each), "labels": labels, "colors": colors}
    panels = [
        Panel(
            (-0.6, len(start) - 0.4),
            (1e-6, 10.0),
            x_label=directions,
            y_label="|error| along it",
            title=f"{problem.name}: each at its own rate",
            alt="bars of the size of the error along each eigen-direction",
            y_log=True,
            x_ticks=False,
            marks=[Bars(source="walk", **drawn)],
        ),
        Panel(
            (-0.6, len(start) - 0.4),
            (0.0, 1.2),
            x_label=directions,
            y_label="rate |σᵢ|",
            title="the rates: the highest decides",
            alt="bars of the rate along each eigen-direction",
            x_ticks=False,
            marks=[Bars(source="rates", **drawn), HLine(y=1.0)],
        ),
        Panel(
            (0, steps),
            (LOWEST, 10.0),
            x_label="step k",
            y_label="‖error‖ / ‖start‖",
            title="all together",
            alt="the whole error against step, and the rate of the slowest direction",
            y_log=True,
            follow="up",
            marks=[
                Curve(source="walk", run=PATH, y=len(start)),
                Curve(source="walk", run=RATE, y=len(start) + 1),
                HLine(y=1e-6, label="10⁻⁶"),
            ],
        ),
        gamma_ruler(float(best)),
    ]

    def summary(values: Any) -> Any:
        rows = compute(values)
        each = rate(values["x"] / high * curvatures, values["gamma"])
        slow = int(np.argmax(each))
        above = np.flatnonzero(~(rows[:, len(start)] <= 1e-6))
        settled = f"settled at 10⁻⁶ after {above[-1] + 1} steps" if above[-1] < steps else "not settled at 10⁻⁶"
        yield f"ηλmax={values['x']:.4g}, γ={values['gamma']:.4g} (Polyak's γ is {best:.4g}, κ = {high / low:.4g})"
        yield f"slowest: λ = {curvatures[slow]:.3g} with |σ| = {each[slow]:.4g}; {settled}"

    title = f"the eigen-directions of {problem.name}, {steps} steps"
    return Lab(Scene(panels, runs, steps), sources, controls, None, summary, title, min(steps, SHOWN))


def along_axes(problem: Any) -> tuple[np.ndarray, np.ndarray]:
    """The curvatures, ascending, and the start's errors along their directions, as parts of the whole error."""
    if problem.dim > 24:
        raise ValueError(f"eigen_lab has room for 24 directions, {problem.name} has {problem.dim}")
    zero, unit = np.zeros(problem.dim), np.eye(problem.dim)
    hessian = np.array([problem.gradient(e) - problem.gradient(zero) for e in unit])
    curvatures, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    error = (np.asarray(problem.start, float) - np.asarray(problem.minima[0])) @ vectors
    size = float(np.linalg.norm(error))
    if not size > 0:
        raise ValueError(f"eigen_lab needs a start that is not the solution, got {told(problem.start)}")
    return curvatures, error / size


def colors_of(count: int) -> list[str]:
    """From the flattest direction, dark, to the steepest one, light."""
    places = np.linspace(len(STEPS) - 2, 0.5, count)
    return [STEPS[round(float(place))] for place in places]


def gamma_ruler(best: float) -> Panel:
    marks: list[Mark] = [VLine(x=best, label="Polyak's {x}", side="left"), Dot(control="gamma", run=PATH)]
    return Panel(
        (0.0, 1.0),
        (0, 1),
        x_label="momentum γ",
        alt="momentum γ, beside Polyak's",
        height="ruler",
        marks=marks,
    )
