"""The detective: a path is shown, and who looks at it finds out which hyperparameters made it.

The hidden values are drawn here, from the positions of the sliders. What is asked, said and counted lives in the
browser (`stage/riddle.js`), so that it works without a kernel too: a riddle is a number, at the point "riddle", and
the recipe of its path knows what stands behind the number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole, short, told
from ..descent import descend
from ..knobs import Knob
from ..optimizers import Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from ..optimizers.base import check_optimizer
from ..palette import Style, role, style_of
from ..schedules import constant, cosine_decay, exponential_decay, step_decay, warmup
from ..stage.marks import Curve, Mark, Path, Points
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .inputs import drawable, fixed, start_on
from .lab import Control, Lab, values_at
from .panels import loss_panel, surface_panels
from .sources import field_source, floor_of, numbers, slider_knobs, trailing
from .travel import Walk, choice_recipe, theta_and_excess, walk_recipe

__all__ = ["THRESHOLD", "apart", "detective"]

THRESHOLD = 3.0  # percent: a path that is no farther from the riddle's is taken for it
NEAR = 10.0  # percent: riddles that are no farther apart do not follow one another
SMALL = 0.12  # of the view: a path that is no larger hardly moves
COUNT, ENOUGH = 40, 8  # riddles, and how many different ones there should be
STEPS, LONG = 24, 40  # of the paths of levels 1 and 2, 3 and 4
TRIED, STARTS, BEST = 600, 100, 16  # settings that are tried; starts that are tried, and the best of them
SETTLED = 0.05  # of the first L − min L: a suspect is to have come so far
ROUND = [float(f"{m}e{d}") for d in (-3, -2, -1, 0) for m in (1, 2, 5)]  # learning rates of suspects
LITTLE = 0.5  # γ at level 4, so that the ends of the schedules differ more
AT, GUESS = "riddle", "guess"

Settings = Mapping[str, np.ndarray]


def detective(surface, optimizer=None, level: int = 1, seed: int = 0) -> Lab:
    """A path is shown: find the hyperparameters that made it.

    Level 1 hides the learning rate η, level 2 all hyperparameters that have a slider. Level 3 asks which optimizer
    it was, level 4 which schedule. The riddles of a seed are the same for everybody, and one follows another.

    Parameters
    ----------
    surface : a `Surface`, or a problem, of one or two parameters and without noise
    optimizer : for level 1 and 2, gradient descent and `Momentum` if None; its hyperparameters are where yours begin
    level : 1, 2, 3 or 4
    seed : of the riddles

    Raises
    ------
    ValueError : for what is none of these, and where no riddle can be made: all paths diverge, hardly move, or are
        the same
    """
    level, seed = check_whole("the level", level, 1, 4), check_seed(seed)
    surface = calm("detective", surface)
    if level < 3:
        return values_lab(surface, optimizer, level, seed)
    if optimizer is not None:
        asks = "which optimizer it was" if level == 3 else f"which schedule it was, of momentum with γ = {LITTLE}"
        raise ValueError(f"level {level} asks {asks}: it needs no optimizer, got {told(optimizer)}")
    return names_lab(surface, level, seed)


def calm(what: str, surface: Any) -> Any:
    """A loss that can be drawn and has no noise and no sliders of its own, or a `ValueError`."""
    surface = drawable(what, surface)
    if surface.stochastic:
        raise ValueError(f"{what} needs a surface without noise: the same η makes the same path, got {told(surface)}")
    return fixed(surface)


# Levels 1 and 2: values


def values_lab(surface, optimizer, level, seed) -> Lab:
    """The riddles whose answers are the values of sliders."""
    optimizer = check_optimizer((GradientDescent(), Momentum())[level - 1] if optimizer is None else optimizer)
    hidden = hidden_knobs(optimizer, level)
    controls = [Control(f"yours {name}", knob, getattr(optimizer, name), "yours") for name, knob in hidden.items()]
    grids = Grids({n: values_at(c) for n, c in zip(hidden, controls, strict=True)})
    start = start_on(surface)
    answers = drawn(partial(paths, surface, optimizer, start), grids, optimizer, surface.view, seed)
    count = len(next(iter(answers.values())))
    sources = [riddle_source(surface, optimizer, start, answers), yours_source(surface, optimizer, start, hidden)]
    knobs = [
        {"control": c.name, "symbol": c.knob.symbol, "answers": within(c.knob, answers[name])}
        for name, c in zip(hidden, controls, strict=True)
    ]
    asks = f"which {listed([knob.symbol for knob in hidden.values()])}"
    riddle = puzzle(surface, asks, count) | {"knobs": knobs}
    style = style_of([optimizer.name])[0]
    runs = runs_of(surface, style, "yours", loss=("yours", surface.dim))
    ring = Points(data=[[*start, 0.0][:2]], symbol="ring", color="#222222", color_dark="#ffffff")

    def summary(values):
        yield told_of(sources[0], surface, values, count, STEPS)
        setting = optimizer.replace(**{name: float(values[f"yours {name}"]) for name in hidden})
        yield f"yours: {descend(surface, setting, start, STEPS).summary()}"

    scene = Scene(panels_of(surface, runs, STEPS, [start], [ring] * (surface.dim == 2)), runs, STEPS, riddle=riddle)
    title = f"detective on {surface!r}, level {level}, seed {seed}: {asks} of {optimizer.name} made the path?"
    return Lab(scene, [*sources, *ground_of(surface)], controls, {AT: (0.0,)}, summary, title)


def listed(words: Sequence[str]) -> str:
    """Words in a row: η and γ; η, β₁ and β₂."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def hidden_knobs(optimizer, level) -> dict:
    """What is to be found, {name: knob}, or a `ValueError` where there is nothing."""
    if level == 1 and callable(optimizer.lr):
        raise ValueError(f"level 1 hides the learning rate η: it must be a number, got {told(optimizer.lr)}")
    known = slider_knobs(optimizer)
    if level == 1:
        known = {name: knob for name, knob in known.items() if name == "lr"}
    if not known:
        raise ValueError(f"level {level} hides hyperparameters that have a slider, and {optimizer!r} has none")
    return known


