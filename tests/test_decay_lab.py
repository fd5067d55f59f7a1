"""The two ways to decay weights that see nothing but noise, against a loop that is written out and against theory."""

import math

import numpy as np
import pytest

from optimlab.labs.decay import decay_lab

MEAN, SPREAD, LAST_MEAN, LAST_SPREAD = 1, 2, 3, 4


def rows_of(lab, **moved):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values | moved).items()}


@pytest.fixture(scope="module")
def usual():
    lab = decay_lab()
    return lab, rows_of(lab)


def weight(noise, eta, penalty, decay):
    """One weight under Adam, at every step."""
    w, m, v, path = 1.0, 0.0, 0.0, [1.0]
    for t in range(1, len(noise) + 1):
        g = noise[t - 1] + penalty * w
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        w = w - eta * decay * w - eta * m_hat / (math.sqrt(v_hat) + 1e-8)
        path.append(w)
    return path


def test_each_weight_walks_as_the_written_out_loop_does():
    eta, l2, decay, sigma, steps = 0.004, 0.02, 0.7, (0.5, 0.03), 250
    rows = rows_of(decay_lab(eta, decay, sigma, steps, copies=4, l2=l2))
    draws = np.random.default_rng(0).standard_normal((2, steps, 4), np.float32).astype(float)
    for name, i, penalty, rate in (
        ("l2_1", 0, l2, 0.0), ("l2_2", 1, l2, 0.0), ("decoupled_1", 0, 0.0, decay), ("decoupled_2", 1, 0.0, decay),
    ):  # fmt: skip
        paths = np.array([weight((sigma[i] * copy).tolist(), eta, penalty, rate) for copy in draws[i].T])
        found = rows[name]
        at = found[:, 0].astype(int)
        assert (at[0], at[-1], len(at)) == (0, steps, 151) and np.all(np.diff(at) > 0)
        np.testing.assert_allclose(found[:, MEAN], np.abs(paths.mean(axis=0))[at], rtol=1e-4)
        spread = np.sqrt(((paths - paths.mean(axis=0)) ** 2).mean(axis=0))
        np.testing.assert_allclose(found[:, SPREAD] * eta * math.sqrt(steps), spread[at], rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(found[:, LAST_MEAN], paths[:, -1].mean(), rtol=1e-4)
        np.testing.assert_allclose(found[:, LAST_SPREAD], spread[-1], rtol=1e-4)


def test_the_theory_is_that_of_the_three_formulas(usual):
    theory = usual[1]["theory"]
    t = theory[:, 0]
    np.testing.assert_allclose(theory[:, 1], np.exp(-1e-3 * 0.005 * t))
    np.testing.assert_allclose(theory[:, 2], np.exp(-1e-3 * 0.005 * t / 0.01))
    np.testing.assert_allclose(theory[:, 3], (1 - 1e-4) ** t)
    wide = np.sqrt(1e-3 / 0.2 * (1 - np.exp(-2e-4 * t)))
    np.testing.assert_allclose(theory[:, 4], wide / (1e-3 * np.sqrt(3000)))
    np.testing.assert_allclose(theory[:, 5], wide[-1])


def test_what_is_measured_is_what_theory_says(usual):
    """The mean of 400 copies is known up to their spread / 20, their spread up to 3.5 %."""
    rows = usual[1]
    last = {name: row[-1] for name, row in rows.items()}
    for name, channel in (("l2_1", 1), ("decoupled_1", 3), ("decoupled_2", 3)):
        expected = last["theory"][channel]
        assert last[name][LAST_MEAN] == pytest.approx(expected, abs=3 * last[name][LAST_SPREAD] / 20), name
    assert last["l2_2"][LAST_MEAN] == pytest.approx(last["theory"][2], rel=0.15)
    for name in ("decoupled_1", "decoupled_2"):
        assert last[name][LAST_SPREAD] == pytest.approx(0.0475, rel=0.08), name
    assert last["l2_2"][LAST_SPREAD] < 0.75 * last["l2_1"][LAST_SPREAD]


def test_the_size_of_the_noise_matters_to_the_penalty_only(usual):
    lab, rows = usual
    moved = rows_of(lab, sigma2=0.1)
    np.testing.assert_allclose(moved["decoupled_2"], rows["decoupled_2"], rtol=1e-4, atol=1e-9)
    assert moved["l2_2"][-1, LAST_MEAN] > 3 * rows["l2_2"][-1, LAST_MEAN]


def test_where_the_noise_is_of_size_1_both_methods_are_one():
    last = {name: row[-1] for name, row in rows_of(decay_lab(l2=0.1, sigma=(1, 1), copies=100)).items()}
    for number in "12":
        assert last[f"l2_{number}"][LAST_MEAN] == pytest.approx(last[f"decoupled_{number}"][LAST_MEAN], abs=0.01)


def test_a_penalty_above_the_noise_takes_longer_than_the_formula_says():
    lab = decay_lab(l2=0.1, sigma=(1, 0.01), steps=1000, copies=50)
    rows = rows_of(lab)
    assert rows["l2_2"][-1, LAST_MEAN] > 0.05 > 1e-4 > rows["theory"][-1, 2]


def test_the_theory_travels_and_each_weight_needs_its_own_sliders_only(usual):
    lab = usual[0]
    assert [name for name, how in lab.travels.items() if how is True] == ["theory"]
    needs = {source.name: set(source.needs) for source in lab._sources}
    assert needs == {
        "l2_1": {"l2", "eta"},
        "l2_2": {"l2", "eta", "sigma2"},
        "decoupled_1": {"decay", "eta"},
        "decoupled_2": {"decay", "eta", "sigma2"},
        "theory": {"l2", "decay", "eta", "sigma2"},
    }
    assert {source.sweeps for source in lab._sources if not source.travels} == {()}


def test_at_the_ends_of_the_sliders_all_can_be_drawn_and_the_spread_is_in_view():
    lab = decay_lab(steps=300, copies=100)
    top = lab.scene.panels[1].y[1]
    for name in lab.values:
        for end in lab.stage.grid(name)[[0, -1]]:
            for source, rows in rows_of(lab, **{name: end}).items():
                assert np.isfinite(rows).all(), (source, name, end)
                assert rows[:, 4 if source == "theory" else SPREAD].max() < top
            assert np.all(rows_of(lab, **{name: end})["theory"][:, 1:4] > 0)


def test_the_summary_has_measured_beside_theory(usual):
    lines = repr(usual[0]).splitlines()[1:]
    assert [line.split(": mean")[0].strip() for line in lines] == [
        "L2 λ=0.005, σ₁=1", "L2 λ=0.005, σ₂=0.01", "decoupled λ=0.1, σ₁=1", "decoupled λ=0.1, σ₂=0.01",
    ]  # fmt: skip
    assert "theory 0.985" in lines[0] and "theory 0.223" in lines[1]
    assert all("theory 0.741" in line and line.endswith("theory 0.047") for line in lines[2:])


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"eta": 0}, r"learning rate η must be in \(0, 0.1\], got 0"),
        ({"decay": 0}, r"decoupled weight decay λ_dec must be in \(0, 10\], got 0"),
        ({"l2": -0.1}, r"strength of the L2 penalty λ_L2 must be in \(0, 10\], got -0.1"),
        ({"sigma": 1.0}, "sigma must be two numbers, σ₁ and σ₂, got 1.0"),
        ({"sigma": (1, 0.1, 0.01)}, "sigma must be two numbers, σ₁ and σ₂, got"),
        ({"sigma": (0, 1)}, r"noise of the first weight σ₁ must be in \[0.00001, 100\], got 0"),
        ({"sigma": (1, "x")}, r"noise of the second weight σ₂ must be a number in"),
        ({"steps": 10}, r"steps must be a whole number in \[200, 10000\], got 10"),
        ({"copies": 1}, r"copies must be a whole number in \[2, 1000\], got 1"),
    ],
)
def test_what_cannot_be_is_one_sentence(wrong, text):
    with pytest.raises(ValueError, match=text):
        decay_lab(**wrong)
