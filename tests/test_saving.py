"""A lab written into a file: pages, films and pictures. That a page is alive is tried in tests/browser/test_page.py."""

import json
import re
import shutil

import numpy as np
import pytest
from ipywidgets.embed import embed_data
from PIL import Image

from optimlab import anatomy, batch_lab, diabetes, gradient_lab, race, ravine, saddle_lab
from optimlab.optimizers import Adam, GradientDescent, Momentum


def racers(steps=20):
    return race(ravine(), [GradientDescent(0.05), Momentum(0.02), Adam(0.1)], steps=steps)


def data_of(path):
    (text,) = re.findall(r'id="optimlab-page">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    return json.loads(text)


def test_a_race_on_a_surface_is_a_small_page_that_asks_nobody(tmp_path):
    path = racers(150).save(tmp_path / "race.html", caption="η < 2/λ & so on")
    text = path.read_text("utf-8")
    assert len(text.encode()) < 150_000
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)|@import|url\(|fetch\(|https?://(?!www\.w3\.org)", text)
    assert "η &lt; 2/λ &amp; so on" in text
    data = data_of(path)
    assert data["sweeps"] == {} and data["movable"] == ["start"]
    assert [slider["name"] for slider in data["sliders"]] == list(racers().sliders)


def test_a_page_shows_what_the_controls_show(tmp_path):
    lab = racers()
    lab.sliders["Momentum gamma"].value = 0.5
    data = data_of(lab.save(tmp_path / "race.html"))
    assert data["values"]["Momentum gamma"] == 0.5


def test_what_ipywidgets_embeds_holds_all_that_the_stage_needs():
    lab = racers()
    state = embed_data(views=[lab])["manager_state"]["state"][lab.stage.model_id]["state"]
    assert {"program", "scene", "grids", "layout_of_sources", "problem"} <= state.keys()
    assert state["program"] == lab.stage.program


def test_text_cannot_leave_its_place(tmp_path):
    lab = race(ravine(), Adam(), names=["</script><script>alert(1)</script>"])
    text = lab.save(tmp_path / "x.html", caption="<b>&").read_text("utf-8")
    assert "<script>alert" not in text and text.count("</script>") == 2


def test_of_what_does_not_travel_a_page_holds_a_grid_over_the_chosen_controls(tmp_path):
    lab = batch_lab(diabetes(), steps=30)
    first = data_of(lab.save(tmp_path / "one.html"))
    assert [slider["name"] for slider in first["sliders"]] == ["lr"] and first["movable"] == []
    both = data_of(lab.save(tmp_path / "two.html", controls=["B", "lr"]))
    assert [(slider["name"], slider["typed"]) for slider in both["sliders"]] == [("lr", False), ("B", False)]
    grids = {name: len(grid) for name, grid in both["traits"]["grids"].items()}
    (one,), many = both["sweeps"]["sweep_run0_lr"], both["sweeps"]["sweep_run1_B"]  # run0 has batches of one
    assert one["shape"][0] == grids["lr"] == len(many)
    assert all(content["shape"][0] == grids["B"] for content in many)
    for name, value in (("lr", lab.values["lr"]), ("B", lab.values["B"])):
        assert np.min(np.abs(np.array(both["traits"]["grids"][name]) - value)) < 1e-9
    assert (tmp_path / "two.html").stat().st_size < 6e6


@pytest.mark.parametrize("make", [lambda: anatomy(ravine(), Adam(0.1)), lambda: gradient_lab(ravine()), saddle_lab])
def test_every_kind_of_lab_becomes_a_page(make, tmp_path):
    path = make().save(tmp_path / "lab.html")
    assert data_of(path)["traits"]["scene"]["panels"]


def test_the_formula_of_a_lab_is_drawn_and_told(tmp_path):
    text = anatomy(ravine(), Adam(0.1)).save(tmp_path / "a.html").read_text("utf-8")
    assert "optimlab-formula" in text and "<svg" in text and r"\hat m" in text


@pytest.mark.parametrize("kind, start", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture(kind, start, tmp_path):
    assert racers().save(tmp_path / f"race.{kind}").read_bytes().startswith(start)


def test_a_film_plays_from_the_first_step_to_the_last(tmp_path):
    path = racers(6).save(tmp_path / "race.gif", seconds=1, fps=3, dpi=40)
    with Image.open(path) as film:
        assert film.n_frames >= 3
        frames = [np.asarray(film.convert("RGB"))]
        film.seek(film.n_frames - 1)
        frames.append(np.asarray(film.convert("RGB")))
    assert (frames[0] != frames[1]).any()


def test_a_film_needs_something_to_play_and_its_program(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="nothing to play"):
        gradient_lab(ravine()).save(tmp_path / "x.gif")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="needs the program ffmpeg"):
        racers().save(tmp_path / "x.mp4")


@pytest.mark.parametrize(
    "name, options, text",
    [
        ("x.doc", {}, "a lab is saved as .html, .png, .svg, .pdf, .gif, .mp4, got 'x.doc'"),
        ("nowhere/x.html", {}, "there is no folder"),
        ("x.html", {"controls": ["eta"]}, "the controls must be sliders of this lab, kappa, angle, GradientDescent lr"),
        ("x.html", {"controls": "lr"}, "the controls must be a list of names of sliders, got 'lr'"),
        ("x.gif", {"controls": ["kappa"]}, "controls are chosen for a page"),
        ("x.html", {"fps": 3}, "a page has the options caption, got 'fps'"),
        ("x.html", {"caption": 3}, "the caption must be a text, got 3"),
        ("x.png", {"colour": 3}, "a picture has the options dpi, transparent, got 'colour'"),
        ("x.gif", {"colour": 3}, "a film has the options seconds, fps, dpi, got 'colour'"),
        ("x.gif", {"seconds": -1}, "length of the film in seconds must be in (0, 600], got -1"),
        ("x.gif", {"fps": 0}, "fps must be a whole number in [1, 50], got 0"),
    ],
)
def test_what_cannot_be_saved_says_why(name, options, text, tmp_path):
    with pytest.raises(ValueError) as caught:
        racers().save(tmp_path / name, **options)
    assert str(caught.value).startswith(text)


def test_a_file_name_is_needed():
    with pytest.raises(ValueError, match=r"a lab is saved under a file name such as 'race\.html', got 3"):
        racers().save(3)
