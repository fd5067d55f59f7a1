"""A step of Adam as a statement about signal and noise: the steps that it takes, their mean, and what theory says."""

from __future__ import annotations

from functools import partial
from math import erfc, sqrt
from typing import Any

import numpy as np

from ..adam_theory import mean_step
from ..checks import check_whole
from ..knobs import Knob
from ..palette import role, style_of
from ..stage.marks import Curve, Histogram, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers
from .travel import formula_recipe

__all__ = ["signal_lab"]

SNR = Knob("SNR", "signal-to-noise ratio", 0.03, 30.0, log=True, allowed="[0.01, 100]", count=61)
BETA1 = Knob("β₁", "first-moment decay", 0.0, 0.99, allowed="[0, 0.99]", count=100)
BETA2 = Knob("β₂", "second-moment decay", 0.7, 0.9999, allowed="[0.7, 1)")
FORGET = Knob("1−β₂", "what v takes of each g²", 1e-4, 0.3, log=True, allowed="(0, 0.301]", count=53)
SCALE = Knob("s", "size of all gradients", 1e-10, 1.0, log=True, allowed="(0, 1000000]", count=61)
EPS = 1e-8  # Adam's ε
BURN, STEPS = 500, 2500  # steps that are not counted, and steps that are
SEED = 0
WIDE, BINS = 2.4, 96  # the histogram reaches from −WIDE to WIDE
PLACE, MEAN, WRONG, FIRST = range(4)  # channels of the measurement: SNR, mean step, share uphill, first bin
STEP, MEASURED, THEORY, NO_EPS = "step", "mean", "theory", "no eps"
TICK = (1.03, 1.15)  # between which heights the prediction is marked
ALONG = np.logspace(-2, 2, 61)  # SNR


def signal_lab(
    snr: float = 1.0, beta1: float = 0.9, beta2: float = 0.999, scale: float = 1.0, chains: int = 400
) -> Lab:
    """How Adam's steps lie, in units of η, where each gradient is s·(SNR + z), with z from a normal distribution.

    Left: how often which step, its mean and the mean that theory predicts (Balles & Hennig 2018),

        SNR/√(1+SNR²) · r/(r+ε),   r = s·√(1+SNR²) the root mean square of the gradients, ε = 10⁻⁸.

    Without the second factor it is the published formula: while s is far above ε, the size of the gradients does not
    matter. Right: the mean over the SNR, measured at the present setting only.

    Measured are 2500 steps of each chain, after 500 that are not counted. m and v start at their means in the long run,
    s·SNR and s²·(1+SNR²), so that there is no bias to correct, and a v that forgets in 10 000 steps is there from the
    first one.

    Parameters
    ----------
    snr : the mean of a gradient over its standard deviation, in [0.01, 100]
    beta1 : β₁ in [0, 0.99]
    beta2 : β₂ in [0.7, 1); its slider shows 1−β₂
    scale : s, the size of all gradients, in (0, 10⁶]
    chains : how many weights are measured, from 20 to 1000
    """
    check_whole("chains", chains, 20, 1000)
    forget = float(f"{1 - BETA2.check_one(beta2):.12g}")  # 0.001 instead of 0.0010000000000000009
    controls = [
        Control("snr", SNR, SNR.check_one(snr), "all"),
        Control("beta1", BETA1, BETA1.check_one(beta1), "all"),
        Control("1-beta2", FORGET, forget, "all"),
        Control("scale", SCALE, SCALE.check_one(scale), "all"),
    ]
    measure = partial(measured, np.random.default_rng(SEED).normal(size=(BURN + STEPS, chains)))
    sources = [
        Source("measured", ("snr", "beta1", "1-beta2", "scale"), measure, sweeps=()),
        formula_source("predicted", ("snr", "scale"), predicted),
        formula_source("tick", ("snr", "scale"), tick),
        formula_source("curve", ("scale",), curve),
    ]
    runs = [
        Run(STEP, "steps of Adam", *style_of(["Adam"])[0][:2]),
        Run(MEASURED, "their mean, measured", **role("data")),
        Run(THEORY, "theory", **role("theory")),
        Run(NO_EPS, "theory for ε = 0", dash=(1, 2), **role("text")),
    ]
    readouts = [
        Readout("mean step / η", "measured", MEAN, 4),
        Readout("theory", "predicted", MEAN, 4),
        Readout("share uphill", "measured", WRONG, 4),
    ]

    def summary(values: Any) -> Any:
        row, foreseen = measure(values)[0], float(predicted(values)[0, MEAN])
        snr, beta1 = float(values["snr"]), float(values["beta1"])
        yield f"SNR={snr:.4g}, β₁={beta1:.4g}, 1−β₂={values['1-beta2']:.4g}, s={values['scale']:.3g}"
        yield f"mean step: measured {row[MEAN]:.3f} η, theory {foreseen:.3f} η"
        yield f"uphill: measured {row[WRONG]:.1%} of the steps, theory {uphill(snr, beta1):.1%}"

    scene = Scene([step_panel(), mean_panel()], runs, 0, readouts)
    return Lab(scene, sources, controls, None, summary, f"Adam in noise, {chains} weights, {STEPS} steps each")


