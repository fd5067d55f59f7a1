"""The schedules against recorded learning rates of PyTorch and Optax, and what else a learning rate has to do.

``oracles/schedules.npz`` holds 300 values of η per entry; ``oracles/record_schedules.py`` shows how they were made.
"""

import dataclasses
import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from optimlab import schedules as catalogue
from optimlab.descent import descend
from optimlab.optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, RMSprop
from optimlab.schedules import (
    ReduceOnPlateau,
    Schedule,
    constant,
    cosine_decay,
    cosine_restarts,
    cyclic,
    exponential_decay,
    inverse_sqrt,
    join_schedules,
    linear_decay,
    one_cycle,
    piecewise_linear,
    polynomial_decay,
    step_decay,
    warmup,
    warmup_stable_decay,
)
from optimlab.surfaces import bowl

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "schedules.npz"))
STEPS = 300
K = np.arange(STEPS)
TOLERANCE = {"rtol": 1e-12, "atol": 1e-15}  # found: 2e-16 at most

# Our schedule for each entry, in the words of this package.
OURS = {
    "torch StepLR": step_decay(0.1, 0.1, step_size=30),
    "torch StepLR slow": step_decay(0.7, 0.99, step_size=1),
    "torch StepLR per epoch": step_decay(0.1, 0.5, step_size=3, steps_per_epoch=7),
    "torch ExponentialLR": exponential_decay(0.1, 0.95),
    "torch ExponentialLR per epoch": exponential_decay(0.3, 0.8, steps_per_epoch=25),
    "torch ExponentialLR without decay": exponential_decay(0.3, 1.0),
    "torch PolynomialLR": polynomial_decay(0.1, 100, power=2.0),
    "torch PolynomialLR root": polynomial_decay(0.4, 299, power=0.5),
    "torch PolynomialLR line": linear_decay(0.1, 250),
    "torch LinearLR": linear_decay(0.2, 120, end_value=0.02),
    "torch CosineAnnealingLR": cosine_decay(0.1, 299),
    "torch CosineAnnealingLR end": cosine_decay(0.5, 100, end_value=0.01),
    "torch CosineAnnealingWarmRestarts": cosine_restarts(0.1, 25),
    "torch CosineAnnealingWarmRestarts 2": cosine_restarts(0.1, 10, T_mult=2, end_value=1e-3),
    "torch CosineAnnealingWarmRestarts 3": cosine_restarts(0.3, 7, T_mult=3),
    "torch CosineAnnealingWarmRestarts 1, 2": cosine_restarts(0.3, 1, T_mult=2),
    "torch OneCycleLR": one_cycle(0.1, 300, pct_start=0.3, div_factor=25, final_div_factor=1e4),
    "torch OneCycleLR early": one_cycle(0.5, 300, pct_start=0.1, div_factor=10, final_div_factor=100),
    "torch OneCycleLR late": one_cycle(0.1, 300, pct_start=0.85),
    "torch OneCycleLR between steps": one_cycle(0.1, 300, pct_start=0.123),
    "torch OneCycleLR without rise": one_cycle(0.1, 300, pct_start=0.002),
    "torch SequentialLR cosine": warmup(cosine_decay(0.1, 280), 20, start_factor=0.1),
    "torch SequentialLR exponential": warmup(exponential_decay(0.2, 0.98), 50, start_factor=0.25),
    "torch SequentialLR steps": warmup(step_decay(0.2, 0.5, step_size=40), 15, start_factor=1 / 3),
    "optax constant_schedule": constant(0.3),
    "optax linear_schedule": linear_decay(0.2, 150, end_value=0.02),
    "optax polynomial_schedule": polynomial_decay(0.1, 200, power=3.0, end_value=0.01),
    "optax cosine_decay_schedule": cosine_decay(0.1, 120),
    "optax cosine_decay_schedule end": cosine_decay(0.5, 200, end_value=0.05),
    "optax exponential_decay": exponential_decay(0.1, 0.7, steps_per_epoch=20),
    "optax sgdr_schedule": cosine_restarts(0.2, 30, T_mult=2, end_value=0.01),
    "optax warmup_cosine_decay_schedule": warmup(cosine_decay(0.1, 270), 30),
    "optax join_schedules": join_schedules(
        [linear_decay(0.05, 60, end_value=0.2), exponential_decay(0.2, 0.8, steps_per_epoch=10)], [60]
    ),
    "optax join_schedules without warm-up": warmup(polynomial_decay(0.3, 90, power=2.0), 0),
    "optax warm up, stay, decay": warmup_stable_decay(0.1, 280, warmup_steps=40, decay_steps=80),
    "optax stay, decay": warmup_stable_decay(0.3, 300, warmup_steps=0, decay_steps=100),
    "optax piecewise_interpolate_schedule": piecewise_linear((0.2, 0.1, 0.03, 0.06, 0.006), 240),
}

