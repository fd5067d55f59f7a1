"""A Node for the JavaScript tests: the machine's, if it is new enough, else the one that Playwright brings.

``python -m tools.node --test …`` runs it with these arguments; tests ask ``find_node()``.
"""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

# From here on, a .js file with imports and exports is taken for the module that it is, without a package.json.
NEW_ENOUGH = "20.19, 22.7 or newer"
HOW_TO = f"The JavaScript tests need Node {NEW_ENOUGH}: install it, or pip install playwright, which brings one."


def find_node() -> str | None:
    """The path of a Node that is new enough, or None."""
    candidates = [shutil.which("node"), playwrights()]
    return next((path for path in candidates if path and is_new_enough(version(path))), None)


def found_node() -> str:
    """The path of a Node that is new enough; without one, the program ends with what to install."""
    path = find_node()
    if path is None:
        raise SystemExit(HOW_TO)
    return path


def playwrights() -> str | None:
    """The path of the Node that Playwright's driver runs on, or None."""
    if not (spec := find_spec("playwright")):
        return None
    driver = Path(spec.origin).parent / "driver"
    return next((str(path) for path in (driver / "node", driver / "node.exe") if path.exists()), None)


def version(path: str) -> tuple[int, int]:
    """What it calls itself; (0, 0) if it does not start."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    numbers = re.match(r"v(\d+)\.(\d+)", said)
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def is_new_enough(number: tuple[int, int]) -> bool:
    return (20, 19) <= number < (21, 0) or number >= (22, 7)


if __name__ == "__main__":
    sys.exit(subprocess.run([found_node(), *sys.argv[1:]]).returncode)
