"""The project's own files agree with one another: dependencies, slug, set-up cell, notebooks."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from tools import browser, node, slug
from tools.notebooks import (
    METADATA,
    WIDGET,
    all_notebooks,
    code_cells,
    covers,
    problems,
    read,
    run,
    setup_cells,
    tidy,
    write,
)
from tools.setup_cell import ROOT, current_slug, is_published, setup_cell

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
PLACES = {path for pattern in slug.FILES for path in ROOT.glob(pattern)}


def name_of(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement).group().lower()


# Dependencies


def test_environment_yml_asks_for_what_pyproject_asks_for():
    wanted = [f"python{PROJECT['requires-python']}", *PROJECT["dependencies"], *EXTRAS["labs"], *EXTRAS["data"]]
    wanted += [requirement for requirement in EXTRAS["lab"] if not requirement.startswith("optimlab[")]
    listed = re.findall(r"^  - ([^\s:]+)$", (ROOT / "environment.yml").read_text("utf-8"), re.MULTILINE)
    assert sorted(set(listed) - {"conda-forge", "pip"}) == sorted(wanted)


def test_dependencies_have_lower_bounds_only():
    requirements = [*PROJECT["dependencies"], *EXTRAS["labs"], *EXTRAS["data"]]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+", requirement) for requirement in requirements)


def test_numpy_alone_is_required_and_the_extra_lab_has_all_that_the_notebooks_need():
    assert [name_of(requirement) for requirement in PROJECT["dependencies"]] == ["numpy"]
    assert EXTRAS["lab"] == ["jupyterlab>=4", "optimlab[labs,data]"]


def test_the_lock_holds_every_dependency_with_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = set(re.findall(r"^([\w.-]+)==\S+ .*\\\n    --hash=sha256:", lock, re.MULTILINE))
    wanted = [PROJECT["dependencies"], *EXTRAS.values(), *GROUPS.values()]
    assert {name_of(requirement) for some in wanted for requirement in some} - {"optimlab"} <= pinned
    assert set(PYPROJECT["build-system"]["requires"]) <= set(GROUPS["build"])
    assert "://" not in lock


def test_version_is_the_same_everywhere():
    import optimlab

    version = PROJECT["version"]
    assert optimlab.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# The package's page


def test_the_classifiers_name_the_pythons_that_are_tested():
    tested = set(re.findall(r'"(3\.\d+)"', (ROOT / "noxfile.py").read_text("utf-8")))
    named = {line.split(" :: ")[-1] for line in PROJECT["classifiers"] if ":: Python :: 3." in line}
    assert named == tested and f">={min(tested)}" == PROJECT["requires-python"]


def test_the_long_description_is_the_readme_with_no_relative_link():
    pytest.importorskip("hatch_fancy_pypi_readme")
    command = [sys.executable, "-m", "hatch_fancy_pypi_readme", ROOT / "pyproject.toml"]
    text = subprocess.check_output(command, cwd=ROOT, text=True, encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert all(link.startswith("https://") for link in links), links
    slug = current_slug()
    assert f"](https://raw.githubusercontent.com/{slug}/main/docs/race.png)" in text
    assert f"](https://github.com/{slug}/blob/main/optimlab/optimizers)" in text
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.sub(r"\]\([^)]+\)", "", text).strip() == re.sub(r"\]\([^)]+\)", "", readme).strip()


# The repository's name

OURS = re.compile(
    r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)"
    r"|mybinder\.org/(?:v2|badge)/gh/([\w.-]+/[\w.-]+)"
    r"|github\.com/([\w.-]+/optimlab)\b"
    r"|shields\.io/github/\S*?([\w.-]+/optimlab)\b"
)
SITES = re.compile(r"[\w.-]+\.github\.io/[\w.-]+")


def test_no_other_slug_stands_anywhere():
    own = current_slug()
    for path in PLACES:
        text = path.read_text("utf-8")
        named = {next(filter(None, groups)) for groups in OURS.findall(text)}
        assert named <= {own}, path
        assert set(SITES.findall(text)) <= {slug.site_of(own)}, path
        assert own.startswith("YOUR_NAME/") or "YOUR_NAME" not in text, path


def test_make_slug_renames_everything_and_back_again(tmp_path):
    for path in PLACES:
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    old, new = current_slug(), "some-teacher/optimlab-2"
    changed = slug.rename(new, tmp_path)
    assert current_slug(tmp_path) == new
    assert {path.name for path in changed} >= {"pyproject.toml", "CITATION.cff"}
    for path in PLACES:
        text = (tmp_path / path.relative_to(ROOT)).read_text("utf-8")
        for name in (old, slug.site_of(old)):
            assert not re.search(rf"{re.escape(name)}(?![\w-])", text), path
        if path.suffix == ".ipynb":
            assert [cell.source for cell in setup_cells(nbformat.reads(text, 4))] == [setup_cell(new)]
    slug.rename(old, tmp_path)
    assert all((tmp_path / path.relative_to(ROOT)).read_bytes() == path.read_bytes() for path in PLACES)


@pytest.mark.parametrize("name", ["", "optimlab", "a/b/c", "a b/c", "-a/b", "a--b/c", "a_b/c", "a/b;c"])
def test_a_name_that_github_cannot_have_is_refused(name, capsys):
    assert not is_published(name)
    assert slug.main([name]) == 1
    assert "owner/name" in capsys.readouterr().out


@pytest.mark.parametrize("path", [ROOT / "README.md", *all_notebooks()], ids=lambda path: path.stem)
def test_the_badges_lead_to_colab_binder_and_the_site(path):
    name = path.name if path.suffix == ".ipynb" else "01_introduction.ipynb"
    text = path.read_text("utf-8")
    assert f"https://{slug.site_of(current_slug())}/notebooks/index.html?path={name}" in text
    assert f"/blob/main/notebooks/{name}" in text and f"labpath=notebooks/{name}" in text


# The set-up cell (that it works on Colab is tested in tests/colab)


def test_the_set_up_cell_holds_only_its_own_slug():
    assert "github.com" not in setup_cell("YOUR_NAME/optimlab")
    assert setup_cell("a-teacher/course").count("a-teacher/course") == 1


@pytest.mark.parametrize("name", ["YOUR_NAME/optimlab", "a-teacher/course"])
def test_the_set_up_cell_is_short(name):
    lines = setup_cell(name).splitlines()
    assert len(lines) <= 19 and max(map(len, lines)) <= 110


# Notebooks


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_notebook_is_executed_small_and_stable(path):
    assert problems(path, current_slug()) == []


LAB = re.compile(r"\b(?:race|\w+_lab)\(")


def small_notebook(*sources: str) -> nbformat.NotebookNode:
    cells = [nbformat.v4.new_code_cell(setup_cell(current_slug()), metadata={"tags": ["setup"]})]
    return nbformat.v4.new_notebook(cells=cells + [nbformat.v4.new_code_cell(source) for source in sources])


@pytest.mark.parametrize("path", all_notebooks(), ids=lambda path: path.stem)
def test_a_notebook_with_labs_has_one_picture_for_the_front_page_of_the_site(path):
    notebook = read(path)
    if any(LAB.search(cell.source) for cell in code_cells(notebook)):
        (cover,) = covers(notebook)
        assert cover.keys() >= {"image/png", "text/plain"}


def test_two_runs_of_a_notebook_give_the_same_bytes(tmp_path):
    path, twin = tmp_path / "one.ipynb", tmp_path / "two.ipynb"
    notebook = small_notebook("print('one')\nprint('two')", "import ipywidgets\n\nipywidgets.IntSlider()")
    notebook.metadata["widgets"] = {"saved": "state"}
    for copy in (path, twin):
        run(notebook, cwd=tmp_path)
        tidy(notebook)
        write(copy, notebook)
    assert path.read_bytes() == twin.read_bytes()
    assert read(path).metadata == METADATA
    assert problems(path, current_slug()) == ["cell 3 shows something live without its picture and its words"]


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (
            {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []},
            "ended with ValueError",
        ),
        ({"output_type": "stream", "name": "stdout", "text": "<Lab at 0x7f00>\n"}, "prints ' at 0x7f00'"),
        ({"output_type": "stream", "name": "stdout", "text": "see /tmp/x/y\n"}, "prints '/tmp/x/y'"),
        (
            {"output_type": "display_data", "data": {WIDGET: {}, "image/png": ""}, "metadata": {}},
            "without its",
        ),
    ],
)
def test_an_output_that_must_not_be_committed_is_named(tmp_path, output, complaint):
    notebook = small_notebook("1 + 1")
    tidy(notebook)
    for count, cell in enumerate(notebook.cells, start=1):
        cell.execution_count = count
    notebook.cells[1].outputs = [nbformat.from_dict(output)]
    write(tmp_path / "bad.ipynb", notebook)
    (problem,) = problems(tmp_path / "bad.ipynb", current_slug())
    assert complaint in problem


def test_a_cell_that_was_not_executed_or_is_too_long_is_named(tmp_path):
    notebook = small_notebook("\n".join(["x = 1"] * 17))
    tidy(notebook)
    notebook.cells[0].execution_count = 1
    write(tmp_path / "bad.ipynb", notebook)
    assert problems(tmp_path / "bad.ipynb", current_slug()) == [
        "cell 2 was not executed",
        "cell 2 has 17 lines, more than 16",
    ]


# The browser for the tests: what is there, else a download, else a package, else a sentence


@pytest.fixture
def no_browser(monkeypatch, tmp_path):
    """A machine without any browser, where Playwright's download and apt-get are ours to play."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "find_playwrights", lambda: None)
    return tmp_path


