"""The edge of stability: slope and curvature of a network, Lanczos, and trainings against plain loops; and its lab."""

import numpy as np
import pytest

from optimlab.curvature import SquaredError
from optimlab.edge import COLUMNS, EdgeTraining, centred, edge_at, few_digits, lanczos
from optimlab.labs.edge import edge_lab
from optimlab.networks import Network
from optimlab.place import Place


@pytest.fixture(scope="module")
def data():
    return centred(few_digits(120))


@pytest.fixture(scope="module")
def lab():
    return edge_lab(0.8, 0.4, 250, 500, steps=750)


def walk(lab, source="walk", **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def loss_and_slope(theta, X, labels, entropy=False):
    """Of a (64, h, 10) network with tanh, written out."""
    h = (theta.size - 10) // 75
    W1, b1 = theta[: 64 * h].reshape(64, h), theta[64 * h : 65 * h]
    W2, b2 = theta[65 * h : -10].reshape(h, 10), theta[-10:]
    h = np.tanh(X @ W1 + b1)
    out, n = h @ W2 + b2, len(X)
    if entropy:
        p = np.exp(out) / np.exp(out).sum(axis=1, keepdims=True)
        loss, d2 = -np.log(p[labels == 1]).mean(), (p - labels) / n
    else:
        loss, d2 = ((out - labels) ** 2).sum() / (2 * n), (out - labels) / n
    d1 = d2 @ W2.T * (1 - h**2)
    return loss, np.concatenate([(X.T @ d1).ravel(), d1.sum(axis=0), (h.T @ d2).ravel(), d2.sum(axis=0)])


def trained(data, etas, gamma=0.0, entropy=False, hidden=32):
    """The losses, θ and gradients of a plain loop with η of each step."""
    X, labels = data.X, np.eye(10)[data.y]
    theta = Network((64, hidden, 10), "tanh").init(0)
    v, told = 0 * theta, []
    for eta in etas:
        loss, g = loss_and_slope(theta, X, labels, entropy)
        told.append((loss, theta, g))
        v = gamma * v + g
        theta = theta - eta * v
    return told


def hessian(data, theta, entropy=False, h=1e-5):
    """By central differences of the plain slope."""
    X, labels = data.X, np.eye(10)[data.y]
    steps = h * np.eye(theta.size)
    columns = [
        loss_and_slope(theta + e, X, labels, entropy)[1] - loss_and_slope(theta - e, X, labels, entropy)[1]
        for e in steps
    ]
    return np.array(columns) / (2 * h)


@pytest.mark.parametrize("error", ["squared error", "cross-entropy"])
def test_slope_and_curvature_are_those_of_plain_differences(data, error):
    entropy = error == "cross-entropy"
    training = EdgeTraining(data, error=error)
    rng = np.random.default_rng(3)
    theta, v = training.begin().theta + 0.1 * rng.normal(size=2410), rng.normal(size=2410)
    place, labels = training.at(theta), np.eye(10)[data.y]
    loss, slope = loss_and_slope(theta, data.X, labels, entropy)
    assert place.loss == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(place.gradient, slope, atol=1e-13)
    there, back = (loss_and_slope(theta + h * v, data.X, labels, entropy)[1] for h in (1e-5, -1e-5))
    np.testing.assert_allclose(place.product(v), (there - back) / 2e-5, atol=1e-7)


@pytest.mark.parametrize(("sizes", "activation"), [((64, 10), "tanh"), ((64, 9, 8, 7, 10), "sigmoid")])
def test_the_curvature_of_other_networks_is_that_of_the_squared_error(data, sizes, activation):
    network, rng = Network(sizes, activation), np.random.default_rng(1)
    theta, v = rng.normal(size=(2, network.size))
    place = Place(network, data.X, np.eye(10)[data.y], theta, "squared error")
    loss = SquaredError(network, data)
    np.testing.assert_allclose(place.gradient, loss.gradient(theta), atol=1e-12)
    np.testing.assert_allclose(place.product(v), loss.product(theta, v), atol=1e-11)


def test_lanczos_finds_the_largest_eigenvalue_and_its_side():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 40))
    A = A + A.T
    values, vectors = np.linalg.eigh(A)
    for start in rng.normal(size=(3, 40)):
        value, direction = lanczos(lambda v: A @ v, start, 40)
        assert value == pytest.approx(values[-1], rel=1e-12) and direction @ start > 0
        assert abs(direction @ vectors[:, -1]) == pytest.approx(1)
        few, near = lanczos(lambda v: A @ v, start, 3)
        krylov, _ = np.linalg.qr(np.stack([start, A @ start, A @ A @ start], axis=1))
        assert few == pytest.approx(np.linalg.eigvalsh(krylov.T @ A @ krylov)[-1]) and few <= values[-1]
        assert near @ A @ near == pytest.approx(few) and np.linalg.norm(near) == pytest.approx(1)
    for A in rng.normal(size=(30, 6, 6)):
        start = rng.normal(size=6)
        assert lanczos(lambda v, A=A: (A + A.T) @ v, start, 6)[1] @ start > 0
    value, direction = lanczos(lambda v: 0 * v, [3.0, 4.0], 5)
    assert value == 0 and direction.tolist() == [0.6, 0.8]


