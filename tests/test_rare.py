"""Rare classes: the loss against loops that are written out, the class laws, and the two things that slow descent."""

import numpy as np
import pytest

from optimlab import GradientDescent, descend
from optimlab.rare import RareClasses, class_sizes, dyadic_sizes

SMALL = RareClasses([5, 3, 1, 1, 1], features=7, seed=3)


def loop(problem, theta):
    """The losses of the examples and the mean gradient, one example and one class after the other."""
    W = theta.reshape(problem.features, problem.classes)
    losses, gradient = [], np.zeros_like(W)
    for x, label in zip(problem.X, problem.y, strict=True):
        weights = [np.exp(x @ W[:, j]) for j in range(problem.classes)]
        losses.append(-np.log(weights[label] / sum(weights)))
        for j, weight in enumerate(weights):
            gradient[:, j] += x * (weight / sum(weights) - (j == label)) / problem.size
    return np.array(losses), gradient.ravel()


@pytest.mark.parametrize("centred", [False, True, 0.3])
def test_loss_and_gradient_are_those_of_a_loop(centred):
    problem = RareClasses([5, 3, 1, 1, 1], 7, centred, seed=3)
    theta = np.random.default_rng(0).normal(size=problem.dim)
    losses, gradient = loop(problem, theta)
    np.testing.assert_allclose(problem.each(theta), losses)
    assert problem.value(theta) == pytest.approx(losses.mean())
    np.testing.assert_allclose(problem.gradient(theta), gradient, atol=1e-14)


def test_the_gradient_is_the_slope_of_the_value():
    theta = np.random.default_rng(1).normal(size=SMALL.dim)
    steps = 1e-5 * np.eye(SMALL.dim)
    slopes = (SMALL.value(theta + steps) - SMALL.value(theta - steps)) / 2e-5
    np.testing.assert_allclose(SMALL.gradient(theta), slopes, atol=1e-9)


def test_many_points_at_once_are_each_as_alone_and_huge_ones_stay_finite():
    theta = np.random.default_rng(2).normal(size=(2, 3, SMALL.dim))
    assert SMALL.value(theta).shape == (2, 3) and SMALL.loss_by_group(theta).shape == (2, 3, 3)
    np.testing.assert_allclose(SMALL.value(theta)[1, 2], SMALL.value(theta[1, 2]))
    np.testing.assert_allclose(SMALL.gradient(theta)[1, 2], SMALL.gradient(theta[1, 2]))
    before = theta.copy()
    assert np.isfinite(SMALL.value(1e5 * theta)).all() and np.isfinite(SMALL.gradient(1e5 * theta)).all()
    np.testing.assert_array_equal(theta, before)


def test_the_start_is_zero_where_all_classes_are_as_likely():
    assert SMALL.value(SMALL.start) == pytest.approx(np.log(5))
    assert SMALL.dim == len(SMALL.start) == SMALL.layers.size == 35


# Class sizes


@pytest.mark.parametrize("exponent", [0.0, 0.3, 0.5, 1.0, 1.25, 1.5])
@pytest.mark.parametrize(("classes", "examples"), [(56, 224), (7, 7), (10, 1003), (1, 4)])
def test_sizes_fall_as_the_law_says_and_use_every_example(exponent, classes, examples):
    sizes = class_sizes(exponent, classes, examples)
    assert sizes.sum() == examples and sizes.min() >= 1 and np.all(np.diff(sizes) <= 0)
    law = np.arange(1, classes + 1) ** -exponent
    least, most = (sizes - 1) / law, (sizes + 1) / law  # of the scale s, if every size is s/rank^a but for rounding
    assert least[sizes > 1].max(initial=0) < most.min()


def test_no_exponent_is_balanced_and_a_large_one_is_not():
    np.testing.assert_array_equal(class_sizes(0, 56, 224), np.full(56, 4))
    assert class_sizes(1.0)[0] == 54 and class_sizes(1.5)[0] == 91 and class_sizes(1.5)[-1] == 1


