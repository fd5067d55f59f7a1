"""What notebook 06 asks at its start, about 03, 04 and 05: γ and the step, epochs and steps, signals and depth."""

import numpy as np

from ..networks import Network
from ..optimizers import GradientDescent, Momentum
from ..predictions.n02 import near
from ..predictions.prediction import Question
from ..schedules import exponential_decay


def on_a_slope(optimizer, steps):
    """The lengths of the steps where the gradient is always 1."""
    path = [np.zeros(1)]
    state = optimizer.init(path[0])
    for k in range(steps):
        theta, state = optimizer.step(path[-1], np.ones_like, state, k)
        path.append(theta)
    return np.abs(np.diff(np.array(path)[:, 0]))


def more_memory():
    """06.r1: the length of momentum's steps in the long run, over η, with γ = 0.9 and with 0.95."""
    before, after = (on_a_slope(Momentum(lr=0.01, gamma=gamma), 400)[-1] / 0.01 for gamma in (0.9, 0.95))
    return {"before": before, "after": after}


@np.errstate(all="ignore")
def longer_steps(before, after):
    """06.r1: how many times as long they are."""
    return near(after / before if before > 0 else np.nan, {"a": 1, "b": 2, "c": 1.055, "d": 0.5}, 0.02)


def step_sixty():
    """06.r2: η of step 60, as the length of that step on a steady slope."""
    steps = on_a_slope(GradientDescent(lr=exponential_decay(0.1, 0.8, steps_per_epoch=25)), 61)
    return {"rate": steps[60]}


def which_rate(rate):
    """06.r2: how often it was multiplied by 0.8."""
    return near(rate, {"a": 0.1 * 0.8**60, "b": 0.1 * 0.8**2.4, "c": 0.1 * 0.8**2, "d": 0.1 * 0.8**3}, 0.02)


def ways_back():
    """06.r3: how many times smaller the gradients of the first layer's weights are than the last's (two digits)."""
    network, random = Network((20, *(20,) * 8, 4), "sigmoid"), np.random.default_rng(0)
    X, y = random.normal(size=(50, 20)), random.integers(4, size=50)
    gradient = network.gradient(network.init(seed=0), X, y)
    first, *_, last = (np.sqrt(np.mean(dW**2)) for dW, _ in network.layers(gradient))
    return {"times": float(f"{last / first:.2g}")}


def what_is_left(times):
    """06.r3: the letter for that."""
    return "a" if 0.5 < times < 2 else "b" if times <= 0.5 else "c" if 2 < times < 10 else "d" if times > 1000 else None


QUESTIONS = {
    "06.r1": Question(
        "On a long steady slope, momentum's γ goes from 0.9 to 0.95, and η stays. What becomes of its steps?",
        (
            "they stay as long",
            "they become twice as long",
            "they become 5 % longer",
            "they become half as long",
        ),
        longer_steps,
        "They grow from {before:.1f}·ηg to {after:.1f}·ηg, for 1 + γ + γ² + … is 1/(1 − γ). Whoever changes γ changes "
        "the step, too.",
        {
            "a": "η is the part of the newest gradient; all the older ones are in the step as well.",
            "c": "What counts is what is lost in each step, 1 − γ, and that is halved.",
            "d": "The newest gradient comes in as before; the older ones stay longer, and they agree.",
        },
        measure=more_memory,
        about="γ and the step",
    ),
    "06.r2": Question(
        "η₀ = 0.1 is multiplied by 0.8 after each epoch, and an epoch has 25 steps. Which η has step k = 60? (The "
        "first step is k = 0.)",
        (
            "0.00000015, for it was multiplied 60 times",
            "0.0585, for 60 steps are 2.4 epochs",
            "0.064, for two epochs are over",
            "0.0512, for it is the third epoch",
        ),
        which_rate,
        "It is {rate:.3f}: step 60 lies in the third epoch, and η was multiplied after the first and after the second.",
        {
            "a": "That is the rule per step. Nothing crashes with it, but after one epoch only 0.4 % of η is left.",
            "b": "η stays the same within an epoch, and changes only where the next one begins.",
            "d": "It is the third epoch, but the first one has η₀ itself: its exponent is 0.",
        },
        measure=step_sixty,
        about="per epoch or per step",
    ),
    "06.r3": Question(
        "A new network has 8 hidden layers of sigmoid units, with Xavier's weights. How large are the gradients of its "
        "first layer, beside those of its last?",
        (
            "about as large",
            "larger",
            "a few times smaller",
            "more than a thousand times smaller",
        ),
        what_is_left,
        "They are about {times:,.0f} times smaller: each layer passes back only a part of what reaches it, and the "
        "parts multiply.",
        {
            "a": "They all have their part, but what the first one hears has passed through all the others.",
            "b": "They do depend on it; but each layer in between passes on only a part.",
            "c": "That is what one layer takes away; eight of them multiply.",
        },
        measure=ways_back,
        about="signals and depth",
    ),
}
