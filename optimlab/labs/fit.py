"""A line on real points, and the same line as a point on its loss surface."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..checks import told
from ..descent import TARGET, TOLERANCE, check_steps, descend
from ..optimizers.base import check_optimizer
from ..palette import role, style_of
from ..problems import LinearRegression
from ..stage.marks import Fog, Line, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .inputs import plane
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import field_source, numbers, path_source, slider_knobs, with_values
from .travel import formula_recipe

__all__ = ["fit_lab"]


def fit_lab(problem, optimizer=None, steps: int = 60, tolerance: float = TOLERANCE) -> Lab:
    """Fit a line: first by hand, dragging (w, b) on the loss surface, then with an optimizer from where you left it.

    Parameters
    ----------
    problem : a `LinearRegression` of one input, with a bias
    optimizer : None to fit by hand
    steps : how long the optimizer runs
    """
    if not isinstance(problem, LinearRegression) or problem.dim != 2 or not problem.bias:
        raise ValueError(f"fit_lab needs a LinearRegression of one input with a bias, got {told(problem)}")
    problem = plane("fit_lab", problem)
    point = {"start": tuple(float(x) for x in problem.start)}
    if optimizer is None:
        return by_hand(problem, point)
    name, tolerance = check_optimizer(optimizer).name, TARGET.check_one(tolerance)
    check_steps(steps)
    run = Run(name, name, *style_of([name])[0], loss=("run0", 2), minimum=problem.minimum, tolerance=tolerance)
    controls = [Control(f"{name} {n}", k, getattr(optimizer, n), name) for n, k in slider_knobs(optimizer).items()]
    sources = [path_source("run0", problem, optimizer, name, steps)]
    first = float(problem.value(np.array(problem.start)))
    panels = [
        surface_panel(problem, sources, [run], title="its loss surface: drag the start"),
        data_panel(problem, [Line(source="run0", slope=0, intercept=1, run=name)]),
        loss_panel(problem, sources, [run], steps, first, tolerance),
    ]
    panels[0] = replace(panels[0], equal=True)
    panels[-1] = replace(panels[-1], wide=0.8, height=0.9)

    def summary(values):
        return [descend(problem, with_values(optimizer, name, values), values["start"], steps).summary(tolerance)]

    scene = Scene(panels, [run], steps)
    title = f"a line on {problem.name}, {problem.size} points, {steps} steps"
    return Lab(scene, [*sources, field_source(problem)], controls, point, summary, title)


def by_hand(problem, point) -> Lab:
    """No optimizer: the student drags."""

    def at(loss, values):
        theta = numbers(values["start"])
        return np.array([[*theta, loss.value(theta)]])

    recipe = formula_recipe(partial(at, problem.as_formula()), {"start": (2,)})
    here = Source("here", ("start",), partial(at, problem), recipe=recipe)
    sources = [here, field_source(problem)]
    panels = [
        surface_panel(problem, [], [], title="its loss surface, in fog: drag the point", handle="point (w, b)"),
        data_panel(problem, [Line(control="start", **role("step"))]),
    ]
    kept = [m for m in panels[0].marks if not (isinstance(m, Points) and m.symbol == "star")]  # to find it is the task
    panels[0] = replace(panels[0], equal=True, marks=[kept[0], Fog(control="start"), *kept[1:]])
    names = ("slope w", "intercept b", "L(w, b)")
    scene = Scene(panels, readouts=[Readout(n, "here", i, digits=4) for i, n in enumerate(names)])

    def summary(values):
        w, b = values["start"]
        yield f"w={w:.3g}  b={b:.3g}  L={problem.value(np.array([w, b])):.3g}"

    return Lab(scene, sources, (), point, summary, f"a line on {problem.name}, {problem.size} points, by hand")


def data_panel(problem, lines) -> Panel:
    """The points, and the lines through them."""
    x, y = problem.X[:, 0], problem.y
    marks = [
        Points(
            data=np.column_stack([x, y]).tolist(), symbol="dot", alpha=0.55,
            **role("data"),
        )
    ]  # fmt: skip
    return Panel(
        padded(x),
        padded(y),
        x_label=problem.labels[0],
        y_label=problem.labels[1],
        title=f"the data: {problem.size} patients" if "diabetes" in problem.name else "the data",
        alt=f"scatter plot of {problem.labels[1]} against {problem.labels[0]} with the fitted line",
        marks=[*marks, *lines],
    )


def padded(values, share=0.05):
    low, high = float(values.min()), float(values.max())
    return low - share * (high - low), high + share * (high - low)
