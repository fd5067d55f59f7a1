"""The plane that a path is drawn in, and a random walk that looks there as if it were going somewhere."""

import numpy as np
import pytest

from optimlab import GradientDescent, descend, ravine
from optimlab.principal import pca_plane, random_walk, walk_cosines, walk_shares

RANDOM = np.random.default_rng(6)


@pytest.mark.parametrize("shape", [(30, 7), (5, 40), (12, 12)])
def test_directions_and_shares_are_those_of_a_singular_value_decomposition(shape):
    path = RANDOM.normal(size=shape) * np.geomspace(10, 1, shape[1]) + 5
    found = pca_plane(path, components=4)
    U, s, V = np.linalg.svd(path - path.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(found.shares, (s**2 / np.sum(s**2))[:4], rtol=1e-9)
    np.testing.assert_allclose(abs(np.sum(found.directions * V[:2], axis=1)), 1, rtol=1e-9)
    np.testing.assert_allclose(abs(found.components), abs(U[:, :4] * s[:4]), atol=1e-8)
    assert (found.components[-1] >= 0).all() and found.components.shape == (shape[0], 4)
    np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(2), atol=1e-12)


@pytest.mark.parametrize("origin", ["mean", "end"])
def test_the_origin_is_where_it_is_said_to_be_and_coordinates_are_from_there(origin):
    path = RANDOM.normal(size=(20, 6)) * [9, 5, 1, 1, 1, 1]
    found = pca_plane(path, origin)
    np.testing.assert_allclose(found.origin, path.mean(axis=0) if origin == "mean" else path[-1])
    np.testing.assert_allclose(found.coordinates, (path - found.origin) @ found.directions.T, atol=1e-12)
    np.testing.assert_array_equal(found.directions, pca_plane(path).directions)


def test_the_plane_of_a_descent_shows_the_loss_and_the_path():
    path = descend(ravine(20), GradientDescent(0.08), steps=40).theta
    found = pca_plane(path, "end")
    plane = found.plane(ravine(20), "seen")
    np.testing.assert_allclose(plane.to(found.coordinates), path, atol=1e-12)
    np.testing.assert_allclose(plane.value(found.coordinates), ravine(20).value(path), atol=1e-12)
    assert plane.name == "seen" and plane.start == pytest.approx(tuple(found.coordinates[0]))
    for (low, high), along in zip(plane.view, found.coordinates.T):
        assert low < along.min() and along.max() < high


def test_what_is_outside_is_the_rest_of_the_variance():
    path = RANDOM.normal(size=(20, 6))
    found = pca_plane(path)
    rest = path - found.origin - found.coordinates @ found.directions
    assert found.outside == pytest.approx(np.sum(rest**2) / np.sum((path - path.mean(axis=0)) ** 2))

    class Any6:
        dim, start = 6, np.zeros(6)

        def value(self, theta):
            return np.sum(theta**2, axis=-1)

        def gradient(self, theta):
            return 2 * theta

    assert found.plane(Any6()).outside(path) == pytest.approx(found.outside)


# The random walk


def test_the_shares_of_many_points_are_six_over_pi_squared_k_squared():
    np.testing.assert_allclose(walk_shares(4), [6 / (np.pi**2 * k**2) for k in (1, 2, 3, 4)])
    assert walk_shares(100_000).sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(walk_shares(3, 100_000), walk_shares(3), rtol=1e-6)


def test_those_of_few_points_are_the_eigenvalues_of_the_expected_inner_products():
    """⟨θ_s, θ_t⟩ is min(s, t) on average."""
    T = 9
    products = np.minimum(*np.meshgrid(np.arange(T), np.arange(T))).astype(float)
    centre = np.eye(T) - 1 / T
    values, vectors = np.linalg.eigh(centre @ products @ centre)
    np.testing.assert_allclose(walk_shares(8, T), values[::-1][:8] / values.sum(), rtol=1e-10)
    cosines = walk_cosines(8, T)
    np.testing.assert_allclose(abs(vectors[:, ::-1][:, :8]), abs(cosines / np.linalg.norm(cosines, axis=0)), atol=1e-10)
    assert (cosines[-1] > 0).all() and cosines.shape == (T, 8)


def test_a_walk_of_as_many_dimensions_as_a_network_has_these_shares_and_cosines():
    found = pca_plane(random_walk(4810, 200, seed=1))
    np.testing.assert_allclose(found.shares[:4], 6 / (np.pi * np.arange(1, 5)) ** 2, rtol=0.1)
    for k in range(4):
        expected = np.cos(np.pi * (k + 1) * (np.arange(201) + 0.5) / 201) * (-1) ** (k + 1)
        assert np.corrcoef(found.components[:, k], expected)[0, 1] > 0.99


def test_a_drift_takes_variance_in_the_ratio_that_is_told():
    for v in (0.05, 0.1, 0.3):
        ratio = v**2 * 200 / 2
        share = np.mean([pca_plane(random_walk(2000, 200, seed, v)).shares[0] for seed in range(3)])
        assert share == pytest.approx((6 / np.pi**2 + ratio) / (1 + ratio), abs=0.02)


def test_a_walk_begins_at_0_with_steps_of_length_1_and_drifts_one_way():
    walk = random_walk(3000, 50, seed=2)
    assert walk.shape == (51, 3000) and not walk[0].any()
    np.testing.assert_allclose(np.linalg.norm(np.diff(walk, axis=0), axis=1), 1, atol=0.08)
    drifting = random_walk(3000, 50, seed=2, drift=0.2)
    moved = (drifting - walk)[1:] / np.arange(1, 51)[:, None]
    np.testing.assert_allclose(moved, np.broadcast_to(moved[0], moved.shape), atol=1e-12)
    assert np.linalg.norm(moved[0]) == pytest.approx(0.2)
    np.testing.assert_array_equal(walk, random_walk(3000, 50, seed=2))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: pca_plane(np.ones((2, 5))), r"a path must be finite numbers of shape \(T, d\) with T ≥ 3 and d ≥ 2"),
        (lambda: pca_plane(np.arange(9.0)[:, None] * [1, 2, 3]), "a path must leave a line to have a plane"),
        (lambda: pca_plane(np.ones((9, 3))), "a path must leave a line to have a plane"),
        (lambda: pca_plane(np.full((9, 3), np.inf)), "got some that are not finite"),
        (lambda: pca_plane(np.eye(5), "start"), "the origin must be one of mean, end, got 'start'"),
        (lambda: pca_plane(np.eye(5), components=1), "components must be a whole number ≥ 2, got 1"),
        (lambda: pca_plane(np.ones((5001, 2))), r"the number T of points must be a whole number in \[3, 5000\]"),
        (lambda: walk_shares(0), "count must be a whole number ≥ 1, got 0"),
        (lambda: walk_shares(5, 5), r"count must be a whole number in \[1, 4\], got 5"),
        (lambda: walk_cosines(1, 1), "points must be a whole number ≥ 2, got 1"),
        (lambda: random_walk(1), "dim must be a whole number ≥ 2, got 1"),
        (lambda: random_walk(drift=-0.1), r"drift v must be in \[0, ∞\), got -0.1"),
    ],
)
def test_wrong_input_gets_one_clear_sentence(make, said):
    with pytest.raises(ValueError, match=said):
        make()
