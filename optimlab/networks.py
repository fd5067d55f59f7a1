r"""A multi-layer network in numpy: forward and backward, readable as the mathematics.

    z₁ = X W₁ + b₁,  a₁ = φ(z₁),  z₂ = a₁ W₂ + b₂,  …,  p = softmax(z_last),  L = −mean log p[class]

θ, all weights and biases, is one flat vector; the layers are views of it. So any optimizer of the package drives a
network unchanged. How it is trained stands in `optimlab.training`; the old names are importable from here too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import check_choice, check_numbers, check_seed, is_whole, told
from .data import Data, as_array, digits
from .knobs import knob, knobs_of
from .layers import Layer, Layers

if TYPE_CHECKING:
    from .clipping import clip_norm, clip_value
    from .training import Examples, History, RangeTest, range_test, train

__all__ = [
    "Data",
    "Examples",
    "History",
    "Network",
    "RangeTest",
    "clip_norm",
    "clip_value",
    "digits",
    "log_softmax",
    "range_test",
    "train",
]

ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(0.5 * z)), lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
}
"""φ, and φ′ written in terms of a = φ(z)."""

VARIANCES = {
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),  # Glorot & Bengio 2010
    "he": lambda n_in, n_out: 2 / n_in,  # He, Zhang, Ren & Sun 2015
    "plain": lambda n_in, n_out: 1.0,
}
"""The variance of a weight at the start, by scheme."""


# Names that other modules have now.
MOVED = {
    "clip_norm": "clipping", "clip_value": "clipping", "ONE_THREAD": "threads",
    **dict.fromkeys(("Examples", "History", "RangeTest", "range_test", "train", "check_parts"), "training"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in MOVED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{MOVED[name]}", __package__), name)


@dataclass(frozen=True)
class Network:
    """A multi-layer perceptron with a softmax at its end.

    Parameters
    ----------
    sizes : the widths of its layers: inputs, hidden …, classes, as in (64, 64, 10)
    activation : "relu", "tanh" or "sigmoid", of the hidden layers
    l2 : λ ≥ 0, adds (λ/2)·Σ W² to the loss (weights only, not biases)
    dropout : share of the hidden units that are switched off in training, in [0, 1); the others are scaled up by
        1/(1 − share), so that the expectation stays (inverted dropout, Srivastava et al. 2014)
    """

    sizes: tuple
    activation: str = "relu"
    l2: float = knob(0.0, "λ", "penalty", low=0.0, high=0.1)
    dropout: float = knob(0.0, "p", "dropout share", low=0.0, high=0.9, allowed="[0, 1)")

    def __post_init__(self) -> None:
        widths = list(self.sizes) if np.iterable(self.sizes) else []
        sizes = np.array(widths if all(map(is_whole, widths)) else [])
        if sizes.ndim != 1 or len(sizes) < 2 or sizes.dtype.kind not in "iu" or sizes.min() < 1:
            raise ValueError(f"the sizes of the layers must be at least two whole numbers ≥ 1, got {told(self.sizes)}")
        object.__setattr__(self, "sizes", tuple(sizes.tolist()))
        check_choice("the activation", self.activation, ACTIVATIONS)
        for name, spec in knobs_of(self).items():
            object.__setattr__(self, name, spec.check_one(getattr(self, name)))

    @property
    def size(self) -> int:
        """How many parameters there are: the length of θ."""
        return self.layout.size

    @cached_property
    def layout(self) -> Layers:
        """How θ is made of weights W₁, b₁, W₂, …, for optimizers that treat matrices in a way of their own."""
        widths = enumerate(zip(self.sizes, self.sizes[1:]), start=1)
        parts = [(Layer(f"W{i}", (n_in, n_out)), Layer(f"b{i}", (n_out,))) for i, (n_in, n_out) in widths]
        return Layers(tuple(layer for pair in parts for layer in pair))

    def on(self, data: Data, batch_size: int | None = None, seed: int = 0) -> Examples:
        """The loss of this network on data, for any optimizer to walk on: ``descend(network.on(data), Adam())``.

        Parameters
        ----------
        batch_size : B, the examples of each step's gradient; all of them if None
        seed : draws θ₀, the shuffling and dropout
        """
        from .training import Examples  # training stands on networks

        return Examples(self, data, batch_size, seed)

    def init(self, seed: int = 0, scheme: str | None = None) -> np.ndarray:
        """θ at the start: weights from a normal distribution, biases 0.

        Parameters
        ----------
        scheme : "he", "xavier" or "plain" (variance 1); "he" for ReLU and "xavier" for the others if None
        """
        if scheme is None:
            scheme = "he" if self.activation == "relu" else "xavier"
        check_choice("the initialization", scheme, VARIANCES)
        check_seed(seed)
        random, theta = np.random.default_rng(seed), np.zeros(self.size)
        for W, _ in self.layers(theta):
            W[:] = random.normal(0, np.sqrt(VARIANCES[scheme](*W.shape)), W.shape)
        return theta

    def layers(self, theta: Any) -> list:
        """The (W, b) of each layer, as views of θ: W has shape (n_in, n_out)."""
        must = f"θ of a {self.sizes} network must have shape ({self.size},)"
        numbers = check_numbers(theta, must)
        if numbers.shape != (self.size,):
            raise ValueError(f"{must}, got {numbers.shape}")
        return self.pairs(theta if isinstance(theta, np.ndarray) else numbers)

    def pairs(self, theta: np.ndarray) -> list:
        """The same, unchecked, of many networks too: θ (..., d) has W of shape (..., n_in, n_out)."""
        views = self.layout.views(theta)
        return list(zip(views[::2], views[1::2]))

    def forward(self, theta: Any, X: Any, masks: list | None = None) -> list:
        """The activations of all layers, [X, a₁, …, logits]; `masks` are dropout's, one for each hidden layer."""
        self.layers(theta)  # says at once what is wrong with θ
        return self.activations(np.asarray(theta), self.examples(X), masks)

    def activations(self, theta: np.ndarray, X: np.ndarray, masks: list | None = None) -> list:
        """The same of many networks too, unchecked: θ (..., d) and X (..., n, inputs), whose leading axes broadcast."""
        phi, _ = ACTIVATIONS[self.activation]
        layers, a = self.pairs(theta), [X]
        for i, (W, b) in enumerate(layers):
            z = a[-1] @ W + b[..., None, :]
            last = i == len(layers) - 1
            a.append(z if last else phi(z) * (masks[i] if masks else 1))
        return a

    def masks(self, random: np.random.Generator, batch: int) -> list | None:
        """New dropout masks for a batch: 0 for a unit that is off, 1/(1 − share) for the others."""
        if self.dropout == 0:
            return None
        keep = 1 - self.dropout
        return [(random.random((batch, n)) < keep) / keep for n in self.sizes[1:-1]]

    def value(self, theta: Any, X: Any, y: Any) -> float:
        """The loss: mean cross-entropy, and the penalty."""
        self.check(X, y)
        log_p = log_softmax(self.forward(theta, X)[-1])
        return float(-np.mean(log_p[np.arange(len(y)), y]) + self._penalty(theta))

    def gradient(self, theta: Any, X: Any, y: Any, masks: list | None = None) -> np.ndarray:
        """∇L(θ) by backpropagation, shape (size,)."""
        self.check(X, y)
        a = self.forward(theta, X, masks)
        return self.backward(np.asarray(theta), a, cross_entropy_slope(a[-1], np.asarray(y)), masks)

    def backward(self, theta: np.ndarray, a: list, delta: np.ndarray, masks: list | None = None) -> np.ndarray:
        """∇L(θ) of any loss, and of the penalty: shape (..., d).

        Parameters
        ----------
        a : the `activations`
        delta : ∂L/∂logits, shaped like the last of them
        masks : those that the activations have
        """
        _, slope = ACTIVATIONS[self.activation]
        gradient: list = []
        for i, (W, _) in reversed(list(enumerate(self.pairs(theta)))):
            dW = a[i].mT @ delta + self.l2 * W
            db = delta.sum(axis=-2)
            gradient = [dW.reshape(*dW.shape[:-2], -1), db, *gradient]
            if i > 0:
                mask = masks[i - 1] if masks else 1
                # a is φ(z)·mask: φ′ is written in φ(z), so the mask is taken out of it first, and put on after.
                plain = a[i] / np.where(mask == 0, 1, mask) if masks else a[i]
                delta = (delta @ W.mT) * slope(plain) * mask
        return np.concatenate(gradient, axis=-1)

    def examples(self, X: Any) -> np.ndarray:
        """X as a float array of shape (n, inputs), or a `ValueError`."""
        X = check_numbers(X, "X must be numbers of shape (n, features)")
        if X.ndim != 2 or X.shape[1] != self.sizes[0]:
            raise ValueError(f"the network takes rows of {self.sizes[0]} inputs, got X of shape {X.shape}")
        return X

    def check(self, X: Any, y: Any) -> None:
        """That the network fits the examples: one sentence if it does not."""
        X, labels, classes = self.examples(X), as_array("y", y), self.sizes[-1]
        if labels.shape != X.shape[:1] or labels.size == 0:
            raise ValueError(f"X needs one label for each of its rows, got {X.shape} and {labels.shape}")
        if labels.dtype.kind not in "iu":
            raise ValueError(
                f"the labels must be whole numbers in [0, {classes - 1}], got the type {labels.dtype.name}"
            )
        if labels.min() < 0 or labels.max() >= classes:
            wrong = labels[(labels < 0) | (labels >= classes)][0]
            raise ValueError(f"the labels of {classes} classes must be in [0, {classes - 1}], got {wrong}")

    def predict(self, theta: Any, X: Any) -> np.ndarray:
        """The most probable class of each row of X, shape (n,)."""
        return np.argmax(self.forward(theta, X)[-1], axis=1)

    def accuracy(self, theta: Any, X: Any, y: Any) -> float:
        """The share of rows that are classified correctly."""
        self.check(X, y)
        return float(np.mean(self.predict(theta, X) == y))

    def weights(self, theta: Any) -> np.ndarray:
        """θ with zeros in place of the biases: what is penalized, and what weight decay shrinks."""
        self.layers(theta)  # says at once what is wrong with θ
        return self.layout.matrices(check_numbers(theta, "θ must be numbers"))

    def _penalty(self, theta: Any) -> float:
        return 0.5 * self.l2 * float(np.sum(self.weights(theta) ** 2)) if self.l2 else 0.0


def cross_entropy_slope(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """∂L/∂logits = (p − 1[class])/n of the mean cross-entropy: (..., n, classes) and labels (..., n)."""
    p, right = np.exp(log_softmax(logits)), y[..., None] == np.arange(logits.shape[-1])
    return (p - right) / y.shape[-1]


def log_softmax(z: np.ndarray) -> np.ndarray:
    """log(eᶻ/Σeᶻ) along the last axis, without overflow."""
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
