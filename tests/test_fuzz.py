"""Whatever is passed in: a result, or one clear sentence that optimlab itself says; never a hang, never a warning."""

import inspect
import signal
import traceback
import warnings
from functools import wraps
from pathlib import Path

import numpy as np
import pytest

import optimlab
from optimlab import Adam, GradientDescent, Momentum, Noisy, bowl, descend, parabola, ravine, schedules
from optimlab.schedules import (
    constant,
    cosine_decay,
    cosine_restarts,
    exponential_decay,
    inverse_sqrt,
    join_schedules,
    linear_decay,
    one_cycle,
    polynomial_decay,
    step_decay,
    warmup,
    warmup_stable_decay,
)  # fmt: skip

PACKAGE = Path(optimlab.__file__).parent
SECONDS = 120  # more than any one call takes, and far less than for ever
HOSTILE = {
    "inf": np.inf,
    "-inf": -np.inf,
    "nan": np.nan,
    "huge": 1e308,
    "-huge": -1e308,
    "denormal": 5e-324,
    "zero": 0,
    "minus one": -1,
    "half": 0.5,
    "true": True,
    "trillion": 10**12,
    "googol": 10**400,
    "complex": 1j,
    "text": "__import__('os').system('touch evaluated')",
    "no text": "",
    "none": None,
    "no list": [],
    "ragged": [[1], [2, 3]],
    "texts": ["a", "b"],
    "dict": {"a": 1},
    "three axes": np.zeros((3, 4, 5)),
    "with nan": np.array([np.nan, 1.0]),
    "objects": np.array([None, 1.0], object),
    "object": object(),
    "class": dict,
    "gives none": lambda *args, **kwargs: None,
    "gives nan": lambda *args, **kwargs: np.nan,
    "gives text": lambda *args, **kwargs: "text",
}
FEW = ("nan", "huge", "minus one", "true", "trillion", "googol", "text", "no list", "three axes", "gives none")


