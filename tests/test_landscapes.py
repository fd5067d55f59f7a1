"""Planes through a loss of many parameters, the directions they are drawn in, and one function with many pictures."""

from dataclasses import replace

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Network, Noisy, descend, digits, himmelblau, ravine, rosenbrock
from optimlab.labs.gradient import gradient_lab
from optimlab.labs.race import race
from optimlab.landscapes import Plane, random_direction, rescaled
from optimlab.sampled import Sampled

RANDOM = np.random.default_rng(4)
SHAPE = np.diag([3.0, 1.0, 0.5, 2.0])


class Quadratic:
    """½ θᵀAθ of four parameters; its gradients can differ from step to step."""

    start, dim = np.ones(4), 4

    def value(self, theta):
        return 0.5 * np.einsum("...i,ij,...j->...", theta, SHAPE, theta)

    def gradient(self, theta):
        return theta @ SHAPE


ORIGIN, D1, D2 = np.array([1.0, -1.0, 2.0, 0.5]), np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.5, 0.0, 0.0, 3.0])


def plane(**options):
    return Plane(Quadratic(), ORIGIN, D1, D2, **options)


# Planes


def test_a_plane_has_the_values_of_the_loss_and_the_slopes_along_its_directions():
    for phi in RANDOM.normal(size=(5, 2)):
        theta = ORIGIN + phi[0] * D1 + phi[1] * D2
        g = SHAPE @ theta
        np.testing.assert_allclose(plane().to(phi), theta)
        assert plane().value(phi) == pytest.approx(0.5 * theta @ SHAPE @ theta)
        np.testing.assert_allclose(plane().gradient(phi), [D1 @ g, D2 @ g])
    many = RANDOM.normal(size=(3, 4, 2))
    assert plane().to(many).shape == (3, 4, 4) and plane().value(many).shape == (3, 4)
    assert plane().gradient(many).shape == (3, 4, 2)


def test_coordinates_are_those_of_the_nearest_point():
    theta = RANDOM.normal(size=4)
    phi = plane().coordinates(theta)
    rest = theta - ORIGIN - phi[0] * D1 - phi[1] * D2
    assert abs(rest @ D1) < 1e-12 and abs(rest @ D2) < 1e-12
    many = RANDOM.normal(size=(6, 2))
    np.testing.assert_allclose(plane().coordinates(plane().to(many)), many, atol=1e-12)


def test_the_share_outside_is_that_of_squared_distances():
    assert plane().outside(plane().to(RANDOM.normal(size=(5, 2)))) == pytest.approx(0, abs=1e-14)
    across = np.array([0.0, 0.0, 4.0, 0.0])  # at a right angle to both directions
    path = np.array([ORIGIN, ORIGIN + across, ORIGIN + 3 * D1 + across])
    assert plane().outside(path) == pytest.approx(32 / (16 + 16 + 18))
    assert plane().outside(ORIGIN) == 0


def test_a_large_grid_is_asked_once_and_gives_the_same_as_single_points():
    asked = []

    class Counted(Quadratic):
        def value(self, theta):
            asked.append(len(theta) if theta.ndim > 1 else 1)
            return super().value(theta)

    counted, grid = Plane(Counted(), ORIGIN, D1, D2), RANDOM.normal(size=(40, 30, 2))
    first = counted.value(grid)
    assert sum(asked) == 1200 and max(asked) < 250  # a piece at a time: 1200 times d numbers may be many
    first_copy, first[:] = first.copy(), 0.0
    np.testing.assert_array_equal(counted.value(grid), first_copy)
    assert sum(asked) == 1200
    np.testing.assert_allclose(first_copy[7, 3], counted.value(grid[7, 3]), rtol=1e-14)
    for shift in range(1, 6):  # it forgets, and may be asked again
        counted.value(grid + shift)
    np.testing.assert_array_equal(counted.value(grid), first_copy)


def test_mini_batches_are_projected_too():
    loss = Network((64, 10)).on(digits(), 32, 0)
    d1, d2 = RANDOM.normal(size=(2, loss.dim))
    seen, phi = Plane(loss, loss.start, d1, d2), np.array([0.01, -0.02])
    expected = loss.gradient_at(3)(loss.start + 0.01 * d1 - 0.02 * d2)
    np.testing.assert_allclose(seen.gradient_at(3)(phi), [expected @ d1, expected @ d2])
    assert seen.price(0) == loss.price(0) == len(loss.batch(0)[0]) and seen.dim == 2 and seen.layers.size == 2


