"""The lab of the steep directions: runs and shares against plain loops and the dense Hessian, and what it claims."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from optimlab.labs.bulk import bulk_lab
from optimlab.networks import Network


@pytest.fixture(scope="module")
def lab():
    return bulk_lab()


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def ends(lab, **moved):
    return [rows(lab, name, **moved)[-20:, 0].mean() for name in ("SGD", "Dom", "Bulk")]


def centred_digits():
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))[:400]
    X = bunch.data[order] / 16
    return X - X.mean(axis=0), bunch.target[order]


def batches(n, size, steps, seed=0):
    random = np.random.default_rng([seed, 1])
    while steps > 0:
        for part in np.array_split(random.permutation(n), n // size)[:steps]:
            yield part
            steps -= 1


def slope(theta, X, y):
    """The gradient of the cross-entropy, and the loss."""
    W, b, V, c = theta[:1024].reshape(64, 16), theta[1024:1040], theta[1040:1200].reshape(16, 10), theta[1200:]
    a = np.tanh(X @ W + b)
    e = np.exp(a @ V + c)
    p = e / e.sum(axis=1, keepdims=True)
    delta = (p - np.eye(10)[y]) / len(y)
    below = (delta @ V.T) * (1 - a**2)
    parts = [(X.T @ below).ravel(), below.sum(axis=0), (a.T @ delta).ravel(), delta.sum(axis=0)]
    return np.concatenate(parts), -np.mean(np.log(p[np.arange(len(y)), y]))


def dense(theta, X, y):
    """Eigenvalues and directions, the largest in size first."""
    H = [(slope(theta + e, X, y)[0] - slope(theta - e, X, y)[0]) / 2e-4 for e in 1e-4 * np.eye(len(theta))]
    values, U = np.linalg.eigh((np.array(H) + np.array(H).T) / 2)
    order = np.argsort(-abs(values))
    return values[order], U[:, order]


def test_sgd_its_shares_and_the_spectrum_are_those_of_a_plain_loop_and_of_the_dense_hessian(lab):
    X, y = centred_digits()
    theta = Network((64, 16, 10), "tanh").init(0)
    shown = rows(lab, "SGD")[:, 0]
    for t, batch in enumerate(batches(400, 50, 401)):
        if t == 200:
            values, _ = dense(theta, X, y)
        gradient, (whole, loss) = slope(theta, X[batch], y[batch])[0], slope(theta, X, y)
        if t >= 200:
            assert shown[t - 200] == pytest.approx(loss, rel=1e-9)
        if t < 400:
            theta = theta - 0.5 * gradient
    np.testing.assert_array_equal(rows(lab, "spectrum")[:, 0], np.arange(1, 31))
    np.testing.assert_allclose(rows(lab, "spectrum")[:, 1], abs(values[:30] / values[0]), rtol=0.02)
    _, U = dense(theta, X, y)
    for k in (1, 10, 30):
        for channel, g in enumerate((gradient, whole)):
            share = np.sum((U[:, :k].T @ g) ** 2) / np.sum(g**2)
            assert rows(lab, "shares", k=k)[-1, channel] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("k", [10, 30])
def test_in_the_steep_directions_nothing_is_learned_and_without_them_as_much(lab, k):
    sgd, dom, bulk = ends(lab, k=k)
    first = rows(lab, "SGD")[0, 0]
    assert sgd < 0.5 * first and dom > 0.98 * first and bulk == pytest.approx(sgd, rel=0.03)


def test_the_mini_batch_is_steep_and_the_whole_gradient_is_not(lab):
    mini, every = rows(lab, "shares").mean(axis=0)
    assert 0.3 < mini < 0.55 and every < 0.1 and rows(lab, "chance").tolist() == [[10 / 1210]]
    mini, every = rows(bulk_lab(batch_size=400, steps=30), "shares").mean(axis=0)
    assert mini == pytest.approx(every) and every < 0.01


def test_longer_steps_do_not_help_dom(lab):
    first = rows(lab, "SGD")[0, 0]
    assert ends(lab, stretch=1.0)[1] > 0.98 * first and ends(lab, stretch=1.0)[2] < ends(lab)[2]


def test_at_initialization_the_steep_directions_do_matter():
    lab = bulk_lab(before=0, steps=100)
    first = rows(lab, "SGD")[0, 0]
    sgd, dom, bulk = ends(lab)
    assert dom < 0.95 * first and bulk > 1.25 * sgd and "at initialization" in repr(lab)


def test_with_the_squared_error_too_and_at_the_edge_bulk_has_no_spikes():
    lab = bulk_lab("squared error", steps=60)
    first = rows(lab, "SGD")[0, 0]
    sgd, dom, bulk = ends(lab)
    assert sgd < 0.97 * first and dom > 0.99 * first and bulk == pytest.approx(sgd, rel=0.02)
    edge = {"eta": 0.8, "batch": 400, "before": 300}
    highest = [rows(lab, name, **edge).max() for name in ("SGD", "Dom", "Bulk")]
    assert rows(lab, "shares", **edge)[:, 0].mean() > 0.8
    assert highest[1] > 5 * highest[2] and highest[0] > 1.2 * highest[2]


def test_it_says_its_numbers(lab):
    text = repr(lab)
    sgd, dom, bulk = ends(lab)
    assert f"SGD {sgd:.2g}, Dom {dom:.2g}, Bulk {bulk:.2g}" in text
    assert "after T₀=200 steps; k=10 of d=1210; λ₁ is 0.07" in text and "by chance 0.0083" in text


def test_what_diverges_is_said():
    text = repr(bulk_lab("squared error", eta=1.0, batch_size=400, before=0, steps=60))
    assert "Dom diverges" in text and "SGD diverges" not in text


def test_python_computes_it_for_the_present_setting_only(lab):
    assert True not in lab.travels.values() and all(source.sweeps == () for source in lab._sources)
    assert [len(source.needs) for source in lab._sources] == [3, 5, 5, 4, 1, 3]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: bulk_lab("hinge"), "the loss must be one of cross-entropy, squared error, got 'hinge'"),
        (lambda: bulk_lab(k=31), r"number of directions k must be a whole number in \[1, 30\], got 31"),
        (lambda: bulk_lab(k=2.5), "number of directions k must be a whole number"),
        (lambda: bulk_lab(eta=9.0), r"learning rate η must be in \[0.05, 4\], got 9"),
        (lambda: bulk_lab(batch_size=5), r"batch size B must be a whole number in \[10, 400\], got 5"),
        (lambda: bulk_lab(before=301), r"steps before T₀ must be a whole number in \[0, 300\], got 301"),
        (lambda: bulk_lab(stretch=-1), r"stretch s must be in \[0, 1\], got -1"),
        (lambda: bulk_lab(steps=10), "steps must be a whole number"),
        (lambda: bulk_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
