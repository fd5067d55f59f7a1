"""The exercises of notebook 02."""

from __future__ import annotations

import numpy as np

from .. import GradientDescent, descend, ravine
from ..problems import diabetes
from . import Exercise, Unanswered, one_number, two_numbers

__all__ = ["EXERCISES"]


def limit(answer):
    value = one_number(answer)
    if np.isclose(value, 0.2):
        return None
    if np.isclose(value, 0.4):
        return "λ is the second derivative of L, not the 5 in front of it: differentiate 5(w + 2)² twice."
    if np.isclose(value, 0.1):
        return "This η lands in a single step. Larger ones still converge, until the factor 1 − ηλ reaches −1."
    return "One step multiplies the distance to −2 by 1 − ηλ, with λ = L″. For which η is this factor just −1?"


def gradient_of(w):
    """∇ of (w − 3)², for a number and, coordinate by coordinate, for an array."""
    return 2 * (w - 3)


def plain_walk(w, grad, lr, steps):
    for _ in range(steps):
        w = w - lr * grad(w)
    return w


def descent_function(answer):
    if not callable(answer):
        return "The answer is the function itself: answer = walk, without parentheses."
    start = np.array([0.0, 5.0])
    kept = start.copy()
    try:
        got = [answer(0.0, gradient_of, 0.1, steps) for steps in (0, 1, 10)]
    except TypeError as error:
        if "'function'" not in str(error):
            raise
        return "grad is a function: call it, grad(w), to get the gradient at w."
    if any(w is ... for w in got):
        raise Unanswered
    if any(w is None for w in got):
        return "Your function returns nothing: end it with return w."
    if any(np.shape(w) for w in got):
        return "From one number your function makes several. It should return the last w only, not a list of all."
    if not np.isclose(got[0], 0.0):
        return "With steps = 0 it should return the start itself."
    if np.isclose(got[1], -0.6):
        return "You walk uphill: the step goes against the gradient, with a minus."
    if np.isclose(got[1], 6.0):
        return "The learning rate is missing: multiply the gradient by lr."
    if not np.isclose(got[1], 0.6):
        return f"One step from w = 0 on (w − 3)² with lr = 0.1 should give 0.6; yours gives {float(got[1]):.4g}."
    if not np.isclose(got[2], plain_walk(0.0, gradient_of, 0.1, 10)):
        return "One step is right, ten are not: is the gradient taken anew at each w, and the loop run steps times?"
    if not np.isclose(answer(2.0, lambda w: 4 * w, 0.05, 3), plain_walk(2.0, lambda w: 4 * w, 0.05, 3)):
        return "Right on (w − 3)² with lr = 0.1, but not elsewhere: use the grad and the lr that are passed in."
    if not np.allclose(answer(start, gradient_of, 0.1, 10), plain_walk(kept, gradient_of, 0.1, 10)):
        return "Right for a number, but not for an array of two."
    if not np.array_equal(start, kept):
        return "The result is right, but your function changes the caller's start: write w = w - … instead of w -= …"
    return None


def without_loop(w, grad, lr, steps):
    """A plausible mistake: all the steps at once, with the gradient of the start."""
    return w - steps * lr * grad(w)


def steps_on_ravine(kappa=50, share=1e-3):
    """How many steps the best fixed η needs there, measured."""
    path = descend(ravine(kappa=kappa), GradientDescent(2 / (1 + kappa)), steps=1000)
    distance = np.linalg.norm(path.theta, axis=-1)
    return int(np.argmax(distance <= share * distance[0]))


def step_count(answer):
    value, truth = one_number(answer), steps_on_ravine()
    if value == truth:
        return None
    if abs(value - truth) <= 1:
        return "Almost: the number of whole steps after which the distance is a thousandth or less. Round up."
    if abs(value - truth / 2) <= 1.5:
        return "That is where the *loss* is down to a thousandth: it is a square of the distance."
    if abs(value - 2 * truth) <= 1.5:
        return "A thousandth of the distance is asked, not a millionth (nor a thousandth of its square)."
    if value < truth:
        return "Too few. Each step multiplies the distance by (κ − 1)/(κ + 1) = 49/51; how often until it is 1/1000?"
    return "Too many. With the best η, 2/(λmin + λmax), each step multiplies the distance by (κ − 1)/(κ + 1) = 49/51."


