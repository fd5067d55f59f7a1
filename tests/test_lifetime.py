"""Labs go when their cells have run again, and stay as long as somebody can still see or name them."""

import asyncio
import gc
import weakref

import pytest
from IPython.core.interactiveshell import InteractiveShell

from optimlab import Momentum, live_curves, race, ravine
from optimlab.labs import lifetime
from optimlab.labs.lifetime import all_widgets

MAKE = "race(ravine(), Momentum(), steps=5)"


@pytest.fixture
def notebook(monkeypatch):
    """``run(cell, code)`` runs a cell of a notebook; everything it has made is closed at the end."""
    monkeypatch.setattr(lifetime, "KEEPER", lifetime.Keeper())
    shell = InteractiveShell.instance()
    before = set(all_widgets())

    def run(cell, code):
        result = shell.run_cell(code, cell_id=cell)
        assert result.success
        return result.result

    run("set-up", "from optimlab import *")
    lifetime.KEEPER.watch()
    yield run
    for widget in set(all_widgets()) - before:
        widget.close()
    shell.reset()
    InteractiveShell.clear_instance()


def count():
    return len(all_widgets())


def test_a_cell_that_runs_again_and_again_holds_one_lab(notebook, capsys):
    first = notebook("a", MAKE)
    after_one = count()
    for _ in range(5):
        last = notebook("a", MAKE)
    assert count() == after_one
    assert first.closed and not last.closed
    assert not first.stage.trait_values()["current_run0"]


def test_what_a_closed_lab_held_is_free(notebook, capsys):
    held = [weakref.ref(notebook("a", MAKE).stage) for _ in range(10)]
    gc.collect()
    # The last one is shown; IPython keeps the latest results.
    assert sum(stage() is not None for stage in held) <= 5


def test_a_lab_that_is_closed_holds_no_arrays_in_kernel_and_browser(notebook, capsys):
    stage = notebook("a", MAKE).stage
    assert stage.program and stage.get_state()["current_run0"]["base"]
    notebook("a", "1 + 1")
    left = {name: value for name, value in stage.trait_values().items() if name.startswith(("current_", "sweep_"))}
    assert left and not any(left.values()) and not stage.program
    assert not any((stage.scene, stage.layout_of_sources, stage.grids, stage.positions))


def test_labs_of_other_cells_live_on(notebook, capsys):
    one, other = notebook("a", MAKE), notebook("b", MAKE)
    notebook("b", MAKE)
    assert other.closed and not one.closed


@pytest.mark.parametrize("held", [f"lab = {MAKE}", f"labs = [{MAKE}]", f"labs = dict(a={MAKE})"])
def test_what_has_a_name_is_not_closed(notebook, capsys, held):
    notebook("a", held)
    lab = notebook("ask", "lab if 'lab' in globals() else labs[0] if isinstance(labs, list) else labs['a']")
    notebook("a", "1 + 1")
    notebook("ask", "1 + 1")
    assert not lab.closed
    notebook("a", "lab = labs = None")
    assert lab.closed


def test_what_another_cell_shows_is_not_closed(notebook, capsys):
    notebook("a", f"lab = {MAKE}\nlab")
    lab = notebook("b", "lab")
    notebook("a", f"lab = {MAKE}\nlab")
    assert not lab.closed
    notebook("b", "lab")
    assert lab.closed


def test_labs_that_nobody_has_shown_go_at_the_end_of_their_cell_unless_a_box_holds_them(notebook, capsys):
    before = count()
    notebook("a", f"for _ in range(3): {MAKE}")
    assert count() == before
    box = notebook("b", f"import ipywidgets\nipywidgets.HBox([{MAKE}])")
    assert not box.children[0].closed


def test_a_closed_lab_can_be_saved_as_it_was(tmp_path):
    lab = race(ravine(), Momentum(), steps=5)
    before = lab.save(tmp_path / "before.html").read_text("utf-8")
    lab.close()
    assert lab.save(tmp_path / "after.html").read_text("utf-8") == before


def test_a_closed_lab_still_has_its_picture_and_its_numbers():
    lab = race(ravine(), Momentum(), steps=5)
    before = count()
    picture, _ = lab._repr_mimebundle_()
    lab.close()
    lab.close()
    after, _ = lab._repr_mimebundle_()
    assert count() < before
    assert after == {name: part for name, part in picture.items() if name != "application/vnd.jupyter.widget-view+json"}


def test_closing_leaves_no_widget_behind():
    before = count()
    for lab in (race(ravine(), [Momentum(), Momentum()], steps=5), live_curves(["a", "b"], 3)):
        lab.close()
    assert count() == before


def test_of_a_flood_of_requests_the_newest_is_answered_and_few_others():
    lab = race(ravine(), Momentum(), steps=5)
    worked = []
    work = lab.stage._work_on
    lab.stage._work_on = lambda request: (worked.append(request["seq"]), work(request))

    async def flood():
        for seq in range(1, 201):
            values = lab.values | {"Momentum lr": 0.01 + seq * 1e-4, "start": list(lab.values["start"])}
            lab.stage.set_state({"request": {"seq": seq, "values": values, "rest": False}})
        await asyncio.sleep(0.05)

    asyncio.run(flood())
    assert worked[-1] == lab.stage.answered == 200
    assert len(worked) < 10
    lab.close()
