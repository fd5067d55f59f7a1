"""The learning rate range test, beside what each learning rate really gives."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..checks import check_whole
from ..knobs import Knob
from ..optimizers.base import check_optimizer
from ..palette import role, style_of
from ..stage.marks import Curve, Points, VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..training import range_test, train
from .lab import Control, Lab

__all__ = ["range_lab"]


def range_lab(
    network, data, optimizer, lr: float = 0.1, low: float = 1e-4, high: float = 10.0, epochs: int = 10,
    batch_size: int = 32, seed: int = 0,
) -> Lab:  # fmt: skip
    """The learning rate range test on a network, and full trainings with each η of a slider.

    Parameters
    ----------
    network, data : a `Network` and its `Data`
    optimizer : any `Optimizer`
    lr : where the slider starts
    low, high : the range of η, in the test and on the slider
    epochs : how long the full trainings are
    """
    check_whole("epochs", epochs, 1)
    test = range_test(network, data, check_optimizer(optimizer), low, high, batch_size=batch_size, seed=seed)
    count = max(2, 1 + round(4 * (np.log10(high) - np.log10(low))))  # four a decade
    control = Control("lr", Knob("η", "learning rate", low, high, log=True, count=count), lr)

    @cache
    def losses(rate):
        options = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "progress": False}
        history = train(network, data, optimizer.replace(lr=rate), **options)
        return np.minimum(np.nan_to_num(history.loss, nan=np.inf), 1e30)

    def training(values):
        rates = np.asarray(values["lr"], float)
        return np.array([losses(float(rate)) for rate in rates.ravel()]).reshape(*rates.shape, epochs + 1, 1)

    grid = control.knob.grid
    ends = np.array([losses(float(rate))[-1] for rate in grid])
    color, dark, dash = style_of([optimizer.name])[0]
    run = Run(
        "training", f"training with {optimizer.name}", color, dark, dash, loss=("training", 0), reads="training loss"
    )
    sources = [
        Source("test", (), lambda values: np.column_stack([test.lr, test.loss, test.smooth])),
        Source("ends", (), lambda values: np.column_stack([grid, ends])),
        Source("training", ("lr",), training),
    ]
    here = VLine(control="lr", label="η = {x}", color=color, color_dark=dark)
    lowest, best = int(np.argmin(test.smooth)), int(np.argmin(ends))
    span = (10.0 ** np.floor(np.log10(max(min(ends.min(), test.smooth.min()), 1e-6))), 4 * float(test.smooth[0]))
    panels = [
        loss_against_rate(
            "the range test, its lowest point ringed",
            (low, high),
            span,
            f"one short training of {len(test.lr)} steps: loss against its rising η",
            [
                Curve(source="test", x=0, y=1, still=True, **RAW),
                Curve(source="test", x=0, y=2, still=True, **SMOOTH),
                Points(data=[[test.lowest, float(test.smooth[lowest])]], symbol="ring", **role("ink")),
                here,
            ],
        ),
        loss_against_rate(
            f"loss after {epochs} epochs, the lowest ringed",
            (low, high),
            span,
            f"training loss after {epochs} epochs against η",
            [
                Curve(source="ends", x=0, y=1, still=True, **SMOOTH),
                Points(data=[[float(grid[best]), float(ends[best])]], symbol="ring", **role("ink")),
                here,
            ],
        ),
        Panel(
            (0, epochs),
            (1e-3, 1e1),
            x_label="epoch",
            y_label="training loss",
            title="training with the slider's η",
            alt="training loss against epoch with the slider's learning rate, logarithmic",
            y_log=True,
            follow="both",
            marks=[Curve(source="training", run="training", y=0)],
        ),
    ]

    def summary(values):
        curve = losses(float(values["lr"]))
        yield f"{test!r}"
        yield f"full trainings of {epochs} epochs: the lowest loss, {ends.min():.2g}, with η={grid[ends.argmin()]:.2g}"
        yield f"with η={values['lr']:.2g}: loss {curve[0]:.3g} before, {curve[-1]:.2g} after {epochs} epochs"

    title = f"range test of {optimizer.name} on {data.name}, network {network.sizes}"
    return Lab(Scene(panels, [run], epochs, unit="epoch"), sources, [control], summary=summary, title=title)


RAW: dict[str, Any] = {"color": "#B9C2CE", "color_dark": "#4A5563"}
SMOOTH = role("data")


def loss_against_rate(title, x, y, alt, marks) -> Panel:
    return Panel(
        x, y, x_label="learning rate η", y_label="loss", title=title, alt=alt, x_log=True, y_log=True, marks=marks
    )  # fmt: skip
