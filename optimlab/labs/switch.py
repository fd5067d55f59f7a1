"""Several labs in one place, between which a row of buttons chooses; each is made when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from .lab import Lab, bundle_of, described
from .lifetime import made, parts_of, shown

__all__ = ["Switch"]


class Switch(widgets.VBox):
    """Buttons above a lab. Saved, it carries the picture and the summary of the lab that is shown.

    Parameters
    ----------
    makers : {label: a function that makes the lab}, at least one; the first one is shown
    what : what the buttons choose, in a word
    """

    closed = False
    _ipython_display_ = None  # ipywidgets 7 would otherwise bypass the bundle below

    def __init__(self, makers: Mapping[str, Callable[[], Lab]], what: str):
        self._makers = makers
        self._labs: dict[str, Lab] = {}
        self._hides = False
        self.buttons = widgets.ToggleButtons(options=list(makers), description=described(what))
        super().__init__([self.buttons, self._lab(next(iter(makers)))])
        self.buttons.observe(self._choose, "value")
        made(self)

    def _lab(self, label: str) -> Lab:
        lab = self._labs.get(label)
        if lab is None or lab.closed:
            lab = self._labs[label] = self._makers[label]()
            if self._hides:
                lab.veiled()
        return lab

    def _choose(self, change: dict) -> None:
        self.children = [self.buttons, self._lab(change["new"])]

    def veiled(self):
        """All labs of the switch show what comes out on demand; see `Lab.veiled`. Returns the switch."""
        self._hides = True
        for lab in self._labs.values():
            lab.veiled()
        return self

    @property
    def lab(self) -> Lab:
        """The lab that is shown."""
        return self._labs[self.buttons.value]

    def save(self, path, controls=None, **options):
        """Write the lab that is shown into a file; see `Lab.save`."""
        return self.lab.save(path, controls, **options)

    def __repr__(self) -> str:
        return repr(self.lab)

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs):
        """As of a `Lab`: the picture, the summary, and the view."""
        shown(self)
        return bundle_of(self, self.lab)

    def close(self):
        """End the live view and free what the browser held; the picture and the summary are still there."""
        if "_labs" in vars(self):
            for lab in self._labs.values():
                lab.close()
            for part in parts_of(self.buttons):
                part.close()
        self.closed = True
        super().close()
        vars(self).pop("_repr_mimebundle_", None)  # ipywidgets takes it away, so that nothing at all would be shown
