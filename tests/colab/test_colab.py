"""The set-up cell and all notebooks with Colab's versions of Python's packages: ``make colab-test``.

A real kernel of the environment .venv-colab runs them. It has a stand-in for ``google.colab`` loaded and
finds the wheel in its working folder, as after an upload through Colab's folder pane.
"""

import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.notebooks import WIDGET, all_notebooks, outputs, read
from tools.setup_cell import ROOT, setup_cell

HERE = Path(__file__).parent
PYTHON = ROOT / ".venv-colab" / "bin" / "python"
PLACEHOLDER, PUBLISHED = "YOUR_NAME/optimlab", "some-teacher/optimlab"

# A pip that writes down what it was asked for, and fails as it does without a connection.
OFFLINE_PIP = """\
import json, pathlib, sys
pathlib.Path("asked.json").write_text(json.dumps(sys.argv[1:]))
sys.exit("ERROR: no connection")
"""


def packages() -> dict[str, str]:
    """Name and version of all that is installed in Colab's environment."""
    listing = subprocess.check_output([PYTHON, "-m", "pip", "list", "--format=json"], text=True)
    return {package["name"]: package["version"] for package in json.loads(listing)}


def uninstall() -> None:
    subprocess.check_call([PYTHON, "-m", "pip", "uninstall", "-q", "-y", "optimlab"], stderr=subprocess.DEVNULL)


def run(notebook, cwd, on_colab=True, offline_pip=False, allow_errors=False):
    """Execute a notebook in a new kernel of Colab's environment that works in ``cwd``."""
    paths = [HERE / "stand_in"]
    if offline_pip:
        (cwd / "offline" / "pip").mkdir(parents=True)
        (cwd / "offline" / "pip" / "__init__.py").touch()
        (cwd / "offline" / "pip" / "__main__.py").write_text(OFFLINE_PIP)
        paths.append(cwd / "offline")
    command = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    if on_colab:
        command.append("--IPKernelApp.exec_lines=import google.colab.output")
    spec = {
        "argv": command,
        "display_name": "Colab",
        "language": "python",
        "env": {"PYTHONPATH": ":".join(map(str, paths))},
    }
    (cwd / "kernels" / "colab").mkdir(parents=True)
    (cwd / "kernels" / "colab" / "kernel.json").write_text(json.dumps(spec))
    specs = KernelSpecManager(kernel_dirs=[str(cwd / "kernels")], ensure_native_kernel=False)
    NotebookClient(
        notebook,
        km=AsyncKernelManager(kernel_name="colab", kernel_spec_manager=specs),
        resources={"metadata": {"path": str(cwd)}},
        timeout=900,
        coalesce_streams=True,
        allow_errors=allow_errors,
    ).execute()


def say(slug, cwd, **how) -> str:
    """What the set-up cell prints; that it prints one line and ends without a traceback is checked here."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(setup_cell(slug))])
    run(notebook, cwd, allow_errors=True, **how)
    assert [output.output_type for output in outputs(notebook)] == ["stream"]
    (output,) = outputs(notebook)
    assert output.name == "stdout" and output.text.count("\n") == 1
    return output.text.strip()


@pytest.fixture
def bare(tmp_path):
    """A working folder, while Colab's environment lacks optimlab."""
    uninstall()
    return tmp_path


@pytest.fixture
def wheel():
    (path,) = (ROOT / "dist").glob("optimlab-*.whl")
    return path


def test_the_wheel_holds_the_whole_package(wheel):
    files = (path for ending in ("py", "typed", "js", "css") for path in (ROOT / "optimlab").rglob(f"*.{ending}"))
    assert {str(path.relative_to(ROOT)) for path in files} <= set(zipfile.ZipFile(wheel).namelist())


def test_the_uploaded_wheel_is_installed_and_nothing_else_changes(bare, wheel):
    shutil.copy(wheel, bare)
    before = packages()
    assert re.match(r"optimlab \d+\.\d+\.\d+ is ready\.", say(PLACEHOLDER, bare))
    after = packages()
    assert after.pop("optimlab") == wheel.name.split("-")[1]
    assert after == before


def test_of_several_uploaded_wheels_the_newest_is_installed(bare, wheel):
    name, version, tags = wheel.name.split("-", 2)
    shutil.copy(wheel, bare)
    (bare / f"{name}-0.0.1-{tags}").write_bytes(b"an old one")
    (bare / f"{name}-{version}-{tags.removesuffix('.whl')} (1).whl").write_bytes(b"uploaded twice")
    assert say(PLACEHOLDER, bare).startswith(f"optimlab {version} is ready.")


def test_without_a_wheel_one_sentence_says_how_to_get_one(bare):
    sentence = say(PLACEHOLDER, bare)
    assert "`make wheel`" in sentence and "upload" in sentence
    assert "optimlab" not in packages()


def test_a_damaged_wheel_ends_in_the_same_sentence(bare, wheel):
    (bare / wheel.name).write_bytes(b"half an upload")
    assert "`make wheel`" in say(PLACEHOLDER, bare)


def test_a_published_project_is_installed_from_its_repository_alone(bare):
    sentence = say(PUBLISHED, bare, offline_pip=True)
    asked = json.loads((bare / "asked.json").read_text())
    assert asked == ["install", "-q", "--no-deps", f"https://github.com/{PUBLISHED}/archive/HEAD.zip"]
    assert "could not be downloaded" in sentence and "run this cell again" in sentence


def test_away_from_colab_nothing_is_installed_and_one_sentence_says_make_lab(bare, wheel):
    shutil.copy(wheel, bare)
    assert "`make lab`" in say(PLACEHOLDER, bare, on_colab=False)
    assert "optimlab" not in packages()


@pytest.fixture
def equipped(bare, wheel):
    """A working folder, while Colab's environment has optimlab, from the wheel."""
    subprocess.check_call([PYTHON, "-m", "pip", "install", "-q", "--no-deps", wheel])
    return bare


def test_colab_ships_all_that_optimlab_needs(equipped):
    """Otherwise --no-deps would leave a gap, and without it something might be replaced."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    installed = {canonicalize_name(name): version for name, version in packages().items()}
    for wanted in map(Requirement, [*project["dependencies"], *extras["labs"], *extras["data"]]):
        assert wanted.specifier.contains(installed[canonicalize_name(wanted.name)]), wanted


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_notebook_runs_and_tells_colab_where_the_manager_of_its_widgets_is(path, equipped):
    """Colab's own hook does so for `display_data` alone; without it a lab stays an error message."""
    notebook = read(path)
    run(notebook, equipped)
    views = [output for output in outputs(notebook) if WIDGET in output.get("data", {})]
    assert views
    for output in views:
        assert output.output_type in ("execute_result", "display_data")
        assert output.metadata[WIDGET]["colab"]["custom_widget_manager"]["url"]
