"""What optimizers say they cost, against what they do: the state they make, the gradients they ask for, products."""

import numpy as np
import pytest

from optimlab import optimizers
from optimlab.layers import Layer, Layers
from optimlab.networks import Network
from optimlab.optimizers import (
    EMA,
    LAMB,
    LARS,
    SAM,
    SOAP,
    SWA,
    AdaBelief,
    Adadelta,
    Adafactor,
    AdaGrad,
    Adam,
    AdamW,
    AdEMAMix,
    AMSGrad,
    Around,
    Cautious,
    DecoupledWeightDecay,
    GradientDescent,
    Lion,
    Lookahead,
    Momentum,
    Muon,
    Nadam,
    Nesterov,
    Optimizer,
    Prodigy,
    RAdam,
    RMSprop,
    ScheduleFree,
    Shampoo,
    Signum,
)  # fmt: skip
from optimlab.optimizers.base import Work
from optimlab.optimizers.costs import state_size, work_of

LAYERS = Layers((Layer("W1", (5, 7)), Layer("b1", (7,)), Layer("W2", (7, 3)), Layer("b2", (3,))))
MATRICES, VECTORS = 5 * 7 + 7 * 3, 7 + 3
ALL = MATRICES + VECTORS
SIDES = 5 + 7 + 7 + 3  # of the matrices
SQUARES, SQUARES_OF_VECTORS = 5**2 + 7**2 + 7**2 + 3**2, 7**2 + 3**2
BOTH = SQUARES + SQUARES_OF_VECTORS

# What `init` makes and no method needs: what all layers share, what Muon gives to all of θ, what Shampoo makes anew.
SHARED = {"Πμ": ALL}
ESTIMATE = {"r": 1, "d": 1}
WEIGHT = {"Σw": ALL, "η_max": ALL}
SIMPLE = {"B": VECTORS, "m": MATRICES, "v": MATRICES}
ANEW = {"B": ALL, "roots": BOTH}

# Each rule with its options; how many numbers its paper needs for these layers, by hand; what `init` makes besides.
NEEDS = [
    (GradientDescent(), 0, {}),
    (Momentum(), ALL, {}),
    (Momentum(lr_outside=True, dampening=0.5), ALL, {}),
    *((Nesterov(form=form), ALL, {}) for form in ("look-ahead", "keras", "torch")),
    (AdaGrad(), ALL, {}),
    (Adadelta(), 2 * ALL, {}),
    (RMSprop(), ALL, {}),
    (Adam(), 2 * ALL, {}),
    (AdamW(), 2 * ALL, {}),
    *((AMSGrad(correction=correction), 3 * ALL, {}) for correction in ("after", "before", "none")),
    *((Nadam(scheduled=scheduled), 2 * ALL, SHARED) for scheduled in (True, False)),
    (RAdam(), 2 * ALL, {}),
    (AdaBelief(), 2 * ALL, {}),
    (AdEMAMix(), 3 * ALL, {}),
    (Prodigy(), 4 * ALL, ESTIMATE),
    (Prodigy(beta3=0.9), 4 * ALL, ESTIMATE),
    (Signum(), ALL, {}),
    (Lion(), ALL, {}),
    *((LARS(form=form), ALL, {}) for form in ("paper", "optax", "torch")),
    (LAMB(), 2 * ALL, {}),
    (Adafactor(), SIDES + VECTORS, {}),
    (Adafactor(min_dim_size_to_factor=5), 5 + 7 + 7 * 3 + VECTORS, {}),
    (Adafactor(min_dim_size_to_factor=128), ALL, {}),
    (Muon(), MATRICES + 2 * VECTORS, SIMPLE),
    (Muon(form="optax", nesterov=False), MATRICES + 2 * VECTORS, SIMPLE),
    (Shampoo(), BOTH, ANEW),
    (Shampoo(gamma=0.9), ALL + BOTH, {"roots": BOTH}),
    (Shampoo(frequency=2), 2 * BOTH, {"B": ALL}),
    (Shampoo(frequency=2, vectors="graft", graft="sgd", beta2=0.9, gamma=0.5), ALL + 2 * SQUARES, {}),
    (SOAP(), 2 * ALL + 2 * SQUARES, {}),
    (SOAP(first=True, frequency=1), 2 * ALL + 2 * SQUARES, {}),
    (DecoupledWeightDecay(Adam()), 2 * ALL, {}),
    (Cautious(Lion()), ALL, {}),
    (SAM(Adafactor()), SIDES + VECTORS, {}),
    (Lookahead(Adam()), 3 * ALL, {}),
    (Lookahead(Muon()), ALL + MATRICES + 2 * VECTORS, SIMPLE),
    (EMA(Momentum()), 2 * ALL, {}),
    (SWA(GradientDescent()), ALL, {}),
    (ScheduleFree(GradientDescent()), ALL, WEIGHT),
    (ScheduleFree(Adam(beta1=0.0)), 2 * ALL, WEIGHT | {"m": ALL}),  # v and z: no more than Adam
    (EMA(SAM(Adam())), 3 * ALL, {}),
    # A mean whose decay is 0 is no state.
    (Momentum(gamma=0.0), 0, {"v": ALL}),
    (Nesterov(gamma=0.0), 0, {"v": ALL}),
    (RMSprop(gamma=0.0), 0, {"E[g²]": ALL}),
    (Adadelta(rho=0.0), ALL, {"E[g²]": ALL}),
    (Adam(beta1=0.0), ALL, {"m": ALL}),
    (AdamW(beta1=0.0, beta2=0.0), 0, {"m": ALL, "v": ALL}),
    (AMSGrad(beta1=0.0), 2 * ALL, {"m": ALL}),
    (AdEMAMix(beta1=0.0), 2 * ALL, {"m₁": ALL}),
    (Prodigy(beta1=0.0), 3 * ALL, ESTIMATE | {"m": ALL}),
    (Prodigy(beta3=0.0), 3 * ALL, ESTIMATE | {"s": ALL}),
    (Signum(beta=0.0), 0, {"m": ALL}),
    (Lion(beta1=0.0), 0, {"m": ALL}),
    (Lion(beta2=0.0), ALL, {}),
    (LARS(gamma=0.0), 0, {"v": ALL}),
    (LAMB(beta1=0.0), ALL, {"m": ALL}),
    (Adafactor(decay_rate=0.0), 0, {"all": SIDES + VECTORS}),
    (Muon(mu=0.0), 2 * VECTORS, SIMPLE | {"B": ALL}),
    (Shampoo(beta2=0.0), 0, {"all": ALL + 2 * BOTH}),
    (SOAP(beta1=0.0, beta2=0.0), SQUARES, {"all": 2 * ALL + SQUARES}),
]
RULES = [name for name in optimizers.__all__ if name not in ("Optimizer", "Around")]


