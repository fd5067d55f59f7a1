"""A river valley: how far a run has come along the river hides in its loss, until a decay of η shows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole
from ..knobs import Knob
from ..optimizers import GradientDescent
from ..palette import role, role_style
from ..river import STEEPNESS, Across, expected, hill, progress, river_part, river_valley, square_after
from ..schedules import constant, cosine_decay
from ..stage.marks import Curve, Field, Handle, Path, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..surfaces import field_grid
from .lab import Control, Lab
from .sources import numbers
from .travel import Taken, Walk, field_recipe, formula_recipe, walk_recipe

__all__ = ["river_lab"]

RATE = Knob("η", "peak learning rate", 0.005, 0.19, log=True, allowed="(0, 0.2)", count=65)
SMALL = Knob("η′", "constant learning rate", 0.001, 0.19, log=True, allowed="(0, 0.2)", count=65)
NOISE = Knob("σ", "noise", 0.0, 6.0, allowed="[0, 20]", count=61)
WSD, COSINE, CONSTANT = "WSD", "cosine", "constant"
NAMES = (WSD, COSINE, CONSTANT)
RIVER, HILL, ONE = "river part", "hill part", "one run"
X, Y, SMOOTH, MEAN, OF_RIVER, OF_HILL, ETA = (len(NAMES) * i for i in range(7))  # the first channel of each kind
MEMORY = 0.95  # of the average of one run's losses
NEEDS = ("decay", "length", "eta", "small", "sigma")
VIEW = ((-0.5, 16.0), (-1.6, 1.6))
FIELD = {"width": 41, "height": 41}


@dataclass(frozen=True, repr=False)
class Copies(GradientDescent):
    """Gradient descent in a straight valley.

    It knows besides what its y² is on the average over all noises, and an average of its own losses so far.
    """

    sigma: Any = 3.0

    def init(self, theta: Any) -> Any:
        return {"square": theta[..., 1:] ** 2, "smooth": loss_at(theta)}

    def step(self, theta: Any, grad: Any, state: Any, k: Any) -> Any:
        there, _ = super().step(theta, grad, {}, k)
        eta = self.rate(k)
        square = square_after(state["square"], eta, STEEPNESS, self.sigma)
        return there, {"square": square, "smooth": MEMORY * state["smooth"] + (1 - MEMORY) * loss_at(there)}


def loss_at(theta: Any) -> Any:
    """L in a straight valley, of shape (..., 1)."""
    return river_part(theta[..., :1]) + 0.5 * STEEPNESS * theta[..., 1:] ** 2


def river_lab(
    decay_at: int | None = None, length: int | None = None, eta: float = 0.1, small: float = 0.01, sigma: float = 3.0,
    steps: int = 2000, seed: int = 0,
) -> Lab:  # fmt: skip
    """The mean loss in a straight river valley (`optimlab.river`, h = 10) in its two parts, for three schedules.

    The main run keeps η constant and then lets it fall linearly to 0 (warm-up, stable, decay, with no warm-up). The
    moment at which the decay begins is dragged along the run; after the decay the run is over. Beside it a cosine with
    the same peak, planned for all steps, and a small constant η′. Means over all noises are exact, and drawn thick;
    thin is one run with one noise. Seen from above all three meet the same noise.

    Parameters
    ----------
    decay_at : the step at which the decay begins, from 0 to `steps` − 1; at nine tenths of the run if None
    length : of the decay, from 1 to `steps`; a tenth of the run if None. It ends with the run at the latest
    eta : the peak η in (0, 0.2), of the main run and of the cosine; from 2/h = 0.2 on, y diverges
    small : η′ in (0, 0.2)
    sigma : σ in [0, 20], the noise of the gradient across the river
    steps : from 10 to 5000
    seed : of the noise that is drawn
    """
    check_whole("steps", steps, 10, 5000)
    seed = check_seed(seed)
    at = (
        9 * steps // 10
        if decay_at is None
        else check_whole("the step at which the decay begins", decay_at, 0, steps - 1)
    )
    tenth = max(1, steps // 10)
    length = tenth if length is None else check_whole("the length of the decay", length, 1, steps)
    unit = max(1, steps // 200)
    count = steps // 2 // unit
    span = Knob("D", "length of the decay", unit, unit * count, allowed=f"[1, {steps}]", count=count)
    controls = [
        Control("length", span, length, WSD),
        Control("eta", RATE, RATE.check_one(eta), "η of the two"),
        Control("small", SMALL, SMALL.check_one(small), CONSTANT),
        Control("sigma", NOISE, NOISE.check_one(sigma), "the noise"),
    ]
    theory, data = role("theory"), role("data")
    styles = dict(zip(NAMES, map(role_style, ("warm-up, stable, decay", "cosine", "small constant")), strict=True))
    labels = {WSD: "η, then decay", COSINE: "cosine", CONSTANT: "small constant η′"}
    runs = [
        Run(name, labels[name], *styles[name][:2], (), ("runs", MEAN + i), reads="mean L")  # noisy paths are solid
        for i, name in enumerate(NAMES)
    ]
    runs[1:1] = [
        Run(ONE, "one run, smoothed", data["color"], data["color_dark"]),
        Run(RIVER, "river part", theory["color"], theory["color_dark"], (4, 2)),
        Run(HILL, "hill part", theory["color"], theory["color_dark"], (1, 1.5)),
    ]
    sources = [walk_source(steps, seed), span_source(steps), field_source()]
    readouts = [
        Readout("η, then decay: x", "runs", X, 3),
        Readout("river part", "runs", OF_RIVER, 3),
        Readout("hill part", "runs", OF_HILL, 3),
        *(Readout(f"{labels[name]}: x", "runs", X + i, 3) for i, name in enumerate(NAMES) if i),
    ]

    def summary(values: Any) -> Any:
        start, end = (round(float(part)) for part in span_of(steps, values))
        rows = walked(steps, seed, values)
        before, after = rows[start], rows[end]
        eta, sigma = float(values["eta"]), float(values["sigma"])
        yield (
            f"η={eta:.3g} up to step {start}: mean L = {before[MEAN]:.3f} = river {before[OF_RIVER]:.3f} + hill "
            f"{before[OF_HILL]:.3f} (ησ²/(2(2−ηh)) = {float(hill(eta, STEEPNESS, sigma)):.3f})"
        )
        way = float(rows[:end, ETA].sum())
        yield (
            f"decayed to 0 at step {end}: mean L = {after[MEAN]:.3f} = river {after[OF_RIVER]:.3f} + hill "
            f"{after[OF_HILL]:.3f}; x = {after[X]:.2f}, 8 ln(1+Ση/64) = {float(progress(way)):.2f}"
        )
        for i, label in ((1, f"cosine from η={eta:.3g}"), (2, f"constant η′={float(values['small']):.3g}")):
            mean, river, across = rows[-1, [MEAN + i, OF_RIVER + i, OF_HILL + i]]
            yield f"{label}, step {steps}: mean L = {mean:.3f} = river {river:.3f} + hill {across:.3f}"

    scene = Scene([loss_panel(steps), valley_panel(), rate_panel(steps)], runs, steps, readouts)
    title = f"river valley, h = {STEEPNESS:g}, {steps} steps"
    return Lab(scene, sources, controls, {"decay": (float(at),)}, summary, title)


# Schedules


def span_of(steps: int, values: Any) -> tuple[Any, Any]:
    """The first step of the decay and the step after its last one: it can be dragged beyond the run."""
    at = np.round(np.clip(numbers(values["decay"])[..., 0], 0, steps - 1))
    return at, np.minimum(at + np.round(numbers(values["length"])), steps)


def rates_at(steps: int, values: Any, k: Any) -> Any:
    """η of step k, or of steps of shape (n,), in the three runs: shape (3, 1) or (3, n, 1)."""
    at, end = span_of(steps, values)
    main = values["eta"] * np.clip((end - k) / (end - at), 0.0, 1.0)
    return np.stack([main, cosine_decay(values["eta"], steps)(k), constant(values["small"])(k)])[..., None]


# Sources


def walk_source(steps: int, seed: int) -> Source:
    """All runs are one walk, so that its noise is sent once."""

    def begin(values: Any) -> Walk:
        loss = Across(river_valley(), values["sigma"], seed)
        optimizer = Copies(partial(rates_at, steps, values), sigma=values["sigma"])
        return Walk(loss, optimizer, np.tile(loss.start, (len(NAMES), 1)))

    def row(walk: Walk, taken: Taken) -> list:
        x, y, state = taken.theta[..., :1], taken.theta[..., 1:], taken.state
        river, across = river_part(x), 0.5 * STEEPNESS * state["square"]
        return [x, y, state["smooth"], river + across, river, across, walk.optimizer.rate(taken.k)]

    recipe = walk_recipe(begin, shapes_of(NEEDS), steps, row)
    return Source("runs", NEEDS, partial(walked, steps, seed), (), recipe=recipe)


@lru_cache(maxsize=4)
def noise_of(steps: int, seed: int) -> np.ndarray:
    """ξ across the river at each step."""
    noisy = Across(river_valley(), 1.0, seed)
    return np.array([noisy.noise(k)[1] for k in range(steps)])


def walked(steps: int, seed: int, values: Any) -> np.ndarray:
    """x, y and smoothed loss of one noise; the mean loss, its river part and its hill part; and η: of each run."""
    rates = rates_at(steps, values, np.arange(steps + 1.0))[..., 0].T
    mean = expected(rates[:-1], STEEPNESS, float(values["sigma"]))
    y, smooth = np.full_like(rates, river_valley().start[1]), np.empty_like(rates)
    for k, push in enumerate(float(values["sigma"]) * noise_of(steps, seed)):
        y[k + 1] = y[k] - rates[k] * (STEEPNESS * y[k] + push)
    losses = mean.river + 0.5 * STEEPNESS * y**2
    smooth[0] = losses[0]
    for k in range(steps):
        smooth[k + 1] = MEMORY * smooth[k] + (1 - MEMORY) * losses[k + 1]
    return np.concatenate([mean.x, y, smooth, mean.loss, mean.river, mean.hill, rates], axis=1)


def span_source(steps: int) -> Source:
    def compute(values: Any) -> Any:
        return np.stack(np.broadcast_arrays(*span_of(steps, values)), axis=-1)[..., None, :]

    needs = ("decay", "length")
    return Source("span", needs, compute, (), recipe=formula_recipe(compute, shapes_of(needs)))


def shapes_of(needs: tuple[str, ...]) -> dict:
    return {need: (1,) if need == "decay" else () for need in needs}


def field_source() -> Source:
    def heights(values: Any, **size: int) -> np.ndarray:
        return field_grid(river_valley(), VIEW, **size)

    recipe = field_recipe(lambda values: river_valley(), {}, VIEW, **FIELD)
    return Source("field", (), partial(heights, **FIELD), still=heights, recipe=recipe)


# Panels


def decay_line() -> VLine:
    return VLine(source="span", x=0, dash=(2, 2), **role("ink"))


def loss_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (0, 1.6),
        x_label="step k",
        y_label="L",
        title="mean loss, decay at the handle",
        alt="mean loss against step for three schedules, and its river part and hill part for the one that decays late",
        marks=[
            Curve(source="runs", run=ONE, y=SMOOTH, width=0.9),
            Curve(source="runs", run=HILL, y=OF_HILL),
            Curve(source="runs", run=RIVER, y=OF_RIVER),
            *(Curve(source="runs", run=name, y=MEAN + i) for i, name in reversed([*enumerate(NAMES)])),
            decay_line(),
            Handle(control="decay", label="begin of the decay", hint="drag me", y=1.45),
        ],
    )


def valley_panel() -> Panel:
    return Panel(
        *VIEW,
        x_label="x, along the river",
        y_label="y, across",
        title="the valley from above",
        alt="contour lines of the valley, and one path of each schedule, which jumps from side to side",
        marks=[
            Field(source="field", minimum=0.0),
            *(Path(source="runs", run=name, x=X + i, y=Y + i, width=0.4) for i, name in enumerate(NAMES)),
        ],
    )


def rate_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (0, 0.2),
        x_label="step k",
        y_label="ηₖ",
        title="learning rate",
        alt="learning rate against step for the three schedules",
        wide=0.7,
        marks=[*(Curve(source="runs", run=name, y=ETA + i) for i, name in enumerate(NAMES)), decay_line()],
    )
