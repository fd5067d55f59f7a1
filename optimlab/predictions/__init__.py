"""Commit, then see: a question with choices before an experiment, and its verdict after it.

>>> from optimlab import observe
>>> observe("01.1", A=0.2965, B=0.2013)
01.1, without a prediction: b) the rising one, B
  The losses are 0.2965 for A and 0.2013 for B: on average, the points lie nearer to the line that rises.

`predict` shows the question (`optimlab.predictions.widget`), `observe` compares what was committed with what the cell
has computed. Each notebook's questions stand in a module of
their own (``n01``, ``n02``, …) as a dict ``PREDICTIONS``. What a learner has committed is kept in a file beside the
notebook (`optimlab.memory`); nothing leaves the machine.

The way of teaching is predict–observe–explain (White & Gunstone 1992); that predicting first is what makes a
demonstration teach, Crouch et al. (2004) measured.
"""

from __future__ import annotations

from typing import Any

from ..checks import shortened, told
from ..memory import SESSION, SHOWN, answers, remember
from .drawn import known_paths, sketched
from .prediction import SURE, Amount, Choice, Prediction, known_predictions, prediction_of

__all__ = ["SURE", "Amount", "Choice", "Observed", "Prediction", "answers", "asked", "observe", "predict"]


class Observed:
    """What is said to a learner; it shows itself as its last line."""

    def __init__(self, text: str, right: bool | None = None):
        self.text, self.right = text, right

    def __repr__(self) -> str:
        return self.text


def predict(name: str, lab: Any = None) -> Any:
    """Ask for a prediction: ``predict("01.1")``, or for a path that is drawn: ``predict("02.p1", race(…))``.

    The learner chooses, or draws on the lab, says how sure, and commits; what is committed stays until the kernel is
    started again.

    Parameters
    ----------
    name : of the prediction
    lab : that shows the path, where one is to be drawn

    Returns
    -------
    The form that asks, or the lab with a pen; one sentence where there is no such prediction, or no lab for a path.
    """
    if isinstance(name, str) and name in known_paths():
        if lab is None:
            return Observed(f"{name} is drawn on a lab: predict({name!r}, race(…)).")
        return sketched(name, lab)
    if prediction_of(name) is None:
        return unknown(name)
    if lab is not None:
        return Observed(f"{name} is answered in a form, without a lab: predict({name!r}).")
    from .widget import Commitment  # ipywidgets is not needed to judge

    return Commitment(name)


def observe(name: str, **seen: Any) -> Observed:
    """Compare the prediction with what has come out: ``observe("01.1", A=0.2965, B=0.2013)``.

    Parameters
    ----------
    name : of the prediction
    seen : what the cell has computed, by the names that the question's judge asks for

    Whatever is passed in, nothing is raised.
    """
    prediction = prediction_of(name)
    if prediction is None:
        return unknown(name)
    said = SESSION.get(name)
    try:
        came = prediction.read(prediction.judge(**seen))
        verdict = prediction.verdict(name, said["answer"] if said else None, came, prediction.right.format(**seen))
    except Exception as error:
        what = shortened(f"{type(error).__name__}: {error}", 200)
        return Observed(f"{name}: what came out could not be read ({what}). Does the cell still compute what is asked?")
    SHOWN.add(name)
    if said is None:
        return Observed(verdict)
    if "right" not in said:  # the first run counts, for it is the one that was predicted
        remember(name, came=came, right="✓" in verdict)
    return Observed(verdict, "✓" in verdict)


def asked(name: str) -> dict[str, Any]:
    """What is asked, as data: a page without Python can take the answer, too."""
    prediction = prediction_of(name)
    if prediction is None:
        raise KeyError(name)
    return prediction.as_dict()


def unknown(name: Any) -> Observed:
    return Observed(
        f"There is no prediction {told(name)}; there are {', '.join([*known_predictions(), *known_paths()])}."
    )