def told(optimizer):
    return f"{optimizer!r}"[:60]


@pytest.mark.parametrize(("optimizer", "needs", "besides"), NEEDS, ids=[told(row[0]) for row in NEEDS])
def test_the_memory_is_that_of_the_paper_and_of_what_init_makes(optimizer, needs, besides):
    assert state_size(optimizer, LAYERS) == needs
    state = optimizer.on(LAYERS).init(np.zeros(ALL))
    assert sum(np.size(entry) for entry in state.values()) == needs + sum(besides.values())
    for entry, size in besides.items():
        assert entry in ("roots", "all") or size <= np.size(state[entry])


def test_no_rule_is_left_out():
    assert {type(optimizer).__name__ for optimizer, _, _ in NEEDS} == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_paper_and_year_are_those_of_the_docstring(name):
    rule = getattr(optimizers, name)
    assert "paper" in vars(rule) and "year" in vars(rule)
    first = rule.__doc__.split("\n")[0]
    assert f"({rule.paper} {rule.year}" in first or f"{rule.paper} ({rule.year})" in first


@pytest.mark.parametrize("optimizer", [row[0] for row in NEEDS] + [EMA(SAM(Lion()))], ids=told)
def test_the_evaluations_are_the_gradients_that_a_step_asks_for(optimizer):
    rule, asked = optimizer.on(LAYERS), []

    def grad(at):
        asked.append(at)
        return np.cos(at)

    theta = np.linspace(0.1, 1, ALL)
    state = rule.init(theta)
    for k in range(3):
        theta, state = rule.step(theta, grad, state, k)
    assert len(asked) == 3 * optimizer.evaluations


class Counting(np.ndarray):
    """An array that counts the multiplications of its products with other matrices."""

    total = 0

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [part.view(np.ndarray) if isinstance(part, Counting) else part for part in inputs]
        result = getattr(ufunc, method)(*plain, **options)
        if ufunc is np.matmul:
            Counting.total += np.size(result) * plain[0].shape[-1]
        return result.view(Counting) if isinstance(result, np.ndarray) else result


def products_of_a_step(optimizer, layer, k):
    """How many multiplications the matrix products of step k have."""
    rule, rng = optimizer.on(Layers((layer,))), np.random.default_rng(0)
    theta, state = rng.normal(size=layer.size), rule.init(np.zeros(layer.size))
    theta, state = rule.step(theta, lambda at: rng.normal(size=layer.size), state, 0)  # the first one is different
    counted = {name: np.asarray(entry).view(Counting) for name, entry in state.items()}
    Counting.total = 0
    rule.step(theta.view(Counting), lambda at: rng.normal(size=layer.size).view(Counting), counted, k)
    return Counting.total


