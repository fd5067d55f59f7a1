"""Record PyTorch's Muon with other coefficients than Jordan's into ``muon.npz``.

Not needed to run the tests: the recorded file is part of the repository. It is recorded as ``nested.npz`` is (see
`record_nested`), with the same small network, whose matrices torch sees as (n_out, n_in):

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    pip install --no-deps schedulefree==1.4.1 pytorch_optimizer==4.1.0
    python tests/oracles/record_muon.py

One array of shape (29, 32) for each name: "cubic" and "quintic" are torch.optim.Muon with these ``ns_coefficients``,
its iteration in float64. It has room for one triple only, so for "Polar Express" and "Polar Express 8" (iterations) its
iteration is that of pytorch_optimizer, which takes one triple a step and a safety factor. The coefficients are copied
here from the paper (Amsel, Persson, Musco & Gower 2025), and not taken from `optimlab`.
"""

import json
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from pytorch_optimizer.optimizer.utils.matrix import zero_power_via_newton_schulz_5
from torch.optim import _muon

from oracles.coefficients import CUBIC, EXPRESS, QUINTIC
from oracles.nested_entries import BIASES, SMALL
from oracles.record_nested import KEPT, float64_newton_schulz, muon_torch

TORCH = {"cubic": CUBIC, "quintic": QUINTIC}
ITERATIONS = {"Polar Express": 5, "Polar Express 8": 8}


@contextmanager
def polar_express(steps):
    """torch's Muon with the iteration of pytorch_optimizer."""
    original = _muon._zeropower_via_newtonschulz
    _muon._zeropower_via_newtonschulz = lambda grad, *_: zero_power_via_newton_schulz_5(
        grad, steps, safety_factor=1.01, weights=EXPRESS, dtype=torch.float64
    )
    try:
        yield
    finally:
        _muon._zeropower_via_newtonschulz = original


def record():
    out = {}
    for name, coefficients in TORCH.items():
        with float64_newton_schulz():
            out[name] = muon_torch("transposed", {"ns_coefficients": coefficients}, BIASES, SMALL)[KEPT]
    for name, steps in ITERATIONS.items():
        with polar_express(steps):
            out[name] = muon_torch("transposed", {}, BIASES, SMALL)[KEPT]
    for name, path in out.items():
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
    packages = ("torch", "pytorch_optimizer", "numpy")
    versions = {package: version(package).split("+")[0] for package in packages}
    return out | {"steps": KEPT.astype(np.uint8), "versions": np.array(json.dumps(versions))}


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("muon.npz")
    np.savez_compressed(target, **record())
