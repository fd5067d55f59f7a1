"""Why is it so? One sentence in the learner's own words, then a model answer to compare it with.

>>> from optimlab.whys.why import why_of
>>> why_of("03.2").points[0]
'along the floor successive gradients agree'

`why` shows the question (`optimlab.whys.widget`). Each notebook's questions stand in a module of their own (``n01``,
``n02``, …) as a dict ``WHYS``, one for each section. What is written stays in ``answers.json`` (`optimlab.memory`).

That who explains to themselves learns more is the self-explanation effect (Chi et al. 1989; meta-analysis: Bisra et al.
2018, g = 0.55).
"""

from __future__ import annotations

from typing import Any

from ..checks import told
from ..predictions import Observed
from .why import Why, known_whys, why_of

__all__ = ["Why", "known_whys", "why", "why_of"]


def why(name: str) -> Any:
    """Ask for an explanation of what a section has shown: ``why("03.2")``."""
    if why_of(name) is None:
        return Observed(f"There is no question {told(name)}; there are {', '.join(known_whys())}.")
    from .widget import Explanation  # ipywidgets is wanted by nothing else here

    return Explanation(name)
