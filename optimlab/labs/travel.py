"""What travels: recipes by which the browser computes a source itself, at the rate of the screen and without a kernel.

A *recipe* is data: tapes (`optimlab.tape`), and what to do with them. `stage/recipes.js` follows it; `rows_of_recipe`
does the same here, to check a recipe before it is sent, and for tests. There are six kinds:

- "walk": ``first`` makes θ and the state from the controls; ``step`` makes the next ones, and the row of each step;
- "map": such a walk at every place of a ``plane`` of its inputs, and the row after its last step;
- "cell": a place of such a plane, the one nearest to a point or the one where a map is lowest;
- "field": ``tape`` is the loss at x and y, over a grid;
- "formula": ``tape`` gives all rows at once;
- "choice": one of other sources, by the number that a point has.

A recipe may be made ``of`` other sources that travel: a cell of a map, a walk of what a cell holds. What can't be
recorded keeps its sweeps from the kernel; then the reason stands in place of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from ..clipping import Clip, clipped
from ..descent import Watched
from ..losses import Loss, Through
from ..noise import Noisy
from ..optimizers import Optimizer
from ..stage.widget import Source
from ..tape import Unrecordable, record

__all__ = [
    "Inspection", "Taken", "Walk", "cell_recipe", "checked", "choice_recipe", "field_recipe", "formula_recipe",
    "map_recipe", "rows_of_recipe", "settling", "theta_and_excess", "walk_recipe",
]  # fmt: skip

HUGE = 1e30  # beyond it a browser's numbers overflow, and heights are not drawn
TRIED = 12  # so many steps of a walk are compared
EVERY = 8  # and of a map's plane every eighth value
ODD = 0.05  # so many of these places may differ: in chaos, rounding decides
Recipe = dict[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Walk:
    """Who walks where, as the controls stand: what `optimlab.descend` is given."""

    loss: Loss
    optimizer: Optimizer
    start: Any
    clip: Clip | None = None


def recipe_or_reason(make: Callable[..., Recipe]) -> Callable[..., Recipe | str]:
    @wraps(make)
    def made(*args: Any, **options: Any) -> Recipe | str:
        try:
            return make(*args, **options)
        except Unrecordable as reason:
            return str(reason)

    return made


@dataclass(frozen=True)
class Taken:
    """A step that has been taken: from where, in which state and when, and to where.

    ``grad`` is the gradient function of the step, ``gradient`` what it gave when it was asked last.
    """

    theta: Any
    state: Mapping[str, Any]
    k: Any
    grad: Callable[[Any], Any]
    gradient: Any
    there: Any


def theta_and_excess(floor: float) -> Callable[[Walk, Taken], list]:
    """The row of a step that most sources have: θ, and L − min L."""
    return lambda walk, taken: [taken.theta, walk.loss.value(taken.theta) - floor]


@recipe_or_reason
def walk_recipe(
    begin: Callable[[Mapping[str, Any]], Walk],
    controls: Shapes,
    steps: int,
    row: Callable[[Walk, Taken], list],
    last: bool = True,
    takes: Sequence[tuple[str, str, int]] = (),
) -> Recipe:
    """The recipe of a source whose rows are the steps of a walk.

    Parameters
    ----------
    begin : ``begin(values) -> Walk``, for symbolic values of the controls too
    controls : {name: shape}
    row : ``row(walk, taken) -> arrays``, joined to the row of a step
    last : whether the point after the last step has a row too
    takes : (input, source, channel) each: inputs beside the controls, which other sources hold
    """
    inputs = {**controls, **{name: () for name, *_ in takes}}
    recipe = walked(begin, inputs, steps, {}, lambda walk, taken, memory: ({}, row(walk, taken)))
    recipe |= {"kind": "walk", "rows": steps + 1 if last else steps}
    if not takes:
        return recipe
    of = list(dict.fromkeys(source for _, source, _ in takes))
    return recipe | {"of": of, "takes": [[name, of.index(source), channel] for name, source, channel in takes]}


@recipe_or_reason
def map_recipe(
    begin: Callable[[Mapping[str, Any]], Walk],
    controls: Shapes,
    steps: int,
    plane: Mapping[str, Any],
    memory: Mapping[str, float],
    tell: Callable[[Walk, Taken, Mapping[str, Any]], tuple[Mapping[str, Any], list]],
) -> Recipe:
    """The recipe of a source that tells of a walk from every place of a plane of inputs.

    Its shape is (values up, values across, numbers told), less what there is only one of.

    Parameters
    ----------
    begin, controls : as of `walk_recipe`; the inputs of the plane are among the values of ``begin``
    plane : {name: its values} of one or two inputs: the first one across, the second up
    memory : {name: number}, what is remembered of a walk before its first step
    tell : ``tell(walk, taken, memory) -> (memory, numbers)``: what is remembered then, and would be told at the end
    """
    recipe = walked(begin, {**controls, **{name: () for name in plane}}, steps, memory, tell)
    axes = [[name, np.asarray(values, float).tolist()] for name, values in plane.items()]
    shape = [*(len(values) for _, values in reversed(axes)), len(recipe["step"].outputs["row"])]
    shape = shape[:-1] if shape[-1] == 1 else shape
    return recipe | {"kind": "map", "rows": steps + 1, "plane": axes, "shape": shape}


def settling(minimum: float, tolerance: float, steps: int) -> dict[str, Any]:
    """Memory and tale of a map: the step after which L − min L stays in the target, as `Trajectory.settled_at`.

    NaN where it does not settle, infinity where besides it does not end at or below where it began.
    """

    def tell(walk: Walk, taken: Taken, memory: Mapping[str, Any]) -> tuple[dict, list]:
        loss = walk.loss.value(taken.theta)
        first = np.where(taken.k == 0, loss, memory["first"])
        since = np.where(loss - minimum <= tolerance, memory["since"], taken.k + 1)
        never = np.where(loss <= first, np.nan, np.inf)
        return {"first": first, "since": since}, [np.where(since > steps, never, since)]

    return {"memory": {"first": 0.0, "since": 0.0}, "tell": tell}


def cell_recipe(
    across: Any, up: Any, logs: tuple[bool, bool], at: str | None = None, of: str | None = None, row: int | None = None
) -> Recipe:
    """The recipe of a source with the values at a place of a plane.

    Parameters
    ----------
    across, up : the values along the plane, and in `logs` whether their scales are logarithmic
    at : the place nearest to this point
    of, row : or the one where this map, or this row of it, has its lowest number; of equals the first
    """
    cells = [np.asarray(values, float).tolist() for values in (across, up)]
    recipe: Recipe = {"kind": "cell", "cells": cells, "logs": list(logs)}
    return recipe | ({"at": at} if at is not None else {"of": [of], "row": row})


def choice_recipe(of: Sequence[str], at: str, table: Sequence[int] | None = None) -> Recipe:
    """The recipe of a source that is one of others of the same shape, or NaN where none of them is meant.

    Parameters
    ----------
    of : their names
    at : a point of one coordinate, which says the number of the one that is meant
    table : where the point does not say that number itself, but a place in this table of such numbers; where there is
        no such place, the first one is meant
    """
    return {"kind": "choice", "of": list(of), "at": at, "table": None if table is None else list(table)}


def walked(begin: Callable, inputs: Shapes, steps: int, memory: Mapping[str, float], tell: Callable) -> Recipe:
    """The tapes of a walk, with what is remembered of it from step to step, and its noise."""
    shapes: dict[str, tuple[int, ...]] = {}
    noisy: list[Noisy] = []

    def first(values: dict) -> dict:
        walk = formulated(begin(values))
        noisy[:] = [walk.loss] if isinstance(walk.loss, Noisy) else []
        theta = np.stack([*walk.start], axis=-1) if isinstance(walk.start, tuple | list) else walk.start
        state = walk.optimizer.on(walk.loss.layers).init(theta)
        parts = {"θ": theta} | named("state", state) | named("memory", memory)
        shapes.update({name: np.shape(part) for name, part in parts.items()})
        return parts

    def step(values: dict) -> dict:
        walk, theta, k = formulated(begin(values)), values["θ"], values["k"]
        optimizer, state = walk.optimizer.on(walk.loss.layers), unnamed("state", values)
        grad = clipped(gradient_at(walk.loss, values), walk.clip)
        watched = Watched(grad)
        there, after = optimizer.step(theta, watched, dict(state), k)
        taken = Taken(theta, state, k, grad, watched.asked[-1][1] if watched.asked else np.zeros_like(theta), there)
        remembered, told = tell(walk, taken, unnamed("memory", values))
        parts = {"θ": there} | named("state", after) | named("memory", remembered)
        if {name: np.shape(part) for name, part in parts.items()} != shapes:
            raise Unrecordable("the shapes of θ and of the state change from step to step")
        return parts | {"row": np.concatenate([np.reshape(part, (-1,)) for part in told])}

    start = record(first, inputs)
    noise = [noisy[0].noise(k).tolist() for k in range(steps)] if noisy and noisy[0].copies is None else []
    tape = record(step, {**inputs, **shapes, "k": ()} | ({"ξ": (len(noise[0]),)} if noise else {}))
    return {"first": start, "step": tape, "noise": noise}


def formulated(walk: Walk) -> Walk:
    """The same walk, on a loss that is a formula."""
    return replace(walk, loss=walk.loss.as_formula())


def named(what: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """The state, or what is remembered, as inputs and outputs of a tape, beside the controls."""
    return {f"{what} {name}": part for name, part in parts.items()}


def unnamed(what: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(f"{what} "): part for name, part in values.items() if name.startswith(f"{what} ")}


def gradient_at(loss: Loss, values: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The gradient function of the step that is recorded; its noise ξₖ is an input."""
    if isinstance(loss, Noisy) and "ξ" in values:
        return lambda theta: loss.surface.gradient(theta) + loss.sigma * values["ξ"]
    if loss.stochastic:
        raise Unrecordable("its gradients are those of mini-batches, or of many noises at once")
    return loss.gradient