@pytest.mark.parametrize(("gamma", "error"), [(0.0, "squared error"), (0.9, "cross-entropy")])
def test_a_training_is_that_of_a_plain_loop_wherever_it_is_cut(data, gamma, error):
    etas = [0.3] * 25 + [0.1] * 16
    told = trained(data, etas, gamma, error == "cross-entropy")
    training = EdgeTraining(data, error=error, gamma=gamma, every=10)
    state, rows = training.begin(), []
    for eta, steps in ((0.3, 7), (0.3, 18), (0.1, 16)):
        state, some = training.go(state, eta, steps)
        rows.append(some)
    rows = np.concatenate(rows)
    assert state.k == 41 and state.since == 25 and rows.shape == (41, len(COLUMNS))
    np.testing.assert_allclose(rows[:, 0], [loss for loss, _, _ in told], rtol=1e-9)
    measured = {k for k in range(41) if k % 10 == 0 or (k - (25 if k >= 25 else 0)) % 4 == 0}
    assert set(np.flatnonzero(np.isfinite(rows[:, 1]))) == measured
    whole = np.concatenate([part for part in two_parts(training)])
    np.testing.assert_array_equal(rows, whole)


def two_parts(training):
    state, rows = training.go(training.begin(), 0.3, 25)
    return rows, training.go(state, 0.1, 16)[1]


def test_sharpness_and_cosine_are_those_of_the_whole_hessian():
    data = centred(few_digits(40))
    training = EdgeTraining(data, Network((64, 5, 10), "tanh"))
    told = trained(data, [0.8] * 41, hidden=5)
    rows = training.go(training.begin(), 0.8, 41)[1]
    for k, tolerance in ((0, 1e-6), (40, 0.03)):
        _, theta, g = told[k]
        values, vectors = np.linalg.eigh(hessian(data, theta))
        assert rows[k, 1] == pytest.approx(values[-1], rel=tolerance)
        if k == 0:
            assert abs(rows[k, 2]) == pytest.approx(abs(vectors[:, -1] @ g) / np.linalg.norm(g), abs=1e-3)


def test_at_the_edge_the_sharpness_is_held_and_the_gradient_turns_round():
    training = EdgeTraining(centred(few_digits()))
    rows = training.go(training.begin(), 0.8, 801)[1]
    last = rows[500:]
    sharpness = last[np.isfinite(last[:, 1]), 1]
    assert sharpness.mean() == pytest.approx(edge_at(0.8), rel=0.07) and np.ptp(sharpness) < 0.7
    assert np.mean(last[1:, 2] * last[:-1, 2] < 0) > 0.9 and rows[-1, 0] < rows[400, 0]


def test_with_momentum_it_is_held_at_the_edge_of_momentum():
    training = EdgeTraining(centred(few_digits()), gamma=0.5)
    sharpness = training.go(training.begin(), 0.8, 701)[1][500:, 1]
    assert edge_at(0.8, 0.5) == 3.75
    assert np.nanmean(sharpness) == pytest.approx(3.75, rel=0.06)