def tiny():
    """A network and data that train in a millisecond."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    return optimlab.Network((3, 4, 2)), optimlab.Data(X[:30], y[:30], X[30:], y[30:])


NETWORK, DATA = tiny()
PLANE = {"start": (0.0, 0.0), "view": ((-1, 1), (-1, 1))}
LINE = optimlab.LinearRegression(DATA.X[:, :1], DATA.X[:, 1], **PLANE)
WALK = descend(bowl(), Momentum(), steps=5)
TRAINING = {"network": NETWORK, "data": DATA, "epochs": 2, "batch_size": 8}
RACE = {"network": NETWORK, "data": DATA, "batch_size": 8, "steps": 5, "rates": 2, "seeds": 2, "progress": False}
MODULE_OF_SURFACES = "optimlab.surfaces"

# What a call needs besides its defaults, or in place of them so that it is quick.
LEGAL = {
    "AdaGrad": {},
    "Adadelta": {},
    "Adam": {},
    "GradientDescent": {},
    "Momentum": {},
    "Nesterov": {},
    "RMSprop": {},
    "Noisy": {"surface": bowl()},
    "Data": {"X": DATA.X, "y": DATA.y, "X_test": DATA.X_test, "y_test": DATA.y_test},
    "Network": {"sizes": (3, 4, 2)},
    "clip_norm": {"limit": 1.0},
    "clip_value": {"limit": 1.0},
    "digits": {},
    "range_test": {"network": NETWORK, "data": DATA, "optimizer": Adam(), "steps": 5, "batch_size": 8},
    "train": {**TRAINING, "optimizer": Adam(), "progress": False},
    "LinearRegression": {"X": DATA.X, "y": DATA.X[:, 0]},
    "LogisticRegression": {"X": DATA.X, "y": DATA.y},
    "breast_cancer": {},
    "diabetes": {},
    "answers": {},
    "check": {"name": "02.1"},
    "observe": {"name": "01.1", "A": 0.3, "B": 0.2},
    "predict": {"name": "01.1"},
    "review": {"notebook": "01"},
    "find_the_fault": {},
    "recall": {"notebook": "02"},
    "inventory": {"when": "before"},
    "gains": {},
    "why": {"name": "01.1"},
    "show": {"thing": Adam},
    "descend": {"loss": ravine(), "optimizer": Momentum(), "steps": 5},
    "sweep": {"loss": ravine(), "optimizer": Momentum(), "name": "lr", "values": [0.01, 0.02], "steps": 5},
    "race": {"surface": bowl(), "optimizers": [Momentum(), Adam()], "steps": 5},
    "anatomy": {"surface": bowl(), "optimizer": Momentum(), "steps": 5},
    "batch_lab": {"problem": LINE, "steps": 5},
    "detective": {"surface": bowl()},
    "draw_lab": {"surface": bowl(), "steps": 5, "knots": 3},
    "dialects": {"surface": bowl(), "name": "Momentum", "steps": 5},
    "fit_lab": {"problem": LINE, "optimizer": GradientDescent(), "steps": 5},
    "gradient_lab": {"surface": bowl()},
    "schedule_lab": {"surface": bowl(), "steps": 5, "horizon": 50, "period": 2, "warm": 1, "copies": 2},
    "clip_lab": {"steps": 5},
    "map_lab": {"surface": bowl(), "optimizer": Momentum(), "steps": 5},
    "noise_lab": {"problem": LINE, "steps": 5},
    "depth_lab": {"depth": 4, "width": 4, "batch": 4},
    "overfit_lab": {**TRAINING, "optimizer": Adam()},
    "saddle_lab": {"steps": 5},
    "spring_lab": {"steps": 5},
    "phase_lab": {"steps": 5},
    "eigen_lab": {"steps": 5},
    "cycle_lab": {"steps": 5},
    "batch_momentum_lab": {"dim": 3},
    "steps_lab": {"count": 4},
    "bias_lab": {"steps": 5},
    "signal_lab": {"chains": 20},
    "giant_lab": {"steps": 5},
    "decay_lab": {"steps": 200, "copies": 2},
    "spike_lab": {"steps": 5},
    "rare_lab": {"steps": 2},
    "sign_lab": {"steps": 100, "copies": 20},
    "memory_lab": {"steps": 30},
    "newton_schulz_lab": {},
    "modes_lab": {"steps": 30},
    "axes_lab": {"steps": 50},
    "average_lab": {"steps": 100},
    "fair_lab": RACE,
    "plane_lab": {},
    "shadow_lab": {"steps": 20},
    "pca_lab": {"steps": 50},
    "line_lab": {"width": 16},
    "catapult_lab": {"steps": 5},
    "edge_lab": {"t1": 100, "t2": 300, "steps": 500},
    "live_edge": {"steps": 200},
    "river_lab": {"steps": 20},
    "bulk_lab": {"steps": 20, "before": 0},
    "fair_race": RACE,
    "training_lab": {**TRAINING, "optimizers": [Momentum(), Adam()]},
    "live_curves": {"names": ["a", "b"], "epochs": 2},
    "live_layers": {"network": TRAINING["network"], "epochs": 2},
    "range_lab": {**TRAINING, "optimizer": Adam()},
}
ABSTRACT = {"Optimizer", "Surface", "Trajectory"}  # what the others make, and nobody calls
SURFACES = {name for name in optimlab.__all__ if getattr(optimlab, name).__module__ == MODULE_OF_SURFACES} - ABSTRACT
SCHEDULES = {name: getattr(schedules, name) for name in schedules.__all__ if name != "Schedule"}
FITTING = {"warmup": {"schedule": schedules.constant(0.1)}}


def public(name):
    """What has this name, with those who race if it is a race."""
    call = getattr(optimlab, name)
    if LEGAL.get(name) is not RACE:
        return call
    return wraps(call)(lambda **options: call("GradientDescent", "Adam", **options))


def cases():
    """Each parameter of each public function, with the other arguments as they should be."""
    for name in sorted(LEGAL.keys() | SURFACES):
        yield from parameters(name, public(name), LEGAL.get(name, {}))
    for name, schedule in SCHEDULES.items():
        yield from parameters(name, schedule, FITTING.get(name, {}))


def parameters(name, call, legal):
    for parameter, told in inspect.signature(call).parameters.items():
        if told.kind not in (told.VAR_POSITIONAL, told.VAR_KEYWORD):
            yield pytest.param(call, legal, parameter, id=f"{name}-{parameter}")


CALLED = [
    constant(0.1), step_decay(0.1, step_size=3), exponential_decay(0.1, 0.9), polynomial_decay(0.1, 9),
    linear_decay(0.1, 9), cosine_decay(0.1, 9), cosine_restarts(0.1, 3), warmup(cosine_decay(0.1, 9), 3),
    one_cycle(0.1, 9), warmup_stable_decay(0.1, 9, 2, 3), inverse_sqrt(0.1, 3),
    join_schedules([constant(0.1), constant(0.2)], [3]),
]  # fmt: skip


def methods():
    """Each method that takes an array or a number, given something else."""
    theta = NETWORK.init(0)
    X, y = DATA.X_test, DATA.y_test
    calls = {
        "surface.value": (bowl().value, [bowl().start]),
        "surface.gradient": (bowl().gradient, [bowl().start]),
        "parabola.value": (parabola().value, [parabola().start]),
        "noisy.noise": (Noisy(bowl()).noise, [3]),
        "noisy.gradient_at": (Noisy(bowl()).gradient_at, [3]),
        "line.value": (LINE.value, [[0.0, 0.0]]),
        "line.gradient": (LINE.gradient, [[0.0, 0.0], [1, 2]]),
        "line.minibatch": (LINE.minibatch, [4, 0]),
        "minibatch.rows": (LINE.minibatch(4).rows, [3]),
        "minibatch.cost": (LINE.minibatch(4).cost, [3]),
        "network.init": (NETWORK.init, [0, "he"]),
        "network.forward": (NETWORK.forward, [theta, X]),
        "network.value": (NETWORK.value, [theta, X, y]),
        "network.gradient": (NETWORK.gradient, [theta, X, y]),
        "network.predict": (NETWORK.predict, [theta, X]),
        "network.accuracy": (NETWORK.accuracy, [theta, X, y]),
        "network.weights": (NETWORK.weights, [theta]),
        "trajectory.settled_at": (WALK.settled_at, [1e-3]),
        "trajectory.summary": (WALK.summary, [1e-3]),
        **{f"{schedule}": (schedule, [3]) for schedule in CALLED},
        "clip_norm()": (optimlab.clip_norm(1.0), [np.ones(2)]),
        "clip_value()": (optimlab.clip_value(1.0), [np.ones(2)]),
    }
    for name, (call, legal) in calls.items():
        for place in range(len(legal)):
            yield pytest.param(call, legal, place, id=f"{name}-{place}")


@pytest.fixture(autouse=True)
def never_for_ever():
    def give_up(*args):
        raise TimeoutError("it hangs")

    signal.signal(signal.SIGALRM, give_up)
    yield
    signal.alarm(0)


@pytest.fixture(autouse=True)
def nothing_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())


def said_by_optimlab(error) -> bool:
    """Whether a line of the package raised it, and not NumPy or Python on behalf of such a line."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return PACKAGE in Path(place.filename).parents and place.line.startswith("raise ")


