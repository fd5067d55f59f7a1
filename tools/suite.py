"""All tests in one run of pytest, on processes that do not wait for one another: ``pytest -n 4 -p tools.suite …``.

Tests in a browser wait most of the time, for a kernel or for the next frame; unit tests and notebooks compute all the
time. So they stand in one queue, browsers in front: one process takes from its end, the others take from its front,
and whoever comes last to the middle helps the other. At both ends stands what takes longest.
"""

import re

import pytest

BROWSER = "tests/browser/"
# Files whose tests are long, each a part of its own. All other files, and notebooks cell by cell, stay together.
APART = (f"{BROWSER}test_notebooks.py", f"{BROWSER}test_every_lab.py", "tests/test_order.py")
# From the front of the queue to its end; a file that is not named here goes where its folder is.
ORDER = (
    f"{BROWSER}test_race.py",
    f"{BROWSER}test_notebooks.py",
    BROWSER,
    f"{BROWSER}test_every_lab.py",
    "",
    "tests/test_order.py",
    "notebooks/",
)


def part(nodeid: str) -> str:
    """What one process does in one go: a test, or a file."""
    return nodeid if nodeid.startswith(APART) else nodeid.split("::")[0]


def place(nodeid: str) -> tuple:
    """Where in the queue a test stands. Later lessons take longer than earlier ones."""
    rank = ORDER.index(max((start for start in ORDER if nodeid.startswith(start)), key=len))
    lesson = re.search(r"\b(\d\d)_", nodeid) if nodeid.startswith((*APART, "notebooks/")) else None
    number = int(lesson[1]) if lesson else 0
    return rank, -number if nodeid.startswith(BROWSER) else number


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Queue(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return part(nodeid)

        def _assign_work_unit(self, node):
            if node.gateway.id == "gw0":
                self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
            super()._assign_work_unit(node)

    config.option.loadscopereorder = False
    return Queue(config, log)
