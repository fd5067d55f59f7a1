"""SAM against recorded trajectories of optax and pytorch_optimizer, and what sets it apart.

``oracles/averages.npz`` holds what the real libraries did in 200 steps (``oracles/record_averages.py`` shows how).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Momentum, Nesterov, descend, ravine, train
from optimlab.labs.sources import path_source
from optimlab.labs.travel import rows_of_recipe
from optimlab.losses import Loss
from optimlab.optimizers import Adadelta, AdamW, Lookahead, Muon
from optimlab.optimizers.sam import SAM

from .test_protocol import little

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.averages_entries import ALL
from oracles.averages_entries import SAM as ENTRIES
from oracles.problems import decayed
from oracles.walks import assert_recorded

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "averages.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
OURS = {
    "optax sam": SAM(GradientDescent()),
    "optax sam adam": SAM(Adam(), rho=0.1),
    "pytorch_optimizer sam momentum decay": SAM(Momentum(gamma=0.9, lr_outside=True)),
    "pytorch_optimizer sam adam": SAM(Adam(), rho=0.02),
}


def test_the_recordings_are_those_of_the_entries():
    assert set(ENTRIES) == set(OURS) and set(ENTRIES) <= set(RECORDED)


@pytest.mark.parametrize("problem", ALL)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    lr = ENTRIES[entry][-1][problem]
    optimizer = OURS[entry].replace(lr=decayed(lr) if entry.endswith("decay") else lr)
    assert_recorded(optimizer, entry, problem, RECORDED)


def test_a_step_asks_twice_here_and_at_a_distance_of_rho_uphill():
    surface = ravine(kappa=7, angle=20)
    path = descend(surface, SAM(GradientDescent(0.02), rho=0.3), steps=8, record=True)
    np.testing.assert_array_equal(path.evaluations, 2 * np.arange(9))
    away = path.state["θ_g"] - path.theta[:-1]
    np.testing.assert_allclose(np.linalg.norm(away, axis=-1), 0.3, rtol=1e-12)
    slope = surface.gradient(path.theta[:-1])
    np.testing.assert_allclose(np.sum(away * slope, axis=-1), 0.3 * np.linalg.norm(slope, axis=-1), rtol=1e-12)
    np.testing.assert_allclose(np.diff(path.theta, axis=0), -0.02 * path.state["g"], rtol=1e-9)


def test_both_gradients_of_a_step_are_of_the_same_batch():
    network, data = little()
    loss = network.on(data, batch_size=15)
    path = descend(loss, SAM(GradientDescent(0.1), rho=0.2), steps=6)
    np.testing.assert_array_equal(path.cost, 2 * descend(loss, GradientDescent(0.1), steps=6).cost)
    theta = path.theta[0]
    for k in range(6):
        grad = loss.gradient_at(k)
        g = grad(theta)
        theta = theta - 0.1 * grad(theta + 0.2 * g / np.linalg.norm(g))
        np.testing.assert_allclose(path.theta[k + 1], theta, rtol=1e-9)


@pytest.mark.parametrize("inner", [GradientDescent(0.02), Adam(0.1), Nesterov(0.02, 0.8)], ids=repr)
def test_without_a_radius_it_is_the_inner_optimizer(inner):
    sharp, alone = (descend(ravine(), optimizer, steps=20).theta for optimizer in (SAM(inner, rho=0.0), inner))
    np.testing.assert_array_equal(sharp, alone)


def test_an_inner_optimizer_that_looks_elsewhere_is_given_the_worst_gradient_there():
    surface, gamma, eta, rho = ravine(kappa=7, angle=20), 0.8, 0.02, 0.3
    path = descend(surface, SAM(Nesterov(eta, gamma), rho), steps=6)
    theta, v = np.array(surface.start), 0.0
    for _ in range(6):
        ahead = theta - gamma * v
        g = surface.gradient(ahead)
        v = gamma * v + eta * surface.gradient(ahead + rho * g / np.linalg.norm(g))
        theta = theta - v
    np.testing.assert_allclose(path.theta[-1], theta, rtol=1e-12)


def test_on_a_bowl_it_hops_about_the_minimum_where_gradient_descent_comes_to_rest():
    """x ← x − η(x + ρ sign x) ends between two points ±x, with x = ηρ/(2−η)."""
    eta, rho = 0.1, 0.5
    ends = descend(ravine(kappa=1, angle=0), SAM(GradientDescent(eta), rho), [1.0, 0.0], steps=200).theta[-2:, 0]
    np.testing.assert_allclose(np.abs(ends), eta * rho / (2 - eta), rtol=1e-9)
    assert ends[0] * ends[1] < 0


class Gorge(Loss):
    """½(1 + y²)x²: every point of the y-axis is a minimum, and the sharpness there is 1 + y²."""

    start, dim = (0.3, 1.5), 2

    def value(self, theta):
        x, y = theta[..., 0], theta[..., 1]
        return 0.5 * (1 + y**2) * x**2

    def gradient(self, theta):
        x, y = theta[..., 0], theta[..., 1]
        return np.stack([(1 + y**2) * x, y * x**2], axis=-1)


def test_along_a_valley_of_minima_it_drifts_to_where_it_is_flat():
    ends = {rho: descend(Gorge(), SAM(GradientDescent(0.1), rho), steps=1500).theta[-1] for rho in (0.0, 0.1, 0.2)}
    assert ends[0.0][1] > 1.4 and abs(ends[0.0][0]) < 1e-9
    assert 1.2 > ends[0.1][1] > 2 * ends[0.2][1] > 0


def test_where_there_is_no_slope_there_is_no_direction():
    theta, _ = SAM(GradientDescent(0.1)).step(np.zeros((2, 3)), lambda at: at, {}, 0)
    np.testing.assert_array_equal(theta, 0)


def test_training_counts_both_gradients_and_decays_all_the_same():
    network, data = little()
    options = {"epochs": 2, "batch_size": 10, "progress": False}
    history = train(network, data, SAM(AdamW(0.01)), **options)
    assert history.gradients == 2 * history.steps
    beside = train(network, data, SAM(Momentum(0.05)), weight_decay=0.02, **options)
    assert not np.array_equal(beside.theta, train(network, data, SAM(Momentum(0.05)), **options).theta)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: SAM(Adam(), rho=-0.1), "radius ρ must be in [0, ∞), got -0.1"),
        (lambda: SAM(Adam), "the optimizer must be an Optimizer, such as Adam(lr=0.1), got the class Adam"),
        (lambda: SAM(Adadelta()), "SAM and Adadelta("),
        (lambda: SAM(SAM(Adam())), "SAM and SAM(Adam("),
    ],
)
def test_what_does_not_fit_is_refused_in_one_sentence(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text) and "\n" not in str(caught.value)


EACH = [SAM(GradientDescent(0.02)), SAM(Adam(0.1), rho=0.2), SAM(Lookahead(Momentum(0.02))), SAM(Muon(0.02))]


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
@pytest.mark.parametrize("knob", ["lr", "rho"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    loss, values = ravine(kappa=20, angle=30), np.array([0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize("optimizer", EACH[:3], ids=repr)
def test_it_travels(optimizer):
    source = path_source("run", ravine(), optimizer, "run", 40)
    values = {"start": [1.0, 1.0], "kappa": 7.0, "angle": 20.0}
    values |= {f"run {name}": getattr(optimizer, name) for name in optimizer.knobs if optimizer.knobs[name].slider}
    assert isinstance(source.recipe, dict), source.recipe
    np.testing.assert_allclose(rows_of_recipe(source.recipe, values), source.compute(values), rtol=1e-9, atol=1e-12)
