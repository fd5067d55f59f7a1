"""The set-up cell, the first code cell of every notebook: its text stands here and nowhere else.

``make notebooks`` and ``make slug`` write it into the cells tagged ``setup``.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Not %pip: JupyterLite rewrites such a line before it looks at the condition.
# --no-deps: all that optimlab needs is on Colab already, and nothing that Colab has loaded may change.
# An archive, not git+https: git would wait for a password where there is no such repository.
PUBLISHED = "https://github.com/{slug}/archive/HEAD.zip"
ONLINE = "it could not be downloaded; check the connection, then run this cell again."

# Not published yet: the newest wheel that was uploaded to the notebook's folder.
UPLOADED = "--no-index --find-links . optimlab"
UPLOAD = "upload the file that `make wheel` makes (folder pane), then run this cell again."

TEMPLATE = """\
# Set-up, the same in every notebook: at home `make lab` has installed optimlab, on Colab this cell does it.
import sys
from importlib.metadata import distributions

from IPython.utils.capture import capture_output

colab = "google.colab" in sys.modules
if colab and not [*distributions(name="optimlab")]:
    with capture_output():
        !{{sys.executable}} -m pip install -q --no-deps {source}
if [*distributions(name="optimlab")]:
    from optimlab.start import begin

    begin()
elif colab:
    print("No optimlab: {remedy}")
else:
    print("No optimlab: run `make lab` in the project's folder and open the notebook there.")"""


def current_slug(root: Path = ROOT) -> str:
    """The repository's ``owner/name``, from its one place in pyproject.toml."""
    urls = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["urls"]
    return urls["Repository"].removeprefix("https://github.com/")


def setup_cell(slug: str) -> str:
    """The cell's text for the repository ``owner/name``; one that GitHub can't have is not published yet."""
    source, remedy = (PUBLISHED, ONLINE) if is_published(slug) else (UPLOADED, UPLOAD)
    return TEMPLATE.format(source=source.format(slug=slug), remedy=remedy)


def is_published(slug: str) -> bool:
    """Whether GitHub admits the name: an owner has letters, digits and single hyphens, but no underscore."""
    return re.fullmatch(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[A-Za-z0-9._-]{1,100}", slug) is not None
