"""The noise ball: theory against long walks, the two ways to draw a batch, and where the ball ends."""

import numpy as np
import pytest

from optimlab import GradientDescent, LinearRegression, descend, diabetes, noise_lab, sweep
from optimlab.noise_ball import gradient_covariance, mean_excess, mean_square_limit, stationary_covariance


@pytest.fixture(scope="module")
def problem():
    return diabetes()


def test_batches_with_replacement_are_independent_draws_of_all_examples(problem):
    batches = problem.minibatch(4, seed=3, replacement=True)
    drawn = np.concatenate([batches.rows(k) for k in range(batches.batches_per_epoch)])
    assert len(drawn) == problem.size and len(set(drawn)) < 0.75 * problem.size  # about 63 %
    assert drawn.min() >= 0 and drawn.max() < problem.size
    shuffled = problem.minibatch(4, seed=3)
    assert len({row for k in range(shuffled.batches_per_epoch) for row in shuffled.rows(k)}) == problem.size
    assert "independent" in repr(batches) and "independent" not in repr(shuffled)
    assert len(set(problem.minibatch(problem.size, replacement=True).rows(0))) < problem.size
    with pytest.raises(ValueError, match="replacement must be True or False, got 'yes'"):
        problem.minibatch(4, replacement="yes")


def test_the_gradients_of_single_examples_at_the_minimum_scatter_by_c(problem):
    single = np.array([problem.gradient(problem.solution, [i]) for i in range(problem.size)])
    np.testing.assert_allclose(gradient_covariance(problem), np.cov(single.T, bias=True), rtol=1e-10)
    assert abs(np.trace(gradient_covariance(problem)) - 0.652) < 5e-4


@pytest.mark.parametrize("l2", [0.0, 0.2])
@pytest.mark.parametrize("batch_size", [1, 5])
def test_one_step_leaves_the_covariance_as_it_is(problem, batch_size, l2):
    """By its definition: Σ = E[(I − η H_b) Σ (I − η H_b)ᵀ] + η² E[g_b g_bᵀ], the mean taken over many batches."""
    problem = LinearRegression(problem.X, problem.y, l2=l2)
    lr, rng = 0.2, np.random.default_rng(0)
    sigma, goal = stationary_covariance(problem, lr, batch_size), problem.solution
    rows = rng.integers(problem.size, size=(400_000, batch_size))
    design = problem.design[rows]
    errors = design @ goal - problem.y[rows]
    gradients = np.einsum("nb,nbi->ni", errors, design) / batch_size + l2 * goal
    shrink = np.eye(2) - lr * (np.einsum("nbi,nbj->nij", design, design) / batch_size + l2 * np.eye(2))
    after = np.einsum("nij,jk,nlk->il", shrink, sigma, shrink) + lr**2 * gradients.T @ gradients
    np.testing.assert_allclose(after / len(rows), sigma, rtol=0.02)


def test_long_walks_scatter_as_predicted(problem):
    rates = np.array([0.2, 0.1, 0.05])
    batches = problem.minibatch(1, replacement=True)
    walk = sweep(batches, GradientDescent(), "lr", rates, start=problem.solution, steps=60_000)
    measured = walk.loss[2_000:].mean(axis=0) - problem.minimum
    np.testing.assert_allclose(measured, mean_excess(problem, rates), rtol=0.05)
    spread = np.cov(walk.theta[2_000:, 1].T)
    np.testing.assert_allclose(spread, stationary_covariance(problem, 0.1), rtol=0.2, atol=0.002)


def test_for_small_rates_the_ball_is_as_large_as_the_formula_says(problem):
    rates = np.array([1e-3, 1e-4])
    for size in (1, 8):
        formula = rates * np.trace(gradient_covariance(problem)) / (4 * size)
        np.testing.assert_allclose(mean_excess(problem, rates, size), formula, rtol=2e-3)


def test_the_limit_is_where_the_mean_square_stops_shrinking(problem):
    limit, hessian = mean_square_limit(problem), problem.design[:, :, None] * problem.design[:, None, :]
    for lr, grows in ((0.98 * limit, False), (1.02 * limit, True)):
        shrink = np.eye(2) - lr * hessian
        square = np.einsum("nij,nkl->ikjl", shrink, shrink).reshape(4, 4) / problem.size
        assert (max(abs(np.linalg.eigvals(square))) > 1) == grows
    assert 0.97 < limit < 0.98
    assert mean_square_limit(problem, 10**9) == pytest.approx(2 / problem.eigenvalues[-1])
    assert np.isnan(stationary_covariance(problem, 1.01 * limit)).all()
    assert np.isfinite(stationary_covariance(problem, 0.99 * limit)).all()
    assert np.all(np.diff(mean_square_limit(problem, [1, 2, 4, 8])) > 0)


def test_arguments_are_checked(problem):
    with pytest.raises(ValueError, match=r"whole number ≥ 1, got 1\.5"):
        mean_square_limit(problem, 1.5)
    with pytest.raises(ValueError, match="η"):
        stationary_covariance(problem, -1.0)
    with pytest.raises(ValueError, match="a LinearRegression"):
        mean_excess(problem.minibatch(1), 0.1)
    twice = LinearRegression(np.column_stack([problem.X, problem.X]), problem.y)
    with pytest.raises(ValueError, match="many minima"):
        mean_square_limit(twice)
    with pytest.raises(ValueError, match="noise_lab needs a LinearRegression"):
        noise_lab(problem.minibatch(1))


def test_the_lab_measures_what_its_summary_says(problem):
    lab = noise_lab(problem, lr=0.1, batch_size=2, steps=300)
    walk = descend(problem.minibatch(2, replacement=True), GradientDescent(0.1), lab.stage.points["start"], 300)
    mean = walk.loss[150:].mean() - problem.minimum
    assert f"measured, independent draws: mean L − min L = {mean:.3g}" in repr(lab)
    assert f"mean L − min L = {mean_excess(problem, 0.1, 2):.3g}, stable" in repr(lab)
    sizes = lab.stage._sources["ellipse"].compute({"lr": 0.1, "B": np.array([1.0, 2.0])})
    sigma = stationary_covariance(problem, 0.1, 1)
    away = sizes[0] - problem.solution
    np.testing.assert_allclose(np.einsum("ni,ij,nj->n", away, np.linalg.inv(sigma), away), 2 * np.log(20), rtol=1e-9)
