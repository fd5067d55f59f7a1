"""What notebook 09 asks at its start, about 07 and 08: momentum's speed, Adam's mean step in noise, its ball."""

import numpy as np

from ..predictions.n02 import near
from ..predictions.prediction import Question


def step_in_little_noise():
    """09.r1: Adam's mean step, in units of η, where the mean of the gradient is half its noise."""
    random, m, v, steps = np.random.default_rng(0), 0.0, 0.0, []
    for t in range(1, 2001):
        g = random.normal(0.5, 1.0, 400)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        steps.append(np.mean(m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t))))
    return {"mean": float(np.mean(steps[1000:]))}


def which_step(mean):
    """09.r1: the letter for it."""
    return near(mean, {"a": 1.0, "b": 0.5, "c": 0.447, "d": 0.25}, 0.06)


def ball_of_adam():
    """09.r2: E[x²] of Adam on ½λx² with λ = 4 and noise σ = 2, for η = 0.005 and 0.01."""
    random, eta = np.random.default_rng(0), np.array([0.005, 0.01])
    x, m, v, squares = np.zeros((400, 2)), 0.0, 0.0, []
    for t in range(1, 1501):
        g = 4 * x + 2 * random.normal(size=(400, 2))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - eta * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t))
        if t > 700:
            squares.append(np.mean(x**2, axis=0))
    one, two = np.mean(squares, axis=0)
    return {"one": float(one), "two": float(two)}


def which_ball(one, two):
    """09.r2: the letter for how it depends on η."""
    return near(two / one, {"a": 1, "b": 2, "c": 4}, 0.15)


def rate_of_heavy_ball():
    """09.r3: by which factor heavy ball with γ = 0.81 shrinks a swing in a step, for two learning rates."""
    factors = []
    for eta in (0.1, 0.2):
        x, v, sizes = 1.0, 0.0, []
        for _ in range(400):
            v = 0.81 * v + eta * x
            x = x - v
            sizes.append(np.hypot(x, v))
        factors.append((sizes[-1] / sizes[99]) ** (1 / 300))
    return {"slow": float(factors[0]), "fast": float(factors[1])}


def which_rate(slow, fast):
    """09.r3: the letter for both factors."""
    if abs(slow - fast) > 0.02:
        return "c" if slow > fast else None
    return near(slow, {"a": 0.81, "b": 0.9}, 0.02)


QUESTIONS = {
    "09.r1": Question(
        "The noise of a gradient is twice as large as its mean. How long is Adam's mean step?",
        ("η", "0.5 η", "0.45 η", "0.25 η"),
        which_step,
        "{mean:.2f} η: it is η/√(1 + 1/SNR²), with SNR = ½.",
        {
            "a": "That is without noise.",
            "b": "Nearly: that is η·SNR, which holds where the noise is much larger than the mean.",
            "d": "That is the square of the ratio. The root of a mean square is in the step.",
        },
        measure=step_in_little_noise,
        about="signal and noise",
    ),
    "09.r2": Question(
        "Adam around a minimum, noisy gradients, a small constant η. With twice the η the mean of x² becomes …",
        ("the same", "twice as large", "four times as large"),
        which_ball,
        "{one:.4f} with η = 0.005, {two:.4f} with η = 0.01: it is ησ/(2λ).",
        {
            "a": "Its steps are twice as long. Only without noise would it come to rest.",
            "c": "The steps are twice as long, but the pull back is twice as strong too: one factor of 2 is left.",
        },
        measure=ball_of_adam,
        about="Adam's ball",
    ),
    "09.r3": Question(
        "Heavy ball with γ = 0.81 swings around a minimum. By which factor does the swing shrink in a step?",
        ("0.81, whatever η is", "0.9, whatever η is", "it depends on η: the larger, the faster"),
        which_rate,
        "{slow:.3f} with one η, {fast:.3f} with twice as large a one: √γ.",
        {
            "a": "γ is the product of both roots; each of them is √γ.",
            "c": "That is gradient descent. In the swinging region η only changes how fast it swings.",
        },
        measure=rate_of_heavy_ball,
        about="the rate of a swing",
    ),
}