def within(knob: Knob, values: np.ndarray) -> list[float]:
    """Values of a slider, not beyond its ends by rounding: there they could not be typed."""
    return np.clip(values, knob.low, knob.high).tolist()


@dataclass(frozen=True)
class Grids:
    """The values that the positions of some sliders stand for; `places` are positions, shape (n, sliders)."""

    values: dict[str, np.ndarray]

    def settings(self, places: np.ndarray) -> Settings:
        """The values at some places, {name: (n,)}; beyond the ends of a slider those at its ends."""
        inside = [np.clip(places[:, i], 0, len(grid) - 1) for i, grid in enumerate(self.values.values())]
        return {name: grid[at] for (name, grid), at in zip(self.values.items(), inside, strict=True)}

    def tried(self, rng: np.random.Generator) -> np.ndarray:
        """All places if they are few, or else some."""
        sizes = [len(grid) for grid in self.values.values()]
        if np.prod(sizes, dtype=float) <= TRIED:
            return np.argwhere(np.ones(sizes, bool))
        return np.unique(np.stack([rng.integers(0, size, TRIED) for size in sizes], axis=1), axis=0)


def drawn(walked: Callable[[Settings], np.ndarray], grids: Grids, own: Optimizer, view: Any, seed: int) -> Settings:
    """The hidden values of each riddle, {name: (riddles,)}."""
    rng = np.random.default_rng(seed)
    places = grids.tried(rng)
    places = places[good(walked(grids.settings(places)), view)]
    if not len(places):
        raise ValueError(
            f"detective finds no riddle here: wherever its sliders stand, {own.name} leaves the view or hardly moves"
        )
    places = places[fair(walked, grids, places)]
    mine = walked({name: np.array([getattr(own, name)], float) for name in grids.values})
    return grids.settings(places[in_turn(walked(grids.settings(places)), mine[:, 0], rng)])


def good(theta: np.ndarray, view: Any) -> np.ndarray:
    """Which paths of shape (T+1, …, d) stay in the view, and move in it."""
    low, high = np.asarray(view, float).T
    with np.errstate(all="ignore"):
        stays = (np.isfinite(theta) & (theta >= low) & (theta <= high)).all(axis=(0, -1))
        size = np.linalg.norm(np.ptp(theta, axis=0), axis=-1)
        return stays & (size > SMALL * np.linalg.norm(high - low))


