"""Between two solutions: the barrier, how much of it is the names of hidden units, and how much the start."""

from itertools import permutations

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Network, bowl, descend, digits, product
from optimlab.connectivity import Forked, barrier, line, matched, permuted, unit_orders
from optimlab.schedules import cosine_decay

RANDOM = np.random.default_rng(8)


def shuffled(network, theta, seed=0):
    random = np.random.default_rng(seed)
    return permuted(network, theta, [random.permutation(n) for n in network.sizes[1:-1]])


# The line


def test_the_line_goes_from_end_to_end_exactly():
    a, b = RANDOM.normal(size=(2, 5))
    points = line(a, b, 11)
    np.testing.assert_array_equal(points[[0, -1]], [a, b])
    np.testing.assert_allclose(points[3], 0.7 * a + 0.3 * b)


def test_the_barrier_is_over_the_straight_line_between_the_ends():
    """½(xy − 1)² from (1, 1) to (−1, −1): the middle is 0, where it is ½; a bowl has none."""
    assert barrier(product(), [1.0, 1.0], [-1.0, -1.0]) == pytest.approx(0.5)
    assert barrier(bowl(), [3.0, 0.0], [-1.0, 2.0]) == 0
    tilted = [0.5 * (t * t - 1) ** 2 - (1 - (t - 2) / -3) * 4.5 for t in np.linspace(2, -1, 25)]
    assert barrier(product(), [2.0, 2.0], [-1.0, -1.0]) == pytest.approx(max(tilted))


# Names


@pytest.mark.parametrize("sizes", [(6, 9, 3), (6, 8, 7, 3), (5, 6, 7, 6, 4)])
def test_another_order_of_units_is_the_same_function_and_is_found_again(sizes):
    network, X = Network(sizes), RANDOM.normal(size=(10, sizes[0]))
    a = RANDOM.normal(size=network.size)
    b = shuffled(network, a)
    assert np.abs(b - a).max() > 0.5
    np.testing.assert_allclose(network.forward(b, X)[-1], network.forward(a, X)[-1], atol=1e-11)
    np.testing.assert_array_equal(matched(network, a, b), a)
    near = matched(network, a, b + 1e-3 * RANDOM.normal(size=b.size))
    assert np.linalg.norm(near - a) < 0.1


def test_for_one_hidden_layer_no_order_is_nearer():
    network = Network((3, 5, 2))
    a, b = RANDOM.normal(size=(2, network.size))
    best = min(np.linalg.norm(permuted(network, b, [order]) - a) for order in permutations(range(5)))
    assert np.linalg.norm(matched(network, a, b) - a) == pytest.approx(best)


def test_for_more_layers_no_order_of_a_single_layer_is_nearer_and_b_stays_as_it_was():
    network = Network((3, 4, 4, 2))
    a, b = RANDOM.normal(size=(2, network.size))
    kept, orders = b.copy(), unit_orders(network, a, b)
    found = np.linalg.norm(permuted(network, b, orders) - a)
    np.testing.assert_array_equal(b, kept)
    assert found < np.linalg.norm(b - a)
    for order in permutations(range(4)):
        for tried in ([order, orders[1]], [orders[0], order]):
            assert np.linalg.norm(permuted(network, b, tried) - a) > found - 1e-12


def test_the_order_says_which_unit_of_b_becomes_which():
    network = Network((2, 3, 2))
    theta = np.arange(17.0)
    (W, b), (V, c) = network.layers(theta)
    (X, d), (Y, e) = network.layers(permuted(network, theta, [[2, 0, 1]]))
    np.testing.assert_array_equal(X[:, 0], W[:, 2])
    assert d[0] == b[2] and (Y[0] == V[2]).all() and (e == c).all()


# Solutions


def solution(network, loss, steps=410):
    rule, schedule = Adam(0.01), cosine_decay(0.01, steps)
    return descend(loss, rule, steps=steps, schedule=schedule, keep=steps).theta[-1]


def test_most_of_the_barrier_is_names_and_less_is_left_in_wider_networks():
    data, left = digits(), {}
    for width in (16, 256):
        network = Network((64, width, 10))
        full = network.on(data)
        a, b = (solution(network, network.on(data, 32, seed)) for seed in (0, 1))
        other = matched(network, a, b)
        same = network.forward(other, data.X)[-1] - network.forward(b, data.X)[-1]
        raw, left[width] = barrier(full, a, b), barrier(full, a, other)
        assert np.abs(same).max() < 1e-12 and left[width] < raw / 2.5
    assert left[256] < left[16] / 3


def test_two_descents_that_begin_alike_end_in_one_basin():
    network, data = Network((64, 64, 10)), digits()
    full, first = network.on(data), network.on(data, 32, 0)
    seconds = [network.on(data, 32, seed) for seed in (5, 6)]
    walls = [barrier(full, *(solution(network, Forked(first, s, k)) for s in seconds)) for k in (0, 82)]
    apart = barrier(full, *(solution(network, s) for s in seconds))
    assert apart > 5 * walls[0] and walls[0] < 0.05 and walls[1] < 0.005


def test_batches_are_the_firsts_before_step_k_and_the_seconds_from_then_on():
    network, data = Network((64, 10)), digits()
    one, other = network.on(data, 32, 1), network.on(data, 32, 2)
    path = descend(Forked(one, other, 2), GradientDescent(0.1), steps=4).theta
    theta = network.init(1)
    for k in range(4):
        X, y, _ = (one if k < 2 else other).batch(k)
        theta = theta - 0.1 * network.gradient(theta, X, y)
        np.testing.assert_allclose(path[k + 1], theta, atol=1e-14)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: line([1.0, 2.0], [1.0]), r"θ_b must have shape \(2,\), as the loss has parameters, got \(1,\)"),
        (lambda: line([1.0], [1.0], 1), "points must be a whole number ≥ 2, got 1"),
        (lambda: barrier(bowl(), [1.0, 2.0, 3.0], [1.0, 2.0]), r"θ_a must have shape \(2,\)"),
        (lambda: barrier(bowl(), [1.0, 2.0], [1.0, 2.0], 2), "points must be a whole number ≥ 3, got 2"),
        (lambda: matched(Network((3, 2)), np.ones(8), np.ones(8)), "units can be renamed in a network with a hidden"),
        (lambda: matched(Network((3, 4, 2)), np.ones(26), np.ones(8)), r"θ_b must have shape \(26,\)"),
        (lambda: permuted(Network((3, 4, 2)), np.ones(26), [[0, 1, 2, 2]]), "the orders must be one of 0 … n−1 for"),
        (lambda: permuted(Network((3, 4, 2)), np.ones(26), []), "the orders must be one of 0 … n−1 for each hidden"),
        (lambda: permuted(Network((3, 4, 2)), np.ones(26), 3), "the orders must be one of 0 … n−1 for each hidden"),
        (lambda: Forked(bowl(), Network((3, 2)).layout, 1), r"the loss must have value\(theta\)"),
        (lambda: Forked(bowl(), bowl(), -1), "the step k must be a whole number ≥ 0, got -1"),
    ],
)
def test_wrong_input_gets_one_clear_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()
