"""Cells out of order: each runs on its own after the set-up cell, and shows what it shows in order.

Cells that train and show no lab are left to nbval: they take minutes.
"""

import nbformat
import pytest

from tools.notebooks import all_notebooks, code_cells, only_trains, read, run, setup_cells, tidy


def backwards(notebook):
    """The set-up cell, then all others from the last to the first; what defines a class goes before what uses it."""
    setup = setup_cells(notebook)
    others = [cell for cell in reversed(code_cells(notebook)) if cell not in setup and not only_trains(cell)]
    return [*setup, *sorted(others, key=lambda cell: "\nclass " not in f"\n{cell.source}")]


def shown(cell) -> list[str]:
    return [output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs]


@pytest.mark.slow
@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_cells_run_from_the_last_to_the_first_show_what_they_show_in_order(path):
    cells = backwards(read(path))
    again = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in cells])
    run(again)
    tidy(again)
    assert len(again.cells) > 3
    for cell, saved in zip(again.cells, cells):
        assert shown(cell) == shown(saved), cell.source
