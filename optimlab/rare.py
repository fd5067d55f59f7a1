r"""Random labels with heavy-tailed class sizes: a problem on which gradient descent lags and Adam does not.

A linear softmax model learns by heart the labels of inputs that say nothing of them (Kunstner et al. 2024): a few
classes have many examples, and many have few. For inputs x in [0, 1]^d two things slow gradient descent down together:
the classes are of unequal size, and the inputs have a mean, which makes one direction very steep. Without either it is
fast. See `optimlab.labs.rare` for the picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .checks import check_numbers, check_seed, check_whole, told
from .knobs import Knob
from .layers import Layer, Layers
from .losses import Loss

__all__ = ["RareClasses", "class_sizes", "dyadic_sizes"]

EXPONENT = Knob("a", "exponent of the class law", 0.0, 1.5, allowed="[0, 1.5]", count=7)
CENTRED = Knob("centred", "share of the mean that is subtracted,", 0.0, 1.0, allowed="[0, 1]", count=11)
MOST = 10_000  # examples, classes, features


def class_sizes(exponent: float = 1.0, classes: int = 56, examples: int = 224) -> np.ndarray:
    """How many examples each class has, the commonest first, shape (classes,): as 1/rank^a, and at least one.

    The sizes are ⌊s/rank^a⌋ with the largest s for which there are enough examples; those that are left go to the
    commonest classes, one each. With a = 0 all classes are of one size, if that divides.

    >>> class_sizes(1.0, classes=6, examples=20)
    array([9, 4, 3, 2, 1, 1])
    """
    power = EXPONENT.check_one(exponent)
    check_whole("classes", classes, 1, MOST)
    check_whole("examples", examples, classes, MOST)
    law = np.arange(1.0, classes + 1) ** -power
    low, high = 0.0, 2.0 * examples + 2.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if scaled(law, middle).sum() <= examples else (low, middle)
    sizes = scaled(law, low)
    sizes[: examples - sizes.sum()] += 1
    return sizes


def scaled(law: np.ndarray, scale: float) -> np.ndarray:
    return np.maximum(1, np.floor(scale * law)).astype(int)


def dyadic_sizes(m: int = 6) -> np.ndarray:
    """Class sizes after Kunstner et al. (2024): 2^i classes of 2^(m−i) examples for i = 0 … m.

    So there are as many examples of each size.

    >>> dyadic_sizes(2)
    array([4, 2, 2, 1, 1, 1, 1])
    """
    powers = 2 ** np.arange(check_whole("m", m, 0, 9) + 1)
    return np.repeat(powers[::-1], powers)


@dataclass(frozen=True, eq=False, repr=False)
class RareClasses(Loss):
    r"""Softmax regression without a bias on random inputs: L(W) = 1/n Σ (log Σⱼ exp(xᵢWⱼ) − xᵢW_{yᵢ}).

    θ is W, of shape (d, c), as one flat vector. The start is 0, where the loss is ln c. With at least as many features
    as examples every label can be learned, and the smallest loss is 0, infinitely far away.

    Parameters
    ----------
    sizes : how many examples each of the c classes has; see `class_sizes` and `dyadic_sizes`
    features : d, the numbers of an input, each uniform in [0, 1]
    centred : the share of ½, their mean, that is subtracted, in [0, 1]; True is 1, False 0
    seed : of the inputs; they are the same for all sizes with as many examples, raw and centred

    >>> RareClasses(dyadic_sizes(6))
    RareClasses: 448 examples of 127 classes, 500 raw inputs each
    """

    sizes: Any
    features: int = 500
    centred: float = 0.0
    seed: int = 0

    name = "rare classes"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", checked_sizes(self.sizes))
        check_whole("features", self.features, 1, MOST)
        object.__setattr__(self, "centred", share_of(self.centred))
        check_seed(self.seed)

    @property
    def classes(self) -> int:
        """c, the number of classes."""
        return len(self.sizes)

    @property
    def size(self) -> int:
        """n, the number of examples."""
        return int(self.sizes.sum())

    @property
    def dim(self) -> int:
        return self.features * self.classes

    @property
    def start(self) -> np.ndarray:  # type: ignore[override]
        return np.zeros(self.dim)

    @property
    def layers(self) -> Layers:
        return Layers((Layer("W", (self.features, self.classes)),))

    @cached_property
    def X(self) -> np.ndarray:
        """The inputs, shape (n, d)."""
        return np.random.default_rng(self.seed).random((self.size, self.features)) - 0.5 * self.centred

    @cached_property
    def y(self) -> np.ndarray:
        """The classes of the examples, shape (n,)."""
        return np.repeat(np.arange(self.classes), self.sizes)

    @cached_property
    def curvature(self) -> float:
        r"""λ: the largest curvature where the model gives every input the frequencies π of the classes.

        .. math:: \lambda = \lambda_{\max}(X^\top X / n) \cdot \lambda_{\max}(\mathrm{diag}\,\pi - \pi\pi^\top)

        That is where a problem with raw inputs and unequal classes goes first: gradient descent rattles there from
        ηλ = 2 on.
        """
        pi = self.sizes / self.size
        inputs = np.linalg.norm(self.X, 2) ** 2 / self.size
        return float(inputs * np.linalg.eigvalsh(np.diag(pi) - np.outer(pi, pi))[-1])

    def value(self, theta: Any) -> np.ndarray:
        """L(θ): shape (..., dim) → (...)."""
        return self.each(theta).mean(axis=-1)

    def gradient(self, theta: Any) -> np.ndarray:
        """∇L(θ), shape (..., dim)."""
        outputs = self._outputs(theta)
        wrong = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        wrong /= wrong.sum(axis=-1, keepdims=True)
        wrong[..., np.arange(self.size), self.y] -= 1
        return (self.X.T @ wrong / self.size).reshape(np.shape(theta))

    def each(self, theta: Any) -> np.ndarray:
        """The loss of each example: shape (..., dim) → (..., n)."""
        outputs = self._outputs(theta)
        outputs -= outputs.max(axis=-1, keepdims=True)
        own = outputs[..., np.arange(self.size), self.y]
        return np.log(np.exp(outputs).sum(axis=-1)) - own

    def loss_by_size(self, theta: Any) -> tuple[np.ndarray, np.ndarray]:
        """The different sizes of classes, the largest first, shape (m,), and the mean loss of each: (..., m)."""
        sizes, which = np.unique(-self.sizes, return_inverse=True)
        return -sizes, self._means(theta, which.reshape(-1), len(sizes))

    def loss_by_group(self, theta: Any, groups: int = 3) -> np.ndarray:
        """The mean loss of each group of classes (see `group_of`), the commonest first: (..., groups)."""
        return self._means(theta, self.group_of(groups), groups)

    def group_of(self, groups: int = 3) -> np.ndarray:
        """The group of each class, shape (c,): ranked by size, each group has about as many examples.

        A class belongs to where the middle of its examples lies. A group that a large class leaves no room for is
        empty, and its loss NaN.
        """
        check_whole("groups", groups, 1, self.size)
        order = np.argsort(-self.sizes, kind="stable")
        ranked = self.sizes[order]
        middles = np.cumsum(ranked) - ranked / 2
        which = np.empty(self.classes, int)
        which[order] = np.floor(middles * groups / self.size)
        return which

    def _means(self, theta: Any, which: np.ndarray, count: int) -> np.ndarray:
        """The mean loss of the examples whose class is of each kind."""
        belongs = which[self.y][:, None] == np.arange(count)
        number = belongs.sum(axis=0)
        return self.each(theta) @ np.where(number > 0, belongs / np.maximum(number, 1), np.nan)

    def _outputs(self, theta: Any) -> np.ndarray:
        """xᵢW, shape (..., n, c)."""
        theta = check_numbers(theta, f"θ must be numbers of shape (..., {self.dim})")
        if theta.ndim == 0 or theta.shape[-1] != self.dim:
            raise ValueError(f"θ must have shape (..., {self.dim}) on {self.name}, got {theta.shape}")
        return self.X @ theta.reshape(*theta.shape[:-1], self.features, self.classes)

    def __repr__(self) -> str:
        inputs = told_share(self.centred)
        return f"RareClasses: {self.size} examples of {self.classes} classes, {self.features} {inputs} inputs each"


def share_of(centred: Any) -> float:
    """A share in [0, 1], or a `ValueError`."""
    return CENTRED.check_one(float(centred) if isinstance(centred, bool) else centred)


def told_share(centred: float) -> str:
    return "raw" if centred == 0 else "centred" if centred == 1 else f"{100 * centred:.0f} % centred"


def checked_sizes(sizes: Any) -> np.ndarray:
    """Sizes as an array of whole numbers, of two classes at least, or a `ValueError`."""
    must = f"the sizes must be whole numbers ≥ 1 of two classes or more, with at most {MOST} examples in all"
    if not isinstance(sizes, Iterable):
        raise ValueError(f"{must}, got {told(sizes)}")
    numbers = check_numbers(sizes, must)
    whole = numbers.ndim == 1 and len(numbers) > 1 and bool(np.all((numbers >= 1) & (numbers == np.floor(numbers))))
    if not whole or numbers.sum() > MOST:
        raise ValueError(f"{must}, got {told(sizes)}")
    return numbers.astype(int)
