"""The exercises of notebook 08: Adam under the microscope."""

from __future__ import annotations

import numpy as np

from . import Exercise, called, must_be_function, number, one_number

# 08.2


def mean_of_noisy_steps(answer):
    value, right = one_number(answer), 0.01 / np.sqrt(101)
    hints = {
        0.01: "That is η. In noise the mean step is shorter.",
        0.001: "Nearly: that is η·SNR. The mean square of the gradient is μ² + σ², not σ² alone; give four digits.",
        1 / np.sqrt(101): "That is in units of η. Multiply by η = 0.01.",
        0.01 / np.sqrt(1.01): "SNR is mean over noise, 0.2/2, not the other way round.",
    }
    if np.isclose(value, right, rtol=0.002, atol=0):
        return None
    for wrong, hint in hints.items():
        if np.isclose(value, wrong, rtol=0.002, atol=0):
            return hint
    return "η/√(1 + 1/SNR²), with SNR = 0.2/2 and η = 0.01."


# 08.3


def adam_step(x, m, v, t, gradient, eta, beta1, beta2):
    g = gradient(x)
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return x - eta * m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t)), m, v


def half_corrected(x, m, v, t, gradient, eta, beta1, beta2):
    g = gradient(x)
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return x - eta * m / (1 - beta1**t) / (np.sqrt(v) / (1 - beta2**t)), m, v


def uncorrected(x, m, v, t, gradient, eta, beta1, beta2):
    g = gradient(x)
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return x - eta * m / np.sqrt(v), m, v


def is_adam(answer):
    if hint := must_be_function(answer, "step"):
        return hint

    def gradient(x):
        return np.array([3.0, -0.5]) * x

    arguments = np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.array([0.05, 0.3]), 3, gradient, 0.1, 0.9, 0.99
    got = called(answer, *arguments)
    if not isinstance(got, tuple | list) or len(got) != 3:
        return "The function should return three things: x, m and v."
    if np.ndim(got[0]) != 1:
        return "x should stay in its shape."
    found, wanted = np.asarray(got[0], float), adam_step(*arguments)
    if np.allclose(found, half_corrected(*arguments)[0]):
        return "v is corrected, and then comes the root: √(v/(1−β₂ᵗ)), not √v/(1−β₂ᵗ)."
    if np.allclose(found, uncorrected(*arguments)[0]):
        return "Now nothing is corrected. m is divided by 1 − β₁ᵗ, v by 1 − β₂ᵗ."
    if not np.allclose(found, wanted[0]):
        return "x − η m̂/√v̂, with m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ): compare term by term."
    if not (np.allclose(got[1], wanted[1]) and np.allclose(got[2], wanted[2])):
        return "m and v are returned as they are, without the correction."
    return None


# 08.4


def amsgrad_scale(v, biggest):
    biggest = np.maximum(biggest, v)
    return np.sqrt(biggest), biggest


def adams_scale(v, biggest):
    return np.sqrt(v), np.maximum(biggest, v)


def is_amsgrad(answer):
    if hint := must_be_function(answer, "scale"):
        return hint
    v, biggest = np.array([4.0, 1.0]), np.array([1.0, 9.0])
    try:
        got = called(answer, v.copy(), biggest.copy())
    except ValueError:
        return "v and largest are arrays: np.maximum compares them element by element, Python's max does not."
    if not isinstance(got, tuple | list) or len(got) != 2:
        return "The function should return two things: the divisor, and the largest v so far."
    divisor, largest = (np.asarray(part, float) for part in got)
    if divisor.shape != (2,) or largest.shape != (2,):
        return "Each coordinate has its own largest v: np.maximum(a, b), not max()."
    if np.allclose(divisor, [2, 1]):
        return "That divides by √v of now, so it forgets. Divide by the root of the largest v so far."
    if np.allclose(divisor, [1, 3]):
        return "The largest so far includes the v of now: take the maximum first."
    if np.allclose(divisor, [4, 9]):
        return "It is divided by the root."
    if not np.allclose(largest, [4, 9]):
        return "The second result is the largest v so far, (4, 9) here: it is kept for the next step."
    return None if np.allclose(divisor, [2, 3]) else "√max(v_max, v), for each coordinate."


# 08.5


