"""Ten steep directions that do not matter: SGD, only its part in the k steepest directions, and all but that part."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_choice, check_seed, check_whole
from ..curvature import SquaredError, hessian_at, top_eigen
from ..data import Data, digits
from ..descent import descend
from ..edge import centred
from ..knobs import Knob
from ..networks import Network
from ..optimizers import GradientDescent
from ..palette import role, role_style
from ..stage.marks import Curve, HLine, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..subspace import SPARE, STRETCH, ProjectedPath, projected_descent, random_share
from ..threads import ONE_THREAD
from ..training import Examples
from .lab import Control, Lab

__all__ = ["bulk_lab"]

NETWORK = Network((64, 16, 10), "tanh")
EXAMPLES, MOST, LONGEST, BEGUN = 400, 30, 300, 15  # BEGUN: iterations at the start
LAST = 20  # steps of which the summary says the mean
HUGE = 100.0  # a loss beyond it goes on to infinity, or its digits depend on rounding
ENTROPY, SQUARED = "cross-entropy", "squared error"
LOSSES: dict[str, tuple[type[Examples], Knob, float, tuple[float, float]]] = {  # η's slider and value, the panel's y
    ENTROPY: (
        Examples,
        Knob("η", "learning rate", 0.1, 2.0, log=True, allowed="[0.05, 4]", count=27),
        0.5,
        (0.01, 1.0),
    ),
    SQUARED: (
        SquaredError,
        Knob("η", "learning rate", 0.05, 0.8, log=True, allowed="[0.02, 1]", count=25),
        0.2,
        (0.1, 0.2),
    ),
}
STEEP = Knob("k", "number of directions", 1, MOST, allowed=f"[1, {MOST}]", count=MOST, whole=True)
BATCH = Knob("B", "batch size", 25, EXAMPLES, allowed=f"[10, {EXAMPLES}]", count=16, whole=True)
BEFORE = Knob("T₀", "steps before", 0, LONGEST, allowed=f"[0, {LONGEST}]", count=31, whole=True)
SGD, DOM, BULK, FULL, CHANCE = "SGD", "Dom", "Bulk", "full", "chance"
PART = {DOM: "inside", BULK: "outside"}
SETTING = ("eta", "batch", "before")
MINI, ALL = 0, 1  # channels of the shares


def bulk_lab(
    loss: str = ENTROPY,
    k: int = 10,
    eta: float | None = None,
    batch_size: int = 50,
    before: int = 200,
    stretch: float = 0.0,
    steps: int = 200,
    seed: int = 0,
) -> Lab:
    """Three runs from one θ₀: SGD, Dom (its steps inside the k steepest directions), and Bulk (its steps outside).

    Much of a mini-batch's gradient lies in the eigenvectors of the largest eigenvalues of the Hessian, far more than
    k/d, and yet a run that moves in them alone does not learn, and one that never does learns as fast (Song, Ahn & Yun
    2024). The network is (64, 16, 10) with tanh, on 400 centred digits, with d = 1210 parameters. Every 10 steps each
    run finds its directions anew, from the Hessian of all examples at its own θ (`optimlab.subspace`).

    It is another story at initialization (T₀ = 0): the first steps do go down along the steep directions, and without
    them training lags. With all examples in each gradient and a step below the edge of stability next to nothing of it
    is steep. At the edge (squared error, B = 400, η = 0.8, T₀ = 300) half of it to nearly all is, by seed; there Bulk
    comes as far as gradient descent or a little further. With small batches and a large η (cross-entropy, B = 10,
    η = 2) Dom goes down a little too, and Bulk lags.

    Parameters
    ----------
    loss : "cross-entropy" or "squared error"
    k : a whole number in [1, 30]
    eta : η in [0.05, 4], 0.5 if None; with the squared error in [0.02, 1], 0.2 if None
    batch_size : B in [10, 400]; 400 are all examples
    before : T₀ in [0, 300], the steps of SGD with the same η and B that lead to θ₀
    stretch : s in [0, 1]; with 1 each step of Dom and Bulk is as long as that of SGD would be, with 0 as it is
    steps : from 20 to 500
    seed : of the initialization and the batches
    """
    check_choice("the loss", loss, tuple(LOSSES))
    check_whole("steps", steps, LAST, 500)
    world = (loss, steps, check_seed(seed))
    _, rate, usual, frame = LOSSES[loss]
    controls = [
        Control("k", STEEP, STEEP.check_one(k), "Dom and Bulk"),
        Control("stretch", STRETCH, STRETCH.check_one(stretch), "Dom and Bulk"),
        Control("eta", rate, rate.check_one(usual if eta is None else eta), "all"),
        Control("batch", BATCH, BATCH.check_one(batch_size), "all"),
        Control("before", BEFORE, BEFORE.check_one(before), "all"),
    ]
    data = role("data")
    runs = [
        Run(SGD, "SGD, its gradient", *role_style("mini-batch"), loss=(SGD, 0)),
        Run(DOM, "Dom: only in the k steepest", *role_style("steepest direction"), loss=(DOM, 0)),
        Run(BULK, "Bulk: never in them", *role_style("flattest direction"), loss=(BULK, 0)),
        Run(FULL, "gradient of all examples", data["color"], data["color_dark"]),
    ]
    sources = [
        Source(SGD, SETTING, lambda values: sgd(world, values).loss[:, None], ()),
        *(Source(name, ("k", "stretch", *SETTING), partial(projected_rows, world, name), ()) for name in PART),
        Source("shares", ("k", *SETTING), partial(share_rows, world), ()),
        Source(CHANCE, ("k",), chance, ()),
        Source("spectrum", SETTING, partial(spectrum_rows, world), ()),
    ]
    readouts = [
        Readout("in the k steepest: of the mini-batch's |g|²", "shares", MINI, 2),
        Readout("of all examples'", "shares", ALL, 2),
        Readout("k/d", CHANCE, 0, 2),
    ]
    scene = Scene(
        [loss_panel(frame, steps, loss == ENTROPY), share_panel(steps), spectrum_panel()], runs, steps, readouts
    )
    return Lab(scene, sources, controls, None, partial(told, world), f"{loss}, digits, {steps} steps from one θ₀")


def told(world: Any, values: Any) -> Any:
    k, eta = int(values["k"]), float(values["eta"])
    edge = abs(spectrum(world, *setting(values))[0][0]) * eta / 2
    begun = f"after T₀={values['before']:.0f} steps" if values["before"] else "at initialization"
    yield f"η={eta:.3g}, B={values['batch']:.0f}, {begun}; k={k} of d={NETWORK.size}; λ₁ is {edge:.2g} of 2/η"
    losses = {SGD: sgd(world, values).loss} | {name: projected_rows(world, name, values)[:, 0] for name in PART}
    ends = ", ".join(f"{name} {mean_of(loss[-LAST:])}" for name, loss in losses.items())
    yield f"loss {mean_of(losses[SGD][:1])} at first; mean of the last {LAST} steps: {ends}"
    mini, every = (mean_of(column) for column in share_rows(world, values).T)
    by_chance = f"{random_share(k, NETWORK.size):.2g}"
    yield f"share of |g|² inside, mean over SGD's steps: mini-batch {mini}, all examples {every}, by chance {by_chance}"


def mean_of(numbers: np.ndarray) -> str:
    mean = float(np.mean(numbers))
    return f"{mean:.2g}" if mean < HUGE else "diverges"


# Sources


@lru_cache(maxsize=1)
def examples() -> Data:
    """The first digits, from each pixel its mean taken away."""
    return centred(digits(EXAMPLES))


def problem(world: Any, batch: int) -> Examples:
    loss, _, seed = world
    return LOSSES[loss][0](NETWORK, examples(), batch, seed)


def setting(values: Any) -> tuple[float, int, int]:
    return float(values["eta"]), int(values["batch"]), int(values["before"])


@lru_cache(maxsize=4)
def early(world: Any, eta: float, batch: int) -> np.ndarray:
    """θ of SGD at the steps 0 … 300."""
    with ONE_THREAD, np.errstate(all="ignore"):
        return descend(problem(world, batch), GradientDescent(eta), steps=LONGEST).theta


@lru_cache(maxsize=16)
def spectrum(world: Any, eta: float, batch: int, before: int) -> tuple[np.ndarray, np.ndarray]:
    """The first eigenvalues at θ₀, and their directions."""
    loss, theta = problem(world, batch), early(world, eta, batch)[before]
    with ONE_THREAD, np.errstate(all="ignore"):
        return top_eigen(loss.gradient, theta, MOST + SPARE, BEGUN, product=hessian_at(loss, theta))


def descended(world: Any, part: str, k: int, stretch: float, *where: Any) -> ProjectedPath:
    eta, batch, before = where
    loss, theta, Q = problem(world, batch), early(world, eta, batch)[before], spectrum(world, *where)[1]
    begun: dict[str, Any] = {"first": before, "directions": Q[:, : k + SPARE], "watch": part == "all"}
    with ONE_THREAD:
        return projected_descent(loss, theta, eta, world[1], part, k, stretch, **begun)


@lru_cache(maxsize=8)
def sgd_once(world: Any, *where: Any) -> ProjectedPath:
    return descended(world, "all", MOST, 0.0, *where)


def sgd(world: Any, values: Any) -> ProjectedPath:
    return sgd_once(world, *setting(values))


@lru_cache(maxsize=64)
def projected_once(world: Any, name: str, k: int, stretch: float, *where: Any) -> np.ndarray:
    return descended(world, PART[name], k, stretch, *where).loss[:, None]


def projected_rows(world: Any, name: str, values: Any) -> np.ndarray:
    return projected_once(world, name, int(values["k"]), float(values["stretch"]), *setting(values))


def share_rows(world: Any, values: Any) -> np.ndarray:
    """The share of |g|² inside, of the mini-batch's gradient and of that of all examples, at each step of SGD."""
    path, k = sgd(world, values), int(values["k"])
    return np.stack([part[:, k - 1] for part in (path.share, path.full_share) if part is not None], axis=1)


