"""A first line above what a cell computes for a prediction: JupyterLab shows that line of a collapsed output.

So what it shows must give nothing away. The set-up cell of each notebook calls `head_outputs`.
"""

from __future__ import annotations

import re
from typing import Any

from IPython import get_ipython

__all__ = ["HEADING", "head_outputs"]

HEADING = "What came out:"
OBSERVES = re.compile(r"\bobserve\(")


def head_outputs() -> None:
    """From now on each cell that observes a prediction prints `HEADING` first; where there is no IPython, nothing."""
    shell = get_ipython()
    if shell is not None:
        shell.events.register("pre_run_cell", head)


def head(info: Any) -> None:
    if OBSERVES.search(info.raw_cell or ""):
        print(HEADING)
