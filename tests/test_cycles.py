"""Cycles of heavy ball: the functions are what they must be, and the ball goes round on them, step by step."""

import numpy as np
import pytest

from optimlab import Momentum, cycle_lab, descend
from optimlab.cycles import Lessard, Polygon, corner, has_cycle, shortest_cycle
from optimlab.heavy_ball import optimum

PAIRS = [(3.306, 0.669, 0.01, 3), (3.0, 0.8, 0.04, 4), (2.0, 0.9, 0.01, 6), (1.0, 0.9, 0.001, 7), (3.5, 0.9, 0.04, 10)]


def ball(loss, eta, gamma, start, before, steps):
    """Heavy ball by its rule alone, from two points."""
    path = [np.array(before, float), np.array(start, float)]
    for _ in range(steps):
        path.append(path[-1] - eta * loss.gradient(path[-1]) + gamma * (path[-1] - path[-2]))
    return np.array(path[1:])


@pytest.mark.parametrize(("eta", "gamma", "low", "corners"), PAIRS)
def test_where_a_cycle_is_told_of_the_ball_runs_round_it(eta, gamma, low, corners):
    assert has_cycle(eta, gamma, low, 1.0, corners)
    tau = 2 * np.pi / corners
    path = ball(Polygon(eta, gamma, low, 1.0, corners), eta, gamma, (1, 0), (np.cos(tau), -np.sin(tau)), corners + 1)
    k = np.arange(corners + 2)
    np.testing.assert_allclose(path, np.column_stack([np.cos(k * tau), np.sin(k * tau)]), atol=1e-9)


def test_a_cycle_exists_just_where_every_corner_is_the_nearest_point_of_all():
    rng = np.random.default_rng(0)
    for _ in range(300):
        low, gamma, corners = 10 ** rng.uniform(-4, -0.4), rng.uniform(0, 0.99), int(rng.integers(2, 26))
        eta = rng.uniform(0.05, 2 + 2 * gamma)
        real, imaginary = corner(eta, gamma, low, 1.0, corners)
        p = (real + 1j * imaginary) * np.exp(2j * np.pi * np.arange(corners) / corners)
        away = ((1 - p[0]) * np.conj(p - p[0])).real
        if abs(away[1:].max()) > 1e-9:
            assert has_cycle(eta, gamma, low, 1.0, corners) == (away[1:].max() <= 0)


@pytest.mark.parametrize(("eta", "gamma", "low", "corners"), [*PAIRS, (2.0, 0.5, 0.1, 2), (1.0, 0.2, 0.3, 25)])
def test_the_function_has_its_gradient_and_its_curvatures(eta, gamma, low, corners):
    loss = Polygon(eta, gamma, low, 1.0, corners)
    rng = np.random.default_rng(1)
    at, step = rng.normal(size=(3000, 2)) * 1.5, 1e-6
    slopes = [(loss.value(at + step * e) - loss.value(at - step * e)) / (2 * step) for e in np.eye(2)]
    np.testing.assert_allclose(loss.gradient(at), np.stack(slopes, axis=-1), atol=1e-7)
    there = at[::-1]
    moved, turned = at - there, loss.gradient(at) - loss.gradient(there)
    curvature = (moved * turned).sum(axis=-1) / (moved**2).sum(axis=-1)
    assert curvature.min() >= low - 1e-9 and curvature.max() <= 1 + 1e-9
    assert np.all(np.linalg.norm(turned, axis=-1) <= np.linalg.norm(moved, axis=-1) + 1e-9)  # 1-smooth
    assert abs(loss.value(np.zeros(2))) < 1e-30 and np.all(loss.value(at) > 0)


def test_the_nearest_point_is_nearest_among_many():
    loss = Polygon(3.0, 0.8, 0.04, 1.0, 4)
    x, y = (part[:4] for part in loss.vertices())
    weights = np.random.default_rng(2).dirichlet(np.full(4, 0.3), size=20_000)
    inside = weights @ np.column_stack([x, y])
    for point in np.random.default_rng(3).normal(size=(40, 2)):
        nearest = np.array(loss.nearest(point))
        assert np.linalg.norm(point - nearest) <= np.linalg.norm(inside - point, axis=1).min() + 1e-9


def test_polyaks_pair_has_the_cycles_that_the_paper_tells_of_and_a_small_kappa_none():
    found = {}
    for kappa in (2.0, 25.0, 100.0):
        eta, gamma, _ = optimum(1 / kappa, 1.0)
        found[kappa] = [k for k in range(2, 26) if has_cycle(eta, gamma, 1 / kappa, 1.0, k)]
        assert shortest_cycle(eta, gamma, 1 / kappa, 1.0) == min(found[kappa], default=0)
    assert found == {2.0: [], 25.0: [3], 100.0: [3, 4, 5, 6]}


def test_on_the_function_of_lessard_some_starts_cycle_for_ever():
    loss, x = Lessard(), np.linspace(-6, 6, 1201)[:, None]
    ends = descend(loss, Momentum(1 / 9, 4 / 9), x, 3000).theta[-1, :, 0]
    assert 0.1 < np.mean(np.abs(ends) > 0.5) < 0.13 and np.all((np.abs(ends) > 0.5) | (np.abs(ends) < 1e-9))
    slope = (loss.value(x + 1e-6) - loss.value(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope, loss.gradient(x)[:, 0], atol=1e-5)


def test_the_lab_goes_round_escapes_and_travels():
    lab = cycle_lab(100, steps=60)
    assert set(lab.travels.values()) == {True}
    rows = {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}
    np.testing.assert_allclose(rows["Momentum"][:, 2], 1.0, atol=1e-9)
    assert rows["Nesterov"][-1, 2] < 1e-6
    assert rows["map"].shape == (100, 105)
    columns, gammas = (np.arange(105) + 0.5) * 4.2 / 105, (np.arange(100) + 0.5) / 100
    row, column = 80, 74
    assert rows["map"][row, column] == shortest_cycle(columns[column], gammas[row], 0.01, 1.0)
    assert np.all(np.isinf(rows["map"]) == (columns >= 2 + 2 * gammas[:, None]))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Polygon(0, 0.5, 0.1, 1, 3), "η > 0 and 0 < low < high are needed"),
        (lambda: has_cycle(1, 0.5, 1, 1, 3), "η > 0 and 0 < low < high are needed"),
        (lambda: cycle_lab(kappa=1), "condition number κ must be in"),
        (lambda: cycle_lab(gamma=1.0), "momentum γ must be in"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
