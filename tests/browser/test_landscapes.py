"""The labs of notebook 10: what keys and the mouse make of them, against loops in NumPy."""

from functools import cache

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.sparse.linalg import LinearOperator, eigsh

from optimlab.data import digits

from .moves import after, drag, shows

CELLS = {
    "plane": "from optimlab import plane_lab\nplane_lab()",
    "shadow": "from optimlab import Adam, GradientDescent, shadow_lab\n"
    "shadow_lab([GradientDescent(0.3), Adam(0.01)], steps=20)",
    "pca": "from optimlab import pca_lab\npca_lab(steps=60)",
    "line": "from optimlab import line_lab\nline_lab(16)",
    "catapult": "from optimlab import catapult_lab\ncatapult_lab()",
    "edge": "from optimlab import edge_lab\nedge_lab(0.6, 0.4, t1=100, t2=300, gamma=0.05, steps=500)",
    "live_edge": "from optimlab import live_edge\nlive_edge(steps=2000)",
    "river": "from optimlab import river_lab\nriver_lab(steps=200)",
    "bulk": "from optimlab import bulk_lab\nbulk_lab(before=20, steps=20)",
}
show = shows("landscapes.ipynb", CELLS)
TINY = 1e-20


class ByHand:
    """A network (64, h, 10) on digits, θ flat as W₁, b₁, W₂, b₂; θ may be complex."""

    def __init__(self, hidden, tanh=False, squared=False, count=1297, centred=False):
        self.hidden, self.tanh, self.squared = hidden, tanh, squared
        data = digits()
        self.X, self.y = data.X[:count] - centred * data.X[:count].mean(axis=0), data.y[:count]
        self.X_test, self.y_test = data.X_test, data.y_test
        self.size = 75 * hidden + 10

    def start(self, seed):
        random, h = np.random.default_rng(seed), self.hidden
        sigma = [np.sqrt(2 / (n + self.tanh * m)) for n, m in ((64, h), (h, 10))]
        W, V = random.normal(0, sigma[0], 64 * h), random.normal(0, sigma[1], 10 * h)
        return np.concatenate([W, np.zeros(h), V, np.zeros(10)])

    def parts(self, theta):
        W, b, V, c = np.split(theta, np.cumsum([64, 1, 10]) * self.hidden)
        return W.reshape(64, -1), b, V.reshape(-1, 10), c

    def forward(self, theta, X):
        W, b, V, c = self.parts(theta)
        z = X @ W + b
        a = np.tanh(z) if self.tanh else z * (z.real > 0)
        return a, a @ V + c

    def loss(self, theta):
        out = self.forward(theta, self.X)[1]
        if self.squared:
            return np.sum((out - np.eye(10)[self.y]) ** 2) / (2 * len(self.y))
        return np.mean(np.log(np.exp(out).sum(axis=1)) - out[np.arange(len(self.y)), self.y])

    def gradient(self, theta, rows=slice(None)):
        X, y, V = self.X[rows], self.y[rows], self.parts(theta)[2]
        a, out = self.forward(theta, X)
        e = np.exp(out)
        p = out if self.squared else e / e.sum(axis=1, keepdims=True)
        delta = (p - np.eye(10)[y]) / len(y)
        back = delta @ V.T * (1 - a**2 if self.tanh else a.real > 0)
        each = X.T @ back, back.sum(axis=0), a.T @ delta, delta.sum(axis=0)
        return np.concatenate([part.ravel() for part in each])

    def eigen(self, theta, k=1, which="LM"):
        """The first k eigenvalues of the Hessian and their directions, by products that are exact: Im ∇L(θ + ihv)/h."""

        def product(v):
            return self.gradient(theta + TINY * 1j * v).imag / TINY

        H = LinearOperator((self.size, self.size), matvec=product, dtype=float)
        values, U = eigsh(H, k, which=which, v0=np.random.default_rng(5).normal(size=self.size), tol=1e-6)
        order = np.argsort(-np.abs(values))
        return values[order], U[:, order]

    def error(self, theta):
        return np.mean(self.forward(theta, self.X_test)[1].argmax(axis=1) != self.y_test)

    def batches(self, size, seed, steps):
        """The rows of each step, shuffled anew in each epoch."""
        random, found, n = np.random.default_rng([seed, 1]), [], len(self.y)
        while len(found) < steps:
            found += np.array_split(random.permutation(n), -(-n // size))
        return found[:steps]


def adam():
    """``rule(g)`` is Adam's step for η = 1."""
    m = v = t = 0.0

    def rule(g):
        nonlocal m, v, t
        m, v, t = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2, t + 1
        return m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)

    return rule


def walk(theta, slope, rule, rates, rows):
    """θ before each step, and after the last one."""
    path = [theta]
    for eta, some in zip(rates, rows, strict=True):
        path.append(path[-1] - eta * rule(slope(path[-1], some)))
    return np.array(path)


def falling(eta, steps):
    """η along a cosine, to 0."""
    return eta / 2 * (1 + np.cos(np.pi * np.arange(steps) / steps))


def numbers(stage, source, end="last"):
    return np.array(stage.report()["sources"][source][end], float)


# A plane


@cache
def learned():
    net = ByHand(64, count=400)
    return net, walk(net.start(0), net.gradient, adam(), falling(0.01, 400), net.batches(32, 0, 400))[-1]


def drawn(net, theta, number, normalize, whole=None):
    """Random numbers for weights, as long as θ in each part; where normalize is "none", as all weights of `whole`."""
    own, d = net.parts(theta), net.parts(np.random.default_rng([number, 6]).normal(size=net.size))
    W, V = d[0], d[2]
    if normalize == "none":
        whole = net.parts(whole)
        scale = np.hypot(*(np.linalg.norm(whole[i]) for i in (0, 2))) / np.hypot(np.linalg.norm(W), np.linalg.norm(V))
        W, V = scale * W, scale * V
    else:
        axis = 0 if normalize == "filter" else None
        W = W * np.linalg.norm(own[0], axis=axis) / np.linalg.norm(W, axis=axis)
        V = V * np.linalg.norm(own[2], axis=axis) / np.linalg.norm(V, axis=axis)
    return np.concatenate([W.ravel(), 0 * own[1], V.ravel(), 0 * own[3]])


def test_plane(show):
    stage, (net, one) = show("plane"), learned()
    labels, own = net.forward(one, net.X)[1].argmax(axis=1), net.eigen(one)[0][0]
    moves = (
        lambda: stage.slider("c").press("ArrowRight"),
        lambda: stage.slider("seed").drag(0.5, moves=3),
        lambda: stage.slider("norm.").press("ArrowRight"),
        lambda: stage.slider("c").drag(-0.3, moves=3),
        lambda: stage.slider("norm.").press("End"),
    )
    for values in after(stage, *moves):
        i, seed, c = round(values["normalize"]), round(values["seed"]), values["c"]
        W, b, V, last = net.parts(one)
        theta = np.concatenate([c * W.ravel(), c * b, V.ravel() / c, last])
        d, first = ([drawn(net, at, n, ("none", "layer", "filter")[i], one) for n in range(16)] for at in (theta, one))
        cells = (np.arange(27) - 13) * 2 / 27
        for end, row in (("first", cells[0]), ("last", cells[-1])):
            heights = [net.loss(theta + phi * d[2 * seed] + row * d[2 * seed + 1]) for phi in cells]
            assert numbers(stage, "plane", end) == pytest.approx(100 * np.array(heights), rel=1e-4)
            phi = np.sign(row)
            assert numbers(stage, "now", end) == pytest.approx([phi, net.loss(theta + phi * d[2 * seed])], rel=1e-4)
            height = net.loss(one + phi * first[2 * seed])
            assert numbers(stage, "reference", end) == pytest.approx([phi, height], rel=1e-4)
        mean, mean1 = (
            np.mean([net.loss(at + s * one / 2) for one in some for s in (1, -1)])
            for at, some in ((theta, d), (one, first))
        )
        assert numbers(stage, "rings") == pytest.approx([0.5, mean], rel=1e-4)
        line = np.full(3, np.nan)
        line[i] = mean
        assert numbers(stage, "mean") == pytest.approx(line, rel=1e-4, nan_ok=True)
        height, changed = net.loss(theta), np.sum(net.forward(theta, net.X)[1].argmax(axis=1) != labels)
        assert changed == 0
        told = [height, changed, mean - height, net.eigen(theta)[0][0]]
        assert numbers(stage, "measured") == pytest.approx(told, rel=1e-3)
        assert numbers(stage, "first") == pytest.approx([height, 0, mean1 - height, own], rel=1e-3)


# Shadows


def principal(path, count):
    """Shares, components and directions; the path ends on the positive side."""
    centred = path - path.mean(axis=0)
    s, D = np.linalg.svd(centred, full_matrices=False)[1:]
    D = D[:count] * np.sign(D[:count] @ centred[-1])[:, None]
    return (s**2 / np.sum(s**2))[:count], centred @ D.T, D


def test_shadow(show):
    stage, net = show("shadow"), ByHand(32, count=400)
    rows, runs = net.batches(32, 0, 20), ((lambda: lambda g: g, 0.3), (adam, 0.01))
    paths = [walk(net.start(0), net.gradient, rule(), [eta] * 20, rows) for rule, eta in runs]
    planes = [principal(path, 2)[2] for path in paths]
    everywhere = np.concatenate([(p - own[-1]) @ D.T for own, D in zip(paths, planes, strict=True) for p in paths])
    low, high = everywhere.min(axis=0), everywhere.max(axis=0)
    half = (high - low) / 2
    half = np.maximum(half, 0.55 * half.max()) + 0.06 * half.max()
    moves = (
        lambda: stage.slider("run").press("ArrowRight"),
        lambda: stage.slider("seed").press("ArrowRight"),
        lambda: stage.slider("seed").drag(0.4),
        lambda: stage.slider("run").press("Home"),
    )
    for values in after(stage, *moves):
        run, seed = round(values["run"]) - 1, round(values["seed"])
        path, D = paths[run], planes[run]
        A = np.array([drawn(net, path[-1], 2 * seed + i, "filter") for i in (0, 1)])
        A /= np.linalg.norm(A, axis=1, keepdims=True)
        for i, other in enumerate(paths):
            for end, theta in (("first", other[0]), ("last", other[-1])):
                near = (theta - path[-1]) @ D.T
                assert numbers(stage, f"own{i}", end) == pytest.approx(near, rel=1e-4, abs=1e-5)
                near = np.linalg.solve(A @ A.T, A @ (theta - path[-1]))
                assert numbers(stage, f"random{i}", end) == pytest.approx(near, rel=1e-4, abs=1e-5)
        way = np.sum(np.linalg.norm(np.diff(path, axis=0), axis=1))
        told = [net.loss(path[-1]), way, np.linalg.norm(path[-1] - path[0])]
        assert numbers(stage, "L") == pytest.approx(told, rel=1e-4)
        phi = (path[0] - path[-1]) @ D.T
        assert numbers(stage, "shadow", "first") == pytest.approx(net.loss(path[-1] + phi @ D), rel=1e-4)
        foot = path[-1] + np.linalg.solve(A @ A.T, A @ (path[0] - path[-1])) @ A
        assert numbers(stage, "random", "first") == pytest.approx(net.loss(foot), rel=1e-4)
        rule, eta = runs[run]

        def slope(phi, some, path=path, D=D):
            return D @ net.gradient(path[-1] + phi @ D, some)

        held = walk(phi, slope, rule(), [eta] * 20, rows)[-1]
        assert numbers(stage, "held") == pytest.approx([*held, net.loss(path[-1] + held @ D)], rel=1e-3, abs=1e-5)
        for name, middle, axes in (("principal", (low + high) / 2, D), ("field", np.zeros(2), A)):
            for end, y in (("first", middle[1] - half[1]), ("last", middle[1] + half[1])):
                across = np.linspace(middle[0] - half[0], middle[0] + half[0], 29)
                heights = [net.loss(path[-1] + x * axes[0] + y * axes[1]) for x in across]
                assert numbers(stage, name, end) == pytest.approx(heights, rel=1e-4)


# Behind the curtain


def random_walk(number, drift):
    """Of the seed 0, as many steps and dimensions as the training has."""
    random = np.random.default_rng(int(np.random.default_rng([0, number]).integers(2**32)))
    u = random.normal(size=4810)
    moves = random.normal(0, 1 / np.sqrt(4810), (60, 4810)) + drift * u / np.linalg.norm(u)
    return np.concatenate([np.zeros((1, 4810)), np.cumsum(moves, axis=0)])


def test_pca(show):
    stage, net = show("pca"), ByHand(64)
    paths = {
        "training": walk(net.start(0), net.gradient, adam(), [0.003] * 60, net.batches(32, 0, 60)),
        "walk": random_walk(1, 0.0),
    }
    rows = dict(zip((*paths, "drift"), np.random.default_rng(0).permutation(3), strict=True))
    hidden = {"ABC"[row]: numbers(stage, "ABC"[row]) for row in rows.values()}
    assert all(np.isnan(numbers(stage, kind)).all() for kind in rows)
    moves = (
        lambda: stage.slider("reveal").press("End"),
        lambda: stage.slider("i").press("ArrowRight"),
        lambda: stage.slider("v").drag(0.3),
        lambda: stage.slider("i").press("End"),
        lambda: stage.slider("v").press("Home"),
    )
    for values in after(stage, *moves):
        i, v = round(values["first"]), values["drift"]
        paths["drift"] = random_walk(2, v)
        for kind, path in paths.items():
            shares, components, _ = principal(path, 5)
            pair, top = components[:, i - 1 : i + 1], 2 - rows[kind] + 0.39
            wide, high = np.ptp(pair, axis=0)
            scale, middle = min(2.76 / wide, 0.72 / high), (pair.min(axis=0) + pair.max(axis=0)) / 2
            for end, at in (("first", 0), ("last", -1)):
                x, y = scale * (pair[at] - middle)
                share = components[at, i - 1] / np.abs(components[:, i - 1]).max()
                assert numbers(stage, kind, end) == pytest.approx([x, y + top, share], rel=1e-3, abs=1e-4)
            told = [3 - rows[kind], *shares[:4], 0]
            assert numbers(stage, f"{kind} told") == pytest.approx(told, rel=1e-3)
            if i == 1 and v == pytest.approx(0.1):  # it is the path that was behind the curtain
                assert hidden["ABC"[rows[kind]]] == pytest.approx(numbers(stage, kind)[:2], abs=1e-5)
        assert numbers(stage, "cosine") == pytest.approx((-1) ** i * np.cos(np.pi * i * 60.5 / 61), rel=1e-4)
        assert numbers(stage, "rings", "first") == pytest.approx([1, 6 / np.pi**2], rel=1e-4)
        ratio = v**2 * 60 / 2
        assert numbers(stage, "rings") == pytest.approx([2, (6 / np.pi**2 + ratio) / (1 + ratio)], rel=1e-4)
        assert np.isnan([*numbers(stage, "curtain"), *numbers(stage, "A")]).all()


# The line


@cache
def at_end(width, start, first, second, k):
    """θ of a network that has been trained with the first k batches of one seed, and then those of another."""
    net = ByHand(width)
    rows = net.batches(32, first, 410)[:k] + net.batches(32, second, 410)[k:]
    return walk(net.start(start), net.gradient, adam(), falling(0.01, 410), rows)[-1]


def renamed(net, a, b):
    (W, c, V, _), (X, d, Y, last) = net.parts(a), net.parts(b)
    order = linear_sum_assignment(-(W.T @ X + np.outer(c, d) + V @ Y.T))[1]
    return np.concatenate([X[:, order].ravel(), d[order], Y[order].ravel(), last])


def test_line(show):
    stage = show("line")
    moves = (
        lambda: stage.slider("α").press("ArrowLeft"),
        lambda: stage.slider("pair").press("ArrowRight"),
        lambda: stage.slider("h").press("ArrowRight"),
        lambda: stage.slider("inits").press("Home"),
        lambda: stage.slider("k").press("ArrowRight"),
        lambda: stage.slider("α").drag(0.2),
        lambda: stage.slider("h").press("Home"),
    )
    for values in after(stage, *moves):
        width, inits, k, pair = (round(values[name]) for name in ("width", "inits", "k", "pair"))
        net, alpha, one = ByHand(width), values["alpha"], 2 * pair - 2
        a, b = at_end(width, one, one, one, 0), at_end(width, one + inits - 1, one, one + 1, k)
        barriers = []
        for way, end in (("raw", b), ("matched", renamed(net, a, b))):
            losses = [net.loss((1 - x) * a + x * end) for x in np.linspace(0, 1, 21)]
            barriers.append(max(losses - np.linspace(losses[0], losses[-1], 21)))
            here = (1 - alpha) * a + alpha * end
            for source, at, x in ((way, "first", 0), (way, "last", 1), (f"{way} at α", "last", alpha)):
                place = (1 - x) * a + x * end
                told = numbers(stage, source, at)
                assert told[:2] == pytest.approx([x, net.loss(place)], rel=1e-3)
                assert told[2] == pytest.approx(net.error(place), abs=0.0041)  # two of 500
                assert len(told) == 3 or told[3] == pytest.approx(losses[-x], rel=1e-3)
            assert numbers(stage, f"{way} error") == pytest.approx([alpha, net.error(here)], abs=0.0041)
        assert numbers(stage, "barriers") == pytest.approx(barriers, rel=1e-3, abs=1e-5)
        W, _, V, _ = net.parts(a)
        strong = np.argsort(-np.linalg.norm(W, axis=0) * np.linalg.norm(V, axis=1))[:6]
        lowest = np.full((6, 9), np.nan)
        lowest[:, :8] = 10 ** net.parts(here)[0][56:, strong].T  # the last row of pixels, matched
        assert numbers(stage, "units", "first") == pytest.approx(lowest.ravel()[:-1], rel=1e-2, nan_ok=True)
        assert np.isnan(numbers(stage, "units")).all()


# The catapult


def sharp(x, y):
    """The larger eigenvalue of the Hessian of ½(xy−1)²; NaN where the descent has gone."""
    H = np.array([[y * y, 2 * x * y - 1], [2 * x * y - 1, x * x]])
    return np.linalg.eigvalsh(H)[-1] if np.isfinite(H).all() else np.nan


def thrown(values, eta, steps):
    (x, y), u, v = values["start"], 0.0, 0.0
    with np.errstate(all="ignore"):
        for _ in range(steps):
            r = np.float64(x * y - 1)
            u, v = values["gamma"] * u + r * y, values["gamma"] * v + r * x
            x, y = x - eta * u, y - eta * v
    return x, y


def test_catapult(show):
    stage = show("catapult")
    moves = (
        lambda: stage.handle.press("ArrowLeft"),
        lambda: drag(stage, stage.handle, -12, 9),
        lambda: stage.slider("η").press("ArrowRight"),
        lambda: stage.slider("η").drag(-0.2),
        lambda: stage.slider("γ").press("ArrowRight"),
        lambda: drag(stage, stage.handle, -60, -30),
    )
    for values in after(stage, *moves):
        eta, gamma, (x, y) = values["eta"], values["gamma"], values["start"]
        (p, q), factor = thrown(values, eta, 60), 2 + 2 * gamma
        flow, error = np.sqrt((p * p - q * q) ** 2 + 4), 0.5 * (p * q - 1) ** 2
        wanted = [p, q, error, sharp(p, q), flow, p * p - q * q, eta]
        assert numbers(stage, "descent") == pytest.approx(wanted, rel=1e-3, abs=1e-6)
        first = sharp(x, y)
        row = [first, factor / first, 4 / first, factor / eta, 0.5 * (x * y - 1) ** 2]
        assert numbers(stage, "lines") == pytest.approx(row, rel=1e-4)
        assert numbers(stage, "circle", "first") == pytest.approx([np.sqrt(factor / eta), 0], rel=1e-4, abs=1e-6)
        p, q = numbers(stage, "ellipse", "first")
        if gamma:
            assert np.isnan([p, q]).all()
        else:  # on the diagonal
            assert p == pytest.approx(q) and p**2 + q**2 - eta * (p * q - 1) == pytest.approx(4 / eta, rel=1e-4)
        for end, rate in (("first", 0.005), ("last", 0.35)):
            assert numbers(stage, "bound", end) == pytest.approx([rate, factor / rate], rel=1e-4)
            still = [rate, sharp(*thrown(values, rate, 400))]
            assert numbers(stage, "ends", end) == pytest.approx(still, rel=1e-3, nan_ok=True)


# The edge


def measured(k, since):
    """The last step, up to k, at which the sharpness is measured, where η has been the same since some step."""
    return next(j for j in range(k, -1, -1) if j % 20 == 0 or (since <= j < since + 80 and (j - since) % 4 == 0))


def on_the_edge():
    return ByHand(32, tanh=True, squared=True, count=400, centred=True)


def heavy(net, rates, gamma):
    """θ at the steps of a descent with momentum."""
    v = 0.0

    def rule(g):
        nonlocal v
        v = gamma * v + g
        return v

    return walk(net.start(0), lambda theta, _: net.gradient(theta), rule, rates, [None] * len(rates))


def cosine(net, path, k, changes):
    """Of the gradient and the top direction where it was measured last, without its sign."""
    since = max([0] + [change for change in changes if change <= k])
    u, g = net.eigen(path[measured(k, since)], which="LA")[1][:, 0], net.gradient(path[k])
    return abs(u @ g) / np.linalg.norm(g)


def test_edge(show):
    stage, net = show("edge"), on_the_edge()
    moves = (
        lambda: stage.slider("η₁").press("ArrowLeft"),
        lambda: stage.slider("η₂").drag(-0.1, moves=2),
        lambda: stage.slider("γ").press("ArrowRight"),
        lambda: stage.slider("t₁").press("ArrowRight"),
        lambda: stage.slider("t₂").press("End"),
    )
    for values in after(stage, *moves):
        t1, t2, gamma = round(values["t1"]), round(values["t2"]), values["gamma"]
        eta = np.full(501, values["eta1"])
        eta[t1 : t2 if t2 < 500 else None] = values["eta2"]
        path = heavy(net, eta[:-1], gamma)
        changes, at = [t1, t2] if t2 < 500 else [t1, np.nan], t2 if t2 < 500 else t1
        np.testing.assert_array_equal(numbers(stage, "changes"), [*changes, 0])

        for end, k in (("first", 0), ("last", 500)):
            loss, sharpness, cos, edge = numbers(stage, "walk", end)
            assert loss == pytest.approx(net.loss(path[k]), rel=1e-3)
            assert sharpness == pytest.approx(net.eigen(path[k], which="LA")[0][0], rel=0.03)
            assert abs(cos) == pytest.approx(cosine(net, path, k, changes), abs=0.02)
            assert edge == pytest.approx((2 + 2 * gamma) / eta[k], rel=1e-5)
        for end, k in (("first", -10), ("last", 70)):
            x, cos = numbers(stage, "close", end)
            assert x == k and abs(cos) == pytest.approx(cosine(net, path, at + k, changes), abs=0.02)


def told_at(net, path, k, since):
    """The largest loss of the 5 steps from k on, and the sharpness where it was measured last, or first among them."""
    near = [j for j in range(k, k + 5) if measured(j, since) == j] or [measured(k, since)]
    return max(net.loss(theta) for theta in path[k : k + 5]), net.eigen(path[near[0]], which="LA")[0][0]


def test_live_edge(show):
    stage, net = show("live_edge"), on_the_edge()
    button = stage.root.locator(".widget-play button").first

    def count():
        return stage.report()["sources"]["walk"]["shape"][0]

    def wait_rows(least):
        stage.wait("(lab, n) => lab.querySelector('.optimlab-stage').optimlab().sources.walk.shape[0] >= n", least)

    assert count() == 0 and numbers(stage, "now") == pytest.approx([4])
    before = stage.picture()
    button.click()
    wait_rows(12)
    earliest = count() // 4
    stage.slider("η").press("PageUp")
    eta = stage.values()["eta"]
    assert eta > 0.52
    wait_rows(count() + 12)
    button.click()
    many = count()
    while many != (many := (stage.page.wait_for_timeout(500), count())[1]):
        pass  # the last beats are still on their way
    stage.wait_fresh()
    assert all(stage.picture().differs(before))
    assert numbers(stage, "now") == pytest.approx([2 / eta], rel=1e-5)
    k, highest, sharpness, edge = numbers(stage, "walk")
    assert k == 5 * (many - 1) and edge == pytest.approx(2 / eta, rel=1e-5)
    ways = []  # the clock's beat from which on η was the new one is not known
    for beat in range(earliest, many // 4):
        path = heavy(net, [0.5] * (20 * beat) + [eta] * (5 * many - 20 * beat), 0.0)
        ways.append(told_at(net, path, 5 * (many - 1), 20 * beat))
    assert any([highest, sharpness] == pytest.approx(way, rel=0.01) for way in ways), ways
    assert [highest] in [pytest.approx([way[0]], rel=1e-4) for way in ways]
    first = [0, *told_at(net, path, 0, 0), 4]
    assert numbers(stage, "walk", "first") == pytest.approx(first, rel=1e-3)
    stage.slider("η").press("ArrowLeft")  # nothing comes of it but another line
    stage.wait_fresh()
    assert numbers(stage, "now")[0] > 2 / eta and count() == many


# The river


def test_river(show):
    stage = show("river")
    moves = (
        lambda: stage.handle.press("ArrowLeft"),
        lambda: drag(stage, stage.handle, -60, 0),
        lambda: stage.slider("D").press("ArrowRight"),
        lambda: stage.slider("η").press("ArrowLeft"),
        lambda: stage.slider("η′").drag(0.2),
        lambda: stage.slider("σ").press("ArrowLeft"),
        lambda: stage.slider("D").press("End"),
    )
    for values in after(stage, *moves):
        at, peak, sigma = round(values["decay"][0]), values["eta"], values["sigma"]
        end = min(at + round(values["length"]), 200)
        assert numbers(stage, "span") == pytest.approx([at, end])
        k = np.arange(201)
        decayed = peak * np.clip((end - k) / (end - at), 0, 1)
        rates = np.stack([decayed, peak / 2 * (1 + np.cos(np.pi * k / 200)), np.full(201, values["small"])], axis=1)
        x, y, square = np.zeros(3), np.full(3, 0.5), np.full(3, 0.25)
        smooth = 1 + 5 * square
        for t, eta in enumerate(rates[:-1]):
            xi = round(np.random.default_rng([0, t]).normal(size=2)[1], 3)
            x, y = x + eta / 8 * np.exp(-x / 8), y - eta * (10 * y + sigma * xi)
            square = (1 - 10 * eta) ** 2 * square + (eta * sigma) ** 2
            smooth = 0.95 * smooth + 0.05 * (np.exp(-x / 8) + 5 * y**2)
        along, across = np.exp(-x / 8), 5 * square
        wanted = [*x, *y, *smooth, *(along + across), *along, *across, *rates[-1]]
        assert numbers(stage, "runs") == pytest.approx(wanted, rel=1e-4, abs=1e-6)


# Ten steep directions


def test_bulk(show):
    stage, net = show("bulk"), ByHand(16, tanh=True, count=400, centred=True)
    moves = (
        lambda: stage.slider("k").press("ArrowRight"),
        lambda: stage.slider("s").drag(0.5, moves=3),
        lambda: stage.slider("η").press("ArrowRight"),
        lambda: stage.slider("T₀").press("ArrowLeft"),
        lambda: stage.slider("B").drag(0.3, moves=2),
    )
    for values in after(stage, *moves):
        k, eta, before, s = round(values["k"]), values["eta"], round(values["before"]), values["stretch"]
        rows = net.batches(round(values["batch"]), 0, before + 21)
        start = walk(net.start(0), net.gradient, lambda g: g, [eta] * before, rows[:before])[-1]
        spectrum, steepest = net.eigen(start, 30)
        assert numbers(stage, "spectrum") == pytest.approx([30, abs(spectrum[-1] / spectrum[0])], rel=0.03)
        assert numbers(stage, "chance") == pytest.approx([k / 1210], rel=1e-5)
        for part in ("SGD", "Dom", "Bulk"):
            theta = start
            for t, some in enumerate(rows[before:]):
                if t % 10 == 0:
                    U = net.eigen(theta, k)[1] if t else steepest[:, :k]
                g = net.gradient(theta, some)
                if t == 20:
                    break
                kept = {"SGD": g, "Dom": U @ (U.T @ g), "Bulk": g - U @ (U.T @ g)}[part]
                stretch = 1.0 if part == "SGD" else (np.linalg.norm(g) / np.linalg.norm(kept)) ** s
                theta = theta - eta * stretch * kept
            assert numbers(stage, part, "first") == pytest.approx([net.loss(start)], rel=1e-5)
            assert numbers(stage, part) == pytest.approx([net.loss(theta)], rel=1e-5 if part == "SGD" else 3e-3)
            if part == "SGD":
                whole = net.gradient(theta)
                told = [np.sum((U.T @ one) ** 2) / (one @ one) for one in (g, whole)]
                assert numbers(stage, "shares") == pytest.approx(told, abs=0.02)
