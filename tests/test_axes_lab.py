"""The lab of the axes: its descents against loops in plain numpy, its angles, and what its sliders show."""

import numpy as np
import pytest

from optimlab.labs.axes import axes_lab

STEPS, SEED = 60, 13


@pytest.fixture(scope="module")
def lab():
    return axes_lab(steps=STEPS)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def problem(angle, kappa, height):
    """The flat and the steep direction, S, and the eight starts."""
    c, s = np.cos(np.pi * angle / 180), np.sin(np.pi * angle / 180)
    flat, steep = np.array([c, s]), np.array([-s, c])
    S = np.outer(flat, flat) / kappa + np.outer(steep, steep)
    draws = np.random.default_rng(SEED).normal(size=(8, 2, 2))
    return S, [np.outer(flat, draw[0]) + height * np.outer(steep, draw[1]) for draw in draws]


def adam(S, W, eta, f):
    m, v = np.zeros((2, 2)), np.zeros((2, 2))
    for t in range(1, STEPS + 1):
        G = S @ W
        m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * G**2
        W = W - eta * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        yield W, None


def momentum(S, W, eta, f):
    B = np.zeros((2, 2))
    for _ in range(STEPS):
        B = 0.9 * B + eta * (S @ W)
        W = W - B
        yield W, None


def shampoo(S, W, eta, f):
    def fourth_root(A):
        values, Q = np.linalg.eigh(A)
        return Q @ np.diag(values**-0.25) @ Q.T

    L, R, B = 1e-6 * np.eye(2), 1e-6 * np.eye(2), np.zeros((2, 2))
    for _ in range(STEPS):
        G = S @ W
        L, R = L + G @ G.T, R + G.T @ G
        B = 0.9 * B + fourth_root(L) @ G @ fourth_root(R)
        W = W - eta * B
        yield W, None


def soap(S, W, eta, f):
    G = S @ W
    L, R = 0.001 * G @ G.T, 0.001 * G.T @ G
    QL, QR = (np.linalg.eigh(A)[1][:, ::-1] for A in (L, R))
    m, v = np.zeros((2, 2)), np.zeros((2, 2))
    yield W, QL
    for t in range(1, STEPS):
        G = S @ W
        L, R = 0.999 * L + 0.001 * G @ G.T, 0.999 * R + 0.001 * G.T @ G
        m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * (QL.T @ G @ QR) ** 2
        step = QL @ ((QL.T @ m @ QR) / (np.sqrt(v) + 1e-8)) @ QR.T
        W = W - eta * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * step
        if t % f == 0:
            QL, along_rows = follow(L, QL)
            QR, along_columns = follow(R, QR)
            v = v[along_rows][:, along_columns]
        yield W, QL


def follow(A, Q):
    seen = np.diag(Q.T @ A @ Q)
    order = np.argsort(-seen)
    return np.linalg.qr(((A + 1e-8 * seen.max() * np.eye(2)) @ Q)[:, order])[0], order


LOOPS = {"Adam": adam, "Momentum": momentum, "Shampoo": shampoo, "SOAP": soap}


