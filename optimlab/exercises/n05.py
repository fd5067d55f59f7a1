"""The exercises of notebook 05: challenges in optimization."""

from __future__ import annotations

import numpy as np

from . import Exercise, called, choice, must_be_function, number, one_number

# 05.2


def gradient_factor(answer):
    value, right = one_number(answer), 2.0**-10
    hints = {
        2.0**-20: "That is ½ per layer. ½ is the factor of the mean *square*; the gradient itself has its square root.",
        2.0**-0.5: "That is the factor of one layer; 20 of them multiply.",
        2.0**10: "The other way round: the gradient becomes smaller.",
        1.0: "With ReLU half of the signal is lost in each layer, so n·Var(w) = 1 is too little.",
        1 / 256**20: "Var(w) alone is not the factor: each unit adds up n = 256 inputs.",
    }
    if np.isclose(value, right, rtol=0.03):
        return None
    for wrong, hint in hints.items():
        if np.isclose(value, wrong, rtol=0.01, atol=0):
            return hint
    return "Compute n·Var(w) first. The factor per layer is √(n·Var(w)/2); how much is left after 20 layers?"


# 05.3


def clipped_by_value(g, limit):
    return np.clip(g, -limit, limit)


def clipped_by_norm(g, limit):
    norm = np.linalg.norm(g)
    return g * limit / norm if norm > limit else g


def clips_by_norm(answer):
    if hint := must_be_function(answer, "clip"):
        return hint
    long, short = np.array([30.0, 4.0]), np.array([0.3, -0.4])
    with np.errstate(all="ignore"):
        got = np.asarray(called(answer, long.copy(), 5.0), float)
        kept = np.asarray(called(answer, short.copy(), 5.0), float)
        zero = np.asarray(called(answer, np.zeros(2), 5.0), float)
    right = clipped_by_norm(long, 5.0)
    if got.shape != long.shape:
        return "The function should return a gradient of the same shape, all of its coordinates."
    if np.allclose(got, clipped_by_value(long, 5.0)):
        return "This still clips by value: each coordinate is cut on its own. Scale the whole g by one factor instead."
    if np.allclose(got, long / np.linalg.norm(long)):
        return "The direction is right, but its length is 1. It should be the limit."
    if np.allclose(got, long):
        return "A gradient of norm 30.3 comes back unchanged with the limit 5."
    if not np.allclose(got, right):
        return f"(30, 4) with the limit 5 should become ({right[0]:.2f}, {right[1]:.2f}): g · limit/|g|."
    if not np.allclose(kept, short):
        return "Long gradients are right, but a gradient *below* the limit should stay as it is; yours is changed."
    if not np.allclose(zero, 0.0):
        return "Almost: a gradient of zeros gives no zeros. Divide by the norm only when it is above the limit."
    return None


# 05.4


def buggy_dropout(a, p, random, training):
    on = random.random(a.shape) >= p
    return a * on


def inverted_dropout(a, p, random, training):
    if not training:
        return a
    on = random.random(a.shape) >= p
    return a * on / (1 - p)


def drops_out(answer):
    if hint := must_be_function(answer, "dropout"):
        return hint
    a = np.full(20_000, 2.0)
    trained = np.asarray(called(answer, a.copy(), 0.8, np.random.default_rng(0), True), float)
    tested = np.asarray(called(answer, a.copy(), 0.8, np.random.default_rng(0), False), float)
    if trained.shape != a.shape or tested.shape != a.shape:
        return "The function should return as many outputs as it gets, with zeros for those that are off."
    off, mean = np.mean(trained == 0), trained.mean() / 2
    test_drops, unscaled = np.any(tested == 0), np.isclose(mean, 0.2, atol=0.02)
    if test_drops and not np.any(trained == 0):
        return "The two are exchanged: units are off at test time, and all are on in training."
    if unscaled and test_drops:
        return "Both mistakes are still there: nothing is scaled up in training, and units are dropped at test time."
    if test_drops:
        return "Training is scaled, but at test time units are still switched off: obey `training`."
    if unscaled and np.allclose(tested, 0.2 * a):
        return "That is dropout, but not *inverted*: scale in training, and leave a as it is at test time."
    if unscaled:
        return "At test time it is right. In training the mean output falls to 1 − p: scale up what stays on."
    if np.isclose(off, 0.2, atol=0.02):
        return "Here p = 0.8 switches off only 20 %: p is the share that goes *off*."
    if np.isclose(mean, 0.2 / 0.8, atol=0.02):
        return "Divide by the share that stays on, 1 − p, not by p."
    if not np.allclose(tested, a):
        return "At test time nothing is switched off and nothing scaled: return a."
    if not (np.isclose(off, 0.8, atol=0.02) and np.isclose(mean, 1.0, atol=0.05)):
        return f"In training with p = 0.8, 80 % should be off and the mean kept; yours: {off:.0%} and {mean:.2f}."
    return None


