"""Forgetting the giant: the drift of theory against loops written out, and what the lab shows of both."""

import numpy as np
import pytest

from optimlab.adam_theory import drift, giant_drift
from optimlab.labs.giant import ACROSS, ADAM, AMSGRAD, UP, cycle, giant_lab


def rows_of(lab, **moved):
    return {name: np.asarray(source.compute(lab.values | moved)) for name, source in lab.stage._sources.items()}


def loop(giant, period, beta2, eta, steps, ends=True, keeps=False, v=0.0):
    """x at each step of RMSprop without correction, or of AMSGrad, which keeps the largest v."""
    x, largest, path = 0.0, 0.0, [0.0]
    for k in range(steps):
        g = giant if k % period == 0 else -1.0
        v = beta2 * v + (1 - beta2) * g * g
        largest = max(largest, v) if keeps else v
        x -= eta * g / largest**0.5
        x = min(max(x, -1.0), 1.0) if ends else x
        path.append(x)
    return np.array(path)


def long_run(giant, period, beta2, keeps=False):
    """How far a cycle goes down when v is as after infinitely many of them, in units of η, by plain sums."""
    gradients = np.array([giant] + [-1.0] * (period - 1))
    v = 0.0
    for g in [*gradients[1:], gradients[0]]:  # v just after the giant of the second cycle, from 0 …
        v = beta2 * v + (1 - beta2) * g * g
    v /= 1 - beta2**period  # … and after infinitely many
    down = giant / v**0.5
    for g in gradients[1:]:
        v = v if keeps else beta2 * v + (1 - beta2) * g * g
        down += g / v**0.5
    return down


def cases(count=20):
    rng = np.random.default_rng(8)
    for _ in range(count):
        period = int(rng.integers(3, 60))
        yield (
            float(rng.uniform(1.05, 4) * (period - 1)),
            period,
            float(1 - 1 / np.exp(rng.uniform(np.log(1.2), np.log(2 * period)))),
        )


@pytest.mark.parametrize(("giant", "period", "beta2"), list(cases()))
def test_theory_says_which_way_a_long_row_of_cycles_goes(giant, period, beta2):
    eta, settle = 1e-3, period * int(np.ceil(20 / (1 - beta2) / period))  # until v has forgotten its start
    cycles = 5
    for keeps in (False, True):
        path = loop(giant, period, beta2, eta, settle + cycles * period, ends=False, keeps=keeps)
        measured = (path[settle] - path[-1]) / eta / cycles
        assert measured == pytest.approx(long_run(giant, period, beta2, keeps), rel=1e-6, abs=1e-6)
        if keeps:
            row = cycle({"excess": giant / (period - 1), "dot": (period, 1 / (1 - beta2))})[0]
            assert row[4] == pytest.approx(measured, rel=1e-6) and row[4] > 0
        else:
            assert giant_drift(giant, period, beta2) == pytest.approx(measured, abs=0.02)
            assert abs(measured) < 0.02 or np.sign(giant_drift(giant, period, beta2)) == np.sign(measured)


def test_the_cases_go_both_ways():
    signs = [np.sign(long_run(*case)) for case in cases()]
    assert min(signs.count(1), signs.count(-1)) >= 4


@pytest.mark.parametrize(
    ("giant", "beta2", "down"),
    [(4, 0.3, -0.0332), (4, 0.4, 0.1458), (10, 0.1, 0.0084), (10, 0.2, 0.3811), (3, 0.1, -0.6809)],
)
def test_the_known_giants_of_a_cycle_of_three(giant, beta2, down):
    lab = giant_lab(3, beta2, giant / 2, steps=999)
    rows = rows_of(lab)
    assert rows["cycle"][0, :3] == pytest.approx([3, beta2, giant])
    assert rows["cycle"][0, 3] == pytest.approx(down, abs=1e-4)
    assert rows[ADAM][-1, 1] == pytest.approx(down, abs=1e-4)
    assert np.sign(-rows[ADAM][-1, 0]) == np.sign(down)
    assert rows[AMSGRAD][-1, 0] < -0.98


