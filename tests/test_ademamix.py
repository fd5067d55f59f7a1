"""AdEMAMix against recorded trajectories of its authors, pytorch_optimizer and optax, and what sets it apart.

``oracles/averages.npz`` holds what the real libraries did in 200 steps (``oracles/record_averages.py`` shows how).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import Adam, descend, ravine
from optimlab.labs.sources import path_source
from optimlab.labs.travel import rows_of_recipe
from optimlab.optimizers import AdamW
from optimlab.optimizers.ademamix import AdEMAMix

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.averages_entries import ADEMAMIX, ALL
from oracles.problems import decayed
from oracles.walks import assert_recorded

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "averages.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
QUICK = {"beta1": 0.8, "beta2": 0.99, "beta3": 0.995}
OURS = {
    "authors ademamix": AdEMAMix(alpha=2.0),
    "authors ademamix 0.1": AdEMAMix(**QUICK, weight_decay=0.1, alpha=4.0, alpha_warmup=60),
    "authors ademamix warm": AdEMAMix(alpha=2.0, alpha_warmup=90, beta3_warmup=120),
    "pytorch_optimizer ademamix warm": AdEMAMix(alpha_warmup=120, beta3_warmup=120),
    "pytorch_optimizer ademamix long decay": AdEMAMix(**QUICK, alpha_warmup=500, beta3_warmup=500),
    "optax ademamix": AdEMAMix(),
    "optax ademamix decay": AdEMAMix(beta3=0.99, alpha=8.0, weight_decay=0.1),
}


def test_the_recordings_are_those_of_the_entries():
    assert set(ADEMAMIX) == set(OURS) and set(ADEMAMIX) <= set(RECORDED)


@pytest.mark.parametrize("problem", ALL)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    lr = ADEMAMIX[entry][-1][problem]
    optimizer = OURS[entry].replace(lr=decayed(lr) if entry.endswith("decay") else lr)
    assert_recorded(optimizer, entry, problem, RECORDED)


def test_without_its_slow_mean_it_is_adam():
    loss = ravine(kappa=20, angle=30)
    for mixed, plain in ((AdEMAMix(0.1, alpha=0.0), Adam(0.1)), (AdEMAMix(0.1, alpha=0, weight_decay=0.2), None)):
        plain = plain or AdamW(0.1, weight_decay=0.2)
        paths = [descend(loss, optimizer, steps=40).theta for optimizer in (mixed, plain)]
        np.testing.assert_allclose(*paths, rtol=1e-10)


def paper(t, T, beta1, beta3):
    """β₃ at step t, as the paper prints it."""
    l1, l3 = np.log(beta1), np.log(beta3)
    return min(np.exp(l1 * l3 / ((1 - t / T) * l3 + t / T * l1)), beta3)


def test_alpha_and_beta3_grow_as_in_the_paper_and_then_stay():
    rule, T = AdEMAMix(alpha=6.0, beta3=0.999, alpha_warmup=50, beta3_warmup=80), 80
    for t in (1, 2, 10, 49, 50, 79, 80, 81, 500):
        alpha, beta3 = rule.warmed(t)
        assert alpha == pytest.approx(min(t * 6 / 50, 6), rel=1e-14)
        assert beta3 == pytest.approx(paper(t, T, 0.9, 0.999), rel=1e-13)
    assert rule.warmed(80)[1] == 0.999 and rule.warmed(79)[1] < 0.999
    for beta3 in (0.9999, *np.linspace(0.91, 0.9995, 40)):
        assert AdEMAMix(beta3=beta3).warmed(1) == (5.0, beta3)


def test_the_half_life_of_the_slow_mean_grows_evenly():
    rule = AdEMAMix(beta3_warmup=100)
    lives = np.log(0.5) / np.log([rule.warmed(t)[1] for t in range(1, 101)])
    np.testing.assert_allclose(np.diff(lives), (np.log(0.5) / np.log(0.9999) - np.log(0.5) / np.log(0.9)) / 100)


def test_a_slow_mean_that_is_quicker_than_the_fast_one_needs_no_warmup_and_the_fast_one_may_be_the_gradient():
    assert AdEMAMix(beta3=0.5, beta3_warmup=100).warmed(3)[1] == 0.5
    eager = AdEMAMix(beta1=0.0, beta3_warmup=100)
    assert eager.warmed(25)[1] == pytest.approx(0.9999**4, rel=1e-12)  # the limit of the formula: a quarter of ln½/lnβ₃
    assert np.isfinite(descend(ravine(), eager.replace(lr=0.01), steps=30).theta).all()


def test_a_gradient_that_never_comes_again_is_remembered_for_long():
    """After one gradient of 1, Adam's mean is gone in 100 steps; the slow mean still holds nine tenths of its own."""
    rule, theta = AdEMAMix(0.01, beta3=0.999), np.zeros(1)
    state, kept = rule.init(theta), []
    for k in range(101):
        theta, state = rule.step(theta, lambda at, k=k: np.full(1, float(k == 0)), state, k)
        kept.append((state["m₁"][0], state["m₂"][0]))
    (fast, slow), (fast_end, slow_end) = kept[0], kept[-1]
    assert fast_end < 1e-4 * fast and slow_end == pytest.approx(0.999**100 * slow) and slow_end > 0.9 * slow


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"beta3": 1.0}, "slow first-moment decay β₃ must be in [0, 1), got 1"),
        ({"alpha": -1.0}, "weight of the slow mean α must be in [0, ∞), got -1"),
        ({"alpha_warmup": 2.5}, "warmup of α T_α must be a whole number in [0, ∞), got 2.5"),
        ({"beta3_warmup": 2.5}, "warmup of β₃ T_β₃ must be a whole number in [0, ∞), got 2.5"),
        ({"beta3_warmup": None}, "warmup of β₃ T_β₃ must be a number in [0, ∞), got None"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(options, text):
    with pytest.raises(ValueError) as caught:
        AdEMAMix(**options)
    assert str(caught.value) == text


EACH = [AdEMAMix(0.02), AdEMAMix(0.02, beta3=0.99, alpha_warmup=10, beta3_warmup=20, weight_decay=0.1)]


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
@pytest.mark.parametrize("knob", ["lr", "beta1", "beta2", "beta3", "alpha", "alpha_warmup", "beta3_warmup"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    values = np.array([0, 5, 30] if "warmup" in knob else [0.002, 0.05, 0.9])
    loss = ravine(kappa=20, angle=30)
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_it_travels(optimizer):
    source = path_source("run", ravine(), optimizer, "run", 40)
    values = {"start": [1.0, 1.0], "kappa": 7.0, "angle": 20.0}
    values |= {f"run {name}": getattr(optimizer, name) for name in optimizer.knobs if optimizer.knobs[name].slider}
    assert isinstance(source.recipe, dict), source.recipe
    np.testing.assert_allclose(rows_of_recipe(source.recipe, values), source.compute(values), rtol=1e-9, atol=1e-12)


def test_float32_stays_float32():
    assert descend(ravine(), EACH[1], np.ones(2, np.float32), steps=5).theta.dtype == np.float32
