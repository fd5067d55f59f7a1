"""The family of Adam in one picture: who comes from whom, and what was new in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, metadata
from textwrap import wrap

from . import optimizers
from .palette import style_of

__all__ = ["FamilyTree", "Member", "family_tree"]


@dataclass(frozen=True)
class Member:
    """A rule: its name, whose it is, the year, what was new in it, and what it comes from.

    Parameters
    ----------
    parents : names; the first one is where it stands in the tree of words
    place : its column and its row in the picture
    rule : the class of `optimlab.optimizers` if it is called otherwise
    """

    name: str
    authors: str
    year: int
    new: str
    parents: tuple[str, ...]
    place: tuple[int, int]
    rule: str = ""

    @property
    def optimizer(self) -> type[optimizers.Optimizer] | None:
        """The class that has this rule, or None if optimlab has none."""
        return getattr(optimizers, self.rule or self.name, None)

    @property
    def link(self) -> str | None:
        """Where the source of the rule is to be read; None if there is none, or if nobody knows where."""
        home = repository()
        if home is None or self.optimizer is None:
            return None
        return f"{home}/blob/main/{self.optimizer.__module__.replace('.', '/')}.py"

    def __str__(self) -> str:
        others = f", also from {' and '.join(self.parents[1:])}" if self.parents[1:] else ""
        return f"{self.name} ({self.authors} {self.year}{others}): {self.new}"


MEMBERS = (
    Member("Momentum", "Polyak", 1964, "a step remembers the steps before", (), (3, 0)),
    Member("Shampoo", "Gupta et al.", 2018, "AdaGrad for matrices, both sides", (), (1, 3)),
    Member("AdaGrad", "Duchi et al.", 2011, "each coordinate has its own step", (), (0, 0)),
    Member("RMSprop", "Tieleman & Hinton", 2012, "the mean of squares forgets", ("AdaGrad",), (1, 0)),
    Member("Adam", "Kingma & Ba", 2015, "two means, corrected for their start", ("RMSprop", "Momentum"), (2, 0)),
    Member("Nadam", "Dozat", 2016, "looks ahead as Nesterov does", ("Adam",), (1, 1)),
    Member("AMSGrad", "Reddi et al.", 2018, "the mean of squares never falls", ("Adam",), (2, 1)),
    Member("Adafactor", "Shazeer & Stern", 2018, "stores v by rows and columns", ("Adam",), (0, 1)),
    Member("AdamW", "Loshchilov & Hutter", 2019, "weight decay apart from the gradient", ("Adam",), (3, 1)),
    Member("C-AdamW", "Liang et al.", 2024, "drops what goes against the gradient", ("AdamW",), (3, 2), "Cautious"),
    Member("RAdam", "Liu et al.", 2020, "no scale until v is reliable", ("Adam",), (2, 2)),
    Member("LAMB", "You et al.", 2020, "each layer's step follows its norm", ("Adam",), (0, 2)),
    Member("AdaBelief", "Zhuang et al.", 2020, "scales by distance from the mean", ("Adam",), (2, 3)),
    Member(
        "schedule-free AdamW", "Defazio et al.", 2024, "averages in place of a schedule", ("Adam",), (3, 3),
        "ScheduleFree",
    ),
    Member("AdEMAMix", "Pagliardini et al.", 2024, "adds a second, much slower mean", ("Adam",), (1, 2)),
    Member("SOAP", "Vyas et al.", 2024, "Adam along the axes of Shampoo", ("Adam", "Shampoo"), (0, 3)),
)  # fmt: skip

COLUMNS = ("whole layers", "the mean", "the scale", "decay and averages")
"""What the rules below Adam change, by column."""

CAPTION = "An underlined name leads to the rule's source. The left edge is the line that a rule has in all pictures."
ABSENT = " Dashed: not in optimlab."


class FamilyTree:
    """The members as a picture where HTML is shown, and as a tree of words elsewhere."""

    def __init__(self, members: tuple[Member, ...] = MEMBERS):
        self.members = {member.name: member for member in members}

    def __repr__(self) -> str:
        roots = [member for member in self.members.values() if not member.parents]
        return "\n".join(line for root in roots for line in self._lines(root))

    def _lines(self, member: Member) -> Iterator[str]:
        """A member, and indented below it those whose first parent it is."""
        yield str(member)
        children = [each for each in self.members.values() if each.parents[:1] == (member.name,)]
        for child in children:
            last = child is children[-1]
            first, *more = self._lines(child)
            yield ("└─ " if last else "├─ ") + first
            yield from (("   " if last else "│  ") + line for line in more)

    def _repr_html_(self) -> str:
        pairs = [(self.members[name], child) for child in self.members.values() for name in child.parents]
        parts = ['<g class="lines">', *(line(*pair) for pair in pairs), "</g>"]
        parts += [title(i, text) for i, text in enumerate(COLUMNS)]
        parts += map(box, self.members.values())
        picture = "\n".join(parts)
        absent = "" if all(member.optimizer for member in self.members.values()) else ABSENT
        return (
            f'<figure class="optimlab-family"><style>{CSS}</style>\n'
            '<div tabindex="0" role="group" aria-label="the family tree of Adam">'
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {TALL}">\n{picture}\n</svg></div>\n'
            f"<figcaption>{CAPTION}{absent}</figcaption></figure>"
        )


def family_tree() -> FamilyTree:
    """The family tree of Adam, from 1964 to 2024; a name leads to the rule where optimlab has it.

    >>> print(str(family_tree()).splitlines()[3])
    └─ RMSprop (Tieleman & Hinton 2012): the mean of squares forgets
    """
    return FamilyTree()


def repository() -> str | None:
    """The address of the repository, as the installed package has it."""
    try:
        urls = metadata("optimlab").get_all("Project-URL") or []
    except PackageNotFoundError:
        return None
    return dict(url.split(", ", 1) for url in urls).get("Repository")


# The picture, in units of its own.

WIDE, TALL = 724, 352
LEFT, PITCH = 16, 180  # of columns
BROAD, HIGH = 162, 66  # a box
TOP, FIRST, DOWN = 4, 118, 80  # the first row, the second, and from there on from row to row
BUS, SPINE = 84, 9  # where the lines from Adam run along, and how far to the left of a column they go down
INSET, LETTERS = 10, 22  # of the words in a box
EDGE = 3  # the width of its left edge


def corner(member: Member) -> tuple[int, int]:
    column, row = member.place
    return LEFT + PITCH * column, FIRST + DOWN * (row - 1) if row else TOP


def title(column: int, text: str) -> str:
    return f'<text class="of" x="{LEFT + column * PITCH}" y="{FIRST - 8}">{text}{STOP}</text>'


STOP = '<tspan class="stop"> · </tspan>'
"""What no reader of the picture sees: it parts the texts where a page has taken the picture away, such as GitHub's."""


