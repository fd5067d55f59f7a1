"""Each optimizer against the lesson's formula, written out by hand: plain numbers, one coordinate at a time."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop

STEPS = 12
BOTH = {"rtol": 1e-11, "atol": 1e-13}


def gradient(theta):
    """Of ½(x² + 3y²) + sin(xy), by hand."""
    x, y = theta
    return x + y * math.cos(x * y), 3 * y + x * math.cos(x * y)


# One coordinate, one step: (x, g, memory, t) -> (x, memory), with t = 1, 2, 3, … as in the papers.


def gradient_descent(x, g, memory, t, lr):
    return x - lr * g, memory


def momentum(x, g, memory, t, lr, gamma):
    (v,) = memory
    v = gamma * v + lr * g
    return x - v, (v,)


def adagrad(x, g, memory, t, lr, eps):
    (G,) = memory
    G = G + g * g
    return x - lr / math.sqrt(G + eps) * g, (G,)


def adadelta(x, g, memory, t, lr, rho, eps):
    """Zeiler (2012), algorithm 1; η multiplies the update (the paper has none: η = 1)."""
    g2, delta2 = memory
    g2 = rho * g2 + (1 - rho) * g * g
    delta = -math.sqrt(delta2 + eps) / math.sqrt(g2 + eps) * g
    delta2 = rho * delta2 + (1 - rho) * delta * delta
    return x + lr * delta, (g2, delta2)


def rmsprop(x, g, memory, t, lr, gamma, eps):
    (g2,) = memory
    g2 = gamma * g2 + (1 - gamma) * g * g
    return x - lr / math.sqrt(g2 + eps) * g, (g2,)


def adam(x, g, memory, t, lr, beta1, beta2, eps):
    m, v = memory
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    m_hat = m / (1 - math.pow(beta1, t))
    v_hat = v / (1 - math.pow(beta2, t))
    return x - lr * m_hat / (math.sqrt(v_hat) + eps), (m, v)


def by_hand(rule, memory, theta, rate, hyper, look_ahead=False):
    """The path of a rule; `rate(k)` is η at step k = 0, 1, 2, …"""
    memories = [memory for _ in theta]
    path = [tuple(theta)]
    for k in range(STEPS):
        at = [x - hyper["gamma"] * v for x, (v,) in zip(theta, memories)] if look_ahead else theta
        moved = [rule(x, g, m, k + 1, rate(k), **hyper) for x, g, m in zip(theta, gradient(at), memories)]
        theta, memories = [x for x, _ in moved], [m for _, m in moved]
        path.append(tuple(theta))
    return path


LOOK_AHEAD = True
BY_HAND = {  # optimizer: the rule, its memory before the first step, whether it looks ahead
    GradientDescent: (gradient_descent, (), False),
    Momentum: (momentum, (0.0,), False),
    Nesterov: (momentum, (0.0,), LOOK_AHEAD),  # Sutskever: the same, with the gradient at θ − γv
    AdaGrad: (adagrad, (0.0,), False),
    Adadelta: (adadelta, (0.0, 0.0), False),
    RMSprop: (rmsprop, (0.0,), False),
    Adam: (adam, (0.0, 0.0), False),
}
HYPER = {  # legal values, from the smallest to the largest that still tell something
    "gamma": st.floats(0, 0.99),
    "rho": st.floats(0, 0.99),
    "beta1": st.floats(0, 0.99),
    "beta2": st.floats(0, 0.999),
    "eps": st.sampled_from([1e-8, 1e-3, 0.5]),
}
DIALECTS = [
    *(optimizer() for optimizer in BY_HAND),
    Momentum(lr_outside=True),
    Momentum(lr_outside=True, dampening=0.5),
    Nesterov(form="keras"),
    Nesterov(form="torch"),
    AdaGrad(eps_in_sqrt=False),
    AdaGrad(initial_accumulator_value=0.1),
    RMSprop(eps_in_sqrt=False),
    Adam(eps_root=1e-4),
    Adam(eps_hat=True),
]
every_optimizer = pytest.mark.parametrize("kind", BY_HAND, ids=lambda kind: kind.__name__)
every_dialect = pytest.mark.parametrize("optimizer", DIALECTS, ids=repr)
starts = st.tuples(st.floats(-2, 2), st.floats(-2, 2))


def walk(optimizer, theta, steps=STEPS):
    theta = np.array(theta)
    state, path = optimizer.init(theta), [theta]
    for k in range(steps):
        theta, state = optimizer.step(theta, lambda at: np.array(gradient(at)), state, k)
        path.append(theta)
    return np.array(path)


def hyperparameters(kind):
    return [name for name in HYPER if name in kind.__dataclass_fields__]


@every_optimizer
@given(data=st.data(), start=starts, lr=st.floats(1e-3, 0.5))
def test_the_default_rule_is_the_lessons_formula(kind, data, start, lr):
    hyper = {name: data.draw(HYPER[name], label=name) for name in hyperparameters(kind)}
    rule, memory, look_ahead = BY_HAND[kind]
    expected = by_hand(rule, memory, start, lambda k: lr, hyper, look_ahead)
    np.testing.assert_allclose(walk(kind(lr=lr, **hyper), start), expected, **BOTH)


@every_optimizer
def test_a_schedule_is_asked_for_each_step_once_and_its_rate_enters_the_formula(kind):
    asked = []

    def schedule(k):
        asked.append(k)
        return 0.3 / (k + 1)

    hyper = {name: getattr(kind(), name) for name in hyperparameters(kind)}
    rule, memory, look_ahead = BY_HAND[kind]
    expected = by_hand(rule, memory, (1.3, -0.7), lambda k: 0.3 / (k + 1), hyper, look_ahead)
    np.testing.assert_allclose(walk(kind(lr=schedule), (1.3, -0.7)), expected, **BOTH)
    assert asked == list(range(STEPS))


def test_the_defaults_are_the_lessons():
    assert Momentum().gamma == Nesterov().gamma == RMSprop().gamma == Adadelta().rho == 0.9
    assert (Adam().beta1, Adam().beta2, Adam().eps) == (0.9, 0.999, 1e-8)
    assert (AdaGrad().eps, RMSprop().eps, Adadelta().eps, Adadelta().lr) == (1e-8, 1e-8, 1e-6, 1.0)
    assert AdaGrad().initial_accumulator_value == 0


def test_without_momentum_both_momentum_methods_are_gradient_descent():
    plain = walk(GradientDescent(lr=0.1), (1.3, -0.7))
    np.testing.assert_array_equal(walk(Momentum(lr=0.1, gamma=0), (1.3, -0.7)), plain)
    np.testing.assert_array_equal(walk(Nesterov(lr=0.1, gamma=0), (1.3, -0.7)), plain)


def test_eta_outside_the_velocity_is_the_same_path_until_eta_changes():
    inside, outside = Momentum(lr=0.05), Momentum(lr=0.05, lr_outside=True)
    np.testing.assert_allclose(walk(inside, (1.3, -0.7)), walk(outside, (1.3, -0.7)), **BOTH)
    scheduled = [walk(o.replace(lr=lambda k: 0.05 / (k + 1)), (1.3, -0.7)) for o in (inside, outside)]
    np.testing.assert_allclose(scheduled[0][1], scheduled[1][1], **BOTH)
    assert abs(scheduled[0] - scheduled[1]).max() > 0.01


@pytest.mark.parametrize("form", ["keras", "torch"])
def test_the_other_nesterov_forms_write_down_the_look_ahead_points(form):
    theta = walk(Nesterov(lr=0.05, gamma=0.8), (1.3, -0.7))
    ahead = [theta[0], *(here - 0.8 * (before - here) for before, here in pairwise(theta))]  # v = θ before − θ here
    np.testing.assert_allclose(walk(Nesterov(lr=0.05, gamma=0.8, form=form), (1.3, -0.7)), ahead, **BOTH)


def test_dampening_spares_the_first_gradient():
    torch = Momentum(lr=0.1, lr_outside=True)
    plain, damped = walk(torch, (1.3, -0.7)), walk(torch.replace(dampening=0.4), (1.3, -0.7))
    np.testing.assert_array_equal(damped[1], plain[1])
    second = damped[1] - (0.9 * (damped[0] - damped[1]) + 0.1 * 0.6 * np.array(gradient(damped[1])))
    np.testing.assert_allclose(damped[2], second, **BOTH)


@every_dialect
def test_a_step_is_pure(optimizer):
    """The same input gives the same output, and arrays that cannot be written to are enough."""
    theta = np.array([[1.3, -0.7], [0.2, 0.9]])
    state = {name: array + 0.3 for name, array in optimizer.init(theta).items()}
    before = {name: array.copy() for name, array in state.items()}
    for array in (theta, *state.values()):
        array.setflags(write=False)

    def slope(at):
        g = np.cos(at)
        g.setflags(write=False)
        return g

    once, twice = (optimizer.step(theta, slope, state, 3) for _ in range(2))
    np.testing.assert_array_equal(once[0], twice[0])
    assert not np.shares_memory(once[0], theta)
    assert once[1].keys() == state.keys() == before.keys()
    for name in state:
        np.testing.assert_array_equal(once[1][name], twice[1][name])
        np.testing.assert_array_equal(state[name], before[name])


@every_dialect
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_theta_and_state_keep_their_precision_and_their_shape(optimizer, dtype):
    theta = np.full((5, 3, 2), 0.7, dtype)
    state = optimizer.init(theta)
    for k in range(3):
        theta, state = optimizer.step(theta, np.cos, state, k)
        for array in (theta, *state.values()):
            assert (array.dtype, array.shape) == (dtype, (5, 3, 2))


@every_dialect
def test_rows_of_hyperparameters_drive_rows_of_theta(optimizer):
    rates = np.array([[0.01], [0.1], [0.5]])
    theta = np.array([[1.3, -0.7]] * 3)
    many, _ = optimizer.replace(lr=rates).step(theta, np.cos, optimizer.init(theta), 0)
    for row, lr in enumerate(rates[:, 0]):
        one, _ = optimizer.replace(lr=lr).step(theta[row], np.cos, optimizer.init(theta[row]), 0)
        np.testing.assert_array_equal(many[row], one)


def refusal(make):
    with pytest.raises(ValueError) as caught:
        make()
    return str(caught.value)


WORDS = {  # the name of each hyperparameter in error messages, and its range
    "lr": ("learning rate η", "[0, ∞)"),
    "gamma": ("momentum γ", "[0, 1)"),
    "dampening": ("dampening τ", "[0, 1)"),
    "eps": ("stabilizer ε", "[0, ∞)"),
    "eps_root": ("stabilizer ε_root", "[0, ∞)"),
    "initial_accumulator_value": ("initial accumulator G₀", "[0, ∞)"),
    "rho": ("decay ρ", "[0, 1)"),
    "beta1": ("first-moment decay β₁", "[0, 1)"),
    "beta2": ("second-moment decay β₂", "[0, 1)"),
}
EVERY_KNOB = [(kind, name) for kind in BY_HAND for name in kind().knobs]


@pytest.mark.parametrize(("kind", "name"), EVERY_KNOB)
@pytest.mark.parametrize("value", [math.nan, math.inf, -0.25])
def test_a_hyperparameter_out_of_range_is_refused_by_symbol_and_range(kind, name, value):
    words, allowed = ("decay γ", "[0, 1)") if (kind, name) == (RMSprop, "gamma") else WORDS[name]
    assert refusal(lambda: kind(**{name: value})) == f"{words} must be in {allowed}, got {value:g}"
    assert refusal(lambda: kind().replace(**{name: value})) == f"{words} must be in {allowed}, got {value:g}"


@pytest.mark.parametrize(("kind", "name"), EVERY_KNOB)
@pytest.mark.parametrize("value", ["0.5", None, [], 0.5j, True])
def test_a_hyperparameter_that_is_no_number_is_refused_by_symbol_and_range(kind, name, value):
    words, allowed = ("decay γ", "[0, 1)") if (kind, name) == (RMSprop, "gamma") else WORDS[name]
    assert refusal(lambda: kind(**{name: value})) == f"{words} must be a number in {allowed}, got {value!r}"


@pytest.mark.parametrize(("kind", "name"), [(k, n) for k, n in EVERY_KNOB if k().knobs[n].allowed == "[0, 1)"])
@pytest.mark.parametrize("value", [1, 1.0, 1.2])
def test_a_moving_average_that_never_forgets_is_refused(kind, name, value):
    assert refusal(lambda: kind(**{name: value})).endswith(f"must be in [0, 1), got {value:g}")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Nesterov(form="heavy"), "form must be one of look-ahead, keras, torch, got 'heavy'"),
        (lambda: AdaGrad(eps_in_sqrt="no"), "eps_in_sqrt must be True or False, got 'no'"),
        (lambda: RMSprop(eps_in_sqrt=None), "eps_in_sqrt must be True or False, got None"),
        (lambda: Momentum(dampening=0.5), "dampening τ is part of PyTorch's rule: with τ=0.5, set lr_outside=True"),
        (lambda: Momentum(lr_outside=2), "lr_outside must be True or False, got 2"),
        (lambda: Momentum(gamma=lambda k: 0.9), "momentum γ must be a number in [0, 1), got the function <lambda>"),
    ],
)
def test_an_unknown_dialect_is_refused_with_the_choices(make, text):
    assert refusal(make).startswith(text)


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf, None, "0.1"])
def test_a_schedule_that_goes_wrong_is_refused_where_it_does(rate):
    optimizer = GradientDescent(lr=lambda k: 0.1 if k < 3 else rate)
    assert optimizer.rate(2) == 0.1
    assert refusal(lambda: optimizer.rate(3)).startswith("the schedule at step k=3: learning rate η must be ")


def test_an_optimizer_is_frozen_and_replace_gives_a_changed_copy():
    optimizer = Momentum(lr=0.1)
    with pytest.raises(AttributeError):
        optimizer.lr = 0.2
    assert optimizer.replace(gamma=0.5) == Momentum(lr=0.1, gamma=0.5)
    assert optimizer == Momentum(lr=0.1)


def test_the_repr_shows_symbols_and_every_departure_from_the_defaults():
    assert repr(Adam(lr=0.123456)) == "Adam(η=0.123, β₁=0.9, β₂=0.999)"
    assert repr(RMSprop(eps=1e-3, eps_in_sqrt=False)) == "RMSprop(η=0.01, γ=0.9, eps=0.001, eps_in_sqrt=False)"
    assert repr(Momentum(lr=np.array([[0.1], [0.5]]))) == "Momentum(η=0.1…0.5, γ=0.9)"


def test_an_optimizer_of_ones_own_needs_nothing_but_a_step():
    class Signs(Optimizer):
        def step(self, theta, grad, state, k):
            return theta - 0.1 * np.sign(grad(theta)), {}

    np.testing.assert_allclose(walk(Signs(), (1.0, -1.0), steps=2)[-1], (0.8, -0.8))
    with pytest.raises(NotImplementedError, match="Optimizer has no step yet"):
        Optimizer().step(np.zeros(2), np.cos, {}, 0)
