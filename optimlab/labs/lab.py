"""What all labs share: sliders above a stage, a static twin beside the live view, and a summary in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape

import ipywidgets as widgets
import numpy as np
import traitlets

from ..checks import short
from ..knobs import Knob
from ..stage import twin
from ..stage.scene import Scene
from ..stage.widget import Source, Stage
from .lifetime import made, parts_of, shown
from .travel import Inspection

__all__ = ["WIDGET", "Control", "Lab", "bundle_of"]

WIDGET = "application/vnd.jupyter.widget-view+json"


HUGE = 1e306  # beyond it the ends of a slider overflow


@dataclass
class Control:
    """A slider of a lab: its name there, its knob, its value, and the row of the control panel it stands in."""

    name: str
    knob: Knob
    value: float
    row: str = ""

    def __post_init__(self):
        if callable(self.value):
            raise ValueError(f"a slider shows one value of {self.knob.symbol}, got {short(self.value)}")
        self.value = self.knob.check_one(self.value)
        if not abs(self.value) < HUGE:
            raise ValueError(f"a slider shows numbers below {HUGE:g}, got {self.knob.symbol}={self.value:g}")
        if self.knob.log and not self.value > 0:
            raise ValueError(f"{self.knob.symbol} must be above 0 on its logarithmic slider, got {self.value:g}")
        low, high = min(self.knob.low, self.value), max(self.knob.high, self.value)
        self.knob = replace(self.knob, low=low, high=high)


ROOM = 4_000_000  # rows in all sweeps: about 50 MB


def check_room(scene: Scene, sources: list[Source], controls: Iterable[Control]) -> None:
    """That the sweeps along the sliders are not more than a browser should hold, or a `ValueError`."""
    counts = {control.name: control.knob.count for control in controls}
    swept = [counts[n] for s in sources for n in (s.needs if s.sweeps is None else s.sweeps) if n in counts]
    rows = (scene.steps + 1) * sum(swept)
    if rows > ROOM:
        raise ValueError(
            f"this lab has {sum(swept)} slider positions of {scene.steps} steps, {rows:,} points, and room for "
            f"{ROOM:,}: take at most {ROOM // sum(swept)} steps, and descend(…, steps={scene.steps}) for a long run"
        )


class Lab(widgets.VBox):
    """A stage above its sliders.

    Displayed, it is live; saved, it carries a picture of itself (PNG) and a summary (text), so that the notebook
    reads without a kernel too.

    Parameters
    ----------
    scene, sources : what is shown, and how it is computed
    controls : the sliders
    points : {name: coordinates}, what can be dragged
    summary : ``summary(values) -> str``, the lines below the headline
    title : the headline of the summary
    twin_step : the step that the static twin shows, the last one if None; the stage starts there too
    header : a line above the stage, HTML with mathematics
    """

    closed = False
    _ipython_display_ = None  # ipywidgets 7 would otherwise bypass the bundle below

    def __init__(
        self,
        scene: Scene,
        sources: list[Source],
        controls=(),
        points=None,
        summary=None,
        title="",
        twin_step=None,
        header="",
    ):
        check_room(scene, sources, controls)
        self.scene = scene = replace(scene, first_step=scene.steps if twin_step is None else twin_step)
        self.title, self._summary, self._twin_step = title, summary, twin_step
        self.sliders = {control.name: slider(control, i) for i, control in enumerate(controls)}
        typed = {c.name: typed_as(c) for c in controls}
        exact = {c.name: c.value for c in controls}
        positions = {c.name: c.knob.grid for c in controls}
        grids = {c.name: values_at(c) for c in controls}
        self._controls, self.header = list(controls), header
        self._sources = list(map(Inspection(trials(controls, points)), sources))
        self.stage = Stage(
            scene, self._sources, self.sliders, grids, dict(points or {}), exact=exact, typed=typed, positions=positions
        )
        head = [widgets.HTMLMath(header)] if header else []
        super().__init__([*head, self.stage, *self._panel(controls)])
        self.add_class("optimlab-lab")
        made(self)

    @property
    def values(self) -> dict:
        """What the controls show now: {slider: number, point: coordinates}."""
        return dict(self.stage.exact) | {n: tuple(p) for n, p in self.stage.points.items()}

    @property
    def travels(self) -> dict:
        """{source: True if the browser computes it without Python, or else why it does not}."""
        return {s.name: s.travels or s.recipe or "it has no recipe: Python sends it" for s in self._sources}

    def veiled(self):
        """The same lab, for a question to be answered first: it opens at the start and shows what comes out on demand.

        The picture for reading on paper shows all. Returns the lab.
        """
        self.scene = replace(self.scene, veiled=True, first_step=0)
        self.stage.scene = self.scene.as_dict()
        return self

    def figure(self):
        """The lab as a static matplotlib figure, as its controls stand now."""
        return twin.draw(self.scene, self.stage.rows(self.values), self.values, self._twin_step)

    def save(self, path, controls=None, **options):
        """Write the lab into a file; what the name ends with says how.

        Parameters
        ----------
        path : ``.html``: a page that is alive by itself, without Python, when it is opened or framed in another page;
            ``.gif`` and ``.mp4``: the play as a film; ``.png``, ``.svg`` and ``.pdf``: the picture, as the controls
            stand
        controls : for a page with sources that only Python computes (see `travels`): the sliders that it offers for
            them, the first one if None; the page grows with each
        options : of a page ``caption``; of a film ``seconds`` (6), ``fps`` (10) and ``dpi`` (72); of a picture ``dpi``
            and ``transparent``

        Raises
        ------
        ValueError : for another ending, and for options and controls that are not known
        """
        from .saving import save  # films and pages are seldom written

        return save(self, path, controls, **options)

    def _panel(self, controls):
        """One row of sliders for each run, with its swatch and its name."""
        names = list(dict.fromkeys(control.row for control in controls))
        runs = {run.id: run for run in self.scene.runs}
        for name in names:
            sliders = [self.sliders[c.name] for c in controls if c.row == name]
            head = [swatch(runs[name])] if name in runs else []
            row = widgets.HBox([*head, *sliders])
            row.add_class("optimlab-row")
            yield row

    def __repr__(self) -> str:
        asked = [self.scene.sketch["question"]] if self.scene.sketch else []  # a summary would give the answer away
        lines = asked or (self._summary(self.values) if self._summary else [])
        return "\n".join([self.title, *(f"  {line}" for line in lines)])

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        """The picture, the summary and the view; with the metadata without which Colab shows no widget of ours."""
        shown(self)
        return bundle_of(self, self)

    def close(self):
        """End the live view and free what the browser held; the picture and the summary are still there."""
        if "stage" in vars(self):  # else it was not even made
            self.stage.forget()
            for part in parts_of(self)[1:]:
                part.close()
        self.closed = True
        super().close()
        vars(self).pop("_repr_mimebundle_", None)  # ipywidgets takes it away, so that nothing at all would be shown


def bundle_of(shown, lab: Lab) -> tuple[dict, dict]:
    """What an output holds of something that shows a lab: picture, summary, and the live view unless it is closed.

    The summary is the picture's text alternative as well.
    """
    text = repr(shown)
    data = {"text/plain": text, "image/png": twin.png(lab.figure())}
    described = {"image/png": {"alt": text}}
    if shown.closed:
        return data, described
    return data | view_of(shown), lab.stage.metadata | described


def trials(controls: Iterable[Control], points) -> list[dict]:
    """Values at which a recipe is compared with the code it was recorded from: the first ones, and others."""
    first = {control.name: control.value for control in controls} | dict(points or {})
    others = {control.name: float(control.knob.grid[control.knob.count // 3]) for control in controls}
    return [first, first | others]


def view_of(widget) -> dict:
    """The live view of a widget, as a part of an output."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


