"""Adam's spikes: on a parabola v decays until the descent becomes unstable, at a step that is known long before."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..adam_theory import spike_step, stable_curvature
from ..checks import check_whole
from ..descent import descend
from ..knobs import Knob
from ..optimizers import Adam
from ..palette import role, style_of
from ..stage.marks import Curve, HLine, Mark, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .direction import Direction
from .lab import Control, Lab
from .sources import trailing
from .travel import Taken, Walk, map_recipe, walk_recipe

__all__ = ["spike_lab"]

RATE = Knob("η", "learning rate", 0.01, 1.0, log=True, allowed="[0.01, 1]", count=61)
FIRST = Knob("β₁", "first-moment decay", 0.0, 0.95, allowed="[0, 0.95]", count=77)
SECOND = Knob("β₂", "second-moment decay", 0.9, 0.999, allowed="[0.9, 0.999]")
REST = Knob("1−β₂", "what v takes of each g²", 1e-3, 0.1, log=True, allowed="[0.001, 0.1]", count=61)
CONTROLS = {"eta": (), "beta1": (), "1-beta2": ()}
TINY = 1e-300  # as Adam's ε, and in place of a zero on a logarithmic axis
NEGLIGIBLE = 1e-4  # (g² + m²)/v, from where on v only decays
DISTANCE, CURVATURE = 0, 1  # channels of the source "walk"
FOUND = ("seen", "curvature", "predicted", "crossed", "low", "largest", "threshold")  # channels of the source "found"


def spike_lab(eta: float = 0.1, beta1: float = 0.9, beta2: float = 0.99, steps: int = 1500) -> Lab:
    """Adam on ½x² without noise: |x|, and the preconditioned curvature λ/√v̂ with the threshold of stability.

    Once the gradient is negligible, v falls by β₂ a step, and λ/√v̂ climbs to (2+2β₁)/((1−β₁)η)
    (`optimlab.adam_theory.stable_curvature`); from there on |x| grows, until v has grown too. At which step that is, is
    predicted from v at an earlier one, where a ring is: the first step at which g² + m² is less than 10⁻⁴ v
    (`optimlab.adam_theory.spike_step`; that v̂ is not quite v is counted in). Where there is no such step, as for
    β₂ ≤ β₁, nothing is predicted.

    Parameters
    ----------
    eta : η in [0.01, 1]
    beta1 : β₁ in [0, 0.95]
    beta2 : β₂ in [0.9, 0.999]; its slider is that of 1 − β₂
    steps : how long it goes
    """
    check_whole("steps", steps, 2, 8000)
    controls = [
        Control("eta", RATE, RATE.check_one(eta), "all"),
        Control("beta1", FIRST, FIRST.check_one(beta1), "all"),
        Control("1-beta2", REST, round(1 - SECOND.check_one(beta2), 12), "all"),
    ]
    hue, dark, _ = style_of(["Adam"])[0]  # it trembles too much for dashes
    run = Run("walk", "Adam", hue, dark, loss=("walk", DISTANCE), reads="|x|")
    readouts = [
        Readout("λ/√v̂", "walk", CURVATURE, 3),
        Readout("limit", "found", FOUND.index("threshold"), 3),
        Readout("predicted", "found", FOUND.index("predicted"), 4),
        Readout("crossed at", "found", FOUND.index("crossed"), 4),
    ]

    def summary(values: Any) -> Any:
        told = dict(zip(FOUND, found(steps, values)[0], strict=True))
        threshold, predicted, crossed = (told[name] for name in ("threshold", "predicted", "crossed"))
        eta, beta1, rest = (values[name] for name in CONTROLS)
        yield f"η={eta:.4g}, β₁={beta1:.4g}, 1−β₂={rest:.4g}: limit {threshold:.4g}"
        known = np.isfinite(predicted)
        theory = f"predicted at step {told['seen']:.0f}: {predicted:.1f}" if known else "nothing is predicted"
        if np.isnan(crossed):
            yield f"crossing: {theory}; measured: none in {steps} steps"
            return
        yield f"crossing: {theory}; measured: {crossed:.0f}"
        yield f"|x| there {told['low']:.0e}, later up to {told['largest']:.2g}"

    scene = Scene([distance_panel(steps), curvature_panel(steps)], [run], steps, readouts)
    return Lab(scene, [walk_source(steps), found_source(steps)], controls, None, summary, f"Adam on ½x², {steps} steps")


# What is shown


def predicted_line(label: str) -> VLine:
    return VLine(source="found", x=FOUND.index("predicted"), label=label, dash=(4, 2), **role("theory"))


def distance_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-24, 1e3),
        x_label="step k",
        y_label="|x|",
        title="distance from the minimum",
        alt="distance from the minimum against step, logarithmic, with a line where its burst is predicted to begin",
        y_log=True,
        follow="both",
        marks=[predicted_line("predicted"), Curve(source="walk", y=DISTANCE, run="walk")],
    )


def curvature_panel(steps: int) -> Panel:
    marks: list[Mark] = [
        predicted_line("predicted"),
        HLine(source="found", y=FOUND.index("threshold"), label="limit", **role("data")),
        Curve(source="walk", y=CURVATURE, run="walk"),
        Points(source="found", symbol="ring", label="predicted from the v here", **role("theory")),
    ]
    return Panel(
        (0, steps),
        (0.3, 2e4),
        x_label="step k",
        y_label="λ/√v̂",
        title="the curvature that Adam feels",
        alt="preconditioned curvature against step, logarithmic, with the threshold of stability",
        y_log=True,
        follow="up",
        marks=marks,
    )


# Sources


def rule(values: Any, axes: int = 0) -> Adam:
    eta, beta1, rest = (trailing(values[name], axes) for name in CONTROLS)
    return Adam(eta, beta1, 1 - rest, eps=TINY)


def begin(values: Any) -> Walk:
    return Walk(Direction(), rule(values), (values.get("start", 1.0),))


def preconditioned(adam: Any, k: Any, x: Any, v: Any) -> Any:
    """λ/√v̂ at step k; at the start, where v is 0, as after the first gradient."""
    started = k > 0
    v_hat = np.where(started, v / np.where(started, 1 - adam.beta2**k, 1.0), x**2)
    return 1 / np.sqrt(np.maximum(v_hat, TINY))


def only_decays(x: Any, m: Any, v: Any) -> Any:
    return x**2 + m**2 < NEGLIGIBLE * v


def prediction(adam: Any, k: Any, v: Any) -> Any:
    """The step at which λ/√v̂ comes to the threshold κ, if v only decays from step k on; NaN if k is.

    It is v̂ that comes to (λ/κ)²: v/(1−β₂ᵗ) does so when v + β₂ᵗ(λ/κ)² would.
    """
    known = ~np.isnan(k)
    k, v = np.where(known, k, 0.0), np.where(known, v, 1.0)
    aim = stable_curvature(adam.lr, adam.beta1) ** -2
    return np.where(known, spike_step(v + adam.beta2**k * aim, 1.0, adam.lr, adam.beta1, adam.beta2, k), np.nan)


def recorded(steps: int, values: Any) -> tuple[Any, ...]:
    """The rule, and x, m and v of each step, each of shape (..., steps + 1)."""
    many = np.broadcast_shapes(*(np.shape(values[name]) for name in CONTROLS))
    adam = rule(values, axes=1)
    walk = descend(Direction(), adam, np.ones((*many, 1)), steps, record=True)
    return adam, *(np.moveaxis(part[..., 0], 0, -1) for part in (walk.theta, walk.state["m"], walk.state["v"]))


def walked(steps: int, values: Any) -> np.ndarray:
    """|x| and λ/√v̂ of each step."""
    adam, x, _, v = recorded(steps, values)
    return np.stack([np.maximum(np.abs(x), TINY), preconditioned(adam, np.arange(steps + 1.0), x, v)], axis=-1)


def walk_source(steps: int) -> Source:
    def row(walk: Walk, taken: Taken) -> list:
        x, v = taken.theta[0], taken.state["v"][0]
        return [np.maximum(np.abs(x), TINY), preconditioned(walk.optimizer, taken.k, x, v)]

    recipe = walk_recipe(begin, CONTROLS, steps, row)
    return Source("walk", tuple(CONTROLS), partial(walked, steps), recipe=recipe)


def found(steps: int, values: Any) -> np.ndarray:
    """One row of what is `FOUND`; NaN where there is none."""
    adam, x, m, v = recorded(steps, values)
    k, threshold = np.arange(steps + 1.0), stable_curvature(adam.lr, adam.beta1) + 0.0 * x
    crossed = first(preconditioned(adam, k, x, v) >= threshold)
    before = ~(k >= crossed)
    seen = first(before & only_decays(x, m, v))
    largest = np.fmax.reduce(np.where(before, np.nan, np.abs(x)), axis=-1)[..., None]
    told = {"seen": seen, "v": at(v, seen), "crossed": crossed, "low": at(np.abs(x), crossed), "largest": largest}
    row = [part[..., 0] for part in found_row(adam, told, threshold)]
    return np.stack(row, axis=-1)[..., None, :]


def found_row(adam: Any, told: Any, threshold: Any) -> list:
    seen, v = told["seen"], told["v"]
    ring = [seen, preconditioned(adam, seen, np.nan, v)]
    return [*ring, prediction(adam, seen, v), told["crossed"], told["low"], told["largest"], threshold]


def first(true: np.ndarray) -> np.ndarray:
    """The first step after the start at which something is true, shape (..., 1); NaN if it never is."""
    after = true[..., 1:]
    return np.where(after.any(axis=-1), after.argmax(axis=-1) + 1.0, np.nan)[..., None]


def at(numbers: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Numbers of steps at step k, of shape (..., 1); NaN if k is."""
    return np.where(np.isnan(k), np.nan, np.take_along_axis(numbers, np.nan_to_num(k).astype(int), axis=-1))


