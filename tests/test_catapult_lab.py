"""The catapult on ½(xy−1)²: its formulas and its lab, against loops written out here."""

import numpy as np
import pytest

from optimlab.catapult_theory import border, flow_sharpness, largest_rate, sharpness, shrinkage
from optimlab.labs.catapult import RATES, at_rest, catapult_lab


def loop(x, y, eta, gamma=0.0, steps=400):
    """x and y of all steps; η may be an array."""
    eta = np.asarray(eta, float)
    x, y = x + 0 * eta, y + 0 * eta
    u, v = 0 * x, 0 * y
    path = [(x, y)]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            r = x * y - 1
            u, v = gamma * u + r * y, gamma * v + r * x
            x, y = x - eta * u, y - eta * v
            path.append((x, y))
    return np.moveaxis(np.array(path), 1, 0)


def top_eigenvalue(x, y):
    hessian = [[y * y, 2 * x * y - 1], [2 * x * y - 1, x * x]]
    return np.linalg.eigvalsh(hessian)[-1]


def comes_to_rest(x, y, eta, steps=6000):
    x, y = (path[-1] for path in loop(x, y, eta, steps=steps))
    with np.errstate(all="ignore"):
        return np.abs(x * y - 1) < 1e-3


def rows_of(lab):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}


@pytest.mark.parametrize("point", [(4.0, 0.3), (-2.0, 3.0), (0.0, 0.0), (1.0, -1.0)])
def test_the_sharpness_is_the_largest_eigenvalue(point):
    assert float(sharpness(*point)) == pytest.approx(top_eigenvalue(*point))


def test_at_the_minima_it_is_the_squared_distance_from_the_origin():
    x = np.geomspace(0.2, 5, 9)
    np.testing.assert_allclose(sharpness(x, 1 / x), x**2 + 1 / x**2)
    np.testing.assert_allclose(flow_sharpness(x, 1 / x), x**2 + 1 / x**2)


def test_each_step_multiplies_the_difference_of_squares_and_their_product_is_the_final_sharpness():
    for eta in (0.1, 0.18, 0.22):
        x, y = loop(4.0, 0.3, eta)
        kept = x**2 - y**2
        factors = shrinkage(x[:-1], y[:-1], eta)
        np.testing.assert_allclose(kept[1:], kept[:-1] * factors, atol=1e-9)
        product = kept[0] * np.prod(1 - eta**2 * (x[:-1] * y[:-1] - 1) ** 2)
        assert np.sqrt(product**2 + 4) == pytest.approx(top_eigenvalue(x[-1], y[-1]), rel=1e-6)


def test_a_gradient_flow_keeps_it():
    x, y = (path[-1] for path in loop(2.0, -0.5, 1e-3, steps=20_000))
    assert x**2 - y**2 == pytest.approx(3.75, rel=2e-3)
    assert top_eigenvalue(x, y) == pytest.approx(float(flow_sharpness(2.0, -0.5)), rel=2e-3)


@pytest.mark.parametrize("start", [(4.0, 0.3), (3.0, 2.0), (4.0, -0.5), (5.0, 0.1), (3.0, 0.5), (1.2, -3.0)])
def test_the_largest_rate_is_where_descents_begin_to_diverge(start):
    rate = float(largest_rate(*start))
    assert comes_to_rest(*start, rate * np.linspace(0.3, 0.998, 60)).all()
    assert not comes_to_rest(*start, rate * np.linspace(1.002, 1.5, 60)).any()


def test_for_flat_starts_it_is_one():
    assert float(largest_rate(1.2, 0.7)) == 1.0
    assert comes_to_rest(1.2, 0.7, 0.98) and not comes_to_rest(1.2, 0.7, 1.02)


def test_the_ellipse_is_mapped_into_itself():
    for eta in (0.1, 0.248, 0.9):
        x, y = border(eta, np.linspace(0, 6, 25))
        np.testing.assert_allclose(x**2 + y**2 - eta * (x * y - 1), 4 / eta)
        x, y = (path[-1] for path in loop(x, y, eta, steps=1))
        np.testing.assert_allclose(x**2 + y**2 - eta * (x * y - 1), 4 / eta)


