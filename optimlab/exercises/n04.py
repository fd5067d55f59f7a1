"""The exercises of notebook 04: learning rate and scheduling."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .. import GradientDescent, descend, ravine
from ..noise import Noisy
from ..schedules import cosine_decay, exponential_decay, warmup
from . import Exercise, Unanswered, choice, one_number, two_numbers

__all__ = ["EXERCISES"]

EPOCHS, STEPS_PER_EPOCH = 10, 41  # 1297 digits in batches of 32
STEPS = EPOCHS * STEPS_PER_EPOCH


def per_step(answer):
    """Exercise 04.2: the factor per step that makes 0.95 in an epoch."""
    value = one_number(answer)
    if abs(value - 0.95 ** (1 / STEPS_PER_EPOCH)) <= 5e-6:
        return None
    if abs(value - (1 - 0.05 / STEPS_PER_EPOCH)) <= 5e-6:
        return "Very near, but 41 factors multiply, they do not add: α⁴¹ = 0.95. Take the 41st root."
    if np.isclose(value, 0.95 / STEPS_PER_EPOCH, rtol=1e-3):
        return "41 factors multiply, so do not divide: which α has α⁴¹ = 0.95?"
    if np.isclose(value, 0.95**STEPS_PER_EPOCH, rtol=1e-2):
        return "That is what 0.95 per step makes of an epoch. The other way round: which α has α⁴¹ = 0.95?"
    if not 0 < value < 1:
        return "A factor that decays lies between 0 and 1."
    return f"With α = {value:.6g} an epoch of 41 steps multiplies η by {value**41:.4g}, not by 0.95. Which root is it?"


def rates_of(function, *arguments, steps):
    """η for each of the steps, as the learner's function gives it; Unanswered if it is still to be written."""
    values = [function(k, *arguments) for k in steps]
    missing = [value is None or value is ... for value in values]
    if all(missing):
        raise Unanswered
    if any(missing):
        raise ValueError(f"at k = {missing.index(True)} it returns nothing: is there a return in every branch?")
    return np.array([float(np.asarray(value)) for value in values])


def warm_cosine(answer):
    """Exercise 04.4: linear warm-up, then a cosine to zero at the end. Few steps, as it may print what it does."""
    if not callable(answer):
        return "The answer is the function itself, without parentheses."
    lr, warm, total = 0.3, 8, 50
    k = np.array([0, 1, 5, 7, 8, 9, 29, 50])
    got, right, rising = rates_of(answer, lr, warm, total, steps=k), warm_rates(lr, warm, total, k), k < warm
    if np.allclose(got, right):
        others = np.array([0, 10, 20, 26, 30])
        if np.allclose(rates_of(answer, 0.1, 20, 30, steps=others), warm_rates(0.1, 20, 30, others)):
            return None
        return "Right for one setting, but not for another: use the arguments lr, warmup_steps and total_steps."
    if np.allclose(got[rising], lr * (k[rising] + 1) / warm):
        return "Here step 0 should get η = 0: the warm-up is lr * k / warmup_steps, without + 1."
    if np.allclose(got[rising], 0):
        return "During the warm-up your η is 0: use / for the division, not //."
    if not np.allclose(got[rising], right[rising]):
        return "The warm-up is not right yet: for k < warmup_steps it should be lr * k / warmup_steps."
    got, right, k = got[~rising], right[~rising], k[~rising]
    if np.allclose(got, cosine_decay(lr, total)(k)):
        return (
            "There is a jump at the end of the warm-up: the cosine should begin there, so it counts k − warmup_steps."
        )
    if np.allclose(got, cosine_decay(lr, total)(k - warm)):
        return "It does not reach 0 at total_steps: the cosine has only total_steps − warmup_steps steps."
    if np.allclose(got, lr - right):
        return "Your cosine rises from 0 to lr: it should fall, ½ (1 + cos …)."
    return "The warm-up is right. After it, at step warmup_steps + j, η should be ½ lr (1 + cos πj/n): how long is n?"


def warm_rates(lr, warm, total, k):
    """The right answers."""
    return warmup(cosine_decay(lr, total - warm), warm)(k)


def jumping_cosine(k, lr, warmup_steps, total_steps):
    """A plausible mistake: the cosine does not start where the warm-up ends."""
    if k < warmup_steps:
        return lr * k / warmup_steps
    return lr * (1 + np.cos(np.pi * k / total_steps)) / 2


def buggy_rate(k):
    """The bug of exercise 04.5: T is in epochs, k counts steps; and a cosine goes up again."""
    return 0.1 * (1 + np.cos(np.pi * k / EPOCHS)) / 2


def repaired_rate(k):
    return 0.1 * (1 + np.cos(np.pi * k / STEPS)) / 2


