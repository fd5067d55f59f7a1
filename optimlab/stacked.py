"""Many trainings of one network side by side: each run has its own θ and its own η, and some share a seed.

θ is an array (runs, d), and each layer is one product of stacked matrices, several times faster than run after run. The
batches and the starts are those of `Network.on` and of `train`: a seed means the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from .data import Data
from .descent import Driver, foreign, walk
from .layers import Layers
from .losses import Gradient, Loss
from .networks import Network, cross_entropy_slope, log_softmax
from .optimizers import Optimizer

__all__ = ["Stacked", "losses", "paths"]

TRIED = 3  # steps that are tried, to see whether a rule treats many runs as it treats each of them
Schedule = Callable[[Any, int], Any]


class Stacked(Loss):
    """The losses of runs of one network on some data, θ of shape (runs, d), where runs is a multiple of the seeds.

    Run number i has the seed number i mod len(seeds). All batches are drawn when this is made, and serve everyone.

    Parameters
    ----------
    steps : how many steps there are batches for
    seeds : each draws a start, the batches and dropout's masks
    """

    name, stochastic = "runs side by side", True

    def __init__(self, network: Network, data: Data, batch_size: int, seeds: Sequence[int], steps: int):
        self.network, self.steps = network, steps
        self.examples = [network.on(data, batch_size, seed) for seed in seeds]
        self.starts = np.stack([each.start for each in self.examples])
        self.batches = [self._batches(k) for k in range(steps)]

    def _batches(self, k: int) -> tuple[np.ndarray, np.ndarray, list | None]:
        X, y, masks = zip(*(each.batch(k) for each in self.examples), strict=True)
        stacked = None if masks[0] is None else [np.stack(layer) for layer in zip(*masks, strict=True)]
        return np.stack(X), np.stack(y), stacked

    @property
    def layers(self) -> Layers:
        return self.network.layout

    def gradient_at(self, k: int) -> Gradient:
        X, y, masks = self.batches[min(k, self.steps - 1)]

        def slope(theta: np.ndarray) -> np.ndarray:
            runs = theta.reshape(-1, len(self.examples), theta.shape[-1])
            a = self.network.activations(runs, X, masks)
            return self.network.backward(runs, a, cross_entropy_slope(a[-1], y), masks).reshape(theta.shape)

        return slope


def losses(network: Network, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The mean cross-entropy of every run, without the penalty: (..., d) → (...)."""
    log_p = log_softmax(network.activations(theta, X)[-1])
    return -log_p[..., np.arange(len(y)), y].mean(axis=-1)


def paths(
    optimizer: Optimizer, loss: Stacked, rates: Sequence[float], schedule: Schedule
) -> Iterator[tuple[int, np.ndarray, int]]:
    """Train with each η and each seed: (k, θ of shape (rates, seeds, d), gradients a run has asked for) of each step.

    ``schedule(η, k)`` is the learning rate of step k. Whoever's rule treats many runs at once otherwise than one alone
    (a norm over all of θ) is given one run after the other.
    """
    side_by_side = not foreign(innermost(optimizer)) or treats_alike(optimizer, loss)
    yield from (together if side_by_side else one_by_one)(optimizer, loss, rates, schedule)


def together(optimizer: Optimizer, loss: Stacked, rates: Sequence[float], schedule: Schedule) -> Iterator:
    eta = np.repeat(np.asarray(rates, float), len(loss.starts))[:, None]
    theta = np.tile(loss.starts, (len(rates), 1))
    driver, asked = Driver(optimizer, lambda k: schedule(eta, k)), 0
    for point in islice(walk(loss, driver, theta), loss.steps + 1):
        asked += len(point.asked)
        yield point.k, point.theta.reshape(len(rates), *loss.starts.shape), asked


def one_by_one(optimizer: Optimizer, loss: Stacked, rates: Sequence[float], schedule: Schedule) -> Iterator:
    walks = [
        walk(examples, Driver(optimizer, lambda k, eta=float(eta): schedule(eta, k)), examples.start)
        for eta in rates
        for examples in loss.examples
    ]
    asked = 0
    for points in islice(zip(*walks, strict=True), loss.steps + 1):
        asked += len(points[0].asked)
        theta = np.stack([point.theta for point in points])
        yield points[0].k, theta.reshape(len(rates), *loss.starts.shape), asked


def innermost(optimizer: Any) -> Any:
    """The first one of somebody's own among an optimizer and those inside it, or else the innermost."""
    while not foreign(optimizer) and hasattr(optimizer, "inner"):
        optimizer = optimizer.inner
    return optimizer


def treats_alike(optimizer: Optimizer, loss: Stacked) -> bool:
    """Whether a few steps of two runs side by side are those that each of them makes alone."""
    eta = 1.0 if callable(optimizer.lr) else float(optimizer.lr)
    arguments = (optimizer, loss, [eta, eta / 2], lambda eta, k: eta)
    try:
        found = [theta for _, theta, _ in islice(together(*arguments), TRIED + 1)]
    except Exception:  # whatever it is: alone it may be right, and if not, it is told there
        return False
    wanted = [theta for _, theta, _ in islice(one_by_one(*arguments), TRIED + 1)]
    return bool(np.allclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True))
