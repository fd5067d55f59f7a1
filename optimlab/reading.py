"""Show the package's own source in a notebook: the formula as code, never a second copy."""

from __future__ import annotations

import inspect
import re
import textwrap

from .knobs import check_choice, told

__all__ = ["show"]


class Listing:
    """Source code that a notebook renders as such."""

    def __init__(self, code: str):
        self.code = code

    def __repr__(self) -> str:
        return self.code

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.code}\n```"


def show(thing, docstring: bool = False) -> Listing:
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
    if not docstring:
        code = re.sub(r'\n *r?"""(?:.|\n)*?"""\n+', "\n", code)
    return Listing(code)
