"""The fair race as a lab: the same runs against steps, gradients and seconds, and beside the memory that they cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import traitlets

from ..checks import short, told
from ..comparison import EVERY, Comparison, nearest_five
from ..fair import fair_race
from ..knobs import Knob
from ..palette import role, style_of
from ..stage.marks import Bars, Curve, HLine, Mark, Points
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .switch import Switch

__all__ = ["fair_lab"]

TARGET = Knob("τ", "target loss", 0.05, 1.0, log=True, allowed="[0.05, 1]", count=27)
AXES = {  # view: what is counted, and how its axis is called
    "steps": ("steps", "step k"),
    "gradients": ("gradients", "gradient evaluations"),
    "seconds": ("seconds", "time, in steps of gradient descent"),
}
BYTES = 4  # of a number in float32
NEVER = ("#B9BEC6", "#6C737D")  # bars of what has not come to its target
LEAST_ERROR, LEAST_BARS = 4e-3, 6  # where an axis shows 0; with fewer bars the stage would write numbers at empty ones
X, MEAN = 0, 1  # channels of a run
BESIDE = 0.2  # of the middle of a bar, where its number stands, are the dots of its seeds


def fair_lab(*optimizers: Any, **options: Any) -> Switch:
    """A race in which each optimizer may try n learning rates, told on several axes between which a switch chooses.

    Left, the training loss against what is counted, as the mean over the seeds. In the middle, how much of it each
    needs until the loss stays below τ: a bar for the mean, a dot for each seed, and a grey bar where a seed has not got
    there, which shows the least that it can be. Right, the test error. The sliders are n, where 1 means that everyone
    keeps its default η, and τ. "memory" shows the bytes of state for each parameter, in float32, beside the test error.
    "gradients" is there if someone's step asks for another number than one.

    All runs are made when the lab is made, some seconds for eight optimizers; then every slider is instantaneous.
    Seconds are measured, and differ from time to time; no summary tells them.

    Parameters
    ----------
    optimizers : instances, classes or names, of one's own classes too; or one `Comparison`, which `fair_race` has made
    options : those of `optimlab.fair.fair_race`: network, data, steps, rates (2 to 20), seeds, schedule, target in
        [0.05, 1], budget, …
    """
    race = raced(optimizers, options)
    made: list[Lab] = []

    def make(view: Callable[[Comparison], Lab]) -> Lab:
        lab = view(race)
        for other in made[:1]:  # the first one has all sliders: through it, one view moves those of all
            for name in lab.sliders.keys() & other.sliders.keys():
                traitlets.link((other.sliders[name], "value"), (lab.sliders[name], "value"))
        made.append(lab)
        return lab

    counted = [name for name in AXES if name != "gradients" or any(entry.gradients != 1 for entry in race.entries)]
    views: dict[str, Callable[[Comparison], Lab]] = {name: partial(cost_view, name) for name in counted}
    views["memory"] = memory_view
    return Switch({name: partial(make, view) for name, view in views.items()}, "counted")


def raced(optimizers: tuple, options: dict[str, Any]) -> Comparison:
    """The comparison that was given, or a new one, with room for two sliders."""
    if "target" in options:
        TARGET.check_one(options["target"])
    if len(optimizers) == 1 and isinstance(optimizers[0], Comparison):
        if options:
            raise ValueError(f"a race that has been run has no options any more, got {told(next(iter(options)))}")
        race = optimizers[0]
    else:
        race = fair_race(*optimizers, **options)
    TARGET.check_one(race.target)
    if race.most < 2:
        raise ValueError("fair_lab needs a race in which each may try at least rates=2 learning rates, got 1")
    return race


def controls_of(race: Comparison) -> list[Control]:
    n = Knob("n", "η each may try", 1, race.most, allowed=f"[1, {race.most}]", whole=True, count=race.most)
    return [Control("n", n, race.budget, "each"), Control("target", TARGET, race.target, "each")]


def runs_of(race: Comparison) -> list[Run]:
    """Numbered, as their bars are: members of a family have one colour."""
    styles = style_of([entry.name for entry in race.entries])
    return [Run(e.name, f"{i} {e.name}", *s) for i, (e, s) in enumerate(zip(race.entries, styles, strict=True), 1)]


def cost_view(name: str, race: Comparison) -> Lab:
    """Loss, cost and test error on one axis."""
    by, label = AXES[name]
    runs, controls = runs_of(race), controls_of(race)
    longest = max(getattr(entry, by, 1.0) for entry in race.entries) * float(race.checkpoints[-1])
    curves = [swept(f"run{i}", ("n",), partial(curve_rows, race, by, i)) for i in range(len(runs))]
    costs = swept("costs", ("n", "target"), partial(cost_rows, race, by))
    dots = [swept(f"dots{i}", ("n", "target"), partial(cost_dots, race, by, i)) for i in range(len(runs))]
    lines = swept("τ", ("target",), lambda values: np.array([[values["target"]]]))
    sources = [*curves, costs, *dots, lines, *error_sources(race)]
    panels = [loss_panel(race, runs, longest, label), cost_panel(race, runs, longest, label), error_panel(runs)]
    title = f"fair race, counted in {by}: {race.setting}"
    return Lab(Scene(panels, runs), sources, controls, None, partial(summary, race), title)


def memory_view(race: Comparison) -> Lab:
    """Bytes of state, and the test error."""
    runs, n = runs_of(race), len(race.entries)
    memory = np.array([[BYTES * entry.numbers for entry in race.entries] + [0.0]])
    top = max(1.15 * memory.max(), BYTES)
    bars = Bars(source="memory", **bars_of(runs, range(n), n))
    panel = Panel(
        (-1, max(n, LEAST_BARS)),
        (0, top),
        x_label="optimizer",
        y_label="bytes per parameter",
        title="state, in float32",
        alt="bars of the bytes of state that each optimizer keeps for a parameter",
        x_ticks=False,
        marks=[bars],
    )
    sources = [Source("memory", (), lambda values: memory), *error_sources(race)]
    title = f"fair race, counted in memory: {race.setting}"
    scene = Scene([panel, error_panel(runs, legend=True)], runs)
    return Lab(scene, sources, controls_of(race)[:1], None, partial(memory_summary, race), title)


# Sources


def swept(name: str, needs: tuple, rows: Callable[[dict], np.ndarray]) -> Source:
    """A source of which rows are there for single values; the whole sweep is in the browser."""

    def compute(values: Any) -> np.ndarray:
        many = next((need for need in needs if np.ndim(values[need])), None)
        if many is None:
            return rows(values)
        return np.stack([rows({**values, many: float(value)}) for value in values[many]])

    return Source(name, needs, compute)


def at(race: Comparison, values: Any) -> Comparison:
    """The race as the sliders stand."""
    race = race.with_budget(round(float(values["n"])))
    return race.with_target(float(values["target"])) if "target" in values else race


def curve_rows(race: Comparison, by: str, i: int, values: Any) -> np.ndarray:
    """What is counted so far, and the mean loss: (checkpoints, 2)."""
    entry = race.entries[i]
    loss = entry.final(round(float(values["n"]))).loss.mean(axis=1)
    return np.column_stack([race.checkpoints * getattr(entry, by, 1.0), np.where(np.isfinite(loss), loss, np.nan)])


def cost_rows(race: Comparison, by: str, values: Any) -> np.ndarray:
    """Heights of bars: the mean costs of who has reached the target, of who has not, and 0."""
    here = at(race, values)
    late = ~here.reached()
    mean = here.costs(by).mean(axis=1)
    return np.concatenate([np.where(late, 0, mean), np.where(late, mean, 0), [0]])[None]


def cost_dots(race: Comparison, by: str, i: int, values: Any) -> np.ndarray:
    costs = at(race, values).costs(by)[i]
    return np.column_stack([np.full(len(costs), i + BESIDE), costs])


def error_sources(race: Comparison) -> list[Source]:
    def rows(i: int, values: Any) -> np.ndarray:
        error = np.maximum(1 - race.entries[i].final(round(float(values["n"]))).accuracy, LEAST_ERROR)
        return np.column_stack([np.full(len(error), i + 1), error])

    def mean(i: int, values: Any) -> np.ndarray:
        return rows(i, values).mean(axis=0, keepdims=True)

    each = range(len(race.entries))
    return [swept(f"error{i}", ("n",), partial(rows, i)) for i in each] + [
        swept(f"mean{i}", ("n",), partial(mean, i)) for i in each
    ]


# Panels


def loss_panel(race: Comparison, runs: list[Run], longest: float, label: str) -> Panel:
    ends = [final.loss[np.isfinite(final.loss)].min() for entry in race.entries for final in entry.finals.values()]
    means = [Curve(source=f"run{i}", run=run.id, x=X, y=MEAN, still=True) for i, run in enumerate(runs)]
    return Panel(
        (0, longest),
        (0.8 * min(0.1, *ends), 3.0),
        x_label=label,
        y_label="L",
        title="training loss",
        alt=f"training loss against {label} for {', '.join(run.label for run in runs)}, logarithmic",
        y_log=True,
        marks=[*means, HLine(source="τ", y=0, label="τ = {y}", side="left")],
    )


def bars_of(runs: list[Run], channels: Any, nothing: int, never: bool = False) -> dict[str, Any]:
    """A bar for each run, with its number, and empty ones."""
    empty = max(0, LEAST_BARS - len(runs))
    light, dark = zip(*(NEVER if never else (run.color, run.color_dark) for run in runs), strict=True)
    labels = [""] * len(runs) if never else [str(i + 1) for i in range(len(runs))]
    return {
        "channels": [*channels, *[nothing] * empty],
        "labels": [*labels, *[""] * empty],
        "colors": [*light, *[light[0]] * empty],
        "colors_dark": [*dark, *[dark[0]] * empty],
    }


def cost_panel(race: Comparison, runs: list[Run], longest: float, label: str) -> Panel:
    n = len(runs)
    never = Bars(source="costs", **bars_of(runs, range(n, 2 * n), 2 * n, never=True))
    reached = Bars(source="costs", **bars_of(runs, range(n), 2 * n))
    dots = [Points(source=f"dots{i}", symbol="dot", **role("ink")) for i in range(n)]
    return Panel(
        (-1, max(n, LEAST_BARS)),
        (0, 1.1 * longest * (1 + EVERY / race.checkpoints[-1])),
        x_label="optimizer (grey: not reached, at least)",
        y_label=label.replace("gradient descent", "GD"),  # it is as long as a low panel is high
        title="needed until L stays below τ",
        alt=f"bars of the {label} that each needs until the training loss stays below the target",
        x_ticks=False,
        marks=[never, reached, *dots],
    )


def error_panel(runs: list[Run], legend: bool = False) -> Panel:
    """`legend`: its points name the runs on paper, where no curve does."""
    marks: list[Mark] = [Points(source=f"error{i}", run=run.id) for i, run in enumerate(runs)]
    marks += [
        Points(source=f"mean{i}", run=run.id, symbol="ring", label=run.label if legend else None)
        for i, run in enumerate(runs)
    ]
    return Panel(
        (0, len(runs) + 1),
        (0.9 * LEAST_ERROR, 1.0),
        x_label="optimizer",
        y_label="share of wrong answers",
        title="test error (ring: mean)",
        alt="the test error of each optimizer for each seed, and the mean, logarithmic",
        y_log=True,
        marks=marks,
    )


# Words


def summary(race: Comparison, values: Any) -> Iterator[str]:
    here = at(race, values)
    tried = "the default η" if here.budget == 1 else f"the best of {here.budget} η each"
    yield f"n={here.budget}: {tried}, places in front"
    costs, names = here.costs("steps").mean(axis=1), [entry.name for entry in race.entries]
    needed = dict(zip(names, zip(here.reached(), costs, strict=True), strict=True))
    places = here.places("steps").items()
    got = [f"{place} {name} {nearest_five(needed[name][1])}" for name, place in places if needed[name][0]]
    yield f"steps until L stays below {short(here.target)}: {', '.join(got) or 'nobody gets there with every seed'}"
    if got and (late := [name for name, _ in places if not needed[name][0]]):
        yield f"not with every seed in {race.checkpoints[-1]} steps: {', '.join(late)}"
    yield accuracy_line(here)


def accuracy_line(here: Comparison) -> str:
    """In two digits, and without places, which rounding could change."""
    means = zip(here.entries, here.accuracies().mean(axis=1), strict=True)
    return f"test accuracy: {', '.join(f'{entry.name} {mean:.2f}' for entry, mean in means)}"


def memory_summary(race: Comparison, values: Any) -> Iterator[str]:
    here = at(race, values)
    each = ", ".join(f"{place} {name} {here[name].numbers:.3g}" for name, place in here.places("memory").items())
    yield f"numbers of state per parameter, places in front: {each}"
    yield accuracy_line(here)
