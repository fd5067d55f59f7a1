"""Predictions in JupyterLab: chosen with mouse or keys, locked, judged; and labs that hide what comes out till then."""

import json
import re
import time
from contextlib import suppress

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from optimlab import GradientDescent, descend, ravine

from .jupyter import SECONDS

ASK = "from optimlab import predict\npredict('{}')"
SEE = "from optimlab import observe\nobserve('01.1', A=0.3, B=0.2)"
RACE = "from optimlab import Momentum, race, ravine\nrace(ravine(), Momentum(0.02), steps=60).veiled()"
GRADIENT = "from optimlab import gradient_lab, parabola\ngradient_lab(parabola()).veiled()"
WHY = "from optimlab import why\nwhy('03.2')"
DRAW = """from optimlab import GradientDescent, predict, race, ravine
predict('02.p1', race(ravine(kappa=20, angle=30), GradientDescent(lr=0.02), steps=20))"""
RECALL = "from optimlab import recall\nrecall('03')"


@pytest.fixture
def notebook(lab, server):
    (server.root / "answers.json").unlink(missing_ok=True)
    server.write("predict.ipynb", ASK.format("01.1"), SEE, ASK.format("01.2"), RACE, GRADIENT, WHY, RECALL, DRAW)
    lab.open("predict.ipynb")
    return lab


def form(lab, index):
    return lab.cell(index).locator("form.optimlab-predict")


def state(lab, index):
    return form(lab, index).locator("output").inner_text()


def kept(server, kind, ready=bool):
    """The answers of a kind, once the file has them: what was said in the browser may still be on its way."""
    for _ in range(20 * SECONDS):
        with suppress(FileNotFoundError, KeyError):
            if ready(found := json.loads((server.root / "answers.json").read_text("utf-8"))[kind]):
                return found
        time.sleep(0.05)
    raise AssertionError(f"no {kind} were kept")


def test_a_prediction_is_chosen_committed_locked_and_judged(notebook, server):
    notebook.run(0)
    asked = form(notebook, 0)
    asked.get_by_role("button").click()
    assert state(notebook, 0) == "Choose one first."
    asked.get_by_label("a) the flat one, A").check()
    asked.get_by_role("button").click()
    assert state(notebook, 0) == "Say how sure you are."
    asked.get_by_label("certain").check()
    asked.get_by_role("button").click()
    asked.get_by_text("Committed. Now run what follows.").wait_for()
    assert asked.get_by_label("b) the rising one, B").is_disabled()
    notebook.run(1)
    assert notebook.text(1).startswith(
        "01.1 not this time: you predicted a) the flat one, A; it is b) the rising one, B"
    )
    (entry,) = kept(server, "predictions")
    assert (entry["name"], entry["answer"], entry["sure"], entry["right"]) == ("01.1", "a", 2, False)
    notebook.run(0)
    assert form(notebook, 0).get_by_label("a) the flat one, A").is_checked()
    assert form(notebook, 0).get_by_label("a) the flat one, A").is_disabled()


def test_keys_are_enough_and_none_of_them_is_the_notebooks(notebook):
    notebook.run(2)
    cells = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").count()
    form(notebook, 2).locator("input").first.focus()
    for key in ("ArrowDown", "b", "d", "d", "Tab", "Space", "Tab", "Enter"):  # b and dd are JupyterLab's, for cells
        notebook.page.keyboard.press(key)
    form(notebook, 2).get_by_text("Committed. Now run what follows.").wait_for()
    assert form(notebook, 2).get_by_label("b) right; longer at 2").is_checked()
    assert form(notebook, 2).get_by_label("a guess").is_checked()
    assert notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").count() == cells


def test_an_explanation_is_written_compared_ticked_and_kept(notebook, server):
    notebook.run(5)
    why = form(notebook, 5)
    why.get_by_role("button", name="Compare").click()
    assert state(notebook, 5) == "Write a sentence first; what you write is for you alone."
    assert not why.get_by_text("A model answer.").is_visible()
    field = why.get_by_role("textbox")
    field.click()
    notebook.page.keyboard.type("The gradients add up, dd and all.")  # dd is JupyterLab's, for cells
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Enter")
    why.get_by_text("A model answer.").wait_for()
    assert not field.is_editable() and state(notebook, 5) == "None ticked yet."
    notebook.page.keyboard.press("Space")  # the first point has the focus
    why.get_by_text("1 of 3 are in yours.").wait_for()
    (entry,) = kept(server, "whys", lambda found: found and found[0].get("ticked") == [0])
    assert (entry["answer"], entry["ticked"]) == ("The gradients add up, dd and all.", [0])
    notebook.run(5)
    form(notebook, 5).get_by_text("1 of 3 are in yours.").wait_for()
    assert form(notebook, 5).get_by_role("textbox").input_value() == "The gradients add up, dd and all."


def test_a_question_that_comes_back_is_judged_at_once(notebook):
    notebook.run(6)
    first = notebook.cell(6).locator("form.optimlab-predict").first
    first.get_by_label("a) ").first.check()
    first.get_by_label("a guess").check()
    first.get_by_role("button", name="That is my answer").click()
    first.locator("output", has_text=re.compile("✓|Not this time")).wait_for()
    assert first.get_by_label("a guess").is_disabled()
    expect(notebook.cell(6).locator("form.optimlab-predict")).to_have_count(3)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_form_has_names_and_enough_contrast(notebook, theme):
    notebook.set_theme(theme)
    for cell in (0, 5, 6):
        notebook.run(cell)
    form(notebook, 0).wait_for()
    form(notebook, 5).get_by_role("textbox").fill("It adds up somehow.")
    form(notebook, 5).get_by_role("button", name="Compare").click()
    found = Axe().run(notebook.page, context=".optimlab-predict").response["violations"]
    notebook.set_theme("JupyterLab Light")
    assert not found, [(fault["id"], fault["help"]) for fault in found]


