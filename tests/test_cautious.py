"""Cautious optimizers against recorded trajectories of timm and pytorch_optimizer, and what sets them apart."""

import numpy as np
import pytest

from optimlab import descend, ravine, rosenbrock
from optimlab.layers import Layer, Layers
from optimlab.optimizers import (
    Adam,
    AdamW,
    DecoupledWeightDecay,
    GradientDescent,
    Lookahead,
    Momentum,
    Nesterov,
    Optimizer,
    ScheduleFree,
)
from optimlab.optimizers.cautious import Cautious
from optimlab.optimizers.sign import Lion
from optimlab.optimizers.trust import LAMB

from .oracles.nested_entries import NETWORK
from .oracles.problems import PROBLEMS
from .oracles.sign_entries import ON_NETWORK, ON_PROBLEMS
from .test_sign import KEPT, RECORDED, TOLERANCE, on_problem, travelled, walk

LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
OURS = {
    "timm adamw": Cautious(AdamW()),
    "timm adamw 0.1 decay": Cautious(AdamW(weight_decay=0.1)),
    "timm lion": Cautious(Lion()),
    "pytorch_optimizer lion": Cautious(Lion(weight_decay=0.1), rescaling="count"),
}
ON_LAYERS = {
    "net timm adamw": Cautious(AdamW()),
    "net pytorch_optimizer lion": Cautious(Lion(), rescaling="count"),
}
INSIDE = [Momentum(0.02), Adam(0.1), AdamW(0.1, weight_decay=0.3), Lion(0.02, weight_decay=0.3), LAMB(0.1)]


def test_the_recordings_are_those_of_the_entries():
    assert set(OURS) <= set(ON_PROBLEMS) and set(ON_LAYERS) <= set(ON_NETWORK)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    np.testing.assert_allclose(*on_problem(OURS[entry], entry, problem), **TOLERANCE)


@pytest.mark.parametrize("entry", ON_LAYERS)
def test_each_layer_is_a_tensor_of_the_library(entry):
    optimizer = ON_LAYERS[entry].replace(lr=ON_NETWORK[entry][-1])
    np.testing.assert_allclose(walk(optimizer.on(LAYERS), NETWORK)[KEPT], RECORDED[entry], **TOLERANCE)
    assert np.abs(walk(optimizer, NETWORK)[KEPT] - RECORDED[entry]).max() > 1e-3


@pytest.mark.parametrize("rescaling", ["mean", "count"])
@pytest.mark.parametrize("inner", [Momentum(0.001), Adam(0.1), Lion(0.02)], ids=repr)
def test_no_coordinate_moves_against_its_gradient(inner, rescaling):
    for optimizer, uphill in ((Cautious(inner, rescaling), False), (inner, True)):
        path = descend(rosenbrock(), optimizer, steps=80, record=True)
        assert np.any(np.diff(path.theta, axis=0) * path.state["g"] > 0) == uphill


@pytest.mark.parametrize("inner", INSIDE, ids=repr)
def test_a_first_step_is_that_of_the_inner_optimizer(inner):
    """Momentum carries nothing yet, so all coordinates agree."""
    start = [1.0, 1.0]
    one, other = (descend(ravine(), optimizer, start, steps=1).theta[1] for optimizer in (Cautious(inner), inner))
    np.testing.assert_allclose(one, other, rtol=1e-12)


def test_what_is_left_moves_further():
    """Of eight numbers in two layers, 1 of 4 and 3 of 4 agree."""
    layers = Layers((Layer("W", (2, 2)), Layer("b", (4,))))
    v, g = np.ones(8), np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0, -1.0])
    inner = Momentum(0.01, gamma=0.9)
    u = 0.9 * v + 0.01 * g

    def moved(optimizer):
        return -optimizer.step(np.zeros(8), lambda at: g, {"v": v}, 1)[0]

    agree = np.array([1, 0, 0, 0, 1, 1, 1, 0])
    np.testing.assert_allclose(moved(Cautious(inner).on(layers)), u * agree * np.repeat([4, 4 / 3], 4))
    np.testing.assert_allclose(moved(Cautious(inner, "count").on(layers)), u * agree * np.repeat([2, 1], 4))
    np.testing.assert_allclose(moved(Cautious(inner)), u * agree * 2)


def test_where_nothing_agrees_nothing_moves_and_no_number_moves_a_thousand_times_further():
    inner, v = Momentum(1.0, gamma=0.5), np.ones(5000)
    stands, _ = Cautious(inner).step(np.zeros(5000), lambda at: -0.1 * v, {"v": v}, 1)
    np.testing.assert_array_equal(stands, 0.0)
    g = np.where(np.arange(5000) == 7, 0.5, -0.1)
    theta, _ = Cautious(inner).step(np.zeros(5000), lambda at: g, {"v": v}, 1)
    assert theta[7] == pytest.approx(-1000.0) and np.count_nonzero(theta) == 1


@pytest.mark.parametrize("inner", [AdamW(0.1, weight_decay=0.5), Lion(0.1, weight_decay=0.5)], ids=repr)
def test_the_decay_is_not_masked(inner):
    theta = np.array([2.0, -2.0])
    state = inner.init(theta) | {"m": np.array([10.0, 10.0])}
    there, _ = Cautious(inner).step(theta, lambda at: np.array([-1.0, 1.0]), state, 3)
    assert there[0] == pytest.approx(1.9) and there[1] < -2.0


