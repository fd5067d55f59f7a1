"""Pyodide's own files for a site that must not ask any other host, each checked against ``pyodide.sha256``.

The hashes are those of Pyodide 0.27.7: of its npm package, and of its lock file there.
"""

import hashlib
import json
import shutil
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LOCK = "pyodide-lock.json"


def copy_pyodide(source: Path, target: Path) -> None:
    """Copy what the notebooks need from a folder with Pyodide's release, and nothing that is not Pyodide's."""
    target.mkdir(parents=True)
    hashes = pinned()
    for name, expected in hashes.items():
        if not (source / name).is_file():
            raise SystemExit(f"{source} has no {name}: it must be the folder of Pyodide 0.27.7's full release")
        if digest(source / name) != expected:
            raise SystemExit(f"{source / name} is not the file of Pyodide 0.27.7: its SHA-256 is another one")
        shutil.copy(source / name, target / name)
    write_lock(source / LOCK, target / LOCK, hashes)


def write_lock(source: Path, target: Path, hashes: dict) -> None:
    """Pyodide's list of packages, less those that are not here."""
    lock = json.loads(source.read_text("utf-8"))
    here = {key: package for key, package in lock["packages"].items() if package["file_name"] in hashes}
    if any(package["sha256"] != hashes[package["file_name"]] for package in here.values()):
        raise SystemExit(f"{source} is not the list of Pyodide 0.27.7: it names other files")
    target.write_text(json.dumps(lock | {"packages": here}), "utf-8")


def pinned() -> dict:
    """{file: SHA-256}"""
    lines = (HERE / "pyodide.sha256").read_text("utf-8").splitlines()
    return {name: value for value, name in map(str.split, lines)}


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def unpack(wheel: Path, target: Path) -> None:
    """The files of Pyodide that somebody else's wheel carries."""
    wanted = {*pinned(), LOCK}
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            path = Path(info.filename)
            if path.parent.name == "pyodide" and path.name in wanted:
                target.mkdir(parents=True, exist_ok=True)
                (target / path.name).write_bytes(archive.read(info))


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