def test_a_race_hides_its_paths_until_it_plays(notebook):
    race = notebook.run_lab(3)
    assert race.report()["veiled"] and race.report()["k"] == 0
    assert "L =" not in race.root.inner_text() and "settled" not in race.root.locator(".optimlab-legend").inner_text()
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_fresh()
    assert race.report()["veiled"] and race.picture() == before
    race.button("play").click()
    race.wait("lab => lab.querySelector('.optimlab-stage').optimlab().k > 3")
    assert not race.report()["veiled"] and "L =" in race.root.inner_text()
    race.scrub.press("Home")


def test_what_does_not_play_is_shown_when_it_is_moved_or_asked_for(notebook):
    gradient = notebook.run_lab(4)
    assert gradient.report()["veiled"]
    gradient.handle.press("ArrowRight")
    gradient.wait("lab => !lab.querySelector('.optimlab-stage').optimlab().veiled")
    race = notebook.run_lab(3)
    race.unveil()
    assert race.report()["k"] == 60
    assert not race.root.get_by_role("button", name="show what comes out").is_visible()


# ------------------------------------------------------------------------------------------- a path that is drawn


def asked_to_draw(notebook):
    """The lab, its surface's box, and the bar with the question."""
    stage = notebook.run_lab(7)
    stage.root.scroll_into_view_if_needed()
    return stage, stage.panels()[0], stage.root.get_by_role("group", name="the path you expect")


def test_a_path_is_drawn_with_the_mouse_committed_and_the_real_one_plays_over_it(notebook, server):
    stage, panel, bar = asked_to_draw(notebook)
    assert stage.report()["veiled"] and stage.report()["k"] == 0
    start, box = stage.values()["start"], panel.bounding_box()
    bar.get_by_role("button", name="That is my prediction").click()
    assert "Draw the path first" in stage.report()["task"]["said"]
    pen = stage.root.locator(".optimlab-pen").bounding_box()
    x, y = pen["x"] + pen["width"] / 2, pen["y"] + pen["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=12)
    mouse.up()
    assert stage.values()["start"] == start, "the pen draws, it does not drag the start"
    points = stage.report()["task"]["points"]
    assert points[0] == pytest.approx(start) and len(points) > 8 and stage.report()["veiled"]
    bar.get_by_label("How sure are you?").select_option(label="certain")
    bar.get_by_role("button", name="That is my prediction").click()
    stage.wait("lab => lab.querySelector('.optimlab-stage').optimlab().task.said.startsWith('02.p1')")
    report = stage.report()
    assert not report["veiled"] and report["k"] == 20 and not report["task"]["open"]
    assert report["task"]["points"] == points, "both stay"
    (entry,) = kept(server, "predictions")
    assert (entry["name"], entry["sure"]) == ("02.p1", 2)
    assert ("✓" in report["task"]["said"]) == entry["right"]
    real = descend(ravine(kappa=20, angle=30), GradientDescent(lr=0.02), steps=20).theta
    assert f"{apart(np.array(points), real):.2g} %"[:3] == entry["came"][:3]
    mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    mouse.down()
    mouse.up()
    assert stage.values()["start"] != start, "afterwards the start can be dragged again"


def apart(drawn, real):
    """The mean distance of each line's points from the other line, in percent of the real one's diagonal."""

    def spread(line):
        gone = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        return np.stack([np.interp(np.linspace(0, gone[-1], 2000), gone, line[:, c]) for c in (0, 1)], axis=1)

    a, b = spread(drawn), spread(real)
    distance = np.linalg.norm(a[:, None] - b, axis=-1)
    return 50 * (distance.min(axis=1).mean() + distance.min(axis=0).mean()) / np.linalg.norm(np.ptp(real, axis=0))


def test_the_arrow_keys_draw_and_backspace_takes_back_and_nothing_else_of_the_notebook_hears(notebook):
    stage, _, bar = asked_to_draw(notebook)
    stage.root.locator(".optimlab-pen").focus()
    press = notebook.page.keyboard.press
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowUp", "Backspace"):
        press(key)
    notebook.page.wait_for_timeout(100)
    points = stage.report()["task"]["points"]
    assert len(points) == 4 and points[3][1] > points[2][1] and points[2][0] > points[1][0] > points[0][0]
    bar.get_by_role("button", name="draw again").click()
    assert len(stage.report()["task"]["points"]) == 1
    assert not Axe().run(notebook.page, context=".optimlab-lab").response["violations"]


def test_who_plays_first_can_draw_no_more(notebook):
    stage, _, bar = asked_to_draw(notebook)
    stage.root.get_by_role("button", name="play").click()
    stage.wait("lab => lab.querySelector('.optimlab-stage').optimlab().task.said === 'Seen without a prediction.'")
    assert not bar.get_by_role("button", name="That is my prediction").is_visible()
    assert not stage.root.locator(".optimlab-pen").is_visible()
