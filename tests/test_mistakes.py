"""What a learner's own code does wrong is told in one sentence that says whose code it was, and what to write."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from optimlab import Data, Momentum, Network, Optimizer, Surface, descend, race, ravine, sweep, train
from optimlab.knobs import knob
from optimlab.optimizers import Lookahead
from optimlab.problems import LinearRegression
from optimlab.returned import read_only
from optimlab.schedules import cosine_decay, warmup

DATA = Data(*(np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2) * 2)
TWO = [[1.0, 2.0], [-1.0, 0.5]]


class Mine(Optimizer):
    """The smallest one that is right; those below go wrong in one thing."""

    def init(self, theta):
        return {"v": np.zeros_like(theta)}

    def step(self, theta, grad, state, k):
        v = 0.9 * state["v"] + grad(theta)
        return theta - self.rate(k) * v, {"v": v}


class ForgetsReturn(Mine):
    def step(self, theta, grad, state, k):
        super().step(theta, grad, state, k)


class ReturnsThetaAlone(Mine):
    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad(theta)


class ChangesTheta(Mine):
    def step(self, theta, grad, state, k):
        theta -= self.rate(k) * grad(theta)
        return theta, state


class ChangesState(Mine):
    def step(self, theta, grad, state, k):
        state["v"] *= 0.9
        state["v"] += grad(theta)
        return theta - self.rate(k) * state["v"], state


class NeverAsks(Mine):
    def step(self, theta, grad, state, k):
        return 0.9 * theta, state


class TakesGradForAnArray(Mine):
    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad, state


class ReturnsAnotherShape(Mine):
    def step(self, theta, grad, state, k):
        return (theta - self.rate(k) * grad(theta)).sum(axis=-1), state


class ReturnsComplex(Mine):
    def step(self, theta, grad, state, k):
        return theta + 1j * grad(theta), state


class KeepsAList(Mine):
    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * grad(theta), {"v": [1.0]}


class KeepsItInSelf(Mine):
    def step(self, theta, grad, state, k):
        self.v = grad(theta)
        return theta - self.v, state


RULES = {
    ForgetsReturn: "must return both, return theta, state, got nothing",
    ReturnsThetaAlone: "must return both, return theta, state, got one array",
    ChangesTheta: "in place",
    ChangesState: "in place",
    NeverAsks: r"must call grad\(theta\)",
    TakesGradForAnArray: r"grad for an array: it is a function, grad\(theta\)",
    ReturnsAnotherShape: "must return θ in its shape",
    ReturnsComplex: "must be real numbers",
    KeepsAList: "must hold arrays or numbers",
    KeepsItInSelf: "what changes from step to step is its state",
}


def ways(optimizer):
    """Where a learner's optimizer may come in."""
    yield lambda: descend(ravine(), optimizer, steps=3)
    yield lambda: descend(ravine(), optimizer, TWO, steps=3, record=True)
    yield lambda: sweep(ravine(), optimizer, "lr", [0.01, 0.02], steps=3)
    yield lambda: train(Network((3, 4, 2)), DATA, optimizer, epochs=1, batch_size=4)
    yield lambda: race(ravine(), [optimizer], steps=3)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("way", range(5))
def test_a_rule_that_goes_wrong_is_named_and_says_what_to_write(rule, way):
    with pytest.raises((ValueError, TypeError), match=RULES[rule]) as caught:
        list(ways(rule(0.01)))[way]()
    assert rule.__name__ in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("way", range(5))
def test_the_smallest_rule_works_everywhere(way):
    list(ways(Mine(0.01)))[way]()


@pytest.mark.parametrize("rule", [ForgetsReturn, ChangesState], ids=lambda rule: rule.__name__)
def test_a_rule_inside_another_one_is_told_as_its_own(rule):
    with pytest.raises((ValueError, TypeError), match=rule.__name__):
        descend(ravine(), Lookahead(rule(0.01)), steps=8)


def test_hyperparameters_set_in_init_as_in_pytorch_are_refused_with_how_to_declare_them():
    class Torchy(Optimizer):
        def __init__(self, lr=0.1, gamma=0.9):
            self.lr = lr
            self.gamma = gamma

    with pytest.raises(TypeError, match="declared as fields"):
        Torchy()


def test_self_lr_under_a_schedule_says_self_rate():
    @dataclass(frozen=True, repr=False)
    class Plain(Optimizer):
        lr: float = knob(0.1, "η", "learning rate", low=1e-3, high=1)

        def step(self, theta, grad, state, k):
            return theta - self.lr * grad(theta), state

    assert descend(ravine(), Plain(0.01), steps=3).steps == 3
    with pytest.raises(TypeError, match=r"self\.rate\(k\)"):
        descend(ravine(), Plain(0.01), steps=3, schedule=cosine_decay(0.1, 10))


# --- a loss of one's own


class Bowl:
    """θ has the shape (..., d)."""

    start = (1.0, 2.0)

    def value(self, theta):
        return np.sum(theta**2, axis=-1)

    def gradient(self, theta):
        return 2 * theta


class Bowl10(Bowl):
    start = None


def bowl(**parts):
    return type("Mine", (Bowl,), {name: staticmethod(part) for name, part in parts.items()})()


def changing(theta):
    theta *= 2
    return theta


LOSSES = {
    "sum over everything": ({"value": lambda t: np.sum(t**2)}, r"must have the shape \(2,\).*axis=-1"),
    "None": ({"value": lambda t: None}, "must be real numbers, got None"),
    "complex": ({"gradient": lambda t: 2j * t}, "must be real numbers"),
    "one slope for all": ({"gradient": lambda t: np.sum(2 * t, axis=0)}, "must have θ's shape"),
    "slope of another shape": ({"gradient": lambda t: np.sum(2 * t, axis=-1)}, "must have θ's shape"),
    "changes its argument": ({"gradient": changing}, "in place"),
    "changes its argument, value": ({"value": lambda t: changing(t).sum(axis=-1)}, "in place"),
    "math.sin": ({"value": lambda t: math.sin(t[..., 0])}, r"write np\.sin for math\.sin"),
    "if": ({"value": lambda t: t[..., 0] if t[..., 0] > 0 else -t[..., 0]}, r"np\.where"),
}


