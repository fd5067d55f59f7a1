"""The labs and the package around them: what loads when, sliders that start where the cell says, static twins."""

import ast
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

import optimlab
from optimlab import (
    Network,
    Noisy,
    anatomy,
    average_lab,
    axes_lab,
    batch_lab,
    batch_momentum_lab,
    bias_lab,
    bulk_lab,
    catapult_lab,
    clip_lab,
    cycle_lab,
    decay_lab,
    depth_lab,
    descend,
    dialects,
    digits,
    edge_lab,
    eigen_lab,
    fit_lab,
    giant_lab,
    gradient_lab,
    line_lab,
    live_edge,
    map_lab,
    memory_lab,
    modes_lab,
    newton_schulz_lab,
    noise_lab,
    overfit_lab,
    pca_lab,
    phase_lab,
    plane_lab,
    race,
    range_lab,
    rare_lab,
    river_lab,
    saddle_lab,
    schedule_lab,
    shadow_lab,
    sign_lab,
    signal_lab,
    spike_lab,
    spring_lab,
    steps_lab,
    training_lab,
)
from optimlab.checks import inside
from optimlab.knobs import Knob
from optimlab.labs.lab import Control, values_at
from optimlab.labs.travel import rows_of_recipe
from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop
from optimlab.problems import breast_cancer, diabetes
from optimlab.stage.marks import MARKS
from optimlab.surfaces import (
    ANGLE,
    KAPPA,
    beale,
    bowl,
    himmelblau,
    monkey_saddle,
    parabola,
    product,
    ravine,
    rosenbrock,
    saddle,
)

PACKAGE = Path(optimlab.__file__).parent

# Which module stands on which: each imports only from levels below its own.
LEVEL = {
    "extras": 0, "tape": 0, "checks": 0.5, "palette": 0, "threads": 1, "returned": 1, "layers": 1, "knobs": 1,
    "losses": 2, "clipping": 3,
    "optimizers": 3, "schedules": 3, "surfaces": 3, "data": 3, "problems": 4, "noise": 4, "descent": 4, "noise_ball": 5,
    "heavy_ball": 1, "step_sizes": 1, "noisy_quadratic": 2, "cycles": 3, "networks": 5, "training": 6, "pace": 7,
    "adam_theory": 1, "sign_theory": 2, "average_theory": 2, "rotated": 4, "rare": 4, "deep_linear": 4,
    "matrix_quadratic": 5, "place": 6, "curvature": 6.5, "edge": 7, "subspace": 7, "catapult_theory": 1, "river": 5,
    "derivative": 1, "own_source": 1, "valleys": 1, "pointwise": 1.5, "own_surface": 4,
    "formula_tokens": 0, "formula_grammar": 1, "formula": 2,
    "family": 4, "newton_schulz": 2, "landscapes": 7, "principal": 7.5,
    "connectivity": 7.5, "sampled": 3, "roster": 4, "stacked": 7, "comparison": 7, "fair": 7.5,
    "stage": 6,
    "figures": 7, "forms": 7, "labs": 8, "memory": 1, "exercises": 9, "reading": 9, "strip": 9, "predictions": 9,
    "whys": 9, "quiz": 9, "account": 9, "faults": 9, "start": 10,
}  # fmt: skip
HEAVY = {"matplotlib", "mpl_toolkits", "ipywidgets", "anywidget", "traitlets", "IPython", "sklearn", "scipy", "pandas"}

