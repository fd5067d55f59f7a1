"""A network at one θ: its loss on all examples, the slope and, for any direction, the curvature, from one pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np

from .checks import check_choice
from .networks import ACTIVATIONS, Network, log_softmax

__all__ = ["ERRORS", "Place", "check_plain", "is_plain"]


BENDS: dict[str, Callable] = {"tanh": lambda a: -2 * a, "sigmoid": lambda a: 1 - 2 * a, "relu": np.zeros_like}
"""dφ′/da, where φ′ is written in terms of a = φ(z)."""


def is_plain(network: Network) -> bool:
    """Whether it has neither penalty nor dropout."""
    return not (network.l2 or network.dropout)


def check_plain(what: str, network: Network) -> None:
    """That it has neither penalty nor dropout, or a `ValueError`."""
    if not is_plain(network):
        got = f"λ={network.l2:g} and p={network.dropout:g}"
        raise ValueError(f"{what} needs a network without penalty and dropout, got {got}")


def squared(outputs: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, Callable]:
    error = outputs - labels
    return 0.5 * float(np.vdot(error, error)) / len(labels), error / len(labels), lambda dz: dz / len(labels)


def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray, Callable]:
    logs = log_softmax(outputs)
    p = np.exp(logs)

    def turn(dz: np.ndarray) -> np.ndarray:
        return p * (dz - np.sum(p * dz, axis=1, keepdims=True)) / len(labels)

    return -float(np.vdot(logs, labels)) / len(labels), (p - labels) / len(labels), turn


ERRORS: dict[str, Callable] = {"squared error": squared, "cross-entropy": cross_entropy}
"""The mean losses of outputs (n, classes) against one-hot labels: L, ∂L/∂outputs, and how that turns as outputs move.

The squared error is halved: L = Σ|f(x) − e_y|²/2n (`optimlab.curvature.SquaredError`).
"""


class Place:
    """A network's loss on all examples at one θ, its gradient, and products with its Hessian, from one forward pass.

    Parameters
    ----------
    network : a `Network` without penalty and dropout
    X, labels : inputs (n, features), one-hot labels (n, classes)
    theta : θ, shape (d,)
    error : one of `ERRORS`

    >>> place = Place(Network((2, 2)), np.eye(2), np.eye(2), np.zeros(6), "squared error")
    >>> place.loss, place.gradient.tolist(), place.product(np.ones(6)).tolist()
    (0.5, [-0.5, 0.0, 0.0, -0.5, -0.5, -0.5], [1.0, 1.0, 1.0, 1.0, 2.0, 2.0])
    """

    def __init__(self, network: Network, X: np.ndarray, labels: np.ndarray, theta: np.ndarray, error: str):
        phi, slope = ACTIVATIONS[network.activation]
        self.network, self.layers = network, network.layers(theta)
        self.a, self.ones = [X], np.ones(len(X))
        for W, b in self.layers:
            z = self.a[-1] @ W
            z += b
            self.a.append(phi(z) if len(self.a) < len(self.layers) else z)
        self.slopes = [slope(a) for a in self.a[1:-1]]
        self.loss, delta, self.turn = ERRORS[check_choice("the error", error, ERRORS)](self.a[-1], labels)
        self.deltas: list = [delta]  # ∂L/∂z of each layer
        self.pulled: list = []  # ∂L/∂a of each hidden one
        for (W, _), here in zip(self.layers[:0:-1], self.slopes[::-1], strict=True):
            self.pulled.insert(0, self.deltas[0] @ W.T)
            self.deltas.insert(0, self.pulled[0] * here)

    @property
    def gradient(self) -> np.ndarray:
        """∇L(θ), shape (d,)."""
        result = np.empty(self.network.size)
        for (W, b), a, delta in zip(self.network.pairs(result), self.a, self.deltas, strict=False):
            np.matmul(a.T, delta, out=W)
            b[:] = self.ones @ delta
        return result

    @cached_property
    def bends(self) -> list:
        """∂L/∂a times dφ′/da, of each hidden layer."""
        bend = BENDS[self.network.activation]
        return [pulled * bend(a) for pulled, a in zip(self.pulled, self.a[1:], strict=False)]

    def product(self, v: np.ndarray) -> np.ndarray:
        """H(θ)v, shape (d,), exactly (Pearlmutter 1994)."""
        result = np.empty(self.network.size)
        moves, parts, last = self.network.pairs(v), self.network.pairs(result), len(self.layers) - 1
        moving: list = [None]  # how each layer's activations change; the inputs do not
        for i, (dW, db) in enumerate(moves):
            z = self.a[i] @ dW
            z += db
            if i > 0:
                z += moving[i] @ self.layers[i][0]
            if i < last:
                z *= self.slopes[i]
            moving.append(z)
        turning = self.turn(moving.pop())
        for i in range(last, -1, -1):
            np.matmul(self.a[i].T, turning, out=parts[i][0])
            parts[i][1][:] = self.ones @ turning
            if i > 0:
                parts[i][0][:] += moving[i].T @ self.deltas[i]
                turning = turning @ self.layers[i][0].T
                turning += self.deltas[i] @ moves[i][0].T
                turning *= self.slopes[i - 1]
                turning += moving[i] * self.bends[i - 1]  # φ′ changes as well
        return result
