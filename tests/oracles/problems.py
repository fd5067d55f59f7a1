"""The three test problems on which the library trajectories were recorded.

Every gradient is a plain formula, written element by element (no BLAS, no
automatic differentiation), so that the recorder can hand *the same numbers*
to every library and a comparison sees nothing but the update rules.

``grad(theta, k)`` is the gradient used in step ``k = 0, 1, 2, ...``.  Only the
noisy problem depends on ``k``: there ``k`` selects the mini-batch.
"""

import numpy as np

STEPS = 200


class Quadratic:
    """½(u² + 20w²), where (u, w) are the axes (x, y) turned by 30°."""

    name = "quadratic"
    start = np.array([-1.0, 0.53])

    def grad(self, theta, k=0):
        x, y = theta
        c, s = np.sqrt(3.0) / 2.0, 0.5
        u, w = c * x + s * y, -s * x + c * y
        return np.array([c * u - s * 20.0 * w, s * u + c * 20.0 * w])


class Rosenbrock:
    """(1 - x)² + 100(y - x²)²."""

    name = "rosenbrock"
    start = np.array([-1.5, 2.0])

    def grad(self, theta, k=0):
        x, y = theta
        r = y - x * x
        return np.array([-2.0 * (1.0 - x) - 400.0 * x * r, 200.0 * r])


class NoisyLogistic:
    """Logistic regression, 100 points, a fixed sequence of batches of 10.

    Three weights: two features on different scales, and a constant.
    """

    name = "logistic"
    start = np.array([0.0, 0.0, 0.0])

    def __init__(self):
        rng = np.random.default_rng(0)
        features = rng.standard_normal((100, 2)) * np.array([1.0, 3.0])
        self.X = np.column_stack([features, np.ones(100)])
        score = 1.5 * self.X[:, 0] - 0.5 * self.X[:, 1] + 0.3
        self.y = (score + rng.logistic(size=100) > 0).astype(float)
        self.batches = np.array([rng.choice(100, size=10, replace=False) for _ in range(STEPS)])

    def grad(self, theta, k=0):
        X, y = self.X[self.batches[k]], self.y[self.batches[k]]
        score = X[:, 0] * theta[0] + X[:, 1] * theta[1] + X[:, 2] * theta[2]
        residual = 1.0 / (1.0 + np.exp(-score)) - y
        return (X * residual[:, None]).mean(axis=0)


PROBLEMS = {p.name: p for p in (Quadratic(), Rosenbrock(), NoisyLogistic())}


def decayed(lr):
    """The learning rate schedule of the ``decay`` entries: lr / (1 + 0.1 k)."""
    return lambda k: lr / (1.0 + 0.1 * k)
