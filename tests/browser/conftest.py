"""One JupyterLab server and one browser for all tests; each test gets a page that is watched."""

import shutil

import pytest
from playwright.sync_api import expect, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from tools.browser import HOW_TO, find_chromium
from tools.notebooks import all_notebooks

from .jupyter import SECONDS, JupyterLab, Server

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=1000 * SECONDS)


# Files whose tests are long, and need nothing from one another: each test may go to a process of its own.
APART = ("test_notebooks.py", "test_every_lab.py", "test_stop.py")
LONG = ("test_race.py", "test_accessible.py", *APART)


class Files(LoadScopeScheduling):
    """The tests of a file share a page and go to one process, but for those of `APART`.

    (pytest-xdist's own "loadgroup" writes the group where pytest 9.2 no longer reads it.)
    """

    def _split_scope(self, nodeid):
        path = nodeid.split("::")[0]
        return nodeid if path.endswith(APART) else path


def pytest_xdist_make_scheduler(config, log):
    return Files(config, log)


def pytest_collection_modifyitems(items):
    """Long tests and files first, so that no process waits at the end for one of them."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """JupyterLab on a copy of the notebooks."""
    server = Server(tmp_path_factory.mktemp("jupyter"))
    try:
        for path in all_notebooks():
            shutil.copy(path, server.root)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def browser():
    """Chromium with a profile that is new and goes at the end."""
    path = find_chromium()  # asked before Playwright is running, since it may start Playwright too
    if path is None:
        pytest.fail(HOW_TO)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages():
    """The page that the tests share, under "shared", until one of them fails."""
    pages = {}
    yield pages
    for lab in pages.values():
        lab.page.context.close()


@pytest.fixture
def other_lab(server, browser):
    """JupyterLab in a browser that knows nothing of the tests before, as after closing and opening it."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    lab = JupyterLab(context.new_page(), server)
    yield lab
    found = lab.trouble()
    lab.close()
    context.close()
    assert not found, "\n".join(found)


@pytest.fixture
def lab(server, browser, pages, request, tmp_path):
    """JupyterLab, in the page that the tests share; after a failure the next test gets a new one.

    At the end of each test nothing may have gone wrong on the page's console or in the kernel, and nothing may
    have been asked of another machine.
    """
    if "shared" not in pages:
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        pages["shared"] = JupyterLab(context.new_page(), server)
    lab = pages["shared"]
    yield lab
    found = lab.trouble()
    if found or request.node.stash.get(FAILED, False):
        lab.page.screenshot(path=tmp_path / "page.png")
        pages.pop("shared").page.context.close()
    assert not found, "\n".join(found)
