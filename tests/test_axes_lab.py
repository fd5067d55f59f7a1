"""The lab of the axes: its runs against loops in plain numpy, its angles and learning rates, and what its text says."""

import numpy as np
import pytest

from optimlab.labs.axes import RATES, TRIED, axes_lab, cross, tuned, walked

NAMES = ("Adam", "Shampoo", "SOAP", "Momentum")
AT = {"kappa": 1000.0, "angle": 30.0, "height": 0.01}


@pytest.fixture(scope="module")
def lab():
    return axes_lab()


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def end(name, frequency=1, steps=100, seed=13, **moved):
    """L/L₀ after the last step."""
    return walked(name, 1.0, frequency, steps, *(AT | moved).values(), seed)[-1, 2]


def valley(kappa, angle, height, seed):
    """S, and the eight starts."""
    a = np.pi * angle / 180
    flat, steep = np.array([np.cos(a), np.sin(a)]), np.array([-np.sin(a), np.cos(a)])
    drawn = np.random.default_rng(seed).normal(size=(8, 2, 2))
    starts = [np.outer(flat, z[0]) + height * np.outer(steep, z[1]) for z in drawn]
    return np.outer(flat, flat) / kappa + np.outer(steep, steep), starts


def fourth_root(A):
    values, Q = np.linalg.eigh(A)
    return Q @ np.diag(values**-0.25) @ Q.T


def adam(S, W, eta, steps, frequency):
    m, v = np.zeros((2, 2)), np.zeros((2, 2))
    for t in range(1, steps + 1):
        G = S @ W
        m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * G**2
        W = W - eta * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        yield W, np.eye(2)


def momentum(S, W, eta, steps, frequency):
    B = np.zeros((2, 2))
    for _ in range(steps):
        B = 0.9 * B + S @ W
        W = W - eta * B
        yield W, np.eye(2)


def shampoo(S, W, eta, steps, frequency):
    L, R, B = 1e-6 * np.eye(2), 1e-6 * np.eye(2), np.zeros((2, 2))
    for _ in range(steps):
        G = S @ W
        L, R = L + G @ G.T, R + G.T @ G
        B = 0.9 * B + fourth_root(L) @ G @ fourth_root(R)
        W = W - eta * B
        yield W, np.eye(2)


def soap(S, W, eta, steps, frequency):
    m, v = np.zeros((2, 2)), np.zeros((2, 2))
    G = S @ W
    L, R = 0.001 * G @ G.T, 0.001 * G.T @ G
    QL, QR = (np.linalg.eigh(A)[1][:, ::-1] for A in (L, R))
    yield W, QL
    for t in range(1, steps):
        G = S @ W
        L, R = 0.999 * L + 0.001 * G @ G.T, 0.999 * R + 0.001 * G.T @ G
        m, v = 0.9 * m + 0.1 * G, 0.999 * v + 0.001 * (QL.T @ G @ QR) ** 2
        step = QL @ ((QL.T @ m @ QR) / (np.sqrt(v) + 1e-8)) @ QR.T
        W = W - eta * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * step
        if t % frequency == 0:
            (QL, left), (QR, right) = (followed(A, Q) for A, Q in ((L, QL), (R, QR)))
            v = v[left][:, right]
        yield W, QL


def followed(A, Q):
    """The next axes, and the order of the old ones."""
    seen = np.diag(Q.T @ A @ Q)
    order = np.argsort(-seen)
    return np.linalg.qr((A @ Q + 1e-8 * seen.max() * Q)[:, order])[0], order


def off(Q, angle):
    """How many degrees the axes are off: the least turn that brings one of them onto a true one."""
    a = np.pi * angle / 180
    true = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return np.rad2deg(np.arccos(min(np.abs(true.T @ Q).max(), 1.0)))


