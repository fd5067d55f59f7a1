"""A training that runs while a hand moves η, and its sharpness that follows."""

from __future__ import annotations

from threading import Lock
from typing import Any

import ipywidgets as widgets
import numpy as np

from ..checks import check_seed, check_whole
from ..edge import LOSS, SHARPNESS, EdgeTraining, centred, edge_at, few_digits
from ..knobs import Knob
from ..palette import role, style_of
from ..stage.marks import Curve, HLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers
from .travel import formula_recipe

__all__ = ["LiveEdge", "live_edge"]

RATE = Knob("η", "learning rate", 0.2, 1.0, log=True, allowed="[0.05, 2]", count=61)
TICK, BEAT = 20, 100  # steps of a tick of the clock, and milliseconds between two
GRAIN = 5  # steps of a point of the curves
STEP, HIGHEST, SHARP, EDGE = range(4)  # columns of the rows
HINT = "▶ trains, 200 steps a second: move η meanwhile. It needs a running Python; ■ begins anew."


def live_edge(eta: float = 0.5, steps: int = 6000, seed: int = 0) -> LiveEdge:
    """Sharpness and loss of a network that is being trained while the slider of η is moved.

    The network and the digits are those of `edge_lab`. The browser's clock asks for 20 steps ten times a second, with η
    as the slider stands; ⏸ halts it, ■ begins anew, and after `steps` it ends by itself. The horizontal line is the
    edge 2/η of the slider, the dashed one that of each step so far. Each point of the loss is the largest of 5 steps.

    ::

        live = live_edge()
        live.go(1000)  # without a clock

    Parameters
    ----------
    eta : η in [0.05, 2] at first
    steps : the length of the axis, from 200 to 20 000, a multiple of 20
    seed : of the first weights
    """
    check_whole("steps", steps, 200, 20_000)
    if steps % TICK:
        raise ValueError(f"steps must be a multiple of {TICK}, got {steps}")
    return LiveEdge(Control("eta", RATE, RATE.check_one(eta)), steps, check_seed(seed))


class LiveEdge(Lab):
    """What `live_edge` makes."""

    def __init__(self, control: Control, steps: int, seed: int):
        self._training, self.steps, self._turn = EdgeTraining(centred(few_digits()), seed=seed), steps, Lock()
        self._begin()
        hue, dark, _ = style_of(["GradientDescent"])[0]
        runs = [
            Run("walk", "gradient descent", hue, dark),
            Run("edge", "edge 2/η of each step", dash=(4, 2), **role("theory")),
        ]
        sources = [
            Source("walk", (), lambda values: self.rows),
            Source("now", ("eta",), edge_now, recipe=formula_recipe(edge_now, {"eta": ()})),
        ]
        title = f"a network on 400 digits, trained by hand, {steps} steps with all examples"
        scene = Scene([sharpness_panel(steps), loss_panel(steps)], runs)
        super().__init__(scene, sources, [control], summary=self._told, title=title)
        self.clock = widgets.Play(value=0, min=0, max=steps // TICK, step=1, interval=BEAT)
        if hasattr(self.clock, "show_repeat"):
            self.clock.show_repeat = False
        self.clock.observe(self._tick, "value")
        row = widgets.HBox([self.clock, widgets.HTML(HINT)])  # a Label would cut it off on a phone
        row.add_class("optimlab-row")
        self.children = (*self.children, row)  # type: ignore[has-type]

    @property
    def k(self) -> int:
        """How many steps have been taken."""
        return self._state.k

    @property
    def rows(self) -> np.ndarray:
        """Step, the largest loss of 5 steps, sharpness and edge, shape (points, 4)."""
        return np.array(self._rows).reshape(-1, 4)

    def go(self, steps: int) -> LiveEdge:
        """Take so many steps with η as the slider stands, a multiple of 20, but none beyond the axis."""
        check_whole("the number of steps", steps, TICK, 20_000)
        if steps % TICK:
            raise ValueError(f"the number of steps must be a multiple of {TICK}, got {steps}")
        self.clock.value = min(self.clock.value + steps // TICK, self.clock.max)
        return self

    def _begin(self) -> None:
        self._state = self._training.begin()
        self._rows: list[list[float]] = []

    def _tick(self, change: dict) -> None:
        """Train up to where the clock is; from the start, if it has been set back."""
        with self._turn:
            aim = TICK * change["new"]
            if aim < self.k:
                self._begin()
            while self.k < aim:
                self._train()
        self.stage.push("walk")

    def _train(self) -> None:
        """The steps of one tick. Where the sharpness is not measured at a point, it is that of the last time."""
        eta, began = float(self.values["eta"]), self.k
        self._state, rows = self._training.go(self._state, eta, TICK)
        for i in range(0, TICK, GRAIN):
            some = rows[i : i + GRAIN]
            known = some[np.isfinite(some[:, SHARPNESS]), SHARPNESS]
            sharpness = known[0] if len(known) else self._rows[-1][SHARP]
            self._rows.append([began + i, some[:, LOSS].max(), sharpness, edge_at(eta)])

    def _told(self, values: Any) -> Any:
        if not self._rows:
            yield f"η={values['eta']:.3g}, edge {edge_at(values['eta']):.3g}; not trained yet"
            return
        last = self.rows[-200 // GRAIN :]
        if not np.isfinite(last[-1, HIGHEST]):
            yield f"after {self.k} steps: it has diverged; ■ begins anew"
            return
        yield f"after {self.k} steps: sharpness {last[:, SHARP].mean():.1f} in the last 200, edge {last[-1, EDGE]:.3g}"


def edge_now(values: Any) -> Any:
    """2/η of the slider, as a row."""
    return np.stack([2 / numbers(values["eta"])], axis=-1)[..., None, :]


def sharpness_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (0, 8.0),
        x_label="step k",
        y_label="largest eigenvalue of ∇²L",
        title="sharpness",
        alt="sharpness against step as the training goes on, with the edge of stability of the learning rate",
        marks=[
            HLine(source="now", y=0, label="2/η now", side="right", **role("theory")),
            Curve(source="walk", run="edge", x=STEP, y=EDGE, still=True),
            Curve(source="walk", run="walk", x=STEP, y=SHARP, still=True),
        ],
    )


def loss_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-2, 10.0),
        x_label="step k",
        y_label="L",
        title="training loss",
        alt="training loss against step as the training goes on, logarithmic",
        y_log=True,
        marks=[Curve(source="walk", run="walk", x=STEP, y=HIGHEST, still=True)],
    )
