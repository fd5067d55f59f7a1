"""Many learners' answers as one table: ``python -m optimlab.predictions handed_in --to table.csv``.

In a folder, each ``answers*.json`` is one learner's; the learner is called as the folders that lead to it, or as the
file if it lies in the folder itself (``answers_ada.json`` is ada's). Of several tries at one question the first one
counts, and none that was committed when the answer had been shown.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..memory import is_entry
from ..quiz.questions import question_of
from .prediction import SURE, Choice, prediction_of

COLUMNS = ("learner", "prediction", "answer", "sure", "came", "right", "when")


def learners(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(name, what was committed) for each file; what cannot be read is told on standard error."""
    for path in sorted(folder.rglob("answers*.json")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):  # Jupyter's own copies
            continue
        name = inside.parent.as_posix() if len(inside.parts) > 1 else path.stem.removeprefix("answers").strip("_- .")
        try:
            entries = json.loads(path.read_text("utf-8-sig"))["predictions"]
            kept = [entry for entry in entries if is_entry(entry)]
        except (OSError, ValueError, TypeError, KeyError):
            print(f"{path} is no file of answers: left out", file=sys.stderr)
            continue
        if len(kept) < len(entries):
            print(f"{path}: {len(entries) - len(kept)} entries are no answers: left out", file=sys.stderr)
        yield plain(name or path.stem), kept


def rows(folder: Path) -> list[dict[str, Any]]:
    """A row for each learner and prediction."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for learner, entries in learners(folder):
        for entry in sorted(entries, key=lambda entry: entry["when"]):
            if entry.get("after"):  # committed when it had been shown
                continue
            values = (
                learner,
                plain(entry["name"]),
                entry["answer"],
                entry.get("sure"),
                entry.get("came"),
                entry.get("right"),
            )
            found.setdefault((learner, entry["name"]), dict(zip(COLUMNS, (*values, entry["when"]), strict=True)))
    return list(found.values())


def summary(table: list[dict[str, Any]]) -> str:
    """For each prediction how many were right, how many of those who were certain, and the usual wrong answer."""
    of = defaultdict(list)
    for row in table:
        of[row["prediction"]].append(row)
    lines = [f"{'':7} {'right':>9} {'certain':>9}   most wrong answers"]
    for name, answered in sorted(of.items(), key=lambda item: order(item[0])):
        judged = [row for row in answered if row["right"] is not None]
        certain = [row for row in judged if row["sure"] == len(SURE) - 1]
        wrong = Counter(row["answer"] for row in judged if not row["right"])
        parts = f"{share(judged):>9} {share(certain):>9}"
        lines.append(f"{name:7} {parts}   {told(name, *wrong.most_common(1)[0]) if wrong else ''}".rstrip())
    return "\n".join(lines)


def drawn(table: list[dict[str, Any]]) -> Any:
    """A bar for each question: how many were right, and how many chose each of the wrong answers."""
    from matplotlib.figure import Figure  # the table needs it not

    judged = [row for row in table if row["right"] is not None]
    names = sorted({row["prediction"] for row in judged}, key=order)
    figure = Figure(figsize=(9, 1.2 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate(names):
        answers = Counter("✓" if row["right"] else str(row["answer"]) for row in judged if row["prediction"] == name)
        left = 0
        for answer, count in sorted(answers.items(), key=lambda item: (item[0] != "✓", item[0])):
            color = "#009E73" if answer == "✓" else "#E69F00"
            axes.barh(place, count, left=left, color=color, edgecolor="white")
            axes.text(left + count / 2, place, plain(answer), ha="center", va="center", fontsize=7, parse_math=False)
            left += count
    axes.set_yticks(range(len(names)), [plain(name) for name in names], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("learners: right (✓), and each wrong answer")
    return figure


def order(name: str) -> list[tuple[bool, int, str]]:
    """Numbers by their size, before words."""
    return [(not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in name.split(".")]


def plain(text: str) -> str:
    """Without what a terminal would take for a command."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def share(judged: list[dict[str, Any]]) -> str:
    return f"{sum(bool(row['right']) for row in judged)} of {len(judged)}"


def told(name: str, answer: Any, count: int) -> str:
    """The wrong answer, in the question's own words if they are still known."""
    prediction = prediction_of(name) or question_of(name)
    known = isinstance(prediction, Choice) and prediction.takes(answer) is None
    return f"{count} × {prediction.told(answer) if prediction and known else plain(str(answer))}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m optimlab.predictions", description=__doc__.split("\n")[0])
    parser.add_argument(
        "folder", type=Path, help="where the learners' answers*.json are, in folders of their own or not"
    )
    parser.add_argument("--to", type=Path, help="the table to write, as CSV")
    parser.add_argument("--picture", type=Path, help="the picture to write: right and wrong answers to each question")
    chosen = parser.parse_args(arguments)
    if not chosen.folder.is_dir():
        parser.error(f"there is no folder {chosen.folder}")
    table = rows(chosen.folder)
    if not table:
        parser.error(f"no answers*.json with predictions in {chosen.folder}")
    if chosen.to:
        with chosen.to.open("w", newline="", encoding="utf-8-sig") as file:  # so that spreadsheets read it as UTF-8
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({key: harmless(value) for key, value in row.items()} for row in table)
    if chosen.picture:
        drawn(table).savefig(chosen.picture)
    print(f"{len({row['learner'] for row in table})} learners, {len(table)} predictions")
    print(summary(table))
    return 0


def harmless(value: Any) -> Any:
    """A text that a spreadsheet takes for a formula is none."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value


if __name__ == "__main__":
    sys.exit(main())
