"""A loss in turned coordinates: one and the same loss, for who does not look at single coordinates."""

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Momentum, Network, descend, digits, ravine
from optimlab.rotated import Rotated, random_rotation


def turn(angle):
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return np.array([[c, -s], [s, c]])


def test_a_random_rotation_is_orthogonal_and_depends_on_its_seed_alone():
    Q = random_rotation(40, 3)
    np.testing.assert_allclose(Q.T @ Q, np.eye(40), atol=1e-13)
    np.testing.assert_array_equal(Q, random_rotation(40, 3))
    assert np.abs(Q - random_rotation(40, 4)).max() > 0.1


def test_no_direction_is_preferred():
    entries = np.array([random_rotation(3, seed) for seed in range(2000)])
    assert np.abs(entries.mean(axis=0)).max() < 0.06
    np.testing.assert_allclose((entries**2).mean(axis=0), 1 / 3, atol=0.03)


def test_a_turned_ravine_is_the_ravine_of_the_other_angle():
    phi = np.random.default_rng(0).normal(size=(50, 2))
    rotated, known = Rotated(ravine(20), turn(30)), ravine(20, angle=-30)
    np.testing.assert_allclose(rotated.value(phi), known.value(phi), rtol=1e-12)
    np.testing.assert_allclose(rotated.gradient(phi), known.gradient(phi), rtol=1e-10)


@pytest.mark.parametrize("rule", [GradientDescent(0.1), Momentum(0.05, 0.9)])
def test_descents_without_scales_take_the_same_way(rule):
    network, data = Network((64, 8, 10)), digits()
    Q = random_rotation(network.size, 1)
    plain = descend(network.on(data, 32, 0), rule, steps=60, keep=60)
    rotated = descend(Rotated(network.on(data, 32, 0), Q), rule, steps=60, keep=60)
    np.testing.assert_allclose(rotated.theta[-1] @ Q.T, plain.theta[-1], atol=1e-12)
    np.testing.assert_allclose(rotated.loss, plain.loss, rtol=1e-12)


def test_adam_takes_another():
    network, data = Network((64, 8, 10)), digits()
    Q = random_rotation(network.size, 1)
    plain = descend(network.on(data, 32, 0), Adam(0.01), steps=30, keep=30)
    rotated = descend(Rotated(network.on(data, 32, 0), Q), Adam(0.01), steps=30, keep=30)
    assert np.abs(rotated.theta[-1] @ Q.T - plain.theta[-1]).max() > 0.01


def test_the_start_is_the_same_place():
    loss = Rotated(ravine(20), turn(45))
    np.testing.assert_allclose(loss.value(loss.start), ravine(20).value(np.array(ravine(20).start)), rtol=1e-12)
    assert loss.dim == 2


@pytest.mark.parametrize("Q", [np.eye(3), np.ones((2, 2)), np.eye(2) * 1.001, np.full((2, 2), np.nan), [[1, 0]], "x"])
def test_what_is_no_rotation_is_refused_in_a_sentence(Q):
    with pytest.raises(ValueError, match="Q must be an orthogonal matrix"):
        Rotated(ravine(), Q)


def test_a_dimension_that_is_none_is_refused():
    with pytest.raises(ValueError, match="dim"):
        random_rotation(0)
