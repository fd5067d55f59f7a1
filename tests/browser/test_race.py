"""The race, moved with mouse and keyboard: what is drawn is what `descend` computes for what the controls show."""

from itertools import combinations, pairwise

import pytest

from .race import (
    AGAIN,
    BACK,
    COLORS,
    FRAMES,
    HELD,
    LAB,
    LONG,
    MANY_STEPS,
    RUNNERS,
    SET,
    SLIDERS,
    STEPS,
    SWEPT,
    TELL,
    UNDER_WAY,
    VIEW,
    assert_drawn_as_computed,
    open_race,
    play_to_the_end,
    value_of,
    walk,
)
from .stage import ALL

FRAME_CAP = 0.25  # seconds: a frame that took longer counts for no more in playing


@pytest.fixture
def notebook(lab):
    return open_race(lab, "race.ipynb")


@pytest.fixture
def race(notebook):
    """The race as its cell makes it."""
    return notebook.run_lab(LAB)


# ---------------------------------------------------------------------------------------------- sliders


@pytest.mark.parametrize("symbol, row", SLIDERS)
def test_each_key_on_a_slider_changes_the_picture_as_computed(race, symbol, row):
    slider = race.slider(symbol, row)
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        value, picture = value_of(race, symbol, row), race.picture()
        slider.press(key)
        assert race.picture() != picture
        assert value_of(race, symbol, row) > value
        assert slider.shown() == pytest.approx(value_of(race, symbol, row), rel=5e-3)
        assert_drawn_as_computed(race)
    assert_drawn_as_computed(race.wait_fresh())


@pytest.mark.parametrize("symbol, row", SLIDERS)
def test_a_slider_dragged_by_mouse_changes_the_picture_at_each_move_as_computed(race, symbol, row):
    slider = race.slider(symbol, row)
    direction = -1 if symbol in BACK else 1
    pictures = [race.picture()]
    with slider.grabbed() as pull:
        for share in (0.06, 0.12, 0.18):
            pull(direction * share)
            pictures.append(race.picture())
            assert_drawn_as_computed(race)
    assert all(later != earlier for earlier, later in pairwise(pictures))
    assert slider.shown() == pytest.approx(value_of(race, symbol, row), rel=5e-3)
    assert_drawn_as_computed(race.wait_fresh())


def test_a_slider_moved_after_another_had_come_to_rest_draws_as_computed(race):
    for symbol, row in SLIDERS:
        race.slider(symbol, row).press("ArrowLeft" if symbol in BACK else "ArrowRight")
        race.wait_fresh()
        assert_drawn_as_computed(race)


@pytest.mark.parametrize("symbol, typed", [("η", 0.0237), ("γ", 0.8123)])
def test_a_number_typed_between_two_positions_is_taken_as_it_is_and_drawn_as_computed(race, symbol, typed):
    before, slider = race.picture(), race.slider(symbol, "Momentum")
    slider.type(str(typed))
    race.wait_fresh()
    assert race.picture() != before
    assert value_of(race, symbol, "Momentum") == slider.shown() == typed
    assert_drawn_as_computed(race)
    slider.press("ArrowRight")
    assert 1 < value_of(race, symbol, "Momentum") / typed < 1.1


def test_a_value_set_by_a_cell_moves_the_slider_and_is_drawn_as_computed(notebook, race):
    before = race.picture()
    notebook.run(SET)
    race.wait_fresh()
    assert race.picture() != before
    gamma = value_of(race, "γ", "Momentum")
    assert gamma == 0.72
    assert race.slider("γ", "Momentum").shown() == pytest.approx(gamma, rel=5e-3)
    assert_drawn_as_computed(race)


def test_the_head_of_a_path_is_painted_where_descend_ends(race):
    (x0, y0), start = race.handle_at(), race.values()["start"]
    race.handle.press("Shift+ArrowRight")
    race.handle.press("Shift+ArrowUp")
    race.wait_fresh()
    race.picture()
    (x1, y1), moved = race.handle_at(), race.values()["start"]
    across, up = (x1 - x0) / (moved[0] - start[0]), (y1 - y0) / (moved[1] - start[1])
    race.chip("Momentum").click()  # it would cover the other's head
    race.slider("η", "GradientDescent").press(*["ArrowLeft"] * 8)
    race.wait_fresh()
    race.picture()
    end = walk(race.values(), "GradientDescent").theta[-1]
    place = x0 + across * (end[0] - start[0]), y0 + up * (end[1] - start[1])
    assert race.color_at(*place) == COLORS["GradientDescent"]
    assert race.color_at(place[0], place[1] - 9) != COLORS["GradientDescent"]


