"""The layers of a flat θ: where each one lies in it, and which shape it has.

θ is one flat vector, for every optimizer and every network. A rule that treats matrices in a way of their own (Muon)
is told the layers by `optimlab.optimizers.Optimizer.on`, and looks at them through `Layers.each`. What the layers
compute is the business of `optimlab.networks`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import prod

import numpy as np

from .checks import is_whole, told

__all__ = ["Layer", "Layers"]


@dataclass(frozen=True)
class Layer:
    """A part of θ: its name, and its shape as in the formula, as in ``Layer("W1", (64, 10))``."""

    name: str
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        legal = isinstance(self.shape, tuple | list) and len(self.shape) and all(map(is_whole, self.shape))
        if not legal or min(self.shape) < 1:
            raise ValueError(f"the shape of a layer must be whole numbers ≥ 1, got {told(self.shape)}")
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return prod(self.shape)

    @property
    def is_matrix(self) -> bool:
        """Whether it is a matrix of weights; a bias is a vector."""
        return len(self.shape) == 2


@dataclass(frozen=True)
class Layers:
    """θ as its layers, one after the other.

    >>> layers = Layers((Layer("W", (2, 3)), Layer("b", (3,))))
    >>> [part.shape for part in layers.views(np.zeros((5, 9)))]
    [(5, 2, 3), (5, 3)]
    """

    parts: tuple[Layer, ...]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.parts)

    @property
    def size(self) -> int:
        """The length of θ."""
        return sum(layer.size for layer in self.parts)

    def views(self, flat: np.ndarray) -> list[np.ndarray]:
        """Each layer with its own shape: (..., size) → [(..., *shape), …], views of `flat` where it is contiguous."""
        if flat.shape[-1] != self.size:
            raise ValueError(f"θ must have shape (..., {self.size}) for these layers, got {flat.shape}")
        ends = list(accumulate(layer.size for layer in self.parts))
        pieces = zip(self.parts, [0, *ends], ends)
        return [flat[..., low:high].reshape(*flat.shape[:-1], *layer.shape) for layer, low, high in pieces]

    def each(self, function: Callable[..., np.ndarray], *flats: np.ndarray) -> np.ndarray:
        """``function(layer, part, …)`` for each layer and its part of every one of `flats`, joined to a flat vector.

        A part has the layer's shape behind the axes for runs: ask ``layer.is_matrix``, not how many axes there are,
        for the biases of three runs look like a matrix.
        """
        runs = flats[0].shape[:-1]
        rows = zip(self.parts, *(self.views(flat) for flat in flats))
        return np.concatenate([function(*row).reshape(*runs, row[0].size) for row in rows], axis=-1)

    @property
    def has_matrices(self) -> bool:
        """Whether there are weights that can be told from biases; a surface has none."""
        return any(layer.is_matrix for layer in self.parts)

    def matrices(self, flat: np.ndarray) -> np.ndarray:
        """θ with zeros in place of all that is no matrix: the weights, without the biases."""
        return self.each(lambda layer, part: part if layer.is_matrix else np.zeros_like(part), flat)


def one_layer(dim: int) -> Layers:
    """θ that is a plain vector: what a surface has."""
    return Layers((Layer("θ", (dim,)),))