def put_program(path: Path, works: bool = True) -> None:
    path.write_text(f"#!{sys.executable}\nraise SystemExit({int(not works)})\n")
    path.chmod(0o755)


def test_the_variable_chromium_decides(no_browser, monkeypatch):
    put_program(no_browser / "chromium")
    put_program(no_browser / "mine")
    monkeypatch.setenv("CHROMIUM", str(no_browser / "mine"))
    assert browser.find_chromium() == str(no_browser / "mine")
    monkeypatch.setenv("CHROMIUM", str(no_browser / "absent"))
    assert browser.find_chromium() is None


def test_a_browser_that_does_not_start_is_passed_over(no_browser):
    put_program(no_browser / "chromium-browser", works=False)
    put_program(no_browser / "google-chrome")
    assert browser.find_chromium() == str(no_browser / "google-chrome")


def test_the_package_is_installed_when_the_download_fails(no_browser, monkeypatch, capsys):
    monkeypatch.setattr(browser, "download", lambda: None)
    monkeypatch.setattr(browser, "install_debians", lambda: put_program(no_browser / "chromium"))
    assert browser.main() == 0
    assert str(no_browser / "chromium") in capsys.readouterr().out


def test_without_any_browser_the_sentence_says_what_to_install(no_browser, monkeypatch, capsys):
    monkeypatch.setattr(browser, "download", lambda: None)
    monkeypatch.setattr(browser, "install_debians", lambda: None)
    assert browser.main() == 1
    assert "apt install chromium" in capsys.readouterr().err


