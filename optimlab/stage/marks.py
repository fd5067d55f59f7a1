"""The marks: what can be drawn on a panel, one frozen class each, with the channels that it needs.

A mark says which source, control or data it shows and how; it draws nothing. `marks.js` draws it in the browser and
`optimlab.stage.twin` with matplotlib. A channel is a column of a source, unless it is said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from ..checks import told
from ..palette import STEPS

__all__ = [
    "MARKS", "Arrow", "Bars", "Curve", "Dot", "Field", "Fog", "HLine", "Handle", "Histogram", "Knots", "Line", "Map",
    "Mark", "Path", "Picture", "Points", "Solid", "VLine",
]  # fmt: skip


class Checked(type):
    """Says in a sentence which channel a mark lacks, or does not have."""

    def __call__(cls, **channels: Any) -> Any:
        known = {f.name: f.default is MISSING for f in fields(cls)}  # type: ignore[arg-type]
        if unknown := [name for name in channels if name not in known]:
            raise ValueError(f"the mark {cls.__name__} has no channel {unknown[0]!r}; it has {', '.join(known)}")
        if missing := [name for name, needed in known.items() if needed and channels.get(name) is None]:
            raise ValueError(f"the mark {cls.__name__} needs the channel {missing[0]!r}, got {told(channels)}")
        return super().__call__(**channels)


@dataclass(frozen=True, kw_only=True)
class Mark(metaclass=Checked):
    """What all marks share: the run whose colour, dashes and switch they have, or else a pen of their own.

    One of the sets of channels in `shows` must be there, and no other one.
    """

    run: str | None = None
    color: str | None = None
    color_dark: str | None = None
    dash: Sequence[float] | None = None

    kind: ClassVar[str] = ""
    shows: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def __post_init__(self) -> None:
        offered = {name for way in self.shows for name in way}
        given = {name for name in offered if getattr(self, name) is not None}
        if self.shows and given not in map(set, self.shows):
            ways = ", or ".join(" and ".join(way) for way in self.shows)
            got = " and ".join(sorted(given)) or "none of them"
            raise ValueError(f"the mark {type(self).__name__} needs {ways}; it got {got}")

    def as_dict(self) -> dict[str, Any]:
        """For the browser: the kind, and the channels that are there."""
        channels = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"kind": self.kind} | {name: value for name, value in channels.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Field(Mark):
    """The surface as bands between contour lines above `minimum`; source (ny, nx) over the panel's range."""

    kind = "field"
    source: str
    minimum: float
    count: int = 14


@dataclass(frozen=True, kw_only=True)
class Map(Mark):
    """A number of steps for each cell of the panel, on a logarithmic scale from `low` to `top`; source (ny, nx).

    NaN is drawn grey: it does not settle; infinity is hatched: it diverges.
    """

    kind = "map"
    source: str
    low: int
    top: int
    colors: Sequence[str] = STEPS


@dataclass(frozen=True, kw_only=True)
class Picture(Mark):
    """A PNG over the whole panel; the source gives its bytes."""

    kind = "picture"
    source: str


@dataclass(frozen=True, kw_only=True)
class Fog(Mark):
    """What hides a surface but where a control has been; `radius` is a share of the panel's width."""

    kind = "fog"
    control: str
    radius: float = 0.07


@dataclass(frozen=True, kw_only=True)
class Solid(Mark):
    """The surface in 3-D over the panel's range, to be turned; source (ny, nx), `minimum` and bands as in a field.

    The panel's paths, points, arrows and handles lie on it. The height is L − `minimum`, or, with `log` > 0, its
    logarithm: that of L − `minimum` + `log`. `label` is the name of this axis.
    """

    kind = "solid"
    source: str
    minimum: float
    count: int = 14
    log: float | None = None
    label: str = "L − min L"


@dataclass(frozen=True, kw_only=True)
class Path(Mark):
    """A line through the points (x, y) of the steps up to k, and the point of step k; `width` makes it thin."""

    kind = "path"
    source: str
    x: int
    y: int
    width: float | None = None


