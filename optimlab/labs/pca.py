"""The PCA plane makes arcs out of nothing: a training and two random walks in their own planes, behind a curtain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..checks import check_seed, check_whole, told
from ..data import digits
from ..descent import descend
from ..knobs import Knob
from ..networks import Network
from ..optimizers import Adam, Optimizer
from ..optimizers.base import check_optimizer
from ..palette import Style, role, role_style
from ..principal import DRIFT, pca_plane, random_walk, walk_cosines, walk_shares
from ..stage.marks import Bars, Curve, HLine, Mark, Points, VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .lab import Control, Lab

__all__ = ["pca_lab"]

NETWORK, BATCH = Network((64, 64, 10)), 32
LETTERS = ("A", "B", "C")
KINDS = {"training": "real training", "walk": "random walk", "drift": "walk with drift"}
STYLES: dict[str, Style] = dict(zip(KINDS, map(role_style, ("real training", "random walk", "walk with drift"))))
REVEAL = Knob("reveal", "the curtain", 0, 1, allowed="[0, 1]", count=2, whole=True)
FIRST = Knob("i", "the first component of the plane", 1, 4, allowed="[1, 4]", count=4, whole=True)
SLIDER = replace(DRIFT, high=0.3, count=31)
BARS = 4  # components that have a bar
X, Y, COMPONENT = range(3)  # channels of a path
AT, SHARES, NOTHING = 0, range(1, 1 + BARS), 1 + BARS  # channels of what is told of it
EACH = len(KINDS) + 1  # places of the bars of a component, with a gap
HALF, MIDDLE = (1.38, 0.36), 0.39  # half the room for a path in its row, and how high its middle is there


def pca_lab(
    reveal: float = 0, drift: float = 0.1, first: int = 1, optimizer: Any = None, steps: int = 400, seed: int = 0
) -> Lab:
    """Three paths, each in its own PCA plane and behind a curtain: which of them is a real training?

    They are called A, B and C: a network 64-64-10 that learns digits in batches of 32, a random walk of as many
    dimensions (d = 4810) and steps, and another one with a drift (`optimlab.principal.random_walk`). Each is scaled to
    its row, by the same factor in both directions. Once the curtain is open, names and colours appear, and beside the
    paths one of their components against the step and their shares of variance.

    The walk without an aim has components that are cosines, and shares 6/(π²k²) (Antognini & Sohl-Dickstein 2018);
    rings are theory. With drift v the first share is about (0.608 + r)/(1 + r), r = v²T/2, as large as that of a
    training; the first component is then a straight line, and the others are still nearly cosines. Two cosines draw a
    parabola or, with i ≥ 2, a Lissajous figure. What tells a training from the walks is its pace: it is fast at first,
    so its arc is not symmetric.

    Parameters
    ----------
    reveal : 0 for a closed curtain, 1 for an open one; while it is closed the other two sliders have no effect
    drift : v ≥ 0, in lengths of a step
    first : i in [1, 4]: the plane is that of the components i and i + 1
    optimizer : of the training, Adam with η = 0.003 if None
    steps : T, of all three paths, from 50 to 600
    seed : of the training, of the walks and of the order of the three
    """
    check_whole("steps", steps, 50, 600)
    optimizer = for_one_run(Adam(0.003) if optimizer is None else optimizer)
    paths = Paths(optimizer, steps, check_seed(seed), SLIDER.check_one(drift))
    controls = [
        Control("reveal", REVEAL, REVEAL.check_one(reveal), "the curtain"),
        Control("first", FIRST, FIRST.check_one(first), "once it is open"),
        Control("drift", SLIDER, drift, "once it is open"),
    ]
    paths.plane("training", 0.0)  # what cannot be shown is refused here
    theory = role("theory")
    runs = [Run(kind, label, *STYLES[kind]) for kind, label in KINDS.items()]
    runs.append(Run("theory", "theory of a walk", theory["color"], theory["color_dark"], (1, 2)))
    scene = Scene([planes_panel(), component_panel(steps), shares_panel(runs)], runs)
    title = f"three paths of {steps} steps, each in its own PCA plane, seed {seed}: which is the training?"
    return Lab(scene, sources_of(paths), controls, None, partial(summary, paths), title)


def for_one_run(optimizer: Any) -> Optimizer:
    """The optimizer, if each of its hyperparameters has one value, or a `ValueError`."""
    optimizer = check_optimizer(optimizer)
    if any(np.ndim(getattr(optimizer, name)) for name in optimizer.knobs):
        raise ValueError(f"the optimizer must have one value of each hyperparameter here, got {told(optimizer)}")
    return optimizer


@dataclass(frozen=True)
class Paths:
    """The three paths, and which of them is which. `drift` is that of the walk behind the curtain."""

    optimizer: Optimizer
    steps: int
    seed: int
    drift: float

    @property
    def row_of(self) -> dict[str, int]:
        """The row of each kind, counted from above."""
        return dict(zip(KINDS, np.random.default_rng(self.seed).permutation(len(KINDS)).tolist(), strict=True))

    def plane(self, kind: str, drift: float) -> Drawn:
        if kind == "training":
            return training_plane(self.optimizer, self.steps, self.seed)
        number = list(KINDS).index(kind)
        walk_seed = int(np.random.default_rng([self.seed, number]).integers(2**32))
        return walk_plane(self.steps, walk_seed, drift if kind == "drift" else 0.0)


class Drawn(NamedTuple):
    """What is drawn of a `PathPlane`; its directions, which are long, are not kept."""

    components: np.ndarray
    shares: np.ndarray


@lru_cache(maxsize=4)
def training_plane(optimizer: Optimizer, steps: int, seed: int) -> Drawn:
    with ONE_THREAD, np.errstate(all="ignore"):
        path = descend(NETWORK.on(digits(), BATCH, seed), optimizer, NETWORK.init(seed), steps).theta
        plane = pca_plane(path) if np.isfinite(path).all() and np.ptp(path, axis=0).any() else None
    if plane is None or len(plane.shares) <= FIRST.high:
        least = f"{FIRST.high + 1} components"
        raise ValueError(f"the training must stay finite and move in {least}, and it does not with {optimizer!r}")
    return Drawn(plane.components, plane.shares)


@lru_cache(maxsize=64)
def walk_plane(steps: int, seed: int, drift: float) -> Drawn:
    with ONE_THREAD:
        plane = pca_plane(random_walk(NETWORK.size, steps, seed, drift))
    return Drawn(plane.components, plane.shares)


def is_open(values: Any) -> bool:
    return float(values["reveal"]) >= 0.5


def first_share(drift: float, steps: int) -> float:
    """(0.608 + r)/(1 + r), with r = v²T/2."""
    ratio = drift**2 * steps / 2
    return (float(walk_shares(1)[0]) + ratio) / (1 + ratio)


def summary(paths: Paths, values: Any) -> Iterator[str]:
    if not is_open(values):
        yield "one of A, B and C is a real training, one a random walk, one a random walk with drift"
        yield "reveal = 1 opens the curtain; i and v have an effect from then on"
        return
    v, i = float(values["drift"]), int(values["first"])
    planes = {kind: paths.plane(kind, v) for kind in KINDS}
    shares = {kind: " ".join(f"{100 * share:.1f}" for share in p.shares[:BARS]) for kind, p in planes.items()}
    letters = {kind: LETTERS[row] for kind, row in paths.row_of.items()}
    theory = " ".join(f"{100 * share:.1f}" for share in walk_shares(BARS))
    cosine = walk_cosines(i, paths.steps + 1)[:, -1]
    fits = np.corrcoef(planes["walk"].components[:, i - 1], cosine)[0, 1]
    yield f"{letters['training']} is a real training, {paths.optimizer!r}: shares {shares['training']} % of variance"
    yield f"{letters['walk']} is a random walk: {shares['walk']} %, theory {theory} %"
    yield f"its component {i} is a cosine: correlation above {np.floor(100 * fits - 0.1) / 100:.2f}"
    foreseen = f"theory of the first {100 * first_share(v, paths.steps):.1f} %"
    yield f"{letters['drift']} is a random walk with drift v={v:.3g}: {shares['drift']} %, {foreseen}"


# Sources


def sources_of(paths: Paths) -> list[Source]:
    lines = [Source(letter, ("reveal",), partial(hidden_path, paths, row), ()) for row, letter in enumerate(LETTERS)]
    for kind in KINDS:
        moved = ("drift",) if kind == "drift" else ()
        lines.append(Source(kind, ("reveal", "first", *moved), partial(named_path, paths, kind), ()))
        lines.append(Source(f"{kind} told", ("reveal", *moved), partial(told_of, paths, kind), ()))
    lines.append(Source("cosine", ("reveal", "first"), partial(cosine, paths.steps), ()))
    lines.append(Source("rings", ("reveal", "drift"), partial(rings, paths.steps), ()))
    return [*lines, Source("curtain", ("reveal",), curtain, ())]


def in_row(plane: Drawn, first: int, row: int) -> np.ndarray:
    """Where a path is drawn in its row, shape (T+1, 2)."""
    pair = plane.components[:, first - 1 : first + 1]
    low, high = pair.min(axis=0), pair.max(axis=0)
    scale = np.min(2 * np.array(HALF) / (high - low))
    return (pair - (low + high) / 2) * scale + [0.0, len(LETTERS) - 1 - row + MIDDLE]


def hidden_path(paths: Paths, row: int, values: Any) -> np.ndarray:
    """A path in its first plane, without its colour; nothing once the curtain is open."""
    kind = next(kind for kind, place in paths.row_of.items() if place == row)
    drawn = in_row(paths.plane(kind, paths.drift), 1, row)
    return np.full_like(drawn, np.nan) if is_open(values) else drawn


def named_path(paths: Paths, kind: str, values: Any) -> np.ndarray:
    """The same path by its name, and its component i as a share of its largest value; nothing before."""
    if not is_open(values):
        return np.full((paths.steps + 1, 3), np.nan)
    first = int(values["first"])
    plane = paths.plane(kind, float(values.get("drift", 0.0)))
    component = plane.components[:, first - 1]
    return np.column_stack([in_row(plane, first, paths.row_of[kind]), component / np.abs(component).max()])


def told_of(paths: Paths, kind: str, values: Any) -> np.ndarray:
    """How high its name stands, its shares, and 0; before, neither a name nor shares."""
    if not is_open(values):
        return np.array([[np.nan, *np.zeros(BARS + 1)]])
    shares = paths.plane(kind, float(values.get("drift", 0.0))).shares[:BARS]
    return np.array([[len(LETTERS) - paths.row_of[kind], *shares, 0.0]])


def cosine(steps: int, values: Any) -> np.ndarray:
    found = walk_cosines(int(values["first"]), steps + 1)[:, -1:]
    return found if is_open(values) else np.full_like(found, np.nan)


def rings(steps: int, values: Any) -> np.ndarray:
    """Where theory's rings are among the bars: the shares of the walk, then the first one of the walk with drift."""
    places = np.arange(BARS) * EACH
    kinds = list(KINDS)
    walk = np.column_stack([places + kinds.index("walk"), walk_shares(BARS)])
    drift = [[kinds.index("drift"), first_share(float(values["drift"]), steps)]]
    found = np.concatenate([walk, drift])
    return found if is_open(values) else np.full_like(found, np.nan)