def outcome(call, *args, **kwargs) -> str | None:
    """What is wrong with how a call ends, or None."""
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DeprecationWarning)  # ipywidgets 7 warns of its own ways
            call(*args, **kwargs)
    except (ValueError, TypeError) as error:
        told = str(error)
        if not said_by_optimlab(error):
            return f"{type(error).__name__}: {told}"
        if "\n" in told or not 10 < len(told) < 300:
            return f"not one sentence: {told}"
    except optimlab.exercises.Unanswered:
        pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def copies(values):
    return [np.array(v, copy=True) if isinstance(v, np.ndarray) else None for v in values]


def test_every_public_name_is_tried_and_what_is_legal_here_works():
    assert set(optimlab.__all__) == LEGAL.keys() | SURFACES | ABSTRACT
    for name, legal in LEGAL.items():
        public(name)(**legal)


@pytest.mark.parametrize(("call", "legal", "parameter"), list(cases()))
def test_a_hostile_argument_gives_a_result_or_one_clear_sentence(call, legal, parameter):
    slow = call.__module__.startswith("optimlab.labs")
    found = {}
    for name in FEW if slow else HOSTILE:
        arguments = legal | {parameter: HOSTILE[name]}
        before = copies(arguments.values())
        if wrong := outcome(call, **arguments):
            found[name] = wrong
        for value, copy in zip(arguments.values(), before):
            assert copy is None or np.array_equal(value, copy, equal_nan=copy.dtype.kind == "f"), f"{name}: modified"
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


