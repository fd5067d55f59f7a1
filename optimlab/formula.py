r"""A formula that somebody has typed, such as ``x^2 + 10 sin(y)^2``: read by a grammar of its own, never run as code.

A `Formula` can be called with numbers and arrays, and with what `optimlab.tape` records. What may be written is told
in `optimlab.formula_grammar`; the names are x, y, r = √(x² + y²), φ = the angle of (x, y), π, e, and functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .checks import check_numbers, told
from .formula_grammar import BINDING, NEGATIVE, Node, nodes_of
from .formula_tokens import FUNCTIONS, FormulaError
from .tape import Symbolic, Tape, calculate, record

__all__ = ["Formula", "FormulaError", "parse"]

CONSTANTS = {"π": float(np.pi), "e": float(np.e)}
SIGNS = {"add": " + ", "subtract": " - ", "multiply": "*", "divide": "/", "power": "^"}
ADDED, TIMES, RAISED = (BINDING[kind] for kind in ("add", "multiply", "power"))
WHOLE = RAISED + 10  # how strongly what needs no brackets holds together
WRITTEN = {operation: name for name, operation in reversed(FUNCTIONS.items())}


def parse(text: str) -> Formula:
    """The formula that a text is; a `FormulaError` shows where it is none.

    >>> f = parse("x^2 + 10 sin(y)^2")
    >>> float(f(3, 0))
    9.0
    >>> print(f, f.latex, sep="\\n")
    x^2 + 10*sin(y)^2
    x^{2} + 10 \\sin^{2}\\left(y\\right)
    >>> parse("2(x + 1")
    Traceback (most recent call last):
    ...
    optimlab.formula_tokens.FormulaError: the bracket “(” is never closed
      2(x + 1
       ^
    """
    if not isinstance(text, str):
        raise FormulaError(f"a formula must be a text, got {told(text)}", "", 0)
    return Formula(nodes_of(text), text)


@dataclass(frozen=True, repr=False)
class Formula:
    """A formula in x and y. Two are equal if they say the same thing in the same way, whatever their spaces.

    Attributes
    ----------
    nodes : what it is made of; see `optimlab.formula_grammar.nodes_of`
    source : as it was typed
    """

    nodes: tuple[Node, ...]
    source: str = field(default="", compare=False)

    def __call__(self, x: Any, y: Any) -> Any:
        """f(x, y) for numbers or arrays, which are broadcast: not finite where it is not defined."""
        x, y = (check_numbers(v, f"{name} must be numbers") for name, v in (("x", x), ("y", y)))
        with np.errstate(all="ignore"):
            value = evaluated(self.nodes, x, y)
        if isinstance(x, Symbolic) or isinstance(y, Symbolic):
            return value
        value = np.asarray(value, np.result_type(x, y))
        return np.broadcast_to(value, np.broadcast_shapes(value.shape, x.shape, y.shape)).copy()[()]

    def tape(self, name: str = "θ", output: str = "rows") -> Tape:
        """The formula as a list of operations on θ = (x, y), for the browser."""
        return record(lambda values: {output: self(values[name][0], values[name][1])}, {name: (2,)})

    def __str__(self) -> str:
        """In plain signs; `parse` makes the same formula of it. What is too long so stays as it was typed."""
        text = printed(self.nodes)
        try:
            nodes_of(text)
        except FormulaError:
            return self.source or text
        return text

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"

    @property
    def latex(self) -> str:
        """In LaTeX, without dollar signs."""
        return typeset(self.nodes)


def evaluated(nodes: tuple[Node, ...], x: Any, y: Any) -> Any:
    """The value of the last node. What is constant stays a plain number, so that float32 stays float32."""
    values: list[Any] = []
    for kind, *parts in nodes:
        if kind == "number":
            values.append(parts[0])
        elif kind == "name":
            values.append(named(parts[0], x, y))
        elif kind == "power" and nodes[parts[0]] == ("name", "r") and is_even(nodes[parts[1]]):
            values.append((x * x + y * y) ** (nodes[parts[1]][1] / 2))  # r² has no root, which has no slope at 0
        else:
            values.append(applied(kind, *(values[i] for i in parts)))
    return values[-1]


def named(name: str, x: Any, y: Any) -> Any:
    if name == "r":
        return np.sqrt(x * x + y * y)
    return CONSTANTS[name] if name in CONSTANTS else np.arctan2(y, x) if name == "φ" else {"x": x, "y": y}[name]


def is_even(node: Node) -> bool:
    return node[0] == "number" and node[1] > 0 and node[1] % 2 == 0


def applied(operation: str, *values: Any) -> Any:
    if all(type(value) is float for value in values):
        return float(calculate(operation, *values))
    return values[0] ** values[1] if operation == "power" else getattr(np, operation)(*values)


# In plain signs


def printed(nodes: tuple[Node, ...]) -> str:
    texts: list[tuple[str, int]] = []  # of each node, and how strongly it holds together
    for kind, *parts in nodes:
        if kind in ("number", "name"):
            texts.append((plain(parts[0]), WHOLE))
        elif kind == "negative":
            texts.append((f"-{within(texts[parts[0]], NEGATIVE)}", NEGATIVE))
        elif kind in SIGNS:
            sign, level = SIGNS[kind], BINDING[kind]
            first, second = texts[parts[0]], texts[parts[1]]
            left = within(first, WHOLE if kind == "power" else level)
            right = within(second, WHOLE if kind == "power" or second[1] == NEGATIVE else level + 1)
            texts.append((f"{left}{sign}{right}", level))
        else:
            texts.append((f"{WRITTEN[kind]}({', '.join(texts[i][0] for i in parts)})", WHOLE))
    return texts[-1][0]


def plain(value: float | str) -> str:
    return repr(value).removesuffix(".0") if isinstance(value, float) else value


def within(part: tuple[str, int], least: int) -> str:
    """A text, in brackets unless it holds together strongly enough."""
    return part[0] if part[1] >= least else f"({part[0]})"


# In LaTeX

FENCES = {
    "absolute": (r"\left|", r"\right|"),
    "floor": (r"\left\lfloor ", r"\right\rfloor"),
    "ceil": (r"\left\lceil ", r"\right\rceil"),
    "sqrt": (r"\sqrt{", "}"),
    "cbrt": (r"\sqrt[3]{", "}"),
}
LETTERS = {"π": r"\pi", "φ": r"\varphi"}
COMMANDS = {
    **{name: rf"\{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")},
    "log": r"\ln", "log2": r"\log_{2}", "log10": r"\log_{10}", "minimum": r"\min", "maximum": r"\max",
    "sign": r"\operatorname{sign}", "rint": r"\operatorname{round}",
}  # fmt: skip


def typeset(nodes: tuple[Node, ...]) -> str:
    texts: list[tuple[str, int]] = []
    for kind, *parts in nodes:
        texts.append(typeset_node(nodes, texts, kind, parts))
    return texts[-1][0]


def typeset_node(nodes: tuple[Node, ...], texts: list[tuple[str, int]], kind: str, parts: list) -> tuple[str, int]:
    if kind == "number":
        return decimal(parts[0])
    if kind == "name":
        return LETTERS.get(parts[0], parts[0]), WHOLE
    first, second = texts[parts[0]], texts[parts[-1]]
    if kind == "negative":
        return f"-{fenced(first, NEGATIVE)}", NEGATIVE
    if kind in ("add", "subtract"):
        right = fenced(second, WHOLE if second[1] == NEGATIVE else ADDED + 1)
        return f"{first[0]} {'+' if kind == 'add' else '-'} {right}", 10
    if kind == "multiply":
        return times(fenced(first, TIMES), fenced(second, WHOLE if second[1] == NEGATIVE else TIMES + 1)), TIMES
    if kind == "divide":
        return rf"\frac{{{first[0]}}}{{{second[0]}}}", NEGATIVE + 1
    if kind == "power":
        if nodes[parts[0]][0] in COMMANDS and nodes[parts[1]][0] == "number":
            command, argument = first[0].split(r"\left", 1)
            return rf"{command}^{{{second[0]}}}\left{argument}", RAISED
        return rf"{fenced(first, WHOLE)}^{{{second[0]}}}", RAISED
    if kind == "exp":
        return f"e^{{{first[0]}}}", RAISED
    if kind in FENCES:
        return first[0].join(FENCES[kind]), WHOLE
    return rf"{COMMANDS[kind]}\left({', '.join(texts[i][0] for i in parts)}\right)", WHOLE


def decimal(number: float) -> tuple[str, int]:
    digits, _, exponent = plain(number).partition("e")
    return (rf"{digits} \cdot 10^{{{int(exponent)}}}", TIMES) if exponent else (digits, WHOLE)


def times(left: str, right: str) -> str:
    return rf"{left} \cdot {right}" if right[0].isdigit() or right.startswith(r"\frac") else f"{left} {right}"


def fenced(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else rf"\left({part[0]}\right)"
