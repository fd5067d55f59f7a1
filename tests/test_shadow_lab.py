"""The lab of shadows: trainings and shadows against plain loops, what each plane holds, and who stays on a plane."""

import numpy as np
import pytest

from optimlab.data import digits
from optimlab.labs.shadow import shadow_lab
from optimlab.networks import Network
from optimlab.optimizers import Adam, GradientDescent

DATA = digits(400)
X, LABELS = DATA.X, np.eye(10)[DATA.y]
FIRST, SECOND = 64 * 32, 32 * 10  # weights
CUTS = np.cumsum([FIRST, 32, SECOND])


@pytest.fixture(scope="module")
def lab():
    return shadow_lab()


@pytest.fixture(scope="module")
def quiet():
    """Without noise."""
    return shadow_lab([GradientDescent(0.5), Adam(0.01)], 150, batch_size=None)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def loss_and_gradient(theta):
    """Of the network 64-32-10 of ReLUs on all examples."""
    W, b, V, c = np.split(theta, CUTS)
    W, V = W.reshape(64, 32), V.reshape(32, 10)
    z = X @ W + b
    a = np.maximum(z, 0)
    scores = a @ V + c
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    delta = (p - LABELS) / len(X)
    back = (delta @ V.T) * (z > 0)
    parts = [X.T @ back, back.sum(axis=0), a.T @ delta, delta.sum(axis=0)]
    return -np.mean(np.log((p * LABELS).sum(axis=1))), np.concatenate([part.ravel() for part in parts])


def descent(start, eta, steps, directions=None):
    """Gradient descent, of all parameters or only along two directions of length 1 at a right angle."""
    path = [start]
    for _ in range(steps):
        g = loss_and_gradient(path[-1])[1]
        path.append(path[-1] - eta * (g if directions is None else directions.T @ (directions @ g)))
    return np.array(path)


def test_shadows_and_losses_are_those_of_plain_loops():
    steps = 30
    lab = shadow_lab([GradientDescent(0.3)], steps, batch_size=None, seed=4)
    path = descent(Network((64, 32, 10)).init(4), 0.3, steps)
    centred = path - path.mean(axis=0)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:2]
    directions *= np.sign(directions @ centred[-1])[:, None]
    shadow = (path - path[-1]) @ directions.T
    np.testing.assert_allclose(rows(lab, "own0"), shadow, atol=1e-7)

    told = rows(lab, "L")
    moves = np.linalg.norm(np.diff(path, axis=0), axis=1)
    np.testing.assert_allclose(told[:, 0], [loss_and_gradient(theta)[0] for theta in path], rtol=1e-8)
    np.testing.assert_allclose(told[1:, 1], np.cumsum(moves), rtol=1e-8)
    np.testing.assert_allclose(told[:, 2], np.linalg.norm(path - path[0], axis=1), rtol=1e-8)

    feet = path[-1] + shadow @ directions
    np.testing.assert_allclose(rows(lab, "shadow")[:, 0], [loss_and_gradient(foot)[0] for foot in feet], rtol=1e-7)
    held = descent(feet[0], 0.3, steps, directions)
    expected = np.column_stack([(held - path[-1]) @ directions.T, [loss_and_gradient(theta)[0] for theta in held]])
    np.testing.assert_allclose(rows(lab, "held"), expected, atol=1e-7)

    field = rows(lab, "principal")
    (left, right), (bottom, top) = lab.scene.panels[0].x, lab.scene.panels[0].y
    corners = [left, bottom], [right, bottom], [left, top], [right, top]
    heights = [loss_and_gradient(path[-1] + np.array(corner) @ directions)[0] for corner in corners]
    np.testing.assert_allclose(field[[0, 0, -1, -1], [0, -1, 0, -1]], heights, rtol=1e-7)


def test_the_random_shadow_is_the_nearest_point_of_a_plane_in_filter_normalized_directions():
    lab = shadow_lab([GradientDescent(0.3)], 20, batch_size=None, seed=4)
    path = descent(Network((64, 32, 10)).init(4), 0.3, 20)
    ends = np.split(path[-1], CUTS)
    directions = []
    for seed in (6, 7):
        d = np.split(np.random.default_rng([seed, 6]).normal(size=2410), CUTS)
        for i, shape in ((0, (64, 32)), (2, (32, 10))):
            part, own = d[i].reshape(shape), ends[i].reshape(shape)
            d[i] = (part * np.linalg.norm(own, axis=0) / np.linalg.norm(part, axis=0)).ravel()
        d = np.concatenate([d[0], np.zeros(32), d[2], np.zeros(10)])
        directions.append(d / np.linalg.norm(d))
    A = np.array(directions)
    shadow = np.linalg.solve(A @ A.T, A @ (path - path[-1]).T).T
    np.testing.assert_allclose(rows(lab, "random0", seed=3.0), shadow, atol=1e-7)
    heights = [loss_and_gradient(path[-1] + phi @ A)[0] for phi in shadow]
    np.testing.assert_allclose(rows(lab, "random", seed=3.0)[:, 0], heights, rtol=1e-6)


