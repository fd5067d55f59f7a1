"""Curvature from gradients alone: top eigenvalues of the Hessian, and the edge where full-batch descents hold them."""

from dataclasses import replace

import numpy as np
import pytest

from optimlab import Data, GradientDescent, Network, descend, digits
from optimlab.curvature import SquaredError, hessian_product, sharpness, top_eigen

RANDOM = np.random.default_rng(3)
TINY = Data(RANDOM.normal(size=(7, 3)), RANDOM.integers(0, 2, 7), RANDOM.normal(size=(2, 3)), np.array([0, 1]))


def tiny(activation="tanh"):
    return SquaredError(Network((3, 4, 2), activation), TINY, seed=1)


def written_out(theta):
    """½ of the mean squared error of a (3, 4, 2) tanh network, one example after the other."""
    W, b, V, c = theta[:12].reshape(3, 4), theta[12:16], theta[16:24].reshape(4, 2), theta[24:]
    total = 0.0
    for x, label in zip(TINY.X, TINY.y):
        out = [sum(np.tanh(x @ W[:, j] + b[j]) * V[j, i] for j in range(4)) + c[i] for i in range(2)]
        total += sum((out[i] - (1 if i == label else 0)) ** 2 for i in range(2))
    return total / (2 * len(TINY.X))


def full_hessian(theta, h=1e-3):
    """From four values for each entry."""
    one = h * np.eye(len(theta))
    return np.array(
        [
            [
                sum(s * t * written_out(theta + s * one[i] + t * one[j]) for s in (1, -1) for t in (1, -1)) / (4 * h**2)
                for j in range(len(theta))
            ]
            for i in range(len(theta))
        ]
    )


THETA = tiny().start + 0.3 * np.random.default_rng(5).normal(size=26)
HESSIAN = full_hessian(THETA)


def test_the_value_is_half_the_mean_over_examples_of_the_squares_summed_over_outputs():
    assert tiny().value(THETA) == pytest.approx(written_out(THETA), rel=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_gradient_is_that_of_the_value(activation):
    loss, h = tiny(activation), 1e-6
    slope = [(loss.value(THETA + h * e) - loss.value(THETA - h * e)) / (2 * h) for e in np.eye(26)]
    np.testing.assert_allclose(loss.gradient(THETA), slope, rtol=1e-6, atol=1e-9)


def test_many_thetas_are_taken_one_by_one():
    many = THETA + np.arange(6).reshape(2, 3, 1) / 10
    loss = tiny()
    assert loss.value(many).shape == (2, 3) and loss.gradient(many).shape == (2, 3, 26)
    assert loss.value(many)[1, 2] == loss.value(many[1, 2])
    np.testing.assert_array_equal(loss.gradient(many)[0, 1], loss.gradient(many[0, 1]))


def test_two_gradients_give_the_hessian_times_a_vector():
    v = np.random.default_rng(0).normal(size=26)
    np.testing.assert_allclose(hessian_product(tiny().gradient, THETA, 1e3 * v), 1e3 * HESSIAN @ v, rtol=1e-4, atol=0.1)


def test_the_sharpness_is_the_largest_eigenvalue_of_the_hessian():
    eigenvalues, vectors = np.linalg.eigh(HESSIAN)
    value, direction = sharpness(tiny().gradient, THETA, steps=300)
    assert value == pytest.approx(eigenvalues[-1], rel=1e-5)
    assert abs(direction @ vectors[:, -1]) == pytest.approx(1, abs=1e-4)


def test_with_a_scale_it_is_that_of_the_hessian_between_two_roots():
    scale = np.random.default_rng(1).uniform(0.05, 40, 26)
    root = np.sqrt(scale)
    value, _ = sharpness(tiny().gradient, THETA, scale, steps=400)
    assert value == pytest.approx(np.linalg.eigvalsh(root[:, None] * HESSIAN * root)[-1], rel=1e-5)
    assert value == pytest.approx(np.linalg.eigvals(scale[:, None] * HESSIAN).real.max(), rel=1e-5)
    assert value > 3 * sharpness(tiny().gradient, THETA, steps=400)[0]


def test_the_largest_in_size_has_its_sign():
    curvatures = np.array([2.0, -5.0, 1.0])
    value, direction = sharpness(lambda theta: curvatures * theta, np.ones(3))
    assert value == pytest.approx(-5) and abs(direction[1]) == pytest.approx(1)


def test_a_warm_start_needs_few_steps_and_too_few_give_too_little():
    gradient = tiny().gradient
    right, direction = sharpness(gradient, THETA, steps=300)
    assert sharpness(gradient, THETA + 1e-3, steps=2, direction=direction)[0] == pytest.approx(right, rel=0.01)
    assert sharpness(gradient, THETA, steps=2)[0] < 0.99 * right


def test_the_seed_draws_the_first_direction():
    one, same, other = (sharpness(tiny().gradient, THETA, steps=1, seed=seed)[0] for seed in (0, 0, 1))
    assert one == same != other


def test_an_exact_product_takes_the_place_of_differences():
    matrix = np.array([[3.0, 1.0], [1.0, 2.0]])
    value, _ = sharpness(lambda theta: 0 * theta, np.zeros(2), product=lambda v: matrix @ v)
    assert value == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-12)


