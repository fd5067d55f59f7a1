"""The surfaces: their formulas, their gradients against central differences, their minima, and their shapes."""

from math import cos, e, exp, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab import surfaces
from optimlab.surfaces import Surface, absolute, ackley, bowl, field_grid, parabola, ravine

TURNED = ravine(kappa=7.0, angle=33.0)
ALL = [getattr(surfaces, name)() for name in surfaces.__all__ if name != "Surface"] + [TURNED]
every_surface = pytest.mark.parametrize("surface", ALL, ids=repr)
shares = st.tuples(st.floats(0, 1), st.floats(0, 1))  # where a point lies between the edges of the view

FORMULAS = {  # as in the literature, in plain numbers
    "ravine": lambda x, y: (x**2 + 20 * y**2) / 2,
    "bowl": lambda x, y: (x**2 + y**2) / 2,
    "parabola": lambda w: (w - 3) ** 2,
    "Rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "Beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "Himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "Rastrigin": lambda x, y: 20 + sum(z**2 - 10 * cos(2 * pi * z) for z in (x, y)),
    "saddle with walls": lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
    "plateau": lambda x, y: 1 - exp(-(x**2 + y**2) / 2),
    "two wells": lambda x, y: (
        -2 * exp(-((x - 1) ** 2 + y**2) / 0.2) - 6 * exp(-((x + 1) ** 2 + y**2) / 0.2) + x**2 + y**2
    ),
    "Ackley": lambda x, y: (
        -20 * exp(-0.2 * sqrt((x**2 + y**2) / 2)) - exp((cos(2 * pi * x) + cos(2 * pi * y)) / 2) + e + 20
    ),
    "monkey saddle": lambda x, y: x**3 - 3 * x * y**2,
    "six-hump camel": lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
    "cliff": lambda x, y: x**2 / 20 + y**2 / 20 + 2 / (1 + exp(-40 * (x - 1))),
    "|x|+10|y|": lambda x, y: abs(x) + 10 * abs(y),
    "½(xy−1)²": lambda x, y: (x * y - 1) ** 2 / 2,
}
CUSTOMARY = {  # start, and the view where the curriculum names one
    "ravine": ((-1, 0.53), None),
    "bowl": ((-1, 0.53), None),
    "Rosenbrock": ((-1.5, 2), ((-2, 2), (-1, 3))),
    "Beale": ((1, 1), ((-4.5, 4.5), (-4.5, 4.5))),
    "Himmelblau": ((0.1, -0.2), ((-5, 5), (-5, 5))),
    "Rastrigin": ((-2, 3.5), ((-4.5, 4.5), (-4.5, 4.5))),
    "saddle with walls": ((1.07, 1e-6), None),
    "plateau": ((3.5, 2), None),
}
MINIMA = {
    "Rosenbrock": [(1, 1)],
    "Beale": [(3, 0.5)],
    "Himmelblau": [(3, 2), (-2.805, 3.131), (-3.779, -3.283), (3.584, -1.848)],
    "saddle with walls": [(0, 1), (0, -1)],
    "monkey saddle": [],
    "six-hump camel": [(0.0898, -0.7126), (-0.0898, 0.7126)],
}


def point_in_view(surface, share):
    return np.array([low + s * (high - low) for s, (low, high) in zip(share, surface.view)])


def central_differences(surface, theta, h=1e-5):
    steps = h * np.eye(surface.dim)
    return (surface.value(theta + steps) - surface.value(theta - steps)) / (2 * h)


def has_a_kink_near(surface, theta):
    if surface.name == "Ackley":
        return np.linalg.norm(theta) < 0.01
    return surface.name == "|x|+10|y|" and np.abs(theta).min() < 1e-4


@every_surface
@given(share=shares)
def test_the_value_is_the_formula(surface, share):
    if surface is TURNED:
        return
    theta = point_in_view(surface, share)
    expected = FORMULAS[surface.name](*theta.tolist())
    assert surface.value(theta) == pytest.approx(expected, rel=1e-10, abs=1e-10)


@every_surface
@given(share=shares)
def test_the_gradient_is_the_slope_of_the_value(surface, share):
    theta = point_in_view(surface, share)
    if has_a_kink_near(surface, theta):
        return
    tolerance = 2e-6 + 1e-9 * abs(surface.value(theta))
    np.testing.assert_allclose(surface.gradient(theta), central_differences(surface, theta), rtol=1e-6, atol=tolerance)


