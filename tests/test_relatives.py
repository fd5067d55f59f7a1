"""AMSGrad, Nadam, RAdam and AdaBelief against recorded trajectories of PyTorch and optax, and what sets them apart.

``oracles/relatives.npz`` holds what the real libraries did in 200 steps (``oracles/record_relatives.py`` shows how).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import Adam, descend, ravine, rosenbrock
from optimlab.optimizers import AdaBelief, AMSGrad, Nadam, RAdam

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.nested_entries import COLUMNS
from oracles.problems import PROBLEMS, decayed
from oracles.relatives_entries import RELATIVES
from oracles.walks import walk

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "relatives.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
QUICK = {"beta1": 0.8, "beta2": 0.9}
OURS = {
    "torch amsgrad": AMSGrad(),
    "torch amsgrad quick": AMSGrad(**QUICK),
    "torch amsgrad decay": AMSGrad(),
    "optax amsgrad": AMSGrad(correction="before"),
    "optax amsgrad quick": AMSGrad(**QUICK, correction="before"),
    "optax amsgrad paper": AMSGrad(correction="none"),
    "torch nadam": Nadam(),
    "torch nadam quick": Nadam(beta1=0.8, beta2=0.99, momentum_decay=0.05),
    "torch nadam decay": Nadam(),
    "optax nadam": Nadam(scheduled=False),
    "torch radam": RAdam(eps_hat=True),
    "torch radam quick": RAdam(**QUICK, eps_hat=True),
    "torch radam decay": RAdam(eps_hat=True),
    "optax radam": RAdam(),
    "optax radam never": RAdam(beta2=0.6),
    "optax adabelief": AdaBelief(),
    "optax adabelief quick": AdaBelief(**QUICK),
    "optax adabelief decay": AdaBelief(),
}


def test_the_recordings_are_those_of_the_entries():
    assert set(RELATIVES) == set(OURS) and set(RELATIVES) <= set(RECORDED)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    lr = RELATIVES[entry][-1][problem]
    optimizer = OURS[entry].replace(lr=decayed(lr) if entry.endswith("decay") else lr)
    path = walk(optimizer, PROBLEMS[problem])
    np.testing.assert_allclose(path[KEPT], RECORDED[entry][:, COLUMNS[problem]], **TOLERANCE)


def test_where_the_squares_never_fall_amsgrad_is_adam():
    """Along a straight rise of |g| the largest mean is the newest one."""
    growing = np.array([1.0, 2.0])

    def path(optimizer):
        theta, state = growing, optimizer.init(growing)
        for k in range(20):
            theta, state = optimizer.step(theta, lambda at, k=k: np.array([1.0 + k, 2.0 + k]), state, k)
        return theta

    np.testing.assert_allclose(path(AMSGrad(0.1)), path(Adam(0.1)), rtol=1e-12)


def test_the_scale_of_amsgrad_never_rises_again():
    walk = descend(rosenbrock(), AMSGrad(0.1, beta2=0.9), steps=80, record=True)
    assert np.all(np.diff(walk.state["v_max"], axis=0) >= 0)
    assert np.any(np.diff(walk.state["v"], axis=0) < 0)


def test_the_first_steps_of_radam_are_those_of_momentum_and_with_a_short_memory_all_are():
    loss, optimizer = ravine(kappa=20, angle=30), RAdam(0.01)
    rho = [optimizer.rectification(t)[0] for t in range(1, 8)]
    assert [r > 5 for r in rho] == [False] * 5 + [True] * 2
    path = descend(loss, optimizer, steps=5)
    theta, m = loss.start, 0.0
    for t in range(1, 6):
        m = 0.9 * m + 0.1 * loss.gradient(theta)
        theta = theta - 0.01 * m / (1 - 0.9**t)
    np.testing.assert_allclose(path.theta[-1], theta, rtol=1e-12)
    assert all(RAdam(beta2=2 / 3).rectification(t)[0] <= 5 for t in range(1, 2000, 50))


def test_the_rectification_comes_to_one():
    assert RAdam(beta2=0.999).rectification(20000)[1] == pytest.approx(1, rel=1e-6)
    assert 0.02 < RAdam(beta2=0.999).rectification(6)[1] < 0.03


def test_a_gradient_that_never_changes_is_believed():
    """g − m falls as β₁ᵗ, so AdaBelief's steps grow far beyond η; Adam's are η."""
    steps = {}
    for optimizer in (Adam(0.01), AdaBelief(0.01, beta2=0.9)):
        theta, state = np.zeros(1), optimizer.init(np.zeros(1))
        for k in range(100):
            before = theta
            theta, state = optimizer.step(theta, lambda at: np.ones(1), state, k)
        steps[optimizer.name] = float(before[0] - theta[0])
    assert steps["Adam"] == pytest.approx(0.01, rel=1e-6) and steps["AdaBelief"] > 0.1


@pytest.mark.parametrize("optimizer", [AMSGrad(), Nadam(), RAdam(), AdaBelief()], ids=repr)
@pytest.mark.parametrize("knob", ["lr", "beta1", "beta2"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    loss, values = ravine(kappa=20, angle=30), np.array([0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)