def one_cosine(answer):
    """Exercise 04.5: one fall over all the 410 steps, per step or per epoch."""
    if not callable(answer):
        return "The answer is the function itself: rate, without parentheses."
    k = np.arange(STEPS)
    got = rates_of(answer, steps=range(STEPS))
    per_epoch = 0.1 * (1 + np.cos(np.pi * (k // STEPS_PER_EPOCH) / EPOCHS)) / 2
    if np.allclose(got, repaired_rate(k), atol=3e-4) or np.allclose(got, per_epoch):
        return None
    if np.allclose(got, buggy_rate(k)):
        return "That is the function with its bug. k counts steps, 0 … 409: at which k does its cosine reach 0?"
    if np.allclose(got, buggy_rate(np.minimum(k, EPOCHS))):
        return "It no longer goes up, but now η is 0 from step 10 on. In which unit is k, and in which is the 10?"
    if np.any(np.diff(got) > 1e-12):
        return "η still goes up again somewhere between step 0 and step 409."
    if not np.isclose(got[0], 0.1):
        return f"It should start at η = 0.1; yours starts at {got[0]:.3g}."
    return f"η should fall along half a cosine to 0 at step {STEPS}; at step 100 yours is {got[100]:.3g}, not 0.086."


TARGET, BUDGET, COPIES = 0.002, 120, 256


def budget(answer):
    """Exercise 04.6: an exponential decay that is done in 120 steps, under noise."""
    lr, alpha = two_numbers(answer, "(eta0, alpha)")
    if not lr > 0:
        return "η₀ should be above 0."
    if not 0 < alpha <= 1:
        return "α should be above 0 and at most 1 (the pair is (η₀, α), in this order)."
    excess = excess_after(lr, alpha)
    if excess <= TARGET:
        return None
    if not excess < 9:
        return f"It diverges: η₀ = {lr:g} is not below the limit 2/λmax = 0.1."
    hints = {
        "take a larger η₀": (1.25 * lr, alpha),
        "take a smaller η₀": (lr / 1.25, alpha),
        "let η fall more slowly: take a larger α": (lr, 1 - (1 - alpha) / 1.4),
        "let η fall further: take a smaller α": (lr, 1 - (1 - alpha) * 1.4),
    }
    found = {hint: excess_after(*near) for hint, near in hints.items() if near[1] > 0}
    best = min(found, key=lambda hint: found[hint] if np.isfinite(found[hint]) else np.inf)
    return f"After {BUDGET} steps the mean of L − min L is {excess:.4f}. What helps most from here: {best}."


@lru_cache
def excess_after(lr: float, alpha: float) -> float:
    """The mean of L − min L at the end of the budget."""
    noisy = Noisy(ravine(kappa=20, angle=30), 0.5, copies=COPIES)
    start, schedule = np.tile(noisy.start, (COPIES, 1)), exponential_decay(lr, alpha)
    return float(np.mean(descend(noisy, GradientDescent(), start, BUDGET, schedule=schedule).loss[-1]))


def rate_of_epoch(answer):
    """Exercise 04.1: η in Epoch 12."""
    value, right = one_number(answer), 0.2 * 0.9**11
    if abs(value - right) <= 5e-5:
        return None
    if any(abs(value - round(right, digits)) < 1e-9 for digits in (1, 2, 3)):
        return "Right as far as it goes, but rounded too early: give four decimals."
    if value < right:
        return "Too small. In the lesson's counting, Epoch 1 has the exponent 0."
    return "Too large. η₀ has been multiplied by α eleven times before Epoch 12."


EXERCISES = {
    "04.1": Exercise(
        test=rate_of_epoch,
        solution=0.2 * 0.9**11,
        wrong=0.2 * 0.9**12,
        praise="0.2 · 0.9¹¹: Epoch e has the exponent e − 1.",
    ),
    "04.2": Exercise(
        per_step,
        solution=0.95 ** (1 / 41),
        wrong=1 - 0.05 / 41,
        praise="The 41st root of 0.95. So near to 1, and yet the same decay.",
    ),
    "04.3": Exercise(
        choice(
            "c",
            {
                "a": "The whole cosine depends on T: with another T, all its steps would differ.",
                "b": "One-cycle has its peak and its fall at fixed shares of T: with another T, all steps differ.",
                "d": "A straight line to zero is steeper or flatter with another T: all its steps would differ.",
            },
        ),
        solution="c",
        wrong="a",
        praise="Until the decay begins, it does not ask when the end will be.",
    ),
    "04.4": Exercise(
        warm_cosine,
        solution=lambda k, lr, warmup_steps, total_steps: float(
            warmup(cosine_decay(lr, total_steps - warmup_steps), warmup_steps)(k)
        ),
        wrong=jumping_cosine,
        praise="Up along a line, down along a cosine, and no jump between them.",
    ),
    "04.5": Exercise(
        one_cosine,
        solution=repaired_rate,
        wrong=buggy_rate,
        praise="Steps on both sides of the fraction.",
    ),
    "04.6": Exercise(
        budget,
        solution=(0.1, 0.97),
        wrong=(0.08, 0.93),
        praise="Large at first, to get there; small at the end, to come to rest.",
    ),
}
