"""Typed formulas: their values by hand, what is refused and where, and that Python and JavaScript agree."""

import json
import math
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from optimlab import formula_grammar, formula_tokens
from optimlab.formula import Formula, FormulaError, parse
from optimlab.tape import OPERATIONS, record

CASES = json.loads(Path(__file__).with_name("formula_cases.json").read_text("utf-8"))
POINTS = np.array(CASES["points"])

BY_HAND = {
    "x^2 + 10 sin(y)^2": lambda x, y: x**2 + 10 * np.sin(y) ** 2,
    "|x| + abs(y)": lambda x, y: np.abs(x) + np.abs(y),
    "exp(-r²)": lambda x, y: np.exp(-(x**2) - y**2),
    "2xy": lambda x, y: 2 * x * y,
    "(1-x)^2 + 100(y-x^2)^2": lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    "√x": lambda x, y: np.sqrt(x),
    "√(x²+y²) - r": lambda x, y: 0 * x,
    "√|x| y": lambda x, y: np.sqrt(np.abs(x)) * y,
    "x²y³": lambda x, y: x * x * y * y * y,
    "x^2y^3": lambda x, y: x * x * y * y * y,
    "x⁻¹ + y⁻²": lambda x, y: 1 / x + 1 / (y * y),
    "π": lambda x, y: np.pi + 0 * x,
    "pi e - πe": lambda x, y: 0 * x,
    "-x^2": lambda x, y: -(x * x),
    "(-x)^2": lambda x, y: x * x,
    "−x² − –y": lambda x, y: y - x * x,
    "2^3^2": lambda x, y: 512 + 0 * x,
    "2^-x": lambda x, y: 1 / 2.0**x,
    "2^-x^2": lambda x, y: 1 / 2.0 ** (x * x),
    "x^2²": lambda x, y: x * x * x * x,
    "e^x sin y": lambda x, y: np.exp(x) * np.sin(y),
    "3e^-x y + 2^(x)y": lambda x, y: 3 * np.exp(-x) * y + 2**x * y,
    "sin x": lambda x, y: np.sin(x),
    "sinx": lambda x, y: np.sin(x),
    "xsin(y)": lambda x, y: x * np.sin(y),
    "sin 2x": lambda x, y: np.sin(2 * x),
    "sin 2πx cos y": lambda x, y: np.sin(2 * np.pi * x) * np.cos(y),
    "sin x^2": lambda x, y: np.sin(x * x),
    "sin(x)^2": lambda x, y: np.sin(x) * np.sin(x),
    "sin² 3x": lambda x, y: np.sin(3 * x) ** 2,
    "sin^2(x) y": lambda x, y: np.sin(x) ** 2 * y,
    "sin x/2": lambda x, y: np.sin(x) / 2,
    "sin(x) y": lambda x, y: np.sin(x) * y,
    "sin cos x": lambda x, y: np.sin(np.cos(x)),
    "sin |x|²": lambda x, y: np.sin(np.abs(x)) ** 2,
    "x - y - 1": lambda x, y: (x - y) - 1,
    "x - (y - 1)": lambda x, y: x - y + 1,
    "x / y / 2": lambda x, y: x / (y * 2),
    "x/2·y": lambda x, y: 0.5 * x * y,
    "x ÷ y × 3 ⋅ 2 · x * y": lambda x, y: 6 * x * x,
    "2x/3 + y": lambda x, y: 2 * x / 3 + y,
    "x**2**0.5": lambda x, y: x ** np.sqrt(2),
    "--x + +y": lambda x, y: x + y,
    "2·-x": lambda x, y: -2 * x,
    "½x² + ¼y - ¾": lambda x, y: x * x / 2 + y / 4 - 0.75,
    "2e-3x + 1.5e2 + .5 + 3.": lambda x, y: 0.002 * x + 153.5,
    "2e + 2ex": lambda x, y: 2 * np.e + 2 * np.e * x,
    "||x| - 1|": lambda x, y: np.abs(np.abs(x) - 1),
    "|x|y|y|": lambda x, y: np.abs(x) * y * np.abs(y),
    "2|x-1|(y+1)": lambda x, y: 2 * np.abs(x - 1) * (y + 1),
    "|(x)(y)|²": lambda x, y: x * x * y * y,
    "max(x, y, 1) - min(x, |y|)": lambda x, y: np.maximum(np.maximum(x, y), 1) - np.minimum(x, np.abs(y)),
    "min(max(x, 0), 1)": lambda x, y: np.clip(x, 0, 1),
    "r cos φ + r sin phi": lambda x, y: x + y,
    "r^3 - r⁴": lambda x, y: np.hypot(x, y) ** 3 - (x * x + y * y) ** 2,
    "tan x + asin(x/9) + acos(y/9) + atan y": lambda x, y: (
        np.tan(x) + np.arcsin(x / 9) + np.arccos(y / 9) + np.arctan(y)
    ),
    "sinh x + cosh y + tanh x": lambda x, y: np.sinh(x) + np.cosh(y) + np.tanh(x),
    "ln|x| + log(y²) + log2(8) + log10 (y^2)": lambda x, y: (
        np.log(np.abs(x)) + 2 * np.log(np.abs(y)) + 3 + 2 * np.log10(np.abs(y))
    ),
    "cbrt x + sqrt(y²)": lambda x, y: np.cbrt(x) + np.abs(y),
    "sign x + floor y + ceil(x) + round 2x": lambda x, y: np.sign(x) + np.floor(y) + np.ceil(x) + np.rint(2 * x),
    "arcsin(x/9) - asin(x/9) + arccos 0 + arctan 0": lambda x, y: np.pi / 2 + 0 * x,
    "20 + x² - 10 cos(2πx) + y² - 10 cos(2πy)": lambda x, y: (
        20 + x**2 - 10 * np.cos(2 * np.pi * x) + y**2 - 10 * np.cos(2 * np.pi * y)
    ),
    "-20 exp(-0.2 √(0.5 r²)) - exp(½(cos 2πx + cos 2πy)) + e + 20": lambda x, y: (
        -20 * np.exp(-0.2 * np.sqrt((x * x + y * y) / 2))
        - np.exp((np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
        + np.e
        + 20
    ),
    "x^0 + y^1": lambda x, y: 1 + y,
    "\tx\u00a0+\u2009y \n": lambda x, y: x + y,
    "1/(x - 0.5)": lambda x, y: 1 / (x - 0.5),
    "x^x": lambda x, y: x**x,
}


def by_hand(text):
    with np.errstate(all="ignore"):
        return BY_HAND[text](*POINTS.T)


# Values


def test_the_cases_that_both_languages_read_are_those_by_hand():
    assert [case["text"] for case in CASES["formulas"]] == list(BY_HAND)
    for case in CASES["formulas"]:
        np.testing.assert_allclose([float(v) for v in case["values"]], by_hand(case["text"]), rtol=1e-14)


@pytest.mark.parametrize("text", BY_HAND)
def test_a_formula_is_what_is_written(text):
    formula, wanted = parse(text), by_hand(text)
    np.testing.assert_allclose(formula(*POINTS.T), wanted, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose([formula(x, y) for x, y in POINTS.tolist()], wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("text", BY_HAND)
def test_its_tape_gives_its_values(text):
    tape = parse(text).tape()
    np.testing.assert_allclose(tape.run({"θ": POINTS})["rows"][..., 0], by_hand(text), rtol=1e-13, atol=1e-13)
    assert all(name in OPERATIONS for name, *_ in tape.as_dict()["operations"])


@pytest.mark.parametrize("text", BY_HAND)
def test_its_text_says_the_same_and_its_latex_is_latex(text):
    formula = parse(text)
    assert parse(str(formula)) == formula and str(parse(str(formula))) == str(formula)
    assert MathTextParser("path").parse(f"${formula.latex.replace('operatorname', 'mathrm')}$").width > 0


@pytest.mark.parametrize(
    "text, latex",
    {
        "x^2+10sin(y)^2": r"x^{2} + 10 \sin^{2}\left(y\right)",
        "-(x+1)/2": r"\frac{-\left(x + 1\right)}{2}",
        "(x/y)^2": r"\left(\frac{x}{y}\right)^{2}",
        "2·3·(x+1)": r"2 \cdot 3 \left(x + 1\right)",
        "exp(-r²)": r"e^{-r^{2}}",
        "exp(x)^2": r"\left(e^{x}\right)^{2}",
        "x-(y-1)": r"x - \left(y - 1\right)",
        "x-(-y)": r"x - \left(-y\right)",
        "|x| √y": r"\left|x\right| \sqrt{y}",
        "1e-7x": r"1 \cdot 10^{-7} x",
        "1e-7^x": r"\left(1 \cdot 10^{-7}\right)^{x}",
        "π φ": r"\pi \varphi",
        "max(x, floor(y))": r"\max\left(x, \left\lfloor y\right\rfloor\right)",
    }.items(),
)
def test_latex(text, latex):
    assert parse(text).latex == latex


def test_numbers_arrays_and_what_is_constant():
    formula = parse("x + 2y")
    assert formula(1, 2) == 5.0 and np.ndim(formula(1, 2)) == 0
    assert formula(np.zeros((3, 1)), np.ones(4)).tolist() == [[2.0] * 4] * 3
    assert parse("3").__call__(np.zeros((2, 2)), 0).tolist() == [[3, 3], [3, 3]]
    assert parse("x").__call__(1.0, np.zeros(2)).tolist() == [1, 1]
    single = np.ones(2, np.float32)
    assert parse("0.1 x^2 + sin y").__call__(single, single).dtype == np.float32
    with pytest.raises(ValueError, match="y must be numbers, got 'a'"):
        formula(1, "a")


def test_what_it_returns_is_its_own():
    x = np.zeros(3)
    parse("x").__call__(x, x)[:] = 1
    assert not x.any()


def test_two_formulas_are_equal_if_they_say_the_same():
    assert parse("2x y") == parse(" 2 * x·y") != parse("2(x y)")
    assert parse("x+1").source == "x+1" and repr(parse("x+1")) == "parse('x + 1')"
    assert pickle.loads(pickle.dumps(parse("x^2"))) == parse("x^2")


def test_it_can_be_recorded_as_part_of_something():
    formula = parse("exp(-r²)")
    tape = record(lambda v: {"L": 2 * formula(v["a"], v["b"] + 1)}, {"a": (), "b": ()})
    assert tape.run({"a": 0.5, "b": 1.0})["L"][0] == pytest.approx(2 * math.exp(-4.25), rel=1e-14)


def test_the_radius_squared_has_no_root():
    operations = [name for name, *_ in parse("exp(-r²) + r^2").tape().operations]
    assert operations == ["multiply", "multiply", "add", "negative", "exp", "add"]


# Formulas that nobody has written

UNARY = sorted({*formula_tokens.FUNCTIONS.values(), "negative"} - {"minimum", "maximum"})
BINARY = ["add", "subtract", "multiply", "divide", "power", "minimum", "maximum"]
LEAVES = st.sampled_from(["x", "y", "r", "φ", "π", "e"]) | st.floats(0, 1e300) | st.integers(0, 9).map(float)
TREES = st.recursive(
    LEAVES,
    lambda t: st.tuples(st.sampled_from(UNARY), t) | st.tuples(st.sampled_from(BINARY), t, t),
    max_leaves=12,
)


def listed(tree, nodes):
    """A tree as nodes, each after its parts."""
    if isinstance(tree, str | float):
        nodes.append(("name" if isinstance(tree, str) else "number", tree))
    else:
        parts = [listed(part, nodes) for part in tree[1:]]
        nodes.append((tree[0], *parts))
    return len(nodes) - 1


def value(tree, x, y):
    if isinstance(tree, float):
        return np.float64(tree)
    if isinstance(tree, str):
        return {"x": x, "y": y, "r": np.sqrt(x * x + y * y), "φ": np.arctan2(y, x), "π": np.pi, "e": np.e}[tree]
    return np.float64(getattr(np, tree[0])(*(value(part, x, y) for part in tree[1:])))


@given(TREES, st.tuples(*[st.floats(-5, 5)] * 2))
@example(("power", ("negative", "x"), ("negative", 2.0)), (3.0, 0.0))
@example(("subtract", "x", ("subtract", "x", ("negative", "y"))), (3.0, 2.0))
@example(("divide", "x", ("divide", "y", ("multiply", 2.0, "x"))), (3.0, 2.0))
@example(("power", ("power", "x", 2.0), ("power", 2.0, "y")), (3.0, 1.0))
@example(("multiply", 1e-7, ("negative", ("negative", "x"))), (3.0, 1.0))
def test_any_formula_survives_its_text(tree, point):
    nodes = []
    listed(tree, nodes)
    formula = Formula(tuple(nodes))
    if len(str(formula)) <= 400:
        assert parse(str(formula)).nodes == formula.nodes
    x, y = map(np.float64, point)
    with np.errstate(all="ignore"):
        if "r" not in str(tree).replace("arc", ""):  # r² is computed in a way of its own
            np.testing.assert_equal(formula(x, y), value(tree, x, y))
    tape = formula.tape().run({"θ": point})["rows"]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(tape[0], formula(x, y), rtol=1e-9, equal_nan=True)


# What is no formula


@pytest.mark.parametrize("case", CASES["mistakes"], ids=lambda case: ascii(case["text"]) + str(case.get("times", "")))
def test_a_mistake_is_shown_where_it_is(case):
    with pytest.raises(FormulaError) as caught:
        parse(case["text"] * case.get("times", 1))
    error = caught.value
    assert (error.at, error.sentence) == (case["at"], case["sentence"])
    first, line, caret = str(error).split("\n")
    assert first == error.sentence and len(line) <= 76
    pointed_at = line[len(caret) - 1 : len(caret)]
    wanted = error.text[error.at : error.at + 1]
    assert pointed_at in (wanted, "�") if len(error.text) < 72 else True
    assert error.sentence.isprintable() and str(error).encode()


def test_a_long_line_is_cut_around_the_mistake():
    with pytest.raises(FormulaError) as caught:
        parse("x + " * 40 + "foo" + " + x" * 40)
    _, line, caret = str(caught.value).split("\n")
    assert line.startswith("  …") and line.endswith("…") and line[len(caret) - 1 :].startswith("foo")


@pytest.mark.parametrize("text", [None, 3, b"x", ["x"], lambda x: x])
def test_only_texts_are_read(text):
    with pytest.raises(FormulaError, match="a formula must be a text, got"):
        parse(text)


def test_an_error_can_be_sent_elsewhere():
    with pytest.raises(ValueError) as caught:
        parse("x +")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.at, again.text) == (str(caught.value), 3, "x +")


@given(st.text() | st.text(alphabet="xyre2.·-+*/^()|√,² sincoπmax½", max_size=30))
def test_any_text_is_a_formula_or_a_mistake_with_a_place(text):
    try:
        formula = parse(text)
    except FormulaError as error:
        assert 0 <= error.at <= len(text)
    else:
        assert parse(str(formula)) == formula


@pytest.mark.parametrize(
    "text",
    ["x+" * 249 + "x", "x" * 500, "r^3φ" * 125, "1^" * 40 + "x", "-" * 40 + "x", "(" * 38 + "1+2*3^-x" + ")" * 38],
)
def test_what_is_as_long_or_as_deep_as_it_may_be_still_has_a_tape(text):
    formula = parse(text[:500])
    assert np.isfinite(formula.tape().run({"θ": [1.0, 0.0]})["rows"]).all()
    assert parse(str(formula)) == formula


def test_the_deepest_formula_fits_on_a_small_stack():
    text = "1+2*sin(3^(" * 13 + "x" + "))" * 13
    limit = sys.getrecursionlimit()
    frame, used = sys._getframe(), 0
    while frame:
        frame, used = frame.f_back, used + 1
    try:
        sys.setrecursionlimit(used + 350)
        parse(text)
    finally:
        sys.setrecursionlimit(limit)


def test_nothing_is_evaluated_as_code():
    for module in ("formula", "formula_grammar", "formula_tokens"):
        source = Path(formula_grammar.__file__).with_name(f"{module}.py").read_text("utf-8")
        assert not any(word in source for word in ("eval(", "exec(", "__import__", "import ast", " compile("))
