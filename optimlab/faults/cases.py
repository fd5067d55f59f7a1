"""The faults in the pool, each with its symptoms, and how a seed chooses one.

A fault belongs to one cause. One cause may have several faults: η can be too large or too small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..optimizers import Momentum
from .causes import NOTHING, Cause
from .measured import Measured, number
from .recipe import Recipe, healthy

__all__ = ["FAULTS", "Fault", "broken", "chosen", "mended"]

Draw = Callable[[np.random.Generator, Recipe], dict[str, Any]]


@dataclass(frozen=True)
class Fault:
    """Something that is wrong with a training.

    Parameters
    ----------
    name : what the tests call it
    cause : the name of its cause
    draw : how strong it is and where it sits: fields of the `Recipe`, from a generator and a healthy recipe
    truth : what was done, in words, of the broken recipe
    look : what to look at, as a clause with the numbers of a training: a hint
    symptoms : what it does to the picture and the table, and what tells it from others
    needs : fields without which this fault would do nothing, set in the healthy recipe too
    """

    name: str
    cause: str
    draw: Draw
    truth: Callable[[Recipe], str]
    look: Callable[[Measured], str]
    symptoms: str
    needs: dict[str, Any] = field(default_factory=dict)


def one_of(name: str, *values: Any) -> Draw:
    """One field takes one of some values."""
    return lambda random, recipe: {name: values[random.integers(len(values))]}


def each(numbers: np.ndarray) -> str:
    return ", ".join(map(number, numbers))


def biases(random: np.random.Generator, recipe: Recipe) -> dict[str, Any]:
    return {"bias": -float(random.choice([8, 10, 12])), "bias_layer": int(random.integers(1, recipe.depth + 1))}


def one_pixel(random: np.random.Generator, recipe: Recipe) -> dict[str, Any]:
    """A pixel in the middle, where there is ink."""
    row, column = random.integers(2, 6, 2)
    return {"huge": float(random.choice([100, 200, 300])), "pixel": int(8 * row + column)}


def too_strong(random: np.random.Generator, recipe: Recipe) -> dict[str, Any]:
    """λ for which a step shrinks the weights by ηλ, 6 to 10 %."""
    return {"decay": float(random.choice([0.06, 0.08, 0.1])) / recipe.eta}


def spreads(m: Measured) -> str:
    _, spread, largest = m.inputs
    return f"the training inputs have spread {number(spread)}, and the largest is {number(largest)}"


def classes(m: Measured) -> str:
    return (
        f"of a training picture and the one nearest to it, {m.among_training[1]:.0%} have the same class; of a test "
        f"picture and the training picture nearest to it, {m.to_training[1]:.0%}"
    )


def steps(m: Measured) -> str:
    return f"the first step moves the layers by these shares of their size: {each(m.first_step)}"


def falling(m: Measured) -> str:
    first, last = m.first_gradient[0], m.first_gradient[-1]
    return (
        f"in the first step |∇W| is {number(first)} for the first layer and {number(last)} for the last, "
        f"{number(last / first)} times as much"
    )


def starts(m: Measured) -> str:
    return (
        f"before any step the mean loss is {m.loss:.5g} (ln 10 is 2.3026), with inputs of spread "
        f"{number(m.inputs[1])}; the layers' first |∇W| are {each(m.first_gradient)}"
    )


FAULTS: tuple[Fault, ...] = (
    Fault(
        "η far too large",
        "the learning rate",
        one_of("rate", 20.0, 30.0, 50.0),
        lambda r: f"η was {r.rate:g} times as large as one that suits",
        steps,
        "All is well before the first step, and its gradient too; but that step moves the weights by a large share of "
        "their size. Then the loss jumps, and stays high or is no number any more; units die.",
    ),
    Fault(
        "η far too small",
        "the learning rate",
        one_of("rate", 1 / 100, 1 / 200, 1 / 300),
        lambda r: f"η was {1 / r.rate:.0f} times smaller than one that suits",
        steps,
        "Both losses fall together, smoothly and slowly, without a bend; the gradients stay large and |ΔW|/|W| is "
        "small in all layers alike.",
    ),
    Fault(
        "weights start too small",
        "the weights at the start",
        one_of("weights", 0.01, 0.03, 0.05),
        lambda r: f"the weights started at {r.weights:g} of their size",
        starts,
        "The first loss is ln 10 to many digits, and stays there. Nothing passes through the layers: all |∇W| are tiny "
        "from the start, though the units are alive and all differ.",
    ),
    Fault(
        "weights start too large",
        "the weights at the start",
        one_of("weights", 4.0, 5.0, 6.0),
        lambda r: f"the weights started {r.weights:g} times too large",
        starts,
        "The first loss is hundreds or thousands of times ln 10, although the inputs have spread 1; huge gradients, "
        "and the first steps ruin the network.",
    ),
    Fault(
        "weights start equal",
        "the weights at the start",
        lambda random, recipe: {"equal": True},
        lambda r: "all weights of a layer started equal, so its units stay equal for ever",
        lambda m: (
            f"of the units of the hidden layers, so many differ from one another at the start: {each(m.different)}"
        ),
        "The first loss is ln 10, it falls a little and ends high, with a test accuracy of 0.2 to 0.3. The units of a "
        "layer are one and the same: the table counts 1 that differs.",
    ),
    Fault(
        "biases start far below 0",
        "the biases at the start",
        biases,
        lambda r: f"the biases of hidden layer {r.bias_layer} started at −{-r.bias:g}: its ReLUs are dead",
        lambda m: (
            "the shares of units that are 0 for every training digit before any step, layer by layer: "
            + ", ".join(f"{share:.0%}" for share in m.silent)
        ),
        "A whole layer is 0 for every digit at the start, no gradient comes through it, and nothing before it moves. "
        "The loss stays at ln 10, for only the last biases learn.",
    ),
    Fault(
        "sigmoid in depth",
        "the activation",
        one_of("activation", "sigmoid"),
        lambda r: f"{r.depth} layers of sigmoids, each of which passes on a quarter of the gradient at most",
        falling,
        "|∇W| falls from the last layer to the first by a factor at each, and the steps with it, for the optimizer "
        "does not divide by anything. No unit is ever 0. The loss stays near ln 10.",
        {"depth": 4},
    ),
    Fault(
        "one huge pixel",
        "the units of the inputs",
        one_pixel,
        lambda r: f"pixel {r.pixel} was in other units: {r.huge:g} times as large",
        spreads,
        "The largest input is hundreds of times the others' spread, the first loss is well above ln 10, and |∇W| is "
        "largest in the first layer.",
    ),
    Fault(
        "all pixels huge",
        "the units of the inputs",
        one_of("huge", 40.0, 60.0, 100.0),
        lambda r: f"all inputs were {r.huge:g} times too large",
        spreads,
        "The inputs have a spread far from 1, so the first loss is as far above ln 10.",
    ),
    Fault(
        "wrong labels",
        "the labels",
        one_of("wrong_labels", 0.5, 0.6, 0.7),
        lambda r: f"{r.wrong_labels:.0%} of the training labels had been permuted",
        classes,
        "The training loss falls slowly to a high level, the test loss turns up: the wrong ones are learned by heart. "
        "Yet the test accuracy is far above chance. Nearest training pictures often have different classes.",
    ),
    Fault(
        "labels shifted against pictures",
        "the pairing",
        lambda random, recipe: {"apart": int(random.integers(1, 40))},
        lambda r: f"the labels were {r.apart} rows away from their pictures, in training and test",
        classes,
        "The training loss falls slowly, by learning by heart; the test loss rises above ln 10 and the test accuracy "
        "stays at 0.1. Nearest pictures have the same class in one case of ten.",
    ),
    Fault(
        "never shuffled",
        "the order of the examples",
        lambda random, recipe: {"shuffled": False},
        lambda r: "the file is sorted by class, and nobody shuffled",
        lambda m: f"the first batch has so many examples of the classes 0 … 9: {each(m.counts)}",
        "Restless and too high, training and test loss alike; the first batch is all of one class.",
        {"rule": Momentum(0.02)},  # gradient descent with these η often survives it
    ),
    Fault(
        "test pictures in the training set",
        "the split",
        one_of("shared", 0.9, 0.95, 1.0),
        lambda r: f"{r.shared:.0%} of the test pictures were in the training set too",
        lambda m: (
            f"the nearest training picture is {number(m.to_training[0])} away from a test picture, and "
            f"{number(m.among_training[0])} from another training picture"
        ),
        "Everything looks perfect, and better than these few digits allow: the test loss ends far lower than "
        "it honestly could. A test picture has distance 0 from the nearest training picture.",
    ),
    Fault(
        "test set in other units",
        "the units of the test inputs",
        one_of("test_units", "raw", "inverted"),
        lambda r: (
            "the test pictures were as they stand in the file, from 0 to 16"
            if r.test_units == "raw"
            else "the test pictures were inverted, paper for ink"
        ),
        lambda m: (
            f"the training inputs have mean {abs(m.inputs[0]):.2f} and spread {number(m.inputs[1])}, the test inputs "
            f"{m.test_inputs[0] + 0.0:.2f} and {number(m.test_inputs[1])}"
        ),
        "The training is perfect. The test loss is off from epoch 0 on, before anything is learned, and rises.",
    ),
    Fault(
        "weight decay far too strong",
        "the weight decay",
        too_strong,
        lambda r: f"weight decay took {r.decay * r.eta:.0%} off the weights in each step",
        lambda m: f"at the end the layers have these shares of the size that they started with: {each(m.grown)}",
        "All begins well; then |W| shrinks to nothing, the gradients with it, and the loss goes to ln 10. |ΔW|/|W| "
        "stays at hundredths and more: what moves the weights is not the gradient.",
    ),
    Fault(
        "gradient summed over the batch",
        "the gradient of a batch",
        lambda random, recipe: {"summed": True},
        lambda r: "the gradient was the sum over the batch, the loss the mean",
        lambda m: (
            f"|g| of the first batch is {number(m.gradient)}, and by differences its loss rises by {number(m.slope)} "
            "per unit of length"
        ),
        "As with η far too large, and for this B a smaller η would hide it; but the gradient is B times the slope of "
        "the loss, before any step.",
    ),
    Fault(
        "layers not trained",
        "the layers that are trained",
        one_of("still", (1,), (1, 2)),
        lambda r: f"the optimizer had not been told of {' and '.join(f'W{i}' for i in r.still)} and their biases",
        lambda m: (
            f"in the last epoch the gradients of the layers are {each(m.last_gradient)}, and they move by these shares "
            f"of their size: {each(m.last_step)}"
        ),
        "|ΔW|/|W| is 0 in some layers although their |∇W| is not. The rest learns: test accuracy 0.7 to 0.9.",
    ),
    Fault(
        "healthy",
        NOTHING,
        lambda random, recipe: {},
        lambda r: "the training is healthy as it is",
        lambda m: (
            f"the first loss is {number(m.loss)} (ln 10 is 2.3); |g| is {number(m.gradient)} and {number(m.slope)} by "
            f"differences; the test accuracy is {m.test_accuracy:.3f}"
        ),
        "The loss falls steeply and levels off, the test loss above it; no layer stands out.",
    ),
)


def chosen(seed: int) -> Fault:
    """The fault of a seed. Seeds 0 … 17 give each fault once, in a mixed order, and so do the next eighteen."""
    block, place = divmod(seed, len(FAULTS))
    return FAULTS[np.random.default_rng([block, 4]).permutation(len(FAULTS))[place]]


def broken(fault: Fault, seed: int) -> tuple[Recipe, Recipe]:
    """The recipe with this fault, and the same recipe without it; the seed draws how strong it is and where it sits."""
    good = replace(healthy(seed), **fault.needs)
    return replace(good, **fault.draw(np.random.default_rng([seed, 5]), good)), good


def mended(recipe: Recipe, good: Recipe, cause: Cause) -> Recipe:
    """The recipe with the fields of one cause put right."""
    return replace(recipe, **{name: getattr(good, name) for name in cause.fields})
