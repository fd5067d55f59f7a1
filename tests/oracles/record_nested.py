"""Record AdamW, Lookahead, schedule-free and Muon of the real libraries into ``nested.npz``.

Not needed to run the tests: the recorded file is part of the repository.  To record it anew, install the libraries
and run this file:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    pip install --no-deps schedulefree==1.4.1
    python tests/oracles/record_nested.py

Everything runs in float64 on the CPU, 200 steps.  The gradient of ``problems.py``, or of the network in
``nested_entries.py``, is handed to each library; the library contributes its update rule and nothing else.

The file holds one array for each entry of ``nested_entries.py``, under the entry's name:

- Lookahead, shape (2, 201, 7): the fast weights, the slow weights, with the start in row 0, then after each step.
- AdamW, shape (29, 7): θ.
- Schedule-free, shape (3, 29, 7): y (where the gradient is taken), z, and x (what ``eval`` gives).
- Muon, shape (29, 32): W₁, b₁, W₂, b₂, with W row by row as (n_in, n_out), for "transposed" entries, too.

The 7 columns are the parameters of the three problems side by side, see `nested_entries.COLUMNS`.  To keep the file
small, only 29 of the 201 rows are in it but for Lookahead: those whose numbers are in ``steps`` (0 is the start).

Beside these, ``steps``; ``network X``, ``network T`` and ``network start``; three JSON texts, ``versions``,
``defaults`` (the default options of each optimizer, from the signatures) and ``bfloat16``: how far, at most, the
unaltered torch.optim.Muon is from the recorded one, whose Newton-Schulz iteration runs in float64.
"""

import inspect
import json
import os
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import jax
import jax.numpy as jnp
import numpy as np
import optax
import schedulefree
import torch
from torch.optim import _muon

from oracles.nested_entries import ADAMW, LOOKAHEAD, MUON, NETWORK, SCHEDULE_FREE, humped, join, split
from oracles.problems import PROBLEMS, STEPS, decayed

# The first ten steps, then every 11th, and the last.
KEPT = np.array([*range(11), *range(22, STEPS, 11), STEPS])


def rate(name, lr):
    """The learning rate that an entry's name asks for: a number or a function of k."""
    return decayed(lr) if name.endswith("decay") else humped(lr) if name.endswith("hump") else lr


def scheduler(name, opt):
    """The same for torch, where the scheduler multiplies lr."""
    factor = rate(name, 1.0)
    return torch.optim.lr_scheduler.LambdaLR(opt, factor if callable(factor) else lambda k: 1.0)


def parameter(array):
    return torch.nn.Parameter(torch.tensor(np.ascontiguousarray(array), dtype=torch.float64))


def numpy_of(tensor):
    return tensor.detach().numpy().copy()


def walk_torch(problem, name, optimizer, options, lr):
    """The path of a rule of torch.optim, by its name there."""
    theta = parameter(problem.start)
    opt = getattr(torch.optim, optimizer)([theta], lr=lr, **options)
    schedule = scheduler(name, opt)
    path = [problem.start]
    for k in range(STEPS):
        theta.grad = torch.from_numpy(problem.grad(path[-1], k))
        opt.step()
        schedule.step()
        path.append(numpy_of(theta))
    return np.array(path)


def adamw_torch(problem, name, options, lr):
    return walk_torch(problem, name, "AdamW", options, lr)


def walk_optax(opt, params, gradient, look):
    """What `look` (params, state) shows at the start and after each step, the steps last but one."""
    state, update = opt.init(params), jax.jit(opt.update)
    path = [look(params, state)]
    for k in range(STEPS):
        updates, state = update(gradient(params, k), state, params)
        params = optax.apply_updates(params, updates)
        path.append(look(params, state))
    return np.moveaxis(np.array(path), 0, -2)


def gradient_of(problem, at=lambda params: params):
    return lambda params, k: jnp.asarray(problem.grad(np.asarray(at(params)), k))


def adamw_optax(problem, name, options, lr):
    opt = optax.adamw(rate(name, lr), **options)
    return walk_optax(opt, jnp.asarray(problem.start), gradient_of(problem), lambda theta, state: np.asarray(theta))


def lookahead(problem, name, inner, inner_options, options, lr):
    opt = optax.lookahead(getattr(optax, inner)(rate(name, lr), **inner_options), **options)
    params = optax.LookaheadParams.init_synced(jnp.asarray(problem.start))
    gradient = gradient_of(problem, lambda params: params.fast)
    return walk_optax(opt, params, gradient, lambda params, state: (np.asarray(params.fast), np.asarray(params.slow)))


def free_optax(problem, name, optimizer, inner, options, lr):
    opt = getattr(optax.contrib, optimizer)
    if inner:
        opt = opt(getattr(optax, inner[0])(rate(name, lr), **inner[1]), rate(name, lr), **options)
    else:
        opt = opt(lr, **options)
    average = optax.contrib.schedule_free_eval_params

    def look(y, state):
        return [np.asarray(array) for array in (y, state.z, average(state, y))]

    return walk_optax(opt, jnp.asarray(problem.start), gradient_of(problem), look)


