"""A saved page, opened as a file: alive by itself, with keys, mouse, touch, light and dark, wide and narrow."""

import numpy as np
import pytest

from optimlab import (
    GradientDescent,
    Momentum,
    anatomy,
    batch_lab,
    diabetes,
    gradient_lab,
    map_lab,
    parabola,
    race,
    ravine,
)

from .jupyter import SECONDS
from .race import COLORS, RUNNERS, SOURCES, assert_drawn_as_computed, value_of, walk
from .stage import PANELS, Stage

PAGES = {
    "race": lambda: race(ravine(kappa=20), [GradientDescent(0.02), Momentum(0.02, 0.8)], steps=60),
    "anatomy": lambda: anatomy(ravine(), Momentum(0.02, 0.8)),
    "gradient": lambda: gradient_lab(ravine()),
    "slope": lambda: gradient_lab(parabola()),
    "batches": lambda: batch_lab(diabetes(), steps=60),
    "map": lambda: map_lab(ravine(kappa=10, angle=20), Momentum(0.05, 0.5), steps=60),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {name: make().save(folder / f"{name}.html") for name, make in PAGES.items()}


@pytest.fixture
def opened(browser, saved):
    """``opened(name, link, **how)``: the page in a browser of its own; it may say nothing and ask nobody."""
    contexts, said = [], []

    def open_page(name, link="", **how):
        context = browser.new_context(**({"viewport": {"width": 1200, "height": 900}} | how))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * SECONDS)
        page.on("console", lambda message: "getImageData" in message.text or said.append(message.text))  # that was we
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
        page.goto(saved[name].as_uri() + link)
        stage = Stage(page.locator(".optimlab-lab"))
        page.locator(".optimlab-control, .optimlab-foot").first.wait_for()
        stage.picture()
        return stage

    yield open_page
    for context in contexts:
        context.close()
    assert not said, "\n".join(said)


def slider(stage, label):
    return stage.page.get_by_role("slider", name=label)


def test_its_first_picture_is_what_python_computes(opened):
    stage = opened("race")
    assert not any(stage.is_blank())
    assert_drawn_as_computed(stage)


@pytest.mark.parametrize("label", ["κ,", "angle,", "GradientDescent η,", "Momentum η,", "Momentum γ,"])
def test_a_key_on_a_slider_moves_the_picture_as_computed(opened, label):
    stage = opened("race")
    before, values = stage.picture(), stage.values()
    slider(stage, label).press("ArrowRight")
    slider(stage, label).press("ArrowRight")
    assert stage.picture() != before
    assert len([name for name, value in values.items() if stage.values()[name] != value]) == 1
    assert_drawn_as_computed(stage)


def test_the_start_follows_mouse_and_keys(opened):
    stage = opened("race")
    x, y = stage.handle_on_page()
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 60, y + 30, steps=4)
    stage.picture()
    assert_drawn_as_computed(stage)
    stage.page.mouse.up()
    before = stage.picture()
    stage.handle.press("ArrowUp")
    assert stage.picture() != before
    assert_drawn_as_computed(stage)


def test_numbers_are_typed_and_refused_in_words(opened):
    stage = opened("race")
    number = stage.page.get_by_label("Momentum γ as a number")
    number.fill("0.7123")
    number.press("Enter")
    stage.picture()
    assert value_of(stage, "γ", "Momentum") == 0.7123
    assert_drawn_as_computed(stage)
    number.fill("7")
    number.press("Enter")
    stage.picture()
    assert "γ must be a number from 0 to 0.99 here, got “7”" in stage.root.inner_text()
    assert number.input_value() == "0.7123"


def test_it_plays_and_is_scrubbed(opened):
    stage = opened("race")
    stage.button("to the start").click()
    stage.root.get_by_label("speed").select_option("0.25")
    stage.button("play").click()
    stage.wait("lab => lab.querySelector('.optimlab-stage').optimlab().k > 3")
    stage.button("pause").click()
    stage.scrub.press("End")
    assert stage.report()["k"] == 60


