"""Record EMA, SWA, SAM, Prodigy, AdEMAMix and Newton–Schulz of the real libraries into ``averages.npz``.

Not needed to run the tests: the recorded file is part of the repository.  It is recorded as ``nested.npz`` is (see
`record_nested`), in float64 and with 200 steps:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy pytorch_optimizer==4.1.0 prodigyopt==1.1.2
    pip install --no-deps schedulefree==1.4.1
    python tests/oracles/record_averages.py

and ``ademamix.py``, from the folder ``pytorch`` of github.com/apple/ml-ademamix (commit e7327151), on PYTHONPATH.

Two arrays for each entry of ``averages_entries.py``: "name", of shape (29, 7), the three problems side by side at the
steps in "steps"; and "name, network", of shape (9, 32), at the steps of `averages_entries.NETWORK_STEPS`.  Of averages
it is the average.  "d" of Prodigy is in "name, d", of shape (4, 29).  "sensitivity" says, for each entry, by how much
at most its path differs if the start differs by 1e-12; "unaltered", by how much at most the path of a library differs
if it is not altered as in `ALTERED`.  "G wide", "G tall" and what two Newton–Schulz iterations make of them are there
as well.
"""

import inspect
import json
import os
import sys
from contextlib import contextmanager, nullcontext
from copy import copy
from importlib.metadata import version
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import ademamix
import jax
import jax.numpy as jnp
import numpy as np
import optax
import prodigyopt
import pytorch_optimizer
import torch
from pytorch_optimizer.optimizer import sam as sam_module
from pytorch_optimizer.optimizer.utils.matrix import zero_power_via_newton_schulz_5
from torch.optim import _muon
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from optimlab.newton_schulz import COEFFICIENTS
from oracles.averages_entries import ADEMAMIX, ALL, AVERAGES, NETWORK_STEPS, PRODIGY, SAM
from oracles.problems import STEPS
from oracles.record_nested import KEPT, float64_newton_schulz, numpy_of, parameter, rate, scheduler

torch.set_default_dtype(torch.float64)
INNER = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@contextmanager
def altered(function, module, old, new):
    """A function of a library with one expression of its source replaced, and nothing else."""
    source = inspect.getsource(function)
    assert source.count(old) == 1
    space = dict(vars(inspect.getmodule(function)))
    exec(source.replace(old, new), space)
    setattr(module, function.__name__, space[function.__name__])
    try:
        yield
    finally:
        setattr(module, function.__name__, function)


# The norm of all gradients without its cast to float32, and the half-life without what is added to β.
ALTERED = {
    "pytorch_optimizer sam": (sam_module.get_global_gradient_norm, sam_module, "]).float().square_()", "]).square_()"),
    "authors ademamix warm": (ademamix.linear_hl_warmup_scheduler, ademamix, "eps=1e-8", "eps=0.0"),
}


class Model(torch.nn.Module):
    def __init__(self, start):
        super().__init__()
        self.theta = parameter(start)


def walk(problem, name, make, look=lambda model, k: numpy_of(model.theta), begin=lambda model: None, twice=False):
    """What `look` shows at the start and after each step of a torch optimizer."""
    model = Model(problem.start)
    opt = make([model.theta])
    schedule = scheduler(name, getattr(opt, "base_optimizer", opt))
    begin(model)
    path = [look(model, 0)]
    for k in range(STEPS):

        def gradient(k=k):
            model.theta.grad = torch.from_numpy(problem.grad(numpy_of(model.theta), k))

        gradient()
        opt.step(*([gradient] if twice else []))
        schedule.step()
        path.append(look(model, k + 1))
    return np.array(path)


def inner_of_optax(inner, name, lr, options):
    return getattr(optax, inner)(rate(name, lr), **options)


def jax_gradient(problem, k):
    return lambda params: jnp.asarray(problem.grad(np.asarray(params), k))


def average(problem, name, library, inner, inner_options, options, lr):
    def make(parameters):
        return INNER[inner](parameters, lr=lr, **inner_options)

    if library == "optax":
        points = walk(problem, name, make)
        ema = optax.ema(options["beta"])
        state, path = ema.init(jnp.asarray(points[0])), [points[0]]
        for w in points[1:]:
            mean, state = ema.update(jnp.asarray(w), state)
            path.append(np.asarray(mean))
        return np.array(path)
    averaged = []

    def look(model, k):
        if "beta" in options:
            due = k >= options["first"]
        else:
            due = k >= options["start"] and (k - options["start"]) % options["cycle"] == 0
        if due:
            averaged[0].update_parameters(model)
        return numpy_of(averaged[0].module.theta if averaged[0].n_averaged else model.theta)

    def begin(model):
        function = get_ema_multi_avg_fn(options["beta"]) if "beta" in options else None
        averaged.append(AveragedModel(model, multi_avg_fn=function))

    return walk(problem, name, make, look, begin)


