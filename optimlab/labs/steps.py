"""Acceleration without momentum: Chebyshev's step sizes in several orders, silver steps, and what rounding does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..checks import check_whole
from ..descent import descend
from ..heavy_ball import optimum
from ..knobs import Knob
from ..losses import Loss
from ..optimizers import GradientDescent, Momentum, Optimizer
from ..palette import role, role_style
from ..schedules import constant, cyclic
from ..stage.marks import Curve, HLine, Mark
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..step_sizes import ORDERS, chebyshev_bound, places, silver_steps
from .lab import Control, Lab
from .sources import numbers, rows_of
from .travel import Taken, Walk, walk_recipe

__all__ = ["steps_lab"]

CONDITION = Knob("κ", "condition number", 2.0, 1e4, log=True, allowed="[1, ∞)", count=75)
DIM = 12
SEED = 0  # of the rotation, and of the random order
SIZE, STEP = 0, 1  # channels
SILVER, CONSTANT, BALL = "silver", "constant", "heavy ball"
LOST = 10  # times as large: then rounding decides
HIDDEN = (SILVER, BALL)  # at first


class Turned(Loss):
    """½ θᵀHθ in 12 dimensions, curvatures from 1/κ to 1 at equal ratios: H along the axes, or turned at random."""

    name, dim = "quadratic", DIM

    def __init__(self, kappa: Any, turn: np.ndarray):
        self.kappa, self.turn = kappa, turn
        self.start = turn @ np.ones(DIM) / np.sqrt(DIM)

    @property
    def curvatures(self) -> Any:
        return np.power(1 / self.kappa, np.linspace(1, 0, DIM))

    def value(self, theta: Any) -> Any:
        return 0.5 * (self.curvatures * (theta @ self.turn) ** 2).sum(axis=-1)

    def gradient(self, theta: Any) -> Any:
        return (self.curvatures * (theta @ self.turn)) @ self.turn.T


TURNS = {"straight": np.eye(DIM), "turned": np.linalg.qr(np.random.default_rng(SEED).normal(size=(DIM, DIM)))[0]}


@dataclass(frozen=True)
class Plan:
    """A method of the lab: ``optimizer(κ)`` for curvatures from 1/κ to 1, and the steps' place in the picture."""

    optimizer: Callable[[Any], Optimizer]
    rates: Callable[[Any, Any], Any]


def steps_lab(kappa: float = 100.0, count: int = 64) -> Lab:
    """N steps of gradient descent with Chebyshev's step sizes in four orders; silver steps, a constant η, heavy ball.

    The error on a quadratic of 12 dimensions whose H is along the axes, and beside it on the same one turned: in exact
    arithmetic both are one picture.

    Parameters
    ----------
    kappa : κ in [2, 10⁴]; curvatures from 1/κ to 1
    count : N, a power of two from 2 to 128
    """
    check_whole("count", count, 2, 128)
    if count & (count - 1):
        raise ValueError(f"count must be a power of two, for the fractal order, got {count}")
    plans = {order: chebyshev(order, count) for order in ORDERS}
    plans |= {SILVER: silver(count), CONSTANT: steady(), BALL: ball()}
    runs = [Run(name, name, *role_style(name), shown=name not in HIDDEN) for name in plans]
    sources = [error_source(name, plan, turn, count) for name, plan in plans.items() for turn in TURNS]

    def summary(values: Any) -> Any:
        kappa = float(values["kappa"])
        bound = chebyshev_bound(1 / kappa, 1.0, count)
        yield f"κ={kappa:.4g}, N={count}: in exact arithmetic every order ends at {bound:.3g} or below"
        for name, plan in plans.items():
            straight, turned = (walked(plan, turn, count, values)[-1, SIZE] for turn in TURNS)
            lost = not turned < LOST * straight
            yield f"{name:12} error {straight:.3g} along the axes, {'lost in rounding' if lost else 'the same'} turned"

    panels = [steps_panel(runs, count), *(errors_panel(runs, turn, count) for turn in TURNS)]
    control = Control("kappa", CONDITION, CONDITION.check_one(kappa), "all")
    return Lab(Scene(panels, runs, count), sources, [control], None, summary, f"{count} step sizes on a quadratic")