def test_on_random_planes_all_stands_still_while_the_loss_falls_a_hundredfold(lab):
    true = rows(lab, "L")[:, 0]
    own = rows(lab, "own0")
    assert true[0] > 100 * true[-1]
    for seed in (2, 5):
        flat = rows(lab, "random", seed=float(seed))[:, 0]
        assert flat.max() < 1.15 * flat.min()
        for i in range(3):
            assert np.ptp(rows(lab, f"random{i}", seed=float(seed)), axis=0).max() < np.ptp(own[:, 0]) / 8


def test_noise_lifts_the_loss_off_the_plane_but_for_the_start(lab, quiet):
    for run in (1.0, 2.0):
        ratio = rows(lab, "shadow", run=run)[:, 0] / rows(lab, "L", run=run)[:, 0]
        assert 0.75 < np.median(ratio[:-10]) < 0.93 and ratio[0] < 0.93
    still = rows(quiet, "shadow")[:, 0] / rows(quiet, "L")[:, 0]
    assert abs(np.median(still) - 1) < 0.03 and still[0] < 0.93


def test_held_on_the_plane_descent_follows_the_shadow_and_adam_does_not(quiet):
    apart = []
    for run in (1, 2):
        shadow, held = rows(quiet, f"own{run - 1}", run=run), rows(quiet, "held", run=run)
        np.testing.assert_allclose(held[0, :2], shadow[0], atol=1e-9)
        apart.append(np.linalg.norm(held[-1, :2] - shadow[-1]) / np.linalg.norm(shadow[0] - shadow[-1]))
    assert apart[0] < 0.1 and apart[1] > 0.6
    adam = rows(quiet, "held", run=2)[:, :2]
    assert np.abs(np.diff(adam, axis=0)).max() < 0.0125


def test_each_run_has_its_own_plane_and_all_shadows_are_in_view(lab):
    x, y = lab.scene.panels[0].x, lab.scene.panels[0].y
    for run in (1, 2, 3):
        np.testing.assert_allclose(rows(lab, f"own{run - 1}", run=run)[-1], 0, atol=1e-9)
        for i in range(3):
            shadow = rows(lab, f"own{i}", run=run)
            assert x[0] < shadow[:, 0].min() and shadow[:, 0].max() < x[1]
            assert y[0] < shadow[:, 1].min() and shadow[:, 1].max() < y[1]
    assert np.linalg.norm(rows(lab, "own2", run=1)[-1]) > 0.5
    other = lab.scene.panels[1]
    assert np.ptp(other.x) == pytest.approx(np.ptp(x)) and np.ptp(other.y) == pytest.approx(np.ptp(y))


def test_a_sweep_is_its_rows_one_by_one(lab):
    runs = np.array([1.0, 2.0, 3.0])
    for name in ("principal", "field", "L", "shadow", "random", "held", "own1", "random2"):
        sweep = rows(lab, name, run=runs)
        np.testing.assert_array_equal(sweep, [rows(lab, name, run=run) for run in runs])


def test_what_python_sends(lab):
    assert True not in lab.travels.values()
    assert {source.sweeps for source in lab._sources} == {("run",)}
    single = shadow_lab([Adam(0.01)], 12)
    assert list(single.sliders) == ["seed"] and {source.sweeps for source in single._sources} == {()}
    assert [run.label for run in lab.scene.runs[:3]] == ["1: SGD", "2: Momentum", "3: Adam"]


def test_it_says_its_numbers(lab):
    text, true, shadow = repr(lab), rows(lab, "L"), rows(lab, "shadow")[:, 0]
    way, distance = true[-1, 1:]
    assert f"SGD: L from {true[0, 0]:#.2g} to {true[-1, 0]:#.2g}; a way of {way:.2g}, {distance:.2g} from θ₀" in text
    assert "its principal plane has 98 % of its variance" in text
    assert f"{shadow[100]:#.2g} instead of {true[100, 0]:#.2g} at step 100" in text
    assert "(2/d is 0.08 %)" in text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: shadow_lab([]), "needs at least one optimizer"),
        (lambda: shadow_lab("adam"), "optimizer"),
        (lambda: shadow_lab(steps=9), r"steps must be a whole number in \[10, 2000\], got 9"),
        (lambda: shadow_lab(batch_size=401), r"batch size B must be a whole number in \[1, 400\], got 401"),
        (lambda: shadow_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: shadow_lab(names=["a"]), "3 optimizers need 3 names"),
        (lambda: shadow_lab([GradientDescent(1e200)], 20), "GradientDescent must stay finite for 20 steps"),
        (lambda: shadow_lab([GradientDescent(0.0)], 20), "GradientDescent has no plane"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
