"""Accessibility: axe-core on every lab, in light and dark. The keyboard alone is in test_looks.py."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .stage import TWO_FRAMES
from .test_every_lab import IMPORTS, LABS

GRAVE = ("serious", "critical")
DARK = "(lab, dark) => lab.querySelector('.optimlab-stage')?.optimlab?.().dark === dark"


@pytest.fixture
def labs(lab, server):
    """A notebook with every lab."""
    if lab.name != "accessible.ipynb":
        server.write("accessible.ipynb", *(IMPORTS + code for code in LABS.values()))
        lab.open("accessible.ipynb")
        lab.run_all()
        assert lab.errors() == []
        for stage in lab.stages():
            stage.wait_fresh()
    yield lab
    lab.set_theme("JupyterLab Light")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_grave_in_any_lab(labs, theme):
    labs.set_theme(theme)
    expect(labs.page.locator(".optimlab-lab")).to_have_count(len(LABS))
    for stage in labs.stages():
        stage.wait(DARK, "Dark" in theme)
    labs.page.evaluate(TWO_FRAMES)
    report = Axe().run(labs.page, ".optimlab-lab", {"resultTypes": ["violations"]}).response
    assert len(report["passes"]) > 10
    assert not [told(found) for found in report["violations"] if found["impact"] in GRAVE]


def told(violation: dict) -> str:
    return f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes'][:3]]}"
