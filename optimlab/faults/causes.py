"""The causes that a learner can suspect, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..checks import told

__all__ = ["CAUSES", "NOTHING", "Cause", "cause_of"]

NOTHING = "nothing"  # the cause of the healthy case


@dataclass(frozen=True)
class Cause:
    """What can be put right in a training.

    Parameters
    ----------
    name : as a learner writes it
    fields : of the `Recipe`, which get their healthy values back
    mended : how it is when it is right
    others : other words for it
    """

    name: str
    fields: tuple[str, ...]
    mended: str
    others: tuple[str, ...] = ()


CAUSES: dict[str, Cause] = {
    letter: cause
    for letter, cause in zip(
        "abcdefghijklmn",
        (
            Cause("the learning rate", ("rate",), "an η that suits this network", ("η", "eta", "lr", "step size")),
            Cause(
                "the weights at the start",
                ("weights", "equal"),
                "drawn from a normal distribution, as wide as the activation wants it",
                ("weights", "initial weights", "initialization", "initialisation", "init", "start"),
            ),
            Cause("the biases at the start", ("bias", "bias_layer"), "all 0", ("biases", "bias", "initial biases")),
            Cause("the activation", ("activation",), "ReLU, with the start that belongs to it", ("activations",)),
            Cause(
                "the units of the inputs",
                ("huge", "pixel"),
                "each pixel centred, all of them in one unit, spread 1",
                ("inputs", "units", "input units", "standardization", "standardisation", "scaling", "features"),
            ),
            Cause("the labels", ("wrong_labels",), "each training digit has its own", ("wrong labels", "label noise")),
            Cause(
                "the pairing",
                ("apart",),
                "pictures and labels stand in the same order",
                ("pairing of pictures and labels", "pictures and labels apart", "pairs", "alignment"),
            ),
            Cause(
                "the order of the examples",
                ("shuffled",),
                "shuffled anew in each epoch",
                ("order", "shuffle", "shuffling", "batch order"),
            ),
            Cause(
                "the split",
                ("shared",),
                "no picture is in both parts, training and test",
                ("leak", "leakage", "data leak", "duplicates", "test set in training"),
            ),
            Cause(
                "the units of the test inputs",
                ("test_units",),
                "prepared as the training inputs are",
                ("test inputs", "test units", "test set", "test preparation"),
            ),
            Cause(
                "the weight decay", ("decay",), "none", ("decay", "regularization", "regularisation", "penalty", "λ")
            ),
            Cause(
                "the gradient of a batch",
                ("summed",),
                "the mean over its examples, as the loss is",
                ("gradient", "batch gradient", "sum over the batch", "mean over the batch", "averaging"),
            ),
            Cause(
                "the layers that are trained",
                ("still",),
                "all of them",
                ("layers", "frozen layers", "a frozen layer", "trained layers"),
            ),
            Cause(NOTHING, (), "the training is healthy as it is", ("nothing is wrong", "healthy", "none")),
        ),
    )
}
"""The suspects, by letter: the same for every case."""


def plain(words: str) -> str:
    return words.strip().casefold().rstrip(").:").removeprefix("the ").strip()


def cause_of(said: Any) -> Cause:
    """The cause that a learner means, by its letter, its name or another word for it; or a `ValueError`."""
    words = plain(said) if isinstance(said, str) else None
    for letter, cause in CAUSES.items():
        if words in {letter, *map(plain, (cause.name, *cause.others))}:
            return cause
    names = ", ".join(f"{letter}) {cause.name}" for letter, cause in CAUSES.items())
    raise ValueError(f"the cause must be one of {names}, by its letter or its name, got {told(said)}")
