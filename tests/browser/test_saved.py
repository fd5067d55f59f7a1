"""What is left of a lab in the saved file, and what a reader sees who opens it without running it."""

import nbformat
import pytest

from .race import AT_HOME, IMPORTS, RACE, SLIDERS, assert_drawn_as_computed, play_to_the_end, value_of

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(scope="module")
def kept():
    """What the notebook was when it was saved."""
    return {}


@pytest.fixture
def saved(lab, server, kept):
    """A notebook with a lab that was run, moved, and saved; its kernel has gone."""
    if kept:
        lab.close()
        (server.root / "saved.ipynb").write_bytes(kept["saved.ipynb"])
        return "saved.ipynb"
    server.write("saved.ipynb", f"{IMPORTS}{RACE.format(60)}")
    lab.open("saved.ipynb")
    race = lab.run_lab(0)
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_fresh()
    lab.save()
    lab.close()
    kept["saved.ipynb"] = (server.root / "saved.ipynb").read_bytes()
    return "saved.ipynb"


def test_a_saved_lab_carries_its_picture_its_summary_and_its_state(saved, server):
    notebook = server.read(saved)
    (output,) = notebook.cells[0].outputs
    assert output.data.keys() == {"text/plain", "image/png", WIDGET}
    assert output.data["text/plain"].startswith("race on ravine(")
    assert output.data[WIDGET]["model_id"] in notebook.metadata.widgets[STATE]["state"]


def test_a_notebook_from_elsewhere_shows_the_labs_picture_before_it_is_run(saved, server, other_lab):
    notebook = server.read(saved)
    notebook.cells.append(nbformat.v4.new_code_cell("'changed by somebody else, so not trusted'"))
    nbformat.write(notebook, server.root / "from elsewhere.ipynb")
    other_lab.open("from elsewhere.ipynb")
    picture = other_lab.cell(0).locator(".jp-RenderedImage img")
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert other_lab.cell(0).locator(".optimlab-stage").count() == 0
    stage = other_lab.run_lab(0)
    assert not any(stage.is_blank())


def test_a_notebook_reopened_shows_its_labs_alive_before_any_cell_is_run(saved, lab):
    """Sliders, play and scrub work from what is in the saved state; the kernel knows nothing of the lab.

    What is saved has its keys sorted, so nothing may depend on their order.
    """
    race = lab.reopen(saved)
    assert_drawn_as_computed(race)
    for symbol, row in SLIDERS:
        assert race.slider(symbol, row).shown() == pytest.approx(value_of(race, symbol, row), rel=5e-3)
    assert lab.prompt(0) != "[*]:"
    assert not any(race.is_blank())
    for key in ["ArrowLeft"] * 5 + ["ArrowRight"] * 5:
        before = race.picture()
        race.slider("γ", "Momentum").press(key)
        assert race.picture() != before
        assert_drawn_as_computed(race)
    play_to_the_end(race)
    before = race.picture()
    race.scrub.press("Home")
    assert race.picture() != before
    assert lab.requests() == 0


def test_what_the_saved_state_does_not_hold_is_not_drawn_as_current(server, lab):
    cells = IMPORTS + AT_HOME.format("GradientDescent") + AT_HOME.format("Momentum") + RACE.format(60)
    server.write("swept.ipynb", cells)
    lab.open("swept.ipynb")
    lab.run_lab(0)
    lab.save()
    race = lab.reopen("swept.ipynb")
    race.slider("γ", "Momentum").press("ArrowLeft")
    race.slider("η", "Momentum").press("ArrowLeft")
    assert not race.fresh("run1")
    assert race.fresh("run0")
    race.slider("η", "Momentum").press("ArrowRight")
    assert race.fresh("run1")


def test_a_lab_that_slept_is_new_when_its_cell_is_run_again(saved, lab):
    lab.reopen(saved)
    race = lab.run_lab(0)
    before = race.picture()
    race.handle.press("ArrowRight")
    race.wait_fresh().wait_other_picture(before)
