"""The versions that we promise, each in an environment of its own: ``make matrix`` runs all, ``nox -l`` lists them.

Python 3.11 to 3.13, the oldest packages that pyproject.toml allows and the newest there are, ipywidgets 7.7.1 and 8,
JupyterLab 4, Notebook 7 and marimo. Colab's exact versions have a command of their own, ``make colab-test``.
"""

import os
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = True
nox.options.reuse_existing_virtualenvs = True

# Pythons that pyenv has, but does not show.
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, Path.home().glob(".pyenv/versions/3.*/bin"))])
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
TELL = """
import sys
from importlib.metadata import distributions
shown = "numpy matplotlib ipywidgets anywidget ipykernel ipython jupyterlab marimo notebook scikit-learn".split()
found = sorted({f"{d.name} {d.version}" for d in distributions() if d.name in shown})
print("Python", sys.version.split()[0], *found, sep="  ")
"""
TOOLS = ("hypothesis", "nbclient", "nbval", "playwright", "pytest", "pytest-xdist")


@nox.session(python=["3.11", "3.12", "3.13"])
def newest(session):
    """The newest packages of today: unit tests and notebooks."""
    session.install("--upgrade", *TOOLS, "-e.[lab]")
    test_units(session)
    test_notebooks(session)


@nox.session(python=["3.11", "3.13"], reuse_venv=False)
def oldest(session):
    """The oldest packages that pyproject.toml allows and that there are for this Python: unit tests and notebooks."""
    session.install("--resolution=lowest-direct", "--only-binary=:all:", "-e.[lab]")
    session.install(*TOOLS)
    test_units(session)
    # Under today's IPython, Matplotlib 3.8 shows a notebook's first figure one cell late, in any notebook.
    session.install("matplotlib==3.9.*")
    test_notebooks(session)


@nox.session(python=["3.11", "3.13"])
@nox.parametrize("widgets", ["7.7.1", "8.*"])
@nox.parametrize("front_end", ["jupyterlab", "notebook"])
def browser(session, front_end, widgets):
    """Every lab in a real browser: two front ends, two generations of ipywidgets."""
    major = {"jupyterlab": 4, "notebook": 7}[front_end]
    # ipywidgets 7.7.1 allows a newer half in the browser than the one that it can talk to.
    half = ["jupyterlab-widgets<3"] if widgets.startswith("7") else []
    session.install(*TOOLS, "-e.[labs,data]", f"{front_end}=={major}.*", f"ipywidgets=={widgets}", *half)
    tell_versions(session)
    session.run("python", "-m", "tools.browser")
    session.run("pytest", "-q", "tests/browser/test_front_ends.py", env=ONE_THREAD | {"FRONT_END": front_end})


@nox.session(python=["3.11", "3.13"])
def marimo(session):
    """A lab in marimo, which draws none of ipywidgets' sliders."""
    session.install(*TOOLS, "-e.[labs,data]", "marimo")
    tell_versions(session)
    session.run("python", "-m", "tools.browser")
    session.run("pytest", "-q", "tests/browser/test_marimo.py", env=ONE_THREAD)


def test_units(session):
    tell_versions(session)
    cells = ("--ignore=tests/browser", "--ignore=tests/test_order.py")
    session.run("pytest", "-q", "-n2", "tests", *cells, env=ONE_THREAD)


def test_notebooks(session):
    nbval = ("-n2", "--dist=loadscope", "--nbval", "--nbval-current-env")
    session.run("pytest", "-q", *nbval, "notebooks", env=ONE_THREAD)
    session.run("pytest", "-q", "-n2", "tests/test_order.py", env=ONE_THREAD)


def tell_versions(session):
    session.run("python", "-c", TELL)
