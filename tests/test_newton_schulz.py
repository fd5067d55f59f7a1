"""The Newton–Schulz iteration: what it does to singular values and matrices, beside PyTorch's and another library's.

``oracles/averages.npz`` holds what their own functions make of two matrices (``oracles/record_averages.py``).
"""

from pathlib import Path

import numpy as np
import pytest

from optimlab.newton_schulz import COEFFICIENTS, EXPRESS, Coefficients, on_values, orthogonalized, polar

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "averages.npz"))
BROAD, NARROW = np.geomspace(0.002, 1, 20_001), np.geomspace(0.01, 1, 20_001)


def with_values(sigma, rows, columns, seed=0):
    """A matrix with these singular values, and the U and V of it."""
    random = np.random.default_rng(seed)
    U, V = (np.linalg.qr(random.normal(size=(n, len(sigma))))[0] for n in (rows, columns))
    return (U * sigma) @ V.T, U, V


@pytest.mark.parametrize("steps", [1, 5, 10])
@pytest.mark.parametrize("shape", ["wide", "tall"])
def test_matrices_come_out_as_of_the_libraries(shape, steps):
    """Of 10⁶ G, so that the 10⁻⁷ beside ‖G‖, which theirs do not add, is nothing."""
    G = 1e6 * RECORDED[f"G {shape}"]
    for name, library in (("Jordan", "torch"), ("Polar Express", "pytorch_optimizer")):
        there = RECORDED[f"{library} {shape} {steps}"]
        np.testing.assert_allclose(orthogonalized(G, name, steps), there, rtol=1e-10, atol=1e-12)


def test_the_map_of_matrices_is_the_map_of_their_singular_values():
    sigma = np.array([4.0, 1.0, 0.3, 0.01, 0.0])
    for rows, columns in ((5, 9), (9, 5), (5, 5)):
        G, U, V = with_values(sigma, rows, columns)
        for name in COEFFICIENTS:
            for steps in (0, 1, 5, 8):
                moved = on_values(sigma / (np.linalg.norm(sigma) + 1e-7), name, steps)
                np.testing.assert_allclose(orthogonalized(G, name, steps), (U * moved) @ V.T, atol=1e-6)


def test_the_forms_differ_in_what_tiny_matrices_are_divided_by():
    G = np.random.default_rng(6).normal(size=(4, 6))
    G /= np.linalg.norm(G)
    for size in (1e-9, 1e-7, 1e-3):
        for name, margin in (("Jordan", 1.0), ("Polar Express", 1.01)):
            by = {"paper": margin * size + 1e-7, "torch": max(margin * size, 1e-7), "optax": margin * size + 1e-8}
            for form, divisor in by.items():
                found = np.linalg.svd(orthogonalized(size * G, name, form=form), compute_uv=False)
                sigma = margin * size / divisor * np.linalg.svd(G, compute_uv=False)
                np.testing.assert_allclose(found, np.sort(on_values(sigma, name))[::-1], rtol=1e-9)
    np.testing.assert_array_equal(orthogonalized(G), orthogonalized(G, form="paper"))


def test_many_matrices_at_once_equal_a_loop():
    G = np.random.default_rng(0).normal(size=(2, 3, 6, 4))
    for function in (polar, orthogonalized, lambda G: orthogonalized(G, "Polar Express", 7)):
        together = function(G)
        for place in np.ndindex(2, 3):
            np.testing.assert_allclose(together[place], function(G[place]), rtol=1e-9, atol=1e-12)


# What was measured of the four maps


def test_five_steps_of_jordan_bring_all_but_the_smallest_values_between_0_68_and_1_21():
    broad, narrow = (on_values(sigma) for sigma in (BROAD, NARROW))
    assert broad.min() == pytest.approx(0.682, abs=5e-4) and broad.max() == pytest.approx(1.202, abs=5e-4)
    assert BROAD[broad.argmax()] == pytest.approx(0.0041, abs=5e-5)
    assert narrow.min() == pytest.approx(0.682, abs=5e-4) and narrow.max() == pytest.approx(1.134, abs=5e-4)
    assert on_values(0.001) == pytest.approx(0.47, abs=5e-3)


