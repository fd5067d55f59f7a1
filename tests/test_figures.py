"""Static pictures: every mark can be drawn, whatever the numbers; the same picture gives the same bytes."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.image import imread

from optimlab import figures, optimizers
from optimlab.figures import draw, png, surface_picture
from optimlab.palette import FAMILIES, PALETTE, SPARE, style_of
from optimlab.stage.marks import MARKS, Curve, VLine
from optimlab.stage.scene import Panel, Run, Scene
from optimlab.stage.twin import DRAW, contour_levels
from optimlab.surfaces import field_grid, himmelblau, ravine

OPTIMIZERS = [name for name in optimizers.__all__ if name not in ("Around", "Optimizer")]
PATH = np.column_stack([np.linspace(-1, 0, 6), np.linspace(0.5, 0, 6), np.logspace(0, -5, 6)])
FIELD = field_grid(ravine(), ((-1, 1), (-1, 1)), 9, 7)
PICTURE = io.BytesIO()
figures.Figure(figsize=(1, 1), facecolor="red").savefig(PICTURE, format="png", dpi=10)

EXAMPLES = {  # one of each kind; the sources are below
    "field": MARKS["field"](source="field", minimum=0.0, count=8),
    "picture": MARKS["picture"](source="picture"),
    "path": MARKS["path"](source="path", run="Adam", x=0, y=1),
    "curve": MARKS["curve"](source="path", run="Adam", y=2),
    "points": MARKS["points"](data=[[0, 0]], symbol="star", label="minimum"),
    "arrow": MARKS["arrow"](source="path", run="Adam", at=[0, 1], by=[1, 2]),
    "line": MARKS["line"](source="path", slope=0, intercept=1, run="Adam"),
    "vline": MARKS["vline"](x=0.5, label="here: {x}", dash=(2, 1)),
    "hline": MARKS["hline"](y=0.1, label="target"),
    "dot": MARKS["dot"](control="lr", run="Adam"),
    "bars": MARKS["bars"](source="path", channels=[0, 1], colors=["red", "blue"], labels=["x", "y"]),
    "histogram": MARKS["histogram"](source="path", first=0, count=3, run="Adam"),
    "handle": MARKS["handle"](control="start", label="start θ₀"),
}


def picture_of(*marks, path=PATH, k=None, **panel):
    run = Run("Adam", "Adam", *style_of(["Adam"])[0])
    scene = Scene([Panel((-1, 1), (-1, 1), marks=list(marks), **panel)], [run], steps=len(path) - 1)
    rows = {"path": path, "field": FIELD, "picture": PICTURE.getvalue()}
    return draw(scene, rows, {"lr": 0.1, "start": (-1.0, 0.5)}, k)


def pixels(data):
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return imread(io.BytesIO(data))


def test_every_kind_of_mark_is_described_and_drawn():
    assert DRAW.keys() == MARKS.keys() == EXAMPLES.keys()


@pytest.mark.parametrize("kind", MARKS)
def test_a_mark_shows(kind):
    empty, shown = (pixels(png(picture_of(*marks))) for marks in ([], [EXAMPLES[kind]]))
    assert empty.shape != shown.shape or np.any(empty != shown)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [kind for kind, item in EXAMPLES.items() if getattr(item, "source", None) == "path"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_path_that_diverges_is_drawn_without_a_warning(kind, bad):
    path = PATH.copy()
    path[3:] = bad
    pixels(png(picture_of(EXAMPLES[kind], path=path)))


def test_a_path_is_drawn_up_to_the_step_shown_and_ends_before_the_first_number_that_is_not_finite():
    path = PATH.copy()
    path[4] = np.nan  # and finite again after it
    (line, *_) = picture_of(EXAMPLES["path"], path=path, k=2).axes[0].lines
    np.testing.assert_array_equal(line.get_xydata(), path[:3, :2])
    (line, *_) = picture_of(EXAMPLES["path"], path=path).axes[0].lines
    np.testing.assert_array_equal(line.get_xydata(), path[:4, :2])


@pytest.mark.parametrize("marks", [["field", "path", "handle"], ["curve", "hline"]])
def test_the_same_picture_gives_the_same_bytes(marks):
    once, twice = (png(picture_of(*(EXAMPLES[kind] for kind in marks), y_log=False)) for _ in range(2))
    assert once == twice
    assert b"Matplotlib" not in once and b"tEXtDate" not in once


def test_axes_carry_labels_title_and_a_legend():
    figure = picture_of(EXAMPLES["path"], EXAMPLES["points"], x_label="x", y_label="y", title="two steps")
    (axes,), (legend,) = figure.axes, figure.legends
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("x", "y", "two steps")
    assert [text.get_text() for text in legend.get_texts()] == ["Adam", "minimum"]
    assert axes.get_xlim() == axes.get_ylim() == (-1, 1)


def test_a_label_shows_its_number_in_three_digits():
    (axes,) = picture_of(replace(EXAMPLES["vline"], x=0.123456)).axes
    assert [text.get_text() for text in axes.texts] == ["here: 0.123"]


def test_a_ruler_lies_below_the_panels():
    panel = Panel((0.1, 1), (0, 1), marks=[EXAMPLES["dot"]], x_log=True, height="ruler")
    scene = Scene([Panel((-1, 1), (-1, 1)), panel], [Run("Adam", "Adam", *PALETTE["Adam"])])
    figure = draw(scene, {}, {"lr": 0.5})
    figure.canvas.draw()
    above, ruler = figure.axes
    assert ruler.get_position().y1 < above.get_position().y0
    assert ruler.get_xscale() == "log"
    assert ruler.lines[0].get_xdata() == [0.5]


def test_every_optimizer_has_a_colour_and_a_line_style_of_its_own():
    assert PALETTE.keys() == set(OPTIMIZERS)
    styles = [*PALETTE.values(), *SPARE]
    assert len(set(styles)) == len(styles)


def test_members_of_a_family_differ_in_their_dashes_and_families_in_their_hue():
    hues = [{PALETTE[name][0] for name, *_ in members} for members in FAMILIES.values()]
    assert sum(map(len, hues)) == len(set().union(*hues))
    for members in FAMILIES.values():
        dashes = [PALETTE[name][2] for name, *_ in members]
        assert len(set(dashes)) == len(dashes)


def test_an_optimizer_looks_the_same_in_every_company():
    for names in (OPTIMIZERS, OPTIMIZERS[::-1], ["Mine", *OPTIMIZERS]):
        styles = dict(zip(names, style_of(names)))
        assert {name: styles[name] for name in OPTIMIZERS} == PALETTE


@pytest.mark.parametrize("names", [["Adam", "Adam"], ["Mine", "Yours", "Adam"], ["Adam"] * 10, ["Mine", *OPTIMIZERS]])
def test_no_two_runs_look_the_same_while_styles_last(names):
    assert len(set(style_of(names))) == len(names)


def test_more_runs_than_styles_can_still_be_drawn():
    assert len(style_of(["Adam"] * 30)) == 30


def test_contours_rise_from_the_minimum_to_the_top_and_show_the_floor():
    grid = field_grid(himmelblau(), himmelblau().view)
    levels = np.array(contour_levels(grid, 0.0, 14))
    assert (np.diff(levels) > 0).all()
    assert 0 < levels[0] < 0.01 * grid.max() < levels[-1] < grid.max()
    assert len(contour_levels(np.full((3, 3), 2.0), 2.0)) == 13  # a flat field has contours as well


def test_a_mark_says_which_channel_it_lacks_or_does_not_have():
    with pytest.raises(ValueError, match=r"the mark Curve needs the channel 'y', got .*run0"):
        Curve(source="run0")
    with pytest.raises(ValueError, match=r"the mark Curve has no channel 'z'; it has run, color, .*, source, y, x"):
        Curve(source="run0", y=2, z=3)
    with pytest.raises(ValueError, match="the mark VLine needs x, or source and x, or control; it got control and x"):
        VLine(x=1.0, control="lr")


def test_the_picture_in_three_dimensions_says_where_points_of_the_surface_lie():
    surface = replace(himmelblau(), view=((-4.0, 4.0), (-4.0, 4.0)))
    data, project = surface_picture(surface)
    assert data == surface_picture(surface)[0]
    assert pixels(data).ndim == 3
    corners = np.array([[-4.0, -4.0], [4.0, -4.0], [-4.0, 4.0], [4.0, 4.0]])
    places = project(corners, surface.value(corners))
    assert places.shape == (4, 2)
    assert ((places > 0) & (places < 1)).all()
    low, high = project(np.zeros((2, 2)), np.array([0.0, 500.0]))
    assert high[1] > low[1] + 0.1  # higher on the surface is higher in the picture
    assert high[0] == pytest.approx(low[0], abs=0.02)
