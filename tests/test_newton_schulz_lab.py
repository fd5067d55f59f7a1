"""The lab of the Newton–Schulz iteration: its curves, dots and readouts against polynomials and Muon in plain numpy."""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab.data import digits
from optimlab.labs.newton_schulz import newton_schulz_lab, real_values
from optimlab.labs.travel import rows_of_recipe
from optimlab.networks import Network

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.coefficients import SETS, moved, orthogonal


@pytest.fixture(scope="module")
def lab():
    return newton_schulz_lab()


def rows(lab, source, s):
    return lab.stage._sources[source].compute({"s": float(s)})


@pytest.fixture(scope="module")
def momentum():
    """What Muon's momentum of the first layer is after 60 steps, in a loop of its own."""
    network = Network((64, 64, 10))
    loss = network.on(digits(), 32, 0)
    theta, buffers = loss.start.copy(), {}
    ends = np.cumsum([64 * 64, 64, 64 * 10, 10])
    for k in range(60):
        parts = np.split(loss.gradient_at(k)(theta), ends[:-1])
        step = []
        for i, (g, shape) in enumerate(zip(parts, [(64, 64), None, (64, 10), None], strict=True)):
            m, v = buffers.get(i, (0.0, 0.0))
            if shape:
                m = 0.95 * m + 0.05 * g
                step.append(orthogonal((0.95 * m + 0.05 * g).reshape(shape)).ravel())
            else:
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                step.append(m / (1 - 0.9 ** (k + 1)) / (np.sqrt(v / (1 - 0.999 ** (k + 1))) + 1e-8))
            buffers[i] = (m, v)
        theta = theta - 0.02 * np.concatenate(step)
    return buffers[0][0].reshape(64, 64)


def test_the_real_values_are_those_of_a_loop_of_muon(momentum):
    sigma, real = np.linalg.svd(momentum, compute_uv=False), real_values(0)
    np.testing.assert_allclose(real, sigma / np.sqrt(np.sum(momentum**2)), rtol=1e-5, atol=1e-9)
    assert np.sum(real**2) == pytest.approx(1) and np.all(np.diff(real) <= 0)
    white = np.sum(~digits().X.any(axis=0))
    assert np.sum(real == 0) == white == 3
    assert not np.allclose(real, real_values(1), rtol=0.01)


@pytest.mark.parametrize("s", [0, 1, 2, 5, 8, 10])
def test_curves_and_dots_are_the_polynomials(lab, s):
    curves, real = rows(lab, "curves", s), real_values(0)
    assert curves.shape == (401, 5)
    np.testing.assert_allclose(curves[[0, -1], 0], [1e-4, 1.0])
    for i, name in enumerate(SETS, 1):
        np.testing.assert_allclose(curves[:, i], moved(curves[:, 0], name, s), rtol=1e-6)
        dots = rows(lab, name, s)
        np.testing.assert_array_equal(dots[:, [0, 2]], np.column_stack([real, np.arange(1, 65)]))
        np.testing.assert_allclose(dots[:, 1], moved(real, name, s), rtol=1e-6)


@pytest.mark.parametrize("s", [0, 3, 5, 10])
def test_the_readouts_are_ranges_and_shares(lab, s):
    told = rows(lab, "told", s)[0].reshape(4, 3)
    sigma = np.linspace(0.01, 1, 30_001)
    for (low, high, share), name in zip(told, SETS, strict=True):
        after = moved(sigma, name, s)
        assert (low, high) == pytest.approx((after.min(), after.max()), abs=1e-3)
        near = moved(real_values(0), name, s)
        assert share == np.sum((near >= 0.68) & (near <= 1.21)) / 64


def test_everything_travels_and_is_the_same_there_at_every_place(lab):
    assert set(lab.travels.values()) == {True}
    for source in lab._sources:
        for s in (0, 1, 6, 10):
            there = rows_of_recipe(source.recipe, {"s": float(s)})
            np.testing.assert_allclose(there, source.compute({"s": float(s)}), rtol=1e-6, atol=1e-12)


def test_a_sweep_is_a_row_for_each_position(lab):
    for source in lab._sources:
        sweep = source.compute({"s": np.arange(11.0)})
        for s in (0, 4, 10):
            np.testing.assert_array_equal(sweep[s], source.compute({"s": float(s)}))


def test_the_lab_shows_what_the_lesson_says(lab):
    told = [rows(lab, "told", s)[0].reshape(4, 3) for s in range(11)]
    jordan, express, cubic, quintic = told[5]
    assert jordan[:2] == pytest.approx([0.682, 1.134], abs=1e-3)
    assert express[:2] == pytest.approx([0.870, 1.124], abs=1e-3)
    assert jordan[2] > 0.6 and express[2] > 0.6 and max(cubic[2], quintic[2]) < 0.25
    assert told[10][0][:2] == pytest.approx([0.682, 1.134], abs=1e-3)  # never at rest
    assert told[8][1][:2] == pytest.approx([1, 1], abs=1e-3)
    lab.sliders["s"].value = 8
    text = repr(lab)
    lab.sliders["s"].value = 5
    assert "s=8" in text and "Polar Express: σ′ from 1.000 to 1.000" in text
    assert "Jordan:        σ′ from 0.682 to 1.134; 66 % of the real values are in [0.68, 1.21]" in repr(lab)


def test_every_set_has_its_curve_its_dots_and_its_line(lab):
    left, right = lab.scene.panels
    curves = {mark.run: (mark.source, mark.x, mark.y) for mark in left.marks if mark.kind == "curve"}
    assert curves == {name: ("curves", 0, 1 + i) for i, name in enumerate(SETS)}
    assert {mark.run: mark.source for mark in left.marks if mark.kind == "points"} == {name: name for name in SETS}
    lines = {mark.run: (mark.source, mark.x, mark.y) for mark in right.marks if mark.kind == "curve"}
    assert lines == {"before": ("Jordan", 2, 0)} | {name: (name, 2, 1) for name in SETS}


def test_sets_can_be_shown_one_by_one():
    some = newton_schulz_lab("Jordan", steps=0).scene.runs
    assert [run.id for run in some if run.shown] == ["Jordan", "before"]
    assert [run.shown for run in newton_schulz_lab(["cubic", "quintic"], 1).scene.runs] == [
        False,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: newton_schulz_lab("jordan"), "the coefficients must be one of Jordan, Polar Express, cubic, quintic"),
        (lambda: newton_schulz_lab(["Jordan", 3]), "the coefficients must be one of Jordan, .* got 3"),
        (lambda: newton_schulz_lab(5), "the coefficients must be one of Jordan, .* got 5"),
        (lambda: newton_schulz_lab(steps=11), r"number of iterations s must be a whole number in \[0, 10\], got 11"),
        (lambda: newton_schulz_lab(steps=2.5), r"number of iterations s must be a whole number in \[0, 10\], got 2.5"),
        (lambda: newton_schulz_lab(steps="5"), "number of iterations s must be a number"),
        (lambda: newton_schulz_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
