"""The exercises of notebook 06: training a real network."""

from contextlib import redirect_stdout
from io import StringIO

import numpy as np

from ..checks import told
from ..networks import log_softmax
from ..optimizers import Momentum, Optimizer
from . import Exercise, Unanswered, choice, number


def mean_gradient(W, X, y):
    """∇ of the mean cross-entropy of a network without hidden layers, z = X W."""
    p = np.exp(log_softmax(X @ W))
    p[np.arange(len(y)), y] -= 1
    return X.T @ p / len(y)


def summed_gradient(W, X, y):
    return mean_gradient(W, X, y) * len(y)


def is_a_mean(function):
    """Exercise 06.1: the gradient of a batch is the mean over its examples."""
    random = np.random.default_rng(0)
    for size in (5, 8):
        W, X, y = random.normal(size=(64, 10)), random.random((size, 64)), random.integers(0, 10, size)
        g = function(W.copy(), X.copy(), y.copy())
        if g is None or g is ...:
            raise Unanswered
        g, right = np.asarray(g, float), mean_gradient(W, X, y)
        if g.shape != right.shape:
            return f"The gradient should have the shape of W, {right.shape}; yours has {g.shape}."
        if np.allclose(g, right):
            continue
        if np.allclose(g, size * right):
            return "This is the sum over the batch: it grows with B. What does the loss of section 2 do with the batch?"
        if np.allclose(g, -right):
            return "The size is right, but it points downhill: the gradient points uphill."
        parallel = np.sum(g * right) / np.sum(right * right)
        if np.allclose(g, parallel * right):
            return f"For a batch of {size} examples it is {parallel:.3g} times the mean's gradient. Divide by len(y)."
        return "It no longer points where the gradient points: change nothing but the size of the result."
    return None


