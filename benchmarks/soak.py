"""Five minutes of play and sliders: what the browser and the kernel hold at the end, against the first minute.

``make soak``; it fails if either has grown by more than a tenth. MINUTES=1 for a shorter one.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import JupyterLab, Server
from tools.browser import found_chromium

MINUTES = float(os.environ.get("MINUTES", 5))
GROWTH = 1.10
RACE = (
    "from optimlab import Adam, GradientDescent, Momentum, race, ravine\n"
    "race(ravine(kappa=20, angle=30), [GradientDescent(0.02), Momentum(0.02, 0.8), Adam(0.1)], steps=200)"
)
TELL = "import os\nprint(os.getpid())"


def main() -> int:
    path = found_chromium()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        lab = JupyterLab(browser.new_page(viewport={"width": 1400, "height": 1000}), server)
        try:
            server.write("soak.ipynb", RACE, TELL)
            lab.open("soak.ipynb")
            race = lab.run_lab(0)
            lab.run(1)
            kernel = int(lab.text(1))
            first, last = play(lab, race, 1, kernel), play(lab, race, MINUTES, kernel)
            trouble = lab.trouble()
        finally:
            browser.close()
            server.stop()
    grown = max(after / before for before, after in zip(first, last))
    for name, before, after in zip(("browser heap", "kernel RSS"), first, last):
        print(f"{name}: {before:.1f} MB after a minute, {after:.1f} MB after {MINUTES:g} more ({after / before:.2f} ×)")
    print(*trouble, sep="\n")
    return int(bool(trouble) or grown > GROWTH)


def play(lab, race, minutes, kernel) -> tuple[float, float]:
    """Let the race play, and move a slider or the start each second; the MB of browser and kernel after that."""
    race.root.get_by_label("speed").select_option("4")
    knobs = race.root.get_by_role("slider").all()
    end, turn = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        if race.button("play").is_visible():
            race.button("play").click()
        turn += 1
        knobs[turn % len(knobs)].press("ArrowLeft" if turn // len(knobs) % 2 else "ArrowRight")
        race.handle.press("ArrowUp" if turn % 2 else "ArrowDown")
        lab.page.wait_for_timeout(900)
    race.wait_fresh()
    return heap(lab.page), resident(kernel)


def heap(page) -> float:
    """MB of JavaScript that are still in use once the garbage is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used / 1e6


def resident(pid: int) -> float:
    """MB of memory that a process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1e3


if __name__ == "__main__":
    sys.exit(main())
