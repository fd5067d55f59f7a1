"""The README's picture, docs/race.png: a real screenshot of the race lab in JupyterLab. ``make picture``."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import JupyterLab, Server

from .browser import found_chromium

TARGET = Path(__file__).parent.parent / "docs" / "race.png"
CELL = """\
from optimlab import Adam, GradientDescent, Momentum, race, ravine

race(ravine(kappa=20, angle=30), [GradientDescent(lr=0.09), Momentum(lr=0.02), Adam(lr=0.1)], steps=120)"""


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
    print(f"{TARGET.name}: {TARGET.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
