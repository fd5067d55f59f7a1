"""The labs of notebook 09: what keys and the mouse make of them, against loops in NumPy."""

import sys
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from optimlab.data import digits

from .moves import after, drag, shows

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from oracles.coefficients import SETS, moved, orthogonal

CELLS = {
    "sign": "from optimlab import sign_lab\nsign_lab(steps=400, copies=100)",
    "memory": "from optimlab import memory_lab\nmemory_lab(steps=60)",
    "newton_schulz": "from optimlab import newton_schulz_lab\nnewton_schulz_lab()",
    "modes": "from optimlab import modes_lab\nmodes_lab(steps=60)",
    "average": "from optimlab import average_lab\naverage_lab(steps=60)",
    "axes": "from optimlab import axes_lab\naxes_lab(steps=60)",
    "fair": "from optimlab import Adam, Nesterov, Network, digits, fair_lab\nfair_lab(Adam(0.01), Nesterov(0.1), "
    "network=Network((64, 8, 10)), data=digits(200), steps=40, rates=2, seeds=2, progress=False)",
}
show = shows("modern.ipynb", CELLS)


def adam(beta1=0.9, beta2=0.999):
    """``rule(g)`` is Adam's step for η = 1."""
    m = v = t = 0.0

    def rule(g):
        nonlocal m, v, t
        m, v, t = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2, t + 1
        return m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + 1e-8)

    return rule


def heavy(gamma):
    v = 0.0

    def rule(g):
        nonlocal v
        v = gamma * v + g
        return v

    return rule


# Signs


def signs(beta, ahead=None):
    """Signum, or Lion, whose step looks at another mean than the one that it keeps."""
    m = 0.0

    def rule(g):
        nonlocal m
        step = np.sign((beta if ahead is None else ahead) * m + (1 - (beta if ahead is None else ahead)) * g)
        m = beta * m + (1 - beta) * g
        return step

    return rule


def test_sign(show):
    stage = show("sign")
    moves = (
        lambda: stage.slider("η").press("ArrowRight"),
        lambda: stage.slider("σ").drag(-0.3),
        lambda: stage.slider("β").press("ArrowLeft"),
        lambda: stage.slider("σ").press("Home"),
    )
    for values in after(stage, *moves):
        eta, sigma = values["eta"], values["sigma"]
        rules = {
            "sign": signs(0.0),
            "Signum": signs(values["beta"]),
            "Lion": signs(0.99, ahead=0.9),
            "Adam": adam(),
            "GradientDescent": lambda g: g,
        }
        floor = np.pi / 16 * eta**2
        floor += np.sqrt(np.pi / 8 * (eta * sigma) ** 2 + floor**2)
        for name, rule in rules.items():
            random = np.random.default_rng(0)
            x, squares = eta * random.uniform(-1, 1, 100), []
            for noise in random.standard_normal((400, 100)):
                x = x - eta * rule(x + sigma * noise)
                squares.append(np.mean(x**2))
            late = np.mean(squares[300:])
            assert stage.last(name) == pytest.approx([400, squares[-1] / floor, late], rel=1e-4)
            assert stage.last(f"{name} dot") == pytest.approx([sigma, np.sqrt(late)], rel=1e-4)
        told = np.array(stage.last("levels"), float)
        assert told[4:] == pytest.approx(told[:4] * floor, rel=1e-5, nan_ok=True)
        assert told[[4, 6, 7]] == pytest.approx([floor, eta * sigma / 2, eta * sigma**2 / (2 - eta)], rel=1e-5)
        assert np.isnan(told[5]) == (eta > 0.3 * sigma)


# A network of one hidden layer, by hand


class ByHand:
    """A network with ReLU, θ as [W₁, b₁, W₂, b₂]."""

    def __init__(self, hidden, seed):
        random = np.random.default_rng(seed)
        W1 = random.normal(0, np.sqrt(2 / 64), (64, hidden))
        W2 = random.normal(0, np.sqrt(2 / hidden), (hidden, 10))
        self.start = [W1, np.zeros(hidden), W2, np.zeros(10)]

    def logits(self, theta, X):
        W1, b1, W2, b2 = theta
        a = np.maximum(X @ W1 + b1, 0)
        return a, a @ W2 + b2

    def loss(self, theta, X, y):
        z = self.logits(theta, X)[1]
        return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y])

    def gradient(self, theta, X, y):
        a, z = self.logits(theta, X)
        p = np.exp(z)
        delta = (p / p.sum(axis=1, keepdims=True) - np.eye(10)[y]) / len(y)
        back = delta @ theta[2].T * (a > 0)
        return [X.T @ back, back.sum(axis=0), a.T @ delta, delta.sum(axis=0)]


