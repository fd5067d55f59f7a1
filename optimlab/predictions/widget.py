"""The form in which a prediction is committed: choices, how sure, and one button; then it is locked."""

from __future__ import annotations

from typing import Any

import traitlets

from ..checks import told
from ..forms import FORMS
from ..forms.widget import Form
from ..memory import SESSION, SHOWN, remember
from ..stage.bundle import bundle
from .prediction import SURE, Choice, Prediction, prediction_of

__all__ = ["Commitment", "on_paper", "words_of"]


class Commitment(Form):
    """One prediction. The browser sets `said` once; Python checks it, remembers it and locks it."""

    _esm = bundle(FORMS / "predict.js")
    levels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    locked = traitlets.Dict().tag(sync=True)
    button = traitlets.Unicode("That is my prediction").tag(sync=True)
    outcome = traitlets.Unicode().tag(sync=True)
    next = traitlets.Unicode("Committed. Now run what follows.").tag(sync=True)

    def __init__(self, name: str, prediction: Prediction | None = None):
        prediction = prediction_of(name) if prediction is None else prediction
        if prediction is None:
            raise ValueError(f"there is no prediction {told(name)}")
        self.prediction = prediction
        known = SESSION.get(name)
        super().__init__(name, asks=prediction.as_dict(), levels=list(SURE), locked=as_locked(known))
        self.observe(self._commit, "said")

    def _commit(self, change: Any) -> None:
        said = change["new"]
        answer, sure = said.get("answer"), said.get("sure")
        if self.name in SESSION or self.prediction.takes(answer) or sure not in range(len(SURE)):
            return
        after = {"after": True} if self.name in SHOWN else {}
        remember(self.name, **{"answer": answer, "sure": sure, **after})
        self.locked = as_locked(SESSION[self.name])

    @property
    def on_paper(self) -> tuple[str, list[str]]:
        return on_paper(self.prediction)

    def __repr__(self) -> str:
        return words_of(f"Prediction {self.name}", self.prediction)


def words_of(what: str, prediction: Prediction) -> str:
    """The question and its choices, for who can't see the form."""
    choices = prediction.letters if isinstance(prediction, Choice) else {}
    return "\n".join([f"{what}: {prediction.question}", *(f"  {letter}) {text}" for letter, text in choices.items())])


def on_paper(prediction: Prediction) -> tuple[str, list[str]]:
    """The question, its choices or the place for a number, and how sure one can be."""
    if isinstance(prediction, Choice):
        below = [f"○ {letter}) {text}" for letter, text in prediction.letters.items()]
    else:
        below = [f"________ {prediction.unit}"]
    return prediction.question, [*below, "How sure are you?   " + "   ".join(f"○ {word}" for word in SURE)]


def as_locked(known: dict[str, Any] | None) -> dict[str, Any]:
    return {"answer": known["answer"], "sure": known["sure"]} if known else {}
