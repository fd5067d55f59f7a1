"""The fair race: its runs against loops in plain numpy, its protocol, its ties, and a learner's own optimizers."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from optimlab.comparison import Comparison, Entry, Final, Try
from optimlab.data import Data
from optimlab.fair import fair_race, next_try, split, state_numbers
from optimlab.networks import Network
from optimlab.optimizers import SAM, SOAP, Adafactor, Adam, GradientDescent, Momentum, Optimizer
from optimlab.roster import known, named, runner
from optimlab.stacked import Stacked, losses, paths

NETWORK = Network((5, 7, 3))


def blobs(n=120, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 2 * n)
    X = rng.standard_normal((2 * n, 5)) + 2 * np.eye(3, 5)[y]
    return Data(X[:n], y[:n], X[n:], y[n:], "blobs")


DATA = blobs()
QUICK = {"network": NETWORK, "data": DATA, "steps": 20, "batch_size": 16, "seeds": 2, "progress": False}


class OfOneLength(Optimizer):
    """Its norm goes over all of θ: of many runs at once it would make one."""

    def step(self, theta, grad, state, k):
        g = grad(theta)
        return theta - self.rate(k) * g / np.linalg.norm(g), state


@dataclass(frozen=True, repr=False)
class ByLayers(Optimizer):
    """Each matrix of weights moves by a fixed length; it wants to know the layers."""

    layers: object = None

    def on(self, layers):
        return replace(self, layers=layers)

    def step(self, theta, grad, state, k):
        def unit(layer, g):
            return g / np.sqrt((g**2).sum(axis=(-2, -1), keepdims=True)) if layer.is_matrix else g

        return theta - self.rate(k) * self.layers.each(unit, grad(theta)), state


@dataclass(frozen=True, repr=False)
class Needy(Optimizer):
    needed: float = None

    def __post_init__(self):
        if self.needed is None:
            raise TypeError("needed")


def plain_loop(rule, eta, steps, seed, data=DATA, schedule=lambda k: 1.0):
    """Training in plain numpy: θ as W₁, b₁, W₂, b₂; ``rule(θ, gradient function, memory, η)``."""
    rng = np.random.default_rng([seed, 1])
    theta, memory, rows = NETWORK.init(seed), {}, []
    per_epoch, n = -(-len(data.X) // 16), len(data.X)
    for k in range(steps):
        if k % per_epoch == 0:
            rows = np.array_split(rng.permutation(n), per_epoch)
        X, y = data.X[rows[k % per_epoch]], data.y[rows[k % per_epoch]]
        theta = rule(theta, lambda at, X=X, y=y: by_hand(at, X, y), memory, eta * schedule(k))
    return theta


def parts(theta):
    return theta[:35].reshape(5, 7), theta[35:42], theta[42:63].reshape(7, 3), theta[63:]


def by_hand(theta, X, y):
    W, b, V, c = parts(theta)
    a = np.maximum(X @ W + b, 0)
    z = np.exp(a @ V + c)
    delta = (z / z.sum(axis=1, keepdims=True) - np.eye(3)[y]) / len(y)
    back = delta @ V.T * (a > 0)
    return np.concatenate([(X.T @ back).ravel(), back.sum(0), (a.T @ delta).ravel(), delta.sum(0)])


def loss_by_hand(theta, X, y):
    W, b, V, c = parts(theta)
    z = np.maximum(X @ W + b, 0) @ V + c
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]), np.argmax(z, axis=1)


def heavy(theta, grad, memory, eta):
    memory["v"] = 0.9 * memory.get("v", 0) + eta * grad(theta)
    return theta - memory["v"]


def unit_steps(theta, grad, memory, eta):
    g = grad(theta)
    return theta - eta * g / np.sqrt((g**2).sum())


def unit_layers(theta, grad, memory, eta):
    new = []
    for part in parts(grad(theta)):
        new.append((part / np.sqrt((part**2).sum()) if part.ndim == 2 else part).ravel())
    return theta - eta * np.concatenate(new)


@pytest.mark.parametrize(
    "network",
    [
        NETWORK,
        Network((5, 6, 4, 3), activation="tanh", l2=0.1),
        Network((5, 6, 4, 3), dropout=0.4),
        Network((5, 3)),
    ],
)
def test_stacked_gradients_and_losses_are_those_of_each_network(network):
    loss = Stacked(network, DATA, 16, [3, 8], steps=3)
    theta = np.tile(loss.starts, (3, 1)) * np.linspace(0.5, 1.5, 6)[:, None]
    found = loss.gradient_at(2)(theta)
    for run in range(6):
        wanted = network.gradient(theta[run], *network.on(DATA, 16, [3, 8][run % 2]).batch(2))
        np.testing.assert_allclose(found[run], wanted, rtol=1e-9, atol=1e-14)
    plain = replace(network, l2=0.0)
    wanted = [plain.value(one, DATA.X_test, DATA.y_test) for one in theta]
    np.testing.assert_allclose(losses(network, theta, DATA.X_test, DATA.y_test), wanted)
    assert (loss.batches[0][2] is None) == (network.dropout == 0)


@pytest.mark.parametrize(
    ("optimizer", "rule"), [(Momentum(), heavy), (OfOneLength(), unit_steps), (ByLayers(), unit_layers)]
)
def test_runs_are_those_of_plain_loops_also_of_rules_that_take_one_run_only(optimizer, rule):
    def cosine(eta, k):
        return eta * (1 + np.cos(np.pi * k / 12)) / 2

    loss = Stacked(NETWORK, DATA, 16, [0, 4], steps=12)
    *_, (k, theta, asked) = paths(optimizer, loss, [0.05, 0.2], cosine)
    assert (k, asked, theta.shape) == (12, 12, (2, 2, NETWORK.size))
    for i, eta in enumerate((0.05, 0.2)):
        for j, seed in enumerate((0, 4)):
            wanted = plain_loop(rule, eta, 12, seed, schedule=lambda k: cosine(1.0, k))
            np.testing.assert_allclose(theta[i, j], wanted, rtol=1e-7, atol=1e-10)


def test_a_race_is_its_protocol():
    race = fair_race(Momentum(0.01), rates=4, factor=2.0, final_seeds=3, schedule="constant", **QUICK)
    entry = race["Momentum"]
    assert len(DATA.X) * 297 // 1297 == 27
    part = replace(DATA, X=DATA.X[:-27], y=DATA.y[:-27])
    for tried in entry.tries["constant"]:
        for seed in range(2):
            theta = plain_loop(heavy, tried.eta, 20, seed, part)
            assert tried.losses[seed] == pytest.approx(loss_by_hand(theta, DATA.X[-27:], DATA.y[-27:])[0], rel=1e-9)
    best = min(entry.tries["constant"], key=lambda tried: tried.losses.mean())
    assert entry.chosen(4) is best and entry.chosen(1).eta == 0.01
    for i, seed in enumerate((2, 3, 4)):
        theta = plain_loop(heavy, best.eta, 20, seed)
        loss, _ = loss_by_hand(theta, DATA.X, DATA.y)
        _, guess = loss_by_hand(theta, DATA.X_test, DATA.y_test)
        assert race.final("Momentum").loss[-1, i] == pytest.approx(loss, rel=1e-9)
        assert race.final("Momentum").accuracy[i] == np.mean(guess == DATA.y_test)
        halfway = loss_by_hand(plain_loop(heavy, best.eta, 10, seed), DATA.X, DATA.y)[0]
        assert race.final("Momentum").loss[2, i] == pytest.approx(halfway, rel=1e-9)
    assert race.checkpoints.tolist() == [0, 5, 10, 15, 20]


@pytest.mark.parametrize(
    ("score", "order"),
    [
        (lambda e: -e, [0, 1, 2, 3, 4, 5]),
        (lambda e: e, [0, 1, -1, -2, -3, -4]),
        (lambda e: abs(e), [0, 1, -1, 2, -2, 3]),
        (lambda e: abs(e - 2), [0, 1, 2, 3, 4, 5]),
        (lambda e: abs(e + 1.2), [0, 1, -1, -2, -3, 2]),
        (lambda e: np.inf if e > -3 else e, [0, 1, -1, -2, -3, -4]),
    ],
)
def test_the_next_try_is_the_neighbour_of_the_best(score, order):
    tried = []
    for _ in order:
        tried.append(next_try([(score(e), e) for e in tried])[0])
    assert tried == order


def test_tests_are_not_touched_by_tuning_and_a_seed_means_the_same_for_all():
    other = replace(DATA, X_test=DATA.X_test[::-1] * 3, y_test=DATA.y_test)
    a, b = (fair_race("Adam", GradientDescent(0.1), rates=2, **QUICK | {"data": data}) for data in (DATA, other))
    for first, second in zip(a.entries, b.entries):
        assert [t.eta for t in first.tries["cosine"]] == [t.eta for t in second.tries["cosine"]]
        np.testing.assert_array_equal(first.tries["cosine"][1].losses, second.tries["cosine"][1].losses)
        assert not np.array_equal(first.final(2).accuracy, second.final(2).accuracy)
    starts = [entry.final(1).loss[0] for entry in a.entries]
    np.testing.assert_array_equal(*starts)
    kept, held_out = split(DATA)
    np.testing.assert_array_equal(np.concatenate([kept.X, held_out.X]), DATA.X)


def test_what_diverges_is_the_worst_and_no_error():
    with np.errstate(all="raise"):
        race = fair_race(Momentum(1e200), GradientDescent(0.1), rates=3, factor=10.0, schedule="constant", **QUICK)
    wild = race["Momentum"]
    assert all(np.isinf(tried.score) for tried in wild.tries["constant"])
    assert wild.chosen(3).eta == 1e200 and race.accuracies()[0].tolist() == [0.0, 0.0]
    assert list(race.places("accuracy").values()) == [1, 2] and race.places()["GradientDescent"] == 1
    assert np.diff([tried.eta for tried in wild.tries["constant"]][::2]) < 0  # from there it goes down


def test_schedules_and_gradients():
    race = fair_race("ScheduleFree", SAM(Momentum()), rates=2, schedule="both", **QUICK)
    assert list(race["ScheduleFree(Adam)"].tries) == ["constant"]
    assert list(race["SAM(Momentum)"].tries) == ["cosine", "constant"]
    assert [entry.gradients for entry in race.entries] == [1.0, 2.0]
    np.testing.assert_array_equal(race.costs("gradients")[1], 2 * race.costs("steps")[1])
    tries = [tried for kind in race["SAM(Momentum)"].tries.values() for tried in kind]
    assert race["SAM(Momentum)"].chosen(2).score == min(tried.score for tried in tries)


def made(losses, accuracy, numbers=0.0, seconds=1.0, name="a"):
    tries = {"cosine": [Try(0.1, "cosine", np.zeros(1))]}
    final = Final(np.array(losses, float).T, np.array(accuracy, float))
    return Entry(name, Adam(), tries, {("cosine", 0.1): final}, 1.0, seconds, numbers)


def race_of(*entries, target=0.5):
    return Comparison(entries, np.array([0, 5, 10, 15]), 1, target, "made by hand")


def test_steps_to_a_target_are_those_after_which_it_stays():
    final = Final(np.array([[1, 0.4, 0.6, 0.3], [1, 0.4, 0.4, 0.4], [1, 1, 1, np.inf], [0, 0, 0, 0]]).T, np.zeros(4))
    assert final.steps_to(0.5, np.array([0, 5, 10, 15])).tolist() == [15, 5, 20, 0]
    assert final.steps_to(0.4, np.array([0, 5, 10, 15])).tolist() == [15, 20, 20, 0]  # below, not at


def test_ties_and_places():
    at5, at10, never = [1, 0.1, 0.1, 0.1], [1, 1, 0.1, 0.1], [1, 1, 1, 1]
    a = made([at5, at5, at5], [0.9, 0.9, 0.9], 2, 4.0, "a")
    b = made([at10, at10, at10], [0.9, 0.92, 0.91], 1, 1.0, "b")
    c = made([at5, at10, at5], [0.8, 0.8, 0.8], 1, 1.0, "c")
    d = made([at5, at5, never], [0.95, 0.95, 0.95], 0, 0.1, "d")
    race = race_of(a, b, c, d)
    assert race.places() == {"a": 1, "c": 1, "b": 2, "d": 4}  # c against b: 10/3 ± 5/3, two standard errors
    assert race.places("seconds") == {"c": 1, "b": 1, "a": 3, "d": 4}
    assert race.places("memory") == {"d": 1, "b": 2, "c": 2, "a": 4}
    assert race.places("accuracy") == {"d": 1, "b": 2, "a": 2, "c": 4}
    assert race.reached().tolist() == [True, True, True, False] and race.costs().max() == 20
    assert race.with_target(0.05).places() == {"a": 1, "b": 1, "c": 1, "d": 1}
    text = repr(race)
    assert "1      a  0.1       5 ± 0" in text and "≥ 10 ± 10" in text and "0.95" in text
    assert "0.910 ± 0.010" in race.table() and "made by hand; 1 η each" in text and "second" not in text


def test_names_find_all_optimizers_and_ones_own():
    assert named("OfOneLength") == OfOneLength() and runner(ByLayers) == ByLayers()
    assert runner("SOAP") == runner(SOAP) == SOAP(ridge=1e-8) and runner("Muon").lr == 0.02
    assert not {"Optimizer", "Around", "Averaged", "Trusting"} & set(known())
    for name in known():
        if name != "Needy" and known()[name].__module__.startswith("optimlab"):
            assert named(name).lr > 0
    race = fair_race("ByLayers", "OfOneLength", rates=2, **QUICK)
    assert [entry.name for entry in race.entries] == ["ByLayers", "OfOneLength"]
    with pytest.raises(ValueError, match=r"must be one of SOAP, .*, got 'SOPA'"):
        named("SOPA")
    with pytest.raises(ValueError, match=r"must be one of OfOneLength, .*, got 'OfOneLenght'"):
        fair_race("OfOneLenght")
    with pytest.raises(ValueError, match=r"Needy needs hyperparameters: give an instance, Needy\(…\)"):
        runner(Needy)


def test_numbers_of_state():
    network = Network((6, 4, 3))
    counted = {
        o.name: state_numbers(o, network) * network.size for o in (GradientDescent(), Adam(), Adafactor(), SOAP())
    }
    matrices, d = 36 + 16 + 16 + 9, 43
    assert counted == pytest.approx(
        {"GradientDescent": 0, "Adam": 2 * d, "Adafactor": 6 + 4 + 4 + 3 + 7, "SOAP": 2 * d + 2 * matrices}
    )


def test_names_differ_and_the_same_call_gives_the_same_table():
    a, b = (fair_race(Adam(), Adam(0.1), rates=2, **QUICK) for _ in range(2))
    assert [entry.name for entry in a.entries] == ["Adam", "Adam 2"] and a.table() == b.table()
    assert a.with_budget(1)["Adam 2"].chosen(1).eta == 0.1 and a.budget == 2 and all(e.seconds > 0 for e in a.entries)
    assert a["Adam"].at_edge(2) and "0.003*" in repr(a) and "*" not in repr(a.with_budget(1))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: fair_race(), "needs at least one optimizer, got none"),
        (lambda: fair_race(3), "must be an instance, a class or a name, such as Adam.*got 3"),
        (lambda: fair_race(Adam(lr=0.0)), "η of Adam is where its tuning begins, a number above 0, got 0.0"),
        (lambda: fair_race(Adam(lr=lambda k: 0.1)), "η of Adam is where its tuning begins"),
        (lambda: fair_race("Adam", rates=0, data=DATA), r"the number of rates must be a whole number in \[1, 20\]"),
        (lambda: fair_race("Adam", factor=1.0, data=DATA), "factor between learning rates q must be in"),
        (lambda: fair_race("Adam", schedule="step", data=DATA), "schedule must be one of cosine, constant, both"),
        (lambda: fair_race("Adam", steps=3, data=DATA), "steps must be a whole number"),
        (lambda: fair_race("Adam", budget=7, data=DATA), r"the budget must be a whole number in \[1, 6\], got 7"),
        (lambda: fair_race("Adam", final_seeds=1, data=DATA), "final_seeds must be a whole number"),
        (lambda: fair_race("Adam", batch_size=110, data=DATA), "the batch size B must be a whole number"),
        (lambda: race_of(made([[1, 1, 1, 1]], [0.5]))["b"], "must be one of a, got 'b'"),
        (lambda: race_of(made([[1, 1, 1, 1]], [0.5])).with_budget(2), "the budget must be a whole number"),
        (lambda: race_of(made([[1, 1, 1, 1]], [0.5])).costs("money"), "must be one of steps, gradients, seconds"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
