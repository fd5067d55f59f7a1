"""What a learner handles: a case, its suspects, and what a mended training shows."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from ..checks import check_seed
from ..extras import needed
from .cases import Fault, broken, chosen, mended
from .causes import CAUSES, NOTHING, cause_of
from .measured import measure, number, table
from .recipe import EPOCHS, Run, run

__all__ = ["Case", "Mended", "Sentence", "Suspects", "complaints", "find_the_fault"]

NEAR = 0.02
"""How far an accuracy may be from that of the healthy training: 2 points."""
TRIES = 3  # wrong ones, before the answer is offered


def find_the_fault(seed: int = 0) -> Case:
    """A broken training, chosen by the seed: look at what was measured, suspect a cause, mend it.

    Parameters
    ----------
    seed : the same seed gives the same case, and goes on counting its tries; 0 … 17 are all different
    """
    return case_of(check_seed(seed))


@cache
def case_of(seed: int) -> Case:
    return Case(seed, chosen(seed))


def complaints(now: Run, good: Run) -> list[str]:
    """What is not healthy about a training, as sentences; none if it is healthy.

    `good` is the healthy training: the same digits, network, optimizer and seed, without the fault. A training is
    healthy if

    1. its training loss is finite at the end and below that of the start,
    2. its test accuracy is within 2 points of the healthy training's: a better one is not honest,
    3. on digits kept apart, which neither part contains, it is not more than 2 points below the healthy training.
    """
    said = []
    first, last = now.history.loss[0], now.history.loss[EPOCHS]
    if not last < first:
        said.append(f"the training loss goes from {number(first)} to {number(last)}: it does not fall")
    test, other = now.history.test_accuracy[EPOCHS], good.history.test_accuracy[EPOCHS]
    if round(abs(test - other), 9) > NEAR:
        side = "below" if test < other else "above"
        said.append(f"the test accuracy, {test:.3f}, is {abs(test - other):.3f} {side} that of the healthy training")
    if round(good.kept - now.kept, 9) > NEAR:
        said.append(f"on digits kept apart it has {now.kept:.3f}, where the healthy training has {good.kept:.3f}")
    return said


class Suspects(dict):
    """The possible causes, by letter; it shows itself as a list."""

    def __repr__(self) -> str:
        return "\n".join(f"{letter}) {name}" for letter, name in self.items())


class Shown:
    """Something with a picture and a text: a notebook shows both."""

    title = ""

    def _repr_png_(self) -> bytes:
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        from IPython.display import display

        png = base64.b64encode(self._repr_png_()).decode()
        display({"image/png": png, "text/plain": self.title}, raw=True)
        print(self)


def drawn(rows: list[tuple[str, Run]]) -> bytes:
    needed("labs", "the picture of a case needs", "matplotlib")
    from .picture import picture

    return picture(rows)


class Case(Shown):
    """A training, and what was measured of it: what `find_the_fault` makes.

    The fault is really done to the training. `mend` repeats the training with one cause put right; a training is
    healthy if `complaints` has none: the loss falls, the test accuracy is within 2 points of a healthy training's on
    the same digits, and so are digits kept apart.
    """

    def __init__(self, seed: int, fault: Fault):
        self.seed, self._fault = seed, fault
        self._recipe, self._good = broken(fault, seed)
        self._run = run(self._recipe)
        self._tried: list[str] = []
        self.title = f"case {seed}: loss, accuracy, |∇W| and |ΔW|/|W| against the epoch"

    @property
    def suspects(self) -> Suspects:
        """The possible causes: the same for every case."""
        return Suspects({letter: f"{cause.name} (right: {cause.mended})" for letter, cause in CAUSES.items()})

    def mend(self, cause: Any) -> Mended | Sentence:
        """Train again with one cause put right.

        Parameters
        ----------
        cause : a letter or a name of ``case.suspects``; with ``...`` nothing is tried
        """
        if cause is ...:
            return Sentence("No suspect yet: write a letter or a name of case.suspects in place of the dots.")
        suspect = cause_of(cause)
        found = self._fault.cause in self._tried
        if suspect.name not in self._tried and not found:
            self._tried.append(suspect.name)
        after = run(mended(self._recipe, self._good, suspect))
        verdict = self._right(suspect.name) if suspect.name == self._fault.cause else self._wrong(suspect.name, after)
        title = f"case {self.seed}, before and after: {suspect.name}"
        return Mended(title, verdict, self._run, after, run(self._good))

    def reveal(self) -> Mended | Sentence:
        """What it was, after three wrong tries or when it has been found."""
        wrong = [name for name in self._tried if name != self._fault.cause]
        if len(wrong) < TRIES and self._fault.cause not in self._tried:
            return Sentence(f"First try {TRIES} causes, with case.mend(…): so far it was {len(wrong)}.")
        text = f"It was {self._fault.cause}: {self._fault.truth(self._recipe)}.\n{self._fault.symptoms}"
        good = run(self._good)
        return Mended(f"case {self.seed}, before and after: {self._fault.cause}", text, self._run, good, good)

    def _right(self, name: str) -> str:
        tries = self._tried.index(name) + 1
        return f"✓ found, in {tries} {'try' if tries == 1 else 'tries'}: {name} ({self._fault.truth(self._recipe)})."

    def _wrong(self, name: str, after: Run) -> str:
        """What a wrong mend has changed, and a hint from this very training."""
        wrong = [tried for tried in self._tried if tried != self._fault.cause]
        if name == NOTHING:
            said = "✗ something is wrong."
        elif after.recipe == self._recipe:
            said = f"✗ not {name}: that was in order. Put right, the training is the same, number for number."
        else:
            said = f"✗ not {name}: put right, the training is another one, but that was not it."
        here, there = (self._fault.look(measure(run(recipe))) for recipe in (self._recipe, self._good))
        said += f"\nLook here: {here}."
        if len(wrong) > 1 and there != here:
            said += f"\nIn a healthy training of these digits: {there}."
        if len(wrong) >= TRIES and self._fault.cause not in self._tried:
            said += "\nOr let it be told: case.reveal()."
        return said

    def _repr_png_(self) -> bytes:
        return drawn([(f"case {self.seed}", self._run)])

    def __repr__(self) -> str:
        return (
            f"case {self.seed}: {table(self._run)}\n\n"
            'Is something wrong, and what? case.suspects lists the possible causes, case.mend("a") puts one right.'
        )


class Mended(Shown):
    """Two trainings beside each other, before and after: what `Case.mend` returns.

    Attributes
    ----------
    complaints : what is not healthy about the mended training, see `complaints`
    healthy : whether there is nothing to complain of
    """

    def __init__(self, title: str, verdict: str, before: Run, after: Run, good: Run):
        self.title, self._verdict, self._runs = title, verdict, (before, after, good)
        self.complaints = complaints(after, good)

    @property
    def healthy(self) -> bool:
        return not self.complaints

    def _repr_png_(self) -> bytes:
        return drawn(list(zip(("before", "after"), self._runs)))

    def __repr__(self) -> str:
        before, after, good = self._runs
        well = "Healthy now." if complaints(before, good) else "Healthy, as it was before."
        state = well if self.healthy else f"Not healthy: {'; '.join(self.complaints)}."
        return "\n".join([self._verdict, "", *compared(before, after, good), "", state])


class Sentence:
    """A sentence; it shows itself."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def compared(before: Run, after: Run, good: Run) -> list[str]:
    """The ends of three trainings, a line for each number."""
    rows = {
        "training loss": [number(each.history.loss[EPOCHS]) for each in (before, after, good)],
        "test loss": [number(each.history.test_loss[EPOCHS]) for each in (before, after, good)],
        "training accuracy": [f"{each.history.accuracy[EPOCHS]:.3f}" for each in (before, after, good)],
        "test accuracy": [f"{each.history.test_accuracy[EPOCHS]:.3f}" for each in (before, after, good)],
        "accuracy on digits kept apart": [f"{each.kept:.3f}" for each in (before, after, good)],
    }
    head = f"{'after the last epoch':30}" + "".join(f"{name:>10}" for name in ("before", "after", "healthy"))
    return [head, *(f"{name:30}" + "".join(f"{cell:>10}" for cell in cells) for name, cells in rows.items())]