# Node for the JavaScript: the machine's if it is new enough, else Playwright's, else a sentence


def put_node(folder: Path, version: str) -> str:
    (folder / "node").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "node").chmod(0o755)
    return str(folder / "node")


TOO_OLD = ["v18.20.4", "v20.18.3", "v21.7.3", "v22.6.0", "nonsense"]
NEW_ENOUGH = ["v20.19.0", "v22.7.0", "v24.1.0"]


@pytest.mark.skipif(os.name != "posix", reason="the stand-ins are shell scripts")
@pytest.mark.parametrize("version", TOO_OLD + NEW_ENOUGH)
def test_a_node_that_is_too_old_is_passed_over_for_playwrights(monkeypatch, tmp_path, version):
    good = version in NEW_ENOUGH
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(node, "playwrights", lambda: None)
    own = put_node(tmp_path, version)
    assert node.find_node() == (own if good else None)
    (tmp_path / "driver").mkdir()
    theirs = put_node(tmp_path / "driver", "v22.14.0")
    monkeypatch.setattr(node, "playwrights", lambda: theirs)
    assert node.find_node() == (own if good else theirs)


def test_playwright_brings_a_node_that_is_new_enough():
    assert node.is_new_enough(node.version(node.playwrights()))


def test_without_any_node_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(node, "find_node", lambda: None)
    with pytest.raises(SystemExit, match="install it, or pip install playwright"):
        node.found_node()


