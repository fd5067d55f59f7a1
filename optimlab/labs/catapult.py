"""The catapult: a learning rate that is too large for the place where it begins, and not for a flatter one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..catapult_theory import border, flow_sharpness, largest_rate, sharpness
from ..checks import check_whole, told
from ..descent import descend
from ..edge import edge_at
from ..knobs import Knob
from ..optimizers import Momentum
from ..palette import ROLES, role, style_of
from ..stage.marks import Curve, Field, Handle, HLine, Path, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..surfaces import product
from .inputs import start_on
from .lab import Control, Lab
from .sources import field_source, numbers, rows_of
from .travel import EVERY, TRIED, Taken, Walk, formula_recipe, map_recipe, walk_recipe

__all__ = ["catapult_lab"]

RATE = Knob("η", "learning rate", 0.005, 0.35, allowed="[0.005, 0.35]", count=70)
MOMENTUM = Knob("γ", "momentum", 0.0, 0.95, allowed="[0, 0.95]", count=20)
VIEW = ((-5.0, 5.0), (-4.0, 4.0))
SURFACE = replace(product(), view=VIEW)
RATES = np.round(np.linspace(RATE.low, RATE.high, 2 * RATE.count - 1), 6)
FINAL = 400  # steps, after which a descent is at its end
SHARPNESS = (1.0, 100.0)  # the axis
BRANCH = np.geomspace(0.2, 5.0, 61)
ROUND = np.linspace(0, 2 * np.pi, 73)
DESCENT, STILL, EDGE = "descent", "circle", "ellipse"
X, Y, LOSS, SHARP, FLOWS, IMBALANCE, ETA = range(7)  # channels of the walk
FIRST, LIMIT, HIGHEST, STABLE, START_LOSS = range(5)  # channels of the lines
SHAPES: dict[str, tuple[int, ...]] = {"start": (2,), "eta": (), "gamma": ()}


def catapult_lab(
    eta: float = 0.18, gamma: float = 0.0, start: tuple[float, float] = (4.0, 0.3), steps: int = 60
) -> Lab:
    """Gradient descent on ½(xy−1)², whose minima xy = 1 are flat near (±1, ±1) and sharp far out: λ = x² + y².

    From a start near a minimum, with the sharpness λ₀: below 2/λ₀ the loss falls and the sharpness stays. Between 2/λ₀
    and about 4/λ₀ the loss first rises, and the descent comes down in a flatter place: the catapult (Lewkowycz et al.
    2020). Beyond it diverges. In the plane these are two lines: minima inside the circle x² + y² = 2/η are stable, and
    starts inside the ellipse `optimlab.catapult_theory.border` come to rest. The last panel has the sharpness after 400
    steps for all η: at most 2/η, but not the smaller the larger η is. A gradient flow keeps x² − y², and would end at
    the sharpness √((x²−y²)² + 4); a step multiplies x² − y² by 1 − η²r², r = xy − 1.

    With momentum γ the circle and the bound have 2 + 2γ in place of 2; the formulas for the ellipse and for x² − y²
    hold for γ = 0 only.

    Parameters
    ----------
    eta : η in [0.005, 0.35]
    gamma : γ of heavy ball in [0, 0.95]; 0 is gradient descent
    start : (x, y), with |x| ≤ 5 and |y| ≤ 4
    steps : how many are shown, from 2 to 1000
    """
    check_whole("steps", steps, 2, 1000)
    point = in_view(start_on(SURFACE, start))
    runs = [
        Run(DESCENT, "heavy ball", *style_of(["Momentum"])[0], loss=(DESCENT, LOSS)),
        Run(STILL, "stable inside", *ROLES["theory"]),
        Run(EDGE, "diverges outside", *ROLES["data"], dash=(4, 2)),
    ]
    sources = [
        field_source(SURFACE),
        formula(STILL, ("eta", "gamma"), circle),
        formula(EDGE, ("eta", "gamma"), ellipse),
        formula("lines", ("start", "eta", "gamma"), lines),
        formula("bound", ("gamma",), bound),
        ends_source(),
        walk_source(steps),
    ]
    readouts = [
        Readout("λ", DESCENT, SHARP),
        Readout("(2+2γ)/η", "lines", STABLE),
        Readout("x² − y²", DESCENT, IMBALANCE),
        Readout("a flow from here ends at λ", DESCENT, FLOWS),
    ]
    controls = [
        Control("eta", RATE, RATE.check_one(eta), "all"),
        Control("gamma", MOMENTUM, MOMENTUM.check_one(gamma), "all"),
    ]
    scene = Scene([plane_panel(), loss_panel(steps), ends_panel()], runs, steps, readouts)
    return Lab(scene, sources, controls, {"start": point}, summary, f"the catapult on {SURFACE.name}, {steps} steps")


def in_view(start: tuple) -> tuple:
    """The start, if it lies in the view, or a `ValueError`."""
    if not all(low <= x <= high for x, (low, high) in zip(start, VIEW, strict=True)):
        raise ValueError(f"the start must have x in [-5, 5] and y in [-4, 4], got {told(start)}")
    return start


def summary(values: Any) -> Any:
    eta, gamma = float(values["eta"]), float(values["gamma"])
    (x, y), line, rows = values["start"], lines(values)[0], walked(FINAL, values)
    limit = "(2+2γ)/λ₀" if gamma else "2/λ₀"
    yield f"start ({x:.3g}, {y:.3g}): λ₀={line[FIRST]:.4g}, {limit}={line[LIMIT]:.3g}, 4/λ₀={line[HIGHEST]:.3g}"
    yield f"η={eta:.3g}, γ={gamma:.3g}: {told_of_loss(rows)}"
    if np.isfinite(rows[-1]).all():
        flow = f"a gradient flow would end at λ={rows[0, FLOWS]:.3g}"
        yield f"stable minima have λ ≤ (2+2γ)/η = {line[STABLE]:.3g}; {flow}"
        if not gamma:
            first, last = rows[[0, -1], IMBALANCE]
            yield f"x² − y² from {first:.3g} to {last:.3g}: each step multiplies it by 1 − η²(xy−1)²"
    yield beyond(values)


def told_of_loss(rows: np.ndarray) -> str:
    if not np.isfinite(rows[-1]).all():
        return "the loss grows without end"
    first, top = rows[0, LOSS], rows[:, LOSS].max()
    rise = f"first rises from {first:.2g} to {top:.2g}" if top > 1.05 * first else "does not rise"
    return f"the loss {rise}; λ after {FINAL} steps {rows[-1, SHARP]:.3g}"


def beyond(values: Any) -> str:
    """From where on there is no end: by theory without momentum, else by what the slider's rates do."""
    if not float(values["gamma"]):
        return f"gradient descent comes to rest from here for η < {float(largest_rate(*values['start'])):.3g} (theory)"
    rest = np.isfinite(ends(values)[:, 1])
    if rest.all():
        return f"from here it comes to rest with each η up to {RATE.high:g}"
    mixed = " and with some larger ones" if rest[np.argmin(rest) :].any() else ""
    return f"from here it comes to rest with each η below {RATES[np.argmin(rest)]:.3g}{mixed}"


