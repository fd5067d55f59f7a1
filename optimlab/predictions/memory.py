"""What a learner has committed: known in this session, and kept in ``answers.json`` beside the notebook.

A plain file of the learner's own: {"predictions": [{name, answer, sure, when, came, right}, …]}. Each start of a kernel
begins anew, and what was committed before stays in the file. Where no file can be written, the session alone knows.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["FILE", "SESSION", "Answers", "answers", "remember"]

FILE = Path("answers.json")
EMPTY = dict.fromkeys(("sure", "came", "right"))
SESSION: dict[str, dict[str, Any]] = {}
"""{name: what was committed} since the kernel was started."""


class Answers(list):
    """What has been committed, the oldest first; it shows itself as a table."""

    def __repr__(self) -> str:
        if not self:
            return "No predictions yet."
        rows = [(e["name"], e["when"][:16].replace("T", " "), str(e["answer"]), mark(e.get("right"))) for e in self]
        return "\n".join(f"{name:6} {when}  {answer:8} {right}" for name, when, answer, right in rows)


def mark(right: bool | None) -> str:
    return "not observed yet" if right is None else "✓" if right else "not right"


def remember(name: str, **entry: Any) -> None:
    """Add to what is known of a prediction, and write it down."""
    known = SESSION.setdefault(name, {"name": name, "when": datetime.now().isoformat(timespec="seconds")})
    known.update(entry)
    kept = [other for other in answers() if (other["name"], other["when"]) != (name, known["when"])]
    write([*kept, known])


def answers() -> Answers:
    """All that has been committed here, of earlier sessions too."""
    try:
        found = json.loads(FILE.read_text("utf-8"))["predictions"]
        return Answers({**EMPTY, **entry} for entry in found if {"name", "when", "answer"} <= entry.keys())
    except OSError:
        pass
    except (ValueError, TypeError, KeyError, AttributeError):  # somebody has edited it: it is put aside, not lost
        put_aside()
    return Answers(SESSION.values())


def put_aside() -> None:
    with suppress(OSError):
        FILE.replace(FILE.with_suffix(f".{datetime.now():%Y%m%d%H%M%S}.json"))


def write(entries: list[dict[str, Any]]) -> None:
    """Write the file whole or not at all."""
    draft = FILE.with_suffix(".tmp")
    with suppress(OSError):  # where nothing can be written, the session alone knows
        draft.write_text(json.dumps({"predictions": entries}, ensure_ascii=False, indent=1), "utf-8")
        os.replace(draft, FILE)
