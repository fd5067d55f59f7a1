"""A lab in marimo, which knows anywidget's widgets but draws none of ipywidgets': the stage makes its own sliders.

``make test`` leaves this file out, for marimo is no part of the project's environment; ``make matrix`` brings it.
"""

import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from .jupyter import Guard

APP = """
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from optimlab import Adam, GradientDescent, Momentum, fit_lab, race, ravine

    lab = race(ravine(kappa=20), [GradientDescent(0.02), Momentum(0.02, 0.8)], steps=60)
    mo.ui.anywidget(lab.stage)
    return fit_lab, lab, mo


@app.cell
def _(lab):
    lab
    return


@app.cell
def _(lab, mo):
    tell = mo.ui.run_button(label="tell")
    more = mo.ui.run_button(label="more")
    [tell, more]
    return more, tell


@app.cell
def _(lab, mo, tell):
    tell.value
    mo.md(f"γ is {lab.values['Momentum gamma']:.4f}, the start {lab.values['start']}")
    return


@app.cell
def _(lab, more):
    if more.value:
        lab.sliders["Momentum gamma"].value = 0.5
    return
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def marimo(folder):
    """The address of the app, run by marimo."""
    (folder / "app.py").write_text(APP, "utf-8")
    port = free_port()
    command = [sys.executable, "-m", "marimo", "run", "app.py", "--headless", "--no-token", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT) as server:
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    with marimo(tmp_path_factory.mktemp("marimo")) as address:
        context = browser.new_context(viewport={"width": 1000, "height": 1200})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.guard = Guard(page)
        for _ in range(60):
            try:
                page.goto(address)
                break
            except Exception:  # it is not up yet
                page.wait_for_timeout(500)
        yield page
        context.close()


def gamma(page):
    return page.get_by_role("slider", name=re.compile("Momentum γ, "))


def report(page):
    return page.locator(".optimlab-stage").first.evaluate("stage => stage.optimlab()")


def told(page, what):
    """What Python says; it is asked again until a control that rests has reached it."""
    for _ in range(20):
        page.get_by_role("button", name="tell").click()
        page.wait_for_timeout(500)
        if page.get_by_text(re.compile(f"γ is {re.escape(what)}")).count():
            return
    raise AssertionError(page.get_by_text(re.compile("γ is")).inner_text())


def test_sliders_below_the_stage_move_the_picture_and_python_hears_of_it(page):
    gamma(page).press("ArrowRight")
    shown = report(page)["values"]["Momentum gamma"]
    assert 0.8 < shown < 0.83
    told(page, f"{shown:.4f}, the start (-1.0, 0.53)")


def test_a_number_is_typed_as_it_is(page):
    number = page.get_by_role("textbox", name="Momentum γ as a number")
    number.fill("0.7123")
    number.press("Enter")
    assert report(page)["values"]["Momentum gamma"] == 0.7123
    told(page, "0.7123")


def test_the_start_is_dragged(page):
    page.locator(".optimlab-handle").first.press("ArrowRight")
    x, _ = report(page)["values"]["start"]
    assert x > -1
    told(page, f"0.7123, the start ({x}")


def test_what_python_sets_moves_slider_and_picture(page):
    page.get_by_role("button", name="more").click()
    told(page, "0.5000")
    assert report(page)["values"]["Momentum gamma"] == 0.5
    assert gamma(page).get_attribute("aria-valuetext") == "0.5"


def test_a_lab_itself_shows_its_picture(page):
    picture = page.locator("img[src^='data:image/png'], img[src*='image/png']").first
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert not page.guard.found
