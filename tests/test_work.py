"""`make lab` opens copies: nothing that a learner has written is ever overwritten."""

import pytest

from tools.work import begin


@pytest.fixture
def folders(tmp_path):
    """A folder with two notebooks, and one to work in that is not there yet."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    sources = [notebooks / name for name in ("01.ipynb", "02.ipynb")]
    for source in sources:
        source.write_text(f"first {source.stem}")
    return tmp_path / "work", sources


def told(work, sources, fresh=False):
    said = []
    begin(work, sources, fresh, said.append)
    return "\n".join(said)


def test_notebooks_are_copied_once_and_what_was_written_stays(folders):
    work, sources = folders
    assert told(work, sources) == ""
    assert (work / "01.ipynb").read_text() == "first 01"
    (work / "01.ipynb").write_text("mine")
    assert told(work, sources) == ""
    assert (work / "01.ipynb").read_text() == "mine"


def test_a_notebook_that_has_changed_since_is_told_and_one_that_is_new_is_copied(folders):
    work, sources = folders
    told(work, sources)
    (work / "01.ipynb").write_text("mine")
    sources[0].write_text("second 01")
    sources.append(sources[0].with_name("03.ipynb"))
    sources[2].write_text("first 03")
    said = told(work, sources)
    assert "01.ipynb" in said and "02.ipynb" not in said and "FRESH=1" in said
    assert (work / "01.ipynb").read_text() == "mine" and (work / "03.ipynb").read_text() == "first 03"


def test_to_start_anew_keeps_the_old_copies_and_the_answers(folders):
    work, sources = folders
    told(work, sources)
    (work / "01.ipynb").write_text("mine")
    (work / "answers.json").write_text("{}")
    (work / "own.ipynb").write_text("a notebook of my own")
    sources[0].write_text("second 01")
    assert "Your copies are in work/before 2" in told(work, sources, fresh=True)
    assert (work / "01.ipynb").read_text() == "second 01"
    (kept,) = work.glob("before *")
    assert (kept / "01.ipynb").read_text() == "mine"
    assert (work / "answers.json").exists() and (work / "own.ipynb").exists()
    assert told(work, sources) == ""


def test_a_spoiled_list_of_origins_costs_nothing_but_a_hint(folders):
    work, sources = folders
    told(work, sources)
    (work / ".origins.json").write_text("[")
    assert "FRESH=1" in told(work, sources)
    assert (work / "01.ipynb").read_text() == "first 01"
