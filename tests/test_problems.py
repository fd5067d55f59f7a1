"""Losses on data: gradients, solutions against numpy and scikit-learn, and what a mini-batch sees."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

from optimlab.descent import descend
from optimlab.optimizers import Adam, GradientDescent
from optimlab.problems import LinearRegression, LogisticRegression, breast_cancer, diabetes


def synthetic(kind, **options):
    """60 examples of 3 features: divisible by many batch sizes."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(60, 3)) * (1, 2, 0.5)
    y = X @ (1, -1, 2) + rng.normal(size=60)
    return kind(X, y if kind is LinearRegression else (y > 0).astype(float), **options)


PROBLEMS = {
    "diabetes": diabetes(),
    "diabetes, standard": diabetes("standard"),
    "breast cancer": breast_cancer(),
    "breast cancer, strong penalty": breast_cancer(l2=0.7),
    "linear, 3 weights and a bias": synthetic(LinearRegression),
    "linear with a penalty": synthetic(LinearRegression, l2=0.3),
    "logistic, 3 weights and a bias": synthetic(LogisticRegression, l2=0.05),
}
every_problem = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
unit = st.floats(-1, 1)


def loss_by_hand(problem, theta, rows):
    """One example at a time."""
    total = 0.0
    for x, y in zip(problem.design[rows], problem.y[rows]):
        z = sum(w * xi for w, xi in zip(theta, x))
        if isinstance(problem, LinearRegression):
            total += 0.5 * (z - y) ** 2
        else:
            p = 1 / (1 + np.exp(-z))
            total -= y * np.log(p) + (1 - y) * np.log(1 - p)
    return total / len(problem.y[rows]) + 0.5 * problem.l2 * sum(w * w for w in theta)


def slope_by_hand(problem, theta, rows, h=1e-5):
    return [
        (loss_by_hand(problem, theta + e, rows) - loss_by_hand(problem, theta - e, rows)) / (2 * h)
        for e in h * np.eye(len(theta))
    ]


