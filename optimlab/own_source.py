r"""How a learner's function is called, and its formula in LaTeX, read from its source where there is one.

>>> pretty("x**2 + 10 * np.sin(y)**2")
'x² + 10·sin(y)²'
>>> latex("x**2 + 10 * np.sin(y)**2")
'x^{2} + 10 \\, \\sin\\left(y\\right)^{2}'
"""

from __future__ import annotations

import ast
import linecache
import re
import textwrap
from collections.abc import Callable
from types import CodeType
from typing import Any

from .checks import shortened

__all__ = ["latex", "name_of", "pretty", "source_of"]

LONGEST = 48  # letters of a name; what is longer is cut
SUPER = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "mu", "nu", "xi", "pi", "rho",
    "sigma", "tau", "phi", "chi", "psi", "omega",
}  # fmt: skip
KNOWN = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "max", "min", "arcsin", "arccos", "arctan"}
OTHER = {"maximum": "max", "minimum": "min"}
MODULES = {"np", "numpy", "math"}


def name_of(function: Callable) -> str:
    """The body of a lambda, the name of any other function; without source, f(x, y)."""
    if hasattr(function, "latex"):  # a typed formula says it itself
        return shortened(str(function), LONGEST)
    body = source_of(function)
    name = getattr(function, "__name__", type(function).__name__)
    if name != "<lambda>":
        return shortened(name, LONGEST)
    return "f(x, y)" if body is None else shortened(pretty(body), LONGEST)


def latex_of(function: Callable, called: str) -> str:
    """The formula of a function in LaTeX: its own, that of its source, or its name."""
    body = source_of(function)
    return getattr(function, "latex", None) or (latex(body) if body else as_text(called))


def pretty(code: str) -> str:
    """A formula in Python as it is read: powers raised, a dot for times, without ``np.``"""
    code = re.sub(r"\b(np|numpy|math)\.", "", code)
    code = re.sub(r"\s*\*\*\s*(\d+)(?![\d.eE_jJ])", lambda found: found[1].translate(SUPER), code)
    code = re.sub(r"\bpi\b", "π", code)
    return re.sub(r"\s*(?<!\*)\*(?!\*)\s*", "·", code)


def source_of(function: Callable) -> str | None:
    """The text of the expression that a lambda is, or that a function returns at once; else None."""
    code = getattr(function, "__code__", None)
    try:
        body = expression_at(code) if isinstance(code, CodeType) else None
    except (SyntaxError, ValueError, OSError, TypeError, IndexError):
        return None
    return None if body is None else " ".join(body.split())


def expression_at(code: CodeType) -> str | None:
    """Of all that stands in the function's file, the expression that has been made into exactly this code.

    The code itself knows from which line and column it comes, so that one line may hold several lambdas.
    """
    lines = "".join(linecache.getlines(code.co_filename))
    if not lines:
        return None
    for node in ast.walk(ast.parse(lines)):
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>":
            body: Any = node.body
        elif isinstance(node, ast.FunctionDef) and code.co_name == node.name:
            told = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            body = told[0].value if len(told) == 1 and isinstance(told[0], ast.Return) else None
        else:
            continue
        if body is not None and span(code, body) == place_of(body):
            return ast.get_source_segment(lines, body)
    return None


def place_of(body: ast.expr) -> tuple:
    return body.lineno, body.col_offset, body.end_lineno, body.end_col_offset


def span(code: CodeType, body: ast.expr) -> tuple | None:
    """From where to where the code goes, in lines and columns of its file."""
    places = [p for p in code.co_positions() if None not in p and (p[0], p[2]) >= (body.lineno, body.col_offset)]
    places = [p for p in places if p[2] != p[3] or p[0] != p[1]]
    if not places:
        return None
    first, last = min((p[0], p[2]) for p in places), max((p[1], p[3]) for p in places)
    return (*first, *last)


# LaTeX


def latex(code: str) -> str:
    """A Python expression in LaTeX; what has no notation stays as text."""
    try:
        return spelled(ast.parse(textwrap.dedent(code).strip(), mode="eval").body)
    except SyntaxError:
        return as_text(code)


def as_text(code: str) -> str:
    safe = re.sub(r"([#$%&_{}])", r"\\\1", code)
    return rf"\text{{{safe}}}"


def spelled(node: ast.expr, around: int = 0) -> str:
    """A node in LaTeX; in brackets, if it binds weaker than what is `around` it."""
    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            return f"{value!r}" if "e" not in f"{value!r}" else "{} \\cdot 10^{{{}}}".format(*parted(value))
        case ast.Name(id=name):
            return symbol(name)
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES:
            return symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return bracketed(f"-{spelled(inner, 2)}", 1, around)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return bracketed(f"{spelled(left, 1)} + {spelled(right, 1)}", 1, around)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return bracketed(f"{spelled(left, 1)} - {spelled(right, 2)}", 1, around)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            dot = r" \cdot " if spelled(right, 2)[:1].isdigit() else r" \, "
            return bracketed(f"{spelled(left, 2)}{dot}{spelled(right, 2)}", 2, around)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return bracketed(rf"\frac{{{spelled(left)}}}{{{spelled(right)}}}", 3, around)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return bracketed(f"{spelled(left, 4)}^{{{spelled(right)}}}", 3, around)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=[]):
            return called(name, [spelled(arg) for arg in args if not isinstance(arg, ast.Starred)])
    return as_text(ast.unparse(node))


def bracketed(text: str, own: int, around: int) -> str:
    return text if own >= around else rf"\left({text}\right)"


def parted(number: Any) -> tuple[str, int]:
    digits, power = f"{number!r}".split("e")
    return digits, int(power)


def symbol(name: str) -> str:
    if name in GREEK:
        return rf"\{name}"
    return name if len(name) == 1 else upright(name)


def upright(name: str) -> str:
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


def called(name: str, parts: list[str]) -> str:
    """A function of its arguments."""
    inside = ", ".join(parts)
    if name == "sqrt":
        return rf"\sqrt{{{inside}}}"
    if name in ("abs", "absolute", "fabs"):
        return rf"\left|{inside}\right|"
    name = OTHER.get(name, name)
    return (rf"\{name}" if name in KNOWN else upright(name)) + rf"\left({inside}\right)"