def batches(data, seed, steps):
    """Of 32 examples or a few less, shuffled anew in each epoch."""
    random, many = np.random.default_rng([seed, 1]), -(-len(data.X) // 32)
    for k in range(steps):
        if k % many == 0:
            rows = np.array_split(random.permutation(len(data.X)), many)
        yield data.X[rows[k % many]], data.y[rows[k % many]]


# Memory


@cache
def squares():
    """Adam's v̂ of the two weight matrices after each of 60 steps."""
    network = ByHand(64, 0)
    theta, m, v, found = network.start, [0.0] * 4, [0.0] * 4, []
    for t, batch in enumerate(batches(digits(), 0, 60), start=1):
        g = network.gradient(theta, *batch)
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b**2 for a, b in zip(v, g, strict=True)]
        hats = [part / (1 - 0.999**t) for part in v]
        theta = [p - 0.01 * a / (1 - 0.9**t) / (np.sqrt(b) + 1e-8) for p, a, b in zip(theta, m, hats, strict=True)]
        found.append((hats[0], hats[2]))
    return found


def test_memory(show):
    stage = show("memory")
    moves = (
        lambda: stage.slider("t").press("ArrowLeft"),
        lambda: stage.slider("layer").press("ArrowRight"),
        lambda: stage.slider("t").drag(-0.4),
        lambda: stage.slider("N").drag(-0.3),
        lambda: stage.slider("bytes").press("End"),
    )
    for values in after(stage, *moves):
        V = squares()[round(values["t"]) - 1][round(values["layer"]) - 1]
        rows, columns = V.mean(axis=1), V.mean(axis=0)
        copy = rows[:, None] * columns / V.mean()
        for name, wanted in (("full", V), ("copy", copy)):
            first, last = (np.array(stage.report()["sources"][name][end], float) for end in ("first", "last"))
            for shown, row in ((first, wanted[0]), (last, wanted[-1])):
                grey = np.isnan(shown)
                np.testing.assert_array_equal(grey, row == 0)
                np.testing.assert_allclose(shown[~grey], 100 * row[~grey] / V.mean(), rtol=2e-3)
        error, low, middle, high, many, kept = stage.last("fit")
        ratio = np.sqrt(copy[V > 0] / V[V > 0])
        assert error == pytest.approx(np.linalg.norm(copy - V) / np.linalg.norm(V), rel=1e-3)
        assert [low, middle, high] == pytest.approx(np.percentile(ratio, [10, 50, 90]), rel=2e-3)
        assert (many, kept) == (V.size, sum(V.shape))
        N, told = values["parameters"] * 1e9, stage.last("state")
        d = round((128 * N / 12) ** (1 / 3))
        sides = (4 * 2 * d**2 + 2 * 17 * d**2) * N / (12 * d**2)
        means = (4 * 2 * d + 2 * 5 * d) * N / (12 * d**2)
        numbers = np.array([0, means, N, N, N, 2 * sides, 2 * N, 2 * N + 2 * sides])
        assert told[:8] == pytest.approx(numbers * round(values["bytes"]) / 1e9, rel=1e-5)
        assert told[8:] == pytest.approx([d, N / (12 * d**2), N * round(values["bytes"]) / 1e9], rel=1e-5)


# The Newton–Schulz iteration


@cache
def real_values():
    """The singular values of Muon's momentum after 60 steps, over its norm."""
    network = ByHand(64, 0)
    theta, B, adams = network.start, [0.0] * 4, [adam() for _ in range(4)]
    for batch in batches(digits(), 0, 60):
        g = network.gradient(theta, *batch)
        B = [0.95 * old + 0.05 * new for old, new in zip(B, g, strict=True)]
        steps = [orthogonal(0.95 * B[i] + 0.05 * g[i]) if g[i].ndim == 2 else adams[i](g[i]) for i in range(4)]
        theta = [part - 0.02 * step for part, step in zip(theta, steps, strict=True)]
    sigma = np.linalg.svd(B[0], compute_uv=False)
    return sigma / np.linalg.norm(sigma)


