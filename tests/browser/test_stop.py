"""The stop button (■) in the notebooks' own cells that train: the cell stops, and no table appears."""

import re
import time

import pytest

from tools.notebooks import FOLDER, code_cells, read

from .jupyter import SECONDS

# Trainings wait in their first measurement until the button is pressed, so that no machine is too fast for it.
PRELUDE = """
import pathlib, time
from optimlab import training
def waiting(self, theta, measured=training.Examples.measured):
    pathlib.Path("trains").touch()
    while pathlib.Path("trains").exists():
        time.sleep(0.05)
    return measured(self, theta)
training.Examples.measured = waiting
"""
TRAINS = re.compile(r"\b(?:train|overfit_lab|range_lab|training_lab)\(")


def cells_that_train(notebook):
    sources = [cell.source for cell in code_cells(notebook)]
    definitions = [
        source for source in sources if "\nclass " in source and not TRAINS.search(source) and "check(" not in source
    ]
    training = [s for s in sources if TRAINS.search(s) and "stoppable" not in s and "def " not in s.split("train(")[0]]
    return definitions, training


@pytest.mark.parametrize("name", ["05_challenges", "06_code_examples"])
def test_stop_stops_each_cell_that_trains_and_no_table_appears(lab, server, name):
    definitions, training = cells_that_train(read(FOLDER / f"{name}.ipynb"))
    assert len(training) >= 8
    started = server.root / "trains"
    server.write("stop.ipynb", PRELUDE, *definitions, *training)
    lab.open("stop.ipynb")
    first = 1 + len(definitions)
    for index in range(first):
        lab.run(index)
    for index, source in enumerate(training, start=first):
        started.unlink(missing_ok=True)
        lab.start(index)
        for _ in range(20 * SECONDS):
            if started.exists():
                break
            time.sleep(0.05)
        assert started.exists(), f"no training began in the cell\n{source}"
        lab.interrupt()
        lab.page.wait_for_function("() => window.running === null")
        lab.wait_idle()
        started.unlink(missing_ok=True)
        shown = lab.text(index)
        assert "KeyboardInterrupt" in shown, source
        before = [line for line in shown.split("-----")[0].splitlines() if not line.startswith("by hand")]
        assert not re.search(r"accuracy (?:0|1)\.\d|loss \d", "\n".join(before)), shown
        assert not lab.cell(index).locator(".optimlab-stage").count(), source
    raised = lab.page.evaluate("() => window.tracebacks.splice(0)")
    assert set(raised) <= {""}  # a KeyboardInterrupt has nothing to say
