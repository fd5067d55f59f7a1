"""One curvature: the error of heavy ball as a mass on a spring, its envelope, and the two roots that make it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..checks import check_whole
from ..heavy_ball import REGIONS, rate, region, transient
from ..knobs import Knob
from ..optimizers import Momentum
from ..palette import role, style_of
from ..stage.marks import Curve, HLine, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .direction import Direction
from .lab import Control, Lab
from .sources import numbers, rows_of
from .travel import Walk, formula_recipe, walk_recipe

__all__ = ["spring_lab"]

CURVATURE = Knob("ηλ", "step in units of 1/λ", 0.0, 4.2, allowed="[0, 4.2]", count=169)
MOMENTUM = Knob("γ", "momentum", 0.0, 0.999, allowed="[0, 1)", count=112)
CONTROLS = {"x": (), "gamma": ()}
RUN, ENVELOPE, CIRCLE = "error", "envelope", "circle"
ROUND = np.linspace(0, 2 * np.pi, 73)  # angles of a circle


def spring_lab(eta_lambda: float = 0.5, gamma: float = 0.81, steps: int = 60) -> Lab:
    """The error xₖ of heavy ball along one direction of curvature λ, from 1 at rest, and the two roots beside it.

    Parameters
    ----------
    eta_lambda : ηλ in [0, 4.2]
    gamma : γ in [0, 0.999]
    steps : how long it swings
    """
    check_whole("steps", steps, 2, 1000)
    controls = [
        Control("x", CURVATURE, CURVATURE.check_one(eta_lambda), "all"),
        Control("gamma", MOMENTUM, MOMENTUM.check_one(gamma), "all"),
    ]
    hue, dark, dash = style_of(["Momentum"])[0]
    theory = role("theory")
    runs = [
        Run(RUN, "error xₖ", hue, dark, dash),
        Run(ENVELOPE, "± its size · √γᵏ", theory["color"], theory["color_dark"], (4, 2)),
        Run(CIRCLE, "circle √γ", theory["color"], theory["color_dark"]),
    ]
    sources = [
        error_source(steps),
        formula_source("envelope", partial(envelope, steps)),
        formula_source("roots", root_rows),
        formula_source("circle", circle_rows),
    ]
    scene = Scene([error_panel(steps), roots_panel()], runs, steps, [Readout("rate |σ|", "roots", 2, 4)])

    def summary(values: Any) -> Any:
        x, g = float(values["x"]), float(values["gamma"])
        ends = transient(x, g, steps)[-1]
        yield f"ηλ={x:.4g}, γ={g:.4g}: {REGIONS[int(region(x, g))]}, |σ| = {float(rate(x, g)):.4g}"
        yield f"after {steps} steps the error is {ends:.3g}"

    title = f"a spring: heavy ball along one direction, {steps} steps"
    return Lab(scene, sources, controls, None, summary, title)


def error_panel(steps: int) -> Panel:
    curves = [Curve(source="error", y=0, run=RUN)]
    curves += [Curve(source="envelope", x=0, y=y, run=ENVELOPE, still=True) for y in (1, 2)]
    return Panel(
        (0, steps),
        (-1.6, 1.6),
        x_label="step k",
        y_label="error xₖ",
        title="the error along one direction",
        alt="error against step, between two falling curves where it swings",
        follow="both",
        marks=[HLine(y=0, **role("theory")), *curves],
    )


def roots_panel() -> Panel:
    circle = np.column_stack([np.cos(ROUND), np.sin(ROUND)])
    return Panel(
        (-2.4, 1.5),
        (-1.3, 1.3),
        x_label="real part",
        y_label="imaginary part",
        title="the two roots, and the unit circle",
        alt="the two roots in the complex plane: inside the unit circle the error dies out",
        equal=True,
        marks=[
            Points(data=circle.tolist(), symbol="line", color="#5B6673", color_dark="#98A4B3"),
            Points(source="circle", symbol="line", run=CIRCLE),
            Points(source="roots", run=RUN, symbol="ring"),
        ],
    )


def error_source(steps: int) -> Source:
    def compute(values: Any) -> np.ndarray:
        x, g = np.broadcast_arrays(values["x"], values["gamma"])
        return rows_of(transient(x, g, steps))

    def begin(values: Any) -> Walk:
        return Walk(Direction(), Momentum(values["x"], values["gamma"]), (1.0,))

    recipe = walk_recipe(begin, CONTROLS, steps, lambda walk, taken: [taken.theta])
    return Source("error", tuple(CONTROLS), compute, recipe=recipe)


def formula_source(name: str, compute: Any) -> Source:
    """A source that is a formula of ηλ and γ, each of shape (..., 1)."""

    def of(values: Any) -> Any:
        return compute(*(numbers(values[control])[..., None] for control in CONTROLS))

    return Source(name, tuple(CONTROLS), of, recipe=formula_recipe(of, CONTROLS))


def envelope(steps: int, x: Any, g: Any) -> Any:
    """k, and ± the size of the swing times √γᵏ; NaN where nothing swings.

    Between the borders xₖ = √γᵏ (cos kφ + c sin kφ), with cos φ = (1+γ−ηλ)/(2√γ) and x₁ = 1 − ηλ.
    """
    k = np.arange(steps + 1)
    half = (1 + g - x) / 2
    sine = g - half**2  # γ sin²φ
    swings = sine > 1e-12
    tilt = (1 - x - half) ** 2 / np.where(swings, sine, 1.0)
    size = np.where(swings, np.sqrt(1 + tilt), np.nan) * np.where(g > 0, g, 1.0) ** (0.5 * k)
    return np.stack(np.broadcast_arrays(k + 0.0 * size, size, -size), axis=-1)


def root_rows(x: Any, g: Any) -> Any:
    """Real part, imaginary part and the larger size, of both roots."""
    half = (1 + g - x) / 2
    inside = half**2 - g
    apart, up = np.sqrt(np.maximum(inside, 0.0)), np.sqrt(np.maximum(-inside, 0.0))
    larger = np.sqrt(np.maximum((np.abs(half) + apart) ** 2 + up**2, 0.0))
    rows = [np.stack([half + sign * apart, sign * up, larger], axis=-1) for sign in (1.0, -1.0)]
    return np.concatenate(rows, axis=-2)


def circle_rows(x: Any, g: Any) -> Any:
    """The circle on which both roots are while it swings."""
    radius = np.sqrt(g) + 0.0 * x
    return np.stack([radius * np.cos(ROUND), radius * np.sin(ROUND)], axis=-1)