# Sources


def formula(name: str, needs: tuple[str, ...], compute: Any) -> Source:
    return Source(name, needs, compute, (), recipe=formula_recipe(compute, {n: SHAPES[n] for n in needs}))


def circle(values: Any) -> Any:
    """x² + y² = (2+2γ)/η: minima inside are stable."""
    radius = np.sqrt(edge_at(numbers(values["eta"]), numbers(values["gamma"])))
    return np.stack([radius * np.cos(ROUND), radius * np.sin(ROUND)], axis=-1)


def ellipse(values: Any) -> Any:
    """Inside, gradient descent comes to rest; NaN with momentum, for which it is not known."""
    x, y = border(numbers(values["eta"])[..., None], ROUND)
    known = numbers(values["gamma"])[..., None] == 0
    return np.stack([np.where(known, x, np.nan), np.where(known, y, np.nan)], axis=-1)


def lines(values: Any) -> Any:
    """λ₀; the η from which on the start is not stable, and 4/λ₀; the λ up to which η is stable; L₀."""
    start, eta, gamma = (numbers(values[name]) for name in SHAPES)
    first = sharpness(start[..., 0], start[..., 1])
    row = [first, (2 + 2 * gamma) / first, 4 / first, edge_at(eta, gamma), SURFACE.value(start)]
    return np.stack(row, axis=-1)[..., None, :]


def bound(values: Any) -> Any:
    """(2+2γ)/η for all η of the slider, and those between."""
    highest = edge_at(RATES, numbers(values["gamma"])[..., None])
    return np.stack([RATES + 0.0 * highest, highest], axis=-1)


def begin(values: Any) -> Walk:
    return Walk(SURFACE, Momentum(values["eta"], values["gamma"]), values["start"])


