"""The site (`make site OFFLINE=1`) served from this machine: seconds and bytes from a click to the first lab."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import SESSION
from tests.site.conftest import ALONE, Files, served
from tests.site.lite import Lite
from tools.browser import found_chromium

NOTEBOOKS = {"03_advanced_optimizers.ipynb": "race(", "01_introduction.ipynb": "gradient_lab("}


class Counting(Files):
    """Counts the bytes of the files that were really sent."""

    sent = 0

    def copyfile(self, source, target):
        Counting.sent += Path(source.name).stat().st_size
        super().copyfile(source, target)


def main():
    chromium = found_chromium()
    with served(Counting) as address, sync_playwright() as playwright:
        print("| | pictures and text | first lab | loaded |")
        print("|---|---|---|---|")
        for name, lab in NOTEBOOKS.items():
            with tempfile.TemporaryDirectory() as profile:
                for visit in ("first visit", "second visit"):
                    measured = visited(playwright.chromium, chromium, profile, address, name, lab)
                    print(f"| {name.removesuffix('.ipynb')}, {visit} | {measured} |")


def visited(chromium, path, profile, address, name, part) -> str:
    """Open a notebook, run its set-up and its first lab, in a browser with this profile."""
    Counting.sent = 0
    browser = chromium.launch_persistent_context(
        profile, executable_path=path, args=[*ARGUMENTS, ALONE], viewport={"width": 1400, "height": 1000}
    )
    lite = Lite(browser.new_page(), address)
    start = time.perf_counter()
    lite.open(name, ready=False)
    lite.page.locator(".jp-RenderedImage img").first.wait_for(state="attached")
    shown = time.perf_counter() - start
    lite.page.wait_for_function(f"() => {SESSION}.session?.kernel")  # it starts; what is run now is run when it stands
    lite.run_first(part)
    awake = time.perf_counter() - start
    browser.close()
    return f"{shown:.1f} s | {awake:.1f} s | {Counting.sent / 1e6:.1f} MB"


if __name__ == "__main__":
    main()
