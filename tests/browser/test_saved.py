"""What is left of a lab in the saved file, and what a reader sees who opens it without running it."""

import nbformat
import pytest

from .race import IMPORTS, RACE

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def saved(lab, server):
    """A notebook with a lab that was run, moved, and saved; its kernel has gone."""
    server.write("saved.ipynb", f"{IMPORTS}{RACE.format(60)}")
    lab.open("saved.ipynb")
    race = lab.run_lab(0)
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_fresh()
    lab.save()
    lab.close()
    return "saved.ipynb"


def test_a_saved_lab_carries_its_picture_and_its_summary_and_no_widget_state(saved, server):
    notebook = server.read(saved)
    (output,) = notebook.cells[0].outputs
    assert output.data.keys() == {"text/plain", "image/png", WIDGET}
    assert output.data["text/plain"].startswith("race on ravine(")
    assert "widgets" not in notebook.metadata


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


def test_a_trusted_notebook_reopened_says_that_the_lab_sleeps_and_wakes_it_when_run(saved, lab):
    """JupyterLab's own behaviour, written down here: it prefers a widget without a kernel to its picture.

    The set-up cell of each notebook tells the reader to run all cells.
    """
    with lab.guard.expecting("widget model not found"):
        lab.open(saved)
        lab.cell(0).get_by_text("Error displaying widget: model not found").wait_for()
    stage = lab.run_lab(0)
    assert not any(stage.is_blank())
