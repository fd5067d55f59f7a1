"""The detective: riddles that can be solved, that are the same for everybody, and that nothing gives away."""

import json
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from optimlab.labs.detective import STEPS, detective, hidden_knobs, paths
from optimlab.labs.riddles import COUNT, NEAR, THRESHOLD, Grids, apart, good
from optimlab.labs.travel import rows_of_recipe
from optimlab.noise import Noisy
from optimlab.optimizers import Adam, GradientDescent, Momentum, RMSprop
from optimlab.problems import breast_cancer
from optimlab.stage.bundle import bundle
from optimlab.stage.page import html_page
from optimlab.stage.widget import HERE
from optimlab.surfaces import bowl, himmelblau, parabola, plateau, ravine, two_wells
from tools.node import found_node

COOK = Path(__file__).parent / "js" / "cook.js"


def gentle():
    return ravine(kappa=10)


ASKED = [  # surface, optimizer, level
    (gentle, GradientDescent(), 1),
    (gentle, Momentum(), 2),
    (himmelblau, GradientDescent(), 1),
    (himmelblau, Momentum(), 2),
    (bowl, Adam(), 1),
    (two_wells, RMSprop(), 2),
    (parabola, Momentum(), 2),
]
of_values = pytest.mark.parametrize(("surface", "optimizer", "level"), ASKED)


@cache
def lab_on(surface, optimizer=None, level=1):
    """A lab that nothing is done to."""
    return detective(surface(), optimizer, level)


def answers_of(lab):
    """The hidden values, {name: (riddles,)}."""
    return {k["control"].removeprefix("yours "): np.array(k["answers"]) for k in lab.scene.riddle["knobs"]}


def shown_at(lab, number, guess=-1):
    """The path of a riddle, and that of the learner."""
    values = lab.values | {"riddle": (float(number),), "guess": (float(guess),)}
    return lab.stage._sources["riddle"].compute(values), lab.stage._sources["yours"].compute(values)


# Riddles of values


@of_values
def test_the_neighbouring_position_is_good_enough_and_a_clearly_different_rate_is_not(surface, optimizer, level):
    surface, lab = surface(), lab_on(surface, optimizer, level)
    hidden = hidden_knobs(optimizer, level)
    grids = Grids({name: np.array(lab.stage.grids[f"yours {name}"]) for name in hidden})
    answers = answers_of(lab)
    places = np.stack([[np.argmin(np.abs(grids.values[n] - v)) for v in answers[n]] for n in hidden], axis=1)
    theta = paths(surface, optimizer, surface.start, grids.settings(places))

    def moved(by, slider):
        away = by * np.eye(len(hidden), dtype=int)[slider]
        return apart(paths(surface, optimizer, surface.start, grids.settings(places + away)), theta)

    for slider in range(len(hidden)):
        assert max(moved(1, slider).max(), moved(-1, slider).max()) <= THRESHOLD
    for by in (3, -3, 4, -4, 8, -8):
        assert moved(by, 0).min() > THRESHOLD
    if level == 2:
        assert min(moved(8, 1).min(), moved(-8, 1).min()) > THRESHOLD


@of_values
def test_the_hidden_values_are_positions_of_the_sliders_and_make_the_path(surface, optimizer, level):
    lab = lab_on(surface, optimizer, level)
    answers = answers_of(lab)
    for number in (0, 1, len(lab.scene.riddle["knobs"][0]["answers"]) - 1):
        mine = {f"yours {name}": float(values[number]) for name, values in answers.items()}
        for control, value in mine.items():
            assert value in lab.stage.grids[control]
            assert lab.stage.typed[control]["low"] <= value <= lab.stage.typed[control]["high"]
        values = lab.values | mine | {"riddle": (float(number),)}
        rows = [lab.stage._sources[name].compute(values) for name in ("riddle", "yours")]
        np.testing.assert_array_equal(*rows)


@of_values
def test_no_riddle_diverges_or_hardly_moves_and_none_follows_one_that_is_nearly_the_same(surface, optimizer, level):
    surface, lab = surface(), lab_on(surface, optimizer, level)
    count = lab.scene.riddle["count"]
    assert COUNT - 2 <= count <= COUNT
    theta = np.stack([shown_at(lab, n)[0][:, : surface.dim] for n in range(count)], axis=1)
    assert good(theta, surface.view).all()
    assert (apart(np.roll(theta, -1, axis=1), theta) > NEAR).all()  # the first one comes again after the last
    mine = shown_at(lab, 0)[1][:, : surface.dim]
    assert apart(theta[:, 0], mine) > NEAR


