"""The exercises of notebook 10: real loss landscapes."""

from __future__ import annotations

import numpy as np

from . import Exercise, called, must_be_function, number

# 10.2


def filter_normalized(D, W):
    return D * np.linalg.norm(W, axis=0) / np.linalg.norm(D, axis=0)


def by_rows(D, W):
    return D * np.linalg.norm(W, axis=1, keepdims=True) / np.linalg.norm(D, axis=1, keepdims=True)


def is_filter_normalized(answer):
    if hint := must_be_function(answer, "normalized"):
        return hint
    random = np.random.default_rng(0)
    D, W = random.normal(size=(4, 4)), random.normal(size=(4, 4)) * [1, 2, 3, 4]
    got = np.asarray(called(answer, D.copy(), W.copy()), float)
    if got.shape != D.shape:
        return f"The result has the shape of D, {D.shape} here; yours has {got.shape}."
    if np.allclose(got, filter_normalized(D, W)):
        return None
    if np.allclose(got, by_rows(D, W)):
        return "Those are rows. The incoming weights of a unit are a column of W here: axis=0."
    if np.allclose(np.linalg.norm(got, axis=0), 1):
        return "All columns have the length 1 now. Each should be as long as the same column of W."
    if np.isclose(np.linalg.norm(got), np.linalg.norm(W)):
        return "It is as long as W as a whole. Each column should be as long as the same column of W."
    return "Column j of the result is D's column j, stretched to the length of W's column j."


# 10.3


def rename(W1, b1, W2, order):
    return W1[:, order], b1[order], W2[order]


def half_renamed(W1, b1, W2, order):
    return W1[:, order], b1[order], W2


def is_renamed(answer):
    if hint := must_be_function(answer, "rename"):
        return hint
    random = np.random.default_rng(0)
    W1, b1, W2, x = (random.normal(size=shape) for shape in ((3, 5), (5,), (5, 2), (7, 3)))
    order = np.array([3, 0, 4, 1, 2])
    got = called(answer, W1.copy(), b1.copy(), W2.copy(), order.copy())
    if not isinstance(got, tuple) or len(got) != 3:
        return "rename returns three arrays: W1, b1, W2."
    V1, c1, V2 = (np.asarray(part, float) for part in got)
    if (V1.shape, c1.shape, V2.shape) != (W1.shape, b1.shape, W2.shape):
        return "The shapes of the three stay as they are."
    if np.allclose(V2, W2):
        return "W2 is as before. Which of its rows belong to a unit that has moved?"
    if not np.allclose(c1, b1[order]) or not np.allclose(V1, W1[:, order]):
        return "Unit order[i] shall become unit i: W1[:, order] and b1[order] were right."
    before, after = np.maximum(x @ W1 + b1, 0) @ W2, np.maximum(x @ V1 + c1, 0) @ V2
    return None if np.allclose(before, after) else "The function has changed: W2 has one row for each hidden unit."


# 10.4


def barrier(losses):
    return np.max(losses - np.linspace(losses[0], losses[-1], len(losses)))


def above_the_lower_end(losses):
    return np.max(losses) - min(losses[0], losses[-1])


def is_barrier(answer):
    if hint := must_be_function(answer, "barrier"):
        return hint
    up = np.array([0.0, 3.0, 4.0, 3.0, 2.0])
    tilted = np.array([1.0, 2.5, 3.0, 3.5, 5.0])
    got = [float(called(answer, losses.copy())) for losses in (up, tilted)]
    if np.allclose(got, [barrier(up), barrier(tilted)]):
        return None
    if np.allclose(got, [above_the_lower_end(up), above_the_lower_end(tilted)]):
        return "That is the height above the lower end. Between ends of different height the line itself rises."
    if np.isclose(got[0], np.max(up) - (up[0] + up[-1]) / 2):
        return "That is the height above the mean of both ends; the highest point need not be in the middle."
    return "At each place, the loss minus what lies straight between the first and the last one; then the largest."


# 10.6


def hessian_product(gradient, theta, v):
    h = 1e-5
    return (gradient(theta + h * v) - gradient(theta - h * v)) / (2 * h)


def one_sided(gradient, theta, v):
    h = 1e-2
    return (gradient(theta + h * v) - gradient(theta)) / h