def curtain(values: Any) -> np.ndarray:
    """How high the sign of the curtain hangs, among the components and among the bars; nowhere once it is open."""
    return np.full((1, 2), np.nan) if is_open(values) else np.array([[0.0, 0.5]])


# Panels


def hues(kind: str) -> dict[str, Any]:
    return dict(zip(("color", "color_dark"), STYLES[kind]))


def planes_panel() -> Panel:
    count = len(LETTERS)
    marks: list[Mark] = [HLine(y=count - row, label=name, **role("ink")) for row, name in enumerate(LETTERS)]
    marks += [Curve(source=name, x=X, y=Y, still=True, **role("ink")) for name in LETTERS]
    marks += [Curve(source=kind, run=kind, x=X, y=Y, still=True) for kind in KINDS]
    marks += [HLine(source=f"{k} told", run=k, y=AT, label=name, side="right", **hues(k)) for k, name in KINDS.items()]
    return Panel(
        (-1.5, 1.5),
        (0, count),
        title="each path in its own PCA plane",
        alt="three paths A, B and C, one below the other, each in the plane of two of its principal components",
        axes=False,
        equal=True,
        height=1.0,
        marks=marks,
    )


def component_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-1.1, 1.1),
        x_label="step k",
        y_label="component i, largest = 1",
        title="component i of each path",
        alt="component i of the three paths against the step, beside the cosine of theory, once the curtain is open",
        height=0.9,
        marks=[
            HLine(source="curtain", y=0, label="behind the curtain", **role("data")),
            *(Curve(source=kind, run=kind, y=COMPONENT, still=True) for kind in KINDS),
            Curve(source="cosine", run="theory", y=0, still=True),
        ],
    )


def shares_panel(runs: list[Run]) -> Panel:
    """For each component a bar of each path, and a gap: a channel that is 0."""
    last = EACH * BARS - 1
    marks: list[Mark] = [HLine(source="curtain", y=1, label="behind the curtain", **role("data"))]
    marks += [VLine(x=EACH * k - 1, label=f"PC{k + 1}", **role("data")) for k in range(BARS)]
    for i, run in enumerate(runs[: len(KINDS)]):
        channels = [NOTHING] * last
        channels[i::EACH] = SHARES
        colors: dict[str, Any] = {"colors": [run.color] * last, "colors_dark": [run.color_dark] * last}
        marks.append(Bars(source=f"{run.id} told", run=run.id, channels=channels, labels=[""] * last, **colors))
    return Panel(
        (-1, last),
        (0, 1.1),
        x_label="principal component",
        y_label="share of variance",
        title="shares of variance (rings: theory)",
        alt="bars of the shares of variance of the first four components of each path, once the curtain is open",
        x_ticks=False,
        height=0.9,
        marks=[*marks, Points(source="rings", run="theory", symbol="ring")],
    )