def test_a_class_has_the_same_riddles_and_another_class_others():
    first, again, other = (detective(ravine(kappa=10), level=2, seed=seed) for seed in (3, 3, 4))
    assert first.scene.riddle == again.scene.riddle != other.scene.riddle
    assert not np.array_equal(answers_of(first)["lr"], answers_of(other)["lr"])


def test_the_distance_is_a_share_of_the_riddles_own_size():
    riddle = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert apart(riddle, riddle) == 0
    beside = riddle + np.array([0.6, -0.8])
    assert apart(beside, riddle) == pytest.approx(20) == apart(100 * beside, 100 * riddle)
    assert apart(np.where(riddle == 4, np.inf, riddle), riddle) == np.inf


# Riddles of names


@pytest.mark.parametrize("level", [3, 4])
@pytest.mark.parametrize("surface", [gentle, himmelblau, parabola])
def test_no_two_suspects_leave_the_same_path(surface, level):
    surface, lab = surface(), lab_on(surface, level=level)
    riddle = lab.scene.riddle
    assert set(riddle["answers"]) == set(range(5)) and len(riddle["names"]) == 5
    for number in range(0, riddle["count"], 7):
        rows, none = shown_at(lab, number)
        assert np.isfinite(rows).all() and np.isnan(none).all()
        for guess in range(5):
            named = shown_at(lab, number, guess)[1]
            distance = apart(named[:, : surface.dim], rows[:, : surface.dim])
            assert (distance == 0) if guess == riddle["answers"][number] else (distance > THRESHOLD)


def test_optimizers_have_one_rate_each_and_schedules_one_in_common():
    names = lab_on(gentle, level=3).scene.riddle["names"]
    assert [name.split(",")[0] for name in names] == ["GradientDescent", "Momentum", "Nesterov", "RMSprop", "Adam"]
    assert all(", η = " in name for name in names)
    names = lab_on(gentle, level=4).scene.riddle["names"]
    assert names == ["constant", "step decay", "exponential", "cosine", "warm-up + cosine"]


# Nothing gives the answer away


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_what_is_said_and_drawn_does_not_tell_the_answer(level):
    lab = lab_on(gentle, level=level)
    bundle_, _ = lab._repr_mimebundle_()
    assert f"riddle 1 of {lab.scene.riddle['count']}: L − min L goes from" in bundle_["text/plain"]
    labels = [run.label for run in lab.scene.runs]
    drawn = [text.get_text() for legend in lab.figure().legends for text in legend.get_texts()]
    assert set(labels) <= set(drawn) and labels[0] == "the riddle"
    texts = [bundle_["text/plain"], *drawn, *(p.title + p.alt for p in lab.scene.panels)]
    if level < 3:
        hidden = [f"{values[0]:.3g}" for values in answers_of(lab).values()]
        assert not any(f"η={hidden[0]}" in text for text in texts)
        assert not set(lab.values) & {f"riddle {name}" for name in answers_of(lab)}
    else:
        answer = lab.scene.riddle["names"][lab.scene.riddle["answers"][0]]
        assert all(answer not in text or "suspects: " in text for text in texts)
    assert lab.values["riddle"] == (0.0,)


def test_the_summary_and_the_picture_are_those_of_the_riddle_that_is_shown():
    lab = detective(ravine(kappa=10))
    before = lab._repr_mimebundle_()[0]["image/png"]
    values = lab.values | {"riddle": [3.0]}
    lab.stage.request = {"seq": 1, "values": values, "rest": True}
    assert (lab.stage.answered, lab.stage.problem) == (1, "")
    assert "riddle 4 of 40" in repr(lab)
    assert lab._repr_mimebundle_()[0]["image/png"] != before


# Without a kernel


