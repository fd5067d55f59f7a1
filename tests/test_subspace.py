"""Projected descents against plain loops with the dense Hessian; exact products against differences of gradients."""

import numpy as np
import pytest

from optimlab.curvature import SquaredError
from optimlab.losses import Loss
from optimlab.networks import Data, Network
from optimlab.subspace import hessian_at, projected_descent, random_share, shares


def small(sizes=(5, 4, 3), n=24):
    random = np.random.default_rng(3)
    X, y = random.normal(size=(n, sizes[0])), random.integers(sizes[-1], size=n)
    return Network(sizes, "tanh"), Data(X, y, X, y)


def slope(theta, X, y, squared):
    """The gradient of a (5, 4, 3) network of tanh, written out."""
    W, b, V, c = theta[:20].reshape(5, 4), theta[20:24], theta[24:36].reshape(4, 3), theta[36:]
    a = np.tanh(X @ W + b)
    z = a @ V + c
    p = z if squared else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    delta = (p - np.eye(3)[y]) / len(y)
    below = (delta @ V.T) * (1 - a**2)
    return np.concatenate([(X.T @ below).ravel(), below.sum(axis=0), (a.T @ delta).ravel(), delta.sum(axis=0)])


def steepest(theta, data, squared, k):
    moved = [1e-5 * e for e in np.eye(len(theta))]
    H = [(slope(theta + e, data.X, data.y, squared) - slope(theta - e, data.X, data.y, squared)) / 2e-5 for e in moved]
    values, U = np.linalg.eigh((np.array(H) + np.array(H).T) / 2)
    return U[:, np.argsort(-abs(values))[:k]]


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3), (5, 4, 6, 3)])
@pytest.mark.parametrize("squared", [True, False])
def test_the_product_is_how_the_gradient_changes(sizes, activation, squared):
    network, data = small(sizes)
    network = Network(sizes, activation)
    loss = SquaredError(network, data) if squared else network.on(data)
    theta, v = np.random.default_rng(1).normal(size=(2, network.size))
    changes = (loss.gradient(theta + 1e-5 * v) - loss.gradient(theta - 1e-5 * v)) / 2e-5
    np.testing.assert_allclose(hessian_at(loss, theta)(v), changes, rtol=1e-6, atol=1e-8)


def test_for_relu_it_is_the_exact_product_of_the_squared_error():
    network, data = small((5, 4, 6, 3))
    loss = SquaredError(Network((5, 4, 6, 3), "relu"), data)
    theta, v = np.random.default_rng(1).normal(size=(2, network.size))
    np.testing.assert_allclose(hessian_at(loss, theta)(v), loss.product(theta, v), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize(("part", "stretch"), [("all", 0.0), ("inside", 0.0), ("outside", 0.0), ("outside", 1.0)])
def test_a_descent_is_that_of_a_plain_loop(squared, part, stretch):
    network, data = small()
    loss = SquaredError(network, data, 8) if squared else network.on(data, 8)
    theta, k, eta, first = network.init(2), 3, 0.3, 4
    path = projected_descent(loss, theta, eta, 12, part, k, stretch, 5, 100, first, watch=True)
    for t in range(13):
        if t % 5 == 0:
            U = steepest(theta, data, squared, k)
        np.testing.assert_allclose(path.theta[t], theta, rtol=1e-4, atol=1e-6)
        X, y, _ = loss.batch(first + t)
        g, whole = slope(theta, X, y, squared), slope(theta, data.X, data.y, squared)
        assert path.share[t, -1] == pytest.approx(np.sum((U.T @ g) ** 2) / np.sum(g**2), abs=1e-4)
        assert path.full_share[t, -1] == pytest.approx(np.sum((U.T @ whole) ** 2) / np.sum(whole**2), abs=1e-4)
        inside = U @ (U.T @ g)
        step = {"all": g, "inside": inside, "outside": g - inside}[part]
        theta = theta - eta * step * (np.linalg.norm(g) / np.linalg.norm(step)) ** stretch


def test_shares_add_up_and_by_chance_they_are_k_of_d():
    random = np.random.default_rng(0)
    found = []
    for _ in range(300):
        Q, _ = np.linalg.qr(random.normal(size=(40, 10)))
        found.append(shares(random.normal(size=40), Q))
    assert np.all(np.diff(found, axis=1) >= 0)
    np.testing.assert_allclose(np.mean(found, axis=0), [random_share(k, 40) for k in range(1, 11)], atol=0.02)
    assert np.isnan(shares([0.0, 0.0], np.eye(2))).all()


def test_a_descent_that_diverges_is_nan_from_there_on():
    class Bowl(Loss):
        def value(self, theta):
            return 0.5 * np.sum(theta**2, axis=-1)

        def gradient(self, theta):
            return theta

    path = projected_descent(Bowl(), [1.0, 1.0], 10.0, 400, k=1)
    assert np.isnan(path.loss[-1]) and np.isfinite(path.loss[:100]).all() and path.full_share is None


NETWORK, DATA = small()
LOSS = NETWORK.on(DATA)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: projected_descent(LOSS, LOSS.start, 0.0, 5), r"learning rate η must be in \(0, ∞\), got 0"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 5, "dom"), "the part must be one of all, inside, outside"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 5, k=40), r"k must be a whole number in \[1, 39\], got 40"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 0), "the number of steps must be a whole number"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 5, stretch=2), r"stretch s must be in \[0, 1\], got 2"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 5, every=0), "every must be a whole number ≥ 1, got 0"),
        (lambda: projected_descent(LOSS, LOSS.start, 0.1, 5, directions=np.eye(39)[:, :3]), "at least k=10 columns"),
        (lambda: shares([1.0, 2.0], np.eye(3)), r"directions must be numbers of shape \(2, k\), got shape \(3, 3\)"),
        (lambda: random_share(5, 4), r"k must be a whole number in \[1, 4\], got 5"),
        (lambda: hessian_at("loss", LOSS.start), "the loss must be that of a network"),
        (lambda: hessian_at(Network((5, 3), l2=0.1).on(DATA), np.zeros(18)), "without penalty and dropout, got λ=0.1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
