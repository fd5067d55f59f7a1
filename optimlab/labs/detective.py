"""The detective: a path is shown, and who looks at it finds out which hyperparameters made it.

The hidden values are drawn here, from the positions of the sliders. What is asked, said and counted lives in the
browser (`stage/riddle.js`), so that it works without a kernel too: a riddle is a number, at the point "riddle", and
the recipe of its path knows what stands behind the number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole, short, told
from ..descent import descend
from ..knobs import Knob
from ..optimizers import GradientDescent, Momentum
from ..optimizers.base import check_optimizer
from ..palette import Style, role, style_of
from ..stage.marks import Curve, Mark, Path, Points
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .inputs import drawable, fixed, start_on
from .lab import Control, Lab, values_at
from .panels import loss_panel, surface_panels
from .riddles import THRESHOLD, Grids, Settings, drawn
from .sources import field_source, floor_of, numbers, path_source, rows_of_walk, slider_knobs
from .suspects import LITTLE, LONG, in_cases, named, optimizers_on, scattered, schedules_on
from .travel import Walk, choice_recipe, theta_and_excess, walk_recipe

__all__ = ["detective"]

STEPS = 24  # of the paths of levels 1 and 2
AT, GUESS = "riddle", "guess"


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
    yours = path_source("yours", surface, optimizer, "yours", STEPS, knobs=hidden, start=start)
    sources = [riddle_source(surface, optimizer, start, answers), yours]
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