LABS = {
    "race on a ravine": lambda: race(
        ravine(kappa=20), [GradientDescent(lr=0.0912), Momentum(lr=0.0213, gamma=0.873), Adam(lr=0.107)]
    ),
    "race of all": lambda: race(himmelblau(), [Nesterov(), AdaGrad(), Adadelta(), RMSprop()], steps=40),
    "race on a parabola": lambda: race(parabola(), GradientDescent(lr=0.1), steps=10),
    "race that diverges": lambda: race(rosenbrock(), [GradientDescent(lr=1.5), Momentum(lr=1.9)], steps=30),
    "race without a minimum": lambda: race(monkey_saddle(), [Adam(lr=0.01), Adam(lr=0.02)], steps=30),
    "race on data": lambda: race(breast_cancer(), [GradientDescent(lr=0.5), Momentum(lr=0.1)], steps=30),
    "race under a schedule": lambda: race(bowl(), [GradientDescent(lr=lambda k: 0.5 / (k + 1)), Adam()], steps=20),
    "anatomy of momentum": lambda: anatomy(ravine(kappa=7), Momentum(lr=0.0312)),
    "anatomy of Adam": lambda: anatomy(rosenbrock(), Adam(lr=0.0517)),
    "batches": lambda: batch_lab(diabetes(), lr=0.113, batch_size=16, steps=40),
    "dialects": lambda: dialects(ravine(), "Adam", lr=0.0713),
    "a noise ball": lambda: noise_lab(diabetes(), lr=0.113, steps=60),
    "a line by hand": lambda: fit_lab(diabetes()),
    "a line by descent": lambda: fit_lab(diabetes(), GradientDescent(lr=0.213)),
    "gradient": lambda: gradient_lab(himmelblau()),
    "gradient and tangent": lambda: gradient_lab(parabola()),
    "race in noise": lambda: race(Noisy(saddle(), 0.013), GradientDescent(lr=0.1), steps=40),
    "schedules": lambda: schedule_lab(Noisy(ravine(kappa=20, angle=30), 0.513), lr=0.0813),
    "two schedules": lambda: schedule_lab(bowl(), Momentum(), names=["cosine", "constant, averaged"], steps=60),
    "range test": lambda: range_lab(Network((64, 8, 10)), digits(150), Adam(), lr=0.0213, epochs=2),
    "saddle": lambda: saddle_lab(distance=2.13e-5, steps=120),
    "spring": lambda: spring_lab(0.513, 0.813, steps=50),
    "phase": lambda: phase_lab(kappa=31.3, eta_lambda=2.513, gamma=0.713, steps=40),
    "eigen-directions": lambda: eigen_lab(ravine(kappa=53, angle=20), 0.913, 0.613, steps=60),
    "eigen-directions of data": lambda: eigen_lab(diabetes(), steps=60),
    "cycles": lambda: cycle_lab(kappa=81.3, steps=40),
    "batch and momentum": lambda: batch_momentum_lab(31.3, dim=12),
    "step sizes": lambda: steps_lab(kappa=31.3, count=16),
    "bias": lambda: bias_lab(0.813, 0.9913, 0.0513, steps=40),
    "signal and noise": lambda: signal_lab(snr=0.713, beta1=0.813, chains=40),
    "giants": lambda: giant_lab(period=23, beta2=0.913, excess=1.713, steps=200),
    "decay": lambda: decay_lab(steps=200, copies=10),
    "spike": lambda: spike_lab(eta=0.0913, steps=1200),
    "rare classes": lambda: rare_lab(exponent=0.75, steps=12),
    "signs": lambda: sign_lab(eta=0.0213, sigma=0.513, steps=100, copies=20),
    "memory": lambda: memory_lab(parameters=6.3, steps=30),
    "Newton–Schulz": lambda: newton_schulz_lab("quintic", steps=4),
    "modes": lambda: modes_lab(eta=0.0513, scale=0.0213, steps=30),
    "axes": lambda: axes_lab(angle=21.3, height=0.0213, steps=50),
    "averages": lambda: average_lab(eta=0.0613, sigma=1.13, steps=60),
    "a plane": lambda: plane_lab(1.713, "layer"),
    "shadows": lambda: shadow_lab(steps=60),
    "three paths": lambda: pca_lab(1, 0.0713, steps=60),
    "between networks": lambda: line_lab(16, alpha=0.4137),
    "catapult": lambda: catapult_lab(0.1813, 0.213, (3.7, 0.41)),
    "edge": lambda: edge_lab(0.713, 0.413, 100, 300, steps=500),
    "live edge": lambda: live_edge(0.713, steps=200),
    "river": lambda: river_lab(eta=0.0913, sigma=2.13, steps=200),
    "steep directions": lambda: bulk_lab(k=7, eta=0.413, before=20, steps=30),
    "saddle with one": lambda: saddle_lab(Momentum(0.05, 0.8), steps=60),
    "clipping": lambda: clip_lab(limit=0.813),
    "clipping elsewhere": lambda: clip_lab(rosenbrock(), Momentum(0.001), limit=1.0),
    "map": lambda: map_lab(ravine(kappa=20, angle=30), Momentum(lr=0.0213, gamma=0.873)),
    "map of Adam": lambda: map_lab(rosenbrock(), Adam(lr=0.0517), y="beta2", steps=60),
    "depth": lambda: depth_lab(variance=1.713, depth=12, width=20, batch=16),
    "overfitting": lambda: overfit_lab(Network((64, 12, 10)), digits(60), l2=0.0113, epochs=4),
    "training": lambda: training_lab(Network((64, 8, 10)), digits(150), [Momentum(0.0513), Adam(0.00313)], epochs=2),
}
every_lab = pytest.mark.parametrize("name", LABS)


