"""Descents: what is kept, sweeps that equal loops, settling and divergence, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab import surfaces
from optimlab.descent import Trajectory, descend, sweep
from optimlab.networks import clip_norm, clip_value
from optimlab.noise import Noisy
from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop
from optimlab.problems import breast_cancer, diabetes
from optimlab.schedules import ReduceOnPlateau, cosine_decay
from optimlab.surfaces import bowl, monkey_saddle, parabola, ravine, rosenbrock

OPTIMIZERS = [GradientDescent(), Momentum(), Nesterov(), AdaGrad(), Adadelta(), RMSprop(), Adam(lr=0.05)]
SURFACES = [getattr(surfaces, name)() for name in surfaces.__all__ if name != "Surface"]
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda optimizer: optimizer.name)
every_surface = pytest.mark.parametrize("surface", SURFACES, ids=repr)


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)


def trajectory(loss, minimum=0.0):
    """One made by hand: only its loss matters."""
    loss = np.array(loss, float)
    return Trajectory(np.zeros((*loss.shape, 2)), loss, GradientDescent(), minimum)


# What is kept


@every_optimizer
def test_the_trajectory_holds_the_start_and_every_step(optimizer):
    surface, optimizer = rosenbrock(), optimizer.replace(lr=1e-3)
    path = descend(surface, optimizer, (-1.1, 0.7), steps=7)
    theta = np.array((-1.1, 0.7))
    state = optimizer.init(theta)
    for k in range(8):
        np.testing.assert_allclose(path.theta[k], theta, rtol=1e-13)
        np.testing.assert_allclose(path.loss[k], surface.value(theta), rtol=1e-12)
        theta, state = optimizer.step(theta, surface.gradient, state, k)
    assert (path.steps, path.theta.shape, path.loss.shape) == (7, (8, 2), (8,))


@every_optimizer
def test_recording_keeps_every_state_and_every_gradient_and_changes_nothing(optimizer):
    surface, optimizer = rosenbrock(), optimizer.replace(lr=1e-3)
    silent = descend(surface, optimizer, (-1.1, 0.7), steps=6)
    recorded = descend(surface, optimizer, (-1.1, 0.7), steps=6, record=True)
    assert same(silent.theta, recorded.theta)
    assert silent.state == {}
    theta = np.array((-1.1, 0.7))
    state = optimizer.init(theta)
    assert recorded.state.keys() == {*state, "g", "θ_g"}
    for k in range(7):
        for name in state:
            np.testing.assert_allclose(recorded.state[name][k], state[name], rtol=1e-12)
        theta, state = optimizer.step(theta, surface.gradient, state, k)
    np.testing.assert_array_equal(recorded.state["g"], surface.gradient(recorded.state["θ_g"]))
    looked = recorded.theta[:-1]
    if isinstance(optimizer, Nesterov):
        looked = looked - optimizer.gamma * recorded.state["v"][:-1]
    np.testing.assert_allclose(recorded.state["θ_g"], looked, rtol=1e-15)


def test_no_steps_leave_the_start_alone():
    path = descend(ravine(), Adam(), (0.3, 0.4), steps=0, record=True)
    assert (path.steps, path.theta.tolist()) == (0, [[0.3, 0.4]])
    assert path.loss.tolist() == [float(ravine().value((0.3, 0.4)))]


@every_surface
def test_without_a_start_the_customary_one_is_taken(surface):
    assert tuple(descend(surface, GradientDescent(), steps=1).theta[0]) == surface.start


def test_the_schedule_is_asked_for_steps_zero_one_two():
    asked = []
    path = descend(parabola(), GradientDescent(lr=lambda k: asked.append(k) or 0.1 * 0.5**k), steps=5)
    assert asked == [0, 1, 2, 3, 4]
    w = 0.0
    for k in range(5):
        w = w - 0.1 * 0.5**k * 2 * (w - 3)
        assert path.theta[k + 1, 0] == pytest.approx(w, rel=1e-14)


def test_a_loss_that_changes_from_step_to_step_is_asked_for_the_gradient_of_each_step():
    class Alternating:
        start = (1.0, 2.0)

        def value(self, theta):
            return np.sum(theta, axis=-1)

        def gradient_at(self, k):
            return lambda theta: np.full_like(theta, (-1.0) ** k)

    path = descend(Alternating(), GradientDescent(lr=0.5), steps=3)
    assert path.theta[:, 0].tolist() == [1.0, 0.5, 1.0, 0.5]


@every_optimizer
@every_surface
def test_single_precision_stays_single_precision(surface, optimizer):
    """Every array that the optimizer and the loss see, not only what is stored at the end."""
    seen = set()

    class Watched:
        minimum = 0.0

        def value(self, theta):
            seen.add(theta.dtype)
            return surface.value(theta)

        def gradient(self, theta):
            seen.update((theta.dtype, surface.gradient(theta).dtype))
            return surface.gradient(theta)

    for lr in (0.01, lambda k: 0.01, lambda k: np.float64(0.01)):
        path = descend(Watched(), optimizer.replace(lr=lr), np.array(surface.start, np.float32), 3, record=True)
        assert {path.theta.dtype, path.loss.dtype, *(a.dtype for a in path.state.values())} == {np.dtype("f4")}
        assert seen == {np.dtype("f4")}


@pytest.mark.parametrize("problem", [diabetes(), breast_cancer(), breast_cancer().minibatch(50)], ids=repr)
def test_single_precision_stays_single_precision_on_data(problem):
    path = descend(problem, Momentum(), np.array(problem.start, np.float32), 3, record=True)
    assert {path.theta.dtype, path.loss.dtype, *(a.dtype for a in path.state.values())} == {np.dtype("f4")}


@every_optimizer
def test_neither_the_start_nor_the_hyperparameters_are_modified(optimizer):
    start = np.array([[-1.0, 0.53], [0.4, 0.2]])
    rates = np.array([[0.01], [0.02]])
    for array in (start, rates):
        array.setflags(write=False)
    path = descend(ravine(), optimizer.replace(lr=rates), start, steps=3)
    assert not np.shares_memory(path.theta, start)
    np.testing.assert_array_equal(path.theta[0], start)


def test_a_start_of_whole_numbers_is_no_reason_to_round():
    assert descend(ravine(), GradientDescent(lr=0.1), (3, 1), steps=1).theta[-1].tolist() == pytest.approx([2.7, -1])


# Sweeps equal loops


def three_of(knob):
    return knob.grid[[0, len(knob.grid) // 3, -1]]


@every_optimizer
@every_surface
def test_a_sweep_of_any_hyperparameter_equals_a_loop(surface, optimizer):
    """To the last bit, divergence included; every loop goes over three values."""
    for name, knob in optimizer.knobs.items():
        setting = optimizer.replace(lr_outside=True) if name == "dampening" else optimizer
        values = three_of(knob)
        swept = sweep(surface, setting, name, values, steps=25)
        assert swept.theta.shape == (26, 3, surface.dim)
        for i, value in enumerate(values):
            one = descend(surface, setting.replace(**{name: value}), steps=25)
            assert same(swept.theta[:, i], one.theta), name
            assert same(swept.loss[:, i], one.loss), name


@every_optimizer
@pytest.mark.parametrize("name", ["kappa", "angle"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sweep_of_the_ravines_shape_equals_a_loop(optimizer, name, dtype):
    surface, start = ravine(20, 30), np.array([[-1, 0.53], [0.2, 0.9]], dtype)
    values = three_of(surface.knobs[name])
    swept = sweep(surface, optimizer, name, values, start, steps=40)
    assert swept.theta.shape == (41, 3, 2, 2)
    for i, value in enumerate(values):
        one = descend(surface.replace(**{name: value}), optimizer, start, steps=40)
        assert same(swept.theta[:, i], one.theta)
        assert same(swept.loss[:, i], one.loss)


@every_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sweep_from_many_starts_equals_a_loop_over_values_and_starts(optimizer, dtype):
    starts = np.random.default_rng(1).uniform(-1, 1, (4, 3, 2)).astype(dtype)
    values = [0.001, 0.01, 0.1, 1.0, 3.0]
    swept = sweep(rosenbrock(), optimizer, "lr", values, starts, steps=15)
    assert (swept.theta.shape, swept.loss.shape) == ((16, 5, 4, 3, 2), (16, 5, 4, 3))
    for i, lr in enumerate(values):
        for j in np.ndindex(4, 3):
            one = descend(rosenbrock(), optimizer.replace(lr=lr), starts[j], steps=15)
            assert same(swept.theta[(slice(None), i, *j)], one.theta)


@every_optimizer
@pytest.mark.parametrize(
    "problem",
    [diabetes(), breast_cancer(), diabetes().minibatch(32, seed=3), breast_cancer().minibatch(1, seed=3)],
    ids=repr,
)
def test_a_sweep_on_data_equals_a_loop(problem, optimizer):
    """Sums over the data may be taken in another order: to 1e-12."""
    starts = np.array([problem.start, (0.2, -0.4)])
    values = [0.001, 0.03, 0.1]
    swept = sweep(problem, optimizer, "lr", values, starts, steps=25)
    for i, lr in enumerate(values):
        for j, start in enumerate(starts):
            one = descend(problem, optimizer.replace(lr=lr), start, steps=25)
            np.testing.assert_allclose(swept.theta[:, i, j], one.theta, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(swept.loss[:, i, j], one.loss, rtol=1e-12, atol=1e-12)


def test_a_grid_of_two_hyperparameters_is_a_descent_for_each_cell():
    lr, gamma = np.array([0.01, 0.05]).reshape(2, 1, 1), np.array([0.0, 0.5, 0.9]).reshape(3, 1)
    many = descend(ravine(), Momentum(lr=lr, gamma=gamma), steps=20)
    assert many.theta.shape == (21, 2, 3, 2)
    for i, j in np.ndindex(2, 3):
        one = descend(ravine(), Momentum(lr=lr[i, 0, 0], gamma=gamma[j, 0]), steps=20)
        assert same(many.theta[:, i, j], one.theta)


# Settling and divergence


def test_settling_is_the_last_leaving_not_the_first_touch():
    flies_through = [1, 1e-4, 1e-5, 0.5, 1e-4, 1e-6]
    assert trajectory(flies_through).settled_at() == 4
    assert trajectory(flies_through).settled_at(0.5) == 1
    assert trajectory(flies_through).settled_at(1) == 0
    assert trajectory(flies_through).settled_at(1e-5) == 5


@pytest.mark.parametrize(
    ("loss", "settled"),
    [
        ([1, 1, 1], None),
        ([1, 1, 1e-3], 2),  # at the tolerance is inside
        ([1, 1e-4, 0.0011], None),  # out again at the very end
        ([0, 0, 0], 0),
        ([1, 0, np.nan], None),
        ([1, np.inf, 0], 2),
        ([0.0], 0),
        ([1.0], None),
    ],
)
def test_settling_of_hand_made_losses(loss, settled):
    assert trajectory(loss).settled_at() == settled


@given(st.lists(st.sampled_from([0.0, 1e-3, 2e-3, 1.0, np.inf, np.nan]), min_size=1, max_size=12))
def test_settling_is_what_a_loop_backwards_finds(loss):
    settled = None
    for k in reversed(range(len(loss))):
        if not loss[k] <= 1e-3:
            break
        settled = k
    assert trajectory(loss).settled_at() == settled


def test_settling_is_measured_from_the_minimum():
    assert trajectory([7, 5.0005, 5.0001], minimum=5.0).settled_at() == 1
    assert trajectory([7, 5.0005, 5.0001]).settled_at() is None


@pytest.mark.parametrize(
    ("theta", "loss", "step"),
    [
        ([[1, 1], [1, 1], [1, 1]], [1, 1, 1], None),
        ([[1, 1], [1, 1], [1, 1]], [1, np.inf, 1], 1),
        ([[1, 1], [1, 1], [1, np.nan]], [1, 1, 1], 2),
        ([[np.inf, 1], [1, 1], [1, 1]], [1, 1, 1], 0),
    ],
)
def test_divergence_is_the_first_step_that_is_not_finite(theta, loss, step):
    assert Trajectory(np.array(theta, float), np.array(loss, float), GradientDescent()).diverged_at == step


def test_for_many_descents_nan_means_never():
    loss = np.array([[1, 1, 1, 1], [0, np.inf, 1, 0], [0, np.nan, 1, 1]])
    many = trajectory(loss)
    np.testing.assert_array_equal(many.settled_at(), [1, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(many.diverged_at, [np.nan, 1, np.nan, np.nan])
    for i in range(4):
        one = trajectory(loss[:, i])
        assert (one.settled_at(), one.diverged_at) == ((1, None), (None, 1), (None, None), (None, None))[i]
    assert type(trajectory(loss[:, 0]).settled_at()) is type(trajectory(loss[:, 1]).diverged_at) is int


@every_optimizer
def test_divergence_is_kept_without_a_warning(optimizer, recwarn):
    wild = descend(rosenbrock(), GradientDescent(lr=1.0), steps=30)
    assert 2 < wild.diverged_at < 10
    before = slice(None, wild.diverged_at)
    assert np.isfinite(wild.theta[before]).all() and np.isfinite(wild.loss[before]).all()
    descend(rosenbrock(), optimizer.replace(lr=1e200), steps=30)
    assert not recwarn.list


def test_a_trajectory_says_in_one_line_how_it_went():
    assert repr(descend(ravine(20), Momentum(lr=0.05), steps=200)) == (
        "Momentum  η=0.05  γ=0.9  settles at L<0.001 after 76 steps"
    )
    assert repr(descend(parabola(), GradientDescent(lr=0.1), steps=10)) == (
        "GradientDescent  η=0.1  reaches L=0.104 after 10 steps, not settled at L<0.001"
    )
    assert repr(descend(rosenbrock(), GradientDescent(lr=1.0), steps=30)) == (
        "GradientDescent  η=1  diverges: not finite from step 4 on"
    )
    assert repr(sweep(ravine(), Adam(), "beta1", [0.1, 0.9], steps=3)) == (
        "Adam  η=0.001  β₁=0.1…0.9  β₂=0.999  2 descents of 3 steps"
    )


def test_where_there_is_no_minimum_nothing_settles_and_the_line_says_nothing_of_it():
    path = descend(monkey_saddle(), GradientDescent(lr=0.01), steps=20)
    assert path.settled_at() is None
    assert "inf" not in repr(path)


# Bad input


def refusal(*args, run=descend, **kwargs):
    with pytest.raises(ValueError) as caught:
        run(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("steps", [-1, 1.5, 10.0, "10", None, True, np.array([3])])
def test_steps_must_be_a_whole_number(steps):
    expected = f"steps must be a whole number ≥ 0, got {steps!r}"
    assert refusal(ravine(), Adam(), steps=steps) == expected
    assert refusal(ravine(), Adam(), "lr", [0.1], steps=steps, run=sweep) == expected


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ((np.nan, 1), "the start θ₀ must be finite, got [nan, 1.0]"),
        ((1, -np.inf), "the start θ₀ must be finite, got [1.0, -inf]"),
        ([], "the start θ₀ must have shape (..., d) with d ≥ 1, got (0,)"),
        (np.zeros((0, 2)), "the start θ₀ must have shape (..., d) with d ≥ 1, got (0, 2)"),
        (1.0, "the start θ₀ must have shape (..., d) with d ≥ 1, got ()"),
        ("ab", "the start θ₀ must be numbers of shape (..., d), got 'ab'"),
        (("1", "2"), "the start θ₀ must be numbers of shape (..., d), got ('1', '2')"),
        ((1j, 2), "the start θ₀ must be numbers of shape (..., d), got (1j, 2)"),
        ((None, 2), "the start θ₀ must be numbers of shape (..., d), got (None, 2)"),
        ([[1, 2], [3]], "the start θ₀ must be numbers of shape (..., d), got [[1, 2], [3]]"),
        ((1, 2, 3), "the start θ₀ must have shape (..., 2) on ravine(κ=20, angle=0), got (3,)"),
    ],
)
def test_a_bad_start_is_refused(start, text):
    assert refusal(ravine(), Adam(), start) == text
    if text.startswith("the start"):
        assert refusal(ravine(), Adam(), "lr", [0.1], start, run=sweep) == text


@pytest.mark.parametrize("lr", [np.full(3, 0.1), np.full((3, 1), 0.1), np.full((4, 3), 0.1), np.full((2, 4, 3), 0.1)])
def test_a_hyperparameter_of_the_wrong_shape_is_refused(lr):
    starts = np.full((4, 2), 0.5)
    assert refusal(ravine(), Momentum(lr=lr), starts) == (
        f"learning rate η of shape {lr.shape} does not broadcast against θ of shape (4, 2); "
        "one value for each of n descents has shape (n, 1)"
    )


@pytest.mark.parametrize("name", ["speed", "kappas", "name", "eps_in_sqrt", "", None])
def test_a_sweep_of_an_unknown_name_is_refused_with_the_known_ones(name):
    assert refusal(ravine(), RMSprop(), name, [0.1], run=sweep) == (
        f"the hyperparameter to sweep must be one of lr, gamma, eps, kappa, angle, got {name!r}"
    )
    assert "must be one of lr, gamma, eps, got" in refusal(diabetes(), RMSprop(), "kappa", [5], run=sweep)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "the values of a sweep must have shape (n,) with n ≥ 1, got (0,)"),
        (0.1, "the values of a sweep must have shape (n,) with n ≥ 1, got ()"),
        ([[0.1]], "the values of a sweep must have shape (n,) with n ≥ 1, got (1, 1)"),
        ([0.1, -0.2], "learning rate η must be in [0, ∞), got -0.2"),
        ([0.1, np.nan], "learning rate η must be in [0, ∞), got nan"),
        (["fast"], "the values of a sweep must be numbers, got ['fast']"),
        ([1j], "the values of a sweep must be numbers, got [1j]"),
        (None, "the values of a sweep must be numbers, got None"),
    ],
)
def test_bad_values_of_a_sweep_are_refused(values, text):
    assert refusal(ravine(), Adam(), "lr", values, run=sweep) == text


@pytest.mark.parametrize("run", [descend, lambda *args: sweep(*args, "lr", [0.1])])
def test_a_class_or_a_function_in_place_of_what_it_makes_is_refused(run):
    wanted = "the optimizer must be an Optimizer, such as Adam(lr=0.1), got "
    assert refusal(ravine(), Adam, run=run) == wanted + "the class Adam"
    assert refusal(ravine(), "adam", run=run) == wanted + "'adam'"
    assert refusal(ravine, Adam(), run=run) == (
        "the loss must have value(theta) and gradient(theta), got the function ravine"
    )


# Schedules and clipping


def test_a_schedule_replaces_the_learning_rate():
    schedule = cosine_decay(0.2, 30)
    here = descend(rosenbrock(), Momentum(0.5), steps=40, schedule=schedule)
    np.testing.assert_array_equal(here.theta, descend(rosenbrock(), Momentum(schedule), steps=40).theta)


def test_reduce_on_plateau_is_told_the_loss_of_every_step():
    loss, plateau = Noisy(bowl(), 0.5), ReduceOnPlateau(0.3, factor=0.5, patience=2)
    walk = descend(loss, GradientDescent(), steps=60, schedule=plateau)
    theta, memory = np.array(loss.start), plateau.init()
    for k in range(60):
        lr, memory = plateau.step(float(loss.value(theta)), memory)
        theta = theta - lr * loss.gradient_at(k)(theta)
    np.testing.assert_allclose(walk.theta[-1], theta, rtol=1e-12)
    assert lr < 0.1


def test_reduce_on_plateau_decides_for_each_descent_by_itself():
    loss, plateau = Noisy(bowl(), 0.5, copies=4), ReduceOnPlateau(0.3, factor=0.5, patience=2)
    together = descend(loss, Momentum(), np.tile(bowl().start, (4, 1)), steps=50, schedule=plateau)
    noise = np.array([loss.noise(k) for k in range(50)])

    class One(Noisy):
        def noise(self, k):
            return noise[k, self.seed]

    for i in range(4):
        alone = descend(One(bowl(), 0.5, seed=i), Momentum(), steps=50, schedule=plateau)
        np.testing.assert_allclose(together.theta[:, i], alone.theta, rtol=1e-12)


def test_sweeping_the_factor_of_reduce_on_plateau_is_a_loop():
    factors = np.array([[0.2], [0.5], [0.9]])
    start = np.tile(bowl().start, (3, 1))
    loss = Noisy(bowl(), 0.5)
    together = descend(loss, Adam(), start, 50, schedule=ReduceOnPlateau(0.1, factors, patience=2))
    for i, factor in enumerate((0.2, 0.5, 0.9)):
        alone = descend(loss, Adam(), steps=50, schedule=ReduceOnPlateau(0.1, factor, patience=2))
        np.testing.assert_allclose(together.theta[:, i], alone.theta, rtol=1e-12)


def test_clipping_acts_on_each_gradient_and_the_record_holds_the_clipped_one():
    walk = descend(rosenbrock(), GradientDescent(0.01), steps=30, clip=clip_norm(2.0), record=True)
    lengths = np.linalg.norm(walk.state["g"], axis=-1)
    assert lengths.max() == pytest.approx(2.0)
    np.testing.assert_allclose(np.diff(walk.theta, axis=0), -0.01 * walk.state["g"], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("clip", [clip_norm, clip_value])
def test_many_descents_are_clipped_one_by_one(clip):
    starts = np.array([[-1.5, 2.0], [0.5, -0.5], [1.9, 1.0]])
    limits = np.array([[0.5], [2.0], [10.0]])
    together = descend(rosenbrock(), GradientDescent(0.01), starts, 20, clip=clip(limits))
    for i in range(3):
        alone = descend(rosenbrock(), GradientDescent(0.01), starts[i], 20, clip=clip(limits[i, 0]))
        np.testing.assert_allclose(together.theta[:, i], alone.theta, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"schedule": 0.1}, "the schedule must be a function of the step k, got 0.1"),
        ({"schedule": cosine_decay}, "the schedule must be a function of the step k, got the class cosine_decay"),
        (
            {"schedule": lambda k: np.array([[0.1], [0.2]])},
            "a schedule, a clipping limit or noise for (2,) descents needs as many starts: "
            "θ₀ of shape (2, 2), got (1, 2)",
        ),
        ({"clip": 1.0}, "clip must be clip_value(limit) or clip_norm(limit), got 1.0"),
    ],
)
def test_a_schedule_or_a_clip_that_is_none_is_refused(options, text):
    with pytest.raises(ValueError) as error:
        descend(bowl(), Adam(), **options)
    assert str(error.value) == text
