"""The family tree of Adam is true and legible: its words fit, its lines meet boxes, its links lead somewhere."""

import ast
import re
from importlib.metadata import PackageNotFoundError
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from optimlab import family, optimizers
from optimlab.family import FamilyTree, Member, family_tree
from optimlab.palette import PALETTE
from tools.setup_cell import ROOT, current_slug

TREE = family_tree()
HTML = TREE._repr_html_()
SVG = "{http://www.w3.org/2000/svg}"
PICTURE = ElementTree.fromstring(re.search(r"<svg.*</svg>", HTML, re.DOTALL)[0])

CHILDREN_OF_ADAM = {
    "AdamW", "Nadam", "AMSGrad", "RAdam", "AdaBelief", "LAMB", "Adafactor", "AdEMAMix", "schedule-free AdamW", "SOAP",
}  # fmt: skip
YEARS = {
    "Momentum": 1964, "AdaGrad": 2011, "RMSprop": 2012, "Adam": 2015, "Nadam": 2016, "AMSGrad": 2018, "Shampoo": 2018,
    "Adafactor": 2018, "AdamW": 2019, "RAdam": 2020, "AdaBelief": 2020, "LAMB": 2020, "AdEMAMix": 2024, "SOAP": 2024,
    "schedule-free AdamW": 2024, "C-AdamW": 2024,
}  # fmt: skip
OF_OPTIMLAB = {
    "Momentum", "AdaGrad", "RMSprop", "Adam", "Nadam", "AMSGrad", "AdamW", "RAdam", "AdaBelief", "schedule-free AdamW",
    "LAMB", "AdEMAMix", "Adafactor", "Shampoo", "SOAP", "C-AdamW",
}  # fmt: skip


def groups():
    """Each box of the picture by its name."""
    boxes = [g for g in PICTURE.iter(f"{SVG}g") if g.get("class") in ("own", "else")]
    return {next(t.text for t in g.iter(f"{SVG}text") if t.get("class") == "name"): g for g in boxes}


