"""Heavy ball in circles: for which pairs (ηλ, γ) some function keeps it going round for ever, and that function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..checks import check_whole
from ..cycles import LONGEST, Polygon, shortest_cycle
from ..descent import descend
from ..heavy_ball import optimum
from ..knobs import Knob
from ..optimizers import Momentum, Nesterov
from ..palette import role, style_of
from ..stage.marks import Curve, Field, Handle, Map, Mark, Path, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..surfaces import field_grid
from .lab import Control, Lab
from .sources import numbers, rows_of
from .travel import EVERY, Taken, Walk, field_recipe, formula_recipe, map_recipe, walk_recipe

__all__ = ["cycle_lab"]

CONDITION = Knob("κ", "condition number", 2.0, 1e4, log=True, allowed="(1, ∞)", count=75)
WIDE, COLUMNS, ROWS = 4.2, 105, 100
ACROSS = (np.arange(COLUMNS) + 0.5) * WIDE / COLUMNS
UP = (np.arange(ROWS) + 0.5) / ROWS
HIGHEST = 0.999  # γ
FIELD = {"width": 61, "height": 61}
FEWEST = 3  # corners of the function where there is no cycle
RADIUS = 2  # channel
CLOSE = 1e-6  # of the minimum
BALL, ESCAPES = "Momentum", "Nesterov"
PUSH = Knob("push", "velocity at the start, of the cycle's", 0.0, 1.0, allowed="[0, 1]", count=21)


class Push:
    """A method that does not start at rest, but with a part of the velocity of the cycle, which turns by τ."""

    push: Any
    turn: Any

    def init(self, theta: Any) -> Any:
        x, y = theta[..., 0], theta[..., 1]
        c, s = np.cos(self.turn), np.sin(self.turn)
        velocity = np.stack([c * x + s * y - x, c * y - s * x - y], axis=-1)
        return super().init(theta) | {"v": self.push * velocity}  # type: ignore[misc]


@dataclass(frozen=True, repr=False)
class PushedMomentum(Push, Momentum):
    push: Any = 0.0
    turn: Any = 0.0


@dataclass(frozen=True, repr=False)
class PushedNesterov(Push, Nesterov):
    push: Any = 0.0
    turn: Any = 0.0


def cycle_lab(
    kappa: float = 100.0, eta_lambda: float | None = None, gamma: float | None = None, steps: int = 120
) -> Lab:
    """The plane (ηλmax, γ) with the pairs at which a polygon exists, and heavy ball on the function that belongs to it.

    Coloured: the number of corners of the shortest cycle, up to 25; grey: there is no polygon; hatched: heavy ball
    diverges on quadratics already. A dot chooses the pair, and with it the function (`optimlab.cycles.Polygon`, whose
    curvatures are between 1/κ and 1); a start is dragged, and pushed with the velocity of the cycle, or a part of it.
    Beside heavy ball, Nesterov's method with its usual η = 1/λmax, γ = (√κ−1)/(√κ+1) on the same function.

    Parameters
    ----------
    kappa : κ in (1, ∞)
    eta_lambda, gamma : where the dot is; Polyak's pair if None
    steps : how long
    """
    check_whole("steps", steps, 2, 2000)
    kappa = CONDITION.check_one(kappa)
    eta, best, _ = optimum(1 / kappa, 1.0)
    x = Knob("ηλ", "step in units of 1/λmax", 0.0, WIDE, allowed="(0, 4.2]").check_one(
        float(eta) if eta_lambda is None else eta_lambda
    )
    g = Knob("γ", "momentum", 0.0, HIGHEST, allowed="[0, 0.999]").check_one(float(best) if gamma is None else gamma)
    names = ["Momentum", "Nesterov"]
    runs = [
        Run(name, label, *style, loss=(name, RADIUS), reads="|x|")
        for name, label, style in zip(names, ("heavy ball", "Nesterov"), style_of(names), strict=True)
    ]
    sources = [
        map_source(),
        formula("tip", ("kappa",), tip),
        formula("count", ("kappa", "dot"), count),
        formula("corners", ("kappa", "dot"), corners),
        field(),
        *(path(name, steps) for name in names),
    ]

    def summary(values: Any) -> Any:
        dot, kappa = values["dot"], float(values["kappa"])
        found = int(count(values)[0, 0])
        where = f"round {found} corners" if found else "no polygon with up to 25 corners"
        yield f"κ={kappa:.4g}, ηλmax={dot[0]:.4g}, γ={dot[1]:.4g}: {where}"
        for name, run in zip(names, runs, strict=True):
            far = walked(name, steps, values)[-1, RADIUS]
            yield f"{run.label:12} {f'|x| = {far:.4g}' if far > CLOSE else 'at the minimum'} at step {steps}"

    readouts = [Readout("corners", "count", 0, 2)]
    scene = Scene([map_panel(), plane_panel(runs), radius_panel(runs, steps)], runs, steps, readouts)
    controls = [Control("kappa", CONDITION, kappa, "all"), Control("push", PUSH, 1.0, "all")]
    points = {"dot": (x, g), "start": (1.0, 0.0)}
    return Lab(scene, sources, controls, points, summary, f"cycles of heavy ball, {steps} steps")


def pair(values: Any) -> tuple[Any, Any]:
    """ηλmax and γ of the dot, which can be dragged to the edges."""
    dot = numbers(values["dot"])
    return np.clip(dot[..., 0], 1e-3, WIDE), np.clip(dot[..., 1], 0.0, HIGHEST)


def low_of(values: Any) -> Any:
    return 1 / numbers(values["kappa"])


def loss_at(values: Any) -> Polygon:
    """The function of the pair where the dot is; that of a triangle where there is no cycle."""
    (x, g), low = pair(values), low_of(values)
    return Polygon(x, g, low, 1.0, np.maximum(shortest_cycle(x, g, low, 1.0), float(FEWEST)))


def method(name: str, values: Any, corners: Any) -> Any:
    push, turn = values["push"], 2 * np.pi / corners
    if name == BALL:
        return PushedMomentum(*pair(values), push=push, turn=turn)
    root = np.sqrt(values["kappa"])
    return PushedNesterov(1.0, (root - 1) / (root + 1), push=push, turn=turn)


# Sources


def formula(name: str, needs: tuple[str, ...], compute: Any) -> Source:
    return Source(name, needs, compute, recipe=formula_recipe(compute, shapes(needs)))


def shapes(needs: Any) -> dict:
    return {name: () if name in ("kappa", "push") else (2,) for name in needs}


def cells(x: Any, g: Any, low: Any) -> Any:
    """Corners of the shortest cycle; NaN where there is none, infinity where quadratics suffice to diverge."""
    found = shortest_cycle(x, g, low, 1.0)
    return np.where(x < 2 + 2 * g, np.where(found > 0, found, np.nan), np.inf)


def map_of(values: Any, every: int = 1) -> Any:
    return cells(ACROSS[::every], UP[::every, None], low_of(values)[..., None, None])


def map_source() -> Source:
    def begin(values: Any) -> Walk:
        return Walk(Polygon(1.0, 0.0, low_of(values), 1.0, 3.0), Momentum(values["x"], values["gamma"]), (1.2, 0.0))

    def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
        ball: Any = walk.optimizer
        loss: Any = walk.loss
        return {}, [cells(ball.lr, ball.gamma, loss.low)]

    recipe = map_recipe(begin, {"kappa": ()}, 0, {"x": ACROSS, "gamma": UP}, {}, tell)
    return Source("map", ("kappa",), map_of, (), recipe=recipe, few=partial(map_of, every=EVERY))


def tip(values: Any) -> Any:
    eta, gamma, _ = optimum(low_of(values), 1.0)
    return np.stack([eta, gamma], axis=-1)[..., None, :]


def count(values: Any) -> Any:
    found = shortest_cycle(*pair(values), low_of(values), 1.0)
    return found[..., None, None] + np.zeros((1, 1))


def corners(values: Any) -> Any:
    """The points of the cycle, the first one again at the end; NaN where there is none."""
    found = count(values)[..., 0]
    turn = np.where(found > 0, 2 * np.pi / np.maximum(found, 1.0), np.nan) * np.arange(LONGEST + 1)
    return np.stack([np.cos(turn), np.sin(turn)], axis=-1)


def field() -> Source:
    recipe = field_recipe(loss_at, shapes(("kappa", "dot")), Polygon.view, **FIELD)

    def compute(values: Any) -> Any:
        return field_grid(loss_at(values), Polygon.view, **FIELD)

    return Source("field", ("kappa", "dot"), compute, (), recipe=recipe)


def path(name: str, steps: int) -> Source:
    """θ, and its size."""
    needs = ("kappa", "push", "dot", "start")

    def begin(values: Any) -> Walk:
        loss = loss_at(values)
        return Walk(loss, method(name, values, loss.corners), values["start"])

    def row(walk: Walk, taken: Taken) -> list:
        return [taken.theta, np.sqrt((taken.theta**2).sum(axis=-1))]

    recipe = walk_recipe(begin, shapes(needs), steps, row)
    return Source(name, needs, partial(walked, name, steps), (), recipe=recipe)


def walked(name: str, steps: int, values: Any) -> np.ndarray:
    loss = loss_at(values)
    path = descend(loss, method(name, values, loss.corners), np.asarray(values["start"], float), steps).theta
    return rows_of(*path.T, np.linalg.norm(path, axis=-1))


# Panels


def map_panel() -> Panel:
    return Panel(
        (0, WIDE),
        (0, 1),
        x_label="ηλmax",
        y_label="momentum γ",
        title="corners of the shortest cycle",
        alt="map over ηλmax and γ: where a function exists on which heavy ball runs round a polygon",
        marks=[
            Map(source="map", low=3, top=LONGEST),
            Points(source="tip", symbol="star", label="Polyak", **role("ink")),
            Handle(control="dot", label="the pair (ηλ, γ)", hint="drag me"),
        ],
    )


def plane_panel(runs: list[Run]) -> Panel:
    marks: list[Mark] = [Field(source="field", minimum=0.0, count=16)]
    marks += [
        Points(source="corners", symbol="ring", **role("data")),
        *(Path(source=run.id, run=run.id, x=0, y=1) for run in reversed(runs)),
    ]
    marks.append(Handle(control="start", label="start θ₀", hint="drag me"))
    return Panel(
        *Polygon.view,
        x_label="x",
        y_label="y",
        title="the function of that pair",
        alt="contour plot of the function, with the paths of heavy ball and of Nesterov",
        equal=True,
        marks=marks,
    )


def radius_panel(runs: list[Run], steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-6, 10.0),
        x_label="step k",
        y_label="|x|",
        title="distance from the minimum",
        alt="distance from the minimum against step for heavy ball and Nesterov, logarithmic",
        y_log=True,
        follow="up",
        marks=[Curve(source=run.id, run=run.id, y=RADIUS) for run in runs],
    )