class Bounded:
    """A slider that refuses what lies beyond its ends, where ipywidgets puts it at the end without a word."""

    def __init__(self, ends, symbol, **options):
        self.ends, self.symbol = ends, symbol
        super().__init__(**options)

    @traitlets.validate("value")
    def _validate_value(self, proposal):
        value, (low, high) = proposal["value"], self.ends
        if self._property_lock:  # a browser cannot read the sentence
            return min(max(value, low), high)
        room = 1e-9 * max(abs(low), abs(high)) + 1e-12  # of rounding
        if not low - room <= value <= high + room:
            ends = f"{short(low)} to {short(high)}"
            raise ValueError(f"{self.symbol} goes from {ends} on this slider, got {short(value)}")
        return value


class Slider(Bounded, widgets.FloatSlider):
    """A slider of a lab."""


class LogSlider(Bounded, widgets.FloatLogSlider):
    """A logarithmic slider of a lab."""


def is_whole(knob: Knob) -> bool:
    return knob.whole or np.allclose(knob.grid, np.round(knob.grid), rtol=1e-12)


def values_at(control: Control) -> np.ndarray:
    """The value of each position of the slider: even steps, but round numbers in place of what lies beside them.

    The value that the cell says is one of them, so that the way back leads to it.
    """
    knob, value = control.knob, control.value
    values, scale = knob.grid.copy(), np.log if knob.log else np.asarray
    places = scale(knob.grid)
    for number in [*([] if is_whole(knob) else round_numbers(knob)), value]:
        values[np.argmin(np.abs(places - scale(number)))] = number
    return values


