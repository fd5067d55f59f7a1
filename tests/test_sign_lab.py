"""What the lab of signs in noise measures, against loops that are written out and against theory."""

import math

import numpy as np
import pytest

from optimlab.labs.sign import sign_lab

METHODS = ["sign", "Signum", "Lion", "Adam", "GradientDescent"]


@pytest.fixture(scope="module")
def lab():
    return sign_lab()


def rows_of(lab, **moved):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values | moved).items()}


def chain(name, x, noise, eta, beta):
    """The places of one copy, by the rule of the method."""
    m, v, places = 0.0, 0.0, [x]
    for t, z in enumerate(noise, 1):
        g = x + z
        if name in ("sign", "Signum"):
            m = beta * m + (1 - beta) * g
            x = x - eta * np.sign(m)
        elif name == "Lion":
            x, m = x - eta * np.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g
        elif name == "Adam":
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            x = x - eta * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        else:
            x = x - eta * g
        places.append(x)
    return places


def predicted_square(eta, sigma):
    half = math.pi / 16 * eta**2
    return half + math.sqrt(math.pi / 8 * (eta * sigma) ** 2 + half**2)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("eta", "sigma", "beta"), [(0.02, 0.7, 0.8), (0.05, 0.01, 0.5)])
def test_the_lab_walks_as_the_written_out_rules_do(name, eta, sigma, beta):
    rows = rows_of(sign_lab(eta, sigma, beta, steps=200, copies=12))
    random = np.random.default_rng(0)
    start, noise = eta * random.uniform(-1, 1, 12), sigma * random.standard_normal((200, 12))
    b = beta if name == "Signum" else 0.0
    squares = np.array([chain(name, x, z, eta, b) for x, z in zip(start, noise.T, strict=True)]).T ** 2
    unit = predicted_square(eta, sigma)
    found = rows[name]
    np.testing.assert_array_equal(found[:, 0], np.arange(0, 201, 2))
    np.testing.assert_allclose(found[:, 1], squares[::2].mean(axis=1) / unit, rtol=1e-8)
    np.testing.assert_allclose(found[:, 2], squares[151:].mean(), rtol=1e-8)
    np.testing.assert_allclose(rows[f"{name} dot"], [[sigma, math.sqrt(squares[151:].mean())]], rtol=1e-8)


def test_the_histogram_is_that_of_the_places(lab):
    eta, sigma = 0.02, 0.7
    rows = rows_of(sign_lab(eta, sigma, steps=200, copies=12))
    random = np.random.default_rng(0)
    start, noise = eta * random.uniform(-1, 1, 12), sigma * random.standard_normal((200, 12))
    for name in ("sign", "Adam"):
        late = np.array([chain(name, x, z, eta, 0.0)[151:] for x, z in zip(start, noise.T, strict=True)])
        late = late / math.sqrt(predicted_square(eta, sigma))
        counts = [np.sum((late >= edge) & (late < edge + 0.125)) for edge in np.arange(-24, 24) * 0.125]
        np.testing.assert_allclose(rows[f"{name} bars"], [np.array(counts) / late.size / 0.125], atol=1e-9)


def test_the_floors_are_those_of_theory(lab):
    for eta, sigma in ((0.01, 1.0), (0.01, 0.1), (0.03, 1.0)):
        rows = rows_of(lab, eta=eta, sigma=sigma)
        product = eta * sigma
        assert rows["sign"][0, 2] == pytest.approx(math.sqrt(math.pi / 8) * product, rel=0.06)
        assert rows["Adam"][0, 2] == pytest.approx(product / 2, rel=0.06)
        assert rows["Signum"][0, 2] == pytest.approx(math.sqrt(math.pi / 8) * product * math.sqrt(10), rel=0.08)
        assert rows["GradientDescent"][0, 2] == pytest.approx(eta * sigma**2 / 2, rel=0.06)
        assert rows["sign"][0, 2] / rows["Adam"][0, 2] == pytest.approx(math.sqrt(math.pi / 2), rel=0.06)


def test_signs_are_not_proof_against_noise_and_without_noise_do_not_rest(lab):
    floors = {s: {n: rows_of(lab, sigma=s)[n][0, 2] for n in METHODS} for s in (0.001, 0.1, 1.0)}
    assert all(floors[1.0][name] > 5 * floors[0.1][name] for name in METHODS)
    assert floors[0.001]["sign"] == pytest.approx(0.01**2 / 3, rel=0.05)
    assert all(floors[0.001][name] > 0.01**2 / 4 for name in METHODS[:3])
    assert floors[0.001]["Adam"] < 0.01**2 / 20 and floors[0.001]["GradientDescent"] < 1e-8