@pytest.fixture(scope="module")
def lab_of():
    """Each lab is built once, and its bundle made once, for all tests that only look."""
    made = {}

    def lab_of(name):
        if name not in made:
            lab = LABS[name]()
            made[name] = lab, lab._repr_mimebundle_()[0]
        return made[name]

    return lab_of


# The package


def python(code):
    return subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)


def test_import_optimlab_loads_numpy_alone():
    shown = python("import optimlab, sys; print(*{name.split('.')[0] for name in sys.modules})").stdout.split()
    assert "numpy" in shown
    assert not HEAVY & set(shown)


def test_a_descent_and_a_sweep_need_numpy_alone():
    code = (
        "import sys\nfrom optimlab import Adam, descend, ravine, sweep\nfrom optimlab import problems, surfaces\n"
        "descend(ravine(), Adam()); sweep(ravine(), Adam(), 'lr', [0.1, 0.2])\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    assert not HEAVY & set(python(code).stdout.split())


def test_everything_that_is_announced_is_there():
    assert len(set(optimlab.__all__)) == len(optimlab.__all__)
    assert set(optimlab.LAZY) <= set(optimlab.__all__)
    for name in optimlab.__all__:
        assert callable(getattr(optimlab, name)), name
    with pytest.raises(AttributeError, match="module 'optimlab' has no attribute 'nothing'"):
        _ = optimlab.nothing


@pytest.mark.parametrize("first", ["from optimlab.labs import anatomy", "import optimlab.labs.race", "pass"])
def test_a_lab_is_a_function_whatever_was_imported_before(first):
    python(f"{first}\nimport optimlab\nassert callable(optimlab.race) and callable(optimlab.anatomy)")


def imports_of(path):
    """(module, at the top level?) for each import of a file; our own are named optimlab.…"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ("optimlab", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            yield from ((alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *([node.module] if node.module else [])))
            if module == "optimlab":
                yield from ((f"optimlab.{alias.name}", top) for alias in node.names)
            else:
                yield module, top


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path):
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    level = LEVEL[name]
    for module, top in imports_of(path):
        root, *rest = module.split(".")
        if root == "optimlab" and rest and rest[0] in LEVEL:
            below = LEVEL[rest[0]] < level or rest[0] == name in ("labs", "stage", "optimizers", "forms") or level == 9
            assert below or ((name, rest[0]) == ("networks", "training") and not top), f"{name} imports {module}"
        if level < 6 and top:
            assert root not in HEAVY, f"{name} imports {module}"
        if level < 6:
            assert root not in HEAVY - {"sklearn"}, f"{name} imports {module}"


def test_no_lab_imports_another():
    parts = (
        "lab",
        "direction",
        "inputs",
        "sources",
        "panels",
        "lifetime",
        "travel",
        "saving",
        "switch",
        "riddles",
        "suspects",
    )
    shared = {f"optimlab.labs.{name}" for name in parts}
    for path in (PACKAGE / "labs").glob("*.py"):
        mine = {module for module, _ in imports_of(path) if module.startswith("optimlab.labs.")}
        assert mine <= shared, path.name


# Sliders start where the cell says

KNOBS = [KAPPA, ANGLE] + [
    knob
    for kind in (GradientDescent, Momentum, Adadelta, RMSprop, Adam)
    for knob in kind().knobs.values()
    if knob.slider
]


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.meaning)
@given(share=st.floats(0, 1), digits=st.integers(2, 6))
def test_the_value_of_the_cell_is_the_sliders_and_its_positions_stay(knob, share, digits):
    low, high = (np.log10(knob.low), np.log10(knob.high)) if knob.log else (knob.low, knob.high)
    value = low + share * (high - low)
    value = float(f"{10**value if knob.log else value:.{digits}g}")
    if not inside(np.array(value), knob.allowed):
        return
    control = Control("k", knob, value)
    assert control.value == value
    if knob.low <= value <= knob.high:
        np.testing.assert_array_equal(control.knob.grid, knob.grid)


@pytest.mark.parametrize(("value", "low", "high"), [(5.0, 1e-3, 5.0), (1e-6, 1e-6, 10**0.3)])
def test_a_value_beyond_the_slider_widens_it(value, low, high):
    grid = Control("lr", GradientDescent().knobs["lr"], value).knob.grid
    np.testing.assert_allclose(grid[[0, -1]], (low, high))


def move_in_browser(lab, name, value):
    """What ipywidgets sends when the slider has moved on the page."""
    lab.sliders[name].set_state({"value": value})


def test_what_python_sets_stays_whatever_position_the_browser_moves_the_slider_to():
    lab = race(ravine(), Momentum(0.0123), steps=3)
    grid = np.array(lab.stage.positions["Momentum lr"])
    below, above = grid[grid < 0.5][-1], grid[grid > 0.5][0]

    def nearest(value):
        return grid[np.argmin(np.abs(np.log(grid / value)))]

    snapped = nearest(0.5)
    lab.sliders["Momentum lr"].value = 0.5
    assert lab.values["Momentum lr"] == 0.5
    move_in_browser(lab, "Momentum lr", nearest(0.0123))  # late, for the first value
    move_in_browser(lab, "Momentum lr", snapped)
    assert lab.values["Momentum lr"] == 0.5
    assert lab.stage.programmed == {"Momentum lr": [0.5, 1]}
    move_in_browser(lab, "Momentum lr", below + above - snapped)
    assert lab.values["Momentum lr"] == pytest.approx(below + above - snapped, rel=0.02)
    lab.sliders["kappa"].value = 100
    assert lab.values["kappa"] == 100


def test_what_somebody_types_is_what_python_says():
    lab = race(ravine(), Momentum(0.02), steps=3)
    values = lab.values | {"Momentum lr": 0.05, "start": list(lab.values["start"])}
    lab.stage.set_state({"request": {"seq": 1, "values": values, "rest": True, "typed": ["Momentum lr"]}})
    assert lab.values["Momentum lr"] == 0.05
    grid = np.array(lab.stage.positions["Momentum lr"])
    move_in_browser(lab, "Momentum lr", grid[np.argmin(np.abs(np.log(grid / 0.05)))])
    assert lab.values["Momentum lr"] == 0.05
    assert "η=0.05" in repr(lab)


@pytest.mark.parametrize("value", [50, 1e-9, -1])
def test_a_value_beyond_the_ends_of_a_slider_is_refused_in_words(value):
    lab = race(ravine(), Momentum(0.02), steps=3)
    with pytest.raises(Exception, match=r"η goes from 0\.001 to 2 on this slider, got"):
        lab.sliders["Momentum lr"].value = value
    assert lab.values["Momentum lr"] == 0.02


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "η must be above 0 on its logarithmic slider, got 0"),
        (np.array([[0.1], [0.2]]), "learning rate η must be one number here, got the shape (2, 1)"),
        (abs, "a slider shows one value of η, got abs"),
    ],
)
def test_what_no_slider_can_show_is_refused(value, text):
    with pytest.raises(ValueError) as caught:
        Control("lr", Knob("η", "learning rate", 1e-4, 1.0, log=True), value)
    assert str(caught.value) == text


@given(lr=st.floats(1e-3, 1.9), gamma=st.floats(0, 0.99))
def test_a_race_starts_with_exactly_the_values_of_the_cell(lr, gamma):
    lab = race(bowl(), [Momentum(lr=lr, gamma=gamma)], steps=1)
    assert (lab.sliders["Momentum lr"].value, lab.sliders["Momentum gamma"].value) == (lr, gamma)
    assert lab.values == {"Momentum lr": lr, "Momentum gamma": gamma, "start": bowl().start}


@every_lab
def test_every_slider_has_the_positions_that_the_stage_knows(lab_of, name):
    lab, _ = lab_of(name)
    assert lab.sliders.keys() == lab.stage.grids.keys() == lab.stage.typed.keys()
    for control, widget in lab.sliders.items():
        grid = np.array(lab.stage.positions[control])
        assert lab.values[control] in lab.stage.grids[control]
        assert grid[0] * (1 - 1e-9) <= lab.values[control] <= grid[-1] * (1 + 1e-9)
        ends = (10**widget.min, 10**widget.max) if hasattr(widget, "base") else (widget.min, widget.max)
        np.testing.assert_allclose(grid[[0, -1]], ends, rtol=1e-12, atol=1e-15)
        places = np.log10(grid) if hasattr(widget, "base") else grid
        np.testing.assert_allclose(np.diff(places), widget.step, rtol=1e-6)


# The static twin


@every_lab
def test_a_lab_carries_a_live_view_a_picture_and_a_summary(lab_of, name):
    lab, bundle = lab_of(name)
    assert bundle.keys() == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.model_id
    assert bundle["image/png"].startswith(b"\x89PNG\r\n\x1a\n")
    height, width, _ = imread(io.BytesIO(bundle["image/png"])).shape
    assert 300 < width < 1200 and 150 < height < 1200
    assert len(bundle["image/png"]) < 150_000
    assert type(lab)._ipython_display_ is None


@every_lab
def test_a_picture_is_told_in_words_to_those_who_do_not_see_it(lab_of, name):
    lab, bundle = lab_of(name)
    assert lab._repr_mimebundle_()[1]["image/png"] == {"alt": bundle["text/plain"]}


@every_lab
def test_the_summary_is_short_and_holds_no_address(lab_of, name):
    text = lab_of(name)[1]["text/plain"]
    assert text == repr(lab_of(name)[0])
    assert 1 <= len(text.splitlines()) <= 15
    assert not re.search(r"0x[0-9a-f]{4,}| at \d{6,}|object at", text)
    assert "inf" not in text and "nan" not in text


@every_lab
def test_a_lab_built_again_has_the_same_summary_and_the_same_picture(lab_of, name):
    _, first = lab_of(name)
    second = LABS[name]()._repr_mimebundle_()[0]
    assert second["text/plain"] == first["text/plain"]
    assert second["image/png"] == first["image/png"]


def test_the_summary_follows_the_sliders():
    lab = race(ravine(kappa=20), [GradientDescent(lr=0.05)], steps=150)
    assert "settles at L<0.001" in repr(lab)
    before = lab._repr_mimebundle_()[0]["image/png"]
    lab.sliders["GradientDescent lr"].value = 0.11
    assert "η=0.11  reaches L=" in repr(lab)
    assert lab._repr_mimebundle_()[0]["image/png"] != before


# The scene is complete


@every_lab
def test_every_mark_knows_its_source_its_run_and_its_control(lab_of, name):
    lab, _ = lab_of(name)
    rows = lab.stage.rows(lab.values)
    runs = {run.id for run in lab.scene.runs}
    for panel in lab.scene.panels:
        bars = any(item.kind == "bars" for item in panel.marks)  # they are labelled one by one
        assert panel.alt and (panel.x_label or bars or not panel.axes)
        for item in panel.marks:
            assert MARKS[item.kind] is type(item)
            assert getattr(item, "source", None) in {None, *rows}
            assert item.run in {None, *runs}
            assert getattr(item, "control", None) in {None, *lab.values}
    for run in lab.scene.runs:
        if run.loss:
            source, channel = run.loss
            loss = rows[source][:, channel]
            assert len(loss) == lab.scene.steps + 1 or lab.scene.steps == 0  # nothing plays
            assert np.nanmin(loss[:1]) >= 0


@every_lab
def test_every_array_of_a_lab_fits_its_sweeps(lab_of, name):
    """A sweep at the slider's position is the current array, so that nothing jumps when a slider is touched."""
    lab, _ = lab_of(name)
    traits = lab.stage.trait_values()
    for source, layout in lab.stage.layout_of_sources.items():
        now = traits[f"current_{source}"]
        if now.get("picture") or "recipe" in layout:
            continue
        current = np.frombuffer(now["bytes"], "<f4").reshape(now["shape"])
        for control in layout["sweeps"]:
            content = traits[f"sweep_{source}_{control}"]
            swept = np.frombuffer(content["bytes"], "<f4").reshape(content["shape"])
            grid = np.array(lab.stage.grids[control])
            assert swept.shape == (len(grid), *current.shape)
            if np.min(np.abs(grid - lab.values[control])) > 1e-9 * abs(lab.values[control]):
                continue  # between two positions
            here = swept[np.argmin(np.abs(grid - lab.values[control]))]
            finite = np.isfinite(here) & np.isfinite(current) & (np.abs(current) < 1e6)
            np.testing.assert_allclose(here[finite], current[finite], rtol=1e-3, atol=1e-4)


@every_lab
def test_a_recipe_of_a_lab_gives_what_python_computes(lab_of, name):
    lab, _ = lab_of(name)
    recipes = [source for source in lab._sources if source.travels]
    made = {}
    for source in recipes:
        with np.errstate(all="ignore"):
            of = [made[other] for other in source.recipe.get("of", ())]
            wanted, found = source.compute(lab.values), rows_of_recipe(source.recipe, lab.values, made=of)
        made[source.name] = found
        if source.recipe["kind"] == "walk":  # later, rounding may have grown
            wanted, found = wanted[:30], found[:30]
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9, err_msg=source.name)
    on_surfaces = ("race", "anatomy", "gradient", "a line", "dialects", "saddle", "clipping", "map")
    assert recipes or not name.startswith(on_surfaces) or name == "race on data"  # 569 examples are no formula


