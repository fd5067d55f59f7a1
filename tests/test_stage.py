"""The stage without a browser: what a request recomputes, what is sent, and that every request is answered."""

import json
import subprocess

import numpy as np
import pytest
from ipywidgets import FloatSlider

from optimlab import race
from optimlab.descent import descend
from optimlab.optimizers import Adam, GradientDescent, Momentum
from optimlab.stage.bundle import bundle, modules
from optimlab.stage.marks import MARKS
from optimlab.stage.scene import Scene
from optimlab.stage.twin import contour_levels
from optimlab.stage.widget import HERE, Source, Stage, pack
from optimlab.surfaces import ravine
from tools.node import found_node

X, Y = np.linspace(0, 1, 5), np.linspace(1, 2, 3)


def at_home(optimizer):
    """The same optimizer, which decides by k, so that it can't be recorded: Python sends its sweeps."""

    def step(self, theta, grad, state, k):
        return optimizer.step(self, theta, grad, state, int(k))

    return type(optimizer.__name__, (optimizer,), {"step": step})


class Counted:
    """A stage with a source of two sliders and a point, a source of one slider, and one of the point alone."""

    def __init__(self):
        self.computed = []
        sources = [
            Source("both", ("x", "y", "start"), self.counted("both", lambda v: v["x"] + v["y"] + v["start"][0])),
            Source("one", ("y",), self.counted("one", lambda v: 2 * v["y"])),
            Source("point", ("start",), self.counted("point", lambda v: b"picture")),
            Source("unswept", ("x",), self.counted("unswept", lambda v: v["x"]), sweeps=()),
        ]
        sliders = {"x": FloatSlider(0.25, min=0, max=1), "y": FloatSlider(1.5, min=1, max=2)}
        self.stage = Stage(Scene([], []), sources, sliders, {"x": X, "y": Y}, {"start": (3.0, 4.0)})
        self.values = {"x": 0.25, "y": 1.5, "start": [3.0, 4.0]}
        self.seq = 0

    def counted(self, name, compute):
        def computing(values):
            swept = [control for control, value in values.items() if isinstance(value, np.ndarray)]
            self.computed.append((name, *swept))
            return compute(values)

        return computing

    def ask(self, rest=False, **changes):
        """What a request computes."""
        self.values = self.values | changes
        self.seq += 1
        self.computed.clear()
        self.stage.request = {"seq": self.seq, "values": self.values, "rest": rest}
        assert (self.stage.answered, self.stage.problem) == (self.seq, "")
        return set(self.computed)


@pytest.fixture
def counted():
    return Counted()


def decoded(content):
    return np.frombuffer(content["bytes"], "<f4").reshape(content["shape"])


EVERYTHING = {
    ("both",), ("both", "x"), ("both", "y"), ("one",), ("one", "y"), ("point",), ("unswept",),
}  # fmt: skip


def test_at_first_every_array_and_every_sweep_is_there(counted):
    assert set(counted.computed) == EVERYTHING
    assert len(counted.computed) == len(EVERYTHING)
    assert decoded(counted.stage.current_both) == 0.25 + 1.5 + 3
    np.testing.assert_allclose(decoded(counted.stage.sweep_both_x), X + 1.5 + 3)
    np.testing.assert_allclose(decoded(counted.stage.sweep_one_y), 2 * Y)
    assert counted.stage.current_point["bytes"] == b"picture"
    assert counted.stage.layout_of_sources["both"] == {"needs": ["x", "y", "start"], "sweeps": ["x", "y"]}
    assert counted.stage.layout_of_sources["unswept"] == {"needs": ["x"], "sweeps": []}


def test_while_a_slider_moves_only_what_it_touches_is_computed_and_no_sweep(counted):
    assert counted.ask(x=0.5) == {("both",), ("unswept",)}
    assert counted.ask(y=1.0) == {("both",), ("one",)}
    assert counted.ask(start=[0.0, 1.0]) == {("both",), ("point",)}


