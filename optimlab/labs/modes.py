"""A matrix is learned mode by mode: gradient descent begins with the large singular values, Muon with the small."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_choice, check_seed, check_whole
from ..deep_linear import DEPTH, SCALE, VALUES, DeepLinear, half_time_descent, half_time_muon
from ..descent import descend
from ..knobs import Knob
from ..optimizers import Adam, GradientDescent, Muon, Optimizer
from ..palette import STEPS, role
from ..stage.marks import Bars, Curve, HLine, Mark, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers
from .travel import formula_recipe

__all__ = ["modes_lab"]

COUNT = len(VALUES)
LOSS = COUNT  # the channel of a run after the shares
NAMES = ("4", "2", "1", "½", "¼", "⅛")  # of the modes
HUES = tuple(zip(STEPS[:1:-1], STEPS[:6], strict=True))  # from large to small: from strong to faint, on either paper
METHODS = {
    "GradientDescent": ("gradient descent", Knob("η_GD", "learning rate", 0.01, 0.3, True, "(0, 1]", 45)),
    "Adam": ("Adam", Knob("η_Adam", "learning rate", 1e-3, 0.1, True, "(0, 1]", 41)),
    "Muon": ("Muon", Knob("η_Muon", "learning rate", 1e-3, 0.1, True, "(0, 1]", 41)),
}
BARS = "modes"
WAYS = ("exact", "Jordan")
SMALL = 0.1  # the largest σ for which the lines of theory are drawn
SHARES = (-0.3, 1.3)  # the axis of shares


def modes_lab(
    eta: float = 0.1,
    adam: float = 0.005,
    muon: float = 0.006,
    depth: int = 2,
    scale: float = 0.03,
    steps: int = 300,
    coefficients: str = "exact",
    seed: int = 0,
) -> Lab:
    """How much of each singular value of a matrix M a deep linear network has learned, under three methods.

    The network is N matrices of 16×16, one after the other, and shall be M, whose singular values are 4, 2, 1, ½, ¼, ⅛
    (`optimlab.deep_linear.DeepLinear`). Left: bars at step k, for each method from the large to the small values. The
    learning rates are such that all three end at about the same time: what is compared is the order. Middle and right:
    the same shares over the steps for gradient descent and Muon, with lines where theory expects one half
    (`half_time_descent`, for two layers, with the a₀ of the start, and `half_time_muon`), from starts with σ ≤ 0.1. For
    Adam, β₁ = 0.9 and β₂ = 0.999, there is no such formula. Muon is without momentum.

    Gradient descent cannot come to rest above η = 2/λ, that is 0.25 for two layers and 0.105 for three. Muon can be no
    nearer than its step is long: with a large η the small modes rattle.

    Parameters
    ----------
    eta, adam, muon : η of gradient descent, of Adam and of Muon, in (0, 1]
    depth : N, 2 or 3
    scale : σ of the start in (0, 10]; 1 is the usual one, with which a layer keeps the length of its input
    steps : from 2 to 1000
    coefficients : of Muon: ``"exact"``, the polar factor itself, or ``"Jordan"``, five steps of Newton–Schulz, whose
        singular values are only near 1
    seed : of M and the start
    """
    check_whole("steps", steps, 2, 1000)
    check_choice("the coefficients of Muon", coefficients, WAYS)
    seed = check_seed(seed)
    controls = [
        Control(f"{name} lr", knob, knob.check_one(first), "methods")
        for (name, (_, knob)), first in zip(METHODS.items(), (eta, adam, muon), strict=True)
    ]
    controls.append(Control("depth", DEPTH, DEPTH.check_one(depth), "network"))
    controls.append(Control("scale", SCALE, SCALE.check_one(scale), "network"))
    runs = [Run(f"s={s:g}", f"s = {name}", *hue) for s, name, hue in zip(VALUES, NAMES, HUES, strict=True)]
    walks = {name: partial(walked, name, steps, coefficients, seed) for name in METHODS}
    sources = [Source(name, (f"{name} lr", "depth", "scale"), walk, ()) for name, walk in walks.items()]
    sources.append(Source(BARS, tuple(c.name for c in controls), partial(all_shares, walks), ()))
    sources += [descent_times(seed), muon_times()]
    panels = [bars_panel(), *(curves_panel(name, runs, steps) for name in ("GradientDescent", "Muon"))]
    readouts = [Readout(f"loss: {METHODS[name][0]}", name, LOSS, 2) for name in METHODS]
    theory = {name.removesuffix(" times"): source for source in sources if (name := source.name).endswith(" times")}

    def summary(values: Any) -> Any:
        setting = f"{values['depth']:g} layers, start σ={values['scale']:.3g}"
        yield f"{setting}; steps until s = {', '.join(NAMES)} are half learned:"
        for name, (label, _) in METHODS.items():
            rows = walks[name](values)
            found = told(half_times(rows[:, :COUNT])) if np.isfinite(rows[-1]).all() else "diverges"
            expected = theory[name].compute(values)[0] if name in theory else np.full(COUNT, np.nan)
            beside = f"; theory {told(expected)}" if np.isfinite(expected).all() else ""
            yield f"{label} η={values[f'{name} lr']:.3g}: {found}{beside}"

    title = f"a deep linear network learns six modes, {steps} steps"
    scene = Scene(panels, runs, steps, readouts)
    return Lab(scene, sources, controls, None, summary, title, twin_step=steps // 4)


def half_times(shares: np.ndarray) -> np.ndarray:
    """Where each column first reaches ½, between two steps; NaN if it does not."""
    after = shares >= 0.5
    k = np.maximum(after.argmax(axis=0), 1)
    low, high = (shares[at, np.arange(shares.shape[1])] for at in (k - 1, k))
    with np.errstate(all="ignore"):
        at = np.where(low < 0.5, k - 1 + (0.5 - low) / (high - low), 0.0)
    return np.where(after.any(axis=0), at, np.nan)


def told(times: np.ndarray) -> str:
    return " ".join("–" if np.isnan(time) else f"{time:.0f}" for time in times)


# Sources


@lru_cache(maxsize=8)
def problem(depth: int, scale: float, seed: int) -> DeepLinear:
    return DeepLinear(depth, scale=scale, seed=seed)


def optimizer(name: str, eta: float, coefficients: str) -> Optimizer:
    if name == "Muon":
        return Muon(eta, mu=0.0, coefficients=coefficients)
    return Adam(eta) if name == "Adam" else GradientDescent(eta)


@lru_cache(maxsize=24)
def run_rows(name: str, eta: float, steps: int, coefficients: str, *setting: Any) -> np.ndarray:
    """The share of each mode that is learned, and the loss, at each step."""
    loss = problem(*setting)
    path = descend(loss, optimizer(name, eta, coefficients), steps=steps)
    with np.errstate(all="ignore"):  # it may diverge
        return np.column_stack([loss.modes(path.theta), path.loss])


def walked(name: str, steps: int, coefficients: str, seed: int, values: Any) -> np.ndarray:
    setting = round(float(values["depth"])), float(values["scale"]), seed
    return run_rows(name, float(values[f"{name} lr"]), steps, coefficients, *setting)


def all_shares(walks: Any, values: Any) -> np.ndarray:
    """The shares of all methods side by side, and 0 behind those of each: a gap."""
    gap = [(0, 0), (0, 1)]
    return np.concatenate([np.pad(walk(values)[:, :COUNT], gap) for walk in walks.values()], axis=1)


def descent_times(seed: int) -> Source:
    """The half-times of gradient descent, for two layers. a₀ grows with σ²."""
    unit = problem(2, 1.0, seed)
    first = unit.head_start(unit.start)

    def compute(eta: Any, depth: Any, scale: Any) -> Any:
        return np.where(depth == 2, half_time_descent(VALUES, eta, first * scale**2), np.nan)

    return times_source("GradientDescent", compute)


def muon_times() -> Source:
    """The half-times of Muon."""

    def compute(eta: Any, depth: Any, scale: Any) -> Any:
        return np.where(depth == 2, half_time_muon(VALUES, eta, 2), half_time_muon(VALUES, eta, 3))

    return times_source("Muon", compute)


def times_source(name: str, times: Any) -> Source:
    """Half-times, one row; NaN, so that no line is drawn, where theory does not know them."""
    needs = (f"{name} lr", "depth", "scale")

    def compute(values: Any) -> Any:
        eta, depth, scale = (numbers(values[control])[..., None] for control in needs)
        return np.where(scale <= SMALL * (1 + 1e-9), times(eta, depth, scale), np.nan)[..., None, :]

    return Source(f"{name} times", needs, compute, recipe=formula_recipe(compute, dict.fromkeys(needs, ())))


# Panels


def bars_panel() -> Panel:
    each = COUNT + 1
    last = each * len(METHODS) - 1
    labels = [label.removeprefix("gradient ") for label, _ in METHODS.values()]  # there is no room for more
    groups = [VLine(x=each * i - 1, label=label, **role("data")) for i, label in enumerate(labels)]
    light, dark = ([*(hue[paper] for hue in HUES), role("data")["color"]] for paper in (0, 1))
    many = len(METHODS)
    bars = Bars(
        source=BARS,
        channels=list(range(last)),
        labels=([*NAMES, ""] * many)[:last],
        colors=(light * many)[:last],
        colors_dark=(dark * many)[:last],
    )
    return Panel(
        (-1, last),
        SHARES,
        x_label="mode, by its singular value s",
        y_label="share learned",
        title="what is learned at step k",
        alt="for each method six bars, from the large to the small singular values: how much of each is learned",
        x_ticks=False,
        wide=1.4,
        marks=[HLine(y=1.0, **role("data")), *groups, bars],
    )


def curves_panel(name: str, runs: list[Run], steps: int) -> Panel:
    marks: list[Mark] = [HLine(y=0.5, **role("data"))]
    for i, (light, dark) in enumerate(HUES):
        label = NAMES[i] if i in (0, COUNT - 1) else None  # there is no room for more
        line = VLine(source=f"{name} times", x=i, label=label, color=light, color_dark=dark, dash=(1, 2))
        marks.append(line)
    return Panel(
        (0, steps),
        SHARES,
        x_label="step k",
        y_label="share learned",
        title=f"{METHODS[name][0]}; dotted: theory",
        alt=f"share of each mode that {METHODS[name][0]} has learned against the step, with lines at the half-times",
        height=0.9,
        marks=[*marks, *(Curve(source=name, y=i, run=run.id) for i, run in enumerate(runs))],
    )
