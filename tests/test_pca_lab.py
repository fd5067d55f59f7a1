"""The lab of the PCA plane: its paths against loops in plain numpy, its theory, and what its curtain hides."""

import json

import numpy as np
import pytest

from optimlab.data import digits
from optimlab.labs.pca import KINDS, LETTERS, pca_lab
from optimlab.networks import Network
from optimlab.optimizers import Adam, GradientDescent

STEPS = 120


@pytest.fixture(scope="module")
def lab():
    return pca_lab(steps=STEPS, seed=3)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def rows_of_all(lab, **moved):
    return {name: rows(lab, name, **moved) for name in lab.stage._sources}


def principal(path, count=5):
    """Shares and components by a singular value decomposition, ending on the positive side."""
    centred = path - path.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    components = u[:, :count] * s[:count]
    return (s**2 / np.sum(s**2))[:count], components * np.sign(components[-1])


def adam_on_digits(steps, seed):
    network, data = Network((64, 64, 10)), digits()
    batches = network.on(data, 32, seed)
    theta, m, s, path = network.init(seed), 0.0, 0.0, []
    for t in range(steps + 1):
        path.append(theta)
        X, y, _ = batches.batch(t)
        g = network.gradient(theta, X, y)
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
        theta = theta - 0.003 * m / (1 - 0.9 ** (t + 1)) / (np.sqrt(s / (1 - 0.999 ** (t + 1))) + 1e-8)
    return np.array(path)


def test_the_training_is_that_of_a_plain_loop(lab):
    shares, components = principal(adam_on_digits(STEPS, 3))
    np.testing.assert_allclose(rows(lab, "training told", reveal=1)[0, 1:5], shares[:4], rtol=1e-6)
    row = round(rows(lab, "training told", reveal=1)[0, 0])
    for i in (1, 3):
        found = rows(lab, "training", reveal=1, first=i)
        c = components[:, i - 1]
        np.testing.assert_allclose(found[:, 2], c / np.abs(c).max(), atol=1e-5)
        pair = components[:, i - 1 : i + 1]
        drawn = found[:, :2] - found[:, :2].mean(axis=0)
        scale = np.ptp(drawn[:, 0]) / np.ptp(pair[:, 0])
        np.testing.assert_allclose(drawn, scale * (pair - pair.mean(axis=0)), atol=1e-5)
        assert row - 1 < found[:, 1].min() and found[:, 1].max() < row and np.abs(found[:, 0]).max() < 1.5


@pytest.mark.parametrize("drift", [0.0, 0.1, 0.3])
def test_walks_of_our_own_have_the_shares_of_theory_and_of_the_lab(drift):
    steps, dim = 200, 4810
    lab = pca_lab(1, drift, steps=steps)
    random = np.random.default_rng(99)
    theta, path = np.zeros(dim), [np.zeros(dim)]
    aim = random.normal(size=dim)
    aim /= np.sqrt(np.sum(aim**2))
    for _ in range(steps):
        theta = theta + random.normal(size=dim) / np.sqrt(dim) + drift * aim
        path.append(theta)
    shares, components = principal(np.array(path))
    r = drift**2 * steps / 2
    theory = rows(lab, "rings")
    assert theory[-1, 1] == pytest.approx((0.6079 + r) / (1 + r), abs=1e-4)
    assert shares[0] == pytest.approx(theory[-1, 1], abs=0.015)
    np.testing.assert_allclose(rows(lab, "drift told")[0, 1:5], shares[:4], atol=0.015)
    if drift == 0:
        np.testing.assert_allclose(theory[:4, 1], [6 / (np.pi * k) ** 2 for k in (1, 2, 3, 4)])
        np.testing.assert_allclose(rows(lab, "walk told")[0, 1:5], theory[:4, 1], atol=0.015)
        for i in (1, 2, 3, 4):
            ours = components[:, i - 1]
            for c in (ours, rows(lab, "walk", first=i)[:, 2]):
                assert np.corrcoef(c, rows(lab, "cosine", first=i)[:, 0])[0, 1] > 0.98
    else:
        assert np.corrcoef(rows(lab, "drift")[:, 2], np.arange(steps + 1))[0, 1] > 0.999 - 0.0002 / r


def test_the_share_of_theory_is_that_of_a_walk_of_any_dimension():
    lab, t = pca_lab(steps=200), np.arange(201.0)
    for drift in (0.05, 0.1, 0.2):
        inner = np.minimum.outer(t, t) + drift**2 * np.outer(t, t)  # what the inner products of its points tend to
        centred = inner - inner.mean(axis=0) - inner.mean(axis=1)[:, None] + inner.mean()
        values = np.linalg.eigvalsh(centred)
        lab_says = rows(lab, "rings", reveal=1, drift=drift)[-1, 1]
        assert lab_says == pytest.approx(values[-1] / values.sum(), abs=0.003)


def test_what_tells_the_training_is_its_pace_not_its_shares():
    lab = pca_lab(1, 0.14, steps=200)
    first = {kind: rows(lab, f"{kind} told")[0, 1] for kind in KINDS}
    assert abs(first["training"] - first["drift"]) < 0.1 < 0.2 < first["drift"] - first["walk"]
    way = {kind: rows(lab, kind)[:, 2] for kind in KINDS}
    half = {kind: (c[100] - c[0]) / (c[-1] - c[0]) for kind, c in way.items()}
    assert half["training"] > 0.7 and abs(half["walk"] - 0.5) < 0.05 and abs(half["drift"] - 0.5) < 0.05


