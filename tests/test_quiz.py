"""Questions that come back, and the ten before and after the course: each computes what comes out."""

import json
import re

import numpy as np
import pytest

from optimlab import gains, inventory, recall, review
from optimlab.memory import KNOWN
from optimlab.quiz.questions import (
    INVENTORIES,
    NOTEBOOKS,
    known_questions,
    measured,
    outcome,
    question_of,
    questions_of,
)
from tools.notebooks import all_notebooks, code_cells, read, setup_cells

NAMES = known_questions()


pytestmark = pytest.mark.usefixtures("forgotten")


def answer(form, letter, sure=1):
    form.set_state({"said": {"answer": letter, "sure": sure}})
    return form.outcome


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out_is_one_of_the_choices_and_each_other_one_has_its_sentence(name):
    question, (came, why) = question_of(name), measured(name)
    assert came in question.letters and set(question.wrong) == set(question.letters) - {came}
    assert len(why) > 20 and all(len(said) > 20 for said in question.wrong.values())
    assert len(question.question) <= 220 and all(len(choice) <= 80 for choice in question.choices)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_other_numbers_give_another_letter(name):
    """The answer follows from what is measured: some change of the numbers changes it."""
    question = question_of(name)
    seen = question.measure()
    first = question.judge(**seen)
    changes = (lambda x: -x, lambda x: 0 * x, lambda x: x[..., ::-1] if np.ndim(x) else 1e6 * x, lambda x: x + np.inf)
    letters = set()
    for change in changes:
        for key in seen:
            letters.add(question.judge(**{**seen, key: changed(change, seen[key])}))
    assert letters - {first}, name


def changed(change, value):
    """A measured value with its numbers changed, in whatever it holds them."""
    if isinstance(value, dict):
        return {key: changed(change, each) for key, each in value.items()}
    try:
        return change(np.asarray(value, float))
    except (TypeError, ValueError):
        return value[::-1] if isinstance(value, list | tuple | str) else value


def test_the_right_letter_cannot_be_guessed_from_its_place_or_its_length():
    letters = [measured(name)[0] for name in NAMES]
    assert max(letters.count(letter) for letter in "abcd") <= 0.45 * len(letters)
    choices = [question_of(name).letters for name in NAMES]
    longest = [max(of, key=lambda letter: len(of[letter])) for of in choices]
    assert sum(a == b for a, b in zip(letters, longest, strict=True)) <= 0.5 * len(letters)


def test_before_and_after_ask_for_the_same_ten_ideas_with_other_words():
    before, after = (list(questions_of(when).values()) for when in INVENTORIES)
    assert [q.about for q in before] == [q.about for q in after] and len({q.about for q in before}) == 10
    assert not {q.question for q in before} & {q.question for q in after}


@pytest.mark.parametrize("place", NOTEBOOKS)
def test_a_notebook_begins_with_its_questions(place):
    (path,) = (path for path in all_notebooks() if path.name.startswith(place))
    notebook = read(path)
    cells = [cell for cell in code_cells(notebook) if cell not in setup_cells(notebook)]
    assert cells[0].source.endswith(f'recall("{place}")') and len(questions_of(place)) == 3


def test_an_answer_is_judged_at_once_and_kept(tmp_path):
    quiz = recall("03")
    right, _ = measured("03.r1")
    assert answer(quiz.answers[0], right).startswith("✓ ")
    wrong = next(letter for letter in question_of("03.r2").letters if letter != measured("03.r2")[0])
    said = answer(quiz.answers[1], wrong)
    assert said.startswith("Not this time. It is ") and question_of("03.r2").wrong[wrong] in said
    entries = json.loads((tmp_path / "answers.json").read_text("utf-8"))["predictions"]
    assert [(e["name"], e["right"]) for e in entries] == [("03.r1", True), ("03.r2", False)]
    assert "1 of 2 questions from earlier notebooks right." in str(review("03"))
    assert recall("03").answers[0].outcome.startswith("✓ ")  # the cell is run again


def test_when_its_cell_runs_again_the_old_one_is_gone():
    old, new = recall("03"), recall("03")
    assert old.comm is None and all(form.comm is None for form in old.answers)
    assert new.comm is not None and all(form.comm is not None for form in new.answers)


def test_before_the_course_an_answer_is_noted_and_not_judged_aloud():
    form = inventory("before").answers[0]
    assert answer(form, "a") == "" and form.locked == {"answer": "a", "sure": 1}
    assert "right" in KNOWN["predictions"]["before.1"]


def test_the_gain_counts_what_was_answered_both_times():
    assert "No question has been answered both times yet." in str(gains())
    for when in INVENTORIES:
        for form in inventory(when).answers[:4]:
            came, _ = measured(form.name)
            wrong = next(letter for letter in question_of(form.name).letters if letter != came)
            answer(form, came if when == "after" or form.name.endswith(".1") else wrong)
    last = str(gains()).splitlines()[-1]
    assert last == "Of the 4 answered both times: 1 right before, 4 right after: 1.00 of what could be gained."


@pytest.mark.parametrize("wrong", ["77", None, 3, "then"])
def test_what_is_not_there_is_answered_in_a_sentence(wrong):
    assert re.match("There are no questions for notebook .*; there are some for 02, 03", str(recall(wrong)))
    assert str(inventory(wrong)).startswith('The inventory is taken "before" or "after", got ')


def test_on_paper_there_are_all_questions_and_no_answer():
    data, metadata = recall("03")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and metadata["image/png"]["alt"] == data["text/plain"]
    for name, question in questions_of("03").items():
        assert question.question in data["text/plain"] and measured(name)[1] not in data["text/plain"]


def test_no_answer_is_stored_what_is_said_follows_from_the_measurement(monkeypatch):
    name = "02.r1"
    question = question_of(name)
    other = next(letter for letter in question.letters if letter != measured(name)[0])
    monkeypatch.setattr("optimlab.quiz.questions.measured", lambda name: (other, "because"))
    assert outcome(name, other) == (f"✓ {question.told(other)}\nbecause", other)
