"""What a lab shows, as plain data: panels, and marks on them.

A *source* is a named array that the kernel computes: the path of an optimizer, the field of a surface, a few
numbers. A *mark* says how a source is drawn. `marks.js` draws marks in the browser, where they move;
`optimlab.stage.twin` draws the same marks with matplotlib, for the static twin.

The rows of a source of shape (T+1, channels) belong to the steps k = 0 … T; a mark names the channels it uses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

__all__ = ["Panel", "Run", "Scene", "mark"]


@dataclass
class Run:
    """One line of the legend: a named thing that can be switched on and off, with its readout.

    ``loss`` is (source, channel) of L − min L at each step; None leaves the readout away. ``reads`` is what the
    readout calls the loss. A run that is not ``shown`` is switched off at first.
    """

    id: str
    label: str
    color: str
    color_dark: str
    dash: tuple = ()
    loss: tuple | None = None
    minimum: float = 0.0
    tolerance: float | None = None
    shown: bool = True
    reads: str = "L"


@dataclass
class Panel:
    """A pair of axes. ``x`` and ``y`` are (low, high); ``height`` is a share of the width, or "ruler".

    ``equal`` axes have one scale, so that right angles look right; their height follows from that.
    """

    x: tuple
    y: tuple
    x_label: str = ""
    y_label: str = ""
    title: str = ""
    alt: str = ""
    x_log: bool = False
    y_log: bool = False
    height: float | str = 0.72
    axes: bool = True
    x_ticks: bool = True
    equal: bool = False
    wide: float = 1.0
    marks: list = field(default_factory=list)


@dataclass
class Scene:
    """Panels and a legend; ``steps`` = 0 means that nothing plays. ``unit`` is what a step is called.

    ``readouts`` are numbers below the panels, {"label", "source", "channel"} and perhaps "digits";
    ``first_step`` is shown at first.
    """

    panels: list
    runs: list = field(default_factory=list)
    steps: int = 0
    readouts: list = field(default_factory=list)
    first_step: int = 0
    unit: str = "step"

    def as_dict(self) -> dict:
        return asdict(self)


MARKS = {
    "field": "the surface as bands between contour lines; source (ny, nx) over the panel's range",
    "picture": "a PNG over the whole panel; source gives its bytes",
    "path": "a line through the points of the steps up to k, and the point of step k; x, y are channels",
    "curve": "a line against the step (x=None) or against channel x, with the point of step k",
    "points": "fixed points, given as data, or the rows of a source",
    "arrow": "at step k, from channels (at[0], at[1]) by the vector in channels (by[0], by[1])",
    "line": "at step k, y = slope·x + intercept, from two channels or from the two coordinates of a control",
    "vline": "a vertical line with a label, at data x, at channel x of a source, or at the value of a control",
    "hline": "a horizontal line with a label, at data y or at the value of a control",
    "dot": "the value of a slider, on a ruler",
    "bars": "at step k, one bar for each named channel",
    "histogram": "at step k, `count` channels from `first` on as shares, in bins over the panel's width",
    "handle": "a point that can be dragged (or moved with the arrow keys): the control of that name",
}


def mark(kind: str, **properties) -> dict:
    """One mark; the kinds are the keys of `MARKS`."""
    if kind not in MARKS:
        raise ValueError(f"there is no mark {kind!r}; there are {', '.join(MARKS)}")
    return {"kind": kind, **properties}