@every_lab
def test_moving_a_knob_of_an_optimizer_sends_less_than_a_megabyte(lab_of, name):
    lab, _ = lab_of(name)
    layout, traits = lab.stage.layout_of_sources, lab.stage.trait_values()
    for control in lab.sliders:
        moved = [(s, look) for s, look in layout.items() if control in look["needs"]]
        sent = [f"current_{s}" for s, _ in moved]
        sent += [f"sweep_{s}_{other}" for s, look in moved for other in look["sweeps"] if other != control]
        bound = 2.5e6 if control in ("kappa", "angle") or name == "dialects" else 2**20  # these change every path
        assert sum(len(traits[trait].get("bytes", b"")) for trait in sent) < bound, control


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: race(bowl(), []), "a race needs at least one optimizer, got none"),
        (lambda: race(bowl(), [Adam()], steps=-1), "steps must be a whole number ≥ 0, got -1"),
        (lambda: race(bowl(), [Adam()], start=(np.nan, 1)), "the start θ₀ must be finite, got [nan, 1.0]"),
        (lambda: race(bowl(), [Adam()], start="ab"), "the start θ₀ must be numbers of shape (..., d), got 'ab'"),
        (lambda: race(bowl(), [Adam()], start=(1, 2, 3)), "the start θ₀ must have shape (2,) on bowl, got (3,)"),
        (lambda: race(bowl(), [Adam()], tolerance=0), "the tolerance must be in (0, ∞), got 0"),
        (lambda: race(bowl(), [Adam(), Adam()], names=["one"]), "2 optimizers need 2 names, got ['one']"),
        (lambda: race(bowl(), [Adam]), "the optimizer must be an Optimizer, such as Adam(lr=0.1), got the class Adam"),
        (lambda: anatomy(parabola(), Adam()), "anatomy needs a surface of two parameters, got parabola with 1"),
        (lambda: batch_lab(diabetes(), batch_size=0), "the batch size B must be a whole number in [1, 442], got 0"),
        (
            lambda: dialects(bowl(), "Adadelta"),
            "the name of an optimizer with dialects must be one of Momentum",
        ),
        (lambda: fit_lab(breast_cancer()), "fit_lab needs a LinearRegression of one input with a bias, got Logistic"),
    ],
)
def test_a_lab_that_cannot_be_says_why(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text)


