"""The spring: its envelope touches the error from outside, its roots are those of the formula."""

import numpy as np
import pytest

from optimlab import spring_lab
from optimlab.heavy_ball import roots, transient
from optimlab.labs.spring import CURVATURE, MOMENTUM, envelope, root_rows


def at(eta_lambda, gamma):
    return np.array([eta_lambda]), np.array([gamma])


@pytest.mark.parametrize(("eta_lambda", "gamma"), [(0.5, 0.81), (1.0, 0.3), (3.5, 0.9), (0.02, 0.98), (1.3, 0.999)])
def test_where_it_swings_the_envelope_is_never_crossed_and_nearly_touched(eta_lambda, gamma):
    _, high, low = envelope(400, *at(eta_lambda, gamma)).T
    error = transient(eta_lambda, gamma, 400)
    assert np.all(np.abs(error) <= high * (1 + 1e-9)) and np.all(low == -high)
    assert (np.abs(error) / high).max() > 0.99
    np.testing.assert_allclose(high[1:] / high[:-1], gamma**0.5, rtol=1e-12)


@pytest.mark.parametrize(("eta_lambda", "gamma"), [(0.001, 0.9), (3.9, 0.9), (3.81, 0.9), (0.5, 0.0), (0.0, 0.0)])
def test_where_nothing_swings_there_is_no_envelope(eta_lambda, gamma):
    assert np.isnan(envelope(10, *at(eta_lambda, gamma))[:, 1:]).all()


def test_the_roots_that_are_drawn_are_those_of_the_formula_on_all_positions_of_the_sliders():
    x, g = np.meshgrid(CURVATURE.grid[::7], MOMENTUM.grid[::7])
    drawn = root_rows(x[..., None], g[..., None])
    there = roots(x, g)
    np.testing.assert_allclose(np.abs(there)[..., 0], drawn[..., 0, 2], rtol=1e-9, atol=1e-12)
    found = drawn[..., 0] + 1j * drawn[..., 1]
    apart = np.abs(np.sort_complex(found.round(9)) - np.sort_complex(there.round(9)))
    assert apart.max() < 1e-7


def test_everything_of_it_travels():
    assert set(spring_lab().travels.values()) == {True}


def test_the_summary_names_the_region_and_the_rate():
    assert "swing, |σ| = 0.9" in repr(spring_lab(0.5, 0.81))
    assert "flight" in repr(spring_lab(3.9, 0.5))


@pytest.mark.parametrize("wrong", [{"eta_lambda": -1}, {"gamma": 1.0}, {"gamma": "a"}, {"steps": 0}, {"eta_lambda": 5}])
def test_what_is_not_allowed_is_one_sentence(wrong):
    with pytest.raises(ValueError, match=r"(ηλ|γ|steps).*got"):
        spring_lab(**wrong)
