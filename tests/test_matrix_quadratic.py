"""The quadratic of a matrix: against sums and loops in plain numpy, its curvatures, and what turning its axes does."""

import numpy as np
import pytest

from optimlab.descent import descend
from optimlab.matrix_quadratic import MatrixQuadratic
from optimlab.optimizers import SOAP, Adam, Momentum, Muon

SHAPES = [(1, 1), (4, 2), (3, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("turned", [True, False])
def test_loss_and_gradient_are_the_sums(shape, turned):
    loss = MatrixQuadratic(*shape, exponent=0.7, turned=turned, seed=3)
    n, m = shape
    many = np.random.default_rng(1).normal(size=(2, 3, n * m))
    for theta in many.reshape(-1, n * m):
        off, value, slope = theta.reshape(shape) - loss.solution, 0.0, np.zeros(shape)
        for i, j in np.ndindex(shape):
            for a, b in np.ndindex(shape):
                value += 0.5 * off[i, j] * loss.S[i, a] * off[a, b] * loss.C[b, j]
                slope[i, j] += loss.S[i, a] * off[a, b] * loss.C[b, j]
        assert loss.value(theta) == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(loss.gradient(theta), slope.ravel(), rtol=1e-9, atol=1e-12)
    assert loss.value(many).shape == (2, 3) and loss.gradient(many).shape == many.shape
    np.testing.assert_allclose(loss.value(many)[1, 2], loss.value(many[1, 2]))


@pytest.mark.parametrize("turned", [True, False])
def test_the_curvatures_are_products_of_powers(turned):
    loss = MatrixQuadratic(6, 4, exponent=1.5, turned=turned)
    expected = sorted(i**-1.5 * j**-1.5 for i in range(1, 7) for j in range(1, 5))
    hessian = np.array([loss.gradient(e) - loss.gradient(np.zeros(24)) for e in np.eye(24)])
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), expected, rtol=1e-9)
    np.testing.assert_allclose(loss.eigenvalues, expected, rtol=1e-9)
    assert loss.kappa == pytest.approx(24**1.5) and repr(loss) == "matrix quadratic, 6×4, κ=118"


def test_it_starts_at_zero_and_its_minimum_is_zero():
    loss = MatrixQuadratic(5, 3, seed=2)
    (at,) = loss.minima
    assert not loss.start.any() and loss.start.shape == (15,) and loss.minimum == 0.0
    assert loss.value(at) == 0.0 and not loss.gradient(at).any()
    assert loss.layers.parts[0].shape == (5, 3) and loss.layers.parts[0].is_matrix
    np.testing.assert_array_equal(loss.off(np.zeros((2, 15)))[1], -loss.solution)


def test_turned_or_not_it_is_the_same_valley_in_other_axes():
    turned, plain = (MatrixQuadratic(5, 3, turned=turned, seed=4) for turned in (True, False))
    np.testing.assert_allclose(plain.S, np.diag(np.arange(1.0, 6) ** -1.5), rtol=1e-15)
    np.testing.assert_allclose(plain.C, np.diag(np.arange(1.0, 4) ** -1.5), rtol=1e-15)
    U, V = (np.linalg.eigh(A)[1][:, ::-1] for A in (turned.S, turned.C))
    assert np.abs(U - np.diag(np.diag(U))).max() > 0.3 and np.abs(V - np.diag(np.diag(V))).max() > 0.3
    assert not np.allclose(U[:3, :3], V)
    there = U.T @ turned.solution @ V
    np.testing.assert_allclose(np.abs(there), np.abs(plain.solution), rtol=1e-9)  # but for the signs of the axes
    W = np.random.default_rng(0).normal(size=(5, 3))
    signs = np.outer(np.sign(there[:, 0] / plain.solution[:, 0]), np.sign(there[0] / plain.solution[0]))
    signs *= np.sign(there[0, 0] / plain.solution[0, 0])
    np.testing.assert_allclose(signs * there, plain.solution, rtol=1e-9)
    assert turned.value((U @ (signs * W) @ V.T).ravel()) == pytest.approx(float(plain.value(W.ravel())), rel=1e-9)


def test_the_seed_draws_axes_and_solution():
    one, same, other = (MatrixQuadratic(4, 3, seed=seed) for seed in (5, 5, 6))
    assert (one.S == same.S).all() and (one.solution == same.solution).all()
    assert not np.allclose(one.S, other.S) and not np.allclose(one.C, other.C)
    assert not np.allclose(*(MatrixQuadratic(4, 3, turned=False, seed=seed).solution for seed in (5, 6)))
    drawn = np.concatenate([MatrixQuadratic(20, 20, turned=False, seed=seed).solution.ravel() for seed in range(5)])
    assert abs(drawn.mean()) < 0.1 and drawn.std() == pytest.approx(1.0, abs=0.05)