def test_optimizers_of_one_kind_are_told_apart():
    lab = race(bowl(), [Adam(lr=0.1), Adam(lr=0.2)], steps=5)
    assert [run.id for run in lab.scene.runs] == ["Adam", "Adam 2"]
    assert (lab.sliders["Adam lr"].value, lab.sliders["Adam 2 lr"].value) == (0.1, 0.2)
    assert race(bowl(), [Adam(), Adam()], names=["fast", "slow"], steps=5).scene.runs[1].label == "slow"


def test_each_of_two_runs_of_one_class_has_its_own_sliders_and_path():
    lab = race(ravine(), [Momentum(0.01, 0.5), Momentum(0.02, 0.9)], steps=5)
    first, second = (name for name in lab.sliders if name.endswith("lr"))
    rows = lab.stage.rows(lab.values)
    lab.sliders[second].value = 0.05
    moved = lab.stage.rows(lab.values)
    np.testing.assert_array_equal(moved["run0"], rows["run0"])
    np.testing.assert_allclose(moved["run1"][:, :2], descend(ravine(), Momentum(0.05, 0.9), steps=5).theta)
    lab.sliders[first].value = 0.03
    moved = lab.stage.rows(lab.values)
    np.testing.assert_allclose(moved["run0"][:, :2], descend(ravine(), Momentum(0.03, 0.5), steps=5).theta)