def test_sliders_moved_while_a_cell_runs_become_current_in_jupyterlabs_own_setting(notebook, race):
    with notebook.cell_runs(HELD):
        race.slider("η", "Momentum").press("ArrowLeft", "ArrowLeft")
        race.slider("γ", "Momentum").press("ArrowRight")
        race.handle.press("ArrowUp")
    assert_drawn_as_computed(race.wait_fresh())


# ---------------------------------------------------------------------------------------------- the start


def test_the_start_dragged_by_mouse_is_where_the_mouse_let_go_and_the_path_as_computed(notebook, race):
    x, y = race.handle_on_page()
    before, rests = race.picture(), notebook.rests()
    mouse = race.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 60, y + 25, steps=4)
    mouse.up()
    race.wait_fresh()
    assert race.picture() != before
    assert race.handle_on_page() == pytest.approx((x + 60, y + 25), abs=1.5)
    assert_drawn_as_computed(race)
    notebook.wait_rest(rests)
    race.wait_fresh()
    notebook.run(TELL)
    assert [float(word) for word in notebook.text(TELL).split()] == pytest.approx(race.values()["start"])


def test_a_click_on_the_surface_puts_the_start_there(race):
    x, y = race.handle_on_page()
    race.page.mouse.click(x + 90, y - 15)
    race.wait_fresh()
    assert race.handle_on_page() == pytest.approx((x + 90, y - 15), abs=1.5)
    assert_drawn_as_computed(race)


@pytest.mark.parametrize(
    "key, axis, sign", [("ArrowRight", 0, 1), ("ArrowLeft", 0, -1), ("ArrowUp", 1, 1), ("ArrowDown", 1, -1)]
)
def test_an_arrow_key_moves_the_start_by_a_hundredth_of_the_view(race, key, axis, sign):
    start, before = race.values()["start"], race.picture()
    race.handle.press(key)
    race.wait_fresh()
    low, high = VIEW[axis]
    expected = [x + sign * 0.01 * (high - low) * (i == axis) for i, x in enumerate(start)]
    assert race.values()["start"] == pytest.approx(expected)
    assert race.picture() != before
    assert_drawn_as_computed(race)


def test_a_fast_drag_leaves_the_last_position_and_nothing_queued(notebook, race):
    (x, y), rests = race.handle_on_page(), notebook.rests()
    mouse = race.page.mouse
    mouse.move(x, y)
    mouse.down()
    for i in range(60):
        mouse.move(x + 2 * i, y + (i % 7))
    mouse.up()
    race.wait_fresh()
    assert race.report()["resting"]
    assert race.handle_on_page() == pytest.approx((x + 118, y + 59 % 7), abs=1.5)
    assert_drawn_as_computed(race)
    notebook.wait_rest(rests)
    race.wait_fresh()
    notebook.run(TELL)
    assert [float(word) for word in notebook.text(TELL).split()] == pytest.approx(race.values()["start"])


# ---------------------------------------------------------------------------------------------- the transport


def test_play_moves_forward_frame_by_frame_to_the_end(race):
    play_to_the_end(race)


def test_play_at_the_end_begins_again_and_pause_stops_where_it_is(race):
    race.root.get_by_label("speed").select_option("0.25")
    race.button("play").click()
    race.wait(UNDER_WAY)
    race.button("pause").click()
    stopped = race.report()["k"]
    assert 0 < stopped < STEPS
    assert race.root.evaluate(FRAMES, 5)[-1][1] == stopped
    assert not race.report()["playing"]


def test_space_plays_and_pauses(race):
    race.root.get_by_label("speed").select_option("0.25")
    race.scrub.press("Home")
    race.scrub.press(" ")
    race.wait(UNDER_WAY)
    race.scrub.press(" ")
    assert not race.report()["playing"]


