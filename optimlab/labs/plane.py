"""A plane through the loss of a trained network, and how it lies: one function, as sharp as one likes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from .. import landscapes
from ..checks import check_choice, check_whole, told
from ..curvature import hessian_at, lanczos
from ..data import Data, digits
from ..descent import descend
from ..knobs import Knob
from ..landscapes import Plane, of_dim, random_direction, rescaled
from ..networks import Network
from ..optimizers import Adam
from ..palette import role, role_style
from ..place import is_plain
from ..schedules import cosine_decay
from ..stage.marks import Curve, HLine, Map, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .lab import Control, Lab

__all__ = ["plane_lab"]

SIZES, EXAMPLES, BATCH, RATE, STEPS = (64, 64, 10), 400, 32, 0.01, 400
SETTING = ("c", "normalize", "seed")
NORMALIZATIONS = ("none", "layer", "filter")
SEEDS = 8  # planes; each has two directions of its own
FACTOR = replace(landscapes.FACTOR, allowed="[0.125, 8]")
CHOICE = Knob("norm.", "normalization (0 none, 1 layer, 2 filter)", 0, 2, allowed="[0, 2]", count=3, whole=True)
SEED = Knob("seed", "of the two directions", 0, SEEDS - 1, allowed=f"[0, {SEEDS - 1}]", count=SEEDS, whole=True)
CELLS, POINTS = 27, 81  # of the plane, each way, and of the section; both have one at θ
RADIUS = 0.5  # where the rise is measured
UNIT = 100  # the map shows L in hundredths
LEAST, MOST = 1, 5000  # of its colours
SAME = 1e-12  # losses that differ by less do so by rounding
PRODUCTS = 60  # with the Hessian, for its largest eigenvalue
HEIGHT, CHANGED, RISE, SHARPNESS = range(4)  # channels of what is measured
NOW, REFERENCE = "now", "reference"


def plane_lab(c: float = 1.0, normalize: str = "none", seed: int = 0, loss: Any = None, theta: Any = None) -> Lab:
    """A plane through the loss of a trained network of ReLUs, L(θ + φ₁d₁ + φ₂d₂); a slider rescales its weights.

    With W₁·c, b₁·c and W₂/c the network is the same function, whatever c (Dinh et al. 2017,
    `optimlab.landscapes.rescaled`): each loss and each prediction stays as it is. The map shows the loss on the plane
    in colours that are the same for all c, the section shows it along d₁, and dots what it is for c = 1. d₁ and d₂ are
    random numbers for the weights, 0 for biases:

    - with "none" they are as long as all weights are for c = 1, and the same for each c;
    - with "layer" each of their matrices is as long as that of θ, for the present c;
    - with "filter" the incoming weights of each unit are (Li et al. 2018).

    Both normalizations undo the factor: pictures and rises do not move. With "none" this network's rise is least near
    c = 1, and grows both ways. The rise is the mean of L(θ ± d/2) − L(θ) over the sixteen directions of all planes;
    rings show where that is. The sharpness, the largest eigenvalue of the Hessian (of the pieces between the kinks of
    the ReLUs, exactly), knows of no directions: no normalization helps it, and far from c = 1 it grows as c² and 1/c².

    The network (64, 64, 10) has learned 400 digits by 400 steps of Adam, batches of 32, η from 0.01 to 0 along a
    cosine. Your own one is shown by ``plane_lab(loss=network.on(data), theta=θ)``; a penalty is left aside, for it is
    not the same for all c. Thousands of examples make a move of a slider slow.

    Parameters
    ----------
    c : the factor, in [0.125, 8]
    normalize : "none", "layer" or "filter"
    seed : which of the eight planes, from 0 to 7
    loss : what ``network.on(data)`` or `optimlab.curvature.SquaredError` makes, of ReLUs with a hidden layer
    theta : θ of your network, shape (d,)
    """
    check_choice("normalize", normalize, NORMALIZATIONS)
    check_whole("the seed", seed, 0, SEEDS - 1)
    pictures = trained() if loss is None and theta is None else Pictures(loss, theta)
    controls = [
        Control("c", FACTOR, FACTOR.check_one(c), "the weights"),
        Control("normalize", CHOICE, NORMALIZATIONS.index(normalize), "the directions"),
        Control("seed", SEED, seed, "the directions"),
    ]
    sources = [
        source_of("plane", SETTING, lambda *setting: UNIT * pictures.plane(*setting)),
        source_of(NOW, SETTING, pictures.section),
        source_of(REFERENCE, SETTING[1:], partial(pictures.section, 1.0)),
        source_of("measured", SETTING[:2], pictures.measured),
        source_of("first", SETTING[1:2], partial(pictures.measured, 1.0)),
        source_of("mean", SETTING[:2], partial(mean_row, pictures)),
        source_of("rings", SETTING[:2], partial(rings, pictures)),
    ]
    runs = [
        Run(NOW, "the present c", *role_style("the dot")),
        Run(REFERENCE, "c = 1", dash=(1, 3), **role("ink")),
    ]
    readouts = [
        Readout("L(θ)", "measured", HEIGHT, 4),
        Readout("with c: 1", "first", HEIGHT, 4),
        Readout("predictions that differ", "measured", CHANGED),
        Readout("mean rise at φ = ±½", "measured", RISE),
        Readout("with c: 1", "first", RISE),
        Readout("sharpness", "measured", SHARPNESS),
        Readout("with c: 1", "first", SHARPNESS),
    ]

    def summary(values: Any) -> Any:
        c, normalize, seed = setting_of(values)
        now, first = pictures.measured(c, normalize)[0], pictures.measured(1.0, normalize)[0]
        apart = abs(now[HEIGHT] - first[HEIGHT])
        differ = f"by less than {SAME:g}" if apart < SAME else f"by {apart:.1g}"
        yield f"c={c:.3g}: L(θ) is {now[HEIGHT]:.3g}, and differs {differ} from that for c=1"
        yield f"predictions that differ: {now[CHANGED]:.0f} of {len(pictures.data.X)}"
        rises = [(name, pictures.rise(c, name), pictures.rise(1.0, name)) for name in NORMALIZATIONS]
        told_rises = "; ".join(f"{name} {rise:.3g} (c=1: {one:.3g})" for name, rise, one in rises)
        yield f"mean rise at φ=±½ by normalization: {told_rises}"
        yield f"sharpness {now[SHARPNESS]:.3g} (c=1: {first[SHARPNESS]:.3g})"
        yield f"the plane of seed {seed}, normalization: {normalize}"

    scene = Scene([plane_panel(), section_panel()], runs, 0, readouts)
    return Lab(scene, sources, controls, None, summary, f"a plane through the loss of {pictures.network.sizes}")


# The network


@lru_cache(maxsize=1)
def trained() -> Pictures:
    """The network that is shown where there is no other one."""
    network, data = Network(SIZES), digits(EXAMPLES)
    adam = Adam(RATE)
    with ONE_THREAD:
        path = descend(network.on(data, BATCH), adam, steps=STEPS, schedule=cosine_decay(RATE, STEPS), keep=STEPS)
    return Pictures(network.on(data), path.theta[-1])


class Pictures:
    """All that is drawn and measured of one network with its θ; what has been computed is kept."""

    def __init__(self, loss: Any, theta: Any):
        network, data = getattr(loss, "network", None), getattr(loss, "data", None)
        if not isinstance(network, Network) or not isinstance(data, Data):
            raise ValueError(f"the loss must be that of a network, as network.on(data) makes it, got {told(loss)}")
        if theta is None:
            raise ValueError("a network of your own needs its θ as well, got None")
        self.network: Network = replace(network, l2=0.0, dropout=0.0)
        self.data: Data = data
        self.loss = loss if is_plain(network) else self.network.on(data)
        self.theta = of_dim("θ", theta, network.size)
        self.labels = self.network.predict(self.at(1.0), data.X)
        self.plane = lru_cache(maxsize=128)(self._plane)
        self.section = lru_cache(maxsize=128)(self._section)
        self.mean = lru_cache(maxsize=128)(self._mean)
        self.own = lru_cache(maxsize=128)(self._own)

    def at(self, c: float) -> np.ndarray:
        return rescaled(self.network, self.theta, c)

    def direction(self, c: float, normalize: str, number: int) -> np.ndarray:
        """The same random numbers for all c and normalizations, in other lengths."""
        if normalize == "none":
            return random_direction(self.network, self.theta, number, "whole")
        return random_direction(self.network, self.at(c), number, normalize)

    def value(self, theta: np.ndarray) -> np.ndarray:
        with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
            return self.loss.value(theta)

    def _plane(self, c: float, normalize: str, seed: int) -> np.ndarray:
        """L at the middle of each cell, shape (CELLS, CELLS)."""
        d1, d2 = (self.direction(c, normalize, 2 * seed + i) for i in range(2))
        plane = Plane(self.loss, self.at(c), d1, d2)
        middles = (np.arange(CELLS) - CELLS // 2) * 2 / CELLS
        with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
            return plane.value(np.stack(np.meshgrid(middles, middles), axis=-1))

    def _section(self, c: float, normalize: str, seed: int) -> np.ndarray:
        """φ₁ and L along d₁."""
        phi = np.linspace(-1, 1, POINTS)
        along = self.value(self.at(c) + phi[:, None] * self.direction(c, normalize, 2 * seed))
        return np.column_stack([phi, along])

    def _mean(self, c: float, normalize: str) -> float:
        """The mean of L(θ ± d/2) over the directions of all planes."""
        d = RADIUS * np.stack([self.direction(c, normalize, i) for i in range(2 * SEEDS)])
        return float(np.mean(self.value(self.at(c) + np.concatenate([d, -d]))))

    def rise(self, c: float, normalize: str) -> float:
        return self.mean(c, normalize) - self.own(c)[0]

    def _own(self, c: float) -> tuple[float, int, float]:
        """What needs no direction: L(θ), how many predictions differ from those for c = 1, and the sharpness."""
        theta = self.at(c)
        with ONE_THREAD, np.errstate(over="ignore", invalid="ignore"):
            changed = np.sum(self.network.predict(theta, self.data.X) != self.labels)
            largest = exact_sharpness(self.loss, theta)
        return float(self.value(theta)), int(changed), largest

    def measured(self, c: float, normalize: str) -> np.ndarray:
        height, changed, largest = self.own(c)
        return np.array([[height, changed, self.rise(c, normalize), largest]])


def exact_sharpness(loss: Any, theta: np.ndarray) -> float:
    """The largest eigenvalue of the Hessian between the kinks of the ReLUs."""
    start = np.random.default_rng(0).normal(size=theta.size)
    return lanczos(hessian_at(loss, theta), start, PRODUCTS)[0]


# Sources


def setting_of(values: Any, names: Sequence[str] = SETTING) -> list[Any]:
    """Those of c, of the name of the normalization and of the seed that are asked for, as the sliders stand."""
    meaning: dict[str, Callable] = {"c": float, "normalize": lambda i: NORMALIZATIONS[round(i)], "seed": round}
    return [meaning[name](float(values[name])) for name in names]


def source_of(name: str, needs: Sequence[str], compute: Callable) -> Source:
    return Source(name, tuple(needs), lambda values: compute(*setting_of(values, needs)), ())


def mean_row(pictures: Pictures, c: float, normalize: str) -> np.ndarray:
    """The mean height at the radius, in the place of its normalization; the others are NaN, which draws no line."""
    height = pictures.mean(c, normalize)
    return np.array([[height if name == normalize else np.nan for name in NORMALIZATIONS]])


def rings(pictures: Pictures, c: float, normalize: str) -> np.ndarray:
    """The same at both places."""
    height = pictures.mean(c, normalize)
    return np.array([[-RADIUS, height], [RADIUS, height]])


# Panels


def plane_panel() -> Panel:
    return Panel(
        (-1, 1),
        (-1, 1),
        x_label="φ₁",
        y_label="φ₂",
        title="100 L(θ + φ₁d₁ + φ₂d₂)",
        alt="heat map of the loss on a plane through θ, its colours the same for all c: a valley with θ in its middle",
        height=0.9,
        marks=[
            Map(source="plane", low=LEAST, top=MOST),
            Points(data=[[0.0, 0.0]], symbol="ring", label="θ", **role("ink")),
        ],
    )


def section_panel() -> Panel:
    labels = ("none", "by layer", "by filter")
    means = [HLine(source="mean", y=i, label=label, **role("theory")) for i, label in enumerate(labels)]
    return Panel(
        (-1, 1),
        (0.01, 100.0),
        x_label="φ₁",
        y_label="L(θ + φ₁d₁)",
        title="section along d₁",
        alt="the loss along one direction, logarithmic, for the present c, and as a thin line for c = 1",
        y_log=True,
        follow="both",
        height=0.9,
        marks=[
            *means,
            Curve(source=NOW, run=NOW, x=0, y=1, still=True),
            Curve(source=REFERENCE, run=REFERENCE, x=0, y=1, still=True, width=0.9),
            Points(source="rings", symbol="ring", label="mean of all directions", **role("theory")),
        ],
    )
