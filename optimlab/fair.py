"""The fair race: each optimizer may try as many learning rates as the others, and is judged on what it has not seen.

Nothing but η is tuned. Who wins depends on what is counted: steps, gradients, seconds or memory. What the noise of the
seeds could have decided is called a tie.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import Any

import numpy as np

from .checks import check_choice, check_whole, told
from .comparison import EVERY, TARGET, Comparison, Entry, Final, Try
from .data import Data, digits
from .descent import Driver, walk
from .knobs import Knob
from .networks import Network
from .optimizers import EMA, SWA, GradientDescent, Optimizer, ScheduleFree
from .optimizers.costs import state_size
from .roster import runner
from .schedules import cosine_between
from .stacked import Stacked, losses, paths
from .threads import ONE_THREAD
from .training import check_parts, with_bar

__all__ = ["Comparison", "fair_race", "relative_seconds", "state_numbers"]

SCHEDULES = ("cosine", "constant", "both")
FACTOR = Knob("q", "factor between learning rates", 1.2, 10.0, allowed="[1.2, 10]")
HELD_OUT = 297 / 1297  # of the training examples, for validation
AHEAD = 3  # η that are computed at once
BAR = "{bar:24} optimizer {n_fmt} / {total_fmt}"
PROBE = 400  # training examples on which the loss is followed


def fair_race(
    *optimizers: Any,
    network: Network | None = None,
    data: Data | None = None,
    steps: int = 160,
    batch_size: int = 32,
    rates: int = 6,
    factor: float = 3.0,
    seeds: int = 3,
    final_seeds: int | None = None,
    schedule: str = "cosine",
    target: float = 0.3,
    budget: int | None = None,
    progress: bool = True,
) -> Comparison:
    """Tune η of each optimizer with the same number of tries, then compare them on test examples.

    - **Tuning.** Each begins with its own η: that of the instance, or the default of its class. The next η to try is
      the untried one nearest to the best so far, on the grid η·qⁿ, and of two the larger one: so that nobody needs a
      table of good values, a learner's own optimizer neither, and who gets better with a larger η goes on there. The
      best has the lowest validation loss after the last step, as a mean over `seeds` seeds. Validation examples are a
      part (297 of 1297) of the training examples; those of the test are not touched. A run that diverges counts as the
      worst.
    - **Budget.** With a budget of n only the first n tries count; n = 1 is the default. (Dodge et al. 2019
      ask for the expected best of n random settings; here settings are tried in turn, as people do, so that the first
      n are what somebody with less time would have seen, and have a curve of their own to show.)
    - **Judging.** With the chosen η, all training examples and fresh seeds, the same for all: the loss of the first 400
      training examples every 5 steps, and the accuracy on the test examples after the last one, 0 for a run that has
      diverged.
    - **Not tuned**: β, ε, weight decay, warm-up. The data are split once, which may flatter all alike.

    Seconds are measured in those of a step of gradient descent. They are those of NumPy on this computer and this
    network, and differ from time to time.

    Parameters
    ----------
    optimizers : instances, classes, or names: "SOAP", or the name of a class of your own. What a name means is in
        `optimlab.roster.USUAL`, or else the class with its defaults
    network, data : ``Network((64, 32, 10))`` and ``digits()`` if None
    steps, batch_size : of each run
    rates : how many η each may try, from 1 to 20
    factor : q, from one η to the next
    seeds, final_seeds : how many to tune with (at least 1) and to judge with (at least 2; as many, or 2, if None)
    schedule : "cosine" to 0; "constant"; or "both", each tuned with as many tries, and the better one on validation
        taken. What averages in place of a schedule (`ScheduleFree`, `EMA`, `SWA`) has a constant η always
    target : τ, a training loss
    budget : how many η count at first, all of them if None
    progress : show a progress bar
    """
    data = digits() if data is None else data
    network = fitting(data) if network is None else network
    check_parts(network, data, batch_size, 0)
    network.check(data.X, data.y)
    check_whole("steps", steps, EVERY)
    check_whole("the number of rates", rates, 1, 20)
    factor, target = FACTOR.check_one(factor), TARGET.check_one(target)
    check_whole("seeds", seeds, 1, 100)
    judges = check_whole("final_seeds", max(seeds, 2) if final_seeds is None else final_seeds, 2, 100)
    check_choice("the schedule", schedule, SCHEDULES)
    check_choice("progress", progress, (True, False))
    budget = check_whole("the budget", rates if budget is None else budget, 1, rates)
    family = entered(optimizers)
    part, held_out = split(data)
    check_whole("the batch size B", batch_size, 1, len(part.X))
    with ONE_THREAD:
        tuning = Stacked(network, part, batch_size, range(seeds), steps)
        judging = Stacked(network, data, batch_size, range(seeds, seeds + judges), steps)
        entries = []
        for name, optimizer in with_bar(family.items(), progress, BAR):
            tries = {
                kind: tuned(optimizer, tuning, kind, rates, factor, held_out) for kind in kinds(optimizer, schedule)
            }
            entry = Entry(name, optimizer, tries, numbers=state_numbers(optimizer, network))
            seconds = relative_seconds(optimizer, network, data, batch_size)
            entries.append(replace(judged(entry, judging, data, rates), seconds=seconds))
    checkpoints = np.array(marks(steps))
    setting = f"{data.name}, network {network.sizes}, {steps} steps of {batch_size} examples, {schedule} η"
    return Comparison(tuple(entries), checkpoints, budget, target, setting)


def fitting(data: Any) -> Network:
    """A small network for the data; where they are none, any."""
    return Network((np.shape(data.X)[-1], 32, int(np.max(data.y)) + 1) if isinstance(data, Data) else (64, 32, 10))


def entered(given: Sequence[Any]) -> dict[str, Optimizer]:
    """{name: optimizer} of those that race; each has one learning rate to begin with."""
    if not given:
        raise ValueError("a fair race needs at least one optimizer, got none")
    family: dict[str, Optimizer] = {}
    for optimizer in map(runner, given):
        optimizer.check_single()
        if callable(optimizer.lr) or not optimizer.lr > 0:
            raise ValueError(
                f"η of {optimizer.name} is where its tuning begins, a number above 0, got {told(optimizer.lr)}"
            )
        names = (optimizer.name if n == 1 else f"{optimizer.name} {n}" for n in count(1))
        family[next(name for name in names if name not in family)] = optimizer
    return family


def split(data: Data) -> tuple[Data, Data]:
    """The training examples without the last ones, and these: they are shuffled already."""
    kept = len(data.X) - max(1, round(HELD_OUT * len(data.X)))
    if kept < 1:
        raise ValueError(f"a fair race needs at least 2 training examples, got {len(data.X)}")
    return replace(data, X=data.X[:kept], y=data.y[:kept]), replace(data, X=data.X[kept:], y=data.y[kept:])


def kinds(optimizer: Optimizer, schedule: str) -> tuple[str, ...]:
    """The schedules that are tried."""
    if isinstance(optimizer, ScheduleFree | EMA | SWA):
        return ("constant",)
    return ("cosine", "constant") if schedule == "both" else (schedule,)


def rate_of(kind: str, steps: int) -> Callable[[Any, int], Any]:
    """η at step k of a run."""
    if kind == "constant":
        return lambda eta, k: eta
    return lambda eta, k: cosine_between(eta, 0.0, min(k, steps) / steps)


def marks(steps: int) -> list[int]:
    """The checkpoints."""
    return sorted({*range(0, steps, EVERY), steps})


def tuned(optimizer: Optimizer, loss: Stacked, kind: str, rates: int, factor: float, held_out: Data) -> list[Try]:
    """The tries of one optimizer with one schedule, in their order.

    Some neighbours are computed at once, since those beyond are often wanted next; they count only if they are.
    """
    found: dict[int, Try] = {}
    order: list[int] = []
    while len(order) < rates:
        exponent, way = next_try([(found[e].score, e) for e in order])
        if exponent not in found:
            ahead = range(exponent, exponent + way * min(AHEAD, rates - len(order)), way)
            wanted = [e for e in ahead if e not in found]
            etas = [float(optimizer.lr) * factor**e for e in wanted]  # type: ignore[arg-type]
            *_, (_, theta, _) = paths(optimizer, loss, etas, rate_of(kind, loss.steps))
            with np.errstate(all="ignore"):
                scores = losses(loss.network, theta, held_out.X, held_out.y)
            scores = np.where(np.isfinite(scores), scores, np.inf)
            found |= {e: Try(eta, kind, each) for e, eta, each in zip(wanted, etas, scores, strict=True)}
        order.append(exponent)
    return [found[e] for e in order]


def next_try(scored: list[tuple[float, int]]) -> tuple[int, int]:
    """The exponent to try after those with these scores, and its direction."""
    if not scored:
        return 0, 1
    _, best = min(scored)
    tried = {exponent for _, exponent in scored}
    near = (best + sign * far for far in count(1) for sign in (1, -1))
    exponent = next(e for e in near if e not in tried)
    return exponent, 1 if exponent > best else -1


def judged(entry: Entry, loss: Stacked, data: Data, rates: int) -> Entry:
    """The entry with its final runs, and with how many gradients a step asks for."""
    chosen = [entry.chosen(budget) for budget in range(1, rates + 1)]
    finals, asked = {}, 0
    for kind in dict.fromkeys(one.schedule for one in chosen):
        etas = list(dict.fromkeys(one.eta for one in chosen if one.schedule == kind))
        rows, kept = [], set(marks(loss.steps))
        for k, theta, spent in paths(entry.optimizer, loss, etas, rate_of(kind, loss.steps)):
            asked = spent
            if k in kept:
                with np.errstate(all="ignore"):
                    rows.append(losses(loss.network, theta, data.X[:PROBE], data.y[:PROBE]))
        accuracy = accuracies(loss.network, theta, data)
        for i, eta in enumerate(etas):
            finals[kind, eta] = Final(np.array([row[i] for row in rows]), accuracy[i])
    return replace(entry, finals=finals, gradients=asked / loss.steps)


def accuracies(network: Network, theta: np.ndarray, data: Data) -> np.ndarray:
    """The share of test examples that are classified correctly, (..., d) → (...); 0 where θ is not finite."""
    with np.errstate(all="ignore"):
        right = (np.argmax(network.activations(theta, data.X_test)[-1], axis=-1) == data.y_test).mean(axis=-1)
    return np.where(np.isfinite(theta).all(axis=-1), right, 0.0)


def state_numbers(optimizer: Optimizer, network: Network) -> float:
    """How many numbers an optimizer keeps for each parameter."""
    return state_size(optimizer, network.layout) / network.size


def relative_seconds(
    optimizer: Optimizer, network: Network, data: Data, batch_size: int, stretches: int = 7, length: int = 20
) -> float:
    """The seconds of a step, its gradient included, over those of gradient descent's.

    The median over some stretches of one run, each beside a stretch of gradient descent, so that a computer that is
    busy slows both.
    """
    walks = []
    for each in (optimizer, GradientDescent(1e-3)):
        loss = network.on(data, batch_size)
        walks.append(walk(loss, Driver(each), loss.start))

    def spent(points: Iterator) -> float:
        start = time.perf_counter()
        for _ in islice(points, length):
            pass
        return time.perf_counter() - start

    for points in walks:
        spent(points)  # what is done once is no part of it
    return float(np.median([spent(walks[0]) / spent(walks[1]) for _ in range(stretches)]))
