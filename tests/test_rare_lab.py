"""The lab of the rare classes: its runs against loops in plain numpy, its groups, and what its sliders mean."""

import numpy as np
import pytest

from optimlab.labs.rare import rare_lab
from optimlab.rare import RareClasses, class_sizes


@pytest.fixture(scope="module")
def lab():
    return rare_lab()


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def trained(problem, rule, steps):
    """The losses of the examples at each step, of a rule ``step(gradient, memory, t)``."""
    X, labels = problem.X, np.eye(problem.classes)[problem.y]
    W, memory, told = np.zeros((X.shape[1], problem.classes)), {}, []
    for t in range(steps + 1):
        weights = np.exp(X @ W)
        shares = weights / weights.sum(axis=1, keepdims=True)
        told.append(-np.log((shares * labels).sum(axis=1)))
        W = W - rule(X.T @ (shares - labels) / len(X), memory, t + 1)
    return np.array(told)


def heavy(eta):
    def step(g, memory, t):
        memory["v"] = 0.9 * memory.get("v", 0) + eta * g
        return memory["v"]

    return step


def adam(eta):
    def step(g, memory, t):
        memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
        memory["s"] = 0.999 * memory.get("s", 0) + 0.001 * g * g
        return eta * memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["s"] / (1 - 0.999**t)) + 1e-8)

    return step


@pytest.mark.parametrize(("exponent", "centred"), [(1.0, False), (0.5, True)])
def test_the_runs_are_those_of_plain_loops_and_the_groups_are_thirds(exponent, centred):
    steps = 40
    lab = rare_lab(exponent, centred, steps, seed=2)
    sizes = class_sizes(exponent)
    problem = RareClasses(sizes, 250, centred, seed=2)
    middles = np.cumsum(sizes) - sizes / 2
    group = np.searchsorted([224 / 3, 448 / 3], middles, side="right")[problem.y]
    pi = sizes / 224
    curvature = np.linalg.eigvalsh(problem.X @ problem.X.T / 224)[-1]
    curvature *= np.linalg.eigvalsh(np.diag(pi) - np.outer(pi, pi))[-1]
    rules = {
        "GradientDescent": lambda g, memory, t: 2 / curvature * g,
        "Momentum": heavy(2 / curvature),
        "Adam": adam(0.03),
    }
    for name, rule in rules.items():
        each, found = trained(problem, rule, steps), rows(lab, name)
        assert found.shape == (steps + 1, 5)
        np.testing.assert_allclose(found[:, 0], each.mean(axis=1), rtol=1e-6, atol=1e-12)
        for i in range(3):
            np.testing.assert_allclose(found[:, 1 + i], each[:, group == i].mean(axis=1), rtol=1e-6, atol=1e-12)
        assert not found[:, 4].any()


def test_at_first_gradient_descent_lags_with_the_rare_classes_and_the_others_do_not(lab):
    ends = {name: rows(lab, name)[-1] for name in ("GradientDescent", "Momentum", "Adam")}
    assert ends["GradientDescent"][0] > 10 * max(ends["Momentum"][0], ends["Adam"][0])
    assert ends["GradientDescent"][3] > 3 * ends["GradientDescent"][1]
    assert ends["Adam"][3] < ends["Adam"][1]


def test_either_remedy_helps_at_the_same_setting(lab):
    assert rows(lab, "GradientDescent", centred=1.0)[-1, 0] < 0.01
    assert rows(lab, "GradientDescent", exponent=0.0)[-1, 0] < 0.15


@pytest.mark.parametrize("name", ["GradientDescent", "Momentum", "Adam"])
def test_the_sliders_stand_where_larger_steps_would_rattle_or_not_help(lab, name):
    first = lab.values[f"{name} lr"]

    def at(ratio):
        loss = rows(lab, name, **{f"{name} lr": first * ratio})[:, 0]
        return loss[-1], np.mean(np.diff(loss) > 0)

    end, rises = at(1.0)
    assert rises <= 0.05 and at(0.8)[0] > end
    larger, rattles = at(1.3)
    assert rattles > 0.05 or larger > end


def test_the_sizes_and_the_borders_between_the_groups(lab):
    for exponent in (0.0, 0.75, 1.5):
        sizes = rows(lab, "sizes", exponent=exponent)
        np.testing.assert_array_equal(sizes, np.column_stack([np.arange(1, 57), class_sizes(exponent)]))
        left, right = rows(lab, "borders", exponent=exponent)[0]
        common, rare = sizes[sizes[:, 0] < left, 1].sum(), sizes[sizes[:, 0] > right, 1].sum()
        assert 1 < left < right < 56 and common == pytest.approx(224 / 3, abs=18) and abs(rare - 224 / 3) < 18


def test_every_bar_has_its_run_and_its_group(lab):
    bars = [mark for mark in lab.scene.panels[1].marks if mark.kind == "bars"]
    shown = {(mark.run, place): c for mark in bars for place, c in enumerate(mark.channels) if c != 4}
    names = ["GradientDescent", "Momentum", "Adam"]
    assert shown == {(name, 4 * g + i): 1 + g for i, name in enumerate(names) for g in range(3)}
    assert all(mark.source == mark.run and len(mark.labels) == len(mark.colors) == 11 for mark in bars)


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "a=1, raw inputs; examples of a class: from 54 to 1" in text
    gd, momentum, adam = (rows(lab, name)[-1] for name in ("GradientDescent", "Momentum", "Adam"))
    assert f"gradient descent {gd[0]:#.2g}, momentum γ=0.9 {momentum[0]:#.2g}, Adam {adam[0]:#.2g}" in text
    assert f"gradient descent: loss of common classes {gd[1]:#.2g}, of rare ones {gd[3]:#.2g}" in text
    assert "momentum γ=0.9 below 0.001" in repr(rare_lab(centred=True, steps=20))
    lab = rare_lab(steps=30)
    lab.sliders["GradientDescent lr"].value = 20.0
    assert "gradient descent rattles, momentum" in repr(lab)
    assert "examples of a class: 4\n" in repr(rare_lab(0.0, steps=2))


def test_python_computes_it_for_the_present_setting_only(lab):
    assert True not in lab.travels.values()
    assert all(source.sweeps == () for source in lab._sources)
    assert lab.values["centred"] == 0.0 and rare_lab(centred=True, steps=2).values["centred"] == 1.0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: rare_lab(exponent=2), r"exponent of the class law a must be in \[0, 1.5\], got 2"),
        (lambda: rare_lab(exponent="1"), "exponent of the class law a must be a number"),
        (lambda: rare_lab(centred=1.5), r"centred must be in \[0, 1\], got 1.5"),
        (lambda: rare_lab(steps=1), "steps must be a whole number"),
        (lambda: rare_lab(steps=501), "steps must be a whole number"),
        (lambda: rare_lab(seed=-3), "the seed must be a whole number ≥ 0, got -3"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