def test_a_plane_has_none_and_where_the_gradient_is_lost_the_direction_is_kept():
    first = np.array([0.6, 0.8])
    assert sharpness(lambda theta: np.ones(2), np.zeros(2), direction=first)[0] == 0
    value, kept = sharpness(lambda theta: np.full(2, np.nan), np.zeros(2), direction=first)
    assert np.isnan(value)
    np.testing.assert_allclose(kept, first)
    assert sharpness(lambda theta: theta, np.ones(2), scale=0.0)[0] == 0


def dense(loss, theta, h=1e-5):
    """The Hessian from exact gradients at two places for each parameter."""
    rows = [(loss.gradient(theta + h * e) - loss.gradient(theta - h * e)) / (2 * h) for e in np.eye(len(theta))]
    return (np.array(rows) + np.array(rows).T) / 2


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_the_exact_product_is_the_hessian_of_a_deep_network(activation):
    loss = SquaredError(Network((3, 4, 3, 2), activation), TINY, seed=1)
    theta, v = loss.start + 0.3, np.random.default_rng(0).normal(size=(loss.dim, 2))
    for w in v.T:
        np.testing.assert_allclose(loss.product(theta, w), dense(loss, theta) @ w, rtol=1e-7, atol=1e-9)


def test_for_relu_the_exact_product_is_the_curvature_between_kinks_and_differences_may_see_a_kink():
    """One unit max(w, 0) with x = 1 and label 0: L = ½(max(w, 0) − 1)² + ½·0², of curvature 1 for w > 0 and 0 below."""
    loss = SquaredError(Network((1, 1, 2), "relu"), Data([[1.0]], [0], [[1.0]], [0]))
    v = np.array([1.0, 0, 0, 0, 0, 0])
    for w, curvature in ((1e-6, 1.0), (-1e-6, 0.0)):
        theta = np.array([w, 0, 1, 0, 0, 0])
        assert v @ loss.product(theta, v) == pytest.approx(curvature, abs=1e-12)
        assert v @ hessian_product(loss.gradient, theta, v, reach=1e-7) == pytest.approx(curvature, abs=1e-6)
        assert v @ hessian_product(loss.gradient, theta, v) < -4000


