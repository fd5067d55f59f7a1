"""Every lab in JupyterLab 4 or, with FRONT_END=notebook, in Notebook 7; with ipywidgets 7.7.1 or 8, whichever is here.

``make test`` leaves this file out: for its JupyterLab and ipywidgets 8 the others test far more; ``make matrix`` has
all four.
"""

import os

import pytest

from .jupyter import JupyterLab, Server
from .notebook7 import Notebook7
from .race import LAB, assert_drawn_as_computed, open_race, play_to_the_end, value_of
from .stage import PANELS
from .test_every_lab import IMPORTS, LABS

FRONT_ENDS = {"jupyterlab": JupyterLab, "notebook": Notebook7}
KNOB = ".noUi-handle, .ui-slider-handle"  # ipywidgets 8 draws sliders with noUiSlider, 7 with jQuery UI
FRONT_END = os.environ.get("FRONT_END", "jupyterlab")


@pytest.fixture(scope="module")
def front_end(tmp_path_factory, browser):
    server = Server(tmp_path_factory.mktemp("jupyter"), FRONT_END)
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    yield FRONT_ENDS[FRONT_END](context.new_page(), server)
    context.close()
    server.stop()


@pytest.fixture
def lab(front_end):
    yield front_end
    found = front_end.trouble()
    assert not found, "\n".join(found)


def knob(stage, row, symbol):
    return stage.slider(symbol, row).root.locator(KNOB)


def test_the_race_answers_keys_mouse_and_play(lab):
    race = open_race(lab, "race.ipynb").run_lab(LAB)
    for row, symbol in [("GradientDescent", "η"), ("Momentum", "η"), ("Momentum", "γ"), ("", "κ")]:
        value, before = value_of(race, symbol, row), race.picture()
        knob(race, row, symbol).press("ArrowLeft")
        race.wait_other_picture(before)
        assert value_of(race, symbol, row) < value
        assert_drawn_as_computed(race.wait_fresh())
    x, y = race.handle_on_page()
    mouse = race.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 60, y + 25, steps=4)
    mouse.up()
    assert race.wait_fresh().handle_on_page() == pytest.approx((x + 60, y + 25), abs=1.5)
    assert_drawn_as_computed(race)
    play_to_the_end(race)


def test_every_lab_is_drawn_and_its_sliders_move_it(lab):
    lab.server.write("labs.ipynb", *(IMPORTS + code for code in LABS.values()))
    lab.open("labs.ipynb")
    for index, name in enumerate(LABS):
        stage = lab.run_lab(index)
        assert not any(stage.is_blank()), name
        assert stage.root.locator(".optimlab-trouble").inner_text() == "", name
        for slider in stage.root.locator(".widget-slider").all():
            pictures = []
            for key in ("Home", "PageUp", "End"):
                slider.locator(KNOB).press(key)
                pictures.append(stage.wait_fresh().still_picture(PANELS))
            assert any(picture != pictures[0] for picture in pictures), f"{name}: {slider.inner_text()}"
