"""The network against central differences and PyTorch's autograd; its training, and what interrupts and bad input do.

The recorded loss and gradients are in ``oracles/schedules.npz``; ``oracles/record_schedules.py`` shows how.
"""

import json
import time
import warnings
from dataclasses import FrozenInstanceError, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from optimlab.networks import Data, History, Network, clip_norm, clip_value, digits, log_softmax, range_test, train
from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from optimlab.schedules import ReduceOnPlateau, cosine_decay, exponential_decay, warmup
from optimlab.training import RangeTest

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "schedules.npz"))
ACTIVATIONS = ["tanh", "sigmoid", "relu"]
DIGITS = digits()
ALL = ["loss", "test_loss", "accuracy", "test_accuracy", "lr"]


def blobs(n=90, features=3, classes=4, seed=0):
    """A small classification that is quick to learn: one cloud of points for each class."""
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, n)
    X = 3 * random.standard_normal((classes, features))[y] + random.standard_normal((n, features))
    return Data(X[: 2 * n // 3], y[: 2 * n // 3], X[2 * n // 3 :], y[2 * n // 3 :], name="blobs")


def quick(network=None, data=None, optimizer=None, **options):
    return train(
        network or Network((3, 6, 4), "tanh"),
        data or blobs(),
        optimizer or GradientDescent(lr=0.1),
        **{"epochs": 4, "batch_size": 20, "progress": False, "stoppable": True, **options},
    )


def masked_loss(network, theta, X, y, masks):
    """The loss that `Network.gradient` differentiates; `Network.value` is without dropout."""
    log_p = log_softmax(network.forward(theta, X, masks)[-1])
    return -log_p[np.arange(len(y)), y].mean() + network.l2 / 2 * sum((W**2).sum() for W, _ in network.layers(theta))


# --- forward and backward


@pytest.mark.parametrize("sizes", [(3, 4), (3, 7, 4), (3, 7, 5, 2, 4)], ids=str)
def test_shapes_of_the_layers_and_of_the_parameters(sizes):
    network = Network(sizes)
    theta = network.init()
    assert theta.shape == (network.size,)
    assert [W.shape for W, _ in network.layers(theta)] == list(pairwise(sizes))
    assert [b.shape for _, b in network.layers(theta)] == [(n,) for n in sizes[1:]]
    X = np.ones((8, 3))
    assert [a.shape for a in network.forward(theta, X)] == [(8, n) for n in sizes]
    assert network.predict(theta, X).shape == (8,)
    assert network.gradient(theta, X, np.zeros(8, int)).shape == theta.shape


def test_layers_are_views_of_theta_and_cover_it():
    network = Network((3, 5, 4))
    theta = np.zeros(network.size)
    for W, b in network.layers(theta):
        W += 1
        b += 1
    assert (theta == 1).all()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_forward_is_the_formula(activation):
    phi = {"tanh": np.tanh, "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: z * (z > 0)}[activation]
    network, X = Network((3, 5, 4), activation), np.random.default_rng(0).standard_normal((6, 3))
    theta = np.random.default_rng(1).standard_normal(network.size)
    (W1, b1), (W2, b2) = network.layers(theta)
    a1 = phi(X @ W1 + b1)
    ours = network.forward(theta, X)
    np.testing.assert_allclose(ours[1], a1, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(ours[2], a1 @ W2 + b2, rtol=1e-13)
    p = np.exp(ours[2]) / np.exp(ours[2]).sum(axis=1, keepdims=True)
    y = np.array([0, 1, 2, 3, 0, 1])
    assert network.value(theta, X, y) == pytest.approx(-np.log(p[np.arange(6), y]).mean(), rel=1e-13)
    assert network.accuracy(theta, X, y) == np.mean(p.argmax(axis=1) == y)


@pytest.mark.parametrize("dropout", [0.0, 0.4], ids=["", "dropout"])
@pytest.mark.parametrize("l2", [0.0, 0.3], ids=["", "l2"])
@pytest.mark.parametrize("sizes", [(3, 4), (3, 6, 4), (3, 6, 5, 4), (3, 4, 4, 4, 4, 4)], ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_that_of_central_differences(activation, sizes, l2, dropout):
    network, random = Network(sizes, activation, l2=l2, dropout=dropout), np.random.default_rng(7)
    theta = random.normal(0, 0.7, network.size)
    X, y = random.standard_normal((10, 3)), random.integers(0, 4, 10)
    masks = network.masks(random, 10)

    def loss(at):
        return masked_loss(network, at, X, y, masks)

    h = 1e-6
    numeric = np.array([(loss(theta + step) - loss(theta - step)) / (2 * h) for step in h * np.eye(theta.size)])
    before = theta.copy()
    np.testing.assert_allclose(network.gradient(theta, X, y, masks), numeric, rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(theta, before)
    if not masks:
        assert loss(theta) == pytest.approx(network.value(theta, X, y), rel=1e-14)


# name of the record: our network
AUTOGRAD = {
    "tanh": Network((5, 7, 6, 4), "tanh"),
    "sigmoid": Network((5, 7, 6, 4), "sigmoid", l2=0.3),
    "relu": Network((5, 7, 6, 4), "relu"),
    "relu, λ, dropout": Network((5, 7, 6, 4), "relu", l2=0.3, dropout=0.4),
    "tanh, λ, dropout": Network((5, 7, 6, 4), "tanh", l2=0.05, dropout=0.4),
}


def test_every_recorded_network_is_tested_and_says_which_version_it_is_from():
    assert list(RECORDED["network names"]) == list(AUTOGRAD)
    assert "torch" in json.loads(str(RECORDED["versions"]))


@pytest.mark.parametrize("name", AUTOGRAD)
def test_loss_and_gradient_are_those_of_pytorchs_autograd(name):
    network, row = AUTOGRAD[name], list(AUTOGRAD).index(name)
    theta, X, y = (RECORDED[f"network {what}"] for what in ("theta", "X", "y"))
    kept = RECORDED["network kept"]
    masks = [kept[:, :7] / 0.6, kept[:, 7:] / 0.6] if network.dropout else None
    gradient, loss = RECORDED["network gradients"][row], RECORDED["network losses"][row]
    np.testing.assert_allclose(network.gradient(theta, X, y, masks), gradient, rtol=1e-12, atol=1e-14)
    assert masked_loss(network, theta, X, y, masks) == pytest.approx(loss, rel=1e-13)
    if not masks:
        assert network.value(theta, X, y) == pytest.approx(loss, rel=1e-13)


@pytest.mark.parametrize("size", [1e3, 1e8, 1e300])
def test_softmax_neither_overflows_nor_underflows(size):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        log_p = log_softmax(np.array([[size, 0.0, -size], [-size, -size, -size]]))
    np.testing.assert_allclose(log_p[0], [0, -size, -2 * size])
    np.testing.assert_allclose(log_p[1], -np.log(3))


def test_a_confident_network_has_a_finite_loss_and_gradient():
    network, data = Network((3, 6, 4), "sigmoid"), blobs()
    theta = 1e6 * network.init()
    assert np.isfinite(network.value(theta, data.X, data.y))
    assert np.isfinite(network.gradient(theta, data.X, data.y)).all()


def test_whole_numbers_as_theta_do_not_make_a_whole_gradient():
    network, data = Network((3, 4)), blobs()
    zeros = np.zeros(network.size)
    np.testing.assert_array_equal(
        network.gradient(zeros.astype(int), data.X, data.y), network.gradient(zeros, data.X, data.y)
    )


# --- initialization


@pytest.mark.parametrize(
    ("scheme", "variance"), [("xavier", 2 / (300 + 200)), ("he", 2 / 300), ("plain", 1.0)], ids=lambda v: str(v)[:6]
)
def test_the_measured_variance_of_the_weights_is_the_schemes(scheme, variance):
    network = Network((300, 200, 2))
    W, b = network.layers(network.init(seed=3, scheme=scheme))[0]
    assert W.var() == pytest.approx(variance, rel=0.02)  # 60 000 weights: ±0.6 %
    assert abs(W.mean()) < 4 * np.sqrt(variance / W.size)
    assert (b == 0).all()


@pytest.mark.parametrize(
    ("activation", "scheme", "per_layer"), [("relu", "he", 1), ("relu", "xavier", 1 / 2), ("tanh", "xavier", 1)]
)
def test_the_right_scheme_keeps_the_size_of_a_small_signal_through_ten_layers(activation, scheme, per_layer):
    X = 0.01 * np.random.default_rng(0).standard_normal((200, 200))
    network = Network((*[200] * 11, 10), activation)
    a = network.forward(network.init(seed=1, scheme=scheme), X)
    assert np.log2(np.mean(a[10] ** 2) / np.mean(X**2)) == pytest.approx(10 * np.log2(per_layer), abs=1)


@pytest.mark.parametrize(("activation", "scheme"), [("relu", "he"), ("tanh", "xavier"), ("sigmoid", "xavier")])
def test_the_scheme_follows_the_activation_unless_it_is_said(activation, scheme):
    network = Network((9, 8, 3), activation)
    np.testing.assert_array_equal(network.init(seed=2), network.init(seed=2, scheme=scheme))
    assert not np.array_equal(network.init(seed=2), network.init(seed=3))


# --- dropout


def test_dropout_switches_off_its_share_and_scales_up_the_others():
    network = Network((3, 50, 40, 4), dropout=0.3)
    masks = network.masks(np.random.default_rng(0), 500)
    assert [mask.shape for mask in masks] == [(500, 50), (500, 40)]
    for mask in masks:
        np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.7])
        assert np.mean(mask == 0) == pytest.approx(0.3, abs=0.015)
    assert Network((3, 5, 4)).masks(np.random.default_rng(0), 8) is None


def test_inverted_dropout_keeps_the_expectation():
    network, X = Network((3, 30, 4), dropout=0.5), np.random.default_rng(1).standard_normal((1, 3))
    theta, random = network.init(seed=1), np.random.default_rng(2)
    masks = network.masks(random, 20_000)
    logits = network.forward(theta, np.repeat(X, 20_000, axis=0), masks)[-1]
    error = logits.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(logits.mean(axis=0) - network.forward(theta, X)[-1][0]) < 4 * error).all()
    assert (logits.std(axis=0) > 0.1).all()


def test_dropout_is_at_work_in_training_and_not_in_prediction():
    wet, dry = Network((3, 6, 4), "tanh", dropout=0.5), Network((3, 6, 4), "tanh")
    data = blobs()
    assert quick(wet).loss[0] == quick(dry).loss[0]
    assert not np.allclose(quick(wet).theta, quick(dry).theta, atol=1e-3)
    assert quick(wet).loss == quick(wet).loss
    theta = quick(wet).theta
    np.testing.assert_array_equal(wet.predict(theta, data.X), dry.predict(theta, data.X))


# --- penalty and weight decay


def test_the_penalty_counts_weights_and_not_biases():
    plain, penalized, data = Network((3, 6, 4)), Network((3, 6, 4), l2=0.2), blobs()
    theta = np.random.default_rng(0).standard_normal(plain.size)
    weights = plain.weights(theta)
    np.testing.assert_allclose(
        penalized.value(theta, data.X, data.y) - plain.value(theta, data.X, data.y),
        0.1 * np.sum(weights**2),
        rtol=1e-12,
    )
    for (W, b), (W_theta, _) in zip(plain.layers(weights), plain.layers(theta)):
        np.testing.assert_array_equal(W, W_theta)
        assert (b == 0).all()


@pytest.mark.parametrize("schedule", [None, cosine_decay(0.3, 20)], ids=["constant", "cosine"])
def test_l2_and_decoupled_decay_agree_for_gradient_descent(schedule):
    l2 = quick(Network((3, 6, 4), "tanh", l2=0.1), schedule=schedule)
    decoupled = quick(weight_decay=0.1, schedule=schedule)
    np.testing.assert_allclose(decoupled.theta, l2.theta, rtol=1e-12, atol=1e-14)
    assert np.abs(quick(schedule=schedule).theta - l2.theta).max() > 1e-2


def test_l2_and_decoupled_decay_differ_for_adam():
    l2 = quick(Network((3, 6, 4), "tanh", l2=0.1), optimizer=Adam(lr=0.05))
    decoupled = quick(weight_decay=0.1, optimizer=Adam(lr=0.05))
    assert np.abs(decoupled.theta - l2.theta).max() > 1e-2


def test_decoupled_decay_is_the_formula_of_loshchilov_and_hutter():
    """θ ← θ − (η m̂/(√v̂ + ε) + ηλθ) with η of that step; here with the whole data as one batch."""
    network, data, adam = Network((3, 6, 4), "tanh"), blobs(), Adam(lr=warmup(exponential_decay(0.1, 0.5), 2, 0.5))
    ours = quick(network, data, adam, weight_decay=0.2, batch_size=len(data.X), epochs=5).theta
    theta = network.init(0)
    state = adam.init(theta)
    for k in range(5):
        shrink = adam.rate(k) * 0.2 * network.weights(theta)
        theta, state = adam.step(theta, lambda at: network.gradient(at, data.X, data.y), state, k)
        theta = theta - shrink
    np.testing.assert_allclose(ours, theta, rtol=1e-9, atol=1e-11)


# --- clipping

GRADIENTS = [np.random.default_rng(s).standard_normal(12) * 10.0**e for s, e in enumerate((-8, -1, 0, 1, 8))]


@pytest.mark.parametrize("g", GRADIENTS, ids=lambda g: f"{np.linalg.norm(g):.0e}")
@pytest.mark.parametrize("limit", [0.01, 1.0, 50.0])
def test_clip_norm_shortens_to_the_limit_and_keeps_the_direction(g, limit):
    clipped, norm = clip_norm(limit)(g), np.linalg.norm(g)
    assert np.linalg.norm(clipped) == pytest.approx(min(norm, limit), rel=1e-12)
    np.testing.assert_allclose(clipped / np.linalg.norm(clipped), g / norm, rtol=1e-12)
    if norm <= limit:
        np.testing.assert_array_equal(clipped, g)


@pytest.mark.parametrize("g", GRADIENTS, ids=lambda g: f"{np.linalg.norm(g):.0e}")
@pytest.mark.parametrize("limit", [0.01, 1.0, 50.0])
def test_clip_value_limits_each_coordinate_and_leaves_the_small_ones(g, limit):
    clipped, small = clip_value(limit)(g), np.abs(g) <= limit
    np.testing.assert_array_equal(clipped[small], g[small])
    np.testing.assert_array_equal(clipped[~small], limit * np.sign(g[~small]))


def test_clipping_leaves_a_zero_gradient_and_the_array_it_was_given():
    g = np.array([30.0, -40.0, 0.0])
    np.testing.assert_array_equal(clip_norm(5.0)(g), [3.0, -4.0, 0.0])
    np.testing.assert_array_equal(clip_value(5.0)(g), [5.0, -5.0, 0.0])
    np.testing.assert_array_equal(g, [30.0, -40.0, 0.0])
    assert (clip_norm(1.0)(np.zeros(3)) == 0).all()


def test_a_clipped_training_takes_no_longer_steps():
    places = []
    quick(clip=clip_norm(0.05), batch_size=60, epochs=6, on_epoch=lambda history: places.append(history.theta))
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert len(steps) == 6
    np.testing.assert_allclose(steps, 0.1 * 0.05, rtol=1e-9)


# --- training


@pytest.mark.parametrize(
    "optimizer",
    [
        GradientDescent(lr=0.3),
        Momentum(lr=0.05),
        Nesterov(lr=0.05),
        AdaGrad(lr=0.05),
        Adadelta(),
        RMSprop(lr=0.003),
        Adam(lr=0.005),
    ],
    ids=repr,
)
def test_any_optimizer_learns_the_digits(optimizer):
    network = Network((64, 64, 10))
    history = train(network, DIGITS, optimizer, epochs=12, progress=False)
    assert history.test_accuracy[0] < 0.3
    assert history.test_accuracy[-1] > 0.95
    assert history.loss[-1] < 0.15 * history.loss[0]
    assert history.test_accuracy[-1] == network.accuracy(history.theta, DIGITS.X_test, DIGITS.y_test)
    assert history.loss[-1] == network.value(history.theta, DIGITS.X, DIGITS.y)


def test_twenty_epochs_on_the_digits_take_seconds():
    begin = time.perf_counter()
    train(Network((64, 64, 10)), DIGITS, Adam(lr=0.005), epochs=20, progress=False)
    assert time.perf_counter() - begin < 8  # about 0.3 s on an idle core


def test_the_history_has_one_entry_an_epoch_and_one_for_the_start():
    history = quick(epochs=5, schedule=exponential_decay(0.2, 0.5, steps_per_epoch=3))
    assert {name: len(getattr(history, name)) for name in ALL} == dict.fromkeys(ALL, 6)
    assert (history.epochs, history.steps, history.interrupted) == (5, 15, False)
    np.testing.assert_allclose(history.lr, 0.2 * 0.5 ** np.arange(6))
    assert repr(history).startswith("after 5 epochs: test accuracy 0.")


def test_no_epochs_give_the_start():
    history = quick(epochs=0)
    np.testing.assert_array_equal(history.theta, Network((3, 6, 4), "tanh").init(0))
    assert (history.epochs, history.steps) == (0, 0)


@dataclass(frozen=True)
class Spy(Network):
    """Writes down which rows each gradient saw."""

    def gradient(self, theta, X, y, masks=None):
        SEEN.append(X[:, 0])
        return super().gradient(theta, X, y, masks)


SEEN = []


@pytest.mark.parametrize("batch_size", [1, 7, 20, 60])
def test_each_epoch_shows_every_example_once_in_a_new_order(batch_size):
    SEEN.clear()
    data = blobs()
    quick(Spy((3, 6, 4)), data, epochs=2, batch_size=batch_size)
    assert len(SEEN) == 2 * -(-60 // batch_size)
    assert max(map(len, SEEN)) <= batch_size
    first, second = np.concatenate(SEEN).reshape(2, 60)
    for epoch in (first, second):
        np.testing.assert_array_equal(np.sort(epoch), np.sort(data.X[:, 0]))
    assert not np.array_equal(first, second)


def test_a_training_is_repeated_exactly_by_its_seed():
    network = Network((3, 6, 4), dropout=0.3)
    again, other = (quick(network, seed=5), quick(network, seed=5)), quick(network, seed=6)
    np.testing.assert_array_equal(again[0].theta, again[1].theta)
    assert all(getattr(again[0], name) == getattr(again[1], name) for name in ALL)
    assert again[0].loss[0] != other.loss[0]


def test_the_seed_also_shuffles_and_drops_when_the_start_is_given():
    theta, dropping = Network((3, 6, 4)).init(0), Network((3, 6, 4), dropout=0.3)
    before = theta.copy()
    assert (
        quick(Network((3, 6, 4)), theta=theta, seed=1).loss[1] != quick(Network((3, 6, 4)), theta=theta, seed=2).loss[1]
    )
    assert (
        quick(dropping, theta=theta, batch_size=60, seed=1).loss[1]
        != quick(dropping, theta=theta, batch_size=60, seed=2).loss[1]
    )
    np.testing.assert_array_equal(theta, before)


def test_numpys_own_random_numbers_are_left_alone():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    quick(Network((3, 6, 4), dropout=0.3))
    assert np.random.random() == expected


def test_the_schedule_takes_the_place_of_the_optimizers_rate():
    schedule = cosine_decay(0.3, 12)
    replaced = quick(optimizer=Momentum(lr=1e-3), schedule=schedule)
    np.testing.assert_array_equal(replaced.theta, quick(optimizer=Momentum(lr=schedule)).theta)
    assert replaced.lr[0] == 0.3
    assert replaced.lr[-1] == 0.0


def test_a_divergence_is_a_result_and_not_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = quick(
            Network((3, 6, 4), "relu", l2=0.1), optimizer=GradientDescent(lr=1e9), weight_decay=0.1, epochs=30
        )
    assert history.epochs == 30
    assert not np.isfinite(history.loss[-1])


def test_the_digits_are_split_by_the_seed_and_nothing_is_lost():
    assert repr(DIGITS) == "digits: 1297 training and 500 test examples"
    assert (DIGITS.X.min(), DIGITS.X.max()) == (0, 1)
    other = digits(train_size=1000, seed=1)
    assert (len(other.X), len(other.X_test)) == (1000, 797)
    everything = [np.concatenate([d.X, d.X_test]) for d in (DIGITS, other)]
    np.testing.assert_array_equal(*(np.sort(X.sum(axis=1)) for X in everything))
    assert not np.array_equal(*everything)
    np.testing.assert_array_equal(digits(seed=4).y, digits(seed=4).y)


def test_the_progress_bar_counts_the_epochs(capsys):
    quick(progress=True)
    assert "epoch 4 / 4, loss" in capsys.readouterr().out


# --- the stop button


@dataclass(frozen=True, repr=False)
class Stopped(Momentum):
    """The stop button is pressed inside step 7."""

    def step(self, theta, grad, state, k):
        if k == 7:
            raise KeyboardInterrupt
        theta, state = super().step(theta, grad, state, k)
        LAST[:] = [theta]
        return theta, state


LAST = []


def usable(history):
    """The history is flagged, square and printable, and its θ can be used and trained on."""
    network, data = Network((3, 6, 4), "tanh"), blobs()
    assert history.interrupted
    assert {len(getattr(history, name)) for name in ALL} == {history.epochs + 1}
    assert repr(history).startswith(f"interrupted after {history.epochs} epochs: test accuracy 0.")
    assert network.predict(history.theta, data.X).shape == (60,)
    more = quick(theta=history.theta, epochs=10)
    assert not more.interrupted
    assert more.loss[0] == network.value(history.theta, data.X, data.y)
    assert more.loss[-1] < more.loss[0]


def test_an_interrupt_between_epochs_leaves_what_there_was():
    def stop(history):
        if history.epochs == 3:
            raise KeyboardInterrupt

    history, whole = quick(epochs=20, on_epoch=stop), quick(epochs=3)
    assert (history.epochs, history.steps) == (3, 9)
    assert history.loss == whole.loss
    np.testing.assert_array_equal(history.theta, whole.theta)
    usable(history)


def test_an_interrupt_inside_a_step_leaves_theta_of_the_last_whole_step():
    history = quick(optimizer=Stopped(lr=0.02), epochs=20)
    assert (history.epochs, history.steps) == (2, 7)
    np.testing.assert_array_equal(history.theta, LAST[0])
    assert history.loss == quick(optimizer=Momentum(lr=0.02), epochs=2).loss
    usable(history)


@dataclass(frozen=True)
class StoppedWhileMeasuring(Network):
    def accuracy(self, theta, X, y):
        if np.mean(theta) != np.mean(self.init(0)):
            raise KeyboardInterrupt
        return super().accuracy(theta, X, y)


def test_an_interrupt_while_an_epoch_is_measured_leaves_no_half_entry():
    history = quick(StoppedWhileMeasuring((3, 6, 4), "tanh"))
    assert (history.epochs, history.steps) == (0, 3)
    usable(history)


def test_other_errors_are_not_swallowed():
    def fail(history):
        raise RuntimeError("from on_epoch")

    with pytest.raises(RuntimeError, match="from on_epoch"):
        quick(on_epoch=fail)


# --- bad input: one clear sentence each


def relabeled(y):
    good = blobs()
    return Data(good.X, np.where(np.arange(60) == 17, y, good.y), good.X_test, good.y_test)


SMALL = Network((3, 6, 4), "tanh")
WRONG = {
    "one size": (lambda: Network((3,)), r"sizes of the layers must be at least two whole numbers ≥ 1, got \(3,\)"),
    "a number for sizes": (lambda: Network(64), r"sizes of the layers must be .*, got 64"),
    "text for sizes": (lambda: Network("64"), r"sizes of the layers must be .*, got '64'"),
    "size 0": (lambda: Network((3, 0, 4)), r"sizes of the layers must be .*, got \(3, 0, 4\)"),
    "half a unit": (lambda: Network((3, 2.5, 4)), r"sizes of the layers must be .*, got \(3, 2.5, 4\)"),
    "yes and no": (lambda: Network((True, True)), r"sizes of the layers must be .*, got \(True, True\)"),
    "activation": (lambda: Network((3, 4), "gelu"), "activation must be one of tanh, sigmoid, relu, got 'gelu'"),
    "activation list": (lambda: Network((3, 4), ["relu"]), r"activation must be one of .*, got \['relu'\]"),
    "dropout 1": (lambda: Network((3, 4), dropout=1), r"dropout share p must be in \[0, 1\), got 1$"),
    "dropout < 0": (lambda: Network((3, 4), dropout=-0.1), r"dropout share p must be in \[0, 1\), got -0.1"),
    "dropout NaN": (lambda: Network((3, 4), dropout=np.nan), r"dropout share p must be in \[0, 1\), got nan"),
    "dropout text": (lambda: Network((3, 4), dropout="half"), r"dropout share p must be a number .*, got 'half'"),
    "l2 < 0": (lambda: Network((3, 4), l2=-1), r"penalty λ must be in \[0, ∞\), got -1"),
    "l2 text": (lambda: Network((3, 4), l2="0.1"), r"penalty λ must be a number in \[0, ∞\), got '0.1'"),
    "scheme": (lambda: SMALL.init(scheme="kaiming"), "initialization must be one of xavier, he, plain, got 'kaiming'"),
    "no scheme": (lambda: SMALL.init(scheme=""), "initialization must be one of xavier, he, plain, got ''"),
    "θ": (lambda: SMALL.layers(np.zeros(5)), r"θ of a \(3, 6, 4\) network must have shape \(52,\), got \(5,\)"),
    "start": (lambda: quick(theta=np.zeros(5)), r"θ of a \(3, 6, 4\) network must have shape \(52,\), got \(5,\)"),
    "inputs": (lambda: quick(Network((5, 4))), r"the network takes rows of 5 inputs, got X of shape \(60, 3\)"),
    "test inputs": (
        lambda: quick(data=Data(blobs().X, blobs().y, np.ones((8, 2)), np.zeros(8, int))),
        r"the network takes rows of 3 inputs, got X of shape \(8, 2\)",
    ),
    "label too large": (lambda: quick(data=relabeled(4)), r"labels of 4 classes must be in \[0, 3\], got 4$"),
    "label below 0": (lambda: quick(data=relabeled(-1)), r"labels of 4 classes must be in \[0, 3\], got -1$"),
    "test label": (
        lambda: quick(data=Data(blobs().X, blobs().y, np.ones((2, 3)), [0, 7])),
        r"labels of 4 classes must be in \[0, 3\], got 7$",
    ),
    "half a label": (lambda: quick(data=relabeled(0.5)), r"labels must be whole numbers in \[0, 3\], got .* float64$"),
    "labels of text": (
        lambda: quick(data=Data(np.ones((2, 3)), ["a", "b"], np.ones((2, 3)), ["a", "b"]), batch_size=1),
        r"labels must be whole numbers in \[0, 3\], got .* str",
    ),
    "label in value": (lambda: SMALL.value(SMALL.init(), np.ones((2, 3)), [0, -1]), r"must be in \[0, 3\], got -1"),
    "label in gradient": (lambda: SMALL.gradient(SMALL.init(), np.ones((2, 3)), [0, 9]), r"in \[0, 3\], got 9"),
    "X and y": (
        lambda: Data(np.ones((5, 3)), np.zeros(4, int), np.ones((2, 3)), np.zeros(2, int)),
        r"X must have shape \(n, features\) and y shape \(n,\), n ≥ 1, got \(5, 3\) and \(4,\)",
    ),
    "no test examples": (
        lambda: Data(np.ones((5, 3)), np.zeros(5, int), np.ones((0, 3)), np.zeros(0, int)),
        r"n ≥ 1, got \(0, 3\) and \(0,\)",
    ),
    "large batch": (lambda: quick(batch_size=61), r"batch size B must be a whole number in \[1, 60\], got 61"),
    "batch 0": (lambda: quick(batch_size=0), r"batch size B must be a whole number in \[1, 60\], got 0"),
    "half a batch": (lambda: quick(batch_size=0.5), r"batch size B must be a whole number in \[1, 60\], got 0.5"),
    "batch text": (lambda: quick(batch_size="20"), r"batch size B must be a whole number in \[1, 60\], got '20'"),
    "epochs -1": (lambda: quick(epochs=-1), r"epochs must be a whole number ≥ 0, got -1"),
    "half an epoch": (lambda: quick(epochs=1.5), r"epochs must be a whole number ≥ 0, got 1.5"),
    "epochs True": (lambda: quick(epochs=True), r"epochs must be a whole number ≥ 0, got True"),
    "weight decay < 0": (lambda: quick(weight_decay=-0.1), r"weight decay λ must be in \[0, ∞\), got -0.1"),
    "weight decay text": (lambda: quick(weight_decay="0.1"), r"weight decay λ must be a number .*, got '0.1'"),
    "clip": (lambda: quick(clip=5.0), r"clip must be clip_value\(limit\) or clip_norm\(limit\), got 5.0"),
    "clip_value": (lambda: clip_value(-1), r"clipping limit must be in \(0, ∞\), got -1"),
    "clip_norm": (lambda: clip_norm(0), r"clipping limit must be in \(0, ∞\), got 0"),
    "clip_norm text": (lambda: clip_norm("1"), r"clipping limit must be a number in \(0, ∞\), got '1'"),
    "schedule": (lambda: quick(schedule=cosine_decay), "schedule must be a function of the step k, got the class"),
    "seed": (lambda: quick(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
    "on_epoch": (lambda: quick(on_epoch=3), "on_epoch must be a function of the history, got 3"),
    "network": (lambda: train(Adam(), DIGITS, Adam()), "the network must be a Network, such as .*, got Adam"),
    "data": (lambda: train(Network((64, 10)), [1, 2], Adam()), r"the data must be Data, .*, got \[1, 2\]"),
    "optimizer": (lambda: train(Network((64, 10)), DIGITS, Adam), "the optimizer must be an Optimizer, .* class Adam"),
    "labels too few": (
        lambda: Network((3, 4)).value(np.zeros(16), np.zeros((5, 3)), [0, 1]),
        r"X needs one label for each of its rows, got \(5, 3\) and \(2,\)",
    ),
    "labels in a column": (
        lambda: Network((3, 4)).gradient(np.zeros(16), np.zeros((5, 3)), np.zeros((5, 1), int)),
        r"X needs one label for each of its rows, got \(5, 3\) and \(5, 1\)",
    ),
    "data that is not finite": (lambda: Data([[np.nan]], [0], [[1.0]], [0]), "X must be finite numbers"),
    "many rates": (
        lambda: quick(optimizer=Adam([[0.1], [0.2]])),
        r"η must be one number here, got the shape \(2, 1\)",
    ),
    "many decays": (
        lambda: quick(weight_decay=[0.1, 0.2]),
        r"λ must be one number here, got the shape \(2,\)",
    ),
    "schedule text": (lambda: quick(schedule="cosine"), "schedule must be a function of the step k, got 'cosine'"),
    "train_size": (lambda: digits(train_size=1797), r"train_size must be a whole number in \[1, 1796\], got 1797"),
    "half a train_size": (lambda: digits(train_size=0.7), r"train_size must be a whole number in .*, got 0.7"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_gives_one_clear_sentence(case):
    make, sentence = WRONG[case]
    with pytest.raises(ValueError, match=sentence) as error:
        make()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 140


def test_a_network_is_frozen_and_speaks():
    with pytest.raises(FrozenInstanceError):
        SMALL.l2 = 1.0
    assert repr(Network([64, np.int64(64), 10], dropout=0.2)) == (
        "Network(sizes=(64, 64, 10), activation='relu', l2=0.0, dropout=0.2)"
    )
    assert repr(History()) == "no epochs yet"


# --- the plateau, an early end, the range test


def test_reduce_on_plateau_is_told_the_training_loss_of_every_epoch():
    plateau = ReduceOnPlateau(0.5, factor=0.5, patience=0, threshold=0.2)
    history = quick(schedule=plateau, epochs=8)
    memory, expected = plateau.init(), [0.5]
    for loss in history.loss[1:]:
        lr, memory = plateau.step(loss, memory)
        expected.append(float(lr))
    np.testing.assert_allclose(history.lr, expected)
    assert history.lr[-1] < 0.5


def test_training_ends_when_on_epoch_says_so():
    seen = []

    def enough(history):
        seen.append(history.epochs)
        return history.epochs == 2

    history = quick(epochs=9, on_epoch=enough)
    assert seen == [0, 1, 2] and history.epochs == 2 and not history.interrupted


def test_the_history_holds_cross_entropies_without_the_penalty():
    network = Network((3, 6, 4), "tanh", l2=0.5)
    history = quick(network, epochs=2)
    data = blobs()
    plain = Network((3, 6, 4), "tanh")
    assert history.loss[-1] == plain.value(history.theta, data.X, data.y)
    assert history.test_loss[-1] == plain.value(history.theta, data.X_test, data.y_test)


def test_the_range_test_is_one_training_with_a_rising_rate():
    data, network = blobs(), Network((3, 6, 4), "tanh")
    test = range_test(network, data, Momentum(), low=1e-3, high=1.0, steps=30, batch_size=20, seed=3, beta=0.8)
    np.testing.assert_allclose(test.lr, np.geomspace(1e-3, 1.0, 30)[: len(test.lr)])
    theta, random, state = network.init(3), np.random.default_rng([3, 1]), None
    optimizer = Momentum(lambda k: np.geomspace(1e-3, 1.0, 30)[k])
    state, smooth, rows = optimizer.init(theta), 0.0, []
    for k in range(len(test.lr)):
        rows = rows or list(np.array_split(random.permutation(len(data.X)), -(-len(data.X) // 20)))
        here = rows.pop(0)
        loss = network.value(theta, data.X[here], data.y[here])
        smooth = 0.8 * smooth + 0.2 * loss
        assert test.loss[k] == pytest.approx(loss)
        assert test.smooth[k] == pytest.approx(smooth / (1 - 0.8 ** (k + 1)))
        theta, state = optimizer.step(theta, lambda at: network.gradient(at, data.X[here], data.y[here]), state, k)  # noqa: B023
    assert test.lowest == test.lr[np.argmin(test.smooth)]


def test_a_centred_average_does_not_lag_and_the_steepest_slope_comes_before_the_lowest_point():
    lr, valley = np.geomspace(1e-3, 1.0, 101), 1 + np.abs(np.arange(101) - 60.0)
    lag = np.array([np.average(valley[: k + 1], weights=0.9 ** np.arange(k, -1, -1)) for k in range(101)])
    test = RangeTest(lr, valley, lag)
    assert lr[np.argmin(test.centred(9))] == lr[60] < test.lowest
    np.testing.assert_allclose(test.centred(0), valley)
    assert test.centred(2)[0] == np.mean(valley[:3]) and test.centred(2)[50] == np.mean(valley[48:53])
    falls = np.where(np.arange(101) < 60, -0.1 - (np.arange(101) == 30), 0.5)
    assert RangeTest(lr, valley, 100 + np.cumsum(falls)).steepest in (lr[29], lr[30])
    assert RangeTest(lr[:5], valley[:5], lag[:5]).steepest == RangeTest(lr[:5], valley[:5], lag[:5]).lowest
    with pytest.raises(ValueError, match="the width of the average"):
        test.centred(-1)


def test_the_range_test_ends_where_the_loss_explodes():
    test = range_test(Network((64, 16, 10)), digits(300), GradientDescent(), high=100.0)
    assert len(test.lr) < 200
    assert test.smooth[-1] > 4 * test.smooth.min()
    assert np.isfinite(test.smooth).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"low": 0.0}, r"the range of η must be in \(0, ∞\), got 0"),
        ({"low": 1.0, "high": 0.1}, r"the range of η must be 0 < low < high, got 1.0 and 0.1"),
        ({"low": "a"}, r"the range of η must be a number in \(0, ∞\), got 'a'"),
        ({"beta": 2.0}, r"decay β must be in \[0, 1\), got 2"),
        ({"seed": -1}, r"the seed must be a whole number ≥ 0, got -1"),
        ({"steps": 1}, r"steps must be a whole number ≥ 2, got 1"),
        ({"batch_size": 0}, r"the batch size B must be a whole number in \[1, 60\], got 0"),
    ],
)
def test_a_range_test_that_cannot_be_says_why(options, text):
    with pytest.raises(ValueError, match=text):
        range_test(Network((3, 6, 4)), blobs(), Adam(), **options)


def test_five_lines_make_an_optimizer():
    class SignMomentum(Optimizer):
        def init(self, theta):
            return {"m": 0 * theta}

        def step(self, theta, grad, state, k):
            m = 0.9 * state["m"] + 0.1 * grad(theta)
            return theta - self.rate(k) * np.sign(m), {"m": m}

    assert repr(SignMomentum(lr=0.002)) == "SignMomentum(η=0.002)"
    history = train(Network((64, 16, 10)), digits(300), SignMomentum(lr=0.002), epochs=20, progress=False)
    assert history.accuracy[-1] > 0.8
    with pytest.raises(ValueError, match=r"learning rate η must be in \[0, ∞\), got -1"):
        SignMomentum(lr=-1)


@pytest.mark.parametrize("press", range(1, 30))
def test_wherever_the_stop_button_comes_an_epoch_is_written_down_as_a_whole_or_not_at_all(press, monkeypatch):
    class Pressed(list):
        presses = 0

        def append(self, value):
            Pressed.presses += 1
            if Pressed.presses == press:
                raise KeyboardInterrupt
            super().append(value)

    def pressed():
        return History(Pressed(), Pressed(), Pressed(), Pressed(), Pressed())

    monkeypatch.setattr("optimlab.training.History", pressed)
    history = quick(epochs=4)
    lengths = {len(getattr(history, name)) for name in ALL}
    assert len(lengths) == 1
    assert history.interrupted == (press <= 25)
    assert lengths == {min((press - 1) // 5, 5)}


def test_the_range_test_trains_with_dropout_and_measures_without_the_penalty():
    plain, dropped, punished = (
        range_test(Network((3, 6, 4), "tanh", **options), blobs(), Momentum(), steps=40, batch_size=20)
        for options in ({}, {"dropout": 0.5}, {"l2": 0.1})
    )
    assert plain.loss[0] == dropped.loss[0] == punished.loss[0]
    assert not np.allclose(plain.loss[-20:], dropped.loss[-20:])


@pytest.mark.parametrize("clip", [clip_norm, clip_value])
def test_clipping_keeps_float32_and_takes_a_gradient_of_zeros(clip):
    g = clip(np.array([[0.5], [1.0]]))(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    assert g.dtype == np.float32
    np.testing.assert_array_equal(g[1], 0)


def test_the_thread_limit_is_set_by_the_first_one_in_and_taken_back_by_the_last_one_out():
    from threadpoolctl import threadpool_info

    from optimlab.networks import ONE_THREAD

    def threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with ONE_THREAD:
        with ONE_THREAD:
            assert set(threads()) <= {1}
        assert set(threads()) <= {1}
    assert threads() == before


TORCH = dict(np.load(Path(__file__).resolve().parent / "oracles" / "training.npz"))  # see oracles/record_training.py


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("decay", {"weight_decay": 0.2}),
        ("norm", {"clip": clip_norm(0.05)}),
        ("value", {"clip": clip_value(0.05)}),
    ],
)
def test_sixty_steps_of_training_are_those_of_pytorchs_adamw_and_clipping(name, options):
    data = Data(TORCH["X"], TORCH["y"], TORCH["X"], TORCH["y"])

    def path_with(options):
        path = []
        train(
            Network((3, 6, 4), "tanh"), data, Adam(lr=0.03, beta1=0.9, beta2=0.99, eps=1e-8), epochs=60, batch_size=30,
            theta=TORCH["theta"], progress=False, on_epoch=lambda history: path.append(history.theta), **options,
        )  # fmt: skip
        return np.array(path)

    # torch's clip_grad_norm_ divides by the norm plus 1e-6, we by the norm.
    tolerance = 2e-5 if name == "norm" else 1e-12
    np.testing.assert_allclose(path_with(options), TORCH[name], rtol=0, atol=tolerance)
    assert np.abs(path_with({}) - TORCH[name]).max() > 1e-2  # each option matters here


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("power", [-160, -40, -20, 0, 18, 25, 37, 160, 300])
def test_clipping_by_norm_keeps_the_direction_at_every_scale(dtype, power):
    if abs(power) > 37 and dtype is np.float32:
        return
    g = (np.array([3.0, -4.0]) * 10.0**power).astype(dtype)
    clipped = clip_norm(1.0)(g)
    assert clipped.dtype == dtype
    if power > 0:
        np.testing.assert_allclose(clipped, [0.6, -0.8], rtol=1e-6)
    elif power < 0:
        np.testing.assert_array_equal(clipped, g)
