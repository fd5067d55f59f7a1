"""The site's front page: one card for each notebook, with a picture of one of its labs. No script, nothing to fetch."""

import base64
import html
import re
from pathlib import Path
from string import Template

from tools.notebooks import all_notebooks, covers, read
from tools.setup_cell import ROOT, current_slug, is_published

HERE = Path(__file__).parent
ROW = re.compile(
    r"^\| \[(?P<title>[^]]+)\]\(notebooks/(?P<file>[^)]+)\) \| (?P<learn>[^|]+) \| (?P<move>[^|]+) \|$", re.M
)
IMAGE = Template("""\
          <img src="pictures/$picture" width="$width" height="$height" alt="$alt" loading="lazy">
""")
SETTINGS = re.compile(r'<script id="jupyter-config-data"[^>]*>.*?</script>', re.DOTALL)
CARD = Template("""\
      <li>
        <a href="book/$page">
$image          <h2>$title</h2>
        </a>
        <p>$learn.</p>
        <p class="move"><b>You move:</b> $move.</p>
        <p class="code"><a href="notebooks/index.html?path=$file">with Python, to change the code</a></p>
      </li>""")


def write_index(site: Path) -> None:
    """``index.html`` and its pictures. What a notebook teaches stands in the README's table."""
    rows = {row["file"]: row for row in ROW.finditer((ROOT / "README.md").read_text("utf-8"))}
    (site / "pictures").mkdir()
    cards = [card(path, rows[path.name], site / "pictures") for path in all_notebooks()]
    slug = current_slug()
    source = f'<a href="https://github.com/{slug}">the source</a> · ' if is_published(slug) else ""
    # JupyterLite's apps read their settings out of the page that they find here.
    settings = SETTINGS.search((site / "index.html").read_text("utf-8"))[0]
    page = Template((HERE / "index.html").read_text("utf-8"))
    text = page.substitute(cards="\n".join(cards), source=source, settings=settings)
    (site / "index.html").write_text(text, "utf-8")


def card(path: Path, row: re.Match, pictures: Path) -> str:
    """A notebook's card, and its picture as a file, if it has one."""
    texts = {
        "file": path.name,
        "page": f"{path.stem}.html",
        "title": row["title"],
        "learn": row["learn"][0].upper() + row["learn"][1:],
        "move": row["move"],
    }
    images = "".join(image(path.stem, data, pictures) for data in covers(read(path)))
    return CARD.substitute({name: html.escape(text) for name, text in texts.items()}, image=images)


def image(stem: str, data: dict, pictures: Path) -> str:
    """A picture as a file, and what shows it."""
    png = base64.b64decode(data["image/png"])
    (pictures / f"{stem}.png").write_bytes(png)
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    alt = html.escape(f"A lab of the notebook: {data['text/plain'].splitlines()[0]}")
    return IMAGE.substitute(picture=f"{stem}.png", width=width, height=height, alt=alt)