@recipe_or_reason
def field_recipe(
    surface_of: Callable[[Mapping[str, Any]], Loss], controls: Shapes, view: Any, width: int, height: int
) -> Recipe:
    """The recipe of a surface's heights over its view."""

    def heights(values: dict) -> dict:
        loss = surface_of(values)
        while isinstance(loss, Through) and loss.stochastic:  # batches and noise are of gradients, not of heights
            loss = loss.inner
        return {"rows": loss.as_formula().value(values["θ"])}

    tape = record(heights, {**controls, "θ": (2,)})
    return {"kind": "field", "tape": tape, "x": [*view[0], width], "y": [*view[1], height]}


@recipe_or_reason
def formula_recipe(compute: Callable[[Mapping[str, Any]], Any], controls: Shapes) -> Recipe:
    """The recipe of a source that is a formula of the controls; ``compute(values)`` has the shape (rows, channels)."""
    shape: list[int] = []

    def rows(values: dict) -> dict:
        result = compute(values)
        shape[:] = np.shape(result)
        return {"rows": result}

    tape = record(rows, controls)
    return {"kind": "formula", "tape": tape, "shape": shape}


# The same in Python


def rows_of_recipe(recipe: Recipe, values: Mapping[str, Any], few: bool = False, made: Sequence = ()) -> np.ndarray:
    """What the browser computes by a recipe; `few`: only some rows of a walk, or a map at some places.

    `made` are the rows of the sources that it is made of.
    """
    return FOLLOWED[recipe["kind"]](recipe, values, few, made)