def fair(walked: Callable[[Settings], np.ndarray], grids: Grids, places: np.ndarray) -> np.ndarray:
    """Which places make fair riddles: a neighbouring position is good enough, one that is clearly another is not.

    Where hardly any place is so for all sliders, it is enough for the first one, or not asked at all.
    """
    theta = walked(grids.settings(places))

    def moved(slider: int, by: int) -> np.ndarray:
        steps = by * np.eye(places.shape[1], dtype=int)[slider]
        return np.array([apart(walked(grids.settings(places + sign * steps)), theta) for sign in (-1, 1)])

    sliders = range(places.shape[1])
    near = np.all([moved(i, 1).max(axis=0) <= THRESHOLD for i in sliders], axis=0)
    clear = [near & (moved(i, clearly(name)).min(axis=0) > THRESHOLD) for i, name in enumerate(grids.values)]
    choices = [np.all(clear, axis=0), clear[0], near]
    return next((chosen for chosen in choices if chosen.sum() >= ENOUGH), np.ones(len(places), bool))


def clearly(name: str) -> int:
    """How many positions of a slider are clearly another value: of η a fifth more or less."""
    return 3 if name == "lr" else 8


def apart(theta: np.ndarray, riddle: np.ndarray) -> np.ndarray:
    """The mean distance of paths of shape (T+1, …, d), in percent of the diagonal of the riddle's bounding box.

    Infinity where one is not finite.
    """
    with np.errstate(all="ignore"):
        distance = np.linalg.norm(theta - riddle, axis=-1).mean(axis=0)
        share = 100 * distance / np.linalg.norm(np.ptp(riddle, axis=0), axis=-1)
    return np.where(np.isnan(share), np.inf, share)


def in_turn(theta: np.ndarray, own: np.ndarray, rng: np.random.Generator) -> list[int]:
    """The order of riddles, up to `COUNT`: each differs from the one before it, and the first from the learner's own.

    A riddle comes again only when none is left that differs.
    """
    order: list[int] = []
    waiting, last = list(rng.permutation(theta.shape[1])), own
    while len(order) < COUNT:
        differs = apart(theta, last[:, None]) > NEAR
        pick = next((i for i in waiting if differs[i]), None)
        if pick is None:
            pick = next((i for i in rng.permutation(theta.shape[1]) if differs[i]), None)
            waiting = list(rng.permutation(theta.shape[1]))
        if pick is None:
            break
        waiting = [i for i in waiting if i != pick]
        order.append(int(pick))
        last = theta[:, pick]
    while len(order) > 1 and apart(theta[:, order[0]], theta[:, order[-1]]) <= NEAR:  # the first follows the last
        order.pop()
    return order or [int(np.argmax(apart(theta, own[:, None])))]


def paths(surface, optimizer, start, settings: Settings) -> np.ndarray:
    """The paths at n settings from one start, shape (T+1, n, d)."""
    many = len(next(iter(settings.values())))
    setting = optimizer.replace(**{name: values[:, None] for name, values in settings.items()})
    return descend(surface, setting, np.broadcast_to(np.asarray(start, float), (many, surface.dim)), STEPS).theta


def riddle_source(surface, optimizer, start, answers: Settings) -> Source:
    """The path of the riddle whose number stands at the point "riddle"."""

    def begin(values):
        index = numbers(values[AT])[..., 0]
        return Walk(surface, optimizer.replace(**{n: entry(table, index) for n, table in answers.items()}), start)

    return walk_source(AT, (AT,), begin, {AT: (1,)}, STEPS, floor_of(surface))


def entry(table: Sequence, index: Any) -> Any:
    """The entry of a table at a place, the first one if there is no such place; the place may be being recorded."""
    found = table[0]
    for i, value in enumerate(table[1:], 1):
        found = np.where(index == i, value, found)
    return found


