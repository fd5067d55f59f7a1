"""What an optimizer costs on a whole network: the sums over its layers of what it says of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..checks import told
from ..layers import Layer
from .base import Optimizer, Work, check_optimizer

__all__ = ["state_size", "work_of"]


def state_size(optimizer: Optimizer, layers: Iterable[Layer]) -> int:
    """How many numbers of state the method needs beside θ: the sum of ``optimizer.memory`` over the layers.

    Parameters
    ----------
    layers : some `Layer`, or `optimlab.layers.Layers`, such as ``network.layout``

    >>> from optimlab.optimizers import Adafactor, Adam
    >>> layers = [Layer("W", (64, 10)), Layer("b", (10,))]
    >>> state_size(Adam(), layers), state_size(Adafactor(), layers)
    (1300, 84)
    """
    check_optimizer(optimizer)
    return sum(optimizer.memory(layer) for layer in checked(layers))


def work_of(optimizer: Optimizer, layers: Iterable[Layer]) -> Work:
    """What a step costs beside its gradients: the sums of ``optimizer.work`` over the layers.

    Parameters
    ----------
    layers : some `Layer`, or `optimlab.layers.Layers`, such as ``network.layout``

    >>> from optimlab.optimizers import SOAP
    >>> work_of(SOAP(frequency=10), [Layer("W", (10, 20)), Layer("b", (20,))])
    Work(products=24900.0, decompositions=900.0)
    """
    check_optimizer(optimizer)
    works = [optimizer.work(layer) for layer in checked(layers)]
    return Work(sum(work.products for work in works), sum(work.decompositions for work in works))


def checked(layers: Any) -> list[Layer]:
    """The layers as a list, or a `ValueError`."""
    try:
        listed = list(layers)
    except TypeError:
        listed = [None]
    if not all(isinstance(layer, Layer) for layer in listed):
        raise ValueError(f"the layers must be Layer(name, shape), as in network.layout, got {told(layers)}")
    return listed
