"""The form in which a prediction is committed: choices, how sure, and one button; then it is locked."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import anywidget
import traitlets

from ..checks import told
from ..stage.twin import png
from .memory import SESSION, SHOWN, remember
from .picture import draw
from .prediction import SURE, prediction_of

__all__ = ["Commitment"]

HERE = Path(__file__).parent
FORMS: WeakValueDictionary[str, Commitment] = WeakValueDictionary()


class Commitment(anywidget.AnyWidget):
    """One prediction. The browser sets `said` once; Python checks it, remembers it and locks it."""

    _esm = (HERE / "predict.js").read_text("utf-8")
    _css = (HERE / "predict.css").read_text("utf-8")
    _ipython_display_ = None  # ipywidgets 7 would otherwise bypass the bundle below

    name = traitlets.Unicode().tag(sync=True)
    asks = traitlets.Dict().tag(sync=True)
    levels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    said = traitlets.Dict().tag(sync=True)
    locked = traitlets.Dict().tag(sync=True)
    next = traitlets.Unicode("Committed. Now run what follows.").tag(sync=True)

    def __init__(self, name: str):
        prediction = prediction_of(name)
        if prediction is None:
            raise ValueError(f"there is no prediction {told(name)}")
        self.prediction = prediction
        known = SESSION.get(name)
        super().__init__(name=name, asks=prediction.as_dict(), levels=list(SURE), locked=as_locked(known))
        self.observe(self._commit, "said")
        if name in FORMS:
            FORMS[name].close()
        FORMS[name] = self

    def _commit(self, change: Any) -> None:
        said = change["new"]
        answer, sure = said.get("answer"), said.get("sure")
        if self.name in SESSION or self.prediction.takes(answer) or sure not in range(len(SURE)):
            return
        remember(self.name, answer=answer, sure=sure, **({"after": True} if self.name in SHOWN else {}))
        self.locked = as_locked(SESSION[self.name])

    def __repr__(self) -> str:
        asks = self.prediction.as_dict()
        lines = [f"{letter}) {text}" for letter, text in asks.get("choices", {}).items()]
        return "\n".join([f"Prediction {self.name}: {self.prediction.question}", *(f"  {line}" for line in lines)])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        data, metadata = shown if isinstance(shown, tuple) else (shown or {}, {})
        text = repr(self)
        still = {"text/plain": text, "image/png": png(draw(self.prediction))}
        return data | still, metadata | {"image/png": {"alt": text}}


def as_locked(known: dict[str, Any] | None) -> dict[str, Any]:
    return {"answer": known["answer"], "sure": known["sure"]} if known else {}
