"""Walks on the problems that the real libraries were recorded on, and their comparison with what was recorded."""

import numpy as np

from .averages_entries import ALL, NETWORK_STEPS
from .nested_entries import COLUMNS
from .problems import STEPS


def walk(optimizer, problem, start=None):
    """θ of 200 steps, on a problem with a start and ``grad(theta, k)``."""
    theta = problem.start if start is None else start
    state = optimizer.init(theta)
    path = [theta]
    for k in range(STEPS):
        theta, state = optimizer.step(theta, lambda at, k=k: problem.grad(at, k), state, k)
        path.append(theta)
    return np.array(path)


def assert_recorded(optimizer, entry, problem, recorded):
    """That a walk on a problem of `averages_entries.ALL` is the recorded one: at the steps that are kept of each."""
    path = walk(optimizer, ALL[problem])
    if problem == "network":
        path, wanted = path[NETWORK_STEPS], recorded[f"{entry}, network"]
    else:
        path, wanted = path[recorded["steps"]], recorded[entry][:, COLUMNS[problem]]
    np.testing.assert_allclose(path, wanted, rtol=1e-10, atol=1e-12)
