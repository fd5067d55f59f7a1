"""What notebook 10 asks at its start, about 02, 07 and 09: a ball of noise, momentum's limit, Muon's order."""

import numpy as np

from ..predictions.n02 import near
from ..predictions.prediction import Question


def two_modes():
    """10.r1: the steps at which two factors that grow by η each have a product of s/2, for s = 2 and ½."""
    half_times = []
    for s in (2.0, 0.5):
        one, other, t = 1e-6, 1e-6, 0
        while one * other < s / 2:
            one, other, t = one + 0.01, other + 0.01, t + 1
        half_times.append(t)
    return {"large": half_times[0], "small": half_times[1]}


def which_half_time(large, small):
    """10.r1: the letter for their ratio."""
    return near(small / large, {"a": 0.5, "b": 1, "c": 4}, 0.1)


def limit_of_heavy_ball():
    """10.r2: the largest λ, in units of 1/η, at which heavy ball with γ = 0.9 and η = 0.1 does not run away."""
    curvature = np.linspace(1, 60, 591)
    x, v = np.ones_like(curvature), np.zeros_like(curvature)
    for _ in range(3000):
        v = 0.9 * v + 0.1 * curvature * x
        x = np.clip(x - v, -1e9, 1e9)
    return {"limit": float(0.1 * curvature[np.abs(x) < 1e6].max())}


def which_limit(limit):
    """10.r2: the letter for it."""
    return near(limit, {"a": 0.2, "b": 2, "c": 3.8, "d": 20}, 0.05)


def ball_of_descent():
    """10.r3: E[x²] of gradient descent on ½λx², λ = 2, with noise σ = 1 and η = 0.1."""
    random, x, squares = np.random.default_rng(0), np.zeros(2000), []
    for t in range(400):
        x = x - 0.1 * (2 * x + random.normal(size=2000))
        if t >= 100:
            squares.append(np.mean(x**2))
    return {"mean": float(np.mean(squares))}


def which_mean(mean):
    """10.r3: the letter for it."""
    return near(mean, {"a": 0.1, "b": 0.0278, "c": 0.0025}, 0.1)


QUESTIONS = {
    "10.r1": Question(
        "Exact Muon on a product of two matrices, from a very small start. A mode with s = 2 is half learned at step "
        "100. And one with s = ½?",
        ("at step 50", "at step 100 too", "at step 400"),
        which_half_time,
        "At step {small}, against {large}: √(s/2)/η.",
        {
            "b": "All modes move at the same speed, but the small one has a shorter way.",
            "c": "That is gradient descent, which is slow where s is small.",
        },
        measure=two_modes,
        about="Muon's order",
    ),
    "10.r2": Question(
        "Gradient descent is stable up to a curvature of 2/η. Heavy ball with γ = 0.9 is so up to …",
        ("0.2/η", "2/η", "3.8/η", "20/η"),
        which_limit,
        "It holds up to {limit:.1f}/η: that is (2 + 2γ)/η.",
        {
            "a": "Momentum doesn't lower the limit, although its steps add up to 1/(1−γ) times the length.",
            "b": "Momentum raises it: a velocity the other way brakes each jump.",
            "d": "It is raised, but to less than twice as much: 2 + 2γ.",
        },
        measure=limit_of_heavy_ball,
        about="momentum's limit",
    ),
    "10.r3": Question(
        "Gradient descent on ½λx² with λ = 2, gradients with noise σ = 1, η = 0.1. In the long run the mean of x² is …",
        ("0.1", "0.028", "0.0025"),
        which_mean,
        "{mean:.4f}: it is ησ²/(λ(2 − ηλ)).",
        {
            "a": "That is ησ². Each step also brings x back by the factor 1 − ηλ.",
            "c": "That is (ησ)²/(2λ); η comes in once only, for a smaller η also brings x back more slowly.",
        },
        measure=ball_of_descent,
        about="the ball of noise",
    ),
}