def sam(problem, name, library, inner, options, rho, lr):
    if library == "pytorch_optimizer":

        def make(parameters):
            return pytorch_optimizer.SAM(parameters, INNER[inner], rho=rho, lr=lr, **options)

        return walk(problem, name, make, twice=True)
    worst = optax.chain(optax.contrib.normalize(), optax.sgd(rho))
    opt = optax.contrib.sam(inner_of_optax(inner, name, lr, options), worst, opaque_mode=True)
    theta = jnp.asarray(problem.start)
    state, path = opt.init(theta), [problem.start]
    for k in range(STEPS):
        grad = jax_gradient(problem, k)
        updates, state = opt.update(grad(theta), state, theta, grad_fn=lambda params, i, grad=grad: grad(params))
        theta = optax.apply_updates(theta, updates)
        path.append(np.asarray(theta))
    return np.array(path)


def of_optax(problem, opt, look=lambda theta, state: np.asarray(theta)):
    theta = jnp.asarray(problem.start)
    state, update = opt.init(theta), jax.jit(opt.update)
    path = [look(theta, state)]
    for k in range(STEPS):
        updates, state = update(jax_gradient(problem, k)(theta), state, theta)
        theta = optax.apply_updates(theta, updates)
        path.append(look(theta, state))
    return np.array(path)


def prodigy(problem, name, library, options, lr):
    """θ, and d behind it."""
    if library == "optax":
        opt = optax.contrib.prodigy(rate(name, lr), **options)
        return of_optax(problem, opt, lambda theta, state: np.append(np.asarray(theta), np.asarray(state.estim_lr)))
    made = []

    def make(parameters):
        made.append(prodigyopt.Prodigy(parameters, lr=lr, **options))
        return made[0]

    def look(model, k):
        return np.append(numpy_of(model.theta), float(made[0].param_groups[0]["d"]))

    return walk(problem, name, make, look)


def mixed(problem, name, library, options, lr):
    if library == "optax":
        return of_optax(problem, optax.contrib.ademamix(rate(name, lr), **options))
    optimizer = ademamix.AdEMAMix if library == "authors" else pytorch_optimizer.AdEMAMix
    return walk(problem, name, lambda parameters: optimizer(parameters, lr=lr, **options))


def shifted(problem):
    other = copy(problem)
    other.start = problem.start + 1e-12
    return other


def newton_schulz():
    rng = np.random.default_rng(5)
    out = {"G wide": rng.standard_normal((4, 7)), "G tall": rng.standard_normal((6, 3))}
    express = COEFFICIENTS["Polar Express"]
    for name in ("wide", "tall"):
        G = torch.from_numpy(out[f"G {name}"])
        for steps in (1, 5, 10):
            with float64_newton_schulz():
                rows = _muon._zeropower_via_newtonschulz(G.clone(), (3.4445, -4.7750, 2.0315), steps, 1e-7)
            out[f"torch {name} {steps}"] = rows.numpy().copy()
            rows = zero_power_via_newton_schulz_5(
                G, num_steps=steps, safety_factor=express.margin, weights=list(express.rows), dtype=torch.float64
            )
            out[f"pytorch_optimizer {name} {steps}"] = rows.numpy().copy()
    return out


def run_all(run, name, entry, lr, change=lambda problem: problem):
    """The paths on all problems, with the library altered where it must be."""
    change_of_source = next((parts for start, parts in ALTERED.items() if name.startswith(start)), None)
    with altered(*change_of_source) if change_of_source else nullcontext():
        return [run(change(problem), name, *entry, lr[n]) for n, problem in ALL.items()]


def furthest(paths, others):
    return float(max(np.abs(path - other).max() for path, other in zip(paths, others)))


def record():
    out, sensitivity, unaltered = {}, {}, {}
    for run, entries in ((average, AVERAGES), (sam, SAM), (prodigy, PRODIGY), (mixed, ADEMAMIX)):
        for name, (*entry, lr) in entries.items():
            paths, beside = run_all(run, name, entry, lr), run_all(run, name, entry, lr, shifted)
            sensitivity[name] = furthest(paths, beside)
            if name.startswith(tuple(ALTERED)):
                unaltered[name] = furthest(paths, [run(p, name, *entry, lr[n]) for n, p in ALL.items()])
            if run is prodigy:
                out[f"{name}, d"] = np.array([path[KEPT, -1] for path in paths])
                paths = [path[:, :-1] for path in paths]
            *surfaces, network = paths
            out[name] = np.concatenate(surfaces, axis=-1)[KEPT]
            out[f"{name}, network"] = network[NETWORK_STEPS]
    out |= newton_schulz()
    for name, path in out.items():
        assert path.dtype == np.float64 and np.isfinite(path).all(), name
    packages = ("torch", "optax", "jax", "pytorch_optimizer", "prodigyopt", "numpy")
    out["steps"] = KEPT.astype(np.uint8)
    out["versions"] = np.array(json.dumps({package: version(package).split("+")[0] for package in packages}))
    tables = {"sensitivity": sensitivity, "unaltered": unaltered}
    return out | {name: np.array(json.dumps(table)) for name, table in tables.items()}


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("averages.npz")
    recorded = record()
    np.savez_compressed(target, **recorded)
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
