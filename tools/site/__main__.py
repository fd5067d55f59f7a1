"""Build the site into a folder: ``python -m tools.site _site``, or ``… --pyodide FOLDER`` to serve Pyodide as well.

The book shows each notebook as a plain page whose labs are alive. JupyterLite runs the notebooks; optimlab and the
packages that Pyodide lacks come along as wheels and are there before the first cell runs. Without ``--pyodide`` the
browser loads Pyodide from its makers' usual address.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.notebooks import WIDGET, all_notebooks, code_cells, outputs, read, setup_cells
from tools.setup_cell import ROOT

from .book import write_book
from .index import write_index
from .pyodide import VERSION, copy_pyodide

JUPYTER = ROOT / ".venv-site" / "bin" / "jupyter"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
# From the worker's script, extensions/@jupyterlite/pyodide-kernel-extension/static/….js, to the top.
TOP = "../../../../"

# Not among Pyodide's packages; versions and hashes are those of requirements.lock.
WHEELS = ("anywidget", "comm", "ipywidgets", "jupyterlab-widgets", "psygnal", "tqdm", "typing-extensions")
# What each kernel has before its first cell. scikit-learn is large, so only notebooks with data import it.
AT_START = ("micropip", "ssl", "sqlite3", "jedi", "ipython", "numpy", "matplotlib", "threadpoolctl")
DATA_SETS = re.compile(r"\b(?:diabetes|digits|breast_cancer)\(")
QUIET = """

# In the browser each kernel lists the fonts anew, and would say so in red.
import logging

logging.getLogger("matplotlib.font_manager").setLevel("ERROR")"""
IMPORT = "\nimport sklearn  # the data sets of this notebook come with it"

SETTINGS = {
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}


def build(target: Path, pyodide: Path | None = None) -> None:
    """The whole site, in `target`, which is made anew."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        copy_notebooks(source / "files")
        wheels = make_wheels(source / "wheels")
        if pyodide:
            copy_pyodide(pyodide, source / "static" / "pyodide")
        write_settings(source, wheels, offline=pyodide is not None)
        built = source / "_output"
        run(JUPYTER, "lite", "build", "--output-dir", built, cwd=source)
        shutil.move(source / "wheels", built / "wheels")
        write_index(built)
        write_book(built)
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(built, target)


def copy_notebooks(folder: Path) -> None:
    """The notebooks; labs are pictures until their cell is run, and the set-up cell knows that it is in a browser."""
    folder.mkdir(parents=True)
    for path in all_notebooks():
        notebook = read(path)
        for output in outputs(notebook):
            output.get("data", {}).pop(WIDGET, None)
        with_data = any(DATA_SETS.search(cell.source) for cell in code_cells(notebook))
        for cell in setup_cells(notebook):
            cell.source += QUIET + (IMPORT if with_data else "")
        # Texts whole, not in lists of lines: JupyterLite reads the file as it is.
        (folder / path.name).write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")


def make_wheels(folder: Path) -> list[str]:
    """optimlab's wheel, and those it needs; their file names."""
    folder.mkdir(parents=True)
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    locked = folder.parent / "wheels.txt"
    locked.write_text("\n".join(locked_entry(name) for name in WHEELS))
    pure = ("--only-binary=:all:", "--platform=any", "--implementation=py", "--abi=none", "--python-version=3.12")
    run(*pip, "download", "-q", "--no-deps", "--require-hashes", *pure, "-d", folder, "-r", locked)
    locked.unlink()
    return sorted(path.name for path in folder.glob("*.whl"))


def locked_entry(name: str) -> str:
    """A package's lines in requirements.lock: its version and its hashes."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    entry = re.search(rf"^{re.escape(name)}==\S+ (?:\\\n +--hash=\S+ ?)+", lock, re.MULTILINE)
    if entry is None:
        raise SystemExit(f"{name} is not in requirements.lock; the site needs it: make lock")
    return entry[0]


def write_settings(folder: Path, wheels: list[str], offline: bool) -> None:
    """The files that JupyterLite's build reads."""
    packages = [*AT_START, *(f"{TOP}wheels/{wheel}" for wheel in wheels)]
    kernel = {"loadPyodideOptions": {"packages": packages}}
    if offline:
        kernel |= {"pyodideUrl": "./static/pyodide/pyodide.js", "disablePyPIFallback": True}
    else:
        kernel |= {"pyodideUrl": usual_address()}
    page = {
        "appName": "optimlab",
        "disabledExtensions": ["@jupyterlab/extensionmanager-extension"],
        "litePluginSettings": {KERNEL: kernel},
    }
    lite = {"contents": ["files"], "apps": ["lab", "notebooks", "tree"], "no_sourcemaps": True}
    for name, content in {
        "jupyter-lite.json": {"jupyter-lite-schema-version": 0, "jupyter-config-data": page},
        "jupyter_lite_config.json": {"LiteBuildConfig": lite | {"no_unused_shared_packages": True}},
        "overrides.json": SETTINGS,
    }.items():
        (folder / name).write_text(json.dumps(content, indent=2), "utf-8")


def usual_address() -> str:
    """Where JupyterLite loads Pyodide from, in the version that the site is tested with."""
    (schema,) = JUPYTER.parent.parent.glob(f"share/jupyter/labextensions/{KERNEL.split(':')[0]}/static/schema/kernel*")
    address = json.loads(schema.read_text("utf-8"))["properties"]["pyodideUrl"]["default"]
    return re.sub(r"/v[\d.]+/", f"/v{VERSION}/", address)


def run(*command, cwd: Path | None = None) -> None:
    """A command that must succeed; what it printed is shown if it does not."""
    done = subprocess.run([*map(str, command)], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\nThe site could not be built: {' '.join(map(str, command))} failed.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--pyodide", type=Path, help="a folder with the files of Pyodide's release")
    chosen = parser.parse_args()
    build(chosen.target, chosen.pyodide)
    size = sum(path.stat().st_size for path in chosen.target.rglob("*") if path.is_file())
    print(f"{chosen.target}: {size / 1e6:.0f} MB, ready to be served")


if __name__ == "__main__":
    main()