def test_decay_around_caution_is_the_decay_of_adamw():
    one = descend(rosenbrock(), DecoupledWeightDecay(Cautious(Adam(0.05)), 0.3))
    other = descend(rosenbrock(), Cautious(AdamW(0.05, weight_decay=0.3)))
    np.testing.assert_allclose(one.theta, other.theta, rtol=1e-9)


@pytest.mark.parametrize("inner", [Nesterov(0.005), Adam(0.1)], ids=repr)
def test_it_asks_for_no_other_gradients_than_the_inner_optimizer(inner):
    one, other = (descend(ravine(), o, steps=10, record=True) for o in (Cautious(inner), inner))
    np.testing.assert_array_equal(one.evaluations, other.evaluations)
    np.testing.assert_array_equal(one.state["θ_g"][0], other.state["θ_g"][0])


def test_the_gradient_is_the_one_that_the_inner_optimizer_has_asked_for():
    """Nesterov looks ahead, over the minimum: there the slope points back, and the velocity is against it."""
    inner, state = Nesterov(0.1, gamma=0.9), {"v": np.array([2.0])}
    theta = np.array([1.0])
    assert inner.step(theta, lambda at: at, state, 1)[0][0] < theta[0]
    np.testing.assert_array_equal(Cautious(inner).step(theta, lambda at: at, state, 1)[0], theta)


class Blind(Optimizer):
    """It looks at the slope in every second step only."""

    def step(self, theta, grad, state, k):
        return theta * 0.9 - (0 if k % 2 else 0.01 * grad(theta)), {}


def test_a_step_without_a_gradient_is_taken_as_it_is():
    path = descend(ravine(), Cautious(Blind()), steps=2)
    np.testing.assert_array_equal(path.theta[2], 0.9 * path.theta[1])
    np.testing.assert_array_equal(path.evaluations, [0, 1, 1])


def test_it_is_an_optimizer_around_another_one():
    optimizer = Cautious(Adam(0.1), rescaling="count").replace(beta1=0.8, lr=0.2)
    assert optimizer.beta1 == 0.8 and optimizer.lr == 0.2 and optimizer.rescaling == "count"
    assert optimizer.name == "Cautious(Adam)" and set(optimizer.knobs) == set(Adam().knobs)
    assert repr(optimizer) == "Cautious(Adam(η=0.2, β₁=0.8, β₂=0.999), rescaling=count)"
    assert optimizer.replace(rescaling="mean").rescaling == "mean"
    inside = descend(ravine(), Lookahead(Cautious(Adam(0.1))), steps=30)
    assert np.any(inside.theta != descend(ravine(), Lookahead(Adam(0.1)), steps=30).theta)
    assert descend(rosenbrock(), ScheduleFree(Cautious(GradientDescent(0.001))), steps=20).diverged_at is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cautious(Adam), "the optimizer must be an Optimizer"),
        (lambda: Cautious(Adam(), rescaling="sum"), "rescaling must be"),
        (lambda: Cautious(Lookahead(Adam())), r"belongs inside of Lookahead: Lookahead\(Cautious\(Adam\(\)\)\)"),
        (lambda: Cautious(ScheduleFree(Adam())), "belongs inside of ScheduleFree"),
        (lambda: Cautious(DecoupledWeightDecay(Adam())), "weight decay belongs outside of Cautious"),
    ],
)
def test_wrong_values_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("rescaling", ["mean", "count"])
@pytest.mark.parametrize("inner", INSIDE, ids=repr)
def test_many_runs_at_once_equal_a_loop_exactly(inner, rescaling):
    starts, rates = NETWORK.start + np.array([[0.0], [0.1], [-0.2]]), np.array([0.002, 0.05, 0.3])
    optimizer = Cautious(inner, rescaling).on(LAYERS)

    def end(lr, theta):
        setting = optimizer.replace(lr=lr)
        state = setting.init(theta)
        for k in range(10):
            theta, state = setting.step(theta, each_gradient, state, k)
        return theta

    together = end(rates[:, None], starts)
    for i, lr in enumerate(rates):
        np.testing.assert_array_equal(together[i], end(lr, starts[i]))


def each_gradient(theta):
    return np.array([NETWORK.grad(row) for row in theta.reshape(-1, 32)]).reshape(theta.shape)


@pytest.mark.parametrize("inner", INSIDE, ids=repr)
def test_float32_stays(inner):
    optimizer, theta = Cautious(inner, "count").of_type(np.float32), np.array([1.0, -2.0], np.float32)
    assert optimizer.step(theta, lambda at: at, optimizer.init(theta), 0)[0].dtype == np.float32


@pytest.mark.parametrize("rescaling", ["mean", "count"])
@pytest.mark.parametrize("inner", INSIDE, ids=repr)
def test_it_travels(inner, rescaling):
    np.testing.assert_allclose(*travelled(Cautious(inner, rescaling), ravine()), rtol=1e-10)
