"""A real network, trained anew for every position of a slider."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from ..checks import check_whole
from ..knobs import Knob
from ..palette import style_of
from ..stage.scene import Run, Scene
from ..stage.widget import Source
from ..training import check_parts, train
from .inputs import runners
from .lab import Control, Lab
from .panels import TRAINING_LOSS, training_panels
from .sources import slider_knobs, training_rows, with_values

__all__ = ["training_lab"]


def training_lab(network, data, optimizers, epochs: int = 10, batch_size: int = 32, seed: int = 0, names=None) -> Lab:
    """Train a network with several optimizers; each has its own sliders, and all share the batch size.

    There is nothing precomputed: when a slider moves, Python trains the network anew, from the same start. Until
    the new curves are there, the old ones are faded.

    Parameters
    ----------
    network, data : a `Network` and its `Data`
    optimizers : one `Optimizer`, or several
    epochs : how long each training is
    batch_size : B; the slider runs over the powers of two
    names : what to call them, their class names if None
    """
    family, names = runners("training_lab", optimizers, names)
    check_parts(network, data, batch_size, seed)
    check_whole("epochs", epochs, 1)
    styles = style_of([optimizer.name for optimizer in family])
    runs = [
        Run(name, name, *style, loss=(f"run{i}", TRAINING_LOSS), reads="training loss")
        for i, (name, style) in enumerate(zip(names, styles, strict=True))
    ]
    largest = int(np.log2(len(data.X)))
    size = Knob("B", "batch size", 1, 2**largest, log=True, allowed=f"[1, {len(data.X)}]", count=largest + 1)
    if largest > 4:  # smaller batches take long
        size = replace(size, low=4, count=largest - 1)
    controls = [Control("B", size, batch_size, "all")]
    controls += [
        Control(f"{run.id} {name}", knob, getattr(optimizer, name), run.id)
        for run, optimizer in zip(runs, family, strict=True)
        for name, knob in slider_knobs(optimizer).items()
    ]

    @lru_cache(maxsize=64)
    def history(optimizer, batch):
        return train(network, data, optimizer, epochs=epochs, batch_size=batch, seed=seed, progress=False)

    def of(run, optimizer, values):
        return history(with_values(optimizer, run.id, values), round(float(values["B"])))

    def source(i):
        run, optimizer = runs[i], family[i]
        needs = ("B", *(f"{run.id} {name}" for name in slider_knobs(optimizer)))
        return Source(f"run{i}", needs, lambda values: training_rows(of(run, optimizer, values)), sweeps=())

    def summary(values):
        for run, optimizer in zip(runs, family, strict=True):
            h = of(run, optimizer, values)
            yield f"{with_values(optimizer, run.id, values)!r} {h!r}"

    title = f"{data!r}, network {network.sizes}, {epochs} epochs in batches of {batch_size}"
    scene = Scene(training_panels(runs, epochs), runs, epochs, unit="epoch")
    return Lab(scene, [source(i) for i in range(len(runs))], controls, None, summary, title)
