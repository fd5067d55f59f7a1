"""The README's pictures: docs/race.gif, the play of the race lab, and docs/race.png, a real screenshot in JupyterLab.

``make picture`` makes both.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from optimlab import Adam, GradientDescent, Momentum, race, ravine
from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import JupyterLab, Server

from .browser import found_chromium

DOCS = Path(__file__).parent.parent / "docs"
TARGET, FILM = DOCS / "race.png", DOCS / "race.gif"
RACE = "race(ravine(kappa=20, angle=30), [GradientDescent(lr=0.09), Momentum(lr=0.02), Adam(lr=0.1)], steps=120)"
CELL = f"from optimlab import Adam, GradientDescent, Momentum, race, ravine\n\n{RACE}"


def main():
    chromium = found_chromium()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            server.write("race.ipynb", CELL)
            page = browser.new_page(viewport={"width": 1240, "height": 1000}, device_scale_factor=1.5)
            lab = JupyterLab(page, server)
            lab.open("race.ipynb")
            stage = lab.run_lab(0)
            page.keyboard.press("Escape")
            stage.root.screenshot(path=TARGET)
            lab.close()
        finally:
            browser.close()
            server.stop()
    lab = race(ravine(kappa=20, angle=30), [GradientDescent(lr=0.09), Momentum(lr=0.02), Adam(lr=0.1)], steps=120)
    lab.save(FILM, seconds=8)
    for path in (TARGET, FILM):
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
