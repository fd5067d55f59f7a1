"""Text that somebody chose, in every place where it is shown: it is shown, and never run, parsed or left out."""

import html
import re
from dataclasses import dataclass

import pytest

from optimlab import Adam, Momentum, Optimizer, Surface, anatomy, dialects, gradient_lab, live_curves, race, ravine
from optimlab.knobs import knob
from optimlab.labs import lab as lab_module
from optimlab.labs.inputs import plain
from optimlab.labs.lifetime import parts_of
from optimlab.stage.twin import png

TEXTS = {
    "an element": "<img src=x onerror=alert(1)>",
    "the end of an attribute": '"><script>alert(1)</script>',
    "quotes": "it's \"so\" & 'so'",
    "mathematics": r"$\frac{a}$ costs $5",
    "an underscore": "_hidden",
    "from right to left": "שלום",
    "turned": "abc\u202edef",
    "emoji": "👩‍🔬 runs",
    "long": "x" * 300,
    "lines": "one\ntwo\x00\x1b[31m",
    "braces": "{x} {0} %s",
}
every_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def html_of(lab):
    return [part.value for part in parts_of(lab) if type(part).__name__ in ("HTML", "HTMLMath")]


def looked_at(lab):
    """The lab's picture drawn, and nothing in its HTML but elements of ours."""
    png(lab.figure())
    for value in html_of(lab):
        elements = set(re.findall(r"<\s*/?\s*([a-zA-Z]+)", value))
        assert elements <= {"span", "svg", "line", "bdi"}
        for tag in re.findall(r"<[^>]*>", value):
            assert not re.search(r"\son\w+\s*=", re.sub(r'"[^"]*"', "", tag))
    lab.close()


@pytest.mark.filterwarnings("error")
@every_text
def test_names_are_shown_as_they_are(text):
    lab = race(ravine(), [Momentum(0.01), Adam()], names=[text, "other"], steps=4)
    name = plain(text)
    assert any(html.escape(name) in value for value in html_of(lab))
    assert name in repr(lab)
    looked_at(lab)
    looked_at(live_curves([text], 3))


@pytest.mark.filterwarnings("error")
@every_text
def test_a_surface_and_its_formula_are_shown_as_they_are(text):
    surface = Surface(
        text, text, lambda x, y: x**2 + y**2, lambda x, y: (2 * x, 2 * y), ((0, 0),), (0.5, 0.5), ((-1, 1), (-1, 1))
    )
    looked_at(race(surface, Momentum(), steps=3))
    looked_at(gradient_lab(surface))
    looked_at(dialects(surface, "Adam", steps=3))


@pytest.mark.filterwarnings("error")
@every_text
def test_a_rule_with_any_symbol_class_name_and_formula(text):
    class Rule(Optimizer):
        mine: float = knob(0.5, text, text, low=0.1, high=1)

        def step(self, theta, grad, state, k):
            return theta - self.rate(k) * grad(theta), state

        formula = text

    Rule.__name__ = text.replace("\0", "")
    rule = dataclass(frozen=True, repr=False)(Rule)()
    looked_at(race(ravine(), rule, steps=3))
    looked_at(anatomy(ravine(), rule, steps=3))


def test_a_description_is_escaped_where_the_widgets_take_it_for_html(monkeypatch):
    monkeypatch.setattr(lab_module.widgets, "__version__", "7.7.1")
    assert lab_module.described("<b>") == "&lt;b&gt;"
    monkeypatch.setattr(lab_module.widgets, "__version__", "8.1.9")
    assert lab_module.described("<b>") == "<b>"


def test_what_cannot_be_seen_is_no_part_of_a_name():
    assert plain("a\n b\x00\u202ec") == "a b c"
    assert plain("\u200b\n") == "?"
