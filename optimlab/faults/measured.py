"""What is measured of a training, whatever is wrong with it: the same lines for every case, and no verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..networks import Data
from .recipe import EPOCHS, Run

__all__ = ["Measured", "ending", "measure", "number", "table"]


@dataclass(frozen=True, eq=False)
class Measured:
    """Numbers of one training.

    Attributes
    ----------
    loss, slope, gradient : of the first batch at θ₀: its mean loss; how fast this rises along the gradient, by central
        differences; and the gradient's norm, which should be the same
    counts : how many examples of each class the first batch has, shape (10,)
    inputs, test_inputs : mean, standard deviation and largest absolute value of X and of X_test
    to_training, among_training : of a test picture to the nearest training picture, and of a training picture to the
        nearest other one: the median distance, and how often both have the same class
    silent, silent_end : share of the hidden units of each layer that are 0 for every training example, at the start and
        at the end
    different : how many units of each hidden layer differ from one another at the start, on the training examples
    first_gradient, first_step : |∇W| and |ΔW|/|W| of each layer in the first step
    last_gradient, last_step : the same, means over the last epoch
    grown : |W| at the end, in units of |W| at the start, of each layer
    accuracy, test_accuracy : after the last epoch
    """

    loss: float
    slope: float
    gradient: float
    counts: np.ndarray
    inputs: tuple[float, float, float]
    test_inputs: tuple[float, float, float]
    to_training: tuple[float, float]
    among_training: tuple[float, float]
    silent: np.ndarray
    silent_end: np.ndarray
    different: np.ndarray
    first_gradient: np.ndarray
    first_step: np.ndarray
    last_gradient: np.ndarray
    last_step: np.ndarray
    grown: np.ndarray
    accuracy: float
    test_accuracy: float


@lru_cache(maxsize=64)
def measure(run: Run) -> Measured:
    """Measure a training that has been done."""
    history, data = run.history, run.loss.data
    with np.errstate(all="ignore"):
        loss, slope, gradient, counts = first_batch(run)
        return Measured(
            loss=loss,
            slope=slope,
            gradient=gradient,
            counts=counts,
            inputs=of_inputs(data.X),
            test_inputs=of_inputs(data.X_test),
            to_training=nearest(data.X_test, data.y_test, data),
            among_training=nearest(data.X, data.y, data, others=True),
            silent=silent(run, run.start),
            silent_end=silent(run, history.theta),
            different=different(run),
            first_gradient=history.per_layer[0][0],
            first_step=history.per_layer[0][1],
            last_gradient=history.per_layer[EPOCHS][0],
            last_step=history.per_layer[EPOCHS][1],
            grown=grown(run),
            accuracy=history.accuracy[EPOCHS],
            test_accuracy=history.test_accuracy[EPOCHS],
        )


def first_batch(run: Run) -> tuple[float, float, float, np.ndarray]:
    """The first batch's mean loss, the slope (L(θ + hu) − L(θ − hu)) / 2h along u = g/|g|, |g|, and its classes."""
    X, y, _ = run.loss.batch(0)
    theta, network = run.start, run.recipe.network
    g = network.gradient(theta, X, y)
    size = float(np.linalg.norm(g))
    h = 1e-5 / max(1.0, float(np.abs(X).max()))  # large inputs bend the loss sooner
    u = h * g / size if size > 0 else 0 * g
    slope = (network.value(theta + u, X, y) - network.value(theta - u, X, y)) / (2 * h)
    return network.value(theta, X, y), slope, size, np.bincount(y, minlength=10)


def of_inputs(X: np.ndarray) -> tuple[float, float, float]:
    return float(X.mean()), float(X.std()), float(np.abs(X).max())


def nearest(X: np.ndarray, y: np.ndarray, data: Data, others: bool = False) -> tuple[float, float]:
    """The median distance of a row to the nearest training example, and how often this one has the same class.

    With `others`, the rows are the training examples themselves, and each looks for the nearest other one.
    """
    square = (X**2).sum(axis=1)[:, None] + (data.X**2).sum(axis=1) - 2 * X @ data.X.T
    if others:
        np.fill_diagonal(square, np.inf)
    found = square.argmin(axis=1)
    distances = np.linalg.norm(X - data.X[found], axis=1)
    return float(np.median(distances)), float(np.mean(data.y[found] == y))