@every_surface
def test_the_start_and_the_view_are_the_customary_ones(surface):
    start, view = CUSTOMARY.get(surface.name, (surface.start, None))
    assert surface.start == start
    assert view is None or surface.view == view
    assert len(surface.start) == len(surface.view) == surface.dim
    assert all(low <= x <= high for x, (low, high) in zip(surface.start, surface.view))
    assert np.abs(surface.gradient(np.array(surface.start))).max() > 0


@every_surface
def test_minima_are_flat_in_view_and_nothing_on_the_view_lies_lower(surface):
    if not surface.minima:
        assert surface.minimum == -np.inf
        return
    minima = np.array(surface.minima)
    np.testing.assert_allclose(surface.gradient(minima), 0, atol=1e-10)
    np.testing.assert_allclose(surface.value(minima), surface.minimum, atol=1e-12)
    low, high = np.transpose(surface.view)
    assert ((low <= minima) & (minima <= high)).all()
    grid = np.stack(np.meshgrid(*(np.linspace(*ends, 301) for ends in surface.view)), axis=-1)
    assert surface.value(grid).min() >= surface.minimum - 1e-12


@pytest.mark.parametrize("surface", ALL[:-1], ids=repr)
def test_the_minima_are_those_of_the_literature(surface):
    expected = MINIMA.get(surface.name)
    if expected is not None:
        np.testing.assert_allclose(np.reshape(surface.minima, (-1, 2)), np.reshape(expected, (-1, 2)), atol=6e-4)
    else:
        assert len(surface.minima) == (2 if surface.name == "½(xy−1)²" else 1)


@every_surface
@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 4), (0,), (2, 0)])
def test_values_and_gradients_take_points_of_any_shape(surface, shape):
    theta = np.random.default_rng(0).uniform(-1, 1, (*shape, surface.dim))
    value, gradient = surface.value(theta), surface.gradient(theta)
    assert (np.shape(value), gradient.shape) == (shape, theta.shape)
    for i in np.ndindex(shape):
        assert np.array_equal(np.asarray(value)[i], surface.value(theta[i]))
        assert np.array_equal(gradient[i], surface.gradient(theta[i]))


@every_surface
def test_single_precision_stays_single_precision(surface):
    theta = np.random.default_rng(0).uniform(-1, 1, (5, surface.dim)).astype(np.float32)
    assert surface.value(theta).dtype == np.float32
    assert surface.gradient(theta).dtype == np.float32
    np.testing.assert_allclose(surface.gradient(theta), surface.gradient(theta.astype(float)), rtol=1e-3, atol=1e-4)


@every_surface
@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint8])
def test_whole_numbers_are_numbers_too(surface, dtype):
    """Integers must neither wrap around (2 − 3 is not 255) nor overflow."""
    theta = np.array([2, 1][: surface.dim], dtype)
    np.testing.assert_allclose(surface.value(theta), surface.value(theta.astype(float)))
    np.testing.assert_allclose(surface.gradient(theta), surface.gradient(theta.astype(float)))
    assert surface.gradient(theta).dtype == float


@every_surface
def test_the_point_is_never_modified(surface):
    theta = np.full((3, surface.dim), 0.7)
    theta.setflags(write=False)
    surface.value(theta)
    assert not np.shares_memory(surface.gradient(theta), theta)
    np.testing.assert_array_equal(theta, 0.7)


@every_surface
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 1, 4)])
def test_a_point_of_the_wrong_shape_is_refused(surface, shape):
    for method in (surface.value, surface.gradient):
        with pytest.raises(ValueError) as caught:
            method(np.zeros(shape))
        assert str(caught.value) == f"θ must have shape (..., {surface.dim}) on {surface.name}, got {shape}"


@given(kappa=st.floats(1, 1000), angle=st.floats(-360, 360))
def test_a_ravine_turned_is_the_ravine_seen_from_turned_axes(kappa, angle):
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turn = np.array([[c, -s], [s, c]])  # counter-clockwise
    theta = np.array([[-1.0, 0.53], [0.3, 0.8], [1.0, 0.0], [0.0, 1.0]])
    straight, turned = ravine(kappa), ravine(kappa, angle)
    np.testing.assert_allclose(turned.value(theta @ turn.T), straight.value(theta), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        turned.gradient(theta @ turn.T), straight.gradient(theta) @ turn.T, rtol=1e-12, atol=1e-12 * kappa
    )


