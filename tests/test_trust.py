"""LARS and LAMB against recorded trajectories of optax, pytorch_optimizer and timm, and what sets them apart."""

from itertools import pairwise

import numpy as np
import pytest

from optimlab import descend, ravine
from optimlab.layers import Layer, Layers
from optimlab.optimizers import Adam
from optimlab.optimizers.trust import LAMB, LARS

from .oracles.nested_entries import NETWORK, join, split
from .oracles.problems import PROBLEMS, decayed
from .oracles.sign_entries import ON_NETWORK
from .test_sign import KEPT, RECORDED, TOLERANCE, on_problem, travelled, walk

LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
ON_ONE_LAYER = {
    "optax lars": LARS(trust_coefficient=0.01, form="optax"),
    "optax lamb": LAMB(),
}
OURS = {
    "net optax lars": LARS(weight_decay=0.01, trust_coefficient=0.01, form="optax"),
    "net optax lars zero decay": LARS(gamma=0.8, weight_decay=0.0, trust_coefficient=0.01, form="optax"),
    "net optax lars masked": LARS(weight_decay=0.01, form="optax", biases="plain"),
    "net pytorch_optimizer lars": LARS(weight_decay=0.01, form="torch", biases="plain"),
    "net timm lars decay": LARS(weight_decay=0.01, form="torch", biases="plain", trust_eps=1e-8),
    "net optax lamb": LAMB(),
    "net optax lamb zero decay": LAMB(beta1=0.8, beta2=0.99, weight_decay=0.0),
    "net timm lamb": LAMB(biases="plain"),
    "net pytorch_optimizer lamb": LAMB(weight_decay=0.1, bias_correction=False, trust_eps=1e-6),
}
EACH = [
    LARS(0.5),
    LARS(0.5, form="optax"),
    LARS(0.5, form="torch", biases="plain"),
    LAMB(0.1),
    LAMB(0.1, biases="plain"),
]


def without_biases(theta):
    return LAYERS.matrices(theta)


def lengths(theta):
    return np.array([np.linalg.norm(part) for part in split(theta)])


def test_the_recordings_are_those_of_the_entries():
    assert set(OURS) == {name for name in ON_NETWORK if {"lars", "lamb"} & set(name.split())}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", ON_ONE_LAYER)
def test_without_layers_all_is_one_tensor_of_the_library(entry, problem):
    np.testing.assert_allclose(*on_problem(ON_ONE_LAYER[entry], entry, problem), **TOLERANCE)


@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry):
    lr = ON_NETWORK[entry][-1]
    optimizer = OURS[entry].replace(lr=decayed(lr) if entry.endswith("decay") else lr).on(LAYERS)
    path = walk(optimizer, NETWORK, without_biases(NETWORK.start) if "zero" in entry else NETWORK.start)
    np.testing.assert_allclose(path[KEPT], RECORDED[entry], **TOLERANCE)


def test_lars_is_the_formula_of_the_paper():
    """By hand, layer by layer, with η inside of the velocity: no library has it so, with a decay."""
    theta, eta = NETWORK.start, decayed(0.5)
    parts, velocities = split(theta), [0.0] * 4
    for k in range(20):
        for i, (W, g) in enumerate(zip(parts, split(NETWORK.grad(join(parts))))):
            local = 0.01 * np.linalg.norm(W) / (np.linalg.norm(g) + 0.1 * np.linalg.norm(W))
            velocities[i] = 0.9 * velocities[i] + eta(k) * local * (g + 0.1 * W)
        parts = [W - v for W, v in zip(parts, velocities)]
    path = walk(LARS(eta, weight_decay=0.1, trust_coefficient=0.01).on(LAYERS), NETWORK)
    np.testing.assert_allclose(path[20], join(parts), rtol=1e-12)


def test_without_decay_and_schedule_the_forms_of_lars_are_one():
    paths = [walk(LARS(0.1, weight_decay=0.0, form=f).on(LAYERS), NETWORK) for f in ("paper", "optax", "torch")]
    np.testing.assert_allclose(paths[1], paths[0], rtol=1e-10)
    np.testing.assert_allclose(paths[2], paths[0], rtol=1e-10)


def test_a_step_of_lamb_is_as_long_as_eta_times_the_weights_in_each_layer():
    path = walk(LAMB(0.01).on(LAYERS), NETWORK)
    for here, there in pairwise(path[:30]):
        np.testing.assert_allclose(lengths(there - here), 0.01 * lengths(here), rtol=1e-9)


