"""The exercises of notebook 09: modern optimizers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..layers import Layer, Layers
from ..newton_schulz import polar
from ..optimizers import Optimizer
from . import Exercise, Unanswered, called, must_be_function, number

# 09.2


def rank_one(V):
    R, C = V.mean(axis=1), V.mean(axis=0)
    return np.outer(R, C) / R.mean()


def not_divided(V):
    return np.outer(V.mean(axis=1), V.mean(axis=0))


def is_rank_one(answer):
    if hint := must_be_function(answer, "copy"):
        return hint
    V = np.random.default_rng(0).random((3, 5)) + 0.1
    got = np.asarray(called(answer, V.copy()), float)
    if got.shape != V.shape:
        return f"The copy has the shape of V, {V.shape} here; yours has {got.shape}. np.outer(R, C) makes it."
    if np.allclose(got, V):
        return "That is V itself. Only the means of its rows and of its columns may be used."
    if np.allclose(got, not_divided(V)):
        return "The shape is right, the size is not: divide by the mean of all, so that means of rows come out as R."
    if np.allclose(got, np.outer(V.sum(axis=1), V.sum(axis=0)) / V.mean()):
        return "With sums in place of means it is divided by the sum of all of V."
    return None if np.allclose(got, rank_one(V)) else "R Cᵀ / mean(R): R is the means of the rows, C of the columns."


# 09.4


def newton_schulz(G, steps):
    X = G / np.linalg.norm(G)
    for _ in range(steps):
        X = 1.5 * X - 0.5 * X @ X.T @ X
    return X


def always_normed(G, steps):
    X = G
    for _ in range(steps):
        X = X / np.linalg.norm(X)
        X = 1.5 * X - 0.5 * X @ X.T @ X
    return X


def is_newton_schulz(answer):
    if hint := must_be_function(answer, "newton_schulz"):
        return hint
    G = np.random.default_rng(0).normal(size=(3, 4))
    after, three = (np.asarray(called(answer, G.copy(), steps), float) for steps in (40, 3))
    if after.shape != G.shape:
        return "The result has the shape of G."
    if not np.isfinite(after).all():
        return "It runs away: without a division the singular values are above √3. Divide once, before the first step."
    if np.allclose(three, always_normed(G, 3)):
        return "X is still divided in every step, so its singular values can't all become 1. Once is enough."
    if np.allclose(np.linalg.svd(after)[1], 1, atol=1e-6):
        if np.allclose(three, newton_schulz(G, 3)):
            return None
        return "It gets there, but not on the way of the question: 1.5 X − 0.5 XXᵀX, from G/‖G‖ on."
    return "After 40 steps all singular values should be 1; look at np.linalg.svd(X)[1]."


# 09.6


def shampoo_step(G):
    def power(A):
        values, Q = np.linalg.eigh(A)
        return (Q * values**-0.25) @ Q.T

    return power(G @ G.T) @ G @ power(G.T @ G)


def square_rooted(G):
    def power(A):
        values, Q = np.linalg.eigh(A)
        return (Q * values**-0.5) @ Q.T

    return power(G @ G.T) @ G @ power(G.T @ G)


def is_shampoo(answer):
    if hint := must_be_function(answer, "shampoo"):
        return hint
    G = np.random.default_rng(1).normal(size=(4, 4))
    got = np.asarray(called(answer, G.copy()), float)
    if got.shape != G.shape:
        return "The result has the shape of G."
    if np.allclose(got, square_rooted(G)):
        return "With −1/2 on both sides each singular value becomes σ/(σ·σ) = 1/σ. Which power makes it 1?"
    if np.allclose(got, np.sqrt(np.abs(G)) * np.sign(G)) or np.allclose(got, np.sign(G)):
        return "A power of a matrix is not that of its entries: take it of the eigenvalues."
    if np.allclose(got, polar(G)):
        return None
    values = np.linalg.svd(got)[1]
    return f"All singular values of the result should be 1; yours are from {values.min():.2g} to {values.max():.2g}."


# 09.7


@dataclass(frozen=True, repr=False)
class Normalized(Optimizer):
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers):
        return replace(self, layers=layers)

    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * self.layers.each(lambda layer, G: G / np.linalg.norm(G), grad(theta)), state


@dataclass(frozen=True, repr=False)
class NormalizedAtOnce(Optimizer):
    def step(self, theta, grad, state, k):
        g = grad(theta)
        return theta - self.rate(k) * g / np.linalg.norm(g), state


def is_normalized(answer):
    if isinstance(answer, type) and issubclass(answer, Optimizer):
        answer = answer(lr=0.1)
    if not isinstance(answer, Optimizer):
        return "The answer is the class itself, a subclass of Optimizer: answer = Normalized."
    layers = Layers((Layer("W1", (2, 3)), Layer("b1", (3,)), Layer("W2", (3, 2))))
    theta, g = np.zeros(layers.size), np.random.default_rng(2).normal(size=layers.size)
    rule = answer.replace(lr=0.1).on(layers)
    result = rule.step(theta.copy(), lambda theta: g.copy(), rule.init(theta), 0)
    if result is None or result is ... or not isinstance(result, tuple) or result[0] is None or result[0] is ...:
        raise Unanswered
    step = theta - np.asarray(result[0], float)
    if step.shape != theta.shape:
        return f"θ stays one flat vector, of shape {theta.shape} here."
    lengths = [float(np.linalg.norm(part)) for part in layers.views(step)]
    if np.isclose(np.linalg.norm(step), 0.1) and not np.allclose(lengths, 0.1):
        return "The whole step has the length η; each layer's part should. layers.each gives you one layer at a time."
    if not np.allclose(lengths, 0.1, rtol=1e-3):
        told = ", ".join(f"{length:.3g}" for length in lengths)
        return f"With η = 0.1 the parts of a step should have the lengths 0.1, 0.1, 0.1; yours have {told}."
    if not all(np.sum(a * b) > 0 for a, b in zip(layers.views(step), layers.views(g), strict=True)):
        return "The lengths are right, but a step goes against the gradient: θ − η G/‖G‖."
    return None


EXERCISES = {
    "09.1": Exercise(
        number(
            0.00496,
            0.00506,
            "More than that: ησ√(π/8)/λ.",
            "Less than that: ησ√(π/8)/λ. It is a mean square, and η comes in once.",
        ),
        solution=0.00501,
        wrong=0.004,
        praise="With Adam it would be ησ/2 = 0.004.",
    ),
    "09.2": Exercise(
        is_rank_one,
        solution=rank_one,
        wrong=not_divided,
        praise="n + m numbers in place of n · m: the means of rows and columns are right, the rest is guessed.",
    ),
    "09.3": Exercise(
        number(
            15_103.5,
            15_104.5,
            "More than that: one number for each row and one for each column.",
            "Less than that: one number for each row and one for each column, and no others.",
        ),
        solution=4096 + 11_008,
        wrong=4096 * 11_008,
        praise="Adam keeps two times 45 088 768.",
    ),
    "09.4": Exercise(
        is_newton_schulz,
        solution=newton_schulz,
        wrong=always_normed,
        praise="‖G‖ only has to bring the singular values below √3; from there the iteration does it alone.",
    ),
    "09.5": Exercise(
        number(
            49.5,
            50.5,
            "It takes longer. Each of the two matrices needs √(s/2) along the mode, at η a step.",
            "It is sooner. Each of the two matrices needs √(s/2) along the mode, at η a step.",
        ),
        solution=50,
        wrong=100,
        praise="√1/0.02. The mode with s = 0.02 takes 5 steps: the small ones first.",
    ),
    "09.6": Exercise(
        is_shampoo,
        solution=shampoo_step,
        wrong=square_rooted,
        praise="So Muon is Shampoo that remembers nothing: UVᵀ either way.",
    ),
    "09.7": Exercise(
        is_normalized,
        solution=Normalized,
        wrong=NormalizedAtOnce,
        praise='Now let it race: fair_race("Adam", "Normalized").',
    ),
}