@pytest.mark.parametrize("surface", [bowl(), ravine(50, 17), TURNED, parabola(1.0, 0.3)], ids=repr)
def test_the_eigenvalues_are_those_of_the_hessian(surface):
    """On a quadratic the gradients at the unit points are the columns of the Hessian (about the minimum)."""
    hessian = surface.gradient(np.array(surface.minima) + np.eye(surface.dim))
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), surface.eigenvalues[-surface.dim :], rtol=1e-12)


def test_only_quadratics_claim_constant_eigenvalues():
    assert {s.name for s in ALL if s.eigenvalues} == {"ravine", "bowl", "parabola"}


def test_arrays_of_kappa_and_angle_give_a_family_at_once():
    kappa, angle = np.array([1.0, 7.0, 50.0]), np.array([0.0, 33.0, -80.0])
    theta = np.array([[-1.0, 0.53], [0.3, 0.8], [0.2, 0.1]])
    family = ravine().replace(kappa=kappa, angle=angle)
    for i in range(3):
        assert family.value(theta)[i] == ravine(kappa[i], angle[i]).value(theta[i])
        np.testing.assert_array_equal(family.gradient(theta)[i], ravine(kappa[i], angle[i]).gradient(theta[i]))
    assert family.minimum == 0


def test_where_there_is_a_kink_the_gradient_is_zero_in_that_coordinate():
    np.testing.assert_array_equal(absolute().gradient((0.0, 2.0)), (0, 10))
    np.testing.assert_array_equal(absolute().gradient((-3.0, 0.0)), (-1, 0))
    np.testing.assert_array_equal(ackley().gradient((0.0, 0.0)), (0, 0))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: ravine(kappa=0.5), "condition number κ must be in [1, ∞), got 0.5"),
        (lambda: ravine(kappa=np.nan), "condition number κ must be in [1, ∞), got nan"),
        (lambda: ravine(kappa="steep"), "condition number κ must be a number in [1, ∞), got 'steep'"),
        (lambda: ravine(angle=361), "rotation in degrees angle must be in [-360, 360], got 361"),
        (lambda: ravine().replace(angle=None), "rotation in degrees angle must be a number in [-360, 360], got None"),
        (lambda: parabola(curvature=0), "curvature λ must be in (0, ∞), got 0"),
        (lambda: parabola(center=np.inf), "center c must be in (-∞, ∞), got inf"),
        (lambda: ravine().replace(gamma=1), "ravine has no knob 'gamma'; it has ['angle', 'kappa']"),
        (lambda: bowl().replace(kappa=2), "bowl has no knob 'kappa'; it has none"),
    ],
)
def test_a_bad_parameter_is_refused_by_symbol_and_range(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == text


def test_the_parabola_is_the_lessons_unless_told_otherwise():
    assert parabola().value([0.0]) == 9
    np.testing.assert_array_equal(parabola().gradient([0.0]), [-6])
    assert parabola(1.0, 0.5).value([3.0]) == 1


def test_a_surface_prints_its_name_and_its_knobs():
    assert repr(ravine(12.3456, 30)) == "ravine(κ=12.3, angle=30)"
    assert [repr(s) for s in ALL if not s.knobs] == [s.name for s in ALL if not s.knobs]


def test_the_field_has_its_lowest_row_at_the_bottom_and_knobs_in_front():
    surface = Surface("slope", "x+10y", lambda x, y: x + 10 * y, lambda x, y: (1, 10), (), (0, 0), ((0, 1), (0, 1)))
    np.testing.assert_allclose(field_grid(surface, surface.view, 3, 2), [[0, 0.5, 1], [10, 10.5, 11]])
    fields = field_grid(ravine(), ravine().view, 5, 4, kappa=np.array([1.0, 9.0]))
    for field, kappa in zip(fields, (1, 9), strict=True):
        np.testing.assert_array_equal(field, field_grid(ravine(kappa), ravine().view, 5, 4))