@every_problem
@given(data=st.data())
def test_the_loss_is_the_mean_over_the_examples_and_the_gradient_is_its_slope(problem, data):
    theta = 2 * np.array(data.draw(st.lists(unit, min_size=problem.dim, max_size=problem.dim)))
    rows = data.draw(st.lists(st.integers(0, problem.size - 1), min_size=1, max_size=9))
    everything = np.arange(problem.size)
    if data.draw(st.integers(0, 9)) == 0:  # slow, so not every time
        assert problem.value(theta) == pytest.approx(loss_by_hand(problem, theta, everything), rel=1e-10)
    steps = 1e-5 * np.eye(problem.dim)
    slopes = (problem.value(theta + steps) - problem.value(theta - steps)) / 2e-5
    np.testing.assert_allclose(problem.gradient(theta), slopes, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(problem.gradient(theta, rows), slope_by_hand(problem, theta, rows), rtol=1e-6, atol=1e-7)


@every_problem
def test_the_value_of_a_few_points_by_hand(problem):
    for theta in (np.zeros(problem.dim), np.array(problem.start), np.linspace(-1, 1, problem.dim)):
        expected = loss_by_hand(problem, theta, np.arange(problem.size))
        assert problem.value(theta) == pytest.approx(expected, rel=1e-10)


@every_problem
@pytest.mark.parametrize("shape", [(), (1,), (5,), (2, 3)])
def test_values_and_gradients_take_points_of_any_shape(problem, shape):
    theta = np.random.default_rng(0).uniform(-1, 1, (*shape, problem.dim))
    theta.setflags(write=False)
    rows = np.array([3, 1, 4])
    assert np.shape(problem.value(theta)) == shape
    assert problem.gradient(theta).shape == problem.gradient(theta, rows).shape == theta.shape
    for i in np.ndindex(shape):
        np.testing.assert_allclose(np.asarray(problem.value(theta))[i], problem.value(theta[i]), rtol=1e-12)
        np.testing.assert_allclose(problem.gradient(theta)[i], problem.gradient(theta[i]), rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(
            problem.gradient(theta, rows)[i], problem.gradient(theta[i], rows), rtol=1e-10, atol=1e-13
        )


@every_problem
def test_the_solution_is_flat_and_nothing_around_it_lies_lower(problem):
    np.testing.assert_allclose(problem.gradient(problem.solution), 0, atol=1e-12)
    around = problem.solution + 0.1 * np.random.default_rng(0).normal(size=(500, problem.dim))
    assert problem.value(around).min() > problem.minimum
    assert problem.minimum == problem.value(problem.solution)
    np.testing.assert_array_equal(problem.minima, [problem.solution])


@pytest.mark.parametrize("scaling", ["units", "standard", "raw"])
def test_the_linear_solution_is_numpys_least_squares(scaling):
    problem = diabetes(scaling)
    expected, residual, *_ = np.linalg.lstsq(problem.design, problem.y)
    np.testing.assert_allclose(problem.solution, expected, rtol=1e-9, atol=1e-12)
    assert problem.minimum == pytest.approx(residual[0] / (2 * problem.size), rel=1e-10)


@pytest.mark.parametrize("l2", [0.001, 0.01, 1.0])
def test_the_logistic_solution_is_scikit_learns(l2):
    problem = breast_cancer(l2)
    theirs = SklearnLogisticRegression(C=1 / (problem.size * l2), fit_intercept=False, tol=1e-10, max_iter=1000)
    theirs.fit(problem.X, problem.y)
    np.testing.assert_allclose(problem.solution, theirs.coef_[0], rtol=1e-5)
    inputs = problem.X[:20]
    np.testing.assert_allclose(problem.predict(problem.solution, inputs), theirs.predict_proba(inputs)[:, 1], atol=1e-6)
    assert problem.accuracy(problem.solution) == theirs.score(problem.X, problem.y)


def test_descent_finds_the_solution():
    for problem in (diabetes(), breast_cancer()):
        path = descend(problem, GradientDescent(lr=0.5), steps=2000)
        np.testing.assert_allclose(path.theta[-1], problem.solution, atol=1e-6)
        assert path.minimum == problem.minimum


@every_problem
def test_the_eigenvalues_are_those_of_the_hessian(problem):
    if problem.eigenvalues is None:
        assert isinstance(problem, LogisticRegression)
        return
    hessian = problem.gradient(problem.solution + np.eye(problem.dim))
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), problem.eigenvalues, rtol=1e-9)


def test_columns_that_say_the_same_leave_a_solution_and_a_loss():
    X = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    problem = LinearRegression(X, [1, 2, 4], bias=False)
    np.testing.assert_allclose(problem.gradient(problem.solution), 0, atol=1e-12)
    assert problem.value(np.zeros(2)) == pytest.approx(loss_by_hand(problem, np.zeros(2), np.arange(3)))


def test_classes_that_a_line_separates_have_no_solution_without_a_penalty():
    with pytest.raises(ValueError) as caught:
        _ = LogisticRegression([[1.0], [-1.0]], [1, 0], bias=False).solution
    assert str(caught.value) == "the classes can be separated: without a penalty λ the loss has no minimum"
    assert LogisticRegression([[1.0], [-1.0]], [1, 0], bias=False, l2=0.1).solution[0] > 0


def test_logistic_loss_does_not_overflow():
    problem = LogisticRegression([[1.0], [-1.0]], [1, 0], bias=False)
    assert problem.value([-1000.0]) == 1000
    assert problem.gradient([-1000.0]).tolist() == [-1]
    assert problem.gradient([1e6]).tolist() == [0]


def test_the_bias_is_a_column_of_ones_that_predict_adds_as_well():
    with_bias, without = synthetic(LinearRegression), synthetic(LinearRegression, bias=False)
    assert (with_bias.dim, without.dim) == (4, 3)
    np.testing.assert_array_equal(with_bias.design[:, 3], 1)
    np.testing.assert_allclose(with_bias.predict([0, 0, 0, 2.5], np.ones((7, 3))), 2.5)
    np.testing.assert_allclose(without.predict([1, 0, 2], [[3.0, 5.0, 7.0]]), 17)


