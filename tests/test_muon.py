"""Muon with other coefficients than Jordan's: against recorded trajectories, loops in plain numpy, and the SVD.

``oracles/muon.npz`` holds what PyTorch's Muon did in 200 steps (``oracles/record_muon.py`` shows how). Its dialects and
options are tested in ``test_nested_oracles.py``.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from optimlab.layers import Layer, Layers
from optimlab.optimizers import Muon

sys.path.insert(0, str(Path(__file__).resolve().parent))
from oracles.nested_entries import NETWORK, SMALL
from oracles.walks import walk

RECORDED = dict(np.load(Path(__file__).resolve().parent / "oracles" / "muon.npz"))
LAYERS = Layers((Layer("W1", (3, 5)), Layer("b1", (5,)), Layer("W2", (5, 2)), Layer("b2", (2,))))
ENTRIES = {"cubic": ("cubic", 5), "quintic": ("quintic", 5)}
ENTRIES |= {"Polar Express": ("Polar Express", 5), "Polar Express 8": ("Polar Express", 8)}


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_libraries_walk_the_same_way(entry):
    coefficients, steps = ENTRIES[entry]
    lr, bias_lr = SMALL
    optimizer = Muon(lr, weight_decay=0.1, ns_steps=steps, coefficients=coefficients, lr_ratio=bias_lr / lr)
    path = walk(optimizer.on(LAYERS), NETWORK)
    np.testing.assert_allclose(path[RECORDED["steps"]], RECORDED[entry], rtol=1e-10, atol=1e-12)


def one_step(optimizer, gradient, rows, columns):
    """The first step from 0 on a matrix of weights, whose gradients may be many: (..., rows, columns)."""
    many = gradient.shape[:-2]
    flat, layers = gradient.reshape(*many, -1), Layers((Layer("W", (rows, columns)),))
    optimizer = optimizer.on(layers)
    theta = np.zeros_like(flat)
    with np.errstate(invalid="ignore"):
        step, _ = optimizer.step(theta, lambda at: flat, optimizer.init(theta), 0)
    return step.reshape(*many, rows, columns)


@pytest.mark.parametrize("form", ["torch", "optax"])
@pytest.mark.parametrize(("rows", "columns"), [(7, 4), (4, 7), (5, 5)])
def test_exact_is_the_polar_factor_times_the_rate(rows, columns, form):
    gradients = np.random.default_rng(3).normal(size=(2, 3, rows, columns))
    scales = {"original": max(1, columns / rows) ** 0.5, "match_rms_adamw": 0.2 * max(rows, columns) ** 0.5}
    for scaling, scale in scales.items():
        optimizer = Muon(0.03, scaling=scaling, form=form, coefficients="exact")
        steps = one_step(optimizer, gradients, rows, columns)
        for place in np.ndindex(2, 3):
            U, _, Vt = np.linalg.svd(gradients[place], full_matrices=False)
            np.testing.assert_allclose(steps[place], -0.03 * scale * U @ Vt, atol=1e-13)
        again = one_step(optimizer.replace(ns_steps=1), gradients, rows, columns)
        np.testing.assert_array_equal(again, steps)


def polar_express(G, rows):
    """One matrix, as the paper's code does it."""
    X = G.T if G.shape[0] > G.shape[1] else G
    X = X / (np.linalg.norm(X) * 1.01)
    for a, b, c in rows:
        A = X @ X.T
        B = b * A + c * A @ A
        X = a * X + B @ X
    return X.T if G.shape[0] > G.shape[1] else X


PAPER = [
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
]


@pytest.mark.parametrize(("rows", "columns"), [(7, 4), (4, 7)])
def test_polar_express_is_the_papers_code_for_each_of_many_matrices(rows, columns):
    gradients = np.random.default_rng(4).normal(size=(3, rows, columns))
    express = [(a / 1.01, b / 1.01**3, c / 1.01**5) for a, b, c in PAPER]
    steps = one_step(Muon(0.03, ns_steps=3, coefficients="Polar Express"), gradients, rows, columns)
    for G, step in zip(gradients, steps, strict=True):
        scale = max(1, columns / rows) ** 0.5
        np.testing.assert_allclose(step, -0.03 * scale * polar_express(G, express), rtol=1e-10)


def test_a_run_that_has_diverged_leaves_the_others_alone():
    gradients = np.random.default_rng(5).normal(size=(3, 4, 4))
    whole = one_step(Muon(coefficients="exact"), gradients, 4, 4)
    gradients[0, 1, 2], gradients[1, 0, 0] = np.nan, np.inf
    steps = one_step(Muon(coefficients="exact"), gradients, 4, 4)
    assert np.isnan(steps[:2]).all()
    np.testing.assert_array_equal(steps[2], whole[2])


def test_what_is_no_set_of_coefficients_is_refused():
    with pytest.raises(ValueError, match="coefficients must be one of Jordan, Polar Express, cubic, quintic, exact"):
        Muon(coefficients="jordan")
    assert Muon().coefficients == "Jordan"
