"""Curves that grow while the cell that trains is running: of trainings, and of the layers of one."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from IPython.display import display

from ..checks import check_whole, told
from ..networks import Network
from ..palette import LAYERS, style_of
from ..stage.marks import HLine
from ..stage.scene import Run, Scene
from ..stage.widget import Source
from ..training import History
from .inputs import plain, unique
from .lab import Lab, view_of
from .lifetime import parts_of
from .panels import TRAINING_LOSS, epoch_panel, training_panels
from .sources import training_rows

__all__ = ["LiveCurves", "LiveLayers", "live_curves", "live_layers"]


def live_curves(names="training", epochs: int = 20) -> LiveCurves:
    """Training loss and test error, drawn after every epoch while the cell runs.

    ::

        curves = live_curves(["Momentum", "Adam"], epochs=20)
        train(network, data, Momentum(0.05), on_epoch=curves["Momentum"])
        train(network, data, Adam(0.003), on_epoch=curves["Adam"])
        curves

    With one name, ``on_epoch=curves`` is enough. As the last line of the cell, ``curves`` puts the finished picture
    into the notebook, in place of the live one.

    Parameters
    ----------
    names : one name, or several
    epochs : the length of the axis
    """
    names = [names] if isinstance(names, str) else list(names) if np.iterable(names) else names
    if not names or not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"live_curves needs a name, or a list of names, got {told(names)}")
    return LiveCurves(unique([plain(name) for name in names]), check_whole("epochs", epochs, 1))


def live_layers(network, epochs: int = 20) -> LiveLayers:
    """The size of each layer's gradient, and how far a step moves it, drawn after every epoch while the cell runs.

    ::

        layers = live_layers(network, epochs=20)
        train(network, data, Adam(0.003), on_epoch=layers, watch_layers=True)
        layers

    |∇W| and |ΔW|/|W| of each matrix of weights, the means over the steps of the epoch; a rule of thumb wants the second
    near a thousandth (Karpathy, *CS231n*, 2015).

    Parameters
    ----------
    network : the `Network` that is trained
    epochs : the length of the axis
    """
    if not isinstance(network, Network):
        raise ValueError(f"live_layers needs a Network, such as Network((64, 64, 10)), got {told(network)}")
    return LiveLayers([layer.name for layer in network.layout if layer.is_matrix], check_whole("epochs", epochs, 1))


class Live(Lab):
    """A lab whose sources grow; shown as soon as something has come."""

    _live = None

    def _push(self, *sources):
        """Show the lab now, with what the sources have become."""
        if self._live is None and get_ipython() is not None:
            self._live = widgets.VBox([self.stage])
            self._live.add_class("optimlab-lab")
            display(view_of(self._live), metadata=self.stage.metadata, raw=True)
        for source in sources:
            self.stage.push(source)

    def close(self):
        if self._live is not None:
            for part in parts_of(self._live):
                part.close()
        super().close()

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        if self._live is not None:  # from here on, this display stands for it
            self._live.layout.display = "none"
        return super()._repr_mimebundle_(include, exclude, **kwargs)


class LiveCurves(Live):
    """What `live_curves` makes: ``curves[name]`` is a function for ``on_epoch``."""

    def __init__(self, names, epochs):
        styles = style_of(names)
        runs = [
            Run(n, n, *style, loss=(f"run{i}", TRAINING_LOSS), reads="training loss")
            for i, (n, style) in enumerate(zip(names, styles, strict=True))
        ]
        self._histories = {name: History() for name in names}
        sources = [Source(f"run{i}", (), lambda values, n=name: self._rows(n)) for i, name in enumerate(names)]
        scene = Scene(training_panels(runs, epochs), runs, epochs, unit="epoch")
        super().__init__(scene, sources, summary=self._told, title=f"training curves of {epochs} epochs")

    def __getitem__(self, name):
        if name not in self._histories:
            raise ValueError(f"there is no curve {name!r}; there are {', '.join(self._histories)}")
        return lambda history: self._take(name, history)

    def __call__(self, history):
        self._take(next(iter(self._histories)), history)

    def _rows(self, name):
        history = self._histories[name]
        return training_rows(history) if history.loss else np.empty((0, 2))

    def _take(self, name, history):
        self._histories[name] = history
        self._push(f"run{list(self._histories).index(name)}")

    def _told(self, values):
        return [f"{name}: {history!r}" for name, history in self._histories.items()]


GRADIENT, STEP = range(2)
THUMB = 1e-3  # of the weights, in a step


class LiveLayers(Live):
    """What `live_layers` makes: a function for ``on_epoch``."""

    def __init__(self, names, epochs):
        styles = [LAYERS[i % len(LAYERS)] for i in range(len(names))]
        self._names, self._history = names, History()
        runs = [
            Run(name, name, *style, loss=(f"run{i}", STEP), reads="|ΔW|/|W|")
            for i, (name, style) in enumerate(zip(names, styles, strict=True))
        ]
        sources = [Source(f"run{i}", (), lambda values, i=i: self._rows(i)) for i in range(len(names))]
        size = epoch_panel("gradient of each layer", "|∇W|", GRADIENT, (1e-2, 10.0), runs, epochs, height=0.55)
        step = epoch_panel("a step, beside the weights", "|ΔW| / |W|", STEP, (1e-4, 0.1), runs, epochs, height=0.55)
        step = step.with_marks(HLine(y=THUMB, label="rule of thumb: a thousandth"))
        title = f"layers over {epochs} epochs, means over the steps of an epoch"
        super().__init__(Scene([size, step], runs, epochs, unit="epoch"), sources, summary=self._told, title=title)

    def __call__(self, history):
        if not history.per_layer:
            raise ValueError("live_layers needs a training that watches its layers: train(…, watch_layers=True)")
        if len(history.per_layer[0][0]) != len(self._names):
            raise ValueError(
                f"live_layers was made for a network with {len(self._names)} matrices of weights, and this one has "
                f"{len(history.per_layer[0][0])}"
            )
        self._history = history
        self._push(*(f"run{i}" for i in range(len(self._names))))

    def _rows(self, layer):
        return np.array([entry[:, layer] for entry in self._history.per_layer]).reshape(-1, 2)

    def _told(self, values):
        if self._history.epochs < 1:
            return ["no epochs yet"]
        sizes = self._history.per_layer[self._history.epochs].T
        return [
            f"{name}  |∇W|={g:.2g}  |ΔW|/|W|={moved:.2g}" for name, (g, moved) in zip(self._names, sizes, strict=True)
        ]
