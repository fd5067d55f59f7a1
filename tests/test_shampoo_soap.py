"""Shampoo and SOAP against recorded trajectories of two libraries each, and what sets them apart.

``oracles/matrices.npz`` holds what the real libraries did in 200 steps (``oracles/record_matrices.py`` shows how), and
``oracles/matrices_entries.py`` explains the rules.
"""

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optimlab import Adam, descend, ravine
from optimlab.labs.sources import path_source
from optimlab.layers import Layer, Layers
from optimlab.losses import Loss
from optimlab.optimizers import AdaGrad, Lookahead
from optimlab.optimizers.preconditioned import SOAP, Shampoo, axes, root

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.matrices_entries import MATRICES, REGRESSION, rate, where
from oracles.nested_entries import COLUMNS, NETWORK
from oracles.problems import PROBLEMS, STEPS

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "matrices.npz"))
KEPT = RECORDED["steps"]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-12}
LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
SQUARE = Layers((Layer("W", (4, 4)), Layer("b", (4,))))
OURS = {
    "shampoo": Shampoo(),
    "shampoo network": Shampoo(),
    "shampoo network decay": Shampoo(eps=0.01),
    "scalable network": Shampoo(beta2=0.99, vectors="graft"),
    "scalable network half": Shampoo(beta2=0.99, vectors="graft", graft="sgd", exponent=0.5, gamma=0.8),
    "scalable network sign": Shampoo(beta2=0.99, vectors="graft", graft="sqrt_n"),
    "google network": Shampoo(graft="sgd", frequency=10),
    "google network sign": Shampoo(graft="sqrt_n", beta2=0.99, gamma=0.8, frequency=3),
    "soap": SOAP(),
    "soap regression": SOAP(),
    "soap regression decay": SOAP(),
    "soap regression always": SOAP(frequency=1),
    "soap regression slow": SOAP(beta1=0.9, beta2=0.99, frequency=3),
}


def walk(optimizer, problem, start=None, steps=STEPS, change=lambda state, k: state):
    """θ and the states, on a problem with a start and ``grad(theta, k)``."""
    theta = problem.start if start is None else start
    state = optimizer.init(theta)
    path, states = [theta], [state]
    for k in range(steps):
        theta, state = optimizer.step(theta, lambda at, k=k: problem.grad(at, k), state, k)
        state = change(state, k)
        path.append(theta)
        states.append(state)
    return np.array(path), states


def test_the_recordings_are_those_of_the_entries():
    recorded = {entry for entry in MATRICES if "adafactor" not in entry}
    assert recorded == {*OURS, "soap network"} and recorded <= set(RECORDED)
    assert max(json.loads(str(RECORDED["unaltered"]))[name] for name in recorded if name.startswith("soap")) < 1e-5


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("entry", ["shampoo", "soap"])
def test_each_is_that_of_its_library_on_vectors(entry, problem):
    lr = MATRICES[entry][-1][problem]
    path, _ = walk(OURS[entry].replace(lr=rate(entry, lr)), PROBLEMS[problem])
    np.testing.assert_allclose(path[KEPT], RECORDED[entry][:, COLUMNS[problem]], **TOLERANCE)


@pytest.mark.parametrize("entry", [entry for entry in OURS if where(entry)])
def test_each_is_that_of_its_library_on_matrices(entry):
    problem = where(entry)
    optimizer = OURS[entry].replace(lr=rate(entry, MATRICES[entry][-1]))
    path, _ = walk(optimizer.on(LAYERS if problem is NETWORK else SQUARE), problem)
    np.testing.assert_allclose(path[KEPT], RECORDED[entry], **TOLERANCE)


def test_soap_is_that_of_its_library_on_unequal_sides_once_it_has_the_librarys_first_axes():
    """To 1e-9 only.

    R is 5 × 5 and the first gradient 3 × 5: on the plane that it does not see any two axes are eigenvectors, and the
    library's are what rounding has made; with ours the path is another. There G' is so small that what rounding leaves
    of it, divided by √v, is some 1e-11.
    """
    name = "soap network"
    first = {key.removeprefix(f"{name} "): Q for key, Q in RECORDED.items() if key.startswith(f"{name} Q")}
    assert set(first) == {"Q_L0", "Q_R0", "Q_L2", "Q_R2"}
    optimizer = SOAP(MATRICES[name][-1]).on(LAYERS)
    path, states = walk(optimizer, NETWORK, change=lambda state, k: state | first if k == 0 else state)
    for side, Q in first.items():
        diagonal = Q.T @ states[1][side.removeprefix("Q_")] @ Q
        np.testing.assert_allclose(diagonal, np.diag(np.sort(np.diag(diagonal))[::-1]), atol=1e-15)
        np.testing.assert_allclose(Q.T @ Q, np.eye(len(Q)), atol=1e-14)
    np.testing.assert_allclose(path[KEPT], RECORDED[name], rtol=1e-9, atol=1e-9)
    assert np.abs(walk(optimizer, NETWORK)[0][-1] - path[-1]).max() > 1e-3


