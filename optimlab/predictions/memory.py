"""What a learner has committed: known in this session, and kept in ``answers.json`` beside the notebook.

A plain file of the learner's own: {"predictions": [{name, when, answer, sure, came, right, after}, …]}. Each start of a
kernel begins anew, and what was committed before stays in the file. Where no file can be read or written, the session
alone knows.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

__all__ = ["FILE", "SESSION", "SHOWN", "Answers", "answers", "is_entry", "remember"]

FILE = Path("answers.json")
SESSION: dict[str, dict[str, Any]] = {}
"""{name: what was committed} since the kernel was started."""

SHOWN: set[str] = set()
"""The predictions of which this session has shown what came out: what is committed later is marked ``after``."""

TURN = Lock()  # JupyterLab may answer widgets from a second thread while a cell runs


class Answers(list):
    """What has been committed, the oldest first; it shows itself as a table."""

    def __repr__(self) -> str:
        if not self:
            return "No predictions yet."
        rows = [(e["name"], e["when"][:16].replace("T", " "), str(e["answer"]), mark(e.get("right"))) for e in self]
        return "\n".join(f"{name:6} {when}  {answer:8} {right}" for name, when, answer, right in rows)


def mark(right: bool | None) -> str:
    return "not observed yet" if right is None else "✓" if right else "not right"


def is_entry(entry: Any) -> bool:
    """Whether it is something that `remember` may have written."""
    texts = isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("name", "when"))
    return texts and isinstance(entry.get("answer"), str | int | float)


def remember(name: str, **entry: Any) -> None:
    """Add to what is known of a prediction, and write it down."""
    with TURN:
        known = SESSION.setdefault(name, {"name": name, "when": datetime.now().isoformat(timespec="milliseconds")})
        known.update(entry)
        with suppress(OSError, TypeError, ValueError):  # where nothing can be written, the session alone knows
            write(merged(read()))


def answers() -> Answers:
    """All that has been committed here, of earlier sessions too."""
    try:
        return Answers(merged(read()))
    except OSError:
        return Answers(SESSION.values())


def merged(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was kept, and what this session knows: all of it, should another kernel have written over a part."""
    mine = {(entry["name"], entry["when"]) for entry in SESSION.values()}
    return [*(entry for entry in kept if (entry["name"], entry["when"]) not in mine), *SESSION.values()]


def read() -> list[dict[str, Any]]:
    """The entries of the file. One that somebody has spoiled is put aside, not lost; one that can't be read raises."""
    try:
        text = FILE.read_text("utf-8-sig")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        text = ""
    try:
        found = json.loads(text)["predictions"]
        if all(map(is_entry, found)):
            return list(found)
    except (ValueError, TypeError, KeyError):
        found = []
    FILE.replace(FILE.with_suffix(f".{datetime.now():%Y%m%d%H%M%S%f}.json"))
    return [entry for entry in found if is_entry(entry)] if isinstance(found, list) else []


def write(entries: list[dict[str, Any]]) -> None:
    """Write the file whole or not at all."""
    draft = FILE.with_suffix(f".{os.getpid()}-{get_ident()}.tmp")
    text = json.dumps({"predictions": entries}, ensure_ascii=False, indent=1)
    draft.write_text(text, "utf-8")
    os.replace(draft, FILE)
