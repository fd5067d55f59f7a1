"""Training curves that grow while the cell that trains is running."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from IPython.display import display

from ..checks import check_whole, told
from ..palette import style_of
from ..stage.scene import Run, Scene
from ..stage.widget import Source
from ..training import History
from .inputs import plain, unique
from .lab import Lab, view_of
from .lifetime import parts_of
from .panels import TRAINING_LOSS, training_panels
from .sources import training_rows

__all__ = ["LiveCurves", "live_curves"]


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


class LiveCurves(Lab):
    """What `live_curves` makes: ``curves[name]`` is a function for ``on_epoch``."""

    def __init__(self, names, epochs):
        styles = style_of(names)
        runs = [
            Run(n, n, *style, loss=(f"run{i}", TRAINING_LOSS), reads="training loss")
            for i, (n, style) in enumerate(zip(names, styles, strict=True))
        ]
        self._histories = {name: History() for name in names}
        self._live = None
        sources = [Source(f"run{i}", (), lambda values, n=name: self._rows(n)) for i, name in enumerate(names)]
        scene = Scene(training_panels(runs, epochs), runs, epochs, unit="epoch")
        super().__init__(scene, sources, summary=self._told, title=f"training curves of {epochs} epochs")

    def __getitem__(self, name):
        if name not in self._histories:
            raise ValueError(f"there is no curve {name!r}; there are {', '.join(self._histories)}")
        return lambda history: self._push(name, history)

    def __call__(self, history):
        self._push(next(iter(self._histories)), history)

    def _rows(self, name):
        history = self._histories[name]
        return training_rows(history) if history.loss else np.empty((0, 2))

    def _push(self, name, history):
        """Show the curves now, and add the newest epoch."""
        if self._live is None and get_ipython() is not None:
            self._live = widgets.VBox([self.stage])
            self._live.add_class("optimlab-lab")
            display(view_of(self._live), metadata=self.stage.metadata, raw=True)
        self._histories[name] = history
        self.stage.push(f"run{list(self._histories).index(name)}")

    def close(self):
        if self._live is not None:
            for part in parts_of(self._live):
                part.close()
        super().close()

    def _told(self, values):
        return [f"{name}: {history!r}" for name, history in self._histories.items()]

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        if self._live is not None:  # from here on, this display stands for it
            self._live.layout.display = "none"
        return super()._repr_mimebundle_(include, exclude, **kwargs)