def test_rounding_does_not_choose_the_path():
    """A start that differs by 1e-12 ends elsewhere, as the library does, unless the axes of what is unseen are kept."""
    assert json.loads(str(RECORDED["sensitivity"]))["soap network"] > 0.01

    def moved(optimizer):
        here, there = (walk(optimizer.on(LAYERS), NETWORK, NETWORK.start + shift)[0][-1] for shift in (0, 1e-12))
        return np.abs(here - there).max()

    assert moved(SOAP(0.003)) < 1e-8 and moved(SOAP(0.003, first=True)) < 1e-8
    assert moved(SOAP(0.003, frequency=1)) > 1e-4 and moved(SOAP(0.003, frequency=1, ridge=1e-8)) < 1e-6


# Shampoo


def polar(G):
    """The nearest orthogonal matrix, from the singular value decomposition."""
    U, _, V = np.linalg.svd(G, full_matrices=False)
    return U @ V


class Given:
    """Gradients that do not ask where θ is: of one matrix."""

    def __init__(self, matrices):
        self.matrices = np.asarray(matrices)
        self.layers = Layers((Layer("W", self.matrices.shape[1:]),))
        self.start = np.zeros(self.matrices[0].size)

    def grad(self, theta, k=0):
        return self.matrices[k].ravel()


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3), (1, 4)])
def test_without_a_memory_shampoo_is_muon_with_the_exact_polar_factor(shape):
    """polar(G) = (GGᵀ)^(−1/4) G (GᵀG)^(−1/4), for any G; and so does L^(−1/2) G alone."""
    G = noise(*shape)
    for optimizer in (Shampoo(1.0, eps=0.0, beta2=0.0), Shampoo(1.0, eps=0.0)):
        problem = Given([G])
        path, _ = walk(optimizer.on(problem.layers), problem, steps=1)
        np.testing.assert_allclose(-path[1].reshape(shape), polar(G), atol=1e-10)
    later, _ = walk(Shampoo(1.0, eps=0.0, beta2=0.0).on(problem.layers), Given(noise(3, *shape)), steps=3)
    np.testing.assert_allclose((later[2] - later[3]).reshape(shape), polar(noise(3, *shape)[2]), atol=1e-10)
    np.testing.assert_allclose(root(G @ G.T, 0.5) @ G, polar(G), atol=1e-7)


def test_on_a_vector_shampoo_is_adagrad_with_the_full_matrix_and_does_not_see_how_the_axes_are_turned():
    def losses(optimizer, angle):
        return descend(ravine(kappa=20, angle=angle), optimizer, steps=40, start=turned_start(angle)).loss

    def turned_start(angle):
        c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        return np.array([[c, -s], [s, c]]) @ np.array([-1.0, 0.7])

    np.testing.assert_allclose(losses(Shampoo(0.3), 0), losses(Shampoo(0.3), 30), rtol=1e-9)
    assert not np.allclose(losses(AdaGrad(0.3), 0), losses(AdaGrad(0.3), 30), rtol=0.1)


class Turned:
    """The regression in other coordinates: W is A W' Bᵀ, with orthogonal A and B; the bias is turned by B."""

    def __init__(self):
        self.A, self.B = (np.linalg.qr(noise(4, 4, seed=seed))[0] for seed in (1, 2))
        self.start = REGRESSION.start

    def back(self, theta):
        W, b = REGRESSION.split(theta)
        return np.concatenate([(self.A @ W @ self.B.T).ravel(), b @ self.B.T])

    def grad(self, theta, k=0):
        G, g = REGRESSION.split(REGRESSION.grad(self.back(theta), k))
        return np.concatenate([(self.A.T @ G @ self.B).ravel(), g @ self.B])


