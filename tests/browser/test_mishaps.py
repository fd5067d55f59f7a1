"""What goes wrong in a classroom: a kernel that is killed, a page put to sleep, a tab that is hidden."""

import pytest

from .race import CELLS, LAB, LONG, assert_drawn_as_computed, open_race, play_to_the_end

KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"

SLEEP = """lab => new Promise(resolve => {
  const k = () => lab.querySelector('.optimlab-stage').optimlab().k, asleep = k();
  const end = performance.now() + 3000;
  while (performance.now() < end);
  requestAnimationFrame(() => requestAnimationFrame(() => resolve([asleep, k()])));
})"""


@pytest.fixture
def notebook(lab):
    return open_race(lab, "mishaps.ipynb", KILL)


def test_a_lab_whose_kernel_was_killed_answers_from_its_sweeps_and_is_whole_when_its_cell_is_run_again(notebook):
    lab = notebook
    race = lab.run_lab(LAB)
    lab.start(len(CELLS))
    lab.page.get_by_role("button", name="Ok", exact=True).click()  # JupyterLab tells that the kernel has died
    lab.page.locator(".jp-Dialog").wait_for(state="detached")
    before = race.picture()
    race.slider("η", "Momentum").press("ArrowLeft")
    race.wait_other_picture(before)
    assert_drawn_as_computed(race, "Momentum")
    play_to_the_end(race)
    lab.wait_idle()
    again = lab.run_lab(LAB)
    again.slider("γ", "Momentum").press("ArrowLeft")
    assert_drawn_as_computed(again.wait_fresh())


def test_a_playing_lab_goes_on_where_it_was_after_its_page_has_slept(notebook):
    race = notebook.run_lab(LONG)
    race.button("play").click()
    race.wait("lab => lab.querySelector('.optimlab-stage').optimlab().k > 10")
    asleep, awake = race.root.evaluate(SLEEP)
    assert asleep <= awake < asleep + 50  # three seconds would have been sixty steps
    race.wait("(lab, k) => lab.querySelector('.optimlab-stage').optimlab().k > k", awake)
    race.scrub.press("Home")


def test_a_lab_in_a_hidden_tab_is_whole_when_the_tab_is_shown_again(notebook, server):
    race = notebook.run_lab(LAB)
    race.button("play").click()
    (server.root / "other.txt").write_text("another tab")
    notebook.page.evaluate("() => void jupyterapp.commands.execute('docmanager:open', {path: 'other.txt'})")
    race.root.wait_for(state="hidden")
    notebook.page.wait_for_function("() => jupyterapp.shell.currentWidget?.context?.path === 'other.txt'")
    notebook.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
    race.root.wait_for(state="visible")
    assert not any(race.is_blank())
    play_to_the_end(race)
    race.slider("γ", "Momentum").press("ArrowLeft")
    assert_drawn_as_computed(race.wait_fresh())


def test_an_answer_outlives_a_killed_kernel_and_is_checked_by_the_next(lab, server):
    server.write("answer.ipynb", "answer = ...", "from optimlab import check\ncheck('01.1', answer)", KILL)
    lab.open("answer.ipynb")
    lab.cell(0).locator(".cm-content").click()
    lab.page.keyboard.press("ControlOrMeta+End")
    lab.page.keyboard.type("  # what I thought")
    lab.page.keyboard.press("Escape")
    lab.start(2)
    lab.page.get_by_role("button", name="Ok", exact=True).click()
    lab.page.locator(".jp-Dialog").wait_for(state="detached")
    lab.wait_idle()
    lab.save()
    assert server.read("answer.ipynb").cells[0].source == "answer = ...  # what I thought"
    lab.run(0)
    lab.run(1)
    assert lab.text(1) == "01.1 not answered yet."