def test_five_steps_of_polar_express_bring_them_nearer():
    for sigma in (BROAD, NARROW):
        moved = on_values(sigma, "Polar Express")
        assert moved.min() == pytest.approx(0.870, abs=5e-4) and moved.max() == pytest.approx(1.124, abs=5e-4)
    assert on_values(0.001, "Polar Express") == pytest.approx(0.84, abs=5e-3)


def test_how_steep_they_are_at_0():
    tiny = 1e-9
    slopes = {name: float(on_values(tiny, name)) / tiny for name in COEFFICIENTS}
    assert slopes["Jordan"] == pytest.approx(484.9, abs=0.05)
    assert slopes["Polar Express"] == pytest.approx(966.6, abs=0.05)
    assert (slopes["cubic"], slopes["quintic"]) == pytest.approx((1.5**5, 1.875**5))
    assert on_values(0.01, "cubic") == pytest.approx(0.076, abs=5e-4)
    assert on_values(0.01, "quintic") == pytest.approx(0.2285, abs=5e-4)


def test_jordan_never_comes_to_rest_and_polar_express_does():
    error = {(name, n): np.abs(on_values(NARROW, name, n) - 1).max() for name in COEFFICIENTS for n in (5, 8, 10, 30)}
    for steps in (5, 8, 10):
        assert error["Jordan", steps] == pytest.approx(0.318, abs=5e-4)
    assert error["Polar Express", 5] == pytest.approx(0.13, abs=5e-3) and error["Polar Express", 8] < 1e-12
    assert error["cubic", 30] < 1e-12 and error["quintic", 30] < 1e-12
    assert error["cubic", 10] > 0.3 and error["quintic", 5] > 0.7


def test_each_polynomial_of_polar_express_is_the_best_for_what_those_before_it_leave():
    """It leaves [l, u] ⊂ [0, 2] as near to 1 as a quintic can: as far below 1 at l as it is above at u and in between.

    So a wrong digit in the table would be seen. l begins at 10⁻³, and the safety factor is not in the table.
    """
    low, high = 1e-3, 1.0
    for a, b, c in EXPRESS:
        p = np.polynomial.Polynomial([0, a, 0, b, 0, c])
        top = np.sqrt(min(np.roots([5 * c, 3 * b, a])))
        assert low < top < high
        assert p(high) == pytest.approx(p(top), abs=1e-11) and p(low) + p(high) == pytest.approx(2, abs=1e-11)
        low, high = p(low), p(high)
    assert low == pytest.approx(1, abs=1e-8)


def test_the_safety_factor_divides_all_but_the_last_polynomial():
    rows = COEFFICIENTS["Polar Express"].rows
    assert len(rows) == 8 and rows[-1] == (1.875, -1.25, 0.375) == COEFFICIENTS["quintic"].rows[0]
    for row, (a, b, c) in zip(rows[:-1], EXPRESS, strict=True):
        assert row == (a / 1.01, b / 1.01**3, c / 1.01**5)
    assert list(COEFFICIENTS["Polar Express"].of(10))[7:] == [(1.875, -1.25, 0.375)] * 3
    assert on_values(1.0, "Polar Express", 0) == 1 / 1.01


def test_the_odd_polynomials_that_are_flat_at_1_stay_there():
    for name in ("cubic", "quintic"):
        a, b, c = COEFFICIENTS[name].rows[0]
        assert a + b + c == 1 and a + 3 * b + 5 * c == 0
    a, b, c = COEFFICIENTS["quintic"].rows[0]
    assert 6 * b + 20 * c == 0


# The polar factor