def test_a_descent_on_the_plane_is_a_descent_of_two_parameters():
    trajectory = descend(plane(), GradientDescent(0.02), start=(0.4, 0.2), steps=3)
    phi = np.array([0.4, 0.2])
    for _ in range(3):
        g = SHAPE @ (ORIGIN + phi[0] * D1 + phi[1] * D2)
        phi = phi - 0.02 * np.array([D1 @ g, D2 @ g])
    np.testing.assert_allclose(trajectory.theta[-1], phi)


def test_the_plane_of_a_formula_travels_and_heights_have_no_noise():
    for loss in (ravine(20), Noisy(ravine(20), 0.1)):
        seen = Plane(loss, [0.3, 0.2], [1.0, 1.0], [0.0, 2.0])
        lab = race(seen, GradientDescent(0.01), steps=5)
        assert lab.travels["field"] is True
        assert (lab.travels["run0"] is True) == (seen.stochastic is False)


def test_labs_take_a_plane_and_its_copy():
    seen = plane(view=((-2, 2), (-1, 1)), name="a slice")
    assert seen.start == pytest.approx((-1.4, 0.6))
    for surface in (seen, Sampled(seen, 5)):
        assert "a slice" in gradient_lab(surface).figure().axes[0].get_title()
        assert race(surface, [GradientDescent(0.02), Adam(0.05)], steps=10)


# Directions


def units(network, theta):
    return np.concatenate([np.linalg.norm(W, axis=0) for W, _ in network.layers(theta)])


def test_with_filter_normalization_each_unit_is_as_long_as_in_theta_and_biases_are_left_out():
    network = Network((5, 4, 3))
    theta = RANDOM.normal(size=network.size)
    d = random_direction(network, theta, seed=2)
    np.testing.assert_allclose(units(network, d), units(network, theta))
    assert all((b == 0).all() for _, b in network.layers(d))
    np.testing.assert_array_equal(d, random_direction(network.layout, theta, seed=2))
    assert np.abs(d - random_direction(network, theta, seed=3)).max() > 0.1


def test_each_normalization_changes_nothing_but_lengths():
    network = Network((5, 4, 3))
    theta = RANDOM.normal(size=network.size)
    raw = random_direction(network, theta, 2, None)
    for d in (random_direction(network, theta, 2, how) for how in ("filter", "layer", "whole")):
        for (W, _), (R, _) in zip(network.layers(d), network.layers(raw)):
            cosines = np.sum(W * R, axis=0) / np.linalg.norm(W, axis=0) / np.linalg.norm(R, axis=0)
            np.testing.assert_allclose(cosines, 1)
    layer = network.layers(random_direction(network, theta, 2, "layer"))
    for (W, _), (own, _) in zip(layer, network.layers(theta)):
        assert np.linalg.norm(W) == pytest.approx(np.linalg.norm(own))
    whole = random_direction(network, theta, 2, "whole")
    assert np.linalg.norm(whole) == pytest.approx(np.linalg.norm(network.weights(theta)))
    assert raw[raw != 0].std() == pytest.approx(1, abs=0.35)


def test_a_surface_without_weights_is_one_part():
    assert np.linalg.norm(random_direction(ravine(), [3.0, 4.0])) == pytest.approx(5)
    assert not random_direction(Network((3, 2)), np.zeros(8)).any()


# One function, many pictures


def test_rescaled_weights_are_the_same_function_with_another_curvature():
    network, X = Network((3, 6, 5, 2)), RANDOM.normal(size=(8, 3))
    theta = RANDOM.normal(size=network.size)
    kept = theta.copy()
    for layer, c in ((1, 8.0), (2, 0.2)):
        other = rescaled(network, theta, c, layer)
        np.testing.assert_allclose(network.forward(other, X)[-1], network.forward(theta, X)[-1], atol=1e-12)
        assert np.linalg.norm(other - theta) > 0.5
    np.testing.assert_array_equal(theta, kept)
    (W, b), (V, c) = Network((3, 4, 2)).layers(rescaled(Network((3, 4, 2)), np.ones(26), 4.0))
    assert (W == 4).all() and (b == 4).all() and (V == 0.25).all() and (c == 1).all()


