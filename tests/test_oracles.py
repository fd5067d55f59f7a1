"""The optimizers against recorded trajectories of PyTorch, Optax and Keras.

``oracles/trajectories.npz`` holds what the real libraries did in 200 steps on
three problems, with exactly the gradients used here (``oracles/record.py``
shows how).  ``oracles/entries.py`` lists the entries and explains the rules.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.entries import ENTRIES
from oracles.problems import PROBLEMS, STEPS, decayed

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "trajectories.npz"))
ROW = {str(name): i for i, name in enumerate(RECORDED["names"])}
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}  # found: 3e-15 at most

# Our optimizer for each entry; its learning rate is filled in per problem.
# Defaults of the libraries are spelled out, so that they are tested too.
INSIDE, OUTSIDE = {"eps_in_sqrt": True}, {"eps_in_sqrt": False}
BETAS = {"beta1": 0.9, "beta2": 0.999}
OURS = {
    "torch sgd": GradientDescent(),
    "optax sgd": GradientDescent(),
    "keras sgd": GradientDescent(),
    "torch momentum": Momentum(gamma=0.9, lr_outside=True),
    "optax momentum": Momentum(gamma=0.9, lr_outside=True),
    "keras momentum": Momentum(gamma=0.9),
    "torch dampening": Momentum(gamma=0.9, dampening=0.5, lr_outside=True),
    "torch nesterov": Nesterov(gamma=0.9, form="torch"),
    "optax nesterov": Nesterov(gamma=0.9, form="torch"),
    "keras nesterov": Nesterov(gamma=0.9, form="keras"),
    "torch momentum decay": Momentum(gamma=0.9, lr_outside=True),
    "optax momentum decay": Momentum(gamma=0.9, lr_outside=True),
    "keras momentum decay": Momentum(gamma=0.9),
    "torch nesterov decay": Nesterov(gamma=0.9, form="torch"),
    "keras nesterov decay": Nesterov(gamma=0.9, form="keras"),
    "torch adagrad": AdaGrad(eps=1e-10, initial_accumulator_value=0.0, **OUTSIDE),
    "torch adagrad start": AdaGrad(eps=1e-10, initial_accumulator_value=0.1, **OUTSIDE),
    "optax adagrad": AdaGrad(eps=1e-7, initial_accumulator_value=0.1, **INSIDE),
    "keras adagrad": AdaGrad(eps=1e-7, initial_accumulator_value=0.1, **INSIDE),
    "torch adagrad large": AdaGrad(eps=1e-2, initial_accumulator_value=0.0, **OUTSIDE),
    "optax adagrad large": AdaGrad(eps=1e-2, initial_accumulator_value=0.1, **INSIDE),
    "keras adagrad large": AdaGrad(eps=1e-2, initial_accumulator_value=0.1, **INSIDE),
    "torch adadelta": Adadelta(rho=0.9, eps=1e-6),
    "optax adadelta": Adadelta(rho=0.9, eps=1e-6),
    "keras adadelta": Adadelta(rho=0.95, eps=1e-7),
    "torch rmsprop": RMSprop(gamma=0.99, eps=1e-8, **OUTSIDE),
    "torch rmsprop 0.9": RMSprop(gamma=0.9, eps=1e-8, **OUTSIDE),
    "optax rmsprop": RMSprop(gamma=0.9, eps=1e-8, **INSIDE),
    "optax rmsprop outside": RMSprop(gamma=0.9, eps=1e-8, **OUTSIDE),
    "keras rmsprop": RMSprop(gamma=0.9, eps=1e-7, **INSIDE),
    "torch rmsprop large": RMSprop(gamma=0.9, eps=1e-2, **OUTSIDE),
    "optax rmsprop large": RMSprop(gamma=0.9, eps=1e-2, **INSIDE),
    "optax rmsprop large outside": RMSprop(gamma=0.9, eps=1e-2, **OUTSIDE),
    "keras rmsprop large": RMSprop(gamma=0.9, eps=1e-2, **INSIDE),
    "torch adam": Adam(eps=1e-8, **BETAS),
    "optax adam": Adam(eps=1e-8, **BETAS),
    "optax adam root": Adam(eps=1e-8, eps_root=1e-4, **BETAS),
    "keras adam": Adam(eps=1e-7, eps_hat=True, **BETAS),
    "torch adam large": Adam(eps=1e-2, **BETAS),
    "optax adam large": Adam(eps=1e-2, **BETAS),
    "keras adam large": Adam(eps=1e-2, eps_hat=True, **BETAS),
}


def recorded(entry, problem):
    return RECORDED[problem][ROW[entry]]


def walk(optimizer, entry, problem):
    """θ after each step of our optimizer, at the entry's learning rate, and its states."""
    lr = ENTRIES[entry][-1][problem]
    optimizer = optimizer.replace(lr=decayed(lr) if entry.endswith("decay") else lr)
    gradient = PROBLEMS[problem].grad
    theta = PROBLEMS[problem].start
    state = optimizer.init(theta)
    path, states = [theta], [state]
    for k in range(STEPS):
        theta, state = optimizer.step(theta, lambda at, k=k: gradient(at, k), state, k)
        path.append(theta)
        states.append(state)
    return np.array(path), states