def test_the_link_holds_the_whole_state(opened):
    stage = opened("race")
    slider(stage, "κ,").press("PageUp")
    slider(stage, "Momentum η,").press("ArrowLeft")
    stage.handle.press("ArrowUp")
    stage.chip("GradientDescent").click()
    stage.scrub.press("Home")
    stage.page.get_by_role("button", name="copy a link").click()
    stage.page.wait_for_function("() => location.hash.length > 10")
    link = stage.page.evaluate("location.hash")
    again = opened("race", link)
    again.picture()
    one, two = stage.report(), again.report()
    assert {name: two[name] for name in ("values", "k", "off")} == {name: one[name] for name in ("values", "k", "off")}
    assert two["off"] == ["GradientDescent"] and "Momentum.lr=" in link
    assert_drawn_as_computed(again, *list(RUNNERS)[1:])


@pytest.mark.parametrize("link", ["#k=abc&kappa=1e999&start=1&Momentum.lr=-3&x=<b>", "#%%%", "#off=nobody"])
def test_a_link_that_says_nonsense_does_no_harm(opened, link):
    stage = opened("race", link)
    first = opened("race").values()
    assert stage.values() == first


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 700, 390])
def test_it_fits_every_screen_in_light_and_dark(opened, name, scheme, width):
    stage = opened(name, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert stage.report()["dark"] == (scheme == "dark")
    assert not any(stage.is_blank())
    assert stage.page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_does_not_travel_moves_over_its_grid_and_nothing_waits_for_python(opened):
    stage = opened("batches")
    assert stage.page.get_by_role("slider").count() == 2  # η, and the step
    assert "B = " in stage.page.locator(".optimlab-fixed").inner_text()
    for key in ["ArrowLeft"] * 3 + ["Home", "End"]:
        slider(stage, "η,").press(key)
        stage.picture()
        assert stage.fresh()
    assert stage.root.locator(".optimlab-trouble").inner_text() == ""
    assert stage.handle.count() == 0


# The surface in 3-D


def choose(stage, layout):
    stage.page.get_by_role("radio", name=layout).check(force=True)
    stage.picture()


def handles(stage):
    """The middle of each handle on the page."""
    boxes = [handle.bounding_box() for handle in stage.handle.all()]
    return [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]


def rest(stage):
    stage.wait("lab => !lab.querySelector('.optimlab-stage').optimlab().turning")


def test_a_surface_is_flat_at_first_and_a_switch_shows_it_in_3d_or_both_ways(opened):
    stage = opened("race")
    switch = stage.page.get_by_role("radiogroup")
    assert switch.get_by_role("radio", checked=True).input_value() == stage.report()["layout"] == "2-D"
    assert len(stage.panels()) == 2 and stage.page.locator(".optimlab-turnable").count() == 0
    for layout, count, solid in (("both", 3, 1), ("3-D", 2, 1), ("2-D", 2, 0)):
        choose(stage, layout)
        assert len(stage.panels()) == count and stage.page.locator(".optimlab-turnable").count() == solid
        assert stage.handle.count() == count - 1
        assert not any(stage.is_blank())
    switch.get_by_role("radio", checked=True).press("ArrowRight")
    assert stage.report()["layout"] == "both"
    switch.get_by_role("radio", checked=True).press(" ")
    assert not stage.report()["playing"]


def test_what_has_one_parameter_has_no_switch_and_the_gradient_is_seen_both_ways(opened):
    assert opened("slope").page.get_by_role("radio").count() == 0
    stage = opened("gradient")
    assert stage.report()["layout"] == "both" and stage.handle.count() == 2


def test_a_surface_turns_by_mouse_and_keys_and_its_paths_with_it(opened):
    stage = opened("race", "#view=3-D")
    solid = stage.page.locator(".optimlab-turnable")
    box, first, picture, values = solid.bounding_box(), stage.report()["gaze"], stage.picture(PANELS), stage.values()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 60
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 60, y + 20, steps=6)
    stage.page.mouse.up()
    turned = stage.report()["gaze"]
    assert (turned[0] - first[0]) % 360 > 300 and turned[1] > first[1]
    rest(stage)
    assert stage.picture(PANELS).differs(picture) == [True, True, False, False]
    stage.page.mouse.move(x, y)
    assert stage.report()["gaze"] == turned
    for key, place, grows in (
        ("ArrowLeft", 0, True),
        ("ArrowRight", 0, False),
        ("ArrowUp", 1, True),
        ("ArrowDown", 1, False),
    ):
        before = stage.report()["gaze"]
        solid.press(key)
        after = stage.report()["gaze"]
        assert after[1 - place] == before[1 - place] and after[place] != before[place]
        assert (after[place] > before[place]) is grows, key
    for _ in range(30):
        solid.press("Shift+ArrowDown")
    assert stage.report()["gaze"][1] == 15
    solid.press("Home")
    rest(stage)
    assert stage.report()["gaze"] == first and stage.picture(PANELS) == picture
    assert stage.values() == values