def chance(values: Any) -> np.ndarray:
    return np.array([[random_share(int(values["k"]), NETWORK.size)]])


def spectrum_rows(world: Any, values: Any) -> np.ndarray:
    """j and |λⱼ/λ₁|."""
    found = spectrum(world, *setting(values))[0][:MOST]
    return np.column_stack([np.arange(1, MOST + 1), np.abs(found / found[0])])


# Panels


def loss_panel(frame: tuple[float, float], steps: int, log: bool) -> Panel:
    return Panel(
        (0, steps),
        frame,
        x_label="step t",
        y_label="L",
        title="training loss",
        alt="training loss against step: SGD and Bulk go down together, Dom stays where it was",
        y_log=log,
        follow="both",
        marks=[Curve(source=name, run=name, y=0) for name in (SGD, DOM, BULK)],
    )


def share_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-0.1, 1),
        x_label="step t of SGD",
        y_label="share of |g|²",
        title="share of |g|² in the k steepest",
        alt="share of the squared gradient in the k steepest directions, of mini-batches and of all examples",
        marks=[
            Curve(source="shares", run=SGD, y=MINI, width=1.2),
            Curve(source="shares", run=FULL, y=ALL),
            HLine(source=CHANCE, y=0, label="k directions by chance: k/d", side="right", **role("theory")),
        ],
    )


def spectrum_panel() -> Panel:
    return Panel(
        (0, MOST + 3),
        (0, 1.1),
        x_label="j",
        y_label="|λⱼ/λ₁|",
        title="the first eigenvalues, at θ₀",
        alt="the first thirty eigenvalues of the Hessian over the first one: they fall without a step at ten",
        wide=0.8,
        marks=[VLine(control="k", label="k", **role("data")), Points(source="spectrum", **role("ink"))],
    )
