"""Adafactor against recorded trajectories of PyTorch and optax, and what sets it apart.

``oracles/matrices.npz`` holds what the real libraries did in 200 steps (``oracles/record_matrices.py`` shows how).
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import descend, ravine, rosenbrock
from optimlab.labs.sources import path_source
from optimlab.layers import Layer, Layers
from optimlab.losses import Loss
from optimlab.optimizers import DecoupledWeightDecay
from optimlab.optimizers.factored import Adafactor

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.matrices_entries import ADAFACTOR, MATRICES, rate, where
from oracles.nested_entries import COLUMNS, NETWORK
from oracles.problems import PROBLEMS, STEPS

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "matrices.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
TORCH = Adafactor(eps1=float(np.finfo(float).eps), eps_as_floor=True)
OPTAX = Adafactor(relative_step=False, min_dim_size_to_factor=128)
FLAT = OPTAX.replace(scale_parameter=False, decay_rate=0.5, clip_threshold=2.0)
OURS = {
    "torch adafactor": TORCH,
    "torch adafactor decay": TORCH,
    "optax adafactor": OPTAX,
    "optax adafactor flat": FLAT,
    "torch adafactor network": TORCH,
    "torch adafactor network fast": TORCH.replace(decay_rate=0.9, eps1=0.03, eps2=0.3),
    "torch adafactor network weights": DecoupledWeightDecay(TORCH, 0.1),
    "optax adafactor network": OPTAX.replace(min_dim_size_to_factor=1),
    "optax adafactor network three": FLAT.replace(min_dim_size_to_factor=3, eps1=0.001),
}


def walk(optimizer, problem, start=None, steps=STEPS):
    """θ and the states, on a problem with a start and ``grad(theta, k)``."""
    theta = problem.start if start is None else start
    state = optimizer.init(theta)
    path, states = [theta], [state]
    for k in range(steps):
        theta, state = optimizer.step(theta, lambda at, k=k: problem.grad(at, k), state, k)
        path.append(theta)
        states.append(state)
    return np.array(path), states


def test_the_recordings_are_those_of_the_entries():
    assert set(ADAFACTOR) == set(OURS) and set(MATRICES) <= set(RECORDED)
    assert max(json.loads(str(RECORDED["unaltered"]))[name] for name in OURS if name.startswith("optax")) < 1e-6


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", [entry for entry in OURS if not where(entry)])
def test_each_is_that_of_its_library(entry, problem):
    lr = ADAFACTOR[entry][-1][problem]
    path, _ = walk(OURS[entry].replace(lr=rate(entry, lr)), PROBLEMS[problem])
    np.testing.assert_allclose(path[KEPT], RECORDED[entry][:, COLUMNS[problem]], **TOLERANCE)


@pytest.mark.parametrize("entry", [entry for entry in OURS if where(entry)])
def test_each_is_that_of_its_library_on_matrices(entry):
    path, _ = walk(OURS[entry].replace(lr=ADAFACTOR[entry][-1]).on(LAYERS), NETWORK)
    np.testing.assert_allclose(path[KEPT], RECORDED[entry], **TOLERANCE)


class Given:
    """Gradients that do not ask where θ is: one matrix, and a bias."""

    layers = Layers((Layer("W", (6, 4)), Layer("b", (4,))))

    def __init__(self, gradients):
        self.gradients, self.start = gradients, np.linspace(-1, 1, gradients.shape[-1])

    def grad(self, theta, k=0):
        return self.gradients[k]


def noise(steps=30, seed=0):
    return np.random.default_rng(seed).standard_normal((steps, 28))


def test_what_is_remembered_are_the_means_of_the_rows_and_columns_of_the_full_v():
    problem = Given(noise())
    _, factored = walk(Adafactor().on(problem.layers), problem, steps=30)
    _, full = walk(Adafactor(min_dim_size_to_factor=7).on(problem.layers), problem, steps=30)
    assert {name: entry.shape for name, entry in factored[-1].items()} == {"R0": (6,), "C0": (4,), "V1": (4,)}
    for short, long in zip(factored[1:], full[1:]):
        np.testing.assert_allclose(short["R0"], long["V0"].mean(axis=1), rtol=1e-12)
        np.testing.assert_allclose(short["C0"], long["V0"].mean(axis=0), rtol=1e-12)
        np.testing.assert_array_equal(short["V1"], long["V1"])


def test_where_the_squares_have_rank_one_nothing_is_lost():
    """G = ± u vᵀ: the step is that of the full V, which on noise it is not."""
    rows, columns = np.linspace(0.1, 3, 6), np.array([1.0, -2.0, 0.3, 5.0])
    signs = np.sign(noise(seed=1))
    outer = np.concatenate([np.outer(rows, columns).ravel(), columns])
    for gradients, same in ((signs * outer, True), (noise(seed=2), False)):
        problem = Given(gradients)
        factored, full = (
            walk(Adafactor(min_dim_size_to_factor=n).on(problem.layers), problem, steps=30)[0] for n in (1, 7)
        )
        assert np.allclose(factored, full, rtol=1e-12, atol=1e-14) == same


def test_no_step_is_longer_than_its_part_of_the_layers_size():
    problem = Given(noise() * np.geomspace(1e-3, 1e3, 30)[:, None])  # of gradients that always grow, U is too long
    path, _ = walk(Adafactor(0.3).on(problem.layers), problem, steps=30)

    def rms(flat):
        return np.sqrt(np.mean(flat**2, axis=-1))

    for part in (slice(0, 24), slice(24, 28)):
        longest = np.minimum(0.3, np.arange(1, 31) ** -0.5) * rms(path[:-1, part])
        lengths = rms(np.diff(path[:, part], axis=0))
        assert np.all(lengths <= longest * (1 + 1e-12)) and np.allclose(lengths[-10:], longest[-10:])


def test_the_scale_of_the_loss_does_not_matter():
    small, large = (walk(Adafactor().on(Given.layers), Given(c * noise()), steps=30)[0] for c in (1e-4, 1e4))
    np.testing.assert_allclose(small, large, rtol=1e-12)


def test_a_layer_at_zero_leaves_it():
    problem = Given(noise())
    path, _ = walk(Adafactor(0.01).on(problem.layers), problem, np.zeros(28), steps=1)
    np.testing.assert_allclose(np.abs(path[1, 24:]), 0.01 * 1e-3, rtol=1e-12)
    stuck, _ = walk(Adafactor(0.01, eps2=0.0).on(problem.layers), problem, np.zeros(28), steps=1)
    np.testing.assert_array_equal(stuck[1], 0)


def test_a_transposed_matrix_walks_the_same():
    problem = Given(noise())
    turned = Given(np.array([np.concatenate([g[:24].reshape(6, 4).T.ravel(), g[24:]]) for g in problem.gradients]))
    start = np.concatenate([problem.start[:24].reshape(6, 4).T.ravel(), problem.start[24:]])
    there, _ = walk(Adafactor().on(problem.layers), problem, steps=30)
    here, _ = walk(Adafactor().on(Layers((Layer("W", (4, 6)), Layer("b", (4,))))), turned, start, steps=30)
    np.testing.assert_allclose(here[-1, :24].reshape(4, 6).T.ravel(), there[-1, :24], rtol=1e-12)


class LittleNetwork(Loss):
    """The recorded network as a loss of many runs."""

    start, layers, dim = NETWORK.start, LAYERS, len(NETWORK.start)

    def value(self, theta):
        return np.array([NETWORK.loss(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape[:-1])

    def gradient(self, theta):
        return np.array([NETWORK.grad(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape)


@pytest.mark.parametrize("loss", [LittleNetwork(), ravine(kappa=20, angle=30)], ids=["network", "ravine"])
@pytest.mark.parametrize("optimizer", [Adafactor(), TORCH, FLAT.replace(min_dim_size_to_factor=3)], ids=repr)
@pytest.mark.parametrize("knob", ["lr", "decay_rate", "eps1", "eps2", "clip_threshold"])
def test_many_runs_at_once_equal_a_loop_exactly(loss, optimizer, knob):
    values = np.array([0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize(
    "optimizer", [Adafactor(), Adafactor(lambda k: 0.1 / (1 + k)), TORCH], ids=["", "decay", "torch"]
)
@pytest.mark.parametrize(
    "order", [lambda o: o.of_type(np.float32).on(LAYERS), lambda o: o.on(LAYERS).of_type(np.float32)]
)
def test_float32_stays_float32(optimizer, order):
    optimizer = order(optimizer)
    theta, state = NETWORK.start.astype(np.float32), optimizer.init(NETWORK.start.astype(np.float32))
    for k in range(3):
        theta, state = optimizer.step(theta, lambda at: NETWORK.grad(at).astype(np.float32), state, k)
    assert {theta.dtype, *(entry.dtype for entry in state.values())} == {np.dtype(np.float32)}
    assert np.isfinite(theta).all()


@pytest.mark.parametrize("optimizer", [Adafactor(0.05), TORCH, FLAT], ids=repr)
def test_on_a_surface_it_travels(optimizer):
    for surface in (ravine(kappa=20, angle=30), rosenbrock()):
        source = path_source("run", surface, optimizer, "run", 20)
        assert isinstance(source.recipe, dict), source.recipe


@pytest.mark.parametrize("optimizer", [Adafactor(), TORCH, OPTAX, FLAT])
def test_the_formula_closes_its_brackets(optimizer):
    assert optimizer.formula.count("{") == optimizer.formula.count("}") > 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lr": -1.0}, r"learning rate η must be in \[0, ∞\), got -1"),
        ({"decay_rate": -0.8}, r"decay rate c must be in \[0, ∞\), got -0.8"),
        ({"clip_threshold": 0.0}, r"clipping threshold d must be in \(0, ∞\), got 0"),
        ({"eps1": -1e-30}, r"stabilizer ε₁ must be in \[0, ∞\)"),
        ({"min_dim_size_to_factor": 1.5}, r"shortest side that is factored n must be a whole number in \[1, ∞\)"),
        ({"relative_step": "yes"}, "relative_step"),
    ],
)
def test_wrong_values_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Adafactor(**options)