def is_hessian_product(answer):
    if hint := must_be_function(answer, "hvp"):
        return hint
    theta, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -0.5])

    def slope(theta):
        x, y, z = theta
        return np.array([y * np.cos(x * y), x * np.cos(x * y) + z**2, 2 * y * z])

    x, y, z = theta
    s, c = np.sin(x * y), np.cos(x * y)
    H = np.array([[-(y**2) * s, c - x * y * s, 0], [c - x * y * s, -(x**2) * s, 2 * z], [0, 2 * z, 2 * y]])
    got = np.asarray(called(answer, slope, theta.copy(), v.copy()), float)
    if got.shape != theta.shape:
        return f"Hv has the shape of θ, {theta.shape} here; yours has {got.shape}."
    if np.allclose(got, H @ v, rtol=1e-5):
        return None
    if np.allclose(got, 2 * (H @ v), rtol=1e-3):
        return "Twice as much as it should be: θ + hv and θ − hv are 2h apart."
    if np.allclose(got, H @ v, rtol=0.05):
        return "Nearly. With both sides, θ + hv and θ − hv, and h = 10⁻⁵, its error is 1000 times as small."
    return "The change of the gradient along v: (∇L(θ + hv) − ∇L(θ − hv)) / 2h, with a small h."


# 10.8


def catapult(eta, gamma):
    x, y, vx, vy = 4.0, 0.3, 0.0, 0.0
    for _ in range(400):
        r = x * y - 1
        vx, vy = gamma * vx + eta * r * y, gamma * vy + eta * r * x
        x, y = x - vx, y - vy
    return (x**2 + y**2 + np.sqrt((x**2 - y**2) ** 2 + 4 * (2 * x * y - 1) ** 2)) / 2


def without_momentum(eta, gamma):
    return catapult(eta, 0.0)


def is_catapult(answer):
    if hint := must_be_function(answer, "catapult"):
        return hint
    cases = ((0.05, 0.0), (0.12, 0.3), (0.15, 0.5))
    got = [float(called(answer, eta, gamma)) for eta, gamma in cases]
    if np.allclose(got, [catapult(*case) for case in cases], rtol=1e-4):
        return None
    if not np.isclose(got[0], catapult(0.05, 0.0), rtol=1e-4):
        return "Without momentum already: θ ← θ − η∇L with ∇L = ((xy−1)y, (xy−1)x), from (4, 0.3), 400 steps."
    if np.allclose(got, [without_momentum(*case) for case in cases], rtol=1e-4):
        return "γ does nothing yet: v ← γv + η∇L, then θ ← θ − v."
    return "v ← γv + η∇L, θ ← θ − v, both gradients at the same (x, y), 400 steps, v = 0 at first."


EXERCISES = {
    "10.1": Exercise(
        number(
            99_999.5,
            100_000.5,
            "More than that: each random direction holds 1/d of a random vector's square.",
            "Fewer than that: each random direction holds 1/d of a random vector's square.",
        ),
        solution=100_000,
        wrong=316,
        praise="A tenth of all directions for a tenth of the square: random directions have no favourites.",
    ),
    "10.2": Exercise(
        is_filter_normalized,
        solution=filter_normalized,
        wrong=by_rows,
        praise="Now each unit is disturbed in proportion to its own weights, and c drops out.",
    ),
    "10.3": Exercise(
        is_renamed,
        solution=rename,
        wrong=half_renamed,
        praise="Width! networks are one function: with 64 hidden units, 10⁸⁹ of them.",
    ),
    "10.4": Exercise(
        is_barrier,
        solution=barrier,
        wrong=above_the_lower_end,
        praise="So it is 0 on a convex loss, whatever the ends are.",
    ),
    "10.5": Exercise(
        number(
            0.2190,
            0.2200,
            "Larger than that. At (3, 0) the Hessian is (0, −1; −1, 9).",
            "Smaller than that. At (3, 0) the Hessian is (0, −1; −1, 9), 2 over its larger eigenvalue is asked for.",
        ),
        solution=0.2195,
        wrong=0.2222,
        praise="λ = (9 + √85)/2 = 9.11: a little more than x² = 9, for the entries −1 count as well.",
    ),
    "10.6": Exercise(
        is_hessian_product,
        solution=hessian_product,
        wrong=one_sided,
        praise="Two gradients, whatever d is: that is what all of sections 5 and 7 rest on.",
    ),
    "10.7": Exercise(
        number(
            0.0995,
            0.1005,
            "More than that. Which part of the loss goes away with η, and what is its formula in section 6?",
            "Less than that. Which part of the loss goes away with η, and what is its formula in section 6?",
        ),
        solution=0.1,
        wrong=0.2,
        praise="That is how much a decay takes away, and none of it was progress.",
    ),
    "10.8": Exercise(
        is_catapult,
        solution=catapult,
        wrong=without_momentum,
        praise="At η = 0.18 momentum of 0.5 lands at 15.6, none at 3.2: its limit is higher, so it jumps less.",
    ),
}
