"""A training as one piece of data: from the file to the last epoch, with every place where a fault can sit.

The defaults are in order. A fault is other values in some fields, and to mend it is to put the defaults back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..networks import Data, Network, digits
from ..optimizers import GradientDescent, Momentum, Optimizer
from ..training import Examples, History, train
from .broken import InFileOrder, Standing, Summed

__all__ = ["Recipe", "Run", "healthy", "run"]

TRAINING, TEST = 500, 500  # digits; the other 797 are kept apart
EPOCHS, BATCH = 12, 25
RULES: tuple[Optimizer, ...] = (GradientDescent(0.2), Momentum(0.02))
"""Optimizers that suit these networks. None of them divides by the gradient's size, as Adam does: it would hide some
of the faults."""


@dataclass(frozen=True)
class Recipe:
    """What a training is made of.

    Parameters
    ----------
    seed : draws the split, θ₀, the batches, and which rows or pixels a fault hits
    width, depth : of the hidden layers, and how many there are
    rule : the optimizer with an η that suits
    rate : what that η is multiplied by
    weights : what He's start is multiplied by
    equal : whether all weights of a layer start at one value, so that each unit begins with the mean of its inputs
    bias, bias_layer : where the biases of one hidden layer start
    activation : of the hidden layers
    huge, pixel : what the inputs are multiplied by: one pixel, or all of them if it is −1
    wrong_labels : share of the training labels that are permuted among themselves
    apart : by how many rows the labels are shifted against the pictures, in training and test
    shuffled : whether each epoch shuffles; the file is sorted by class
    shared : share of the test pictures that are training pictures too
    test_units : how the test pictures are prepared: "same", "raw" (0 to 16) or "inverted"
    decay : λ of decoupled weight decay
    summed : whether the gradient is a sum over the batch
    still : layers that the optimizer has not been told of
    """

    seed: int = 0
    width: int = 32
    depth: int = 4
    rule: Optimizer = RULES[0]
    rate: float = 1.0
    weights: float = 1.0
    equal: bool = False
    bias: float = 0.0
    bias_layer: int = 1
    activation: str = "relu"
    huge: float = 1.0
    pixel: int = -1
    wrong_labels: float = 0.0
    apart: int = 0
    shuffled: bool = True
    shared: float = 0.0
    test_units: str = "same"
    decay: float = 0.0
    summed: bool = False
    still: tuple[int, ...] = ()

    @property
    def network(self) -> Network:
        kind = Summed if self.summed else Network if self.shuffled else InFileOrder
        return kind((64, *[self.width] * self.depth, 10), self.activation)

    @property
    def eta(self) -> float:
        """The η that suits."""
        return float(np.asarray(self.rule.lr))

    @property
    def optimizer(self) -> Optimizer:
        optimizer = self.rule.replace(lr=self.eta * self.rate)
        return Standing(optimizer, still=self.still) if self.still else optimizer

    def start(self) -> np.ndarray:
        """θ₀: He's for ReLU, Xavier's for sigmoid, and what a fault makes of it."""
        network = self.network
        theta = network.init(self.seed) * self.weights
        for W, _ in network.layers(theta) if self.equal else []:
            W[:] = 1 / len(W)
        network.layers(theta)[self.bias_layer - 1][1][:] = self.bias
        return theta


@dataclass(frozen=True, eq=False)
class Run:
    """A training that has been done.

    Attributes
    ----------
    kept : accuracy on the digits that were kept apart: prepared as the training digits are, and never trained on
    """

    recipe: Recipe
    loss: Examples
    start: np.ndarray
    history: History
    kept: float


@lru_cache(maxsize=8)
def file(seed: int) -> Data:
    """The digits as they stand in the file, pixels from 0 to 1, parted by the seed."""
    return digits(TRAINING, seed)


def split(recipe: Recipe) -> tuple[Data, tuple[np.ndarray, np.ndarray]]:
    """Training and test digits as this recipe prepares them, and the digits kept apart, which no fault but one of the
    inputs' units reaches."""
    raw = file(recipe.seed)
    mean = raw.X.mean(axis=0)
    spread = (raw.X - mean).std()  # one for all: some pixels are nearly always white
    random = np.random.default_rng([recipe.seed, 2])

    def units(X: np.ndarray) -> np.ndarray:
        X = (X - mean) / spread
        X[:, slice(None) if recipe.pixel < 0 else recipe.pixel] *= recipe.huge
        return X

    X, y, X_test, y_test = raw.X, raw.y, raw.X_test[:TEST], raw.y_test[:TEST]
    shared = random.choice(TRAINING, round(recipe.shared * TEST), replace=False)
    X_test, y_test = np.vstack([X[shared], X_test[len(shared) :]]), np.append(y[shared], y_test[len(shared) :])
    y, y_test = np.roll(mislabelled(y, recipe.wrong_labels, random), recipe.apart), np.roll(y_test, recipe.apart)
    order = np.argsort(y, kind="stable")  # the file is sorted by class
    prepared = {"same": lambda: units(X_test), "raw": lambda: 16 * X_test, "inverted": lambda: units(1 - X_test)}
    data = Data(units(X)[order], y[order], prepared[recipe.test_units](), y_test, "digits")
    return data, (units(raw.X_test[TEST:]), raw.y_test[TEST:])


def mislabelled(y: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """The labels, a share of them permuted among themselves."""
    rows = random.choice(len(y), round(share * len(y)), replace=False)
    y = y.copy()
    y[rows] = y[random.permutation(rows)]
    return y


@lru_cache(maxsize=64)
def run(recipe: Recipe) -> Run:
    """Do this training: 300 steps, half a second."""
    data, kept = split(recipe)
    network, start = recipe.network, recipe.start()
    options: dict[str, Any] = {"epochs": EPOCHS, "batch_size": BATCH, "seed": recipe.seed, "weight_decay": recipe.decay}
    with np.errstate(all="ignore"):  # some faults end in what is no number
        history = train(network, data, recipe.optimizer, theta=start, progress=False, watch_layers=True, **options)
        accuracy = network.accuracy(history.theta, *kept)
    return Run(recipe, network.on(data, BATCH, recipe.seed), start, history, accuracy)


def healthy(seed: int) -> Recipe:
    """A recipe in which nothing is wrong: the seed draws the split, the network and the optimizer."""
    random = np.random.default_rng([seed, 3])
    rule = RULES[random.integers(len(RULES))]
    return Recipe(seed, int(random.choice([24, 32])), int(random.choice([3, 4])), rule)
