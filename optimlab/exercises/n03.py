"""The exercises of notebook 03: advanced optimization algorithms."""

import numpy as np

from ..descent import descend
from ..optimizers import AdaGrad, Momentum
from ..surfaces import ravine
from . import Exercise, Unanswered, choice, number, one_number


def settles_soon(gamma):
    """Exercise 03.3: momentum with this γ settles within 55 steps."""
    gamma = one_number(gamma)
    if not 0 <= gamma < 1:
        return "γ must be at least 0 and below 1."
    settled = descend(ravine(kappa=40, angle=20), Momentum(lr=0.01, gamma=gamma), steps=600).settled_at()
    if settled is not None and settled <= 55:
        return None
    how = "does not settle within 600 steps" if settled is None else f"settles after {settled} steps"
    return f"With γ = {gamma:g} it {how}. Try a {'smaller' if gamma > 0.8 else 'larger'} γ."


def steps_like_adagrad(function):
    """Exercise 03.5: one step of AdaGrad, with ε inside the root."""
    theta, g, G, lr, eps = np.array([1.0, -2.0]), np.array([0.3, 4.0]), np.array([0.5, 2.0]), 0.1, 0.01
    result = function(theta.copy(), g.copy(), G.copy(), lr, eps)
    if result is None or result is ...:
        raise Unanswered
    if not isinstance(result, tuple) or len(result) != 2:
        return "The function should return two things, the new θ and the new G: `return theta, G`."
    new_theta, new_G = (np.asarray(part, float) for part in result)
    right_theta, state = AdaGrad(lr=lr, eps=eps).step(theta, lambda _: g, {"G": G}, 0)
    if new_theta.shape == theta.shape and np.allclose(new_theta, state["G"]):
        return "Return θ first, then G: `return theta, G`."
    if new_G.shape != theta.shape or not np.allclose(new_G, state["G"]):
        return "The new G is not right yet: add the square of each coordinate's gradient to the old G."
    if np.allclose(new_theta, right_theta):
        return None
    if np.allclose(new_theta, theta - lr / (np.sqrt(state["G"]) + eps) * g):
        return "Almost: ε stands outside the root here. Put it inside, √(G + ε)."
    if np.allclose(new_theta, theta - lr / np.sqrt(G + eps) * g):
        return "Almost: the step uses the old G. Add g² first, then step."
    if np.allclose(new_theta, 2 * theta - right_theta):
        return "The step goes uphill: check its sign."
    return "G is right; check the step θ − η/√(G + ε) · g."


EXERCISES = {
    "03.1": Exercise(
        number(
            19.99,
            20.01,
            "Add up 1 + γ + γ² + …: it is more. What is the sum of a geometric series?",
            "That is too much: the sum of 1 + γ + γ² + … is 1/(1 − γ).",
        ),
        solution=20,
        wrong=1.95,
        praise="1/(1 − γ): with γ = 0.95 momentum walks twenty times as fast on a steady slope.",
    ),
    "03.2": Exercise(
        number(
            69,
            69,
            "A little more than half is left then. Solve 0.99ᵏ = ½ for k, and round up to a whole step.",
            "Half is gone before that. 1/(1 − β) is the window, not the half-life; solve 0.99ᵏ = ½ for k.",
        ),
        solution=69,
        wrong=100,
        praise="ln ½ / ln 0.99 = 68.97, so the 69th step is the first with at most half.",
    ),
    "03.3": Exercise(
        settles_soon,
        solution=0.8,
        wrong=0.9,
        praise="Fast enough along the ravine, and damped enough across it.",
    ),
    "03.4": Exercise(
        choice(
            "b",
            {
                "a": "PyTorch multiplies the whole velocity by the current η. The papers keep η inside the velocity.",
                "c": "optax multiplies the whole velocity by the current η, as PyTorch does.",
            },
            {"pytorch": "a", "torch": "a", "keras": "b", "optax": "c"},
        ),
        solution="b",
        wrong="a",
        praise="Keras keeps η inside the velocity, so old steps keep the η they were made with.",
    ),
    "03.5": Exercise(
        steps_like_adagrad,
        solution=lambda theta, g, G, lr, eps: (theta - lr / np.sqrt(G + g**2 + eps) * g, G + g**2),
        wrong=lambda theta, g, G, lr, eps: (theta - lr / (np.sqrt(G + g**2) + eps) * g, G + g**2),
        praise="That is the whole of AdaGrad.",
    ),
}