@pytest.mark.parametrize(
    ("optimizer", "same"),
    [(Shampoo(0.1), True), (Shampoo(0.1, frequency=7, graft="sgd"), True), (SOAP(0.03), True), (Adam(0.03), False)],
    ids=repr,
)
def test_turned_rows_and_columns_turn_the_path_of_a_matrix(optimizer, same):
    turned = Turned()
    if isinstance(optimizer, SOAP):  # whose biases have Adam
        turned.start = turned.start[:16]
        plain, there = MatrixOf(REGRESSION), MatrixOf(turned)
        layers = Layers(SQUARE.parts[:1])
        here, _ = walk(optimizer.on(layers), plain, steps=60)
        elsewhere, _ = walk(optimizer.on(layers), there, steps=60)
    else:
        here, _ = walk(optimizer.on(SQUARE), REGRESSION, steps=60)
        elsewhere, _ = walk(optimizer.on(SQUARE), turned, steps=60)
    bias = np.zeros(20 - here.shape[1])
    back = turned.back(np.append(elsewhere[-1], bias))[: here.shape[1]]
    assert np.allclose(back, here[-1], rtol=1e-9, atol=1e-11) == same


class MatrixOf:
    """Such a problem with a bias that stays at zero."""

    def __init__(self, problem):
        self.problem, self.start = problem, problem.start[:16]

    def grad(self, theta, k=0):
        return self.problem.grad(np.append(theta, np.zeros(4)), k)[:16]


@pytest.mark.parametrize(
    ("optimizer", "shape"), [(Shampoo(0.1), (6, 4)), (SOAP(0.03, frequency=3), (4, 4))], ids=["Shampoo", "SOAP"]
)
def test_a_transposed_matrix_walks_the_same(optimizer, shape):
    matrices = noise(30, *shape)
    there, here = Given(matrices), Given(matrices.swapaxes(1, 2))
    path, _ = walk(optimizer.on(there.layers), there, steps=30)
    other, _ = walk(optimizer.on(here.layers), here, steps=30)
    np.testing.assert_allclose(other[-1].reshape(shape[::-1]).T.ravel(), path[-1], rtol=1e-9, atol=1e-12)
    assert not np.allclose(other[-1], path[-1], rtol=0.1)


def test_roots_are_computed_when_they_are_due():
    problem = Given(noise(9, 4, 3))
    _, states = walk(Shampoo(frequency=4).on(problem.layers), problem, steps=9)
    new = [not np.array_equal(a["L0 root"], b["L0 root"]) for a, b in pairwise(states)]
    assert [k for k, is_new in enumerate(new) if is_new] == [0, 4, 8]
    L, P = states[5]["L0"], states[5]["L0 root"]
    np.testing.assert_allclose(P @ P @ P @ P @ L, np.eye(4), atol=1e-9)


def test_a_root_does_not_believe_what_rounding_made():
    G = noise(6, 2).astype(np.float32)
    A = G @ G.T
    values = np.linalg.eigvalsh(root(A, 0.25))
    least = 6 * np.finfo(np.float32).eps * np.linalg.eigvalsh(A)[-1]
    np.testing.assert_allclose(values[2:], least**-0.25, rtol=1e-4)


@pytest.mark.parametrize(("graft", "length"), [("sgd", None), ("sqrt_n", 12**0.5)])
def test_a_grafted_step_is_as_long_as_the_other_rules_and_points_where_shampoos_does(graft, length):
    problem = Given(noise(5, 4, 3))
    plain, grafted = (
        -np.diff(walk(Shampoo(1.0, graft=g).on(problem.layers), problem, steps=5)[0], axis=0) for g in ("none", graft)
    )
    lengths = np.linalg.norm(grafted, axis=1)
    np.testing.assert_allclose(lengths, length or np.linalg.norm(problem.matrices, axis=(1, 2)), rtol=1e-12)
    np.testing.assert_allclose(grafted / lengths[:, None], plain / np.linalg.norm(plain, axis=1)[:, None], rtol=1e-9)


def test_where_there_was_no_gradient_shampoo_stays():
    for optimizer in (Shampoo(), Shampoo(eps=0.0), Shampoo(beta2=0.0), Shampoo(graft="sgd"), Shampoo(graft="sqrt_n")):
        path, _ = walk(optimizer.on(Given(np.zeros((3, 4, 3))).layers), Given(np.zeros((3, 4, 3))), steps=3)
        np.testing.assert_array_equal(path, 0)


# SOAP


