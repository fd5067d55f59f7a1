"""The deep linear network: its gradient, its modes, and the half-times of theory, against loops in plain numpy."""

import numpy as np
import pytest

from optimlab.deep_linear import VALUES, DeepLinear, half_time_descent, half_time_muon
from optimlab.optimizers import Muon

S = np.array(VALUES)


def first_half(shares):
    """Where each column crosses ½, between two steps."""
    shares, times = np.array(shares), []
    for column in shares.T:
        k = next(i for i, share in enumerate(column) if share >= 0.5)
        times.append(k - 1 + (0.5 - column[k - 1]) / (column[k] - column[k - 1]))
    return np.array(times)


def trained(problem, rule, steps):
    """The shares at each step; ``rule(G)`` makes the step of a matrix from its gradient."""
    n, (U, V) = problem.size, problem.factors
    Ws = list(problem.start.reshape(-1, n, n))
    shares = []
    for _ in range(steps + 1):
        shares.append(np.diag(U.T @ np.linalg.multi_dot(Ws) @ V) / problem.values)
        E = np.linalg.multi_dot(Ws) - U @ np.diag(problem.values) @ V.T
        if len(Ws) == 2:
            grads = [E @ Ws[1].T, Ws[0].T @ E]
        else:
            grads = [E @ (Ws[1] @ Ws[2]).T, Ws[0].T @ E @ Ws[2].T, (Ws[0] @ Ws[1]).T @ E]
        Ws = [W - rule(G) for W, G in zip(Ws, grads, strict=True)]
    return shares


def polar_step(eta):
    def step(G):
        U, _, Vt = np.linalg.svd(G)
        return eta * U @ Vt

    return step


@pytest.mark.parametrize("depth", [2, 3])
def test_the_gradient_is_that_of_differences(depth):
    problem = DeepLinear(depth, values=(2.0, 1.0), size=4, scale=1.0, seed=3)
    theta = np.random.default_rng(0).normal(size=(2, 3, problem.dim))
    h, unit = 1e-5, np.eye(problem.dim)
    found = problem.gradient(theta)
    assert found.shape == theta.shape and problem.value(theta).shape == (2, 3)
    for i in range(0, problem.dim, 5):
        slope = (problem.value(theta + h * unit[i]) - problem.value(theta - h * unit[i])) / (2 * h)
        np.testing.assert_allclose(found[..., i], slope, rtol=1e-6, atol=1e-6)


def test_value_and_modes_are_those_of_the_product_and_M_has_the_singular_values():
    problem = DeepLinear(3, seed=1)
    theta = np.random.default_rng(0).normal(size=(2, problem.dim))
    found, modes = problem.value(theta), problem.modes(theta)
    u, sigma, vt = np.linalg.svd(problem.M)
    np.testing.assert_allclose(sigma, [*S, *[0.0] * 10], atol=1e-12)
    for row in range(2):
        A, B, C = theta[row].reshape(3, 16, 16)
        np.testing.assert_allclose(found[row], 0.5 * np.sum((A @ B @ C - problem.M) ** 2))
        own = [u[:, i] @ A @ B @ C @ vt[i] / S[i] for i in range(6)]
        np.testing.assert_allclose(modes[row], own, atol=1e-9)


def test_where_M_is_learned_all_modes_are_1_and_the_curvature_is_the_sharpness():
    for depth in (2, 3):
        problem = DeepLinear(depth, values=(2.0, 0.5), size=3)
        U, V = problem.factors
        root = problem.values ** (1 / depth)
        ends = [(U * root) @ U.T, *[(U * root) @ U.T] * (depth - 2), (U * root) @ V.T]
        theta = np.concatenate([W.ravel() for W in ends])
        np.testing.assert_allclose(problem.modes(theta), 1.0)
        assert problem.value(theta) < 1e-25
        unit, h = np.eye(problem.dim), 1e-5
        hessian = [(problem.gradient(theta + h * e) - problem.gradient(theta - h * e)) / (2 * h) for e in unit]
        assert np.linalg.eigvalsh(hessian)[-1] == pytest.approx(problem.curvature, rel=1e-6)


def test_starts_have_the_scale_and_one_direction():
    start = DeepLinear(scale=0.5, seed=4).start
    assert np.std(start) == pytest.approx(0.5 / 4, rel=0.1)
    np.testing.assert_allclose(DeepLinear(scale=0.05, seed=4).start, start / 10)
    assert not np.allclose(DeepLinear(scale=0.5, seed=5).start, start)
    assert [layer.shape for layer in DeepLinear(3).layers] == [(16, 16)] * 3


