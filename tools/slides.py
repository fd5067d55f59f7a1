"""Which cell is what on a slide, for ``jupyter nbconvert --to slides --no-input``: title, question, lab, what you saw.

A section is a column of slides: its heading goes to the right, what follows in it downwards. Code that only measures,
exercises and what a learner answers alone are left out; a teacher shows them in the notebook.
"""

from __future__ import annotations

import re

import nbformat

__all__ = ["mark"]

Cell = nbformat.NotebookNode
HEADING = re.compile(r"#{1,2} ")
ASKS = re.compile(r"^predict\(", re.MULTILINE)
ALONE = re.compile(r"^(?:why|recall|review|check|gains)\(", re.MULTILINE)
ENDS = re.compile(r"## (?:Exercises|Summary|References)\b")


def mark(cells: list[Cell]) -> None:
    """Write `slideshow` into the metadata of a notebook's cells."""
    leaving = False
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            leaving = ENDS.match(cell.source) is not None and "Summary" not in cell.source
        cell.metadata["slideshow"] = {"slide_type": "skip" if leaving else kind_of(cell)}


def kind_of(cell: Cell) -> str:
    """One of "slide" (to the right), "subslide" (below), "fragment" (comes in), "-" (stands below) and "skip"."""
    if cell.cell_type == "markdown":
        if HEADING.match(cell.source):
            return "slide"
        return "fragment" if cell.source.startswith("<details>") else "subslide"
    if "setup" in cell.metadata.get("tags", []) or ALONE.search(cell.source):
        return "skip"
    if ASKS.search(cell.source):
        return "-"
    if any("image/png" in output.get("data", {}) for output in cell.outputs):
        return "subslide"  # a lab
    return "fragment" if re.search(r"\bobserve\(", cell.source) else "skip"