def rectangle(group):
    x, y, width, height = (float(next(group.iter(f"{SVG}rect")).get(key)) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


BOXES = {name: rectangle(group) for name, group in groups().items()}


# What it says


def test_who_comes_from_whom():
    parents = {name: set(member.parents) for name, member in TREE.members.items()}
    assert {name for name, each in parents.items() if "Adam" in each} == CHILDREN_OF_ADAM
    assert parents["Adam"] == {"RMSprop", "Momentum"} and parents["RMSprop"] == {"AdaGrad"}
    assert parents["C-AdamW"] == {"AdamW"} and parents["SOAP"] == {"Adam", "Shampoo"}
    assert {name for name, each in parents.items() if not each} == {"Momentum", "AdaGrad", "Shampoo"}


def test_the_years_and_no_child_before_its_parent():
    assert {name: member.year for name, member in TREE.members.items()} == YEARS
    pairs = [(member, TREE.members[parent]) for member in TREE.members.values() for parent in member.parents]
    assert all(child.year > parent.year for child, parent in pairs)


@pytest.mark.parametrize("member", TREE.members.values(), ids=str)
def test_what_is_new_is_said_in_three_to_six_words(member):
    assert 3 <= len(member.new.split()) <= 6


@pytest.mark.parametrize("name", sorted(OF_OPTIMLAB))
def test_authors_and_year_are_those_of_the_rule_itself(name):
    member = TREE.members[name]
    first = member.optimizer.__doc__.split("\n")[0]
    assert f"{member.year}" in first
    assert f"({member.authors.removesuffix(' et al.')}" in first


def test_its_words_are_a_tree_of_one_line_each():
    lines = repr(TREE).splitlines()
    assert len(lines) == len(TREE.members) == 16
    assert max(map(len, lines)) <= 100
    indents = {name: next(line.index(f"{name} (") for line in lines if f"{name} (" in line) for name in YEARS}
    for name, member in TREE.members.items():
        assert indents[name] == (indents[member.parents[0]] + 3 if member.parents else 0)
    assert "Adam (Kingma & Ba 2015, also from Momentum): two means" in repr(TREE)


# Links


def test_a_name_leads_to_the_file_that_has_its_class_and_others_lead_nowhere():
    home = f"https://github.com/{current_slug()}/blob/main/"
    links = {name: [a.get("href") for a in group.iter(f"{SVG}a")] for name, group in groups().items()}
    assert {name for name, found in links.items() if found} == OF_OPTIMLAB
    for name in OF_OPTIMLAB:
        (link,) = links[name]
        assert link == TREE.members[name].link and link.startswith(home)
        source = ast.parse((ROOT / link.removeprefix(home)).read_text("utf-8"))
        assert TREE.members[name].optimizer.__name__ in {n.name for n in source.body if isinstance(n, ast.ClassDef)}


def test_what_optimlab_does_not_have_is_paler_and_leads_nowhere(monkeypatch):
    assert TREE.members["SOAP"].link.endswith("/optimlab/optimizers/preconditioned.py")
    assert 'class="own"' in family.box(TREE.members["SOAP"])
    monkeypatch.delattr(optimizers, "SOAP")
    assert TREE.members["SOAP"].link is None
    assert 'class="else"' in family.box(TREE.members["SOAP"])
    assert "Dashed: not in optimlab." in family_tree()._repr_html_() and "Dashed" not in HTML


def test_without_the_address_of_the_repository_it_is_a_picture_without_links(monkeypatch):
    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(family, "metadata", nothing)
    html = family_tree()._repr_html_()
    assert "href" not in html and html.count('class="own"') == len(OF_OPTIMLAB)


# The picture


def test_each_rule_has_its_colour_on_light_and_on_dark_and_its_strokes():
    for name, group in groups().items():
        rule = TREE.members[name].optimizer
        edges = [path for path in group.iter(f"{SVG}path") if path.get("class") == "edge"]
        if rule is None:
            assert group.get("class") == "else" and not edges
            continue
        color, dark, dashes = PALETTE[rule.__name__]
        assert group.get("style") == f"--c:{color};--d:{dark}"
        strokes = edges[0].get("stroke-dasharray").replace("none", "")
        assert [float(n) for n in strokes.split()] == pytest.approx([3 * n for n in dashes])
    assert 'data-jp-theme-light="false"' in HTML and "prefers-color-scheme: dark" in HTML


def sizes():
    """Pixels of each class of text."""
    return {kind: float(size) for kind, size in re.findall(r"\.optimlab-family \.(\w+) \{ font-size: ([\d.]+)px", HTML)}


def test_no_words_leave_their_box():
    """In DejaVu Sans, which is broader than all fonts that the picture asks for."""
    for name, group in groups().items():
        left, top, right, bottom = BOXES[name]
        for text in group.iter(f"{SVG}text"):
            if (kind := text.get("class")) is None:
                continue
            font = FontProperties(family="DejaVu Sans", weight="bold" if kind == "name" else "normal")
            width = TextPath((0, 0), text.text, size=sizes()[kind], prop=font).get_extents().width
            assert float(text.get("x")) >= left + 8 and float(text.get("x")) + width <= right - 3, text.text
            assert top + sizes()[kind] <= float(text.get("y")) <= bottom - 4, text.text


def test_all_that_is_new_is_written_out():
    for name, group in groups().items():
        written = " ".join(text.text for text in group.iter(f"{SVG}text") if text.get("class") == "new")
        assert written == TREE.members[name].new


def test_boxes_lie_apart_and_inside_the_picture():
    _, _, wide, tall = map(float, PICTURE.get("viewBox").split())
    assert all(min(x, y) >= 0 and right <= wide and bottom <= tall for x, y, right, bottom in BOXES.values())
    for (a, b, c, d), (x, y, right, bottom) in combinations(BOXES.values(), 2):
        assert c + 10 <= x or right + 10 <= a or d + 10 <= y or bottom + 10 <= b


def corners(path):
    """The corners of a line of M, H and V."""
    points = []
    for letter, numbers in re.findall(r"([MHV])([\d. -]+)", path.get("d")):
        found = [float(number) for number in numbers.split()]
        x, y = found if letter == "M" else (found[0], points[-1][1]) if letter == "H" else (points[-1][0], found[0])
        points.append((x, y))
    return points


def at_edge(point, box):
    (x, y), (left, top, right, bottom) = point, box
    return (x in (left, right) and top < y < bottom) or (y in (top, bottom) and left < x < right)


def test_each_line_goes_from_a_parent_to_its_child_and_through_no_box():
    lines = [corners(path) for path in PICTURE.iter(f"{SVG}path") if path.get("class") == "line"]
    ends = [[next(n for n, b in BOXES.items() if at_edge(point, b)) for point in (line[0], line[-1])] for line in lines]
    assert sorted(map(tuple, ends)) == sorted((p, name) for name, each in TREE.members.items() for p in each.parents)
    for line in lines:
        for (x, y), (u, v) in pairwise(line):
            for left, top, right, bottom in BOXES.values():
                beside = max(x, u) <= left or min(x, u) >= right or max(y, v) <= top or min(y, v) >= bottom
                assert beside, (line, left, top)


def test_names_are_written_as_text():
    tree = FamilyTree((Member("<b>&", "A & B", 2000, "nothing new at all", (), (0, 0)),))
    assert "<b>" not in tree._repr_html_() and "&lt;b&gt;&amp;" in tree._repr_html_()
