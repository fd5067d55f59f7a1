"""Adam's bias correction: the factor, its maximum and the descents, against loops that are written out here."""

import numpy as np
import pytest

from optimlab.labs.bias import bias_lab, factor_rows, largest_at, peak_row, walked

DEFAULT = bias_lab()
PAIRS = [(0.9, 0.999), (0.9, 0.99), (0.9, 0.95), (0.5, 0.9), (0.99, 0.9999), (0.0, 0.999), (0.1, 0.6)]


def moments(beta1, beta2, count):
    """m/√v over m̂/√v̂ at t = 1 … count, of a gradient that is always 1."""
    m = v = 0.0
    for t in range(1, count + 1):
        m, v = beta1 * m + (1 - beta1), beta2 * v + (1 - beta2)
        yield (m / np.sqrt(v)) / ((m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t)))


def descent(beta1, beta2, eta, steps, corrected):
    x, m, v, path = 1.0, 0.0, 0.0, [1.0]
    for t in range(1, steps + 1):
        m, v = beta1 * m + (1 - beta1) * x, beta2 * v + (1 - beta2) * x * x
        over = ((1 - beta1**t), (1 - beta2**t)) if corrected else (1.0, 1.0)
        x = x - eta * (m / over[0]) / (np.sqrt(v / over[1]) + 1e-8)
        path.append(x)
    return np.array(path)


def rows_of(lab):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}


def peak(beta1, beta2):
    return dict(zip(("star", "high", "largest", "at", "first"), peak_row(np.array([beta1]), np.array([1 - beta2]))[0]))


@pytest.mark.parametrize(("beta1", "beta2"), PAIRS)
def test_the_largest_factor_is_that_of_a_loop_over_all_whole_steps(beta1, beta2):
    factors = np.array([*moments(beta1, beta2, 1500)])
    told = peak(beta1, beta2)
    assert told["at"] == np.argmax(factors) + 1
    assert told["largest"] == pytest.approx(factors.max(), rel=1e-9)
    assert told["first"] == pytest.approx(factors[0], rel=1e-9)


@pytest.mark.parametrize(
    ("beta1", "beta2", "first", "largest", "at"),
    [(0.9, 0.999, 3.162, 6.569, 12), (0.9, 0.99, 1.0, 2.131, 13), (0.9, 0.95, 0.447, 1.097, 20)],
)
def test_the_numbers_of_usual_settings(beta1, beta2, first, largest, at):
    told = peak(beta1, beta2)
    assert (told["first"], told["largest"]) == pytest.approx((first, largest), abs=1e-3)
    assert told["at"] == at


@pytest.mark.parametrize(("beta1", "beta2"), [(0.95, 0.95), (0.99, 0.5), (0.9, 0.8)])
def test_with_beta1_not_below_beta2_it_is_never_above_1_and_there_is_no_star(beta1, beta2):
    assert max(moments(beta1, beta2, 1500)) <= 1 + 1e-12
    told = peak(beta1, beta2)
    assert told["largest"] == 1 and np.isnan([told["at"], told["star"], told["high"]]).all()


def test_the_summary_has_the_closed_form_beside_the_largest():
    assert "first 3.162, the largest 6.569 at t = 12 (closed form 6.551 at 11.9)" in repr(DEFAULT)
    assert "never above 1\n" in repr(bias_lab(0.95, 0.95))


def test_the_star_is_on_the_curve_where_beta2_is_near_1():
    for beta1 in (0.5, 0.9, 0.97):
        told = peak(beta1, 0.9999)
        assert told["high"] == pytest.approx(told["largest"], rel=0.01)
        assert told["star"] == pytest.approx(told["at"], abs=0.6)


@pytest.mark.parametrize("beta1", [0.0, 0.28])
def test_with_a_small_beta1_the_first_step_is_the_longest_and_there_is_no_star(beta1):
    told = peak(beta1, 0.999)
    assert np.isnan(told["star"]) and told["at"] == 1 and told["largest"] == told["first"]