def test_newton_schulz(show):
    stage, real = show("newton_schulz"), real_values()
    s = stage.slider("s")
    moves = (lambda: s.press("ArrowRight"), lambda: s.drag(-0.4), lambda: s.press("End"), lambda: s.press("Home"))
    for values in after(stage, *moves):
        steps, sources = round(values["s"]), stage.report()["sources"]
        for end, sigma in (("first", 1e-4), ("last", 1.0)):
            wanted = [sigma, *(moved(sigma, name, steps) for name in SETS)]
            assert sources["curves"][end] == pytest.approx(wanted, rel=1e-5)
        wide, told = np.geomspace(0.01, 1, 4001), []
        for name in SETS:
            wanted = [real[0], moved(real[0], name, steps), 1]
            assert sources[name]["first"] == pytest.approx(wanted, rel=1e-4)
            assert sources[name]["last"] == pytest.approx([0, 0, 64], abs=1e-9)
            ends, share = moved(wide, name, steps), moved(real, name, steps)
            told += [ends.min(), ends.max(), np.mean((share >= 0.68) & (share <= 1.21))]
        assert stage.last("told") == pytest.approx(told, rel=1e-4, abs=1e-9)


# Modes

S = np.array([4, 2, 1, 0.5, 0.25, 0.125])


def exact(G):
    U, _, Vt = np.linalg.svd(G)
    return U @ Vt


def deep_linear(rules, depth, scale, steps):
    """The shares of the modes, and the loss, at each step; a rule for each layer."""
    Q, R = np.linalg.qr(np.random.default_rng([0, 0]).normal(size=(2, 16, 16)))
    U, V = (q[:, :6] * np.sign(np.diag(r))[:6] for q, r in zip(Q, R, strict=True))
    M = U * S @ V.T
    W = list(scale / 4 * np.random.default_rng([0, 1]).normal(size=(depth, 16, 16)))
    found = []
    for _ in range(steps + 1):
        product = np.linalg.multi_dot(W)
        found.append([*np.diag(U.T @ product @ V) / S, 0.5 * np.sum((product - M) ** 2)])
        G, eye = [], [np.eye(16)]
        for i in range(depth):
            left, right = (np.linalg.multi_dot(some) for some in (eye + eye + W[:i], W[i + 1 :] + eye + eye))
            G.append(left.T @ (product - M) @ right.T)
        W = [w - rule(g) for w, rule, g in zip(W, rules, G, strict=True)]
    return np.array(found)


def half(column):
    """Where it first reaches one half, between two steps."""
    k = np.argmax(column >= 0.5)
    return k - 1 + (0.5 - column[k - 1]) / (column[k] - column[k - 1])


def test_modes(show):
    stage = show("modes")
    moves = (
        lambda: stage.slider("η_GD").press("ArrowLeft"),
        lambda: stage.slider("η_Adam").drag(0.2),
        lambda: stage.slider("η_Muon").press("ArrowRight"),
        lambda: stage.slider("σ").press("ArrowLeft"),
        lambda: stage.slider("N").press("End"),
    )
    for values in after(stage, *moves):
        depth = round(values["depth"])

        def steps_of(name, rule, values=values):
            eta = values[f"{name} lr"]
            return lambda g: eta * rule(g)

        rules = {"GradientDescent": lambda: lambda g: g, "Adam": adam, "Muon": lambda: exact}
        bars = []
        for name, make in rules.items():
            layers = [steps_of(name, make()) for _ in range(depth)]
            found = deep_linear(layers, depth, values["scale"], 60)
            assert stage.last(name) == pytest.approx(found[-1], rel=1e-3, abs=1e-5)
            bars += [*found[-1, :6], 0]
        assert stage.last("modes")[:20] == pytest.approx(bars[:20], rel=1e-3, abs=1e-5)
        # What theory says of Muon's smallest mode is nearly what it does.
        expected = stage.last("Muon times")
        assert expected == pytest.approx((S / 2) ** (1 / depth) / values["Muon lr"], rel=1e-5)
        assert half(found[:, 5]) == pytest.approx(expected[5], rel=0.25)
        assert np.isfinite(np.array(stage.last("GradientDescent times"), float)).all() == (depth == 2)