def round_numbers(knob: Knob) -> list[float]:
    """1, 2 and 5 in each decade of a logarithmic slider; on another one multiples of such a number."""
    if knob.log:
        decades = range(int(np.floor(np.log10(knob.low))), int(np.ceil(np.log10(knob.high))) + 1)
        numbers = [float(f"{m}e{d}") for d in decades for m in (1, 2, 5)]
    else:
        step = 3 * (knob.high - knob.low) / (knob.count - 1)
        unit = next(float(f"{m}e{d}") for d in range(-12, 12) for m in (1, 2, 5) if float(f"{m}e{d}") >= step)
        numbers = [float(f"{k * unit:.9g}") for k in range(int(knob.low // unit), int(knob.high // unit) + 2)]
    return [number for number in numbers if knob.low <= number <= knob.high]


def typed_as(control: Control) -> dict:
    """What the browser needs to know to name a control, and to take a number that is typed or refuse it in words."""
    knob = control.knob
    names = {"symbol": knob.symbol, "meaning": knob.meaning, "row": control.row}
    return names | {"low": knob.low, "high": knob.high, "log": knob.log, "whole": bool(is_whole(knob))}


def slider(control: Control, index: int):
    """The knob as an ipywidgets slider, with as many positions as the knob has; the stage knows it by its index."""
    knob, value = control.knob, float(control.value)
    whole = is_whole(knob)
    common = {
        "value": value,
        "description": described(knob.symbol),
        "continuous_update": True,
        "readout_format": ".0f" if whole else ".1e" if knob.low < 1e-4 and knob.log else ".3g" if knob.log else ".4g",
        "layout": widgets.Layout(width="280px", min_width="200px"),
        "style": {"description_width": "44px" if len(knob.symbol) < 6 else "64px"},
    }
    make, low, high = Slider, knob.low, knob.high
    if knob.log:
        make = LogSlider
        low, high = float(np.log10(low)) - 1e-14, float(np.log10(high)) + 1e-14  # rounding must not cut off the ends
    made = make(
        ends=(knob.low, knob.high),
        symbol=knob.symbol,
        min=low,
        max=high,
        step=(high - low) / (knob.count - 1),
        **common,
    )
    return made.add_class(f"optimlab-control-{index}")


def described(text: str) -> str:
    """A text as a widget's description; ipywidgets 7 takes it for HTML, 8 does not."""
    return escape(text) if widgets.__version__.startswith("7.") else text


def swatch(run):
    """The run's line, in its colour and dashes, beside its name."""
    dashes = ",".join(f"{2.2 * length:.1f}" for length in run.dash) or "none"
    line = f'<line x1="1" y1="7" x2="33" y2="7" stroke-width="2.6" stroke-dasharray="{dashes}"/>'
    name = escape(run.label)
    return widgets.HTML(
        f'<span class="optimlab-swatch" style="--c:{run.color};--d:{run.color_dark}" title="{name}">'
        f'<svg width="34" height="14" aria-hidden="true">{line}</svg> <bdi>{name}</bdi></span>',
        layout=widgets.Layout(width="170px", min_width="150px"),
    )
