"""Riddles whose answers are values: which settings make a path that can be found, and in which order they come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..optimizers import Optimizer

__all__ = ["COUNT", "NEAR", "THRESHOLD", "Grids", "Settings", "apart", "drawn", "good"]

THRESHOLD = 3.0  # percent: a path that is no farther from the riddle's is taken for it
NEAR = 10.0  # percent: riddles that are no farther apart do not follow one another
SMALL = 0.12  # of the view: a path that is no larger hardly moves
COUNT, ENOUGH = 40, 8  # riddles, and how many different ones there should be
TRIED = 600  # settings that are tried

Settings = Mapping[str, np.ndarray]


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
