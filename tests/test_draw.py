"""The lab in which a schedule is drawn: its means are exact, and its line is a schedule."""

import numpy as np
import pytest

from optimlab import GradientDescent, Noisy, descend, draw_lab, himmelblau, ravine
from optimlab.labs.draw import along_axes, best_cosine, expected_excess
from optimlab.schedules import constant, cosine_decay, piecewise_linear

STEPS = 60


def test_the_mean_over_all_noises_is_that_of_many():
    surface, schedule, copies = ravine(kappa=10, angle=25), cosine_decay(0.1, STEPS), 4000
    noisy = Noisy(surface, 0.3, copies=copies)
    start = np.asarray(surface.start, float)
    walk = descend(noisy, GradientDescent(), np.broadcast_to(start, (copies, 2)), STEPS, schedule=schedule)
    exact = expected_excess(schedule, *along_axes(surface, start), 0.3, STEPS)
    error = walk.loss.std(axis=-1) / np.sqrt(copies)
    assert np.all(np.abs(walk.loss.mean(axis=-1) - exact) <= 5 * error + 1e-12)


def test_without_noise_the_mean_is_the_descent():
    surface, schedule = ravine(kappa=30, angle=70), piecewise_linear((0.01, 0.06, 0.02), STEPS)
    start = np.asarray(surface.start, float)
    exact = expected_excess(schedule, *along_axes(surface, start), 0.0, STEPS)
    np.testing.assert_allclose(descend(surface, GradientDescent(schedule), steps=STEPS).loss, exact, rtol=1e-9)


def test_a_constant_rate_comes_to_rest_at_the_level_that_theory_knows():
    eta, sigma = 0.1, 0.3
    end = expected_excess(constant(eta), [1.0, 10.0], [1.0, 1.0], sigma, 400)[-1]
    level = sum(0.5 * eta * sigma**2 / (2 - eta * curvature) for curvature in (1.0, 10.0))
    assert end == pytest.approx(level, rel=1e-9)


def test_no_other_cosine_ends_lower():
    surface = ravine(kappa=10)
    axes = along_axes(surface, np.asarray(surface.start, float))
    best = best_cosine(*axes, 0.3, STEPS)
    ends = [expected_excess(cosine_decay(f * best, STEPS), *axes, 0.3, STEPS)[-1] for f in (0.8, 1.0, 1.25)]
    assert min(ends) == ends[1]


@pytest.mark.parametrize("sigma", [0.0, 0.3])
def test_the_lab_needs_no_kernel_and_tells_what_it_shows(sigma):
    lab = draw_lab(Noisy(ravine(kappa=10), sigma), steps=STEPS, knots=5)
    assert all(travels is True for travels in lab.travels.values()), lab.travels
    assert lab.schedule(0) == lab.values["knots"][0] and lab.schedule.steps == STEPS
    yours, cosine = (float(line.split("L − min L ")[1].split()[0]) for line in repr(lab).splitlines()[1:])
    assert cosine < yours or sigma == 0


def test_a_better_line_than_the_cosine_can_be_drawn():
    """At the limit first, then like 1/k: what Robbins and Monro (1951) ask for."""
    lab = draw_lab(Noisy(ravine(kappa=20), 0.3))
    lab.stage.points = {"knots": [0.105] * 5 + [0.068, 0.05, 0.038, 0.033, 0.025, 0.009, 0.005]}
    yours, cosine = (float(line.split("L − min L ")[1].split()[0]) for line in repr(lab).splitlines()[1:])
    assert yours < 0.75 * cosine


def test_the_same_shape_serves_another_training():
    lab = draw_lab(ravine(), knots=3)
    lab.stage.points = {"knots": [0.02, 0.04, 0.0]}
    other = lab.scaled(0.3, 410)
    assert other.values == pytest.approx((0.15, 0.3, 0.0)) and other.steps == 410
    lab.stage.points = {"knots": [0.0, 0.0, 0.0]}
    with pytest.raises(ValueError, match="pull a knot up"):
        lab.scaled(0.3, 410)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"surface": himmelblau()}, "quadratic"),
        ({"surface": 3}, r"gradient\(theta\), got 3"),
        ({"surface": ravine(), "steps": 1}, r"steps must be a whole number in \[2, 500\], got 1"),
        ({"surface": ravine(), "knots": 1}, r"knots must be a whole number in \[2, 40\], got 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(arguments, said):
    with pytest.raises(ValueError, match=said):
        draw_lab(**arguments)


# The schedule


@pytest.mark.parametrize("values", [(0.1, 0.0), (0.3, 0.1, 0.2), tuple(np.linspace(0, 1, 12))])
@pytest.mark.parametrize("steps", [1, 7, 60])
def test_between_knots_it_is_numpys_interp(values, steps):
    k = np.arange(2 * steps + 2)
    expected = np.interp(k, np.linspace(0, steps, len(values)), values)
    np.testing.assert_allclose(piecewise_linear(values, steps)(k), expected, atol=1e-14)


@pytest.mark.parametrize("values", [(), (0.1,), 0.1, "ab", (0.1, -1), (0.1, np.nan), ((0.1, 0.2), (0.1, 0.2))])
def test_knots_that_are_none_are_refused(values):
    with pytest.raises(ValueError, match=r"must be in \[0, ∞\), two numbers or more, got "):
        piecewise_linear(values, 10)