def chebyshev(order: str, count: int) -> Plan:
    cosines = np.cos(np.pi * (places(order, count, SEED) + 0.5) / count)

    def schedule(kappa: Any) -> cyclic:
        low = 1 / kappa
        return cyclic(1 / ((1 + low) / 2 - (1 - low) / 2 * cosines))

    return scheduled(schedule)


def silver(count: int) -> Plan:
    """The first 2ⁿ − 1 silver steps, and one of 1/λmax."""
    values = tuple([*silver_steps(count - 1).tolist(), 1.0])
    return scheduled(lambda kappa: cyclic(values))


def steady() -> Plan:
    return scheduled(lambda kappa: constant(2 / (1 + 1 / kappa)))


def scheduled(schedule: Callable[[Any], Any]) -> Plan:
    return Plan(lambda kappa: GradientDescent(schedule(kappa)), lambda kappa, k: schedule(kappa)(k))


def ball() -> Plan:
    def optimizer(kappa: Any) -> Momentum:
        eta, gamma, _ = optimum(1 / kappa, 1.0)
        return Momentum(eta, gamma)

    return Plan(optimizer, lambda kappa, k: optimizer(kappa).lr + 0.0 * k)


def error_source(name: str, plan: Plan, turn: str, count: int) -> Source:
    """The size of the error, and ηₖλmax."""

    def begin(values: Any) -> Walk:
        loss = Turned(numbers(values["kappa"]), TURNS[turn])
        return Walk(loss, plan.optimizer(loss.kappa), tuple(loss.start))

    def row(walk: Walk, taken: Taken) -> list:
        of: Any = walk.loss
        return [np.sqrt((taken.theta**2).sum(axis=-1)), plan.rates(of.kappa, taken.k)]

    compute = partial(walked, plan, turn, count)
    recipe = walk_recipe(begin, {"kappa": ()}, count, row)
    return Source(f"{name} {turn}", ("kappa",), compute, recipe=recipe)


def walked(plan: Plan, turn: str, count: int, values: Any) -> np.ndarray:
    """Rows for one κ, or for each of several."""
    if np.ndim(values["kappa"]):
        return np.stack([walked(plan, turn, count, {"kappa": one}) for one in values["kappa"]])
    loss = Turned(float(values["kappa"]), TURNS[turn])
    path = descend(loss, plan.optimizer(loss.kappa), loss.start, count).theta
    rates = np.broadcast_to(plan.rates(loss.kappa, np.arange(count + 1)), count + 1)
    return rows_of(np.linalg.norm(path, axis=-1), rates)


def steps_panel(runs: list[Run], count: int) -> Panel:
    marks: list[Mark] = [Curve(source=f"{run.id} straight", run=run.id, y=STEP, width=1.4) for run in runs]
    marks.append(HLine(y=2.0, label="2/λmax", **role("theory")))
    return Panel(
        (0, count),
        (0.3, 200.0),
        x_label="step k",
        y_label="ηₖ λmax",
        title="the step sizes",
        alt="the step sizes of each method against the step, logarithmic, with the limit of a constant one",
        y_log=True,
        follow="up",
        marks=marks,
    )


def errors_panel(runs: list[Run], turn: str, count: int) -> Panel:
    where = "H along the axes" if turn == "straight" else "the same H, turned"
    return Panel(
        (0, count),
        (1e-8, 1e4),
        x_label="step k",
        y_label="‖error‖",
        title=where,
        alt=f"size of the error against step, {where}, logarithmic",
        y_log=True,
        follow="up",
        marks=[Curve(source=f"{run.id} {turn}", run=run.id, y=SIZE) for run in runs],
    )