@pytest.mark.parametrize(("eta", "depth"), [(0.02, 2), (0.2, 2), (0.005, 3)])
def test_half_times_of_an_aligned_start_are_those_of_the_map_of_one_mode(eta, depth):
    first = 1e-4 if depth == 2 else 1e-3
    for s in (4.0, 1.0, 0.25):
        w, k = first ** (1 / depth), 0
        while w**depth < s / 2:
            w, k = w + eta * w ** (depth - 1) * (s - w**depth), k + 1
        assert half_time_descent(s, eta, first, depth) == pytest.approx(k, abs=1.5, rel=0.01)


def test_the_formula_of_flow_is_saxes():
    a = 1e-4
    np.testing.assert_allclose(half_time_descent(S, 1e-6, a) * 2e-6 * S, np.log(S / a - 1), rtol=1e-5)
    assert half_time_descent(1.0, 0.1, 0.5) == 0 and half_time_descent(1.0, 0.1, 7.0, 3) == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_descent_learns_the_large_modes_first_when_theory_says(seed):
    problem = DeepLinear(scale=0.01, seed=seed)
    found = first_half(trained(problem, lambda G: 0.1 * G, 380))
    expected = half_time_descent(S, 0.1, problem.head_start(problem.start))
    np.testing.assert_allclose(found, expected, rtol=0.01, atol=1.0)
    assert np.all(np.diff(found) > 0)


def test_a_direction_that_a_larger_mode_has_taken_is_lost_to_the_smaller():
    problem = DeepLinear(seed=2)
    A, B = problem.start.reshape(2, 16, 16)
    U, V = problem.factors
    whole = np.array([np.sum((A.T @ U[:, i] + B @ V[:, i]) ** 2) / 4 for i in range(6)])
    found = problem.head_start(np.stack([problem.start, 2 * problem.start]))
    assert found[0, 0] == pytest.approx(whole[0]) and np.all(found[0] <= whole * (1 + 1e-9))
    np.testing.assert_allclose(found[1], 4 * found[0])
    measured = first_half(trained(problem, lambda G: 0.2 * G, 220))
    late = [np.abs(half_time_descent(S, 0.2, a) - measured).max() for a in (found[0], whole)]
    assert late[0] < 2 < late[1]


@pytest.mark.parametrize("depth", [2, 3])
def test_muon_learns_the_small_modes_first_when_theory_says(depth):
    found = first_half(trained(DeepLinear(depth, scale=1e-3), polar_step(0.02), 80))
    np.testing.assert_allclose(found, half_time_muon(S, 0.02, depth), atol=1.5)
    assert np.all(np.diff(found) < 0)


def test_newton_schulz_keeps_the_order_and_is_slower():
    problem, eta = DeepLinear(scale=0.01), 0.02
    theta, rule, shares = problem.start, Muon(eta, mu=0.0).on(problem.layers), []
    state = rule.init(theta)
    for k in range(110):
        shares.append(problem.modes(theta))
        theta, state = rule.step(theta, problem.gradient, state, k)
    ratio = first_half(shares) / half_time_muon(S, eta)
    assert np.all(np.diff(first_half(shares)) < 0) and 1.1 < np.mean(ratio) < 1.35


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: DeepLinear(4), r"depth N must be a whole number in \[2, 3\], got 4"),
        (lambda: DeepLinear(scale=0), r"size of the start σ must be in \(0, 10\], got 0"),
        (lambda: DeepLinear(size=0), "the size n must be a whole number"),
        (lambda: DeepLinear(size=4), "the singular values must be 1 to 4 numbers > 0, the largest first, got"),
        (lambda: DeepLinear(values=(1, 2)), "the singular values must be"),
        (lambda: DeepLinear(values=(1, 0)), "the singular values must be"),
        (lambda: DeepLinear(values=3), "the singular values must be"),
        (lambda: DeepLinear(seed=-1), "the seed must be"),
        (lambda: DeepLinear().value(np.zeros(5)), r"θ must have shape \(..., 512\)"),
        (
            lambda: DeepLinear(3).head_start(np.zeros(768)),
            "modes grow on their own in 2 layers only, got the depth N=3",
        ),
        (lambda: half_time_descent(1, 0, 0.1), r"learning rate η must be in \(0, ∞\), got 0"),
        (lambda: half_time_descent(1, 0.1, 0), "size at the start a₀ must be in"),
        (lambda: half_time_muon(-1, 0.1), "singular value s must be in"),
        (lambda: half_time_muon(1, 0.1, 1), "depth N must be"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
