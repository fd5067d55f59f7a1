"""Dark theme, narrow columns, words for those who don't see the picture."""

import pytest

from .race import COLORS, LAB, open_race
from .stage import PANELS, STANDING

DARK_COLORS = {"GradientDescent": "#4FA8E0", "Momentum": "#FF8A3D"}


@pytest.fixture
def notebook(lab):
    return open_race(lab, "race.ipynb")


@pytest.fixture
def race(notebook):
    """The race as its cell makes it."""
    return notebook.run_lab(LAB)


@pytest.fixture
def themed(notebook):
    """``themed("JupyterLab Dark")`` changes JupyterLab's theme; at the end it is light again."""
    yield notebook.set_theme
    notebook.set_theme("JupyterLab Light")


def test_a_lab_follows_jupyterlabs_theme_there_and_back(race, themed):
    light = race.picture(PANELS)
    assert not race.report()["dark"]
    themed("JupyterLab Dark")
    race.wait("lab => lab.querySelector('.optimlab-stage').optimlab().dark")
    assert race.picture(PANELS) != light
    for name in COLORS:
        assert race.strong_pixels(DARK_COLORS[name]) > 50
        assert race.strong_pixels(COLORS[name]) == 0
    assert race.brightness(STANDING) < 0.3
    themed("JupyterLab Light")
    race.wait("lab => !lab.querySelector('.optimlab-stage').optimlab().dark")
    assert race.picture(PANELS) == light
    assert race.brightness(STANDING) > 0.7


def test_a_lab_made_under_the_dark_theme_is_dark(notebook, themed):
    themed("JupyterLab Dark")
    race = notebook.run_lab(LAB)
    assert race.report()["dark"]
    assert race.strong_pixels(DARK_COLORS["Momentum"]) > 50


@pytest.mark.parametrize("width, stacked", [(1400, False), (700, False), (420, True)])
def test_panels_stand_beside_each_other_or_stack_and_nothing_is_wider_than_the_cell(notebook, race, width, stacked):
    page = notebook.page
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        room = notebook.cell(LAB).locator(".jp-OutputArea-child").first
        race.wait_fits(width)
        race.still_picture(PANELS)
        panels = [panel.bounding_box() for panel in race.panels()]
        assert (panels[1]["y"] > panels[0]["y"]) == stacked
        assert min(panel["width"] for panel in panels) > 200
        knob = race.slider("η", "Momentum").root.bounding_box()
        assert stacked or knob["y"] + knob["height"] - panels[0]["y"] < 800  # picture and slider on one screen
        right = room.bounding_box()["x"] + room.bounding_box()["width"]
        assert race.widest() <= right + 1
        assert race.box.evaluate("stage => stage.scrollWidth <= stage.clientWidth")
        assert not any(race.is_blank())
        before = race.picture()
        race.slider("η", "Momentum").press("ArrowLeft")
        assert race.picture() != before
    finally:
        page.set_viewport_size({"width": 1400, "height": 1000})


def test_every_control_and_every_picture_has_a_name_for_a_screen_reader(race):
    names = race.root.evaluate(
        """lab => [...lab.querySelectorAll('.optimlab-stage :is(button, input, select, [role=img], [role=group])')]
            .map(node => node.getAttribute('aria-label') || node.innerText)"""
    )
    assert len(names) > 10
    assert all(name.strip() for name in names)


def test_the_tab_key_reaches_the_start_the_transport_the_chips_and_the_sliders_in_this_order(race):
    race.handle.focus()
    reached = []
    for _ in range(20):
        reached.append(
            race.page.evaluate(
                """() => { const {classList} = document.activeElement;
                    return ['optimlab-handle', 'optimlab-icon', 'optimlab-scrub', 'optimlab-speed', 'optimlab-chip',
                        'noUi-handle'].find(name => classList.contains(name)); }"""
            )
        )
        race.page.keyboard.press("Tab")
    order = list(dict.fromkeys(name for name in reached if name))
    assert order == [
        "optimlab-handle",
        "optimlab-icon",
        "optimlab-scrub",
        "optimlab-speed",
        "optimlab-chip",
        "noUi-handle",
    ]
    assert reached.count("noUi-handle") >= 5
    assert reached.count("optimlab-chip") == 2


def test_the_tab_key_leaves_the_lab_at_both_ends(race):
    for key, start in [("Tab", "first"), ("Shift+Tab", "last")]:
        getattr(race.root.get_by_role("slider"), start).focus()
        for _ in range(60):
            race.page.keyboard.press(key)
            if not race.root.evaluate("lab => lab.contains(document.activeElement)"):
                break
        else:
            pytest.fail(f"{key} stays in the lab")


def test_the_new_numbers_are_told_to_a_screen_reader_when_a_slider_has_moved(race):
    live = race.root.locator("[aria-live=polite]")
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait("lab => lab.querySelector('[aria-live=polite]').innerText.includes('Momentum: L = ')")
    assert "GradientDescent: L = " in live.inner_text()


def test_keys_pressed_in_the_lab_do_not_reach_the_notebook(notebook, race):
    cells = notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").count()
    for target in (race.handle, race.scrub, race.chip("Momentum")):
        for key in ("a", "b", "d", "d", "x", "m", "y"):  # in a notebook: insert, delete, cut, to Markdown
            target.press(key)
    assert notebook.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").count() == cells
    assert notebook.prompt(LAB).startswith("[")
