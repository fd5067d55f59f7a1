"""The edge of stability with a hand on η: a network is trained on all examples, and its sharpness follows 2/η."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_choice, check_seed, check_whole
from ..edge import COSINE, LOSS, MOMENTUM, SHARPNESS, EdgeTraining, State, centred, edge_at, few_digits
from ..knobs import Knob
from ..palette import role, style_of
from ..place import ERRORS
from ..stage.marks import Curve, Mark, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab

__all__ = ["edge_lab"]

RATE = {"log": True, "allowed": "[0.05, 2]", "count": 61}
OUTER = Knob("η₁", "learning rate", 0.1, 1.1, **RATE)  # type: ignore[arg-type]
INNER = Knob("η₂", "learning rate between", 0.1, 1.1, **RATE)  # type: ignore[arg-type]
NEEDS = ("eta1", "eta2", "t1", "t2", "gamma")
SPACING = 50  # of the positions of t₁ and t₂
EDGE = 3  # the channel of a walk after those of a training
FROM, TO = -10, 70  # steps around a change of η
PIECE = 250  # so many steps of a training are kept together, and begun from where others have come
FAR = 10.0  # a loss above it: at the start it is about 1
LAST = 200  # steps before a change of η that are averaged
Plan = tuple[tuple[float, int], ...]
"""η, and until which step, of each part of a training."""


def edge_lab(
    eta1: float = 0.8,
    eta2: float = 0.5,
    t1: int = 1000,
    t2: int = 2000,
    gamma: float = 0.0,
    error: str = "squared error",
    centre: bool = True,
    steps: int = 3000,
    seed: int = 0,
) -> Lab:
    """Sharpness and loss of a network while it is trained with η₁, from step t₁ on with η₂, and from t₂ on with η₁.

    The network (64, 32, 10) with tanh sees 400 digits in each gradient (`optimlab.edge`). Beside the sharpness there is
    the edge, (2+2γ)/η, as η is at each step: the sharpness climbs to it and stays near it, follows it down at once and
    up as fast as it can climb. A rise of η at a sharpness above the new edge shows in the loss as a spike.

    The third panel shows close by what happens when η last goes up (where it never does, when it goes down, or else
    the end): the cosine of the gradient and of the direction of largest curvature. It changes sign at each step.

    Parameters
    ----------
    eta1 : η₁ in [0.05, 2], before t₁ and from t₂ on
    eta2 : η₂ in [0.05, 2], from t₁ to t₂
    t1, t2 : when η changes, multiples of 50 from 50 to `steps`; with t₂ = `steps` it does not change back, with t₂ ≤ t₁
        not at all
    gamma : momentum γ in [0, 1)
    error : "squared error", or "cross-entropy", with which the sharpness of this network falls
    centre : whether the mean of the inputs is subtracted; without, the sharpness begins eight times as large, and
        η must be as much smaller
    steps : from 500 to 6000, a multiple of 50
    seed : of the first weights
    """
    multiple("steps", check_whole("steps", steps, 500, 6000))
    check_choice("the error", error, ERRORS)
    check_choice("centre", centre, (True, False))
    when = {"allowed": f"[{SPACING}, {steps}]", "count": steps // SPACING, "whole": True}
    first, second = (Knob(f"t{i}", "step", SPACING, steps, **when) for i in "₁₂")  # type: ignore[arg-type]
    controls = [
        Control("eta1", OUTER, OUTER.check_one(eta1), "learning rate"),
        Control("eta2", INNER, INNER.check_one(eta2), "learning rate"),
        Control("gamma", MOMENTUM, MOMENTUM.check_one(gamma), "learning rate"),
        Control("t1", first, placed("t₁", first, t1), "when it changes"),
        Control("t2", second, placed("t₂", second, t2), "when it changes"),
    ]
    hue, dark, _ = style_of(["GradientDescent"])[0]  # it trembles too much for dashes
    runs = [
        Run("walk", "gradient descent", hue, dark, loss=("walk", LOSS)),
        Run("edge", "edge (2+2γ)/η", dash=(4, 2), **role("theory")),
    ]
    setting = (error, bool(centre), check_seed(seed))
    known = {"walk": walked, "close": close_by, "changes": changes}
    sources = [Source(name, NEEDS, partial(rows, steps, setting), ()) for name, rows in known.items()]
    readouts = [Readout("sharpness", "walk", SHARPNESS), Readout("edge", "walk", EDGE)]
    scene = Scene([sharpness_panel(steps), loss_panel(steps), close_panel()], runs, steps, readouts)
    inputs = "centred" if centre else "not centred"
    title = f"a network on 400 digits, {error}, inputs {inputs}, {steps} steps with all examples"
    return Lab(scene, sources, controls, None, partial(told, steps, setting), title)


def placed(symbol: str, knob: Knob, step: Any) -> int:
    """A step at which η can change."""
    return multiple(symbol, check_whole(symbol, step, SPACING, int(knob.high)))


def multiple(what: str, number: int) -> int:
    if number % SPACING:
        raise ValueError(f"{what} must be a multiple of {SPACING}, got {number}")
    return number


# Sources


def plan_of(steps: int, values: Any) -> Plan:
    """The parts of the training as the sliders stand, to one step beyond the last, which is looked at too."""
    eta1, eta2 = float(values["eta1"]), float(values["eta2"])
    t1, t2 = round(values["t1"]), round(values["t2"])
    if eta1 == eta2 or t2 <= t1 or t1 >= steps:
        return ((eta1, steps + 1),)
    between = ((eta1, t1), (eta2, min(t2, steps + 1)))
    return (*between[:1], (eta2, steps + 1)) if t2 >= steps else (*between, (eta1, steps + 1))


@lru_cache(maxsize=4)
def training(gamma: float, error: str, centre: bool, seed: int) -> EdgeTraining:
    data = few_digits()
    return EdgeTraining(centred(data) if centre else data, error=error, gamma=gamma, seed=seed)


def shorter(plan: Plan) -> Plan:
    """The plan without its last piece."""
    *before, (eta, until) = plan
    cut = (until - 1) // PIECE * PIECE
    began = before[-1][1] if before else 0
    return (*before, (eta, cut)) if cut > began else tuple(before)


@lru_cache(maxsize=200)
def piece(plan: Plan, *setting: Any) -> tuple[State, np.ndarray]:
    """Where a training is at the end of a plan, and the rows of its last piece."""
    known = training(*setting)
    before = shorter(plan)
    state = piece(before, *setting)[0] if before else known.begin()
    eta, until = plan[-1]
    return known.go(state, eta, until - state.k)


def walked(steps: int, setting: Any, values: Any) -> np.ndarray:
    """L, the sharpness, the cosine, and the edge, of each step.

    The sharpness is straight between the steps where it is measured; of a loss that is far away nothing is shown.
    """
    gamma, plan, rows = float(values["gamma"]), plan_of(steps, values), []
    while plan:
        found = piece(plan, gamma, *setting)[1]
        rows.append(np.column_stack([found, np.full(len(found), edge_at(plan[-1][0], gamma))]))
        plan = shorter(plan)
    walk = np.concatenate(rows[::-1])
    k, near = np.arange(len(walk)), walk[:, LOSS] < FAR
    measured = near & np.isfinite(walk[:, SHARPNESS])
    between = np.interp(k, k[measured], walk[measured, SHARPNESS])
    walk[:, SHARPNESS] = np.where(near, between, np.nan)
    return walk


def change_steps(steps: int, values: Any) -> tuple[list[int], int | None]:
    """The steps at which η changes, and the one to look at close by."""
    plan = plan_of(steps, values)
    at = [until for _, until in plan[:-1]]
    rises = [k for k, (before, _), (after, _) in zip(at, plan, plan[1:], strict=False) if after > before]
    return at, rises[-1] if rises else at[0] if at else None


def close_by(steps: int, setting: Any, values: Any) -> np.ndarray:
    """The cosine at the steps around a change of η: how many steps after it, and the cosine."""
    _, change = change_steps(steps, values)
    middle = steps - TO if change is None else change
    k = np.arange(middle + FROM, min(middle + TO, steps) + 1)
    return np.column_stack([k - middle, walked(steps, setting, values)[k, COSINE]])


def changes(steps: int, setting: Any, values: Any) -> np.ndarray:
    """When η changes first and when it changes back, and 0 if it does; NaN where it does not."""
    at, change = change_steps(steps, values)
    first, back = [*at, np.nan, np.nan][:2]
    return np.array([[first, back, np.nan if change is None else 0.0]])


# In words


def told(steps: int, setting: Any, values: Any) -> Any:
    """What the edge and the sharpness are at the end of each part, the spike, and the signs."""
    walk, plan, gamma = walked(steps, setting, values), plan_of(steps, values), values["gamma"]
    at, change = change_steps(steps, values)
    ends = [*at, steps]
    parts = [f"η={eta:.3g} to step {until}" for (eta, _), until in zip(plan, ends, strict=True)]
    yield f"{', '.join(parts)}; γ={gamma:.3g}; at the start the sharpness is {rounded(walk[0, SHARPNESS])}"
    for begin, end in zip([0, *at], ends, strict=True):
        if not np.isfinite(walk[end, LOSS]):
            yield f"from step {begin} on it diverges, at η={eta_at(plan, begin):.3g}"
            return
        last = walk[max(begin, end - LAST) : end]
        mean, limit = last[:, SHARPNESS].mean(), last[-1, EDGE]
        yield f"sharpness before step {end}: {rounded(mean)}, edge {limit:.3g}; {signs(last)}"
    if change is not None and eta_at(plan, change) > eta_at(plan, change - 1):
        rise = walk[change : change + TO, LOSS].max() / walk[change, LOSS]
        yield f"after step {change} the loss rises {fold(rise)}"


def rounded(sharpness: float) -> str:
    """As many digits as do not depend on rounding, at the edge, where a training is chaotic."""
    return f"{sharpness:.1f}" if sharpness > 1 else f"{sharpness:.2g}"


def eta_at(plan: Plan, k: int) -> float:
    return next(eta for eta, until in plan if k < until)


def signs(rows: np.ndarray) -> str:
    """How often the gradient along the top direction changes its sign."""
    share = np.mean(np.diff(np.sign(rows[:, COSINE])) != 0)
    often = "in nearly all steps" if share > 0.9 else "in few steps" if share < 0.5 else "in most steps"
    return f"the gradient along it turns round {often}"


def fold(ratio: float) -> str:
    """A ratio as a bound, half a decade apart: what comes of a spike depends on rounding."""
    if ratio < 1.5:
        return "by less than half"
    bounds = [1.5, 3, 10, 30, 100, 300, 1000]
    return f"more than {max(bound for bound in bounds if bound <= ratio):g}-fold"


# Panels


def change_lines() -> list[Mark]:
    return [VLine(source="changes", x=i, label=label, **role("data")) for i, label in enumerate(("η₂", "η₁"))]


def sharpness_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (0, 5.0),
        x_label="step k",
        y_label="largest eigenvalue of ∇²L",
        title="sharpness and edge",
        alt="sharpness against step, with the edge of stability, a line that jumps where the learning rate changes",
        follow="up",
        marks=[Curve(source="walk", run="edge", y=EDGE), Curve(source="walk", run="walk", y=SHARPNESS)],
    )


def loss_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-2, 10.0),
        x_label="step k",
        y_label="L",
        title="training loss",
        alt="training loss against step, logarithmic, with lines where the learning rate changes",
        y_log=True,
        follow="both",
        marks=[*change_lines(), Curve(source="walk", run="walk", y=LOSS)],
    )


def close_panel() -> Panel:
    return Panel(
        (FROM, TO),
        (-1.05, 1.05),
        x_label="steps since the change of η",
        y_label="cosine of ∇L and top direction",
        title="close by: each step of a change",
        alt="cosine of the gradient and the top direction in the steps around a change of the learning rate",
        marks=[
            VLine(source="changes", x=2, **role("data")),
            Curve(source="close", run="walk", x=0, y=1, still=True),
        ],
    )