def test_centred_inputs_have_no_mean_and_a_smaller_sharpness():
    raw = few_digits()
    data = centred(raw)
    assert len(data.X) == 400 and len(data.X_test) == 500
    np.testing.assert_allclose(data.X.mean(axis=0), 0, atol=1e-15)
    np.testing.assert_allclose(data.X_test - raw.X_test, data.X[:1] - raw.X[:1] + 0 * data.X_test, atol=1e-15)
    first = [EdgeTraining(d).go(EdgeTraining(d).begin(), 0.1, 1)[1][0, 1] for d in (raw, data)]
    assert first[0] > 7 * first[1]


def test_what_diverges_is_given_up():
    training = EdgeTraining(centred(few_digits(60)))
    state, rows = training.go(training.begin(), 2.0, 60)
    assert np.isinf(rows[-1, 0]) and np.isnan(rows[-1, 1:]).all() and np.isnan(state.theta).all()
    assert np.isinf(training.go(state, 0.1, 3)[1][:, 0]).all()


def test_the_lab_trains_as_its_sliders_say(lab):
    training = EdgeTraining(centred(few_digits()))
    state, rows = training.begin(), []
    for eta, steps in ((0.8, 250), (0.4, 250), (0.8, 251)):
        state, some = training.go(state, eta, steps)
        rows.append(some)
    rows, found = np.concatenate(rows), walk(lab)
    assert found.shape == (751, 4)
    np.testing.assert_array_equal(found[:, [0, 2]], rows[:, [0, 2]])
    at = np.flatnonzero(np.isfinite(rows[:, 1]))
    np.testing.assert_allclose(found[:, 1], np.interp(np.arange(751), at, rows[at, 1]))
    np.testing.assert_array_equal(found[:, 3], [2.5] * 250 + [5.0] * 250 + [2.5] * 251)
    close = walk(lab, "close")
    np.testing.assert_array_equal(close[:, 0], np.arange(-10, 71))
    np.testing.assert_array_equal(close[:, 1], rows[490:571, 2])
    assert walk(lab, "changes").tolist() == [[250, 500, 0]]
    assert found[500:600, 0].max() > 3 * found[500, 0]


def test_sliders_reach_every_plan(lab):
    found = walk(lab, t2=250.0)
    assert set(found[:, 3]) == {2.5}
    assert np.isnan(walk(lab, "changes", t2=250.0)).all() and walk(lab, "close", t2=250.0)[-1, 0] == 70
    found = walk(lab, t2=750.0)
    assert found[249:251, 3].tolist() == [2.5, 5.0] and found[-1, 3] == 5.0
    np.testing.assert_array_equal(walk(lab, "changes", t2=750.0), [[250, np.nan, 0]])
    np.testing.assert_array_equal(walk(lab, "close", t2=750.0)[:, 1], found[240:321, 2])
    found = walk(lab, t2=700.0)
    assert walk(lab, "close", t2=700.0)[:, 0].tolist() == list(range(-10, 51))
    np.testing.assert_array_equal(found[:500], walk(lab)[:500])
    raised = walk(lab, "close", eta1=0.4, eta2=0.8)
    np.testing.assert_array_equal(raised[:, 1], walk(lab, eta1=0.4, eta2=0.8)[240:321, 2])
    np.testing.assert_allclose(walk(lab, gamma=0.5)[0, 3], 3.75)


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "400 digits, squared error, inputs centred, 750 steps" in text
    assert "η=0.8 to step 250, η=0.4 to step 500, η=0.8 to step 750; γ=0; at the start the sharpness is 3.5" in text
    means = [walk(lab)[end - 200 : end, 1].mean() for end in (250, 500, 750)]
    for end, mean, limit in zip((250, 500, 750), means, (2.5, 5, 2.5)):
        assert f"sharpness before step {end}: {mean:.1f}, edge {limit}" in text
    assert all(f"turns round in {often} steps" in text for often in ("most", "few", "nearly all"))
    assert "after step 500 the loss rises more than" in text
    lab = edge_lab(1.5, steps=500, t1=250, t2=500)
    assert "from step 0 on it diverges, at η=1.5" in repr(lab)
    far = walk(lab)[:, 0] >= 10
    assert far.any() and np.array_equal(np.isnan(walk(lab)[:, 1]), far) and np.nanmax(walk(lab)[:, 1]) < 100


