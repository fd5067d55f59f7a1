"""Two solutions, one basin? The straight line between two trained networks, before and after matching their units."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from ..connectivity import Forked, chord, matched
from ..data import Data, digits
from ..descent import descend
from ..knobs import Knob
from ..networks import Network
from ..optimizers import Adam
from ..palette import GREEN, PURPLE, role, role_style
from ..schedules import cosine_decay
from ..stage.marks import Curve, HLine, Map, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .lab import Control, Lab

__all__ = ["line_lab"]

RATE, STEPS, BATCH = 0.01, 410, 32  # Adam's first η; ten epochs of 41 steps
ALPHA = Knob("α", "place on the line", 0.0, 1.0, allowed="[0, 1]", count=21)
WIDTH = Knob("h", "number of hidden units", 16, 256, log=True, allowed="[16, 256]", count=3, whole=True)
INITS = Knob("inits", "number of initializations", 1, 2, allowed="[1, 2]", count=2, whole=True)
FORK = Knob("k", "number of first steps with the same batches", 0, STEPS, allowed="[0, 410]", count=83, whole=True)
PAIR = Knob("pair", "number of the", 1, 6, allowed="[1, 6]", count=6, whole=True)
SETTING = ("width", "inits", "k", "pair")
RAW, MATCHED = "raw", "matched"
WAYS = {RAW: "raw", MATCHED: "units matched"}
PLACE, LOSS, ERROR, CHORD = range(4)  # channels of a line
UNITS, SIDE, GAP, HEAD = 6, 8, 1, 4  # of the images, in pixels of a digit
ROW, ACROSS = SIDE + HEAD, UNITS * (SIDE + GAP) - GAP
ROUNDING, LEAST = 1e-12, 1e-3  # losses that differ by less are the same; a barrier below it is told as such
PAPER = "#FFFFFF"


class Setting(NamedTuple):
    """Which two networks."""

    width: int
    inits: int
    k: int
    pair: int


def line_lab(width: int = 64, inits: int = 2, k: int = 0, pair: int = 1, alpha: float = 0.5) -> Lab:
    """The straight line between two trained networks θ_a and θ_b, with θ_b's units as they are and matched to θ_a's.

    Networks (64, h, 10) on the digits, each trained by 410 steps of Adam, batches of 32, η from 0.01 to 0 along a
    cosine. A slider moves along (1 − α)θ_a + αθ_b: training loss and test error there, and the incoming weights of the
    six units of θ_a with the largest |w_in|·|w_out|, as images. The barrier is the largest rise of the loss between
    α = 0 and 1 above the straight line from L(θ_a) to L(θ_b), which is dotted (Entezari et al. 2022). Matching renames
    the units of θ_b (`optimlab.connectivity.matched`, Ainsworth et al. 2023): the function stays as it is, and most of
    the barrier goes.

    The networks have two initializations or one, and the batches of the first k steps are the same (k = 410: all). With
    one initialization that is the experiment of Frankle et al. (2020): the barrier is small already for k = 0.

    Parameters
    ----------
    width : h, the hidden units, in [16, 256]
    inits : how many initializations the two networks have, 2 or 1
    k : the first steps with the same batches, in [0, 410]
    pair : which pair of seeds, in [1, 6]
    alpha : α in [0, 1]
    """
    controls = [
        Control("alpha", ALPHA, ALPHA.check_one(alpha), "the line"),
        Control("width", WIDTH, WIDTH.check_one(width), "the networks"),
        Control("inits", INITS, INITS.check_one(inits), "the networks"),
        Control("k", FORK, FORK.check_one(k), "the networks"),
        Control("pair", PAIR, PAIR.check_one(pair), "the networks"),
    ]
    styles = {RAW: role_style("raw units"), MATCHED: role_style("matched units")}
    runs = [Run(way, label, *styles[way], loss=(f"{way} at α", LOSS)) for way, label in WAYS.items()]
    sources = [Source(way, SETTING, partial(line_rows, way), ()) for way in WAYS]
    sources += [along(f"{way} at α", partial(here, (PLACE, LOSS, ERROR), way)) for way in WAYS]
    sources += [along(f"{way} error", partial(here, (PLACE, ERROR), way)) for way in WAYS]
    sources += [along("units", unit_images), Source("barriers", SETTING, barrier_row, ())]
    readouts = [Readout(f"barrier, {way}", "barriers", i, 2) for i, way in enumerate(WAYS)]

    def summary(values: Any) -> Any:
        setting, place = setting_of(values), float(values["alpha"])
        yield f"{setting.width} hidden units, {told_origin(setting)}"
        yield "barrier: " + ", ".join(f"{way} {told(height)}" for way, height in zip(WAYS, barrier_row(values)[0]))
        ends = [measured(setting, RAW, end) for end in (0.0, 1.0)]
        losses, errors = (" and ".join(f"{end[i]:{form}}" for end in ends) for i, form in enumerate((".2g", ".1%")))
        yield f"both ends: training loss {losses}, test error {errors}"
        apart = abs(measured(setting, MATCHED, 1.0)[0] - ends[1][0])
        same = f"by less than {ROUNDING:g}" if apart < ROUNDING else f"by {apart:.1g}"
        yield f"matching leaves the function as it is: the loss at α = 1 differs {same}"
        found = [(way, *measured(setting, way, place)) for way in WAYS]
        yield f"α = {place:.3g}: " + "; ".join(f"{way} L {loss:.2g}, error {error:.1%}" for way, loss, error in found)

    scene = Scene([loss_panel(), error_panel(), units_panel()], runs, 0, readouts)
    return Lab(scene, sources, controls, None, summary, "the line between two trained networks")


def told(height: float) -> str:
    return f"{height:.2g}" if height >= LEAST else f"below {LEAST:g}"


def told_origin(setting: Setting) -> str:
    start = "one initialization" if setting.inits == 1 else "two initializations"
    if setting.k == 0:
        return f"{start}, other batches from the first step on"
    return f"{start}, {'the same batches' if setting.k == STEPS else f'other batches from step {setting.k} on'}"


# Networks


def setting_of(values: Any) -> Setting:
    return Setting(*(round(float(values[name])) for name in SETTING))


@lru_cache(maxsize=1)
def examples() -> Data:
    return digits()


@lru_cache(maxsize=8)
def network(width: int) -> Network:
    return Network((SIDE * SIDE, width, 10))


@lru_cache(maxsize=64)
def trained(width: int, start: int, first: int, second: int, k: int) -> np.ndarray:
    """θ after the training: from the start of one seed, with the first k batches of another, then those of a third."""
    net, data, schedule = network(width), examples(), cosine_decay(RATE, STEPS)
    loss = Forked(net.on(data, BATCH, first), net.on(data, BATCH, second), k)
    with ONE_THREAD:
        return descend(loss, Adam(RATE), net.init(start), STEPS, schedule=schedule, keep=STEPS).theta[-1]


@lru_cache(maxsize=32)
def ends(setting: Setting) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """θ_a and θ_b for each way; θ_a is the same for all k, and whether θ_b has an initialization of its own."""
    one = 2 * setting.pair - 2
    a = trained(setting.width, one, one, one, 0)
    b = trained(setting.width, one + setting.inits - 1, one, one + 1, setting.k)
    return {RAW: (a, b), MATCHED: (a, matched(network(setting.width), a, b))}


def between(setting: Setting, way: str, alpha: float) -> np.ndarray:
    a, b = ends(setting)[way]
    return (1 - alpha) * a + alpha * b


@lru_cache(maxsize=4096)
def measured(setting: Setting, way: str, alpha: float) -> tuple[float, float]:
    """Training loss and test error at a place of the line."""
    net, data, theta = network(setting.width), examples(), between(setting, way, alpha)
    with ONE_THREAD:
        return net.value(theta, data.X, data.y), 1 - net.accuracy(theta, data.X_test, data.y_test)


# Sources


def places() -> list[float]:
    return [round(float(alpha), 9) for alpha in ALPHA.grid]


def line_rows(way: str, values: Any) -> np.ndarray:
    """α, training loss, test error, and the straight line between the losses at both ends, at each place."""
    setting, alpha = setting_of(values), np.array(places())
    heights = np.array([measured(setting, way, place) for place in places()])
    return np.column_stack([alpha, heights, chord(heights[:, 0])])


def barrier_row(values: Any) -> np.ndarray:
    """The largest rise above that line between both ends, for each way, shape (1, 2)."""
    lines = [line_rows(way, values) for way in WAYS]
    rises = np.array([[np.max(rows[:, LOSS] - rows[:, CHORD]) for rows in lines]])
    return np.where(rises > ROUNDING, rises, 0.0)


def along(name: str, one: Callable[[Setting, float], np.ndarray]) -> Source:
    """A source of the setting and of α, along which there is a sweep."""

    def compute(values: Any) -> np.ndarray:
        setting, alpha = setting_of(values), np.round(np.asarray(values["alpha"], float), 9)
        rows = np.array([one(setting, place) for place in np.atleast_1d(alpha).tolist()])
        return rows if alpha.ndim else rows[0]

    return Source(name, ("alpha", *SETTING), compute, ("alpha",))


def here(channels: tuple[int, ...], way: str, setting: Setting, alpha: float) -> np.ndarray:
    return np.array([[(alpha, *measured(setting, way, alpha))[channel] for channel in channels]])


def unit_images(setting: Setting, alpha: float) -> np.ndarray:
    """10ʷ of the incoming weights w of some units, row 0 at the bottom; NaN between them.

    From above: θ_a, the place on the raw line, and that on the matched line.
    """
    net, (a, _) = network(setting.width), ends(setting)[RAW]
    shown = strongest(net, a)
    image = np.full((len(WAYS) * ROW + ROW, ACROSS), np.nan)
    for i, theta in enumerate((a, *(between(setting, way, alpha) for way in WAYS))):
        W = net.layers(theta)[0][0]
        for j, unit in enumerate(shown):
            top, left = i * ROW + HEAD, j * (SIDE + GAP)
            image[top : top + SIDE, left : left + SIDE] = 10.0 ** W[:, unit].reshape(SIDE, SIDE)
    return image[::-1]


def strongest(net: Network, theta: np.ndarray) -> np.ndarray:
    """The units with the largest |w_in|·|w_out|."""
    (W, _), (V, _) = net.layers(theta)
    return np.argsort(-np.linalg.norm(W, axis=0) * np.linalg.norm(V, axis=1))[:UNITS]


# Panels


def loss_panel() -> Panel:
    chord = Curve(source=RAW, x=PLACE, y=CHORD, still=True, dash=(1, 2), **role("theory"))
    return Panel(
        (0, 1),
        (1e-2, 2.0),
        x_label="α (0: θ_a, 1: θ_b)",
        y_label="L((1 − α)θ_a + αθ_b)",
        title="training loss (dotted: no barrier)",
        alt="training loss along the line between two networks, logarithmic: raw it rises to a hill, matched hardly",
        y_log=True,
        marks=[
            VLine(control="alpha", **role("ink")),
            chord,
            *(Curve(source=way, run=way, x=PLACE, y=LOSS, still=True) for way in WAYS),
            *(Points(source=f"{way} at α", run=way) for way in WAYS),
        ],
    )


def error_panel() -> Panel:
    return Panel(
        (0, 1),
        (5e-3, 1.0),
        x_label="α (0: θ_a, 1: θ_b)",
        y_label="share of wrong answers",
        title="test error",
        alt="test error along the line between two networks, logarithmic: raw it rises in the middle, matched hardly",
        y_log=True,
        marks=[
            VLine(control="alpha", **role("ink")),
            *(Curve(source=way, run=way, x=PLACE, y=ERROR, still=True) for way in WAYS),
            *(Points(source=f"{way} error", run=way) for way in WAYS),
        ],
    )


def units_panel() -> Panel:
    high = len(WAYS) * ROW + ROW
    heads = {"units of θ_a": 0, "at α, raw": 1, "at α, matched": 2}
    scale: Any = {"low": 0.1, "top": 10}
    return Panel(
        (0, ACROSS),
        (0, high),
        title="weights: purple −, green +",
        alt="incoming weights of six units as images, of θ_a, and at α on the raw and on the matched line",
        axes=False,
        equal=True,
        wide=1.2,
        marks=[
            Map(source="units", colors=(PURPLE[0], PAPER, GREEN[0]), **scale),
            *(HLine(y=high - i * ROW - 1.0, label=name, **role("text")) for name, i in heads.items()),
        ],
    )
