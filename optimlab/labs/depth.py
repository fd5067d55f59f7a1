"""A signal through many layers, forward and backward: what the variance of the weights does to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..checks import check_choice, check_seed, check_whole
from ..knobs import Knob
from ..networks import ACTIVATIONS
from ..palette import role, role_style
from ..stage.marks import Curve, Dot, Histogram, VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .lab import Control, Lab

__all__ = ["depth_lab", "signals"]

VARIANCE = Knob("n·Var(w)", "variance of the weights times width", 0.1, 10.0, log=True, allowed="(0, 10000]", count=41)
SPREAD = 2.0  # the histograms reach from −SPREAD to SPREAD
BINS = 33  # odd: what is all but 0 is one bar
FORWARD, BACKWARD, HISTOGRAM = 0, 1, 2

ROOM = 50_000_000  # numbers in all weights and signals


def depth_lab(variance: float = 1.0, depth: int = 50, width: int = 100, batch: int = 64, seed: int = 0) -> Lab:
    """The forward and the backward signal through a deep network at its start, for tanh, sigmoid and ReLU.

    The forward signal of a layer is the standard deviation of its units' outputs over the inputs: how well the
    layer can still tell one input from another. The backward signal is the root mean square of the gradient that
    reaches it, where the last layer gets 1.

    Parameters
    ----------
    variance : n·Var(w); 1 is Xavier's (Glorot & Bengio 2010, for layers of one width), 2 is He's (He et al. 2015)
    depth, width, batch : layers, units in each of them, and inputs
    seed : of weights and inputs
    """
    for what, number, least in (("depth", depth, 1), ("width", width, 1), ("batch", batch, 2)):
        check_whole(what, number, least)
    room = depth * width * (width + batch)
    if room > ROOM:
        raise ValueError(f"a lab has room for depth · width · (width + batch) up to {ROOM:,}, got {room:,}")
    check_seed(seed)
    VARIANCE.check_one(variance)
    names = {"tanh": "tanh", "sigmoid": "sigmoid", "relu": "ReLU"}
    runs = [Run(name, title, *role_style(name)) for name, title in names.items()]
    sources = [Source(run.id, ("variance",), signal_source(run.id, depth, width, batch, seed)) for run in runs]
    layers: dict[str, Any] = {"x_label": "layer", "y_log": True}
    panels = [
        Panel(
            (0, depth), (1e-8, 1e4), y_label="standard deviation over the inputs", title="forward signal",
            alt="forward signal against layer for tanh, sigmoid and ReLU, logarithmic", **layers,
            marks=[Curve(source=run.id, run=run.id, y=FORWARD) for run in runs],
        ),
        Panel(
            (0, depth), (1e-8, 1e4), y_label="root mean square of the gradient", title="backward signal",
            alt="gradient against layer for tanh, sigmoid and ReLU, logarithmic", **layers,
            marks=[Curve(source=run.id, run=run.id, y=BACKWARD) for run in runs],
        ),
        Panel(
            (-SPREAD, SPREAD), (1e-4, 2.0), x_label=f"output minus its mean (end bars: beyond ±{SPREAD:g})", y_log=True,
            y_label="share", title="histogram of the layer", alt="histogram of the outputs of the layer that is shown",
            marks=[Histogram(source=run.id, run=run.id, first=HISTOGRAM, count=BINS) for run in runs],
        ),
        Panel(
            (VARIANCE.low, VARIANCE.high), (0, 1), x_label="variance of the weights, times the width", x_log=True,
            height="ruler", alt="the variance of the weights beside Xavier's and He's",
            marks=[
                VLine(x=1.0, label="Xavier", side="left", **role("theory")),
                VLine(x=2.0, label="He", **role("theory")),
                Dot(control="variance"),
            ],
        ),
    ]  # fmt: skip

    def summary(values):
        for run, source in zip(runs, sources, strict=True):
            rows = source.compute(values)
            yield (
                f"{run.label:8} forward {rows[0, FORWARD]:.2g} → {told(rows[-1, FORWARD])}   "
                f"backward {told(rows[-1, BACKWARD])} → {told(rows[0, BACKWARD])}"
            )

    title = f"signals through {depth} layers of {width} units, n·Var(w) = {variance:g}"
    scene = Scene(panels, runs, depth, unit="layer")
    return Lab(scene, sources, [Control("variance", VARIANCE, variance, "all")], None, summary, title, depth // 5)


def told(number) -> str:
    """Below 1e-8 the digits are rounding errors."""
    return f"{number:.2g}" if number >= 1e-8 else "below 1e-8"


def signals(activation, variance, depth=50, width=100, batch=64, seed=0):
    """The outputs of all layers and the gradients that reach them.

    Parameters
    ----------
    activation : "tanh", "sigmoid" or "relu"
    variance : n·Var(w), a number or shape (n,)

    Returns
    -------
    outputs, gradients : lists of depth + 1 arrays of shape (..., batch, width), from the inputs to the last layer
    """
    check_choice("the activation", activation, ACTIVATIONS)
    phi, slope = ACTIVATIONS[activation]
    random = np.random.default_rng(seed)
    scale = np.sqrt(np.asarray(variance, float) / width)[..., None, None]
    weights = random.normal(size=(depth, width, width))
    shape = (*scale.shape[:-2], batch, width)
    outputs = [np.broadcast_to(random.normal(size=(batch, width)), shape)]
    gradients = [np.broadcast_to(random.normal(size=(batch, width)), shape)]
    with ONE_THREAD:
        for W in weights:
            outputs.append(phi(scale * (outputs[-1] @ W)))
        for W, a in zip(weights[::-1], outputs[:0:-1], strict=True):
            gradients.append(scale * ((gradients[-1] * slope(a)) @ W.T))
    return outputs, gradients[::-1]


def signal_source(activation, *sizes):
    """Forward signal, backward signal and histogram of each layer: shape (..., depth + 1, 2 + bins)."""

    def compute(values):
        rows = []
        for a, g in zip(*signals(activation, values["variance"], *sizes), strict=True):
            apart = a - a.mean(axis=-2, keepdims=True)
            forward, backward = np.sqrt(np.mean(apart**2, axis=(-2, -1))), np.sqrt(np.mean(g**2, axis=(-2, -1)))
            rows.append(np.concatenate([forward[..., None], backward[..., None], histogram(apart)], axis=-1))
        return np.stack(rows, axis=-2)

    return compute


def histogram(values):
    """Shares of the last two axes' numbers in BINS bins; what lies outside counts in the outermost ones."""
    where = np.clip((values + SPREAD) / (2 * SPREAD) * BINS, 0, BINS - 1).astype(int)
    where = where.reshape(*values.shape[:-2], -1)
    return np.mean(where[..., None, :] == np.arange(BINS)[:, None], axis=-1)
