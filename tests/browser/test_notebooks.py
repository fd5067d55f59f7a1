"""The teaching notebooks as they are: all cells run, and every lab in them is awake."""

import pytest

from tools.notebooks import all_notebooks

from .stage import FRESH

NOTEBOOKS = all_notebooks()


def test_there_are_notebooks_to_try():
    assert NOTEBOOKS


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_all_cells_of_a_notebook_run_and_every_lab_in_it_is_drawn_and_current(lab, name):
    lab.open(name)
    lab.run_all()
    assert lab.errors() == []
    assert lab.unrun() == []
    for stage in lab.stages():
        stage.root.scroll_into_view_if_needed()
        stage.wait(FRESH)
        assert not any(stage.is_blank())
        for slider in stage.sliders()[:1]:
            before = stage.picture()
            slider.press("ArrowLeft")
            stage.wait_other_picture(before)