@pytest.mark.parametrize(
    ("kappa", "angle", "height", "frequency", "seed"), [(1000.0, 30.0, 0.01, 10, 13), (100.0, 12.0, 0.5, 3, 2)]
)
def test_the_runs_are_those_of_plain_loops(kappa, angle, height, frequency, seed):
    steps = 50
    lab = axes_lab(angle, kappa, frequency, height, steps, seed)
    S, starts = valley(kappa, angle, height, seed)
    for name, rule in zip(NAMES, (adam, shampoo, soap, momentum)):
        found = rows(lab, name)
        eta, logs, plane, axes = found[0, 3], np.zeros(steps + 1), [starts[0][:, 0]], [np.eye(2)]
        for i, start in enumerate(starts):
            L = [np.sum(start * (S @ start)) / 2]
            for W, Q in rule(S, start, eta, steps, frequency):
                L.append(np.sum(W * (S @ W)) / 2)
                if i == 0:
                    plane.append(W[:, 0])
                    axes.append(Q)
            logs += np.log(np.array(L) / L[0]) / 8
        assert (found[:, 3] == eta).all()
        np.testing.assert_allclose(found[:, :2], plane, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(np.log(found[:, 2]), logs, atol=1e-3)
        if name in ("Adam", "SOAP"):
            np.testing.assert_allclose(found[:, 4], [off(Q, angle) for Q in axes], atol=1e-3)
        if name == "SOAP":
            for row, Q in zip(found, axes):
                for at, by in (row[5:9].reshape(2, 2), row[9:13].reshape(2, 2)):
                    np.testing.assert_allclose(by, -2 * at)
                    assert np.hypot(*by) == pytest.approx(3.0)
                    assert np.abs(Q.T @ by).max() == pytest.approx(3.0, rel=1e-5)


def test_the_first_arrow_is_the_one_nearest_to_the_flat_direction(lab):
    for angle in (0.0, 30.0, 45.0):
        found = rows(lab, "SOAP", angle=angle)
        a = np.deg2rad(angle)
        along = found[:, 7:9] @ [np.cos(a), np.sin(a)] / 3
        np.testing.assert_allclose(np.rad2deg(np.arccos(np.minimum(along, 1))), found[:, 4], atol=1e-4)
        assert (found[:, 4] <= 45).all() and found[0, 4] == pytest.approx(angle)


def test_axes_without_signs_and_order_are_at_most_45_degrees_off():
    for turn in (-133.0, -44.0, -3.0, 0.0, 20.0, 44.0, 46.0, 95.0, 179.0):
        a = np.deg2rad(30 + turn)
        Q = np.array([[np.cos(a), np.sin(a)], [np.sin(a), -np.cos(a)]])
        assert cross(Q[None], 30.0)[0, 0] == pytest.approx(off(Q, 30.0), abs=1e-5)
        assert cross(Q[None, :, ::-1], 30.0)[0, 0] == pytest.approx(off(Q, 30.0), abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_learning_rate_is_the_best_of_those_tried_and_no_end_of_them(lab, name):
    low, high = TRIED[name]
    etas = np.geomspace(low, high, RATES)
    assert etas[1] / etas[0] < 1.65
    frequency = 10 if name == "SOAP" else 1
    best = rows(lab, name)[0, 3]
    i = int(np.argmin(np.abs(np.log(etas / best))))
    assert best == pytest.approx(etas[i]) and 0 < i < RATES - 1
    ends = [walked(name, eta / best, frequency, 100, *AT.values(), 13)[-1, 2] for eta in etas]
    assert int(np.argmin(ends)) == i


@pytest.mark.parametrize("name", NAMES)
def test_the_tuned_rate_lies_inside_at_the_ends_of_the_sliders(name):
    low, high = TRIED[name]
    for kappa, angle, height, steps in [
        (10.0, 0.0, 1e-4, 300),
        (10.0, 45.0, 1.0, 50),
        (1e4, 0.0, 1e-4, 50),
        (1e4, 45.0, 0.01, 50),
        (1e4, 45.0, 1.0, 300),
    ]:
        assert low < tuned(name, 10 if name == "SOAP" else 1, steps, kappa, angle, height, 13) < high


@pytest.mark.parametrize("seed", [13, 14])
def test_adam_lags_when_the_valley_is_turned_and_the_others_do_not_care(seed):
    plain, turned = (end("Adam", angle=angle, seed=seed) for angle in (0.0, 30.0))
    assert turned > 0.1 and plain < 1e-3
    for name in NAMES[1:]:
        plain, turned = (end(name, 10, angle=angle, seed=seed) for angle in (0.0, 30.0))
        assert abs(np.log(turned / plain)) < 0.1, name
        assert turned < 1e-3


def test_adam_ties_with_soap_where_the_axes_are_its_own_unless_soap_must_guess():
    for height in (0.01, 0.1, 1.0):
        assert 0.3 < end("Adam", angle=0.0, height=height) / end("SOAP", 10, angle=0.0, height=height) < 3
    assert 30 * end("Adam", angle=0.0, height=0.001) < end("SOAP", 10, angle=0.0, height=0.001)


def test_adam_bears_five_degrees_and_a_mild_valley():
    assert end("Adam", angle=5.0) < 1e-3 < 0.05 < end("Adam", angle=20.0)
    assert end("Adam", kappa=100.0) < 5 * end("SOAP", 10, kappa=100.0) < 5e-4


@pytest.mark.parametrize("seed", [13, 14])
def test_how_often_new_axes_come_counts_where_the_first_gradient_does_not_tell(seed):
    def gain(height):
        return end("SOAP", 100, height=height, seed=seed) / end("SOAP", 1, height=height, seed=seed)

    assert gain(0.001) > 8 and 1.5 < gain(0.01) < 8 and gain(1.0) < 2.5


def test_momentum_does_as_well_as_soap_until_the_valley_is_narrow():
    assert end("Momentum") < 2 * end("SOAP", 10)
    assert end("Momentum", kappa=1e4) > 100 * end("SOAP", 10, kappa=1e4)


def test_the_axes_in_the_plane(lab):
    for angle in (0.0, 30.0, 45.0):
        line = rows(lab, "true", angle=angle)
        a = np.deg2rad(angle)
        assert line.shape == (5, 2) and not line[2].any() and (np.hypot(*line[[0, 1, 3, 4]].T) > 2.5 * 2**0.5).all()
        np.testing.assert_allclose(line[:2] @ [-np.sin(a), np.cos(a)], 0, atol=1e-12)
        np.testing.assert_allclose(line[3:] @ [np.cos(a), np.sin(a)], 0, atol=1e-12)


def test_the_field_is_the_loss_of_one_column(lab):
    field = rows(lab, "field")
    S = valley(1000.0, 30.0, 1.0, 0)[0]
    x, y = (np.linspace(-2.5, 2.5, n) for n in field.shape[::-1])
    expected = [[0.5 * np.array([a, b]) @ S @ [a, b] * 1000 for a in x] for b in y]
    np.testing.assert_allclose(field, expected, rtol=1e-9, atol=1e-9)


def test_the_slider_of_the_rate_multiplies_them_all(lab):
    for name in NAMES:
        assert rows(lab, name, ratio=0.5)[0, 3] == pytest.approx(0.5 * rows(lab, name)[0, 3])
        assert rows(lab, name, ratio=0.5)[-1, 2] > rows(lab, name)[-1, 2]
    assert rows(lab, "Momentum", ratio=10.0)[-1, 2] == np.inf or rows(lab, "Momentum", ratio=10.0)[-1, 2] > 1e10


def test_formulas_travel_and_the_rest_is_computed_for_the_present_setting(lab):
    assert lab.travels["field"] is True and lab.travels["true"] is True
    assert all(lab.travels[name] is not True for name in NAMES)
    needs = {name: set(lab.stage._sources[name].needs) for name in NAMES}
    assert "frequency" in needs["SOAP"] and all("frequency" not in needs[name] for name in NAMES if name != "SOAP")


def test_it_says_its_numbers(lab):
    text = repr(lab)
    assert "φ=30°, κ=1000, s=0.01, f=10, η=1 times the best" in text
    adam, shampoo, soap, momentum = (rows(lab, name)[-1, 2] for name in NAMES)
    assert f"Adam {adam:.1e}, Shampoo {shampoo:.1e}, SOAP {soap:.1e}, momentum γ=0.9 {momentum:.1e}" in text
    first, last = rows(lab, "SOAP")[[1, -1], 4]
    assert f"off by {first:.1f}° after the first gradient, {last:.1f}° at the end" in text
    assert f"Adam {rows(lab, 'Adam')[0, 3]:.2g}, Shampoo" in text
    assert "momentum γ=0.9 below 1e-9" in repr(axes_lab(kappa=10.0, steps=150))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: axes_lab(angle=46), r"φ must be in \[0, 45\], got 46"),
        (lambda: axes_lab(kappa=0.5), r"condition number κ must be in \[1, 100000\], got 0.5"),
        (lambda: axes_lab(kappa="1"), "condition number κ must be a number"),
        (lambda: axes_lab(frequency=0), r"f must be a whole number in \[1, 100\], got 0"),
        (lambda: axes_lab(frequency=2.5), "f must be a whole number"),
        (lambda: axes_lab(height=2), r"height of the start s must be in \[0.00001, 1\], got 2"),
        (lambda: axes_lab(steps=49), "steps must be a whole number"),
        (lambda: axes_lab(steps=301), "steps must be a whole number"),
        (lambda: axes_lab(seed=-3), "the seed must be a whole number ≥ 0, got -3"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
