"""Published facts, each with its formula and where it comes from, and the symmetries of the methods.

Sources: Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Nesterov, "Introductory
lectures on convex optimization" (2004), section 2.2; Lessard, Recht and Packard, "Analysis and design of optimization
algorithms via integral quadratic constraints" (2016), section 2.2; O'Donoghue and Candès, "Adaptive restart for
accelerated gradient schemes" (2015); Goh, "Why momentum really works" (2017); Kingma and Ba, "Adam" (2015), section 3;
Duchi, Hazan and Singer (2011); Zeiler (2012).
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab.descent import descend, sweep
from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop
from optimlab.problems import diabetes
from optimlab.surfaces import parabola, ravine

every_kappa = pytest.mark.parametrize("kappa", [1.0, 20.0, 100.0])
every_angle = pytest.mark.parametrize("angle", [0.0, 33.0])


# ---------------------------------------------------------------------------------------------- stability and rates


@every_kappa
@every_angle
def test_descent_converges_just_below_two_over_lambda_max_and_diverges_just_above(kappa, angle):
    limit = 2 / kappa
    rates = [0.995 * limit, 1.005 * limit]
    below, above = sweep(ravine(kappa, angle), GradientDescent(), "lr", rates, (-1, 0.53), 2000).loss.T
    assert below[-1] < 1e-6 * below[0]
    assert above[-1] > 1e6 * above[0]


@every_kappa
@every_angle
def test_the_best_fixed_step_contracts_by_kappa_minus_one_over_kappa_plus_one(kappa, angle):
    rate = (kappa - 1) / (kappa + 1)
    path = descend(ravine(kappa, angle), GradientDescent(lr=2 / (1 + kappa)), steps=20).theta
    distance = np.linalg.norm(path, axis=-1)
    np.testing.assert_allclose(distance[1:], rate * distance[:-1], rtol=1e-9, atol=1e-14)


@every_kappa
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_every_other_fixed_step_contracts_more_slowly(kappa, factor):
    lr = factor * 2 / (1 + kappa)
    distance = np.linalg.norm(descend(ravine(kappa), GradientDescent(lr=lr), steps=100).theta, axis=-1)
    assert distance[-1] / distance[-2] > (kappa - 1) / (kappa + 1) + 1e-4


@every_kappa
@every_angle
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9])
def test_heavy_ball_converges_just_below_two_plus_two_gamma_over_lambda_max_and_diverges_just_above(
    kappa, angle, gamma
):
    limit = 2 * (1 + gamma) / kappa
    rates = [0.995 * limit, 1.005 * limit]
    below, above = sweep(ravine(kappa, angle), Momentum(gamma=gamma), "lr", rates, (-1, 0.53), 2000).loss.T
    assert below[-1] < 1e-6 * below[0]
    assert not above[-1] < 1e6 * above[0]


def test_on_a_parabola_one_newton_step_arrives_and_twice_as_much_comes_back_for_ever():
    surface = parabola(3.0, 4.0)
    np.testing.assert_array_equal(descend(surface, GradientDescent(lr=1 / 4), steps=1).theta[-1], [3.0])
    path = descend(surface, GradientDescent(lr=2 / 4), steps=100).theta[:, 0]
    np.testing.assert_allclose(path, [0, 6] * 50 + [0], atol=1e-12)


@pytest.mark.parametrize("scaling", ["units", "standard"])
def test_the_limit_holds_on_a_regression_on_data_as_well(scaling):
    problem = diabetes(scaling)
    low, high = problem.eigenvalues
    steps = int(20 * high / low) + 2000
    below, above = sweep(problem, GradientDescent(), "lr", [0.995 * 2 / high, 1.005 * 2 / high], None, steps).loss.T
    assert below[-1] - problem.minimum < 1e-3 * (below[0] - problem.minimum)
    assert not above[-1] - problem.minimum < 1e3 * (above[0] - problem.minimum)


@every_kappa
@every_angle
@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9])
def test_nesterov_converges_just_below_its_limit_and_diverges_just_above(kappa, angle, gamma):
    """η < (2 + 2γ) / (λmax (1 + 2γ)): where −1 becomes a root of z² − (1 + γ)(1 − ηλ)z + γ(1 − ηλ)."""
    limit = (2 + 2 * gamma) / (1 + 2 * gamma) / kappa
    rates = [0.995 * limit, 1.005 * limit]
    below, above = sweep(ravine(kappa, angle), Nesterov(gamma=gamma), "lr", rates, (-1, 0.53), 4000).loss.T
    assert below[-1] < 1e-6 * below[0]
    assert not above[-1] < 1e6 * above[0]


def double_root(z, x0, x1, steps):
    """The solution (a + bk)zᵏ of a recurrence of two terms whose characteristic polynomial has the double root z."""
    k = np.arange(steps + 1)
    return (x0 + (x1 / z - x0) * k) * z**k


@pytest.mark.parametrize("kappa", [4.0, 20.0, 100.0])
def test_the_best_heavy_ball_contracts_by_root_kappa_minus_one_over_root_kappa_plus_one(kappa):
    """η = 4/(√L + √μ)², γ = ((√κ − 1)/(√κ + 1))²: both axes have the double root ±√γ (Polyak 1964)."""
    rho = (kappa**0.5 - 1) / (kappa**0.5 + 1)
    lr = 4 / (kappa**0.5 + 1) ** 2
    path = descend(ravine(kappa), Momentum(lr=lr, gamma=rho**2), (-1.0, 0.53), 60).theta
    for x, curvature, z in zip(path.T, (1.0, kappa), (rho, -rho)):
        np.testing.assert_allclose(x, double_root(z, x[0], (1 - lr * curvature) * x[0], 60), atol=1e-11)


@pytest.mark.parametrize("kappa", [4.0, 20.0, 100.0])
def test_the_best_nesterov_contracts_by_one_minus_one_over_root_kappa(kappa):
    """η = 1/L, γ = (√κ − 1)/(√κ + 1): the slow axis has the double root 1 − 1/√κ (Lessard et al. 2016, prop. 1)."""
    gamma, z = (kappa**0.5 - 1) / (kappa**0.5 + 1), 1 - kappa**-0.5
    path = descend(ravine(kappa), Nesterov(lr=1 / kappa, gamma=gamma), (-1.0, 0.53), 200).theta
    np.testing.assert_allclose(path[:, 0], double_root(z, -1.0, -(1 - 1 / kappa), 200), atol=1e-11)
    np.testing.assert_allclose(path[1:, 1], 0, atol=1e-12)  # the steep axis arrives at once


@pytest.mark.parametrize("method", [Momentum, Nesterov])
@given(gamma=st.floats(0, 0.95), share=st.floats(0.01, 0.95), curvature=st.floats(0.1, 10))
def test_on_a_parabola_momentum_is_the_power_of_a_matrix(method, gamma, share, curvature):
    """(x, v) ↦ R(x, v): with h = ηλ, R = (1 − h, −γ; h, γ) for the heavy ball (Goh 2017), and with a
    look-ahead gradient λ(x − γv), R = (1 − h, −γ(1 − h); h, γ(1 − h))."""
    h = share * (2 + 2 * gamma) / (1 + 2 * gamma)
    slow = gamma if method is Momentum else gamma * (1 - h)
    R = np.array([[1 - h, -slow], [h, slow]])
    path = descend(parabola(0.0, curvature), method(lr=h / curvature, gamma=gamma), (1.0,), 50).theta[:, 0]
    expected = [np.linalg.matrix_power(R, k)[0, 0] for k in range(51)]
    np.testing.assert_allclose(path, expected, atol=1e-9)


@given(h=st.floats(0.02, 1.98), tolerance=st.floats(1e-9, 0.1))
def test_gradient_descent_settles_after_the_logarithm_of_the_tolerance_over_that_of_the_rate(h, tolerance):
    """L_k = L₀(1 − ηλ)²ᵏ ≤ tolerance from k = ⌈log(tolerance/L₀) / 2 log|1 − ηλ|⌉ on."""
    rate = abs(1 - h)
    k = math.log(tolerance / 0.5) / (2 * math.log(rate)) if rate > 1e-12 else 0.5
    if abs(k - round(k)) < 1e-6:
        return  # on the edge, rounding decides
    path = descend(parabola(0.0, 1.0), GradientDescent(lr=h), (1.0,), 1200)
    assert path.settled_at(tolerance) == max(math.ceil(k), 0)


# ---------------------------------------------------------------------------------------------- a constant slope


def slide(optimizer, slope, steps):
    """How far each step goes on a loss whose gradient is everywhere the same."""
    theta, length = np.zeros(1), []
    state = optimizer.init(theta)
    for k in range(steps):
        moved, state = optimizer.step(theta, lambda at: np.array([slope]), state, k)
        length.append((theta - moved).item())
        theta = moved
    return np.array(length)


slopes = st.floats(0.01, 100) | st.floats(-100, -0.01)


@given(slope=slopes, beta1=st.floats(0, 0.99), beta2=st.floats(0, 0.999))
def test_bias_correction_makes_every_step_of_adam_eta_on_a_constant_slope(slope, beta1, beta2):
    """m̂ = g and v̂ = g² from the very first step on (Kingma and Ba 2015, section 3): each step is η sign(g)."""
    steps = slide(Adam(lr=0.1, beta1=beta1, beta2=beta2, eps=0), slope, 40)
    np.testing.assert_allclose(steps, 0.1 * np.sign(slope), rtol=1e-9)


@given(slope=slopes, gamma=st.floats(0, 0.99))
def test_without_bias_correction_the_steps_of_rmsprop_begin_too_large(slope, gamma):
    """E[g²] = (1 − γᵗ)g²: step t is η/√(1 − γᵗ)."""
    t = np.arange(1, 41)
    steps = slide(RMSprop(lr=0.1, gamma=gamma, eps=0), slope, 40)
    np.testing.assert_allclose(steps, 0.1 * np.sign(slope) / np.sqrt(1 - gamma**t), rtol=1e-9)


@given(slope=slopes)
def test_adagrad_slows_down_with_the_root_of_the_number_of_steps(slope):
    """G = tg²: step t is η/√t (Duchi et al. 2011)."""
    steps = slide(AdaGrad(lr=0.1, eps=0), slope, 40)
    np.testing.assert_allclose(steps, 0.1 * np.sign(slope) / np.sqrt(np.arange(1, 41)), rtol=1e-12)


@given(slope=slopes, rho=st.floats(0, 0.99))
def test_adadelta_begins_with_a_step_that_epsilon_sets(slope, rho):
    """√ε / √((1 − ρ)g² + ε) · g (Zeiler 2012, algorithm 1, t = 1)."""
    (step,) = slide(Adadelta(rho=rho, eps=1e-6), slope, 1)
    assert step == pytest.approx(1e-3 * slope / math.sqrt((1 - rho) * slope**2 + 1e-6))


@pytest.mark.parametrize("method", [Momentum, Nesterov])
@given(slope=slopes, gamma=st.floats(0, 0.99))
def test_momentum_speeds_up_to_one_over_one_minus_gamma(method, slope, gamma):
    """v_t = ηg(1 − γᵗ)/(1 − γ), the sum of a geometric series (Polyak 1964)."""
    steps = slide(method(lr=0.1, gamma=gamma), slope, 40)
    np.testing.assert_allclose(steps, 0.1 * slope * (1 - gamma ** np.arange(1, 41)) / (1 - gamma), rtol=1e-9)


# ---------------------------------------------------------------------------------------------- symmetries

ROUND = [GradientDescent(0.01), Momentum(0.01, 0.8), Momentum(0.01, 0.8, lr_outside=True, dampening=0.3)]
ROUND += [Nesterov(0.01, 0.8), Nesterov(0.01, 0.8, form="keras"), Nesterov(0.01, 0.8, form="torch")]
ELEMENTWISE = [AdaGrad(0.1), AdaGrad(0.1, eps_in_sqrt=False), AdaGrad(0.1, initial_accumulator_value=0.1)]
ELEMENTWISE += [Adadelta(), RMSprop(0.01), RMSprop(0.01, eps_in_sqrt=False)]
ELEMENTWISE += [Adam(0.05), Adam(0.05, eps_root=1e-4), Adam(0.05, eps_hat=True)]
UNITLESS = [AdaGrad(0.1, eps=0), RMSprop(0.01, eps=0), Adam(0.05, eps=0)]
QUARTIC = np.array([1.0, 3.0, 0.2, 8.0])


class Bumpy:
    """Σ aᵢxᵢ⁴/4 + cos of the sum: no axis is like another, and all hang together. `turn` moves the coordinates."""

    def __init__(self, turn=None, times=1.0):
        self.turn = np.eye(4) if turn is None else turn
        self.times = times

    def value(self, theta):
        x = theta @ self.turn
        return self.times * ((QUARTIC * x**4).sum(axis=-1) / 4 + np.cos(x.sum(axis=-1)))

    def gradient(self, theta):
        x = theta @ self.turn
        return self.times * (QUARTIC * x**3 - np.sin(x.sum(axis=-1, keepdims=True))) @ self.turn.T


def path_of(optimizer, start, **loss):
    return descend(Bumpy(**loss), optimizer, start, 30).theta


points = st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array)


@pytest.mark.parametrize("optimizer", ROUND + ELEMENTWISE, ids=repr)
@given(start=points, order=st.permutations(range(4)))
def test_the_order_of_the_coordinates_does_not_matter(optimizer, start, order):
    swap = np.eye(4)[list(order)]  # swap @ x has the coordinates of x in that order
    straight = path_of(optimizer, start)
    np.testing.assert_allclose(path_of(optimizer, swap @ start, turn=swap), straight @ swap.T, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("optimizer", ROUND, ids=repr)
@given(start=points, seed=st.integers(0, 2**32 - 1))
def test_gradient_descent_and_momentum_do_not_mind_turned_axes(optimizer, start, seed):
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))
    straight = path_of(optimizer, start)
    np.testing.assert_allclose(path_of(optimizer, turn @ start, turn=turn), straight @ turn.T, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("optimizer", ELEMENTWISE, ids=repr)
def test_a_method_with_a_scale_for_each_coordinate_minds_turned_axes(optimizer):
    """An elementwise division does not commute with a rotation."""
    start, turn = np.array([0.9, -0.5, 0.7, 0.3]), np.eye(4)
    turn[:2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    turned = path_of(optimizer, turn @ start, turn=turn)
    gone = np.abs(path_of(optimizer, start) - start).max()
    assert np.abs(turned @ turn - path_of(optimizer, start)).max() > 0.02 * gone


@pytest.mark.parametrize("optimizer", UNITLESS, ids=repr)
@given(start=points, exponent=st.integers(-40, 40))
def test_with_epsilon_zero_the_unit_of_the_loss_does_not_matter(optimizer, start, exponent):
    """The step is a gradient over the root of squared gradients. A power of two, so that no digit is rounded."""
    start = start + 0.01  # at an exact 0 of the gradient, 0/0
    same_path = path_of(optimizer, start, times=4.0**exponent)
    np.testing.assert_array_equal(same_path, path_of(optimizer, start))


@given(start=points, factor=st.floats(0.1, 10))
def test_for_gradient_descent_the_unit_of_the_loss_is_a_factor_of_eta(start, factor):
    scaled = path_of(GradientDescent(0.01 / factor), start, times=factor)
    np.testing.assert_allclose(scaled, path_of(GradientDescent(0.01), start), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimizer", UNITLESS, ids=repr)
def test_with_an_epsilon_the_unit_of_the_loss_matters(optimizer):
    start, optimizer = np.array([0.9, -0.5, 0.7, 0.3]), optimizer.replace(eps=1e-2)
    assert np.abs(path_of(optimizer, start, times=1e-2) - path_of(optimizer, start)).max() > 1e-3


# -------------------------------------------------------------------------------- what each optimizer says of itself

METHODS = [
    GradientDescent(),
    *(Momentum(gamma=g) for g in (0.0, 0.5, 0.9)),
    Momentum(gamma=0.5, dampening=0.4, lr_outside=True),
    *(Nesterov(gamma=g, form=form) for g in (0.0, 0.5, 0.9) for form in ("look-ahead", "torch", "keras")),
]


def rate_of(optimizer, *curvatures, steps=4000):
    """By which factor a step shrinks the distance to the minimum in the long run, the slowest direction deciding."""
    theta = np.full(len(curvatures), 1.0)
    hessian = np.array(curvatures)
    state, log = optimizer.init(theta), 0.0
    for k in range(steps):
        theta, state = optimizer.step(theta, lambda t: hessian * t, state, k)
        size = np.sqrt(sum(np.sum(np.square(x)) for x in (theta, *state.values())))
        theta, state, log = theta / size, {n: x / size for n, x in state.items()}, log + np.log(size)
    return np.exp(log / steps)


@pytest.mark.parametrize("optimizer", METHODS, ids=repr)
@pytest.mark.parametrize("curvature", [0.3, 20.0])
def test_two_percent_below_its_limit_a_method_converges_and_two_percent_above_it_diverges(optimizer, curvature):
    limit = optimizer.limit(curvature)
    assert (
        rate_of(optimizer.replace(lr=0.98 * limit), curvature)
        < 1
        < rate_of(optimizer.replace(lr=1.02 * limit), curvature)
    )


@pytest.mark.parametrize("optimizer", METHODS, ids=repr)
def test_a_direction_is_monotone_until_the_critical_rate_and_no_longer_above_it(optimizer):
    def turns(lr):
        path = descend(ravine(3.0), optimizer.replace(lr=lr), [0.0, 1.0], 600).theta[:, 1]
        return np.any(path < -1e-12)

    assert not turns(0.97 * optimizer.critical(3.0))
    assert turns(1.03 * optimizer.critical(3.0))


@pytest.mark.parametrize("optimizer", [GradientDescent(), Momentum(), Nesterov()], ids=repr)
@pytest.mark.parametrize("kappa", [5.0, 40.0])
def test_no_neighbour_of_the_best_hyperparameters_has_a_faster_rate(optimizer, kappa):
    best = optimizer.best(1.0, kappa)
    fastest = rate_of(optimizer.replace(**best), 1.0, kappa)
    for name, value in best.items():
        for factor in (0.93, 1.07):
            assert rate_of(optimizer.replace(**best | {name: factor * value}), 1.0, kappa) > fastest - 1e-4


def test_where_theory_is_silent_there_is_no_limit():
    assert Adam().limit(1.0) is Adam().critical(1.0) is None and Adam().best(1.0, 2.0) == {}
