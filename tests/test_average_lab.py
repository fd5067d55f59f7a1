"""The lab of averages: paths and exact means against loops in plain numpy, and what its picture claims."""

import numpy as np
import pytest

from optimlab.labs.average import average_lab

LAM, START = np.array([1.0, 10.0]), np.array([-1.4, 0.9])
RATES = np.geomspace(0.005, 0.19, 41)
STOPS = [100, 200, 400]


@pytest.fixture(scope="module")
def lab():
    return average_lab()


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def noise(seed, k):
    return np.random.default_rng([seed, k]).normal(size=2)


def walked(steps, eta, share, sigma, seed=0, toward=0.0):
    w = theta = START
    path = [theta]
    for k in range(steps):
        at = (1 - toward) * w + toward * theta
        w = w - eta(k) * (LAM * at + sigma * noise(seed, k))
        theta = (1 - share(k + 1)) * theta + share(k + 1) * w
        path.append(theta)
    return np.array(path)


def cosine(eta, length):
    return lambda k: eta / 2 * (1 + np.cos(np.pi * min(k, length) / length))


def mean_of(eta, sigma, steps, start=START):
    """E[L] of gradient descent, by its mean and its variance apart."""
    bias, var, told = start, np.zeros(2), [0.5 * (LAM * start**2).sum()]
    for k in range(steps):
        bias, var = (1 - eta(k) * LAM) * bias, (1 - eta(k) * LAM) ** 2 * var + (eta(k) * sigma) ** 2
        told.append(0.5 * (LAM * (bias**2 + var)).sum())
    return np.array(told)


def weighted(eta, sigma, steps, weights):
    """E[L] at the average of the points with the weights of w₀ … w_steps, by the covariances of all of them."""
    n = np.arange(steps + 1)
    total = 0.0
    for lam, d in zip(LAM, START, strict=True):
        a = 1 - eta * lam
        both = np.minimum(n[:, None], n)
        apart = a ** np.abs(n[:, None] - n)
        cov = (eta * sigma) ** 2 * apart * (1 - a ** (2 * both)) / (1 - a**2)
        total += 0.5 * lam * ((weights @ (d * a**n)) ** 2 + weights @ cov @ weights)
    return total


def test_the_paths_are_those_of_plain_loops():
    lab = average_lab(eta=0.05, horizon=25, sigma=1.5, steps=60, seed=4)
    rules = {
        "constant": (lambda t: 1.0, 0.0),
        "EMA": (lambda t: 1 / 25, 0.0),
        "growing": (lambda t: 2 / (t + 1), 0.0),
        "schedule-free": (lambda t: 1 / t, 0.9),
    }
    for name, (share, toward) in rules.items():
        path = walked(60, lambda k: 0.05, share, 1.5, 4, toward)
        np.testing.assert_allclose(rows(lab, f"path {name}"), path, atol=1e-10)
    best = float(rows(lab, "best 2")[0, 0])
    np.testing.assert_allclose(
        rows(lab, "path cosine 1"), walked(60, cosine(best, 60), lambda t: 1.0, 1.5, 4), atol=1e-10
    )


def test_the_means_are_exact(lab):
    np.testing.assert_allclose(rows(lab, "mean constant")[:, 0], mean_of(lambda k: 0.06, 2.0, 400))
    for k in (1, 7, 80):
        t = np.arange(k + 1)
        growing = 2 * t / (k * (k + 1))
        ema = np.where(t == 0, (1 - 1 / 30) ** k, (1 - 1 / 30) ** (k - t) / 30)
        assert rows(lab, "mean growing")[k, 0] == pytest.approx(weighted(0.06, 2.0, k, growing))
        assert rows(lab, "mean EMA")[k, 0] == pytest.approx(weighted(0.06, 2.0, k, ema))
    free = rows(lab, "mean schedule-free", beta=0.0)
    t = np.ones(81) / 80 * (np.arange(81) > 0)
    assert free[80, 0] == pytest.approx(weighted(0.06, 2.0, 80, t))


def test_each_cosine_has_its_best_rate_for_the_present_noise_and_start(lab):
    for moved in ({}, {"sigma": 0.5, "start": (1.0, -0.2)}):
        sigma, start = moved.get("sigma", 2.0), np.array(moved.get("start", START))
        for i, (name, length) in enumerate(zip(("cosine 4", "cosine 2", "cosine 1"), STOPS, strict=True)):
            runs = [mean_of(cosine(eta, length), sigma, 400, start) for eta in RATES]
            best = int(np.argmin([run[length] for run in runs]))
            assert rows(lab, f"best {i}", **moved)[0] == pytest.approx([RATES[best], length])
            np.testing.assert_allclose(rows(lab, f"mean {name}", **moved)[:, 0], runs[best], rtol=1e-9)
            assert 0 < best < len(RATES) - 1


def test_the_growing_average_lies_below_the_end_of_every_cosine_and_a_fixed_one_does_not(lab):
    ends = [rows(lab, f"mean cosine {part}")[stop, 0] for part, stop in zip((4, 2, 1), STOPS, strict=True)]
    growing, ema = rows(lab, "mean growing")[STOPS, 0], rows(lab, "mean EMA")[STOPS, 0]
    assert np.all(growing < ends)
    assert ema[2] > 2 * ends[2] and ema[2] == pytest.approx(ema[1], rel=0.05)
    longest = rows(lab, "mean cosine 1")[STOPS, 0]
    assert longest[0] > 1.5 * ends[0] and longest[1] > 1.3 * ends[1]


def test_everything_travels(lab):
    assert set(lab.travels.values()) == {True}
    assert set(average_lab(sigma=0.1, eta=0.005, horizon=1, steps=41).travels.values()) == {True}


def test_it_says_its_numbers(lab):
    text = repr(lab)
    ends = [f"{rows(lab, f'mean cosine {part}')[stop, 0]:#.2g}" for part, stop in zip((4, 2, 1), STOPS, strict=True)]
    growing = [f"{number:#.2g}" for number in rows(lab, "mean growing")[STOPS, 0]]
    constant = [f"{min(mean_of(lambda k, e=eta: e, 2.0, 400)[stop] for eta in RATES):#.2g}" for stop in STOPS]
    assert f"mean L after 100, 200, 400 steps: cosines that end there {', '.join(ends)}" in text
    assert f"growing average, η=0.06 {', '.join(growing)}" in text
    assert f"constant η, the best for each stop {', '.join(constant)}" in text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: average_lab(eta=0.2), r"learning rate η must be in \[0.005, 0.19\], got 0.2"),
        (lambda: average_lab(horizon=0.5), r"h must be in \[1, 200\], got 0.5"),
        (lambda: average_lab(sigma=0), r"noise σ must be in \[0.1, 10\], got 0"),
        (lambda: average_lab(sigma="2"), "noise σ must be a number"),
        (lambda: average_lab(steps=39), "steps must be a whole number"),
        (lambda: average_lab(steps=2001), "steps must be a whole number"),
        (lambda: average_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
