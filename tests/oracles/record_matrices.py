"""Record Adafactor, Shampoo and SOAP of the real libraries into ``matrices.npz``.

Not needed to run the tests: the recorded file is part of the repository.  It is recorded as ``nested.npz`` is (see
`record_nested`), with the same problems, network, rows and columns:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy pytorch_optimizer==4.1.0
    pip install flax==0.12.8 chex==0.1.92
    pip install --no-deps schedulefree==1.4.1 optax-shampoo==0.0.6
    python tests/oracles/record_matrices.py

One array for each entry of ``matrices_entries.py``: of shape (29, 7) on the problems, (29, 32) on the network, (29, 20)
on the regression (W row by row, then b).  "soap network Q_L0", …, are the first axes that the library found there.
Two JSON texts: "sensitivity" says, for each, by how much at most the last row differs if the start differs by 1e-12;
"unaltered" how far, at most, the library as it is walks from what was recorded, where it computes in float32.
"""

import importlib.util
import json
import os
import sys
import types
from contextlib import contextmanager
from copy import copy
from functools import cache
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytorch_optimizer
import torch
from optax._src import factorized

from oracles.matrices_entries import MATRICES, rate, where
from oracles.nested_entries import NETWORK, split
from oracles.problems import PROBLEMS, STEPS
from oracles.record_nested import KEPT, numpy_of, parameter

torch.set_default_dtype(torch.float64)


@contextmanager
def float64_beta():
    """Optax's Adafactor with t^(-0.8) in float64."""
    rule = factorized.scale_by_factored_rms
    before = rule.__defaults__
    rule.__defaults__ = (*before[:-1], lambda i, c=0.8: 1.0 - jnp.asarray(i + 1, jnp.float64) ** (-c))
    try:
        yield
    finally:
        rule.__defaults__ = before


@contextmanager
def float64_qr():
    """SOAP whose tensors, asked to become float32 for the QR, stay what they are."""
    before = torch.Tensor.to

    def to(self, *arguments, **options):
        kept = self.dtype == torch.float64 and arguments == (torch.float32,)
        return self if kept else before(self, *arguments, **options)

    torch.Tensor.to = to
    try:
        yield
    finally:
        torch.Tensor.to = before


@cache
def google():
    """optax-shampoo for today's JAX, in float64, with the roots of an eigen-decomposition."""
    for name in ("tree_flatten", "tree_unflatten", "tree_map", "tree_leaves"):
        setattr(jax, name, getattr(jax.tree_util, name))
    for name in ("optax_shampoo.quantization_utils", "optax_shampoo.distributed_shampoo"):
        source = Path(importlib.util.find_spec(name).origin).read_text()
        module = sys.modules[name] = types.ModuleType(name)
        exec(compile(source.replace("jnp.float32", "jnp.float64"), name, "exec"), module.__dict__)

    def exact(matrix, p, *_, **__):
        values, Q = jnp.linalg.eigh(matrix)
        return (Q * values ** (-1.0 / p)) @ Q.T, module.TrainingMetrics()

    module.matrix_inverse_pth_root = exact
    return module


def parts_of(problem, theta):
    """θ as its layers: of the network, the regression, or one vector."""
    return (
        split(theta) if problem.start.shape == NETWORK.start.shape else getattr(problem, "split", lambda t: [t])(theta)
    )


def joined(parts):
    return np.concatenate([np.asarray(part).ravel() for part in parts])


def of_torch(problem, name, library, optimizer, options, lr, first=None):
    parts = [parameter(part) for part in parts_of(problem, problem.start)]
    groups = parts
    if decay := options.get("weight_decay"):
        groups = [{"params": [p], "weight_decay": decay * (p.ndim > 1)} for p in parts]
    make = getattr(torch.optim if library == "torch" else pytorch_optimizer, optimizer)
    opt = make(groups, lr=lr, **options)
    path = [problem.start]
    for k in range(STEPS):
        for group in opt.param_groups:
            group["lr"] = rate(name, lr)(k) if callable(rate(name, lr)) else lr
        for part, gradient in zip(parts, parts_of(problem, problem.grad(path[-1], k))):
            part.grad = torch.tensor(np.ascontiguousarray(gradient))
        opt.step()
        path.append(joined([numpy_of(part) for part in parts]))
        if first is not None and k == 0:
            for i, part in enumerate(parts):
                Q = [q for q in opt.state[part]["Q"] if len(q)]
                first |= {f"Q_{side}{i}": numpy_of(q) for side, q in zip("LR", Q)}
    return np.array(path)


def of_optax(problem, name, library, optimizer, options, lr):
    if library == "optax":
        opt = getattr(optax, optimizer)(rate(name, lr), **options)
    else:
        module = google()
        opt = module.distributed_shampoo(rate(name, lr), graft_type=module.GraftingType[optimizer], **options)
    params = [jnp.asarray(part) for part in parts_of(problem, problem.start)]
    state, update, path = opt.init(params), jax.jit(opt.update), [problem.start]
    for k in range(STEPS):
        gradient = [jnp.asarray(part) for part in parts_of(problem, problem.grad(path[-1], k))]
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        path.append(joined(params))
    return np.array(path)


def run(problem, name, library, *entry, **options):
    return (of_optax if library.startswith("optax") else of_torch)(problem, name, library, *entry, **options)


def shifted(problem):
    other = copy(problem)
    other.start = problem.start + 1e-12
    return other


def path_of(name, change=lambda problem: problem):
    """All steps of an entry, the problems side by side."""
    *entry, lr = MATRICES[name]
    if problem := where(name):
        return run(change(problem), name, *entry, lr)
    return np.concatenate([run(change(p), name, *entry, lr[p.name]) for p in PROBLEMS.values()], axis=-1)


if __name__ == "__main__":
    out, sensitivity, unaltered, first = {}, {}, {}, {}
    for name in MATRICES:
        with float64_beta(), float64_qr():
            path = path_of(name)
            sensitivity[name] = float(np.abs(path_of(name, shifted)[-1] - path[-1]).max())
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
        out[name] = path[KEPT]
        if name.startswith(("optax", "soap")):
            unaltered[name] = float(np.abs(path_of(name) - path).max())
        print(f"{name:32} sensitivity {sensitivity[name]:.0e}  unaltered {unaltered.get(name, 0):.0e}")
    with float64_qr():
        run(NETWORK, "soap network", *MATRICES["soap network"], first=first)
    out |= {f"soap network {side}": Q for side, Q in first.items()}
    out |= {"steps": KEPT.astype(np.uint8)}
    packages = ("torch", "optax", "jax", "pytorch_optimizer", "optax-shampoo", "flax", "numpy")
    out["versions"] = np.array(json.dumps({p: version(p).split("+")[0] for p in packages}))
    out |= {"sensitivity": np.array(json.dumps(sensitivity)), "unaltered": np.array(json.dumps(unaltered))}
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("matrices.npz")
    np.savez_compressed(target, **out)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
