"""A page of the book to play on: riddles of every level, which go on for ever without Python."""

from __future__ import annotations

from pathlib import Path

import nbformat

from tools.notebooks import run, tidy

__all__ = ["PATH", "notebook"]

PATH = Path("detective.ipynb")
"""What the page is called after; there is no such file, for the page is made here."""

LEVELS = {
    "1 · Which η?": (
        "Gradient descent walked here. How long is its first step, and does it go to and fro? Each of the thick path's "
        "steps has its dot. Move your own path onto it, then press *That’s it*.",
        "from optimlab import GradientDescent, detective, ravine\n\n"
        "detective(ravine(kappa=10, angle=30), GradientDescent(lr=0.05), level=1, seed=1)",
    ),
    "2 · Which η, and which γ?": (
        "Momentum walked here. The first step tells η alone; how the swings die out tells γ.",
        "from optimlab import Momentum, detective, himmelblau\n\n"
        "detective(himmelblau(), Momentum(lr=0.005, gamma=0.5), level=2, seed=2)",
    ),
    "3 · Which optimizer?": (
        "Five suspects, each with its usual γ and β and a round η. Look at the first step, at the corners, at the end.",
        "from optimlab import detective, ravine\n\ndetective(ravine(kappa=10, angle=30), level=3, seed=3)",
    ),
    "4 · Which schedule?": (
        "Momentum with γ = 0.5 walked here, and η changed on the way. How, you do not see. When does the path slow "
        "down where the gradient alone would not?",
        "from optimlab import detective, ravine\n\ndetective(ravine(kappa=10, angle=30), level=4, seed=4)",
    ),
}
HEAD = (
    "# The detective\n\nA path, and nobody says what made it. Four kinds of riddles, each endless; up to 3 % of the "
    "size of the path apart counts as found. A link holds the riddle that you see, so a whole class can be given the "
    "same one. [03](03_advanced_optimizers.ipynb) and [04](04_learning_rate.ipynb) teach what there is to see."
)


def notebook() -> nbformat.NotebookNode:
    """The page as a notebook that has been run."""
    cells = [nbformat.v4.new_markdown_cell(HEAD)]
    for heading, (text, code) in LEVELS.items():
        cells += [nbformat.v4.new_markdown_cell(f"## {heading}\n\n{text}"), nbformat.v4.new_code_cell(code)]
    made = nbformat.v4.new_notebook(cells=cells)
    run(made)
    tidy(made)
    return made
