r"""What lies between two solutions: a straight line, its barrier, and how much of it is only a matter of names.

Hidden units can change places without changing the function, so two runs that have found the same function may have it
in other units. `matched` renames the units of one network so that they agree with those of another (Ainsworth et al.
2023); what is left of the barrier then is not a matter of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .checks import check_numbers, check_whole, told
from .extras import needed
from .landscapes import of_dim
from .losses import Gradient, Through, as_loss
from .networks import Network

__all__ = ["Forked", "barrier", "line", "matched", "permuted", "unit_orders"]

SWEEPS = 100  # over the layers; each raises the agreement, and there are finitely many orders
ROUNDING = 1e-12  # an agreement that is greater by less is the same


def line(a: Any, b: Any, points: int = 25) -> np.ndarray:
    """The points (1 − α)a + αb for α = 0 … 1 in equal steps, shape (points, d); the ends are a and b exactly.

    >>> line([0.0, 2.0], [4.0, 0.0], points=3).tolist()
    [[0.0, 2.0], [2.0, 1.0], [4.0, 0.0]]
    """
    a = of_dim("θ_a", a, None)
    b = of_dim("θ_b", b, a.size)
    alpha = np.linspace(0, 1, check_whole("points", points, 2))[:, None]
    return (1 - alpha) * a + alpha * b


def barrier(loss: Any, a: Any, b: Any, points: int = 25) -> float:
    r"""How high the loss rises above the straight line between the losses at both ends (Entezari et al. 2022).

    .. math:: \max_{0 \le \alpha \le 1} L(\theta_\alpha) - (1-\alpha)L(\theta_a) - \alpha L(\theta_b)

    with θ_α = (1 − α)θ_a + αθ_b. It is ≥ 0, and 0 where the loss is convex along the line. An even number of points
    leaves out the middle.

    Parameters
    ----------
    loss : any loss of d parameters
    a, b : θ_a and θ_b, shape (d,)
    points : of the line, ≥ 3

    >>> from optimlab.surfaces import bowl, six_hump_camel
    >>> barrier(bowl(), [1.0, 2.0], [3.0, -1.0])
    0.0
    >>> round(barrier(six_hump_camel(), *six_hump_camel().minima), 3)
    1.032
    """
    loss = as_loss(loss)
    check_whole("points", points, 3)
    heights = np.asarray(loss.value(line(of_dim("θ_a", a, loss.dim), of_dim("θ_b", b, loss.dim), points)))
    return float(np.max(heights - chord(heights)))


def chord(heights: np.ndarray) -> np.ndarray:
    """What lies straight between the first and the last of the heights, at equal distances."""
    return np.linspace(heights[0], heights[-1], len(heights))


def matched(network: Network, a: Any, b: Any) -> np.ndarray:
    """θ_b with its hidden units in the order in which they agree best with θ_a's: the same function, shape (d,).

    By the weights alone, without data (Ainsworth et al. 2023, weight matching); see `unit_orders`. It needs scipy,
    which comes with scikit-learn.

    >>> network = Network((3, 5, 2))
    >>> a = network.init(0)
    >>> b = permuted(network, a, [[4, 2, 0, 1, 3]])
    >>> bool((matched(network, a, b) == a).all())
    True
    """
    return permuted(network, b, unit_orders(network, a, b))


def unit_orders(network: Network, a: Any, b: Any) -> list[np.ndarray]:
    r"""For each hidden layer the order of θ_b's units that agrees best with θ_a: unit i of a is unit order[i] of b.

    .. math:: \max_P \; \langle W_l^a, P_{l-1} W_l^b P_l^\top \rangle + \langle b_l^a, P_l b_l^b \rangle + \dots

    Since orders leave |θ_b| as it is, they are those that bring θ_b nearest to θ_a. For one layer, its neighbours kept,
    the best order is found exactly (the Hungarian method). That goes from the first layer to the last, and again until
    nothing changes: a local maximum, and with one hidden layer the global one.

    Parameters
    ----------
    network : with at least one hidden layer
    a, b : θ_a and θ_b, shape (d,)
    """
    check_hidden(network)
    own, other = of_dim("θ_a", a, network.size), of_dim("θ_b", b, network.size)
    assign = needed("data", "matching units needs", "scipy.optimize").linear_sum_assignment
    orders = [np.arange(width) for width in network.sizes[1:-1]]
    ours = network.layers(own)
    for _ in range(SWEEPS):
        changed = False
        for i, order in enumerate(orders):
            keep = [*orders[:i], np.arange(len(order)), *orders[i + 1 :]]
            theirs = network.layers(permuted(network, other, keep))
            gain = agreement(ours[i : i + 2], theirs[i : i + 2])
            found = assign(gain, maximize=True)[1]
            better = gain[np.arange(len(order)), found].sum() > gain[np.arange(len(order)), order].sum() + ROUNDING
            if better:
                orders[i], changed = found, True
        if not changed:
            break
    return orders


def agreement(ours: Sequence, theirs: Sequence) -> np.ndarray:
    """The inner product of all weights of unit i of ours and unit j of theirs: incoming, bias, outgoing."""
    (W, b), (V, _) = ours
    (X, c), (Y, _) = theirs
    return W.T @ X + np.outer(b, c) + V @ Y.T


def permuted(network: Network, theta: Any, orders: Any) -> np.ndarray:
    """The same function with the hidden units of each layer in another order, shape (d,).

    Parameters
    ----------
    network : with at least one hidden layer
    theta : θ, shape (d,)
    orders : for each hidden layer of n units an order of 0 … n−1; unit order[i] becomes unit i
    """
    check_hidden(network)
    theta = of_dim("θ", theta, network.size).copy()
    layers = network.layers(theta)
    for (W, b), (after, _), order in zip(layers, layers[1:], checked_orders(orders, network.sizes[1:-1])):
        W[:], b[:], after[:] = W[:, order], b[order], after[order]
    return theta


def checked_orders(orders: Any, widths: tuple) -> list[np.ndarray]:
    must = f"the orders must be one of 0 … n−1 for each hidden layer of {widths}"
    rows = [check_numbers(order, must) for order in orders] if np.iterable(orders) else []
    shapes = [row.shape for row in rows] == [(n,) for n in widths]
    if not (shapes and all(np.array_equal(np.sort(row), np.arange(row.size)) for row in rows)):
        raise ValueError(f"{must}, got {told(orders)}")
    return [row.astype(int) for row in rows]


def check_hidden(network: Any) -> None:
    if not isinstance(network, Network) or len(network.sizes) < 3:
        raise ValueError(f"units can be renamed in a network with a hidden layer, got {told(network)}")


class Forked(Through):
    """A loss whose batches are those of `first` before step k, and of `second` from then on (Frankle et al. 2020).

    Two descents on ``Forked(first, second, k)`` with different `second` go the same way for k steps, and part then.

    Parameters
    ----------
    first, second : losses with batches, as ``network.on(data, 32, seed)`` makes them with two seeds; all else, such as
        θ₀, is the first's
    k : ≥ 0; with 0 all batches are the second's
    """

    def __init__(self, first: Any, second: Any, k: int):
        super().__init__(as_loss(first))
        self.stochastic = self.inner.stochastic
        self.second, self.k = as_loss(second), check_whole("the step k", k)
        if self.second.dim != self.inner.dim:
            raise ValueError(f"both losses must have {self.inner.dim} parameters, got {self.second.dim}")

    def gradient_at(self, k: int) -> Gradient:
        return (self.inner if k < self.k else self.second).gradient_at(k)

    def price(self, k: int) -> int:
        return (self.inner if k < self.k else self.second).price(k)

    def __repr__(self) -> str:
        return f"{self.inner!r}, other batches from step {self.k} on"
