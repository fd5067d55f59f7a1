"""A lab as one file: a page that is alive by itself, without a kernel, and asks nothing of any other machine.

What travels is sent as it is (its recipes); of the sources that Python alone can compute, the page carries a grid over
a few controls, and offers just these. `page.js` and `page.css` show it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from itertools import product
from typing import Any

import numpy as np

from ..checks import short, told
from .bundle import bundle
from .marks import Handle, Points
from .scene import Panel, Scene
from .widget import HERE, Source, Stage, pack

__all__ = ["as_json", "html_page", "page_data"]

ROOM = 3_000_000  # bytes that the grids of a page may take
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{css}
</style>
</head>
<body>
<main class="optimlab-page">
<h1>{title}</h1>
{head}<div id="optimlab" class="optimlab-lab"></div>
<p class="optimlab-caption">{caption}made with optimlab</p>
</main>
<script type="application/json" id="optimlab-page">{data}</script>
<script type="module">
{program}
</script>
</body>
</html>
"""


def html_page(data: Mapping[str, Any], title: str = "", caption: str = "", head: str = "") -> str:
    """The page of a lab, as HTML.

    Parameters
    ----------
    data : what `page_data` makes of the lab
    title, caption : text above and below it
    head : HTML between the title and the stage
    """
    return PAGE.format(
        title=escape(title),
        css="\n".join(
            line.strip() for name in ("page.css", "stage.css") for line in (HERE / name).open(encoding="utf-8")
        ),
        head=head,
        caption=f"{escape(caption)} · " if caption else "",
        data=as_json(data).replace("<", "\\u003c"),
        program=bundle(HERE / "page.js", needless(data["traits"]["scene"])).replace("</script", "<\\/script"),
    )


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def needless(scene: Mapping[str, Any]) -> list[str]:
    """Modules that a page with this scene can do without: a page is small."""
    knots = any(mark["kind"] == "knots" for panel in scene["panels"] for mark in panel["marks"])
    drawn = scene["sketch"]
    used = {"riddle.js": scene["riddle"], "sketch.js": drawn, "apart.js": drawn, "knots.js": knots}
    return [name for name, needed in used.items() if not needed]


def page_data(
    stage: Stage,
    sources: Sequence[Source],
    scene: Scene,
    controls: Sequence[Any],
    values: Mapping[str, Any],
    chosen: Sequence[str] | None = None,
    room: int = ROOM,
) -> dict[str, Any]:
    """What `page.js` needs to show a lab without a kernel, for JSON.

    Parameters
    ----------
    stage, sources, scene : of the lab
    controls : its sliders: name, knob and row of each
    values : what the controls show now
    chosen : the controls that sources which don't travel are computed for; the first that they need, if None
    room : bytes that what is computed for them may take; where they are not enough, sliders have fewer positions
    """
    homes = [source for source in sources if not source.travels]
    needed = {name for source in homes for name in source.needs}
    grids = {c.name: stage.grid(c.name) for c in controls}
    even = {c.name: c.knob.grid for c in controls}
    chosen = check_chosen(chosen, [c.name for c in controls], needed)
    grids |= thinned(homes, {name: grids[name] for name in chosen if name in needed}, values, room)
    movable = [name for name in stage.points if name not in needed]
    offered = [c for c in controls if c.name not in needed or c.name in chosen]
    traits = {
        "uid": stage.uid,
        "scene": without_handles(
            of_one(scene, movable), {n: p for n, p in stage.points.items() if n not in movable}
        ).as_dict(),
        "grids": {name: grid.tolist() for name, grid in grids.items()},
        "positions": {n: rounded(grid if n in needed else even[n]) for n, grid in grids.items()},
        "points": {name: list(values[name]) for name in stage.points},
        "programmed": {},
        "typed": stage.typed,
        "layout_of_sources": {source.name: source.layout(swept(source, chosen, grids)) for source in sources},
        "answered": 0,
        "problem": "",
    }
    for source in sources:
        base = {name: as_list(values[name]) for name in source.needs}
        array = {} if source.travels else in_base64(pack(source.compute(dict(values))))
        traits[f"current_{source.name}"] = {"base": base, **array}
    sweeps = {}
    for source in homes:
        for control in swept(source, chosen, grids)[-1:]:
            sweeps[f"sweep_{source.name}_{control}"] = list(grid_of(source, chosen, grids, values))
    fixed = [f"{c.knob.symbol} = {short(values[c.name])}" for c in controls if c not in offered]
    return {
        "traits": traits,
        "sweeps": sweeps,
        "sliders": [{"name": c.name, "typed": c.name not in needed} for c in offered],
        "movable": movable,
        "values": {name: as_list(value) for name, value in values.items()},
        "fixed": f"As saved: {', '.join(fixed)}" if fixed else "",
    }


