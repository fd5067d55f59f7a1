"""What the set-up cell of each notebook does once optimlab is there."""

from __future__ import annotations

__all__ = ["begin"]


def begin() -> None:
    """Say that optimlab is ready and how to go on, choose the style of pictures, and head what predictions wait for."""
    from matplotlib import style

    from . import __version__
    from .predictions.heading import head_outputs

    style.use("optimlab.page")  # for light pages and dark ones
    head_outputs()
    advice = "Run All shows all that comes out, and wakes the labs of a reopened notebook."
    print(f"optimlab {__version__} is ready. Go cell by cell (Shift+Enter). {advice}")
