"""When momentum helps: the steps that it saves, against the batch size, on the noisy quadratic model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import check_whole
from ..knobs import Knob
from ..noisy_quadratic import SHARE, Tuned, mean_loss, steps_needed
from ..palette import role, style_of
from ..stage.marks import Curve, HLine, Mark, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab

__all__ = ["batch_momentum_lab"]

BATCH = Knob("B", "batch size", 1.0, 1e6, log=True, allowed="[1, 1000000]", count=37)
PLAIN, HEAVY = "GradientDescent", "Momentum"
STEPS, SAVED = (1, 2), 3  # channels of the curves, after B
LONG = 121  # points of a curve of losses


def batch_momentum_lab(batch_size: float = 64, dim: int = 100) -> Lab:
    """Steps to 1 % of the loss over the batch size, without momentum and with it, both tuned at each batch size.

    Curvatures 1, ½, ⅓, … and gradient noise hᵢ/B (`optimlab.noisy_quadratic`). The mean loss at the chosen B, with the
    tuned η and γ, is beside it.

    Parameters
    ----------
    batch_size : B, from 1 to 10⁶
    dim : the number of curvatures, from 2 to 400
    """
    check_whole("dim", dim, 2, 400)
    names = [PLAIN, HEAVY]
    labels = ["without momentum", "with momentum"]
    runs = [Run(n, label, *style) for n, label, style in zip(names, labels, style_of(names), strict=True)]
    size = BATCH.check_one(batch_size)

    def at(B: float) -> np.ndarray:
        """Both methods' steps, η and γ at one batch size, shape (2, 3)."""
        return np.array([[t.steps[0], t.eta[0], t.gamma[0]] for t in tuned(B, dim)])

    def curves(values: Any) -> np.ndarray:
        plain, heavy = tuned(BATCH.grid, dim)
        return np.column_stack([plain.batch_size, plain.steps, heavy.steps, plain.steps / heavy.steps])

    def chosen(values: Any) -> np.ndarray:
        """For the readouts: steps without and with, how many times fewer, and the tuned γ and η/(1−γ)."""
        return over(values["B"], lambda B: told(at(B)))

    def losses(values: Any) -> np.ndarray:
        return over(values["B"], lambda B: paths(at(B), B, dim))

    sources = [
        Source("curves", (), curves),
        Source("chosen", ("B",), chosen),
        Source("losses", ("B",), losses),
    ]
    readouts = [
        Readout("steps without", "chosen", 0, 3),
        Readout("with", "chosen", 1, 3),
        Readout("times fewer", "chosen", 2, 3),
        Readout("its γ", "chosen", 3, 2),
    ]

    def summary(values: Any) -> Any:
        (few, eta, _), (steps, step, gamma) = at(values["B"])
        yield f"B={values['B']:.4g}, {dim} curvatures: steps to {SHARE:.0%} of the loss"
        yield f"without momentum {few:.0f} (η={eta:.3g}), with {steps:.0f} (η={step:.3g}, γ={gamma:.2g})"
        yield f"momentum saves a factor {few / steps:.2f}"

    scene = Scene([steps_panel(runs), saved_panel(), loss_panel(runs)], runs, 0, readouts)
    control = Control("B", BATCH, size, "all")
    return Lab(scene, sources, [control], None, summary, "noisy quadratic model")


def tuned(sizes: Any, dim: int) -> tuple[Tuned, Tuned]:
    """Without momentum, and with it."""
    return steps_needed(sizes, (0.0,), dim), steps_needed(sizes, dim=dim)


def over(sizes: Any, one: Any) -> np.ndarray:
    """For one batch size, or for each of several."""
    return one(float(sizes)) if np.ndim(sizes) == 0 else np.stack([one(float(size)) for size in sizes])


def told(both: np.ndarray) -> np.ndarray:
    plain, heavy = both
    return np.array([[plain[0], heavy[0], plain[0] / heavy[0], heavy[2]]])


def paths(both: np.ndarray, size: float, dim: int) -> np.ndarray:
    """Steps, and the mean loss of both methods as a part of the first, up to half as long again as without momentum."""
    t = np.geomspace(1, 1.5 * both[0, 0], LONG).round()
    start = 0.5 * (1 / np.arange(1, dim + 1)).sum()
    columns = [t]
    for _, eta, gamma in both:
        calm, noise = mean_loss(eta, gamma, t, dim)
        columns.append((calm + noise / size) / start)
    return np.column_stack(columns)


def steps_panel(runs: list[Run]) -> Panel:
    marks: list[Mark] = [VLine(control="B", label="B", **role("data"))]
    marks += [Curve(source="curves", run=run.id, x=0, y=y, still=True) for run, y in zip(runs, STEPS, strict=True)]
    return Panel(
        (1, 1e6),
        (10, 1e5),
        x_label="batch size B",
        y_label="steps to 1 % of the loss",
        title="steps, each tuned",
        alt="steps to one percent of the loss against the batch size, without and with momentum, logarithmic",
        x_log=True,
        y_log=True,
        marks=marks,
    )


def saved_panel() -> Panel:
    return Panel(
        (1, 1e6),
        (0, 5),
        x_label="batch size B",
        y_label="steps without / with",
        title="what momentum saves",
        alt="how many times fewer steps momentum needs, against the batch size",
        x_log=True,
        marks=[
            VLine(control="B", label="B", **role("data")),
            HLine(y=1.0, label="nothing", **role("data")),
            Curve(source="curves", run=HEAVY, x=0, y=SAVED, still=True),
        ],
    )


def loss_panel(runs: list[Run]) -> Panel:
    marks: list[Mark] = [HLine(y=SHARE, label="1 %", **role("data"))]
    marks += [Curve(source="losses", run=run.id, x=0, y=y, still=True) for run, y in zip(runs, STEPS, strict=True)]
    return Panel(
        (1, 2e4),
        (1e-3, 1.5),
        x_label="steps",
        y_label="mean loss, of the first",
        title="the mean loss at this B",
        alt="mean loss against the steps, without and with momentum, at the chosen batch size, logarithmic",
        x_log=True,
        y_log=True,
        marks=marks,
    )