def test_filter_normalization_sees_one_picture_where_one_length_sees_many():
    data = digits()
    data, network = replace(data, X=data.X[:200], y=data.y[:200]), Network((64, 16, 10))
    loss = network.on(data)
    theta = descend(loss, Adam(0.01), steps=100, keep=100).theta[-1]

    def rise(c, normalize):
        own = rescaled(network, theta, c)
        assert loss.value(own) == pytest.approx(loss.value(theta), rel=1e-12)
        return np.mean([loss.value(own + 0.5 * random_direction(network, own, s, normalize)) for s in range(4)])

    plain = rise(1.0, "filter")
    assert rise(8.0, "filter") == pytest.approx(plain, rel=1e-9) == rise(0.125, "filter")
    assert rise(8.0, "whole") > 20 * rise(1.0, "whole") and rise(0.125, "whole") > 20 * rise(1.0, "whole")
    assert rise(8.0, None) > 3 * rise(1.0, None)


# Copies


def test_a_sampled_polynomial_is_exact_and_others_come_nearer_with_more_points():
    phi = RANDOM.uniform(-2, 2, size=(20, 3, 2))
    copy, known = Sampled(himmelblau(), 5), himmelblau()
    np.testing.assert_allclose(copy.value(phi), known.value(phi), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(copy.gradient(phi), known.gradient(phi), atol=1e-9)
    bent = Plane(Network((64, 8, 10), "tanh").on(digits(50)), *random_directions(Network((64, 8, 10))))
    errors = [Sampled(bent, n).error(50) for n in (5, 9, 17, 33)]
    assert errors[0] > 10 * errors[1] > 100 * errors[2] and errors[3] < 1e-4


def random_directions(network):
    theta = network.init(0)
    return theta, random_direction(network, theta, 0), random_direction(network, theta, 1)


def test_beyond_the_view_it_goes_on_as_a_plane_without_a_jump():
    copy, (high, up) = Sampled(rosenbrock(), 9), (2.0, 3.0)  # the upper right corner of its view
    corner = np.array([high, up])
    slope, far = copy.gradient(corner), np.array([50.0, 20.0])
    np.testing.assert_allclose(slope, rosenbrock().gradient(corner), rtol=1e-9)
    np.testing.assert_allclose(copy.gradient(corner + far), slope)
    assert copy.value(corner + far) == pytest.approx(copy.value(corner) + slope @ far)
    assert copy.minimum == 0 and copy.minima == rosenbrock().minima and copy.start == rosenbrock().start


# What is wrong


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Plane(Quadratic(), np.ones(3), D1, D2), r"θ must have shape \(4,\), as the loss has parameters, got"),
        (lambda: Plane(Quadratic(), ORIGIN, D1[:3], D2), r"d₁ must have shape \(4,\), as the loss has parameters"),
        (lambda: Plane(Quadratic(), ORIGIN, D1, -2 * D1), "d₁ and d₂ must span a plane, got two that are parallel"),
        (lambda: Plane(Quadratic(), ORIGIN, D1, 0 * D1), "d₁ and d₂ must span a plane"),
        (lambda: Plane(Quadratic(), ORIGIN * np.nan, D1, D2), "θ must be finite numbers"),
        (lambda: random_direction(Network((3, 2)), np.ones(7)), r"θ must have shape \(8,\)"),
        (lambda: random_direction(Network((3, 2)), np.ones(8), 0, "unit"), "must be 'filter', 'layer', 'whole' or N"),
        (lambda: random_direction(3, np.ones(8)), "the layers must be those of a network or of a loss, got 3"),
        (lambda: rescaled(Network((3, 4, 2), "tanh"), np.ones(26), 2.0), "only networks of ReLUs with a hidden layer"),
        (lambda: rescaled(Network((3, 2)), np.ones(8), 2.0), "only networks of ReLUs with a hidden layer"),
        (lambda: rescaled(Network((3, 4, 2)), np.ones(26), 0.0), r"factor c must be in \(0, ∞\), got 0"),
        (lambda: rescaled(Network((3, 4, 2)), np.ones(26), 2.0, 2), r"the layer must be a whole number in \[1, 1\]"),
        (lambda: Sampled(Quadratic()), "only a loss of two parameters with a view can be sampled"),
        (lambda: Sampled(himmelblau(), 2), r"points must be a whole number in \[3, 101\], got 2"),
    ],
)
def test_wrong_input_gets_one_clear_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_direction_is_not_that_of_the_start_with_the_same_seed():
    """`Network.init` draws from the seed too: the same numbers would put θ₀ − θ half into the plane."""
    network = Network((64, 64, 10))
    d, theta = random_direction(network, network.init(3), seed=3), network.init(3)
    assert abs(d @ theta) / np.linalg.norm(d) / np.linalg.norm(theta) < 4 / np.sqrt(network.size)
