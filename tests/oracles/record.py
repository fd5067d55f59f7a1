"""Record the trajectories of the real libraries into ``trajectories.npz``.

Not needed to run the tests: the recorded file is part of the repository.  To
record it anew, install the libraries and run this file:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 keras==3.15.1 numpy
    python tests/oracles/record.py

Everything runs in float64 on the CPU.  The gradient of ``problems.py`` is
handed to each library (``param.grad = ...``, ``update(g)``, ``apply([g])``);
the library contributes its update rule and nothing else.  Keras runs on the
JAX backend, unless the environment variable KERAS_BACKEND says otherwise.

The file holds, for each problem, an array of shape (entries, 201, parameters)
with the start in row 0 and θ after each of the 200 steps below; ``names`` with
the entries in that order; the data of the logistic regression; and two JSON
texts, ``versions`` and ``defaults`` (the default options of each optimizer,
read from the signatures).
"""

import inspect
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch

from oracles.entries import ENTRIES
from oracles.problems import PROBLEMS, STEPS

keras.config.set_floatx("float64")


def run_torch(problem, optimizer, options, lr, decay):
    theta = torch.nn.Parameter(torch.tensor(problem.start, dtype=torch.float64))
    opt = getattr(torch.optim, optimizer)([theta], lr=lr, **options)
    schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda k: 1.0 / (1.0 + 0.1 * k) if decay else 1.0)
    path = [problem.start]
    for k in range(STEPS):
        theta.grad = torch.from_numpy(problem.grad(path[-1], k))
        opt.step()
        schedule.step()
        path.append(theta.detach().numpy().copy())
    return path


def run_optax(problem, optimizer, options, lr, decay):
    rate = (lambda k: lr / (1.0 + 0.1 * k)) if decay else lr
    opt = getattr(optax, optimizer)(rate, **options)
    theta = jnp.asarray(problem.start)
    state = opt.init(theta)
    path = [problem.start]
    for k in range(STEPS):
        gradient = jnp.asarray(problem.grad(path[-1], k))
        updates, state = opt.update(gradient, state, theta)
        theta = optax.apply_updates(theta, updates)
        path.append(np.asarray(theta))
    return path


def run_keras(problem, optimizer, options, lr, decay):
    rate = keras.optimizers.schedules.InverseTimeDecay(lr, decay_steps=1, decay_rate=0.1) if decay else lr
    opt = getattr(keras.optimizers, optimizer)(learning_rate=rate, **options)
    theta = keras.Variable(problem.start, dtype="float64")
    path = [problem.start]
    for k in range(STEPS):
        gradient = keras.ops.convert_to_tensor(problem.grad(path[-1], k))
        opt.apply([gradient], [theta])
        path.append(np.array(keras.ops.convert_to_numpy(theta)))
    return path


RUN = {"torch": run_torch, "optax": run_optax, "keras": run_keras}
MODULE = {"torch": torch.optim, "optax": optax, "keras": keras.optimizers}


def defaults():
    """Default options of every recorded optimizer, from the signatures."""
    table = {}
    for library, optimizer, _, _ in ENTRIES.values():
        parameters = inspect.signature(getattr(MODULE[library], optimizer)).parameters
        table[f"{library} {optimizer}"] = {
            name: p.default for name, p in parameters.items() if isinstance(p.default, (bool, int, float, tuple))
        }
    return table


def record():
    out = {"names": np.array(list(ENTRIES))}
    for problem in PROBLEMS.values():
        paths = []
        for name, (library, optimizer, options, lr) in ENTRIES.items():
            path = np.array(RUN[library](problem, optimizer, options, lr[problem.name], name.endswith("decay")))
            assert path.dtype == np.float64 and np.isfinite(path).all(), name
            paths.append(path)
        out[problem.name] = np.array(paths)
    data = PROBLEMS["logistic"]
    out["X"], out["y"], out["batches"] = data.X, data.y, data.batches.astype(np.uint8)
    versions = {m.__name__: m.__version__.split("+")[0] for m in (torch, optax, jax, keras, np)}
    versions["keras backend"] = keras.backend.backend()
    out["versions"] = np.array(json.dumps(versions))
    out["defaults"] = np.array(json.dumps(defaults()))
    return out


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("trajectories.npz")
    np.savez_compressed(target, **record())
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