@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_all_riddles_are_made_in_the_browser_as_python_makes_them(level, tmp_path):
    lab = lab_on(gentle, level=level)
    assert set(lab.travels.values()) == {True}
    last = lab.scene.riddle["count"] - 1
    places = [(0, -1), (1, 0), (last, 4), (last + 5, 9)]
    values = [lab.values | {"riddle": [n], "guess": [g]} for n, g in places]
    asked, answer = tmp_path / "asked.json", tmp_path / "answer.json"
    asked.write_text(json.dumps([{"sources": lab.stage.layout_of_sources, "values": values}]), "utf-8")
    subprocess.run([found_node(), str(COOK), str(asked), str(answer)], check=True)
    for here, found in zip(values, json.loads(answer.read_text("utf-8")), strict=True):
        made = {}
        for source in lab._sources:
            row = found["made"][source.name]
            made[source.name] = np.array(row["data"], float).reshape(row["shape"])
            np.testing.assert_allclose(made[source.name], source.compute(here), rtol=1e-6, atol=1e-9)
            of = [made[name] for name in source.recipe.get("of", ())]
            np.testing.assert_allclose(rows_of_recipe(source.recipe, here, made=of), made[source.name], 1e-6, 1e-9)


def test_a_page_holds_all_riddles_and_its_links_name_their_number(tmp_path):
    lab = lab_on(gentle, level=2)
    text = lab.save(tmp_path / "riddle.html").read_text("utf-8")
    data = json.loads(text.split('id="optimlab-page">')[1].split("</script>")[0])
    assert data["movable"] == ["riddle"] and data["values"]["riddle"] == [0.0]
    assert [slider["name"] for slider in data["sliders"]] == ["yours lr", "yours gamma"]
    assert "alone" not in data["traits"]["scene"]["riddle"]
    assert "class Riddle" in text and len(text.encode()) < 160_000


def test_a_page_of_what_python_alone_computes_has_one_riddle(tmp_path):
    lab = detective(breast_cancer())
    assert lab.travels["riddle"] is not True
    text = lab.save(tmp_path / "riddle.html").read_text("utf-8")
    data = json.loads(text.split('id="optimlab-page">')[1].split("</script>")[0])
    assert data["traits"]["scene"]["riddle"]["alone"] is True and data["movable"] == []


def test_a_page_without_a_riddle_does_not_carry_its_code():
    data = {"traits": {"scene": {"riddle": None, "sketch": None, "panels": []}}}
    assert "class Riddle" not in html_page(data) and "class Sketch" not in html_page(data)
    assert "class Riddle" in bundle(HERE / "page.js") and "class Riddle" in bundle(HERE / "stage.js")


# What cannot be


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: detective(bowl(), level=5), "the level must be a whole number in [1, 4], got 5"),
        (lambda: detective(bowl(), level="1"), "the level must be a whole number in [1, 4], got '1'"),
        (lambda: detective(bowl(), seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (
            lambda: detective(bowl(), Adam),
            "the optimizer must be an Optimizer, such as Adam(lr=0.1), got the class Adam",
        ),
        (lambda: detective(bowl(), Adam(), 3), "level 3 asks which optimizer it was: it needs no optimizer, got Adam("),
        (lambda: detective(bowl(), Adam(), 4), "level 4 asks which schedule it was, of momentum with γ = 0.5"),
        (
            lambda: detective(bowl(), Adam(lr=lambda k: 0.1)),
            "level 1 hides the learning rate η: it must be a number, got the function <lambda>",
        ),
        (
            lambda: detective(bowl(), GradientDescent(lambda k: 0.1), 2),
            "level 2 hides hyperparameters that have a slider",
        ),
        (lambda: detective(bowl(), Adam(lr=[0.1, 0.2])), "learning rate η must be one number here, got the shape (2,)"),
        (
            lambda: detective(Noisy(bowl(), 0.1)),
            "detective needs a surface without noise: the same η makes the same path, got bowl with noise σ=0.1",
        ),
        (
            lambda: detective(plateau()),
            "detective finds no riddle here: wherever its sliders stand, GradientDescent leaves",
        ),
        (lambda: detective(None), "the loss must have value(theta) and gradient(theta), got None"),
    ],
)
def test_what_no_riddle_can_be_made_of_is_refused_in_a_sentence(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text)


def test_a_rate_that_is_a_schedule_stays_one_and_the_rest_is_hidden():
    lab = detective(ravine(kappa=10), Momentum(lr=lambda k: 0.1 / (k + 1)), 2)
    assert list(lab.sliders) == ["yours gamma"]
    assert lab.scene.steps == STEPS
