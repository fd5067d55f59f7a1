"""Why Adam at all: random labels whose classes are of unequal size, learned by gradient descent, momentum and Adam."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole
from ..descent import descend
from ..knobs import Knob
from ..optimizers import Adam, GradientDescent, Momentum, Optimizer
from ..palette import role, style_of
from ..rare import CENTRED, EXPONENT, RareClasses, class_sizes, share_of, told_share
from ..stage.marks import Bars, Curve, Mark, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab

__all__ = ["rare_lab"]

FEATURES = 250
LEAST = 1e-3  # a loss below it is as good as 0
OFTEN = 0.1  # a loss that rises in more of the steps rattles, and its digits depend on rounding
GROUPS = ("common", "middle", "rare")
LOSS, COMMON, RARE, NOTHING = 0, 1, len(GROUPS), len(GROUPS) + 1  # channels of a run, the last one always 0
RELATIVE = Knob("ηλ", "step in units of 1/λ", 0.05, 50.0, log=True, allowed="[0.05, 50]", count=61)
RATE = Knob("η", "learning rate", 1e-3, 1.0, log=True, allowed="[0.001, 1]", count=61)
METHODS: dict[str, tuple[str, Knob, float]] = {  # label, slider and where it stands at first
    "GradientDescent": ("gradient descent", RELATIVE, 2.0),
    "Momentum": ("momentum γ=0.9", RELATIVE, 2.0),
    "Adam": ("Adam", RATE, 0.03),
}


def rare_lab(exponent: float = 1.0, centred: float = 0.0, steps: int = 100, seed: int = 0) -> Lab:
    """Three methods that learn random labels by heart, and how far they are with common and with rare classes.

    Softmax regression on 224 inputs x in [0, 1]^250 with 56 classes of sizes 1/rank^a (`optimlab.rare`), with all
    examples in each gradient. Bars show the loss of three groups of classes with about as many examples each. With raw
    inputs and unequal classes the rare ones lag with gradient descent; with centred inputs, or with equal classes
    (a = 0), they do not.

    The sliders of gradient descent and of momentum are in units of 1/λ, where λ is the curvature of the present problem
    (`RareClasses.curvature`), so that a setting keeps its meaning when the classes or the inputs change: from ηλ = 2 on
    the loss of gradient descent rattles, if inputs are raw and classes unequal. Adam's steps do not depend on the
    scale of the loss, so its slider is η itself. They stand where the final loss was least of 20 values a decade, among
    those with which the loss rises in at most one step of twenty (raw inputs, a = 1, 100 steps, seed 0). Far beyond,
    from ηλ = 16 or so, gradient descent rattles for long and may yet learn all labels, since they can be separated; how
    far it comes then depends on rounding.

    Parameters
    ----------
    exponent : a in [0, 1.5] of the class law; 0 makes all classes of equal size
    centred : the share of the mean ½ that is subtracted from the inputs, in [0, 1]
    steps : from 2 to 500
    seed : of the inputs
    """
    check_whole("steps", steps, 2, 500)
    seed = check_seed(seed)
    controls = [
        Control("exponent", EXPONENT, EXPONENT.check_one(exponent), "the data"),
        Control("centred", CENTRED, share_of(centred), "the data"),
    ]
    controls += [Control(f"{name} lr", knob, first, name) for name, (_, knob, first) in METHODS.items()]
    runs = [
        Run(name, label, *style, loss=(name, LOSS))
        for (name, (label, _, _)), style in zip(METHODS.items(), style_of(METHODS), strict=True)
    ]
    sources = [run_source(name, steps, seed) for name in METHODS]
    sources += [Source("sizes", ("exponent",), size_rows, ()), Source("borders", ("exponent",), borders, ())]
    panels = [loss_panel(runs, steps), bars_panel(runs), sizes_panel()]
    readouts = [
        Readout("gradient descent: common", "GradientDescent", COMMON, 2),
        Readout("rare", "GradientDescent", RARE, 2),
    ]

    def summary(values: Any) -> Any:
        sizes = sizes_of(values)
        inputs = told_share(float(values["centred"]))
        spread = f"from {sizes[0]} to {sizes[-1]}" if sizes[0] > sizes[-1] else f"{sizes[0]}"
        yield f"a={values['exponent']:.3g}, {inputs} inputs; examples of a class: {spread}"
        found = {name: walked(name, steps, seed, values) for name in METHODS}
        lines = [f"{METHODS[name][0]} {told(rows, LOSS)}" for name, rows in found.items()]
        yield f"loss after {steps} steps: {', '.join(lines)}"
        for name in ("GradientDescent", "Adam"):
            common, rare = (told(found[name], group) for group in (COMMON, RARE))
            yield f"{METHODS[name][0]}: loss of common classes {common}, of rare ones {rare}"

    title = f"random labels, 224 examples of 56 classes, {steps} steps"
    return Lab(Scene(panels, runs, steps, readouts), sources, controls, None, summary, title)


def told(rows: np.ndarray, channel: int) -> str:
    """A loss at the last step in two digits, where the run is calm."""
    if rows[-1, channel] < LEAST:
        return f"below {LEAST:g}"
    return "rattles" if np.mean(np.diff(rows[:, LOSS]) > 0) > OFTEN else f"{rows[-1, channel]:#.2g}"


# Sources


def sizes_of(values: Any) -> np.ndarray:
    return class_sizes(float(values["exponent"]))


@lru_cache(maxsize=4)
def problem(exponent: float, centred: float, seed: int) -> RareClasses:
    return RareClasses(class_sizes(exponent), FEATURES, centred, seed)


def optimizer(name: str, eta: float, curvature: float) -> Optimizer:
    if name == "Adam":
        return Adam(eta)
    return GradientDescent(eta / curvature) if name == "GradientDescent" else Momentum(eta / curvature)


@lru_cache(maxsize=12)
def run_rows(name: str, eta: float, steps: int, *setting: Any) -> np.ndarray:
    """The loss, the loss of each group of classes, and 0, at each step."""
    loss = problem(*setting)
    path = descend(loss, optimizer(name, eta, loss.curvature), steps=steps)
    return np.column_stack([path.loss, loss.loss_by_group(path.theta, len(GROUPS)), np.zeros(steps + 1)])


def walked(name: str, steps: int, seed: int, values: Any) -> np.ndarray:
    return run_rows(name, float(values[f"{name} lr"]), steps, float(values["exponent"]), float(values["centred"]), seed)


def run_source(name: str, steps: int, seed: int) -> Source:
    return Source(name, ("exponent", "centred", f"{name} lr"), partial(walked, name, steps, seed), ())


def size_rows(values: Any) -> np.ndarray:
    """The rank and the size of each class."""
    sizes = sizes_of(values)
    return np.column_stack([np.arange(1, len(sizes) + 1), sizes])


def borders(values: Any) -> np.ndarray:
    """The ranks between the groups, shape (1, groups − 1)."""
    groups = problem(float(values["exponent"]), False, 0).group_of(len(GROUPS))
    return np.searchsorted(groups, np.arange(1, len(GROUPS)))[None] + 0.5


# Panels


def loss_panel(runs: list[Run], steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-4, 10.0),
        x_label="step k",
        y_label="L",
        title="training loss",
        alt="training loss against step for gradient descent, momentum and Adam, logarithmic",
        y_log=True,
        follow="up",
        marks=[Curve(source=run.id, run=run.id, y=LOSS) for run in runs],
    )


def bars_panel(runs: list[Run]) -> Panel:
    """For each group a bar of each run, and a gap: a channel that is 0."""
    each = len(runs) + 1
    last = each * len(GROUPS) - 1
    marks: list[Mark] = [VLine(x=each * i - 1, label=group, **role("data")) for i, group in enumerate(GROUPS)]
    for i, run in enumerate(runs):
        channels = [NOTHING] * last
        channels[i::each] = range(COMMON, RARE + 1)
        hues: dict[str, Any] = {"colors": [run.color] * last, "colors_dark": [run.color_dark] * last}
        marks.append(Bars(source=run.id, run=run.id, channels=channels, labels=[""] * last, **hues))
    return Panel(
        (-1, last),
        (0, 6),
        x_label="classes, from common to rare",
        y_label="mean loss (0: learned)",
        title="loss by class at step k",
        alt="bars of the mean loss of common, middle and rare classes for the three methods",
        x_ticks=False,
        marks=marks,
    )


def sizes_panel() -> Panel:
    lines = [VLine(source="borders", x=i, **role("data")) for i in range(len(GROUPS) - 1)]
    return Panel(
        (0.8, 70.0),
        (0.8, 150.0),
        x_label="rank of the class",
        y_label="examples",
        title="class sizes, three groups",
        alt="number of examples of each class against its rank, logarithmic, with the borders between the groups",
        x_log=True,
        y_log=True,
        wide=0.8,
        marks=[*lines, Points(source="sizes", **role("ink"))],
    )
