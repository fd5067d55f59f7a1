"""The lab of the modes: its runs against loops in plain numpy, its lines against theory, and what its bars show."""

import numpy as np
import pytest

from optimlab.deep_linear import VALUES, DeepLinear, half_time_descent, half_time_muon
from optimlab.labs.modes import modes_lab

METHODS = ("GradientDescent", "Adam", "Muon")
S = np.array(VALUES)


@pytest.fixture(scope="module")
def lab():
    return modes_lab()


def rows(lab, source, **moved):
    return np.asarray(lab.stage._sources[source].compute(lab.values | moved))


def descent(eta):
    return lambda G, memory, t: eta * G


def adam(eta):
    def step(G, memory, t):
        memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * G
        memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * G * G
        return eta * memory["m"] / (1 - 0.9**t) / (np.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-8)

    return step


def muon(eta):
    def step(G, memory, t):
        U, _, Vt = np.linalg.svd(G)
        return eta * U @ Vt

    return step


def jordan(eta):
    def step(G, memory, t):
        X = G / np.linalg.norm(G)
        for _ in range(5):
            A = X @ X.T
            X = 3.4445 * X + (-4.7750 * A + 2.0315 * A @ A) @ X
        return eta * X

    return step


def trained(problem, rule, steps):
    """The shares and the loss at each step."""
    Ws, (U, V) = list(problem.start.reshape(-1, 16, 16)), problem.factors
    memories, told = [{} for _ in Ws], []
    for t in range(1, steps + 2):
        E = np.linalg.multi_dot(Ws) - problem.M
        told.append([*(np.diag(U.T @ np.linalg.multi_dot(Ws) @ V) / S), 0.5 * np.sum(E**2)])
        if len(Ws) == 2:
            grads = [E @ Ws[1].T, Ws[0].T @ E]
        else:
            grads = [E @ (Ws[1] @ Ws[2]).T, Ws[0].T @ E @ Ws[2].T, (Ws[0] @ Ws[1]).T @ E]
        Ws = [W - rule(G, memory, t) for W, G, memory in zip(Ws, grads, memories, strict=True)]
    return np.array(told)


@pytest.mark.parametrize(("depth", "scale", "ways"), [(2, 0.05, "exact"), (3, 0.3, "Jordan")])
def test_the_runs_are_those_of_plain_loops(depth, scale, ways):
    lab = modes_lab(0.05, 0.01, 0.02, depth, scale, steps=30, coefficients=ways, seed=1)
    rules = dict(zip(METHODS, (descent(0.05), adam(0.01), {"exact": muon, "Jordan": jordan}[ways](0.02)), strict=True))
    problem = DeepLinear(depth, scale=scale, seed=1)
    for name, rule in rules.items():
        np.testing.assert_allclose(rows(lab, name), trained(problem, rule, 30), rtol=1e-5, atol=1e-6)


def test_at_first_gradient_descent_goes_down_the_stairs_and_muon_up(lab):
    k = lab.scene.first_step
    descent, adam, muon = (rows(lab, name)[k, :6] for name in METHODS)
    assert np.all(np.diff(descent) < 1e-3) and descent[0] > 0.99 and descent[-1] < 0.05
    assert np.all(np.diff(muon) > 0) and muon[0] < 0.1 and muon[-1] > 0.9
    assert adam[:2].min() > 0.9 and adam[3:].max() < 0.3
    ends = np.array([rows(lab, name)[-1, :6] for name in METHODS])
    assert ends.min() > 0.7


def test_the_bars_are_the_shares_of_the_three_methods_with_gaps(lab):
    bars = lab.scene.panels[0].marks[-1]
    together = rows(lab, "modes")
    assert (
        list(bars.channels) == list(range(20)) and len(bars.labels) == len(bars.colors) == len(bars.colors_dark) == 20
    )
    for i, name in enumerate(METHODS):
        np.testing.assert_array_equal(together[:, 7 * i : 7 * i + 6], rows(lab, name)[:, :6])
        assert list(bars.labels[7 * i : 7 * i + 6]) == ["4", "2", "1", "½", "¼", "⅛"]
    assert not together[:, [6, 13]].any() and bars.labels[6] == bars.labels[13] == ""


