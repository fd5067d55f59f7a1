"""Write the repository's name wherever it belongs: ``make slug REPO=owner/name``.

Its one place is ``[project.urls]`` in pyproject.toml; badges, citation and the set-up cells repeat it.
"""

import re
import sys
from pathlib import Path

from tools.notebooks import read, write, write_setup_cell
from tools.setup_cell import ROOT, current_slug, is_published

FILES = ("*.toml", "*.md", "*.cff", ".github/**/*.yml", "notebooks/*.ipynb")


def rename(new: str, root: Path = ROOT) -> list[Path]:
    """Replace the current slug by the new one; returns the files that changed."""
    old, changed = current_slug(root), []
    names = ((old, new), (site_of(old), site_of(new)))
    for path in sorted(path for pattern in FILES for path in root.glob(pattern)):
        before = path.read_bytes()
        text = before.decode("utf-8")
        for name, other in names:
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", other, text)
        path.write_bytes(text.encode("utf-8"))
        if path.suffix == ".ipynb":
            notebook = read(path)
            write_setup_cell(notebook, new)
            write(path, notebook)
        if path.read_bytes() != before:
            changed.append(path)
    return changed


def site_of(slug: str) -> str:
    """Where GitHub Pages serves a repository's site."""
    owner, name = slug.split("/")
    return f"{owner}.github.io/{name}"


def main(arguments: list[str]) -> int:
    new = arguments[0] if arguments else ""
    if not is_published(new):
        print(f"The repository's name is owner/name as on GitHub, got {new!r}: make slug REPO=owner/name")
        return 1
    for path in rename(new):
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