def test_the_javascript_tools_are_pinned_with_hashes_and_no_registry():
    pinned = json.loads((ROOT / "tools/js/package.json").read_text("utf-8"))["devDependencies"]
    text = (ROOT / "tools/js/package-lock.json").read_text("utf-8")
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert all(re.fullmatch(r"[\d.]+", version) for version in pinned.values())
    assert {name: packages[f"node_modules/{name}"]["version"] for name in pinned} == pinned
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert '"resolved"' not in text and "registry" not in text


# Finding a Python


posix = pytest.mark.skipif(os.name != "posix", reason="make and sh are for Linux and macOS")


def find_python(folder: Path, *names: str) -> str:
    script = f'. {ROOT}/tools/python.sh; find_python "$@"'
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script, "sh", *names], env=environment, capture_output=True, text=True)
    return done.stdout.strip()


@posix
def test_a_python_that_does_not_run_is_passed_over(tmp_path):
    (tmp_path / "python3.99").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "python3.99").chmod(0o755)
    assert find_python(tmp_path, "python3.99", sys.executable) == sys.executable
    assert find_python(tmp_path, "python3.99", "no-such-python") == ""


# Environments: only those that make has made are emptied or removed


def shell(folder: Path, script: str) -> subprocess.CompletedProcess:
    command = ["sh", "-euc", f'. "{ROOT}/tools/python.sh"; {script}']
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def make_venv(folder: Path) -> subprocess.CompletedProcess:
    return shell(folder, f'make_venv "{sys.executable}" .venv --without-pip')


def works(venv: Path) -> bool:
    return subprocess.run([venv / "bin" / "python", "-c", ""]).returncode == 0


@posix
def test_an_environment_of_somebody_elses_stays_as_it_is(tmp_path):
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text("mine")
    done = make_venv(tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "make lab VENV=" in done.stderr
    shell(tmp_path, "remove_venvs .venv .venv-absent").check_returncode()
    assert (venv / "bin" / "python").read_text() == "mine"


@posix
@pytest.mark.parametrize("left", ["nothing", "an empty folder", "half of ours", "ours of an earlier version"])
def test_an_environment_of_ours_is_made_anew(tmp_path, left):
    venv = tmp_path / ".venv"
    if left != "nothing":
        venv.mkdir()
    if left == "half of ours":
        make_venv(tmp_path).check_returncode()
        (venv / "bin" / "python").unlink()
        (venv / "lib" / "half").touch()
    if left == "ours of an earlier version":
        (venv / "ready").touch()
    make_venv(tmp_path).check_returncode()
    assert works(venv) and not (venv / "lib" / "half").exists() and not (venv / "ready").exists()
    shell(tmp_path, "remove_venvs .venv").check_returncode()
    assert not venv.exists()


@posix
def test_make_setup_refuses_in_one_sentence_what_it_has_not_made(tmp_path):
    (tmp_path / "mine").touch()
    done = subprocess.run(["sh", "tools/setup.sh", tmp_path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