def epoch_steps(answer):
    value, epoch = one_number(answer), diabetes().minibatch(16).batches_per_epoch
    if value == 5 * epoch:
        return None
    if value == epoch:
        return "That is one epoch; five are asked."
    if 135 <= value < 140:
        return "442/16 is not whole: the last, smaller batch of each epoch is a step as well."
    if value == 5 * 442:
        return "That is the number of single-example gradients; a step uses 16 of them."
    return "How many batches of 16 does it take to see all 442 patients once? The last one may be smaller."


def same_noise(answer):
    value = one_number(answer)
    if np.isclose(value, 0.4):
        return None
    if np.isclose(value, 0.2):
        return "That is the square root of the factor. The ball depends on η/B: keep this quotient."
    if np.isclose(value, 0.025):
        return "The other way round: a larger batch is less noisy, so η may grow."
    if np.isclose(value, 0.1):
        return "With the same η and four times the batch, the ball is four times smaller: you can afford more."
    return "The size of the ball is η tr C/(4B). Which η at B = 32 gives the same η/B?"


STEPS, GRADIENTS, TARGET = 100, 2000, 0.01


def budget(answer):
    lr, size = two_numbers(answer, "(eta, B)")
    batch_size = int(size)
    problem = diabetes()
    if not lr > 0:
        return "η should be above 0."
    if not (1 <= batch_size <= problem.size and batch_size == size):
        return f"B should be a whole number from 1 to {problem.size} (the pair is (η, B), in this order)."
    steps = min(STEPS, GRADIENTS // batch_size)
    runs = [descend(problem.minibatch(batch_size, seed), GradientDescent(lr), steps=steps) for seed in range(9)]
    losses = np.array([run.loss for run in runs])
    excess = float(np.mean(losses[:, -10:])) - problem.minimum
    if excess <= TARGET:
        return None
    if not excess < losses[0, 0] - problem.minimum:
        return f"It diverges: η = {lr:g} is too large for gradients from batches of {batch_size}."
    found = f"After {steps} steps and {steps * batch_size} gradients, L − min L is {excess:.3f}."
    if steps < 20:
        return f"{found} The gradients were spent in so few steps: take a smaller batch."
    quiet = descend(problem, GradientDescent(lr), steps=steps).loss[-1] - problem.minimum
    if quiet > TARGET / 2:
        return f"{found} Even without noise, this η is too small for {steps} steps: take a larger one."
    return f"{found} What is left is mostly noise: take a larger batch, or a smaller η."


EXERCISES = {
    "02.1": Exercise(
        test=limit,
        solution=0.2,
        wrong=0.4,
        praise="λ = 10, so 2/λ = 0.2, wherever the minimum lies.",
    ),
    "02.2": Exercise(
        test=descent_function,
        solution=plain_walk,
        wrong=without_loop,
        praise="Three lines, and they train networks.",
    ),
    "02.3": Exercise(
        test=step_count,
        solution=173,
        wrong=87,
        praise="Close to (κ/2)·ln 1000, which is 172.7.",
    ),
    "02.4": Exercise(
        test=epoch_steps,
        solution=140,
        wrong=138,
        praise="28 steps an epoch; the last has a batch of 10.",
    ),
    "02.5": Exercise(
        test=same_noise,
        solution=0.4,
        wrong=0.1,
        praise="Four times the batch, four times the rate: the linear scaling rule.",
    ),
    "02.6": Exercise(
        test=budget,
        solution=(0.2, 16),
        wrong=(0.1, 442),
        praise="Neither the cheapest step nor the best one: the mini-batch keeps to both limits.",
    ),
}
