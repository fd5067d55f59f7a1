"""The form in which a learner explains: a sentence, a model answer, and what of it the sentence contains."""

from __future__ import annotations

from typing import Any

from ..checks import told
from ..forms import FORMS
from ..forms.widget import Form
from ..memory import KNOWN, remember
from ..stage.bundle import bundle
from .why import why_of

__all__ = ["Explanation"]

LONGEST = 2000  # letters


class Explanation(Form):
    """One question. The browser says what was written and what was ticked; Python remembers it."""

    _esm = bundle(FORMS / "why.js")

    def __init__(self, name: str):
        found = why_of(name)
        if found is None:
            raise ValueError(f"there is no question {told(name)}")
        self.why = found
        known = KNOWN["whys"].get(name, {})
        said = {key: known[key] for key in ("answer", "ticked") if key in known}
        super().__init__(name, asks=found.as_dict(), said=said)
        self.observe(self._keep, "said")

    def _keep(self, change: Any) -> None:
        text, ticked = change["new"].get("answer"), change["new"].get("ticked")
        if not isinstance(text, str) or not text.strip() or not isinstance(ticked, list):
            return
        points = range(len(self.why.points))
        remember(self.name, "whys", answer=text[:LONGEST], ticked=[i for i in ticked if i in points])

    def __repr__(self) -> str:
        return f"Why {self.name}: {self.why.question}"

    @property
    def on_paper(self) -> tuple[str, list[str]]:
        return self.why.question, ["_" * 60]
