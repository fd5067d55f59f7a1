"""The lab of planes: its heights, rises and sharpness against plain numpy, and what a factor moves and what not."""

import numpy as np
import pytest

from optimlab import Adam, Network, digits
from optimlab.curvature import SquaredError
from optimlab.data import Data
from optimlab.labs.plane import plane_lab
from optimlab.landscapes import random_direction

RANDOM = np.random.default_rng(3)
X, LABELS = RANDOM.normal(size=(30, 3)), np.arange(30) % 2
DATA = Data(X, LABELS, X, LABELS)
NETWORK = Network((3, 4, 2))
THETA = RANDOM.normal(size=NETWORK.size)  # W₁ (3, 4), b₁ (4), W₂ (4, 2), b₂ (2)
NORMALIZATIONS = ("none", "layer", "filter")


@pytest.fixture(scope="module")
def lab():
    return plane_lab()


@pytest.fixture(scope="module")
def small():
    return plane_lab(loss=NETWORK.on(DATA), theta=THETA)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def parts(theta):
    return theta[:12].reshape(3, 4), theta[12:16], theta[16:24].reshape(4, 2), theta[24:]


def scales(c):
    return np.concatenate([np.full(16, c), np.full(8, 1 / c), np.ones(2)])


def outputs(theta):
    W1, b1, W2, b2 = parts(theta)
    return np.maximum(X @ W1 + b1, 0) @ W2 + b2


def cross_entropy(theta):
    z = outputs(theta)
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(30), LABELS])


def squared(theta):
    return np.sum((outputs(theta) - np.eye(2)[LABELS]) ** 2) / 60


def hessian(loss, theta, h=1e-4):
    """By second differences, entry by entry; no kink of the ReLUs lies so near."""
    d, E = len(theta), h * np.eye(len(theta))
    H = np.empty((d, d))
    for i in range(d):
        for j in range(d):
            up, down = loss(theta + E[i] + E[j]) + loss(theta - E[i] - E[j]), E[i] - E[j]
            H[i, j] = (up - loss(theta + down) - loss(theta - down)) / (4 * h * h)
    return H


def largest(H):
    values = np.linalg.eigvalsh((H + H.T) / 2)
    return values[np.argmax(np.abs(values))]


def direction(number, normalize, c):
    """The lab's random numbers, without biases, made as long as they should be."""
    d = random_direction(NETWORK, THETA, number, None) * np.concatenate([np.ones(12), np.zeros(4), np.ones(8), [0, 0]])
    W1, _, W2, _ = parts(d)  # views
    own1, _, own2, _ = parts(THETA)
    if normalize == "none":
        return d * np.hypot(np.linalg.norm(own1), np.linalg.norm(own2)) / np.linalg.norm(d)
    axis = 0 if normalize == "filter" else None
    W1 *= c * np.linalg.norm(own1, axis=axis) / np.linalg.norm(W1, axis=axis)
    W2 *= np.linalg.norm(own2, axis=axis) / c / np.linalg.norm(W2, axis=axis)
    return d


@pytest.mark.parametrize(("i", "normalize"), list(enumerate(NORMALIZATIONS)))
def test_heights_and_rises_are_those_of_plain_numpy(small, i, normalize):
    c, seed = 2.5, 3
    theta, d = THETA * scales(c), [direction(n, normalize, c) for n in range(16)]
    plane = rows(small, "plane", c=c, normalize=float(i), seed=float(seed))
    assert plane.shape == (27, 27)
    for row, column in [(13, 13), (0, 0), (4, 20), (26, 7)]:
        phi = -1 + (column + 0.5) * 2 / 27, -1 + (row + 0.5) * 2 / 27  # x is φ₁
        expected = cross_entropy(theta + phi[0] * d[6] + phi[1] * d[7])
        assert plane[row, column] == pytest.approx(100 * expected, rel=1e-9)
    section = rows(small, "now", c=c, normalize=float(i), seed=float(seed))
    for phi, height in section[::16]:
        assert height == pytest.approx(cross_entropy(theta + phi * d[6]), rel=1e-9)
    assert section[[0, -1], 0].tolist() == [-1, 1]
    first = rows(small, "reference", c=c, normalize=float(i), seed=float(seed))
    assert first[5, 1] == pytest.approx(cross_entropy(THETA + first[5, 0] * direction(6, normalize, 1.0)), rel=1e-9)
    mean = np.mean([cross_entropy(theta + sign * 0.5 * one) for one in d for sign in (1, -1)])
    measured = rows(small, "measured", c=c, normalize=float(i))[0]
    np.testing.assert_allclose(measured[:3], [cross_entropy(THETA), 0, mean - cross_entropy(THETA)], rtol=1e-9)
    np.testing.assert_allclose(rows(small, "rings", c=c, normalize=float(i)), [[-0.5, mean], [0.5, mean]])
    line = np.full(3, np.nan)
    line[i] = mean
    np.testing.assert_allclose(rows(small, "mean", c=c, normalize=float(i))[0], line)


@pytest.mark.parametrize("loss", [cross_entropy, squared])
def test_the_sharpness_is_that_of_the_whole_hessian_and_a_factor_scales_its_parts(loss):
    lab = plane_lab(loss=NETWORK.on(DATA) if loss is cross_entropy else SquaredError(NETWORK, DATA), theta=THETA)
    H = hessian(loss, THETA)
    for c in (1 / 8, 1.0, 4.0):
        found = rows(lab, "measured", c=c)[0, 3]
        assert found == pytest.approx(largest(hessian(loss, THETA * scales(c))), rel=1e-3)
        assert found == pytest.approx(largest(H / np.outer(scales(c), scales(c))), rel=1e-3)
    assert rows(lab, "first")[0, 3] == rows(lab, "measured", c=1.0)[0, 3]


