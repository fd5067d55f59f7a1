"""What a learner has answered: known in this session, and kept in ``answers.json`` beside the notebook.

A plain file of the learner's own, with a list for each kind of answer:

- "predictions": {name, when, answer, sure, came, right, after};
- "whys": {name, when, answer, ticked}, the sentence and which points of the model answer it contains;
- "exercises": {name, when, answer}, those that are solved.

Each start of a kernel begins anew, and what was answered before stays in the file. Where no file can be read or
written, the session alone knows.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock, get_ident
from typing import Any

__all__ = [
    "FILE",
    "KINDS",
    "KNOWN",
    "SESSION",
    "SHOWN",
    "Answers",
    "answers",
    "entries_of",
    "is_entry",
    "kept",
    "remember",
]

FILE = Path("answers.json")
KINDS = ("predictions", "whys", "exercises")
Entry = dict[str, Any]

KNOWN: dict[str, dict[str, Entry]] = {kind: {} for kind in KINDS}
"""{kind: {name: what was answered}} since the kernel was started."""

SESSION = KNOWN["predictions"]
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


def remember(name: str, kind: str = "predictions", **entry: Any) -> None:
    """Add to what is known of an answer, and write it down."""
    with TURN:
        known = KNOWN[kind].setdefault(name, {"name": name, "when": datetime.now().isoformat(timespec="milliseconds")})
        known.update(entry)
        with suppress(OSError, TypeError, ValueError):  # where nothing can be written, the session alone knows
            before = read()
            write({kind: merged(kind, before[kind]) for kind in KINDS})


def answers() -> Answers:
    """All that has been predicted here, in earlier sessions too."""
    return Answers(kept("predictions"))


def kept(kind: str) -> list[Entry]:
    """All answers of a kind, of earlier sessions too, the oldest first."""
    try:
        return merged(kind, read()[kind])
    except OSError:
        return list(KNOWN[kind].values())


def merged(kind: str, before: list[Entry]) -> list[Entry]:
    """What was kept, and what this session knows: all of it, should another kernel have written over a part."""
    now = KNOWN[kind].values()
    mine = {(entry["name"], entry["when"]) for entry in now}
    return [*(entry for entry in before if (entry["name"], entry["when"]) not in mine), *now]


def read() -> dict[str, list[Entry]]:
    """The entries of the file. One that somebody has spoiled is put aside, not lost; one that can't be read raises."""
    try:
        text = FILE.read_text("utf-8-sig")
    except FileNotFoundError:
        text = '{"predictions": []}'
    except UnicodeDecodeError:
        text = ""
    found, whole = entries_of(text)
    if not whole:
        FILE.replace(FILE.with_suffix(f".{datetime.now():%Y%m%d%H%M%S%f}.json"))
    return found


def entries_of(text: str) -> tuple[dict[str, list[Entry]], bool]:
    """{kind: entries} of a file's text, and whether all in it could be read."""
    try:
        found = json.loads(text)
        lists = [found["predictions"], *(found.get(kind, []) for kind in KINDS[1:])]
    except (ValueError, TypeError, KeyError, AttributeError):
        lists = [None] * len(KINDS)
    usable = [[entry for entry in each if is_entry(entry)] if isinstance(each, list) else [] for each in lists]
    return dict(zip(KINDS, usable, strict=True)), usable == lists


def write(entries: dict[str, list[Entry]]) -> None:
    """Write the file whole or not at all."""
    draft = FILE.with_suffix(f".{os.getpid()}-{get_ident()}.tmp")
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    draft.write_text(text, "utf-8")
    os.replace(draft, FILE)