def test_of_takes_what_is_given():
    S, C, W = [[2.0, 1.0], [1.0, 3.0]], [[0.5]], [[1.0], [-2.0]]
    loss = MatrixQuadratic.of(S, C, W)
    assert float(loss.value(np.zeros(2))) == pytest.approx(0.5 * 0.5 * (2 - 4 + 12))
    np.testing.assert_allclose(loss.gradient(np.zeros(2)), [0.0, 2.5], atol=1e-15)
    np.testing.assert_allclose(loss.eigenvalues, np.array([5 - 5**0.5, 5 + 5**0.5]) / 4)
    assert loss.kappa == pytest.approx((5 + 5**0.5) / (5 - 5**0.5))
    given = np.array(W)
    loss = MatrixQuadratic.of(S, C, given)
    given[:] = 0.0
    assert loss.value(np.zeros(2)) == pytest.approx(2.5)


def ends(make, turned, rates, steps=150, seeds=(0, 1)):
    """The mean of log₁₀ L/L₀ over the seeds, after the last step, with the best of the rates."""
    logs = []
    for seed in seeds:
        loss = MatrixQuadratic(16, 8, turned=turned, seed=seed)
        path = descend(loss, make(rates[:, None]), np.zeros((len(rates), loss.dim)), steps, keep=steps)
        logs.append(np.log10(path.loss[-1] / path.loss[0]))
    return np.nanmin(np.mean(logs, axis=0))


def test_turning_the_axes_costs_adam_much_and_momentum_muon_and_soap_nothing():
    rates = np.geomspace(0.01, 2.0, 8)
    plain, turned = (ends(Adam, way, rates) for way in (False, True))
    assert turned > plain + 1
    makers = {
        "momentum": (Momentum, 0.1),
        "Muon": (lambda lr: Muon(lr, mu=0.9, coefficients="exact"), 0.4),
        "SOAP": (lambda lr: SOAP(lr, 0.9, 0.999, ridge=1e-8), 0.4),
    }
    for name, (make, allowed) in makers.items():
        plain, turned = (ends(make, way, rates) for way in (False, True))
        assert abs(turned - plain) < allowed, name


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: MatrixQuadratic(0, 2), "the number n of rows must be a whole number"),
        (lambda: MatrixQuadratic(2, 501), "the number m of columns must be a whole number"),
        (lambda: MatrixQuadratic(2, 2.5), "the number m of columns must be a whole number"),
        (lambda: MatrixQuadratic(2, 2, -1), r"exponent of the spectrum p must be in \[0, 10\], got -1"),
        (lambda: MatrixQuadratic(2, 2, turned="yes"), "turned must be"),
        (lambda: MatrixQuadratic(2, 2, seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: MatrixQuadratic.of([[1.0, 2.0]], [[1.0]], [[1.0]]), "S must be a symmetric matrix, got"),
        (lambda: MatrixQuadratic.of([1.0], [[1.0]], [[1.0]]), "S must be a symmetric matrix, got"),
        (lambda: MatrixQuadratic.of([[1.0, 2.0], [0.0, 1.0]], [[1.0]], [[1.0], [1.0]]), "S must be symmetric, got"),
        (lambda: MatrixQuadratic.of([[1.0]], [[-2.0]], [[1.0]]), "the eigenvalues of C must be above 0, got -2"),
        (lambda: MatrixQuadratic.of([[0.0]], [[1.0]], [[1.0]]), "the eigenvalues of S must be above 0, got 0"),
        (lambda: MatrixQuadratic.of([[1.0]], "no", [[1.0]]), "C must be a symmetric matrix of numbers"),
        (lambda: MatrixQuadratic.of([[1.0]], np.eye(2), [[1.0], [2.0]]), r"shape \(n, m\) = \(1, 2\), got \(2, 1\)"),
        (lambda: MatrixQuadratic.of([], [[1.0]], [[1.0]]), "S must be a symmetric matrix"),
        (lambda: MatrixQuadratic.of(np.zeros((0, 0)), [[1.0]], [[1.0]]), "S must be a symmetric matrix"),
        (lambda: MatrixQuadratic.of([[np.nan]], [[1.0]], [[1.0]]), "S must have finite entries, got"),
        (lambda: MatrixQuadratic.of([[1.0]], [[np.inf]], [[1.0]]), "C must have finite entries, got"),
        (lambda: MatrixQuadratic.of([[1.0]], [[1.0]], [[np.inf]]), r"W\* must have finite entries, got"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