def test_where_rows_and_columns_never_mix_soap_is_adam():
    """Diagonal gradients: the eigenvectors are the coordinate axes, in an order that changes; v is sorted with them."""
    scales = np.stack([np.geomspace(1, 8, 4), np.geomspace(8, 1, 4)])[np.arange(60) // 30]
    problem = Given([np.diag(row) for row in scales * noise(60, 4)])
    path, states = walk(SOAP(0.01, frequency=2, first=True).on(problem.layers), problem, steps=60)
    adam, adams = walk(Adam(0.01, 0.95, 0.95, eps_hat=True), problem, steps=60)
    np.testing.assert_allclose(path, adam, rtol=1e-9, atol=1e-8)  # ε makes 10⁻⁹ of a rounding
    orders = [np.argmax(np.abs(state["Q_L0"]), axis=0).tolist() for state in states[1:]]
    assert orders[0] != orders[-1]
    Q = np.abs(states[-1]["Q_L0"])
    np.testing.assert_allclose(Q @ states[-1]["v"].reshape(4, 4) @ Q.T, adams[-1]["v"].reshape(4, 4), atol=1e-12)


def test_the_first_step_only_finds_the_axes_or_is_taken_as_well():
    problem = REGRESSION
    stands, states = walk(SOAP(0.03).on(SQUARE), problem, steps=2)
    moves, _ = walk(SOAP(0.03, first=True).on(SQUARE), problem, steps=1)
    np.testing.assert_array_equal(stands[1], stands[0])
    assert not np.any(states[1]["m"]) and not np.any(states[1]["v"]) and np.any(states[2]["v"])
    assert np.all(moves[1] != moves[0])
    G = problem.split(problem.grad(problem.start))[0]
    np.testing.assert_allclose(-moves[1][:16].reshape(4, 4), 0.03 * polar(G), rtol=1e-4)  # G' is diagonal, and Adam's
    np.testing.assert_allclose(np.abs(moves[1][16:]), 0.03, rtol=1e-6)  # first step is its sign: SOAP begins as Muon


def test_the_axes_follow_the_gradients():
    _, states = walk(SOAP(0.03).on(SQUARE), REGRESSION, steps=61)
    for side in ("L0", "R0"):
        changes = [k for k in range(1, 61) if not np.array_equal(states[k][f"Q_{side}"], states[k + 1][f"Q_{side}"])]
        assert changes == [10, 20, 30, 40, 50, 60]
        Q = states[-1][f"Q_{side}"]
        turned = Q.T @ states[-1][side] @ Q
        np.testing.assert_allclose(Q.T @ Q, np.eye(4), atol=1e-14)
        assert np.linalg.norm(turned - np.diag(np.diag(turned))) < 0.2 * np.linalg.norm(turned)


def test_axes_are_eigenvectors_and_where_nothing_was_seen_near_the_coordinates():
    G = noise(6, 2)
    values = np.diag(axes(G @ G.T).T @ (G @ G.T) @ axes(G @ G.T))
    assert np.all(np.diff(values) < 1e-12) and np.all(np.abs(values[2:]) < 1e-12)
    np.testing.assert_allclose(np.abs(axes(np.zeros((3, 3)))), np.eye(3)[::-1])
    np.testing.assert_allclose(np.abs(axes(np.diag([0.0, 2.0, 0.0, 5.0]))), np.eye(4)[:, [3, 1, 0, 2]], atol=1e-15)
    shaken = G + 1e-13 * noise(6, 2, seed=1)
    np.testing.assert_allclose(np.abs(axes(G @ G.T)), np.abs(axes(shaken @ shaken.T)), atol=1e-11)


# Both


class LittleNetwork(Loss):
    """The recorded network as a loss of many runs."""

    start, layers, dim = NETWORK.start, LAYERS, len(NETWORK.start)

    def value(self, theta):
        return np.array([NETWORK.loss(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape[:-1])

    def gradient(self, theta):
        return np.array([NETWORK.grad(one) for one in theta.reshape(-1, self.dim)]).reshape(theta.shape)


VALUES = {
    "frequency": [1, 3, 10],
    "exponent": [0.25, 0.1, 0.5],
    "beta2": [0.5, 0.9, 0.99],
    "eps": [1e-6, 1e-3, 0.0],
    "ridge": [0.0, 1e-8, 1e-2],
}
RULES = [Shampoo(graft="sgd", vectors="graft"), SOAP(), SOAP(first=True), Lookahead(Shampoo(beta2=0.9))]


@pytest.mark.parametrize("loss", [LittleNetwork(), ravine(kappa=20, angle=30)], ids=["network", "ravine"])
@pytest.mark.parametrize(
    ("optimizer", "knob"),
    [(rule, knob) for rule in RULES for knob in ("lr", "gamma", "beta1", *VALUES) if knob in rule.knobs],
    ids=repr,
)
def test_many_runs_at_once_equal_a_loop_exactly(loss, optimizer, knob):
    values = np.array(VALUES.get(knob, [0.002, 0.05, 0.9]))
    starts = loss.start + np.array([[0.0], [0.1], [-0.2]])
    together = descend(loss, optimizer.replace(**{knob: values[:, None]}), starts, steps=13)
    for i, value in enumerate(values):
        alone = descend(loss, optimizer.replace(**{knob: value}), starts[i], steps=13)
        np.testing.assert_array_equal(together.theta[:, i], alone.theta)


@pytest.mark.parametrize("optimizer", [Shampoo(1e200), SOAP(1e200), SOAP(1e200, first=True, frequency=1)], ids=repr)
def test_a_descent_that_runs_away_is_no_error(optimizer):
    class Away(LittleNetwork):
        def gradient(self, theta):
            return theta**3

    path = descend(Away(), optimizer, NETWORK.start + np.zeros((2, 1)), steps=20)
    assert not np.isfinite(path.theta[-1]).any()


@pytest.mark.parametrize("optimizer", [Shampoo(), Shampoo(graft="sgd", beta2=0.9), SOAP(), SOAP(frequency=1)], ids=repr)
@pytest.mark.parametrize(
    "order", [lambda o: o.of_type(np.float32).on(LAYERS), lambda o: o.on(LAYERS).of_type(np.float32)]
)
def test_float32_stays_float32_and_finite(optimizer, order):
    optimizer = order(optimizer)
    theta = NETWORK.start.astype(np.float32)
    state = optimizer.init(theta)
    for k in range(30):
        theta, state = optimizer.step(theta, lambda at: NETWORK.grad(at).astype(np.float32), state, k)
    assert {theta.dtype, *(entry.dtype for entry in state.values())} == {np.dtype(np.float32)}
    assert np.isfinite(theta).all()


def test_the_states_have_the_shapes_of_the_sides():
    theta = np.zeros((7, 32))
    shampoo, soap = Shampoo().on(LAYERS).init(theta), SOAP().on(LAYERS).init(theta)
    sides = {"L0": 3, "R0": 5, "L1": 5, "L2": 5, "R2": 2, "L3": 2}
    assert {name: entry.shape for name, entry in shampoo.items()} == {
        "B": (7, 32),
        **{name: (7, n, n) for name, n in sides.items()},
        **{f"{name} root": (7, n, n) for name, n in sides.items()},
    }
    matrices = {name: n for name, n in sides.items() if name[1] in "02"}
    assert {name: entry.shape for name, entry in soap.items()} == {
        "m": (7, 32),
        "v": (7, 32),
        **{name: (7, n, n) for name, n in matrices.items()},
        **{f"Q_{name}": (7, n, n) for name, n in matrices.items()},
    }
    assert "L1" not in Shampoo(vectors="graft").on(LAYERS).init(theta)


def test_on_a_surface_what_has_no_eigenvectors_travels_and_the_rest_says_why():
    for optimizer in (SOAP(first=True), Shampoo(vectors="graft"), Shampoo(vectors="graft", graft="sqrt_n", gamma=0.5)):
        source = path_source("run", ravine(kappa=20, angle=30), optimizer, "run", 20)
        assert isinstance(source.recipe, dict), source.recipe
    for optimizer in (Shampoo(), SOAP()):
        assert isinstance(path_source("run", ravine(), optimizer, "run", 20).recipe, str)


@pytest.mark.parametrize("optimizer", [Shampoo(), Shampoo(beta2=0.9), SOAP()], ids=repr)
def test_the_formula_closes_its_brackets(optimizer):
    assert optimizer.formula.count("{") == optimizer.formula.count("}") > 0


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Shampoo(beta2=1.1), r"decay of L and R β₂ must be in \[0, 1\], got 1.1"),
        (lambda: Shampoo(exponent=-0.25), r"exponent p must be in \[0, 1\], got -0.25"),
        (lambda: Shampoo(frequency=0), r"how often roots are computed f must be a whole number in \[1, ∞\), got 0"),
        (lambda: Shampoo(gamma=1.0), r"momentum γ must be in \[0, 1\), got 1"),
        (lambda: Shampoo(graft="adam"), "graft"),
        (lambda: SOAP(beta1=1.0), r"first-moment decay β₁ must be in \[0, 1\), got 1"),
        (lambda: SOAP(frequency=2.5), r"how often the axes are turned f must be a whole number in \[1, ∞\), got 2.5"),
        (lambda: SOAP(ridge=-1e-8), r"stabilizer δ must be in \[0, ∞\), got -1e-08"),
        (lambda: SOAP(eps=-1.0), r"stabilizer ε must be in \[0, ∞\), got -1"),
        (lambda: SOAP(first="no"), "first"),
    ],
)
def test_wrong_values_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