def deviation(optimizer, entry, problem):
    return np.abs(walk(optimizer, entry, problem)[0] - recorded(entry, problem)).max()


def test_every_entry_is_tested():
    assert list(ROW) == list(ENTRIES)
    assert set(OURS) == set(ENTRIES)


def test_the_data_are_those_of_the_recording():
    data = PROBLEMS["logistic"]
    np.testing.assert_array_equal(data.X, RECORDED["X"])
    np.testing.assert_array_equal(data.y, RECORDED["y"])
    np.testing.assert_array_equal(data.batches, RECORDED["batches"])


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_same_trajectory(entry, problem):
    path, _ = walk(OURS[entry], entry, problem)
    assert path.shape == (STEPS + 1, PROBLEMS[problem].start.size)
    np.testing.assert_allclose(path, recorded(entry, problem), **TOLERANCE)


@pytest.mark.parametrize("entry", [entry for entry, ours in OURS.items() if hasattr(ours, "eps")])
def test_even_a_tiny_epsilon_is_the_librarys(entry):
    """Twice the ε, be it 1e-10, and the trajectory is missed: so the table's defaults are tested, too."""
    twice = OURS[entry].replace(eps=2 * OURS[entry].eps)
    path, _ = walk(twice, entry, "logistic")
    assert not np.allclose(path, recorded(entry, "logistic"), **TOLERANCE)


# The dialects really differ: with one option changed, the library's trajectory
# is missed by far more than the tolerance above.
@pytest.mark.parametrize(
    ("entry", "change"),
    [
        ("torch momentum decay", {"lr_outside": False}),
        ("optax momentum decay", {"lr_outside": False}),
        ("keras momentum decay", {"lr_outside": True}),
        ("torch dampening", {"dampening": 0.0}),
        ("torch nesterov", {"form": "look-ahead"}),
        ("keras nesterov", {"form": "look-ahead"}),
        ("torch nesterov decay", {"form": "keras"}),
        ("keras nesterov decay", {"form": "torch"}),
        ("torch adagrad start", {"initial_accumulator_value": 0.0}),
        ("keras adagrad", {"initial_accumulator_value": 0.0}),
        ("torch adagrad large", {"eps_in_sqrt": True}),
        ("optax adagrad large", {"eps_in_sqrt": False}),
        ("keras adagrad large", {"eps_in_sqrt": False}),
        ("keras adadelta", {"rho": 0.9}),
        ("torch rmsprop", {"gamma": 0.9}),
        ("torch rmsprop large", {"eps_in_sqrt": True}),
        ("optax rmsprop large", {"eps_in_sqrt": False}),
        ("optax rmsprop large outside", {"eps_in_sqrt": True}),
        ("keras rmsprop large", {"eps_in_sqrt": False}),
        ("torch adam large", {"eps_hat": True}),
        ("optax adam root", {"eps_root": 0.0}),
        ("keras adam large", {"eps_hat": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value),
)
def test_the_wrong_dialect_is_noticed(entry, change):
    assert deviation(OURS[entry].replace(**change), entry, "logistic") > 1e-3


@pytest.mark.parametrize("problem", PROBLEMS)
def test_where_the_learning_rate_stands_matters_only_under_a_schedule(problem):
    inside, outside = Momentum(lr_outside=False), Momentum(lr_outside=True)
    for entry in ("torch momentum", "keras momentum"):
        assert deviation(inside, entry, problem) < 1e-12
        assert deviation(outside, entry, problem) < 1e-12
    assert deviation(inside, "torch momentum decay", problem) > 1e-2
    assert deviation(outside, "keras momentum decay", problem) > 1e-2


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", ["keras nesterov", "keras nesterov decay", "torch nesterov"])
def test_the_libraries_nesterov_walks_along_the_look_ahead_points(entry, problem):
    """Keras's θ is our look-ahead point θ - γv; so is PyTorch's while η is constant."""
    path, states = walk(Nesterov(gamma=0.9), entry, problem)
    ahead = [theta - 0.9 * state["v"] for theta, state in zip(path, states, strict=True)]
    np.testing.assert_allclose(ahead, recorded(entry, problem), **TOLERANCE)
