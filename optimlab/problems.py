r"""Losses on data: linear and logistic regression, with full-batch and mini-batch gradients.

θ holds the weights, then the bias if there is one. A problem of two parameters is also a surface: it has a start, a
view and its minimum, so every lab can draw it. The data sets are scikit-learn's (they come with it, nothing is
downloaded).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from .checks import check_choice, check_numbers, check_seed, check_whole, told
from .data import from_sklearn
from .knobs import Knob
from .losses import Gradient, Loss, Through

__all__ = ["LinearRegression", "LogisticRegression", "MiniBatches", "breast_cancer", "diabetes"]


PORTION = 10**6  # numbers that a value holds at a time
PENALTY = Knob("λ", "the penalty", low=1e-4, high=1.0, log=True)


@dataclass(frozen=True, eq=False, repr=False)
class Regression(Loss):
    """What the two problems share: data, a view, and gradients on any rows of the data.

    Parameters
    ----------
    X : inputs, shape (N, features)
    y : targets, shape (N,)
    bias : append a column of ones, whose weight is the bias
    l2 : λ ≥ 0, adds (λ/2)|θ|² to the loss
    start, view : where a lab starts, and the part of the plane it draws; 0, and around start and minimum, if None
    name, labels : the names of the problem, of the input and of the target
    """

    X: np.ndarray = field()
    y: np.ndarray = field()
    bias: bool = True
    l2: float = 0.0
    start: tuple | None = None
    view: tuple | None = None
    name: str = "data"
    labels: tuple = ("x", "y")
    symbols: tuple = ("w", "b")

    def __post_init__(self) -> None:
        X, y = (np.asarray(check_numbers(v, "X and y must be finite numbers"), float) for v in (self.X, self.y))
        check_choice("bias", self.bias, (True, False))
        if X.ndim != 2 or len(X) == 0 or y.shape != (len(X),):
            raise ValueError(f"X must have shape (N, features) and y shape (N,), got {X.shape} and {y.shape}")
        if not (np.isfinite(X).all() and np.isfinite(y).all()):
            raise ValueError("X and y must be finite numbers")
        object.__setattr__(self, "l2", PENALTY.check_one(self.l2))
        object.__setattr__(self, "X", X)
        object.__setattr__(self, "y", y)
        if self.start is None:
            object.__setattr__(self, "start", (0.0,) * self.dim)
        if self.view is None and self.dim <= 2:
            object.__setattr__(self, "view", self._view_of_data())

    @property
    def dim(self) -> int:
        return self.X.shape[1] + bool(self.bias)

    @cached_property
    def design(self) -> np.ndarray:
        """The inputs as θ sees them, shape (N, dim): with the column of ones, if there is a bias."""
        return self._with_ones(self.X)

    def _with_ones(self, X: Any) -> np.ndarray:
        return np.column_stack([X, np.ones(len(X))]) if self.bias else np.asarray(X)

    @property
    def size(self) -> int:
        """N, the number of examples."""
        return len(self.y)

    @cached_property
    def minima(self) -> tuple:  # type: ignore[override]
        return (tuple(self.solution.tolist()),)

    @cached_property
    def minimum(self) -> float:
        """The smallest possible training loss."""
        return float(self.value(self.solution))

    @property
    def solution(self) -> np.ndarray:
        """The θ of least loss, shape (d,)."""
        raise NotImplementedError(f"{type(self).__name__} does not say its solution")

    def _view_of_data(self) -> tuple | None:
        """A part of the plane with the start and the minimum in it; None where there is no minimum."""
        try:
            ends = np.sort([self.start, self.solution], axis=0)
        except ValueError:
            return None
        wide = ends[1] - ends[0]
        margin = np.where(wide > 1e-9 * np.abs(ends).max(axis=0), 0.5 * wide, 1.0)
        return tuple(zip((ends[0] - margin).tolist(), (ends[1] + margin).tolist()))

    def minibatch(self, batch_size: int, seed: int = 0, replacement: bool = False) -> MiniBatches:
        """The same loss, whose gradient at step k sees only the k-th mini-batch; see `MiniBatches`."""
        return MiniBatches(self, batch_size, seed, replacement)

    def _point(self, theta: Any) -> np.ndarray:
        """θ as an array of shape (..., dim)."""
        theta = check_numbers(theta, f"θ must be numbers of shape (..., {self.dim}) on {self.name}")
        if theta.ndim == 0 or theta.shape[-1] != self.dim:
            raise ValueError(f"θ must have shape (..., {self.dim}) on {self.name}, got {theta.shape}")
        return theta

    def _rows(self, rows: Any) -> tuple[np.ndarray, np.ndarray]:
        if rows is None:
            return self.design, self.y
        must = f"rows must be row numbers from 0 to {self.size - 1}, at least one"
        numbers = check_numbers(rows, must)
        exist = (numbers >= 0) & (numbers < self.size) & (numbers == np.floor(numbers))
        if numbers.ndim != 1 or numbers.size == 0 or not exist.all():
            raise ValueError(f"{must}, got {told(rows)}")
        return self.design[numbers.astype(int)], self.y[numbers.astype(int)]

    def _mean(self, theta: Any, each: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """The mean over the examples of a function of their xᵢ·θ, and the penalty: shape (..., d) → (...).

        Many points are taken in portions, so that as many points times as many examples never stand in memory.
        """
        theta = self._point(theta)
        points = theta.reshape(-1, theta.shape[-1])
        portion = max(1, PORTION // self.size)
        means = [
            each(points[first : first + portion] @ self.design.T).mean(axis=-1)
            for first in range(0, len(points), portion)
        ]
        fit = np.concatenate(means) if means else np.zeros(0)
        return fit.reshape(theta.shape[:-1])[()] + self._penalty(theta)

    def _penalty(self, theta: np.ndarray) -> np.ndarray:
        return 0.5 * self.l2 * np.sum(np.square(theta), axis=-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__} on {self.name}: {self.size} examples, {self.dim} parameters"


@dataclass(frozen=True, eq=False, repr=False)
class LinearRegression(Regression):
    r"""Least squares: L(θ) = 1/(2N) Σ (xᵢ·θ − yᵢ)² + (λ/2)|θ|².

    See `Regression` for the parameters. ``eigenvalues`` are those of the Hessian XᵀX/N + λI, ascending.
    """

    def predict(self, theta: Any, X: Any) -> np.ndarray:
        """xᵢ·θ for inputs of shape (n, features)."""
        return np.asarray(theta) @ self._with_ones(X).T

    def value(self, theta: Any) -> np.ndarray:
        """L(θ): shape (..., d) → (...)."""
        return self._mean(theta, lambda outputs: 0.5 * (outputs - self.y) ** 2)

    def gradient(self, theta: Any, rows: Any = None) -> np.ndarray:
        """∇L(θ), shape (..., d); on `rows` of the data only, if they are given."""
        (X, y), theta = self._rows(rows), self._point(theta)
        return like(theta, (theta @ X.T - y) @ X / len(y) + self.l2 * theta)

    def as_formula(self) -> Loss:
        return Quadratic(self)

    @cached_property
    def eigenvalues(self) -> tuple:  # type: ignore[override]
        roots = np.zeros(self.dim)
        found = np.linalg.svd(self.design, compute_uv=False) / np.sqrt(self.size)
        roots[: len(found)] = found  # the others are 0, of fewer examples than parameters
        return tuple((roots**2 + self.l2)[::-1].tolist())

    @cached_property
    def solution(self) -> np.ndarray:
        """The θ of least loss, from the design matrix, shape (d,); the shortest one if there are many."""
        rows = np.vstack([self.design, np.sqrt(self.size * self.l2) * np.eye(self.dim)])
        targets = np.concatenate([self.y, np.zeros(self.dim)])
        theta = best = np.zeros(self.dim)
        for _ in range(4):  # the first solves it, the others take the rounding errors out
            theta = theta + least_squares(rows, targets - rows @ theta)
            best = min(best, theta, key=self.value)
        return best


class Quadratic(Through):
    """A least-squares loss without its data: L = min L + ½ Δᵀ H Δ with Δ = θ − argmin L."""

    stochastic = False

    def __init__(self, problem: LinearRegression):
        super().__init__(problem)
        self.hessian = problem.design.T @ problem.design / problem.size + problem.l2 * np.eye(problem.dim)

    def value(self, theta: Any) -> Any:
        return self.minimum + 0.5 * np.sum((theta - self.solution) * self.gradient(theta), axis=-1)

    def gradient(self, theta: Any) -> Any:
        return (theta - self.solution) @ self.hessian


@dataclass(frozen=True, eq=False, repr=False)
class LogisticRegression(Regression):
    r"""Logistic regression with labels 0 and 1: L(θ) = 1/N Σ log(1 + exp(−sᵢ xᵢ·θ)) + (λ/2)|θ|², sᵢ = ±1.

    See `Regression` for the parameters.
    """

    eigenvalues = None  # its curvature changes from place to place

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.isin(self.y, (0, 1)).all():
            raise ValueError(f"the labels y must be 0 or 1, got {sorted(set(self.y.tolist()))[:5]}")

    def predict(self, theta: Any, X: Any) -> np.ndarray:
        """The probability of class 1 for inputs of shape (n, features)."""
        return sigmoid(np.asarray(theta) @ self._with_ones(X).T)

    def accuracy(self, theta: Any) -> float:
        """The share of the training examples that θ classifies correctly."""
        return float(np.mean((self.design @ np.asarray(theta) > 0) == (self.y == 1)))

    def value(self, theta: Any) -> np.ndarray:
        """L(θ): shape (..., d) → (...)."""
        return self._mean(theta, lambda outputs: np.logaddexp(0, -self._signs * outputs))

    def gradient(self, theta: Any, rows: Any = None) -> np.ndarray:
        """∇L(θ), shape (..., d); on `rows` of the data only, if they are given."""
        (X, y), theta = self._rows(rows), self._point(theta)
        return like(theta, (sigmoid(theta @ X.T) - y) @ X / len(y) + self.l2 * theta)

    @cached_property
    def _signs(self) -> np.ndarray:
        return np.where(self.y == 1, 1.0, -1.0)

    @cached_property
    def solution(self) -> np.ndarray:
        """The θ of least loss, by damped Newton steps, shape (d,).

        A step that would not go down is shortened towards the gradient (Levenberg 1944, Marquardt 1963); the loss is
        convex, so going down leads to its minimum. Each parameter is measured by its own curvature.
        """
        theta, damping = np.zeros(self.dim), 0.0
        for _ in range(500):
            value, gradient, hessian = self.value(theta), self.gradient(theta), self._hessian(theta)
            while damping < DAMPED:
                step = newton_step(hessian, gradient, damping)
                self._check_separable(theta, step)
                if better(self, theta + step, value, gradient, hessian):
                    break
                damping = max(10 * damping, 1e-6)
            else:
                return theta  # no step goes down any more: this is the minimum, to rounding
            theta, damping = theta + step, 0.0 if damping <= 1e-5 else damping / 10
        return theta

    def _hessian(self, theta: np.ndarray) -> np.ndarray:
        p = sigmoid(self.design @ theta)
        return (self.design.T * (p * (1 - p))) @ self.design / self.size + self.l2 * np.eye(self.dim)

    def _check_separable(self, *directions: np.ndarray) -> None:
        """That no direction makes some examples better and none worse, for ever; or a `ValueError`."""
        if self.l2 > 0:
            return
        for direction in directions:
            gains = self._signs * (self.design @ direction)
            rounding = 1e-12 * np.abs(self.design) @ np.abs(direction)
            if (gains >= -rounding).all() and (gains > 1e3 * rounding).any():
                raise ValueError("the classes can be separated: without a penalty λ the loss has no minimum")


DAMPED = 1e12


def newton_step(hessian: np.ndarray, gradient: np.ndarray, damping: float) -> np.ndarray:
    """−(H + damping · diag H)⁻¹ ∇L, in units in which the diagonal of H is 1."""
    unit = 1 / np.sqrt(np.maximum(np.diag(hessian), 1e-300))
    scaled = hessian * unit * unit[:, None] + damping * np.eye(len(unit))
    return -unit * np.linalg.lstsq(scaled, unit * gradient)[0]


def better(loss: Regression, theta: np.ndarray, value: Any, gradient: np.ndarray, hessian: np.ndarray) -> bool:
    """Whether θ lies lower; or as low, to rounding, and flatter."""
    new, unit = loss.value(theta), 1 / np.sqrt(np.maximum(np.diag(hessian), 1e-300))
    if not new <= value + 1e-14 * abs(value):
        return False
    flatter = np.linalg.norm(unit * loss.gradient(theta)) < np.linalg.norm(unit * gradient)
    return bool(flatter or new < value - 1e-14 * abs(value))


def least_squares(rows: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The θ of least |rows · θ − targets|, each column in units of its own; the shortest one if there are many."""
    units = np.abs(rows).max(axis=0)
    units[units == 0] = 1.0
    theta, _, rank, _ = np.linalg.lstsq(rows / units, targets)
    theta = theta / units
    if rank < len(theta):  # without its part along the directions that change nothing
        idle = np.linalg.svd(rows / units)[2][rank:].T / units[:, None]
        idle = np.linalg.qr(idle / np.linalg.norm(idle, axis=0))[0]
        theta = theta - idle @ (idle.T @ theta)
    return theta