def walk_source(name, needs, begin, inputs, steps, floor) -> Source:
    """θ and L − min L of a walk that has no sweeps."""

    def compute(values):
        walk = begin(values)
        return rows_of_walk(descend(walk.loss, walk.optimizer, np.asarray(walk.start, float), steps), floor)

    return Source(name, needs, compute, recipe=walk_recipe(begin, inputs, steps, theta_and_excess(floor)))


def rows_of_walk(trajectory, floor) -> np.ndarray:
    """θ, then L − min L, of shape (..., T+1, d+1)."""
    rows = np.concatenate([trajectory.theta, (trajectory.loss - floor)[..., None]], axis=-1)
    return np.moveaxis(rows, 0, -2)


def yours_source(surface, optimizer, start, hidden) -> Source:
    """The path at the learner's own values."""
    needs, floor = tuple(f"yours {name}" for name in hidden), floor_of(surface)

    def setting(values, axes=0):
        return optimizer.replace(**{name: trailing(values[f"yours {name}"], axes) for name in hidden})

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[name]) for name in needs))
        starts = np.broadcast_to(np.asarray(start, float), (*many, surface.dim))
        return rows_of_walk(descend(surface, setting(values, axes=1), starts, STEPS), floor)

    def begin(values):
        return Walk(surface, setting(values), start)

    recipe = walk_recipe(begin, {name: () for name in needs}, STEPS, theta_and_excess(floor))
    return Source("yours", needs, compute, recipe=recipe)


# Levels 3 and 4: names


def names_lab(surface, level, seed) -> Lab:
    """The riddles whose answers are names of suspects, from several starts."""
    rng = np.random.default_rng(seed)
    starts = scattered(surface.view, rng)
    suspects, best = (optimizers_on if level == 3 else schedules_on)(surface, starts)
    if not len(best):
        what = "optimizers" if level == 3 else "schedules"
        raise ValueError(
            f"level {level} finds no start on {told(surface)} from which its {what} stay in the view and differ"
        )
    order = in_cases(len(best), len(suspects), rng)
    answers, begins = [suspect for _, suspect in order], [starts[best[i]] for i, _ in order]
    sources = suspect_sources(surface, list(suspects.values()), begins, answers)
    what = "which optimizer" if level == 3 else "which schedule"
    names = [named(name, optimizer) for name, optimizer in suspects.items()]
    riddle = puzzle(surface, what, len(order)) | {"names": names, "answers": answers, "guess": GUESS}
    runs = runs_of(surface, style_of(["a suspect"])[0], "your guess")

    def summary(values):
        yield told_of(sources[-2], surface, values, len(order), LONG)
        yield f"suspects: {'; '.join(names)}"

    scene = Scene(panels_of(surface, runs, LONG, begins), runs, LONG, riddle=riddle)
    title = f"detective on {surface!r}, level {level}, seed {seed}: {what} made the path?"
    return Lab(scene, [*sources, *ground_of(surface)], [], {AT: (0.0,), GUESS: (-1.0,)}, summary, title)


def named(name: str, optimizer: Optimizer) -> str:
    """What a suspect is called in the list of names."""
    rate = optimizer.lr
    return name if callable(rate) else f"{name}, η = {short(rate)}"


def scattered(view: Any, rng: np.random.Generator) -> np.ndarray:
    """Starts all over the view, not at its edge, shape (n, d)."""
    low, high = np.asarray(view, float).T
    share = 0.08 + 0.84 * rng.random((STARTS, len(low)))
    return low + share * (high - low)


def optimizers_on(surface, starts) -> tuple[dict[str, Optimizer], np.ndarray]:
    """The suspects of level 3, with their customary knobs, and the numbers of the starts where they differ most.

    Gradient descent has the smallest round η with which it settles; each of the others the one, of those with which it
    settles, by which it differs most from those before it.
    """
    suspects: list[Optimizer] = []
    trials: list[Trial] = []
    for kind in (GradientDescent, Momentum, Nesterov, RMSprop, Adam):
        trial = Trial.of(surface, kind, starts)
        settles = trial.settles.mean(axis=1)
        able = np.flatnonzero(settles >= 0.6 * max(settles.max(), 0.05)).tolist()
        if not able:
            continue
        scores = [distinctness(*compared([*trials, trial.at(i)])) for i in able] if trials else [0]
        best = able[int(np.argmax(scores))]
        suspects.append(kind(lr=ROUND[best]))
        trials.append(trial.at(best))
    return {optimizer.name: optimizer for optimizer in suspects}, where_they_differ(trials)