def test_curves_and_lines_of_a_mode_have_its_colour(lab):
    assert [run.label for run in lab.scene.runs] == ["s = 4", "s = 2", "s = 1", "s = ½", "s = ¼", "s = ⅛"]
    for panel, name in zip(lab.scene.panels[1:], ("GradientDescent", "Muon"), strict=True):
        runs = [run.id for run in lab.scene.runs]
        curves = [mark for mark in panel.marks if mark.kind == "curve"]
        lines = [mark for mark in panel.marks if mark.kind == "vline"]
        assert [(mark.source, mark.y, mark.run) for mark in curves] == [(name, i, run) for i, run in enumerate(runs)]
        hues = [(run.color, run.color_dark) for run in lab.scene.runs]
        assert [(mark.source, mark.x) for mark in lines] == [(f"{name} times", i) for i in range(6)]
        assert [(mark.color, mark.color_dark) for mark in lines] == hues and lines[0].label == "4"


@pytest.mark.parametrize("moved", [{}, {"GradientDescent lr": 0.2, "Muon lr": 0.02, "scale": 0.01}])
def test_the_curves_cross_one_half_where_the_lines_are(lab, moved):
    for name in ("GradientDescent", "Muon"):
        shares, times = rows(lab, name, **moved)[:, :6], rows(lab, f"{name} times", **moved)[0]
        for share, time in zip(shares.T, times, strict=True):
            assert share[int(0.97 * time - 1.5)] < 0.5 < share[int(np.ceil(1.03 * time + 1.5))]


def test_the_lines_are_theorys_and_only_where_it_knows(lab):
    problem = DeepLinear(scale=0.03)
    expected = half_time_descent(S, 0.1, problem.head_start(problem.start))
    np.testing.assert_allclose(rows(lab, "GradientDescent times")[0], expected)
    np.testing.assert_allclose(rows(lab, "Muon times")[0], half_time_muon(S, 0.006))
    np.testing.assert_allclose(rows(lab, "Muon times", depth=3.0)[0], half_time_muon(S, 0.006, 3))
    assert np.isnan(rows(lab, "GradientDescent times", depth=3.0)).all()
    assert np.isfinite(rows(lab, "Muon times", scale=0.1)).all()
    assert np.isnan(rows(lab, "Muon times", scale=0.2)).all()
    assert np.isnan(rows(lab, "GradientDescent times", scale=0.2)).all()


def test_it_can_be_saved_as_a_page(tmp_path):
    modes_lab(steps=4).save(tmp_path / "modes.html")
    assert "what is learned at step k" in (tmp_path / "modes.html").read_text("utf-8")


def test_the_lines_travel_and_the_runs_are_pythons(lab):
    for name, travels in lab.travels.items():
        assert (travels is True) == name.endswith(" times")
    assert all(source.sweeps == () for source in lab._sources if not source.travels)


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "2 layers, start σ=0.03; steps until s = 4, 2, 1, ½, ¼, ⅛ are half learned" in text
    problem = DeepLinear(scale=0.03)
    crossed = {}
    for name, rule in (("GradientDescent", descent(0.1)), ("Muon", muon(0.006))):
        shares = trained(problem, rule, 260)[:, :6]
        crossed[name] = [
            np.interp(0.5, share[: np.argmax(share > 0.5) + 1], np.arange(np.argmax(share > 0.5) + 1))
            for share in shares.T
        ]
    told = {name: " ".join(f"{time:.0f}" for time in times) for name, times in crossed.items()}
    expected = " ".join(f"{time:.0f}" for time in half_time_muon(S, 0.006))
    assert f"gradient descent η=0.1: {told['GradientDescent']}; theory " in text
    assert f"Muon η=0.006: {told['Muon']}; theory {expected}" in text
    assert "Adam η=0.005: 24 " in text
    assert "gradient descent η=1: diverges" in repr(modes_lab(eta=1.0, scale=1.0, steps=30))
    assert "gradient descent η=0.1: – – – – – –\n" in repr(modes_lab(depth=3, steps=20))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: modes_lab(eta=0), r"learning rate η_GD must be in \(0, 1\], got 0"),
        (lambda: modes_lab(adam=2), r"learning rate η_Adam must be in \(0, 1\], got 2"),
        (lambda: modes_lab(muon="x"), "learning rate η_Muon must be a number"),
        (lambda: modes_lab(depth=1), r"depth N must be a whole number in \[2, 3\], got 1"),
        (lambda: modes_lab(scale=20), r"size of the start σ must be in \(0, 10\], got 20"),
        (lambda: modes_lab(steps=1), "steps must be a whole number"),
        (lambda: modes_lab(coefficients="cubic"), "the coefficients of Muon must be one of exact, Jordan, got 'cubic'"),
        (lambda: modes_lab(seed=-3), "the seed must be a whole number ≥ 0, got -3"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