# The curtain


def test_behind_the_curtain_nothing_tells_which_is_which():
    labs = {seed: pca_lab(steps=50, seed=seed) for seed in range(3)}
    assert len({repr(lab).replace(f"seed {seed}", "") for seed, lab in labs.items()}) == 1
    scenes = {json.dumps(lab.stage.scene, sort_keys=True) for lab in labs.values()}
    assert len(scenes) == 1
    for lab in labs.values():
        for name, found in rows_of_all(lab).items():
            if name in LETTERS:
                assert np.isfinite(found).all() and found.shape == (51, 2)
            elif name != "curtain":
                assert not np.nan_to_num(found).any(), name
    letters = [m for m in labs[0].scene.panels[0].marks if m.kind == "curve" and m.source in LETTERS]
    assert len(letters) == 3 and len({(m.run, m.color, m.color_dark, m.dash, m.width) for m in letters}) == 1


def test_behind_the_curtain_the_sliders_have_no_effect_and_then_they_have(lab):
    moved = {"drift": 0.3, "first": 3.0}
    for name, before in rows_of_all(lab).items():
        np.testing.assert_array_equal(before, rows(lab, name, **moved))
    for name in ("training", "walk", "drift", "drift told", "cosine"):
        assert not np.allclose(rows(lab, name, reveal=1), rows(lab, name, reveal=1, **moved))
    assert repr(pca_lab(0, 0.3, 3, steps=STEPS, seed=3)) == repr(lab)


def test_the_curtain_opens_onto_the_same_paths_in_an_order_of_the_seed():
    orders = set()
    for seed in range(6):
        lab = pca_lab(steps=50, seed=seed)
        hidden = {letter: rows(lab, letter) for letter in LETTERS}
        order = []
        for kind in KINDS:
            named, height = rows(lab, kind, reveal=1)[:, :2], rows(lab, f"{kind} told", reveal=1)[0, 0]
            letter = LETTERS[int(3 - height)]
            np.testing.assert_array_equal(named, hidden[letter])
            order.append(letter)
        assert sorted(order) == list(LETTERS)
        opened = repr(pca_lab(reveal=1, steps=50, seed=seed))
        for letter, kind in zip(order, ("a real training,", "a random walk:", "a random walk with drift"), strict=True):
            assert f"{letter} is {kind}" in opened
        assert all(np.isnan(rows(lab, letter, reveal=1)).all() for letter in (*LETTERS, "curtain"))
        orders.add(tuple(order))
    assert len(orders) >= 4


def test_each_row_has_its_letter_and_each_bar_its_path(lab):
    lines = [mark for mark in lab.scene.panels[0].marks if mark.kind == "hline"]
    tops = {line.label: line.y for line in lines if line.source is None}
    assert tops == {"A": 3, "B": 2, "C": 1}
    for letter, top in tops.items():
        height = rows(lab, letter)[:, 1]
        assert top - 1 < height.min() and height.max() < top
    assert {line.run: (line.source, line.label) for line in lines if line.source} == {
        kind: (f"{kind} told", name) for kind, name in KINDS.items()
    }
    bars = [mark for mark in lab.scene.panels[2].marks if mark.kind == "bars"]
    shown = {(bar.source, place): c for bar in bars for place, c in enumerate(bar.channels) if c != 5}
    assert shown == {(f"{kind} told", 4 * k + i): 1 + k for i, kind in enumerate(KINDS) for k in range(4)}
    assert rows(lab, "rings", reveal=1)[:, 0].tolist() == [1, 5, 9, 13, 2]


def test_a_seed_gives_the_same_and_python_computes_it(lab):
    again = pca_lab(1, steps=STEPS, seed=3)
    for name in ("training", "walk", "drift"):
        np.testing.assert_array_equal(rows(again, name), rows(lab, name, reveal=1))
    assert True not in lab.travels.values()
    assert all(source.sweeps == () for source in lab._sources)


def test_another_optimizer_makes_another_training(lab):
    other = pca_lab(optimizer=GradientDescent(0.3), steps=STEPS, seed=3)
    assert not np.allclose(rows(other, "training", reveal=1), rows(lab, "training", reveal=1))
    np.testing.assert_array_equal(rows(other, "walk", reveal=1), rows(lab, "walk", reveal=1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: pca_lab(reveal=2), r"the curtain reveal must be a whole number in \[0, 1\], got 2"),
        (lambda: pca_lab(drift=-0.1), r"drift v must be in \[0, ∞\), got -0.1"),
        (lambda: pca_lab(first=5), r"the first component of the plane i must be a whole number in \[1, 4\], got 5"),
        (lambda: pca_lab(steps=49), r"steps must be a whole number in \[50, 600\], got 49"),
        (lambda: pca_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: pca_lab(optimizer="Adam"), "the optimizer must be an Optimizer"),
        (lambda: pca_lab(optimizer=Adam(np.array([0.1, 0.2]))), "one value of each hyperparameter here"),
        (lambda: pca_lab(optimizer=GradientDescent(1e300), steps=50), "must stay finite and move in 5 components"),
        (lambda: pca_lab(optimizer=GradientDescent(0.0), steps=50), "must stay finite and move in 5 components"),
        (lambda: pca_lab(optimizer=GradientDescent(1e6), steps=50), "must stay finite and move in 5 components"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
