"""EMA and SWA against recorded averages of PyTorch and optax, and what sets them apart.

``oracles/averages.npz`` holds what the real libraries did in 200 steps (``oracles/record_averages.py`` shows how).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Momentum, Noisy, descend, ravine, train
from optimlab.labs.sources import path_source
from optimlab.labs.travel import rows_of_recipe
from optimlab.optimizers import AdamW, DecoupledWeightDecay, Lookahead, Muon, ScheduleFree
from optimlab.optimizers.averages import EMA, SWA
from optimlab.schedules import exponential_decay

from .test_protocol import little

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.averages_entries import ALL, AVERAGES
from oracles.problems import decayed
from oracles.walks import assert_recorded

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "averages.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
OURS = {
    "torch ema": EMA(Adam(), beta=0.9),
    "torch ema first decay": EMA(Momentum(gamma=0.9, lr_outside=True), beta=0.99, initial="first"),
    "optax ema": EMA(Adam(), beta=0.95, initial="corrected"),
    "optax ema short": EMA(GradientDescent(), beta=0.5, initial="corrected"),
    "torch swa": SWA(Adam(), start=50),
    "torch swa cycle decay": SWA(Momentum(gamma=0.9, lr_outside=True), start=40, cycle=7),
    "torch swa all": SWA(GradientDescent()),
}
EACH = [EMA(Adam(0.1)), EMA(Momentum(0.02), initial="first"), EMA(Adam(0.1), initial="corrected"), SWA(Adam(0.1), 9, 4)]


def points(optimizer, steps=30, **options):
    """θ, and the w below it, on a ravine."""
    path = descend(ravine(kappa=20, angle=30), optimizer, steps=steps, record=True, **options)
    return path.theta, path.state["w"]


def test_the_recordings_are_those_of_the_entries():
    assert set(AVERAGES) == set(OURS) and set(AVERAGES) <= set(RECORDED)


@pytest.mark.parametrize("problem", ALL)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    lr = AVERAGES[entry][-1][problem]
    optimizer = OURS[entry].replace(lr=decayed(lr) if entry.endswith("decay") else lr)
    assert_recorded(optimizer, entry, problem, RECORDED)


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_below_an_average_the_inner_optimizer_walks_as_if_it_were_alone(optimizer):
    alone = descend(ravine(kappa=20, angle=30), optimizer.inner, steps=30, record=True)
    path = descend(ravine(kappa=20, angle=30), optimizer, steps=30, record=True)
    np.testing.assert_array_equal(path.state["w"], alone.theta)
    np.testing.assert_array_equal(path.state["θ_g"], alone.theta[:-1])
    np.testing.assert_array_equal(path.evaluations, alone.evaluations)
    np.testing.assert_array_equal(path.loss, ravine(kappa=20, angle=30).value(path.theta))  # that of the average


@pytest.mark.parametrize("initial", ["start", "first", "corrected"])
def test_the_weights_of_an_ema_fall_with_age_and_sum_to_one(initial):
    beta, t = 0.8, 12
    theta, w = points(EMA(Adam(0.1), beta=beta, initial=initial), steps=t)
    weights = (1 - beta) * beta ** np.arange(t, -1, -1.0)
    if initial == "start":
        weights[0] = beta**t
    else:
        weights[0] = 0
        weights[1] = beta ** (t - 1) if initial == "first" else weights[1]
        weights /= weights.sum() if initial == "corrected" else 1
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(theta[-1], weights @ w, rtol=1e-12)


def test_swa_is_the_mean_of_every_cth_point_from_the_sth_on():
    theta, w = points(SWA(Adam(0.1), start=9, cycle=4))
    np.testing.assert_array_equal(theta[:10], w[:10])
    for t in range(9, 31):
        np.testing.assert_allclose(theta[t], w[9 : t + 1 : 4].mean(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(theta[9], theta[12])
    everything, w = points(SWA(Adam(0.1)))
    np.testing.assert_allclose(everything[-1], w.mean(axis=0), rtol=1e-12)


def test_an_average_that_forgets_at_once_or_has_not_begun_is_the_inner_optimizer():
    for optimizer in (EMA(Adam(0.1), beta=0.0), SWA(Adam(0.1), start=1000)):
        theta, w = points(optimizer)
        np.testing.assert_array_equal(theta, w)


def test_averages_calm_the_noise_that_a_constant_rate_leaves():
    """Of gradient descent on ½λx² the noise of the points is ησ²/(λ(2−ηλ)); the mean of n of them comes to σ²/(nλ²)."""
    noisy = Noisy(ravine(kappa=2), 1.0, seed=1)
    starts = np.zeros((200, 2))
    losses = {
        optimizer.name: descend(noisy, optimizer, starts, steps=400).loss[-1].mean()
        for optimizer in (GradientDescent(0.5), EMA(GradientDescent(0.5), beta=0.98), SWA(GradientDescent(0.5), 100))
    }
    plain, ema, swa = losses.values()
    assert swa < ema < plain / 10
    assert swa == pytest.approx((1 + 1 / 2) / 2 / 300, rel=0.25)


def test_training_tests_the_average_and_decay_belongs_inside():
    network, data = little()
    options = {"epochs": 3, "batch_size": 10, "progress": False}
    averaged, alone = (train(network, data, optimizer, **options) for optimizer in (EMA(AdamW(0.05), 0.9), AdamW(0.05)))
    assert averaged.loss[0] == alone.loss[0] and averaged.loss[-1] != alone.loss[-1]
    assert averaged.gradients == alone.gradients
    plain = network.value(averaged.theta, data.X, data.y) - 0.005 * np.sum(
        network.on(data).layers.matrices(averaged.theta) ** 2
    )
    assert averaged.loss[-1] == pytest.approx(plain, rel=1e-9)
    with pytest.raises(ValueError, match="weight decay belongs inside of EMA"):
        train(network, data, EMA(Adam()), weight_decay=0.02, **options)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: EMA(Adam(), beta=1.0), "decay of the average β must be in [0, 1), got 1"),
        (lambda: EMA(Adam(), initial="zero"), "initial must be one of start, first, corrected, got 'zero'"),
        (lambda: EMA(Adam), "the optimizer must be an Optimizer, such as Adam(lr=0.1), got the class Adam"),
        (lambda: EMA(ScheduleFree(GradientDescent())), "EMA and ScheduleFree("),
        (lambda: SWA(Adam(), start=-1), "start of the average s must be a whole number in [0, ∞), got -1"),
        (lambda: SWA(Adam(), cycle=0), "cycle c must be a whole number in [1, ∞), got 0"),
        (lambda: SWA(Adam(), cycle=1.5), "cycle c must be a whole number in [1, ∞), got 1.5"),
        (lambda: DecoupledWeightDecay(SWA(Adam())), "weight decay belongs inside of SWA: SWA(AdamW("),
        (lambda: EMA(SWA(Adam())).init(np.ones(2)), "EMA and SWA(Adam("),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text) and "\n" not in str(caught.value)


@pytest.mark.parametrize("optimizer", [*EACH, SWA(Lookahead(Adam(0.1)), 5), EMA(Muon(0.02))], ids=repr)
@pytest.mark.parametrize("knob", ["lr", "beta", "start", "cycle"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    knob = knob if knob in optimizer.knobs else "lr"
    loss, values = ravine(kappa=20, angle=30), np.array([3, 1, 7] if knob in ("start", "cycle") else [0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize("optimizer", [*EACH, EMA(Adam(exponential_decay(0.1, 0.9)))], ids=repr)
def test_they_travel(optimizer):
    source = path_source("run", ravine(), optimizer, "run", 40)
    values = {"start": [1.0, 1.0], "kappa": 7.0, "angle": 20.0}
    values |= {f"run {name}": getattr(optimizer, name) for name in optimizer.knobs if optimizer.knobs[name].slider}
    assert isinstance(source.recipe, dict), source.recipe
    np.testing.assert_allclose(rows_of_recipe(source.recipe, values), source.compute(values), rtol=1e-9, atol=1e-12)


def test_float32_stays_float32():
    for optimizer in EACH:
        path = descend(ravine(), optimizer, np.ones(2, np.float32), steps=5, record=True)
        assert path.theta.dtype == path.state["w"].dtype == np.float32
