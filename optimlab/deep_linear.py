r"""A deep linear network learns a matrix: each of its singular values is a mode, which is learned in its own time.

L(W₁ … W_N) = ½‖W₁W₂⋯W_N − M‖², with M = UΣVᵀ. The network is linear in its inputs, not in its weights: from a small
start gradient descent learns the large singular values first, one after the other, and Muon the small ones
(`half_time_descent`, `half_time_muon`). See `optimlab.labs.modes` for the picture.
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

__all__ = ["DEPTH", "SCALE", "VALUES", "DeepLinear", "half_time_descent", "half_time_muon"]

VALUES = (4.0, 2.0, 1.0, 0.5, 0.25, 0.125)
DEPTH = Knob("N", "depth", 2, 3, allowed="[2, 3]", count=2, whole=True)
SCALE = Knob("σ", "size of the start", 1e-4, 1.0, log=True, allowed="(0, 10]", count=41)
LARGEST = 100  # rows of a matrix
RATE = Knob("η", "learning rate", 1e-4, 1.0, log=True, allowed="(0, ∞)")
VALUE = Knob("s", "singular value", 0.1, 10.0, log=True, allowed="(0, ∞)")
START = Knob("a₀", "size at the start", 1e-9, 1.0, log=True, allowed="(0, ∞)")


@dataclass(frozen=True, eq=False, repr=False)
class DeepLinear(Loss):
    r"""L(θ) = ½‖W₁⋯W_N − M‖²: N square layers, one after the other, shall be the matrix M = UΣVᵀ.

    θ is W₁ … W_N as one flat vector. Inputs are rows, as everywhere here, so that layers follow from left to right;
    most papers write W_N⋯W₁ for the transpose. U and V are random rotations, and the weights at the start independent
    normal numbers of standard deviation σ/√n: with σ = 1 a layer keeps the length of its input, on average.

    Parameters
    ----------
    depth : N, 2 or 3
    values : the singular values s of M that are not 0, falling; at most n
    size : n, the rows and the columns of each matrix
    scale : σ in (0, 10]
    seed : of U and V, and of the start

    >>> problem = DeepLinear()
    >>> problem
    DeepLinear: 2 layers of 16×16, singular values 4, 2, 1, 0.5, 0.25, 0.125
    >>> float(problem.value(problem.start).round(2))
    10.66
    """

    depth: int = 2
    values: Any = VALUES
    size: int = 16
    scale: float = 0.01
    seed: int = 0

    name = "deep linear network"

    def __post_init__(self) -> None:
        object.__setattr__(self, "depth", int(DEPTH.check_one(self.depth)))
        object.__setattr__(self, "size", check_whole("the size n", self.size, 1, LARGEST))
        object.__setattr__(self, "values", checked_values(self.values, self.size))
        object.__setattr__(self, "scale", SCALE.check_one(self.scale))
        check_seed(self.seed)

    @property
    def dim(self) -> int:
        return self.depth * self.size**2

    @property
    def layers(self) -> Layers:
        return Layers(tuple(Layer(f"W{i + 1}", (self.size, self.size)) for i in range(self.depth)))

    @cached_property
    def start(self) -> np.ndarray:  # type: ignore[override]
        """θ₀, shape (d,). Starts of two scales point into the same direction."""
        return self.scale / np.sqrt(self.size) * np.random.default_rng([self.seed, 1]).normal(size=self.dim)

    @cached_property
    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """U and V as far as M has singular values that are not 0, each of shape (n, m)."""
        drawn = np.random.default_rng([self.seed, 0]).normal(size=(2, self.size, self.size))
        Q, R = np.linalg.qr(drawn)
        U, V = Q * np.sign(np.diagonal(R, axis1=-2, axis2=-1))[:, None, :]
        return U[:, : len(self.values)], V[:, : len(self.values)]

    @cached_property
    def M(self) -> np.ndarray:
        """The matrix to be learned, shape (n, n)."""
        U, V = self.factors
        return (U * self.values) @ V.T

    @property
    def curvature(self) -> float:
        r"""λ = N s^{2−2/N} with the largest s: the sharpness where M is learned by layers of equal singular values.

        Gradient descent with ηλ > 2 cannot come to rest there.
        """
        return float(self.depth * self.values[0] ** (2 - 2 / self.depth))

    def value(self, theta: Any) -> np.ndarray:
        """L(θ): shape (..., d) → (...)."""
        return 0.5 * ((self.product(theta) - self.M) ** 2).sum(axis=(-2, -1))

    def gradient(self, theta: Any) -> np.ndarray:
        r"""∇L(θ), shape (..., d): for each layer (W₁⋯W_{i−1})ᵀ (W₁⋯W_N − M) (W_{i+1}⋯W_N)ᵀ."""
        matrices = self._matrices(theta)
        before, after = [np.eye(self.size)], [np.eye(self.size)]
        for W, Z in zip(matrices, matrices[::-1], strict=True):
            before.append(before[-1] @ W)
            after.append(Z @ after[-1])
        error = before[-1] - self.M
        parts = [turned(before[i]) @ error @ turned(after[-2 - i]) for i in range(self.depth)]
        return np.stack(parts, axis=-3).reshape(np.shape(theta))

    def product(self, theta: Any) -> np.ndarray:
        """W₁⋯W_N: shape (..., d) → (..., n, n)."""
        product, *others = self._matrices(theta)
        for W in others:
            product = product @ W
        return product

    def modes(self, theta: Any) -> np.ndarray:
        """uᵢᵀ W₁⋯W_N vᵢ / sᵢ, the share of each mode that is learned: shape (..., d) → (..., m)."""
        U, V = self.factors
        return ((turned(U) @ self.product(theta)) * V.T).sum(axis=-1) / self.values

    def head_start(self, theta: Any) -> np.ndarray:
        r"""a₀ of each mode for `half_time_descent`, at small weights of two layers: shape (..., d) → (..., m).

        While W₁W₂ is small, pᵢ = ½(W₁ᵀuᵢ + W₂vᵢ), a vector in the hidden layer, grows by 1 + ηsᵢ in a step, and what
        else there is of the mode shrinks. A direction that a larger mode has taken is lost to the smaller ones, so that
        a₀ is the square of what pᵢ has beside p₁ … p_{i−1}.

        >>> DeepLinear(scale=0.01).head_start(DeepLinear(scale=0.01).start).shape
        (6,)
        """
        if self.depth != 2:
            raise ValueError(f"modes grow on their own in 2 layers only, got the depth N={self.depth}")
        first, second = self._matrices(theta)
        U, V = self.factors
        p = (turned(first) @ U + second @ V) / 2
        R = np.linalg.qr(p, mode="r")
        return np.diagonal(R, axis1=-2, axis2=-1) ** 2

    def _matrices(self, theta: Any) -> list[np.ndarray]:
        theta = check_numbers(theta, f"θ must be numbers of shape (..., {self.dim})")
        if theta.ndim == 0 or theta.shape[-1] != self.dim:
            raise ValueError(f"θ must have shape (..., {self.dim}) on {self.name}, got {theta.shape}")
        return self.layers.views(theta)

    def __repr__(self) -> str:
        listed = ", ".join(f"{s:g}" for s in self.values)
        return f"DeepLinear: {self.depth} layers of {self.size}×{self.size}, singular values {listed}"


def turned(matrices: np.ndarray) -> np.ndarray:
    """The transpose of each matrix."""
    return np.swapaxes(matrices, -2, -1)


def checked_values(values: Any, most: int) -> np.ndarray:
    """Singular values as a falling float array, or a `ValueError`."""
    must = f"the singular values must be 1 to {most} numbers > 0, the largest first"
    if not isinstance(values, Iterable):
        raise ValueError(f"{must}, got {told(values)}")
    numbers = check_numbers(values, must)
    falling = numbers.ndim == 1 and 1 <= len(numbers) <= most and bool(np.all(np.diff(numbers) <= 0))
    if not falling or not 0 < numbers[-1] <= numbers[0] < np.inf:
        raise ValueError(f"{must}, got {told(values)}")
    return numbers


def half_time_descent(s: Any, eta: Any, start: Any, depth: int = 2) -> np.ndarray:
    r"""The step at which gradient descent has learned half of a mode of size s; shapes that broadcast → theirs.

    .. math:: k = \frac{\ln(s/a_0 - 1)}{2\ln(1 + \eta s)}

    at depth 2, or ln(s/a₀ − 1)/(2ηs) for small η. Layers that are aligned with U and V, and as large as each other,
    stay so: what a layer has of a mode, w, obeys dw/dk = ηw^{N−1}(s − w^N), from w = a₀^{1/N} to (s/2)^{1/N} (Saxe,
    McClelland & Ganguli 2014). A real step is not a flow: far below s, it multiplies w by 1 + ηs rather than by
    e^{ηs}, and there nearly all of the time goes by. At depth 3 it is the flow's, ∫dx/(x²(1−x³)) / (ηs^{4/3}) with
    x = w/s^{1/3}.

    Parameters
    ----------
    s : the singular value, > 0
    eta : η > 0
    start : a₀ > 0, the mode's size in W₁⋯W_N at the start; from s/2 on the time is 0
    depth : N, 2 or 3

    >>> half_time_descent([4.0, 0.125], 0.02, 1e-4).round(0)
    array([  69., 1428.])
    """
    s, eta, a = np.broadcast_arrays(VALUE.check(s), RATE.check(eta), START.check(start))
    depth = int(DEPTH.check_one(depth))
    a = np.minimum(a, s / 2)
    if depth == 2:
        return np.asarray(np.log(s / a - 1) / (2 * np.log1p(eta * s)))
    return np.asarray((cubic(0.5 ** (1 / 3)) - cubic(np.cbrt(a / s))) / (eta * s ** (4 / 3)))


def cubic(x: Any) -> Any:
    """∫ dx / (x²(1−x³)), but for a constant."""
    return -1 / x - np.log(1 - x) / 3 + np.log(1 + x + x**2) / 6 - np.arctan((2 * x + 1) / np.sqrt(3)) / np.sqrt(3)


def half_time_muon(s: Any, eta: Any, depth: int = 2) -> np.ndarray:
    r"""The step at which Muon has learned half of a mode of size s; shapes that broadcast → theirs.

    .. math:: k = (s/2)^{1/N} / \eta

    Muon with the exact polar factor and μ = 0: all singular values of a step are η, so after k steps from a small start
    those of a layer are ηk, whatever s is, and the mode's is (ηk)^N, until it has reached s.

    Parameters
    ----------
    s : the singular value, > 0
    eta : η > 0
    depth : N, 2 or 3

    >>> half_time_muon([4.0, 0.125], 0.02).round(1)
    array([70.7, 12.5])
    """
    s, eta = np.broadcast_arrays(VALUE.check(s), RATE.check(eta))
    return np.asarray((s / 2) ** (1 / int(DEPTH.check_one(depth))) / eta)
