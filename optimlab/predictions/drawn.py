"""Predictions that are drawn: the path that a learner expects, on the lab that then shows the real one.

>>> from optimlab import GradientDescent, predict, race, ravine
>>> lab = predict("02.p1", race(ravine(angle=30), GradientDescent(0.06), steps=40))

The browser measures how far the two are apart (`stage/sketch.js`), plays the real one over the drawn one, and tells;
here it is kept.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ..checks import told
from ..memory import SESSION, SHOWN, remember
from ..stage.marks import Path
from ..stage.scene import Scene
from .prediction import SURE

__all__ = ["LIMIT", "PATHS", "known_paths", "sketched"]

PATHS = {
    "02.p1": "Draw the path that gradient descent takes from here, as it will look.",
    "03.p1": "Draw the path of the heavy ball from here, as it will look.",
}
"""{name: what is asked}; the number of the notebook stands first."""

LIMIT = 10.0  # percent of the real path's size: one that was right is no farther from it
MOST = 500  # points of a drawn path


def known_paths() -> list[str]:
    return list(PATHS)


def sketched(name: str, lab: Any) -> Any:
    """The lab, veiled, with a pen for the path of its first runner; it keeps what is committed.

    Raises
    ------
    ValueError : for a lab that shows no path in two dimensions, or plays nothing
    """
    panels = lab.scene.panels if isinstance(getattr(lab, "scene", None), Scene) and lab.scene.steps else ()
    marks = [mark for panel in panels if panel.way != "3-D" for mark in panel.marks]
    sources = [mark.source for mark in marks if isinstance(mark, Path)]
    if not sources:
        raise ValueError(f"a path can be drawn on a lab that plays one, as race(…) does, got {told(lab)}")
    asked = {"name": name, "question": PATHS[name], "source": sources[0], "levels": list(SURE), "limit": LIMIT}
    known = SESSION.get(name)
    before = {"said": {key: known[key] for key in ("points", "sure")}} if known else {}
    lab.veiled()
    panels = [replace(panel, title=panel.title.replace("drag the start", "draw the path")) for panel in panels]
    lab.scene = replace(lab.scene, panels=panels, sketch=asked | before)
    lab.stage.scene = lab.scene.as_dict()
    lab.stage.observe(lambda change: keep(name, change["new"]), "sketched")
    return lab


def keep(name: str, said: Any) -> None:
    """Remember what has been drawn, if it is the first and can be read; no percent: the real one diverges."""
    if said.get("seen"):
        SHOWN.add(name)
        return
    points, sure, percent, right = (said.get(key) for key in ("points", "sure", "percent", "right"))
    known = is_path(points) and sure in range(len(SURE)) and (percent is None or is_finite(percent))
    if name in SESSION or not known:
        return
    came = "leaves the finite numbers" if percent is None else f"{percent:.2g} % of its size apart"
    after: dict[str, Any] = {"after": True} if name in SHOWN else {}
    remember(name, answer="a drawn path", points=points, sure=sure, came=came, right=right is True, **after)
    SHOWN.add(name)


def is_path(points: Any) -> bool:
    pairs = isinstance(points, list) and 0 < len(points) <= MOST
    return pairs and all(isinstance(p, list) and len(p) == 2 and all(map(is_finite, p)) for p in points)


def is_finite(number: Any) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
