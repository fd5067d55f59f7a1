"""A loss seen through noise."""

import numpy as np
import pytest

from optimlab import Adam, GradientDescent, LinearRegression, Momentum, Noisy, descend, ravine, rosenbrock, sweep


def test_the_noise_is_normal_with_standard_deviation_sigma():
    loss = Noisy(ravine(), sigma=0.3, copies=20_000)
    theta = np.tile([0.4, -0.2], (20_000, 1))
    noise = loss.gradient_at(7)(theta) - ravine().gradient(theta)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.01)  # 5 standard errors
    np.testing.assert_allclose(noise.std(axis=0), 0.3, rtol=0.03)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.04
    assert abs(np.mean(np.abs(noise) < 0.3) - 0.6827) < 0.015


def test_noise_differs_from_step_to_step_and_from_seed_to_seed_and_is_the_same_again():
    loss, theta = Noisy(ravine(), 0.3, seed=1), np.array([0.1, 0.2])
    first = loss.gradient_at(0)(theta)
    assert not np.allclose(first, loss.gradient_at(1)(theta))
    assert not np.allclose(first, Noisy(ravine(), 0.3, seed=2).gradient_at(0)(theta))
    np.testing.assert_array_equal(first, Noisy(ravine(), 0.3, seed=1).gradient_at(0)(theta))


def test_without_noise_it_is_the_surface():
    walk = descend(Noisy(rosenbrock(), 0.0), Adam(0.1), steps=50)
    np.testing.assert_array_equal(walk.theta, descend(rosenbrock(), Adam(0.1), steps=50).theta)
    assert Noisy(rosenbrock()).minimum == rosenbrock().minimum


@pytest.mark.parametrize("name", ["sigma", "kappa", "lr"])
def test_a_sweep_is_a_loop_of_descents(name):
    loss, values = Noisy(ravine(kappa=7), 0.2), [0.05, 0.1, 0.3] if name != "kappa" else [2.0, 5.0, 9.0]
    swept = sweep(loss, GradientDescent(0.1), name, values, steps=30)
    for i, value in enumerate(values):
        one = (
            descend(loss, GradientDescent(value), steps=30)
            if name == "lr"
            else descend(loss.replace(**{name: value}), GradientDescent(0.1), steps=30)
        )
        np.testing.assert_array_equal(swept.theta[:, i], one.theta)


def test_copies_are_independent_noises_and_sweep_together():
    loss = Noisy(ravine(), 0.2, copies=5)
    walk = sweep(loss, Momentum(0.02), "sigma", [0.0, 0.2], start=np.tile([-1.0, 0.5], (5, 1)), steps=20)
    assert walk.theta.shape == (21, 2, 5, 2)
    assert np.ptp(walk.theta[-1, 0], axis=0).max() == 0
    assert len(np.unique(walk.theta[-1, 1], axis=0)) == 5


def test_the_noise_ball_of_gradient_descent_has_the_size_that_theory_says():
    """On ½λx², the stationary E[L] of x ← x − η(λx + σξ) is λ/2 · ησ²/(λ(2 − ηλ)) = ησ²/(2(2 − ηλ)) for each λ."""
    lr, sigma, kappa = 0.1, 0.5, 5.0
    loss = Noisy(ravine(kappa=kappa), sigma, copies=2000)
    walk = descend(loss, GradientDescent(lr), np.zeros((2000, 2)), steps=400)
    predicted = sum(lr * sigma**2 / (2 * (2 - lr * curvature)) for curvature in (1.0, kappa))
    assert walk.loss[200:].mean() == pytest.approx(predicted, rel=0.02)


def test_float32_stays_float32():
    theta = np.array([0.5, -0.5], np.float32)
    assert Noisy(ravine(), 0.2).gradient_at(0)(theta).dtype == np.float32
    seen = []

    class Watched(GradientDescent):
        def step(self, theta, grad, state, k):
            seen.append(theta.dtype)
            return super().step(theta, grad, state, k)

    descend(Noisy(ravine(), 0.2), Watched(0.1), theta, steps=3)
    assert set(seen) == {np.dtype(np.float32)}


def test_problems_on_data_can_be_noisy_too():
    problem = LinearRegression(np.arange(6.0).reshape(-1, 1), np.arange(6.0))
    assert np.isfinite(descend(Noisy(problem, 0.1), GradientDescent(0.01), steps=5).loss).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Noisy(ravine(), -0.1), "noise σ must be in [0, ∞), got -0.1"),
        (lambda: Noisy(ravine(), "much"), "noise σ must be a number in [0, ∞), got 'much'"),
        (lambda: Noisy(ravine(), 0.1, seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: Noisy(ravine), "Noisy needs a surface or a problem with gradient(theta), got the function ravine"),
        (
            lambda: descend(Noisy(ravine(), 0.1, copies=3), Adam(), steps=2),
            "3 copies of the noise need starts of shape (..., 3, 2), got θ of shape (1, 2)",
        ),
        (
            lambda: Noisy(Noisy(ravine())),
            "Noisy needs a surface or a problem with gradient(theta), got ravine(κ=20, angle=0) with noise σ=0.1",
        ),
        (lambda: Noisy(ravine(), 0.1, copies=0), "copies must be a whole number ≥ 1, got 0"),
    ],
)
def test_bad_input_gives_one_clear_sentence(make, text):
    with pytest.raises(ValueError) as error:
        make()
    assert str(error.value) == text


def test_it_says_what_it_is():
    assert repr(Noisy(ravine(kappa=20), 0.25)) == "ravine(κ=20, angle=0) with noise σ=0.25"
