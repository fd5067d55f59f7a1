"""What notebook 04 asks at its start, about 02 and 03: the noise ball, how an average forgets, AdaGrad's steps."""

import numpy as np

from ..descent import descend
from ..noise import Noisy
from ..optimizers import AdaGrad, Adam, GradientDescent
from ..predictions.n02 import near
from ..predictions.prediction import Question
from ..surfaces import bowl


def early_and_late():
    """04.r1: the mean loss of 128 noisy descents about step 50 and about step 300."""
    noisy = Noisy(bowl(), 0.5, copies=128)
    loss = descend(noisy, GradientDescent(lr=0.1), np.tile([1.0, -0.5], (128, 1)), steps=330).loss.mean(axis=1)
    return {"early": loss[40:61].mean(), "late": loss[270:331].mean()}


@np.errstate(all="ignore")
def six_times_longer(early, late):
    """04.r1: what six times as many steps make of the loss."""
    return near(late / early if early > 0 else np.nan, {"a": 1 / 6, "b": 1 / np.sqrt(6), "c": 1}, 0.25)


def forgetting():
    """04.r2: after how many steps Adam's m is down to a half, when the gradients stop."""
    optimizer, theta, k = Adam(lr=0.01, beta1=0.95), np.zeros(1), 0
    state = optimizer.init(theta)
    while k < 300:
        theta, state = optimizer.step(theta, np.ones_like, state, k)
        k += 1
    while state["m"][0] > 0.5 and k < 600:
        theta, state = optimizer.step(theta, np.zeros_like, state, k)
        k += 1
    return {"steps": k - 300}


def half_forgotten(steps):
    """04.r2: which of the rules of thumb it is."""
    return near(steps, {"a": 1, "b": 14, "c": 20, "d": 10}, 0.15)


def a_steady_slope():
    """04.r3: AdaGrad's first and its hundredth step, where the gradient is always 1."""
    optimizer, path = AdaGrad(lr=0.1), [np.zeros(1)]
    state = optimizer.init(path[0])
    for k in range(100):
        theta, state = optimizer.step(path[-1], np.ones_like, state, k)
        path.append(theta)
    steps = np.abs(np.diff(np.array(path)[:, 0]))
    return {"first": steps[0], "last": steps[99]}


def hundredth_step(first, last):
    """04.r3: how long it is."""
    return near(last, {"a": 0.1, "b": 1, "c": 0.001, "d": 0.01}, 0.1)


QUESTIONS = {
    "04.r1": Question(
        "Noisy gradients on the bowl ½(x² + y²), and always η = 0.1. How high is the loss after 300 steps, beside that "
        "after 50, in the mean of many runs?",
        (
            "a sixth, for it has had six times as many steps",
            "1/√6 of it, for the errors average out",
            "as high: it does not leave its noise ball",
        ),
        six_times_longer,
        "It is {early:.4f} about step 50 and {late:.4f} about step 300. With a constant η each step adds as much new "
        "noise as the slope takes away.",
        {
            "a": "After 50 steps it has arrived as far as this η lets it; more steps bring no more.",
            "b": "So it is with the distance of a mean of many points; but the last point is as noisy as ever.",
        },
        measure=early_and_late,
        about="the noise ball",
    ),
    "04.r2": Question(
        "Adam's average m, with β₁ = 0.95: the gradient was 1 for long, and is 0 from now on. After how many steps is "
        "m down to ½?",
        (
            "about 1 step",
            "about 14 steps",
            "about 20 steps",
            "about 10 steps",
        ),
        half_forgotten,
        "After {steps} steps: each multiplies it by 0.95, and ln ½ / ln 0.95 = 13.5.",
        {
            "a": "One step takes away 5 % of it, and leaves 95 %.",
            "c": "That is the length of its window; after 20 steps about a third is left.",
            "d": "It does not fall along a line: what is lost in a step gets less and less.",
        },
        measure=forgetting,
        about="how an average forgets",
    ),
    "04.r3": Question(
        "The gradient is 1 in every step, and η = 0.1. How long is AdaGrad's hundredth step?",
        (
            "0.1: the gradient is divided by its own size",
            "1: it has gathered speed",
            "0.001, which is η/100",
            "0.01, which is η/√100",
        ),
        hundredth_step,
        "The first step is {first:.3f} long, the hundredth {last:.3f}: G, the sum of all squares, is 100 by then, and "
        "AdaGrad divides by its root.",
        {
            "a": "So it is at the first step; later AdaGrad divides by all the gradients that it has seen.",
            "b": "Momentum gathers speed; what AdaGrad gathers stands below the fraction bar.",
            "c": "G does grow to 100, but AdaGrad divides by its root.",
        },
        measure=a_steady_slope,
        about="AdaGrad's steps",
    ),
}