# 05.5


def adam_step(theta, g, m, v, t, lr):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return theta - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v


def adam_with_l2(theta, g, m, v, t, lr, decay):
    return adam_step(theta, g + decay * theta, m, v, t, lr)


def adam_with_decay(theta, g, m, v, t, lr, decay):
    new, m, v = adam_step(theta, g, m, v, t, lr)
    return new - lr * decay * theta, m, v


def decays_decoupled(answer):
    if hint := must_be_function(answer, "adamw"):
        return hint
    theta, g, m, v = (np.array(x) for x in ([2.0, -1.0], [0.3, 4.0], [0.1, -0.2], [0.5, 2.0]))
    lr, decay = 0.1, 0.5
    rest = m, v, 7, lr
    result = called(answer, *(x.copy() for x in (theta, g, m, v)), 7, lr, decay)
    if not isinstance(result, tuple) or len(result) != 3 or any(x is None for x in result):
        return "The function should return three things: the new θ, m and v."
    got, got_m, got_v = (np.asarray(x, float) for x in result)
    if got.shape != theta.shape:
        return "The new θ should have the shape of the old one."
    plain, bug, right = (
        adam_step(theta, g, *rest),
        adam_with_l2(theta, g, *rest, decay),
        adam_with_decay(theta, g, *rest, decay),
    )
    if np.allclose(got, bug[0]):
        return "λθ is still added to the gradient, so Adam divides it by √v̂. Take it out, and shrink θ beside the step."
    if not (np.allclose(got_m, right[1]) and np.allclose(got_v, right[2])):
        return "m and v should see the plain gradient only, without any λθ."
    if np.allclose(got, plain[0]):
        return "Now nothing decays at all: subtract ηλθ beside Adam's step."
    divided = theta - lr * (right[1] / (1 - 0.9**7) + decay * theta) / (np.sqrt(right[2] / (1 - 0.999**7)) + 1e-8)
    if np.allclose(got, divided):
        return "Almost: λθ is still divided by √v̂. Put it beside the fraction."
    if np.allclose(got, plain[0] - decay * theta):
        return "Almost: the decay is λθ here; multiply it by η as well (`lr * decay * theta`)."
    if np.allclose(got, plain[0] * (1 - lr * decay)):
        return "Almost: you shrink the θ *after* Adam's step. In the paper it is the θ before it."
    if np.allclose(got, plain[0] + lr * decay * theta):
        return "The sign is wrong: the weights grow."
    return (
        None
        if np.allclose(got, right[0])
        else "m and v are right. The new θ should be Adam's, minus ηλ times the old one."
    )


EXERCISES = {
    "05.1": Exercise(
        number(
            141,
            143,
            "It takes longer. A factor of 1000 has to be made up at 1.05 per step: solve 1.05ᵏ = 1000.",
            "Not so many: solve 1.05ᵏ = 1000 for k. Only the *extra* steps are asked.",
        ),
        solution=142,
        wrong=72,
        praise="ln 1000 / ln 1.05 = 141.6: a thousand times closer costs one fixed number of steps more.",
    ),
    "05.2": Exercise(
        gradient_factor,
        solution=1 / 1024,
        wrong=2.0**-20,
        praise="√½ per layer: after 20 layers only a thousandth is left. With the variance 2/256 it would stay.",
    ),
    "05.3": Exercise(
        clips_by_norm,
        solution=clipped_by_norm,
        wrong=clipped_by_value,
        praise="One factor for all coordinates: the direction stays.",
    ),
    "05.4": Exercise(
        drops_out,
        solution=inverted_dropout,
        wrong=buggy_dropout,
        praise="Scaled in training, untouched at test time.",
    ),
    "05.5": Exercise(
        decays_decoupled,
        solution=adam_with_decay,
        wrong=adam_with_l2,
        praise="That is AdamW: the decay no longer depends on the size of the gradients.",
    ),
    "05.6": Exercise(
        choice(
            "c",
            {
                "a": "Dropout is a remedy for overfitting. Here even the training loss does not fall.",
                "b": "More examples help generalization. This network does not even learn the ones it has.",
                "d": "Early stopping ends a training that overfits. This one has not begun to learn: 2.30 = ln 10.",
            },
        ),
        solution="c",
        wrong="a",
        praise="The training loss does not fall: a problem of optimization, and of depth.",
    ),
}
