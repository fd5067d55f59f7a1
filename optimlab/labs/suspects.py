"""Riddles whose answers are names: suspects whose paths differ, and the starts from which they do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from ..checks import short
from ..descent import descend
from ..optimizers import Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from ..schedules import constant, cosine_decay, exponential_decay, step_decay, warmup
from .riddles import COUNT, NEAR, THRESHOLD, apart, good
from .sources import floor_of

__all__ = ["LITTLE", "LONG", "in_cases", "named", "optimizers_on", "scattered", "schedules_on"]

LONG = 40  # steps of the paths
STARTS, BEST = 100, 16  # starts that are tried, and the best of them
SETTLED = 0.05  # of the first L − min L: a suspect is to have come so far
ROUND = [float(f"{m}e{d}") for d in (-3, -2, -1, 0) for m in (1, 2, 5)]  # learning rates of suspects
LITTLE = 0.5  # γ of those under a schedule, so that the ends of the schedules differ more


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
