"""The widget of the stage: the one interactive canvas that all labs share.

Python describes a scene (`optimlab.stage.scene`) and computes its sources; `view.js` and the modules that it imports
draw it and move it. For every slider the browser already holds the whole sweep along it, so a slider never waits for
the kernel. When a slider rests, the browser asks for the sweeps around the new values; one request is under way at a
time, and what it asks for is always the newest. Every array travels with the values it was computed for, and the
browser draws it as current only while the controls show just those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import uuid4

import anywidget
import numpy as np
import traitlets
from ipywidgets import widget_serialization

from ..checks import told
from .bundle import bundle
from .scene import Scene

__all__ = ["Source", "Stage"]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Source:
    """An array that depends on controls.

    Parameters
    ----------
    name : how marks refer to it
    needs : the names of the controls it depends on
    compute : ``compute(values) -> array``; `values` maps every control to its value. One of the values may be an
        array of shape (n,): then the result has a leading axis n. A result may also be ``bytes`` (a picture).
    sweeps : the controls along which the browser is given the whole sweep (all the sliders in `needs`, if None)
    still : the same for the static twin, where that needs more points than the stage; `compute` if None
    """

    name: str
    needs: tuple
    compute: Callable
    sweeps: tuple | None = None
    still: Callable | None = None


class Stage(anywidget.AnyWidget):
    """The canvas of a lab. Labs make it; see `optimlab.labs.lab.Lab`.

    Parameters
    ----------
    scene : what is shown
    sources : what is computed
    sliders : {control: slider widget}
    grids : {control: the slider's positions, shape (n,)}
    points : {control: (x, y)}, what can be dragged
    """

    _esm = bundle(HERE / "view.js")
    _css = HERE / "stage.css"

    uid = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    sliders = traitlets.Dict().tag(sync=True, **widget_serialization)
    grids = traitlets.Dict().tag(sync=True)
    points = traitlets.Dict().tag(sync=True)
    layout_of_sources = traitlets.Dict().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, scene: Scene, sources, sliders, grids, points, **kwargs):
        self._sources = {source.name: source for source in sources}
        self._grids = {name: np.asarray(grid, float) for name, grid in grids.items()}
        self._fresh: dict = {}
        self._turn = Lock()  # JupyterLab may answer widgets from a second thread while a cell runs
        values = {name: slider.value for name, slider in sliders.items()} | {n: list(p) for n, p in points.items()}
        super().__init__(
            uid=uuid4().hex,
            scene=scene.as_dict(),
            sliders=dict(sliders),
            grids={name: grid.tolist() for name, grid in self._grids.items()},
            points={name: list(point) for name, point in points.items()},
            layout_of_sources={s.name: {"needs": list(s.needs), "sweeps": self._swept(s)} for s in sources},
            **kwargs,
        )
        # One binary trait for each array, so that only what changed travels.
        self.add_traits(**{name: traitlets.Dict(value).tag(sync=True) for name, value in self._arrays(values, True)})
        self.observe(self._answer, "request")

    @property
    def metadata(self) -> dict:
        """What an output that shows the stage must say beside it: on Colab, where the manager of such widgets is.

        anywidget says it of itself (its pull request 75); a lab that holds the stage has to pass it on.
        """
        bundle = self._repr_mimebundle_()
        return bundle[1] if isinstance(bundle, tuple) else {}

    def rows(self, values) -> dict:
        """The current array of each source, for the static twin."""
        return {name: (source.still or source.compute)(dict(values)) for name, source in self._sources.items()}

    def push(self, name):
        """Compute a source that needs no controls anew, and send it to the browser at once, while a cell runs too."""
        with self._turn:
            self.set_trait(f"current_{name}", {"base": {}, **pack(self._sources[name].compute({}))})

    def _swept(self, source):
        wanted = source.needs if source.sweeps is None else source.sweeps
        return [name for name in wanted if name in self._grids]

    def _arrays(self, values, with_sweeps):
        """(trait, content) of every array that is out of date at these values."""
        for source in self._sources.values():
            base = {name: values[name] for name in source.needs}
            if self._outdated(("current", source.name), base):
                yield f"current_{source.name}", {"base": base, **pack(source.compute(dict(values)))}
            for name in self._swept(source) if with_sweeps else ():
                others = {n: v for n, v in base.items() if n != name}
                if self._outdated((name, source.name), others):
                    swept = source.compute(values | {name: self._grids[name]})
                    yield f"sweep_{source.name}_{name}", {"base": others, **pack(swept)}

    def _outdated(self, key, base) -> bool:
        outdated = self._fresh.get(key) != base
        self._fresh[key] = base
        return outdated

    def _answer(self, change):
        """The browser asks: recompute what its values have made stale, then say which request was answered."""
        with self._turn:
            self._work_on(change["new"])

    def _work_on(self, request):
        try:
            values = self._checked(request.get("values"))
            for name, content in self._arrays(values, bool(request.get("rest"))):
                self.set_trait(name, content)
            if request.get("rest"):
                self.points = {name: values[name] for name in self.points}
            self.problem = ""
        except KeyboardInterrupt:
            self._fresh = {}
            self.problem = "Python was interrupted; move a slider to go on."
        except Exception as error:  # whatever it is, the browser must hear of it, and go on asking
            self._fresh = {}
            self.problem = str(error) or type(error).__name__
        finally:
            self.answered = sequence_number(request)

    def _checked(self, values):
        """Only known controls, only finite numbers."""
        if not isinstance(values, dict):
            raise ValueError(f"a request must tell the values of the controls, got {told(values)}")
        checked = {}
        for name in [*self.sliders, *self.points]:
            value, shape = values.get(name), np.shape(self.points.get(name, 0.0))
            try:
                number = np.asarray(value, float)
            except (ValueError, TypeError, OverflowError):
                number = np.array(np.nan)
            if number.shape != shape or not np.isfinite(number).all():
                what = f"{shape[0]} finite numbers" if shape else "a finite number"
                raise ValueError(f"{name} must be {what}, got {told(value)}")
            checked[name] = number.tolist()
        return checked


def sequence_number(request) -> int:
    """The number of a request; 0 for one that has none."""
    number = request.get("seq", 0)
    return number if isinstance(number, int) else 0


def pack(array) -> dict:
    """An array as float32 bytes with its shape; what is finite stays finite. Pictures stay the bytes they are."""
    if isinstance(array, bytes):
        return {"shape": [len(array)], "bytes": array, "picture": True}
    limit = 3e38
    array = np.asarray(array, float)
    clipped = np.where(np.isfinite(array), np.clip(array, -limit, limit), array).astype("<f4")
    return {"shape": list(array.shape), "bytes": clipped.tobytes()}
