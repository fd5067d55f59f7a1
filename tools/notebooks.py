"""Run the notebooks again in place and keep their files small and stable: ``make notebooks``.

With ``--check`` nothing is run: it says what keeps a notebook from being committed (`.pre-commit-config.yaml`).

The files are committed with their outputs, so two runs of the same code give the same bytes: no time stamps,
no kernel's version, no random widget ids, no saved widget state (which would break GitHub's preview).
"""

import hashlib
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tools.setup_cell import ROOT, current_slug, setup_cell
from tools.slides import mark

FOLDER = ROOT / "notebooks"

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_METADATA = {"tags", "jupyter", "editable", "deletable", "slideshow"}  # what an author sets; the rest goes
WIDGET = "application/vnd.jupyter.widget-view+json"
MACHINE = re.compile(r" at 0x\w+|(?:/home|/root|/Users|/tmp|/site-packages)/\S*")  # true on one machine only
MAX_BYTES = 1_500_000
MAX_LINES = 16
TRAINS = re.compile(r"\b(?:train|range_test|sharpness|RareClasses|fair_race|EdgeTraining)\(|\.on\(.*\bseed\)")


def all_notebooks(folder: Path = FOLDER) -> list[Path]:
    return sorted(folder.glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def write(path: Path, notebook: nbformat.NotebookNode) -> None:
    path.write_bytes(text_of(notebook).encode("utf-8"))


def text_of(notebook: nbformat.NotebookNode) -> str:
    """The file's text, in Jupyter's own form."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write_setup_cell(notebook: nbformat.NotebookNode, slug: str) -> None:
    """Give the cell tagged ``setup`` its one text."""
    for cell in setup_cells(notebook):
        cell.source = setup_cell(slug)


def setup_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in code_cells(notebook) if "setup" in cell.metadata.get("tags", [])]


def covers(notebook: nbformat.NotebookNode) -> list[dict]:
    """What the cell tagged ``cover`` shows: the notebook's picture on the site's front page, as a mime bundle."""
    tagged = [cell for cell in code_cells(notebook) if "cover" in cell.metadata.get("tags", [])]
    return [output.data for cell in tagged for output in cell.outputs if "image/png" in output.get("data", {})]


def only_trains(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell trains, which takes minutes in the browser, and shows no lab."""
    has_lab = any(WIDGET in output.get("data", {}) for output in cell.outputs)
    return not has_lab and TRAINS.search(cell.source) is not None


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def run(notebook: nbformat.NotebookNode, cwd: Path = FOLDER) -> None:
    """Execute all cells in a fresh kernel; raises CellExecutionError at the first failure."""
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(cwd)}},
        store_widget_state=False,
        record_timing=False,
        coalesce_streams=True,
    ).execute()


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Drop what changes from run to run and from machine to machine, and views that live only while their cell runs."""
    notebook.nbformat_minor = 5  # the format whose cells have ids
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in code_cells(notebook):
        cell.outputs = [output for output in cell.outputs if output.get("data", {}).keys() != {WIDGET}]
    for number, cell in enumerate(notebook.cells, start=1):
        cell.setdefault("id", f"cell-{number}")
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in CELL_METADATA})
    mark(notebook.cells)
    for number, output in enumerate(outputs(notebook)):
        output.pop("transient", None)
        if WIDGET in output.get("data", {}):
            output.data[WIDGET]["model_id"] = hashlib.md5(f"lab {number}".encode()).hexdigest()


def problems(path: Path, slug: str) -> list[str]:
    """What keeps a notebook from being committed, each in one line; an empty list if nothing does."""
    notebook, raw = read(path), path.read_text("utf-8")
    found = []
    if raw != text_of(notebook) or notebook.metadata != METADATA:
        found.append("is not in its stable form")
    if len(raw.encode()) > MAX_BYTES:
        found.append(f"has {len(raw.encode()) / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:.1f}")
    if [cell.source for cell in setup_cells(notebook)] != [setup_cell(slug)]:
        found.append("has not exactly one cell tagged 'setup' with the text of tools/setup_cell.py")
    for number, cell in enumerate(notebook.cells, start=1):
        found += [f"cell {number} {problem}" for problem in cell_problems(cell)]
    return found


def cell_problems(cell: nbformat.NotebookNode) -> list[str]:
    if cell.cell_type != "code" or not cell.source.strip():
        return []
    found = []
    if cell.execution_count is None:
        found.append("was not executed")
    if (lines := len(cell.source.splitlines())) > MAX_LINES and "setup" not in cell.metadata.get("tags", []):
        found.append(f"has {lines} lines, more than {MAX_LINES}")
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "error":
            found.append(f"ended with {output.ename}")
        if WIDGET in data and not {"image/png", "text/plain"} <= data.keys():
            found.append("shows something live without its picture and its words")
        text = output.get("text", "") + data.get("text/plain", "")
        found += [f"prints {word!r}" for word in MACHINE.findall(text)]
    return found


def check(names: list[str]) -> int:
    """Say what keeps notebooks from being committed, without running them."""
    slug, failed = current_slug(), False
    for path in [Path(name) for name in names] or all_notebooks():
        for problem in problems(path, slug):
            print(f"{path.name} {problem}; make notebooks NOTEBOOKS={path} mends it", file=sys.stderr)
            failed = True
    return int(failed)


def main(names: list[str]) -> int:
    slug, failed = current_slug(), False
    for path in [Path(name) for name in names] or all_notebooks():
        notebook = read(path)
        write_setup_cell(notebook, slug)
        try:
            run(notebook)
        except CellExecutionError as error:
            print(f"{path.name}: stopped, the file is unchanged\n{error}", file=sys.stderr)
            failed = True
            continue
        tidy(notebook)
        write(path, notebook)
        found = problems(path, slug)
        failed |= bool(found)
        print("\n  ".join([f"{path.name}: {len(code_cells(notebook))} cells executed", *found]), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(check(sys.argv[2:]) if sys.argv[1:2] == ["--check"] else main(sys.argv[1:]))
