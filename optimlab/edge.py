r"""The edge of stability: full-batch training of a small network, which tells its sharpness and can be continued.

On a parabola of curvature λ gradient descent is stable for λ < 2/η, with momentum γ for λ < (2+2γ)/η (`edge_at`).
Networks come there by themselves: the sharpness, the largest eigenvalue of the Hessian, climbs while training is stable
(progressive sharpening), and is then held near that edge (Cohen, Kaur, Li, Kolter & Talwalkar, *Gradient Descent on
Neural Networks Typically Occurs at the Edge of Stability*, ICLR 2021). What holds it there is the third derivative: as
θ swings along the steepest direction, the sharpness falls (Damian, Nichani & Lee, *Self-Stabilization*, ICLR 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .checks import check_choice, check_seed, check_whole, told
from .curvature import lanczos
from .data import Data, digits
from .knobs import Knob
from .networks import Network
from .place import ERRORS, Place, check_plain
from .threads import ONE_THREAD

__all__ = ["COLUMNS", "EdgeTraining", "State", "centred", "edge_at", "few_digits"]

RATE = Knob("η", "learning rate", 0.05, 2.0, log=True, allowed="(0, ∞)")
MOMENTUM = Knob("γ", "momentum", 0.0, 0.95, allowed="[0, 1)")
COLUMNS = ("loss", "sharpness", "cosine")
"""What a training tells of each step: L, the sharpness (NaN where it is not measured), and the cosine of ∇L and u."""
LOSS, SHARPNESS, COSINE = range(len(COLUMNS))
FIRST, LATER = 30, 6  # products for the first sharpness, and for one that begins with the last direction
CLOSE, OFTEN = 80, 4  # for so many steps after a change of η, the sharpness is measured so often
RUIN = 1e8  # a loss above it is given up


def edge_at(eta: Any, gamma: Any = 0.0) -> Any:
    r"""The largest curvature of a parabola on which gradient descent with momentum is stable (Polyak 1964).

    .. math:: \lambda < \frac{2 + 2\gamma}{\eta}

    Parameters
    ----------
    eta : η > 0, a number or an array
    gamma : γ in [0, 1)

    >>> edge_at(0.5), edge_at(0.5, gamma=0.9)
    (4.0, 7.6)
    """
    return (2 + 2 * MOMENTUM.check(gamma)) / RATE.check(eta)


def centred(data: Data) -> Data:
    """The same examples with the mean of the training inputs subtracted from all inputs.

    >>> bool(abs(centred(few_digits()).X.mean(axis=0)).max() < 1e-12)
    True
    """
    mean = data.X.mean(axis=0)
    return replace(data, X=data.X - mean, X_test=data.X_test - mean)


def few_digits(count: int = 400) -> Data:
    """The first `count` of the training digits, and all the test digits; `count` in [10, 1297].

    >>> few_digits()
    digits: 400 training and 500 test examples
    """
    data = digits()
    check_whole("the count of examples", count, 10, len(data.X))
    return replace(data, X=data.X[:count], y=data.y[:count])


# The training


@dataclass(frozen=True, eq=False)
class State:
    """Where a training is: step k, θ, the velocity v, the top direction u, and since which step η is what it is."""

    k: int
    theta: np.ndarray
    velocity: np.ndarray
    direction: np.ndarray | None = None
    eta: float | None = None
    since: int = 0


class EdgeTraining:
    r"""Full-batch gradient descent with momentum on a network, which tells its sharpness on the way.

    .. math:: v \leftarrow \gamma v + \nabla L(\theta), \qquad \theta \leftarrow \theta - \eta v

    The sharpness is measured at every step k that is a multiple of `every`, and, for 80 steps from the start and from
    each change of η on, at every fourth; it is `lanczos`'s, from the direction of the last time, and so a little too
    small where the top eigenvalues change places quickly.

    Parameters
    ----------
    data : training examples as they are to be seen, such as ``centred(few_digits())``
    network : without penalty and dropout; (64, 32, 10) with tanh if None
    error : "squared error" or "cross-entropy"
    gamma : γ in [0, 1)
    seed : of θ₀
    every : how often the sharpness is measured

    >>> training = EdgeTraining(centred(few_digits(100)))
    >>> state, before = training.go(training.begin(), 0.8, steps=40)
    >>> state, after = training.go(state, 0.4, steps=41)
    >>> state.k, before.shape, bool(after[-1, 0] < before[0, 0])
    (81, (40, 3), True)
    """

    def __init__(
        self,
        data: Data,
        network: Network | None = None,
        error: str = "squared error",
        gamma: float = 0.0,
        seed: int = 0,
        every: int = 20,
    ):
        if not isinstance(data, Data):
            raise ValueError(f"the data must be Data, such as centred(few_digits()), got {told(data)}")
        self.network = Network((data.X.shape[1], 32, 10), "tanh") if network is None else network
        self.network.check(data.X, data.y)
        check_plain("the edge of stability", self.network)
        self.data, self.labels = data, np.eye(self.network.sizes[-1])[data.y]
        self.error = check_choice("the error", error, ERRORS)
        self.gamma, self.seed = MOMENTUM.check_one(gamma), check_seed(seed)
        self.every = check_whole("every", every, 1)

    def begin(self) -> State:
        theta = self.network.init(self.seed)
        return State(0, theta, np.zeros_like(theta))

    def at(self, theta: np.ndarray) -> Place:
        return Place(self.network, self.data.X, self.labels, theta, self.error)

    def accuracy(self, state: State) -> float:
        """The share of the test examples that are classified correctly."""
        return self.network.accuracy(state.theta, self.data.X_test, self.data.y_test)

    def go(self, state: State, eta: float, steps: int) -> tuple[State, np.ndarray]:
        """Take steps with η: the state after them, and the `COLUMNS` of each step before it is taken, (steps, 3).

        Where the loss is above 10⁸ or no number, it is given up: L is infinite from there on.
        """
        if not isinstance(state, State):
            raise ValueError(f"the state must be one that begin() or go() has given, got {told(state)}")
        eta, steps = RATE.check_one(eta), check_whole("steps", steps)
        since = state.since if state.eta in (None, eta) else state.k
        theta, v, u = state.theta, state.velocity, state.direction
        rows = np.full((steps, len(COLUMNS)), np.nan)
        with ONE_THREAD, np.errstate(all="ignore"):
            for row, k in zip(rows, range(state.k, state.k + steps), strict=True):
                place = self.at(theta)
                if not place.loss < RUIN:
                    rows[k - state.k :, LOSS], theta = np.inf, np.full_like(theta, np.nan)
                    break
                row[LOSS] = place.loss
                if self.measures(k, k - since):
                    row[SHARPNESS], u = self.top(place, u)
                g = place.gradient
                row[COSINE] = g @ u / np.linalg.norm(g)
                v = self.gamma * v + g
                theta = theta - eta * v
        return State(state.k + steps, theta, v, u, eta, since), rows

    def measures(self, k: int, passed: int) -> bool:
        """Whether the sharpness is measured at step k, so many steps after the last change of η."""
        return k % self.every == 0 or (passed < CLOSE and passed % OFTEN == 0)

    def top(self, place: Place, u: np.ndarray | None) -> tuple[float, np.ndarray]:
        if u is None:
            u = np.random.default_rng(self.seed).normal(size=self.network.size)
            return lanczos(place.product, u, FIRST)
        return lanczos(place.product, u, LATER)
