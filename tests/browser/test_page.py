"""A saved page, opened as a file: alive by itself, with keys, mouse, touch, light and dark, wide and narrow."""

import pytest

from optimlab import GradientDescent, Momentum, anatomy, batch_lab, diabetes, gradient_lab, race, ravine

from .race import RUNNERS, assert_drawn_as_computed, value_of
from .stage import Stage

PAGES = {
    "race": lambda: race(ravine(kappa=20), [GradientDescent(0.02), Momentum(0.02, 0.8)], steps=60),
    "anatomy": lambda: anatomy(ravine(), Momentum(0.02, 0.8)),
    "gradient": lambda: gradient_lab(ravine()),
    "batches": lambda: batch_lab(diabetes(), steps=60),
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