def box(member: Member) -> str:
    """A member's box, with its words; a link where there is one."""
    x, y = corner(member)
    first, *second = wrap(member.new, LETTERS)
    words = [("name", 16, member.name), ("by", 30, f"{member.authors} {member.year}"), ("new", 45, first)]
    words += [("new", 58, rest) for rest in second]
    texts = [f'<text class="{kind}" x="{x + INSET}" y="{y + at}">{escape(text)}</text>' for kind, at, text in words]
    parts = [f'<rect x="{x}" y="{y}" width="{BROAD}" height="{HIGH}" rx="5"/>', *texts, f"<text>{STOP}</text>"]
    if member.optimizer is None:
        return "\n".join(['<g class="else">', *parts, "</g>"])
    color, dark, dashes = style_of([member.optimizer.__name__])[0]
    strokes = " ".join(f"{EDGE * dash:g}" for dash in dashes) or "none"
    parts.append(f'<path class="edge" stroke-dasharray="{strokes}" d="M{x + 3} {y + 4}v{HIGH - 8}"/>')
    if member.link:
        parts = [f'<a href="{escape(member.link)}" target="_blank" rel="noopener">', *parts, "</a>"]
    return "\n".join([f'<g class="own" style="--c:{color};--d:{dark}">', *parts, "</g>"])


def line(parent: Member, child: Member) -> str:
    """From a parent to a child: across in one row, down to the next box, or around from the first row."""
    (left, top), (x, y) = corner(parent), corner(child)
    middle, under, half = left + BROAD // 2, top + HIGH, y + HIGH // 2
    if top == y:
        start, end = (left + BROAD, x) if x > left else (left, x + BROAD)
        return arrow(f"M{start} {half}H{end}", f"M{end} {half}l{-5 if x > left else 5} -3.5v7z")
    if parent.place[1] > 0:
        return arrow(f"M{middle} {under}V{y}", f"M{middle} {y}l-3.5 -5h7z")
    return arrow(f"M{middle} {under}V{BUS}H{x - SPINE}V{half}H{x}", f"M{x} {half}l-5 -3.5v7z")


def arrow(shaft: str, head: str) -> str:
    return f'<path class="line" d="{shaft}"/><path d="{head}"/>'


CSS = """
.optimlab-family { max-width: 860px; margin: 0.5em 0; color: inherit; }
.optimlab-family > div { overflow-x: auto; }
.optimlab-family svg {
  display: block; width: 100%; min-width: 660px; height: auto; fill: currentColor;
  font-family: Arial, "Liberation Sans", "Helvetica Neue", Roboto, sans-serif;
}
.optimlab-family figcaption { font-size: 0.85em; opacity: 0.8; text-align: left; }
.optimlab-family .name { font-size: 12px; font-weight: bold; }
.optimlab-family .by { font-size: 10.5px; opacity: 0.75; }
.optimlab-family .new { font-size: 11.5px; }
.optimlab-family .of { font-size: 11px; font-style: italic; opacity: 0.8; }
.optimlab-family .stop { display: none; }
.optimlab-family .lines { opacity: 0.65; }
.optimlab-family .line { fill: none; stroke: currentColor; stroke-width: 1.2; }
.optimlab-family rect { fill: currentColor; fill-opacity: 0.04; stroke: var(--hue); stroke-width: 1.4; }
.optimlab-family .edge { fill: none; stroke: var(--hue); stroke-width: 3; }
.optimlab-family .else rect { fill: none; stroke: currentColor; stroke-opacity: 0.5; stroke-dasharray: 4 3; }
.optimlab-family .else text { opacity: 0.72; }
.optimlab-family svg a:any-link:any-link { color: inherit; text-decoration: none; }
.optimlab-family a .name { text-decoration: underline; }
.optimlab-family a:hover rect, .optimlab-family a:focus-visible rect { fill-opacity: 0.12; stroke-width: 2.4; }
.optimlab-family .own { --hue: var(--c); }
@media (prefers-color-scheme: dark) { .optimlab-family .own { --hue: var(--d); } }
[data-jp-theme-light="true"] .optimlab-family .own, html[theme="light"] .optimlab-family .own { --hue: var(--c); }
[data-jp-theme-light="false"] .optimlab-family .own, html[theme="dark"] .optimlab-family .own { --hue: var(--d); }
"""
