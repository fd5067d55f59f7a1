"""The noisy quadratic model: closed forms against the recursion of second moments, and against simulation."""

import numpy as np
import pytest

from optimlab import Momentum, Network, batch_momentum_lab, descend, digits
from optimlab.noisy_quadratic import mean_loss, settled, stationary_variance, steps_needed
from optimlab.pace import steps_until


def recursion(eta, gamma, steps, size, dim):
    """E[L] by the three second moments of (xₜ, xₜ₋₁)."""
    h = 1 / np.arange(1, dim + 1)
    now, both, before = np.ones((3, dim))
    losses = [0.5 * h.sum()]
    for _ in range(steps):
        a = 1 + gamma - eta * h
        noise = eta**2 * h / size
        now, both, before = a * a * now - 2 * a * gamma * both + gamma**2 * before + noise, a * now - gamma * both, now
        losses.append(0.5 * (h * now).sum())
    return np.array(losses)


@pytest.mark.parametrize(("eta", "gamma"), [(0.1, 0), (1.9, 0), (0.5, 0.9), (0.01, 0.99), (3.5, 0.9), (0.01, 0.81)])
@pytest.mark.parametrize("size", [1, 64])
def test_the_mean_loss_is_that_of_the_recursion(eta, gamma, size):
    calm, noise = mean_loss(eta, gamma, np.arange(401), dim=40)
    np.testing.assert_allclose(calm + noise / size, recursion(eta, gamma, 400, size, 40), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("eta", "gamma"), [(0.1, 0.0), (0.1, 0.5), (0.1, 0.9), (0.01, 0.9), (0.5, 0.9)])
def test_the_variance_is_that_of_many_chains(eta, gamma):
    rng = np.random.default_rng(0)
    x, v, found = np.zeros(4000), np.zeros(4000), []
    for k in range(1500):
        v = gamma * v + eta * (x + rng.normal(size=4000))
        x = x - v
        if k >= 500:
            found.append(np.mean(x**2))
    assert np.mean(found) == pytest.approx(stationary_variance(eta, gamma), rel=0.03)


def test_the_variance_has_no_end_beyond_the_limit_and_scales_as_it_should():
    assert np.isinf(stationary_variance(4.0, 0.9)) and np.isfinite(stationary_variance(3.7, 0.9))
    assert stationary_variance(0.1, 0.5, 2.0, 3.0) == pytest.approx(9 / 4 * 2 * stationary_variance(0.2, 0.5) / 2)
    same = stationary_variance(0.001, 0.9) / stationary_variance(0.01, 0.0)  # the same η/(1−γ)
    assert same == pytest.approx(1, abs=0.01)


def test_the_steps_needed_are_those_that_a_search_by_the_recursion_finds():
    found = steps_needed([16.0, np.inf], dim=10)
    for size, steps, eta, gamma in zip(found.batch_size, found.steps, found.eta, found.gamma, strict=True):
        losses = recursion(eta, gamma, int(3 * steps) + 20, size, 10)
        true = np.flatnonzero(losses > 0.01 * losses[0])[-1] + 1
        assert steps == pytest.approx(true, rel=0.05, abs=1.5)
    plain = steps_needed([16.0, np.inf], (0.0,), dim=10)
    assert np.all(found.steps <= plain.steps) and np.all(plain.gamma == 0)


def test_momentum_saves_nothing_at_one_example_and_much_with_all():
    sizes = [1.0, 1e6]
    saved = steps_needed(sizes, (0.0,)).steps / steps_needed(sizes).steps
    assert saved[0] < 1.1 and saved[1] > 3.5


def test_settled_is_the_last_time_above():
    t = np.array([1.0, 2.0, 4.0, 8.0])
    loss = np.array([[1.0, 0.001, 1.0, 0.001], [1.0, 1.0, 1.0, 1.0], [1e-3, 1e-3, 1e-3, 1e-3]])
    took = settled(t, loss, 0.01)
    assert 4 < took[0] <= 8 and np.isnan(took[1]) and took[2] == 1


def test_the_lab_tells_the_same():
    lab = batch_momentum_lab(64, dim=10)
    plain, heavy = steps_needed(64.0, (0.0,), 10), steps_needed(64.0, dim=10)
    rows = {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}
    np.testing.assert_allclose(
        rows["chosen"][0], [*plain.steps, *heavy.steps, *plain.steps / heavy.steps, *heavy.gamma]
    )
    assert rows["curves"].shape == (37, 4)
    assert rows["losses"][0, 1] > 0.3 and rows["losses"][-1, 1] < 0.011


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: steps_needed(0.5), "the batch size B must be a number of at least 1, got 0.5"),
        (lambda: mean_loss(0.1, 0.5, [1], dim=0), "dim"),
        (lambda: stationary_variance(0.1, 1.0), "γ in"),
        (lambda: batch_momentum_lab(0), "batch size B must be in"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()


# The pace of a training


def test_steps_until_is_where_the_loss_of_all_examples_is_below_at_two_looks():
    network, data, optimizer = Network((64, 8, 10)), digits(100), Momentum(0.05)
    found = steps_until(network, data, optimizer, 1.0, batch_size=10, every=5, seed=3)
    walk = descend(network.on(data, 10, seed=3), optimizer, steps=found + 5, keep=5)
    assert walk.loss[-1] <= 1.0 and walk.loss[-2] <= 1.0 and found == walk.at[-2]
    assert not np.any((walk.loss[:-3] <= 1.0) & (walk.loss[1:-2] <= 1.0))


def test_steps_until_ends_where_they_do_not_suffice_or_nothing_is_finite():
    network, data = Network((64, 8, 10)), digits(100)
    assert steps_until(network, data, Momentum(1e-6), 1.0, most=7) == 7
    with np.errstate(all="ignore"):
        assert steps_until(network, data, Momentum(1e200), 1.0, most=7) == 7
    with pytest.raises(ValueError, match="the target must be a loss"):
        steps_until(network, data, Momentum(), np.nan)
