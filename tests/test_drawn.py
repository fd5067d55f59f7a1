"""Predictions that are drawn: which labs can ask for one, what is kept, and that nothing gives the path away."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from optimlab import GradientDescent, Momentum, gradient_lab, himmelblau, predict, race, ravine, review
from optimlab.memory import SESSION
from optimlab.predictions.drawn import PATHS
from tools.notebooks import all_notebooks, code_cells, read

LINE = [[-0.5, 0.2], [0.0, 0.0]]


pytestmark = pytest.mark.usefixtures("forgotten")


def asked(name="02.p1"):
    return predict(name, race(ravine(kappa=20, angle=30), GradientDescent(lr=0.02), steps=30))


def drawn(lab, **said):
    lab.stage.set_state({"sketched": {"points": LINE, "sure": 1, "percent": 4.2, "right": True} | said})


def kept(path):
    return json.loads((path / "answers.json").read_text("utf-8"))["predictions"]


def test_the_lab_opens_veiled_and_asks_for_the_path_of_its_first_runner():
    lab = predict("03.p1", race(ravine(), [Momentum(), GradientDescent()], steps=20))
    assert lab.scene.veiled and lab.scene.first_step == 0
    assert lab.stage.scene["sketch"]["source"] == "run0" and lab.stage.scene["sketch"]["name"] == "03.p1"


def test_what_is_drawn_is_kept_once_with_its_points(tmp_path):
    lab = asked()
    drawn(lab)
    drawn(lab, sure=2)
    (entry,) = kept(tmp_path)
    assert (entry["name"], entry["points"], entry["sure"], entry["right"]) == ("02.p1", LINE, 1, True)
    assert entry["came"] == "4.2 % of its size apart" and "after" not in entry
    assert "predictions committed, 1 right" in str(review("02"))


def test_when_the_cell_runs_again_the_line_is_there_and_locked():
    drawn(asked())
    assert asked().stage.scene["sketch"]["said"] == {"points": LINE, "sure": 1}


def test_who_has_seen_the_path_first_is_not_counted(tmp_path):
    asked().stage.set_state({"sketched": {"seen": True}})
    drawn(asked())
    assert kept(tmp_path)[0]["after"] is True
    assert "1 committed after it had been shown" in str(review("02"))


def test_a_path_that_diverges_is_kept_as_not_right(tmp_path):
    drawn(asked(), percent=None, right=False)
    assert (kept(tmp_path)[0]["came"], kept(tmp_path)[0]["right"]) == ("leaves the finite numbers", False)


@pytest.mark.parametrize(
    "said",
    [
        {"points": []},
        {"points": [[1.0]]},
        {"points": [[1.0, float("nan")]]},
        {"points": [[0.0, 0.0]] * 501},
        {"points": "abc"},
        {"points": [[True, 0.0]]},
        {"sure": 7},
        {"percent": "much"},
        {"points": None},
    ],
)
def test_what_no_browser_says_is_not_kept(said):
    drawn(asked(), **said)
    assert not SESSION


@pytest.mark.parametrize(
    "lab", [None, 3, "race", gradient_lab(himmelblau())], ids=["none", "number", "text", "no path"]
)
def test_without_a_lab_that_plays_a_path_one_sentence_says_so(lab):
    if lab is None:
        assert str(predict("02.p1")) == "02.p1 is drawn on a lab: predict('02.p1', race(…))."
    else:
        with pytest.raises(ValueError, match="a path can be drawn on a lab that plays one"):
            predict("02.p1", lab)


def test_a_question_with_choices_needs_no_lab():
    assert "without a lab" in str(predict("02.4", race(ravine(), GradientDescent(), steps=5)))


def test_picture_and_summary_show_the_question_and_no_path():
    one, other = asked(), predict("02.p1", race(ravine(kappa=20, angle=30), Momentum(lr=0.03), steps=30))
    assert PATHS["02.p1"] in repr(one) and "settle" not in repr(one) and "L =" not in repr(one)
    pictures = [np.asarray(Image.open(io.BytesIO(lab._repr_mimebundle_()[0]["image/png"]))) for lab in (one, other)]
    np.testing.assert_array_equal(*pictures)
    assert len(np.unique(pictures[0])) > 20, "the surface is there"


def test_each_is_asked_in_its_notebook_and_no_other():
    sources = {path.name[:2]: [cell.source for cell in code_cells(read(path))] for path in all_notebooks()}
    for name in PATHS:
        assert sum(f'predict("{name}", race(' in source for source in sources[name[:2]]) == 1, name
    found = sum('.p1", ' in source for cells in sources.values() for source in cells)
    assert found == len(PATHS)


@pytest.mark.parametrize("name", PATHS)
def test_the_next_lab_of_the_notebook_does_not_show_what_is_to_be_drawn(name):
    (path,) = (path for path in all_notebooks() if path.name.startswith(name[:2]))
    cells = code_cells(read(path))
    asked_at = next(i for i, cell in enumerate(cells) if f'predict("{name}", ' in cell.source)
    shown = next(
        cell for cell in cells[asked_at + 1 :] if "image/png" in str(cell.outputs) and "predict(" not in cell.source
    )
    assert shown.metadata.get("jupyter", {}).get("outputs_hidden") and shown.source.endswith(".veiled()"), shown.source