def test_the_polar_factor_has_the_singular_vectors_and_values_of_1():
    sigma = np.array([4.0, 1.0, 0.3, 1e-6])
    for rows, columns in ((4, 9), (9, 4), (4, 4)):
        G, U, V = with_values(sigma, rows, columns)
        np.testing.assert_allclose(polar(G), U @ V.T, atol=1e-9)
        step = polar(G)
        assert np.sqrt(np.mean(step**2)) == pytest.approx(1 / np.sqrt(max(rows, columns)))


def test_of_a_singular_value_of_0_nothing_is_made():
    G, U, V = with_values(np.array([2.0, 0.5, 0.0]), 6, 5)
    np.testing.assert_allclose(polar(G), U[:, :2] @ V[:, :2].T, atol=1e-12)
    for name in COEFFICIENTS:
        np.testing.assert_allclose(orthogonalized(G, name) @ V[:, 2], 0, atol=1e-12)
    np.testing.assert_array_equal(polar(np.zeros((3, 2))), 0)
    np.testing.assert_array_equal(orthogonalized(np.zeros((3, 2))), 0)


def test_of_a_matrix_that_is_not_finite_nothing_is_left():
    G = np.random.default_rng(7).normal(size=(3, 4, 2))
    whole, G[1, 0, 0] = polar(G), np.inf
    found = polar(G)
    assert np.isnan(found[1]).all() and np.isnan(polar(G[1])).all()
    np.testing.assert_array_equal(found[[0, 2]], whole[[0, 2]])


def test_the_polar_factor_is_shampoo_without_memory():
    """(GGᵀ)^(−1/4) G (GᵀG)^(−1/4)"""
    G = np.random.default_rng(1).normal(size=(5, 5))

    def power(A, exponent):
        values, vectors = np.linalg.eigh(A)
        return (vectors * values**exponent) @ vectors.T

    np.testing.assert_allclose(power(G @ G.T, -0.25) @ G @ power(G.T @ G, -0.25), polar(G), atol=1e-9)


def test_iterations_that_converge_come_to_the_polar_factor():
    G = np.random.default_rng(2).normal(size=(6, 4))
    for name, steps in (("Polar Express", 8), ("cubic", 25), ("quintic", 15)):
        np.testing.assert_allclose(orthogonalized(G, name, steps), polar(G), atol=1e-9)
    assert np.abs(orthogonalized(G, "Jordan", 30) - polar(G)).max() > 0.02


def test_other_coefficients_can_be_tried():
    """Newton's own step, (3σ − σ³)/2, as coefficients of one's own."""
    mine = Coefficients([[1.5, -0.5, 0]])
    np.testing.assert_array_equal(on_values(NARROW, mine, 4), on_values(NARROW, "cubic", 4))
    assert mine == COEFFICIENTS["cubic"]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: on_values(0.5, "jordan"),
            "the coefficients must be one of Jordan, Polar Express, cubic, quintic, got",
        ),
        (lambda: on_values("0.5"), "singular values must be numbers, got '0.5'"),
        (lambda: on_values(0.5, steps=-1), "the number of steps must be a whole number in [0, 100], got -1"),
        (lambda: on_values(0.5, steps=2.5), "the number of steps must be a whole number in [0, 100], got 2.5"),
        (lambda: orthogonalized(np.eye(2), form="jax"), "the form must be one of paper, torch, optax, got 'jax'"),
        (lambda: orthogonalized(np.ones(3)), "G must have the shape (..., rows, columns), got (3,)"),
        (lambda: polar(np.ones((0, 3))), "G must have the shape (..., rows, columns), got (0, 3)"),
        (lambda: polar([[1, "a"]]), "G must be a matrix, or many of them, got"),
        (lambda: Coefficients((1.5, -0.5)), "the coefficients must be rows of three numbers, (a, b, c), got"),
        (lambda: Coefficients(np.ones((0, 3))), "the coefficients must be rows of three numbers, (a, b, c), got"),
        (lambda: Coefficients(()), "the coefficients must be rows of three numbers, (a, b, c), got"),
        (lambda: Coefficients(((1.5, -0.5, 0.0),), margin=0.0), "the margin must be in [1, ∞), got 0"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text) and "\n" not in str(caught.value)
