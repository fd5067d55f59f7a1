"""What all of the static twin draws with: the ground's colours and levels, and the pen of a mark."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..palette import ROLES

__all__ = ["CONTOUR", "FIELD", "VISIBLE", "contour_levels", "finite", "line_style"]

VISIBLE = "\u2060"  # before a label that may begin with _, which matplotlib would leave out
FIELD = ("#AAB9CC", "#FBFCFD")  # low ground, high ground
CONTOUR = "#8494A8"


def line_style(item: Any, runs: dict) -> dict[str, Any]:
    """Colour and dashes of a mark: those of its run, or its own."""
    run = runs.get(item.run)
    color = run.color if run else (item.color or ROLES["text"][0])
    dash = run.dash if run else item.dash or ()
    return {
        "color": color,
        "linestyle": (0, tuple(dash)) if dash else "-",
        "label": VISIBLE + run.label if run else None,
    }


def finite(*columns: np.ndarray) -> list[np.ndarray]:
    """The columns up to the first number that is not finite, clipped to what matplotlib can draw."""
    good = np.all([np.isfinite(c) for c in columns], axis=0)
    end = len(good) if good.all() else int(np.argmin(good))
    return [np.clip(c[:end], -1e12, 1e12) for c in columns]


def contour_levels(grid: Any, minimum: float, count: int = 14) -> list[float]:
    """Contour levels that show the floor as well as the walls.

    The heights are minimum + top·(i/count)ᵖ, with p such that the median of the field lies on the middle one.
    """
    height = np.asarray(grid) - minimum
    top = max(float(np.max(height)), 1e-12)
    middle = np.clip(np.median(height) / top, 1e-3, 0.35)
    power = np.log(middle) / np.log(0.5)
    return [float(minimum + top * (i / count) ** power) for i in range(1, count)]
