"""Adam's spikes: where the preconditioned curvature crosses its threshold, against a loop that is written out here."""

import numpy as np
import pytest

from optimlab.labs.spike import FOUND, found, spike_lab, walked
from optimlab.labs.travel import rows_of_recipe

DEFAULT = spike_lab()


def loop(eta, beta1, beta2, steps):
    """|x| and λ/√v̂ after t = 0 … steps gradients, with λ = 1; x₀ = 1."""
    x, m, v, path = 1.0, 0.0, 0.0, [(1.0, 1.0)]
    for t in range(1, steps + 1):
        m, v = beta1 * m + (1 - beta1) * x, beta2 * v + (1 - beta2) * x * x
        v_hat = v / (1 - beta2**t)
        x = x - eta * (m / (1 - beta1**t)) / np.sqrt(v_hat)
        path.append((abs(x), 1 / np.sqrt(v_hat)))
    return np.array(path)


def threshold(eta, beta1):
    return (2 + 2 * beta1) / ((1 - beta1) * eta)


def told(steps=1500, **changed):
    values = {"eta": 0.1, "beta1": 0.9, "1-beta2": 0.01} | changed
    return dict(zip(FOUND, found(steps, values)[0]))


def rows_of(lab):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values).items()}


def test_the_usual_spike_is_predicted_long_before_it_is_there():
    seen = told()
    assert seen["predicted"] == pytest.approx(887.2, abs=0.1) and seen["crossed"] == 888
    assert seen["seen"] < 200 and seen["threshold"] == pytest.approx(380)
    assert 1e-21 < seen["low"] < 1e-19 and seen["largest"] == pytest.approx(0.030, abs=5e-4)
    path = loop(0.1, 0.9, 0.99, 1500)
    assert seen["crossed"] == np.argmax(path[:, 1] >= 380)
    assert seen["largest"] == pytest.approx(path[888:, 0].max(), rel=1e-6)
    assert np.argmax(path[888:, 0]) + 888 == pytest.approx(947, abs=2)


def test_the_rows_are_those_of_the_loop_until_the_first_burst_is_over():
    walk = rows_of(DEFAULT)["walk"]
    np.testing.assert_allclose(walk[:1001], loop(0.1, 0.9, 0.99, 1000), rtol=1e-5)


@pytest.mark.parametrize("eta", [0.03, 0.3, 1.0])
@pytest.mark.parametrize("beta1", [0.5, 0.9])
@pytest.mark.parametrize("rest", [0.01, 0.03])
def test_the_crossing_is_the_next_whole_step_after_the_predicted_one(eta, beta1, rest):
    crossed = np.argmax(loop(eta, beta1, 1 - rest, 1300)[:, 1] >= threshold(eta, beta1))
    seen = told(1300, eta=eta, beta1=beta1, **{"1-beta2": rest})
    assert seen["crossed"] == crossed
    assert seen["seen"] < crossed and 0 <= crossed - seen["predicted"] < 1.1


def test_the_prediction_is_the_sum_of_all_squared_gradients():
    """V = (1−β₂) Σ g² β₂⁻ⁱ over the gradients before the crossing, λ = 1."""
    g = np.concatenate([[1.0], loop(0.1, 0.9, 0.99, 700)[1:, 0]])
    V = 0.01 * (g**2 * 0.99 ** -np.arange(1.0, len(g) + 1)).sum()
    assert told()["predicted"] == pytest.approx(np.log(V * 380**2) / -np.log(0.99), abs=0.05)


def test_a_crossing_beyond_the_steps_is_predicted_all_the_same():
    seen = told(200, **{"1-beta2": 0.001})
    assert seen["predicted"] == pytest.approx(6541, abs=1) and np.isnan(seen["crossed"])
    values = {"eta": 0.1, "beta1": 0.9, "1-beta2": 0.001}
    assert "predicted at step 125: 6540.6; measured: none in 200 steps" in "".join(
        spike_lab(steps=200)._summary(values)
    )


@pytest.mark.parametrize(("beta1", "rest"), [(0.9, 0.1), (0.95, 0.1), (0.95, 0.06)])
def test_with_beta2_not_above_beta1_nothing_is_predicted(beta1, rest):
    seen = told(beta1=beta1, **{"1-beta2": rest})
    assert np.isnan([seen[name] for name in ("seen", "curvature", "predicted")]).all()


def test_a_walk_that_lands_on_the_minimum_at_once_stays_there_and_is_a_number():
    walk = walked(100, {"eta": 1.0, "beta1": 0.0, "1-beta2": 0.01})
    assert np.isfinite(walk).all() and walk[-1, 0] == 1e-300


def test_the_ring_lies_on_the_curve_before_the_crossing():
    rows = rows_of(DEFAULT)
    k, curvature = rows["found"][0, :2]
    assert curvature == pytest.approx(rows["walk"][int(k), 1])
    assert k < rows["found"][0, FOUND.index("crossed")]


def test_all_of_it_travels_and_python_finds_what_the_recipe_finds():
    assert set(DEFAULT.travels.values()) == {True}
    lab = spike_lab(steps=120)
    grids = {name: np.asarray(grid) for name, grid in lab.stage.grids.items()}
    recipe = next(source.recipe for source in lab._sources if source.name == "found")
    for name, place in (("eta", -1), ("beta1", 0), ("1-beta2", -1), ("1-beta2", 0)):
        values = lab.values | {name: float(grids[name][place])}
        np.testing.assert_allclose(rows_of_recipe(recipe, values), found(120, values), rtol=1e-6)


def test_a_sweep_is_the_rows_of_its_values():
    grid = np.array([0.0, 0.5, 0.9])
    for source in spike_lab(steps=120)._sources:
        swept = source.compute(DEFAULT.values | {"beta1": grid, "eta": 0.3})
        single = [source.compute(DEFAULT.values | {"beta1": float(beta1), "eta": 0.3}) for beta1 in grid]
        np.testing.assert_allclose(swept, single, rtol=1e-4)


def test_the_axes_show_the_threshold_at_all_ends_of_the_sliders():
    low, high = DEFAULT.scene.panels[1].y
    assert all(low < threshold(eta, beta1) < high for eta in (0.01, 1.0) for beta1 in (0.0, 0.95))


def test_the_summary_has_theory_beside_measurement():
    text = repr(DEFAULT)
    assert "limit 380" in text and "887.2; measured: 888" in text


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"beta1": 0.99}, "first-moment decay β₁ must be in [0, 0.95], got 0.99"),
        ({"beta2": 1.0}, "second-moment decay β₂ must be in [0.9, 0.999], got 1"),
        ({"eta": 2}, "learning rate η must be in [0.01, 1], got 2"),
        ({"eta": "a"}, "learning rate η must be a number in [0.01, 1], got 'a'"),
        ({"steps": 1.5}, "steps must be a whole number in [2, 8000], got 1.5"),
    ],
)
def test_what_is_not_allowed_is_one_sentence(wrong, text):
    with pytest.raises(ValueError) as caught:
        spike_lab(**wrong)
    assert str(caught.value) == text