@pytest.mark.parametrize(
    ("problem", "examples"),
    [(diabetes(), 442), (diabetes("standard"), 442), (diabetes("raw"), 442), (breast_cancer(), 569)],
)
def test_the_data_sets_are_surfaces_with_start_and_minimum_in_view(problem, examples):
    assert (problem.size, problem.dim) == (examples, 2)
    for point in (problem.start, *problem.minima):
        assert all(low < x < high for x, (low, high) in zip(point, problem.view))


def test_standard_scaling_has_mean_zero_and_variance_one():
    standard, cancer = diabetes("standard"), breast_cancer()
    for column in (standard.X[:, 0], standard.y, *cancer.X.T):
        assert (column.mean(), column.std()) == pytest.approx((0, 1), abs=1e-12)


# Mini-batches


@given(batch_size=st.integers(1, 60), seed=st.integers(0, 2**64), epoch=st.integers(0, 5))
def test_every_epoch_covers_each_example_exactly_once(batch_size, seed, epoch):
    batches = synthetic(LinearRegression).minibatch(batch_size, seed)
    n = batches.batches_per_epoch
    rows = [batches.rows(epoch * n + i) for i in range(n)]
    assert sorted(np.concatenate(rows)) == list(range(60))
    assert [len(r) for r in rows[:-1]] == [batch_size] * (n - 1)
    assert 1 <= len(rows[-1]) <= batch_size


def test_the_same_seed_gives_the_same_batches_in_any_order_of_asking():
    problem = synthetic(LinearRegression)
    forward = [problem.minibatch(7, seed=3).rows(k).tolist() for k in range(40)]
    batches = problem.minibatch(7, seed=3)
    assert [batches.rows(k).tolist() for k in reversed(range(40))] == forward[::-1]
    assert [problem.minibatch(7, seed=4).rows(k).tolist() for k in range(40)] != forward


def test_each_epoch_is_shuffled_anew():
    batches = synthetic(LinearRegression).minibatch(60 - 1, seed=0)
    assert len({tuple(batches.rows(2 * epoch)) for epoch in range(20)}) == 20