def test_what_theory_says_depends_on_all_sliders_but_the_learning_rates():
    lab = race(ravine(kappa=20), [Momentum(lr=0.02, gamma=0.8), Adam(lr=0.1)], names=["one", "two"])
    assert set(lab.stage._sources["theory"].needs) == {"kappa", "angle", "one gamma"}


@every_lab
def test_the_twin_stands_at_the_step_where_the_stage_begins(lab_of, name):
    lab, _ = lab_of(name)
    paths = [mark for panel in lab.scene.panels for mark in panel.marks if mark.kind == "path"]
    lines = [line.get_xydata() for axes in lab.figure().axes for line in axes.lines]
    for mark in paths:
        if mark.run and not next(run for run in lab.scene.runs if run.id == mark.run).shown:
            continue
        row = lab.stage.rows(lab.values)[mark.source]
        ends = row[min(lab.scene.first_step, len(row) - 1), [mark.x, mark.y]]
        if np.isfinite(ends).all() and np.abs(ends).max() < 1e9:
            assert any(len(line) == 1 and np.allclose(line[0], ends) for line in lines), mark


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.meaning)
def test_round_numbers_are_positions_of_the_sliders(knob):
    values = values_at(Control("k", knob, knob.grid[3]))
    assert (np.diff(values) > 0).all()
    for number in (1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0, 100.0) if knob.log else (0.0, 0.5, 0.9, 90.0):
        if knob.low <= number <= knob.high and knob is not ANGLE and knob.meaning != "second-moment decay":
            assert number in values, number
    scale = np.log if knob.log else np.asarray
    step = np.diff(scale(knob.grid))[0]
    assert np.abs(scale(values) - scale(knob.grid)).max() <= 0.5 * step * (1 + 1e-9)