# Averages

LAM = np.array([1.0, 10.0])


def averaged(values, eta, share, steps, toward=0.0):
    """The end of a path under one noise, and of the mean of L over all noises, by covariances of (w, θ)."""
    w = theta = start = np.array(values["start"], float)
    sigma, moments = values["sigma"], np.array([[d**2 * np.ones((2, 2))] for d in start])[:, 0]
    for k in range(steps):
        noise, c, e = np.random.default_rng([0, k]).normal(size=2), share(k + 1), eta(k)
        w = w - e * (LAM * ((1 - toward) * w + toward * theta) + sigma * noise)
        theta = (1 - c) * theta + c * w
        for i, curvature in enumerate(LAM):
            walk = np.array([1 - e * curvature * (1 - toward), -e * curvature * toward])
            A, b = np.array([walk, c * walk + [0, 1 - c]]), np.array([1, c]) * e * sigma
            moments[i] = A @ moments[i] @ A.T + np.outer(b, b)
    return theta, 0.5 * LAM @ moments[:, 1, 1]


def cosine(eta, length):
    return lambda k: eta / 2 * (1 + np.cos(np.pi * min(k, length) / length))


def ends_of_cosines(values, length):
    """Of 41 η the mean of L at the end."""
    eta, start = np.geomspace(0.005, 0.19, 41)[:, None], np.array(values["start"], float)
    bias, variance = start * np.ones((41, 1)), np.zeros((41, 2))
    for k in range(length):
        now = cosine(eta, length)(k)
        bias, variance = (1 - now * LAM) * bias, (1 - now * LAM) ** 2 * variance + (now * values["sigma"]) ** 2
    return 0.5 * (bias**2 + variance) @ LAM


def test_average(show):
    stage = show("average")
    stage.chip("schedule-free").click()
    moves = (
        lambda: stage.handle.press("Shift+ArrowRight"),
        lambda: drag(stage, stage.handle, 20, 15),
        lambda: stage.slider("σ").press("ArrowLeft"),
        lambda: stage.slider("η").drag(-0.2),
        lambda: stage.slider("h").press("ArrowRight"),
        lambda: stage.slider("β").press("ArrowLeft"),
    )
    for values in after(stage, *moves):
        h, rate = values["h"], lambda k, eta=values["eta"]: eta
        averages = {
            "constant": (lambda t: 1.0, 0.0),
            "EMA": (lambda t, h=h: 1 / h, 0.0),
            "growing": (lambda t: 2 / (t + 1), 0.0),
            "schedule-free": (lambda t: 1 / t, values["beta"]),
        }
        for name, (share, toward) in averages.items():
            theta, mean = averaged(values, rate, share, 60, toward)
            assert stage.last(f"path {name}") == pytest.approx(theta, rel=1e-4, abs=1e-6)
            assert stage.last(f"mean {name}") == pytest.approx([mean], rel=1e-4)
        for i, (part, length) in enumerate(((4, 15), (2, 30), (1, 60))):
            best, end = stage.last(f"best {i}"), ends_of_cosines(values, length)
            assert best == pytest.approx([np.geomspace(0.005, 0.19, 41)[np.argmin(end)], length], rel=1e-5)
            theta, mean = averaged(values, cosine(best[0], length), lambda t: 1.0, 60)
            assert stage.last(f"mean cosine {part}") == pytest.approx([mean], rel=1e-4)
            assert mean == pytest.approx(end.min(), rel=1e-4)  # after its end it stands
        assert stage.last("path cosine 1") == pytest.approx(theta, rel=1e-4, abs=1e-6)


# Axes


def T(A):
    return np.swapaxes(A, -2, -1)


