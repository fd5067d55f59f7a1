"""AdamW, Lookahead, schedule-free and Muon against recorded trajectories of PyTorch, optax and schedulefree.

``oracles/nested.npz`` holds what the real libraries did in 200 steps, with exactly the gradients used here
(``oracles/record_nested.py`` shows how); ``oracles/nested_entries.py`` lists the entries and explains the rules.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab.descent import descend
from optimlab.layers import Layer, Layers
from optimlab.losses import Loss
from optimlab.optimizers import Adam, AdamW, GradientDescent, Lookahead, Momentum, Muon, ScheduleFree
from optimlab.schedules import Schedule

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.nested_entries import ADAMW, COLUMNS, LOOKAHEAD, MUON, NETWORK, SCHEDULE_FREE, humped
from oracles.problems import PROBLEMS, STEPS, decayed

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "nested.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}


def warm(lr, first):
    """η rises over 16 steps: the authors' from lr/16 on, optax's from 0 on."""
    return lambda k: lr * min((k + first) / 16, 1)


def rate_of(entry, lr):
    if entry.endswith("decay"):
        return decayed(lr)
    if entry.endswith("hump"):
        return humped(lr)
    return warm(lr, first=0 if entry.startswith("optax") else 1) if entry.endswith(("warm", "power")) else lr


def walk(optimizer, problem):
    """θ and the states of 200 steps, on a problem with a start and ``grad(theta, k)``."""
    theta, grad = problem.start, problem.grad
    state = optimizer.init(theta)
    path, states = [theta], [state]
    for k in range(STEPS):
        theta, state = optimizer.step(theta, lambda at, k=k: grad(at, k), state, k)
        path.append(theta)
        states.append(state)
    return np.array(path), {name: np.array([state[name] for state in states]) for name in states[0]}


def problems(entries):
    return [pytest.param(entry, problem, id=f"{entry}, {problem}") for entry in entries for problem in PROBLEMS]


def test_the_recordings_are_those_of_the_entries():
    groups = (ADAMW, LOOKAHEAD, SCHEDULE_FREE, MUON)
    assert {entry for group in groups for entry in group} <= set(RECORDED)
    np.testing.assert_array_equal(RECORDED["network start"], NETWORK.start)


@pytest.mark.parametrize(("entry", "problem"), problems(ADAMW))
def test_adamw(entry, problem):
    library, *_, rates = ADAMW[entry]
    decay = 0.1 if "0.1" in entry else {"torch": 0.01, "optax": 1e-4}[library]
    path, _ = walk(AdamW(rate_of(entry, rates[problem]), weight_decay=decay), PROBLEMS[problem])
    np.testing.assert_allclose(path[KEPT], RECORDED[entry][:, COLUMNS[problem]], **TOLERANCE)


INNER = {"sgd": GradientDescent, "momentum": lambda lr: Momentum(lr, 0.9, lr_outside=True), "adam": Adam}


@pytest.mark.parametrize(("entry", "problem"), problems([e for e in LOOKAHEAD if "reset" not in e]))
def test_lookahead(entry, problem):
    *_, options, rates = LOOKAHEAD[entry]
    inner = INNER[entry.split()[1]](rate_of(entry, rates[problem]))
    slow, states = walk(Lookahead(inner, options["sync_period"], options["slow_step_size"]), PROBLEMS[problem])
    fast_there, slow_there = RECORDED[entry][..., COLUMNS[problem]]
    np.testing.assert_allclose(slow, slow_there, **TOLERANCE)
    np.testing.assert_allclose(states["φ"], fast_there, **TOLERANCE)


def schedule_free(entry, lr):
    """Ours, with the library's options in our names."""
    *_, options, _ = SCHEDULE_FREE[entry]
    eta = rate_of(entry, lr)
    if "adamw" in entry:
        inner = Adam(eta, beta1=0.0)
    else:
        inner = Adam(eta) if entry == "optax free adam" else GradientDescent(eta)
    return ScheduleFree(
        inner,
        beta=options.get("b1", options.get("betas", (0.9,))[0]),
        weight_decay=options.get("weight_decay", 0.0),
        weight_lr_power=options.get("weight_lr_power", 2.0),
        r=options.get("r", 0.0),
        weight_step="next" if entry.startswith("optax") else "current",
    )


@pytest.mark.parametrize(("entry", "problem"), problems(SCHEDULE_FREE))
def test_schedule_free(entry, problem):
    *_, rates = SCHEDULE_FREE[entry]
    x, states = walk(schedule_free(entry, rates[problem]), PROBLEMS[problem])
    _, z_there, x_there = RECORDED[entry][..., COLUMNS[problem]]
    np.testing.assert_allclose(states["z"][KEPT], z_there, **TOLERANCE)
    np.testing.assert_allclose(x[KEPT], x_there, **TOLERANCE)


LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
# As the libraries are recorded in our order, (n_in, n_out): torch's own Linear is "transposed", optax's is not.
OURS = {
    "torch muon transposed": Muon(weight_decay=0.1),
    "torch muon match": Muon(weight_decay=0.1, scaling="match_rms_adamw"),
    "optax muon": Muon(form="optax"),
    "optax muon rms": Muon(form="optax", weight_decay=0.1, scaling="match_rms_adamw"),
    "optax muon plain": Muon(form="optax", nesterov=False, mu=0.9),
    "optax muon decay": Muon(form="optax", weight_decay=0.1, adam_weight_decay=0.1),
}


@pytest.mark.parametrize("entry", OURS)
def test_muon(entry):
    *_, (lr, bias_lr) = MUON[entry]
    optimizer = OURS[entry].replace(lr=rate_of(entry, lr), lr_ratio=bias_lr / lr).on(LAYERS)
    path, _ = walk(optimizer, NETWORK)
    np.testing.assert_allclose(path[KEPT], RECORDED[entry], **TOLERANCE)


class LittleNetwork(Loss):
    """The recorded network as a loss of many runs."""

    start, layers, dim = NETWORK.start, LAYERS, len(NETWORK.start)

    def value(self, theta):
        return np.array([NETWORK.loss(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape[:-1])

    def gradient(self, theta):
        return np.array([NETWORK.grad(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape)


@pytest.mark.parametrize(
    "optimizer",
    [AdamW(), Lookahead(Momentum(gamma=0.8)), ScheduleFree(Adam(beta1=0.0)), Muon(), Lookahead(Muon(form="optax"))],
    ids=repr,
)
@pytest.mark.parametrize("knob", ["lr", "beta2", "mu", "slow_step_size", "beta", "weight_decay"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    if knob not in optimizer.knobs:
        knob = "lr"
    values = np.array([0.002, 0.05, 0.9])
    loss = LittleNetwork()
    starts = loss.start + np.array([[0.0], [0.1], [-0.2]])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), starts, steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), starts[i], steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)
        np.testing.assert_array_equal(together.loss[:, i], alone.loss)


def test_a_schedule_may_be_inside_or_outside():
    class Falling(Schedule):
        def __call__(self, k):
            return 0.05 / (1 + k)

    loss = LittleNetwork()
    inside = descend(loss, Lookahead(Adam(Falling())), steps=20)
    outside = descend(loss, Lookahead(Adam()), steps=20, schedule=Falling())
    np.testing.assert_array_equal(inside.theta, outside.theta)
