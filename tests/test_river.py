"""The river valley: its theory against plain loops with noise, and the lab's walk against both."""

import numpy as np
import pytest

from optimlab import GradientDescent, Noisy, descend
from optimlab.labs.river import river_lab
from optimlab.labs.travel import rows_of_recipe
from optimlab.river import Across, expected, hill, progress, river_valley
from optimlab.schedules import cosine_decay, warmup_stable_decay

COPIES = 4000


def measured(rates, sigma=3.0, bend=0.0, h=10.0, copies=COPIES):
    """x and the hill part of many copies at each step, written out."""
    rng = np.random.default_rng(7)
    x, y, xs, hills = np.zeros(copies), np.full(copies, 0.5), [], []
    for k in range(len(rates) + 1):
        across = y - bend * np.sin(x / 2)
        xs.append(x)
        hills.append(0.5 * h * across**2)
        if k < len(rates):
            along = -np.exp(-x / 8) / 8 - h * across * bend * 0.5 * np.cos(x / 2)
            x, y = x - rates[k] * along, y - rates[k] * (h * across + sigma * rng.standard_normal(copies))
    return np.array(xs), np.array(hills)


def linear_decay_to_zero(eta, at, end, steps):
    k = np.arange(steps)
    return np.where(k < at, eta, np.where(k < end, eta * (end - k) / (end - at), 0.0))


@pytest.mark.parametrize(("eta", "sigma"), [(0.02, 3.0), (0.1, 3.0), (0.15, 1.0)])
def test_a_constant_rate_keeps_its_hill_part(eta, sigma):
    _, hills = measured(np.full(400, eta), sigma, copies=1000)
    each = hills[100:].mean(axis=0)  # of one copy
    off = abs(each.mean() - float(hill(eta, 10.0, sigma)))
    assert off < 4 * each.std() / np.sqrt(len(each)) and each.std() / np.sqrt(len(each)) < 0.02 * each.mean()
    assert float(expected(np.full(400, eta), sigma=sigma).hill[-1]) == pytest.approx(float(hill(eta, 10.0, sigma)))


def test_from_2_over_h_on_nothing_is_kept():
    assert np.isnan(hill([0.2, 0.3])).all() and np.isfinite(hill(0.199))
    assert expected(np.full(100, 0.21)).hill[-1] > 100


def test_the_recursion_is_the_mean_of_many_copies_under_a_decay():
    rates = linear_decay_to_zero(0.1, 200, 280, 300)
    xs, hills = measured(rates)
    theory = expected(rates)
    np.testing.assert_allclose(theory.x, xs.mean(axis=1), rtol=1e-9, atol=1e-12)
    error = hills.std(axis=1) / np.sqrt(COPIES)
    assert np.all(np.abs(theory.hill - hills.mean(axis=1)) < 4.5 * error + 1e-12)
    assert theory.hill[200] == pytest.approx(0.45) and theory.hill[300] < 0.03


def test_many_schedules_at_once_are_each_for_itself():
    rates = np.stack([np.full(50, 0.1), np.linspace(0.1, 0, 50)], axis=1)
    together = expected(rates, sigma=[1.0, 2.0]).loss
    for i, sigma in enumerate((1.0, 2.0)):
        np.testing.assert_allclose(together[:, i], expected(rates[:, i], sigma=sigma).loss)


@pytest.mark.parametrize("shape", [np.ones(2000), np.linspace(1, 0, 2000), 0.5 + 0.5 * np.cos(np.arange(2000) / 637)])
def test_only_the_sum_of_the_rates_leads_along_the_river(shape):
    exact, formula = expected(0.1 * shape).x, progress(np.append(0, np.cumsum(0.1 * shape)))
    np.testing.assert_allclose(exact, formula, atol=0.005)
    assert progress(50.0, progress(30.0)) == pytest.approx(progress(80.0))


def test_the_surface_has_the_gradient_of_its_value():
    rng = np.random.default_rng(0)
    for bend, h in ((0.0, 10.0), (1.0, 4.0)):
        surface, theta = river_valley(bend, h), rng.normal(size=(20, 2)) * [5, 1]
        x, y = theta.T
        np.testing.assert_allclose(
            surface.value(theta), np.exp(-x / 8) + 0.5 * h * (y - bend * np.sin(x / 2)) ** 2, rtol=1e-12
        )
        for i, step in enumerate(1e-6 * np.eye(2)):
            slope = (surface.value(theta + step) - surface.value(theta - step)) / 2e-6
            np.testing.assert_allclose(surface.gradient(theta)[:, i], slope, rtol=1e-6, atol=1e-6)
    assert river_valley().replace(bend=0.5).params == {"bend": 0.5, "h": 10.0}


def test_the_noise_is_across_only():
    noisy = Across(river_valley(), 3.0, seed=4, copies=500)
    xi = noisy.noise(3)
    assert xi.shape == (500, 2) and not xi[:, 0].any()
    assert abs(xi[:, 1].mean()) < 0.2 and xi[:, 1].std() == pytest.approx(1, abs=0.12)
    theta = np.ones((500, 2))
    np.testing.assert_allclose(noisy.gradient_at(3)(theta) - river_valley().gradient(theta), 3.0 * xi)
    for other in (noisy.replace(sigma=1.0), noisy.replace(bend=1.0), noisy.as_formula()):
        assert type(other) is Across and np.array_equal(other.noise(3), xi)
    assert noisy.replace(bend=1.0).params["bend"] == 1.0 and Noisy(river_valley()).noise(0)[0] != 0


