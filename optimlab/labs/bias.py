"""Adam's bias correction: how many times as long each step is without it, and a descent with and without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..adam_theory import bias_factor, bias_peak
from ..checks import check_whole
from ..descent import descend
from ..knobs import Knob
from ..losses import Gradient
from ..optimizers import Adam
from ..optimizers.base import State, Step
from ..palette import role, role_style
from ..stage.marks import Curve, HLine, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .direction import Direction
from .lab import Control, Lab
from .sources import numbers, rows_of, trailing
from .travel import Walk, formula_recipe, walk_recipe

__all__ = ["bias_lab"]

FIRST = Knob("β₁", "first-moment decay", 0.0, 0.99, allowed="[0, 0.99]", count=100)
SECOND = Knob("β₂", "second-moment decay", 0.5, 0.9999, allowed="[0.5, 0.9999]")
REST = Knob("1−β₂", "what v takes of each g²", 1e-4, 0.5, log=True, allowed="[0.0001, 0.5]", count=75)
RATE = Knob("η", "learning rate", 1e-3, 1.0, log=True, allowed="[0.001, 1]", count=61)
FACTOR, RATES = ("beta1", "1-beta2"), ("eta", "beta1", "1-beta2")  # what the sources depend on
WITH, WITHOUT = "with", "without"
NAMES = {WITH: "with correction", WITHOUT: "without correction"}
LAST = 1e5  # t
T = np.geomspace(1, LAST, 91)
LARGEST, AT, FIRST_STEP = 2, 3, 4  # channels of the source "peak", after the star
HALVINGS = 40  # of the interval in which the factor is largest


@dataclass(frozen=True, repr=False)
class Uncorrected(Adam):
    """Adam with m and v as they are, not divided by 1 − β₁ᵗ and 1 − β₂ᵗ."""

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        return theta - self.rate(k) * m / (np.sqrt(v) + self.eps), {"m": m, "v": v}


RULES = {WITH: Adam, WITHOUT: Uncorrected}


def bias_lab(beta1: float = 0.9, beta2: float = 0.999, eta: float = 0.1, steps: int = 60) -> Lab:
    """How many times as long Adam's step t is without the bias correction, and Adam on ½x² with it and without.

    The factor is (1−β₁ᵗ)/√(1−β₂ᵗ). A star is where it is largest by the closed form for β₂ near 1
    (`optimlab.adam_theory.bias_peak`), if that is at t = 1 or later; the readouts tell the largest of all whole t. For
    β₁ ≥ β₂ the factor only rises, to 1.

    Parameters
    ----------
    beta1 : β₁ in [0, 0.99]
    beta2 : β₂ in [0.5, 0.9999]; its slider is that of 1 − β₂
    eta : η in [0.001, 1]
    steps : how long the descents are
    """
    check_whole("steps", steps, 2, 1000)
    rest = round(1 - SECOND.check_one(beta2), 12)
    controls = [
        Control("beta1", FIRST, FIRST.check_one(beta1), "all"),
        Control("1-beta2", REST, rest, "all"),
        Control("eta", RATE, RATE.check_one(eta), "all"),
    ]
    runs = [Run(run, name, *role_style(name)) for run, name in NAMES.items()]
    sources = [
        formula_source("factor", factor_rows),
        formula_source("peak", peak_row),
        *(walk_source(run, steps) for run in RULES),
    ]
    readouts = [
        Readout("first step / η", "peak", FIRST_STEP, 3),
        Readout("largest factor", "peak", LARGEST, 3),
        Readout("at t", "peak", AT, 4),
    ]

    def summary(values: Any) -> Any:
        star, high, largest, at, first = peak_row(*(np.array([values[name]]) for name in FACTOR))[0]
        yield f"β₁={values['beta1']:.4g}, 1−β₂={values['1-beta2']:.4g}, η={values['eta']:.4g}"
        told = f"the largest {largest:.4g} at t = {at:.0f}" if np.isfinite(at) else "never above 1"
        closed = f" (closed form {high:.4g} at {star:.3g})" if np.isfinite(star) else ""
        yield f"(1−β₁ᵗ)/√(1−β₂ᵗ): first {first:.4g}, {told}{closed}"
        ends = ", ".join(f"{name} {walked(run, steps, values)[-1, 0]:.3g}" for run, name in NAMES.items())
        yield f"x after {steps} steps: {ends}"

    scene = Scene([factor_panel(), descent_panel(steps)], runs, steps, readouts)
    return Lab(scene, sources, controls, None, summary, f"Adam with and without bias correction, {steps} steps on ½x²")


# What is shown


def factor_panel() -> Panel:
    hue, dark, _ = role_style(NAMES[WITH])
    return Panel(
        (1, LAST),
        (0.01, 200),
        x_label="step t",
        y_label="(1−β₁ᵗ) / √(1−β₂ᵗ)",
        title="a step without the correction / with it",
        alt="how many times as long Adam's step is without the bias correction, against the step, both logarithmic",
        x_log=True,
        y_log=True,
        marks=[
            HLine(y=1.0, label="with the correction", color=hue, color_dark=dark),
            Curve(source="factor", x=0, y=1, run=WITHOUT, still=True),
            Points(source="peak", symbol="star", label="closed-form maximum", **role("theory")),
        ],
    )


def descent_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-1.5, 1.5),
        x_label="step k",
        y_label="x",
        title="Adam on ½x² from x = 1",
        alt="x against step for Adam on a parabola, with and without the bias correction",
        follow="both",
        marks=[HLine(y=0, **role("data")), *(Curve(source=run, y=0, run=run) for run in (WITHOUT, WITH))],
    )


# Sources


def formula_source(name: str, compute: Any) -> Source:
    """A source that is a formula of β₁ and 1 − β₂, each of shape (..., 1)."""

    def of(values: Any) -> Any:
        return compute(*(numbers(values[control])[..., None] for control in FACTOR))

    return Source(name, FACTOR, of, recipe=formula_recipe(of, dict.fromkeys(FACTOR, ())))


def factor_rows(beta1: Any, rest: Any) -> Any:
    """t and the factor."""
    factor = bias_factor(T, beta1, 1 - rest)
    return np.stack([T + 0.0 * factor, factor], axis=-1)


def peak_row(beta1: Any, rest: Any) -> Any:
    """t and factor of the closed form's maximum, NaN where there is none; the largest factor, its t, and the first."""
    inner = np.where(beta1 > 0, beta1, 0.5)
    t, factor = bias_peak(inner, 1 - rest)
    at, first = largest_at(beta1, 1 - rest), bias_factor(1.0, beta1, 1 - rest)
    rises = np.isnan(at)
    is_there = (beta1 > 0) & (t >= 1) & ~rises
    largest = np.where(rises, 1.0, bias_factor(np.where(rises, 1.0, at), beta1, 1 - rest))
    row = [np.where(is_there, t, np.nan), np.where(is_there, factor, np.nan), largest, at, first]
    return np.stack(row, axis=-1)


