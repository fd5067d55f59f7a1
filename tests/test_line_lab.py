"""The line between two networks: lab against a training, a matching and a walk along the line in plain numpy."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.datasets import load_digits

from optimlab.labs.line import line_lab

STEPS, BATCHES = 410, 41


@pytest.fixture(scope="module")
def lab():
    return line_lab()


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def examples():
    digits, order = load_digits(), np.random.default_rng(0).permutation(1797)
    X, y = digits.data[order] / 16, digits.target[order]
    return X[:1297], y[:1297], X[1297:], y[1297:]


X, Y, X_TEST, Y_TEST = examples()


def logits(theta, inputs):
    W, b, V, c = theta
    return np.maximum(inputs @ W + b, 0) @ V + c


def shares(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss(theta):
    return -np.mean(np.log(shares(logits(theta, X))[np.arange(len(Y)), Y]))


def error(theta):
    return np.mean(logits(theta, X_TEST).argmax(axis=1) != Y_TEST)


def batches(seed):
    random, found = np.random.default_rng([seed, 1]), []
    for _ in range(STEPS // BATCHES):
        found += np.array_split(random.permutation(len(X)), BATCHES)
    return found


def trained(width, start, rows_of_batches):
    random = np.random.default_rng(start)
    W = random.normal(0, np.sqrt(2 / 64), (64, width))
    V = random.normal(0, np.sqrt(2 / width), (width, 10))
    theta = [W, np.zeros(width), V, np.zeros(10)]
    m, s = ([np.zeros_like(part) for part in theta] for _ in range(2))
    for k, batch in enumerate(rows_of_batches):
        inputs, labels = X[batch], np.eye(10)[Y[batch]]
        W, b, V, _ = theta
        hidden = np.maximum(inputs @ W + b, 0)
        delta = (shares(logits(theta, inputs)) - labels) / len(batch)
        back = (delta @ V.T) * (hidden > 0)
        gradients = [inputs.T @ back, back.sum(axis=0), hidden.T @ delta, delta.sum(axis=0)]
        eta = 0.01 * (1 + np.cos(np.pi * k / STEPS)) / 2
        for i, g in enumerate(gradients):
            m[i] = 0.9 * m[i] + 0.1 * g
            s[i] = 0.999 * s[i] + 0.001 * g**2
            step = m[i] / (1 - 0.9 ** (k + 1)) / (np.sqrt(s[i] / (1 - 0.999 ** (k + 1))) + 1e-8)
            theta[i] = theta[i] - eta * step
    return theta


def reordered(a, b):
    gain = a[0].T @ b[0] + np.outer(a[1], b[1]) + a[2] @ b[2].T
    order = linear_sum_assignment(-gain)[1]
    return [b[0][:, order], b[1][order], b[2][order], b[3]]


def at(a, b, alpha):
    return [(1 - alpha) * p + alpha * q for p, q in zip(a, b, strict=True)]


@pytest.mark.parametrize(("inits", "k"), [(2, 0), (1, 7)])
def test_lines_barriers_and_images_are_those_of_plain_numpy(lab, inits, k):
    setting = {"width": 16.0, "inits": float(inits), "k": float(k), "pair": 2.0}
    own, other = batches(2), batches(3)
    a = trained(16, 2, own)
    b = trained(16, 1 + inits, own[:k] + other[k:])
    ends = {"raw": b, "matched": reordered(a, b)}
    alpha = np.linspace(0, 1, 21)
    for i, (way, end) in enumerate(ends.items()):
        heights = np.array([loss(at(a, end, x)) for x in alpha])
        chord = (1 - alpha) * loss(a) + alpha * loss(b)
        found = rows(lab, way, **setting)
        np.testing.assert_allclose(found[:, 0], alpha, atol=1e-9)
        np.testing.assert_allclose(found[:, 1], heights, rtol=1e-5)
        assert np.abs(found[:, 2] - [error(at(a, end, x)) for x in alpha]).max() < 0.0041  # two of 500
        np.testing.assert_allclose(found[:, 3], chord, rtol=1e-5)
        assert rows(lab, "barriers", **setting)[0, i] == pytest.approx(np.max(heights - chord), abs=1e-5)
    image = rows(lab, "units", alpha=0.3, **setting)[::-1]
    strong = np.argsort(-np.linalg.norm(a[0], axis=0) * np.linalg.norm(a[2], axis=1))[:6]
    for i, theta in enumerate((a, at(a, b, 0.3), at(a, ends["matched"], 0.3))):
        for j, unit in enumerate(strong):
            cells = image[12 * i + 4 : 12 * i + 12, 9 * j : 9 * j + 8]
            np.testing.assert_allclose(np.log10(cells), theta[0][:, unit].reshape(8, 8), atol=1e-5)
    assert image.shape == (36, 53) and np.isfinite(image).sum() == 3 * 6 * 64


def test_matching_leaves_the_function_and_takes_most_of_the_barrier_more_in_wide_networks(lab):
    left = {}
    for width in (16.0, 64.0, 256.0):
        raw, left[width] = rows(lab, "barriers", width=width)[0]
        assert left[width] < raw / 2.5
        ends = [rows(lab, way, width=width)[-1] for way in ("raw", "matched")]
        assert abs(ends[0][1] - ends[1][1]) < 1e-12 and ends[0][2] == ends[1][2]
    assert left[16.0] > 2 * left[64.0] > 3 * left[256.0]


def test_it_is_the_initialization_that_makes_the_barrier_and_not_the_batches(lab):
    apart, shuffled = rows(lab, "barriers")[0], rows(lab, "barriers", inits=1.0)[0]
    same_batches = rows(lab, "barriers", k=410.0)[0]
    assert shuffled[0] < apart[0] / 5 and same_batches[0] > apart[0] / 2
    assert shuffled[0] == shuffled[1] > 0  # there is nothing to rename
    assert rows(lab, "barriers", inits=1.0, k=40.0)[0, 0] < shuffled[0] / 5
    assert not rows(lab, "barriers", inits=1.0, k=410.0).any()


def test_the_dots_are_on_the_curves_and_between_them_where_alpha_is_typed(lab):
    grid = lab.stage.grid("alpha")
    for way in ("raw", "matched"):
        line, dots, errors = rows(lab, way), rows(lab, f"{way} at α", alpha=grid), rows(lab, f"{way} error", alpha=grid)
        np.testing.assert_array_equal(dots[:, 0], line[:, :3])
        np.testing.assert_array_equal(errors[:, 0], line[:, [0, 2]])
        x, height, _ = rows(lab, f"{way} at α", alpha=0.52)[0]
        assert x == 0.52 and line[10, 1] - 0.02 < height < line[10, 1] + 0.02 and height != line[10, 1]
    images = rows(lab, "units", alpha=grid)
    np.testing.assert_array_equal(images[7], rows(lab, "units", alpha=grid[7]))


def test_only_the_sources_of_alpha_have_sweeps_and_none_travels(lab):
    assert True not in lab.travels.values()
    assert {s.name for s in lab._sources if s.sweeps} == {s.name for s in lab._sources if "alpha" in s.needs}
    assert all(set(s.sweeps) <= {"alpha"} for s in lab._sources)


def test_it_says_its_numbers(lab):
    text, (raw, left) = repr(lab), rows(lab, "barriers")[0]
    assert "64 hidden units, two initializations, other batches from the first step on" in text
    assert f"barrier: raw {raw:.2g}, matched {left:.2g}\n" in text
    assert "the loss at α = 1 differs by less than 1e-12" in text
    text = repr(line_lab(16, 1, 410, alpha=0.25))
    assert "16 hidden units, one initialization, the same batches" in text and "α = 0.25: raw L" in text
    assert "barrier: raw below 0.001, matched below 0.001" in text
    assert "other batches from step 20 on" in repr(line_lab(16, 1, 20))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: line_lab(8), r"number of hidden units h must be a whole number in \[16, 256\], got 8"),
        (lambda: line_lab(16.5), r"number of hidden units h must be a whole number in \[16, 256\], got 16.5"),
        (lambda: line_lab(inits=3), r"number of initializations inits must be a whole number in \[1, 2\], got 3"),
        (lambda: line_lab(k=411), r"same batches k must be a whole number in \[0, 410\], got 411"),
        (lambda: line_lab(pair=0), r"number of the pair must be a whole number in \[1, 6\], got 0"),
        (lambda: line_lab(alpha=1.5), r"place on the line α must be in \[0, 1\], got 1.5"),
        (lambda: line_lab(alpha="half"), r"place on the line α must be a number in \[0, 1\]"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