def test_at_rest_the_sweeps_of_the_other_sliders_are_computed(counted):
    assert counted.ask(x=0.5, rest=True) == {("both",), ("unswept",), ("both", "y")}
    assert counted.ask(y=1.0, rest=True) == {("both",), ("one",), ("both", "x")}
    assert counted.ask(start=[0.0, 1.0], rest=True) == {("both",), ("point",), ("both", "x"), ("both", "y")}


def test_what_is_up_to_date_is_not_computed_again(counted):
    assert counted.ask() == counted.ask(rest=True) == set()
    counted.ask(x=0.5)
    assert counted.ask(rest=True) == {("both", "y")}
    assert counted.ask(rest=True) == set()


def test_every_array_travels_with_the_values_it_was_computed_for(counted):
    counted.ask(x=0.5, y=1.0)
    stage = counted.stage
    assert stage.current_both["base"] == {"x": 0.5, "y": 1.0, "start": [3.0, 4.0]}
    assert stage.sweep_both_x["base"] == {"y": 1.5, "start": [3.0, 4.0]}  # still the old one: not at rest
    counted.ask(rest=True)
    assert stage.sweep_both_x["base"] == {"y": 1.0, "start": [3.0, 4.0]}
    np.testing.assert_allclose(decoded(stage.sweep_both_x), X + 1.0 + 3)
    assert stage.current_one["base"] == {"y": 1.0}


def test_only_a_point_at_rest_is_kept(counted):
    counted.ask(start=[0.0, 1.0])
    assert counted.stage.points == {"start": [3.0, 4.0]}
    counted.ask(rest=True)
    assert counted.stage.points == {"start": [0.0, 1.0]}


GOOD = {"x": 0.25, "y": 1.5, "start": [3.0, 4.0]}
MALFORMED = [
    ({}, ""),
    ({"values": None}, ""),
    ({"values": [1, 2]}, ""),
    ({"values": "x"}, ""),
    ({"values": {}}, "x"),
    ({"values": {"x": 0.5, "start": [3.0, 4.0]}}, "y"),
    ({"values": GOOD | {"x": None}}, "x must be"),
    ({"values": GOOD | {"x": "fast"}}, "x must be"),
    ({"values": GOOD | {"x": {}}}, "x must be"),
    ({"values": GOOD | {"x": [0.5, 0.6]}}, "x must be"),
    ({"values": GOOD | {"x": float("nan")}}, "x must be"),
    ({"values": GOOD | {"x": float("inf")}}, "x must be"),
    ({"values": GOOD | {"x": 10**400}}, "x must be"),
    ({"values": GOOD | {"start": 3.0}}, "start must be"),
    ({"values": GOOD | {"start": [1, 2, 3]}}, "start must be"),
    ({"values": GOOD | {"start": [1, None]}}, "start must be"),
    ({"values": GOOD | {"start": [[1], [2, 3]]}}, "start must be"),
    ({"values": GOOD | {"start": []}}, "start must be"),
]


@pytest.mark.parametrize(("request_", "says"), MALFORMED, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("rest", [False, True])
def test_a_malformed_request_is_answered_and_says_what_is_wrong(counted, request_, says, rest):
    before = counted.stage.current_both
    counted.stage.request = {"seq": 7, "rest": rest, **request_}
    assert counted.stage.answered == 7
    problem = counted.stage.problem
    assert says in problem and len(problem) > 10 and "\n" not in problem
    assert counted.stage.current_both is before
    counted.seq = 7
    counted.ask(x=0.5)  # and the next good request clears the problem
    assert decoded(counted.stage.current_both) == 0.5 + 1.5 + 3


@pytest.mark.parametrize("seq", ["a", None, [1], float("nan")])
def test_a_request_without_a_number_breaks_nothing(counted, seq):
    counted.stage.request = {"seq": seq, "values": GOOD}
    counted.ask(x=0.5)


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, AttributeError, MemoryError])
def test_a_source_that_fails_is_a_problem_and_not_the_end(error):
    def compute(values):
        if values["x"] == 0.5:
            raise error("too hard")
        return values["x"]

    stage = Stage(Scene([], []), [Source("a", ("x",), compute, ())], {"x": FloatSlider(0.25)}, {}, {})
    stage.request = {"seq": 1, "values": {"x": 0.5}}
    assert (stage.answered, stage.problem) == (1, "too hard")
    stage.request = {"seq": 2, "values": {"x": 0.75}}
    assert (stage.answered, stage.problem) == (2, "")
    assert decoded(stage.current_a) == 0.75
    stage.request = {"seq": 3, "values": {"x": 0.5}}
    stage.request = {"seq": 4, "values": {"x": 0.75}}  # where it stood before the failure
    assert (stage.answered, stage.problem) == (4, "")


