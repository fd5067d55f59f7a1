"""The exercises of notebook 01, Introduction."""

from __future__ import annotations

import numpy as np

from .. import exercises
from ..optimizers import GradientDescent
from ..problems import diabetes
from ..surfaces import parabola, ravine
from . import Exercise, choice


def pair(answer):
    """The answer as two finite numbers, or None."""
    try:
        numbers = np.asarray(answer, float)
    except (TypeError, ValueError):
        return None
    return numbers if numbers.shape == (2,) and np.isfinite(numbers).all() else None


def near(a, b, tolerance=2e-3) -> bool:
    return bool(np.all(np.abs(np.asarray(a) - np.asarray(b)) <= tolerance))


# 01.1 The gradient of ½(x² + 4y²) at (1, −0.5)

VALLEY, HERE = ravine(kappa=4.0), np.array([1.0, -0.5])
GRADIENT = VALLEY.gradient(HERE)


def one_number(answer):
    """The answer as one finite number, or None."""
    try:
        return exercises.one_number(answer)
    except exercises.Unreadable:
        return None


def test_gradient(answer):
    if isinstance(answer, str):
        return "This is a text, in quotes. Give two numbers without quotes: answer = (…, …)."
    one, numbers = one_number(answer), pair(answer)
    if one is not None and near(one, VALLEY.value(HERE)):
        return "That is the loss there. The gradient has two numbers: one slope for x and one for y."
    if numbers is None:
        return "Give two numbers, the slope in x and the slope in y: answer = (…, …)."
    if near(numbers, GRADIENT):
        return None
    if near(numbers, -GRADIENT):
        return "Very close: this is −∇L, which points downhill. The gradient itself points uphill."
    if near(numbers, GRADIENT[::-1]):
        return "Both numbers are right, but the slope in x comes first."
    if near(numbers, HERE):
        return "The 4 in front of y² counts: the derivative of ½·4y² is 4y."
    if near(numbers, 2 * GRADIENT):
        return "Everything is twice too large: the ½ in front of the bracket halves it."
    if near(numbers, [0.5 * HERE[0] ** 2, 2 * HERE[1] ** 2]):
        return "These are the two terms of the loss. Now take the derivative of each: what is the slope of ½x²?"
    if near(numbers[0], GRADIENT[0]):
        return "The slope in x is right. For y, hold x fixed and take the derivative of ½·4y² at y = −0.5."
    if near(numbers[1], GRADIENT[1]):
        return "The slope in y is right. For x, hold y fixed and take the derivative of ½x² at x = 1."
    return "Take one parameter at a time: hold y fixed, take the derivative in x; then the other way round."


# 01.2 The central difference


def central_difference(L, w, h):
    return (L(w + h) - L(w - h)) / (2 * h)


def test_difference(answer):
    if not callable(answer):
        return "The answer should be a function of L, w and h that returns the slope of L at w."
    known = parabola()
    for L in (lambda w: float(known.value([w])), lambda w: w**3, np.sin):
        for w in (-1.3, 0.7, 2.1):
            h = 0.01
            value, right = answer(L, w, h), central_difference(L, w, h)
            if value is None:
                return "Your function returns nothing. Does it end with `return …`?"
            value = float(value)
            ahead, behind = (L(w + h) - L(w)) / h, (L(w) - L(w - h)) / h
            if abs(value - right) <= 1e-9 * max(1.0, abs(right)):
                continue
            if near(value, ahead, 1e-9) or near(value, behind, 1e-9):
                return (
                    "This looks at one side only, and its error shrinks like h. Take the loss at w + h "
                    "and at w − h: the error then shrinks like h²."
                )
            if near(value, 2 * right, 1e-9):
                return "Twice too large: from w − h to w + h it is 2h, not h."
            if near(value, -right, 1e-9):
                return "The sign is turned around: the loss on the right minus the loss on the left."
            if near(value, h**2 * right, 1e-9):
                return "Mind the brackets: `/ 2 * h` divides by 2 and then multiplies by h. Write `/ (2 * h)`."
            return "Rise over run: the difference of the losses at w + h and w − h, divided by how far apart they are."
    return None


