"""What notebook 03 asks at its start, about 01 and 02: contour lines, the limit of η, the condition number."""

import numpy as np

from ..descent import descend, sweep
from ..optimizers import GradientDescent
from ..predictions.n02 import near
from ..predictions.prediction import Question
from ..surfaces import ravine, rosenbrock


def steps_and_lines():
    """03.r1: the angles between a step and the contour line where it begins, at 100 places, in degrees."""
    loss, places = rosenbrock(), np.random.default_rng(0).uniform(-2, 2, (100, 2))
    turn = np.radians(np.arange(0, 180, 0.25))
    around = 1e-4 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    change = loss.value(places[:, None] + around) - loss.value(places[:, None] - around)
    line = around[np.abs(change).argmin(axis=1)]  # where L changes least: along the contour line
    step = np.diff(descend(loss, GradientDescent(lr=1e-6), start=places, steps=1).theta, axis=0)[0]
    cosine = np.sum(step * line, axis=1) / np.linalg.norm(step, axis=1) / np.linalg.norm(line, axis=1)
    angles = np.degrees(np.arccos(np.clip(np.abs(cosine), 0, 1)))
    return {"least": angles.min(), "most": angles.max()}


def at_which_angle(least, most):
    """03.r1: everywhere a right angle, everywhere none, or sometimes this and sometimes that."""
    if least > 88:
        return "a"
    return "c" if most < 2 else "b" if least <= 88 and most >= 2 else None


def largest_rate():
    """03.r2: the largest η with which 100 steps come nearer in both directions."""
    rates = np.geomspace(0.005, 3, 2000)
    path = sweep(ravine(kappa=80), GradientDescent(), "lr", rates, steps=100)
    left = np.abs(path.theta[-1] / path.theta[0]).max(axis=1)
    return {"limit": rates[left < 0.999].max()}


def which_limit(limit):
    """03.r2: which of the curvatures sets it."""
    return near(limit, {"a": 2, "b": 2 / 40.5, "c": 2 / 80, "d": 1 / 80}, 0.05)


def fewest_steps(kappa):
    """The fewest steps, of 111 learning rates, that leave a thousandth of the distance."""
    rates = np.linspace(0.5, 1.05, 111) * 2 / (1 + kappa)
    path = sweep(ravine(kappa=kappa), GradientDescent(), "lr", rates, start=(1.0, 1.0), steps=200).theta
    distance = np.linalg.norm(path, axis=-1)
    there = distance <= 1e-3 * distance[0]
    return float(np.where(there.any(axis=0), there.argmax(axis=0), np.inf).min())


def two_ravines():
    """03.r3: the fewest steps on two ravines."""
    return {"short": fewest_steps(10), "long": fewest_steps(40)}


@np.errstate(all="ignore")
def four_times_kappa(short, long):
    """03.r3: how many times as many steps the longer one takes."""
    return near(long / short if short > 0 else np.nan, {"a": 1, "b": 2, "c": 16, "d": 4}, 0.2)


QUESTIONS = {
    "03.r1": Question(
        "You take a short step of gradient descent at 100 random places of the curved valley (1 − x)² + 100(y − x²)². "
        "At which angle to the contour line does it begin?",
        (
            "at a right angle, at each of the places",
            "at an angle that changes from place to place",
            "at none: it begins along the line",
        ),
        at_which_angle,
        "The angles lie between {least:.1f}° and {most:.1f}°. Along the line L stays the same, and it falls fastest at "
        "a right angle to it.",
        {
            "b": "The gradient knows the slope where you stand, and not where the minimum is.",
            "c": "Along a contour line the loss does not change; a step along it would gain nothing.",
        },
        measure=steps_and_lines,
        about="steps and contour lines",
    ),
    "03.r2": Question(
        "On the ravine ½(x² + 80y²), up to about which η does gradient descent come nearer in both directions?",
        (
            "2, which is 2/λmin",
            "0.05, which is 2 over the mean of the two λ",
            "0.025, which is 2/λmax",
            "0.0125, which is 1/λmax",
        ),
        which_limit,
        "It still comes nearer with η = {limit:.4f}. At 2/80 a step across the ravine is twice the distance to its "
        "floor, and lands as far away on the other side.",
        {
            "a": "That is the limit of the flat direction alone; the steep one is thrown out long before.",
            "b": "The two curvatures do not make up for each other: each direction has its own limit.",
            "d": "With 1/λmax a step lands on the floor at once; up to twice that, it lands beyond, but nearer.",
        },
        measure=largest_rate,
        about="the limit of η",
    ),
    "03.r3": Question(
        "Gradient descent on a ravine with κ = 10 and on one with κ = 40, each with its own best η. For a thousandth "
        "of the distance, the second one needs …",
        (
            "as many steps",
            "about twice as many steps",
            "about 16 times as many steps",
            "about 4 times as many steps",
        ),
        four_times_kappa,
        "It is {long:.0f} steps against {short:.0f}: the steep direction allows only a quarter of η, and along the "
        "flat one each step gets a quarter as far.",
        {
            "a": "The best η is not a good one: it must be small enough for the steep direction.",
            "b": "√κ would be a better method's number; plain gradient descent pays the whole of κ.",
            "c": "Only η becomes smaller, by a factor of 4; the way along the flat direction is as long as before.",
        },
        measure=two_ravines,
        about="the condition number",
    ),
}
