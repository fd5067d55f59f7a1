"""What a race of optimizers has found: who needs least of what, at which budget, and what the seeds leave open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from .checks import check_choice, check_whole, short
from .knobs import Knob
from .optimizers import Optimizer

__all__ = ["COSTS", "EVERY", "TARGET", "Comparison", "Entry", "Final", "Try", "nearest_five"]

COSTS = ("steps", "gradients", "seconds", "memory")
TARGET = Knob("τ", "target loss", 0.01, 2.0, log=True, allowed="(0, ∞)")
EVERY = 5  # steps from one checkpoint to the next


@dataclass(frozen=True)
class Try:
    """An η that was tried: the validation loss at the end for each seed, infinite for a run that diverged."""

    eta: float
    schedule: str
    losses: np.ndarray

    @property
    def score(self) -> float:
        return float(np.mean(self.losses))


@dataclass(frozen=True)
class Final:
    """Runs on all training examples: training loss (checkpoints, seeds) and test accuracy (seeds,)."""

    loss: np.ndarray
    accuracy: np.ndarray

    def steps_to(self, target: float, checkpoints: np.ndarray) -> np.ndarray:
        """The first checkpoint from which on the loss stays below a target; one more than there are if it does not."""
        outside = ~(self.loss < target)
        last = np.where(outside.any(axis=0), len(outside) - np.argmax(outside[::-1], axis=0), 0)
        return np.append(checkpoints, checkpoints[-1] + EVERY)[last]


@dataclass(frozen=True)
class Entry:
    """One optimizer of a race.

    Attributes
    ----------
    tries : {schedule: what was tried, in that order}
    finals : {(schedule, η): `Final`} of what some budget would choose
    gradients, seconds, numbers : gradients per step, seconds per step in those of gradient descent's, and numbers of
        state per parameter
    """

    name: str
    optimizer: Optimizer
    tries: dict[str, list[Try]]
    finals: dict[tuple[str, float], Final] = field(default_factory=dict)
    gradients: float = 1.0
    seconds: float = np.nan
    numbers: float = 0.0

    def chosen(self, budget: int) -> Try:
        """The best on validation of the first `budget` η, of each schedule."""
        return min((one for tried in self.tries.values() for one in tried[:budget]), key=lambda one: one.score)

    def final(self, budget: int) -> Final:
        """The final runs with what a budget chooses."""
        best = self.chosen(budget)
        return self.finals[best.schedule, best.eta]

    def at_edge(self, budget: int) -> bool:
        """Whether the chosen η is the largest or the smallest of those that were tried: a better one may lie beyond."""
        best = self.chosen(budget)
        etas = [one.eta for one in self.tries[best.schedule][:budget]]
        return best.eta in (min(etas), max(etas))


@dataclass(frozen=True, repr=False)
class Comparison:
    """What a fair race has found, at one budget: how many η each optimizer may try.

    ``with_budget(n)`` tells what would be found with only the first n tries of each; with n = 1 it is the default η.
    """

    entries: tuple[Entry, ...]
    checkpoints: np.ndarray
    budget: int
    target: float
    setting: str

    @property
    def most(self) -> int:
        """How many η each has tried."""
        return max(len(tried) for entry in self.entries for tried in entry.tries.values())

    def with_budget(self, budget: int) -> Comparison:
        """The same race, had each optimizer tried only `budget` η."""
        return replace(self, budget=check_whole("the budget", budget, 1, self.most))

    def with_target(self, target: float) -> Comparison:
        """The same race to another training loss."""
        return replace(self, target=TARGET.check_one(target))

    def final(self, name: str) -> Final:
        """The final runs of one optimizer."""
        return self[name].final(self.budget)

    def __getitem__(self, name: str) -> Entry:
        names = [entry.name for entry in self.entries]
        return self.entries[names.index(check_choice("the name of an optimizer in this race", name, names))]

    def costs(self, by: str = "steps") -> np.ndarray:
        """What it costs to bring the training loss below the target for good: (optimizers, seeds), paired by seed.

        Steps; gradient evaluations; seconds, in those of a step of gradient descent; or memory, numbers of state per
        parameter, whatever the target is. Where the target is not reached, the least that it can be: one checkpoint
        more than the run has.
        """
        check_choice("what is counted", by, COSTS)
        steps = np.array([e.final(self.budget).steps_to(self.target, self.checkpoints) for e in self.entries], float)
        if by == "memory":
            return np.broadcast_to(np.array([[entry.numbers] for entry in self.entries]), steps.shape)
        return steps * np.array([[getattr(entry, by, 1.0)] for entry in self.entries])

    def accuracies(self) -> np.ndarray:
        """Test accuracy, (optimizers, seeds)."""
        return np.array([entry.final(self.budget).accuracy for entry in self.entries])

    def reached(self) -> np.ndarray:
        """Who brings the loss below the target with every seed: (optimizers,)."""
        return (self.costs("steps") <= self.checkpoints[-1]).all(axis=1)

    def places(self, by: str = "steps") -> dict[str, int]:
        """The place of each: one more than how many are clearly better. ``by`` may be "accuracy" too.

        Two tie if the mean difference over the seeds, which they share, is at most two of its standard errors. Who does
        not reach the target with every seed is behind those who do, and ties with the others who do not.
        """
        found = -self.accuracies() if by == "accuracy" else self.costs(by)
        known = np.ones(len(found), bool) if by in ("accuracy", "memory") else self.reached()
        each = range(len(found))

        def better(i: int, than: int) -> bool:
            return bool(known[i]) and (not known[than] or clearly_less(found[i], found[than]))

        places = [1 + sum(better(other, i) for other in each) for i in each]
        order = sorted(each, key=lambda i: (places[i], found[i].mean()))
        return {self.entries[i].name: places[i] for i in order}

    def __repr__(self) -> str:
        return self.table(2)

    def table(self, digits: int = 3) -> str:
        """Places by steps, the chosen η, and accuracies in so many digits; with three, ± their standard deviation.

        With two digits rounding does not decide what is printed, as a rule: in that form it is shown by itself.
        """
        check_whole("digits", digits, 2, 6)
        return "\n".join([f"{self.setting}; {self.budget} η each", *self._rows(digits)])

    def _rows(self, digits: int) -> Iterator[str]:
        wide = max(len(entry.name) for entry in self.entries) + 2
        yield f"place  {'':{wide}}{'η':10}{f'steps to L < {short(self.target)}':18}test accuracy"
        marked = False
        for name, place in self.places().items():
            entry, final = self[name], self.final(name)
            edge = "*" if self.budget > 1 and entry.at_edge(self.budget) else ""
            marked |= bool(edge)
            accuracy = f"{final.accuracy.mean():.{digits}f}"
            accuracy += f" ± {final.accuracy.std(ddof=1):.{digits}f}" if digits > 2 else ""
            eta = f"{entry.chosen(self.budget).eta:.2g}{edge}"
            yield f"{place:<7}{name:{wide}}{eta:10}{self._reached(final):18}{accuracy}"
        if marked:
            yield "* at an end of the η that it tried: a better one may lie beyond"

    def _reached(self, final: Final) -> str:
        """The steps to the target in words, to the nearest five."""
        longest = int(self.checkpoints[-1])
        steps = final.steps_to(self.target, self.checkpoints)
        late = np.mean(steps > longest)
        if late > 0.5:
            return f"> {longest}"
        return f"{'≥ ' if late else ''}{nearest_five(steps.mean())} ± {nearest_five(steps.std(ddof=1))}"


def nearest_five(steps: float) -> int:
    return EVERY * round(float(steps) / EVERY)


def clearly_less(costs: np.ndarray, than: np.ndarray) -> bool:
    """Whether paired costs are less, by more than two standard errors of the mean difference."""
    difference = than - costs
    return bool(difference.mean() > 2 * difference.std(ddof=1) / np.sqrt(len(difference)) + 1e-12)