def walk_source(steps: int) -> Source:
    """The path, its loss, its sharpness, the sharpness where a flow would end, x² − y², and η."""

    def row(walk: Walk, taken: Taken) -> list:
        ball: Any = walk.optimizer
        x, y = taken.theta[0], taken.theta[1]
        return [taken.theta, walk.loss.value(taken.theta), *told_of(x, y), ball.lr]

    recipe = walk_recipe(begin, SHAPES, steps, row)
    few = partial(walked, min(steps, TRIED))
    return Source(DESCENT, tuple(SHAPES), partial(walked, steps), (), recipe=recipe, few=few)


def told_of(x: Any, y: Any) -> list:
    return [sharpness(x, y), flow_sharpness(x, y), x * x - y * y]


def walked(steps: int, values: Any) -> np.ndarray:
    return walked_once(steps, float(values["eta"]), float(values["gamma"]), *map(float, values["start"]))


@lru_cache(maxsize=8)  # picture and summary show the same
def walked_once(steps: int, eta: float, gamma: float, x: float, y: float) -> np.ndarray:
    path = descend(SURFACE, Momentum(eta, gamma), (x, y), steps)
    x_of, y_of = path.theta.T
    with np.errstate(all="ignore"):  # it may diverge
        return rows_of(x_of, y_of, path.loss, *told_of(x_of, y_of), np.full(steps + 1, eta))


def ends_source() -> Source:
    """η, and the sharpness at the end, for all η of the slider, and those between."""

    def begin_at(values: Any) -> Walk:
        return begin({**values, "eta": values["η"]})

    def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
        ball: Any = walk.optimizer
        return {}, [ball.lr, at_rest(sharpness(taken.theta[0], taken.theta[1]))]

    shapes = {name: SHAPES[name] for name in ("start", "gamma")}
    recipe = map_recipe(begin_at, shapes, FINAL, {"η": RATES}, {}, tell)
    return Source("ends", tuple(shapes), ends, (), recipe=recipe, few=partial(ends, every=EVERY))


def at_rest(final: Any) -> Any:
    """The sharpness; NaN where it is not finite."""
    return np.where(final < np.inf, final, np.nan)


def ends(values: Any, every: int = 1) -> np.ndarray:
    return ends_once(every, float(values["gamma"]), *map(float, values["start"]))


@lru_cache(maxsize=8)
def ends_once(every: int, gamma: float, x: float, y: float) -> np.ndarray:
    rates = RATES[::every]
    starts = np.broadcast_to([x, y], (len(rates), 2))
    x_of, y_of = descend(SURFACE, Momentum(rates[:, None], gamma), starts, FINAL, keep=FINAL).theta[-1].T
    with np.errstate(all="ignore"):
        return np.stack([rates, at_rest(sharpness(x_of, y_of))], axis=-1)


# Panels


def plane_panel() -> Panel:
    branches = [{"data": np.stack([sign * BRANCH, sign / BRANCH], axis=-1).tolist()} for sign in (1.0, -1.0)]
    return Panel(
        *VIEW,
        x_label="x",
        y_label="y",
        title="½(xy−1)²: drag the start",
        alt="the plane of x and y with the two branches of minima, the circle of stable minima and the path",
        equal=True,
        wide=1.2,
        marks=[
            Field(source="field", minimum=0.0, count=16),
            *(Points(symbol="line", **role("ink"), **branch) for branch in branches),
            Curve(source=STILL, run=STILL, x=0, y=1, still=True),
            Curve(source=EDGE, run=EDGE, x=0, y=1, still=True),
            Path(source=DESCENT, run=DESCENT, x=X, y=Y),
            Handle(control="start", label="start (x, y)", hint="drag me"),
        ],
    )


def loss_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-6, 1e3),
        x_label="step k",
        y_label="L",
        title="loss",
        alt="loss against step, logarithmic, with a line at the loss of the start",
        y_log=True,
        height=0.9,
        marks=[
            HLine(source="lines", y=START_LOSS, label="L₀", **role("data")),
            Curve(source=DESCENT, run=DESCENT, y=LOSS),
        ],
    )


def ends_panel() -> Panel:
    return Panel(
        (0, RATE.high),
        SHARPNESS,
        x_label="learning rate η",
        y_label="sharpness λ",
        title=f"sharpness after {FINAL} steps",
        alt="sharpness at the end against the learning rate: below the bound, but not falling everywhere",
        y_log=True,
        height=0.9,
        marks=[
            Curve(source="bound", run=STILL, x=0, y=1, still=True),
            VLine(source="lines", run=STILL, x=LIMIT, label="(2+2γ)/λ₀", side="left"),
            VLine(source="lines", run=EDGE, x=HIGHEST, label="4/λ₀"),
            Curve(source="ends", x=0, y=1, still=True, **role("ink")),
            Path(source=DESCENT, run=DESCENT, x=ETA, y=SHARP, width=1.2),
        ],
    )
