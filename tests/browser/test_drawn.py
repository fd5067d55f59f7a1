"""A schedule drawn with the mouse and with keys: the descent follows, and Python knows the line."""

from itertools import pairwise

import numpy as np
import pytest

from optimlab import ravine
from optimlab.labs.draw import along_axes, expected_excess
from optimlab.schedules import piecewise_linear

CELL = "from optimlab import Noisy, draw_lab, ravine\nlab = draw_lab(Noisy(ravine(kappa=10), 0.3), steps=60)\nlab"
TELL = "print(*lab.schedule.values)"
AXES = along_axes(ravine(kappa=10), np.asarray(ravine(kappa=10).start, float))


@pytest.fixture
def notebook(lab):
    if lab.name != "drawn.ipynb":
        lab.server.write("drawn.ipynb", CELL, TELL)
        lab.open("drawn.ipynb")
    return lab


def knots(stage):
    return stage.values()["knots"]


def assert_drawn_as_computed(stage):
    end = expected_excess(piecewise_linear(knots(stage), 60), *AXES, 0.3, 60)[-1]
    assert stage.last("mean0")[0] == pytest.approx(end, rel=1e-6)


def test_a_knot_is_raised_and_lowered_by_keys(notebook):
    stage = notebook.run_lab(0)
    before, picture = knots(stage), stage.picture()
    knot = stage.root.locator(".optimlab-knot").nth(3)
    knot.press("Shift+ArrowUp")
    knot.press("ArrowUp")
    assert stage.picture() != picture
    after = knots(stage)
    assert after[3] > before[3] and after[:3] + after[4:] == before[:3] + before[4:]
    assert knot.get_attribute("aria-valuenow") == str(after[3]) and "η at 16" in knot.get_attribute("aria-label")
    assert_drawn_as_computed(stage)


def test_a_line_is_drawn_across_with_the_mouse_and_python_knows_it(notebook):
    stage = notebook.run_lab(0)
    stage.root.scroll_into_view_if_needed()
    first, last = (stage.root.locator(".optimlab-knot").nth(i).bounding_box() for i in (0, 11))
    x0, x1, y = first["x"] + first["width"] / 2, last["x"] + last["width"] / 2, first["y"] + first["height"] / 2
    rests, mouse = notebook.rests(), stage.page.mouse
    mouse.move(x0, y - 30)
    mouse.down()
    mouse.move(x1, y + 40, steps=7)  # fewer than knots: a quick hand
    mouse.up()
    drawn = knots(stage)
    assert all(a > b for a, b in pairwise(drawn)), drawn
    assert np.allclose(np.diff(drawn, 2), 0, atol=0.006)  # the hand went straight, from pixel to pixel
    assert_drawn_as_computed(stage)
    notebook.wait_rest(rests)
    stage.wait_fresh()
    notebook.run(1)
    assert [float(word) for word in notebook.text(1).split()] == pytest.approx(drawn)
