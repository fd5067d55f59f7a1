"""Theory of steps that keep only the sign, each formula against a loop that is written out or a table."""

import math

import numpy as np
import pytest

from optimlab.adam_theory import noise_floor
from optimlab.sign_theory import mean_sign, sign_floor, sign_floor_any, signum_floor


def mean_square(eta, sigma, lam=1.0, beta=0.0, steps=4000, copies=600, draw=None):
    """E[x²] over the second half of x ← x − η sign(m), m ← βm + (1−β)(λx + σξ), from between −η and η on."""
    random = np.random.default_rng(5)
    draw = draw or random.standard_normal
    x, m, squares = random.uniform(-eta, eta, copies), np.zeros(copies), []
    for k in range(steps):
        m = beta * m + (1 - beta) * (lam * x + sigma * draw(size=copies))
        x = x - eta * np.sign(m)
        if k >= steps // 2:
            squares.append(np.mean(x * x))
    return np.mean(squares)


def balanced(eta, sigma, phase):
    """E[x²] of sign descent on ½x², exactly: x stays on places η apart, and as many go up from each as come down."""
    places = eta * (np.arange(-400, 401) + phase)
    down = np.array([0.5 * math.erfc(-x / (sigma * math.sqrt(2))) for x in places])
    weight = np.zeros(len(places))
    middle = 400
    weight[middle] = 1
    for i in range(middle, 800):
        weight[i + 1] = weight[i] * (1 - down[i]) / max(down[i + 1], 1e-300)
    for i in range(middle, 0, -1):
        weight[i - 1] = weight[i] * down[i] / max(1 - down[i - 1], 1e-300)
    return np.sum(weight * places**2) / np.sum(weight)


@pytest.mark.parametrize(("snr", "known"), [(0.0, 0.0), (0.5, 0.38292), (1.0, 0.68269), (-2.0, -0.95450)])
def test_the_mean_of_the_sign_is_the_normal_table(snr, known):
    assert mean_sign(snr) == pytest.approx(known, abs=1e-5)


def test_the_mean_of_the_sign_is_what_draws_have():
    xi = np.random.default_rng(0).standard_normal(400_000)
    for snr in (0.05, 0.4, 2.5):
        assert mean_sign(snr) == pytest.approx(np.mean(np.sign(snr + xi)), abs=0.006)
    assert mean_sign(1e-4) == pytest.approx(math.sqrt(2 / math.pi) * 1e-4, rel=1e-6)
    assert mean_sign(np.ones((2, 3))).shape == (2, 3)


@pytest.mark.parametrize(("eta", "sigma", "lam"), [(0.01, 1.0, 1.0), (0.01, 0.3, 1.0), (0.02, 2.0, 3.0)])
def test_the_floor_is_measured(eta, sigma, lam):
    assert sign_floor(eta, sigma, lam) == pytest.approx(mean_square(eta, sigma, lam), rel=0.06)


@pytest.mark.parametrize("ratio", [0.03, 0.1, 0.3, 1.0])
def test_the_exact_balance_is_met(ratio):
    exact = np.mean([balanced(ratio, 1.0, phase) for phase in (0.0, 0.25, 0.5, 0.75)])
    assert sign_floor_any(ratio, 1.0) == pytest.approx(exact, rel=0.02)
    assert exact / sign_floor(ratio, 1.0) == pytest.approx(
        {0.03: 1.0094, 0.1: 1.032, 0.3: 1.097, 1.0: 1.34}[ratio], 0.01
    )


def test_without_noise_it_does_not_come_to_rest():
    assert mean_square(0.1, 0.0, steps=400) == pytest.approx(0.01 / 3, rel=0.1)
    assert sign_floor_any(0.1, 0.0) == pytest.approx(math.pi / 8 * 0.01)
    assert sign_floor_any(1e-5, 1.0) == pytest.approx(sign_floor(1e-5, 1.0), rel=1e-4)
    assert sign_floor_any(0.2, 3.0, 2.0) == pytest.approx(sign_floor_any(0.2, 1.5))


def test_the_price_of_the_size_depends_on_the_noise():
    """η/(4λf), f the density of the noise at 0: normal noise costs 1.25, uniform noise more, Laplace noise less."""
    assert sign_floor(0.01, 0.5, 2.0) / noise_floor(0.01, 0.5, 2.0) == pytest.approx(math.sqrt(math.pi / 2))
    random = np.random.default_rng(6)
    half = math.sqrt(3)
    uniform = mean_square(0.01, 1.0, draw=lambda size: random.uniform(-half, half, size))
    assert uniform == pytest.approx(0.01 * 2 * half / 4, rel=0.07)
    laplace = mean_square(0.003, 1.0, draw=lambda size: random.laplace(scale=math.sqrt(0.5), size=size))
    assert laplace == pytest.approx(0.003 * math.sqrt(2) / 4, rel=0.1)
    assert laplace < 0.85 * noise_floor(0.003, 1.0)


@pytest.mark.parametrize(("ratio", "beta"), [(0.3, 0.9), (0.1, 0.99), (0.03, 0.5), (0.01, 0.9), (0.01, 0.99)])
def test_the_floor_of_signum_is_measured(ratio, beta):
    assert signum_floor(ratio, 1.0, beta) == pytest.approx(mean_square(ratio, 1.0, beta=beta), rel=0.08)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.6, 0.9, 0.99, 0.999])
def test_the_short_form_is_close_to_the_sum(beta):
    total = sum(math.asin(beta**j) for j in range(1, 12_000))
    long = math.sqrt((1 - beta) / (1 + beta)) * (1 + 4 / math.pi * total)
    assert -1e-12 <= signum_floor(1e-3, 1.0, beta) / sign_floor(1e-3, 1.0) / long - 1 < 0.065
    if beta > 0.95:
        assert long * math.sqrt(1 - beta) == pytest.approx(math.sqrt(2) * math.log(2), rel=0.003)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: mean_sign("x"), "SNR must be a number, got 'x'"),
        (lambda: mean_sign(math.nan), "SNR must be a number, got nan"),
        (lambda: sign_floor(0, 1.0), "η must be a number above 0, got 0"),
        (lambda: sign_floor(0.1, -1.0), "σ must be a number above 0, got -1.0"),
        (lambda: sign_floor(0.1, 1.0, 0.0), "λ must be a number above 0, got 0.0"),
        (lambda: sign_floor_any(0.1, -1.0), "σ must be a number of at least 0, got -1.0"),
        (lambda: sign_floor_any(0.0, 1.0), "η must be a number above 0"),
        (lambda: signum_floor(0.1, 1.0, 1.0), r"β must be a number in \[0, 1\), got 1.0"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
