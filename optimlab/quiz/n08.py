"""What notebook 08 asks at its start, about 03 and 07: Adam's first step, heavy ball's limit, noise and γ."""

import numpy as np

from ..descent import descend
from ..optimizers import Adam, Momentum
from ..predictions.n02 import near
from ..predictions.prediction import Question
from ..surfaces import ravine


def adams_first_step():
    """08.r1: the first step for the gradient (1000, 0.001), η = 0.1."""
    rule, g = Adam(lr=0.1), np.array([1000.0, 0.001])
    theta, _ = rule.step(np.zeros(2), lambda theta: g, rule.init(np.zeros(2)), 0)
    return {"x": float(-theta[0]), "y": float(-theta[1])}


def which_first_step(x, y):
    """08.r1: the letter for it."""
    return "a" if x > 50 * y else "b" if near(x, {"b": 0.1}, 0.01) and near(y, {"b": 0.1}, 0.01) else "c"


def heavy_balls_limit():
    """08.r2: the largest ηλ with which heavy ball does not diverge, γ = 0.5."""
    eta = np.linspace(0.5, 4.0, 351)
    walk = descend(ravine(kappa=1), Momentum(eta[:, None], 0.5), np.tile([1.0, 0.0], (351, 1)), 1500)
    return {"limit": float(eta[walk.loss[-1] <= 0.5].max())}


def which_limit(limit):
    """08.r2: the letter for it."""
    return near(limit, {"a": 2, "b": 3, "c": 4, "d": 1}, 0.03)


def more_momentum():
    """08.r3: the variance around the minimum of ½x², σ = 1, η = 0.002, with γ = 0.9 and with 0.99."""
    random, gamma = np.random.default_rng(0), np.array([0.9, 0.99])
    x, v, squares = np.zeros((1500, 2)), 0.0, []
    for k in range(1500):
        v = gamma * v + 0.002 * (x + random.normal(size=(1500, 1)))
        x = x - v
        if k >= 500:
            squares.append(np.mean(x**2, axis=0))
    less, more = np.mean(squares, axis=0)
    return {"less": float(less), "more": float(more)}


def which_growth(less, more):
    """08.r3: the letter for how many times larger it is."""
    return near(more / less, {"a": 0.1, "b": 1, "c": 3.16, "d": 10}, 0.2)


QUESTIONS = {
    "08.r1": Question(
        "Adam with η = 0.1, and the first gradient is (1000, 0.001). Its first step is …",
        ("long along x, next to nothing along y", "0.1 along both", "shorter along x than along y"),
        which_first_step,
        "{x:.3f} along x, {y:.3f} along y: m̂/√v̂ is the gradient over its own size at first.",
        {
            "a": "That is gradient descent's step. Adam divides each coordinate by the size of its gradients.",
            "c": "Each is divided by its own size, and then both are 1.",
        },
        measure=adams_first_step,
        about="Adam's first step",
    ),
    "08.r2": Question(
        "Heavy ball with γ = 0.5 along a direction of curvature λ. Up to which η does it not diverge?",
        ("2/λ", "3/λ", "4/λ", "1/λ"),
        which_limit,
        "Up to {limit:.2f}/λ: the limit is 2(1+γ)/λ.",
        {
            "a": "That is gradient descent's. Heavy ball bears a little more.",
            "c": "γ would have to be 1 for that.",
            "d": "Keeping η/(1−γ) is about noise, not about divergence.",
        },
        measure=heavy_balls_limit,
        about="heavy ball's limit",
    ),
    "08.r3": Question(
        "Noisy gradients and heavy ball. γ goes from 0.9 to 0.99, a small η stays as it is. The variance around the "
        "minimum becomes …",
        ("a tenth", "the same", "about 3 times as large", "about 10 times as large"),
        which_growth,
        "{more:.4f} against {less:.4f}: it is that of the step η/(1−γ).",
        {
            "a": "Momentum averages, but it also takes longer steps.",
            "b": "It would be the same if η/(1−γ) were kept.",
            "c": "The distance grows about threefold; the variance is its square.",
        },
        measure=more_momentum,
        about="noise and γ",
    ),
}
