"""Theory of Adam, each formula against a loop that is written out."""

import numpy as np
import pytest

from optimlab.adam_theory import (
    bias_factor,
    bias_peak,
    decayed,
    decoupled_spread,
    giant_drift,
    mean_step,
    noise_floor,
    spike_step,
    stable_curvature,
)
from optimlab.tape import record

BETAS = [(0.9, 0.999), (0.9, 0.99), (0.95, 0.95), (0.0, 0.999), (0.9, 0.0)]


@pytest.mark.parametrize("betas", BETAS)
def test_the_factor_is_what_two_rows_of_steps_have(betas):
    b1, b2 = betas
    m, v, random = 0.0, 0.0, np.random.default_rng(1)
    for t in range(1, 60):
        g = random.normal(1.0, 0.3)
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        corrected = m / (1 - b1**t) / np.sqrt(v / (1 - b2**t))
        assert bias_factor(t, b1, b2) == pytest.approx(m / np.sqrt(v) / corrected, rel=1e-12)


@pytest.mark.parametrize(("b1", "b2"), [(0.9, 0.9999), (0.8, 0.99999), (0.99, 0.999999)])
def test_the_peak_is_where_the_factor_is_largest(b1, b2):
    t = np.linspace(1, 1000, 99_901)
    factor = bias_factor(t, b1, b2)
    at, most = bias_peak(b1, b2)
    assert at == pytest.approx(t[factor.argmax()], rel=0.01)
    assert most == pytest.approx(factor.max(), rel=0.01)


@pytest.mark.parametrize("snr", [0.1, 1.0, 4.0])
def test_the_mean_step_in_noise(snr):
    random = np.random.default_rng(2)
    m, v, means = 0.0, 1 + snr**2, []
    for _ in range(2500):
        g = random.normal(snr, 1.0, 400)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        means.append(np.mean(m / np.sqrt(v)))
    assert np.mean(means[500:]) == pytest.approx(mean_step(snr), abs=0.004)
    assert mean_step(0.0) == 0


@pytest.mark.parametrize(("eta", "sigma", "lam"), [(0.01, 1.0, 1.0), (0.01, 0.3, 1.0), (0.01, 3.0, 3.0)])
def test_the_floor_under_noise(eta, sigma, lam):
    random = np.random.default_rng(3)
    x, m, v, squares = np.zeros(400), 0.0, sigma**2, []
    for _ in range(4000):
        g = lam * x + random.normal(0, sigma, 400)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - eta * m / np.sqrt(v)
        squares.append(np.mean(x**2))
    assert np.mean(squares[1500:]) == pytest.approx(noise_floor(eta, sigma, lam), rel=0.05)


@pytest.mark.parametrize(
    ("giant", "period", "beta2"),
    [
        (4, 3, 0.1),
        (4, 3, 0.5),
        (10, 3, 0.098),
        (30, 20, 0.9),
        (60, 50, 0.97),
        (400, 300, 0.99),
        (25, 17, 0.3),
        (2, 2, 0.5),
    ],
)
def test_the_drift_of_a_cycle(giant, period, beta2):
    v, x, last = 0.0, 0.0, 0.0
    cycles = int(30 / (1 - beta2) / period) + 5
    for k in range(period * cycles):
        if k == period * (cycles - 1):
            last = x
        g = giant if k % period == 0 else -1.0
        v = beta2 * v + (1 - beta2) * g * g
        x -= g / np.sqrt(v)
    assert giant_drift(giant, period, beta2) == pytest.approx(last - x, abs=0.02)


def test_many_drifts_at_once_and_as_a_formula():
    giant, period, beta2 = np.array([3.0, 4.0, 10.0]), 3, np.array([[0.05], [0.473], [0.99]])
    wanted = giant_drift(giant, period, beta2)
    assert wanted.shape == (3, 3)
    tape = record(lambda v: {"d": giant_drift(v["C"], v["N"], v["b"])}, {"C": (), "N": (), "b": ()})
    assert tape.run({"C": 4.0, "N": 3.0, "b": 0.473})["d"].item() == pytest.approx(wanted[1, 1], rel=1e-12)


