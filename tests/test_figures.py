"""Static pictures: every mark can be drawn, whatever the numbers; the same picture gives the same bytes."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib import style
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from optimlab import figures, optimizers
from optimlab.figures import draw, png, surface_picture
from optimlab.palette import FAMILIES, PALETTE, SPARE, style_of
from optimlab.stage.marks import MARKS, Curve, VLine
from optimlab.stage.scene import Panel, Run, Scene
from optimlab.stage.solid import block_of, project, rise
from optimlab.stage.twin import DRAW, _clear_of, contour_levels, stretched
from optimlab.surfaces import field_grid, himmelblau, ravine

OPTIMIZERS = [name for name in optimizers.__all__ if name not in ("Around", "Optimizer")]
PATH = np.column_stack([np.linspace(-1, 0, 6), np.linspace(0.5, 0, 6), np.logspace(0, -5, 6)])
FIELD = field_grid(ravine(), ((-1, 1), (-1, 1)), 9, 7)
PICTURE = io.BytesIO()
figures.Figure(figsize=(1, 1), facecolor="red").savefig(PICTURE, format="png", dpi=10)

MAP = np.array([[1.0, 3.0, 10.0, 30.0], [5.0, 100.0, np.nan, np.inf]])
EXAMPLES = {  # one of each kind; the sources are below
    "field": MARKS["field"](source="field", minimum=0.0, count=8),
    "map": MARKS["map"](source="map", low=1, top=100),
    "picture": MARKS["picture"](source="picture"),
    "fog": MARKS["fog"](control="start", radius=0.2),
    "solid": MARKS["solid"](source="field", minimum=0.0, count=8),
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
    "knots": MARKS["knots"](control="knots", x=[0, 1], label="η"),
}


def picture_of(*marks, path=PATH, k=None, **panel):
    run = Run("Adam", "Adam", *style_of(["Adam"])[0])
    scene = Scene([Panel((-1, 1), (-1, 1), marks=list(marks), **panel)], [run], steps=len(path) - 1)
    rows = {"map": MAP, "path": path, "field": FIELD, "picture": PICTURE.getvalue()}
    return draw(scene, rows, {"lr": 0.1, "start": (-1.0, 0.5), "knots": (0.2, 0.5)}, k)


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


# What a picture shows, where it has no mirror image


def data_of(panel, *marks, rows, k=None, steps=3, tolerance=None):
    run = Run("Adam", "Adam", *style_of(["Adam"])[0])
    figure = draw(Scene([Panel(*panel[0], marks=list(marks), **panel[1])], [run], steps), rows, {}, k)
    figure.canvas.draw()
    return figure.axes[0], np.asarray(figure.canvas.buffer_rgba()).astype(int)


def shade(axes, image, x, y):
    """How light the picture is around a point of the data."""
    px, py = axes.transData.transform((x, y))
    row = image.shape[0] - 1 - round(py)
    return image[row - 2 : row + 3, round(px) - 2 : round(px) + 3, :3].mean()


def test_the_twin_has_north_up_and_east_right():
    y, x = np.mgrid[0:41, 0:41] / 40
    grid = (x - 0.9) ** 2 + (y - 0.7) ** 2
    field = MARKS["field"](source="field", minimum=0.0, count=8)
    axes, image = data_of((((0, 1), (0, 1)), {}), field, rows={"field": grid})
    here = shade(axes, image, 0.9, 0.7)
    for mirrored in ((0.1, 0.7), (0.9, 0.3), (0.1, 0.3)):
        assert here < shade(axes, image, *mirrored) - 5


def test_the_twin_draws_logarithms_on_logarithmic_axes_and_only_there():
    curve = MARKS["curve"](source="path", run="Adam", y=0)
    path = np.array([[1.0], [0.1], [0.01], [0.001]])
    for log, middle in ((True, True), (False, False)):
        axes, _ = data_of((((0, 3), (1e-3, 1)), {"y_log": log}), curve, rows={"path": path})
        heights = [axes.transAxes.inverted().transform(axes.transData.transform((1, y)))[1] for y in (1e-3, 0.1, 1)]
        assert heights[0] == pytest.approx(0, abs=1e-9) and heights[2] == pytest.approx(1)
        assert bool(abs(heights[1] - 2 / 3) < 1e-6) is middle


@pytest.mark.parametrize("k", [0, 1, 3, None])
def test_the_twin_shows_the_step_that_it_is_asked_for(k):
    path = np.array([[0.1, 0.2], [0.3, 0.9], [0.5, 0.4], [0.8, 0.6]])
    axes, _ = data_of(
        (((0, 1), (0, 1)), {}), MARKS["path"](source="path", run="Adam", x=0, y=1), rows={"path": path}, k=k
    )
    end = 3 if k is None else k
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), path[: end + 1])
    np.testing.assert_array_equal(axes.lines[-1].get_xydata(), path[end : end + 1])


def test_contour_levels_crowd_towards_the_floor():
    grid = field_grid(himmelblau(), himmelblau().view)
    gaps = np.diff([0.0, *contour_levels(grid, 0.0, 14)])
    assert gaps[-1] > 3 * gaps[0]


def test_the_map_of_the_twin_has_its_first_row_below():
    grid = np.array([[2.0, 90.0], [np.nan, np.inf]])
    axes, image = data_of((((0, 2), (0, 2)), {}), MARKS["map"](source="map", low=1, top=100), rows={"map": grid})
    assert shade(axes, image, 0.5, 0.5) > shade(axes, image, 1.5, 0.5) + 40  # few steps are light
    assert shade(axes, image, 0.5, 1.5) == pytest.approx(205, abs=6)  # grey


def test_a_panel_that_follows_its_curves_goes_as_far_as_they_do():
    grown = np.column_stack([np.arange(6), np.zeros(6), np.logspace(-9, 5, 6)])
    curve = EXAMPLES["curve"]
    for follow, ends in (("up", (1e-6, 1e6)), ("both", (1e-10, 1e6)), ("", (1e-6, 1.0))):
        scene = Scene([Panel((0, 5), (1e-6, 1.0), y_log=True, follow=follow, marks=[curve])], [], steps=5)
        assert draw(scene, {"path": grown}, {}).axes[0].get_ylim() == pytest.approx(ends)


@pytest.mark.parametrize("lowest, highest, log, ends", [
    (1e-3, 5, True, (1e-6, 10)), (np.inf, -np.inf, True, (1e-6, 10)), (np.inf, 11, True, (1e-6, 1e3)),
    (np.inf, 999, True, (1e-6, 1e3)), (np.inf, 1001, True, (1e-6, 1e5)), (np.inf, 1e30, True, (1e-6, 1e13)),
    (1e-7, 5, True, (1e-8, 10)), (0.0, 5, True, (1e-18, 10)),
    (1, 2, False, (0, 10)), (1, 11, False, (0, 20)), (1, 39, False, (0, 40)), (-5, 2, False, (-10, 10)),
])  # fmt: skip
def test_where_an_axis_ends(lowest, highest, log, ends):
    assert stretched((1e-6 if log else 0.0, 10.0), lowest, highest, log) == pytest.approx(ends)


def test_a_line_that_has_left_its_panel_is_told_by_a_pointer_at_the_edge():
    away = PATH.copy()
    away[-1, :2] = 40.0, 3.0
    inside, outside = (
        [line.get_marker() for line in picture_of(EXAMPLES["path"], path=p).axes[0].lines] for p in (PATH, away)
    )
    assert not any(isinstance(marker, tuple) for marker in inside)
    assert any(isinstance(marker, tuple) and marker[0] == 3 for marker in outside)


def test_a_horizontal_line_stands_where_its_source_says():
    level = MARKS["hline"](source="path", y=1, label="mean {y}")
    axes = picture_of(level).axes[0]
    assert axes.lines[0].get_ydata()[0] == PATH.ravel()[1] and "mean 0.5" in [text.get_text() for text in axes.texts]
    assert not picture_of(level, path=np.full((6, 3), np.nan)).axes[0].lines


def test_the_twin_turns_a_surface_as_the_browser_does():
    """As in solid.js: unturned x goes to the right, y away and up; a quarter turn takes x to where −y was."""
    middle, right, away, top = project(
        np.array([0, 1, 0, 0]), np.array([0, 0, 1, 0]), np.array([0.5, 0.5, 0.5, 1]), 0.0
    )
    assert right[0] > middle[0] and right[1] == middle[1]
    assert away[2] > middle[2] and away[1] > middle[1]
    assert top[1] > middle[1] and top[2] < middle[2]
    np.testing.assert_allclose(project(1, 0, 0.3, np.pi / 2), project(0, -1, 0.3, 0.0), atol=1e-12)


def ridge(x=0.5):
    """A field over the box with one ridge along y, as seen from the front on the left."""
    across = np.linspace(-1, 1, 81)
    return np.tile(np.where(np.abs(across - x) < 0.05, 1.0, 0.0), (81, 1))


def test_a_ridge_hides_what_is_behind_it_and_nothing_else():
    block = block_of(ridge(), EXAMPLES["solid"])  # seen from the front on the right: −v and u are near
    assert block.hides(0.3, 0.0) and not block.hides(0.8, 0.0) and not block.hides(-0.9, 0.0)
    assert not block.hides(0.5, 0.0)  # on top of it
    np.testing.assert_allclose(block.over([0.5, 5.0, -1.0], [0.0, 0.0, -3.0]), [1, 0, 0], atol=1e-12)


@pytest.mark.parametrize("log", [None, 0.1])
def test_heights_grow_from_nothing_to_the_top(log):
    shares = rise(np.array([-1.0, 0.0, 1.0, 10.0, 100.0, 200.0]), 100.0, log)
    assert shares[0] == shares[1] == 0 < shares[2] < shares[3] < shares[4] == shares[5] <= 1
    if log:  # each decade beyond the softening is as high as the other
        assert shares[4] - shares[3] == pytest.approx(shares[3] - shares[2], rel=0.05)
    else:
        np.testing.assert_allclose(shares[2:5], [0.01, 0.1, 1.0])


def test_a_path_lies_on_the_surface_and_is_faint_behind_it():
    path = np.array([[0.9, 0.0, 0.0], [-0.9, 0.0, 0.0]])
    scene = Scene([Panel((-1, 1), (-1, 1), marks=[EXAMPLES["solid"], EXAMPLES["path"]])], [], steps=1)
    (axes,) = draw(scene, {"field": ridge(), "path": path}, {}).axes
    seen, faint = (line for line in axes.lines if len(line.get_xdata()) > 30)
    top = np.nanmax(seen.get_ydata())
    assert seen.get_alpha() is None and faint.get_alpha() == 0.4
    assert top == pytest.approx(project(0.5, 0.0, 1.0)[1], abs=0.03)  # over the ridge, not through it
    assert 5 < np.isfinite(faint.get_xdata()).sum() < np.isfinite(seen.get_xdata()).sum()


def test_of_alternatives_the_twin_draws_what_the_stage_shows_at_first():
    flat, solid, other = Panel((0, 1), (0, 1), way="2-D"), Panel((0, 1), (0, 1), way="3-D"), Panel((0, 1), (0, 1))
    for layout, count in (("2-D", 2), ("both", 3), ("3-D", 2)):
        assert len(draw(Scene([flat, solid, other], layout=layout), {}, {}).axes) == count
    with pytest.raises(ValueError, match="the layout of a scene must be one of 2-D, both, 3-D, got '4-D'"):
        Scene([flat], layout="4-D")


def contrast(color, paper):
    """Of two colours, by the rule of the web content accessibility guidelines."""

    def brightness(rgb):
        rgb = np.array(rgb)
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    bright, dim = sorted((brightness(color), brightness(paper)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_pictures_on_a_page_have_no_paper_and_ink_that_is_legible_on_light_and_on_dark():
    with style.context("optimlab.page"):
        inks = [plt.rcParams[name] for name in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color")]
        lines = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        figure, _ = plt.subplots()
        target = io.BytesIO()
        figure.savefig(target, format="png")
        plt.close(figure)
    assert pixels(target.getvalue())[0, 0, 3] == 0
    for ink, least in [*((ink, 4) for ink in inks), *((line, 2.6) for line in lines)]:
        assert min(contrast(to_rgb(ink), paper) for paper in ((1, 1, 1), (0.07, 0.07, 0.07))) > least, ink


def test_the_style_of_a_learner_does_not_touch_the_static_pictures():
    plain = png(picture_of(EXAMPLES["path"]))
    with style.context("dark_background"):
        assert png(picture_of(EXAMPLES["path"])) == plain


@pytest.mark.parametrize(
    "dots, right, begin",
    [([], True, 4), ([], False, -4), ([20], True, 28), ([-20], False, -28), ([200], True, 4), ([20], False, -4)],
)
def test_a_label_begins_on_the_far_side_of_a_dot_that_would_lie_on_it(dots, right, begin):
    assert _clear_of(dots, "limit = 0.1", right) == begin