def test_what_failed_once_is_tried_again():
    moods = iter(["", "tired", ""])

    def compute(values):
        if mood := next(moods):
            raise ValueError(mood)
        return values["x"]

    stage = Stage(Scene([], []), [Source("a", ("x",), compute, ())], {"x": FloatSlider(0.25)}, {}, {})
    stage.request = {"seq": 1, "values": {"x": 0.5}}
    assert (stage.problem, decoded(stage.current_a)) == ("tired", 0.25)
    stage.request = {"seq": 2, "values": {"x": 0.5}}
    assert (stage.problem, decoded(stage.current_a)) == ("", 0.5)


def test_illegal_hyperparameters_are_named_to_the_learner():
    lab = race(ravine(), [at_home(Adam)(lr=0.1)], steps=5)
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in lab.values.items()}
    lab.stage.request = {"seq": 1, "values": values | {"Adam beta1": 1.0}}
    assert (lab.stage.answered, lab.stage.problem) == (1, "first-moment decay β₁ must be in [0, 1), got 1")
    lab.stage.request = {"seq": 2, "values": values | {"kappa": 0.5}}
    assert (lab.stage.answered, lab.stage.problem) == (2, "condition number κ must be in [1, ∞), got 0.5")


@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 3, 4)])
def test_packed_arrays_are_little_endian_single_precision_with_their_shape(shape):
    array = np.random.default_rng(0).normal(size=shape)
    content = pack(array)
    assert content["shape"] == list(shape)
    assert len(content["bytes"]) == 4 * array.size
    np.testing.assert_array_equal(decoded(content), array.astype(np.float32))


def test_what_is_finite_stays_finite_and_what_is_not_stays_so():
    array = np.array([1e300, -1e300, 3.5e38, 1e-300, 0.1, np.inf, -np.inf, np.nan])
    sent = decoded(pack(array))
    np.testing.assert_array_equal(np.isfinite(sent), np.isfinite(array))
    np.testing.assert_array_equal(np.sign(sent[[0, 1, 2, 5, 6]]), [1, -1, 1, 1, -1])
    assert np.abs(sent[:3]).min() >= 3e38
    np.testing.assert_array_equal(sent[5:7], [np.inf, -np.inf])
    assert pack(b"abc") == {"shape": [3], "bytes": b"abc", "picture": True}


