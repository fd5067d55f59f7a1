"""The gradient as an arrow that can be dragged around, with a 3-D view beside the contours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..palette import ROLES, role
from ..stage.marks import Arrow, Line, Points
from ..stage.scene import Readout, Run, Scene
from ..stage.widget import Source
from .inputs import drawable, fixed, start_on
from .lab import Lab
from .panels import line_panel, surface_panels
from .sources import field_source, floor_of, numbers
from .travel import formula_recipe

__all__ = ["gradient_lab"]


def gradient_lab(surface, start=None) -> Lab:
    """Drag a point: the gradient there as an arrow, uphill, and its opposite, the way gradient descent goes.

    A surface of two parameters is shown as a contour plot and in 3-D; one of one parameter with its tangent. The
    arrows' length grows with the gradient's, up to a limit.
    """
    surface = drawable("gradient_lab", surface)
    start = start_on(surface, start)
    title = f"the gradient on {surface!r}"
    surface = fixed(surface)
    if surface.dim == 1:
        return tangent_lab(surface, start)
    reach = 0.22 * min(high - low for low, high in surface.view)
    steep = typical_slope(surface)

    def compute(values):
        theta = numbers(values["start"])
        g = surface.gradient(theta)
        size = np.linalg.norm(g)
        arrow = g / np.where(size > 0, size, 1) * reach * np.tanh(size / steep)
        return np.array([[*theta, *arrow, *-arrow, surface.value(theta), size, *g]])

    sources = [
        field_source(surface),
        Source("here", ("start",), compute, recipe=formula_recipe(compute, {"start": (2,)})),
    ]
    marks = [
        Arrow(source="here", at=[0, 1], by=[2, 3], run="uphill"),
        Arrow(source="here", at=[0, 1], by=[4, 5], run="downhill"),
    ]
    title_above = f"{surface.name} from above: drag the point"
    contour, solid = surface_panels(surface, [], [], title=title_above, extra=marks, handle="point θ")
    runs = [Run("uphill", "∇L, uphill", *ROLES["gradient"]), Run("downhill", "−∇L, downhill", *ROLES["step"])]
    scene = Scene(
        [replace(contour, equal=True), solid],
        runs,
        readouts=readouts(*zip((*surface.symbols, "L", "|∇L|", "∂L/∂x", "∂L/∂y"), (0, 1, 6, 7, 8, 9))),
        layout="both",
    )

    def summary(values):
        theta = np.asarray(values["start"], float)
        g = surface.gradient(theta)
        yield f"at ({theta[0]:.3g}, {theta[1]:.3g})  L={surface.value(theta):.3g}  ∇L=({g[0]:.3g}, {g[1]:.3g})"

    return Lab(scene, sources, (), {"start": start}, summary, title)


def tangent_lab(surface, start) -> Lab:
    """One parameter: the curve, its tangent, and the arrow downhill."""
    floor = floor_of(surface)
    panel = line_panel(surface, [], [], "point w")
    reach = 0.2 * (panel.x[1] - panel.x[0])
    steep = typical_slope(surface)

    def compute(values):
        w = numbers(values["start"])
        height, slope = surface.value(w) - floor, surface.gradient(w)[0]
        down = -reach * np.tanh(slope / steep)
        return np.array([[w[0], height, down, 0.0, slope, height - slope * w[0], height + floor]])

    curve, *others = panel.marks
    marks = [
        curve,
        Line(source="here", slope=4, intercept=5, run="tangent"),
        Arrow(source="here", at=[0, 1], by=[2, 3], run="downhill"),
        Points(source="here", symbol="ring", **role("step")),
        *others,
    ]
    title = f"{surface.name}: drag the point along the axis"
    panel = replace(panel, title=title, wide=1.2, height=0.5, marks=marks)
    runs = [Run("tangent", "the tangent", *ROLES["gradient"]), Run("downhill", "downhill, −L′(w)", *ROLES["step"])]
    scene = Scene([panel], runs, readouts=readouts(("w", 0), ("L(w)", 6), ("slope L′(w)", 4)))

    def summary(values):
        w = np.asarray(values["start"], float)
        yield f"at w={w[0]:.3g}  L={float(surface.value(w)):.3g}  L′={surface.gradient(w)[0]:.3g}"

    here = Source("here", ("start",), compute, recipe=formula_recipe(compute, {"start": (1,)}))
    return Lab(scene, [here], (), {"start": start}, summary, f"the slope of {surface!r}")


def readouts(*labels):
    return [Readout(label, "here", channel) for label, channel in labels]


def typical_slope(surface) -> float:
    """The median length of the gradient over the view: half the places are steeper."""
    axes = [np.linspace(low, high, 25) for low, high in surface.view]
    points = np.stack(np.meshgrid(*axes), axis=-1)
    with np.errstate(all="ignore"):
        slopes = np.linalg.norm(surface.gradient(points), axis=-1)
    slopes = slopes[np.isfinite(slopes)]
    return float(np.median(slopes)) if slopes.any() else 1.0