def hidden(run: Run, theta: np.ndarray | None) -> list[np.ndarray]:
    """The answers of each hidden layer to all training examples, shape (n, width)."""
    return run.recipe.network.forward(theta, run.loss.data.X)[1:-1]


def silent(run: Run, theta: np.ndarray | None) -> np.ndarray:
    return np.array([np.mean((a == 0).all(axis=0)) for a in hidden(run, theta)])


def different(run: Run) -> np.ndarray:
    """Units that are equal up to rounding count once."""
    return np.array([np.unique(rounded(a), axis=1).shape[1] for a in hidden(run, run.start)])


def rounded(a: np.ndarray) -> np.ndarray:
    return np.round(a / (np.abs(a).max() or 1.0), 9)


def grown(run: Run) -> np.ndarray:
    layers = zip(run.recipe.network.layers(run.start), run.recipe.network.layers(run.history.theta))
    return np.array([np.linalg.norm(after) / np.linalg.norm(before) for (before, _), (after, _) in layers])


def table(run: Run) -> str:
    """The measurements in words and numbers."""
    m, recipe = measure(run), run.recipe
    counts = " ".join(map(str, m.counts))
    widths = "–".join(map(str, recipe.network.sizes))
    examples = f"{len(run.loss.data.X)} training and {len(run.loss.data.X_test)} test digits"
    lines = [
        f"{widths}, {recipe.rule.name}, {EPOCHS} epochs, {examples}",
        f"at the end       {ending(run)}",
        f"first batch      mean loss {number(m.loss)} (ln 10 is 2.30), examples of 0 … 9: {counts}",
        f"its gradient     |g| = {number(m.gradient)}; along g the loss rises by {number(m.slope)} per unit of length "
        "(differences)",
        f"inputs           training: {spread_of(m.inputs)}",
        f"                 test:     {spread_of(m.test_inputs)}",
        f"nearest picture  in training, of a test picture:   {neighbour(m.to_training)}",
        f"                 another, of a training picture:   {neighbour(m.among_training)}",
        "",
        *by_layer(m),
    ]
    return "\n".join(lines)


def by_layer(m: Measured) -> list[str]:
    """A column for each layer."""
    rows: list[tuple[str, Iterable[object]]] = [
        ("by layer", [f"W{i + 1}" for i in range(len(m.grown))]),
        ("|∇W|, first step", map(number, m.first_gradient)),
        ("|∇W|, last epoch", map(number, m.last_gradient)),
        ("|ΔW|/|W|, first step", map(number, m.first_step)),
        ("|ΔW|/|W|, last epoch", map(number, m.last_step)),
        ("|W| at the end / at the start", map(number, m.grown)),
        ("units that differ, at the start", m.different),
        ("units 0 for all digits, at the start", [f"{share:.0%}" for share in m.silent]),
        ("units 0 for all digits, at the end", [f"{share:.0%}" for share in m.silent_end]),
    ]
    return [f"{name:36}" + "".join(f"{cell!s:>9}" for cell in cells) for name, cells in rows]


def ending(run: Run) -> str:
    """Losses and accuracies after the last epoch."""
    loss, test_loss, accuracy, test_accuracy = (entries[EPOCHS] for entries in run.history.curves[:4])
    return (
        f"loss: training {number(loss)}, test {number(test_loss)}; "
        f"accuracy: training {accuracy:.3f}, test {test_accuracy:.3f}"
    )


def neighbour(found: tuple[float, float]) -> str:
    distance, same = found
    return f"{number(distance)} away, same class {same:.0%}"


def spread_of(numbers: tuple[float, float, float]) -> str:
    mean, std, most = numbers
    return f"mean {round(mean, 2) + 0.0:.2f}, spread {number(std)}, largest {number(most)}"


def number(x: float) -> str:
    """Two or three digits; "–" for what is no finite number any more."""
    if not np.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    return f"{x:.1e}" if abs(x) < 1e-3 or abs(x) >= 1e4 else f"{x:.3g}" if abs(x) >= 100 else f"{x:.2g}"