def test_how_steep_the_loss_is_does_not_matter_to_lars():
    class Steeper:
        start = NETWORK.start

        def grad(self, theta, k):
            return 1024 * NETWORK.grad(theta, k)

    optimizer = LARS(0.1, weight_decay=0.0).on(LAYERS)
    np.testing.assert_array_equal(walk(optimizer, Steeper()), walk(optimizer, NETWORK))


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_what_has_no_length_is_not_scaled(optimizer):
    """A layer of zeros begins to move; one without a gradient and without a decay stays; nothing is divided by zero."""
    optimizer = optimizer.replace(weight_decay=0.0).on(LAYERS)
    theta, g = np.ones(32), np.zeros(32)
    theta[15:20], g[15:20], g[20:30] = 0.0, 2.0, 1.0
    with np.errstate(all="raise"):
        there, _ = optimizer.step(theta, lambda at: g, optimizer.init(theta), 0)
    unscaled = optimizer.lr * (2.0 if isinstance(optimizer, LARS) else 1.0)
    np.testing.assert_allclose(there[15:20], -unscaled, rtol=1e-5)
    np.testing.assert_array_equal(there[:15], theta[:15])
    assert np.all(there[20:30] < 1) and np.all(there[30:] == 1)


def test_plain_biases_of_lamb_are_those_of_adam():
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((20, 32))
    lamb, adam = LAMB(0.1, biases="plain").on(LAYERS), Adam(0.1, eps=1e-6)
    paths = {}
    for optimizer in (lamb, adam):
        theta, state = NETWORK.start, optimizer.init(NETWORK.start)
        for k, g in enumerate(gradients):
            theta, state = optimizer.step(theta, lambda at, g=g: g, state, k)
        paths[optimizer.name] = split(theta)
    for i in (1, 3):
        np.testing.assert_allclose(paths["LAMB"][i], paths["Adam"][i], rtol=1e-12)
    assert np.abs(paths["LAMB"][0] - paths["Adam"][0]).max() > 0.1


def test_where_there_are_no_matrices_plain_biases_change_nothing():
    for kind in (LARS, LAMB):
        one, other = (descend(ravine(), kind(0.1, biases=biases), steps=20) for biases in ("scaled", "plain"))
        np.testing.assert_array_equal(one.theta, other.theta)


@pytest.mark.parametrize(("optimizer", "knob"), [(o, knob) for o in EACH for knob in o.knobs])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    layers = Layers((Layer("W1", (37, 11)), Layer("b1", (11,)), Layer("W2", (11, 1)), Layer("b2", (1,))))
    rng = np.random.default_rng(3)
    values = np.array([0.002, 0.05, 0.9])
    starts, gradients = rng.standard_normal((3, layers.size)), rng.standard_normal((6, 3, layers.size))

    def end(value, rows):
        setting = optimizer.replace(**{knob: value}).on(layers)
        theta, state = starts[rows], setting.init(starts[rows])
        for k, g in enumerate(gradients):
            theta, state = setting.step(theta, lambda at, g=g: g[rows], state, k)
        return theta

    together = end(values[:, None], slice(None))
    for i, value in enumerate(values):
        np.testing.assert_array_equal(together[i], end(value, i))


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_float32_stays(optimizer):
    optimizer, theta = optimizer.of_type(np.float32), np.array([1.0, -2.0], np.float32)
    there, state = optimizer.step(theta, lambda at: at, optimizer.init(theta), 0)
    assert there.dtype == np.float32 and all(entry.dtype == np.float32 for entry in state.values())


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_they_travel(optimizer):
    np.testing.assert_allclose(*travelled(optimizer, ravine()), rtol=1e-10)


@pytest.mark.parametrize("optimizer", [*EACH, LAMB(bias_correction=False)], ids=repr)
def test_the_formula_is_whole(optimizer):
    assert optimizer.formula.count("{") == optimizer.formula.count("}") and r"\step{" in optimizer.formula


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LARS(trust_coefficient=0.0), r"trust coefficient τ must be in \(0, ∞\), got 0"),
        (lambda: LARS(gamma=1.0), r"momentum γ must be in \[0, 1\), got 1"),
        (lambda: LARS(form="keras"), "form must be"),
        (lambda: LAMB(biases="none"), "biases must be"),
        (lambda: LAMB(weight_decay=-0.1), r"weight decay λ must be in \[0, ∞\), got -0.1"),
        (lambda: LAMB(trust_eps=-1.0), r"stabilizer ε_trust must be in \[0, ∞\), got -1"),
        (lambda: LAMB().on(LAYERS).step(np.ones(3), lambda at: at, LAMB().init(np.ones(3)), 0), "θ must have shape"),
    ],
)
def test_wrong_values_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