def check_chosen(chosen: Sequence[str] | None, known: Sequence[str], needed: Iterable[str]) -> list[str]:
    """The controls that a page offers for what does not travel, in the lab's order, or a `ValueError`."""
    if chosen is None:
        return [name for name in known if name in set(needed)][:1]
    if isinstance(chosen, str) or not isinstance(chosen, list | tuple):
        raise ValueError(f"the controls must be a list of names of sliders, got {told(chosen)}")
    for name in chosen:
        if name not in known:
            raise ValueError(
                f"the controls must be sliders of this lab, {', '.join(known) or 'none'}; got {told(name)}"
            )
    return [name for name in known if name in chosen]


def swept(source: Source, chosen: Sequence[str], grids: Mapping[str, np.ndarray]) -> list[str]:
    """The controls along which the page holds a source that does not travel; the last one is the sweep's own."""
    return [] if source.travels else [name for name in chosen if name in source.needs]


def thinned(
    homes: Sequence[Source], grids: dict[str, np.ndarray], values: Mapping[str, Any], room: int
) -> dict[str, np.ndarray]:
    """Fewer positions of the chosen controls, where all combinations of them would take too much room."""
    if not grids:
        return {}
    rows = sum(np.size(source.compute(dict(values))) for source in homes if set(grids) & set(source.needs))
    most = max(2, int((room / 4 / max(1, rows)) ** (1 / len(grids))))
    return {name: fewer(grid, most, values[name]) for name, grid in grids.items()}


def fewer(grid: np.ndarray, most: int, keep: Any) -> np.ndarray:
    """At most so many of the values, evenly, the one that is shown among them."""
    if len(grid) <= most:
        return grid
    here = int(np.argmin(np.abs(grid - keep)))
    stride = -(-len(grid) // most)
    return grid[here % stride :: stride]


def grid_of(source: Source, chosen: Sequence[str], grids: Mapping[str, np.ndarray], values: Mapping[str, Any]) -> Any:
    """A source for all combinations of the chosen controls: a sweep along the last, for each of the others."""
    *others, last = [name for name in chosen if name in source.needs]
    for combination in product(*(grids[name] for name in others)):
        here = dict(values) | {name: float(value) for name, value in zip(others, combination, strict=True)}
        base = {name: as_list(here[name]) for name in source.needs if name != last}
        vectorised = source.sweeps is None or last in source.sweeps
        rows = (
            source.compute(here | {last: grids[last]})
            if vectorised
            else np.stack([source.compute(here | {last: float(value)}) for value in grids[last]])
        )
        yield {"base": base, **in_base64(pack(rows))}


def without_handles(scene: Scene, fixed: Mapping[str, Any]) -> Scene:
    """The scene with a ring in place of each handle of a point that cannot be dragged here."""

    def still(mark: Any) -> Any:
        if not isinstance(mark, Handle) or mark.control not in fixed:
            return mark
        point = [*fixed[mark.control], mark.y][:2]
        return Points(data=[point], symbol="ring", color="#222222", color_dark="#ffffff")

    def without(panel: Panel) -> Panel:
        held = any(isinstance(mark, Handle) and mark.control in fixed for mark in panel.marks)
        title = panel.title.partition(": drag")[0] if held else panel.title
        return replace(panel, title=title, marks=[still(mark) for mark in panel.marks])

    return replace(scene, panels=[without(panel) for panel in scene.panels])


def of_one(scene: Scene, movable: Sequence[str]) -> Scene:
    """The scene with the one riddle that is shown, where Python alone could compute another."""
    if scene.riddle is None or scene.riddle["at"] in movable:
        return scene
    return replace(scene, riddle=scene.riddle | {"alone": True})


def rounded(positions: Iterable[float]) -> list[float]:
    """Where the thumb of a slider can be, as exactly as it is seen; the values are in the grid."""
    return [float(f"{position:.6g}") for position in positions]


def as_list(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value


def in_base64(content: dict[str, Any]) -> dict[str, Any]:
    return content | {"bytes": b64encode(content["bytes"]).decode("ascii")}