def test_far_from_c_1_the_sharpness_grows_as_the_square(lab):
    far = {c: rows(lab, "measured", c=c)[0, 3] for c in (1 / 8, 1 / 4, 4.0, 8.0)}
    assert far[8.0] / far[4.0] == pytest.approx(4, rel=0.02) == far[1 / 8] / far[1 / 4]


def test_a_factor_leaves_the_function_and_moves_the_picture_unless_it_is_normalized(lab):
    height_of_one, none, rise_of_one, sharpness_of_one = rows(lab, "first")[0]
    for c in (1 / 8, 8.0):
        height, changed, rise, sharpness = rows(lab, "measured", c=c)[0]
        assert abs(height - height_of_one) < 1e-12 and changed == none == 0
        assert rise > 30 * rise_of_one and sharpness > 20 * sharpness_of_one
        assert np.median(rows(lab, "now", c=c)[:, 1] / rows(lab, "reference")[:, 1]) > 10
        for i in (1.0, 2.0):
            np.testing.assert_allclose(rows(lab, "now", c=c, normalize=i), rows(lab, "reference", normalize=i))
            assert rows(lab, "measured", c=c, normalize=i)[0, 2] == pytest.approx(rows(lab, "first", normalize=i)[0, 2])
    sharp, flat = (rows(lab, "plane", c=c) for c in (8.0, 1.0))
    assert sharp.max() < lab.scene.panels[0].marks[0].top and flat.min() > lab.scene.panels[0].marks[0].low
    np.testing.assert_allclose(rows(lab, "plane", c=8.0, normalize=2.0), rows(lab, "plane", c=1.0, normalize=2.0))


def test_the_flattest_of_these_functions_is_near_c_1(lab):
    rises = [rows(lab, "measured", c=c)[0, 2] for c in (0.5, 2**-0.25, 1.0, 2**0.25, 2.0)]
    assert np.argmin(rises) in (1, 2, 3) and min(rises[0], rises[-1]) > 2 * min(rises)


def test_each_seed_has_directions_of_its_own_and_the_means_do_not_know_it(small):
    sections = [rows(small, "now", seed=float(seed))[:, 1] for seed in range(8)]
    assert len({section[0] for section in sections}) == 8
    assert {section[40] for section in sections} == {sections[0][40]}
    assert "seed" not in small.stage._sources["measured"].needs


def test_a_penalty_and_dropout_are_left_aside(small):
    network = Network((3, 4, 2), l2=0.1, dropout=0.5)
    lab = plane_lab(loss=network.on(DATA, 8), theta=THETA)
    np.testing.assert_array_equal(rows(lab, "plane", c=3.0), rows(small, "plane", c=3.0))
    assert rows(lab, "measured", c=3.0)[0, 3] == rows(small, "measured", c=3.0)[0, 3]


def test_a_deeper_network_of_ones_own():
    network = Network((64, 12, 8, 10))
    lab = plane_lab(4.0, "filter", loss=network.on(digits(40)), theta=network.init(1))
    np.testing.assert_allclose(rows(lab, "plane"), rows(lab, "plane", c=1.0), rtol=1e-9)
    assert "the loss of (64, 12, 8, 10)" in repr(lab)


def test_it_says_its_numbers():
    lab = plane_lab(8.0, "layer", 5)
    text, now, first = repr(lab), rows(lab, "measured")[0], rows(lab, "first")[0]
    assert f"c=8: L(θ) is {first[0]:.3g}, and differs by less than 1e-12" in text
    assert "predictions that differ: 0 of 400" in text
    rises = {i: [rows(lab, "measured", c=c, normalize=i)[0, 2] for c in (8.0, 1.0)] for i in (0.0, 2.0)}
    for i, name in ((0.0, "none"), (2.0, "filter")):
        assert f"{name} {rises[i][0]:.3g} (c=1: {rises[i][1]:.3g})" in text
    assert f"sharpness {now[3]:.3g} (c=1: {first[3]:.3g})" in text
    assert "the plane of seed 5, normalization: layer" in text


def test_python_computes_it_for_the_present_setting_only(lab):
    assert True not in lab.travels.values()
    assert all(source.sweeps == () for source in lab._sources)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: plane_lab(0.1), r"factor c must be in \[0.125, 8\], got 0.1"),
        (lambda: plane_lab("1"), "factor c must be a number"),
        (lambda: plane_lab(normalize=None), "normalize must be one of none, layer, filter, got None"),
        (lambda: plane_lab(seed=8), r"the seed must be a whole number in \[0, 7\], got 8"),
        (lambda: plane_lab(loss=Adam(), theta=THETA), "the loss must be that of a network, as network.on"),
        (lambda: plane_lab(theta=THETA), "the loss must be that of a network, as network.on.* got None"),
        (lambda: plane_lab(loss=NETWORK.on(DATA)), "a network of your own needs its θ as well"),
        (lambda: plane_lab(loss=NETWORK.on(DATA), theta=THETA[1:]), r"θ must have shape \(26,\)"),
        (lambda: plane_lab(loss=NETWORK.on(DATA), theta=np.inf * THETA), "θ must be finite numbers"),
        (lambda: plane_lab(loss=Network((3, 2)).on(DATA), theta=np.ones(8)), "only networks of ReLUs with a hidden"),
        (lambda: plane_lab(loss=Network((3, 4, 2), "tanh").on(DATA), theta=THETA), "only networks of ReLUs"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
