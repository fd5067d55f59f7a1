"""The labs of momentum's theory: what keys and the mouse make of them, against loops in NumPy."""

import numpy as np
import pytest

from .moves import after, drag, shows

CELLS = {
    "spring": "from optimlab import spring_lab\nspring_lab(0.3, 0.8, steps=40)",
    "phase": "from optimlab import phase_lab\nphase_lab(50, 2.0, 0.6, steps=40)",
    "eigen": "from optimlab import eigen_lab, ravine\neigen_lab(ravine(kappa=50, angle=30), steps=40)",
    "bars": 'from optimlab import diabetes, eigen_lab\neigen_lab(diabetes("standard", inputs="all"), steps=60)',
    "cycle": "from optimlab import cycle_lab\ncycle_lab(100, 3.2, 0.75, steps=40)",
    "batch": "from optimlab import batch_momentum_lab\nbatch_momentum_lab(64, dim=12)",
    "steps": "from optimlab import steps_lab\nsteps_lab(100, 16)",
}


show = shows("theory.ipynb", CELLS)


def heavy_ball(gradient, start, eta, gamma, steps, velocity=0.0):
    """All positions, by the two lines of the rule."""
    path, v = [np.asarray(start, float)], np.asarray(velocity, float)
    for _ in range(steps):
        v = gamma * v + eta * gradient(path[-1])
        path.append(path[-1] - v)
    return np.array(path)


def along(curvature):
    return lambda x: curvature * x


def test_spring(show):
    stage = show("spring")
    eta, gamma = stage.slider("ηλ"), stage.slider("γ")
    for values in after(stage, lambda: eta.press("ArrowRight"), lambda: eta.drag(0.3), lambda: gamma.press("End")):
        path = heavy_ball(along(1.0), 1.0, values["x"], values["gamma"], 40)
        assert stage.last("error") == pytest.approx([path[-1]], rel=1e-9)
        half = (1 + values["gamma"] - values["x"]) / 2
        roots = np.roots([1, -2 * half, values["gamma"]])
        told = np.array([stage.report()["sources"]["roots"][which][:2] for which in ("first", "last")])
        np.testing.assert_allclose(np.sort_complex(told @ [1, 1j]), np.sort_complex(roots), atol=1e-7)


def test_phase_diagram(show):
    stage = show("phase")
    moves = (
        lambda: stage.handle.press("Shift+ArrowRight"),
        lambda: drag(stage, stage.handle, -30, 20),
        lambda: stage.slider("κ").press("ArrowLeft"),
    )
    for values in after(stage, *moves):
        (x, gamma), kappa = values["dot"], values["kappa"]
        for name, curvature in (("steep", 1.0), ("flat", 1 / kappa)):
            path = heavy_ball(along(curvature), 1.0, x, gamma, 40)
            assert stage.last(name) == pytest.approx([path[-1]], rel=1e-7, abs=1e-12)


def test_eigen_directions_of_a_ravine(show):
    stage = show("eigen")
    left, right = stage.root.locator(".optimlab-handle").all()
    moves = (
        lambda: left.press("Shift+ArrowUp"),
        lambda: drag(stage, right, -20, 15),
        lambda: stage.slider("γ").press("ArrowLeft"),
        lambda: stage.slider("angle").press("ArrowRight"),
    )
    for values in after(stage, *moves):
        kappa, angle = values["kappa"], np.deg2rad(values["angle"])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        hessian = turn @ np.diag([1.0, kappa]) @ turn.T
        eta = values["ratio"] * 4 / (1 + np.sqrt(kappa)) ** 2
        path = heavy_ball(lambda x: hessian @ x, values["start"], eta, values["gamma"], 40)  # noqa: B023
        own = turn.T @ path[-1]
        told = stage.last("walk")
        assert told[:4] == pytest.approx([*path[-1], *own], rel=1e-8, abs=1e-12)
        assert told[6:8] == pytest.approx(np.abs(own), rel=1e-5, abs=1e-9)  # what theory says


def test_eigen_directions_of_data(show):
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X, y = X / X.std(axis=0), (y - y.mean()) / y.std()
    curvatures, directions = np.linalg.eigh(X.T @ X / len(y))
    start = np.abs(directions.T @ np.linalg.lstsq(X, y, rcond=None)[0])
    stage = show("bars")
    eta, gamma = stage.slider("ηλ"), stage.slider("γ")
    for values in after(stage, lambda: eta.press("ArrowLeft"), lambda: gamma.drag(-0.2)):
        path = heavy_ball(along(curvatures), start, values["x"] / curvatures[-1], values["gamma"], 60)
        told, expected = stage.last("walk"), np.abs(path[-1]) / np.linalg.norm(start)
        assert sorted(told[:10]) == pytest.approx(sorted(expected), rel=1e-6, abs=1e-12)
        assert told[10] == pytest.approx(np.linalg.norm(expected), rel=1e-6)