def test_the_start_is_dragged_along_the_surface_and_both_pictures_follow(opened):
    stage = opened("race", "#view=both")
    (flat, (x, y)), first, gaze = handles(stage), stage.values()["start"], stage.report()["gaze"]
    stage.page.mouse.move(x, y)
    stage.page.mouse.down()
    stage.page.mouse.move(x + 35, y + 15, steps=5)
    stage.picture()
    stage.page.mouse.up()
    moved, on_surface = handles(stage)
    assert stage.values()["start"] != first and stage.report()["gaze"] == gaze
    assert on_surface == pytest.approx((x + 35, y + 15), abs=1.5)
    assert abs(moved[0] - flat[0]) > 5
    assert_drawn_as_computed(stage)
    stage.handle.first.press("Shift+ArrowLeft")
    stage.picture()
    assert handles(stage)[1][0] < on_surface[0] - 2
    stage.handle.last.press("Shift+ArrowRight")
    assert stage.values()["start"][0] > first[0]


def test_what_a_run_has_done_is_seen_in_its_colour_on_the_surface_too(opened):
    stage = opened("race", "#view=3-D&k=60")
    for name, color in COLORS.items():
        assert stage.strong_pixels(color) > 20, name
    stage.chip("Momentum").click()
    stage.picture()
    assert stage.strong_pixels(COLORS["Momentum"]) == 0
    stage.scrub.press("Home")
    stage.picture()
    assert stage.report()["k"] == 0


def test_the_link_keeps_the_view_and_the_direction(opened):
    stage = opened("race")
    choose(stage, "3-D")
    stage.page.locator(".optimlab-turnable").press("ArrowLeft")
    stage.page.get_by_role("button", name="copy a link").click()
    stage.page.wait_for_function("() => location.hash.length > 10")
    again = opened("race", stage.page.evaluate("location.hash"))
    assert again.report()["layout"] == "3-D" and again.report()["gaze"] == stage.report()["gaze"]
    for nonsense in ("#view=4-D", "#look=a,b", "#view="):
        assert opened("race", nonsense).report()["layout"] == "2-D"


def test_a_finger_turns_it_sideways_and_scrolls_the_page_up_and_down(opened):
    stage = opened("race", "#view=3-D", viewport={"width": 390, "height": 700}, has_touch=True)
    assert stage.page.locator(".optimlab-turnable").evaluate("node => getComputedStyle(node).touchAction") == "pan-y"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 700, 390])
