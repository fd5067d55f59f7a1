"""Prodigy against recorded trajectories of its authors and of optax, and what sets it apart.

``oracles/averages.npz`` holds what the real libraries did in 200 steps (``oracles/record_averages.py`` shows how).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab import descend, ravine
from optimlab.labs.sources import path_source
from optimlab.labs.travel import rows_of_recipe
from optimlab.optimizers.averages import EMA
from optimlab.optimizers.prodigy import Prodigy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.averages_entries import ALL, NETWORK_STEPS, PRODIGY
from oracles.nested_entries import COLUMNS, humped
from oracles.problems import STEPS, decayed

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "averages.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
AUTHORS, OPTAX = {"eps_step": "next"}, {"eps_step": "next", "use_bias_correction": True}
OURS = {
    "authors prodigy": Prodigy(**AUTHORS),
    "authors prodigy special": Prodigy(
        **AUTHORS, weight_decay=0.1, beta1=0.8, beta2=0.99, beta3=0.9, d_coef=0.5, d0=1e-4
    ),
    "authors prodigy corrected decay": Prodigy(**AUTHORS, use_bias_correction=True),
    "authors prodigy safe hump": Prodigy(**AUTHORS, safeguard_warmup=True, d0=1e-4),
    "optax prodigy": Prodigy(**OPTAX),
    "optax prodigy safe": Prodigy(**OPTAX, safeguard_warmup=True, weight_decay=0.1, beta3=0.95, d0=1e-4),
    "optax prodigy hump": Prodigy(**OPTAX, d_coef=0.5, d0=1e-3),
}


def rate_of(entry, lr):
    return decayed(lr) if entry.endswith("decay") else humped(lr) if entry.endswith("hump") else lr


def walk(optimizer, problem):
    """θ and d of 200 steps, on a problem with a start and ``grad(theta, k)``."""
    theta = problem.start
    state = optimizer.init(theta)
    path, d = [theta], [state["d"][0]]
    for k in range(STEPS):
        theta, state = optimizer.step(theta, lambda at, k=k: problem.grad(at, k), state, k)
        path.append(theta)
        d.append(state["d"][0])
    return np.array(path), np.array(d)


def test_the_recordings_are_those_of_the_entries():
    assert set(PRODIGY) == set(OURS) and set(PRODIGY) <= set(RECORDED)


@pytest.mark.parametrize("problem", ALL)
@pytest.mark.parametrize("entry", OURS)
def test_each_is_that_of_its_library(entry, problem):
    path, d = walk(OURS[entry].replace(lr=rate_of(entry, PRODIGY[entry][-1][problem])), ALL[problem])
    np.testing.assert_allclose(d[KEPT], RECORDED[f"{entry}, d"][list(ALL).index(problem)], **TOLERANCE)
    if problem == "network":
        np.testing.assert_allclose(path[NETWORK_STEPS], RECORDED[f"{entry}, network"], **TOLERANCE)
    else:
        np.testing.assert_allclose(path[KEPT], RECORDED[entry][:, COLUMNS[problem]], **TOLERANCE)


def test_it_is_the_algorithm_of_the_paper():
    """Algorithm 4 there, line by line; with a large ε, so that the d beside it counts."""
    surface, eta, d0, eps = ravine(kappa=7, angle=20), 0.7, 0.03, 0.2
    path = descend(surface, Prodigy(eta, d0=d0, eps=eps), steps=25, record=True)
    x0 = x = np.array(surface.start)
    d, r, s, m, v = d0, 0.0, 0.0, 0.0, 0.0
    for k in range(25):
        g = surface.gradient(x)
        m = 0.9 * m + 0.1 * d * g
        v = 0.999 * v + 0.001 * d**2 * g**2
        r = 0.999**0.5 * r + (1 - 0.999**0.5) * eta * d**2 * (g @ (x0 - x))
        s = 0.999**0.5 * s + (1 - 0.999**0.5) * eta * d**2 * g
        x, d = x - eta * d * m / (np.sqrt(v) + d * eps), max(d, r / np.abs(s).sum())
        np.testing.assert_allclose(path.theta[k + 1], x, rtol=1e-9)
        np.testing.assert_allclose(path.state["d"][k + 1], d, rtol=1e-9)
        np.testing.assert_allclose(path.state["r"][k + 1], r, rtol=1e-7, atol=1e-12)
    assert d > 2 * d0


def test_the_paper_and_the_libraries_differ_by_what_epsilon_is_multiplied_with():
    paths = [walk(Prodigy(0.1, eps_step=step), ALL["logistic"])[0] for step in ("current", "next")]
    assert 0 < np.abs(paths[0] - paths[1]).max() < 1e-5


def test_d_never_falls_and_comes_near_the_distance_of_the_solution_from_whatever_it_began_with():
    """To within a factor of three on a bowl, where the solution is 0.1 to 10 away, and d began at 10⁻⁸ to 10⁻⁴."""
    for distance in (0.1, 1.0, 10.0):
        for d0 in (1e-8, 1e-6, 1e-4):
            path = descend(ravine(kappa=1), Prodigy(d0=d0), [distance, 0.0], steps=300, record=True)
            d = path.state["d"][:, 0]
            assert np.all(np.diff(d) >= 0) and d[0] == d0 and distance / 3 < d[-1] <= distance


def test_where_the_loss_is_convex_d_is_never_larger_than_the_distance():
    """⟨g, θ₀ − θ⟩ ≤ ⟨g, θ₀ − θ*⟩, so r ≤ ⟨s, θ₀ − θ*⟩ ≤ ‖s‖₁ ‖θ₀ − θ*‖_∞: a bound, whatever the steps are."""
    random = np.random.default_rng(0)
    starts = random.normal(size=(50, 2)) * 10.0 ** random.uniform(-2, 2, (50, 1))
    path = descend(ravine(kappa=30, angle=25), Prodigy(), starts, steps=200, record=True)
    part = path.state["d"][..., 0] / np.abs(starts).max(axis=-1)
    assert part.max() <= 1 and part[-1].min() > 0.05 and part[0].max() < 1e-3


def test_the_path_does_not_change_when_the_loss_is_multiplied_and_grows_with_the_plane():
    surface = ravine(kappa=5, angle=25)
    start = np.array([2.0, -1.0])

    def path(gradient, start, d0):
        rule, theta = Prodigy(d0=d0, eps=0.0), start
        state, steps = rule.init(theta), []
        for k in range(60):
            theta, state = rule.step(theta, gradient, state, k)
            steps.append(theta)
        return np.array(steps)

    plain = path(surface.gradient, start, 1e-4)
    np.testing.assert_allclose(path(lambda at: 1024 * surface.gradient(at), start, 1e-4), plain, rtol=1e-9)
    wider = path(lambda at: surface.gradient(at / 8) / 8, 8 * start, 8e-4)
    np.testing.assert_allclose(wider, 8 * plain, rtol=1e-9)


def test_the_safeguard_keeps_eta_out_of_s():
    """While η rises from small values, s without it is large, so that d grows less; afterwards it no longer matters."""
    rising = [Prodigy(lambda k: min((k + 1) / 50, 1.0), safeguard_warmup=safe) for safe in (False, True)]
    free, safe = (descend(ravine(), rule, steps=40, record=True).state["d"][-1, 0] for rule in rising)
    assert safe < free
    constant = [descend(ravine(), Prodigy(safeguard_warmup=safe), steps=40).theta for safe in (False, True)]
    np.testing.assert_array_equal(*constant)


def test_where_there_is_no_slope_or_no_rate_it_stays_and_keeps_its_first_estimate():
    flat, still = (
        descend(ravine(), rule, start, steps=5, record=True)
        for rule, start in ((Prodigy(), [0.0, 0.0]), (Prodigy(0.0), [1.0, 1.0]))
    )
    for path in (flat, still):
        np.testing.assert_array_equal(path.theta, path.theta[:1].repeat(6, axis=0))
        np.testing.assert_array_equal(path.state["d"], 1e-6)
    with np.errstate(all="raise"):
        Prodigy().step(np.zeros(2), lambda at: at, Prodigy().init(np.zeros(2)), 0)


def test_beta3_is_the_root_of_beta2_unless_it_is_told():
    paths = [
        descend(ravine(), Prodigy(beta2=0.81, beta3=beta3), steps=40).theta for beta3 in (None, np.sqrt(0.81), 0.5)
    ]
    np.testing.assert_array_equal(paths[0], paths[1])
    assert not np.allclose(paths[0], paths[2])
    assert repr(Prodigy(beta3=0.5)).endswith("beta3=0.5)") and "beta3" not in repr(Prodigy())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"beta3": 1.0}, "decay of the estimate β₃ must be in [0, 1), got 1"),
        ({"beta3": [0.9, 0.99]}, "decay of the estimate β₃ must be one number here, got the shape (2,)"),
        ({"d0": 0.0}, "first estimate d₀ must be in (0, ∞), got 0"),
        ({"d_coef": -1.0}, "factor of the estimate c_d must be in [0, ∞), got -1"),
        ({"eps_step": "last"}, "eps_step must be one of current, next, got 'last'"),
        ({"safeguard_warmup": 1.5}, "safeguard_warmup must be True or False, got 1.5"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(options, text):
    with pytest.raises(ValueError) as caught:
        Prodigy(**options)
    assert str(caught.value) == text


EACH = [Prodigy(), Prodigy(**OPTAX, safeguard_warmup=True, weight_decay=0.1, beta3=0.9), EMA(Prodigy(), beta=0.9)]


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
@pytest.mark.parametrize("knob", ["lr", "beta1", "beta2", "d0", "d_coef"])
def test_many_runs_at_once_equal_a_loop_exactly(optimizer, knob):
    loss, values = ravine(kappa=20, angle=30), np.array([0.002, 0.05, 0.9])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), steps=25, record=True)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), steps=25, record=True)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)
        np.testing.assert_array_equal(together.state["d"][:, i], alone.state["d"])


@pytest.mark.parametrize("optimizer", EACH, ids=repr)
def test_it_travels(optimizer):
    source = path_source("run", ravine(), optimizer, "run", 40)
    values = {"start": [1.0, 1.0], "kappa": 7.0, "angle": 20.0}
    values |= {f"run {name}": getattr(optimizer, name) for name in optimizer.knobs if optimizer.knobs[name].slider}
    assert isinstance(source.recipe, dict), source.recipe
    np.testing.assert_allclose(rows_of_recipe(source.recipe, values), source.compute(values), rtol=1e-9, atol=1e-12)


def test_float32_stays_float32_and_does_not_lose_the_small_first_estimate():
    path = descend(ravine(), Prodigy(), np.ones(2, np.float32), steps=100, record=True)
    assert path.theta.dtype == path.state["d"].dtype == np.float32
    assert path.state["d"][-1, 0] == pytest.approx(
        descend(ravine(), Prodigy(), np.ones(2), steps=100, record=True).state["d"][-1, 0], rel=1e-2
    )