def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
    """The same, step by step, as the browser finds it."""
    adam: Any = walk.optimizer
    x, m, v, k = taken.theta[0], taken.state["m"][0], taken.state["v"][0], taken.k
    threshold = stable_curvature(adam.lr, adam.beta1)
    crosses = np.isnan(memory["crossed"]) & (k > 0) & (preconditioned(adam, k, x, v) >= threshold)
    crossed = np.where(crosses, k, memory["crossed"])
    sees = np.isnan(memory["seen"]) & np.isnan(crossed) & (k > 0) & only_decays(x, m, v)
    told = {
        "seen": np.where(sees, k, memory["seen"]),
        "v": np.where(sees, v, memory["v"]),
        "crossed": crossed,
        "low": np.where(crosses, np.abs(x), memory["low"]),
        "largest": np.where(np.isnan(crossed), np.nan, np.fmax(memory["largest"], np.abs(x))),
    }
    return told, found_row(adam, told, threshold)


def found_source(steps: int) -> Source:
    """It travels as a map of one place, which tells what a walk remembers at its end."""
    memory = dict.fromkeys(("seen", "v", "crossed", "low", "largest"), np.nan)
    recipe = map_recipe(begin, CONTROLS, steps, {"start": [1.0]}, memory, tell)
    return Source("found", tuple(CONTROLS), partial(found, steps), recipe=recipe)