def test_the_speed_sets_how_many_steps_a_second_pass(race):
    rates = {}
    for speed in ("0.25", "2"):
        race.scrub.press("Home")
        race.root.get_by_label("speed").select_option(speed)
        race.button("play").click()
        frames = race.root.evaluate(FRAMES, 20)
        race.scrub.press("Home")  # stops, whether it still plays or has come to its end
        moves = [(here, there) for here, there in pairwise(frames) if here[1] < there[1] < STEPS]
        seconds = sum(min(there[0] - here[0], FRAME_CAP) for here, there in moves)
        rates[speed] = sum(there[1] - here[1] for here, there in moves) / seconds
    assert rates["2"] > 3 * rates["0.25"] > 0


def test_step_buttons_and_scrubber_show_the_step_they_say(race):
    pictures = {}
    for press, k in [
        (lambda: race.button("to the start").click(), 0),
        (lambda: race.button("one step forward").click(), 1),
        (lambda: race.button("one step forward").click(), 2),
        (lambda: race.button("one step back").click(), 1),
        (lambda: race.scrub.press("End"), STEPS),
        (lambda: race.scrub.press("ArrowLeft"), STEPS - 1),
        (lambda: race.scrub.press("ArrowRight"), STEPS),
        (lambda: race.button("one step forward").click(), STEPS),
        (lambda: race.scrub.press("Home"), 0),
        (lambda: race.button("one step back").click(), 0),
    ]:
        press()
        assert pictures.setdefault(k, race.picture()) == race.picture()
        assert race.report()["k"] == k
        assert race.counter.inner_text() == f"step {k} / {STEPS}"
        assert race.scrub.input_value() == str(k)
        loss = walk(race.values(), "GradientDescent").loss[k]
        assert f"L = {loss:.2g}"[:5] in race.chip("GradientDescent").inner_text()
    assert all(one != other for one, other in combinations(pictures.values(), 2))


def test_the_scrubber_follows_the_mouse(race):
    before = race.picture()
    race.scrub.click()  # its middle
    assert race.report()["k"] == pytest.approx(STEPS / 2, abs=1)
    assert race.picture() != before


# ---------------------------------------------------------------------------------------------- the legend


@pytest.mark.parametrize("name", RUNNERS)
def test_a_chip_takes_its_run_off_the_picture_and_puts_it_back(race, name):
    before = race.picture()
    assert race.chip(name).get_attribute("aria-pressed") == "true"
    race.chip(name).click()
    assert race.picture() != before
    assert race.strong_pixels(COLORS[name]) == 0
    assert race.chip(name).get_attribute("aria-pressed") == "false"
    assert race.report()["off"] == [name]
    race.chip(name).press("Enter")
    assert race.picture() == before
    assert race.chip(name).get_attribute("aria-pressed") == "true"


# ---------------------------------------------------------------------------------------------- divergence


def test_a_diverging_run_says_from_which_step_it_is_not_finite_and_the_lab_goes_on(notebook):
    race = notebook.run_lab(LONG)
    slider, chip = race.slider("η", "GradientDescent"), race.chip("GradientDescent")

    def assert_the_step_is_named():
        path = walk(race.values(), "GradientDescent", steps=MANY_STEPS)
        assert path.diverged_at is not None
        assert f"not finite from step {path.diverged_at}" in chip.inner_text()
        assert_drawn_as_computed(race, "Momentum", steps=MANY_STEPS)

    slider.press("End")
    race.wait_fresh()
    assert_the_step_is_named()
    before = race.picture()
    race.scrub.press("Home")
    assert race.picture() != before
    slider.press("ArrowLeft", "ArrowLeft")
    race.scrub.press("End")
    race.picture()
    assert_the_step_is_named()

    slider.press("Home")
    race.wait_fresh()
    race.picture()
    assert "not finite" not in chip.inner_text()
    assert_drawn_as_computed(race, steps=MANY_STEPS)


# ---------------------------------------------------------------------------------------------- cells, views, kernels