def largest_at(beta1: Any, beta2: Any) -> Any:
    """The whole t at which the factor is largest; NaN for β₁ ≥ β₂, when it rises for ever.

    With a = −ln β₁ and b = −ln β₂ it rises as long as 2aβ₁ᵗ(1−β₂ᵗ) > bβ₂ᵗ(1−β₁ᵗ); the interval in which that ends is
    halved again and again.
    """
    a, b = -np.log(np.maximum(beta1, 1e-300)), -np.log(beta2)
    low, high = 1.0 + 0.0 * beta1 * beta2, LAST + 0.0 * beta1 * beta2
    for _ in range(HALVINGS):
        t = (low + high) / 2
        p, q = beta1**t, beta2**t
        rises = 2 * a * p * (1 - q) > b * q * (1 - p)
        low, high = np.where(rises, t, low), np.where(rises, high, t)
    t = np.floor(low)
    t = np.where(bias_factor(t + 1, beta1, beta2) > bias_factor(t, beta1, beta2), t + 1, t)
    return np.where(beta2 - beta1 > 1e-9, t, np.nan)


def setting(run: str, values: Any, axes: int = 0) -> Adam:
    eta, beta1, rest = (trailing(values[name], axes) for name in RATES)
    return RULES[run](eta, beta1, 1 - rest)


def walked(run: str, steps: int, values: Any) -> np.ndarray:
    """x of each step, shape (..., steps + 1, 1)."""
    many = np.broadcast_shapes(*(np.shape(values[name]) for name in RATES))
    walk = descend(Direction(), setting(run, values, axes=1), np.ones((*many, 1)), steps)
    return rows_of(walk.theta[..., 0])


def walk_source(run: str, steps: int) -> Source:
    def begin(values: Any) -> Walk:
        return Walk(Direction(), setting(run, values), (1.0,))

    recipe = walk_recipe(begin, dict.fromkeys(RATES, ()), steps, lambda walk, taken: [taken.theta])
    return Source(run, RATES, partial(walked, run, steps), recipe=recipe)