class MiniBatches(Through):
    """A problem seen through mini-batches: the loss is the whole one, the gradient of step k that of one batch.

    Each epoch shuffles the examples anew and cuts them into batches; the last one of an epoch may be smaller.
    The same seed gives the same batches, whatever the optimizer.

    Parameters
    ----------
    problem : a `LinearRegression` or `LogisticRegression`
    batch_size : B in [1, N]; 1 is single-sample SGD, N is full-batch gradient descent
    seed : of the shuffling, or of the draws
    replacement : True draws every example of a batch anew from all N, as theory assumes, instead of shuffling them
        (PyTorch's ``RandomSampler(replacement=True)``); then an epoch visits some examples twice and others never
    """

    problem: Any

    def __init__(self, problem: Regression, batch_size: int, seed: int = 0, replacement: bool = False):
        super().__init__(problem)
        self.problem, self.seed = problem, check_seed(seed)
        self.replacement = check_choice("replacement", replacement, (False, True))
        self.batch_size = check_whole("the batch size B", batch_size, 1, problem.size)
        self._order = lru_cache(maxsize=2)(self._shuffle)

    @property
    def batches_per_epoch(self) -> int:
        return -(-self.size // self.batch_size)

    def rows(self, k: int) -> np.ndarray:
        """The examples of step k, as row numbers."""
        epoch, batch = divmod(check_whole("the step k", k), self.batches_per_epoch)
        return self._order(epoch)[batch * self.batch_size : (batch + 1) * self.batch_size]

    def gradient_at(self, k: int) -> Gradient:
        """The gradient function of step k."""
        rows = self.rows(k)
        return lambda theta: self.problem.gradient(theta, rows)

    def price(self, k: int) -> int:
        return len(self.rows(k))

    def cost(self, steps: int) -> np.ndarray:
        """How many single-example gradients the first 0, 1, …, `steps` steps have cost, shape (steps+1,)."""
        return np.cumsum([0, *(self.price(k) for k in range(check_whole("steps", steps)))])

    def _shuffle(self, epoch: int) -> np.ndarray:
        rng = np.random.default_rng([self.seed, epoch])
        if self.replacement:
            order = rng.integers(self.size, size=self.size)
        else:
            order = np.arange(self.size) if self.batch_size == self.size else rng.permutation(self.size)
        order.flags.writeable = False  # the batches are slices of it
        return order

    def __repr__(self) -> str:
        return f"{self.problem!r}, in {'independent ' * self.replacement}batches of {self.batch_size}"


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ᶻ), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def like(theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """The gradient in θ's own precision."""
    return gradient.astype(theta.dtype, copy=False) if theta.dtype.kind == "f" else gradient


def diabetes(scaling: str = "units", inputs: str = "bmi") -> LinearRegression:
    """442 patients: body mass index (BMI) against the progression of diabetes a year later (Efron et al. 2004).

    Parameters
    ----------
    scaling : ``"units"`` x = (BMI − 20)/10 and y in hundreds, so that b is the progression at BMI 20;
        ``"standard"`` both with mean 0 and variance 1; ``"raw"`` as in the file
    inputs : ``"bmi"``; or ``"all"`` ten, standard and without a bias
    """
    check_choice("scaling", scaling, ("units", "standard", "raw"))
    check_choice("inputs", inputs, ("bmi", "all"))
    data = from_sklearn("load_diabetes", scaled=False)
    if inputs == "all":
        check_choice("scaling of all inputs", scaling, ("standard",))
        X, y = ((part - part.mean(axis=0)) / part.std(axis=0) for part in (data.data, data.target))
        return LinearRegression(X, y, bias=False, name="diabetes, ten inputs")
    x, y = data.data[:, data.feature_names.index("bmi")], data.target
    if scaling == "units":
        return LinearRegression(
            ((x - 20) / 10)[:, None],
            y / 100,
            start=(-0.7, 2.6),
            view=((-1.5, 3.5), (-1.0, 3.0)),
            name="diabetes",
            labels=("(BMI − 20) / 10", "progression / 100"),
        )
    if scaling == "standard":
        return LinearRegression(
            ((x - x.mean()) / x.std())[:, None],
            (y - y.mean()) / y.std(),
            start=(-0.83, 1.1),
            view=((-1.2, 2.2), (-1.5, 1.5)),
            name="diabetes, standardized",
            labels=("BMI, standardized", "progression, standardized"),
        )
    return LinearRegression(
        x[:, None],
        y,
        start=(3.0, 110.0),
        view=((-15.0, 25.0), (-450.0, 250.0)),
        name="diabetes, raw",
        labels=("BMI", "progression"),
    )


def breast_cancer(l2: float = 0.01) -> LogisticRegression:
    """569 tumours: mean radius and mean texture, standardized, against benign (1) or malignant (0).

    Two weights and no bias, so that the loss can be drawn (Wolberg, Street & Mangasarian 1995).
    """
    data = from_sklearn("load_breast_cancer")
    X = data.data[:, [list(data.feature_names).index(name) for name in ("mean radius", "mean texture")]]
    return LogisticRegression(
        (X - X.mean(axis=0)) / X.std(axis=0),
        data.target,
        bias=False,
        l2=l2,
        start=(1.3, 1.1),
        view=((-4.0, 2.0), (-2.5, 2.0)),
        name="breast cancer",
        labels=("mean radius", "mean texture"),
        symbols=("w₁", "w₂"),
    )
