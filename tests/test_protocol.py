"""What optimizers, losses and the one loop promise one another."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import pytest

from optimlab import Adam, Network, Noisy, descend, diabetes, ravine, sweep, train
from optimlab.checks import told
from optimlab.data import Data
from optimlab.descent import Driver, walk
from optimlab.knobs import knob
from optimlab.layers import Layer, Layers
from optimlab.losses import Loss, as_loss
from optimlab.optimizers import (
    AdaBelief,
    Adadelta,
    AdaGrad,
    AdamW,
    AMSGrad,
    DecoupledWeightDecay,
    GradientDescent,
    Lookahead,
    Momentum,
    Muon,
    Nadam,
    Nesterov,
    Optimizer,
    RAdam,
    RMSprop,
    ScheduleFree,
)
from optimlab.schedules import exponential_decay

DIALECTS = [
    GradientDescent(0.03),
    Momentum(0.02, 0.8),
    Momentum(0.02, 0.8, lr_outside=True),
    Momentum(0.02, 0.8, dampening=0.5, lr_outside=True),
    Momentum(exponential_decay(0.04, 0.9), 0.8, lr_outside=True),
    Nesterov(0.02, 0.8),
    Nesterov(0.02, 0.8, form="keras"),
    Nesterov(0.02, 0.8, form="torch"),
    Nesterov(exponential_decay(0.04, 0.9), 0.8, form="torch"),
    AdaGrad(0.1, eps=0.1),
    AdaGrad(0.1, eps=0.1, eps_in_sqrt=False, initial_accumulator_value=0.1),
    Adadelta(0.7, eps=0.01),
    RMSprop(0.03, eps=0.1),
    RMSprop(0.03, eps=0.1, eps_in_sqrt=False),
    Adam(0.05, eps=0.1),
    Adam(0.05, eps=0.1, eps_hat=True),
    Adam(0.05, eps=0.1, eps_root=0.2),
    AdamW(0.05, weight_decay=0.3),
    AdamW(0.05, eps=0.1, eps_hat=True, weight_decay=0.3),
    AMSGrad(0.05),
    AMSGrad(0.05, correction="before"),
    AMSGrad(0.05, correction="none"),
    Nadam(0.05),
    Nadam(0.05, scheduled=False),
    RAdam(0.05, beta2=0.9),
    RAdam(0.05, beta2=0.5, eps=0.1, eps_hat=True),
    AdaBelief(0.05),
    Muon(0.05),
    Lookahead(Momentum(0.02, 0.8)),
    ScheduleFree(GradientDescent(0.05)),
    DecoupledWeightDecay(RMSprop(0.03), 0.1),
]


@pytest.mark.parametrize("optimizer", DIALECTS, ids=repr)
def test_the_terms_of_every_dialect_add_up_to_the_step(optimizer):
    loss = ravine(kappa=20, angle=30)
    theta = np.array([[-1.2, 0.9], [0.3, -0.4]])
    for here, there in zip(*(islice(walk(loss, Driver(optimizer), theta), i, 12 + i) for i in (0, 1))):
        terms = optimizer.terms(here.theta, loss.gradient, here.state, here.k)
        np.testing.assert_allclose(sum(terms.values()), there.theta - here.theta, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("optimizer", [o for o in DIALECTS if "scale" in o.labels], ids=repr)
def test_where_there_is_a_scale_the_pull_of_the_gradients_is_eta_times_scale_times_their_mean(optimizer):
    loss, theta = ravine(kappa=20, angle=30), np.array([-1.2, 0.9])
    for point in islice(walk(loss, Driver(optimizer), theta), 8):
        at = point.theta, loss.gradient, point.state, point.k
        terms = optimizer.terms(*at)
        pull = terms["gradient"] + terms.get("velocity", 0)
        mean = loss.gradient(point.theta)
        if "velocity" in optimizer.labels:
            t = point.k + 1
            m = optimizer.beta1 * point.state["m"] + (1 - optimizer.beta1) * mean
            mean = m / (1 - optimizer.beta1**t)
        np.testing.assert_allclose(pull, -optimizer.rate(point.k) * optimizer.scale(*at) * mean, rtol=1e-9)


@pytest.mark.parametrize("optimizer", DIALECTS, ids=repr)
def test_the_formula_of_every_dialect_marks_the_roles_that_are_shown(optimizer):
    for role in set(optimizer.labels) - {"gradient"}:
        assert rf"\{role}{{" in optimizer.formula
    assert optimizer.formula.count("{") == optimizer.formula.count("}")


@dataclass(frozen=True, repr=False)
class Extragradient(Optimizer):
    """Korpelevich (1976): a step with the gradient that a trial step finds."""

    def step(self, theta, grad, state, k):
        trial = theta - self.rate(k) * grad(theta)
        return theta - self.rate(k) * grad(trial), {"count": k + 1, "factor": np.eye(3)}

    def init(self, theta):
        return {"count": 0, "factor": np.zeros((3, 3))}


@dataclass(frozen=True, repr=False)
class Blind(Optimizer):
    """It looks at the slope in every second step only."""

    def step(self, theta, grad, state, k):
        return theta * 0.9 + (0 if k % 2 else 0 * grad(theta)), {}


def test_each_gradient_of_a_step_is_counted_and_the_last_one_is_recorded():
    surface = ravine()
    path = descend(surface, Extragradient(0.02), steps=5, record=True)
    np.testing.assert_array_equal(path.evaluations, [0, 2, 4, 6, 8, 10])
    np.testing.assert_array_equal(path.cost, path.evaluations)
    np.testing.assert_array_equal(path.state["θ_g"], path.theta[:-1] - 0.02 * surface.gradient(path.theta[:-1]))
    np.testing.assert_array_equal(path.state["g"], surface.gradient(path.state["θ_g"]))
    batches = diabetes().minibatch(100)
    np.testing.assert_array_equal(descend(batches, Extragradient(0.02), steps=6).cost, 2 * batches.cost(6))


def test_a_step_that_asks_for_no_gradient_costs_none_and_records_none():
    path = descend(ravine(), Blind(), steps=4, record=True)
    np.testing.assert_array_equal(path.evaluations, [0, 1, 1, 2, 2])
    np.testing.assert_array_equal(np.isnan(path.state["g"]).all(axis=-1), [False, True, False, True])
    assert path.state["g"].shape == (4, 2)


def test_entries_of_the_state_have_any_shape():
    path = descend(ravine(), Extragradient(0.02), np.ones((4, 2)), steps=5, record=True)
    np.testing.assert_array_equal(path.state["count"], range(6))
    assert path.state["factor"].shape == (6, 3, 3) and path.state["g"].shape == (5, 4, 2)


# Losses


class Bare:
    def value(self, theta):
        return np.sum(theta**2, axis=-1)

    def gradient(self, theta):
        return 2 * theta


def test_any_object_with_value_and_gradient_is_a_loss_with_the_defaults():
    loss = as_loss(Bare())
    assert isinstance(loss, Loss) and as_loss(loss) is loss
    assert (loss.minimum, loss.knobs, loss.dim, loss.stochastic) == (0.0, {}, None, False)
    assert descend(Bare(), GradientDescent(0.1), [3.0, 4.0], steps=50).settled_at() is not None


def test_a_loss_seen_through_something_keeps_what_that_does_not_change():
    noisy = Noisy(ravine(kappa=7), 0.1)
    assert (noisy.dim, noisy.eigenvalues, noisy.view) == (2, (1.0, 7.0), ravine().view)
    assert noisy.stochastic and not ravine().stochastic
    assert noisy.layers == ravine().layers


def little():
    random = np.random.default_rng(0)
    X, y = random.normal(size=(40, 4)), random.integers(0, 3, 40)
    return Network((4, 5, 3), "tanh", l2=0.01, dropout=0.2), Data(X, y, X[:10], y[:10])


def test_a_network_alone_is_no_loss_and_says_what_to_do():
    network, _ = little()
    with pytest.raises(ValueError, match=r"value of θ alone, value\(theta\): a network is .* network\.on\(data\), got"):
        descend(network, Adam(), np.zeros(network.size))


def test_a_network_on_data_is_a_loss_like_any_other():
    network, data = little()
    loss = network.on(data, batch_size=15, seed=3)
    starts = np.stack([network.init(seed) for seed in range(3)])
    together = descend(loss, Adam(0.01), starts, steps=7)
    for i, start in enumerate(starts):
        np.testing.assert_array_equal(together.theta[:, i], descend(loss, Adam(0.01), start, steps=7).theta)
    history = train(network, data, Adam(0.01), epochs=2, batch_size=15, seed=3, progress=False)
    np.testing.assert_array_equal(descend(loss, Adam(0.01), steps=6).theta[-1], history.theta)
    assert history.gradients == history.steps == 6
    np.testing.assert_array_equal(descend(loss, Adam(), steps=6).cost, [0, 14, 27, 40, 54, 67, 80])


def test_the_batches_of_a_step_are_the_same_whenever_they_are_asked_for():
    network, data = little()
    loss = network.on(data, batch_size=15)
    theta = loss.start
    first = [loss.gradient_at(k)(theta) for k in range(7)]
    for k in (5, 2, 6, 0, 0, 3):
        np.testing.assert_array_equal(loss.gradient_at(k)(theta), first[k])


# Layers


def test_layers_see_their_own_shape_and_the_axes_of_runs():
    layers = Layers((Layer("W", (2, 3)), Layer("b", (3,))))
    flat = np.arange(27.0).reshape(3, 9)
    seen = []
    result = layers.each(lambda layer, part: seen.append((layer.is_matrix, part.shape)) or 2 * part, flat)
    assert seen == [(True, (3, 2, 3)), (False, (3, 3))]  # three runs' biases look like a matrix
    np.testing.assert_array_equal(result, 2 * flat)
    np.testing.assert_array_equal(layers.matrices(flat)[:, 6:], 0)


def test_muon_is_told_the_layers_by_the_loop_and_adam_has_the_rest():
    network, data = little()
    loss = network.on(data)
    trained = descend(loss, Muon(0.02), steps=3)
    adam = descend(loss, Adam(0.02), steps=1)
    for (W, b), (W_adam, b_adam) in zip(network.layers(trained.theta[1]), network.layers(adam.theta[1])):
        np.testing.assert_allclose(b, b_adam, rtol=1e-12)
        assert not np.allclose(W, W_adam)
    alone, surface = descend(ravine(), Muon(0.02), steps=5), descend(ravine(), Adam(0.02), steps=5)
    np.testing.assert_allclose(alone.theta, surface.theta, rtol=1e-12)


# Optimizers that contain others


def test_an_optimizer_around_another_has_its_knobs_its_rate_and_its_replace():
    outer = Lookahead(Momentum(0.02, 0.8), sync_period=4)
    assert (outer.lr, outer.gamma, outer.sync_period) == (0.02, 0.8, 4)
    assert set(outer.knobs) == {"lr", "gamma", "dampening", "sync_period", "slow_step_size"}
    changed = outer.replace(gamma=0.5, sync_period=3)
    assert (changed.inner.gamma, changed.sync_period, outer.gamma) == (0.5, 3, 0.8)
    assert repr(outer) == "Lookahead(Momentum(η=0.02, γ=0.8), s=4, α=0.5)"


@pytest.mark.parametrize("name", ["lr", "gamma", "slow_step_size", "sync_period"])
def test_a_sweep_reaches_the_inner_optimizer_too(name):
    values = [1, 2, 5] if name == "sync_period" else [0.05, 0.1, 0.3]
    outer = Lookahead(Momentum(0.02, 0.8))
    swept = sweep(ravine(), outer, name, values, steps=30)
    for i, value in enumerate(values):
        np.testing.assert_array_equal(
            swept.theta[:, i], descend(ravine(), outer.replace(**{name: value}), steps=30).theta
        )


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Lookahead(Adam), "the optimizer must be an Optimizer, such as Adam(lr=0.1), got the class Adam"),
        (lambda: Lookahead(Lookahead(Adam())), "Lookahead and Lookahead(Adam("),
        (
            lambda: Lookahead(Adam(), sync_period=2.5),
            "synchronization period s must be a whole number in [1, ∞), got 2.5",
        ),
        (lambda: DecoupledWeightDecay(Lookahead(Adam())), "weight decay belongs inside of Lookahead: Lookahead(AdamW("),
        (lambda: DecoupledWeightDecay(AdamW()), "DecoupledWeightDecay and AdamW("),
        (lambda: Muon(form="jax"), "form must be one of torch, optax, got 'jax'"),
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_sentence(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text) and "\n" not in told(str(caught.value))


def test_weight_decay_of_train_is_the_decay_around_the_optimizer():
    network, data = little()
    options = {"epochs": 3, "batch_size": 10, "progress": False}
    inside = train(network, data, DecoupledWeightDecay(Momentum(0.05), 0.02), **options)
    beside = train(network, data, Momentum(0.05), weight_decay=0.02, **options)
    np.testing.assert_array_equal(inside.theta, beside.theta)
    with pytest.raises(ValueError, match="weight decay belongs inside of Lookahead"):
        train(network, data, Lookahead(Adam()), weight_decay=0.02, **options)


# A made-up optimizer, added as CONTRIBUTING says


@dataclass(frozen=True, repr=False)
class SignMomentum(Optimizer):
    gamma: float = knob(0.9, "γ", "decay", low=0.0, high=0.99, allowed="[0, 1)")

    def init(self, theta):
        return {"m": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        m = self.gamma * state["m"] + (1 - self.gamma) * grad(theta)
        return theta - self.rate(k) * np.sign(m), {"m": m}


def test_a_new_optimizer_is_found_by_labs_sweeps_training_and_others_around_it():
    from optimlab import anatomy, race

    mine = SignMomentum(0.05)
    assert "SignMomentum" in repr(race(ravine(), [mine, Adam()], steps=10))
    assert "SignMomentum" in repr(anatomy(ravine(), mine, steps=10))
    assert sweep(ravine(), Lookahead(mine), "gamma", [0.1, 0.9], steps=10).theta.shape == (11, 2, 2)
    network, data = little()
    assert train(network, data, mine, epochs=1, progress=False).epochs == 1


# A stop button in a training


def test_the_stop_button_stops_what_trains_unless_it_is_asked_not_to():
    network, data = little()

    def press(history):
        if history.epochs == 1:
            raise KeyboardInterrupt

    options = {"epochs": 4, "progress": False, "on_epoch": press}
    with pytest.raises(KeyboardInterrupt):
        train(network, data, Adam(), **options)
    cut = train(network, data, Adam(), **options, stoppable=True)
    assert repr(cut).startswith("interrupted after 1 epochs")
    with pytest.raises(ValueError, match=r"interrupted after 1 of 4 epochs: .* entry \[1\] is the last"):
        np.mean([run.test_accuracy[-1] for run in (cut, cut)])
    assert cut.loss[1] == cut.loss[:][1] < cut.loss[0]