def test_the_dyadic_law_is_the_papers():
    sizes = dyadic_sizes(6)
    assert len(sizes) == 127 and sizes.sum() == 448
    for i in range(7):
        assert np.sum(sizes == 2 ** (6 - i)) == 2**i
    np.testing.assert_array_equal(dyadic_sizes(0), [1])


# Groups


def test_the_loss_by_size_is_the_mean_over_the_examples_of_such_classes():
    problem = RareClasses(dyadic_sizes(3), features=20)
    theta = np.random.default_rng(4).normal(size=problem.dim)
    losses, _ = loop(problem, theta)
    sizes, found = problem.loss_by_size(theta)
    np.testing.assert_array_equal(sizes, [8, 4, 2, 1])
    own = dyadic_sizes(3)[problem.y]
    np.testing.assert_allclose(found, [losses[own == size].mean() for size in sizes])
    assert found.mean() == pytest.approx(problem.value(theta))  # of each size there are as many examples


def test_groups_are_thirds_of_the_examples_from_common_to_rare_in_whatever_order_the_classes_are():
    sizes = class_sizes(1.0)
    groups = RareClasses(sizes, 10).group_of()
    assert np.all(np.diff(groups) >= 0)
    counts = np.array([sizes[groups == i].sum() for i in range(3)])
    assert counts.sum() == 224 and np.all(np.abs(counts - 224 / 3) < 16)
    shuffled = RareClasses([2, 9, 1, 3, 6], 10)
    kinds = np.array([2, 0, 2, 2, 1])  # the borders are after 7 and 14 of 21 examples
    np.testing.assert_array_equal(shuffled.group_of(), kinds)
    theta = np.random.default_rng(5).normal(size=shuffled.dim)
    losses, _ = loop(shuffled, theta)
    expected = [losses[kinds[shuffled.y] == i].mean() for i in range(3)]
    np.testing.assert_allclose(shuffled.loss_by_group(theta), expected)


def test_a_group_without_room_has_no_loss():
    problem = RareClasses([100, 1], 3)
    found = problem.loss_by_group(problem.start)
    assert np.isnan(found[0]) and found[1:] == pytest.approx([np.log(2)] * 2)


# Inputs and curvature