def test_the_error_of_the_differences_is_as_told():
    data = digits()
    data = replace(data, X=data.X[:400] - data.X.mean(axis=0), y=data.y[:400])
    loss = SquaredError(Network((64, 32, 10), "tanh"), data)
    theta = descend(loss, GradientDescent(0.5), steps=100, keep=100).theta[-1]
    v = np.random.default_rng(0).normal(size=loss.dim)
    right = loss.product(theta, v)

    def error(reach):
        return np.linalg.norm(hessian_product(loss.gradient, theta, v, reach) - right) / np.linalg.norm(right)

    assert error(1e-4) < 1e-9 and error(1e-3) < 1e-7 and error(1e-6) < 1e-8
    assert error(1e-2) == pytest.approx(100 * error(1e-3), rel=0.05)  # of second order
    assert error(1e-8) > 10 * error(1e-6)  # rounding


def test_the_top_eigenvalues_and_directions_are_those_of_the_dense_hessian():
    loss = SquaredError(Network((3, 4, 3, 2), "tanh"), TINY, seed=1)
    theta = loss.start + 0.4 * np.random.default_rng(2).normal(size=loss.dim)
    eigenvalues, vectors = np.linalg.eigh(dense(loss, theta))
    largest = np.argsort(-abs(eigenvalues))[:4]
    values, directions = top_eigen(loss.gradient, theta, k=6, steps=300)
    np.testing.assert_allclose(values[:4], eigenvalues[largest], rtol=1e-6)
    np.testing.assert_allclose(abs(np.sum(directions[:, :4] * vectors[:, largest], axis=0)), 1, atol=1e-6)
    np.testing.assert_allclose(directions.T @ directions, np.eye(6), atol=1e-12)


def test_negative_eigenvalues_count_by_size_and_no_direction_turns_round():
    curvatures = np.array([1.0, -4.0, 3.0, 0.5])
    values, one = top_eigen(lambda theta: curvatures * theta, np.ones(4), 3, steps=60)
    np.testing.assert_allclose(values, [-4, 3, 1], rtol=1e-8)
    _, next_ = top_eigen(lambda theta: curvatures * theta, np.ones(4), 3, steps=1, directions=one)
    np.testing.assert_allclose(next_, one, atol=1e-6)


def test_one_eigenvalue_is_the_sharpness_and_all_of_them_are_all():
    loss = tiny()
    assert top_eigen(loss.gradient, THETA, 1, 300)[0] == pytest.approx(sharpness(loss.gradient, THETA, steps=300)[0])
    values, _ = top_eigen(loss.gradient, THETA, 26, 1)
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(dense(loss, THETA)), atol=1e-7)


def test_a_warm_start_of_all_directions_needs_few_steps():
    loss = tiny()
    right, directions = top_eigen(loss.gradient, THETA, 4, 300)
    warm, _ = top_eigen(loss.gradient, THETA + 1e-3, 4, 2, directions=directions)
    np.testing.assert_allclose(warm[:3], right[:3], rtol=0.02)
    assert abs(top_eigen(loss.gradient, THETA, 4, 2)[0][0]) < 0.999 * abs(right[0])


def test_where_the_gradient_is_lost_the_directions_are_kept():
    values, directions = top_eigen(lambda theta: np.full(3, np.nan), np.zeros(3), 2, directions=np.eye(3)[:, :2])
    assert np.isnan(values).all()
    np.testing.assert_allclose(directions, np.eye(3)[:, :2])
    values, directions = top_eigen(lambda theta: theta * [2.0, 0, 0], np.zeros(3), 2)  # of rank 1
    np.testing.assert_allclose(values, [2, 0], atol=1e-12)
    np.testing.assert_allclose(directions.T @ directions, np.eye(2), atol=1e-12)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"k": 3}, r"k must be a whole number in \[1, 2\], got 3"),
        ({"steps": 0}, "steps must be a whole number ≥ 1, got 0"),
        ({"directions": np.ones((3, 1))}, r"the directions must be finite numbers of shape \(2, 1\), got \(3, 1\)"),
        ({"directions": [[np.nan], [1.0]]}, r"the directions must be finite numbers of shape \(2, 1\), got"),
    ],
)
def test_wrong_input_of_many_eigenvalues_gets_one_clear_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        top_eigen(**{"gradient": lambda theta: theta, "theta": np.ones(2), "k": 1} | wrong)


