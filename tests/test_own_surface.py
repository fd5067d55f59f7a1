"""Surfaces of a learner's own: what is found, what travels, and what is refused, in one sentence."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimlab import surfaces
from optimlab.descent import descend
from optimlab.formula import parse
from optimlab.labs.gradient import gradient_lab
from optimlab.labs.map import map_lab
from optimlab.labs.race import race
from optimlab.optimizers import Adam, GradientDescent, Momentum
from optimlab.own_source import latex, name_of
from optimlab.own_surface import surface
from optimlab.surfaces import Surface

good = lambda x, y: x**2 + 10 * np.sin(y) ** 2  # noqa: E731


def branch(x, y):
    if x > 0:
        return x**2 + y**2
    return 3 * x**2 + abs(y)


def forgetful(x, y):
    x + y


KNOWN = {
    "Himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "Rastrigin": lambda x, y: 20 + x**2 - 10 * np.cos(2 * np.pi * x) + y**2 - 10 * np.cos(2 * np.pi * y),
    "six-hump camel": lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
    "Rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "Beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "saddle with walls": lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
    "|x|+10|y|": lambda x, y: np.abs(x) + 10 * np.abs(y),
    "Ackley": lambda x, y: (
        -20 * np.exp(-0.2 * np.sqrt((x**2 + y**2) / 2))
        - np.exp((np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2)
        + np.e
        + 20
    ),
}
HOUSE = {s.name: s for s in (getattr(surfaces, name)() for name in surfaces.__all__ if name != "Surface")}


@pytest.mark.parametrize("name", KNOWN)
def test_the_minima_of_known_surfaces_are_found_and_the_gradient_is_theirs(name):
    mine, house = surface(KNOWN[name]), HOUSE[name]
    assert isinstance(mine, Surface) and mine.recorded and mine.bounded
    np.testing.assert_allclose(sorted(mine.minima), sorted(house.minima), atol=1e-7)
    assert mine.minimum == pytest.approx(house.minimum, abs=1e-10)
    low, high = np.transpose(mine.view)
    assert ((low < mine.minima) & (mine.minima < high)).all()
    assert ((low <= mine.start) & (mine.start <= high)).all()
    assert np.abs(np.subtract(mine.start, mine.minima)).max(axis=1).min() > 0.15 * (high - low).max()
    np.testing.assert_allclose(mine.gradient(mine.minima), 0, atol=1e-10)
    theta = np.random.default_rng(3).uniform(low, high, (7, 5, 2))
    right = house.gradient(theta)
    np.testing.assert_allclose(mine.gradient(theta), right, rtol=1e-10, atol=1e-10 * np.abs(right).max())
    np.testing.assert_allclose(mine.value(theta), house.value(theta), rtol=1e-10, atol=1e-10)


@settings(max_examples=15)
@given(st.tuples(*[st.floats(-40, 40)] * 2), st.floats(0.1, 50), st.floats(-1, 1), st.floats(-9, 9))
def test_the_minimum_of_any_quadratic_is_found(center, kappa, tilt, level):
    a, b = center
    mine = surface(lambda x, y: (x - a) ** 2 + tilt * np.sqrt(kappa) * (x - a) * (y - b) + kappa * (y - b) ** 2 + level)
    np.testing.assert_allclose(mine.minima, [center], atol=1e-5)
    assert mine.minimum == pytest.approx(level, abs=1e-9)


@pytest.mark.parametrize(
    "function, bounded, note",
    {
        "linear": (lambda x, y: x + y, False, "without end far out"),
        "monkey": (lambda x, y: x**3 - 3 * x * y**2, False, "without end far out"),
        "late": (lambda x, y: x**2 - 0.001 * x**4 + y**2, False, "without end far out"),
        "logarithm": (lambda x, y: -np.log(1 + x**2) + y**2, False, "without end far out"),
        "waves": (lambda x, y: x * np.sin(x) + y**2, False, "lower and lower far out"),
        "well": (lambda x, y: np.log(x**2 + y**2), False, r"without end near \(0, 0\)"),
        "pole": (lambda x, y: 1 / x + y**2, False, r"without end near \(0, 0\)"),
        "limit": (lambda x, y: np.exp(x) + y**2, True, "towards a limit"),
        "hill": (lambda x, y: 1 / (1 + x**2 + y**2), True, "towards a limit"),
    }.values(),
)
def test_where_there_is_no_minimum_it_is_said(function, bounded, note):
    mine = surface(function)
    assert (mine.minima, mine.minimum, mine.bounded) == ((), -np.inf, bounded)
    assert note.replace("\\", "") in mine.found and mine.found in mine.summary()
    assert np.isfinite(race(mine, [GradientDescent(0.01)], steps=3)._sources[0].compute({
        "start": mine.start, "GradientDescent lr": 0.01
    })).any()  # fmt: skip


@pytest.mark.parametrize(
    "function, minima",
    [
        (good, [(0, -np.pi), (0, 0), (0, np.pi)]),
        (lambda x, y: (x - 300) ** 2 + (y + 2000) ** 4, [(300, -2000)]),
        (lambda x, y: np.maximum(abs(x - 1.2345), 3 * abs(y + x)), [(1.2345, -1.2345)]),
        (lambda x, y: x * np.log(x) + y**2, [(1 / np.e, 0)]),
        (lambda x, y: 1e-8 * (x - 1) ** 2 + 1e-8 * y**2, [(1, 0)]),
        (lambda x, y: (x * y - 1) ** 2 / 2, [(-1, -1), (1, 1)]),
        (branch, [(0, 0)]),
        (lambda x, y: max(x, y) + x**2 + y**2, [(-0.25, -0.25)]),
    ],
)
def test_minima_far_out_at_kinks_on_lines_and_without_a_tape(function, minima):
    np.testing.assert_allclose(surface(function).minima, minima, atol=1e-3 if function is branch else 1e-5)


def test_a_line_of_minima_is_said_and_local_minima_are_kept():
    assert "line" in surface(lambda x, y: x**2).found
    mine = surface(KNOWN["six-hump camel"])
    assert len(mine.local_minima) == 4 and mine.found == "2 minima, and 4 local ones that lie higher"


# What labs do with it


def test_a_recorded_surface_travels():
    mine = surface(good)
    for lab in (
        race(mine, [GradientDescent(0.01), Adam(0.1)], steps=20),
        gradient_lab(mine),
        map_lab(mine, Momentum(), steps=20),
    ):
        assert set(lab.travels.values()) == {True}


def test_a_walk_is_the_walk_on_the_surface_of_the_house():
    house = HOUSE["Himmelblau"]
    mine = surface(KNOWN["Himmelblau"], start=house.start, view=house.view)
    walks = [descend(s, Adam(0.1), steps=100).theta for s in (mine, house)]
    np.testing.assert_allclose(*walks, rtol=1e-9)
    assert (mine.start, mine.view) == (house.start, house.view)


def test_what_cannot_be_recorded_has_central_differences_and_says_why():
    mine = surface(branch)
    assert not mine.recorded and "an if cannot" in mine.summary()
    theta = np.array([[[1.0, 2.0], [-2.0, 3.0]], [[0.5, -1.0], [-1.0, -1.0]]])
    np.testing.assert_allclose(mine.gradient(theta), [[[2, 4], [-12, 1]], [[1, -2], [-6, -1]]], atol=1e-8)
    np.testing.assert_allclose(mine.value(theta), [[5, 15], [1.25, 4]])
    travels = race(mine, [GradientDescent(0.1)], steps=5).travels
    assert all("decides by a value" in reason for reason in travels.values())


def test_a_function_that_looks_at_types_is_not_recorded_as_something_else():
    mine = surface(lambda x, y: x**2 + 2 * y**2 if isinstance(x, float) else x * y)
    assert "something else than the code" in mine.reason
    np.testing.assert_allclose(mine.value([[1.0, 1.0], [2.0, 1.0]]), [3, 6])


def test_beside_a_jump_the_slope_is_that_of_the_flatter_side():
    mine = surface(lambda x, y: (3 * x if x > 0 else 5 + x) + y**2)
    found = mine.gradient([[1e-7, 1.0], [-1e-7, 1.0], [0.0, 2.0], [1.0, 1.0]])
    np.testing.assert_allclose(found, [[3, 2], [1, 2], [1, 4], [3, 2]], atol=1e-6)


def test_functions_of_arrays_that_cannot_be_recorded_are_asked_at_once():
    calls = []

    def sorting(x, y):
        calls.append(np.shape(x))
        return np.sort(np.stack([x, y]), axis=0)[0] + x**2 + y**2

    mine = surface(sorting)
    calls.clear()
    mine.gradient(np.zeros((100, 2)))
    assert calls == [(100,)] * 5 and not mine.recorded


def test_sums_over_the_points_are_sums_over_the_coordinates_of_one():
    mine = surface(lambda x, y: np.sum(np.array([x, 2 * y]) ** 2))
    np.testing.assert_allclose(mine.value(np.ones((4, 2))), 5)


def test_where_math_has_no_value_there_is_a_hole():
    mine = surface(lambda x, y: math.sqrt(x) + (x - 1) ** 2 + y**2)
    assert np.isnan(mine.value([-1.0, 0.0])) and mine.value([1.0, 1.0]) == 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [good, branch])
def test_precision_stays_and_whole_numbers_are_numbers_too(function, dtype):
    mine = surface(function)
    theta = np.random.default_rng(0).uniform(0.1, 1, (5, 2)).astype(dtype)
    assert mine.value(theta).dtype == mine.gradient(theta).dtype == dtype
    np.testing.assert_allclose(mine.value([2, 1]), mine.value([2.0, 1.0]))
    assert mine.gradient(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("function", [*list(KNOWN.values())[:2], branch])
def test_it_takes_less_than_a_second(function):
    began = time.perf_counter()
    surface(function)
    assert time.perf_counter() - began < 1


def test_a_slow_function_is_asked_less_often():
    calls = []

    def slow(x, y):
        calls.append(1)
        time.sleep(2e-4)
        return float(x) ** 2 + float(y) ** 2

    assert surface(slow).minima == ((0.0, 0.0),)
    assert len(calls) < 5000


def test_a_formula_whose_gradient_is_too_long_for_a_tape_has_central_differences():
    mine = surface(lambda x, y: sum(np.tanh(x * i + y) for i in range(1, 400)) + x**2 + 3 * y**2)
    assert not mine.recorded and "of its gradient" in mine.summary()
    x, y = 0.01, 0.2
    right = 2 * x + sum(i / np.cosh(x * i + y) ** 2 for i in range(1, 400))
    assert mine.gradient([x, y])[0] == pytest.approx(right, rel=1e-5)


# Its name


def test_names_and_formulas_come_from_the_source():
    one, other = (lambda x, y: x**2 + 3 * y**2), lambda x, y: (x - 1) ** 2 / 2 + np.pi * y
    assert (name_of(one), name_of(other)) == ("x² + 3·y²", "(x - 1)² / 2 + π·y")
    assert (name_of(branch), name_of(eval("lambda x, y: x"))) == ("branch", "f(x, y)")
    long = lambda x, y: (  # noqa: E731
        x**2
        + y**4
    )  # fmt: skip
    assert name_of(long) == "x² + y⁴"
    mine = surface(good)
    assert (mine.name, mine.formula) == ("x² + 10·sin(y)²", r"x^{2} + 10 \, \sin\left(y\right)^{2}")
    assert surface(good, name="waves").name == "waves"


@pytest.mark.parametrize(
    "code, formula",
    [
        ("-x**2 / (1 + y)", r"\frac{-x^{2}}{1 + y}"),
        ("2 * (x - (y - 1))", r"2 \, \left(x - \left(y - 1\right)\right)"),
        ("np.sqrt(np.abs(x)) * 3 * alpha", r"\sqrt{\left|x\right|} \cdot 3 \, \alpha"),
        ("(x + y)**2", r"\left(x + y\right)^{2}"),
        ("(-x)**2 + x**-y", r"\left(-x\right)^{2} + x^{-y}"),
        ("x if y_1 else 3", r"\text{x if y\_1 else 3}"),
    ],
)
def test_a_formula_in_latex(code, formula):
    assert latex(code) == formula


# What is given, right and wrong


def test_a_slope_of_ones_own_is_taken_if_it_is_right():
    mine = surface(good, gradient=lambda x, y: [2 * x, 10 * np.sin(2 * y)])
    np.testing.assert_allclose(mine.gradient([1.0, 2.0]), [2, 10 * np.sin(4)])
    assert set(race(mine, [GradientDescent(0.01)], steps=5).travels.values()) == {True}
    assert surface(branch, gradient=lambda x, y: (2 * x if x > 0 else 6 * x, 2 * y if x > 0 else np.sign(y)))


@pytest.mark.parametrize(
    "gradient, end",
    [
        (lambda x, y: (-2 * x, 10 * np.sin(2 * y)), "the sign of ∂L/∂x is wrong"),
        (lambda x, y: (-2 * x, -10 * np.sin(2 * y)), "the sign of ∂L/∂x and ∂L/∂y is wrong"),
        (lambda x, y: (2 * x, 10 * np.cos(2 * y)), ")"),
        (lambda x, y: (2 * x, 5 * np.sin(2 * y)), ")"),
    ],
)
def test_a_wrong_slope_is_refused_with_the_point_and_the_right_value(gradient, end):
    with pytest.raises(ValueError, match=r"the gradient of x² .* it gives .*, right is") as caught:
        surface(good, gradient=gradient)
    message = str(caught.value)
    assert message.endswith(end)
    x, y = eval(message.partition("(x, y) = ")[2].partition(" it gives")[0])
    right = eval(message.partition("right is ")[2].partition(":")[0])
    np.testing.assert_allclose(right, (2 * x, 10 * np.sin(2 * y)), rtol=1e-4)


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: surface(3), "the loss must be a function of two numbers, such as lambda x, y: .*, got 3"),
        (lambda: surface(lambda x: x), r"a function of two numbers, .*, got one of \(x\)"),
        (lambda: surface(int), "got the class int"),
        (lambda: surface(forgetful), "forgetful must give one real number .* it gives None: return is missing"),
        (lambda: surface(lambda x, y: 1j * x), "1j·x must give one real number for every x and y, at x = .* gives .*j"),
        (lambda: surface(lambda x, y: "hi"), "must give one real number .* it gives 'hi'"),
        (lambda: surface(lambda x, y: [x, y]), r"must give one real number .* it gives \[-2.1"),
        (lambda: surface(lambda x, y: x > y), "must give one real number .* it gives False"),
        (lambda: surface(lambda x, y: 3), "the loss must depend on x or y, 3 is the same everywhere"),
        (lambda: surface(lambda x, y: np.random.normal()), "must give the same for the same x and y"),
        (lambda: surface(lambda x, y: np.log(-1 - x**2)), "numbers somewhere, it gives none for x and y between"),
        (lambda: surface(np.log1p, view=((-3, -2), (0, 1))), "function of two numbers|finite|one real number"),
        (lambda: surface(lambda x, y: np.log(x), view=((-3, -1), (0, 1))), r"in its view \(\(-3.0, -1.0\)"),
        (lambda: surface(good, start=(1, 2, 3)), r"start θ₀ must be two finite numbers \(x, y\), got \(1, 2, 3\)"),
        (lambda: surface(good, view=((1, 0), (0, 1))), "the view of .* with low < high, got"),
        (lambda: surface(good, minima=[(1, 1)]), "got L = 8.08073 at x = 1, y = 1, where L = 0 at x = 0"),
        (lambda: surface(good, minima="here"), "list of points"),
        (lambda: surface(good, name=3), "the name must be a text, got 3"),
        (lambda: surface(good, gradient=3), "the gradient must be a function of two numbers, .*, got 3"),
        (lambda: surface(good, gradient=lambda x, y: 2 * x), "the gradient of .* must give 2 real numbers"),
    ],
)  # fmt: skip
def test_wrong_input_is_told_in_one_sentence(make, text):
    with pytest.raises(ValueError, match=text) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_nothing_of_an_exception_is_lost():
    with pytest.raises(ValueError, match=r"at x = .*, y = .* it raises NameError: name 'q' is not defined") as caught:
        surface(lambda x, y: q * x)  # noqa: F821
    assert isinstance(caught.value.__cause__, NameError)
    with pytest.raises(ValueError, match=r"it gives none .*: ZeroDivisionError: division by zero") as caught:
        surface(lambda x, y: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_minima_that_are_given_are_taken():
    assert surface(good, minima=[(0, 0)]).minima == ((0.0, 0.0),)
    assert surface(good, minima=(0, 0)).minima == ((0.0, 0.0),)
    assert surface(good, minima=[]).minimum == -np.inf


def test_a_typed_formula_is_a_surface_with_its_own_name_and_latex():
    formula = parse("x^2 + 10 sin(y)^2")
    own = surface(formula)
    assert own.name == str(formula) == "x^2 + 10*sin(y)^2" and own.formula == formula.latex and own.recorded
    np.testing.assert_allclose(own.gradient(np.array([1.0, 0.5])), [2.0, 10 * np.sin(1.0)], rtol=1e-12)
