"""The book's parts that need no browser: verdicts, formulas, words for pictures, what a notebook becomes."""

import json
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from optimlab import Momentum, check, digits, overfit_lab, race, ravine, training_lab
from optimlab.exercises import exercises_of, known_exercises, question
from optimlab.networks import Network
from optimlab.optimizers import Adam
from tools.node import found_node
from tools.site import alive, book

ANSWERS = Path(__file__).parent / "js" / "answers.js"
TEXTS = [
    "",
    " b ",
    "(C).",
    "A",
    "z",
    "abc",
    "0,5",
    "−3",
    "1e3",
    "7 8",
    "0",
    "-0.001",
    "nan",
    "12,5",
    "Keras",
    "pytorch",
    "constructor",
    "−1e−3",
    "0x1",
    "1.5.2",
]


def asked():
    return {name: asks for name in known_exercises() if (asks := question(name))}


def test_some_exercises_of_either_kind_can_be_answered_without_python():
    assert {asks["kind"] for asks in asked().values()} == {"number", "choice"}
    assert len(asked()) >= 8


def test_the_book_says_of_every_answer_what_check_says():
    cases = []
    for name, asks in asked().items():
        exercise = exercises_of(name)[name]
        mine = [str(exercise.solution), str(exercise.wrong)]
        if asks["kind"] == "number":
            mine += [repr(asks[end] + by) for end in ("low", "high") for by in (-1e-6, 0.0, 1e-6)]
        cases += [(name, asks, text) for text in mine + TEXTS]
    answered = subprocess.run(
        [found_node(), str(ANSWERS)],
        input=json.dumps([(asks, text) for _, asks, text in cases]),
        capture_output=True,
        text=True,
        check=True,
    )
    for (name, _, text), said in zip(cases, json.loads(answered.stdout), strict=True):
        expected = str(check(name, text or None))
        if "single number" in expected or "finite number" in expected:
            assert "The answer should be a single number" in said
        else:
            assert said == expected, (name, text)


def test_markdown_becomes_html_with_its_formulas_in_their_places():
    seen = []

    def math(latex, display):
        seen.append((latex, display))
        return f"<math>{len(seen)}</math>"

    html = book.render(
        "Costs $\\eta$, not \\$5.\n\n$$a_i = b$$\n\n[03](03_x.ipynb#a) and [05](05_challenges.ipynb)", math
    )
    assert seen == [("\\eta", False), ("a_i = b", True)]
    assert "Costs <math>1</math>, not $5." in html
    assert '<div class="formula" tabindex="0"><math>2</math></div>' in html
    assert '<h2 id="1-what-η-does">1 · What <b>η</b> does</h2>' in book.render("## 1 · What <b>η</b> does", math)
    assert 'href="03_x.html#a"' in html and 'href="05_challenges.html"' in html


def test_what_python_alone_computes_quickly_is_offered_and_what_trains_is_not():
    assert alive.offered(race(ravine(), [Momentum()], steps=5)) == []  # all of it travels
    network, data = Network((64, 4, 10)), digits(40)
    assert alive.offered(overfit_lab(network, data, Adam(), epochs=1)) == ["L2", "weight decay", "dropout"]
    assert alive.offered(training_lab(network, data, [Adam()], epochs=1)) == []


def test_only_the_cells_that_a_picture_needs_are_run(monkeypatch):
    new = nbformat.v4.new_code_cell
    picture = nbformat.v4.new_output("display_data", {"image/png": ""})
    sources = ["import a", "%magic\nb = a.c(1)", "d = 2", "for x in b: e = x", "f = d", "show(b)"]
    notebook = nbformat.v4.new_notebook(cells=[new(source) for source in sources])
    notebook.cells[-1].outputs = [picture]
    ran = []
    monkeypatch.setattr(alive, "run", lambda copied: ran.extend(cell.source for cell in copied.cells[1:]))
    assert alive.run_alive(notebook).cells[0].source == sources[0]
    assert ran == [*sources[:2], "", "", "", sources[-1]]


def test_a_figure_is_told_in_words():
    figure, (left, right) = plt.subplots(1, 2)
    left.plot([1, 2], label="train")
    left.plot([2, 1], label="test")
    left.set(title="losses", xlabel="epoch", ylabel="loss")
    right.set(title="pixels")
    assert alive.words(figure) == "Figure: losses: loss against epoch (train, test); pixels"
    plt.close(figure)


@pytest.mark.parametrize("size", [(640, 480), (1400, 300)])
def test_the_size_of_a_picture_is_read_from_its_first_bytes(size):
    import base64
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", size).save(file, "png")
    assert book.size_of(base64.b64encode(file.getvalue()).decode()) == list(size)
