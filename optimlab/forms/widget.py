"""What all forms are: a live view with its words and its picture, one of each name at a time."""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import anywidget
import traitlets

from . import STYLE
from .picture import draw, still

__all__ = ["Form"]

OPEN: WeakValueDictionary[tuple[type, str], Form] = WeakValueDictionary()


class Form(anywidget.AnyWidget):
    """A question that a learner answers; when its cell runs again, the form that was there is closed.

    A subclass has the program (``_esm``), hears of ``said``, and tells its words (``repr``) and what stands on paper.
    """

    _css = STYLE
    _ipython_display_ = None  # ipywidgets 7 would otherwise bypass the bundle below

    name = traitlets.Unicode().tag(sync=True)
    asks = traitlets.Dict().tag(sync=True)
    said = traitlets.Dict().tag(sync=True)

    def __init__(self, name: str, **known: Any):
        key = type(self), name
        if key in OPEN:
            OPEN[key].close()
        super().__init__(name=name, **known)
        OPEN[key] = self

    @property
    def on_paper(self) -> tuple[str, list[str]]:
        """The question, and the lines below it."""
        raise NotImplementedError

    @property
    def metadata(self) -> dict[str, Any]:
        """What an output with this form must say beside it on Colab; see `optimlab.stage.widget.Stage.metadata`."""
        bundle = super()._repr_mimebundle_()
        return bundle[1] if isinstance(bundle, tuple) else {}

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return still(super()._repr_mimebundle_(**kwargs), repr(self), draw([self.on_paper]))
