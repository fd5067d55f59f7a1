"""What travels: recipes by which the browser computes a source itself, at the rate of the screen and without a kernel.

A *recipe* is data: tapes (`optimlab.tape`), and what to do with them. `stage/recipes.js` follows it; `rows_of_recipe`
does the same here, to check a recipe before it is sent, and for tests. There are three kinds:

- "walk": ``first`` makes θ and the state from the controls; ``step`` makes the next ones, and the row of each step;
- "field": ``tape`` is the loss at x and y, over a grid;
- "formula": ``tape`` gives all rows at once.

What can't be recorded keeps its sweeps from the kernel; then the reason stands in place of the recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from ..clipping import Clip, clipped
from ..descent import Watched
from ..losses import Loss
from ..noise import Noisy
from ..optimizers import Optimizer
from ..stage.widget import Source
from ..tape import Unrecordable, record

__all__ = [
    "Taken", "Walk", "checked", "field_recipe", "formula_recipe", "rows_of_recipe", "theta_and_excess", "walk_recipe",
]  # fmt: skip

HUGE = 1e30  # beyond it a browser's numbers overflow, and heights are not drawn
TRIED = 12  # so many steps of a walk are compared
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
) -> Recipe:
    """The recipe of a source whose rows are the steps of a walk.

    Parameters
    ----------
    begin : ``begin(values) -> Walk``, for symbolic values of the controls too
    controls : {name: shape}
    row : ``row(walk, taken) -> arrays``, joined to the row of a step
    last : whether the point after the last step has a row too
    """
    shapes: dict[str, tuple[int, ...]] = {}
    noisy: list[Noisy] = []

    def first(values: dict) -> dict:
        walk = formulated(begin(values))
        noisy[:] = [walk.loss] if isinstance(walk.loss, Noisy) else []
        theta = np.stack([*walk.start], axis=-1) if isinstance(walk.start, tuple | list) else walk.start
        parts = {"θ": theta} | named(walk.optimizer.on(walk.loss.layers).init(theta))
        shapes.update({name: np.shape(part) for name, part in parts.items()})
        return parts

    def step(values: dict) -> dict:
        walk, theta, k = formulated(begin(values)), values["θ"], values["k"]
        optimizer, state = walk.optimizer.on(walk.loss.layers), unnamed(values)
        grad = clipped(gradient_at(walk.loss, values), walk.clip)
        watched = Watched(grad)
        there, after = optimizer.step(theta, watched, dict(state), k)
        taken = Taken(theta, state, k, grad, watched.asked[-1][1] if watched.asked else np.zeros_like(theta), there)
        parts = {"θ": there} | named(after)
        if {name: np.shape(part) for name, part in parts.items()} != shapes:
            raise Unrecordable("the shapes of θ and of the state change from step to step")
        numbers = [np.reshape(part, (-1,)) for part in row(walk, taken)]
        return parts | {"row": np.concatenate(numbers)}

    start = record(first, controls)
    noise = [noisy[0].noise(k).tolist() for k in range(steps)] if noisy and noisy[0].copies is None else []
    inputs = {**controls, **shapes, "k": ()} | ({"ξ": (len(noise[0]),)} if noise else {})
    tape = record(step, inputs)
    rows = steps + 1 if last else steps
    return {"kind": "walk", "first": start, "step": tape, "rows": rows, "noise": noise}


def formulated(walk: Walk) -> Walk:
    """The same walk, on a loss that is a formula."""
    return replace(walk, loss=walk.loss.as_formula())


def named(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state as inputs and outputs of a tape, beside the controls."""
    return {f"state {name}": entry for name, entry in state.items()}


def unnamed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("state "): entry for name, entry in values.items() if name.startswith("state ")}


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
        return {"rows": surface_of(values).as_formula().value(values["θ"])}

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


def rows_of_recipe(recipe: Recipe, values: Mapping[str, Any], most: int | None = None) -> np.ndarray:
    """What the browser computes by a recipe; of a walk not more than `most` rows."""
    return FOLLOWED[recipe["kind"]](recipe, values, most)


def follow_walk(recipe: Recipe, values: Mapping[str, Any], most: int | None) -> np.ndarray:
    now, rows = recipe["first"].run(values), []
    inputs = recipe["step"].inputs
    for k in range(recipe["rows"] if most is None else min(most, recipe["rows"])):
        here = {name: part.reshape(inputs[name]) for name, part in now.items() if name in inputs}
        xi = {"ξ": recipe["noise"][min(k, len(recipe["noise"]) - 1)]} if recipe["noise"] else {}
        now = recipe["step"].run({**values, **here, **xi, "k": k})
        rows.append(now.pop("row"))
    return np.array(rows)


def follow_field(recipe: Recipe, values: Mapping[str, Any], most: int | None) -> np.ndarray:
    x, y = (np.linspace(*recipe[axis]) for axis in "xy")
    heights = recipe["tape"].run({**values, "θ": np.stack(np.meshgrid(x, y), axis=-1)})["rows"][..., 0]
    drawn = np.abs(heights) < HUGE
    return np.where(drawn, heights, heights[drawn].max(initial=-np.inf))


def follow_formula(recipe: Recipe, values: Mapping[str, Any], most: int | None) -> np.ndarray:
    return recipe["tape"].run(values)["rows"].reshape(recipe["shape"])


FOLLOWED: dict[str, Callable[..., np.ndarray]] = {
    "walk": follow_walk,
    "field": follow_field,
    "formula": follow_formula,
}


def checked(source: Source, trials: Sequence[Mapping[str, Any]]) -> Source:
    """The source with its recipe only if that gives what Python computes, at each of the `trials`.

    Code may do something else with a symbolic number than with a plain one: ask for its type, or catch an error.
    """
    if not isinstance(source.recipe, dict):
        return source
    for values in trials:
        with np.errstate(all="ignore"):
            wanted = np.asarray(source.compute(dict(values)), float)
            found = rows_of_recipe(source.recipe, values, TRIED)
        wanted = wanted[: len(found)] if source.recipe["kind"] == "walk" else wanted
        if wanted.shape != found.shape or not np.allclose(wanted, found, rtol=1e-6, atol=1e-12, equal_nan=True):
            return replace(source, recipe="the recorded formula gives something else than the code")
    return source
