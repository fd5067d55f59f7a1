"""Predictions: asked before an experiment, locked, and judged by what the experiment computed."""

import csv
import inspect
import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from optimlab import answers, observe, predict, review
from optimlab.forms.picture import draw
from optimlab.memory import SESSION
from optimlab.predictions import SURE, Amount, Choice, asked
from optimlab.predictions.__main__ import drawn, rows
from optimlab.predictions.__main__ import main as gather
from optimlab.predictions.heading import HEADING, head, head_outputs
from optimlab.predictions.prediction import known_predictions, prediction_of
from optimlab.predictions.widget import on_paper
from tools import teaching
from tools.node import found_node
from tools.notebooks import all_notebooks, code_cells, read

VERDICTS = Path(__file__).parent / "js" / "verdicts.js"
NAMES = known_predictions()
ASKED = {path.name[:2] for path in all_notebooks()} & {name[:2] for name in NAMES}
NOTEBOOKS = [path for path in all_notebooks() if path.name[:2] in ASKED]
PREDICT = re.compile(r'\bpredict\("([\d.]+)"\)')
OBSERVE = re.compile(r'\bobserve\("([\d.]+)"')
LAB = re.compile(r"\b(?:race|anatomy|dialects|map_lab|\w+_lab)\(")
SAVED = re.compile(r"^([\d.]+), without a prediction: (.*)(?:\n  (.*))?", re.MULTILINE)