def test_in_both_ways_it_fits_every_screen(opened, scheme, width):
    stage = opened("race", "#view=both", viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert len(stage.panels()) == 3 and not any(stage.is_blank())
    assert stage.page.evaluate("document.documentElement.scrollWidth") <= width


# The map


@pytest.fixture(scope="module")
def atlas():
    """The lab of the page with the map, here in Python."""
    return PAGES["map"]()


def assert_mapped_as_computed(stage, atlas):
    """Its map, its cells and their paths are current, and what Python computes for what the controls show."""
    report = stage.wait_fresh().report()
    rows = atlas.stage.rows(report["values"])
    np.testing.assert_array_equal(told(report["sources"]["map"]["first"]), rows["map"][0])
    np.testing.assert_array_equal(told(report["sources"]["map"]["last"]), rows["map"][-1])
    for name in ("cell0", "cell1", "cell2", "run0", "run1", "run2"):
        assert report["sources"][name]["last"] == pytest.approx(rows[name][-1], rel=1e-4, abs=1e-12), name


def told(numbers):
    """Numbers from a browser: Playwright hands NaN and infinity on."""
    return np.array(numbers, float)


def test_a_map_is_alive_without_python(opened, atlas):
    stage = opened("map")
    assert_mapped_as_computed(stage, atlas)
    dot, start = stage.handle.all()
    for move in (
        lambda: dot.press("ArrowRight"),
        lambda: start.press("ArrowUp"),
        lambda: slider(stage, "κ,").press("PageUp"),
        lambda: slider(stage, "angle,").press("ArrowLeft"),
    ):
        before = stage.picture()
        move()
        assert stage.picture() != before
        assert_mapped_as_computed(stage, atlas)


def test_only_the_dots_own_path_follows_the_dot(opened):
    stage = opened("map").wait_fresh()
    dot = stage.handle.first
    before = stage.report()["sources"]
    for _ in range(6):
        dot.press("ArrowDown")
    stage.picture()
    after = stage.report()["sources"]
    assert stage.fresh()  # at once: the map is still the same
    assert after["run0"]["last"] != before["run0"]["last"] and after["run1"] == before["run1"]


# The coarse map in the first frames after a key, and how long it and the fine one took.
GROWS = """async ([lab, key]) => {
  const stage = lab.querySelector('.optimlab-stage');
  const [begun, seen] = [performance.now(), []];
  lab.querySelectorAll('.optimlab-handle')[1].dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
  for (;;) {
    await new Promise(next => setTimeout(next)); // between two slices of the work
    const {map, run0, run1} = stage.optimlab().sources;
    seen.push([performance.now() - begun, Boolean(map.rough), map.fresh, run0.fresh, run1.fresh]);
    if (map.fresh) return seen;
  }
}"""


def test_a_map_is_coarse_at_once_and_soon_fine(opened):
    stage = opened("map").wait_fresh()
    seen = stage.page.evaluate(GROWS, [stage.root.element_handle(), "ArrowUp"])
    rough = [row for row in seen if row[1]]
    assert rough and not any(best for *_, best in rough)  # the best cell waits for the fine map
    assert all(dot for *_, dot, _ in seen)  # the dot's own path does not
    assert rough[0][0] < 0.6 * seen[-1][0]  # alone 60 of 200 ms


# The ghost

CLIP = """(lab, [kind, text]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  const event = new ClipboardEvent(kind, {clipboardData, bubbles: true, cancelable: true});
  lab.querySelector('.optimlab-scrub').dispatchEvent(event);
  return clipboardData.getData('text/plain');
}"""
LINK = "https://somewhere.org/03.html#lab-2:kappa=10&Momentum.lr=0.05&Momentum.gamma=0.5&start=-1.2,-0.6&k=12&view=3-D&look=30,44"


def paste(stage, text):
    stage.root.evaluate(CLIP, ["paste", text])
    return stage.picture()


def compared(stage):
    """The button that says what the picture is compared with."""
    return stage.page.get_by_role("button", name="× compared with")


def test_a_pasted_link_shows_its_paths_beside_the_live_ones(opened):
    stage = opened("race")
    before, values = stage.picture(), stage.values()
    assert paste(stage, LINK) != before
    assert stage.values() == values
    assert_drawn_as_computed(stage)
    there = values | {"kappa": 10, "Momentum lr": 0.05, "Momentum gamma": 0.5, "start": [-1.2, -0.6]}
    for name, source in SOURCES.items():
        path = walk(there, name)
        end = [*path.theta[-1], path.loss[-1]]
        assert stage.report()["ghost"][source] == pytest.approx(end, rel=1e-9), name
    said = compared(stage).inner_text()
    assert all(part in said for part in ("κ = 10", "Momentum η = 0.05", "Momentum γ = 0.5", "start = (−1.2, −0.6)"))
    assert "GradientDescent" not in said  # its η is the same


@pytest.mark.parametrize("end", ["Escape", "the button"])
def test_a_ghost_goes_when_it_is_told_to(opened, end):
    stage = opened("race")
    before = stage.picture()
    paste(stage, LINK.partition("#")[2])
    if end == "Escape":
        stage.scrub.press("Escape")
    else:
        compared(stage).click()
    assert stage.picture() == before
    assert stage.report()["ghost"] == {} and compared(stage).count() == 0


def test_a_run_that_is_off_has_no_ghost(opened):
    stage = opened("race")
    paste(stage, LINK + "&off=Momentum")
    assert list(stage.report()["ghost"]) == ["run0"]
    stage.chip("GradientDescent").click()
    stage.picture()
    assert stage.report()["ghost"] == {}


@pytest.mark.parametrize(
    "text, says",
    [
        ("good morning", "a link to a state of this lab names start, kappa, angle"),
        ("#kappa=-5", "κ must be a number from 1 to 100 here, got “-5”"),
        ("#start=1", "start must be 2 numbers with commas between them, got “1”"),
        ("#k=3", "looks like start=…, got “#k=3”"),
        ("#kappa=" + "9" * 9999, "a link to a state of this lab looks like"),
    ],
)
def test_a_text_that_is_no_link_is_refused_in_a_sentence(opened, text, says):
    stage = opened("race")
    before = stage.picture()
    assert paste(stage, text) == before
    assert says in stage.root.locator(".optimlab-trouble").inner_text()
    assert compared(stage).count() == 0


def test_what_does_not_travel_says_that_it_has_no_ghost(opened):
    stage = opened("batches")
    paste(stage, "#lr=0.3")
    assert "η = 0.3; no ghost: here Python alone computes the paths" in compared(stage).inner_text()
    assert stage.report()["ghost"] == {}


def test_what_is_copied_is_what_can_be_pasted(opened):
    stage = opened("race")
    slider(stage, "Momentum γ,").press("ArrowLeft")
    stage.picture()
    link, gamma = stage.root.evaluate(CLIP, ["copy", ""]), value_of(stage, "γ", "Momentum")
    assert f"Momentum.gamma={gamma}" in link and "k=60" in link
    slider(stage, "Momentum γ,").press("Home")
    paste(stage, link)
    assert f"compared with Momentum γ = {gamma:.3g}" in compared(stage).inner_text()
    path = walk(stage.values() | {"Momentum gamma": gamma}, "Momentum")
    assert stage.report()["ghost"]["run1"][:2] == pytest.approx(path.theta[-1], rel=1e-9, abs=1e-12)


def test_a_ghost_of_a_map_waits_for_its_own_map(opened, atlas):
    stage = opened("map").wait_fresh()
    values = stage.values()
    paste(stage, "#kappa=50")
    stage.wait("lab => !Object.values(lab.querySelector('.optimlab-stage').optimlab().ghost).flat().includes(NaN)")
    rows = atlas.stage.rows(values | {"kappa": 50})
    for name in ("run0", "run1", "run2"):
        assert stage.report()["ghost"][name] == pytest.approx(rows[name][-1], rel=1e-4, abs=1e-12)
