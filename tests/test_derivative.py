"""The gradient of a recorded formula, against analytic gradients, central differences and complex steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab import surfaces
from optimlab.derivative import RULES, Recorded, gradient_of, recorded
from optimlab.tape import BINARY, UNARY, Tape, Unrecordable, record

ALL = [getattr(surfaces, name)() for name in surfaces.__all__ if name != "Surface"] + [surfaces.ravine(7.0, 33.0)]


def differences(function, point, h=1e-6):
    point = np.asarray(point, float)
    return np.array([(function(*(point + s)) - function(*(point - s))) / (2 * h) for s in h * np.eye(len(point))])


@pytest.mark.parametrize("surface", ALL, ids=repr)
def test_it_is_the_analytic_gradient_of_every_surface(surface):
    low, high = np.transpose(surface.view)
    theta = np.random.default_rng(1).uniform(low, high, (500, surface.dim))
    right = surface.gradient(theta)
    found = gradient_of(surface.of, dim=surface.dim)(theta)
    np.testing.assert_allclose(found, right, rtol=1e-10, atol=1e-10 * (1 + np.abs(right).max()))


POINTS = {"arccosh": (1.7,), "logical_not": (0.4,)} | dict.fromkeys(("arccos", "arcsin", "arctanh"), (0.3,))


@pytest.mark.parametrize("name", UNARY)
def test_each_operation_on_one_number_has_its_slope(name):
    function = lambda x: 1.0 * getattr(np, name)(x > 0.5 if name == "logical_not" else x)  # noqa: E731
    point = POINTS.get(name, (0.7,))
    np.testing.assert_allclose(gradient_of(function)(point), differences(function, point), rtol=1e-7, atol=1e-9)
    assert (name in RULES) == bool(differences(function, point)[0])


@pytest.mark.parametrize("point", [(1.3, 0.7), (0.45, 1.9)])
@pytest.mark.parametrize("name", BINARY)
def test_each_operation_on_two_numbers_has_its_slopes(name, point):
    ask = (lambda x: x > 0.5) if name.startswith("logical") else lambda x: x
    function = lambda x, y: 1.0 * getattr(np, name)(ask(x), ask(y))  # noqa: E731
    np.testing.assert_allclose(gradient_of(function)(point), differences(function, point), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    "function, point, slope",
    [
        (lambda x, y: np.abs(x) + 10 * np.abs(y), (0.0, 2.0), (0, 10)),
        (lambda x, y: np.maximum(x, y), (1.0, 1.0), (0.5, 0.5)),
        (lambda x, y: np.minimum(x, 3 * y), (3.0, 1.0), (0.5, 1.5)),
        (lambda x, y: np.clip(x, -1, 1) * y, (2.0, 5.0), (0, 1)),
        (lambda x, y: np.sqrt(x**2 + y**2), (0.0, 0.0), (0, 0)),
        (lambda x, y: np.hypot(x, y) + np.arctan2(y, x), (0.0, 0.0), (0, 0)),
        (lambda x, y: np.cbrt(x) + y**0.3, (0.0, 0.0), (0, 0)),
        (lambda x, y: np.where(x > 0, np.log(x), y), (0.0, 3.0), (0, 1)),
        (lambda x, y: np.where(x > 0, np.exp(np.log(x)), y), (0.0, 3.0), (0, 1)),
        (lambda x, y: np.where(x == 0, 1.0, np.sin(x) / x) + y, (0.0, 0.0), (0, 1)),
        (lambda x, y: np.fmax(x, np.log(y)), (2.0, -1.0), (1, 0)),
        (lambda x, y: np.sign(x) + np.floor(y), (0.3, 0.6), (0, 0)),
        (lambda x, y: x**y, (0.0, 2.0), (0, 0)),
        (lambda x, y: x * 0 + 3, (1.0, 1.0), (0, 0)),
    ],
)
def test_where_there_is_no_gradient_or_a_side_is_not_taken(function, point, slope):
    np.testing.assert_array_equal(gradient_of(function)(point), slope)


LEAVES = st.sampled_from(["x", "y"]) | st.floats(-3, 3)


def nested(children):
    unary = st.tuples(st.sampled_from(["sin", "cos", "tanh", "negative", "arctan", "exp", "square"]), children)
    return unary | st.tuples(st.sampled_from(["add", "multiply", "subtract", "divide"]), children, children)


FORMULAS = st.recursive(LEAVES, nested, max_leaves=10)


def evaluated(formula, x, y):
    if isinstance(formula, str):
        return {"x": x, "y": y}[formula]
    if isinstance(formula, float):
        return formula
    name, *parts = formula
    return 1.0 * getattr(np, name)(*(evaluated(part, x, y) for part in parts))


@given(FORMULAS, st.tuples(*[st.floats(-3, 3)] * 2))
def test_of_any_smooth_formula_it_is_the_complex_step(formula, point):
    """Im f(x + ih)/h has no cancellation (Squire & Trapp 1998): h may be as small as one likes."""
    h = 1e-30
    with np.errstate(all="ignore"):
        wanted = [
            np.imag(evaluated(formula, *(complex(p, h * (i == k)) for i, p in enumerate(point)))) / h for k in range(2)
        ]
    found = gradient_of(lambda x, y: evaluated(formula, x, y))(point)
    if np.isfinite(wanted).all() and np.abs(wanted).max() < 1e100 and np.isfinite(found).all():
        np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 4), (0,)])
def test_points_of_any_shape(shape):
    theta = np.random.default_rng(0).uniform(-1, 1, (*shape, 2))
    gradient = gradient_of(lambda x, y: x**3 * y + 2 * y)
    x, y = theta[..., 0], theta[..., 1]
    found = gradient(theta)
    assert found.shape == theta.shape
    np.testing.assert_allclose(found, np.stack([3 * x**2 * y, x**3 + 2], axis=-1), rtol=1e-13, atol=1e-15)


def test_single_precision_stays_single_precision():
    gradient = gradient_of(lambda x, y: np.where(x > 0, 1.0, 0.5) * x + np.exp(y) * (y > 0))
    theta = np.array([[0.3, 0.2], [-1.0, 2.0]], np.float32)
    assert gradient(theta).dtype == np.float32
    np.testing.assert_allclose(gradient(theta), [[1, np.exp(0.2)], [0.5, np.exp(2.0)]], rtol=1e-6)


def test_the_gradient_can_be_recorded_and_so_there_are_second_derivatives():
    gradient = gradient_of(lambda x, y: np.sin(x) * y**2)
    row = gradient_of(lambda x, y: gradient.parts(x, y)[0], dim=2)
    np.testing.assert_allclose(row([0.4, 3.0]), [-np.sin(0.4) * 9, 2 * 3 * np.cos(0.4)], rtol=1e-12)
    tape = record(lambda v: {"g": gradient(v["θ"])}, {"θ": (2,)})
    np.testing.assert_allclose(tape.run({"θ": [0.4, 3.0]})["g"], gradient([0.4, 3.0]), rtol=1e-15)
    assert isinstance(gradient.tape, Tape)


def test_a_tape_of_any_inputs_and_one_output():
    tape = record(lambda v: {"L": np.sum(v["w"] ** 2) * v["b"]}, {"w": (3,), "b": ()})
    np.testing.assert_array_equal(gradient_of(tape)([1.0, 2.0, 3.0, 10.0]), [20, 40, 60, 14])
    many = record(lambda v: {"L": v["w"]}, {"w": (3,)})
    with pytest.raises(ValueError, match="that gives one number has a gradient, got 3"):
        gradient_of(many)


def test_the_gradient_costs_a_small_multiple_of_the_formula():
    formula = recorded(lambda *x: sum(np.sin(z) * z for z in x), dim=30)
    assert len(gradient_of(formula).tape.operations) <= 4 * len(formula.tape.operations)


def test_what_cannot_be_recorded_and_wrong_input():
    with pytest.raises(Unrecordable, match="decides by a value"):
        gradient_of(lambda x, y: x if x > y else y)
    with pytest.raises(ValueError, match="must be a function of numbers"):
        gradient_of(3)
    with pytest.raises(ValueError, match=r"θ must have shape \(\.\.\., 2\), got \(3,\)"):
        gradient_of(lambda x, y: x * y)(np.zeros(3))
    assert isinstance(recorded(lambda x: x), Recorded)
