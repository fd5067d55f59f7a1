"""Record Signum, Lion, LARS, LAMB and cautious optimizers of the real libraries into ``sign.npz``.

Not needed to run the tests: the recorded file is part of the repository.  It is recorded as ``nested.npz`` is (see
`record_nested`), with the same problems, network, rows and columns:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    pip install --no-deps schedulefree==1.4.1 lion-pytorch==0.2.5 pytorch_optimizer==4.1.0 timm==1.0.31
    python tests/oracles/record_sign.py

One array of shape (29, 7) for each entry of ``ON_PROBLEMS`` in ``sign_entries.py``, one of shape (29, 32) for each of
``ON_NETWORK``; "sensitivity" says, for each, by how much at most the last row differs if the start differs by 1e-12.
"""

import importlib
import json
import os
import sys
import types
from copy import copy
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax.numpy as jnp
import numpy as np
import optax
import torch

from oracles.nested_entries import NETWORK, Network, join, split
from oracles.problems import PROBLEMS, STEPS
from oracles.record_nested import KEPT, numpy_of, parameter, rate, scheduler, walk_optax
from oracles.sign_entries import ON_NETWORK, ON_PROBLEMS

torch.set_default_dtype(torch.float64)

PACKAGES = ("torch", "optax", "jax", "lion-pytorch", "pytorch_optimizer", "timm", "numpy")


def of_timm(optimizer):
    """A class of timm.optim, from its own module: what else timm imports needs torchvision."""
    if "timm" not in sys.modules:
        folder = find_spec("timm").submodule_search_locations[0]
        for name, path in {"timm": folder, "timm.optim": f"{folder}/optim"}.items():
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__path__ = [path]
    return getattr(importlib.import_module(f"timm.optim.{optimizer.lower().removesuffix('legacy')}"), optimizer)


def parts_of(problem, theta):
    return split(theta) if isinstance(problem, Network) else [theta]


def start_of(problem, name):
    if "zero" not in name:
        return problem.start
    return join([part if part.ndim == 2 else 0 * part for part in split(problem.start)])


def of_optax(problem, name, optimizer, options, lr):
    if "masked" in name:
        matrices = [part.ndim == 2 for part in parts_of(problem, problem.start)]
        options = options | {"weight_decay_mask": matrices, "trust_ratio_mask": matrices}

    def leaves(theta):
        return [jnp.asarray(part) for part in parts_of(problem, theta)]

    def flat(parts):
        return np.concatenate([np.asarray(part).ravel() for part in parts])

    return walk_optax(
        getattr(optax, optimizer)(rate(name, lr), **options),
        leaves(start_of(problem, name)),
        lambda parts, k: leaves(problem.grad(flat(parts), k)),
        lambda parts, state: flat(parts),
    )


def of_torch(problem, name, kind, options, lr):
    options, start = dict(options), start_of(problem, name)
    biases = options.pop("biases", {})
    parts = [parameter(part) for part in parts_of(problem, start)]
    opt = kind([{"params": [part]} | (biases if part.ndim == 1 else {}) for part in parts], lr=lr, **options)
    schedule = scheduler(name, opt)
    path = [start]
    for k in range(STEPS):
        for part, gradient in zip(parts, parts_of(problem, problem.grad(path[-1], k))):
            part.grad = torch.tensor(np.ascontiguousarray(gradient))
        opt.step()
        schedule.step()
        path.append(np.concatenate([numpy_of(part).ravel() for part in parts]))
    return np.array(path)


def run(problem, name, library, optimizer, options, lr):
    if library == "optax":
        return of_optax(problem, name, optimizer, options, lr)
    kind = of_timm(optimizer) if library == "timm" else getattr(importlib.import_module(library), optimizer)
    return of_torch(problem, name, kind, options, lr)


def both(name, move=0.0):
    """The path of an entry: of all problems side by side, or of the network; from a start that is moved a little.

    What is zero stays zero where the length of the weights matters: zero is another case there.
    """

    def moved(problem):
        other = copy(problem)
        other.start = problem.start * (1 + move) if {"lars", "lamb"} & set(name.split()) else problem.start + move
        return other

    if name in ON_NETWORK:
        return run(moved(NETWORK), name, *ON_NETWORK[name])
    *entry, lr = ON_PROBLEMS[name]
    return np.concatenate([run(moved(p), name, *entry, lr[p.name]) for p in PROBLEMS.values()], axis=-1)


if __name__ == "__main__":
    paths = {name: both(name) for name in (*ON_PROBLEMS, *ON_NETWORK)}
    for name, path in paths.items():
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
    sensitivity = {name: float(np.abs(both(name, 1e-12)[-1] - path[-1]).max()) for name, path in paths.items()}
    out = {name: path[KEPT] for name, path in paths.items()} | {"steps": KEPT.astype(np.uint8)}
    out["versions"] = np.array(json.dumps({package: version(package).split("+")[0] for package in PACKAGES}))
    out["sensitivity"] = np.array(json.dumps(sensitivity))
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("sign.npz")
    np.savez_compressed(target, **out)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
    for name, path in paths.items():
        print(f"{name:32} {sensitivity[name]:.1e}  {np.round(path[-1][:7], 4)}")
