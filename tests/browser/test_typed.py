"""A number that is typed, or set in Python, is the number that runs, or it is refused in words."""

import json

import pytest
from playwright.sync_api import expect

from optimlab import GradientDescent, descend, ravine

CELLS = [
    "from optimlab import *\nimport json\n"
    "lab = race(ravine(kappa=20), [GradientDescent(0.0123), Momentum(0.02, 0.8)], steps=60)\nlab",
    'lab.sliders["Momentum lr"].value = 0.5\nlab.sliders["kappa"].value = 10',
    "print(json.dumps(lab.values))",
]


@pytest.fixture
def race(lab):
    if lab.name != "typed.ipynb":
        lab.server.write("typed.ipynb", *CELLS)
        lab.open("typed.ipynb")
    return lab.run_lab(0)


def in_python(lab) -> dict:
    lab.clear(2)
    lab.run(2)
    return json.loads(lab.text(2))


def rate(race):
    return next(s for s in race.sliders() if s.root.get_attribute("class").endswith("optimlab-control-2"))


def trouble(race) -> str:
    return race.root.locator(".optimlab-trouble").inner_text()


def test_a_value_between_two_positions_is_shown_and_runs_as_the_cell_says_it(lab, race):
    race.wait_fresh()
    assert race.values()["GradientDescent lr"] == in_python(lab)["GradientDescent lr"] == 0.0123
    assert rate(race).readout.inner_text() == "0.0123"


@pytest.mark.parametrize(
    ("text", "value"), [("0,05", 0.05), ("0.5", 0.5), ("1.1", 1.1), ("1e-2", 0.01), (" .25 ", 0.25)]
)
def test_what_is_typed_runs(lab, race, text, value):
    rate(race).type(text)
    race.wait_fresh()
    assert race.values()["GradientDescent lr"] == value
    assert float(rate(race).readout.inner_text()) == value
    path = descend(ravine(20), GradientDescent(value), steps=60)
    if abs(path.loss[-1]) < 1e30:
        assert race.last("run0")[:2] == pytest.approx(path.theta[-1], rel=1e-4, abs=1e-12)
    assert in_python(lab)["GradientDescent lr"] == value
    assert trouble(race) == ""


@pytest.mark.parametrize("text", ["50", "-1", "a", "1,000,5", "0.0001", "NaN"])
def test_what_cannot_run_is_refused_in_words_and_changes_nothing(lab, race, text):
    race.wait_fresh()
    rate(race).type(text)
    expect(race.root.locator(".optimlab-trouble")).to_contain_text("η must be a number from 0.001 to 2 here")
    assert rate(race).readout.inner_text() == "0.0123"
    assert race.values()["GradientDescent lr"] == in_python(lab)["GradientDescent lr"] == 0.0123
    rate(race).press("ArrowRight")
    expect(race.root.locator(".optimlab-trouble")).to_have_text("")


def test_what_python_sets_is_what_runs(lab, race):
    lab.run(1)
    race.wait_fresh()
    for values in (race.values(), in_python(lab)):
        assert (values["Momentum lr"], values["kappa"]) == (0.5, 10)


def test_after_a_typed_number_the_keys_go_on_from_there(lab, race):
    rate(race).type("0.5")
    race.wait_fresh()
    rate(race).press("ArrowRight")
    race.wait_fresh()
    assert 0.5 < race.values()["GradientDescent lr"] < 0.56
    rate(race).press("ArrowLeft", "ArrowLeft")
    race.wait_fresh()
    assert 0.45 < race.values()["GradientDescent lr"] < 0.5


def test_escape_leaves_the_number_as_it_was(race):
    race.wait_fresh()
    number = rate(race).readout
    number.click()
    race.page.keyboard.type("7")
    race.page.keyboard.press("Escape")
    assert number.inner_text() == "0.0123"
    assert race.values()["GradientDescent lr"] == 0.0123