def onto_triangle(x, corners):
    """The place of the triangle that is nearest to x: of its inside, its edges, its corners."""
    ends = np.roll(corners, -1, axis=0)
    edges = ends - corners
    if np.all(edges[:, 0] * (x - corners)[:, 1] >= edges[:, 1] * (x - corners)[:, 0]):
        return x
    share = np.clip(((x - corners) * edges).sum(axis=1) / (edges**2).sum(axis=1), 0, 1)
    near = corners + share[:, None] * edges
    return near[np.argmin(np.linalg.norm(near - x, axis=1))]


def test_cycle(show):
    stage = show("cycle")
    dot, start = stage.root.locator(".optimlab-handle").all()
    moves = (
        lambda: dot.press("ArrowRight"),
        lambda: drag(stage, start, -12, 8),
        lambda: stage.slider("push").press("ArrowLeft"),
    )
    turn = 2 * np.pi / 3
    points = np.array([[np.cos(turn * t), np.sin(turn * t)] for t in range(3)])
    for values in after(stage, *moves):
        (eta, gamma), mu = values["dot"], 1 / values["kappa"]
        assert stage.report()["sources"]["count"]["last"][0] == 3
        # The corners are visited in turn, so the gradient there is known, and with it the points to project on.
        slopes = ((1 + gamma) * points - gamma * np.roll(points, 1, axis=0) - np.roll(points, -1, axis=0)) / eta
        targets = (slopes - mu * points) / (1 - mu)

        def gradient(x, targets=targets, mu=mu):
            return mu * x + (1 - mu) * onto_triangle(x, targets)

        x = np.array(values["start"], float)
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) @ x
        path = heavy_ball(gradient, x, eta, gamma, 40, velocity=values["push"] * (back - x))
        assert stage.last("Momentum")[:2] == pytest.approx(path[-1], rel=1e-6, abs=1e-9)


def test_batches(show):
    stage = show("batch")
    for values in after(stage, lambda: stage.slider("B").press("ArrowRight"), lambda: stage.slider("B").drag(0.3)):
        told = stage.last("losses")
        first, steps = sum(0.5 / n for n in range(1, 13)), int(told[0])
        assert told[0] > 1
        # Any pair reaches 1 % no sooner than the tuned one: a grid of our own, by the mean of squares.
        plain, heavy = stage.last("chosen")[:2]
        for gamma, least in ((0.0, plain), (0.9, heavy)):
            for eta in np.geomspace(0.01, 1.9, 12):
                assert counted(eta * (1 - gamma), gamma, values["B"], first, steps) >= 0.97 * least


def counted(eta, gamma, batch_size, first, most):
    """Steps to 1 % of the loss, by the second moments of (x, v) along each of twelve curvatures."""
    h = 1 / np.arange(1, 13)
    xx, xv, vv = np.ones(12), np.zeros(12), np.zeros(12)
    for k in range(most):
        if 0.5 * np.sum(h * xx) <= 0.01 * first:
            return k
        a = eta * h
        new_vv = gamma**2 * vv + 2 * gamma * a * xv + a**2 * xx + eta**2 * h / batch_size
        cross = gamma * xv + a * xx  # E[x v⁺]
        xx, xv, vv = xx - 2 * cross + new_vv, cross - new_vv, new_vv
    return most


def test_step_sizes(show):
    stage = show("steps")
    for values in after(stage, lambda: stage.slider("κ").press("ArrowRight"), lambda: stage.slider("κ").drag(-0.3)):
        low = 1 / values["kappa"]
        lam = np.geomspace(low, 1, 12)
        cosines = np.cos((2 * np.arange(16) + 1) * np.pi / 32)
        steps = 1 / ((1 + low) / 2 - (1 - low) / 2 * cosines)
        end = np.linalg.norm(np.prod(1 - steps[:, None] * lam, axis=0)) / np.sqrt(12)
        for order in ("fractal", "random", "small first"):
            for turn in ("straight", "turned"):
                assert stage.last(f"{order} {turn}")[0] == pytest.approx(end, rel=1e-5), (order, turn)
        constant = np.linalg.norm((1 - 2 / (1 + low) * lam) ** 16) / np.sqrt(12)
        assert stage.last("constant straight")[0] == pytest.approx(constant, rel=1e-9)