@pytest.mark.parametrize(("call", "legal", "place"), list(methods()))
def test_a_method_given_something_hostile_gives_a_result_or_one_clear_sentence(call, legal, place):
    found = {}
    for name, value in HOSTILE.items():
        with np.errstate(all="ignore"):  # 1e308 squared is not finite, and may be
            if wrong := outcome(call, *legal[:place], value, *legal[place + 1 :]):
                found[name] = wrong
    assert not found, "\n".join(f"{name}: {wrong}" for name, wrong in found.items())


LABS = {
    "race": lambda: optimlab.race(ravine(kappa=10), [Momentum(0.02, 0.8), Adam(0.1)], steps=5),
    "anatomy": lambda: optimlab.anatomy(ravine(kappa=10), Momentum(0.02, 0.8), steps=5),
    "gradient_lab": lambda: optimlab.gradient_lab(bowl()),
    "schedule_lab": lambda: optimlab.schedule_lab(bowl(), steps=12, horizon=50, period=2, warm=1, copies=2),
    "training_lab": lambda: optimlab.training_lab(NETWORK, DATA, [Momentum(), Adam()], epochs=1, batch_size=8),
    "map_lab": lambda: optimlab.map_lab(bowl(), Momentum(), steps=5),
    "noise_lab": lambda: optimlab.noise_lab(LINE, steps=5),
    "depth_lab": lambda: optimlab.depth_lab(depth=3, width=3, batch=4),
    "clip_lab": lambda: optimlab.clip_lab(steps=5),
}
SENT = [value for value in HOSTILE.values() if isinstance(value, float | int | str | list | dict | None)]


def ask(stage, values):
    """What a browser sends when a slider has come to rest."""
    stage.set_state({"request": {"seq": stage.answered + 1, "values": values, "rest": True}})


def fits(value, legal) -> bool:
    """Whether a value is as many finite numbers as a legal one."""
    try:
        number = np.asarray(value, float)
    except (TypeError, ValueError, OverflowError):
        return False
    return number.shape == np.shape(legal) and bool(np.isfinite(number).all())


def shown(stage) -> dict:
    """All arrays that the browser has."""
    return {name: stage.trait_values()[name] for name in stage.trait_names() if name.startswith(("current_", "sweep_"))}


@pytest.mark.parametrize("name", LABS)
@pytest.mark.filterwarnings("error", "ignore::DeprecationWarning")
def test_whatever_the_browser_asks_the_stage_tells_what_is_wrong_and_answers_the_next_request(name):
    lab, other = LABS[name](), LABS[name]()
    stage, legal = lab.stage, dict(lab.values)
    for hostile in SENT:
        for control in [*legal, "unknown"]:
            ask(stage, legal | {control: hostile})
            if control in legal and not fits(hostile, legal[control]):
                assert stage.problem, f"{control}={hostile!r} is taken"
            assert "\n" not in stage.problem and len(stage.problem) < 300
        ask(stage, hostile)
        assert stage.problem
    ask(stage, legal)
    ask(other.stage, legal)
    assert stage.problem == "" and shown(stage) == shown(other.stage)


@pytest.mark.parametrize("name", LABS)
def test_whatever_the_browser_writes_into_the_controls_the_next_legal_value_is_taken(name):
    lab, other = LABS[name](), LABS[name]()
    for widget in [lab.stage, *lab.sliders.values()]:
        for trait in set(widget.keys) - {"request", "layout", "style"}:
            for value in SENT:
                before = getattr(widget, trait)
                try:
                    widget.set_state({trait: value})
                except Exception as error:  # ipywidgets may refuse it in its own words, optimlab only in clear ones
                    frames = traceback.extract_tb(error.__traceback__)
                    ours = any(PACKAGE in Path(frame.filename).parents for frame in frames)
                    assert not ours or said_by_optimlab(error), f"{trait}={value!r}: {error!r}"
                setattr(widget, trait, before)
    for key, slider in lab.sliders.items():
        slider.value = other.sliders[key].value = other.stage.grids[key][-1]
        assert slider.value == other.sliders[key].value
    ask(lab.stage, dict(lab.values))
    ask(other.stage, dict(lab.values))
    assert lab.stage.problem == "" and shown(lab.stage) == shown(other.stage)