def test_the_curve_is_the_factor_from_t_1_to_where_it_is_1_again():
    t, factor = rows_of(DEFAULT)["factor"].T
    assert t[0] == 1 and np.allclose(np.diff(np.log(t)), np.log(t[1])) and len(t) == 91
    exact = np.array([*moments(0.9, 0.999, 1200)])
    inside = t <= 1200
    np.testing.assert_allclose(factor[inside], np.interp(t[inside], np.arange(1, 1201), exact), rtol=2e-2)
    assert factor[-1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("beta1", "beta2", "eta"), [(0.9, 0.999, 0.1), (0.0, 0.9, 0.3), (0.99, 0.9999, 1.0), (0.95, 0.5, 0.001)]
)
def test_the_descents_are_those_of_the_formulas(beta1, beta2, eta):
    values = {"beta1": beta1, "1-beta2": 1 - beta2, "eta": eta}
    for run, corrected in (("with", True), ("without", False)):
        path = descent(beta1, beta2, eta, 40, corrected)
        np.testing.assert_allclose(walked(run, 40, values)[:, 0], path, rtol=1e-9, atol=1e-12)


def test_without_the_correction_the_first_step_is_as_many_times_as_long():
    rows = rows_of(DEFAULT)
    step = {run: abs(rows[run][1, 0] - rows[run][0, 0]) for run in ("with", "without")}
    assert step["with"] == pytest.approx(0.1, rel=1e-6)
    assert step["without"] / step["with"] == pytest.approx(rows["peak"][0, 4], rel=1e-6)


def test_all_of_it_travels_and_sweeps_are_rows_of_single_values():
    assert set(DEFAULT.travels.values()) == {True}
    for source in DEFAULT._sources:
        for name in source.needs:
            grid = DEFAULT.stage.grids[name][::24]
            swept = source.compute(DEFAULT.values | {name: np.asarray(grid)})
            single = [source.compute(DEFAULT.values | {name: float(value)}) for value in grid]
            np.testing.assert_allclose(swept, single, rtol=1e-12)


def test_the_axes_show_the_factor_at_all_ends_of_the_sliders():
    low, high = DEFAULT.scene.panels[0].y
    for beta1 in (0.0, 0.99):
        for rest in (1e-4, 0.5):
            factor = factor_rows(np.array([beta1]), np.array([rest]))[:, 1]
            assert low < factor.min() and factor.max() < high


def test_the_slider_reaches_what_is_near_1_and_shows_the_value_that_was_given():
    grid = np.asarray(DEFAULT.stage.grids["1-beta2"])
    assert np.sum(grid <= 0.01) > 30 and grid.min() == pytest.approx(1e-4)
    assert DEFAULT.values["1-beta2"] == 0.001


def test_the_largest_factor_stays_a_number_at_the_ends():
    beta1, beta2 = np.meshgrid(np.linspace(0, 0.99, 23), 1 - np.geomspace(1e-4, 0.5, 19))
    at = largest_at(beta1, beta2)
    assert np.all(np.isnan(at) == (beta2 - beta1 <= 1e-9)) and np.nanmin(at) == 1


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"beta1": 1.0}, "first-moment decay β₁ must be in [0, 0.99], got 1"),
        ({"beta2": 1.0}, "second-moment decay β₂ must be in [0.5, 0.9999], got 1"),
        ({"beta2": "a"}, "second-moment decay β₂ must be a number in [0.5, 0.9999], got 'a'"),
        ({"eta": 0}, "learning rate η must be in [0.001, 1], got 0"),
        ({"steps": 1}, "steps must be a whole number in [2, 1000], got 1"),
    ],
)
def test_what_is_not_allowed_is_one_sentence(wrong, text):
    with pytest.raises(ValueError) as caught:
        bias_lab(**wrong)
    assert str(caught.value) == text
