"""Three bugs as code: the training runs without an error and does something else than it should."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..layers import Layers
from ..losses import Gradient
from ..networks import Data, Network
from ..optimizers import Optimizer
from ..optimizers.around import Around
from ..optimizers.base import State, Step
from ..training import Examples

__all__ = ["InFileOrder", "Standing", "Summed"]


class Summed(Network):
    """A network whose gradient is the sum over the batch, while its loss is the mean: B times too large."""

    def gradient(self, theta: Any, X: Any, y: Any, masks: list | None = None) -> np.ndarray:
        return super().gradient(theta, X, y, masks) * len(y)


class Unshuffled(Examples):
    """Examples whose batches are cut from the file as it is, the same in every epoch."""

    def _draw(self) -> None:
        self._drawn += 1
        rows = np.array_split(np.arange(len(self.data.X)), self.batches_per_epoch)
        turn = rows[self._drawn % self.batches_per_epoch]
        self._batch = self.data.X[turn], self.data.y[turn], None


class InFileOrder(Network):
    """A network that gets its examples in the order of the file."""

    def on(self, data: Data, batch_size: int | None = None, seed: int = 0) -> Examples:
        return Unshuffled(self, data, batch_size, seed)


@dataclass(frozen=True, repr=False)
class Standing(Around):
    """An optimizer that has not been told of some layers: their weights and biases stay as they were at the start.

    Parameters
    ----------
    still : the numbers of these layers, from 1 on
    """

    still: tuple[int, ...] = field(default=(), repr=False)
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, inner=self.inner.on(layers), layers=layers)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        new, state = self.inner.step(theta, grad, state, k)
        new = np.array(new)
        for layer, old, view in zip(self.layers or (), self._views(theta), self._views(new)):
            if int(layer.name[1:]) in self.still:
                view[...] = old
        return new, state

    def _views(self, flat: np.ndarray) -> list[np.ndarray]:
        return list(self.layers.views(flat)) if self.layers else []
