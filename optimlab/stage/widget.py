"""The widget of the stage: the one interactive canvas that all labs share.

Python describes a scene (`optimlab.stage.scene`) and computes its sources; `stage.js` and the modules that it imports
draw it and move it. A source that has a recipe (`optimlab.labs.travel`) the browser computes itself; of the others it
already holds the whole sweep along every slider: a slider never waits for the kernel. When a slider rests, the
browser asks for the sweeps around the new values; one request is under way at a time, and what it asks for is always
the newest. Every array travels with the values it was computed for, and the browser draws it as current only while
the controls show just those.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from uuid import uuid4

import anywidget
import numpy as np
import traitlets
from ipywidgets import widget_serialization

from ..checks import told
from ..tape import Tape
from .bundle import bundle
from .scene import Scene

__all__ = ["Source", "Stage"]

HERE = Path(__file__).parent
BREATH, LULL = 0.005, 0.1  # seconds: requests that follow so closely are one; for so long at most one is put off


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
    recipe : how the browser computes it itself (`optimlab.labs.travel`), so that nothing is sent; or why it can't
    few : the same at a few places, to try the recipe by, where all of them would take long; `compute` if None
    """

    name: str
    needs: tuple
    compute: Callable
    sweeps: tuple | None = None
    still: Callable | None = None
    recipe: dict | str | None = None
    few: Callable | None = None

    @property
    def travels(self) -> bool:
        return isinstance(self.recipe, dict)

    def layout(self, sweeps: list[str]) -> dict:
        """For the browser: what it depends on, along which controls there are sweeps, and the recipe."""
        known = {"needs": list(self.needs), "sweeps": sweeps}
        if not isinstance(self.recipe, dict):
            return known
        parts = {name: part.as_dict() if isinstance(part, Tape) else part for name, part in self.recipe.items()}
        return known | {"recipe": parts}


