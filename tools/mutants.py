"""Mutants: faults put into a copy of the package one at a time, to see whether the tests notice.

``make mutants``: the table of hand-written ones, and ``COUNT`` drawn from each module by ``SEED``. A mutant that lives
is printed with its line: either a test is missing, or nobody could see the fault. By hand or weekly, not in CI.
"""

from __future__ import annotations

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COUNT, SEED = int(os.environ.get("COUNT", 8)), int(os.environ.get("SEED", 0))
NEEDED = ("optimlab", "tests", "tools", "notebooks", "pyproject.toml", "README.md", "Makefile", "CHANGELOG.md")

# Module of the package -> the test files that should notice.
TESTED = {
    "surfaces.py": "test_surfaces", "problems.py": "test_problems", "descent.py": "test_descent test_protocol",
    "schedules.py": "test_schedules", "clipping.py": "test_networks", "knobs.py": "test_knobs test_optimizers",
    "checks.py": "test_fuzz test_knobs", "returned.py": "test_mistakes", "losses.py": "test_protocol test_mistakes",
    "networks.py": "test_networks", "training.py": "test_networks test_lesson_labs test_protocol",
    "noise.py": "test_noise", "optimizers/momentum.py": "test_optimizers test_oracles test_theory",
    "optimizers/adam.py": "test_optimizers test_oracles test_nested_oracles test_protocol",
    "optimizers/adaptive.py": "test_optimizers test_oracles test_nested_oracles test_protocol",
    "optimizers/around.py": "test_nested_oracles test_protocol", "optimizers/layerwise.py": "test_nested_oracles",
    "stage/twin.py": "test_figures test_labs", "stage/scene.py": "test_stage test_figures",
    "stage/widget.py": "test_stage test_labs", "labs/race.py": "test_labs", "labs/map.py": "test_map test_labs",
    "labs/sources.py": "test_labs test_map", "labs/panels.py": "test_labs test_figures",
    "labs/lab.py": "test_labs test_stage", "labs/lifetime.py": "test_lifetime", "labs/depth.py": "test_lesson_labs",
    "labs/saddle.py": "test_lesson_labs", "exercises/__init__.py": "test_exercises",
    "exercises/n02.py": "test_exercises", "exercises/n04.py": "test_exercises", "noise_ball.py": "test_noise_ball",
    "labs/noise.py": "test_noise_ball test_labs", "tape.py": "test_tape test_travel", "labs/travel.py": "test_travel",
    "stage/page.py": "test_saving", "labs/saving.py": "test_saving",
}  # fmt: skip

# Faults that once lived through all tests, and their like: file, text, what it becomes.
BY_HAND = [
    ("stage/twin.py", "axes.contourf(x, y, grid,", "axes.contourf(x, y, grid[::-1],"),
    ("stage/twin.py", '    if panel.y_log:\n        axes.set_yscale("log")\n', ""),
    ("stage/twin.py", "(i / count) ** power", "(i / count)"),
    ("stage/twin.py", "k = scene.steps if k is None else k", "k = 0"),
    ("labs/race.py", 'Control(f"{run.id} {name}"', 'Control(f"{runs[0].id} {name}"'),
    ("exercises/__init__.py", "    if not np.isfinite(value):\n", "    if False:\n"),
    ("exercises/__init__.py", "if letter == right:", "if right in letter:"),
    ("exercises/n02.py", "if excess <= TARGET:", "if excess <= 10 * TARGET:"),
    ("stage/field.js", "const row = height - 1 - r;", "const row = r;"),
    ("stage/field.js", "((i + 1) / count) ** power", "(i + 1) / count"),
    ("stage/field.js", "((height - 1 - r + 0.5) / height)", "((r + 0.5) / height)"),
    ("stage/numbers.js", "return log ? (Math.log(value)", "return false ? (Math.log(value)"),
    ("stage/numbers.js", "Math.abs(log ? Math.log(x / value) : x - value)", "Math.abs(x - value)"),
    ("stage/controls.js", "short(Number.isFinite(value) ? value + run.minimum : Infinity)", "short(value)"),
    ("stage/controls.js", "while (settled > 0 && rows.at(settled - 1, channel) <= (run.tolerance ?? 0)) settled--;",
     "settled = 0; while (settled < rows.rows && !(rows.at(settled, channel) <= (run.tolerance ?? 0))) settled++;"),
    ("stage/store.js", "if (place !== this.place(name, this.values[name]))", "if (true)"),
    ("stage/store.js", "if (this.heard[name] !== count) this.set(name, value);", "this.set(name, value);"),
    ("stage/store.js", "(whole && value !== Math.round(value))", "false"),
]  # fmt: skip

FLIPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def mutants_of(source: str) -> Iterator[tuple[int, str]]:
    """(line, mutant) for each place where a comparison, a sign, a number or a `not` can be wrong."""
    size = sum(1 for _ in ast.walk(ast.parse(source)))
    for place in range(size):
        tree = ast.parse(source)
        node = list(ast.walk(tree))[place]
        if isinstance(node, ast.Compare) and type(node.ops[0]) in FLIPS:
            node.ops[0] = FLIPS[type(node.ops[0])]()
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in FLIPS:
            node.op = FLIPS[type(node.op)]()
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            node.op = ast.UAdd()
            node.operand = ast.Call(ast.Name("bool", ast.Load()), [node.operand], [])
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            node.value = node.value + 1
        else:
            continue
        yield node.lineno, ast.unparse(ast.fix_missing_locations(tree))


def noticed(copy: Path, tests: str) -> bool:
    """Whether the tests fail; or never end."""
    if tests == "js":
        files = sorted(map(str, (copy / "tests/js").glob("*.test.js")))
        command = [sys.executable, "-m", "tools.node", "--test", *files]
    else:
        files = [f"tests/{name}.py" for name in tests.split()]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    try:
        return subprocess.run(command, cwd=copy, capture_output=True, timeout=300).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def tried(copy: Path, file: str, mutant: str, tests: str) -> bool:
    """Whether a mutant of a file is noticed; the file is whole again afterwards."""
    path = copy / "optimlab" / file
    whole = path.read_text("utf-8")
    try:
        path.write_text(mutant, "utf-8")
        return noticed(copy, tests)
    finally:
        path.write_text(whole, "utf-8")


def by_hand(copy: Path) -> list[tuple[str, int, str]]:
    """(file, line, mutant) for each of `BY_HAND`."""
    found = []
    for path, old, new in BY_HAND:
        text = (copy / "optimlab" / path).read_text("utf-8")
        assert old in text, f"no longer in {path}: {old}"
        found.append((path, text[: text.index(old)].count("\n") + 1, text.replace(old, new)))
    return found


def drawn(copy: Path, file: str, chance: random.Random) -> list[tuple[str, int, str]]:
    """(file, line, mutant) for `COUNT` places of a module."""
    every = list(mutants_of((copy / "optimlab" / file).read_text("utf-8")))
    return [(file, line, text) for line, text in chance.sample(every, min(COUNT, len(every)))]


def main() -> int:
    chance, score, lived = random.Random(SEED), [], []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in NEEDED:
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
        for file in sys.argv[1:] or [*TESTED, "by hand"]:
            todo = by_hand(copy) if file == "by hand" else drawn(copy, file, chance)
            left = [
                f"{path}:{line}"
                for path, line, text in todo
                if not tried(copy, path, text, "js" if path.endswith(".js") else TESTED[path])
            ]
            print(f"{file:28} {len(todo) - len(left)} of {len(todo)}", *left, flush=True)
            score.append((len(todo) - len(left), len(todo)))
            lived += left
    print(f"noticed: {sum(k for k, _ in score)} of {sum(n for _, n in score)}")
    print("not noticed:", *lived or ["none"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