def shuffled_rows(n, batch_size, random):
    return np.array_split(random.permutation(n), -(-n // batch_size))


def sorted_rows(n, batch_size, random):
    return np.array_split(np.arange(n), -(-n // batch_size))


def is_shuffled(function):
    """Exercise 06.2: each epoch visits every row once, in a new order."""
    n, batch_size, random = 103, 10, np.random.default_rng(0)
    first, second = (function(n, batch_size, random) for _ in range(2))
    if first is None or first is ...:
        raise Unanswered
    if not isinstance(first, list | tuple) or any(np.ndim(rows) != 1 for rows in first):
        return "Return a list of batches, each of them an array of rows."
    sizes = [len(rows) for rows in first]
    first, second = (np.concatenate([np.asarray(rows) for rows in epoch]) for epoch in (first, second))
    if max(sizes) > batch_size:
        return f"The batches are too large: asked for {batch_size} rows, got one with {max(sizes)}."
    if len(first) == n and len(set(first.tolist())) < n:
        return "Some rows come twice and others never: draw without putting back, as random.permutation does."
    if sorted(first.tolist()) != list(range(n)):
        return f"An epoch should visit each of the {n} rows once; yours visits {len(set(first.tolist()))} of them."
    if np.array_equal(first, np.arange(n)):
        return "The rows still come in the order of the file: first all zeros, then all ones. Who should mix them?"
    if np.mean(np.diff(first) == 1) > 0.5:
        return "Inside a batch the rows still stand in the file's order. Shuffle the rows before you cut them."
    if np.corrcoef(first, np.arange(n))[0, 1] > 0.5:
        return "Mixed inside each batch only: the batches themselves still follow the file. Shuffle before you cut."
    if np.array_equal(first, second):
        return "Shuffled, but every epoch in the same order: use the generator `random` that is passed in."
    return None


class SteppingTwice(Optimizer):
    """The mistake of 06.3: η multiplies the gradient, and the velocity again."""

    def init(self, theta):
        return {"v": 0 * theta}

    def step(self, theta, grad, state, k):
        v = 0.9 * state["v"] + self.rate(k) * grad(theta)
        return theta - self.rate(k) * v, {"v": v}


def uphill_and_down(theta):
    return np.array([1.0, 4.0]) * theta - np.array([0.5, -1.0])


def path_of(answer, lr=0.07, steps=4):
    """θ after each step of an optimizer, given as a class or as an instance: shape (steps, 2)."""
    optimizer = answer(lr=lr) if isinstance(answer, type) else answer.replace(lr=lr)
    theta = np.array([1.3, -0.7])
    state, path = optimizer.init(theta), []
    for k in range(steps):
        result = optimizer.step(theta.copy(), uphill_and_down, state, k)
        if result is None or result is ...:
            raise Unanswered
        if not isinstance(result, tuple) or len(result) != 2:
            raise ValueError("step should return two things, the new θ and the new state")
        theta, state = result
        if not isinstance(state, dict):
            raise ValueError("the new state should be a dict, such as {'m': m}")
        if theta is None or theta is ...:
            raise Unanswered
        path.append(np.array(theta, float))
    return np.array(path)


def asks_the_schedule(answer, right):
    """That it also runs when η is a schedule: a hint if not."""
    hint = "Right with a constant η. But η may be a schedule, a function of the step: write self.rate(k), not self.lr."
    try:
        path = path_of(answer, lr=falling)
    except (TypeError, ValueError):
        return hint
    return None if np.allclose(path, path_of(right, lr=falling)) else hint


def falling(k):
    return 0.07 * 0.5**k


def averaging():
    """A mistake of 06.3: a moving average in place of momentum's sum."""

    class Averaging(Momentum):
        def step(self, theta, grad, state, k):
            v = 0.9 * state["v"] + 0.1 * grad(theta)
            return theta - self.rate(k) * v, {"v": v}

    return Averaging


def steps_once(answer):
    """Exercise 06.3: momentum with η in one place."""
    path, right = path_of(answer), path_of(Momentum)
    if np.allclose(path, right):
        return asks_the_schedule(answer, Momentum)
    if np.allclose(path, path_of(SteppingTwice)):
        return "η still acts twice: in v and in the step. With η = 0.05, what is the product?"
    if np.allclose(path, path_of(Momentum, lr=1.0)):
        return "Now η is in neither place: it should act once."
    if np.allclose(path, path_of(averaging())):
        return "You average the gradients (0.1 · g). Momentum adds them up: v = 0.9 · v + ηg."
    start = np.array([1.3, -0.7])
    if np.allclose(path[0] - start, start - right[0]):
        return "The step goes uphill: θ minus the velocity."
    if np.allclose(path[0], right[0]):
        return "The first step is right, the later ones are not. Is v = 0.9 · old v + …, and is the new v returned?"
    return "The first step should be θ − ηg. Take η out of one of its two places, and change nothing else."


class Lion(Optimizer):
    """Exercise 06.6 (Chen et al. 2023), without weight decay."""

    def init(self, theta):
        return {"m": 0 * theta}

    def step(self, theta, grad, state, k):
        g, m = grad(theta), state["m"]
        return theta - self.rate(k) * np.sign(0.9 * m + 0.1 * g), {"m": 0.99 * m + 0.01 * g}


def lion(blend=0.9, keep=0.99, late=False, sign=np.sign):
    """Lion, and the ways to miss it."""

    class Variant(Lion):
        def step(self, theta, grad, state, k):
            g = grad(theta)
            m = keep * state["m"] + (1 - keep) * g
            return theta - self.rate(k) * sign(blend * (m if late else state["m"]) + (1 - blend) * g), {"m": m}

    return Variant


def steps_like_lion(answer):
    """Exercise 06.6: the rule of Lion."""
    path = path_of(answer, steps=40)
    if path.shape == (40, 2) and np.allclose(path, path_of(Lion, steps=40)):
        return asks_the_schedule(answer, Lion)
    one_beta = [lion(keep=0.9), lion(blend=0.99), lion(blend=1.0, keep=0.9, late=True), lion(blend=1.0, late=True)]
    if any(np.allclose(path, path_of(wrong, steps=40)) for wrong in one_beta):
        return "One β does both jobs here. Lion has two: 0.9 blends for the step, 0.99 for the memory m."
    if np.allclose(path, path_of(lion(blend=0.99, keep=0.9), steps=40)):
        return "β₁ and β₂ are exchanged: 0.9 belongs to the blend in the step, 0.99 to the memory."
    if np.allclose(path, path_of(lion(late=True), steps=40)):
        return "The step uses the new m. Take the old one: m changes after the step."
    if np.allclose(path, path_of(lion(sign=lambda x: x), steps=40)):
        return "The sign is missing: each coordinate steps by η exactly."
    if np.allclose(np.abs(path[0] - np.array([1.3, -0.7])), 0.07) and np.any(path[0] != path_of(Lion)[0]):
        return "The first step goes the wrong way: θ minus η times the sign."
    return "The steps differ from Lion's. First blend 0.9 · old m + 0.1 · g, then take its sign, then step."


PARTS = ("W1", "b1", "W2", "b2")


def backpropagated(W1, b1, W2, b2, X, y):
    """Exercise 06.7: the mean cross-entropy of a network with one hidden layer of ReLU, and its four slopes."""
    a = np.maximum(X @ W1 + b1, 0)
    log_p = log_softmax(a @ W2 + b2)
    right = np.arange(len(y)), y
    loss = -log_p[right].mean()
    delta = np.exp(log_p)
    delta[right] -= 1
    delta /= len(y)
    back = (delta @ W2.T) * (a > 0)
    return loss, X.T @ back, back.sum(axis=0), a.T @ delta, delta.sum(axis=0)


def without_the_slope(W1, b1, W2, b2, X, y):
    """A plausible mistake: ReLU's slope is forgotten on the way back."""
    loss, _, _, dW2, db2 = backpropagated(W1, b1, W2, b2, X, y)
    delta = np.exp(log_softmax(np.maximum(X @ W1 + b1, 0) @ W2 + b2))
    delta[np.arange(len(y)), y] -= 1
    back = delta @ W2.T / len(y)
    return loss, X.T @ back, back.sum(axis=0), dW2, db2


def is_backpropagation(function):
    """Exercise 06.7: the loss is right, and each slope is that of the learner's own loss, by central differences."""
    random = np.random.default_rng(0)
    shapes = {"W1": (6, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    weights = [random.normal(size=shape) for shape in shapes.values()]
    X, y = random.normal(size=(7, 6)), random.integers(0, 3, 7)
    result = function(*(w.copy() for w in weights), X.copy(), y.copy())
    if result is None or result is ...:
        raise Unanswered
    if not isinstance(result, tuple | list) or len(result) != 5:
        return "It should return five things: the loss, dW1, db1, dW2, db2."
    if any(part is None or part is ... for part in result):
        raise Unanswered
    loss, *slopes = result
    right, *right_slopes = backpropagated(*weights, X, y)
    if np.shape(loss) != () or not np.isclose(float(loss), right):
        if np.shape(loss) == () and np.isclose(float(loss), right * len(y)):
            return "The loss is a sum over the batch here; it should be the mean."
        return f"The loss is not right yet: for this batch it should be {right:.4f}, yours is {told(loss)}."
    for name, slope, shape in zip(PARTS, slopes, shapes.values(), strict=True):
        if np.shape(slope) != shape:
            return f"d{name} should have the shape of {name}, {shape}; it has {np.shape(slope)}."
    with redirect_stdout(StringIO()):  # it is called a hundred times: what it prints has been seen once
        measured = differences(function, weights, X, y)
    wrong = [i for i in range(4) if not np.allclose(slopes[i], measured[i], atol=1e-6)]
    return slope_hint(wrong, slopes, right_slopes, len(y)) if wrong else None


def slope_hint(wrong, slopes, right, batch):
    """What to look at, from which of the slopes differ and how."""
    if all(np.allclose(slopes[i], right[i] * batch) for i in wrong):
        return "The slopes are sums over the batch: the loss is a mean, so δ is (p − 1[y]) / B."
    if all(np.allclose(slopes[i], -right[i]) for i in wrong):
        return "The sign is turned round: the gradient points uphill, δ = (p − 1[y]) / B."
    if wrong[-1] < 2:
        return "Layer 2 is right, layer 1 is not: on the way back comes ReLU's slope, 1 where a > 0 and 0 elsewhere."
    names = ", ".join(f"d{PARTS[i]}" for i in wrong)
    return f"{names} differs from what central differences of your loss say. Begin with δ of the last layer."


def differences(function, weights, X, y, h=1e-5):
    """The slopes of the learner's own loss: (L(w + h) − L(w − h)) / 2h for each number of each array."""
    measured = []
    for i, weight in enumerate(weights):
        slope = np.empty(weight.shape)
        for place in np.ndindex(weight.shape):
            ends = []
            for side in (h, -h):
                moved = [w.copy() for w in weights]
                moved[i][place] += side
                ends.append(float(function(*moved, X.copy(), y.copy())[0]))
            slope[place] = (ends[0] - ends[1]) / (2 * h)
        measured.append(slope)
    return measured


EXERCISES = {
    "06.1": Exercise(
        is_a_mean,
        solution=mean_gradient,
        wrong=summed_gradient,
        praise="Now η means the same for every batch size.",
    ),
    "06.2": Exercise(
        is_shuffled,
        solution=shuffled_rows,
        wrong=sorted_rows,
        praise="Every row once in an epoch, and in a new order each time.",
    ),
    "06.3": Exercise(
        steps_once,
        solution=Momentum,
        wrong=SteppingTwice,
        praise="η acts once.",
    ),
    "06.4": Exercise(
        number(
            2778,
            2778,
            "Too few. Count the biases as well: each layer has one for each of its outputs.",
            "Too many. Each layer has (inputs + 1) · outputs parameters; the input itself has none.",
        ),
        solution=2778,
        wrong=2720,
        praise="65 · 32 + 33 · 16 + 17 · 10.",
    ),
    "06.5": Exercise(
        choice(
            "b",
            {
                "a": "The difference of the means, 0.007, is as uncertain as ± 0.005. Other seeds may turn it round.",
                "c": "Not seeing a difference is not the same as seeing that there is none.",
            },
        ),
        solution="b",
        wrong="a",
        praise="More seeds, or a larger test set, could decide it.",
    ),
    "06.6": Exercise(
        steps_like_lion,
        solution=Lion,
        wrong=lion(keep=0.9),
        praise="Race it: `race(ravine(kappa=20), Lion(lr=0.02))`.",
    ),
    "06.7": Exercise(
        is_backpropagation,
        solution=backpropagated,
        wrong=without_the_slope,
        praise="All four slopes are those of your own loss. That is backpropagation.",
    ),
}