@pytest.fixture(autouse=True)
def fresh(forgotten, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def commit(name, answer, sure=1):
    form = predict(name)
    form.set_state({"said": {"answer": answer, "sure": sure}})
    return form


def printed(cell):
    """All that a cell has printed or shown as text."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def outcomes():
    """{prediction: (what came out, why)} as the notebooks' runs say."""
    texts = "\n".join(printed(cell) for path in NOTEBOOKS for cell in code_cells(read(path)))
    return {name: (came, why) for name, came, why in SAVED.findall(texts)}


# In the notebooks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_prediction_is_asked_once_in_order_and_observed_after_it(path):
    sources = [cell.source for cell in code_cells(read(path))]
    asked_here = [name for source in sources for name in PREDICT.findall(source)]
    assert asked_here == [name for name in NAMES if name.startswith(path.name[:2])]
    for name in asked_here:
        places = [i for i, source in enumerate(sources) if name in OBSERVE.findall(source)]
        assert len(places) == 1, name
        assert places[0] > next(i for i, source in enumerate(sources) if name in PREDICT.findall(source))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_comes_out_is_hidden_until_it_is_asked_for(path):
    """Between a question and its observation, outputs are collapsed and labs open with their results hidden."""
    waiting = set()
    for cell in code_cells(read(path)):
        new = set(PREDICT.findall(cell.source))
        if waiting and not new:
            assert cell.metadata.get("jupyter", {}).get("outputs_hidden"), cell.source
            if LAB.search(cell.source) and "image/png" in str(cell.outputs):
                assert ".veiled()" in cell.source, cell.source
        waiting = (waiting | new) - set(OBSERVE.findall(cell.source))
    assert not waiting


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_first_line_of_what_is_collapsed_gives_nothing_away(path):
    """JupyterLab shows that line, and it stands above the question's answer."""
    for cell in code_cells(read(path)):
        if OBSERVE.search(cell.source):
            assert cell.outputs[0].text.splitlines()[0] == HEADING, cell.source


def test_a_cell_that_observes_prints_the_heading_first(capsys):
    for raw, printed in (('x = 1\nobserve("01.1", A=1)', f"{HEADING}\n"), ("observed = 1", ""), ("", ""), (None, "")):
        head(SimpleNamespace(raw_cell=raw))
        assert capsys.readouterr().out == printed


def test_the_heading_needs_a_shell_and_is_registered_there_once(monkeypatch):
    head_outputs()  # without IPython nothing happens
    registered = []
    shell = SimpleNamespace(events=SimpleNamespace(register=lambda *pair: registered.append(pair)))
    monkeypatch.setattr("optimlab.predictions.heading.get_ipython", lambda: shell)
    head_outputs()
    assert registered == [("pre_run_cell", head)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_prediction_is_asked_in_words_alone(path):
    """A question in the text is followed by its form."""
    cells = read(path).cells
    for i, cell in enumerate(cells):
        assert not re.search("cover (?:the|what)|look away", cell.source)
        if cell.cell_type == "markdown" and re.search(r"\*\*Predict\b", cell.source):
            following = next(other for other in cells[i + 1 :] if other.cell_type == "code")
            assert PREDICT.search(following.source), cell.source


def test_each_verdict_follows_from_the_run_and_each_wrong_choice_has_its_sentence(outcomes):
    assert set(outcomes) == set(NAMES)
    for name, (came, why) in outcomes.items():
        prediction = prediction_of(name)
        assert len(why) > 20, name
        if isinstance(prediction, Choice):
            letter = came[0]
            assert came == f"{letter}) {prediction.letters[letter]}", name
            assert set(prediction.wrong) == set(prediction.letters) - {letter}, name
        else:
            assert float(came.split()[0]) > 0, name


def test_the_right_letter_cannot_be_guessed_from_its_place_or_its_length(outcomes):
    choices = [(prediction_of(name), came[0]) for name, (came, _) in outcomes.items() if came[1] == ")"]
    counts = {letter: sum(right == letter for _, right in choices) for letter in "abcd"}
    assert max(counts.values()) <= 0.6 * len(choices), counts
    longest = sum(max(p.letters, key=lambda letter: len(p.letters[letter])) == right for p, right in choices)
    assert longest <= 0.6 * len(choices), longest


@pytest.mark.slow
def test_a_form_has_a_picture_for_paper_that_shows_all_of_it():
    for name in NAMES:
        data, metadata = predict(name)._repr_mimebundle_()
        assert data["image/png"].startswith(b"\x89PNG") and metadata["image/png"]["alt"] == data["text/plain"]
        figure = draw([on_paper(prediction_of(name))])
        ends = [text.get_window_extent().x1 for text in figure.texts]
        assert max(ends) < figure.bbox.width, name
        words = " ".join(text.get_text() for text in figure.texts)
        for text in [prediction_of(name).question, *getattr(prediction_of(name), "choices", ())]:
            assert set(text.split()) <= set(words.split()), name


# What is said


def test_a_verdict_names_what_was_predicted_and_what_came_out():
    assert str(observe("01.1", A=0.3, B=0.2)).startswith("01.1, without a prediction: b) the rising one, B\n")
    commit("01.1", "a")
    verdict = observe("01.1", A=0.3, B=0.2)
    assert verdict.right is False
    assert str(verdict).startswith("01.1 not this time: you predicted a) the flat one, A; it is b) the rising one, B\n")
    assert "0.3000 for A and 0.2000 for B" in str(verdict)
    assert observe("01.1", A=0.2, B=0.3).right is True  # what the cell computes decides


def test_an_amount_is_right_within_its_factor():
    amount = Amount("How many steps?", "steps", lambda n: n, "Because.", "It takes longer.", "It is faster.")
    assert amount.verdict("9.9", 50, 40.0, "Because.") == "9.9 ✓ you predicted 50 steps; it is 40 steps\n  Because."
    assert "It takes longer." in amount.verdict("9.9", 19, 40.0, "Because.")
    assert "It is faster." in amount.verdict("9.9", 81, 40.0, "Because.")
    assert "12300 steps" in amount.verdict("9.9", 12345, 40.0, "")


@pytest.mark.parametrize("name", ["nothing", None, 3, "01.99", "01"])
def test_an_unknown_name_is_answered_in_a_sentence(name):
    for said in (predict(name), observe(name)):
        assert str(said).startswith("There is no prediction") and "01.1" in str(said)


@pytest.mark.parametrize("name", NAMES)
def test_a_form_has_plain_words(name):
    """It is shown as it is, so that *emphasis* would be asterisks."""
    prediction = prediction_of(name)
    texts = [prediction.question, prediction.right] if isinstance(prediction, Choice) else [prediction.question]
    if isinstance(prediction, Choice):
        texts += [*prediction.choices, *prediction.wrong.values()]
    assert not [text for text in texts if re.search(r"(?<!\w)\*\w[\w ]*\*(?!\w)", text)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seen", [{}, {"nonsense": 1}])
def test_what_cannot_be_judged_is_said_in_a_sentence(name, seen):
    assert re.fullmatch(
        rf"{name}: what came out could not be read \(TypeError: .*\)\. Does the cell .*", str(observe(name, **seen))
    )


def test_the_browser_says_the_same(outcomes):
    cases, expected = [], []
    for name, (came, why) in outcomes.items():
        prediction = prediction_of(name)
        tries = prediction.letters if isinstance(prediction, Choice) else [0.3, 7, 41.27, 12345, 1e6]
        seen = came[0] if isinstance(prediction, Choice) else float(came.split()[0])
        for answer in tries:
            cases.append([name, asked(name), answer, f"before\n{name}, without a prediction: {came}\n  {why}\nafter"])
            expected.append(f"before\n{prediction.verdict(name, answer, seen, why)}\nafter")
    done = subprocess.run(
        [found_node(), str(VERDICTS)], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == expected


# What is committed


def test_what_is_committed_is_locked_and_another_answer_is_not_taken():
    form = commit("01.2", "c", sure=2)
    assert form.locked == {"answer": "c", "sure": 2}
    form.set_state({"said": {"answer": "a", "sure": 0}})
    assert form.locked == {"answer": "c", "sure": 2}
    assert predict("01.2").locked == {"answer": "c", "sure": 2}  # the cell is run again
    SESSION.clear()  # the kernel is started again
    assert predict("01.2").locked == {}


@pytest.mark.parametrize(
    "said", [{}, {"answer": "a"}, {"answer": "q", "sure": 1}, {"answer": 1, "sure": 1}, {"answer": "a", "sure": 7},
             {"answer": ["a"], "sure": 1}, {"answer": None, "sure": None}, {"answer": "a", "sure": [1]}],
)  # fmt: skip
def test_what_is_no_answer_commits_nothing(said):
    form = predict("01.1")
    form.set_state({"said": said})
    assert form.locked == {} and not SESSION


def test_the_answers_are_a_file_of_the_learners_own(tmp_path):
    commit("01.1", "b")
    observe("01.1", A=np.float64(0.3), B=np.float64(0.2))
    commit("01.3", "a", sure=0)
    kept = json.loads((tmp_path / "answers.json").read_text("utf-8"))["predictions"]
    assert [(e["name"], e["answer"], e["sure"], e.get("right")) for e in kept] == [
        ("01.1", "b", 1, True),
        ("01.3", "a", 0, None),
    ]
    SESSION.clear()
    assert [entry["name"] for entry in answers()] == ["01.1", "01.3"]  # another session
    assert "not observed yet" in repr(answers())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"predictions": 3}', '{"predictions": [3]}', '{"other": []}'])
def test_a_spoiled_file_is_put_aside_and_nothing_is_lost(tmp_path, text):
    (tmp_path / "answers.json").write_text(text, "utf-8")
    commit("01.1", "b")
    assert [entry["name"] for entry in answers()] == ["01.1"]
    (aside,) = tmp_path.glob("answers.2*.json")
    assert aside.read_text("utf-8") == text


def test_where_nothing_can_be_written_the_session_knows(monkeypatch, tmp_path):
    monkeypatch.setattr("optimlab.memory.FILE", tmp_path / "no such folder" / "answers.json")
    commit("01.1", "b")
    assert observe("01.1", A=0.3, B=0.2).right and len(answers()) == 1


def test_the_review_counts_by_how_sure_one_was():
    assert str(review("01")).startswith(f"{sum(n.startswith('01') for n in NAMES)} predictions in this notebook, none")
    commit("01.1", "b", sure=2)
    observe("01.1", A=0.3, B=0.2)
    commit("01.3", "a", sure=0)
    observe("01.3", gradient=[0, 0], elsewhere=[3, 4])
    said = str(review("01"))
    assert "2 of" in said.splitlines()[0] and "1 right" in said.splitlines()[0]
    assert (
        f"{SURE[0]}: 0 of 1 right" in said
        and f"{SURE[2]}: 1 of 1 right" in said
        and "Predictions to look at again: 01.3" in said
    )
    assert "There are no predictions" in str(review("77"))


def test_two_kernels_that_write_at_once_lose_nothing_in_the_end(tmp_path):
    commit("01.1", "b")
    other = {"name": "02.1", "when": "2026-01-01T00:00:00.000", "answer": "a", "sure": 0}
    (tmp_path / "answers.json").write_text(json.dumps({"predictions": [other]}), "utf-8")  # without 01.1
    commit("01.3", "a")
    assert [entry["name"] for entry in answers()] == ["02.1", "01.1", "01.3"]


def test_a_file_that_cannot_be_read_now_is_not_written_over(tmp_path, monkeypatch):
    commit("01.1", "b")
    kept = (tmp_path / "answers.json").read_bytes()
    monkeypatch.setattr(Path, "read_text", lambda *_: (_ for _ in ()).throw(PermissionError("locked")))
    commit("01.3", "a")
    assert [entry["name"] for entry in answers()] == ["01.1", "01.3"]
    assert (tmp_path / "answers.json").read_bytes() == kept


def test_what_was_committed_after_it_was_shown_does_not_count():
    observe("01.1", A=0.3, B=0.2)
    commit("01.1", "b")
    observe("01.1", A=0.3, B=0.2)
    assert answers()[0]["after"]
    assert "1 committed after it had been shown what comes out, which does not count." in str(review("01"))


def test_the_first_run_counts_and_a_later_one_is_only_told():
    commit("01.1", "b")
    assert observe("01.1", A=0.3, B=0.2).right is True
    assert observe("01.1", A=0.2, B=0.3).right is False
    assert answers()[0]["right"] is True and answers()[0]["came"] == "b"


@pytest.mark.parametrize("value", [np.int64(212), np.float32(212), np.array(212)])
def test_numbers_of_any_kind_are_kept(value, tmp_path):
    commit("05.1", 70)
    assert "05.1 ✓" in str(observe("05.1", near=np.int64(139), nearer=value))
    assert json.loads((tmp_path / "answers.json").read_text("utf-8"))["predictions"][0]["came"] == 73


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_wrong_values_under_the_right_names_raise_nothing(name):
    judge = prediction_of(name).judge
    for value in (None, "text", np.nan, [], {}, np.zeros((2, 3)), object()):
        SESSION.clear()
        commit(name, "a" if isinstance(prediction_of(name), Choice) else 3)
        assert str(observe(name, **dict.fromkeys(inspect.signature(judge).parameters, value))).startswith(name)


# For teachers


def test_the_guide_for_teachers_has_todays_answers():
    guide = teaching.GUIDE.read_text("utf-8")
    assert guide == teaching.filled(guide, all_notebooks()), "python -m tools.teaching"
    assert guide.count("came out |") == len(NOTEBOOKS)


@pytest.fixture
def handed_in(tmp_path):
    """Answers of three learners, two of them in folders of their own."""
    entry = {"name": "01.1", "answer": "a", "sure": 2, "when": "2026-01-02T10:00:00", "came": "b", "right": False}
    again = entry | {"answer": "b", "when": "2026-01-03T10:00:00", "right": True}
    other = {"name": "03.2", "answer": 3, "sure": 0, "when": "2026-01-02T10:00:00", "came": 9.9, "right": False}
    for name, entries in {"ada/answers": [again, entry], "bo/answers": [entry, other], "answers_cy": [again]}.items():
        path = tmp_path / "handed in" / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"predictions": entries}), "utf-8")
    return tmp_path / "handed in"