def schedules_on(surface, starts) -> tuple[dict[str, Optimizer], np.ndarray]:
    """The suspects of level 4, of the round η₀ by which they differ most, and where they differ most."""
    trials = [Trial.of(surface, make, starts) for make in SCHEDULED.values()]
    ok, distance = compared(trials)
    best = int(np.argmax([distinctness(*each) for each in zip(ok, distance, strict=True)]))
    suspects = {name: make(ROUND[best]) for name, make in SCHEDULED.items()}
    return suspects, where_they_differ([trial.at(best) for trial in trials])


def with_little_momentum(schedule: Callable[[Any], Any]) -> Callable[[Any], Optimizer]:
    """η₀ -> gradient descent with a little momentum under a schedule of it."""
    return lambda lr: Momentum(lr=schedule(lr), gamma=LITTLE)


WARM = LONG // 4
SCHEDULED = {
    "constant": with_little_momentum(constant),
    "step decay": with_little_momentum(lambda lr: step_decay(lr, 0.3, step_size=WARM)),
    "exponential": with_little_momentum(lambda lr: exponential_decay(lr, 0.92)),
    "cosine": with_little_momentum(lambda lr: cosine_decay(lr, LONG)),
    "warm-up + cosine": with_little_momentum(lambda lr: warmup(cosine_decay(lr, LONG - WARM), WARM)),
}


@dataclass(frozen=True)
class Trial:
    """Paths of a suspect, shape (T+1, rates, starts, d): which of them are good, and which of those settle."""

    theta: np.ndarray
    good: np.ndarray
    settles: np.ndarray

    @classmethod
    def of(cls, surface, make: Callable[[Any], Optimizer], starts: np.ndarray) -> Trial:
        """All round learning rates from all starts, at once."""
        rates = np.array(ROUND)[:, None, None]
        walk = descend(surface, make(rates), np.broadcast_to(starts, (len(ROUND), *starts.shape)), LONG)
        ok = good(walk.theta, surface.view)
        with np.errstate(all="ignore"):
            excess = walk.loss - floor_of(surface)
            return cls(walk.theta, ok, ok & (excess[-1] <= SETTLED * excess[0]))

    def at(self, rate: int) -> Trial:
        """Those at one learning rate."""
        return Trial(self.theta[:, rate], self.good[rate], self.settles[rate])


def compared(trials: Sequence[Trial]) -> tuple[np.ndarray, np.ndarray]:
    """Where all of them are good, and how far the nearest two are apart there, in percent."""
    ok = np.all([trial.good for trial in trials], axis=0)
    pairs = [np.minimum(apart(a.theta, b.theta), apart(b.theta, a.theta)) for a, b in combinations(trials, 2)]
    return ok, np.min(pairs, axis=0)


def distinctness(ok: np.ndarray, distance: np.ndarray) -> float:
    """How far the nearest two are apart in the mean, where it counts no more that they are still farther."""
    return float(np.mean(np.where(ok, np.minimum(distance, NEAR), 0)))


def where_they_differ(trials: Sequence[Trial]) -> np.ndarray:
    """The numbers of the starts from which all differ most, if possible of those from which all settle."""
    if len(trials) < 2:
        return np.array([], int)
    ok, distance = compared(trials)
    ok = ok & (distance > THRESHOLD)
    settle = ok & np.all([trial.settles for trial in trials], axis=0)
    able = settle if settle.sum() >= 2 else ok
    return np.argsort(np.where(able, -distance, np.inf), kind="stable")[: min(BEST, able.sum())]


