r"""Curvature of a loss of many parameters, from products with its Hessian; and a loss to look at it on.

The Hessian of d parameters has d² entries, but its product with a vector costs two gradients (`hessian_product`; of a
network exactly, `hessian_at`), and products are enough for the eigenvalue of largest size (`sharpness`), for the
largest one (`lanczos`), and for the k of largest size (`top_eigen`).

Gradient descent holds its sharpness at 2/η (Cohen et al. 2021). Adam with a constant v̂ is momentum on a stretched
plane, so what it holds is the sharpness of that plane, at (2+2β₁)/((1−β₁)η) (Cohen et al. 2022).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .checks import check_function, check_numbers, check_seed, check_whole, told
from .data import Data
from .losses import Gradient
from .networks import Network
from .place import Place, check_plain
from .training import Examples

__all__ = ["SquaredError", "hessian_at", "hessian_product", "lanczos", "sharpness", "top_eigen"]

REACH = 1e-4  # how far from θ the two gradients of a central difference are taken


def sharpness(
    gradient: Gradient,
    theta: Any,
    scale: Any = 1.0,
    steps: int = 50,
    seed: int = 0,
    direction: Any = None,
    product: Any = None,
) -> tuple[float, np.ndarray]:
    r"""The eigenvalue of largest size of the Hessian H(θ), with its sign, by power iteration; and its direction.

    .. math:: u \leftarrow \frac{Au}{|Au|}, \qquad \lambda \approx u^\top A u, \qquad A = D^{1/2} H D^{1/2}

    With D = 1 this is the sharpness (Cohen et al. 2021); with D = diag(1/√v̂) the preconditioned sharpness
    (Cohen et al. 2022), which is also the eigenvalue of DH. D^{1/2} on both sides keeps A symmetric.

    Parameters
    ----------
    gradient : ∇L, a function of θ, shape (d,) → (d,)
    theta : θ, shape (d,)
    scale : the diagonal of D, shape (d,) or one number, finite and ≥ 0; for Adam 1/(√v̂ + ε)
    steps : how often u is multiplied by A; too few give a λ that is too small in size
    seed : draws the first u where there is no `direction`
    direction : the first u, shape (d,), as the last call returned it: near the last θ a few steps are enough
    product : Hv as a function of v, as `hessian_at` gives it, where it is known exactly; else two gradients give it

    Returns λ of the last u that was multiplied, and the next u, of length 1. Where u has become 0 or infinite it is
    returned as it was before.

    >>> value, direction = sharpness(lambda theta: theta * [1, -3], [0.0, 0.0])
    >>> round(value, 6), abs(direction).round(6).tolist()
    (-3.0, [0.0, 1.0])
    """
    check_function("the gradient must be a function of θ", gradient)
    theta = check_vector("θ", theta)
    root = np.sqrt(check_scale(scale, theta.size))
    check_whole("steps", steps, 1)
    u = first_direction(theta.size, check_seed(seed), direction)
    multiply = product or (lambda v: hessian_product(gradient, theta, v))
    for _ in range(steps):
        turned = root * multiply(root * u)
        value, length = float(u @ turned), float(np.linalg.norm(turned))
        if length == 0 or not np.isfinite(length):
            break
        u = turned / length
    return value, u


def top_eigen(
    gradient: Gradient,
    theta: Any,
    k: int = 10,
    steps: int = 10,
    seed: int = 0,
    directions: Any = None,
    product: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    r"""The k eigenvalues of largest size of the Hessian H(θ), with their signs, by subspace iteration; and directions.

    .. math:: Q^\top H Q = V \Lambda V^\top, \qquad Q \leftarrow \operatorname{qr}(H Q V)

    Q has k orthonormal columns. Each step multiplies all of them by H, which costs 2k gradients, and takes the
    eigenvalues of the small k × k matrix (Rayleigh–Ritz; Golub & Van Loan 2013, 8.2.4). The j-th converges as
    |λ_{k+1}/λ_j| a step: ask for a few more than are needed.

    Parameters
    ----------
    gradient : ∇L, a function of θ, shape (d,) → (d,)
    theta : θ, shape (d,)
    k : how many, in [1, d]
    steps : how often Q is multiplied by H; too few give eigenvalues that are too small in size
    seed : draws the first Q where there are no `directions`
    directions : the first Q, shape (d, k), as the last call returned it: near the last θ a few steps are enough
    product : Hv as a function of v, as `hessian_at` gives it, where it is known exactly; else two gradients give it

    Returns Λ of the last Q that was multiplied, shape (k,), the largest in size first, and the next Q, shape (d, k),
    orthonormal. No direction turns round from one step to the next, so that signs along it can be compared.

    >>> values, directions = top_eigen(lambda theta: theta * [1, -3, 2], [0.0, 0.0, 0.0], k=2, steps=50)
    >>> values.round(6).tolist(), abs(directions).round(6).T.tolist()
    ([-3.0, 2.0], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """
    check_function("the gradient must be a function of θ", gradient)
    theta = check_vector("θ", theta)
    check_whole("k", k, 1, theta.size)
    check_whole("steps", steps, 1)
    Q = first_directions(theta.size, k, check_seed(seed), directions)
    multiply = product or (lambda v: hessian_product(gradient, theta, v))
    for _ in range(steps):
        turned = np.stack([multiply(v) for v in Q.T], axis=1)
        if not np.isfinite(turned).all():
            return np.full(k, np.nan), Q
        small = Q.T @ turned
        values, V = np.linalg.eigh((small + small.T) / 2)
        order = np.argsort(-np.abs(values), kind="stable")
        values, V = values[order], V[:, order]
        Q = orthonormal(turned @ V, Q @ V)
    return values, Q


def lanczos(product: Callable[[np.ndarray], np.ndarray], start: Any, products: int) -> tuple[float, np.ndarray]:
    r"""The largest eigenvalue of a symmetric matrix H, and its direction, from a few products (Lanczos 1950).

    The best that can be said of the span of u, Hu, H²u, …, where power iteration takes the last of them alone: at the
    edge several eigenvalues are nearly as large as the largest, and power iteration needs many more products.

    Parameters
    ----------
    product : Hv as a function of v, shape (d,) → (d,)
    start : u, shape (d,), not 0: by chance, or the direction near which the new one is
    products : how many, at least 1

    Returns λ, which is never too large, and the direction, of length 1 and on the same side as u.

    >>> value, direction = lanczos(lambda v: v * [1, 3, -5], [1.0, 1.0, 1.0], products=3)
    >>> round(value, 6), abs(direction).round(6).tolist()
    (3.0, [0.0, 1.0, 0.0])
    """
    check_function("the product must be a function of v", product)
    check_whole("the number of products", products, 1)
    u = check_numbers(start, "the start must be numbers of shape (d,)")
    length = np.linalg.norm(u)
    if u.ndim != 1 or not 0 < length < np.inf:
        raise ValueError(f"the start must be finite numbers of shape (d,) that are not all 0, got {told(start)}")
    Q = np.empty((min(products, u.size), u.size))
    HQ, size, least = np.empty_like(Q), 0, 0.0
    while size < len(Q) and length > least:
        Q[size] = u / length
        u = product(Q[size])
        if np.shape(u) != Q[size].shape:
            raise ValueError(f"the product must give numbers of shape {Q[size].shape}, as v has, got {told(u)}")
        HQ[size] = u
        size += 1
        least = max(least, 1e-10 * float(np.linalg.norm(u)))
        for _ in range(2):  # once is not enough against rounding
            u = u - Q[:size].T @ (Q[:size] @ u)
        length = np.linalg.norm(u)
    small = Q[:size] @ HQ[:size].T
    values, vectors = np.linalg.eigh((small + small.T) / 2)
    direction = vectors[:, -1] @ Q[:size]
    return float(values[-1]), direction * (-1 if direction @ Q[0] < 0 else 1)


def orthonormal(columns: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span the same, each on the same side as that of `like`."""
    Q, _ = np.linalg.qr(columns)
    return Q * np.where(np.sum(Q * like, axis=0) < 0, -1, 1)


def hessian_product(gradient: Gradient, theta: np.ndarray, v: np.ndarray, reach: float = REACH) -> np.ndarray:
    r"""H(θ)v from two gradients, shape (d,).

    .. math:: Hv \approx \frac{\nabla L(\theta + hv) - \nabla L(\theta - hv)}{2h}, \qquad h = \frac{r}{|v|}

    For |v| = 1 its error is r²/6 times the fourth derivative of L, and rounding, about 10⁻¹⁶|∇L|/r. For a (64, 32, 10)
    network of tanh on digits it is below 10⁻⁹ of Hv with r = 10⁻⁴, below 10⁻⁸ with 10⁻⁶ and 10⁻⁷ with 10⁻³.

    For ReLU it can be far off: where a kink lies between the two places, the jump of the gradient counts as curvature.
    `sharpness` finds such directions, and is then two or three times too large; take `hessian_at` there.

    Parameters
    ----------
    gradient : ∇L, a function of θ, shape (d,) → (d,)
    theta, v : shape (d,)
    reach : r, the distance from θ of the two gradients
    """
    length = np.linalg.norm(v)
    if length == 0:
        return np.zeros_like(v)
    h = reach / length
    return (gradient(theta + h * v) - gradient(theta - h * v)) / (2 * h)


def first_directions(dim: int, k: int, seed: int, directions: Any) -> np.ndarray:
    """k orthonormal columns: those that are given, or by chance."""
    if directions is None:
        directions = np.random.default_rng(seed).normal(size=(dim, k))
    must = f"the directions must be finite numbers of shape ({dim}, {k})"
    columns = check_numbers(directions, must)
    if columns.shape != (dim, k) or not np.isfinite(columns).all():
        raise ValueError(f"{must}, got {told(directions) if columns.shape == (dim, k) else columns.shape}")
    return orthonormal(columns, columns)


def first_direction(dim: int, seed: int, direction: Any) -> np.ndarray:
    """A direction of length 1: the one that is given, or one by chance."""
    if direction is None:
        direction = np.random.default_rng(seed).normal(size=dim)
    u = check_vector("the direction", direction)
    length = np.linalg.norm(u)
    if u.size != dim or not 0 < length < np.inf:
        raise ValueError(f"the direction must be {dim} finite numbers that are not all 0, got {told(direction)}")
    return u / length


def check_vector(what: str, values: Any) -> np.ndarray:
    vector = check_numbers(values, f"{what} must be numbers of shape (d,)")
    if vector.ndim != 1 or vector.size == 0:
        raise ValueError(f"{what} must be numbers of shape (d,), got shape {vector.shape}")
    return vector.astype(float)


def check_scale(scale: Any, dim: int) -> np.ndarray:
    numbers = check_numbers(scale, "the scale must be numbers")
    if numbers.shape not in ((), (1,), (dim,)):
        raise ValueError(f"the scale must be one number or {dim}, as θ has, got shape {numbers.shape}")
    if not (np.isfinite(numbers).all() and np.all(numbers >= 0)):
        raise ValueError(f"the scale must be finite and ≥ 0, got {told(scale)}; where v̂ is 0, ε keeps it finite")
    return numbers


class SquaredError(Examples):
    r"""The mean squared error of a network on the training examples: its outputs against one-hot labels.

    .. math:: L(\theta) = \frac{1}{2n} \sum_{i=1}^n |f(x_i; \theta) - e_{y_i}|^2

    f is what `Network` has before its softmax, and e_y is 1 in place y, else 0.

    Parameters
    ----------
    network : a `Network` without penalty and dropout
    data : with inputs and classes that fit it
    batch_size : B of the gradient of a step; all examples if None
    seed : draws θ₀, and the batches
    """

    error = "squared error"

    def __init__(self, network: Network, data: Data, batch_size: int | None = None, seed: int = 0):
        super().__init__(network, data, batch_size, seed)
        network.check(data.X, data.y)
        check_plain("the squared error", network)
        self.targets = np.eye(network.sizes[-1])[data.y]
        self.name = f"squared error on {data.name} of a network {network.sizes}"

    def value(self, theta: np.ndarray) -> np.ndarray:
        """L(θ) on all training examples: shape (..., d) → (...)."""
        error = self.network.activations(theta, self.data.X)[-1] - self.targets
        return 0.5 * np.sum(error**2, axis=(-2, -1)) / len(self.targets)

    def _slope(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray, masks: list | None = None) -> np.ndarray:
        a = self.network.activations(theta, X)
        return self.network.backward(theta, a, (a[-1] - np.eye(self.network.sizes[-1])[y]) / len(y))

    def product(self, theta: np.ndarray, v: np.ndarray) -> np.ndarray:
        """H(θ)v, shape (d,), exactly (Pearlmutter 1994); of many v at one θ `hessian_at` has them faster.

        It costs about as much as two gradients, and for ReLU it is the curvature between kinks.
        """
        return hessian_at(self, theta)(v)


def hessian_at(loss: Examples, theta: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """v → H(θ)v at one θ, (d,) → (d,): exact (Pearlmutter 1994), with cross-entropy or squared error.

    What depends on θ alone is computed once, so that each product costs about one gradient.

    Parameters
    ----------
    loss : ``network.on(data)`` or `SquaredError`, without penalty and dropout
    theta : θ, shape (d,)

    For ReLU it is the curvature between kinks.

    >>> from optimlab.networks import Data, Network
    >>> data = Data(np.eye(2), np.array([0, 1]), np.eye(2), np.array([0, 1]))
    >>> hessian_at(Network((2, 2)).on(data), np.zeros(6))(np.eye(6)[4]).tolist()
    [0.125, -0.125, 0.125, -0.125, 0.25, -0.25]
    """
    check_examples(loss)
    labels = np.eye(loss.network.sizes[-1])[loss.data.y]
    return Place(loss.network, loss.data.X, labels, check_vector("θ", theta), loss.error).product


def check_examples(loss: Any) -> None:
    if not isinstance(loss, Examples):
        raise ValueError(f"the loss must be that of a network, such as network.on(data), got {told(loss)}")
    check_plain("the Hessian", loss.network)