# 01.3 One step of gradient descent on the diabetes data, from (0, 0) with η = 0.5

PATIENTS, ORIGIN = diabetes(), np.zeros(2)
ETA = 0.5
STEP, _ = GradientDescent(lr=ETA).step(ORIGIN, PATIENTS.gradient, {}, 0)


def test_step(answer):
    numbers = pair(answer)
    if numbers is None:
        return "Give the new point as two numbers: answer = (w, b)."
    if near(numbers, STEP):
        return None
    if near(numbers, -STEP):
        return "This step goes uphill. Mind the minus sign in θ − η∇L(θ)."
    if near(numbers, STEP / ETA):
        return "Twice the right step: multiply the gradient by η = 0.5 first (and mind the ½ in the loss)."
    if near(numbers, -STEP / ETA):
        return "This is the gradient. The step goes against it, and is scaled by η = 0.5."
    if near(numbers, STEP[::-1]):
        return "Both numbers are right, but w comes first, then b."
    if near(numbers, STEP / 2):
        return "Half of the right step. The ½ in the loss cancels the 2 of the square; and η = 0.5 acts only once."
    if near(numbers, STEP, 6e-3):
        return "Right, but rounded too much: give four decimals."
    if near(numbers, PATIENTS.solution):
        return "This is the bottom of the valley. One step does not get there: compute θ − η∇L(θ) once."
    return "Compute `diabetes().gradient([0, 0])`, multiply it by 0.5 and subtract it from θ = (0, 0)."


# 01.4 The best flat line


def test_flat_line(answer):
    value = one_number(answer)
    if value is None:
        return "Give one number, the b of the best flat line: answer = …"
    y = PATIENTS.y
    if near(value, y.mean(), 5e-3):
        return None
    if near(value, PATIENTS.solution[1], 5e-3):
        return "That is the b of the best line. There w is free to help; here w = 0, so b is alone."
    if near(value, np.median(y), 5e-3):
        return "That is the median, which minimizes the mean absolute error. Here the errors are squared."
    if near(value, PATIENTS.value([0.0, y.mean()]), 5e-3):
        return "That is the smallest loss with w = 0. The question is at which b it is reached."
    if near(value, 100 * y.mean(), 0.5):
        return "Right in the units of the file; `diabetes().y` holds the progression divided by 100."
    side = "small" if value < y.mean() else "large"
    return f"Too {side}. Set the slope in b, the mean of (b − yᵢ), to zero: which b makes the errors average to 0?"


# 01.5 Which parameters for new patients

EXERCISES = {
    "01.1": Exercise(
        test_gradient,
        solution=(1.0, -2.0),
        wrong=(-1.0, 2.0),
        praise="Downhill is the opposite, (−1, 2): mostly towards larger y, because the valley is steep across.",
    ),
    "01.2": Exercise(
        test_difference,
        solution=central_difference,
        wrong=lambda L, w, h: (L(w + h) - L(w)) / h,
        praise="With this function you can check any gradient, whoever wrote it.",
    ),
    "01.3": Exercise(
        test_step,
        solution=tuple(STEP.tolist()),
        wrong=tuple((-STEP).tolist()),
        praise="One step, one gradient; all of gradient descent is this line, repeated.",
    ),
    "01.4": Exercise(
        test_flat_line,
        solution=float(PATIENTS.y.mean()),
        wrong=float(PATIENTS.solution[1]),
        praise="The best constant under squared errors is the mean: that was line A.",
    ),
    "01.5": Exercise(
        choice(
            "b",
            {
                "a": "Both losses are high here: nothing has been learned yet.",
                "c": "This has the lowest training loss. New patients are not among the 20 it was trained on: "
                "compare the other column.",
            },
        ),
        solution="b",
        wrong="c",
        praise="New patients are like the held-out ones, so the held-out loss decides.",
    ),
}