@pytest.mark.parametrize("shape", [(50, 70), (70, 30), (40, 40)])
@pytest.mark.parametrize("steps", [1, 5])
def test_the_work_of_muon_is_counted(shape, steps, monkeypatch):
    monkeypatch.setattr("optimlab.newton_schulz.matrices", lambda G: G)  # which makes plain arrays of those that count
    layer = Layer("W", shape)
    found = Muon(ns_steps=steps).work(layer)
    short, long = min(shape), max(shape)
    assert found == (products_of_a_step(Muon(ns_steps=steps), layer, 1), 0)
    assert found.products == steps * (2 * short**2 * long + short**3) <= 3 * steps * short**2 * long
    assert Muon().work(Layer("b", (50,))) == (0, 0)
    assert Muon(coefficients="exact").work(layer) == (0, short**2 * long)


@pytest.mark.parametrize("rule", [Shampoo, SOAP])
@pytest.mark.parametrize("shape", [(50, 70), (70, 30), (40, 40)])
def test_the_work_of_shampoo_and_soap_is_counted_each_step(rule, shape):
    layer, cubes = Layer("W", shape), sum(n**3 for n in shape)
    rare, often = rule(frequency=10), rule(frequency=1)
    assert rare.work(layer) == pytest.approx((products_of_a_step(rare, layer, 3) + cubes / 10, cubes / 10))
    assert often.work(layer).products == products_of_a_step(rare, layer, 3) + cubes
    assert often.work(layer).decompositions == cubes


def test_a_vector_of_shampoo_has_one_side_and_one_of_soap_none():
    layer = Layer("b", (60,))
    each = products_of_a_step(Shampoo(frequency=10), layer, 3)
    assert Shampoo(frequency=10).work(layer) == (each + 60**3 / 10, 60**3 / 10)
    assert each == 2 * 60**2
    assert Shampoo(vectors="graft").work(layer) == (0, 0) == SOAP().work(layer)
    assert products_of_a_step(SOAP(), layer, 3) == 0


@pytest.mark.parametrize("rule", [Adam(), Adafactor(), LAMB(), Lookahead(Lion())], ids=told)
def test_a_rule_without_products_has_no_such_work(rule):
    layer = Layer("W", (20, 30))
    assert products_of_a_step(rule, layer, 3) == 0 and rule.work(layer) == Work(0, 0)


@pytest.mark.parametrize("rule", [Shampoo, SOAP])
@pytest.mark.parametrize("frequency", [1, 4])
def test_decompositions_come_as_often_as_is_said(rule, frequency, monkeypatch):
    seen = []
    for name in ("eigh", "qr"):
        original = getattr(np.linalg, name)
        monkeypatch.setattr(np.linalg, name, lambda A, original=original: seen.append(len(A) ** 3) or original(A))
    optimizer, rng = rule(frequency=frequency).on(LAYERS), np.random.default_rng(1)
    theta = rng.normal(size=ALL)
    state = optimizer.init(theta)
    for k in range(17):
        if k == 1:
            seen.clear()  # the first axes are eigenvectors of another kind
        theta, state = optimizer.step(theta, lambda at: rng.normal(size=ALL), state, k)
    assert sum(seen) == pytest.approx(16 * work_of(optimizer, LAYERS).decompositions)


def test_sums_go_over_the_layers_of_a_network_and_around_another():
    layout = Network((64, 64, 10)).layout
    assert state_size(Adafactor(), layout) == 64 + 64 + 64 + 64 + 10 + 10
    assert work_of(Lookahead(Muon()), layout) == work_of(Muon(), layout)
    assert work_of(Muon(), layout) == (5 * (3 * 64**3 + 2 * 100 * 64 + 1000), 0)


# A learner's own


class Own(Optimizer):
    def init(self, theta):
        return {"last": theta, "square": np.zeros((3, 3))}

    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad(theta), state | {"last": theta}


class Extended(Adam):
    def init(self, theta):
        return super().init(theta) | {"w": theta}


class Outer(Around):
    letters = ("z",)

    def init(self, theta):
        return self.beside(self.inner.init(theta), z=theta)

    def step(self, theta, grad, state, k):
        z, inner = self.inner.step(state["z"], grad, self.inside(state), k)
        return (theta + z) / 2, inner | {"z": z}


def test_one_that_says_nothing_of_its_costs_is_counted_by_what_it_makes():
    layer = Layer("W", (5, 7))
    assert Own().memory(layer) == 35 + 9 and Own().work(layer) == (0, 0) and Own().evaluations == 1
    assert Own.paper == "" and Own.year is None
    assert Extended().memory(layer) == 3 * 35
    assert Outer(Muon()).memory(layer) == 2 * 35 and Outer(SAM(Own())).evaluations == 2


def test_counting_asks_for_no_room():
    assert GradientDescent().memory(Layer("W", (10**7, 10**7))) == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: state_size(Adam, LAYERS), "the optimizer must be an Optimizer"),
        (lambda: state_size(Adam(), 7), r"the layers must be Layer\(name, shape\), as in network.layout, got 7"),
        (lambda: work_of(Adam(), [(5, 7)]), r"the layers must be Layer\(name, shape\)"),
        (lambda: work_of(Muon, LAYERS), "the optimizer must be an Optimizer"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