@pytest.mark.parametrize(("eta", "steps"), [(0.5, 1200), (0.8, 600)])
def test_gradient_descent_holds_its_sharpness_at_two_over_its_rate(eta, steps):
    data = digits()
    data = replace(data, X=data.X[:400] - data.X.mean(axis=0), y=data.y[:400])
    loss = SquaredError(Network((64, 32, 10), "tanh"), data)
    theta, direction, ratios = loss.start, None, []
    for k in range(steps + 1):
        if k % 20 == 0:
            value, direction = sharpness(loss.gradient, theta, steps=4 if k else 30, direction=direction)
            ratios.append(value * eta / 2)
        theta = theta - eta * loss.gradient(theta)
    assert ratios[0] < 0.9 if eta == 0.5 else ratios[0] > 1.3
    late = ratios[-20:]
    assert np.mean(late) == pytest.approx(1.01, abs=0.03) and min(late) > 0.9 and max(late) < 1.1


def test_adam_climbs_to_its_edge_and_holds_it():
    """By hand: the preconditioned sharpness grows to (2+2β₁)/((1−β₁)η) and stays there."""
    data, eta, beta1, beta2 = digits(), 3e-3, 0.9, 0.99
    mean = data.X.mean(axis=0)
    data = replace(data, X=data.X[:400] - mean, y=data.y[:400])
    loss = SquaredError(Network((64, 32, 10), "tanh"), data)
    edge = (2 + 2 * beta1) / ((1 - beta1) * eta)
    theta, direction, ratios = loss.start, None, {}
    m = v = np.zeros_like(theta)
    for k in range(901):
        g = loss.gradient(theta)
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        root = np.sqrt(v / (1 - beta2 ** (k + 1))) + 1e-8
        if k % 50 == 0:
            value, direction = sharpness(loss.gradient, theta, 1 / root, 4, direction=direction)
            ratios[k] = value / edge
        theta = theta - eta * m / (1 - beta1 ** (k + 1)) / root
    assert ratios[100] < 0.3 and ratios[300] < 0.7
    late = [ratio for k, ratio in ratios.items() if k >= 600]
    assert np.mean(late) == pytest.approx(0.97, abs=0.05)
    assert min(late) > 0.8 and max(late) < 1.15


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gradient": 3}, "the gradient must be a function of θ, got 3"),
        ({"theta": np.ones((2, 2))}, r"θ must be numbers of shape \(d,\), got shape \(2, 2\)"),
        ({"steps": 0}, "steps must be a whole number ≥ 1, got 0"),
        ({"scale": [1.0, 2.0, 3.0]}, r"the scale must be one number or 2, as θ has, got shape \(3,\)"),
        ({"scale": np.inf}, "the scale must be finite and ≥ 0, got inf; where v̂ is 0, ε keeps it finite"),
        ({"scale": -1.0}, "the scale must be finite and ≥ 0, got -1.0"),
        ({"direction": [0.0, 0.0]}, "the direction must be 2 finite numbers that are not all 0"),
        ({"direction": [1.0]}, "the direction must be 2 finite numbers that are not all 0"),
        ({"seed": -1}, "the seed must be a whole number ≥ 0, got -1"),
    ],
)
def test_wrong_input_gets_one_clear_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        sharpness(**{"gradient": lambda theta: theta, "theta": np.ones(2)} | wrong)


def test_a_network_with_penalty_or_with_too_few_outputs_is_refused():
    with pytest.raises(ValueError, match=r"without penalty and dropout, got λ=0\.1 and p=0"):
        SquaredError(Network((3, 4, 2), "tanh", l2=0.1), TINY)
    with pytest.raises(ValueError, match="the network takes rows of 5 inputs"):
        SquaredError(Network((5, 4, 2), "tanh"), TINY)
