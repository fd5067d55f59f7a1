"""An L2 penalty and decoupled weight decay under Adam: two weights that see nothing but noise, of two sizes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..adam_theory import decayed, decoupled_spread
from ..checks import check_whole, told
from ..knobs import Knob
from ..palette import role, role_style
from ..stage.marks import Curve, HLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers
from .travel import formula_recipe

__all__ = ["decay_lab"]

PENALTY = Knob("λ_L2", "strength of the L2 penalty", 1e-3, 1.0, log=True, allowed="(0, 10]", count=46)
DECAY = Knob("λ_dec", "decoupled weight decay", 1e-3, 1.0, log=True, allowed="(0, 10]", count=46)
RATE = Knob("η", "learning rate", 1e-4, 1e-2, log=True, allowed="(0, 0.1]", count=41)
NOISE1 = Knob("σ₁", "noise of the first weight", 1e-3, 1.0, log=True, allowed="[0.00001, 100]")
NOISE2 = Knob("σ₂", "noise of the second weight", 1e-3, 1.0, log=True, allowed="[0.00001, 100]", count=46)
BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's
ROWS, POINTS = 151, 31  # how many steps are recorded, and points of the curves of theory
SEED = 0
TINY = 1e-30  # so small that no axis shows it
THEORY = "theory"
NAMES = {"l2_1": "L2, σ₁", "l2_2": "L2, σ₂", "decoupled_1": "decoupled, σ₁", "decoupled_2": "decoupled, σ₂"}
STEP, MEAN, SPREAD, LAST_MEAN, LAST_SPREAD = range(5)  # channels of a weight
OF_L2, OF_DECOUPLED, OF_SPREAD, OF_LAST = (1, 2), 3, 4, 5  # channels of the theory, after the step


def decay_lab(
    eta: float = 1e-3,
    decay: float = 0.1,
    sigma: Any = (1.0, 0.01),
    steps: int = 3000,
    copies: int = 400,
    l2: float = 0.005,
) -> Lab:
    """What is left of two weights, each 1 at first, whose gradients are nothing but noise of size σ₁ and σ₂.

    Adam (β₁ = 0.9, β₂ = 0.999) with an L2 penalty, whose gradient λw joins the noise and is divided by √v̂ as well, and
    Adam with decoupled decay (AdamW), which takes ηλw off the weight itself. Each method has a λ of its own, which can
    be made equal; both see the same noise. Left: the mean over the copies, beside exp(−ηλT/σ) and (1−ηλ)ᵀ
    (`optimlab.adam_theory.decayed`). The first formula needs a penalty λw well below the noise σ: above it √v̂ is λw
    rather than σ, and the weight falls more slowly. Right: the spread over the copies, in units of η√T, which is that
    of a random walk without decay; theory is that of decoupled decay, whatever σ is
    (`optimlab.adam_theory.decoupled_spread`).

    Parameters
    ----------
    eta : η in (0, 0.1]
    decay : λ of decoupled decay in (0, 10]
    sigma : σ₁, which stays as it is, and σ₂, which has a slider, in [10⁻⁵, 100]
    steps : T, from 200 to 10 000
    copies : how many copies of each weight there are, from 2 to 1000
    l2 : λ of the L2 penalty in (0, 10]
    """
    check_whole("steps", steps, 200, 10_000)
    check_whole("copies", copies, 2, 1000)
    sigma1, sigma2 = pair_of(sigma)
    controls = [
        Control("l2", PENALTY, PENALTY.check_one(l2), "all"),
        Control("decay", DECAY, DECAY.check_one(decay), "all"),
        Control("eta", RATE, RATE.check_one(eta), "all"),
        Control("sigma2", NOISE2, sigma2, "all"),
    ]
    runs = [
        Run(name, label, *role_style(label), loss=(name, LAST_MEAN), reads="mean w") for name, label in NAMES.items()
    ]
    runs.append(Run(THEORY, "theory", dash=(1, 2), **role("theory")))
    noise = np.random.default_rng(SEED).standard_normal((2, steps, copies), np.float32)
    weights = [weight_source(name, noise, sigma1) for name in NAMES]
    needs = ("l2", "decay", "eta", "sigma2")
    theory = partial(theory_rows, sigma1, steps)
    recipe = formula_recipe(theory, {name: () for name in needs})
    readouts = [
        Readout("spread, decoupled, σ₁", "decoupled_1", LAST_SPREAD, 3),
        Readout("σ₂", "decoupled_2", LAST_SPREAD, 3),
        Readout("theory", "theory", OF_LAST, 3),
    ]

    def summary(values: Any) -> Any:
        row = theory(values)[-1]
        foreseen = [row[OF_L2[0]], row[OF_L2[1]], row[OF_DECOUPLED], row[OF_DECOUPLED]]
        for source, mean in zip(weights, foreseen, strict=True):
            last = source.compute(values)[-1]
            penalised, first = parts_of(source.name)
            spread = "" if penalised else f", theory {row[OF_LAST]:.3f}"
            sigma = f"σ₁={sigma1:.3g}" if first else f"σ₂={values['sigma2']:.3g}"
            method = f"L2 λ={values['l2']:.3g}" if penalised else f"decoupled λ={values['decay']:.3g}"
            yield (
                f"{method}, {sigma}: mean {shown(last[LAST_MEAN])}, theory {shown(mean)}; "
                f"spread {last[LAST_SPREAD]:.3f}{spread}"
            )

    scene = Scene([mean_panel(steps), spread_panel(steps)], runs, 0, readouts)
    title = f"two weights in noise, {steps} steps of Adam, {copies} copies"
    return Lab(scene, [*weights, Source("theory", needs, theory, recipe=recipe)], controls, None, summary, title)


def pair_of(sigma: Any) -> tuple[float, float]:
    if not isinstance(sigma, tuple | list) or len(sigma) != 2:
        raise ValueError(f"sigma must be two numbers, σ₁ and σ₂, got {told(sigma)}")
    return NOISE1.check_one(sigma[0]), NOISE2.check_one(sigma[1])


def parts_of(name: str) -> tuple[bool, bool]:
    """Whether a source is that of the L2 penalty, and of the first weight."""
    method, number = name.split("_")
    return method == "l2", number == "1"


def shown(mean: float) -> str:
    """What is less than the chance of the draws is not told in digits."""
    return f"{mean:.3f}" if mean >= 0.01 else "below 0.01"


# Sources


def weight_source(name: str, noise: np.ndarray, sigma1: float) -> Source:
    """The copies of one weight under one method."""
    penalised, first = parts_of(name)

    def compute(values: Any) -> np.ndarray:
        sigma = sigma1 if first else float(values["sigma2"])
        gradients = sigma * noise[0 if first else 1]
        penalty, decay = (float(values["l2"]), 0.0) if penalised else (0.0, float(values["decay"]))
        return weight_rows(gradients, float(values["eta"]), penalty, decay)

    needs = ("l2" if penalised else "decay", "eta", *(() if first else ("sigma2",)))
    return Source(name, needs, compute, sweeps=())


def weight_rows(gradients: np.ndarray, eta: float, penalty: float, decay: float) -> np.ndarray:
    """Step, |mean of w| and spread / η√T where recorded; then, in each row, mean and spread after the last step."""
    steps, copies = gradients.shape
    recorded = np.linspace(0, steps, ROWS).round().astype(int)
    w, m, v, kept = np.ones(copies), np.zeros(copies), np.zeros(copies), [np.ones(copies)]
    wanted = set(recorded.tolist())
    for t, noise in enumerate(gradients, 1):
        g = noise + penalty * w
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        step = m / (1 - BETA1**t) / (np.sqrt(v / (1 - BETA2**t)) + EPS)
        w = w - eta * (decay * w + step)
        if t in wanted:
            kept.append(w)
    mean, spread = np.mean(kept, axis=1), np.std(kept, axis=1)
    last = [np.full(ROWS, column[-1]) for column in (mean, spread)]
    return np.column_stack([recorded, np.abs(mean), spread / (eta * np.sqrt(steps)), *last])


def theory_rows(sigma1: float, steps: int, values: Any) -> Any:
    """Step, mean of L2 for σ₁ and for σ₂, mean, spread / η√T and last spread of decoupled decay."""
    l2, decay, eta, sigma2 = (numbers(values[name])[..., None] for name in ("l2", "decay", "eta", "sigma2"))
    at = np.linspace(0, steps, POINTS)
    spread = decoupled_spread(eta, decay, at)
    columns = [
        at,
        decayed(eta, l2, at, sigma1),
        decayed(eta, l2, at, sigma2),
        decayed(eta, decay, at),
        spread / (eta * np.sqrt(steps)),
        decoupled_spread(eta, decay, float(steps)),
    ]
    floor = [column if i in (0, OF_SPREAD, OF_LAST) else np.maximum(column, TINY) for i, column in enumerate(columns)]
    return np.stack(np.broadcast_arrays(*floor), axis=-1)


# Panels


def mean_panel(steps: int) -> Panel:
    marks = [Curve(source=name, run=name, x=STEP, y=MEAN, still=True) for name in NAMES]
    marks += [Curve(source="theory", run=THEORY, x=0, y=y, still=True) for y in (*OF_L2, OF_DECOUPLED)]
    return Panel(
        (0, steps),
        (1e-2, 1.5),
        x_label="step t",
        y_label="mean of w (its size)",
        title="what is left of a weight of 1",
        alt="mean of the weights against the step, logarithmic, for both methods in noise of both sizes",
        y_log=True,
        marks=marks,
    )


def spread_panel(steps: int) -> Panel:
    curves = [Curve(source=name, run=name, x=STEP, y=SPREAD, still=True) for name in NAMES]
    return Panel(
        (0, steps),
        (0, 1.25),
        x_label="step t",
        y_label="spread of w, in units of η√T",
        title="spread of the copies",
        alt="spread of the weights against the step: with decoupled decay it is the same for noise of both sizes",
        marks=[
            HLine(y=1.0, label="a walk without decay ends here", **role("text")),
            *curves,
            Curve(source="theory", run=THEORY, x=0, y=OF_SPREAD, still=True),
        ],
    )
