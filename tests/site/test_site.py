"""The front page, the notebooks as they open, and all their cells, with nothing but the files of the site."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.jupyter import SESSION
from tests.browser.stage import FRESH
from tools.notebooks import FOLDER, WIDGET, code_cells, covers, only_trains, read
from tools.setup_cell import current_slug
from tools.site.__main__ import DATA_SETS, usual_address

from .conftest import NOTEBOOKS

GRAVE = ("serious", "critical")
WHEEL_WITH_DATA = "scikit_learn"
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def printed(output) -> str:
    return output.get("text", "") + output.get("data", {}).get("text/plain", "")


def alike(before: list[str], after: list[str], source: str) -> bool:
    """Whether a cell prints what is saved; how trainings end, to digits that another BLAS may round otherwise."""
    if "find_the_fault(" in source:  # its curves are alive here, and come after the words
        before, after = (headlines(texts) for texts in (before, after))
    if before == after or "train(" not in source:
        return before == after
    (words, numbers), (words_now, numbers_now) = (taken_apart("\n".join(texts)) for texts in (before, after))
    return words == words_now and np.allclose(numbers_now, numbers, rtol=0.05, atol=0.02)


def headlines(texts: list[str]) -> list[str]:
    """What a case with a fault is made of."""
    return [line for text in texts for line in text.splitlines() if line.endswith("test digits")]


def taken_apart(text: str) -> tuple[list[str], np.ndarray]:
    """The words of a text, and its numbers."""
    return NUMBER.sub(" # ", text).split(), np.array(NUMBER.findall(text), float)


# -------------------------------------------------------------------------------------------------- the front page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 700, 1400])
def test_the_front_page_fits_shows_its_pictures_and_has_no_grave_fault(page, site, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.locator("script:not([type='application/json'])").count() == 0
    pictures = page.locator("main img")
    assert pictures.count() == sum(len(covers(read(FOLDER / name))) for name in NOTEBOOKS)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    found = Axe().run(page).response["violations"]
    assert not [fault["help"] for fault in found if fault["impact"] in GRAVE]


def test_each_link_of_the_front_page_leads_somewhere_and_each_notebook_has_one(page, site):
    page.goto(site)
    links = page.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert {link.split("path=")[1] for link in links if "path=" in link} == set(NOTEBOOKS)
    for link in links:
        if not link.startswith(site):
            assert link == f"https://github.com/{current_slug()}"
        else:
            assert page.request.get(link).ok, link
    for name in NOTEBOOKS:
        assert page.request.get(f"{site}/files/{name}").ok


# -------------------------------------------------------------------------------------------------- notebooks


def test_a_notebook_shows_its_pictures_before_python_has_arrived(lite, page):
    page.route("**/static/pyodide/**", lambda route: None)  # never answered
    with page.expect_request("**/static/pyodide/**"):
        lite.open("03_advanced_optimizers.ipynb", ready=False)
    picture = page.locator(".jp-RenderedImage img").first
    page.locator(".jp-Cell").first.hover()
    while not picture.is_visible():  # what is far below is not laid out yet
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(100)
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert page.locator(".jp-RenderedText pre").first.inner_text()
    assert page.evaluate(f"() => {SESSION}.session?.kernel?.status") != "idle"


@pytest.mark.parametrize("name", NOTEBOOKS[::-1])  # the longest first, so that none is waited for at the end
def test_cells_run_and_print_what_is_saved_and_every_lab_is_drawn(lite, page, name):
    """All cells but those that train and show no lab, which take minutes here; nbval and Colab's test run these."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    saved = code_cells(read(FOLDER / name))
    lite.open(name)
    tried = [index for index, cell in enumerate(saved) if not only_trains(cell)]
    for index in tried:
        lite.run(index)
    assert lite.errors() == []
    outputs, differing = lite.outputs(), []
    for index in tried:
        cell = saved[index]
        told = [printed(output) for output in cell.outputs]
        here = [printed(o) for o in outputs[index] if o.get("data", {}).keys() != {WIDGET}]
        if not alike(told, here, cell.source):
            differing.append((cell.source, told, here))
    assert differing == []
    for stage in lite.stages():
        stage.root.scroll_into_view_if_needed()
        stage.wait(FRESH)
        assert not any(stage.is_blank())
    with_data = any(DATA_SETS.search(cell.source) for cell in saved)
    assert with_data == any(WHEEL_WITH_DATA in url for url in asked)


def test_in_notebook_03_a_slider_moves_the_path_the_start_can_be_dragged_and_the_race_plays(lite, page):
    lite.open("03_advanced_optimizers.ipynb")
    race = lite.run_first("race(", "Momentum(", "Nesterov(")
    race.unveil()
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_other_picture(before)
    race.wait_fresh()
    x, y = race.handle_on_page()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=4)
    page.mouse.up()
    assert race.wait_fresh().handle_on_page() == pytest.approx((x + 40, y + 25), abs=1.5)
    race.button("to the start").click()
    race.button("play").click()
    race.wait("lab => lab.querySelector('.optimlab-stage').optimlab().k > 5")
    race.scrub.press("Home")


def test_a_notebook_of_ones_own_imports_optimlab_and_data_ask_for_scikit_learn_in_one_sentence(lite):
    lite.open("03_advanced_optimizers.ipynb")
    assert "settles" in lite.run_code("from optimlab import *\ndescend(ravine(), Momentum(0.05), steps=200)")
    told = lite.run_code(
        "from optimlab import diabetes\ntry:\n    diabetes()\nexcept ImportError as error:\n    print(error)"
    )
    assert "import sklearn" in told and "\n" not in told.strip()
    assert "442" in lite.run_code("import sklearn\nprint(diabetes().size)")


def test_the_site_for_the_network_loads_the_version_of_pyodide_that_is_tested_here():
    assert usual_address().endswith("/v0.27.7/full/pyodide.js")
