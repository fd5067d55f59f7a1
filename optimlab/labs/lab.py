"""What all labs share: sliders above a stage, a static twin beside the live view, and a summary in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import ipywidgets as widgets
import numpy as np

from ..checks import short
from ..knobs import Knob
from ..stage import twin
from ..stage.scene import Scene
from ..stage.widget import Source, Stage

__all__ = ["WIDGET", "Control", "Lab"]

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
        if callable(self.value) or np.ndim(self.value):
            raise ValueError(f"a slider shows one value of {self.knob.symbol}, got {short(self.value)}")
        self.knob.check(self.value)
        if not abs(self.value) < HUGE:
            raise ValueError(f"a slider shows numbers below {HUGE:g}, got {self.knob.symbol}={self.value:g}")
        if self.knob.log and not self.value > 0:
            raise ValueError(f"{self.knob.symbol} must be above 0 on its logarithmic slider, got {self.value:g}")
        self.knob = around(self.knob, self.value)


def around(knob: Knob, value: float) -> Knob:
    """The knob with its positions shifted, by less than one of them, so that `value` is one of them.

    Browsers snap a slider to its positions; a lab shall start with just the value that the cell says.
    """
    to, back = (np.log10, lambda x: 10.0**x) if knob.log else (float, float)
    low, high = to(min(knob.low, value)), to(max(knob.high, value))
    step = (high - low) / (knob.count - 1)
    shift = (to(value) - low) % step
    if min(shift, step - shift) < 1e-9 * step:
        return replace(knob, low=float(back(low)), high=float(back(high)))
    return replace(knob, low=float(back(low + shift)), high=float(back(high + shift - step)), count=knob.count - 1)


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
        self.scene = scene = replace(scene, first_step=scene.steps if twin_step is None else twin_step)
        self.title, self._summary, self._twin_step = title, summary, twin_step
        self.sliders = {control.name: slider(control) for control in controls}
        self.stage = Stage(scene, sources, self.sliders, {c.name: c.knob.grid for c in controls}, dict(points or {}))
        head = [widgets.HTMLMath(header)] if header else []
        super().__init__([*head, self.stage, *self._panel(controls)])
        self.add_class("optimlab-lab")

    @property
    def values(self) -> dict:
        """What the controls show now: {slider: number, point: coordinates}."""
        return {name: s.value for name, s in self.sliders.items()} | {n: tuple(p) for n, p in self.stage.points.items()}

    def figure(self):
        """The lab as a static matplotlib figure, as its controls stand now."""
        return twin.draw(self.scene, self.stage.rows(self.values), self.values, self._twin_step)

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
        lines = self._summary(self.values) if self._summary else []
        return "\n".join([self.title, *(f"  {line}" for line in lines)])

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        """The picture, the summary and the view; and the metadata without which Colab shows no widget of ours."""
        pictures = {"text/plain": repr(self), "image/png": twin.png(self.figure())}
        return pictures | view_of(self), self.stage.metadata


def view_of(widget) -> dict:
    """The live view of a widget, as a part of an output."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}}


def slider(control: Control):
    """The knob as an ipywidgets slider, with as many positions as the knob has."""
    knob, value = control.knob, float(control.value)
    whole = np.allclose(knob.grid, np.round(knob.grid), rtol=1e-12)
    common = {
        "value": value,
        "description": knob.symbol,
        "continuous_update": True,
        "readout_format": ".0f" if whole else ".1e" if knob.low < 1e-4 and knob.log else ".3g" if knob.log else ".4g",
        "layout": widgets.Layout(width="280px", min_width="200px"),
        "style": {"description_width": "44px" if len(knob.symbol) < 6 else "64px"},
    }
    make, low, high = widgets.FloatSlider, knob.low, knob.high
    if knob.log:
        make = widgets.FloatLogSlider
        low, high = float(np.log10(low)) - 1e-14, float(np.log10(high)) + 1e-14  # rounding must not cut off the ends
    return make(min=low, max=high, step=(high - low) / (knob.count - 1), **common)


def swatch(run):
    """The run's line, in its colour and dashes, beside its name."""
    dashes = ",".join(f"{2.2 * length:.1f}" for length in run.dash) or "none"
    line = f'<line x1="1" y1="7" x2="33" y2="7" stroke-width="2.6" stroke-dasharray="{dashes}"/>'
    return widgets.HTML(
        f'<span class="optimlab-swatch" style="--c:{run.color};--d:{run.color_dark}">'
        f'<svg width="34" height="14" aria-hidden="true">{line}</svg> {run.label}</span>',
        layout=widgets.Layout(width="170px", min_width="150px"),
    )
