"""The quadratic of a matrix: its gradient and its curvatures against loops, and what turned axes change."""

import numpy as np
import pytest

from optimlab import descend
from optimlab.matrix_quadratic import MatrixQuadratic
from optimlab.optimizers import SOAP, Adam, Momentum, Muon, Shampoo


def loop_value(loss, theta):
    """½ Σ Dᵢⱼ Sᵢₖ Dₖₗ Cₗⱼ."""
    D = theta.reshape(loss.solution.shape) - loss.solution
    return 0.5 * np.einsum("ij,ik,kl,lj->", D, loss.S, D, loss.C)


@pytest.mark.parametrize("turned", [True, False])
def test_the_gradient_is_the_slope_of_the_value(turned):
    loss = MatrixQuadratic(4, 3, 1.0, turned, seed=3)
    theta = np.random.default_rng(0).normal(size=12)
    assert float(loss.value(theta)) == pytest.approx(loop_value(loss, theta))
    slopes = [(loop_value(loss, theta + 1e-5 * e) - loop_value(loss, theta - 1e-5 * e)) / 2e-5 for e in np.eye(12)]
    np.testing.assert_allclose(loss.gradient(theta), slopes, atol=1e-8)
    assert float(loss.value(loss.solution.ravel())) == 0 and not loss.gradient(loss.solution.ravel()).any()


def test_runs_are_leading_axes():
    loss, many = MatrixQuadratic(3, 2), np.random.default_rng(1).normal(size=(5, 4, 6))
    values, slopes = loss.value(many), loss.gradient(many)
    assert values.shape == (5, 4) and slopes.shape == many.shape
    assert values[2, 1] == pytest.approx(loop_value(loss, many[2, 1]))
    np.testing.assert_allclose(slopes[2, 1], loss.gradient(many[2, 1]))


def test_the_curvatures_are_those_of_the_hessian():
    loss = MatrixQuadratic(5, 3, 1.5, seed=2)
    found = np.linalg.eigvalsh(np.kron(loss.S, loss.C))
    np.testing.assert_allclose(loss.eigenvalues, found, rtol=1e-9)
    np.testing.assert_allclose(np.linalg.eigvalsh(loss.S)[::-1], np.arange(1, 6) ** -1.5)
    assert loss.kappa == pytest.approx(15**1.5) and loss.eigenvalues[-1] == pytest.approx(1)
    assert MatrixQuadratic().kappa == pytest.approx(512**1.5)


def test_it_is_one_matrix_that_starts_at_zero():
    loss = MatrixQuadratic()
    (layer,) = loss.layers.parts
    assert layer.shape == (32, 16) and layer.is_matrix and loss.dim == 512
    assert not loss.start.any() and loss.minimum == 0
    assert MatrixQuadratic(seed=1).solution[0, 0] != loss.solution[0, 0] == MatrixQuadratic(seed=0).solution[0, 0]


def test_the_axes_are_turned_or_those_of_the_coordinates():
    straight, turned = MatrixQuadratic(6, 4, turned=False), MatrixQuadratic(6, 4)
    for name in ("S", "C"):
        A, B = getattr(straight, name), getattr(turned, name)
        assert np.array_equal(A, np.diag(np.diag(A))) and np.abs(B - np.diag(np.diag(B))).max() > 0.01
    assert loss_at_start(straight) == pytest.approx(loss_at_start(turned))


def loss_at_start(loss):
    return float(loss.value(loss.start))


@pytest.mark.parametrize("optimizer", [Momentum(1.0), Muon(0.05), Shampoo(5.0), Shampoo(0.3, beta2=0.95)])
def test_what_does_not_see_entries_takes_the_same_way(optimizer):
    straight, turned = (descend(MatrixQuadratic(6, 4, turned=t), optimizer, steps=25).loss for t in (False, True))
    np.testing.assert_allclose(turned, straight, rtol=1e-5)


def test_adam_loses_its_lead_in_turned_axes_and_soap_keeps_it():
    def best(make, turned):
        rates = np.geomspace(0.1, 1.0, 6)[:, None]
        loss = MatrixQuadratic(turned=turned)
        path = descend(loss, make(rates), np.zeros((6, 512)), steps=200, keep=200)
        return np.nanmin(path.loss[-1] / path.loss[0])

    def soap(lr):
        return SOAP(lr, 0.9, 0.999, ridge=1e-8)

    assert best(Adam, True) > 1e3 * best(Adam, False)
    assert best(soap, True) < 1e-3 * best(Adam, True)
    assert 0.1 < best(soap, True) / best(soap, False) < 10


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: MatrixQuadratic(0), "the number n of rows must be a whole number"),
        (lambda: MatrixQuadratic(3, 2.5), "the number m of columns must be a whole number"),
        (lambda: MatrixQuadratic(exponent=-1), r"exponent of the spectrum p must be in \[0, 10\], got -1"),
        (lambda: MatrixQuadratic(turned=30), "turned must be True or False, got 30"),
        (lambda: MatrixQuadratic(seed=-1), "the seed must be a whole number"),
        (lambda: MatrixQuadratic.of([[1, 2], [0, 1]], [[1]], [[0], [0]]), "S must be symmetric"),
        (lambda: MatrixQuadratic.of([[1]], [[0]], [[0]]), "the eigenvalues of C must be above 0, got 0"),
        (lambda: MatrixQuadratic.of([1, 2], [[1]], [[0]]), "S must be a symmetric matrix"),
        (lambda: MatrixQuadratic.of([[1]], [[1]], [0]), r"W\* must have shape \(n, m\) = \(1, 1\)"),
        (lambda: MatrixQuadratic.of([["a"]], [[1]], [[0]]), "S must be a symmetric matrix of numbers"),
        (lambda: MatrixQuadratic.of([[np.nan]], [[1]], [[0]]), "S must be"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
