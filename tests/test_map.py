"""The map of two hyperparameters says of each cell what a descent with them does."""

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, Momentum, Nesterov, bowl, descend, ravine, rosenbrock
from optimlab.labs.map import map_lab


@pytest.fixture(scope="module")
def lab():
    return map_lab(ravine(kappa=20, angle=30), Momentum(0.02, 0.9))


def rows(lab):
    return lab.stage.rows(lab.values)


def steps_at(lab, cell):
    """The number of the map at an η and a γ."""
    x, y = lab.scene.panels[0].x, lab.scene.panels[0].y
    steps = rows(lab)["map"]
    etas, gammas = np.geomspace(*x, 2 * steps.shape[1] + 1)[1::2], np.linspace(*y, 2 * steps.shape[0] + 1)[1::2]
    return steps[np.argmin(np.abs(gammas - cell[1])), np.argmin(np.abs(np.log(etas / cell[0])))]


def test_each_cell_is_a_descent_of_its_own(lab):
    steps, panel = rows(lab)["map"], lab.scene.panels[0]
    etas = np.geomspace(*panel.x, 2 * steps.shape[1] + 1)[1::2]
    gammas = np.linspace(*panel.y, 2 * steps.shape[0] + 1)[1::2]
    seen = set()
    for row, column in [(0, 40), (36, 42), (90, 26), (90, 12), (99, 60), (5, 5), (50, 55), (40, 66), (98, 42)]:
        walk = descend(ravine(kappa=20, angle=30), Momentum(etas[column], max(gammas[row], 0)), steps=200)
        settled, told = walk.settled_at(), steps[row, column]
        if settled is not None:
            assert told == settled
        else:
            assert told == np.inf if not walk.loss[-1] <= walk.loss[0] else np.isnan(told)
        seen.add("settles" if settled is not None else str(told))
    assert seen == {"settles", "nan", "inf"}


def test_the_best_cell_is_the_best_and_the_usual_one_the_best_of_its_row(lab):
    drawn = rows(lab)
    took, usually = steps_at(lab, drawn["cell1"][0]), steps_at(lab, drawn["cell2"][0])
    assert took == np.nanmin(drawn["map"]) == 11
    assert drawn["cell2"][0, 1] == pytest.approx(0.9)
    assert usually == np.nanmin(drawn["map"][90]) > 5 * took
    assert lab.stage.rows(lab.values)["run1"][int(took), 2] <= 1e-3


def test_the_summary_counts_what_the_map_shows(lab):
    steps, words = rows(lab)["map"], repr(lab)
    assert f"the first of {np.sum(steps == np.nanmin(steps))} such cells" in words
    shares = f"{np.mean(np.isfinite(steps)):.0%} of the cells settle, {np.mean(np.isposinf(steps)):.0%} diverge"
    assert shares in words


def test_the_dot_chooses_the_cell_whose_descent_is_shown(lab):
    lab.stage.points = lab.stage.points | {"dot": [0.1, 0.5]}
    drawn = rows(lab)
    np.testing.assert_allclose(drawn["cell0"][0, :2], [0.1, 0.5], rtol=1e-9)
    walk = descend(ravine(kappa=20, angle=30), Momentum(0.1, 0.5), steps=200)
    np.testing.assert_allclose(drawn["run0"][:, :2], walk.theta, rtol=1e-6, atol=1e-9)
    assert steps_at(lab, drawn["cell0"][0]) == walk.settled_at()
    assert f"η=0.1  γ=0.5  settles after {walk.settled_at()} steps" in repr(lab)


def test_theory_lies_on_the_borders_of_what_the_map_shows(lab):
    drawn = rows(lab)
    limit = drawn["theory"][:, :2]
    panel, steps = lab.scene.panels[0], drawn["map"]
    etas = np.geomspace(*panel.x, 2 * steps.shape[1] + 1)[1::2]
    for gamma, eta in limit[5:80:10]:
        row = steps[round(gamma * 100)]
        assert np.isinf(row[etas > 1.1 * eta]).all()
        assert not np.isinf(row[etas < 0.9 * eta]).any()
    slow, fast = drawn["optimum"][0]
    assert (slow, fast) == pytest.approx((4 / (1 + 20**0.5) ** 2, ((20**0.5 - 1) / (20**0.5 + 1)) ** 2))


def test_without_theory_there_are_no_curves():
    lab = map_lab(rosenbrock(), Adam(0.1), y="beta2", steps=20)
    assert [mark.kind for mark in lab.scene.panels[0].marks] == ["map", "points", "points", "handle"]
    assert "β₂" in lab.scene.panels[0].y_label


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: map_lab(ravine(), GradientDescent()), "an optimizer with two hyperparameters"),
        (lambda: map_lab(ravine(), Momentum(), y="beta1"), "y must be one of gamma"),
        (lambda: map_lab(ravine(), Momentum(), steps=5000), r"steps of a map must be a whole number in \[1, 1000\]"),
        (lambda: map_lab(ravine(), Momentum), "the optimizer must be an Optimizer"),
        (lambda: map_lab(ravine(), [Momentum(), 3]), "the optimizer must be an Optimizer"),
    ],
)
def test_what_has_no_map_is_told_in_a_sentence(wrong, says):
    with pytest.raises(ValueError, match=says):
        wrong()


# Several methods, and a switch


@pytest.fixture
def switched():
    lab = map_lab(bowl(), [Momentum(), Nesterov(), Adam()], steps=20)
    yield lab
    lab.close()


def test_a_switch_chooses_the_method(switched):
    assert switched.buttons.options == ("Momentum", "Nesterov", "Adam")
    assert repr(switched).startswith("map of η and γ for Momentum")
    momentum = switched.lab
    switched.buttons.value = "Adam"
    assert repr(switched).startswith("map of η and β₁ for Adam")
    assert switched.children[1] is switched.lab is not momentum
    switched.buttons.value = "Momentum"
    assert switched.lab is momentum


def test_a_switch_is_saved_as_the_lab_that_it_shows(switched):
    bundle, metadata = switched._repr_mimebundle_()
    assert bundle["text/plain"] == repr(switched.lab) and bundle["image/png"][:4] == b"\x89PNG"
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == switched.model_id
    assert metadata == switched.lab.stage.metadata | {"image/png": {"alt": bundle["text/plain"]}}


def test_a_switch_saves_the_lab_that_it_shows(switched, tmp_path):
    switched.save(tmp_path / "map.html", caption="of one method")
    text = (tmp_path / "map.html").read_text("utf-8")
    assert f"<title>{switched.lab.title}" in text and "of one method" in text


def test_a_switch_closes_all_that_it_has_made(switched):
    switched.buttons.value = "Nesterov"
    labs = list(switched._labs.values())
    switched.close()
    assert len(labs) == 2 and all(lab.closed for lab in labs)
    assert switched._repr_mimebundle_()[0].keys() == {"text/plain", "image/png"}


def test_a_switch_names_twins_apart_and_refuses_none():
    assert map_lab(bowl(), [Momentum(), Momentum(gamma=0.5)], steps=5).buttons.options == ("Momentum", "Momentum 2")
    with pytest.raises(ValueError, match="map_lab needs at least one optimizer, got none"):
        map_lab(bowl(), [])
