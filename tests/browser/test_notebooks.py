"""The teaching notebooks as they are: their cells run, and every lab in them is awake.

Cells that train and show no lab are left to nbval and to Colab's test.
"""

import pytest

from tools.notebooks import all_notebooks, code_cells, only_trains, read

from .stage import FRESH

NOTEBOOKS = all_notebooks()


def test_there_are_notebooks_to_try():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_the_cells_of_a_notebook_run_and_every_lab_in_it_is_drawn_and_current(lab, path):
    lab.open(path.name)
    cells = code_cells(read(path))
    for index, cell in enumerate(cells):
        if not only_trains(cell):
            lab.run(index)
    assert lab.errors() == []
    for stage in lab.stages():
        stage.root.scroll_into_view_if_needed()
        stage.wait(FRESH)
        stage.unveil()
        assert not any(stage.is_blank())
        for slider in stage.sliders()[:1]:
            before = stage.picture()
            slider.press("ArrowLeft")
            stage.wait_other_picture(before)
