"""What is asked after a section, and what a good answer holds."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["Why", "known_whys", "why_of"]

NOTEBOOKS = tuple(sorted(path.stem[1:] for path in Path(__file__).parent.glob("n[0-9][0-9].py")))


@dataclass(frozen=True)
class Why:
    """A question to be answered in one sentence of one's own.

    Parameters
    ----------
    question : begins with "Why" or "How", about what the section has shown
    model : an answer in one or two sentences
    points : what it contains, two to four, to be ticked by who finds it in the own answer
    """

    question: str
    model: str
    points: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        return {"question": self.question, "model": self.model, "points": list(self.points)}


def whys_of(notebook: str) -> dict[str, Why]:
    return import_module(f".n{notebook}", __package__).WHYS if notebook in NOTEBOOKS else {}


def known_whys() -> list[str]:
    return [name for notebook in NOTEBOOKS for name in whys_of(notebook)]


def why_of(name: Any) -> Why | None:
    """The question of this name, or None."""
    return whys_of(name.split(".")[0]).get(name) if isinstance(name, str) else None