@pytest.mark.parametrize("what", LOSSES)
def test_a_loss_that_goes_wrong_says_so(what):
    parts, says = LOSSES[what]
    with pytest.raises((ValueError, TypeError), match=says):
        descend(bowl(**parts), Momentum(0.01), TWO, steps=3)


def test_a_right_loss_of_ones_own_is_walked_as_many_at_once_as_alone():
    both = descend(bowl(), Momentum(0.01), TWO, steps=9)
    for i, start in enumerate(TWO):
        np.testing.assert_array_equal(both.theta[:, i], descend(bowl(), Momentum(0.01), start, steps=9).theta)


def test_a_loss_written_for_one_point_is_not_taken_for_many():
    def value(theta):
        return theta[0] ** 2 + theta[1] ** 2 if theta.shape == (2,) else np.sum(theta[0] ** 2 + theta[1] ** 2)

    with pytest.raises(ValueError, match=r"axis=-1|theta\[\.\.\., 0\]"):
        descend(bowl(value=value), Momentum(0.01), TWO, steps=3)


def surface_of(formula):
    return Surface("mine", "x", formula, lambda x, y: (x, y), ((1.0, 0.0),), (0.5, 0.5), ((-1, 1), (-1, 1)))


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        (lambda x, y: math.sin(x) + y, r"np\.sin"),
        (lambda x, y: x if x > 0 else y, r"np\.where"),
        (lambda x, y: None, "real numbers"),
    ],
)
def test_a_surface_with_mathematics_for_one_number_says_what_to_write(formula, says):
    with pytest.raises((ValueError, TypeError), match=says):
        race(surface_of(formula), Momentum(), steps=3)


def test_the_learners_own_errors_come_through_as_they_are():
    with pytest.raises(ZeroDivisionError):
        descend(bowl(value=lambda t: 1 // 0), Momentum(0.01), steps=2)


# --- schedules


@pytest.mark.parametrize("rate", [np.array([0.1, 0.2, 0.3]), math.nan, -1.0, None, "0.1", 1j])
def test_a_schedule_that_returns_no_rate_is_refused_with_the_step(rate):
    with pytest.raises(ValueError, match=r"the schedule at step k=2|needs as many starts|does not broadcast|θ"):
        descend(ravine(), Momentum(0.01), steps=5, schedule=lambda k: 0.1 if k < 2 else rate)


def test_a_schedule_composed_by_a_lambda_works_for_arrays_of_steps_too():
    joined = warmup(lambda k: 0.1 if k < 5 else 0.01, 3)
    np.testing.assert_allclose(joined(np.arange(10)), [joined(k) for k in range(10)])


# --- what keeps memory bounded


def test_keep_gives_the_points_of_a_full_descent_in_true_steps():
    full, few = (descend(ravine(), Momentum(0.02, 0.8), steps=103, record=True, keep=n) for n in (1, 10))
    np.testing.assert_array_equal(few.at, [*range(0, 101, 10), 103])
    for mine, all_of_them in ((few.theta, full.theta), (few.loss, full.loss), (few.evaluations, full.evaluations)):
        np.testing.assert_array_equal(mine, all_of_them[few.at])
    assert few.steps == 103
    outside = few.at[few.loss > 1e-3]
    assert few.settled_at() == few.at[few.at > outside.max()][0] < 50
    assert descend(ravine(), Momentum(1.9), steps=4000, keep=100).diverged_at % 100 == 0


def test_too_long_a_recording_says_how_to_keep_less_and_starts_nothing():
    with pytest.raises(ValueError, match=r"GB: keep every n-th point, keep=\d+"):
        descend(Bowl10(), Momentum(), np.ones(10**6), steps=10**5)


# --- handed in by other libraries


class Tensor:
    """As far as a start is concerned: NumPy's protocol, which PyTorch refuses while requires_grad is set."""

    def __init__(self, values, requires_grad=True):
        self.values, self.requires_grad = np.array(values), requires_grad

    def detach(self):
        return Tensor(self.values, False)

    def cpu(self):
        return self

    def numpy(self):
        return self.__array__()

    def __array__(self, dtype=None, copy=None):
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return self.values


def test_a_start_that_is_a_tensor_with_a_gradient_is_taken_or_refused_in_words():
    try:
        path = descend(ravine(), Momentum(0.01), Tensor([1.0, 1.0]), steps=2)
    except ValueError as error:
        assert "θ₀" in str(error)
    else:
        assert path.steps == 2


def test_a_race_on_data_finds_its_view():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 1))
    lab = race(LinearRegression(X, 3 + 2 * X[:, 0]), Momentum(0.1), steps=5)
    (low, high), _ = lab.scene.panels[0].x, lab.scene.panels[0].y
    assert low < 2 < high


@pytest.mark.parametrize(
    "formula", [lambda x, y: 3 + 0 * x, lambda x, y: np.log(np.where(x > 0, x, np.nan)) ** 2 + y**2]
)
def test_heights_that_are_constant_or_not_everywhere_numbers_are_drawn_as_far_as_they_go(formula):
    assert race(surface_of(formula), Momentum(), steps=3).figure().axes


def test_what_is_handed_out_cannot_be_modified():
    with pytest.raises(ValueError, match="read-only"):
        read_only(np.zeros(3))[0] = 1
