"""What a lab shows, as plain data: panels with marks on them, and a legend.

A *source* is a named array that the kernel computes: the path of an optimizer, the field of a surface, a few
numbers. A *mark* says how a source is drawn (`optimlab.stage.marks`). The rows of a source of shape (T+1, channels)
belong to the steps k = 0 … T; a mark names the channels it uses. Nothing is computed or drawn here, and all is frozen:
a panel with one more mark is ``panel.with_marks(…)``, one with another title is ``replace(panel, title=…)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ..checks import told
from .marks import Mark

__all__ = ["LAYOUTS", "Panel", "Readout", "Run", "Scene"]

LAYOUTS = ("2-D", "both", "3-D")


@dataclass(frozen=True)
class Run:
    """One line of the legend: a named thing that can be switched on and off, with its readout.

    ``loss`` is (source, channel) of L − min L at each step; None leaves the readout away. ``reads`` is what the
    readout calls the loss. A run that is not ``shown`` is switched off at first.
    """

    id: str
    label: str
    color: str
    color_dark: str
    dash: Sequence[float] = ()
    loss: tuple[str, int] | None = None
    minimum: float = 0.0
    tolerance: float | None = None
    shown: bool = True
    reads: str = "L"


@dataclass(frozen=True)
class Readout:
    """A number below the panels: a channel of a source at step k, with as many digits."""

    label: str
    source: str
    channel: int
    digits: int = 3


@dataclass(frozen=True)
class Panel:
    """A pair of axes. ``x`` and ``y`` are (low, high); ``height`` is a share of the width, or "ruler".

    ``equal`` axes have one scale, so that right angles look right; their height follows from that. The y-axis of a
    panel goes beyond ``y`` where its curves do, if it is to ``follow`` them "up" or "both" ways. Panels whose ``way``
    is "2-D" or "3-D" are alternatives, between which a switch chooses.
    """

    x: tuple[float, float]
    y: tuple[float, float]
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
    follow: str = ""
    wide: float = 1.0
    way: str = ""
    marks: Sequence[Mark] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "marks", tuple(self.marks))

    def with_marks(self, *marks: Mark, first: bool = False) -> Panel:
        """The same panel with more marks, above those that it has, or `first`, below them."""
        return replace(self, marks=(*marks, *self.marks) if first else (*self.marks, *marks))

    def without(self, *kinds: str) -> Panel:
        """The same panel without the marks of some kinds."""
        return replace(self, marks=tuple(mark for mark in self.marks if mark.kind not in kinds))


@dataclass(frozen=True)
class Scene:
    """Panels and a legend; ``steps`` = 0 means that nothing plays.

    ``unit`` is what a step is called, ``first_step`` is the one that is shown at first. Of panels that are alternatives
    the ``layout`` shows one way at first, or "both". Of a scene that is ``veiled`` the browser shows what comes out
    only when the learner plays, steps or asks, and where nothing plays, when a control is moved. ``riddle`` is what
    the browser asks and judges, ``sketch`` which path is to be drawn before it is seen (`riddle.js` and `sketch.js`
    say what they hold).
    """

    panels: Sequence[Panel]
    runs: Sequence[Run] = ()
    steps: int = 0
    readouts: Sequence[Readout] = ()
    first_step: int = 0
    unit: str = "step"
    layout: str = "2-D"
    veiled: bool = False
    riddle: dict[str, Any] | None = None
    sketch: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"the layout of a scene must be one of {', '.join(LAYOUTS)}, got {told(self.layout)}")
        for name in ("panels", "runs", "readouts"):
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def first_panels(self) -> list[Panel]:
        """The panels that are shown at first."""
        return [panel for panel in self.panels if not panel.way or self.layout in ("both", panel.way)]

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        panels = [parts_of(panel) | {"marks": [mark.as_dict() for mark in panel.marks]} for panel in self.panels]
        return parts_of(self) | {"panels": panels, "runs": each(self.runs), "readouts": each(self.readouts)}


def parts_of(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass, one level deep."""
    return {f.name: getattr(thing, f.name) for f in fields(thing)}


def each(things: Iterable[Any]) -> list[dict[str, Any]]:
    return [parts_of(thing) for thing in things]
