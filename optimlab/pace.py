"""How many steps a training needs until its loss is low enough: one number for one setting."""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_whole, told
from .data import Data
from .networks import Network
from .optimizers import Optimizer
from .training import Examples

__all__ = ["steps_until"]


def steps_until(
    network: Network,
    data: Data,
    optimizer: Optimizer,
    target: float,
    batch_size: int | None = None,
    most: int = 1000,
    every: int = 1,
    seed: int = 0,
) -> int:
    """The first step k at which the loss of *all* training examples is at or below `target`, and still is at k + n.

    One look can be luck, where the batches are noisy. The training ends there, so that many can be compared.

    Parameters
    ----------
    network, data, optimizer : as of `optimlab.train`
    target : a loss
    batch_size : examples a step, shuffled in each epoch; all of them if None
    most : no more steps than that are taken; it is what is returned where they do not suffice, or the loss is infinite
    every : n, the steps between two looks, for a look costs as much as many steps
    seed : of the weights and of the shuffling
    """
    check_whole("most", most, 1)
    check_whole("every", every, 1)
    if not (np.ndim(target) == 0 and np.isfinite(target)):
        raise ValueError(f"the target must be a loss, one finite number, got {told(target)}")
    loss = Examples(network, data, batch_size, seed)
    theta: Any = loss.start
    rule = optimizer.on(loss.layers)
    state, found = rule.init(theta), None
    for k in range(most):
        if k % every == 0:
            now = float(loss.value(theta))
            if found is not None and now <= target:
                return found
            if not np.isfinite(now):
                return most
            found = k if now <= target else None
        theta, state = rule.step(theta, loss.gradient_at(k), state, k)
    return most
