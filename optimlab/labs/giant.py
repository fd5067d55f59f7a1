"""Forgetting the giant: one large gradient a cycle says down, Adam forgets it and goes up, and AMSGrad goes down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..adam_theory import after_giant, drift
from ..checks import check_whole
from ..descent import descend
from ..knobs import Knob
from ..losses import Loss
from ..optimizers import AMSGrad, RMSprop
from ..palette import role, style_of
from ..stage.marks import Curve, Handle, HLine, Map
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers, rows_of
from .travel import EVERY, TRIED, Taken, Walk, formula_recipe, map_recipe, walk_recipe

__all__ = ["giant_lab"]

EXCESS = Knob("C/(N−1)", "size of the giant", 1.05, 10.0, log=True, allowed="(1, 100]", count=71)
RATE = Knob("η", "learning rate", 1e-3, 0.1, log=True, allowed="(0, 1]", count=81)
DECAY = Knob("β₂", "second-moment decay", 0.01, 0.9999, allowed="[0.01, 0.9999]")
USUAL, WAY = 0.01, 2.0  # the map counts steps at this η, for a way as long as from 1 to −1
SHORTEST, LONGEST = 2, 1000  # N
MEMORY = (1.0, 1e4)  # 1/(1−β₂), the ends of the map
LEAST = 1 / (1 - DECAY.low)  # of it
COLUMNS, ROWS = 110, 100
ADAM, AMSGRAD = "Adam", "AMSGrad"
X, DOWN = 0, 1  # channels of a walk


def middles(low: float, high: float, count: int) -> np.ndarray:
    """The middles of the cells of a logarithmic axis."""
    return np.asarray(low * (high / low) ** ((np.arange(count) + 0.5) / count))


ACROSS = np.round(middles(SHORTEST, LONGEST, COLUMNS))
UP = middles(*MEMORY, ROWS)


class Slope(Loss):
    """L = −x, whose gradient is −1."""

    name, dim, start = "slope", 1, np.zeros(1)

    def value(self, theta: Any) -> Any:
        return -theta[..., 0]

    def gradient(self, theta: Any) -> Any:
        return -np.ones_like(theta)


class Giants:
    """A method to whom every N-th gradient, the first one too, is −C times as large, and who stays in [−1, 1].

    State: beside its own, the way down in this cycle so far and in the last whole one (0 before there is one), in
    units of η; for it there are no ends.
    """

    giant: Any
    period: Any

    def init(self, theta: Any) -> Any:
        return super().init(theta) | {"so far": np.zeros_like(theta), "cycle": np.zeros_like(theta)}  # type: ignore[misc]

    def step(self, theta: Any, grad: Any, state: Any, k: Any) -> Any:
        place = np.remainder(k, self.period)
        own: Any = super()
        there, after = own.step(theta, lambda at: grad(at) * np.where(place == 0, -self.giant, 1.0), state, k)
        way = np.where(place == 0, 0.0, state["so far"]) + (theta - there) / self.rate(k)  # type: ignore[attr-defined]
        cycle = np.where(place == self.period - 1, way, state["cycle"])
        return np.clip(there, -1.0, 1.0), after | {"so far": way, "cycle": cycle}


@dataclass(frozen=True, repr=False)
class Forgetful(Giants, RMSprop):
    """Adam without a mean of the gradients (β₁ = 0) and without bias correction, which is RMSprop."""

    giant: Any = 3.0
    period: Any = 3.0


@dataclass(frozen=True, repr=False)
class Mindful(Giants, AMSGrad):
    """AMSGrad, with β₁ = 0 and without correction as in the paper."""

    giant: Any = 3.0
    period: Any = 3.0


def giant_lab(period: int = 3, beta2: float = 0.1, excess: float = 1.5, steps: int = 3000) -> Lab:
    """The gradient is C at every N-th step and −1 at the others, with C > N − 1: x should go down, to −1.

    That is the example of Reddi, Kale & Kumar (2018), with β₁ = 0 and no bias correction; x begins at 0 and stays in
    [−1, 1]. A map over N and the memory 1/(1−β₂) counts the steps that Adam's drift takes to go down by 2 at η = 0.01
    (`optimlab.adam_theory.giant_drift`); hatched: it goes up. For large N the border is close to 1/(1−β₂) = aN, with
    2a(e^{1/(2a)} − 1) = C/(N−1). A dot chooses the pair, and beside the map Adam and AMSGrad walk. Without correction
    the first step, a giant's, is as long as η/√(1−β₂).

    Parameters
    ----------
    period : N, a whole number from 2 to 1000
    beta2 : β₂ in [0.01, 0.9999]
    excess : C/(N−1) in (1, 100]; above 1 the sum of a cycle's gradients says down
    steps : how long, from 2 to 20000
    """
    check_whole("steps", steps, 2, 20_000)
    check_whole("the period N", period, SHORTEST, LONGEST)
    memory = 1 / (1 - DECAY.check_one(beta2))
    names = [ADAM, AMSGRAD]
    labels = ["Adam, β₁ = 0", "AMSGrad"]
    runs = [
        Run(name, label, *style, loss=(name, X), reads="x")
        for name, label, style in zip(names, labels, style_of(["RMSprop", "AMSGrad"]), strict=True)
    ]
    sources = [
        map_source(),
        formula("usual", (), diagonal),
        formula("cycle", ("excess", "dot"), cycle),
        *(walk_source(name, steps) for name in names),
    ]
    readouts = [
        Readout("N", "cycle", 0, 4),
        Readout("β₂", "cycle", 1, 4),
        Readout("C", "cycle", 2, 4),
        Readout("Adam: down in a cycle (η)", "cycle", 3),
        Readout("measured", ADAM, DOWN),
        Readout("AMSGrad: down in a cycle (η)", "cycle", 4),
        Readout("measured", AMSGRAD, DOWN),
    ]

    def summary(values: Any) -> Any:
        N, beta2, C, *drifts = (float(number) for number in cycle(values)[0])
        eta = float(values["eta"])
        yield f"gradient C={C:.4g} every N={N:.0f} steps, else −1; β₂={beta2:.4g}, η={eta:.3g}"
        for name, label, theory in zip(names, labels, drifts, strict=True):
            x, down = walked(name, steps, values)[-1]
            measured = f", {told(down)} measured" if steps >= N else ""
            yield f"{label:12} {told(theory)} a cycle by theory{measured}; x = {x:.3g} at step {steps}"
        if up := longest_up(C, N):
            yield f"with this C and N Adam goes up while 1/(1−β₂) < {up:.3g}"

    scene = Scene([map_panel(), walk_panel(runs, steps)], runs, steps, readouts)
    controls = [Control("excess", EXCESS, EXCESS.check_one(excess), "all"), Control("eta", RATE, USUAL, "all")]
    points = {"dot": (float(period), memory)}
    return Lab(scene, sources, controls, points, summary, f"a giant every so often, {steps} steps")


def told(down: float) -> str:
    return f"{abs(down):.3g}η {'down' if down > 0 else 'up'}"


def longest_up(giant: float, period: float) -> float | None:
    """The longest memory 1/(1−β₂) with which Adam goes up; None where that lies beyond the ends of the map."""
    memory = np.geomspace(LEAST, MEMORY[1], 9001)
    goes_up = drift(giant, period, 1 - 1 / memory) < 0
    return float(memory[goes_up][-1]) if goes_up.any() and not goes_up[-1] else None


def setting(values: Any) -> tuple[Any, Any, Any]:
    """N, β₂ and C where the dot is, which can be dragged to the edges."""
    dot = numbers(values["dot"])
    period = np.round(np.clip(dot[..., 0], SHORTEST, LONGEST))
    beta2 = 1 - 1 / np.clip(dot[..., 1], LEAST, MEMORY[1])
    return period, beta2, numbers(values["excess"]) * (period - 1)


def method(name: str, values: Any) -> Any:
    period, beta2, giant = setting(values)
    if name == ADAM:
        return Forgetful(values["eta"], beta2, eps=0.0, giant=giant, period=period)
    return Mindful(values["eta"], 0.0, beta2, eps=0.0, correction="none", giant=giant, period=period)


# Sources


def shapes(needs: Any) -> dict:
    return {name: (2,) if name == "dot" else () for name in needs}


def formula(name: str, needs: tuple[str, ...], compute: Any) -> Source:
    return Source(name, needs, compute, (), recipe=formula_recipe(compute, shapes(needs)))


def cycle(values: Any) -> Any:
    """N, β₂ and C, and how far a cycle goes down in the long run with Adam and with AMSGrad, in units of η."""
    period, beta2, giant = setting(values)
    kept = (giant - period + 1) / np.sqrt(1 + after_giant(giant, period, beta2))
    row = np.broadcast_arrays(period, beta2, giant, drift(giant, period, beta2), kept)
    return np.stack(row, axis=-1)[..., None, :]


def diagonal(values: Any) -> Any:
    """N, and a memory that is as long."""
    period = np.geomspace(SHORTEST, LONGEST, 41)
    return np.stack([period, period], axis=-1)


def steps_down(excess: Any, period: Any, memory: Any) -> Any:
    """Steps until the drift has gone all the way down; infinitely many where it goes up."""
    down = drift(excess * (period - 1), period, 1 - 1 / memory)
    return np.where(down > 0, WAY * period / (USUAL * np.where(down > 0, down, 1.0)), np.inf)


def map_of(values: Any, every: int = 1) -> Any:
    return steps_down(numbers(values["excess"])[..., None, None], ACROSS[::every], UP[::every, None])


def map_source() -> Source:
    """The map travels as one of walks of no step, of which each tells what its formula says."""

    def begin(values: Any) -> Walk:
        giant = values["excess"] * (values["N"] - 1)
        return Walk(Slope(), Forgetful(USUAL, 1 - 1 / values["memory"], giant=giant, period=values["N"]), (0.0,))

    def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
        adam: Any = walk.optimizer
        return {}, [steps_down(adam.giant / (adam.period - 1), adam.period, 1 / (1 - adam.gamma))]

    recipe = map_recipe(begin, {"excess": ()}, 0, {"N": ACROSS, "memory": UP}, {}, tell)
    return Source("map", ("excess",), map_of, (), recipe=recipe, few=partial(map_of, every=EVERY))


def walk_source(name: str, steps: int) -> Source:
    """x, and how far the last whole cycle would have gone down without the ends, in units of η."""
    needs = ("excess", "eta", "dot")

    def begin(values: Any) -> Walk:
        return Walk(Slope(), method(name, values), (0.0,))

    def row(walk: Walk, taken: Taken) -> list:
        return [taken.theta, taken.state["cycle"]]

    recipe = walk_recipe(begin, shapes(needs), steps, row)
    return Source(
        name, needs, partial(walked, name, steps), (), recipe=recipe, few=partial(walked, name, min(steps, TRIED))
    )


def walked(name: str, steps: int, values: Any) -> np.ndarray:
    return walked_once(name, steps, float(values["excess"]), float(values["eta"]), tuple(map(float, values["dot"])))


@lru_cache(maxsize=4)  # picture and summary show the same
def walked_once(name: str, steps: int, excess: float, eta: float, dot: tuple[float, ...]) -> np.ndarray:
    optimizer = method(name, {"excess": excess, "eta": eta, "dot": dot})
    path = descend(Slope(), optimizer, (0.0,), steps, record=True)
    return rows_of(path.theta[:, 0], path.state["cycle"][:, 0])


# Panels


def map_panel() -> Panel:
    return Panel(
        (SHORTEST, LONGEST),
        MEMORY,
        x_label="period N",
        y_label="memory 1/(1−β₂)",
        title="steps down (hatched: up)",
        alt="map over the period N and the memory of Adam: where it is shorter than about N, Adam goes up",
        x_log=True,
        y_log=True,
        marks=[
            Map(source="map", low=300, top=9000),
            HLine(y=1000.0, label="β₂ = 0.999", **role("ink")),
            Curve(source="usual", x=0, y=1, still=True, label="1/(1−β₂) = N", label_at=0.55, **role("ink")),
            Handle(control="dot", label="the pair (N, 1/(1−β₂))", hint="drag me"),
        ],
    )


def walk_panel(runs: list[Run], steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-1.5, 1.5),
        x_label="step k",
        y_label="x",
        title="x, from 0 on: AMSGrad goes down; does Adam?",
        alt="x against step for Adam and AMSGrad, between the wrong end 1 and the right end −1",
        marks=[
            HLine(y=1.0, label="wrong end", side="right", **role("theory")),
            HLine(y=-1.0, label="right end", side="right", **role("theory")),
            *(Curve(source=run.id, run=run.id, y=X) for run in runs),
        ],
    )
