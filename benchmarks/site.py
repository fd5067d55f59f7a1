"""The site (`make site OFFLINE=1`) served from this machine: seconds and bytes from a click to the first lab.

The book's pages, on this machine and with the delays and the bandwidth of a slow phone network; the notebooks in
JupyterLite.
"""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import SESSION
from tests.site.conftest import ALONE, Files, served
from tests.site.lite import Lite
from tools.browser import found_chromium

SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
"""Chromium's "slow 4G": 1.6 Mbit/s, and 150 ms until an answer begins."""
NOTEBOOKS = {"03_advanced_optimizers.ipynb": "race(", "01_introduction.ipynb": "gradient_lab("}


AWAKE = """() => {
  for (const details of document.querySelectorAll('details.came')) details.open = true;
  document.querySelector('figure.lab')?.scrollIntoView();
  return document.querySelector('figure.lab.alive');
}"""  # what comes out is folded until it is predicted
MOVED = "() => JSON.stringify(document.querySelector('figure.lab .optimlab-stage').optimlab().values)"


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
        for network, limits in (("this machine", None), ("slow 4G", SLOW)):
            for name in NOTEBOOKS:
                stem = name.removesuffix(".ipynb")
                measured = read_in_book(playwright.chromium, chromium, f"{address}/book/{stem}.html", limits)
                print(f"| the book, {stem}, {network} | {measured} |")
        for name, lab in NOTEBOOKS.items():
            with tempfile.TemporaryDirectory() as profile:
                for visit in ("first visit", "second visit"):
                    measured = visited(playwright.chromium, chromium, profile, address, name, lab)
                    print(f"| {name.removesuffix('.ipynb')}, {visit} | {measured} |")


def read_in_book(chromium, path, url, limits) -> str:
    """Open a page of the book, and press an arrow key in its first lab as soon as it is there."""
    browser = chromium.launch(executable_path=path, args=[*ARGUMENTS, ALONE])
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    if limits:
        session.send("Network.emulateNetworkConditions", limits)
    Counting.sent = 0
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator("h1").wait_for()
    shown = time.perf_counter() - start
    page.wait_for_function(AWAKE, polling=10)
    control = page.locator("figure.lab.alive").first.locator("input[type=range], .optimlab-handle").first
    control.focus()
    before = page.evaluate(MOVED)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"before => ({MOVED})() !== before", arg=before, polling=10)
    moved = time.perf_counter() - start
    browser.close()
    return f"{shown:.2f} s | {moved:.2f} s | {Counting.sent / 1e6:.2f} MB"


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