def test_the_same_cell_run_twice_shows_one_lab_that_works(notebook, race):
    race.slider("η", "Momentum").press("ArrowLeft")
    again = notebook.run_lab(LAB)
    assert again.box.count() == 1
    assert again.values()["Momentum lr"] == pytest.approx(0.02)
    before = again.picture()
    again.slider("η", "Momentum").press("ArrowLeft")
    assert again.picture() != before
    assert_drawn_as_computed(again)


def test_two_views_of_one_lab_move_together(notebook, race):
    other = notebook.run_lab(AGAIN)
    here, there = race.picture(ALL), other.picture(ALL)
    race.slider("γ", "Momentum").press("ArrowRight", "ArrowRight")
    assert race.picture(ALL) != here and other.picture(ALL) != there
    assert other.values() == race.values()
    assert other.slider("γ", "Momentum").shown() == race.slider("γ", "Momentum").shown()
    assert_drawn_as_computed(other)

    here = race.picture(ALL)
    other.handle.press("Shift+ArrowRight")
    race.wait_other_picture(here)
    race.wait_fresh()
    assert other.values() == race.values()
    assert_drawn_as_computed(race)
    assert_drawn_as_computed(other)


def test_each_of_two_views_has_its_own_step_and_one_view_less_leaves_the_other_working(notebook, race):
    other = notebook.run_lab(AGAIN)
    other.scrub.press("Home")
    assert (race.report()["k"], other.report()["k"]) == (STEPS, 0)
    notebook.run(TELL)
    notebook.clear(AGAIN)
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    assert race.picture() != before
    assert_drawn_as_computed(race.wait_fresh())


def test_after_a_restart_of_the_kernel_the_cell_makes_a_lab_that_works(notebook, race):
    race.slider("η", "Momentum").press("ArrowLeft")
    notebook.restart()
    again = notebook.run_lab(LAB)
    before = again.picture()
    again.slider("η", "Momentum").press("ArrowLeft")
    assert again.picture() != before
    assert_drawn_as_computed(again.wait_fresh())
    again.handle.press("ArrowUp")
    assert_drawn_as_computed(again.wait_fresh())


def test_a_lab_whose_kernel_has_gone_still_answers_all_its_controls(notebook, race):
    notebook.restart()
    for symbol, row, key in [("η", "Momentum", "ArrowLeft"), ("γ", "Momentum", "ArrowRight"), ("κ", "", "ArrowLeft")]:
        before = race.picture()
        race.slider(symbol, row).press(key)
        assert race.picture() != before
        assert_drawn_as_computed(race)
    before = race.picture()
    race.handle.press("ArrowUp")
    assert race.picture() != before
    assert_drawn_as_computed(race)


def test_a_lab_that_does_not_travel_answers_sliders_it_has_sweeps_for_when_the_kernel_has_gone(notebook):
    race = notebook.run_lab(SWEPT)
    notebook.restart()
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    assert race.picture() != before
    assert_drawn_as_computed(race)
    race.slider("γ", "Momentum").press("ArrowRight")
    assert not race.fresh("run1")


# ---------------------------------------------------------------------------------------------- the ghost


def test_a_link_copied_in_the_lab_can_be_pasted_into_it_with_the_keyboard(race):
    """With the real clipboard: in JupyterLab, too, Ctrl+C and Ctrl+V in a lab are the lab's, and Escape ends it."""
    page = race.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cells = page.locator(".jp-Cell").count()
    race.scrub.focus()
    page.keyboard.press("Control+c")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "Momentum.gamma=0.8" in link
    race.slider("γ", "Momentum").press("Home")
    race.wait_fresh()
    page.keyboard.press("Control+v")  # from a slider
    said = race.root.locator(".optimlab-compared")
    said.wait_for()
    assert "compared with Momentum γ = 0.8" in said.inner_text()
    there = walk(race.values() | {"Momentum gamma": 0.8}, "Momentum")
    assert race.report()["ghost"]["run1"][:2] == pytest.approx(there.theta[-1], rel=1e-9, abs=1e-12)
    page.keyboard.press("Escape")
    said.wait_for(state="hidden")
    assert race.report()["ghost"] == {} and page.locator(".jp-Cell").count() == cells
