"""What notebook 02 asks at its start, about notebook 01: the length of a step, zero gradients, the way downhill."""

import numpy as np

from ..descent import descend
from ..optimizers import GradientDescent
from ..predictions.prediction import Question
from ..surfaces import parabola, product, ravine


def ten_steps():
    """02.r1: the lengths of ten steps on a parabola."""
    walk = descend(parabola(center=-2, curvature=2), GradientDescent(lr=0.1), start=(4.0,), steps=10)
    return {"steps": np.abs(np.diff(walk.theta[:, 0]))}


@np.errstate(all="ignore")
def how_steps_change(steps):
    """02.r1: whether they stay, grow or shrink."""
    if np.allclose(steps, steps[0], rtol=0.01):
        return "a"
    return "b" if (np.diff(steps) > 0).all() else "c" if (np.diff(steps) < 0).all() else None


def around_zero():
    """02.r2: of 360 directions around (0, 0), how many lead lower and how many higher."""
    angle, loss = np.radians(np.arange(360)), product()
    circle, here = 0.1 * np.stack([np.cos(angle), np.sin(angle)], axis=1), loss.value([0.0, 0.0])
    around = loss.value(circle)
    return {"lower": int(np.sum(around < here)), "higher": int(np.sum(around > here))}


def what_is_there(lower, higher):
    """02.r2: a saddle, a minimum or a maximum."""
    return {(True, True): "a", (False, True): "b", (True, False): "c"}.get((bool(lower > 0), bool(higher > 0)))


def in_the_valley():
    """02.r3: how much of the way to the minimum is done after ten steps, in x and in y."""
    theta = descend(ravine(kappa=25), GradientDescent(lr=0.01), start=(-2.0, 0.4), steps=10).theta
    x, y = 1 - theta[-1] / theta[0]
    return {"x": x, "y": y}


@np.errstate(all="ignore")
def straight_there(x, y):
    """02.r3: as much in x as in y, or nearly all in one of them."""
    if abs(x - y) < 0.1:
        return "a"
    return "b" if y > 0.8 and x < 0.3 else "c" if x > 0.8 and y < 0.3 else None


QUESTIONS = {
    "02.r1": Question(
        "Gradient descent on (w + 2)², from w = 4 with η = 0.1. How long are its steps?",
        (
            "all equally long, for η stays the same",
            "longer and longer, as of a ball that rolls down",
            "shorter and shorter, as the slope gets smaller",
        ),
        how_steps_change,
        "A step is η times the slope: the first is {steps[0]:.2f} long, the tenth {steps[9]:.2f}, for near the minimum "
        "the curve is flatter.",
        {
            "a": "η is a factor and no length: it multiplies the slope, and the slope changes.",
            "b": "A ball keeps its speed. Gradient descent keeps nothing: it takes the slope where it stands.",
        },
        measure=ten_steps,
        about="the length of a step",
    ),
    "02.r2": Question(
        "On L = ½(xy − 1)² the gradient is (0, 0) at the point (0, 0). What is there?",
        (
            "a saddle: L is lower on some sides, higher on others",
            "a minimum: that is where the gradient is zero",
            "a maximum: L is lower on all sides",
        ),
        what_is_there,
        "Of 360 directions, {lower} lead lower and {higher} higher. A zero gradient says only that it is flat here.",
        {
            "b": "At a minimum the gradient is zero, but not only there: a pass and a hilltop are flat, too.",
            "c": "On a hilltop every direction leads down; here, where x and y have different signs, L is higher.",
        },
        measure=around_zero,
        about="where the gradient is zero",
    ),
    "02.r3": Question(
        "Gradient descent in the valley ½(x² + 25y²), from (−2, 0.4) with η = 0.01. How much of the way to (0, 0) is "
        "done after ten steps?",
        (
            "as much in x as in y",
            "nearly all of it in y, little in x",
            "nearly all of it in x, little in y",
        ),
        straight_there,
        "In x {x:.0%} of the way is done, in y {y:.0%}. Downhill is at right angles to the contour lines: first across "
        "the valley, then along its floor.",
        {
            "a": "Downhill is where L falls fastest, and that is seldom the way to the minimum.",
            "c": "How far away the minimum is does not count, but how steep it is; and y is the steep direction.",
        },
        measure=in_the_valley,
        about="the way downhill",
    ),
}
