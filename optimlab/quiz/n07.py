"""What notebook 07 asks at its start, about 02 and 03: the limit of η, the memory of γ, the noise ball."""

import numpy as np

from ..descent import descend
from ..optimizers import GradientDescent
from ..predictions.n02 import near
from ..predictions.prediction import Question
from ..surfaces import ravine


def largest_rate():
    """07.r1: the largest η with which gradient descent does not diverge on a ravine with λmax = 40."""
    rates = np.linspace(0.01, 0.12, 221)
    walk = descend(ravine(kappa=40), GradientDescent(lr=rates[:, None]), np.full((221, 2), 0.3), 2000)
    return {"limit": float(rates[walk.loss[-1] <= walk.loss[0]].max())}


def which_limit(limit):
    """07.r1: the letter for it."""
    return near(limit, {"a": 1 / 40, "b": 2 / 40, "c": 4 / 40, "d": 2 / 41}, 0.015)


def half_life():
    """07.r2: the steps after which one gradient counts half as much in the velocity, γ = 0.97."""
    velocity = 0.97 ** np.arange(200.0)
    return {"steps": int(np.argmax(velocity <= 0.5))}


def which_half_life(steps):
    """07.r2: the letter for it."""
    return near(float(steps), {"a": 33.3, "b": 23, "c": 97, "d": 1.03}, 0.05)


def two_balls():
    """07.r3: the variance around the minimum of ½w² under noise 1, with η = 0.2 and with 0.05."""
    random, rates = np.random.default_rng(0), np.array([0.2, 0.05])
    w, squares = np.zeros((4000, 2)), []
    for k in range(300):
        w = w - rates * (w + random.normal(size=w.shape))
        if k >= 100:
            squares.append(np.mean(w**2, axis=0))
    wide, narrow = np.mean(squares, axis=0)
    return {"wide": float(wide), "narrow": float(narrow)}


def which_ball(wide, narrow):
    """07.r3: the letter for how many times smaller it is."""
    return near(wide / narrow, {"a": 1, "b": 2, "c": 4, "d": 16}, 0.15)


QUESTIONS = {
    "07.r1": Question(
        "The curvatures of a ravine are 1 and 40. Up to which η does gradient descent not diverge on it?",
        ("1/40", "2/40", "4/40", "2/41"),
        which_limit,
        "Up to η = {limit:.3f}: the factor along the steepest direction is 1 − 40η, and must not be below −1.",
        {
            "a": "There the steep error is 0 after one step. Beyond it, it only changes its sign, and still shrinks.",
            "c": "At that η the factor is 1 − 4 = −3.",
            "d": "That is the best η for both directions together, 2/(λmin + λmax); the limit lies above it.",
        },
        measure=largest_rate,
        about="the limit of η",
    ),
    "07.r2": Question(
        "After how many steps does a gradient count half as much in the velocity, with γ = 0.97?",
        ("33, that is 1/(1 − γ)", "23, that is ln ½ / ln γ", "97", "1, that is 1/γ"),
        which_half_life,
        "After {steps} steps: 0.97²³ is just below ½.",
        {
            "a": "That is the length of the window, the sum of all weights. After 33 steps there is 1/e of it left.",
            "c": "It is multiplied by 0.97 in each step: after 97 steps a twentieth is left.",
            "d": "After one step there is still 97 % of it.",
        },
        measure=half_life,
        about="the memory of γ",
    ),
    "07.r3": Question(
        "Gradients with the same noise each time, and η a quarter of what it was. How large is the variance of w "
        "around the minimum in the long run?",
        ("as large", "half as large", "about a quarter", "a sixteenth"),
        which_ball,
        "{narrow:.3f} against {wide:.3f}. It is in proportion to η, for small η: each step brings in η²σ² of it, and "
        "takes away 2η of what is there.",
        {
            "a": "The noise is the same, but each step takes only η of it in.",
            "b": "So is the distance, the root of the variance.",
            "d": "Each step brings in a sixteenth; but it also takes only a quarter away.",
        },
        measure=two_balls,
        about="noise and η",
    ),
}