def follow_walk(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    values = {**values, **{name: made[i][0][channel] for name, i, channel in recipe.get("takes", ())}}
    return np.array([row for row, _ in zip(steps_by(recipe, values), range(TRIED if few else recipe["rows"]))])


def follow_map(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    axes = [np.asarray(numbers)[:: EVERY if few else 1] for _, numbers in recipe["plane"]]
    places = dict(zip((name for name, _ in recipe["plane"]), np.meshgrid(*axes), strict=True))
    *_, last = steps_by(recipe, {**values, **places})
    return last.reshape(*(len(axis) for axis in reversed(axes)), *recipe["shape"][len(axes) :])


def steps_by(recipe: Recipe, values: Mapping[str, Any]) -> Iterator[np.ndarray]:
    """The row of each step of a walk."""
    now, inputs = recipe["first"].run(values), recipe["step"].inputs
    for k in range(recipe["rows"]):
        here = {n: part.reshape((*part.shape[:-1], *inputs[n])) for n, part in now.items() if n in inputs}
        xi = {"ξ": recipe["noise"][min(k, len(recipe["noise"]) - 1)]} if recipe["noise"] else {}
        now = recipe["step"].run({**values, **here, **xi, "k": k})
        yield now.pop("row")


def follow_cell(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    across, up = (np.asarray(numbers) for numbers in recipe["cells"])
    if "at" in recipe:
        place = zip((across, up), recipe["logs"], values[recipe["at"]], strict=True)
        return np.array([[axis[nearest(axis, log, value)] for axis, log, value in place]])
    every = EVERY if few else 1
    row = recipe["row"] and recipe["row"] // every
    column, row = lowest(made[0], row)
    return np.array([[across[::every][column], up[::every][row]]])


def nearest(axis: np.ndarray, log: bool, value: float) -> int:
    """The place along an axis of a plane that is nearest to a value."""
    scale = np.log10 if log else np.asarray
    return int(np.argmin(np.abs(scale(axis) - scale(value))))


def lowest(numbers: np.ndarray, row: int | None = None) -> tuple[int, int]:
    """Column and row of the first of the lowest numbers of a map, or of a row of it; NaN is high."""
    rows = numbers if row is None else numbers[row : row + 1]
    up, across = np.unravel_index(np.argmin(np.where(np.isnan(rows), np.inf, rows)), rows.shape)
    return int(across), int(up) + (row or 0)


def follow_field(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    x, y = (np.linspace(*recipe[axis]) for axis in "xy")
    heights = recipe["tape"].run({**values, "θ": np.stack(np.meshgrid(x, y), axis=-1)})["rows"][..., 0]
    drawn = np.abs(heights) < HUGE
    return np.where(drawn, heights, heights[drawn].max(initial=-np.inf))


def follow_formula(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    return recipe["tape"].run(values)["rows"].reshape(recipe["shape"])


def follow_choice(recipe: Recipe, values: Mapping[str, Any], few: bool, made: Sequence) -> np.ndarray:
    number, table = float(values[recipe["at"]][0]), recipe["table"]
    if table is not None:
        number = next((meant for place, meant in enumerate(table) if place == number), table[0])
    return next((rows for i, rows in enumerate(made) if i == number), np.full_like(made[0], np.nan))


FOLLOWED: dict[str, Callable[..., np.ndarray]] = {
    "walk": follow_walk,
    "map": follow_map,
    "cell": follow_cell,
    "field": follow_field,
    "formula": follow_formula,
    "choice": follow_choice,
}


class Inspection:
    """Lets a source keep its recipe only if that gives what Python computes, at each of the `trials`.

    Code may do something else with a symbolic number than with a plain one: ask for its type, or catch an error. Of
    sources that are made of others, these are inspected first.
    """

    def __init__(self, trials: Sequence[Mapping[str, Any]]):
        self.trials = trials
        self.made: dict[str, list[np.ndarray]] = {}  # of each source that travels, its rows at each of the trials

    def __call__(self, source: Source) -> Source:
        if not isinstance(source.recipe, dict):
            return source
        of = source.recipe.get("of", ())
        if missing := [name for name in of if name not in self.made]:
            return replace(source, recipe=f"it is made of {missing[0]}, which Python sends")
        rows = []
        for i, values in enumerate(self.trials):
            with np.errstate(all="ignore"):
                wanted = np.asarray((source.few or source.compute)(dict(values)), float)
                rows.append(rows_of_recipe(source.recipe, values, True, [self.made[name][i] for name in of]))
            if not alike(wanted, rows[-1], source.recipe["kind"]):
                return replace(source, recipe="the recorded formula gives something else than the code")
        self.made[source.name] = rows
        return source


def alike(wanted: np.ndarray, found: np.ndarray, kind: str) -> bool:
    """Whether two computations gave the same, but for rounding."""
    wanted = wanted[: len(found)] if kind in ("walk", "choice") else wanted
    if wanted.shape != found.shape:
        return False
    same = np.isclose(wanted, found, rtol=1e-6, atol=1e-12, equal_nan=True)
    return bool(np.mean(~same) <= (ODD if kind == "map" else 0))


def checked(source: Source, trials: Sequence[Mapping[str, Any]]) -> Source:
    """The source as an `Inspection` leaves it."""
    return Inspection(trials)(source)