def looped(name, eta, angle, kappa, height, f):
    """The way of each start, shape (8, steps+1, 2, 2), and the mean of L/L₀."""
    S, starts = problem(angle, kappa, height)
    ways = np.array([[W, *(there for there, _ in LOOPS[name](S, W, eta, f))] for W in starts])
    loss = 0.5 * np.einsum("ntij,ik,ntkj->nt", ways, S, ways)
    return ways, np.exp(np.log(loss / loss[:, :1]).mean(axis=0))


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("setting", [(30.0, 1000.0, 0.01, 10), (17.0, 50.0, 0.3, 3)])
def test_the_descents_are_those_of_plain_loops(lab, name, setting):
    angle, kappa, height, f = setting
    found = rows(lab, name, angle=angle, kappa=kappa, height=height, frequency=f)
    ways, mean = looped(name, found[0, 3], *setting)
    np.testing.assert_allclose(found[:, :2], ways[0, :, :, 0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found[:, 2], mean, rtol=1e-4)


def test_each_eta_is_the_best_of_a_grid(lab):
    for name in ("Adam", "Momentum"):
        eta = rows(lab, name)[0, 3]
        ends = [looped(name, eta * r, 30.0, 1000.0, 0.01, 1)[1][-1] for r in (0.63, 1.0, 1.585)]
        assert np.argmin(ends) == 1
    assert rows(lab, "Adam", ratio=2.0)[0, 3] == pytest.approx(2 * rows(lab, "Adam")[0, 3])


@pytest.mark.parametrize("f", [1, 7, 40])
def test_the_angle_is_that_between_soaps_axes_and_the_true_ones(lab, f):
    found = rows(lab, "SOAP", frequency=f)
    S, starts = problem(30.0, 1000.0, 0.01)
    flat = np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    assert found[0, 12] == pytest.approx(30)  # before there is a gradient, the axes of the coordinates
    for k, (_, Q) in enumerate(soap(S, starts[0], found[0, 3], f), 1):
        nearest = np.rad2deg(np.arccos(min(np.abs(Q.T @ flat).max(), 1.0)))
        assert found[k, 12] == pytest.approx(nearest, abs=1e-4)
        arrows = found[k, 4:12].reshape(2, 2, 2)
        along = np.abs(arrows[:, 1] @ Q) / np.linalg.norm(arrows[:, 1], axis=1, keepdims=True)
        np.testing.assert_allclose(np.sort(along, axis=1), [[0, 1], [0, 1]], atol=1e-6)
        np.testing.assert_allclose(arrows[:, 1], -2 * arrows[:, 0])


def test_adam_lags_where_the_valley_is_turned_and_the_others_do_not_care():
    lab = axes_lab()
    ends = {
        name: [rows(lab, name, angle=angle)[-1, 2] for angle in (0.0, 30.0, 45.0)]
        for name in ("Adam", "SOAP", "Shampoo", "Momentum")
    }
    straight, *turned = ends["Adam"]
    assert 0.2 < straight / ends["SOAP"][0] < 5 and min(turned) > 300 * straight
    for name in ("SOAP", "Shampoo", "Momentum"):
        np.testing.assert_allclose(ends[name], ends[name][0], rtol=0.1)
    assert rows(lab, "Adam", kappa=10.0)[-1, 2] < 2 * rows(lab, "SOAP", kappa=10.0)[-1, 2]


def test_new_axes_matter_only_where_the_first_gradient_does_not_show_them():
    lab = axes_lab()
    low, high = ([rows(lab, "SOAP", height=s, frequency=f) for f in (1, 100)] for s in (0.001, 1.0))
    assert high[0][1, 12] < 1 < 5 < low[0][1, 12]
    assert low[1][-1, 2] > 3 * low[0][-1, 2] and high[1][-1, 2] < 2 * high[0][-1, 2]
    assert low[1][99, 12] == low[1][1, 12] and low[0][-1, 12] < 0.5


def test_what_is_drawn_travels_and_what_is_descended_does_not(lab):
    assert [name for name, how in lab.travels.items() if how is True] == ["field", "true"]
    ends = rows(lab, "true", angle=20.0)
    np.testing.assert_allclose(ends[0, 1] / ends[0, 0], np.tan(np.deg2rad(20)))
    assert ends[0, :2] @ ends[3, :2] == pytest.approx(0) and not ends[2, :2].any() and (ends[:, 2] == 20).all()
    S, _ = problem(30.0, 1000.0, 0.01)
    x = np.linspace(-2.2, 2.2, 9)
    heights = [[500 * np.array([a, b]) @ S @ np.array([a, b]) for a in x] for b in x]
    np.testing.assert_allclose(rows(lab, "field"), heights, rtol=1e-9, atol=1e-9)


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "φ=30°, κ=1000, s=0.01, f=10, η=1 times the best" in text
    assert f"SOAP {rows(lab, 'SOAP')[-1, 2]:.1e}, momentum γ=0.9 {rows(lab, 'Momentum')[-1, 2]:.1e}" in text
    assert "off by 10.6° after the first gradient" in text


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: axes_lab(angle=50), r"angle of the valley in degrees φ must be in \[0, 45\], got 50"),
        (lambda: axes_lab(kappa=0), "condition number κ must be in"),
        (lambda: axes_lab(frequency=1.5), r"f must be a whole number in \[1, 100\], got 1.5"),
        (lambda: axes_lab(height=0), "height of the start s must be in"),
        (lambda: axes_lab(steps=5), "steps must be a whole number"),
        (lambda: axes_lab(seed=0.5), "the seed must be a whole number"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