PLATEAUS = {
    "default": ReduceOnPlateau(0.1),
    "cooldown": ReduceOnPlateau(0.5, factor=0.5, patience=5, cooldown=12),
    "min_lr": ReduceOnPlateau(0.2, factor=0.3, patience=3, min_lr=0.004),
    "threshold": ReduceOnPlateau(0.1, factor=0.7, patience=4, threshold=0.05, cooldown=3),
    "impatient": ReduceOnPlateau(0.1, factor=0.9, patience=0, threshold=0.0),
    "down to eps": ReduceOnPlateau(0.1, factor=0.1, patience=2, cooldown=1),
    "negative losses": ReduceOnPlateau(0.1, factor=0.8, patience=2, threshold=0.01),
}

# One of each kind, with corners inside the first 60 steps.
ONE_OF_EACH = [
    constant(0.1),
    step_decay(0.1, 0.5, step_size=3, steps_per_epoch=4),
    exponential_decay(0.1, 0.9, steps_per_epoch=5),
    polynomial_decay(0.1, 40),
    linear_decay(0.1, 40, end_value=0.01),
    cosine_decay(0.1, 40),
    cosine_restarts(0.1, 10),
    cosine_restarts(0.1, 5, T_mult=2),
    warmup(cosine_decay(0.1, 30), 10),
    one_cycle(0.1, 50),
    warmup_stable_decay(0.1, 55, warmup_steps=10, decay_steps=20),
    inverse_sqrt(0.1, 10),
    join_schedules([linear_decay(0.0, 10, end_value=0.1), constant(0.1), cosine_decay(0.1, 30)], [10, 20]),
    piecewise_linear((0.05, 0.1, 0.02, 0.0), 45),
    cyclic((0.1, 0.02, 0.06)),
]
each = pytest.mark.parametrize("schedule", ONE_OF_EACH, ids=repr)


def recorded(entry):
    return RECORDED["rates"][list(RECORDED["names"]).index(entry)]


# --- the real libraries


def test_every_entry_is_tested_and_says_which_version_it_is_from():
    assert list(RECORDED["names"]) == list(OURS)
    assert list(RECORDED["plateau names"]) == list(PLATEAUS)
    assert RECORDED["rates"].shape == (len(OURS), STEPS)
    assert {"torch", "optax"} <= set(json.loads(str(RECORDED["versions"])))


def test_no_schedule_is_forgotten():
    kinds = {getattr(catalogue, name) for name in catalogue.__all__} - {Schedule, ReduceOnPlateau}
    assert kinds == {type(schedule) for schedule in ONE_OF_EACH}
    assert kinds - {inverse_sqrt, cyclic} == {type(schedule) for schedule in OURS.values()}


@pytest.mark.parametrize("entry", OURS)
def test_same_learning_rates_as_the_library(entry):
    # PyTorch's cosine climbs again after T_max, ours stays at η_end: compared up to there.
    upto = 101 if entry == "torch CosineAnnealingLR end" else STEPS
    np.testing.assert_allclose(OURS[entry](K)[:upto], recorded(entry)[:upto], **TOLERANCE)


def test_cosine_stays_at_its_end_where_pytorchs_climbs_again():
    entry = "torch CosineAnnealingLR end"
    assert (OURS[entry](K[100:]) == 0.01).all()
    assert recorded(entry)[200] == pytest.approx(0.5)