@every_problem
def test_one_batch_of_everything_is_the_full_gradient(problem):
    theta = np.array(problem.start) + 0.3
    full = problem.minibatch(problem.size, seed=8)
    for k in range(3):
        np.testing.assert_allclose(full.gradient_at(k)(theta), problem.gradient(theta), rtol=1e-12, atol=1e-14)
    walked = descend(full, Adam(lr=0.1), steps=5).theta
    np.testing.assert_allclose(walked, descend(problem, Adam(lr=0.1), steps=5).theta, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", [LinearRegression, LogisticRegression])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 12, 30, 60])
def test_over_an_epoch_the_batch_gradients_average_to_the_full_gradient(kind, batch_size):
    problem = synthetic(kind, l2=0.1)
    batches = problem.minibatch(batch_size, seed=2)
    theta = np.array([[0.3, -0.2, 0.5, 1.0], [0.0, 1.0, -1.0, 0.2]])
    mean = np.mean([batches.gradient_at(k)(theta) for k in range(60 // batch_size)], axis=0)
    np.testing.assert_allclose(mean, problem.gradient(theta), rtol=1e-12, atol=1e-13)


def test_a_batch_sees_its_rows_and_nothing_else():
    problem = synthetic(LinearRegression, l2=0.1)
    batches = problem.minibatch(7, seed=2)
    theta = np.array([0.3, -0.2, 0.5, 1.0])
    for k in (0, 8, 9, 23):
        expected = slope_by_hand(problem, theta, batches.rows(k))
        np.testing.assert_allclose(batches.gradient_at(k)(theta), expected, rtol=1e-6)


@pytest.mark.parametrize(("batch_size", "cost"), [(60, [0, 60, 120, 180]), (1, [0, 1, 2, 3]), (25, [0, 25, 50, 60])])
def test_the_cost_counts_single_example_gradients(batch_size, cost):
    counted = synthetic(LinearRegression).minibatch(batch_size).cost(3)
    assert (counted.tolist(), counted.dtype.kind) == (cost, "i")
    assert synthetic(LinearRegression).minibatch(batch_size).cost(0).tolist() == [0]


def test_the_loss_of_a_descent_in_batches_is_the_whole_loss():
    problem = breast_cancer()
    path = descend(problem.minibatch(20, seed=1), GradientDescent(lr=0.3), steps=30)
    np.testing.assert_allclose(path.loss, problem.value(path.theta), rtol=1e-12)
    assert path.minimum == problem.minimum


def test_whoever_changes_the_rows_of_a_batch_does_not_change_the_batches():
    batches = synthetic(LinearRegression).minibatch(7, seed=3)
    before = batches.rows(0).copy()
    rows = batches.rows(0)
    if rows.flags.writeable:
        rows.sort()
    np.testing.assert_array_equal(batches.rows(0), before)


# Bad input


def refusal(make):
    with pytest.raises(ValueError) as caught:
        make()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("batch_size", [0, -1, 61, 10**9])
def test_a_batch_size_out_of_range_is_refused(batch_size):
    text = refusal(lambda: synthetic(LinearRegression).minibatch(batch_size))
    assert text == f"the batch size B must be a whole number in [1, 60], got {batch_size}"


@pytest.mark.parametrize("batch_size", [1.5, 8.0, True, None, "8", np.array([8])])
def test_a_batch_size_that_is_no_whole_number_is_refused(batch_size):
    text = refusal(lambda: synthetic(LinearRegression).minibatch(batch_size))
    assert text == f"the batch size B must be a whole number in [1, 60], got {batch_size!r}"


@pytest.mark.parametrize("seed", [-1, 1.0, None, "a", True])
def test_a_seed_must_be_a_whole_number(seed):
    text = refusal(lambda: synthetic(LinearRegression).minibatch(8, seed))
    assert text == f"the seed must be a whole number ≥ 0, got {seed!r}"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: LinearRegression([1, 2], [1, 2]),
            "X must have shape (N, features) and y shape (N,), got (2,) and (2,)",
        ),
        (
            lambda: LinearRegression([[1], [2]], [1, 2, 3]),
            "X must have shape (N, features) and y shape (N,), got (2, 1) and (3,)",
        ),
        (
            lambda: LinearRegression(np.zeros((0, 2)), []),
            "X must have shape (N, features) and y shape (N,), got (0, 2) and (0,)",
        ),
        (lambda: LinearRegression([[np.nan]], [1]), "X and y must be finite numbers"),
        (lambda: LinearRegression([["a"]], [1]), "X and y must be finite numbers, got [['a']]"),
        (lambda: LogisticRegression([[1], [2]], [1, 2]), "the labels y must be 0 or 1, got [1.0, 2.0]"),
        (lambda: breast_cancer(l2=-1), "the penalty λ must be in [0, ∞), got -1"),
        (lambda: breast_cancer(l2=np.nan), "the penalty λ must be in [0, ∞), got nan"),
        (lambda: breast_cancer(l2=np.inf), "the penalty λ must be in [0, ∞), got inf"),
        (lambda: breast_cancer(l2="x"), "the penalty λ must be a number in [0, ∞), got 'x'"),
        (lambda: breast_cancer(l2=None), "the penalty λ must be a number in [0, ∞), got None"),
        (lambda: diabetes("metres"), "scaling must be one of units, standard, raw, got 'metres'"),
    ],
)
def test_bad_data_are_refused(make, text):
    assert refusal(make) == text


@every_problem
@pytest.mark.parametrize("shape", [(), (1,), (9,), (2, 9)])
def test_a_point_of_the_wrong_shape_is_refused(problem, shape):
    for method in (problem.value, problem.gradient, lambda theta: problem.gradient(theta, [0, 1])):
        text = refusal(lambda method=method: method(np.zeros(shape)))
        assert text == f"θ must have shape (..., {problem.dim}) on {problem.name}, got {shape}"


def test_a_problem_prints_what_it_is():
    assert repr(diabetes()) == "LinearRegression on diabetes: 442 examples, 2 parameters"
    assert repr(diabetes().minibatch(32)) == f"{diabetes()!r}, in batches of 32"


def test_a_copy_with_another_view_is_the_same_problem():
    copy = replace(diabetes(), view=((0, 1), (0, 1)))
    assert (copy.dim, copy.bias) == (2, True)
    np.testing.assert_array_equal(copy.solution, diabetes().solution)


# --- values by their definition, at any scale


def exactly(problem, theta):
    """The loss in extended precision, from its definition."""
    outputs = problem.design.astype(np.longdouble) @ np.asarray(theta, np.longdouble)
    if isinstance(problem, LinearRegression):
        each = (outputs - problem.y) ** 2 / 2
    else:
        each = np.logaddexp(np.longdouble(0), -np.where(problem.y == 1, 1, -1) * outputs)
    return float(each.mean() + problem.l2 * np.sum(np.asarray(theta, np.longdouble) ** 2) / 2)


def test_inputs_far_from_zero_such_as_dates_keep_all_digits():
    noise = np.random.default_rng(0).normal(size=50)
    x, y = np.arange(45000.0, 45050.0), 3 + 0.02 * np.arange(50) + 0.01 * noise
    problem = LinearRegression(x[:, None], y)
    slope, height = np.polyfit(x - 45000, y, 1)
    best = np.mean((height + slope * (x - 45000) - y) ** 2) / 2
    assert problem.minimum == pytest.approx(best, rel=1e-6)
    assert problem.value(problem.solution) == pytest.approx(best, rel=1e-6)
    assert problem.value([slope, height - 45000 * slope]) == pytest.approx(best, rel=1e-6)


def test_few_examples_of_large_inputs_have_the_minimum_that_scikit_learn_finds():
    X, y = np.array([[6.0, 10], [23, 26], [3, 14], [8, 13]]), np.array([1.0, 0, 0, 0])
    problem = LogisticRegression(X, y, l2=1e-4)
    theirs = SklearnLogisticRegression(C=1 / (4 * 1e-4), fit_intercept=False, tol=1e-10, max_iter=100_000)
    theta = theirs.fit(problem.design, y).coef_[0]
    assert problem.minimum == pytest.approx(problem.value(theta), rel=1e-8)
    assert problem.minimum < np.log(2)


@st.composite
def hard_problems(draw):
    """Few examples, inputs that say nearly the same, far from 0, of different sizes, or with heavy tails."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size, features = draw(st.integers(3, 30)), draw(st.integers(1, 3))
    X = rng.standard_t(draw(st.sampled_from([1.5, 30])), size=(size, features))
    X[:, -1] = X[:, 0] + draw(st.sampled_from([0, 1e-6, 1e-2, 1])) * X[:, -1]
    X = X * 10.0 ** rng.integers(-3, 4, size=features) + draw(st.sampled_from([0, 1e3, 1e5]))
    kind = draw(st.sampled_from([LinearRegression, LogisticRegression]))
    y = rng.standard_t(1.5, size=size) if kind is LinearRegression else rng.integers(0, 2, size=size).astype(float)
    return kind(X, y, l2=draw(st.sampled_from([1e-4, 1e-2, 1.0])))


@given(hard_problems(), st.integers(0, 2**32))
def test_nowhere_lies_the_loss_below_its_minimum_and_there_it_is_flat(problem, seed):
    rng = np.random.default_rng(seed)
    best, least = problem.solution, problem.minimum
    assert least >= 0
    assert least == pytest.approx(exactly(problem, best), rel=1e-9, abs=1e-12)
    units = 1 / np.sqrt(np.mean(problem.design**2, axis=0) + problem.l2)
    for size in (1e-8, 1e-4, 1e-1, 1.0, 10.0):
        theta = best + size * units * rng.normal(size=problem.dim)
        assert problem.value(theta) == pytest.approx(exactly(problem, theta), rel=1e-8, abs=1e-12)
        assert least <= problem.value(theta) * (1 + 1e-9) + 1e-12
    assert least <= problem.value(np.zeros(problem.dim)) * (1 + 1e-12)
    scale = np.sqrt(2 * problem.value(np.zeros(problem.dim)))
    assert np.abs(units * problem.gradient(best)).max() < 1e-5 * max(scale, 1e-3)