def test_inputs_are_drawn_by_the_seed_and_centring_takes_a_half_away():
    raw, same, other = (RareClasses([4, 2, 1], 9, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(raw.X, same.X)
    assert not np.array_equal(raw.X, other.X)
    np.testing.assert_array_equal(RareClasses([4, 2, 1], 9, True, seed=1).X, raw.X - 0.5)
    np.testing.assert_array_equal(RareClasses([3, 3, 1], 9, seed=1).X, raw.X)
    assert raw.X.min() >= 0 and raw.X.max() <= 1


@pytest.mark.parametrize("centred", [False, True])
def test_the_curvature_is_that_of_the_loss_where_all_inputs_have_the_class_frequencies(centred):
    problem = RareClasses([6, 3, 2, 1], features=14, centred=centred, seed=0)
    logs = np.tile(np.log(problem.sizes / problem.size), (problem.size, 1))
    theta = np.linalg.lstsq(problem.X, logs, rcond=None)[0].ravel()
    assert problem.each(theta) == pytest.approx(-logs[0][problem.y])
    steps = 1e-5 * np.eye(problem.dim)
    hessian = (problem.gradient(theta + steps) - problem.gradient(theta - steps)) / 2e-5
    assert problem.curvature == pytest.approx(np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1], rel=1e-6)


def test_the_mean_of_the_inputs_makes_one_direction_some_hundred_times_as_steep():
    """½ in each of d inputs is d/4; without it, random matrices of variance 1/12 (Marchenko and Pastur 1967)."""
    pi = dyadic_sizes(6) / 448
    classes = np.linalg.eigvalsh(np.diag(pi) - np.outer(pi, pi))[-1]
    raw, centred = (RareClasses(dyadic_sizes(6), 500, c).curvature / classes for c in (False, True))
    assert raw == pytest.approx(500 / 4, rel=0.01)
    assert centred == pytest.approx((1 + np.sqrt(500 / 448)) ** 2 / 12, rel=0.05)


# What it is for


def plain_descent(problem, steps=100):
    """Gradient descent with ηλ = 2 on W itself, with one-hot labels: the last loss of each example."""
    X, labels = problem.X, np.eye(problem.classes)[problem.y]
    W = np.zeros((problem.features, problem.classes))
    for _ in range(steps):
        weights = np.exp(X @ W)
        W -= 2 / problem.curvature * X.T @ (weights / weights.sum(axis=1, keepdims=True) - labels) / problem.size
    weights = np.exp(X @ W)
    return -np.log((weights * labels).sum(axis=1) / weights.sum(axis=1))


@pytest.mark.parametrize("seed", [0, 1])
def test_only_raw_inputs_and_unequal_classes_together_are_slow(seed):
    ends = {
        (exponent, centred): plain_descent(RareClasses(class_sizes(exponent), 250, centred, seed)).mean()
        for exponent in (0.0, 1.0)
        for centred in (False, True)
    }
    assert ends[1.0, False] > 1.5
    assert ends[0.0, False] < 0.15 and ends[1.0, True] < 0.01 and ends[0.0, True] < 1e-4


def test_our_gradient_descent_is_the_plain_one_and_leaves_the_rare_classes_behind():
    problem = RareClasses(class_sizes(1.0), 250)
    expected = plain_descent(problem)
    theta = descend(problem, GradientDescent(2 / problem.curvature), steps=100).theta[-1]
    np.testing.assert_allclose(problem.each(theta), expected, rtol=1e-6)
    common, middle, rare = problem.loss_by_group(theta)
    assert common < 1.2 < 1.5 < middle < 2.2 < 2.8 < rare


@pytest.mark.parametrize("exponent", [0.75, 1.5])
def test_two_over_the_curvature_is_the_edge_whatever_the_classes(exponent):
    problem = RareClasses(class_sizes(exponent), 250)

    def rises(x):
        return np.mean(np.diff(descend(problem, GradientDescent(x / problem.curvature), steps=50).loss) > 0)

    assert rises(2.0) == 0 and rises(3.0) > 0.2


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: RareClasses([3, 0]), "the sizes must be whole numbers ≥ 1 of two classes or more"),
        (lambda: RareClasses([3, 1.5]), "the sizes must be whole numbers"),
        (lambda: RareClasses([3]), "two classes or more"),
        (lambda: RareClasses(7), "the sizes must be whole numbers"),
        (lambda: RareClasses("abc"), "the sizes must be whole numbers"),
        (lambda: RareClasses([10**6, 1]), "at most 10000 examples in all"),
        (lambda: RareClasses([3, np.nan]), "the sizes must be whole numbers"),
        (lambda: RareClasses([3, 1], features=0), "features must be a whole number"),
        (lambda: RareClasses([3, 1], centred="yes"), r"centred must be a number in \[0, 1\], got 'yes'"),
        (lambda: RareClasses([3, 1], seed=-1), "the seed must be a whole number ≥ 0"),
        (lambda: SMALL.value(np.zeros(34)), r"θ must have shape \(..., 35\) on rare classes, got \(34,\)"),
        (lambda: SMALL.group_of(0), "groups must be a whole number"),
        (lambda: class_sizes(-1), r"exponent of the class law a must be in \[0, 1.5\], got -1"),
        (lambda: class_sizes(1.0, 10, 9), "examples must be a whole number in"),
        (lambda: class_sizes(1.0, 0), "classes must be a whole number"),
        (lambda: dyadic_sizes(-1), "m must be a whole number"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_a_share_of_the_mean_is_subtracted(share):
    raw, centred = (RareClasses([5, 3, 1, 1, 1], 7, part, seed=3).X for part in (0.0, share))
    np.testing.assert_allclose(raw - centred, 0.5 * share)