class Stage(anywidget.AnyWidget):
    """The canvas of a lab. Labs make it; see `optimlab.labs.lab.Lab`.

    Parameters
    ----------
    scene : what is shown
    sources : what is computed
    sliders : {control: slider widget}
    grids : {control: the value of each of the slider's positions, shape (n,)}
    positions : {control: the positions, shape (n,)}, even steps; the grids if None
    points : {control: (x, y)}, what can be dragged
    exact : {control: value}, which may lie between two of the slider's positions; a browser moves the slider to one
    typed : {control: {symbol, meaning, row, low, high, log, whole}}, what it is and which numbers may be typed
    """

    _esm = (HERE / "once.js").read_text("utf-8")
    _css = (HERE / "stage.css").read_text("utf-8")  # a Path would be watched, and every stage kept alive for it

    program = traitlets.Unicode(bundle(HERE / "stage.js")).tag(sync=True)
    uid = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)
    sliders = traitlets.Dict().tag(sync=True, **widget_serialization)
    # The sliders in their order: a saved notebook has the keys of a dict sorted.
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    grids = traitlets.Dict().tag(sync=True)
    positions = traitlets.Dict().tag(sync=True)
    points = traitlets.Dict().tag(sync=True)
    # Where the sliders stand, for a notebook that has no widgets for them; there the browser says where they go.
    values = traitlets.Dict().tag(sync=True)
    programmed = traitlets.Dict().tag(sync=True)
    typed = traitlets.Dict().tag(sync=True)
    layout_of_sources = traitlets.Dict().tag(sync=True)
    request = traitlets.Dict().tag(sync=True)
    answered = traitlets.Int(0).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    sketched = traitlets.Dict().tag(sync=True)  # the path that a learner has drawn as a prediction

    def __init__(self, scene: Scene, sources, sliders, grids, points, exact=None, positions=None, **kwargs):
        self._sources = {source.name: source for source in sources}
        self._grids = {name: np.asarray(grid, float) for name, grid in grids.items()}
        self._fresh: dict = {}
        self._wanted: dict | None = None  # the newest request that is not answered yet
        self._waiting: asyncio.TimerHandle | None = None
        self._since = self._worked = 0.0  # when the first of those that wait came, and when the last one was answered
        self._turn = Lock()  # JupyterLab may answer widgets from a second thread while a cell runs
        exact = {name: slider.value for name, slider in sliders.items()} if exact is None else exact
        values = dict(exact) | {n: list(p) for n, p in points.items()}
        arrays = dict(self._arrays(values, True))
        # One binary trait for each array, so that only what changed travels.
        self.add_traits(**{name: traitlets.Dict().tag(sync=True) for name in arrays})
        super().__init__(
            uid=uuid4().hex,
            scene=scene.as_dict(),
            sliders=dict(sliders),
            values=exact,
            names=list(sliders),
            grids={name: grid.tolist() for name, grid in self._grids.items()},
            positions={name: np.asarray(at, float).tolist() for name, at in (positions or grids).items()},
            points={name: list(point) for name, point in points.items()},
            layout_of_sources={source.name: source.layout(self._swept(source)) for source in sources},
            **arrays,
            **kwargs,
        )
        self.observe(self._answer, "request")
        self.exact = dict(exact)
        self._lately = {name: [value] for name, value in exact.items()}  # what a browser may still move to a position
        for name, slider in sliders.items():
            slider.observe(partial(self._hear, name), "value")

    def get_state(self, key=None, drop_defaults=False):
        """All traits, the defaults too: no front end knows them, so what `ipywidgets.embed` drops would be missing."""
        return super().get_state(key)

    def grid(self, name: str) -> np.ndarray:
        """The values that a slider's positions stand for, of a closed stage too."""
        return self._grids[name]

    def _hear(self, name, change):
        """A slider has moved; not if a browser has only moved it to the position nearest to the value.

        That a browser does for each value, and it may be heard when the next one is set already.
        """
        value, lately = change["new"], self._lately[name]
        if "value" in getattr(change["owner"], "_property_lock", {}):
            positions, log = np.asarray(self.positions[name]), self.typed.get(name, {}).get("log")
            here = nearest(positions, log, value)
            known = [nearest(positions, log, before) == here for before in lately]
            if any(known):
                del lately[: known.index(True)]
                return
            value = float(self._grids[name][here]) if here >= 0 else value
            lately.clear()
        else:
            _, count = self.programmed.get(name, (0, 0))
            self.programmed = self.programmed | {name: [value, count + 1]}
            self.values = self.values | {name: value}
        lately.append(value)
        self.exact[name] = value

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

    def forget(self):
        """Drop all arrays, recipes, the scene and the program, here and in the browser, before the stage is closed.

        A browser never lets go of a closed model (JupyterLab holds its comm): so it holds an empty one.
        """
        with self.hold_sync():
            self.program = ""
            self.scene = self.layout_of_sources = self.grids = self.positions = {}
            for name in self.trait_names():
                if name.startswith(("current_", "sweep_")):
                    self.set_trait(name, {})
        self.answered += 1  # a model in the browser keeps what it was before its last change

    def _swept(self, source):
        if source.travels:
            return []
        wanted = source.needs if source.sweeps is None else source.sweeps
        return [name for name in wanted if name in self._grids]

    def _arrays(self, values, with_sweeps):
        """(trait, content) of every array that is out of date at these values."""
        for source in self._sources.values():
            base = {name: values[name] for name in source.needs}
            if self._outdated(("current", source.name), base):
                array = {} if source.travels else pack(source.compute(dict(values)))
                yield f"current_{source.name}", {"base": base, **array}
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
        """The browser asks. One request is answered at once; of many in a row only the newest."""
        self._wanted = change["new"]
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nothing can wait here
            return self._work()
        now = time.monotonic()
        if now - self._worked > LULL:
            return self._work()
        if self._waiting is not None and now - self._since < LULL:
            self._waiting.cancel()
        elif self._waiting is not None:
            return None
        else:
            self._since = now
        self._waiting = loop.call_later(BREATH, self._work)

    def _work(self):
        """Recompute what the newest values have made stale, then say which request was answered."""
        with self._turn:
            self._waiting, request = None, self._wanted
            if request is not None:
                self._wanted = None
                self._work_on(request)
            self._worked = time.monotonic()

    def _work_on(self, request):
        try:
            values = self._checked(request.get("values"))
            for name in set(request.get("typed") or ()) & self.exact.keys():
                self.exact[name] = values[name]
                self._lately[name].append(values[name])
                self.values = self.values | {name: values[name]}
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


def nearest(positions, log, value) -> int:
    """The position of a slider that is nearest to a value, on the slider's own scale; −1 for a value that has none."""
    if log and not value > 0:
        return -1
    scale = np.log if log else np.asarray
    return int(np.argmin(np.abs(scale(positions) - scale(value))))


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
