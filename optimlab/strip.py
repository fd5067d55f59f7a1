"""Notebooks without what is alive in them: safe to open when a stranger has saved them, whole when they are exported.

::

    python -m optimlab.strip handed_in                    # every notebook in a folder, in place
    python -m optimlab.strip 03_….ipynb --to paper        # a copy in another folder

JupyterLab restores the widgets of a saved notebook before any cell is run, with the front-end code that the notebook
brings along. Here this state goes, and of the outputs all but text and pictures; code, prose and numbers stay.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["main", "stripped"]

SAFE = ("text/plain", "image/png", "image/jpeg")
"""What an output keeps: nothing of it runs."""


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of a notebook, as JSON has it, with text and pictures as its only outputs, and no state of widgets.

    >>> output = {"output_type": "display_data", "data": {"text/html": "<b>1</b>", "text/plain": "1"}, "metadata": {}}
    >>> stripped({"cells": [{"outputs": [output]}], "metadata": {"widgets": {}}})["cells"][0]["outputs"][0]["data"]
    {'text/plain': '1'}
    """
    notebook = json.loads(json.dumps(notebook))
    notebook.get("metadata", {}).pop("widgets", None)
    for cell in notebook["cells"]:
        if "outputs" in cell:
            cell["outputs"] = [quiet(output) for output in cell["outputs"]]
    return notebook


def quiet(output: dict[str, Any]) -> dict[str, Any]:
    """An output with its text and its pictures only."""
    if "data" not in output:
        return output
    words = {kind: {"alt": alt} for kind in SAFE if isinstance(alt := said_of(output, kind), str)}
    return output | {"data": {kind: part for kind, part in output["data"].items() if kind in SAFE}, "metadata": words}


def said_of(output: dict[str, Any], kind: str) -> Any:
    """The text alternative of a picture; None if it has none."""
    metadata = output.get("metadata")
    described = metadata.get(kind) if isinstance(metadata, dict) else None
    return described.get("alt") if isinstance(described, dict) else None


def notebooks_in(places: Sequence[str]) -> list[Path]:
    """The notebooks that are named, and those in the folders that are named, but Jupyter's own copies."""
    found = []
    for place in map(Path, places):
        if not place.exists():
            raise ValueError(f"there is no file or folder {str(place)!r}")
        inside = sorted(place.rglob("*.ipynb")) if place.is_dir() else [place]
        found += [path for path in inside if ".ipynb_checkpoints" not in path.parts]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 if a file is no notebook, which is left as it is."""
    parser = argparse.ArgumentParser("python -m optimlab.strip", description=__doc__.split("\n")[0])
    parser.add_argument("places", nargs="+", help="notebooks, or folders of them")
    parser.add_argument("--to", type=Path, help="a folder for the results; without it they replace the notebooks")
    options = parser.parse_args(arguments)
    wrong = 0
    try:
        paths = notebooks_in(options.places)
    except ValueError as error:
        parser.error(str(error))
    for path in paths:
        try:
            text = json.dumps(stripped(json.loads(path.read_text("utf-8"))), ensure_ascii=False, indent=1) + "\n"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print(f"{path}: no notebook of format 4, left as it is ({type(error).__name__})", file=sys.stderr)
            wrong = 1
            continue
        target = options.to / path.name if options.to else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        print(f"{target}: text and pictures only")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