@dataclass(frozen=True, kw_only=True)
class Curve(Mark):
    """A line of y against the step, or against x; with the point of step k, unless it stands `still`.

    A `label` is written beside the point at a share `label_at` of a line that stands still.
    """

    kind = "curve"
    source: str
    y: int
    x: int | None = None
    still: bool | None = None
    label: str | None = None
    label_at: float | None = None
    width: float | None = None


@dataclass(frozen=True, kw_only=True)
class Points(Mark):
    """Fixed points: `data`, or the rows of a source; the symbol is "dot", "star", "ring", or "line" through them."""

    kind = "points"
    shows = (("data",), ("source",))
    data: Sequence | None = None
    source: str | None = None
    symbol: str = "dot"
    alpha: float | None = None
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class Arrow(Mark):
    """At step k, from the channels (at[0], at[1]) by the vector in the channels (by[0], by[1])."""

    kind = "arrow"
    source: str
    at: Sequence[int]
    by: Sequence[int]
    width: float | None = None


@dataclass(frozen=True, kw_only=True)
class Line(Mark):
    """At step k, y = slope·x + intercept, from two channels; or from the two coordinates of a control."""

    kind = "line"
    shows = (("source", "slope", "intercept"), ("control",))
    source: str | None = None
    slope: int | None = None
    intercept: int | None = None
    control: str | None = None


@dataclass(frozen=True, kw_only=True)
class VLine(Mark):
    """A vertical line with a label ("{x}" is its place): at x, at channel x of a source, or where a control is.

    On a ruler it is as high as its `row`, where there is one; where its place is not finite there is no line.
    """

    kind = "vline"
    shows = (("x",), ("source", "x"), ("control",))
    x: float | int | None = None
    source: str | None = None
    control: str | None = None
    label: str | None = None
    side: str | None = None
    row: int | None = None


@dataclass(frozen=True, kw_only=True)
class HLine(Mark):
    """A horizontal line with a label ("{y}" is its place): at y, at channel y of a source, or where a control is.

    Where its place is not finite there is no line.
    """

    kind = "hline"
    shows = (("y",), ("source", "y"), ("control",))
    y: float | int | None = None
    source: str | None = None
    control: str | None = None
    label: str | None = None
    side: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dot(Mark):
    """The value of a control, on a ruler; in a `row` of it, where it has several, counted from above."""

    kind = "dot"
    control: str
    row: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bars(Mark):
    """At step k, one bar with a label and a colour for each of the channels, from `base` on (0, or the bottom)."""

    kind = "bars"
    source: str
    channels: Sequence[int]
    labels: Sequence[str]
    colors: Sequence[str]
    colors_dark: Sequence[str] | None = None
    base: float | None = None


@dataclass(frozen=True, kw_only=True)
class Histogram(Mark):
    """At step k, `count` channels from `first` on as shares, in bins over the panel's width."""

    kind = "histogram"
    source: str
    first: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Handle(Mark):
    """A control to drag, or to move with the arrow keys; `y` is its height if it has one coordinate.

    `turn` is a control, an angle in degrees, by which the panel's axes are turned against the coordinates.
    """

    kind = "handle"
    control: str
    turn: str | None = None
    label: str | None = None
    hint: str | None = None
    y: float | None = None


@dataclass(frozen=True, kw_only=True)
class Knots(Mark):
    """A control of several numbers, the heights of knots at `x`: to draw a line through, or to move one by one."""

    kind = "knots"
    control: str
    x: Sequence[float]
    label: str


MARKS: dict[str, type[Mark]] = {
    mark.kind: mark
    for mark in (
        Field,
        Fog,
        Map,
        Picture,
        Solid,
        Path,
        Curve,
        Points,
        Arrow,
        Line,
        VLine,
        HLine,
        Dot,
        Bars,
        Histogram,
        Handle,
        Knots,
    )
}
