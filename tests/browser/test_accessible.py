"""Accessibility: axe-core on every lab, in light and dark; and the keyboard alone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from .race import LAB, open_race
from .test_every_lab import IMPORTS, LABS

GRAVE = ("serious", "critical")


@pytest.fixture
def labs(lab, server):
    """A notebook with every lab."""
    if lab.name != "accessible.ipynb":
        server.write("accessible.ipynb", *(IMPORTS + code for code in LABS.values()))
        lab.open("accessible.ipynb")
        for index in range(len(LABS)):
            lab.run_lab(index)
    yield lab
    lab.set_theme("JupyterLab Light")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_grave_in_any_lab(labs, theme):
    labs.set_theme(theme)
    labs.page.wait_for_timeout(300)
    assert labs.page.locator(".optimlab-lab").count() == len(LABS)
    report = Axe().run(labs.page, ".optimlab-lab", {"resultTypes": ["violations"]}).response
    assert len(report["passes"]) > 10
    assert not [told(found) for found in report["violations"] if found["impact"] in GRAVE]


def told(violation: dict) -> str:
    return f"{violation['id']}: {violation['help']}: {[node['html'] for node in violation['nodes'][:3]]}"


def test_the_tab_key_leaves_the_lab_at_both_ends(lab):
    race = open_race(lab, "keys.ipynb").run_lab(LAB)
    for key, start in [("Tab", "first"), ("Shift+Tab", "last")]:
        getattr(race.root.get_by_role("slider"), start).focus()
        for _ in range(60):
            lab.page.keyboard.press(key)
            if not race.root.evaluate("lab => lab.contains(document.activeElement)"):
                break
        else:
            pytest.fail(f"{key} stays in the lab")