def is_decoupled(answer):
    if hint := must_be_function(answer, "update"):
        return hint
    g, v = np.array([1.0, -0.02]), np.array([0.25, 0.0001])
    w = np.array([2.0, -3.0])
    got = np.asarray(called(answer, w.copy(), g, v, 0.1, 0.5), float)
    if got.shape != w.shape:
        return "The function should return the new weights, in the shape of w."
    root = np.sqrt(v)
    if np.allclose(got, w - 0.1 * (g + 0.5 * w) / root):
        return "The decay is still divided by √v: that is an L2 penalty. Take it out of the fraction."
    if np.allclose(got, w - 0.1 * g / root - 0.5 * w):
        return "PyTorch and optax multiply the decay by η too: ηλw."
    if np.allclose(got, (w - 0.1 * g / root) * (1 - 0.1 * 0.5)):
        return "The decay has also shrunk the step: ηλ multiplies the old w."
    if np.allclose(got, w - 0.1 * g / root + 0.1 * 0.5 * w):
        return "That makes the weights grow: the decay is subtracted."
    return None if np.allclose(got, decoupled(w, g, v, 0.1, 0.5)) else "w − η g/√v − ηλw: compare term by term."


def decoupled(w, g, v, eta, decay):
    return w - eta * g / np.sqrt(v) - eta * decay * w


def l2(w, g, v, eta, decay):
    return w - eta * (g + decay * w) / np.sqrt(v)


# 08.7


def cautious(step, gradient):
    return np.where(step * gradient > 0, step, 0.0)


def is_cautious(answer):
    if hint := must_be_function(answer, "cautious"):
        return hint
    step, gradient = np.array([0.3, -0.2, 0.5, -0.4, 0.1]), np.array([1.0, 2.0, -3.0, -4.0, 0.2])
    got = np.asarray(called(answer, step.copy(), gradient.copy()), float)
    if got.shape != step.shape:
        return "The result has the shape of the step: what is left out becomes 0."
    if np.allclose(got, np.where(step * gradient < 0, step, 0)):
        return "The other way round: what agrees with the gradient stays."
    if np.allclose(got, np.where(step > 0, step, 0)):
        return "It is not the step's own sign that counts, but whether the gradient has the same one."
    if np.allclose(got, step * gradient) or np.allclose(got, np.maximum(step * gradient, 0)):
        return "The product tells whether they agree; what stays is the step itself."
    return None if np.allclose(got, cautious(step, gradient)) else "Where step · gradient > 0 the step, else 0."


EXERCISES = {
    "08.1": Exercise(
        number(
            99.5,
            100.5,
            "Longer than that. With β₁ = 0, m is g itself; v is (1 − β₂) g².",
            "Not that long. With β₁ = 0, m is g itself; √v is √(1 − β₂) |g|.",
        ),
        solution=100.0,
        wrong=10_000.0,
        praise="1/√0.0001 = 100.",
    ),
    "08.2": Exercise(
        mean_of_noisy_steps,
        solution=0.000995,
        wrong=0.01,
        praise="A tenth of η: where the noise is large, Adam's mean step is about η·SNR.",
    ),
    "08.3": Exercise(
        is_adam,
        solution=adam_step,
        wrong=half_corrected,
        praise="First v̂, then its root.",
    ),
    "08.4": Exercise(
        is_amsgrad,
        solution=amsgrad_scale,
        wrong=adams_scale,
        praise="What has been large once stays large.",
    ),
    "08.5": Exercise(
        is_decoupled,
        solution=decoupled,
        wrong=l2,
        praise="Now all weights decay by the same factor, 1 − ηλ.",
    ),
    "08.6": Exercise(
        number(
            151.5,
            153.5,
            "It takes longer than that. v has to fall from 1e-4 to (λ/760)² = 6.9e-6.",
            "It is sooner than that. v falls by 0.95 a step, from 1e-4 to (λ/760)² = 6.9e-6, from step 100 on.",
        ),
        solution=152.05,
        wrong=52.05,
        praise="52 steps for v to fall to a fourteenth, from step 100 on.",
    ),
    "08.7": Exercise(
        is_cautious,
        solution=cautious,
        wrong=lambda step, gradient: np.where(step > 0, step, 0.0),
        praise="A step that the momentum still carries uphill along a coordinate is not taken there.",
    ),
}