def shampoo():
    """With momentum 0.9 of its steps."""
    L, R, B = 1e-6 * np.eye(2), 1e-6 * np.eye(2), 0.0

    def power(A):
        values, Q = np.linalg.eigh(A)
        return Q * values[..., None, :] ** -0.25 @ T(Q)

    def rule(G):
        nonlocal L, R, B
        L, R = L + G @ T(G), R + T(G) @ G
        B = 0.9 * B + power(L) @ G @ power(R)
        return B

    return rule


def soap(frequency):
    """Adam in axes that follow the second moments; the first gradient only finds them. ``rule.axes`` are the left."""
    t, sides, Q, m, v = -1, [0.0, 0.0], None, 0.0, 0.0

    def rule(G):
        nonlocal t, sides, Q, m, v
        t += 1
        sides = [0.999 * A + 0.001 * B for A, B in zip(sides, (G @ T(G), T(G) @ G), strict=True)]
        if t == 0:
            Q = [np.linalg.eigh(A)[1][..., ::-1] for A in sides]
            rule.axes = Q[0]
            return 0.0
        m = 0.9 * m + 0.1 * G
        v = 0.999 * v + 0.001 * (T(Q[0]) @ G @ Q[1]) ** 2
        turned = T(Q[0]) @ m @ Q[1] / (1 - 0.9**t) / ((np.sqrt(v) + 1e-8) / np.sqrt(1 - 0.999**t))
        step = Q[0] @ turned @ T(Q[1])
        if t % frequency == 0:
            for i, A in enumerate(sides):
                seen = np.einsum("...ji,...jk,...ki->...i", Q[i], A, Q[i])
                order = np.argsort(-seen, axis=-1)[..., None, :]
                sorted_ = np.take_along_axis(Q[i], order, -1)
                v = np.take_along_axis(v, T(order) if i == 0 else order, -2 if i == 0 else -1)
                ridge = 1e-8 * seen.max(axis=-1)[..., None, None]
                Q[i] = np.linalg.qr(A @ sorted_ + ridge * sorted_)[0]
        rule.axes = Q[0]
        return step

    return rule


TRIED = {"Adam": (0.001, 5.0), "Shampoo": (0.003, 30.0), "SOAP": (0.001, 5.0), "Momentum": (0.01, 5.0)}


def in_the_valley(values, rule, eta):
    """The last W of all starts for each η, shape (η, starts, 2, 2), and the geometric mean of L/L₀."""
    turn = np.deg2rad(values["angle"])
    Q = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    H = Q @ np.diag([1 / values["kappa"], 1]) @ Q.T
    W = Q @ (np.array([[1], [values["height"]]]) * np.random.default_rng(13).normal(size=(8, 2, 2)))
    W = np.broadcast_to(W, (len(eta), 8, 2, 2))

    def loss():
        return 0.5 * np.einsum("...ji,jk,...ki->...", W, H, W)

    first = loss()
    for _ in range(60):
        W = W - np.asarray(eta)[:, None, None, None] * rule(H @ W)
    return W, np.exp(np.mean(np.log(loss() / first), axis=1))


def test_axes(show):
    stage = show("axes")
    moves = (
        lambda: stage.slider("φ").press("ArrowRight"),
        lambda: stage.slider("κ").drag(-0.2),
        lambda: stage.slider("s").press("ArrowRight"),
        lambda: stage.slider("f").press("ArrowRight"),
        lambda: stage.slider("η/η*").press("ArrowLeft"),
    )
    for values in after(stage, *moves):
        rules = {
            "Adam": adam,
            "Shampoo": shampoo,
            "SOAP": partial(soap, round(values["frequency"])),
            "Momentum": lambda: heavy(0.9),
        }
        for name, make in rules.items():
            etas = np.geomspace(*TRIED[name], 20)
            with np.errstate(all="ignore"):
                ends = in_the_valley(values, make(), etas)[1]
            eta = values["ratio"] * etas[np.nanargmin(ends)]
            rule = make()
            W, end = in_the_valley(values, rule, [eta])
            told = stage.last(name)
            assert told[3] == pytest.approx(eta, rel=1e-5), name
            assert told[:2] == pytest.approx(W[0, 0, :, 0], rel=1e-3, abs=1e-6), name
            assert told[2] == pytest.approx(end[0], rel=5e-3), name
            if name == "SOAP":
                turns = np.rad2deg(np.arctan2(rule.axes[0, 0, 1], rule.axes[0, 0, 0])) - values["angle"]
                off = np.abs((turns + 45) % 90 - 45).max()
                assert told[4] == pytest.approx(off, abs=1e-3)


