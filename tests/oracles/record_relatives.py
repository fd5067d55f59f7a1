"""Record AMSGrad, Nadam, RAdam and AdaBelief of the real libraries into ``relatives.npz``.

Not needed to run the tests: the recorded file is part of the repository.  It is recorded as ``nested.npz`` is (see
`record_nested`), with the same problems, rows and columns:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    pip install --no-deps schedulefree==1.4.1
    python tests/oracles/record_relatives.py

One array of shape (29, 7) for each entry of ``relatives_entries.py``; "sensitivity" says, for each, by how much at most
the last row differs if the start differs by 1e-12.
"""

import json
import os
import sys
from copy import copy
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax.numpy as jnp
import numpy as np
import optax
import torch

from oracles.problems import PROBLEMS
from oracles.record_nested import KEPT, gradient_of, on_problems, rate, walk_optax, walk_torch
from oracles.relatives_entries import RELATIVES

torch.set_default_dtype(torch.float64)


def of_optax(problem, name, optimizer, options, lr):
    opt = getattr(optax, optimizer)(rate(name, lr), **options)
    return walk_optax(opt, jnp.asarray(problem.start), gradient_of(problem), lambda theta, state: np.asarray(theta))


def run(problem, name, library, *entry):
    return {"torch": walk_torch, "optax": of_optax}[library](problem, name, *entry)


def shifted(problem):
    other = copy(problem)
    other.start = problem.start + 1e-12
    return other


def sensitivity(name, *entry):
    """How far the ends move, at most, when the start does by 1e-12."""
    *entry, lr = entry
    ends = [
        [run(p, name, *entry, lr[p.name])[-1] for p in (problem, shifted(problem))] for problem in PROBLEMS.values()
    ]
    return float(max(np.abs(there - here).max() for here, there in ends))


if __name__ == "__main__":
    out = {name: on_problems(run, name, *entry)[KEPT] for name, entry in RELATIVES.items()}
    for name, path in out.items():
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
    out["steps"] = KEPT.astype(np.uint8)
    out["versions"] = np.array(json.dumps({p: version(p).split("+")[0] for p in ("torch", "optax", "jax", "numpy")}))
    out["sensitivity"] = np.array(json.dumps({name: sensitivity(name, *entry) for name, entry in RELATIVES.items()}))
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("relatives.npz")
    np.savez_compressed(target, **out)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
    print(out["sensitivity"])