def test_the_bytes_of_a_race_are_the_paths_that_descend_gives():
    lab = race(ravine(), [at_home(GradientDescent)(lr=0.09), at_home(Momentum)(lr=0.02)], steps=40)
    stage = lab.stage
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in lab.values.items()}
    values |= {"kappa": 33.0, "angle": 20.0, "Momentum gamma": 0.7, "start": [0.9, -0.4]}
    stage.request = {"seq": 1, "values": values, "rest": True}

    def path(optimizer, surface=None):
        walk = descend(surface or ravine(33.0, 20.0), optimizer, (0.9, -0.4), 40)
        return np.clip(np.column_stack([walk.theta, walk.loss]), -3e38, 3e38).astype(np.float32)

    np.testing.assert_array_equal(decoded(stage.current_run0), path(GradientDescent(lr=0.09)))
    np.testing.assert_array_equal(decoded(stage.current_run1), path(Momentum(lr=0.02, gamma=0.7)))
    for name in ("lr", "gamma"):
        rows, grid = decoded(stage.trait_values()[f"sweep_run1_Momentum {name}"]), stage.grids[f"Momentum {name}"]
        assert rows.shape == (len(grid), 41, 3)
        for i in (0, len(grid) // 2, len(grid) - 1):
            np.testing.assert_array_equal(rows[i], path(Momentum(lr=0.02, gamma=0.7).replace(**{name: grid[i]})))
    rows, grid = decoded(stage.sweep_run0_kappa), stage.grids["kappa"]
    for i in (0, len(grid) - 1):
        np.testing.assert_array_equal(rows[i], path(GradientDescent(lr=0.09), ravine(grid[i], 20.0)))


def test_a_source_that_travels_sends_nothing_but_what_it_is_of():
    sent = sent_by(race(ravine(), [Momentum(0.02), Adam(0.1)]), **{"Momentum lr": 0.05, "kappa": 30.0})
    assert {"current_run0", "current_field", "current_theory"} <= set(sent) and not any(sent.values())


def sent_by(lab, **changes):
    """How many bytes one request at rest sends."""
    sent = {}
    names = [name for name in lab.stage.trait_names() if name.startswith(("current_", "sweep_"))]
    lab.stage.observe(lambda change: sent.update({change["name"]: len(change["new"].get("bytes", b""))}), names)
    values = {name: list(v) if isinstance(v, tuple) else v for name, v in lab.values.items()}
    lab.stage.request = {"seq": 1, "values": values | changes, "rest": True}
    assert lab.stage.problem == ""
    return sent


def test_one_interaction_sends_less_than_a_megabyte():
    racers = [at_home(GradientDescent)(lr=0.09), at_home(Momentum)(lr=0.02), at_home(Adam)(lr=0.1)]
    for racer in racers:
        sent = sent_by(race(ravine(), racers), **{f"{racer.name} lr": 0.05})
        assert 0 < sum(sent.values()) < 1e6
        assert all(f"run{racers.index(racer)}" in name for name in sent)


def test_what_goes_to_the_browser_besides_the_bytes_is_plain_json():
    stage = race(ravine(), [Adam(lr=0.1)]).stage
    for name in ("scene", "grids", "points", "layout_of_sources"):
        json.dumps(getattr(stage, name), allow_nan=False)


def test_two_stages_do_not_share_anything():
    one, two = Counted(), Counted()
    assert one.stage.uid != two.stage.uid
    one.ask(x=0.5, rest=True)
    assert decoded(two.stage.current_both) == 0.25 + 1.5 + 3


# The JavaScript modules as one (what they do is tested in tests/js and tests/browser)


def node(path, expression: str, **given):
    """What an expression gives under Node, as JSON; `module` is the one at `path`, and `given` are constants."""
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    script = f"{constants}const module = await import('{path.as_uri()}');\nconsole.log(JSON.stringify({expression}));"
    command = [found_node(), "--input-type=module", "-"]
    done = subprocess.run(command, input=script, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_joined_module_parses_and_exports_render_and_nothing_else(tmp_path):
    path = tmp_path / "stage.mjs"
    path.write_text(bundle(HERE / "stage.js"), "utf-8")
    assert node(path, "Object.keys(module)") == ["default"]
    assert node(path, "Object.keys(module.default)") == ["render"]
    assert node(path, "typeof module.default.render") == "function"


def test_every_module_is_joined_once_after_those_that_it_imports():
    names = [path.name for path in modules(HERE / "stage.js")]
    assert sorted([*names, "once.js", "page.js", "scene.js"]) == sorted(path.name for path in HERE.glob("*.js"))
    assert names[0] == "numbers.js" and names[-1] == "stage.js"
    assert names.index("field.js") < names.index("marks.js") and names.index("lines.js") < names.index("controls.js")


@pytest.fixture
def joined(tmp_path):
    def join(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.js").write_text(source)
        return bundle(tmp_path / "view.js")

    return join


def test_joined_modules_do_what_they_do_apart(joined, tmp_path):
    sources = {
        "numbers": "export const two = 2;\nexport async function three() { return 3; }\n",
        "store": 'import { two } from "./numbers.js";\nexport class Store { four = two + 2; }\n',
        "view": 'import { Store } from "./store.js";\nimport {\n  three,\n  two,\n} from "./numbers.js";\n'
        "const render = async () => [two, await three(), new Store().four];\nexport default { render };\n",
    }
    path = tmp_path / "joined.mjs"
    path.write_text(joined(**sources))
    assert node(path, "await module.default.render()") == [2, 3, 4]


@pytest.mark.parametrize("definition", ["const a = 1;", "export class a {}", "async function a() {}", "let a = 1;"])
def test_a_name_that_two_modules_define_is_an_error(joined, definition):
    view = 'import { b } from "./store.js";\nfunction a() {}\nexport default { a };\n'
    with pytest.raises(ValueError, match=r"a is defined in store\.js and in view\.js"):
        joined(store=f"{definition}\n", view=view)


def test_modules_that_import_one_another_are_an_error(joined):
    with pytest.raises(ValueError, match=r"view\.js imports store\.js imports view\.js"):
        joined(store='import { b } from "./view.js";\n', view='import { a } from "./store.js";\nexport const b = 1;\n')


@pytest.mark.parametrize(
    "line",
    [
        'import { a as b } from "./store.js";',
        'import * as store from "./store.js";',
        'import store from "./store.js";',
        'import { a } from "https://example.org/a.js";',
        'import "./store.js";',
        "export { a };",
        "export default function render() {}",
        'export * from "./store.js";',
    ],
)
def test_an_import_or_export_that_cannot_be_joined_is_an_error(joined, line):
    with pytest.raises(ValueError, match="plain names"):
        joined(store="export const a = 1;\n", view=f"{line}\nconst c = 1;\n")


def test_only_the_first_module_has_a_default_export(joined):
    with pytest.raises(ValueError, match=r"store\.js: .*export default"):
        joined(store="export const a = 1;\nexport default { a };\n", view='import { a } from "./store.js";\n')


def test_every_kind_of_mark_that_python_knows_is_drawn_and_no_other():
    drawn = node(HERE / "marks.js", "[module.STILL, module.MOVING].flatMap(Object.keys)")
    assert sorted([*drawn, "handle", "knots"]) == sorted(MARKS)  # these are buttons


X_OF_GRID, Y_OF_GRID = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-2, 2, 16))
GRIDS_FOR_LEVELS = {
    "bowl": (X_OF_GRID**2 + Y_OF_GRID**2, 0.0, 14),
    "below zero": (X_OF_GRID**2 - 3 * Y_OF_GRID**2, -12.0, 16),
    "steep": (np.exp(6 * X_OF_GRID + 4 * Y_OF_GRID), 0.0, 16),
    "plateau": (np.where(X_OF_GRID < -0.8, 0.0, 1.0), 0.0, 12),
    "flat": (np.full((5, 4), 2.5), 2.5, 8),
    "odd count": (np.arange(35.0).reshape(5, 7) ** 2, -1.0, 9),
}


@pytest.mark.parametrize("name", GRIDS_FOR_LEVELS)
def test_the_static_twin_has_the_contour_levels_of_the_stage(name):
    grid, minimum, count = GRIDS_FOR_LEVELS[name]
    grid = grid.astype(np.float32)
    given = {"grid": grid.ravel().tolist(), "minimum": minimum, "count": count}
    levels = node(HERE / "field.js", "module.contourLevels(new Float32Array(grid), minimum, count)", **given)
    np.testing.assert_allclose(levels, contour_levels(grid, minimum, count), rtol=2e-6, atol=1e-9)
