"""The built site on a free port of 127.0.0.1, and pages of a browser to which every other host is unknown."""

import functools
import http.server
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import Guard
from tools.browser import HOW_TO, find_chromium
from tools.notebooks import all_notebooks
from tools.setup_cell import ROOT

from .lite import Lite

NOTEBOOKS = [path.name for path in all_notebooks()]
SITE = ROOT / "_site"
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"


class Files(http.server.SimpleHTTPRequestHandler):
    """Any static web host: files, with their types."""

    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".wasm": "application/wasm",
        ".mjs": "text/javascript",
    }

    def do_GET(self):
        if self.path == "/favicon.ico":  # browsers ask each host for one; it is not the site's to give
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *args):
        pass


@contextmanager
def served(handler=Files):
    """The site's address, below the top of its host as on GitHub Pages."""
    handler = functools.partial(handler, directory=SITE.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SITE.name}"
        server.shutdown()


@pytest.fixture(scope="session")
def site():
    """The site's address."""
    if not (SITE / "static" / "pyodide").is_dir():
        pytest.exit("There is no site that runs without a network yet: make site OFFLINE=1", returncode=1)
    with served() as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        pytest.exit(HOW_TO, returncode=1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, ALONE])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, tmp_path):
    """A page of a browser that has never seen the site. No error, nothing missing, no request to another machine."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    guard = Guard(page)
    yield page
    page.screenshot(path=tmp_path / "page.png")
    context.close()
    assert not guard.found, "\n".join(guard.found)


@pytest.fixture
def lite(page, site):
    return Lite(page, site)