def test_inverse_sqrt_is_the_formula_of_the_transformer_paper():
    """Vaswani et al. 2017, equation 3: d^−½ · min(step^−½, step · warmup^−3/2), counted from step 1."""
    d, warm, step = 512, 40, K + 1.0
    paper = d**-0.5 * np.minimum(step**-0.5, step * warm**-1.5)
    np.testing.assert_allclose(inverse_sqrt(lr=(d * warm) ** -0.5, warmup_steps=warm)(K), paper, rtol=1e-13)


def test_below_zero_an_improvement_is_a_lower_loss_where_pytorch_takes_a_higher_one_for_it():
    plateau = ReduceOnPlateau(1.0, factor=0.5, patience=1, threshold=0.1)
    for losses, ours in (([-1.0] * 6, [1, 1, 0.5, 0.5, 0.25, 0.25]), ([-1.0, -0.95, -0.9, -0.85], [1, 1, 0.5, 0.5])):
        state, rates = plateau.init(), []
        for loss in losses:
            lr, state = plateau.step(loss, state)
            rates.append(lr)
        assert rates == ours[: len(rates)]
    state = plateau.init()
    for loss in -(1.2 ** np.arange(8)):  # lower by more than a tenth each time
        lr, state = plateau.step(loss, state)
    assert lr == 1.0


@pytest.mark.parametrize("entry", [entry for entry in PLATEAUS if entry != "negative losses"])
def test_reduce_on_plateau_reduces_when_pytorchs_does(entry):
    row, plateau = list(PLATEAUS).index(entry), PLATEAUS[entry]
    state, rates = plateau.init(), []
    for loss in RECORDED["plateau losses"][row]:
        lr, state = plateau.step(loss, state)
        assert lr == state["lr"]
        rates.append(lr)
    np.testing.assert_allclose(rates, RECORDED["plateau rates"][row], **TOLERANCE)


@pytest.mark.parametrize("option", ["patience", "threshold", "cooldown", "min_lr"])
def test_each_option_of_reduce_on_plateau_matters_in_the_recording(option):
    """With the option taken away, some recorded sequence is missed."""
    without = {"patience": 1, "threshold": 0.0, "cooldown": 0, "min_lr": 0.0}[option]

    def missed(plateau, losses, rates):
        state, ours = plateau.init(), []
        for loss in losses:
            lr, state = plateau.step(loss, state)
            ours.append(lr)
        return not np.allclose(ours, rates, **TOLERANCE)

    rows = zip(PLATEAUS.values(), RECORDED["plateau losses"], RECORDED["plateau rates"], strict=True)
    assert any(missed(dataclasses.replace(p, **{option: without}), losses, rates) for p, losses, rates in rows)


def test_reduce_on_plateau_leaves_the_state_it_was_given():
    plateau = ReduceOnPlateau(0.1, factor=0.5, patience=0)
    state = plateau.init()
    before = dict(state)
    plateau.step(1.0, state)
    assert state == before
    assert plateau.init() == before


# --- functions of k


@each
def test_an_array_of_steps_gives_the_array_of_the_single_values(schedule):
    together = schedule(K)
    assert together.shape == K.shape
    one_by_one = [schedule(k) for k in range(STEPS)]
    assert all(np.ndim(value) == 0 for value in one_by_one)
    np.testing.assert_allclose(together, np.array(one_by_one, float), rtol=1e-14)  # numpy's powers round in two ways
    np.testing.assert_allclose(schedule(K.reshape(3, 100)), together.reshape(3, 100), rtol=1e-14)


@each
@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, np.float64, float], ids=lambda kind: kind.__name__)
def test_the_type_of_k_does_not_matter(schedule, kind):
    for k in (0, 1, 7, 39, 40, 41, 200):
        assert float(schedule(kind(k))) == pytest.approx(float(schedule(k)), rel=1e-14, abs=0)
    np.testing.assert_allclose(schedule(K[:200].astype(kind)), schedule(K[:200]), rtol=1e-14)


