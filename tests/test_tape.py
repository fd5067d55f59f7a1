"""The tape: what is recorded, what is refused, and that it computes what the code computes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab.tape import BINARY, OPERATIONS, UNARY, Tape, Unrecordable, record

ARRAY = np.array([[0.5, -2.0, 3.0], [1.5, 0.25, -0.75]])


def same(function, *arrays, exact=True):
    """A function recorded and run gives what it gives on numbers."""
    inputs = {f"x{i}": np.shape(a) for i, a in enumerate(arrays)}
    tape = record(lambda v: {"y": function(*v.values())}, inputs)
    with np.errstate(all="ignore"):
        wanted = np.ravel(np.asarray(function(*map(np.asarray, arrays)), float))
    found = tape.run({f"x{i}": a for i, a in enumerate(arrays)})["y"]
    np.testing.assert_allclose(found, wanted, rtol=0 if exact else 1e-14, atol=0, equal_nan=True)
    return tape


@pytest.mark.parametrize("name", UNARY)
def test_an_operation_on_one_array(name):
    where = (lambda f: lambda x: f(x > 0.5)) if name == "logical_not" else lambda f: f
    same(where(getattr(np, name)), ARRAY)


@pytest.mark.parametrize("name", BINARY)
def test_an_operation_on_two_arrays(name):
    function = getattr(np, name)
    if name.startswith("logical"):
        same(lambda x, y: function(x > 0, y > 0), ARRAY, ARRAY[::-1].copy())
    same(lambda x, y: function(np.abs(x), y) if name == "power" else function(x, y), ARRAY, ARRAY[::-1].copy())


FUNCTIONS = {
    "operators": lambda x: -x + 2 * x - x / 3 + 1 / x + x**2 + x**0.5 + x**-1 + x**3 + 2.0**x + x % 0.7 + x // 0.3,
    "comparisons": lambda x: (x > 0) * 1.0 + (x >= 0.5) + (x < 1) + (x <= 1) + (x == 3) + (x != 3),
    "truth": lambda x: np.where((x > 0) & (x < 2) | ~(x > -1), x, 0.0),
    "where": lambda x: np.where(x > 0, x, -x),
    "clip": lambda x: np.clip(x, -1, 1),
    "clip one end": lambda x: np.clip(x, None, 1.0),
    "round": lambda x: np.round(x, 1) + np.round(x),
    "sum": lambda x: np.sum(x, axis=-1) + x.sum(axis=1),
    "sum of all": lambda x: np.sum(x),
    "sum that keeps": lambda x: np.sum(x, axis=0, keepdims=True) * x,
    "mean": lambda x: np.mean(x, axis=0) + x.mean(),
    "extremes": lambda x: np.max(x, axis=-1) - np.min(x, axis=-1) + x.max() - x.min(),
    "prod": lambda x: np.prod(x, axis=-1),
    "norm": lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    "add.reduce": lambda x: np.add.reduce(x, axis=-1),
    "likes": lambda x: np.zeros_like(x) + np.ones_like(x) + np.full_like(x, 2.5),
    "indices": lambda x: x[..., 0] * x[:, 1] + x[0, -1],
    "stack": lambda x: np.stack([x[..., 0], x[..., 1] ** 2], axis=-1),
    "concatenate": lambda x: np.concatenate([x, 2 * x, np.ones((2, 1))], axis=-1),
    "arranging": lambda x: np.moveaxis(x, 0, -1).reshape(6) + np.ravel(x) + np.swapaxes(x, 0, 1).ravel(),
    "array of parts": lambda x: np.array([x[0, 0], x[1, 1] ** 2]),
    "object arrays": lambda x: np.sqrt(np.abs(np.array([x[0, 0], x[1, 1]]))) * x[:, 0],
    "asarray": lambda x: np.asarray(x) * 2 + x,
    "unpacking": lambda x: [2 * a - b for a, b in zip(*x)],
    "matmul": lambda x: (x @ x.T) @ np.array([1.0, 2.0]) + np.dot(x, np.array([1.0, 0.5, 2.0])),
    "angles": lambda x: np.cos(np.deg2rad(x)) + np.radians(x) + np.degrees(x),
    "others": lambda x: np.square(x) + np.reciprocal(x) + np.exp2(x) + np.copysign(x, -x) + np.heaviside(x, 0.5),
    "constants": lambda x: x * np.inf + np.nan + 0 * x,
    "types": lambda x: x.astype(np.float64).copy() + x.size + x.ndim + x.shape[0] + len(x),
    "iteration": lambda x: sum(row * (i + 1) for i, row in enumerate(x)),
    "broadcasting": lambda x: x * np.array([[1.0], [2.0]]) + np.array([1.0, 2.0, 3.0]),
    "broadcast_arrays": lambda x: sum(np.broadcast_arrays(x, 1.0, x[0])),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_as_people_write_it(name):
    same(FUNCTIONS[name], ARRAY, exact=name not in ("norm", "matmul", "angles", "mean"))


@pytest.mark.parametrize(
    "function, reason",
    {
        "a branch": (lambda x: x if x[0] > 0 else -x, "decides by a value"),
        "a plain number": (lambda x: x * math.sin(x[0]), "makes a plain number"),
        "an index": (lambda x: np.arange(3.0)[x[0]], "valid indices"),
        "in place": (lambda x: x.__setitem__(0, 1.0), "in place"),
        "sorting": (lambda x: np.sort(x), "numpy.sort"),
        "a gamma": (lambda x: x.argmax(), "argmax"),
        "chance": (lambda x: x + np.random.default_rng().normal(), "not do the same"),
        "a mistake": (lambda x: x + undefined, "undefined"),  # noqa: F821
        "a text": (lambda x: "x", "no number"),
        "no end": (lambda x: sum(np.sin(x + i) for i in range(10_000)), "more than"),
    }.values(),
)  # fmt: skip
def test_what_cannot_be_recorded_says_why(function, reason):
    with pytest.raises(Unrecordable, match=reason):
        record(lambda v: {"y": function(v["x"])}, {"x": (3,)})


def test_a_number_of_another_recording_is_refused():
    kept = []

    def remembers(values):
        kept.append(values["x"])
        return {"y": values["x"] + kept[0]}

    with pytest.raises(Unrecordable, match="another recording"):
        record(remembers, {"x": ()})


def test_what_is_constant_is_computed_and_what_is_the_same_is_written_once():
    tape = record(lambda v: {"y": np.sin(0.5) * v["x"] + np.sin(0.5) * v["x"]}, {"x": ()})
    assert [name for name, *_ in tape.operations] == ["multiply", "add"]
    assert tape.constants == (np.sin(0.5),)


def test_what_no_output_needs_is_not_on_the_tape():
    def wasteful(values):
        np.exp(values["x"])
        return {"y": values["x"] * 2}

    assert [name for name, *_ in record(wasteful, {"x": ()}).operations] == ["multiply"]


def test_zero_keeps_its_sign():
    tape = record(lambda v: {"y": np.stack([v["x"] * 0.0, v["x"] * -0.0])}, {"x": ()})
    assert str(tape.run({"x": 1.0})["y"]) == "[ 0. -0.]"


def test_a_tape_is_ready_for_json():
    tape = record(lambda v: {"y": v["x"] * np.inf + np.nan}, {"x": (2,)})
    data = tape.as_dict()
    assert data["inputs"] == [["x", 2]] and data["constants"] == ["Infinity", "NaN"]
    assert all(name in OPERATIONS for name, *_ in data["operations"])
    assert data["outputs"] == {"y": [6, 7]}


def test_a_tape_runs_many_at_once():
    tape = record(lambda v: {"y": v["x"] * v["a"]}, {"x": (2,), "a": ()})
    assert isinstance(tape, Tape)
    found = tape.run({"x": [[1.0, 2.0], [3.0, 4.0]], "a": [10.0, 100.0]})["y"]
    assert found.tolist() == [[10.0, 20.0], [300.0, 400.0]]


# Formulas that nobody has written

LEAVES = st.sampled_from(["x", "y"]) | st.floats(-3, 3)


def nested(children):
    unary = st.tuples(st.sampled_from(["sin", "exp", "tanh", "negative", "absolute", "sign", "floor"]), children)
    binary = st.tuples(
        st.sampled_from(["add", "multiply", "subtract", "divide", "maximum", "minimum", "less"]), children, children
    )
    return unary | binary | st.tuples(st.just("where"), children, children, children)


FORMULAS = st.recursive(LEAVES, nested, max_leaves=12)


def evaluated(formula, x, y):
    if isinstance(formula, str):
        return {"x": x, "y": y}[formula]
    if isinstance(formula, float):
        return formula
    name, *parts = formula
    values = [evaluated(part, x, y) for part in parts]
    return np.where(values[0] > 0, *values[1:]) if name == "where" else 1.0 * getattr(np, name)(*values)


@given(FORMULAS, st.tuples(*[st.floats(-5, 5)] * 2))
def test_any_formula_is_what_it_was(formula, point):
    tape = record(lambda v: {"y": evaluated(formula, v["x"], v["y"])}, {"x": (), "y": ()})
    with np.errstate(all="ignore"):
        wanted = evaluated(formula, *map(np.float64, point))
    found = tape.run(dict(zip("xy", point)))["y"]
    np.testing.assert_allclose(found, [wanted], rtol=1e-12, equal_nan=True)
