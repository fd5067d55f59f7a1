"""A notebook that is stripped runs nothing when it is opened, and loses no picture when it is exported."""

import copy
import json
import re
import subprocess
import sys

import pytest

from optimlab.strip import main, stripped
from tools.notebooks import all_notebooks

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
EVIL = "<script>alert(1)</script>"


def saved_with_state():
    """Notebook 01 as JupyterLab saves it with the state of its widgets, and with outputs that would run."""
    notebook = json.loads(all_notebooks()[0].read_text("utf-8"))
    models = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if VIEW in output.get("data", {}):
                models[output["data"][VIEW]["model_id"]] = {
                    "model_name": "AnyModel", "model_module": "anywidget", "model_module_version": "~0.9",
                    "state": {"_esm": "export default { render() { alert(1) } }"},
                }  # fmt: skip
    assert models
    notebook["metadata"]["widgets"] = {STATE: {"version_major": 2, "version_minor": 0, "state": models}}
    for kind in ("text/html", "application/javascript", "image/svg+xml", "text/markdown", "text/latex"):
        cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
        cell["outputs"].append(
            {"output_type": "display_data", "data": {kind: EVIL, "text/plain": "it"}, "metadata": {}}
        )
    return notebook


def pictures(notebook) -> int:
    return sum("image/png" in o.get("data", {}) for c in notebook["cells"] for o in c.get("outputs", []))


def test_nothing_that_runs_is_left_and_all_else_is():
    before = saved_with_state()
    untouched = copy.deepcopy(before)
    after = stripped(before)
    assert before == untouched
    assert "alert" not in json.dumps(after)
    assert VIEW not in json.dumps(after) and "widgets" not in after["metadata"]
    assert pictures(after) == pictures(before) > 0
    assert [cell["source"] for cell in after["cells"]] == [cell["source"] for cell in before["cells"]]
    assert json.dumps(after).count('"text/plain"') == json.dumps(before).count('"text/plain"')


@pytest.mark.slow
@pytest.mark.parametrize(("format", "with_state"), [("html", False), ("html", True), ("slides", True)])
def test_an_export_of_it_has_every_picture_however_it_was_saved(tmp_path, format, with_state):
    notebook = saved_with_state() if with_state else json.loads(all_notebooks()[0].read_text("utf-8"))
    (tmp_path / "lesson.ipynb").write_text(json.dumps(notebook), "utf-8")
    assert main([str(tmp_path / "lesson.ipynb"), "--to", str(tmp_path / "paper")]) == 0
    command = [sys.executable, "-m", "nbconvert", "--to", format, str(tmp_path / "paper" / "lesson.ipynb")]
    subprocess.run(command, check=True, capture_output=True)
    (page,) = (tmp_path / "paper").glob("*.html")
    text = page.read_text("utf-8")
    assert len(re.findall(r'src="data:image/png;base64', text)) >= pictures(notebook)
    assert "widget-view" not in text.split("<body", 1)[1]


def test_a_folder_is_stripped_in_place_and_what_is_no_notebook_is_left(tmp_path, capsys):
    folder = tmp_path / "handed in" / "group 1"
    folder.mkdir(parents=True)
    (folder / "ä.ipynb").write_text(json.dumps(saved_with_state(), ensure_ascii=False), "utf-8")
    (folder / "broken.ipynb").write_text("{", "utf-8")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "ä-checkpoint.ipynb").write_text("{}", "utf-8")
    assert main([str(tmp_path)]) == 1
    assert "alert" not in (folder / "ä.ipynb").read_text("utf-8")
    assert (folder / "broken.ipynb").read_text("utf-8") == "{"
    said = capsys.readouterr()
    assert "left as it is" in said.err and "text and pictures only" in said.out


def test_a_place_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit):
        main(["nowhere"])
    assert "there is no file or folder 'nowhere'" in capsys.readouterr().err
