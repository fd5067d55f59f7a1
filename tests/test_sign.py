"""Signum and Lion against recorded trajectories of optax, pytorch_optimizer and lion-pytorch, and what sets them apart.

``oracles/sign.npz`` holds what the real libraries did in 200 steps (``oracles/record_sign.py`` shows how);
``oracles/sign_entries.py`` lists the entries and explains the rules.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import Noisy, descend, ravine, rosenbrock
from optimlab.labs.sources import path_source, slider_knobs
from optimlab.labs.travel import rows_of_recipe
from optimlab.optimizers.sign import Lion, Signum
from optimlab.surfaces import parabola

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.nested_entries import COLUMNS
from oracles.problems import PROBLEMS, decayed
from oracles.sign_entries import ON_NETWORK, ON_PROBLEMS
from oracles.walks import walk

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "sign.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
OURS = {
    "optax sign_sgd": Signum(beta=0.0),
    "optax signum": Signum(),
    "optax signum 0.5 decay": Signum(beta=0.5),
    "pytorch_optimizer signum": Signum(beta=0.95),
    "optax lion": Lion(weight_decay=0.001),
    "optax lion 0.1 decay": Lion(beta1=0.8, beta2=0.9, weight_decay=0.1),
    "lion-pytorch lion": Lion(),
    "lion-pytorch lion 0.1 decay": Lion(weight_decay=0.1),
}


def on_problem(optimizer, entry, problem):
    """Ours on a problem, with the rate of the entry, beside what was recorded there."""
    lr = ON_PROBLEMS[entry][-1][problem]
    path = walk(optimizer.replace(lr=decayed(lr) if entry.endswith("decay") else lr), PROBLEMS[problem])
    return path[KEPT], RECORDED[entry][:, COLUMNS[problem]]


def travelled(optimizer, surface, steps=40):
    """What the tape of a descent gives, beside what Python computes, with sliders at other places."""
    source = path_source("run", surface, optimizer, "run", steps)
    assert isinstance(source.recipe, dict), source.recipe
    knobs = {f"run {name}": knob for name, knob in slider_knobs(optimizer).items()} | dict(surface.knobs)
    values = {name: float(knob.grid[len(knob.grid) // 2]) for name, knob in knobs.items()} | {"start": [1.1, -0.7]}
    return rows_of_recipe(source.recipe, values).ravel(), source.compute(values).ravel()


def test_the_recordings_are_those_of_the_entries():
    assert set(RECORDED) == {*ON_PROBLEMS, *ON_NETWORK, "steps", "versions", "sensitivity"}
    assert set(OURS) <= set(ON_PROBLEMS)


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    np.testing.assert_allclose(*on_problem(OURS[entry], entry, problem), **TOLERANCE)


@pytest.mark.parametrize("optimizer", [Signum(0.01), Lion(0.01)], ids=repr)
def test_how_steep_the_loss_is_does_not_matter(optimizer):
    loss = rosenbrock()

    class Steeper:
        start, value = loss.start, loss.value

        def gradient(self, theta):
            return 1024 * loss.gradient(theta)

    np.testing.assert_array_equal(descend(Steeper(), optimizer).theta, descend(loss, optimizer).theta)


def test_each_coordinate_moves_by_eta_or_stands_still():
    steps = np.diff(descend(ravine(), Signum(0.25), [1.0, 0.0]).theta, axis=0)
    assert set(np.unique(np.abs(steps))) <= {0.0, 0.25}
    theta, _ = Signum(0.25).step(np.ones(2), lambda at: np.array([3.0, 0.0]), {"m": np.zeros(2)}, 0)
    np.testing.assert_array_equal(theta, [0.75, 1.0])


def test_lion_with_one_mean_is_signum():
    one, other = descend(rosenbrock(), Lion(0.01, 0.8, 0.8)), descend(rosenbrock(), Signum(0.01, 0.8))
    np.testing.assert_array_equal(one.theta, other.theta)
    assert np.any(descend(rosenbrock(), Lion(0.01, 0.8, 0.9)).theta != other.theta)


def test_under_noise_sign_descent_ends_in_a_ball_whose_width_theory_knows():
    """E[x²] = ησ√(π/8) on ½x², where the noise is larger than the steps."""
    for eta, sigma in [(0.03, 1.0), (0.01, 0.5)]:
        noisy = Noisy(parabola(0, 1), sigma, seed=1, copies=400)
        path = descend(noisy, Signum(eta, beta=0.0), np.zeros((400, 1)), steps=1500)
        assert np.mean(path.theta[500:] ** 2) == pytest.approx(eta * sigma * np.sqrt(np.pi / 8), rel=0.05)


def test_the_decay_of_lion_keeps_theta_within_one_over_lambda():
    """Where the gradient never changes its sign, θ comes to rest where u + λθ = 0."""
    theta, optimizer = np.array([7.0, -0.3]), Lion(0.05, weight_decay=0.5)
    state = optimizer.init(theta)
    for k in range(500):
        theta, state = optimizer.step(theta, lambda at: np.array([1.0, -40.0]), state, k)
    np.testing.assert_allclose(theta, [-2.0, 2.0], rtol=1e-4)


def test_the_terms_of_lion_are_its_sign_and_its_decay():
    optimizer, theta = Lion(0.1, weight_decay=0.5), np.array([2.0, -1.0])
    state = {"m": np.array([-9.0, 0.1])}
    terms = optimizer.terms(theta, lambda at: np.ones(2), state, 0)
    np.testing.assert_allclose(terms["step"], [0.1, -0.1])
    np.testing.assert_allclose(terms["decay"], [-0.1, 0.05])
    np.testing.assert_allclose(
        sum(terms.values()), optimizer.step(theta, lambda at: np.ones(2), state, 0)[0] - theta, rtol=1e-12
    )


@pytest.mark.parametrize("optimizer", [Signum(), Lion(), Lion(weight_decay=0.1)], ids=repr)
def test_the_formula_marks_the_roles_that_are_shown(optimizer):
    assert all(rf"\{role}{{" in optimizer.formula for role in optimizer.labels)
    assert optimizer.formula.count("{") == optimizer.formula.count("}")


@pytest.mark.parametrize(("optimizer", "knob"), [(o, knob) for o in (Signum(0.02), Lion(0.02)) for knob in o.knobs])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    loss, values = ravine(kappa=20, angle=30), np.array([0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize("optimizer", [Signum(), Signum(beta=0.0), Lion(), Lion(weight_decay=0.3)], ids=repr)
def test_they_travel(optimizer):
    np.testing.assert_allclose(*travelled(optimizer, ravine()), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Signum(beta=1.0), r"momentum β must be in \[0, 1\), got 1"),
        (lambda: Signum(lr=-0.1), r"learning rate η must be in \[0, ∞\), got -0.1"),
        (lambda: Lion(beta1=-0.5), r"interpolation β₁ must be in \[0, 1\), got -0.5"),
        (lambda: Lion(weight_decay=-1), r"weight decay λ must be in \[0, ∞\), got -1"),
        (lambda: Lion().replace(beta=0.9), "Lion has no hyperparameter beta"),
    ],
)
def test_wrong_values_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
