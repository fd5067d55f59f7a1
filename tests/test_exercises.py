"""Every exercise: its solution passes, a plausible mistake gets a hint, and nothing a learner types raises."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from optimlab import check
from optimlab.exercises import NOTEBOOKS, exercises_of, known_exercises

FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.mark.parametrize("name", known_exercises())
def test_the_solution_passes_and_the_plausible_mistake_gets_a_hint(name):
    exercise = exercises_of(name)[name]
    assert check(name, exercise.solution).right is True, check(name, exercise.solution)
    mistaken = check(name, exercise.wrong)
    assert mistaken.right is False
    assert len(str(mistaken)) > len(f"{name} not yet. ") + 20  # a hint, not just "wrong"
    assert "could not be used" not in str(mistaken)  # a wrong answer, not an unreadable one


@pytest.mark.parametrize("name", known_exercises())
@pytest.mark.parametrize("unanswered", [None, ...])
def test_an_unanswered_exercise_says_so(name, unanswered):
    verdict = check(name, unanswered)
    assert str(verdict) == f"{name} not answered yet."
    assert verdict.right is None


def broken(*arguments, **options):
    raise RuntimeError("my function is not finished")


NONSENSE = [
    "",
    "x",
    float("nan"),
    float("inf"),
    -1,
    1e308,
    [],
    {},
    (),
    object(),
    np.zeros(3),
    np.array([]),
    int,
    broken,
]


@pytest.mark.parametrize("name", known_exercises())
def test_no_answer_raises(name):
    for answer in [*NONSENSE, lambda: None, lambda *a: a, lambda *a: ..., True, 1j, b"b", [[1, 2], [3]]]:
        verdict = check(name, answer)
        assert "Traceback" not in str(verdict)
        assert str(verdict).startswith(name)


@pytest.mark.parametrize("name", ["99.1", "03.99", "", "three", None, 3.1])
def test_an_unknown_exercise_is_named_with_those_that_exist(name):
    assert known_exercises()[0] in str(check(name, 1))


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_every_exercise_stands_in_its_notebook_with_a_solution(number):
    (path,) = FOLDER.glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    asked = re.findall(r'check\("(\d\d\.\d)"', text)
    assert asked == list(exercises_of(f"{number}.1"))
    assert text.count("<summary>Solution</summary>") == len(asked)
