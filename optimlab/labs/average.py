"""Averages instead of decay: a cosine must know where it ends, a growing average is good wherever one stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..average_theory import averaged_excess, next_moments
from ..checks import check_seed, check_whole
from ..descent import descend
from ..knobs import Knob
from ..losses import Loss
from ..noise import Noisy
from ..optimizers import EMA, GradientDescent, Optimizer, ScheduleFree
from ..palette import role, role_style, style_of
from ..schedules import cosine_decay
from ..stage.marks import Curve, Field, Handle, Mark, Path, Points, VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from ..surfaces import ravine
from .inputs import fixed
from .lab import Control, Lab
from .sources import field_source, rows_of
from .travel import EVERY, TRIED, Taken, Walk, cell_recipe, lowest, map_recipe, walk_recipe

__all__ = ["average_lab"]

KAPPA = 10.0
CURVATURES = np.array([1.0, KAPPA])
START = (-1.4, 0.9)
SURFACE = fixed(ravine(kappa=KAPPA))
LOW, HIGH = 0.005, 0.19  # η; the limit is 2/κ
RATE = Knob("η", "learning rate", LOW, HIGH, log=True, allowed="[0.005, 0.19]", count=64)
HORIZON = Knob("h", "length 1/(1−β) of the average", 1.0, 200.0, log=True, allowed="[1, 200]", count=70)
NOISE = Knob("σ", "noise", 0.1, 10.0, log=True, allowed="[0.1, 10]", count=61)
TOWARD = Knob("β", "interpolation", 0.0, 0.95, allowed="[0, 0.95]", count=20)
RATES = np.geomspace(LOW, HIGH, 41)  # among which the best one is chosen
PARTS = (4, 2, 1)  # all steps over these are the cosines' lengths
RAW, AVERAGE, GROWING, FREE = "constant", "EMA", "growing", "schedule-free"
MEAN = 0  # the one channel of a mean
SHAPES = {"sigma": (), "eta": (), "h": (), "beta": (), "start": (2,)}


@dataclass(frozen=True)
class Method:
    """A walk w at a constant η and its average θ ← (1−c)θ + cw, as the controls stand.

    ``rule`` makes the optimizer, ``share`` says c at step t = 1, 2, …; gradients are taken β of the way from w to θ.
    """

    label: str
    needs: tuple[str, ...]
    rule: Callable[[Mapping[str, Any]], Optimizer]
    share: Callable[[Mapping[str, Any], Any], Any]
    toward: bool = False


METHODS = {
    RAW: Method("constant η", (), lambda v: GradientDescent(v["eta"]), lambda v, t: 1.0),
    AVERAGE: Method(
        "EMA of it",
        ("h",),
        lambda v: EMA(GradientDescent(v["eta"]), 1 - 1 / v["h"]),
        lambda v, t: 1 / v["h"],
    ),
    GROWING: Method(
        "growing average of it",
        (),
        lambda v: ScheduleFree(GradientDescent(v["eta"]), beta=0.0, r=1.0),
        lambda v, t: 2 / (t + 1),
    ),
    FREE: Method(
        "schedule-free",
        ("beta",),
        lambda v: ScheduleFree(GradientDescent(v["eta"]), beta=v["beta"]),
        lambda v, t: 1 / t,
        toward=True,
    ),
}


class Squares(Loss):
    """½ Σ λᵢ mᵢ, the mean of L over all noises, of the mean squares mᵢ along the two axes."""

    name, dim, start = "mean over all noises", 2, np.ones(2)

    def value(self, theta: Any) -> Any:
        return 0.5 * (CURVATURES * theta).sum(axis=-1)

    def gradient(self, theta: Any) -> Any:
        return 0.5 * CURVATURES + 0.0 * theta


@dataclass(frozen=True, repr=False)
class Spread(Optimizer):
    """What a step does to them (`optimlab.average_theory.next_moments`)."""

    sigma: Any = 0.0
    share: Any = None
    toward: Any = 0.0

    def init(self, theta: Any) -> Any:
        return {"ww": theta, "wθ": theta}

    def step(self, theta: Any, grad: Any, state: Any, k: int) -> Any:
        before = state["ww"], state["wθ"], theta
        c = 1.0 if self.share is None else self.share(k + 1)
        ww, wt, tt = next_moments(before, self.rate(k), c, CURVATURES, self.sigma, self.toward)
        return tt, {"ww": ww, "wθ": wt}


def average_lab(eta: float = 0.06, horizon: float = 30.0, sigma: float = 2.0, steps: int = 400, seed: int = 0) -> Lab:
    """Noisy gradient descent in a ravine (κ = 10): three cosines and three averages, and what one has on stopping.

    Each of the three cosines falls to 0 after its own number of steps, a quarter, half, and all of them, and has the
    η₀ that is best for just that (of 41 values, for the present σ and start). The averages are of walks with one
    constant η: over h steps (`EMA`), and one that grows with the walk, in which the t-th point has the weight t
    (Lacoste-Julien, Schmidt & Bach 2012); and schedule-free (Defazio et al. 2024). Left: one noise.
    Right: L in the mean over all noises, computed exactly (`optimlab.average_theory.averaged_excess`), so that no luck
    is in it. Stop anywhere: the readouts tell what each one has there.

    Parameters
    ----------
    eta : η of what is averaged, in [0.005, 0.19]; the limit is 0.2
    horizon : h = 1/(1−β) of the exponential average, in [1, 200]; 1 is no average
    sigma : σ of the noise on each coordinate of the gradient, in [0.1, 10]
    steps : from 40 to 2000
    seed : of the one noise that the paths see
    """
    check_whole("steps", steps, 40, 2000)
    loss = Noisy(SURFACE, 1.0, check_seed(seed))
    controls = [
        Control("sigma", NOISE, NOISE.check_one(sigma), "all"),
        Control("eta", RATE, RATE.check_one(eta), RAW),
        Control("h", HORIZON, HORIZON.check_one(horizon), AVERAGE),
        Control("beta", TOWARD, 0.9, FREE),
    ]
    lengths = [max(1, round(steps / part)) for part in PARTS]
    cosines = {f"cosine {part}": length for part, length in zip(PARTS, lengths, strict=True)}
    tuned = Tuned(lengths, steps)
    sources = [field_source(SURFACE), tuned.map_source()]
    for i, (name, length) in enumerate(cosines.items()):
        sources += [tuned.cell_source(i), *cosine_sources(name, i, length, tuned, steps, loss)]
    sources += [make(name, steps, loss) for name in METHODS for make in (path_source, mean_source)]
    runs = runs_of(cosines)
    scene = Scene([paths_panel(), loss_panel(cosines, steps)], runs, steps)

    def summary(values: Any) -> Any:
        where = ", ".join(map(str, lengths))
        ends = [tuned.ends(values)[i].min() for i in range(len(lengths))]
        yield f"σ={float(values['sigma']):.3g}, mean L after {where} steps: cosines that end there {told(ends)}"
        longest = cosine_mean(values, tuned.rate(values, 2), lengths[2], steps)[lengths, MEAN]
        yield f"the longest of them, stopped there {told(longest)}"
        yield f"constant η, the best for each stop {told(best_constant(values, steps)[lengths])}"
        for name, text in ((GROWING, "growing average"), (AVERAGE, f"EMA over {float(values['h']):.3g} steps")):
            yield f"{text}, η={float(values['eta']):.3g} {told(mean_rows(name, steps, values)[lengths, MEAN])}"

    title = f"averages or a decaying η, {steps} steps in a noisy ravine, κ={KAPPA:g}"
    return Lab(scene, sources, controls, {"start": START}, summary, title)


def told(numbers: Any) -> str:
    return ", ".join(f"{float(number):#.2g}" for number in numbers)


# Means over all noises


def spread(name: str, values: Mapping[str, Any]) -> Spread:
    method = METHODS[name]
    toward = values["beta"] if method.toward else 0.0
    return Spread(values["eta"], values["sigma"], partial(method.share, values), toward)


def mean_rows(name: str, steps: int, values: Mapping[str, Any]) -> np.ndarray:
    walk = spread(name, values)
    means = averaged_excess(
        lambda k: walk.lr, lambda k: walk.share(k + 1), CURVATURES, values["start"], walk.sigma, steps, walk.toward
    )
    return rows_of(means)


def mean_row(walk: Walk, taken: Taken) -> list:
    return [walk.loss.value(taken.theta)]


def mean_source(name: str, steps: int, loss: Noisy) -> Source:
    needs = ("sigma", "eta", "start", *METHODS[name].needs)

    def begin(values: Any) -> Walk:
        return Walk(Squares(), spread(name, values), values["start"] ** 2)

    recipe = walk_recipe(begin, {n: SHAPES[n] for n in needs}, steps, mean_row)
    return Source(f"mean {name}", needs, partial(mean_rows, name, steps), (), recipe=recipe)


def cosine_mean(values: Mapping[str, Any], eta: float, length: int, steps: int) -> np.ndarray:
    schedule = cosine_decay(eta, length)
    means = averaged_excess(schedule, lambda k: 1.0, CURVATURES, values["start"], values["sigma"], steps)
    return rows_of(means)


def best_constant(values: Mapping[str, Any], steps: int) -> np.ndarray:
    """The mean of L after each number of steps with the constant η that is best for it."""
    rates, start = RATES[:, None], np.array(values["start"], float)
    means = averaged_excess(lambda k: rates, lambda k: 1.0, CURVATURES, start[None], values["sigma"], steps)
    return means.min(axis=-1)


class Tuned:
    """Each cosine's best η₀: a map of where each one ends with each η₀, and its lowest cell in each row."""

    needs = ("sigma", "start")

    def __init__(self, lengths: list[int], steps: int):
        self.lengths, self.steps = lengths, steps

    def ends(self, values: Mapping[str, Any], every: int = 1) -> np.ndarray:
        """The mean of L at the end, shape (lengths, learning rates)."""
        return ends_of(
            tuple(self.lengths[::every]), every, float(values["sigma"]), tuple(map(float, values["start"])), self.steps
        )

    def rate(self, values: Mapping[str, Any], i: int, every: int = 1) -> float:
        column, _ = lowest(self.ends(values, every), i // every)
        return float(RATES[::every][column])

    def map_source(self) -> Source:
        def begin(values: Any) -> Walk:
            return Walk(
                Squares(), Spread(cosine_decay(values["η₀"], values["T"]), values["sigma"]), values["start"] ** 2
            )

        def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
            return {}, mean_row(walk, taken)

        plane = {"η₀": RATES, "T": np.array(self.lengths, float)}
        recipe = map_recipe(begin, {n: SHAPES[n] for n in self.needs}, self.steps, plane, {}, tell)
        return Source("ends", self.needs, self.ends, (), recipe=recipe, few=partial(self.ends, every=EVERY))

    def cell_source(self, i: int) -> Source:
        def compute(values: Any, every: int = 1) -> np.ndarray:
            return np.array([[self.rate(values, i, every), self.lengths[::every][i // every]]], float)

        recipe = cell_recipe(RATES, self.lengths, (True, True), of="ends", row=i)
        return Source(f"best {i}", self.needs, compute, (), recipe=recipe, few=partial(compute, every=EVERY))


@lru_cache(maxsize=8)
def ends_of(lengths: tuple, every: int, sigma: float, start: tuple, steps: int) -> np.ndarray:
    rates, T = np.meshgrid(RATES[::every], np.array(lengths, float))
    schedule = cosine_decay(rates[..., None], T[..., None])  # type: ignore[arg-type]
    begin = np.broadcast_to(np.array(start), (*rates.shape, 2))
    return averaged_excess(schedule, lambda k: 1.0, CURVATURES, begin, sigma, steps)[-1]


# Paths under one noise


def theta_row(walk: Walk, taken: Taken) -> list:
    return [taken.theta]


def path_source(name: str, steps: int, loss: Noisy) -> Source:
    needs = ("sigma", "eta", "start", *METHODS[name].needs)

    def begin(values: Any) -> Walk:
        return Walk(loss.replace(sigma=values["sigma"]), METHODS[name].rule(values), values["start"])

    def compute(values: Any, steps: int = steps) -> np.ndarray:
        walk = begin(values)
        return rows_of(*descend(walk.loss, walk.optimizer, np.array(walk.start, float), steps).theta.T)

    recipe = walk_recipe(begin, {n: SHAPES[n] for n in needs}, steps, theta_row)
    return Source(f"path {name}", needs, compute, (), recipe=recipe, few=partial(compute, steps=min(steps, TRIED)))


def cosine_sources(name: str, i: int, length: int, tuned: Tuned, steps: int, loss: Noisy) -> list[Source]:
    """The mean of a cosine, and the path of the longest one."""
    needs, shapes = tuned.needs, {n: SHAPES[n] for n in tuned.needs}
    takes = [("η₀", f"best {i}", 0)]

    def mean(values: Any, every: int = 1) -> np.ndarray:
        return cosine_mean(values, tuned.rate(values, i, every), length, steps)

    def begin(values: Any) -> Walk:
        return Walk(Squares(), Spread(cosine_decay(values["η₀"], length), values["sigma"]), values["start"] ** 2)

    recipe = walk_recipe(begin, shapes, steps, mean_row, takes=takes)
    means = Source(f"mean {name}", needs, mean, (), recipe=recipe, few=partial(mean, every=EVERY))
    if length < steps:
        return [means]

    def walk_of(values: Any) -> Walk:
        optimizer = GradientDescent(cosine_decay(values["η₀"], length))
        return Walk(loss.replace(sigma=values["sigma"]), optimizer, values["start"])

    def path(values: Any, every: int = 1) -> np.ndarray:
        walk = walk_of({**values, "η₀": tuned.rate(values, i, every)})
        return rows_of(*descend(walk.loss, walk.optimizer, np.array(walk.start, float), steps).theta.T)

    recipe = walk_recipe(walk_of, shapes, steps, theta_row, takes=takes)
    return [means, Source(f"path {name}", needs, path, (), recipe=recipe, few=partial(path, every=EVERY))]


# Panels


def runs_of(cosines: Mapping[str, int]) -> list[Run]:
    hue, dark, _ = role_style("cosine")
    dashes = ((1, 1.5), (6, 3), ())
    runs = [
        Run(name, f"cosine, {length}", hue, dark, dash, (f"mean {name}", MEAN), reads="mean L")
        for (name, length), dash in zip(cosines.items(), dashes, strict=True)
    ]
    styles = {
        RAW: role_style("constant"),
        AVERAGE: style_of(["EMA"])[0],
        GROWING: role_style("growing average"),
        FREE: style_of(["ScheduleFree"])[0],
    }
    runs += [
        Run(name, method.label, *styles[name], (f"mean {name}", MEAN), reads="mean L")
        for name, method in METHODS.items()
    ]
    return runs


def paths_panel() -> Panel:
    thin = {RAW: 0.7}
    marks: list[Mark] = [Field(source="field", minimum=0.0, count=16)]
    marks += [
        Path(source=f"path {name}", run=name, x=0, y=1, width=thin.get(name))
        for name in (RAW, "cosine 1", FREE, AVERAGE, GROWING)
    ]
    marks.append(Points(data=[[0.0, 0.0]], symbol="star", label="minimum", **role("ink")))
    marks.append(Handle(control="start", label="start θ₀"))
    x, y = SURFACE.view
    return Panel(
        x,
        y,
        x_label="x",
        y_label="y",
        title="one noise",
        alt="a noisy path at constant η in a ravine, the calm paths of its averages, and that of the longest cosine",
        marks=marks,
    )


def loss_panel(cosines: Mapping[str, int], steps: int) -> Panel:
    marks: list[Mark] = [VLine(x=length, label="end", side="left", **role("data")) for length in cosines.values()]
    marks += [Curve(source=f"mean {name}", run=name, y=MEAN) for name in [*cosines, *METHODS]]
    return Panel(
        (0, steps),
        (3e-3, 10.0),
        x_label="step k at which one stops",
        y_label="mean L",
        title="loss, mean over all noises",
        alt="mean loss against step: each cosine falls late, to its own end; the growing average lies below the ends",
        y_log=True,
        follow="both",
        marks=marks,
    )