def solids(lab):
    return [mark for panel in lab.scene.panels if panel.way == "3-D" for mark in panel.marks if mark.kind == "solid"]


@pytest.mark.parametrize("make", [lambda: race(ravine(), [Adam(0.1)], steps=5), lambda: saddle_lab(steps=5)])
def test_the_surface_in_3d_has_the_marks_of_the_contour_plot_and_is_not_shown_at_first(make):
    scene = make().scene
    flat, solid = scene.panels[:2]
    assert (flat.way, solid.way, scene.layout) == ("2-D", "3-D", "2-D")
    assert solid.without("solid").marks == flat.without("field").marks
    assert (solid.x, solid.y, solid.x_label, solid.y_label) == (flat.x, flat.y, flat.x_label, flat.y_label)
    assert solid not in scene.first_panels and flat in scene.first_panels


def test_the_gradient_is_shown_both_ways_at_first_and_a_curve_one_way():
    assert gradient_lab(himmelblau()).scene.layout == "both"
    for lab in (gradient_lab(parabola()), race(parabola(), Adam(0.1), steps=5)):
        assert not any(panel.way for panel in lab.scene.panels)


@pytest.mark.parametrize(
    "surface, log",
    [(ravine(kappa=100), None), (himmelblau(), None), (rosenbrock(), 1.0), (beale(), 1.0), (product(), 1e-2)],
)
def test_heights_over_several_decades_are_logarithmic_and_the_axis_says_so(surface, log):
    (solid,) = solids(race(surface, Adam(0.1), steps=1))
    assert solid.log == log
    assert ("(log)" in solid.label) == (log is not None)
