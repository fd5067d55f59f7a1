"""What `make lab` opens: copies of the notebooks in ``work/``, so that what a learner writes meets no update.

Nothing that is there is overwritten. ``FRESH=1`` puts the copies into a folder with the date, and copies anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from tools.notebooks import all_notebooks
from tools.setup_cell import ROOT

WORK = ROOT / "work"
ORIGINS = ".origins.json"  # {name: the hash of the notebook that was copied}


def begin(work: Path = WORK, notebooks: list[Path] | None = None, fresh: bool = False, say: Callable = print) -> None:
    """Copy what is not there yet, and say what has changed since it was copied."""
    work.mkdir(exist_ok=True)
    sources = all_notebooks() if notebooks is None else notebooks
    if fresh:
        put_by(work, sources, say)
    origins = read_origins(work)
    changed = []
    for source in sources:
        copy, now = work / source.name, hashlib.sha256(source.read_bytes()).hexdigest()
        if not copy.exists():
            shutil.copyfile(source, copy)
            origins[source.name] = now
        elif origins.get(source.name) != now:
            changed.append(source.name)
    (work / ORIGINS).write_text(json.dumps(origins, indent=1), "utf-8")
    if changed:
        new = ", ".join(changed)
        say(f"Newer than your copy in {work.name}/: {new}. make lab FRESH=1 takes the new ones and keeps yours.")


def put_by(work: Path, sources: list[Path], say: Callable) -> None:
    """Move the copies into a folder of their own."""
    mine = [work / source.name for source in sources if (work / source.name).exists()]
    if not mine:
        return
    kept = work / f"before {datetime.now():%Y-%m-%d %H.%M.%S}"
    kept.mkdir()
    for copy in mine:
        copy.rename(kept / copy.name)
    say(f"Your copies are in {work.name}/{kept.name}/ now.")


def read_origins(work: Path) -> dict[str, str]:
    try:
        found = json.loads((work / ORIGINS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


if __name__ == "__main__":
    begin(fresh=os.environ.get("FRESH", "") not in ("", "0"))
