"""The race while the kernel can do nothing for it.

What travels needs no kernel. Of what is swept, what the browser knows moves on, and nothing old is shown as new.
"""

import pytest

from .race import BACK, COLORS, FIVE, HELD, LAB, SLIDERS, SWEPT, assert_drawn_as_computed, open_race, play_to_the_end


@pytest.fixture
def notebook(lab):
    return open_race(lab, "busy.ipynb", subshells=False)


@pytest.fixture
def race(notebook):
    """The race as its cell makes it, of optimizers that can't be recorded."""
    return notebook.run_lab(SWEPT)


def test_what_travels_needs_no_kernel_for_sliders_in_turn_numbers_and_the_start(notebook):
    race = notebook.run_lab(LAB)
    with notebook.busy(HELD):
        for symbol, row in SLIDERS:
            before = race.picture()
            race.slider(symbol, row).press(*["ArrowLeft" if symbol in BACK else "ArrowRight"] * 2)
            assert race.picture() != before
            assert_drawn_as_computed(race)
        race.slider("γ", "Momentum").type("0.7123")
        race.picture()
        assert race.values()["Momentum gamma"] == 0.7123
        assert_drawn_as_computed(race)
        x, y = race.handle_on_page()
        race.page.mouse.move(x, y)
        race.page.mouse.down()
        for i in range(1, 6):
            race.page.mouse.move(x + 8 * i, y + 5 * i)
            race.picture()
            assert race.fresh("field") and race.fresh("theory")
            assert_drawn_as_computed(race)
        race.page.mouse.up()
        assert race.strong_pixels(COLORS["Momentum"]) > 50
    race.wait_fresh()
    assert_drawn_as_computed(race)


def test_thirty_keys_on_a_slider_change_the_picture_thirty_times_while_the_kernel_is_busy(notebook, race):
    slider = race.slider("η", "GradientDescent")
    with notebook.busy(FIVE):
        picture = race.picture()
        for key in ["ArrowLeft"] * 15 + ["ArrowRight"] * 15:
            slider.press(key)
            before, picture = picture, race.picture()
            assert picture != before
            assert_drawn_as_computed(race)
    assert_drawn_as_computed(race.wait_fresh())


def test_a_path_for_other_values_is_faded_while_the_kernel_is_busy_and_current_after(notebook, race):
    assert race.strong_pixels(COLORS["Momentum"]) > 50
    with notebook.busy(HELD):
        race.slider("η", "Momentum").press("ArrowLeft", "ArrowLeft")
        assert race.fresh("run1")
        assert_drawn_as_computed(race)
        for symbol, key in [("γ", "ArrowRight"), ("γ", "ArrowRight"), ("η", "ArrowLeft")]:
            before = race.slider(symbol, "Momentum").shown()
            race.slider(symbol, "Momentum").press(key)
            assert race.slider(symbol, "Momentum").shown() != before
            race.picture()
            assert not race.fresh("run1")
            assert race.strong_pixels(COLORS["Momentum"]) == 0
            assert race.chip("Momentum").locator(".optimlab-number").inner_text() == "…"
        assert race.fresh("run0")
        assert race.strong_pixels(COLORS["GradientDescent"]) > 50
    race.wait_fresh()
    race.picture()
    assert race.strong_pixels(COLORS["Momentum"]) > 50
    assert_drawn_as_computed(race)


def test_going_back_to_known_values_makes_the_path_current_without_the_kernel(notebook, race):
    first = race.picture()
    with notebook.busy(HELD):
        race.slider("η", "Momentum").press("ArrowLeft")
        race.slider("γ", "Momentum").press("ArrowRight")
        assert not race.fresh("run1")
        race.slider("η", "Momentum").press("ArrowRight")
        race.slider("γ", "Momentum").press("ArrowLeft")
        assert race.picture() == first
        assert_drawn_as_computed(race)


def test_the_start_dragged_while_the_kernel_is_busy_follows_the_mouse_and_nothing_queues_up(notebook, race):
    before = notebook.requests()
    with notebook.busy(HELD):
        x, y = race.handle_on_page()
        race.page.mouse.move(x, y)
        race.page.mouse.down()
        race.page.mouse.move(x + 40, y + 30, steps=10)
        race.page.mouse.up()
        race.picture()
        assert race.handle_on_page() == pytest.approx((x + 40, y + 30), abs=1.5)
        assert not race.fresh("run0") and not race.fresh("run1")
        assert race.strong_pixels(COLORS["Momentum"]) == 0
        assert notebook.requests() == before + 1
    race.wait_fresh()
    assert race.handle_on_page() == pytest.approx((x + 40, y + 30), abs=1.5)
    assert_drawn_as_computed(race)
    assert notebook.requests() <= before + 3


def test_play_and_scrub_work_while_the_kernel_is_busy(notebook, race):
    with notebook.busy(HELD):
        play_to_the_end(race)
        before = race.picture()
        race.scrub.press("Home")
        assert race.report()["k"] == 0
        assert race.picture() != before
