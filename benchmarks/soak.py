"""What the browser and the kernel hold after minutes of play, after one cell has run 50 times, after 200 labs.

``make soak``; it fails if either has grown by more than a tenth. MINUTES=1 for a shorter play. JupyterLab keeps the
comm of each widget that was ever closed, whoever made it; what that costs is measured with plain sliders and left out.
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
MANY = RACE.replace("\nrace(", "\nfor _ in range(5):\n    race(")
TELL = "import os\nprint(os.getpid())"
# What JupyterLab itself keeps of widgets that are closed: plain sliders, as many widgets as in a lab.
PLAIN = """from IPython.display import display
from ipywidgets import FloatSlider, VBox
from optimlab.labs.lifetime import parts_of
for _ in range({times}):
    for part in parts_of(globals().get("box") or VBox()):
        part.close()
    box = VBox([FloatSlider() for _ in range(14)])
    {show}"""


def main() -> int:
    path = found_chromium()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        lab = JupyterLab(browser.new_page(viewport={"width": 1400, "height": 1000}), server)
        try:
            server.write(
                "soak.ipynb",
                RACE,
                TELL,
                MANY,
                PLAIN.format(times=5, show=""),
                PLAIN.format(times=1, show="display(box)"),
            )
            lab.open("soak.ipynb")
            race = lab.run_lab(0)
            lab.run(1)
            kernel = int(lab.text(1))
            closed, closed_and_shown = slope(lab, 3, 20, kernel) / 100, slope(lab, 4, 20, kernel) / 20
            print(f"plain sliders leave {closed:.2f} MB, {closed_and_shown:.2f} if they were shown", flush=True)
            plays = [play(lab, race, 1, kernel), play(lab, race, MINUTES, kernel)]
            reruns = [again(lab, 0, 15, kernel), again(lab, 0, 50, kernel)]
            labs = [again(lab, 2, 1, kernel), again(lab, 2, 40, kernel)]
            grown = [
                compared(f"{MINUTES:g} minutes of play", *plays),
                compared("one cell, run 50 times", *reruns, 50 * closed_and_shown),
                compared("200 labs", *labs, 200 * closed),
            ]
            trouble = lab.trouble()
        finally:
            browser.close()
            server.stop()
    print(*trouble, sep="\n")
    return int(bool(trouble) or max(grown) > GROWTH)


def compared(what, first, last, kept=0.0) -> float:
    """Tell what the browser and the kernel hold, before and after; by which factor the worse of them has grown.

    `kept` : MB in the browser that JupyterLab keeps of closed widgets
    """
    factors = []
    for name, before, after, not_ours in zip(("browser heap", "kernel RSS"), first, last, (kept, 0)):
        factors.append((after - not_ours) / before)
        aside = f", {not_ours:.1f} MB of them JupyterLab's" if not_ours else ""
        print(f"{what}: {name} {before:.1f} MB, then {after:.1f} MB{aside} ({factors[-1]:.2f} ×)", flush=True)
    return max(factors)


def again(lab, cell, times, kernel) -> tuple[float, float]:
    """Run a cell so often; the MB of browser and kernel after that."""
    for _ in range(times):
        lab.run(cell)
    lab.page.wait_for_timeout(1500)
    return heap(lab.page), resident(kernel)


def slope(lab, cell, times, kernel) -> float:
    """MB by which the browser's heap grows while a cell runs so often."""
    before, _ = again(lab, cell, 5, kernel)
    return again(lab, cell, times, kernel)[0] - before


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
