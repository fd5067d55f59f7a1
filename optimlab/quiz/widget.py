"""Several questions in one place, each answered by itself, and each with what is said to the answer."""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import ipywidgets as widgets

from ..forms.picture import draw, still
from ..labs.lab import view_of
from ..memory import SESSION, remember
from ..predictions.widget import Commitment, words_of
from .questions import outcome, question_of, questions_of

__all__ = ["Answer", "Quiz"]

OPEN: WeakValueDictionary[str, Quiz] = WeakValueDictionary()
NOTED = "Noted. What is right you will see after the course."


class Answer(Commitment):
    """One question. When it is answered, what comes out is measured, and told if it `tells`."""

    def __init__(self, name: str, tells: bool = True):
        self._tells = tells
        super().__init__(name, question_of(name))
        self.button, self.next = "That is my answer", NOTED
        self._judge()

    def _commit(self, change: Any) -> None:
        super()._commit(change)
        self._judge()

    def _judge(self) -> None:
        known = SESSION.get(self.name)
        if known is None:
            return
        said, came = outcome(self.name, known["answer"])
        if "right" not in known:
            remember(self.name, came=came, right=known["answer"] == came)
        if self._tells:
            self.outcome = said


class Quiz(widgets.VBox):
    """The questions of a place, below one another."""

    _ipython_display_ = None  # ipywidgets 7 would otherwise bypass the bundle below

    def __init__(self, place: str, title: str, tells: bool = True):
        if place in OPEN:
            OPEN[place].close()  # its cell has run again
        self.title = title
        self.answers = [Answer(name, tells) for name in questions_of(place)]
        super().__init__(self.answers)
        OPEN[place] = self

    def close(self) -> None:
        for answer in self.answers:
            answer.close()
        super().close()

    def __repr__(self) -> str:
        return "\n".join([f"{self.title}.", *(words_of(answer.name, answer.prediction) for answer in self.answers)])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        live = view_of(self), self.answers[0].metadata  # a box of ipywidgets 7 has no bundle
        return still(live, repr(self), draw([answer.on_paper for answer in self.answers]))
