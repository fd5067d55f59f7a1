"""Explanations: asked at the end of each section, compared with a model answer, kept in the learner's own file."""

import json
import re

import pytest

from optimlab import review, why
from optimlab.memory import KNOWN
from optimlab.whys import known_whys, why_of
from tools.notebooks import all_notebooks, read

NAMES = known_whys()
WHY = re.compile(r'^why\("([\d.]+)"\)$', re.MULTILINE)
SECTION = re.compile(r"^## (\d+) · ", re.MULTILINE)
HEADING = re.compile(r"^## ", re.MULTILINE)
NUMBERED = [path for path in all_notebooks() if SECTION.search("\n".join(cell.source for cell in read(path).cells))]


pytestmark = pytest.mark.usefixtures("forgotten")


@pytest.mark.parametrize("path", NUMBERED, ids=lambda path: path.stem)
def test_each_section_ends_with_its_why(path):
    text = "\n".join(cell.source for cell in read(path).cells)
    begins = [match.start() for match in HEADING.finditer(text)] + [len(text)]
    for match in SECTION.finditer(text):
        section = text[match.start() : min(begin for begin in begins if begin > match.start())]
        assert WHY.findall(section) == [f"{path.name[:2]}.{match[1]}"], match[0]
        assert section.rstrip().endswith(")"), match[0]
    assert WHY.findall(text) == [name for name in NAMES if name.startswith(path.name[:2])]


@pytest.mark.parametrize("name", NAMES)
def test_a_question_asks_for_a_reason_and_its_answer_is_short(name):
    asked = why_of(name)
    assert re.match(r"(Why|How) .*\?$", asked.question) and len(asked.question) <= 200
    assert 40 < len(asked.model) <= 300 and asked.model.endswith(".")
    assert 2 <= len(asked.points) <= 4 and all(len(point) <= 90 for point in asked.points)


def test_no_question_is_asked_twice():
    assert len({why_of(name).question for name in NAMES}) == len(NAMES)


def test_what_is_written_and_ticked_is_kept_and_comes_back(tmp_path):
    form = why("03.2")
    form.set_state({"said": {"answer": "The gradients add up.", "ticked": []}})
    form.set_state({"said": {"answer": "The gradients add up.", "ticked": [0, 2]}})
    (entry,) = json.loads((tmp_path / "answers.json").read_text("utf-8"))["whys"]
    assert (entry["name"], entry["answer"], entry["ticked"]) == ("03.2", "The gradients add up.", [0, 2])
    assert why("03.2").said == {"answer": "The gradients add up.", "ticked": [0, 2]}  # the cell is run again
    said = str(review("03"))
    assert f"1 of {sum(name.startswith('03') for name in NAMES)} questions why answered; 2 of 3 points" in said


@pytest.mark.parametrize(
    "said",
    [{}, {"answer": "", "ticked": []}, {"answer": 3, "ticked": []}, {"answer": "x"}, {"answer": "x", "ticked": 1}],
)
def test_what_is_no_answer_is_not_kept(said, tmp_path):
    why("03.2").set_state({"said": said})
    assert not KNOWN["whys"] and not (tmp_path / "answers.json").exists()


def test_points_that_are_none_and_endless_texts_are_cut():
    why("03.2").set_state({"said": {"answer": "word " * 3000, "ticked": [0, 17, "a", -1]}})
    kept = KNOWN["whys"]["03.2"]
    assert kept["ticked"] == [0] and len(kept["answer"]) == 2000


def test_a_section_of_which_nothing_was_found_is_named():
    why("03.2").set_state({"said": {"answer": "It just is so.", "ticked": []}})
    assert "No point of the model answer ticked yet: 03.2." in str(review("03"))


@pytest.mark.parametrize("name", ["nothing", None, 3, "03.99"])
def test_an_unknown_name_is_answered_in_a_sentence(name):
    assert str(why(name)).startswith("There is no question") and "01.1" in str(why(name))


def test_on_paper_there_is_the_question_and_not_its_answer():
    data, metadata = why("03.2")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and metadata["image/png"]["alt"] == data["text/plain"]
    assert why_of("03.2").question in data["text/plain"] and why_of("03.2").model not in data["text/plain"]


def test_when_its_cell_runs_again_the_old_form_is_gone():
    old, new = why("03.2"), why("03.2")
    assert old.comm is None and new.comm is not None
