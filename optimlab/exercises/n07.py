"""The exercises of notebook 07: why momentum really works."""

from __future__ import annotations

import numpy as np

from ..step_sizes import fractal_order
from . import Exercise, called, choice, must_be_function, number, one_number

# 07.2


def polyaks_momentum(answer):
    value, right = one_number(answer), (19 / 21) ** 2
    hints = {
        19 / 21: "That is the rate ρ. Polyak's γ is its square.",
        (399 / 401) ** 2: "The roots are of κ, not κ itself: √400 = 20.",
        399 / 401: "That is gradient descent's best rate, (κ−1)/(κ+1).",
        1 - right: "That is 1 − γ.",
    }
    if np.isclose(value, right, atol=0.002):
        return None
    for wrong, hint in hints.items():
        if np.isclose(value, wrong, atol=0.0015):
            return hint
    return "γ* = ((√κ−1)/(√κ+1))², with √400 = 20."


# 07.3


def heavy_ball(x, before, gradient, eta, gamma):
    return x - eta * gradient(x) + gamma * (x - before)


def buggy_ball(x, before, gradient, eta, gamma):
    return x - eta * gradient(x) + gamma * (before - x)


def looks_ahead(x, before, gradient, eta, gamma):
    there = x + gamma * (x - before)
    return there - eta * gradient(there)


def is_heavy_ball(answer):
    if hint := must_be_function(answer, "step"):
        return hint
    x, before = np.array([1.0, -2.0]), np.array([1.5, -1.0])

    def gradient(x):
        return np.array([3.0, 0.5]) * x

    got = np.asarray(called(answer, x.copy(), before.copy(), gradient, 0.1, 0.8), float)
    if got.shape != x.shape:
        return "The function should return the next point, in the shape of x."
    arguments = x, before, gradient, 0.1, 0.8
    if np.allclose(got, buggy_ball(*arguments)):
        return "It still brakes: the ball should go on in the direction in which it came, from `before` to `x`."
    if np.allclose(got, looks_ahead(*arguments)):
        return "That is Nesterov's method: its gradient is that of the place ahead. Heavy ball takes the one at x."
    if np.allclose(got, x - 0.1 * gradient(x)):
        return "That is gradient descent: add γ times the last step."
    if np.allclose(got, x + 0.1 * gradient(x) + 0.8 * (x - before)):
        return "The velocity is right; the gradient should lead downhill, with a minus."
    return None if np.allclose(got, heavy_ball(*arguments)) else "x − η∇f(x) + γ(x − before): compare term by term."


# 07.4


def settled(errors, tolerance):
    above = ~(np.asarray(errors) <= tolerance)
    return None if above[-1] else int(np.flatnonzero(above)[-1]) + 1 if above.any() else 0


def first_hit(errors, tolerance):
    return int(np.argmax(np.asarray(errors) <= tolerance))


def says_when_settled(answer):
    if hint := must_be_function(answer, "settled"):
        return hint
    swings = np.array([1.0, 0.05, -0.8, 0.3, 0.02, 0.01, 0.001])
    with np.errstate(all="ignore"):
        got = called(answer, np.abs(swings), 0.1)
        grows = answer(np.array([1.0, 0.05, 2.0, 1e300, np.inf, np.nan, np.nan]), 0.1)
        always = answer(np.array([0.01, 0.001, 0.0001]), 0.1)
    if got == 1:
        return "That is the first time it touches the target. At step 2 it is out again; count to the last time."
    if got == 3:
        return "At step 3 it is still above. It is settled from the next step on: one more."
    if got != 4:
        return f"For 1, .05, .8, .3, .02, .01, .001 and the tolerance 0.1 it should be 4; yours is {got}."
    if grows is not None:
        return (
            f"A run that diverges ends with NaN, and yours says that it settles at {grows}. NaN > 0.1 is False, and so "
            "is NaN <= 0.1: ask for what is *not* below, and return None if the last one is not."
        )
    if always != 0:
        return f"A run that is below from the start is settled at step 0; yours says {always}."
    return None


# 07.5


def big_first(count):
    return np.arange(count)


def is_fractal(answer):
    if hint := must_be_function(answer, "fractal"):
        return hint
    orders = [[int(place) for place in called(answer, count)] for count in (1, 2, 4, 8, 16)]
    for count, order in zip((1, 2, 4, 8, 16), orders):
        if sorted(order) != list(range(count)):
            if sorted(order) == list(range(1, count + 1)):
                return "The order is counted from 1 here; it should be counted from 0: subtract 1 at the end."
            return f"For {count} each of 0 … {count - 1} should be there once; yours is {order}."
        if order != (fractal_order(count)).tolist():
            if order == list(range(count)):
                return f"That is big first. For 4 it should be 0, 3, 1, 2; yours is {orders[2]}."
            return f"For {count} it should be {fractal_order(count).tolist()}; yours is {order}."
    return None


EXERCISES = {
    "07.1": Exercise(
        number(
            0.697,
            0.703,
            "Larger than that: both roots have the size √γ, and γ = 0.49.",
            "Smaller: both roots have the size √γ, and γ = 0.49. η is not in it.",
        ),
        solution=0.7,
        wrong=0.49,
        praise="√0.49 = 0.7, whatever η is, as long as it swings.",
    ),
    "07.2": Exercise(
        polyaks_momentum,
        solution=(19 / 21) ** 2,
        wrong=19 / 21,
        praise="((20−1)/(20+1))² = 0.819.",
    ),
    "07.3": Exercise(
        is_heavy_ball,
        solution=heavy_ball,
        wrong=buggy_ball,
        praise="The ball goes on in the direction in which it came, and the gradient bends its way.",
    ),
    "07.4": Exercise(
        says_when_settled,
        solution=settled,
        wrong=first_hit,
        praise="The last time above, plus one; and NaN has not settled.",
    ),
    "07.5": Exercise(
        is_fractal,
        solution=fractal_order,
        wrong=big_first,
        praise="Each big step is followed by the small one that repairs it, and each pair by such a pair.",
    ),
    "07.6": Exercise(
        number(
            0.113,
            0.121,
            "More circle than that. Does the grid go from −6 to 6, and are η = 1/9 and γ = 4/9?",
            "Fewer circle than that. Count those that are still away from 0 after 1000 steps, and nothing else.",
        ),
        solution=0.1166,
        wrong=0.5,
        praise="About a ninth, in seven intervals; and with η = 0.10 in place of 1/9 none at all.",
    ),
    "07.7": Exercise(
        choice(
            "b",
            {
                "a": "Then η/(1−γ) would be ten times what it was, and the variance ten times as large.",
                "c": "That makes η/(1−γ) a tenth of what it was: a smaller ball, but ten times as slow.",
                "d": "1 − γ becomes ten times smaller, and η should follow it: not its root.",
            },
        ),
        solution="b",
        wrong="a",
        praise="η/(1−γ) is 0.1 before and after.",
    ),
}