def free_torch(problem, name, optimizer, inner, options, lr):
    """`eval` moves the weights from y to x in place, so x is read off a copy."""
    theta = parameter(problem.start)
    opt = getattr(schedulefree, optimizer)([theta], lr=lr, **options)
    schedule = scheduler(name, opt)
    opt.train()
    path = [[problem.start] * 3]
    for k in range(STEPS):
        theta.grad = torch.from_numpy(problem.grad(path[-1][0], k))
        opt.step()
        schedule.step()
        y = numpy_of(theta)
        opt.eval()
        path.append([y, numpy_of(opt.state[theta]["z"]), numpy_of(theta)])
        opt.train()
        theta.data = torch.tensor(y)  # back to the very y: the way to x and back costs a digit
    return np.array(path).swapaxes(0, 1)


@contextmanager
def float64_newton_schulz():
    """torch's own function, with its cast to bfloat16 replaced by a copy, and nothing else."""
    original = _muon._zeropower_via_newtonschulz
    source = inspect.getsource(original)
    assert source.count("grad.bfloat16()") == 1
    space = dict(vars(_muon))
    exec(source.replace("grad.bfloat16()", "grad.clone()"), space)
    _muon._zeropower_via_newtonschulz = space[original.__name__]
    try:
        yield
    finally:
        _muon._zeropower_via_newtonschulz = original


def turned(name, parts):
    """The parts as the library sees them, and back."""
    return [part.T if name.endswith("transposed") else part for part in parts]


def muon_torch(name, options, bias_options, lr):
    parts = [parameter(part) for part in turned(name, split(NETWORK.start))]
    muon = torch.optim.Muon([parts[0], parts[2]], lr=lr[0], **options)
    adamw = torch.optim.AdamW([parts[1], parts[3]], lr=lr[1], **bias_options)
    schedules = scheduler(name, muon), scheduler(name, adamw)
    path = [NETWORK.start]
    for k in range(STEPS):
        for part, gradient in zip(parts, turned(name, split(NETWORK.grad(path[-1], k)))):
            part.grad = torch.tensor(np.ascontiguousarray(gradient))
        for mover in (muon, adamw, *schedules):
            mover.step()
        path.append(join(turned(name, [numpy_of(part) for part in parts])))
    return np.array(path)


def muon_optax(name, options, bias_options, lr):
    opt = optax.contrib.muon(rate(name, lr[0]), adam_learning_rate=rate(name, lr[1]), **options)

    def flat(parts):
        return join(turned(name, [np.asarray(part) for part in parts]))

    def leaves(theta):
        return [jnp.asarray(part) for part in turned(name, split(theta))]

    return walk_optax(
        opt, leaves(NETWORK.start), lambda parts, k: leaves(NETWORK.grad(flat(parts))), lambda parts, state: flat(parts)
    )


def defaults():
    """Default options of every recorded optimizer, from the signatures."""
    optimizers = [torch.optim.AdamW, torch.optim.Muon, schedulefree.SGDScheduleFree, schedulefree.AdamWScheduleFree]
    optimizers += [optax.sgd, optax.adam, optax.adamw, optax.lookahead, optax.contrib.schedule_free]
    optimizers += [optax.contrib.schedule_free_sgd, optax.contrib.schedule_free_adamw, optax.contrib.muon]
    table = {}
    for optimizer in optimizers:
        parameters = inspect.signature(optimizer).parameters
        table[f"{optimizer.__module__.split('.')[0]} {optimizer.__name__}"] = {
            name: p.default
            for name, p in parameters.items()
            if p.default is None or isinstance(p.default, (bool, int, float, tuple, str))
        }
    return table


def on_problems(run, name, *entry):
    """The runs of all problems side by side."""
    *entry, lr = entry
    return np.concatenate([run(p, name, *entry, lr[p.name]) for p in PROBLEMS.values()], axis=-1)


def record():
    out = {}
    for name, (library, *entry) in ADAMW.items():
        out[name] = on_problems({"torch": adamw_torch, "optax": adamw_optax}[library], name, *entry)[KEPT]
    for name, entry in LOOKAHEAD.items():
        out[name] = on_problems(lookahead, name, *entry)
    for name, (library, *entry) in SCHEDULE_FREE.items():
        run = free_optax if library == "optax" else free_torch
        out[name] = on_problems(run, name, *entry)[:, KEPT]
    bfloat16 = {}
    for name, (library, *entry) in MUON.items():
        with float64_newton_schulz():
            path = {"torch": muon_torch, "optax": muon_optax}[library](name, *entry)
        out[name] = path[KEPT]
        if library == "torch":
            bfloat16[name] = float(np.abs(muon_torch(name, *entry) - path).max())
    for name, path in out.items():
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
    out |= {"steps": KEPT.astype(np.uint8), "network X": NETWORK.X, "network T": NETWORK.T}
    packages = ("torch", "optax", "jax", "schedulefree", "numpy")
    versions = {package: version(package).split("+")[0] for package in packages}
    out |= {"network start": NETWORK.start, "versions": np.array(json.dumps(versions))}
    return out | {"defaults": np.array(json.dumps(defaults())), "bfloat16": np.array(json.dumps(bfloat16))}


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("nested.npz")
    np.savez_compressed(target, **record())
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
