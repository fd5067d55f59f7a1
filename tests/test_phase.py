"""The phase diagram and the eigen-directions: pictures that are computed, against heavy ball's own theory and loops."""

import numpy as np
import pytest

from optimlab import LinearRegression, bowl, eigen_lab, phase_lab, ravine, rosenbrock
from optimlab.heavy_ball import optimum, rate, spectral_rate, transient
from optimlab.labs.eigen import error_at
from optimlab.labs.phase import ACROSS, UP


def rows_of(lab):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}


@pytest.mark.parametrize("kappa", [1.0, 10.0, 3000.0])
def test_the_map_counts_the_steps_that_the_rate_says(kappa):
    found = rows_of(phase_lab(kappa))["map"]
    rates = spectral_rate(ACROSS, UP[:, None], 1 / kappa, 1.0)
    with np.errstate(divide="ignore"):
        expected = np.log(1e-6) / np.log(rates)
    grows = rates >= 1
    assert np.all(np.isinf(found) == grows)
    np.testing.assert_allclose(found[~grows], np.maximum(expected[~grows], np.log(1e-6) / np.log(1e-9)), rtol=1e-6)


@pytest.mark.parametrize("kappa", [10.0, 100.0, 1000.0])
def test_no_cell_of_the_map_is_faster_than_its_tip(kappa):
    rows = rows_of(phase_lab(kappa))
    eta, gamma, fast = optimum(1.0, kappa)
    np.testing.assert_allclose(rows["tip"][0], [eta * kappa, gamma])
    best = np.unravel_index(np.argmin(rows["map"]), rows["map"].shape)
    assert rows["map"].min() >= np.log(1e-6) / np.log(fast)
    assert ACROSS[best[1]] == pytest.approx(eta * kappa, abs=0.25) and UP[best[0]] == pytest.approx(gamma, abs=0.06)


def test_the_dot_has_its_errors_and_everything_travels():
    lab = phase_lab(20, 2.9, 0.7, steps=30)
    assert set(lab.travels.values()) == {True}
    rows = rows_of(lab)
    np.testing.assert_allclose(rows["steep"][:, 0], transient(2.9, 0.7, 30), atol=1e-12)
    np.testing.assert_allclose(rows["flat"][:, 0], transient(2.9 / 20, 0.7, 30), atol=1e-12)
    assert rows["rates"][0, :2] == pytest.approx([float(rate(2.9, 0.7)), float(rate(2.9 / 20, 0.7))])
    assert "steep swing, flat swing" in repr(lab)


@pytest.mark.parametrize("k", [0, 1, 7, 60])
def test_the_formula_that_travels_is_the_transient(k):
    x, g = np.meshgrid(np.linspace(0.001, 4.1, 83), np.linspace(0, 0.99, 67))
    with np.errstate(all="ignore"):
        found, expected = error_at(x, g, float(k)), transient(x, g, k)[k]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kappa", [25.0, 100.0, 10_000.0])
def test_at_polyaks_pair_the_steep_error_first_grows_as_the_double_root_says(kappa):
    steps = 300
    lab = eigen_lab(ravine(kappa=kappa, angle=25), steps=steps)
    walk, k = rows_of(lab)["walk"], np.arange(steps + 1)
    rho = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    start = walk[0, 4:6]
    np.testing.assert_allclose(walk[:, 4], start[0] * (1 + (1 - rho) * k) * rho**k, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(walk[:, 5], start[1] * (1 + (1 + rho) * k) * rho**k, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(walk[:, 6:8], walk[:, 4:6], rtol=1e-5, atol=1e-9)
    if kappa >= 100:
        assert walk[:, 5].max() / start[1] == pytest.approx(np.sqrt(kappa) / np.e, rel=0.02)


def test_both_planes_show_one_path():
    walk = rows_of(eigen_lab(ravine(kappa=30, angle=40), 0.7, 0.6, steps=50))["walk"]
    c, s = np.cos(np.deg2rad(40)), np.sin(np.deg2rad(40))
    np.testing.assert_allclose(walk[:, :2] @ [[c, -s], [s, c]], walk[:, 2:4], atol=1e-12)


def test_on_data_each_bar_falls_by_the_theory_of_its_own_curvature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5)) * [3, 2, 1, 0.5, 0.2]
    problem = LinearRegression(X, X @ [1, -2, 3, -1, 2] + rng.normal(size=60), bias=False)
    lab = eigen_lab(problem, gamma=0.7, steps=80)
    assert set(lab.travels.values()) == {True}
    rows, curvatures = rows_of(lab), np.linalg.eigvalsh(X.T @ X / 60)
    x = lab.values["x"]
    eta, _, _ = optimum(curvatures[0], curvatures[-1])
    assert x == pytest.approx(eta * curvatures[-1])
    exact = transient(x / curvatures[-1] * curvatures, 0.7, 80)
    first = rows["walk"][0, :5]
    assert np.linalg.norm(first) == pytest.approx(1)
    np.testing.assert_allclose(rows["walk"][:, :5], np.abs(first * exact), rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(rows["rates"][0], rate(x / curvatures[-1] * curvatures, 0.7))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: eigen_lab(rosenbrock()), "eigen_lab needs a quadratic: a ravine, or a LinearRegression, got"),
        (lambda: eigen_lab("ravine"), "eigen_lab needs a quadratic"),
        (lambda: eigen_lab(ravine(), gamma=1.0), "momentum γ must be in"),
        (lambda: eigen_lab(ravine(), ratio=0), "must be in"),
        (lambda: eigen_lab(ravine(), steps=0), "steps"),
        (lambda: phase_lab(kappa=0.5), "condition number λmax/λmin κ must be in"),
        (lambda: phase_lab(eta_lambda=5), "must be in"),
        (lambda: phase_lab(gamma=1), "momentum γ must be in"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_a_bowl_has_two_equal_directions():
    rates = rows_of(eigen_lab(bowl(), gamma=0.5, steps=20))["rates"]
    assert rates.shape == (1, 2) and rates[0, 0] == rates[0, 1]