def test_a_class_is_one_table_in_which_the_first_try_counts(handed_in, tmp_path, capsys):
    assert gather([str(handed_in), "--to", str(tmp_path / "table.csv")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "3 learners, 4 predictions"
    assert re.search(r"01\.1 +1 of 3 +1 of 3 +2 × a\) the flat one, A", said[2])
    assert re.search(r"03\.2 +0 of 1 +0 of 0 +1 × 3", said[3])
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        table = {(row["learner"], row["prediction"]): row for row in csv.DictReader(file)}
    assert table["ada", "01.1"]["answer"] == "a" and table["cy", "01.1"]["right"] == "True"


def test_a_class_is_a_picture_too(handed_in, tmp_path, capsys):
    gather([str(handed_in), "--picture", str(tmp_path / "class.png")])
    figure = drawn(rows(handed_in))
    assert (tmp_path / "class.png").read_bytes().startswith(b"\x89PNG")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["01.1", "03.2"]
    assert [bar.get_width() for bar in figure.axes[0].patches] == [1, 2, 1]  # 01.1: one right, two wrong


@pytest.mark.parametrize("text", ["x", "[]", '{"predictions": [1]}', '{"predictions": [{}]}'])
def test_a_file_that_is_none_is_told_and_left_out(handed_in, text, capsys):
    (handed_in / "ada" / "answers.json").write_text(text, "utf-8")
    assert gather([str(handed_in)]) == 0
    assert "2 learners, 3 predictions" in capsys.readouterr().out


def test_learners_in_folders_of_the_same_name_stay_apart(handed_in, capsys):
    for name in ("ada", "bo"):
        (handed_in / name / "work").mkdir()
        (handed_in / name / "answers.json").rename(handed_in / name / "work" / "answers.json")
    (handed_in / "bo" / ".ipynb_checkpoints").mkdir()
    (handed_in / "bo" / ".ipynb_checkpoints" / "answers-checkpoint.json").write_text("x")
    gather([str(handed_in)])
    said = capsys.readouterr()
    assert "3 learners" in said.out and not said.err


@pytest.mark.parametrize("wrong", [{"name": ["x"]}, {"name": None}, {"answer": ["a"]}, {"answer": {}}, {"when": 5}])
def test_entries_of_the_wrong_kind_are_told_and_left_out(handed_in, wrong, capsys):
    path = handed_in / "answers_cy.json"
    entry = json.loads(path.read_text("utf-8"))["predictions"][0]
    path.write_text(json.dumps({"predictions": [entry | wrong, entry | {"name": "\x1b[2J²"}]}), "utf-8")
    gather([str(handed_in)])
    said = capsys.readouterr()
    assert "1 entries are no answers" in said.err and "\x1b" not in said.out


def test_a_name_is_no_formula_in_a_spreadsheet(handed_in, tmp_path):
    (handed_in / "bo").rename(handed_in / "=1+1")
    gather([str(handed_in), "--to", str(tmp_path / "table.csv")])
    assert "'=1+1" in (tmp_path / "table.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("folder", ["no such folder", "."])
def test_where_there_is_nothing_to_gather_it_is_said(folder, capsys):
    with pytest.raises(SystemExit):
        gather([folder])
    assert re.search(r"no answers\*\.json|there is no folder", capsys.readouterr().err)