@pytest.mark.parametrize("gamma", [0.0, 0.5])
def test_the_rows_are_those_of_the_loop_and_everything_travels(gamma):
    lab = catapult_lab(0.21, gamma, steps=50)
    assert set(lab.travels.values()) == {True}
    rows = rows_of(lab)
    x, y = loop(4.0, 0.3, 0.21, gamma, 50)
    np.testing.assert_allclose(rows["descent"][:, 0], x, atol=1e-7)
    np.testing.assert_allclose(rows["descent"][:, 2], 0.5 * (x * y - 1) ** 2, atol=1e-7)
    np.testing.assert_allclose(rows["descent"][:, 3], [top_eigenvalue(*at) for at in zip(x, y)], rtol=1e-6)
    np.testing.assert_allclose(rows["descent"][:, 5], x**2 - y**2, atol=1e-6)
    first = top_eigenvalue(4.0, 0.3)
    factor = 2 + 2 * gamma
    np.testing.assert_allclose(rows["lines"][0], [first, factor / first, 4 / first, factor / 0.21, 0.02])
    np.testing.assert_allclose((rows["circle"] ** 2).sum(axis=1), factor / 0.21)
    np.testing.assert_allclose(rows["bound"], np.stack([RATES, factor / RATES], axis=-1))
    assert np.isnan(rows["ellipse"]).all() == (gamma > 0)


def test_at_a_rate_that_diverges_it_travels_too():
    lab = catapult_lab(0.35, steps=30)
    assert set(lab.travels.values()) == {True}
    assert "without end" in repr(lab)
    np.testing.assert_array_equal(at_rest(np.array([3.0, np.inf, np.nan])), [3.0, np.nan, np.nan])


def test_the_sharpness_at_the_end_is_below_the_bound_but_does_not_fall_all_the_way():
    rates, found = rows_of(catapult_lab())["ends"].T
    np.testing.assert_allclose(rates, RATES)
    x, y = (path[-1] for path in loop(4.0, 0.3, RATES))
    rest = RATES < 0.249
    assert np.isfinite(found[rest]).all() and np.isnan(found[~rest]).all()
    calm = RATES < 0.24  # closer to the edge rounding decides
    np.testing.assert_allclose(found[calm], [top_eigenvalue(*at) for at in zip(x[calm], y[calm])], rtol=1e-5)
    assert np.all(found[rest] <= 2 / RATES[rest])
    at = {eta: found[np.argmin(np.abs(RATES - eta))] for eta in (0.1, 0.18, 0.2, 0.225)}
    assert [round(float(at[eta]), 1) for eta in at] == [16.0, 3.2, 2.3, 7.3]


@pytest.mark.parametrize("gamma", [0.5, 0.9])
def test_momentum_begins_later_and_then_throws_farther(gamma):
    first = top_eigenvalue(4.0, 0.3)

    def final(eta, gamma):
        return top_eigenvalue(*(path[-1] for path in loop(4.0, 0.3, eta, gamma, 2000)))

    for over in (1.02, 1.05):  # of the η up to which the start is stable
        assert final(over * (2 + 2 * gamma) / first, gamma) < 0.95 * final(over * 2 / first, 0.0)
    assert final(0.18, gamma) > 4 * final(0.18, 0.0)
    assert "comes to rest with each η below" in repr(catapult_lab(0.2, gamma))


def test_the_summary_tells_the_regimes():
    assert "does not rise; λ after 400 steps 16" in repr(catapult_lab(0.1))
    told = repr(catapult_lab(0.18))
    assert "first rises from 0.02 to 8.1; λ after 400 steps 3.18" in told
    assert "2/λ₀=0.124, 4/λ₀=0.248" in told and "η < 0.249" in told
    assert "from 15.9 to 2.47" in told


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"eta": 0.4}, "learning rate η must be in"),
        ({"gamma": 1.0}, "momentum γ must be in"),
        ({"start": (5.1, 0.3)}, "the start must have x in"),
        ({"start": (1.0, 2.0, 3.0)}, "must have shape"),
        ({"start": (4.0, np.nan)}, "start"),
        ({"steps": 1}, "steps must be a whole number"),
    ],
)
def test_wrong_input_is_named(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        catapult_lab(**options)


@pytest.mark.parametrize("call", [lambda: border(2.0, 0.0), lambda: shrinkage(1, 1, 0.0), lambda: sharpness("a", 1)])
def test_wrong_numbers_are_named(call):
    with pytest.raises(ValueError, match="must be"):
        call()
