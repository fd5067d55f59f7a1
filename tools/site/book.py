"""The book: each notebook as a plain page, with formulas that are typeset and labs that are alive without Python."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from optimlab.exercises import question
from optimlab.forms import FORMS
from optimlab.predictions import SURE, asked
from optimlab.quiz.questions import outcome, questions_of
from optimlab.stage.bundle import bundle
from optimlab.stage.page import as_json
from optimlab.whys import why_of
from tools.node import found_node
from tools.notebooks import WIDGET, all_notebooks, code_cells, outputs, read, setup_cells
from tools.setup_cell import ROOT, current_slug, is_published

from . import detective
from .alive import PAGE, run_alive

HERE = Path(__file__).parent / "book"
STAGE = ROOT / "optimlab" / "stage"
CHECK = re.compile(r'\bcheck\("(?P<name>[\d.]+)", answer\)')
FROM_HERE = "../../../optimlab/forms/"  # on the site all programs lie side by side
FORM = re.compile(r'^(?P<kind>predict|why|recall|inventory)\("(?P<name>[\w.]+)"\)$', re.MULTILINE)
ASKED = re.compile(r'\bcheck\("')
HEADING = re.compile(r'<h2 id="(?P<id>[^"]+)">(?P<html>.*?)</h2>', re.DOTALL)
NOTEBOOK = re.compile(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"')


def write_book(site: Path) -> None:
    """``book/``: a page for each notebook, its pictures and the data of its labs."""
    folder = site / "book"
    folder.mkdir()
    write_shared(folder)
    saved = {path: read(path) for path in all_notebooks()} | {detective.PATH: detective.notebook()}
    paths = list(saved)
    for notebook in saved.values():
        prepare_forms(notebook)
    with ThreadPoolExecutor(2) as pool:
        alive = dict(zip(paths, pool.map(run_alive, saved.values())))
    for path in paths:
        prepare(saved[path], alive[path], folder, path.stem)
    math = typeset(formulas(saved.values()))
    chapters = [chapter(path, saved[path]) for path in paths]
    for i, path in enumerate(paths):
        near = {"before": chapters[i - 1] if i else None, "next": chapters[i + 1] if i + 1 < len(paths) else None}
        python = {"file": path.name, "colab": colab(path)} if path != detective.PATH else {}
        book = chapters[i] | near | {"chapters": chapters} | python
        write_page(folder, saved[path], book, math)


def write_shared(folder: Path) -> None:
    """What all pages share: the program of the labs, and the styles."""
    (folder / "lab.js").write_text(bundle(STAGE / "page.js") + "\nexport { open };\n", "utf-8")
    for path in (HERE / "book.js", HERE / "answers.js", HERE / "foretell.js", *FORMS.glob("*.js")):
        (folder / path.name).write_text(path.read_text("utf-8").replace(FROM_HERE, "./"), "utf-8")
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "github-dark"))
    sheets = (STAGE / "page.css", STAGE / "stage.css", FORMS / "forms.css")
    styles = [path.read_text("utf-8") for path in sheets]
    colors = f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
    (folder / "book.css").write_text("\n".join([*styles, colors, (HERE / "book.css").read_text("utf-8")]), "utf-8")


def chapter(path: Path, notebook: NotebookNode) -> dict[str, str]:
    title = re.match(r"# (.+)", notebook.cells[0].source)
    assert title, f"{path.name} does not begin with its title"
    number = path.stem[:2] if path.stem[0].isdigit() else "play"
    return {"page": f"{path.stem}.html", "title": title[1], "number": number}


def colab(path: Path) -> str:
    slug = current_slug()
    return f"https://colab.research.google.com/github/{slug}/blob/main/notebooks/{path.name}" * is_published(slug)


# What a page needs to know of each cell


def prepare_forms(notebook: NotebookNode) -> None:
    """Forms in place of the cells that ask for an answer, a prediction or an explanation."""
    for cell in code_cells(notebook):
        if CHECK.search(cell.source) or ASKED.search(cell.source):
            prepare_exercise(cell)
        if found := FORM.search(cell.source):
            forms = FORMS_OF[found["kind"]](found["name"])
            cell.metadata.forms = [form | {"asks": json.dumps(form["asks"], ensure_ascii=False)} for form in forms]
            cell.outputs = []


def prepare(notebook: NotebookNode, alive: NotebookNode, folder: Path, stem: str) -> None:
    """Say in the metadata of cells and outputs what the template shows, and write the data of the labs."""
    count = 0
    for cell, run in zip(code_cells(notebook), code_cells(alive), strict=True):
        if "forms" in cell.metadata:  # run, for what it imports, but shown as a form
            continue
        carried = [output.data for output in run.outputs if "image/png" in output.get("data", {})]
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        for output, data in zip(pictures, carried, strict=True):
            output.metadata.size = size_of(output.data["image/png"])
            if PAGE in data:
                count += 1
                prepare_lab(output, data[PAGE], folder, f"{stem}-{count}")
            else:
                output.metadata["image/png"] = {"alt": data["text/plain"]}
    for output in outputs(notebook):
        output.get("data", {}).pop(WIDGET, None)
    setup = setup_cells(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell not in setup]


def size_of(png: str) -> list[int]:
    """Width and height of a picture in base 64."""
    head = base64.b64decode(png[:64])
    return [int.from_bytes(head[at : at + 4], "big") for at in (16, 20)]


def prepare_exercise(cell: NotebookNode) -> None:
    """A form for an answer that is a number or a letter; the others are answered with Python."""
    found = CHECK.search(cell.source)
    asks = question(found["name"]) if found else None
    if found and asks:
        hint = "a letter" if asks["kind"] == "choice" else "a number"
        cell.metadata.exercise = {"name": found["name"], "asks": json.dumps(asks, ensure_ascii=False), "hint": hint}
    else:
        cell.metadata.by_code = True
    cell.outputs = []


def prediction_form(name: str) -> list[dict[str, Any]]:
    return [{"kind": "predict", "name": name, "asks": asked(name) | {"levels": SURE}}]


def why_form(name: str) -> list[dict[str, Any]]:
    why = why_of(name)
    return [{"kind": "why", "name": name, "asks": why.as_dict()}] if why else []


def quiz_forms(place: str) -> list[dict[str, Any]]:
    """Questions that say at once what is right; only those before the course keep it to themselves."""

    def asks(name: str, question: Any) -> dict[str, Any]:
        said = {letter: outcome(name, letter)[0] for letter in question.letters} if place != "before" else {}
        return question.as_dict() | {"levels": SURE, "said": said}

    return [{"kind": "quiz", "name": name, "asks": asks(name, each)} for name, each in questions_of(place).items()]


FORMS_OF = {"predict": prediction_form, "why": why_form, "recall": quiz_forms, "inventory": quiz_forms}


def prepare_lab(output: NotebookNode, pages: list[dict[str, Any]], folder: Path, name: str) -> None:
    identity, shown = f"lab-{name.rsplit('-', 1)[1]}", []
    for i, page in enumerate(pages):
        letter = "abcdefghij"[i] if i else ""
        (folder / f"{name}{letter}.json").write_text(as_json(page["data"]), "utf-8")
        shown.append({"id": identity + letter, "src": f"{name}{letter}.json", **page})
    width, height = output.metadata.size
    output.metadata.lab = {
        "id": identity, "pages": shown, "alt": output.data["text/plain"], "width": width, "height": height,
    }  # fmt: skip


# Markdown with formulas


class Renderer(IPythonRenderer):
    """Markdown as HTML; `math(latex, display)` is what stands for a formula."""

    def __init__(self, math: Any):
        super().__init__(escape=False)
        self.math = math

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f'<h{level} id="{anchor(text)}">{text}</h{level}>\n'

    def block_math(self, body: str) -> str:
        return f'<div class="formula" tabindex="0">{self.math(body.strip(), True)}</div>\n'

    def inline_math(self, body: str) -> str:
        return self.math(body.strip(), False)


def anchor(heading: str) -> str:
    """What a link to a heading names."""
    return re.sub(r"\W+", "-", re.sub(r"<[^>]+>", "", heading)).strip("-").lower()


def render(text: str, math: Any) -> str:
    html = MarkdownWithMath(renderer=Renderer(math)).render(text)
    return NOTEBOOK.sub(r'href="\1.html\2"', html).replace("<table>", '<table tabindex="0">')


def formulas(notebooks: Any) -> list[tuple[str, bool]]:
    """All formulas of some notebooks, each once."""
    found: dict[tuple[str, bool], None] = {}

    def note(latex: str, display: bool) -> str:
        found[latex, display] = None
        return ""

    for notebook in notebooks:
        texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
        texts += [o.data["text/markdown"] for o in outputs(notebook) if "text/markdown" in o.get("data", {})]
        for text in texts:
            render(text, note)
    return list(found)


def typeset(formulas: list[tuple[str, bool]]) -> dict[tuple[str, bool], str]:
    """Each formula as MathML."""
    command = [found_node(), str(ROOT / "tools" / "js" / "mathml.js")]
    done = subprocess.run(command, input=json.dumps(formulas), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{done.stderr}\nThe formulas of the book could not be typeset.")
    return dict(zip(formulas, json.loads(done.stdout), strict=True))


class Book(HTMLExporter):
    """nbconvert's exporter, with formulas that are typeset already."""

    def __init__(self, math: dict[tuple[str, bool], str], **options: Any):
        super().__init__(template_name="book", extra_template_basedirs=[str(HERE.parent)], **options)
        self.math = math
        self.register_filter("markdown2html", lambda text: render(text, lambda *formula: math[formula]))


def write_page(folder: Path, notebook: NotebookNode, book: dict[str, Any], math: dict[tuple[str, bool], str]) -> None:
    exporter = Book(math)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = HEADING.finditer(render(text, lambda *formula: math[formula]))
    book["headings"] = [{"id": heading["id"], "html": heading["html"]} for heading in found]
    resources = {"book": book, "output_files_dir": "pictures", "unique_key": book["page"].removesuffix(".html")}
    html, extracted = exporter.from_notebook_node(notebook, resources)
    (folder / "pictures").mkdir(exist_ok=True)
    for name, content in extracted["outputs"].items():
        (folder / name).write_bytes(content)
    (folder / book["page"]).write_text(html.replace("<pre", '<pre tabindex="0"'), "utf-8")