@each
def test_the_rates_are_finite_never_negative_and_never_above_the_peak(schedule):
    for k in (K, np.linspace(0, STEPS, 1001), np.array([10**6, 10**9])):
        rates = schedule(k)
        assert np.isfinite(rates).all()
        assert (rates >= 0).all()
        assert (rates <= 0.1 * (1 + 1e-15)).all()


@pytest.mark.parametrize(("T_0", "T_mult"), [(1, 1), (7, 1), (3, 2), (10, 3), (13, 4)])
def test_restarts_begin_exactly_at_the_top_again_even_after_many_periods(T_0, T_mult):
    schedule, start, period = cosine_restarts(0.1, T_0, T_mult), 0, T_0
    for _ in range(12):
        assert float(schedule(start)) == pytest.approx(0.1, rel=1e-9)
        if period > 1:
            assert float(schedule(start + period - 1)) < 0.08
        start, period = start + period, period * T_mult


def test_one_cycle_whose_rise_is_a_single_step_begins_at_the_top():
    """PyTorch's OneCycleLR divides by zero there."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates = one_cycle(0.1, total_steps=10, pct_start=0.1)(np.arange(10))
    assert rates[0] == 0.1
    assert (np.diff(rates) < 0).all()


# --- hyperparameters of shape (n, 1): n descents at once

COLUMNS = [
    (constant(), "lr", [0.1, 0.2, 0.3]),
    (step_decay(step_size=5), "decay_rate", [0.1, 0.5, 1.0]),
    (step_decay(), "step_size", [1, 7, 20]),
    (exponential_decay(), "steps_per_epoch", [1, 10, 25]),
    (polynomial_decay(), "power", [0.5, 1.0, 3.0]),
    (linear_decay(), "decay_steps", [10, 30, 99]),
    (cosine_decay(), "end_value", [0.0, 0.01, 0.1]),
    (cosine_restarts(), "T_0", [1, 8, 30]),
    (cosine_restarts(T_0=4), "T_mult", [1, 2, 3]),
    (warmup(cosine_decay()), "warmup_steps", [0, 5, 60]),
    (warmup(cosine_decay()), "start_factor", [0.0, 0.5, 1.0]),
    (one_cycle(), "pct_start", [0.002, 0.3, 0.9]),
    (one_cycle(), "max_lr", [0.1, 0.2, 0.3]),
    (warmup_stable_decay(), "warmup_steps", [0, 5, 60]),
    (warmup_stable_decay(), "decay_steps", [0, 5, 60]),
    (inverse_sqrt(), "warmup_steps", [1, 5, 60]),
]


@pytest.mark.parametrize(
    ("schedule", "name", "values"), COLUMNS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_column_of_a_hyperparameter_is_a_column_of_schedules(schedule, name, values):
    column = dataclasses.replace(schedule, **{name: np.reshape(values, (-1, 1))})
    rows = np.array([dataclasses.replace(schedule, **{name: value})(K) for value in values])
    np.testing.assert_allclose(column(K), rows, rtol=1e-14)
    assert column(3).shape == (len(values), 1)
    assert len(repr(column)) < 160
    loss, start = bowl(), np.tile([1.0, -2.0], (len(values), 1))
    together = descend(loss, GradientDescent(lr=column), start, steps=40).theta
    for i, value in enumerate(values):
        alone = descend(loss, GradientDescent(lr=dataclasses.replace(schedule, **{name: value})), start[i], steps=40)
        np.testing.assert_allclose(together[:, i], alone.theta, rtol=1e-12)


# --- epochs and iterations


def test_a_rule_per_epoch_holds_still_within_an_epoch():
    for schedule in (exponential_decay(0.1, 0.9, steps_per_epoch=25), step_decay(0.1, 0.5, 1, steps_per_epoch=25)):
        rates = schedule(K).reshape(-1, 25)
        assert (rates == rates[:, :1]).all()
        assert (np.diff(rates[:, 0]) < 0).all()


@pytest.mark.parametrize("epochwise", [exponential_decay(0.1, 0.9), step_decay(0.1, 0.5, step_size=3)], ids=repr)
def test_per_epoch_is_per_iteration_with_the_number_of_the_epoch(epochwise):
    per_epoch = dataclasses.replace(epochwise, steps_per_epoch=20)
    np.testing.assert_array_equal(per_epoch(K), epochwise(K // 20))
    assert per_epoch(19) == epochwise(0) > per_epoch(299)


# --- any optimizer


@each
@pytest.mark.parametrize(
    "optimizer", [GradientDescent, Momentum, Nesterov, AdaGrad, Adadelta, RMSprop, Adam], ids=lambda o: o.__name__
)
def test_every_optimizer_takes_every_schedule(schedule, optimizer):
    """The descent is the one in which each step gets the number that the schedule says."""
    loss, theta = bowl(), np.array([2.0, -1.0])
    path = descend(loss, optimizer(lr=schedule), theta, steps=60)
    state = optimizer().init(theta)
    for k in range(60):
        theta, state = optimizer(lr=float(schedule(k))).step(theta, loss.gradient, state, k)
    np.testing.assert_allclose(path.theta[-1], theta, rtol=1e-12, atol=1e-15)
    assert type(schedule).__name__ in repr(path)


def test_an_optimizer_does_not_take_reduce_on_plateau_for_it_needs_losses():
    with pytest.raises(ValueError, match=r"learning rate η must be .* got ReduceOnPlateau\(η₀=0.1"):
        GradientDescent(lr=ReduceOnPlateau())


# --- what they are


@pytest.mark.parametrize("rule", [*ONE_OF_EACH, ReduceOnPlateau()], ids=repr)
def test_a_schedule_is_frozen_and_prints_one_short_line(rule):
    with pytest.raises(dataclasses.FrozenInstanceError):
        rule.lr = 1.0
    assert repr(rule).startswith(f"{type(rule).__name__}(")
    assert re.search(r"[=\[ ]0\.1\b", repr(rule))
    assert len(repr(rule)) < 140
    assert "\n" not in repr(rule)


def test_a_bare_schedule_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Schedule does not say what η is"):
        Schedule()(0)


# --- bad input: one clear sentence, with the symbol, what is allowed, and the value

NOT_NUMBERS = ["0.1", None, True, [], "many"]
WRONG = [
    (lambda: warmup(cosine_decay(), -1), "warm-up", "[0, ∞)", "-1"),
    (lambda: warmup_stable_decay(warmup_steps=-5), "warm-up", "[0, ∞)", "-5"),
    (lambda: warmup_stable_decay(decay_steps=-5), "decay", "[0, ∞)", "-5"),
    (lambda: inverse_sqrt(0.1, 0), "warm-up", "[1, ∞)", "0"),
    (lambda: warmup(cosine_decay(), start_factor=1.5), "start", "[0, 1]", "1.5"),
    (lambda: exponential_decay(decay_rate=0), "α", "(0, 1]", "0"),
    (lambda: exponential_decay(decay_rate=1.2), "α", "(0, 1]", "1.2"),
    (lambda: step_decay(decay_rate=-0.1), "α", "(0, 1]", "-0.1"),
    (lambda: step_decay(decay_rate=np.array([[0.5], [1.5]])), "α", "(0, 1]", "1.5"),
    (lambda: step_decay(step_size=0), "period", "[1, ∞)", "0"),
    (lambda: exponential_decay(steps_per_epoch=0), "steps per epoch", "[1, ∞)", "0"),
    (lambda: linear_decay(decay_steps=0), "T", "[1, ∞)", "0"),
    (lambda: polynomial_decay(decay_steps=0), "T", "[1, ∞)", "0"),
    (lambda: polynomial_decay(power=0), "p", "(0, ∞)", "0"),
    (lambda: cosine_decay(decay_steps=0), "T", "[1, ∞)", "0"),
    (lambda: cosine_decay(end_value=-0.1), "η_end", "[0, ∞)", "-0.1"),
    (lambda: cosine_restarts(T_0=0), "T₀", "[1, ∞)", "0"),
    (lambda: cosine_restarts(T_mult=0), "T_mult", "[1, ∞)", "0"),
    (lambda: one_cycle(total_steps=1), "T", "[2, ∞)", "1"),
    (lambda: one_cycle(pct_start=1.0), "rise", "(0, 1)", "1"),
    (lambda: one_cycle(div_factor=0), "div", "[1, ∞)", "0"),
    (lambda: warmup_stable_decay(total_steps=0), "T", "[1, ∞)", "0"),
    (lambda: cosine_decay(decay_steps=np.nan), "T", "[1, ∞)", "nan"),
    (lambda: cosine_decay(decay_steps=np.inf), "T", "[1, ∞)", "inf"),
    (lambda: ReduceOnPlateau(factor=1.0), "α", "(0, 1)", "1"),
    (lambda: ReduceOnPlateau(patience=-1), "patience", "[0, ∞)", "-1"),
    (lambda: ReduceOnPlateau(threshold=1.0), "threshold", "[0, 1)", "1"),
    (lambda: ReduceOnPlateau(cooldown=-1), "cooldown", "[0, ∞)", "-1"),
    (lambda: ReduceOnPlateau(min_lr=np.nan), "η_min", "[0, ∞)", "nan"),
]


@pytest.mark.parametrize(("make", "symbol", "allowed", "value"), WRONG, ids=[" ".join(case[1:]) for case in WRONG])
def test_a_wrong_parameter_is_named_with_its_symbol_its_range_and_its_value(make, symbol, allowed, value):
    with pytest.raises(ValueError) as error:
        make()
    sentence = str(error.value)
    assert sentence.endswith(f" {symbol} must be in {allowed}, got {value}")
    assert len(sentence) < 100


@pytest.mark.parametrize("rule", [*ONE_OF_EACH, ReduceOnPlateau()], ids=repr)
def test_every_parameter_of_every_schedule_refuses_nan_strings_and_the_like(rule):
    for parameter in dataclasses.fields(rule):
        if parameter.name in ("schedule", "schedules", "boundaries"):
            continue
        for wrong in (*NOT_NUMBERS, np.nan, -1.0):
            with pytest.raises(ValueError, match=r"must be (a number )?in .*, got ") as error:
                dataclasses.replace(rule, **{parameter.name: wrong})
            assert "\n" not in str(error.value)


def test_warmup_needs_a_schedule_not_a_number():
    with pytest.raises(ValueError, match=r"warmup needs a schedule to warm up for, got 0\.1"):
        warmup(0.1)


@pytest.mark.parametrize("warm", [15, np.array([[1], [15]])], ids=["one", "column"])
def test_warm_up_and_decay_must_fit_into_the_steps(warm):
    with pytest.raises(ValueError, match=r"warm-up and decay must fit into T=20 steps, got .*15 \+ 10"):
        warmup_stable_decay(0.1, 20, warmup_steps=warm, decay_steps=10)
    assert warmup_stable_decay(0.1, 25, warmup_steps=15, decay_steps=10)(15) == 0.1


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: join_schedules([], []), "a list of schedules"),
        (lambda: join_schedules([0.1, 0.2], [3]), "a list of schedules"),
        (lambda: join_schedules([constant(0.1), cosine_decay], [3]), "a list of schedules"),
        (lambda: join_schedules([constant(0.1), constant(0.2)], [3, 9]), "2 schedules need 1 boundaries"),
        (lambda: join_schedules([constant(0.1)] * 3, [9, 3]), "rising whole numbers"),
        (lambda: join_schedules([constant(0.1)] * 2, [2.5]), "rising whole numbers"),
        (lambda: join_schedules([constant(0.1)] * 2, 5), "rising whole numbers"),
    ],
)
def test_schedules_that_cannot_be_joined_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_each_joined_schedule_counts_its_own_steps():
    joined = join_schedules([lambda k: 1 + k, lambda k: 10 * (1 + k), lambda k: 100.0 if k < 2 else 7.0], [3, 5])
    np.testing.assert_array_equal(joined(np.arange(9)), [1, 2, 3, 10, 20, 100, 100, 7, 7])
    assert [float(joined(k)) for k in (2, 3, 7)] == [3, 10, 7]
