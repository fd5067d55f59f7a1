"""Write the answers of all predictions into docs/teaching.md, as the notebooks compute them: make answers."""

from __future__ import annotations

import re
from pathlib import Path

from optimlab.predictions.prediction import known_predictions, prediction_of
from tools.notebooks import all_notebooks, outputs, read
from tools.setup_cell import ROOT

GUIDE = ROOT / "docs" / "teaching.md"
PLACE = re.compile(r"<!-- answers (\d\d) -->\n.*?<!-- end -->", re.DOTALL)
SAVED = re.compile(r"^([\d.]+), without a prediction: (.*)$", re.MULTILINE)


def came_out(paths: list[Path]) -> dict[str, str]:
    """{prediction: what came out}, as the saved outputs say."""
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for path in paths for o in outputs(read(path))]
    return dict(SAVED.findall("\n".join(texts)))


def filled(guide: str, paths: list[Path]) -> str:
    """The guide with the answers of today."""
    came = came_out(paths)

    def answers(place: re.Match[str]) -> str:
        names = [name for name in known_predictions() if name.startswith(f"{place[1]}.")]
        rows = [f"| {name} | {question(name)} | {came[name]} |" for name in names]
        table = "\n".join(["| | asked | came out |", "|---|---|---|", *rows])
        head = f"<details><summary>The answers of {place[1]}, as the notebook computes them</summary>"
        return f"<!-- answers {place[1]} -->\n{head}\n\n{table}\n\n</details>\n<!-- end -->"

    return PLACE.sub(answers, guide)


def question(name: str) -> str:
    prediction = prediction_of(name)
    return prediction.question.replace("|", "\\|") if prediction else ""


def main() -> None:
    GUIDE.write_text(filled(GUIDE.read_text("utf-8"), all_notebooks()), "utf-8")


if __name__ == "__main__":
    main()
