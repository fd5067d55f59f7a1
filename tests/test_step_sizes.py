"""Chebyshev's and silver steps: against the polynomial, the bounds of their papers, and a loop."""

from math import acosh, cosh

import numpy as np
import pytest

from optimlab import steps_lab
from optimlab.schedules import cyclic
from optimlab.step_sizes import ORDERS, chebyshev_bound, chebyshev_steps, fractal_order, silver_steps


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("low", "high", "count"), [(1.0, 100.0, 16), (0.3, 7.0, 8), (1.0, 1000.0, 4), (2.0, 2.0, 4)])
def test_the_steps_make_the_polynomial_of_chebyshev(order, low, high, count):
    steps = chebyshev_steps(low, high, count, order)
    lam = np.linspace(low, high, 2001)
    product = np.prod(1 - steps[:, None] * lam, axis=0)
    bound = 1 / cosh(count * acosh((high + low) / (high - low))) if high > low else 0.0
    assert np.abs(product).max() == pytest.approx(bound, rel=1e-6, abs=1e-12)
    if high > low:
        expected = bound * np.cos(count * np.arccos(((high + low) / 2 - lam) / ((high - low) / 2)))
        np.testing.assert_allclose(product, expected, atol=1e-9 + 1e-6 * bound)
    assert float(chebyshev_bound(low, high, count)) == pytest.approx(bound, rel=1e-12)


def test_the_orders_are_one_set_of_steps_and_are_what_they_are_called():
    big, small, random, fractal = (chebyshev_steps(1, 100, 32, order) for order in ORDERS)
    assert np.all(np.diff(big) < 0) and np.all(np.diff(small) > 0)
    for other in (small, random, fractal):
        np.testing.assert_array_equal(np.sort(other), np.sort(big))
    assert not np.array_equal(random, chebyshev_steps(1, 100, 32, "random", seed=1))


def test_the_fractal_order_is_that_of_the_paper():
    assert (fractal_order(8) + 1).tolist() == [1, 8, 4, 5, 2, 7, 3, 6]  # Agarwal, Goel and Zhang 2021
    for count in (1, 2, 64, 256):
        assert sorted(fractal_order(count)) == list(range(count))


def test_in_floating_point_the_order_decides_once_h_is_turned():
    rng = np.random.default_rng(3)
    turn, _ = np.linalg.qr(rng.normal(size=(20, 20)))
    hessian = turn * np.geomspace(0.01, 1, 20) @ turn.T
    ends = {}
    for order in ORDERS:
        x = turn @ np.ones(20)
        for eta in chebyshev_steps(0.01, 1, 64, order):
            x = x - eta * (hessian @ x)
        ends[order] = np.linalg.norm(x) / np.sqrt(20)
    assert ends["big first"] > 1e8 and ends["small first"] > 1e8
    assert ends["fractal"] < 5.3e-6 and ends["random"] < 1e-5


def test_silver_steps_are_those_of_the_paper_and_keep_their_promise():
    root = 1 + np.sqrt(2)
    expected = [np.sqrt(2), 2, np.sqrt(2), 1 + root, np.sqrt(2), 2, np.sqrt(2)]
    np.testing.assert_allclose(silver_steps(7), expected)
    np.testing.assert_allclose(silver_steps(7, high=4.0), np.array(expected) / 4)
    for n in (
        3,
        5,
        7,
    ):  # Altschuler and Parrilo 2023: f ≤ |x₀|²/(1 + √(4ρ²ⁿ − 3)), for every convex function with L = 1
        count = 2**n - 1
        delta = np.geomspace(1e-6, 1, 4000)
        x = np.ones(4000)
        for h in silver_steps(count):
            x = x - h * np.clip(x, -delta, delta)
        huber = np.where(np.abs(x) <= delta, x**2 / 2, delta * (np.abs(x) - delta / 2))
        bound = 1 / (1 + np.sqrt(4 * root ** (2 * n) - 3))
        assert 0.5 * bound < huber.max() <= bound


def test_a_cycle_begins_again():
    schedule = cyclic((0.3, 0.1, 0.2))
    np.testing.assert_array_equal(schedule(np.arange(7)), [0.3, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3])
    assert float(schedule(4)) == 0.1


@pytest.mark.parametrize("values", [(), (-0.1,), ("a",), ((0.1, 0.2),), (np.nan,)])
def test_a_cycle_of_what_are_no_rates_is_one_sentence(values):
    with pytest.raises(ValueError, match="the learning rates η of a cycle must be in"):
        cyclic(values)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: chebyshev_steps(0, 1, 4), "0 < low ≤ high, got 0 and 1"),
        (lambda: chebyshev_steps(2, 1, 4), "0 < low ≤ high, got 2 and 1"),
        (lambda: chebyshev_steps(1, 2, 6), "a power of two, got 6"),
        (lambda: chebyshev_steps(1, 2, 4, "largest first"), "order must be"),
        (lambda: silver_steps(0), "count"),
        (lambda: steps_lab(count=24), "a power of two, for the fractal order, got 24"),
        (lambda: steps_lab(kappa=0.5), "condition number κ must be in"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_the_lab_says_what_a_loop_finds_and_travels():
    lab = steps_lab(100, 32)
    assert set(lab.travels.values()) == {True}
    rows = lab.stage.rows(lab.values)
    assert len(rows) == 14
    lam = np.geomspace(0.01, 1, 12)
    loss_free = np.ones(12) / np.sqrt(12)
    for eta in chebyshev_steps(0.01, 1, 32):
        loss_free = loss_free * (1 - eta * lam)
    found = np.asarray(rows["fractal straight"])[-1, 0]
    assert found == pytest.approx(np.linalg.norm(loss_free), rel=1e-9)
    np.testing.assert_allclose(np.asarray(rows["fractal turned"])[-1, 0], found, rtol=1e-6)
    np.testing.assert_allclose(np.asarray(rows["fractal turned"])[:32, 1], chebyshev_steps(0.01, 1, 32))