def step_panel() -> Panel:
    return Panel(
        (-WIDE, WIDE),
        (0, 1.25),
        x_label="step downhill, in units of η",
        y_label="how often (most frequent = 1)",
        title="the steps that Adam takes",
        alt="histogram of Adam's steps in units of η, with their mean and the mean that theory predicts",
        marks=[
            Histogram(source="measured", run=STEP, first=FIRST, count=BINS),
            VLine(x=0.0, **role("ink"), dash=(1, 2)),
            VLine(source="measured", x=MEAN, run=MEASURED, label="mean {x}"),
            Points(source="tick", run=THEORY, symbol="line", **role("theory")),
        ],
    )


def mean_panel() -> Panel:
    return Panel(
        (ALONG[0], ALONG[-1]),
        (0, 1.25),
        x_label="signal-to-noise ratio SNR",
        y_label="mean step, in units of η",
        title="the mean step: signal against noise",
        alt="mean of Adam's steps against the signal-to-noise ratio: a curve from 0 to 1, and the measured point on it",
        x_log=True,
        marks=[
            Curve(source="curve", run=THEORY, x=0, y=2, still=True),
            Curve(source="curve", run=NO_EPS, x=0, y=1, still=True),
            Points(source="measured", run=MEASURED, symbol="dot"),
            Points(source="measured", run=MEASURED, symbol="ring", label="their mean, measured"),
        ],
    )


def measured(noise: np.ndarray, values: Any) -> np.ndarray:
    """SNR, mean step, the share that goes uphill, and how often the steps lie in each bin; shape (1, 3 + bins)."""
    steps = steps_of(noise, *(float(values[name]) for name in ("snr", "beta1", "1-beta2", "scale")))
    return np.array([[values["snr"], steps.mean(), np.mean(steps < 0), *histogram(steps)]])


def steps_of(noise: np.ndarray, snr: float, beta1: float, forget: float, scale: float) -> np.ndarray:
    """Adam's steps downhill in units of η, of each chain; shape (steps, chains)."""
    m, v = scale * snr, scale**2 * (1 + snr**2)
    steps = np.empty((len(noise) - BURN, noise.shape[1]))
    for k, z in enumerate(noise):
        g = scale * (snr + z)
        m = beta1 * m + (1 - beta1) * g
        v = (1 - forget) * v + forget * g**2
        if k >= BURN:
            steps[k - BURN] = m / (np.sqrt(v) + EPS)
    return steps


def histogram(steps: np.ndarray) -> np.ndarray:
    """How many steps lie in each bin, of the fullest one; those beyond the ends are left out."""
    counts = np.histogram(steps, BINS, (-WIDE, WIDE))[0]
    return counts / max(1, counts.max())


def uphill(snr: float, beta1: float) -> float:
    """The share of steps that go the wrong way: m is normal, of mean SNR and variance (1−β₁)/(1+β₁)."""
    return 0.5 * erfc(snr * sqrt((1 + beta1) / (2 * (1 - beta1))))


def floored(snr: Any, scale: Any) -> Any:
    """The mean step, where ε is added to the root mean square of the gradients."""
    size = scale * np.sqrt(1 + snr**2)
    return mean_step(snr) * size / (size + EPS)


def predicted(values: Any) -> Any:
    snr = numbers(values["snr"])
    return np.stack(np.broadcast_arrays(snr, floored(snr, numbers(values["scale"]))), axis=-1)[..., None, :]


def tick(values: Any) -> Any:
    """The prediction as a short upright line."""
    mean = predicted(values)[..., MEAN]
    return np.stack(np.broadcast_arrays(mean, np.array(TICK) + 0.0 * mean), axis=-1)


def curve(values: Any) -> Any:
    """SNR, and the mean step without ε and with it."""
    scale = numbers(values["scale"])[..., None]
    columns = [ALONG + 0.0 * scale, mean_step(ALONG) + 0.0 * scale, floored(ALONG, scale)]
    return np.stack(columns, axis=-1)


def formula_source(name: str, needs: tuple[str, ...], compute: Any) -> Source:
    return Source(name, needs, compute, recipe=formula_recipe(compute, {control: () for control in needs}))