def test_more_momentum_leaves_signum_farther_out(lab):
    floors = [rows_of(lab, beta=beta)["Signum"][0, 2] for beta in (0.0, 0.6, 0.9, 0.99)]
    assert np.all(np.diff(floors) > 0) and floors[3] > 8 * floors[0]
    assert floors[0] == rows_of(lab)["sign"][0, 2]


def test_what_theory_draws():
    rows = rows_of(sign_lab(0.02, 0.5, 0.75, steps=100, copies=10))
    sign = predicted_square(0.02, 0.5)
    squares = [sign, math.sqrt(math.pi / 8) * 0.01 * 2, 0.005, 0.02 * 0.25 / 1.98]
    np.testing.assert_allclose(rows["levels"], [[*np.array(squares) / sign, *squares]])
    x, narrow, other = rows["widths"].T
    for density, variance in ((narrow, 1.0), (other, 0.005 / sign)):
        np.testing.assert_allclose(density, np.exp(-(x**2) / 2 / variance) / np.sqrt(2 * np.pi * variance))
    sigma, *floors, some, signum = rows["curves"].T
    np.testing.assert_allclose(floors[0] ** 2, [predicted_square(0.02, s) for s in sigma])
    np.testing.assert_allclose(floors[2] ** 2, 0.01 * sigma)
    np.testing.assert_allclose(floors[3] ** 2, 0.02 * sigma**2 / 1.98)
    assert some[0] == pytest.approx(0.02 / 0.3) and some[-1] == pytest.approx(2.0)
    np.testing.assert_allclose(signum**2, 2 * math.sqrt(math.pi / 8) * 0.02 * some)


def test_no_floor_of_signum_is_told_where_its_formula_does_not_hold():
    lab = sign_lab(0.1, 0.01, steps=100, copies=10)
    assert np.isnan(rows_of(lab)["levels"][0, [1, 5]]).all()
    assert [line for line in repr(lab).split("\n") if "Signum:" in line and "theory" in line] == []


def test_formulas_travel_and_walks_are_asked_for_at_rest(lab):
    assert [name for name, how in lab.travels.items() if how is True] == ["levels", "widths", "curves"]
    assert all(source.sweeps == () for source in lab._sources if not source.travels)


def test_at_the_ends_of_the_sliders_the_points_are_in_view(lab):
    panel = lab.scene.panels[2]
    grids = {name: lab.stage.grid(name) for name in lab.values}
    few = sign_lab(steps=400, copies=20)
    for eta in grids["eta"][[0, -1]]:
        for sigma in grids["sigma"][[0, -1]]:
            rows = rows_of(few, eta=eta, sigma=sigma, beta=grids["beta"][-1])
            for name in METHODS:
                x, y = rows[f"{name} dot"][0]
                assert panel.x[0] < x < panel.x[1] and panel.y[0] < y < panel.y[1], (name, eta, sigma)


def test_it_says_its_numbers(lab):
    rows, text = rows_of(lab), repr(lab)
    assert "η=0.01, σ=1, β=0.9: E[x²] in the last quarter" in text
    assert f"sign descent: {rows['sign'][0, 2]:.2g}, theory 0.0063" in text
    assert f"Signum: {rows['Signum'][0, 2]:.2g}, theory 0.02" in text
    assert f"Lion: {rows['Lion'][0, 2]:.2g}\n" in text
    assert f"Adam: {rows['Adam'][0, 2]:.2g}, theory 0.005" in text
    assert [(r.source, r.channel) for r in lab.scene.readouts] == [
        ("sign", 2),
        ("levels", 4),
        ("Adam", 2),
        ("levels", 6),
    ]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"eta": 0}, r"learning rate η must be in \(0, 1\], got 0"),
        ({"sigma": 0}, r"noise σ must be in \[0.0001, 100\], got 0"),
        ({"sigma": "much"}, "noise σ must be a number in"),
        ({"beta": 1}, r"momentum of Signum β must be in \[0, 0.99\], got 1"),
        ({"steps": 99}, r"steps must be a whole number in \[100, 10000\], got 99"),
        ({"copies": 2001}, r"copies must be a whole number in \[10, 2000\], got 2001"),
    ],
)
def test_what_cannot_be_is_one_sentence(wrong, text):
    with pytest.raises(ValueError, match=text):
        sign_lab(**wrong)