@pytest.mark.parametrize(("period", "beta2", "excess"), [(3, 0.1, 1.5), (17, 0.9, 1.2), (40, 0.99, 1.5), (2, 0.5, 3)])
def test_the_walks_are_those_of_a_loop(period, beta2, excess):
    lab = giant_lab(period, beta2, excess, steps=400)
    rows, giant = rows_of(lab, eta=0.03), excess * (period - 1)
    for name, keeps in ((ADAM, False), (AMSGRAD, True)):
        np.testing.assert_allclose(rows[name][:, 0], loop(giant, period, beta2, 0.03, 400, True, keeps), atol=1e-9)
        free = loop(giant, period, beta2, 0.03, 400, False, keeps)
        last = np.arange(401) // period * period  # where the last whole cycle ended
        ways = np.where(last >= period, (free[last - period] - free[last]) / 0.03, 0.0)
        np.testing.assert_allclose(rows[name][:, 1], ways, atol=1e-7)


def test_by_default_adam_goes_to_the_wrong_end_and_amsgrad_to_the_right_one():
    lab = giant_lab()
    assert set(lab.travels.values()) == {True}
    rows = rows_of(lab)
    assert rows[ADAM][-1, 0] == 1 and rows[AMSGRAD][-1, 0] == pytest.approx(-1, abs=0.01)
    assert "Adam, β₁ = 0 0.681η up a cycle by theory, 0.681η up measured; x = 1 at step 3000" in repr(lab)
    assert "goes up while 1/(1−β₂) < 1.89" in repr(lab)
    assert long_run(3, 3, 1 - 1 / 1.88) < 0 < long_run(3, 3, 1 - 1 / 1.9)


@pytest.mark.parametrize("excess", [1.05, 1.5, 10.0])
def test_the_map_counts_the_steps_that_the_drift_takes(excess):
    found = rows_of(giant_lab(excess=excess, steps=2))["map"]
    assert found.shape == (len(UP), len(ACROSS)) and not np.isnan(found).any() and np.all(found > 0)
    for i in range(2, len(UP), 17):
        for j in range(0, len(ACROSS), 12):
            period = int(ACROSS[j])
            down = long_run(excess * (period - 1), period, 1 - 1 / UP[i])
            if abs(down) > 0.03:
                assert np.isinf(found[i, j]) == (down < 0)
            if down > 0.5:
                assert found[i, j] == pytest.approx(2 * period / (0.01 * down), rel=0.04)


@pytest.mark.parametrize("excess", [1.05, 1.5, 3.0, 10.0])
def test_for_large_cycles_the_border_is_a_memory_proportional_to_them(excess):
    a = np.geomspace(0.01, 100, 200_001)
    a = a[np.argmin(np.abs(2 * a * np.expm1(1 / (2 * a)) - excess))]
    memory = np.geomspace(1.01, 1e4, 20_001)
    border = memory[drift(excess * 999.0, 1000.0, 1 - 1 / memory) < 0][-1]
    assert border == pytest.approx(1000 * a, rel=0.01)
    column = rows_of(giant_lab(excess=excess, steps=2))["map"][:, -1]
    assert UP[np.isinf(column)][-1] == pytest.approx(a * ACROSS[-1], rel=0.1)


def test_the_dot_stands_for_a_whole_period_and_stays_on_the_map():
    lab = giant_lab(steps=20)
    row = rows_of(lab, dot=(10.4, 5.0))["cycle"][0]
    assert row[:3] == pytest.approx([10, 0.8, 13.5])
    assert rows_of(lab, dot=(1.0, 0.9))["cycle"][0, :2] == pytest.approx([2, 0.01])
    assert rows_of(lab, dot=(4000.0, 1e6))["cycle"][0, :2] == pytest.approx([1000, 0.9999])


def test_there_is_room_for_long_walks():
    """Rows in all sweeps are limited, but sources that travel have no sweeps."""
    lab = giant_lab(period=1000, beta2=0.999, steps=20_000)
    assert set(lab.travels.values()) == {True}


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: giant_lab(period=1), r"the period N must be a whole number in \[2, 1000\], got 1"),
        (lambda: giant_lab(period=2.5), r"the period N must be a whole number in \[2, 1000\], got 2.5"),
        (lambda: giant_lab(beta2=1.0), r"second-moment decay β₂ must be in \[0.01, 0.9999\], got 1"),
        (lambda: giant_lab(excess=1.0), r"size of the giant C/\(N−1\) must be in \(1, 100\], got 1"),
        (lambda: giant_lab(steps=1), r"steps must be a whole number in \[2, 20000\], got 1"),
        (lambda: giant_lab(steps=30_000), "steps must be a whole number in"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
