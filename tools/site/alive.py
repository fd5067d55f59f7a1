"""What brings a notebook's labs to life on a plain page: its cells are run, and each lab says what a page needs."""

from __future__ import annotations

import ast
import copy
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from tools.notebooks import code_cells, run
from tools.setup_cell import ROOT

PAGE = "application/vnd.optimlab.page+json"
ROOM = 400_000  # bytes of what is computed for a lab's sliders
PRELUDE = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tools.site.alive import carry; carry()"


def run_alive(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy that has been run: its labs carry what a page needs, its figures what they show in words.

    Cells without a picture are left out, unless one that has a picture needs what they define.
    """
    alive = copy.deepcopy(notebook)
    needed: set[str] = set()
    for cell in reversed(code_cells(alive)):
        defined, used = names(cell.source)
        pictured = any("image/png" in output.get("data", {}) for output in cell.outputs)
        if pictured or defined & needed or "setup" in cell.metadata.get("tags", []):
            needed = needed - defined | used
        else:
            cell.source = ""
    alive.cells.insert(0, nbformat.v4.new_code_cell(PRELUDE))
    run(alive)
    del alive.cells[0]
    return alive


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell defines, and those that it uses."""
    defined, used = set(), set()
    for node in ast.walk(ast.parse(TransformerManager().transform_cell(source))):
        if isinstance(node, ast.Name):
            (defined if isinstance(node.ctx, ast.Store) else used).add(node.id)
        elif isinstance(node, ast.alias):
            defined.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
    return defined, used


# In the kernel


def carry() -> None:
    """Let every lab that is shown carry its page, and every figure its words."""
    from IPython import get_ipython
    from matplotlib.figure import Figure

    from optimlab.labs.lab import Lab
    from optimlab.labs.switch import Switch

    for kind in (Lab, Switch):
        kind._repr_mimebundle_ = with_page(kind._repr_mimebundle_)
    get_ipython().display_formatter.formatters["text/plain"].for_type(
        Figure, lambda figure, p, _: p.text(words(figure))
    )


def with_page(show: Any) -> Any:
    def bundle(self: Any, include: Any = None, exclude: Any = None, **kwargs: Any) -> Any:
        shown = show(self, include, exclude, **kwargs)
        data, metadata = shown if isinstance(shown, tuple) else (shown, {})
        return data | {PAGE: pages_of(self)}, metadata

    return bundle


def pages_of(shown: Any) -> list[dict[str, Any]]:
    """For each lab of a switch, or for the one lab: its label, the line above it, and the data of its page."""
    from optimlab.labs.saving import data_of, head_of

    labs = {label: shown._lab(label) for label in shown._makers} if hasattr(shown, "_makers") else {"": shown}
    return [
        {"label": label, "head": head_of(lab), "data": data_of(lab, offered(lab), room=ROOM)}
        for label, lab in labs.items()
    ]


def offered(lab: Any) -> list[str]:
    """The sliders that a page offers for what Python alone computes: those it follows quickly.

    A page holds such a source for every combination of the sliders that are offered for it; so if one needs several of
    them, only the first is offered.
    """
    homes = [source for source in lab._sources if not source.travels]
    needed = {name for source in homes for name in source.needs}
    quick = [
        name
        for name in (control.name for control in lab._controls)
        if name in needed and all(s.sweeps is None or name in s.sweeps for s in homes if name in s.needs)
    ]
    alone = all(len(set(source.needs) & set(quick)) <= 1 for source in homes)
    return quick if alone else quick[:1]


def words(figure: Any) -> str:
    """What a figure shows: the titles and the axes of its parts."""
    parts = []
    for axes in figure.axes:
        title, x, y = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
        lines = [line.get_label() for line in axes.lines if not line.get_label().startswith("_")]
        against = f"{y} against {x}" if x and y else x or y
        part = ": ".join(filter(None, (title, against))) + (f" ({', '.join(lines)})" if lines else "")
        if part and part not in parts:
            parts.append(part)
    return f"Figure: {'; '.join(parts)}" if parts else "Figure"
