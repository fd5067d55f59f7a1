"""Batch, mini-batch and single-sample gradient descent on one data set."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..checks import check_whole, told
from ..descent import descend
from ..optimizers import GradientDescent
from ..palette import role_style
from ..problems import Regression
from ..stage.marks import Curve
from ..stage.scene import Panel, Run, Scene
from .inputs import plane
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import COST, EXCESS, batch_source, field_source, size_knob

__all__ = ["batch_lab"]


def batch_lab(problem, lr: float = 0.1, batch_size: int = 16, steps: int = 200, seed: int = 0) -> Lab:
    """Full batch, mini-batch and single-sample descent, from one start with one η, on one surface.

    The loss is shown twice: against the step, and against the number of single-example gradients, which is what a
    step costs.

    Parameters
    ----------
    problem : a `LinearRegression` or `LogisticRegression` of two parameters
    lr : η of all three
    batch_size : B of the mini-batch; the slider runs over the powers of two
    steps : how many steps each walks
    seed : of the shuffling
    """
    if not isinstance(problem, Regression) or problem.dim != 2:
        raise ValueError(f"batch_lab needs a regression problem of two parameters, got {told(problem)}")
    problem = plane("batch_lab", problem)
    check_whole("steps", steps, 1)
    problem.minibatch(batch_size, seed)  # says at once what is wrong with B
    rate, size = GradientDescent(lr).knobs["lr"], size_knob(problem)
    names = ["full batch", "mini-batch", "single sample"]
    runs = [
        Run(name, name, *role_style(name), loss=(f"run{i}", EXCESS), minimum=problem.minimum)
        for i, name in enumerate(names)
    ]
    controls = [Control("lr", rate, lr, "all"), Control("B", size, batch_size, "all")]
    batch_of = [lambda v: problem.size, lambda v: v["B"], lambda v: 1]
    needs = [("start", "lr"), ("start", "lr", "B"), ("start", "lr")]
    draw = partial(problem.minibatch, seed=seed)
    sources = [batch_source(f"run{i}", draw, batch_of[i], needs[i], steps) for i in range(3)]
    order = [2, 1, 0]  # the noisiest below, the smoothest on top
    drawn = [sources[i] for i in order], [runs[i] for i in order]
    first = float(problem.value(np.array(problem.start)))
    against_cost = loss_panel(problem, *drawn, steps, first)
    panels = [
        surface_panel(problem, *drawn, title=f"{problem.name}: drag the start"),
        narrow(loss_panel(problem, *drawn, steps, first)),
        cost_panel(against_cost, problem.size * steps),
    ]

    def summary(values):
        for i, name in enumerate(names):
            batch = problem.minibatch(round(batch_of[i](values)), seed)
            walk = descend(batch, GradientDescent(values["lr"]), values["start"], steps)
            excess = np.mean(walk.loss[steps // 2 :]) - problem.minimum
            cost = batch.cost(steps)[-1]
            yield f"{name:13}  B={batch.batch_size:<4} {cost:>6} gradients  mean L − min L, second half: {excess:.2e}"

    title = f"batch, mini-batch, single sample on {problem.name}, η={lr:g}, {steps} steps"
    scene = Scene(panels, runs, steps)
    return Lab(scene, [*sources, field_source(problem)], controls, {"start": tuple(problem.start)}, summary, title)


def narrow(panel) -> Panel:
    """One of two loss panels beside the surface."""
    return replace(panel, wide=0.8, height=0.9)


def cost_panel(panel, most) -> Panel:
    """The same losses against what they have cost."""
    return replace(
        narrow(panel),
        marks=[replace(m, x=COST) if isinstance(m, Curve) else m for m in panel.marks],
        x=(1, float(most)),
        x_log=True,
        x_label="single-example gradients (log)",
        title="loss against cost",
        alt="loss against the number of single-example gradients, both logarithmic",
    )