# The fair race

SEEN = 200 - round(200 * 297 / 1297)  # examples that tuning trains on


@cache
def trained(name, eta, seed, examples):
    """θ every five steps, with a cosine to 0."""
    data, network = digits(200), ByHand(8, seed)
    part = type(data)(data.X[:examples], data.y[:examples], data.X_test, data.y_test)
    theta, v, adams, kept = network.start, [0.0] * 4, [adam() for _ in range(4)], []
    for k, batch in enumerate(batches(part, seed, 40)):
        kept += [theta] if k % 5 == 0 else []
        now = eta / 2 * (1 + np.cos(np.pi * k / 40))
        if name == "Adam":
            steps = [now * rule(g) for rule, g in zip(adams, network.gradient(theta, *batch), strict=True)]
        else:
            ahead = network.gradient([p - 0.9 * q for p, q in zip(theta, v, strict=True)], *batch)
            v = steps = [0.9 * q + now * g for q, g in zip(v, ahead, strict=True)]
        theta = [p - step for p, step in zip(theta, steps, strict=True)]
    return [*kept, theta]


def judged(name, first, tries):
    """The mean losses of two fresh seeds every five steps, of each seed too, and its test error."""
    data, network = digits(200), ByHand(8, 0)

    def score(eta):
        ends = [trained(name, eta, seed, SEEN)[-1] for seed in (0, 1)]
        return np.mean([network.loss(end, data.X[SEEN:], data.y[SEEN:]) for end in ends])

    eta = min([first, 3 * first][:tries], key=score)
    paths = [trained(name, eta, seed, 200) for seed in (2, 3)]
    losses = np.array([[network.loss(theta, data.X, data.y) for theta in path] for path in paths])
    wrong = [np.mean(np.argmax(network.logits(path[-1], data.X_test)[1], axis=1) != data.y_test) for path in paths]
    return losses, np.array(wrong)


def needed(losses, target):
    """The first of 0, 5, 10, … from which on all are below; one more than there are if none."""
    return 5 * next(i for i in range(len(losses) + 1) if np.all(losses[i:] < target))


def test_fair(show):
    stage = show("fair")
    moves = (
        lambda: stage.slider("n").press("ArrowLeft"),
        lambda: stage.slider("τ").drag(0.3),
        lambda: stage.slider("n").press("ArrowRight"),
        lambda: stage.slider("τ").press("End"),
    )
    for values in after(stage, *moves):
        compare(stage, values, late=True)
    stage.root.page.locator(".jp-OutputArea-output .widget-toggle-button", has_text="memory").click()
    stage.root.get_by_role("img", name="bytes of state").wait_for()
    stage.wait_fresh()
    assert stage.last("memory") == pytest.approx([8, 4, 0])
    stage.slider("n").press("ArrowLeft")
    compare(stage.wait_fresh(), stage.values(), late=False)


def compare(stage, values, late):
    bars, grey = [], []
    for i, (name, first) in enumerate((("Adam", 0.01), ("Nesterov", 0.1))):
        losses, wrong = judged(name, first, round(values["n"]))
        assert stage.last(f"mean{i}") == pytest.approx([i + 1, wrong.mean()], rel=1e-5)
        assert stage.last(f"error{i}") == pytest.approx([i + 1, wrong[1]], rel=1e-5)
        if late:
            costs = [needed(each, values["target"]) for each in losses]
            assert stage.last(f"run{i}") == pytest.approx([40, losses.mean(axis=0)[-1]], rel=1e-4)
            assert stage.last(f"dots{i}") == pytest.approx([i + 0.2, costs[1]])
            bars.append(np.mean(costs) if max(costs) <= 40 else 0)
            grey.append(np.mean(costs) if max(costs) > 40 else 0)
    if late:
        assert stage.last("costs") == pytest.approx([*bars, *grey, 0])
        assert stage.last("τ") == pytest.approx([values["target"]], rel=1e-5)