def test_on_a_bent_river_a_late_decay_shows_as_much_and_the_noise_spreads_along_it():
    rates = linear_decay_to_zero(0.1, 900, 1000, 1000)
    xs, hills = measured(rates, bend=1.0, copies=1000)
    loss = (np.exp(-xs / 8) + hills).mean(axis=1)
    assert loss[850:901].mean() > 0.8 and loss[-1] < 0.5 and xs[-1].std() > 1
    start = np.tile([0.0, 0.5], (200, 1))
    found = descend(Across(river_valley(1.0), 3.0, copies=200), GradientDescent(0.1), start, 900).loss
    assert found[850:].mean() == pytest.approx(loss[850:901].mean(), abs=0.06)


# The lab


@pytest.fixture(scope="module")
def lab():
    return river_lab()


def source(lab, name):
    return next(source for source in lab._sources if source.name == name)


def rows(lab, name="runs", **moved):
    return source(lab, name).compute(lab.values | moved)


def test_everything_travels(lab):
    assert set(lab.travels.values()) == {True} and set(lab.travels) == {"runs", "span", "field"}


@pytest.mark.parametrize("moved", [{}, {"decay": (300.4,), "length": 160.0, "eta": 0.15, "small": 0.03, "sigma": 5.0}])
def test_what_travels_is_what_python_computes_to_the_last_step(lab, moved):
    values = lab.values | moved
    np.testing.assert_allclose(rows_of_recipe(source(lab, "runs").recipe, values), rows(lab, **moved), atol=1e-9)


def test_the_rows_are_those_of_the_theory_and_of_one_noisy_loop(lab):
    found = rows(lab, decay=(500.0,), eta=0.12, sigma=2.0).T.reshape(7, 3, 2001)
    schedules = [
        linear_decay_to_zero(0.12, 500, 700, 2000),
        0.06 * (1 + np.cos(np.pi * np.arange(2000) / 2000)),
        np.full(2000, 0.01),
    ]
    noise = [Across(river_valley()).noise(k)[1] for k in range(2000)]
    for i, rates in enumerate(schedules):
        x, y, smooth, square = 0.0, 0.5, 2.25, 0.25
        for k in range(2001):
            river = np.exp(-x / 8)
            smooth = smooth if k == 0 else 0.95 * smooth + 0.05 * (river + 5 * y * y)
            row = [x, y, smooth, river + 5 * square, river, 5 * square]
            if k % 50 == 0:
                np.testing.assert_allclose(found[:6, i, k], row, rtol=1e-9, atol=1e-12)
            if k < 2000:
                eta = rates[k]
                assert found[6, i, k] == pytest.approx(eta, abs=1e-15)
                x, y = x + eta * river / 8, y - eta * (10 * y + 2 * noise[k])
                square = (1 - 10 * eta) ** 2 * square + (2 * eta) ** 2
    assert found[6, 0, 0] == 0.12 and found[3, 0, 700] == found[3, 0, 2000]


def test_its_schedules_are_those_of_the_package(lab):
    k, found = np.arange(2000), rows(lab)
    np.testing.assert_allclose(found[:-1, 18], warmup_stable_decay(0.1, 2000, 0, 200)(k))
    np.testing.assert_allclose(found[:-1, 19], cosine_decay(0.1, 2000)(k))


def test_the_decay_can_be_dragged_beyond_the_run(lab):
    assert rows(lab, "span", decay=(1e6,)).tolist() == [[1999.0, 2000.0]]
    assert rows(lab, "span", decay=(-5.0,), length=30.0).tolist() == [[0.0, 30.0]]
    assert rows(lab, "span").tolist() == [[1800.0, 2000.0]]
    assert np.isfinite(rows(lab, decay=(1e6,))).all()


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "up to step 1800: mean L = 0.712 = river 0.262 + hill 0.450 (ησ²/(2(2−ηh)) = 0.450)" in text
    assert "decayed to 0 at step 2000: mean L = 0.266 = river 0.252 + hill 0.015; x = 11.03" in text
    assert "cosine from η=0.1, step 2000: mean L = 0.392" in text
    assert "constant η′=0.01, step 2000: mean L = 0.786 = river 0.762" in text
    assert "river valley, h = 10, 30 steps" in repr(river_lab(steps=30))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: river_lab(eta=0.2), r"peak learning rate η must be in \(0, 0.2\), got 0.2"),
        (lambda: river_lab(small=0), r"constant learning rate η′ must be in \(0, 0.2\), got 0"),
        (lambda: river_lab(sigma=-1), r"noise σ must be in \[0, 20\], got -1"),
        (lambda: river_lab(steps=9), r"steps must be a whole number in \[10, 5000\], got 9"),
        (lambda: river_lab(decay_at=2000), r"the decay begins must be a whole number in \[0, 1999\], got 2000"),
        (lambda: river_lab(length=0), r"the length of the decay must be a whole number in \[1, 2000\], got 0"),
        (lambda: river_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: hill(-0.1), r"learning rate η must be in \[0, ∞\), got -0.1"),
        (lambda: hill(0.1, 0), r"steepness of the hills h must be in \(0, ∞\), got 0"),
        (lambda: progress(-1), "the sum of all η must be a number of at least 0, got -1"),
        (lambda: expected(0.1), "the rates must be one η for each step"),
        (lambda: expected([0.1], start=(0,)), "the start must be two numbers"),
        (lambda: river_valley(-1), r"bend of the river b must be in \[0, ∞\), got -1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
