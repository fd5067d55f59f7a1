"""What averages calm on a quadratic: formulas against simulations, sums and loops in plain numpy."""

import numpy as np
import pytest

from optimlab.average_theory import averaged_excess, effective_steps, ema_variance, equal_rate, mean_variance, variance


def simulated(eta, lam, sigma, beta=0.0, copies=4000, steps=1500, window=1, seed=1):
    """w, its exponential average, and the mean of the last points, of many copies after many steps."""
    rng = np.random.default_rng(seed)
    w, theta, last = np.zeros(copies), np.zeros(copies), []
    for k in range(steps):
        w = w - eta * (lam * w + sigma * rng.standard_normal(copies))
        theta = beta * theta + (1 - beta) * w
        if k >= steps - window:
            last.append(w)
    return w, theta, np.mean(last, axis=0)


@pytest.mark.parametrize(
    ("eta", "lam", "sigma", "beta", "window"),
    [(0.3, 1.0, 1.0, 0.9, 20), (0.05, 2.0, 0.5, 0.95, 100), (0.8, 2.0, 2.0, 0.7, 7)],
)
def test_the_variances_are_those_of_simulated_walks(eta, lam, sigma, beta, window):
    w, theta, mean = simulated(eta, lam, sigma, beta, window=window)
    formulas = variance(eta, lam, sigma), ema_variance(eta, beta, lam, sigma), mean_variance(eta, window, lam, sigma)
    for found, formula in zip((w, theta, mean), formulas, strict=True):
        assert np.mean(found**2) == pytest.approx(float(formula), rel=5 * np.sqrt(2 / len(found)))


@pytest.mark.parametrize("a", [-0.6, 0.0, 0.5, 0.97])
@pytest.mark.parametrize("T", [1, 2, 9, 60])
def test_they_are_the_double_sums_over_the_autocovariance(a, T):
    lam, sigma, beta = 1.7, 0.6, 0.9
    eta = (1 - a) / lam
    V = (eta * sigma) ** 2 / (1 - a**2)
    assert float(variance(eta, lam, sigma)) == pytest.approx(V)
    n = np.arange(T)
    assert float(mean_variance(eta, T, lam, sigma)) == pytest.approx(V * (a ** np.abs(n[:, None] - n)).sum() / T**2)
    n = np.arange(400)
    weights = (1 - beta) * beta**n
    exact = V * weights @ a ** np.abs(n[:, None] - n) @ weights
    assert float(ema_variance(eta, beta, lam, sigma)) == pytest.approx(exact)
    assert float(effective_steps(eta, beta, lam)) == pytest.approx(V / exact)


def averaged_walk(eta, beta, lam, noise):
    w = theta = 1.0
    thetas = []
    for xi in noise:
        w = w - eta * (lam * w + xi)
        theta = beta * theta + (1 - beta) * w
        thetas.append(theta)
    return np.array(thetas)


def test_along_one_direction_an_average_and_a_small_rate_change_places():
    lam, eta, beta = 2.0, 0.3, 0.98
    noise = np.random.default_rng(0).standard_normal(300)
    one = averaged_walk(eta, beta, lam, noise)
    other = averaged_walk((1 - beta) / lam, 1 - eta * lam, lam, noise)
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_the_equal_rate_has_the_same_floor_and_about_the_same_memory():
    for eta, beta, lam in [(0.3, 0.9, 1.0), (0.05, 0.99, 4.0), (1e-4, 0.9, 1.0)]:
        equal = float(equal_rate(eta, beta, lam))
        assert float(variance(equal, lam)) == pytest.approx(float(ema_variance(eta, beta, lam)))
        assert equal <= eta
    assert float(equal_rate(0.5, 0.999, 2.0)) == pytest.approx(0.001 / 2, rel=0.01)
    assert float(equal_rate(1e-5, 0.9)) == pytest.approx(1e-5, rel=0.01)


def test_long_means_do_not_know_the_learning_rate():
    found = mean_variance([0.05, 0.2, 0.9], 5000, 2.0, 0.7)
    np.testing.assert_allclose(found, 0.7**2 / (4 * 5000), rtol=0.01)


def shares(kind, t):
    return {"raw": 1.0, "ema": 0.05, "growing": 2 / (t + 1), "free": 1 / t}[kind]


@pytest.mark.parametrize("kind", ["raw", "ema", "growing", "free"])
def test_the_mean_loss_is_that_of_many_noises(kind):
    lam, start, sigma, steps, copies = np.array([1.0, 10.0]), np.array([-1.4, 0.9]), 2.0, 40, 20_000
    toward = 0.8 if kind == "free" else 0.0
    rng = np.random.default_rng(3)
    w = theta = np.tile(start, (copies, 1))
    told = [0.5 * (lam * theta**2).sum(axis=1)]
    for t in range(1, steps + 1):
        at = (1 - toward) * w + toward * theta
        w = w - 0.05 * (lam * at + sigma * rng.standard_normal(w.shape))
        theta = (1 - shares(kind, t)) * theta + shares(kind, t) * w
        told.append(0.5 * (lam * theta**2).sum(axis=1))
    exact = averaged_excess(lambda k: 0.05, lambda k: shares(kind, k + 1), lam, start, sigma, steps, toward)
    error = np.std(told, axis=1) / np.sqrt(copies)
    assert exact.shape == (steps + 1,) and np.all(np.abs(np.mean(told, axis=1) - exact) <= 5 * error + 1e-12)


def test_in_the_long_run_it_is_the_variance_of_each_direction():
    lam = np.array([1.0, 5.0])
    mean = averaged_excess(lambda k: 0.1, lambda k: 0.02, lam, [3.0, 1.0], 0.5, 3000)[-1]
    assert mean == pytest.approx(float(0.5 * (lam * ema_variance(0.1, 0.98, lam, 0.5)).sum()))


def test_many_learning_rates_at_once_from_one_start():
    def excess(eta):
        return averaged_excess(lambda k: eta, lambda k: 0.5, [1.0, 5.0], [3.0, 1.0], 0.5, 7)

    many = excess(np.array([[0.1], [0.3]]))
    assert many.shape == (8, 2)
    np.testing.assert_allclose(many, np.stack([excess(0.1), excess(0.3)], axis=-1))


def test_beyond_two_over_lambda_there_is_no_floor():
    assert float(variance(2.0)) == np.inf and float(ema_variance(2.5, 0.9)) != float(ema_variance(0.5, 0.9))
    assert np.isnan(equal_rate(2.5, 0.9)) and np.isnan(effective_steps(2.5, 0.9))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: variance(0.0), "η must be a number above 0, got 0.0"),
        (lambda: variance(0.1, -1), "λ must be a number above 0, got -1"),
        (lambda: variance(0.1, 1, -1), "σ must be a number of at least 0, got -1"),
        (lambda: ema_variance(0.1, 1.0), r"β must be a number in \[0, 1\), got 1.0"),
        (lambda: effective_steps("a", 0.5), "η must be a number above 0, got 'a'"),
        (lambda: equal_rate(0.1, -0.1), r"β must be a number in \[0, 1\), got -0.1"),
        (lambda: mean_variance(0.1, 0), "number T of steps must be whole numbers ≥ 1, got 0"),
        (lambda: mean_variance(0.1, 2.5), "number T of steps must be whole numbers ≥ 1, got 2.5"),
        (lambda: averaged_excess(lambda k: 0.1, lambda k: 1, [1.0], [1.0], 1.0, -1), "steps must be a whole number"),
        (lambda: averaged_excess(lambda k: 0.1, lambda k: 1, [0.0], [1.0], 1.0, 1), "λ must be a number above 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