def test_python_computes_it_for_the_present_setting_only(lab):
    assert True not in lab.travels.values() and all(source.sweeps == () for source in lab._sources)
    raw = edge_lab(error="cross-entropy", centre=False, steps=500, t1=50, t2=100, seed=1)
    assert "cross-entropy, inputs not centred" in repr(raw)
    training = EdgeTraining(few_digits(), error="cross-entropy", seed=1)
    np.testing.assert_array_equal(walk(raw)[:50, 0], training.go(training.begin(), 0.8, 50)[1][:, 0])


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: edge_at(0.0), r"learning rate η must be in \(0, ∞\), got 0"),
        (lambda: edge_at(1.0, 1.0), r"momentum γ must be in \[0, 1\), got 1"),
        (lambda: few_digits(5), r"the count of examples must be a whole number in \[10, 1297\], got 5"),
        (lambda: lanczos(3, [1.0], 1), "the product must be a function of v, got 3"),
        (lambda: lanczos(abs, [0.0], 1), "the start must be finite numbers"),
        (lambda: lanczos(abs, [1.0], 0), "the number of products must be a whole number ≥ 1, got 0"),
        (lambda: Place(Network((2, 2)), np.eye(2), np.eye(2), np.zeros(5), "squared error"), "must have shape"),
        (lambda: Place(Network((2, 2)), np.eye(2), np.eye(2), np.zeros(6), "hinge"), "the error must be one of"),
        (lambda: EdgeTraining(few_digits(10), error="hinge"), "the error must be one of squared error, cross-entropy"),
        (lambda: EdgeTraining(few_digits(10), Network((64, 10), l2=0.1)), "without penalty and dropout, got λ=0.1"),
        (lambda: EdgeTraining(few_digits(10), Network((5, 10))), "the network takes rows of 5 inputs"),
        (lambda: edge_lab(eta1=3), r"learning rate η₁ must be in \[0.05, 2\], got 3"),
        (lambda: edge_lab(eta2=0), r"learning rate between η₂ must be in \[0.05, 2\], got 0"),
        (lambda: edge_lab(t1=1010), "t₁ must be a multiple of 50, got 1010"),
        (lambda: edge_lab(t2=4000), r"t₂ must be a whole number in \[50, 3000\], got 4000"),
        (lambda: edge_lab(gamma=1), r"momentum γ must be in \[0, 1\), got 1"),
        (lambda: edge_lab(error="hinge"), "the error must be one of squared error, cross-entropy, got 'hinge'"),
        (lambda: edge_lab(centre=2), "centre must be True or False, got 2"),
        (lambda: edge_lab(steps=100), r"steps must be a whole number in \[500, 6000\], got 100"),
        (lambda: edge_lab(steps=525), "steps must be a multiple of 50, got 525"),
        (lambda: edge_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_the_summary_of_a_short_part_tells_of_that_part_only():
    lab = edge_lab(0.8, 0.3, 300, 350, steps=500)  # the jumps of the 300 steps before it do not count
    (said,) = [line for line in str(lab).splitlines() if "before step 350" in line]
    assert "turns round in few steps" in said


def test_what_is_no_data_no_state_and_no_product_is_named():
    training = EdgeTraining(centred(few_digits(40)))
    for wrong, said in (
        (lambda: EdgeTraining(5), "the data must be Data"),
        (lambda: training.go(5, 0.5, 1), "the state must be one that"),
        (lambda: lanczos(lambda v: v[:2], np.ones(3), 2), "the product must give numbers of shape"),
    ):
        with pytest.raises(ValueError, match=said):
            wrong()
