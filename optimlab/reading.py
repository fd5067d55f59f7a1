"""Show the package's own source in a notebook: the formula as code, never a second copy."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from .checks import check_choice, told

__all__ = ["show"]

ANATOMY = {"terms", "scale", "formula", "labels"}


class Listing:
    """Source code that a notebook renders as such."""

    def __init__(self, code: str):
        self.code = code

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}\n```"


def without_annotations(code: str) -> str:
    """The code without the types of parameters and results: checkers need them, the formula does not."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # part of a line, such as a lambda
        return code
    lines = code.encode().splitlines()  # syntax trees count bytes
    for row, start, end in sorted(notes_of(tree, lines), reverse=True):
        before, after = lines[row][:start], lines[row][end:]
        spaced = after.startswith(b" = ")  # a default is written without spaces where there is no type
        lines[row] = before + (b"=" + after[3:] if spaced else after)
    return b"\n".join(lines).decode()


def without_anatomy(code: str) -> str:
    """The code without what takes a step apart for `anatomy`: the rule itself stands out."""
    try:
        body = ast.parse(code).body[0]
    except SyntaxError:
        return code
    lines = code.splitlines()
    for node in reversed(body.body if isinstance(body, ast.ClassDef) else []):
        if isinstance(node, ast.FunctionDef) and node.name in ANATOMY:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            del lines[first - 1 : node.end_lineno]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip()


def notes_of(tree: ast.AST, lines: list[bytes]) -> Iterator[tuple[int, int, int]]:
    """(row, start, end) of each annotation of a parameter or a result that stands on one line."""
    for node in ast.walk(tree):
        note = getattr(node, "annotation", None) if isinstance(node, ast.arg) else getattr(node, "returns", None)
        if note is None or note.lineno != note.end_lineno:
            continue
        row = note.lineno - 1
        colon = node.col_offset + len(node.arg.encode()) if isinstance(node, ast.arg) else 0
        yield row, colon or lines[row].rindex(b" ->", 0, note.col_offset), note.end_col_offset


def show(thing: Any, docstring: bool = False) -> Listing:
    """The source of a function, a method or a class, as it stands in the package.

    Parameters
    ----------
    thing : what to show
    docstring : keep the docstrings; without them the rule itself stands out

    >>> from optimlab import GradientDescent
    >>> show(GradientDescent.step)
    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad(theta), {}
    """
    check_choice("docstring", docstring, (True, False))
    try:
        code = textwrap.dedent(inspect.getsource(thing)).rstrip()
    except (TypeError, OSError):
        must = "show needs a function, a method or a class that is written in Python"
        raise ValueError(f"{must}, got {told(thing)}") from None
    code = without_annotations(code)
    if not docstring:
        code = without_anatomy(code)
        code = re.sub(r'\n *r?"""(?:.|\n)*?"""\n+', "\n", code)
    return Listing(code)
