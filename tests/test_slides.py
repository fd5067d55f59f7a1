"""Slides: a section is a column, with its question, its lab and what was seen; what is done alone is not shown."""

import re
from collections import Counter

import pytest

from tools.notebooks import all_notebooks, read
from tools.slides import mark

NOTEBOOKS = all_notebooks()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_slides_of_a_notebook_are_marked_as_they_are_now(path):
    notebook = read(path)
    saved = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
    mark(notebook.cells)
    assert saved == [cell.metadata.slideshow.slide_type for cell in notebook.cells], "make notebooks"


@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_each_section_is_a_column_and_each_question_and_lab_is_on_a_slide(path):
    cells = read(path).cells
    kinds = [cell.metadata.slideshow.slide_type for cell in cells]
    columns = [cell.source for cell, kind in zip(cells, kinds, strict=True) if kind == "slide"]
    assert columns[0].startswith("# ") and all(source.startswith("## ") for source in columns[1:])
    assert len([source for source in columns if re.match(r"## \d+ · ", source)]) >= 5
    for cell, kind in zip(cells, kinds, strict=True):
        if re.search(r"^predict\(", cell.source, re.MULTILINE):
            assert kind == "-"
        if cell.cell_type == "code" and re.search(r"\b(?:check|why|recall|review)\(", cell.source):
            assert kind == "skip"
    counts = Counter(kinds)
    assert counts["subslide"] > 5 and counts["skip"] > 5