@pytest.mark.parametrize("sigma", [1.0, 0.1])
def test_what_is_left_of_weights_in_noise(sigma):
    eta, steps, random = 1e-3, 3000, np.random.default_rng(4)
    ends = {}
    for l2, decay in ((0.02, 0.0), (0.0, 0.2)):
        w, m, v = np.ones(400), 0.0, sigma**2
        for _ in range(steps):
            g = sigma * random.normal(size=400) + l2 * w
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - eta * decay * w - eta * m / np.sqrt(v)
        ends[bool(l2)] = w
    assert ends[True].mean() == pytest.approx(decayed(eta, 0.02, steps, sigma), abs=0.015)
    assert ends[False].mean() == pytest.approx(decayed(eta, 0.2, steps), abs=0.015)
    assert ends[False].std() == pytest.approx(decoupled_spread(eta, 0.2, steps), rel=0.12)
    assert decoupled_spread(eta, 0.2) == pytest.approx(np.sqrt(eta / 0.4))


@pytest.mark.parametrize(("eta", "beta1"), [(0.1, 0.9), (0.03, 0.5), (1.0, 0.0)])
def test_beyond_the_stable_curvature_a_fixed_scale_diverges(eta, beta1):
    for factor, grows in ((0.98, False), (1.02, True)):
        felt = factor * stable_curvature(eta, beta1)
        x, m = 1.0, 0.0
        for _ in range(3000):
            m = beta1 * m + (1 - beta1) * felt * x
            x -= eta * m
        assert (abs(x) > 1) == grows


@pytest.mark.parametrize(("eta", "b1", "b2", "lam"), [(0.1, 0.9, 0.99, 1), (0.1, 0.5, 0.99, 3), (0.05, 0.9, 0.99, 2)])
def test_the_step_of_the_burst_is_told_before(eta, b1, b2, lam):
    x, m, v, told, crossed = 1.0, 0.0, 0.0, None, None
    for t in range(1, 4001):
        g = lam * x
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        felt = lam / np.sqrt(v / (1 - b2**t))
        if told is None and abs(x) < 1e-9:
            told = spike_step(v, lam, eta, b1, b2, t)
            assert felt < 0.5 * stable_curvature(eta, b1)
        if told is not None and crossed is None and felt > stable_curvature(eta, b1):
            crossed = t
        x -= eta * m / (1 - b1**t) * felt / lam
    assert crossed is not None
    assert told <= crossed <= told + 3


@pytest.mark.parametrize(
    ("call", "symbol"),
    [
        (lambda: bias_factor(0, 0.9, 0.99), "t must be"),
        (lambda: bias_factor(1, 1.0, 0.99), "β₁ must be"),
        (lambda: bias_peak(0.0, 0.99), "β₁ must be"),
        (lambda: mean_step(-1), "SNR must be"),
        (lambda: noise_floor(0.1, 0.0), "σ must be"),
        (lambda: giant_drift(0.5, 3, 0.1), "C must be"),
        (lambda: giant_drift(4, 2.5, 0.1), "N must be"),
        (lambda: giant_drift(4, 3, 1.0), "β₂ must be"),
        (lambda: decayed(0.1, -1, 5), "λ must be"),
        (lambda: decayed(0.1, 1, np.nan), "T must be"),
        (lambda: decoupled_spread(-0.1, 1), "η must be"),
        (lambda: stable_curvature(0.1, "much"), "β₁ must be"),
        (lambda: spike_step(0.0, 1, 0.1, 0.9, 0.99), "v must be"),
    ],
)
def test_what_is_not_allowed_is_named(call, symbol):
    with pytest.raises(ValueError, match=symbol):
        call()
