"""A network that memorizes, and four ways to keep it from doing so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from ..checks import check_whole
from ..knobs import Knob
from ..optimizers import Adam
from ..optimizers.base import check_optimizer
from ..palette import role_style
from ..stage.marks import Points
from ..stage.scene import Run, Scene
from ..stage.widget import Source
from ..training import check_parts, train
from .lab import Control, Lab
from .panels import epoch_panel

__all__ = ["overfit_lab"]

PENALTY = Knob("λ", "penalty", 1e-3, 0.1, log=True, count=9)
DECAY = Knob("λ", "weight decay", 0.01, 10.0, log=True, count=10)
SHARE = Knob("p", "dropout share", 0.0, 0.8, allowed="[0, 1)", count=9)
WAYS = {
    "plain": (None, lambda network, value: (network, {})),
    "L2": (PENALTY, lambda network, value: (replace(network, l2=value), {})),
    "weight decay": (DECAY, lambda network, value: (network, {"weight_decay": value})),
    "dropout": (SHARE, lambda network, value: (replace(network, dropout=value), {})),
}
"""What is trained: by name, its slider and what the slider changes."""
TRAINING, TEST, ACCURACY = range(3)


def overfit_lab(
    network, data, optimizer=None, l2: float = 0.01, weight_decay: float = 1.0, dropout: float = 0.5, epochs: int = 60,
    batch_size: int = 32, seed: int = 0,
) -> Lab:  # fmt: skip
    """Training and test loss side by side: without regularization, with L2, with decoupled weight decay, with dropout.

    A ring marks the epoch with the lowest test loss, where early stopping would have stopped. Every position of
    every slider is a training of its own, done when the lab is made.

    Parameters
    ----------
    network, data : a `Network` and its `Data`, best few examples and many units
    optimizer : any `Optimizer`, Adam with η = 0.003 if None
    l2, weight_decay, dropout : where the sliders start
    """
    check_parts(network, data, batch_size, seed)
    check_whole("epochs", epochs, 1)
    optimizer = Adam(0.003) if optimizer is None else check_optimizer(optimizer)
    values = {"L2": l2, "weight decay": weight_decay, "dropout": dropout}
    controls = [Control(name, knob, knob.check_one(values[name]), name) for name, (knob, _) in WAYS.items() if knob]

    @cache
    def history(name, value):
        changed, options = WAYS[name][1](network, value)
        options |= {"epochs": epochs, "batch_size": batch_size, "seed": seed, "progress": False}
        return train(changed, data, optimizer, **options)

    def curves(name):
        def compute(values):
            asked = np.asarray(values.get(name, 0.0), float)
            rows = [as_rows(history(name, float(value))) for value in asked.ravel()]
            return np.reshape(rows, (*asked.shape, epochs + 1, 3))

        return compute

    def lowest(name):
        def compute(values):
            rows = curves(name)(values)
            epoch = rows[..., TEST].argmin(axis=-1)
            loss = rows[..., TEST].min(axis=-1)
            return np.stack([epoch, loss], axis=-1)[..., None, :]

        return compute

    runs = [
        Run(name, name, *role_style(name), loss=(f"run{i}", TEST), reads="test loss") for i, name in enumerate(WAYS)
    ]
    sources = []
    for i, (name, (knob, _)) in enumerate(WAYS.items()):
        needs = (name,) if knob else ()
        sources += [Source(f"run{i}", needs, curves(name)), Source(f"best{i}", needs, lowest(name))]
    panels = [
        epoch_panel("training loss", "cross-entropy", TRAINING, (0.01, 5.0), runs, epochs),
        epoch_panel("test loss, its lowest point ringed", "cross-entropy", TEST, (0.3, 3.0), runs, epochs),
        epoch_panel("test accuracy", "test accuracy", ACCURACY, (0.5, 1.0), runs, epochs, log=False),
    ]
    rings = [Points(source=f"best{i}", run=run.id, symbol="ring") for i, run in enumerate(runs)]
    panels[1] = panels[1].with_marks(*rings)

    def summary(values):
        for name, (knob, _) in WAYS.items():
            h = history(name, float(values.get(name, 0.0)))
            setting = f"{knob.symbol}={values[name]:.3g}" if knob else ""
            accuracies = f"training accuracy {h.accuracy[-1]:.3f}, test accuracy {h.test_accuracy[-1]:.3f}"
            yield f"{name:13} {setting:8} {accuracies}; lowest test loss at epoch {np.argmin(as_rows(h)[:, TEST])}"

    title = f"{data!r}, network {network.sizes}, {optimizer!r}, {epochs} epochs"
    return Lab(Scene(panels, runs, epochs, unit="epoch"), sources, controls, None, summary, title)


def as_rows(history):
    """Training loss, test loss and test accuracy of each epoch, shape (epochs + 1, 3)."""
    losses = np.nan_to_num([history.loss, history.test_loss], nan=np.inf)
    return np.column_stack([*losses, history.test_accuracy])
