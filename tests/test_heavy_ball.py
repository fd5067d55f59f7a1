"""Heavy ball on a quadratic: every formula against a loop that knows none of them."""

import numpy as np
import pytest

from optimlab import Momentum, descend, ravine
from optimlab.heavy_ball import REGIONS, optimum, rate, region, roots, spectral_rate, transient

PAIRS = [
    (0.5, 0.81),
    (0.002, 0.9),
    (3.0, 0.2),
    (3.798, 0.9),
    (0.3, 0.0),
    (1.7, 0.0),
    (2.5, 0.5),
    (4.1, 0.99),
    (0.0, 0.5),
]


def walked(eta_lambda, gamma, steps):
    """The errors from 1 at rest, by the rule alone."""
    x, v, path = 1.0, 0.0, [1.0]
    for _ in range(steps):
        v = gamma * v + eta_lambda * x
        x -= v
        path.append(x)
    return np.array(path)


@pytest.mark.parametrize(("eta_lambda", "gamma"), PAIRS)
def test_the_exact_errors_are_those_of_the_rule(eta_lambda, gamma):
    np.testing.assert_allclose(transient(eta_lambda, gamma, 60), walked(eta_lambda, gamma, 60), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kappa", [4, 25, 100, 1e4])
def test_at_polyaks_optimum_both_ends_are_double_roots_with_a_bill(kappa):
    eta, gamma, rho = optimum(1.0, kappa)
    k = np.arange(400)
    slow, steep = transient(eta, gamma, 399), transient(eta * kappa, gamma, 399)
    np.testing.assert_allclose(slow, (1 + (1 - rho) * k) * rho**k, atol=1e-6)
    np.testing.assert_allclose(steep, (1 + (1 + rho) * k) * (-rho) ** k, rtol=1e-5, atol=1e-6 * kappa**0.5)
    np.testing.assert_allclose(steep, walked(eta * kappa, gamma, 399), rtol=1e-5, atol=1e-6 * kappa**0.5)
    assert rho == pytest.approx((kappa**0.5 - 1) / (kappa**0.5 + 1))
    if kappa >= 100:
        assert np.abs(steep).max() == pytest.approx(kappa**0.5 / np.e, rel=0.02)


def test_the_rate_is_the_larger_root_of_numpys():
    rng = np.random.default_rng(0)
    for x, g in zip(rng.uniform(0, 4.2, 300), rng.uniform(0, 1, 300), strict=True):
        there = np.abs(np.roots([1, -(1 + g - x), g]))
        np.testing.assert_allclose(np.sort(np.abs(roots(x, g))), np.sort(there), rtol=1e-7, atol=1e-12)
        assert rate(x, g) == pytest.approx(there.max(), rel=1e-7)


def test_the_regions_are_what_their_names_say():
    rng = np.random.default_rng(1)
    for x, g in zip(rng.uniform(0.001, 4.2, 400), rng.uniform(0.001, 0.999, 400), strict=True):
        z, name = roots(x, g), REGIONS[region(x, g)]
        swings = bool(np.all(np.abs(z.imag) > 0))
        if name == "creep":
            assert not swings and np.all(z.real > 0) and rate(x, g) < 1
        elif name == "swing":
            assert swings and rate(x, g) == pytest.approx(g**0.5, rel=1e-9)
        elif name == "flip":
            assert not swings and np.all(z.real < 0) and rate(x, g) < 1
        else:
            assert rate(x, g) >= 1


def test_creep_is_monotone_flip_alternates_and_flight_grows():
    assert np.all(np.diff(walked(0.002, 0.9, 200)) < 0) and REGIONS[region(0.002, 0.9)] == "creep"
    flip = walked(3.799, 0.9, 100)
    assert REGIONS[region(3.799, 0.9)] == "flip" and np.all(flip[1:] * flip[:-1] < 0)
    assert REGIONS[region(3.81, 0.9)] == "flight" and abs(walked(3.81, 0.9, 800)[-1]) > 10


def test_the_shares_of_the_regions_on_the_map():
    """Areas over [0, 4.2] × [0, 1): ∫(1−√γ)² = 1/6, ∫4√γ = 8/3, and so on, by calculus."""
    x, g = np.meshgrid((np.arange(2100) + 0.5) / 500, (np.arange(1000) + 0.5) / 1000)
    shares = np.bincount(region(x, g).ravel(), minlength=4) / x.size
    np.testing.assert_allclose(shares, np.array([1 / 6, 8 / 3, 1 / 6, 1.2]) / 4.2, atol=2e-4)


@pytest.mark.parametrize("kappa", [3, 30, 300])
def test_no_pair_of_a_grid_is_faster_than_the_optimum(kappa):
    eta, gamma, best = optimum(1.0, kappa)
    assert spectral_rate(eta, gamma, 1.0, kappa) == pytest.approx(best, rel=1e-6)
    etas, gammas = np.meshgrid(np.geomspace(eta / 30, 4 / kappa, 300), np.linspace(0, 0.999, 300))
    assert spectral_rate(etas, gammas, 1.0, kappa).min() >= best - 1e-9


def test_the_package_descends_so():
    eta, gamma = 0.03, 0.85
    path = descend(ravine(kappa=20), Momentum(eta, gamma), steps=50).theta
    exact = path[0] * np.stack([transient(eta * lam, gamma, 50) for lam in (1.0, 20.0)], axis=-1)
    np.testing.assert_allclose(path, exact, rtol=1e-9, atol=1e-12)


def test_many_pairs_at_once_equal_a_loop():
    x, g = np.array([[0.1, 2.0], [3.7, 0.4]]), np.array([[0.5, 0.9], [0.95, 0.0]])
    together = transient(x, g, 30)
    for i, j in np.ndindex(2, 2):
        np.testing.assert_array_equal(together[:, i, j], transient(x[i, j], g[i, j], 30))


@pytest.mark.parametrize(
    ("eta_lambda", "gamma", "symbol"), [(-1, 0.5, "ηλ"), (1, 1.0, "γ"), (1, -0.1, "γ"), ("a", 0.5, "ηλ")]
)
def test_what_is_not_allowed_is_one_sentence(eta_lambda, gamma, symbol):
    with pytest.raises(ValueError, match=f"^{symbol} must be a number"):
        rate(eta_lambda, gamma)
