"""The book: pages without Python, whose labs are alive, in a real browser that reaches no other machine."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.stage import FRESH, Stage
from tools.notebooks import FOLDER, code_cells, read
from tools.site.book import FORM
from tools.site.detective import LEVELS

from .conftest import NOTEBOOKS
from .test_site import GRAVE

DETECTIVE = "detective.html"
PAGES = [*(name.replace(".ipynb", ".html") for name in NOTEBOOKS), DETECTIVE]
AWAKE = "figure => figure.classList.contains('alive')"


def labs_of(name):
    """How many labs the page shows."""
    if name == DETECTIVE:
        return len(LEVELS)
    cells = code_cells(read(FOLDER / name.replace(".html", ".ipynb")))
    outputs = [o for cell in cells if not FORM.search(cell.source) for o in cell.outputs]
    return sum({"image/png", "application/vnd.jupyter.widget-view+json"} <= o.get("data", {}).keys() for o in outputs)


OPEN = "() => document.querySelectorAll('details.came').forEach(details => { details.open = true; })"


def lab(page, number) -> Stage:
    """A lab of the page, awake; what stood in its way is open."""
    page.evaluate(OPEN)
    figure = page.locator("figure.lab").nth(number)
    figure.scroll_into_view_if_needed()
    page.wait_for_function(f"n => ({AWAKE})(document.querySelectorAll('figure.lab')[n])", arg=number)
    stage = Stage(figure)
    stage.wait(FRESH)
    return stage


@pytest.mark.parametrize("name", PAGES)
def test_every_lab_of_a_page_wakes_without_python(page, site, name):
    page.goto(f"{site}/book/{name}")
    figures = page.locator("figure.lab")
    assert figures.count() == labs_of(name)
    for number in range(figures.count()):
        stage = lab(page, number)
        stage.wait(FRESH)
        assert not any(stage.is_blank()), number
        assert not stage.root.locator("img.still").count()
        assert not stage.report()["waiting"]
    for picture in page.locator("img").all():
        assert len(picture.get_attribute("alt")) > 20
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_small_before_it_is_scrolled_and_asks_for_nothing_of_python(page, site, name):
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(f"{site}/book/{name}", wait_until="networkidle")
    assert sum(sizes.values()) < 1_500_000, sizes
    assert all("/book/" in url for url in sizes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1400])
def test_a_page_fits_has_formulas_and_no_grave_fault(page, site, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site}/book/03_advanced_optimizers.html")
    lab(page, 0)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.locator("math").count() > 40
    assert page.locator("math merror").count() == 0
    found = Axe().run(page).response["violations"]
    assert not [(fault["help"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in GRAVE]


def test_a_slider_moves_the_path_and_a_link_holds_it_among_several_labs(page, site):
    page.goto(f"{site}/book/03_advanced_optimizers.html")
    stage = lab(page, 1)
    before = stage.picture()
    slider = stage.root.locator("input[type=range]").first
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    stage.wait_other_picture(before)
    values = stage.values()
    stage.root.get_by_role("button", name="link").click()
    page.wait_for_function("() => location.hash.startsWith('#lab-2:')")
    page.reload()
    assert lab(page, 1).values() == values
    assert lab(page, 0).report()["frames"] > 0


def test_a_link_to_one_of_several_methods_leads_to_it_and_moves_no_other(page, site):
    address = f"{site}/book/03_advanced_optimizers.html"
    page.goto(address)
    page.evaluate(OPEN)
    choice = page.locator("figure.lab fieldset").first
    choice.scroll_into_view_if_needed()
    second = choice.get_by_role("radio").nth(1)
    figure = page.locator("figure.lab", has=page.locator("fieldset")).first
    stages = figure.locator(".one")
    Stage(stages.nth(0)).wait(FRESH)
    before = Stage(stages.nth(0)).values()
    second.check()
    other = Stage(stages.nth(1))
    other.wait(FRESH)
    other.handle.first.press("ArrowRight")
    stages.nth(1).get_by_role("button", name="link").click()
    page.wait_for_function("() => /^#lab-\\d+b:/.test(location.hash)")
    link, values = page.url, other.values()
    assert Stage(stages.nth(0)).values() == before != values
    page.goto("about:blank")
    page.goto(link)
    again = Stage(page.locator(link.split("#")[1].split(":")[0].join(["#", ""])))
    again.wait(FRESH)
    assert again.values() == values and page.get_by_role("radio", checked=True).count() >= 1


def test_links_between_pages_lead_somewhere(page, site):
    for name in PAGES:
        page.goto(f"{site}/book/{name}")
        links = page.locator("a").evaluate_all("links => links.map(link => link.href)")
        for link in {link.split("#")[0] for link in links if link.startswith(site)}:
            assert page.request.get(link).ok, link
        anchors = [link.split("#")[1] for link in links if link.startswith(f"{site}/book/{name}#")]
        assert len(anchors) > 2
        missing = page.evaluate("ids => ids.filter(id => !document.getElementById(decodeURIComponent(id)))", anchors)
        assert not missing


def test_an_exercise_with_a_number_or_a_letter_is_checked_on_the_page(page, site):
    page.goto(f"{site}/book/03_advanced_optimizers.html")
    form = page.locator("form.exercise").first
    form.locator("input").fill("-1000000")
    form.locator("button").click()
    assert "not yet" in form.locator("output").inner_text()
    asks = json.loads(form.get_attribute("data-asks"))
    form.locator("input").fill(asks["right"] if asks["kind"] == "choice" else str((asks["low"] + asks["high"]) / 2))
    form.locator("input").press("Enter")
    assert "✓ right" in form.locator("output").inner_text()
    assert page.locator(".by-code a").count() > 0


def commit(page, name, answer):
    form = page.locator(f".predict[data-name='{name}'] form")
    form.scroll_into_view_if_needed()
    form.locator(f"input[value='{answer}']").check()
    form.get_by_label("rather sure").check()
    form.get_by_role("button").click()
    return form.locator("output").inner_text()


def test_a_prediction_is_judged_on_the_page_and_gives_no_other_one_away(page, site):
    """The cell that answers 02.1 answers 02.2 and 02.3 as well: it opens when all three are committed."""
    page.goto(f"{site}/book/02_gradient_descent.html")
    fold = page.locator("details.came", has_text="02.1, without a prediction").first
    assert not fold.get_attribute("open")
    assert commit(page, "02.1", "a") == "Committed. Answer the next question too, then it opens."
    assert commit(page, "02.2", "c") == "Committed. Answer the next question too, then it opens."
    assert not page.locator("details.came[open]").count()
    assert commit(page, "02.3", "a") == "Committed. What comes out is open below."
    opened = page.locator("details.came[open]", has_text="02.1 not this time").last
    text = opened.inner_text()
    assert "02.1 not this time: you predicted a) 0.9, which is 1 − η; it is b) 0.8, which is 1 − 2η" in text
    assert "02.2 ✓ as you predicted" in text and "02.3 ✓ as you predicted" in text
    assert page.locator(".predict[data-name='02.1'] input").first.is_disabled()
    assert "3 of 16 predictions committed, 2 right." in page.locator("main").inner_text()
    assert "without a prediction" not in "".join(page.locator("details.came[open]").all_inner_texts())


def test_a_riddle_is_judged_on_the_page_and_another_one_follows(page, site):
    page.goto(f"{site}/book/{DETECTIVE}")
    stage = lab(page, 0)
    stage.wait(FRESH)
    first = stage.last("riddle")
    stage.root.get_by_role("button", name="That’s it").click()
    said = stage.root.locator(".optimlab-verdict").inner_text()
    assert said.startswith("Try 1: ") or said.startswith("Found")
    stage.root.get_by_role("button", name="another riddle").click()
    stage.wait(FRESH)
    assert stage.last("riddle") != first
    names = lab(page, 2)
    names.root.locator(".optimlab-riddle select").select_option(value="4")
    names.root.get_by_role("button", name="That’s it").click()
    assert "Adam" in names.root.locator(".optimlab-verdict").inner_text()


def test_an_explanation_is_compared_and_a_question_answered_on_the_page(page, site):
    page.goto(f"{site}/book/03_advanced_optimizers.html")
    why = page.locator(".why[data-name='03.2'] form")
    why.scroll_into_view_if_needed()
    why.get_by_role("textbox").fill("The gradients agree and add up.")
    why.get_by_role("button", name="Compare").click()
    why.get_by_role("checkbox").first.check()
    assert why.locator("output").inner_text() == "1 of 3 are in yours."
    quiz = page.locator(".quiz[data-name='03.r1'] form")
    quiz.get_by_label("a) ").check()
    quiz.get_by_label("certain").check()
    quiz.get_by_role("button", name="That is my answer").click()
    assert quiz.locator("output").inner_text().startswith("✓ a) at a right angle")
    assert "1 of 10 questions why answered; 1 of 3 points" in page.locator("main").inner_text()
    page.goto(f"{site}/book/00_before_and_after.html")
    before = page.locator(".quiz[data-name='before.1'] form")
    before.get_by_label("a) ").check()
    before.get_by_label("a guess").check()
    before.get_by_role("button").click()
    assert before.locator("output").inner_text().startswith("Noted.")