def in_cases(starts: int, suspects: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(start, suspect) of each riddle in random order; the same suspect from the same start never twice in a row."""
    cases = [(start, suspect) for start in range(starts) for suspect in range(suspects)]
    order: list[tuple[int, int]] = []
    while len(order) < COUNT:
        turn = [cases[i] for i in rng.permutation(len(cases))]
        order += turn[1:] + turn[:1] if order and order[-1] == turn[0] else turn
    order = order[:COUNT]
    return order[:-1] if order[0] == order[-1] else order


def suspect_sources(surface, suspects, begins, answers) -> list[Source]:
    """The path of each suspect from the start of the riddle; the riddle's, and that of the one who is named."""
    floor = floor_of(surface)

    def begin(suspect, values):
        index = numbers(values[AT])
        return Walk(surface, suspect, entry(begins, index))

    walks = [
        walk_source(f"suspect{i}", (AT,), partial(begin, suspect), {AT: (1,)}, LONG, floor)
        for i, suspect in enumerate(suspects)
    ]

    def one_of(values, at, table=None):
        number = int(values[at][0])
        number = number if table is None else table[number] if 0 <= number < len(table) else table[0]
        rows = walks[max(number, 0) % len(walks)].compute(values)
        return rows if 0 <= number < len(walks) else np.full_like(rows, np.nan)

    of = [walk.name for walk in walks]
    riddle = Source(AT, (AT,), partial(one_of, at=AT, table=answers), recipe=choice_recipe(of, AT, answers))
    yours = Source("yours", (AT, GUESS), partial(one_of, at=GUESS), recipe=choice_recipe(of, GUESS))
    return [*walks, riddle, yours]


# What all levels show


def puzzle(surface, asks: str, count: int) -> dict[str, Any]:
    """What `stage/riddle.js` needs to know at every level."""
    return {
        "at": AT, "count": count, "source": AT, "yours": "yours", "dims": surface.dim, "limit": THRESHOLD, "asks": asks,
    }  # fmt: skip


def runs_of(surface, style: Style, label, loss=None) -> list[Run]:
    """The riddle and the learner's own; without a `loss` that has no readout."""
    floor = floor_of(surface)
    return [
        Run("riddle", "the riddle", **role("ink"), loss=(AT, surface.dim), minimum=floor),
        Run("yours", label, *style, loss=loss, minimum=floor),
    ]


def panels_of(surface, runs, steps, starts, extra: Sequence[Mark] = ()) -> list[Panel]:
    """The surface with both paths, the riddle's thick, and both losses."""
    marks: list[Mark] = [
        Path(source=AT, run="riddle", x=0, y=1, width=4.5),
        Points(source=AT, run="riddle"),
        Path(source="yours", run="yours", x=0, y=1),
        *extra,
    ]
    first = float(np.max(surface.value(np.asarray(starts, float))))
    losses = loss_panel(surface, [], [], steps, first)
    curves = [
        Curve(source=AT, run="riddle", y=surface.dim, width=4.5),
        Curve(source="yours", run="yours", y=surface.dim),
    ]
    losses = replace(losses, alt=f"loss against step for {seen(runs)}, logarithmic").with_marks(*curves)
    return [*(asked(panel, surface, runs, marks) for panel in surface_panels(surface, [], [])), losses]


def asked(panel: Panel, surface, runs, marks) -> Panel:
    """A panel of the surface without the start to drag, and with the paths."""
    drawn = {"": f"{surface.name} as a curve", "2-D": f"contour plot of {surface.name}"}.get(panel.way)
    alt = f"{drawn or f'3-D view of {surface.name}'} with the paths of {seen(runs)}"
    alt += "" if drawn else "; drag, or use the arrow keys, to turn it"
    title = panel.title.replace("drag the start", "the thick path is the riddle")
    return replace(panel.without("handle"), title=title, alt=alt).with_marks(*marks)


def seen(runs) -> str:
    return " and ".join(run.label for run in runs)


def told_of(source, surface, values, count, steps) -> str:
    """What is seen of the riddle, in words."""
    excess = source.compute(values)[:, surface.dim]
    number = round(float(values[AT][0])) % count + 1
    went = f"L − min L goes from {short(excess[0])} to {short(excess[-1])} in {steps} steps"
    return f"riddle {number} of {count}: {went}"


def ground_of(surface) -> list[Source]:
    """What lies under the paths, where it is not drawn as a curve."""
    return [field_source(surface)] if surface.dim == 2 else []
