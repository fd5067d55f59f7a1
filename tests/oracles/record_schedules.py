"""Record the learning rates of the real libraries into ``schedules.npz``, and one gradient of a network.

Not needed to run the tests: the recorded file is part of the repository. To record it anew, install the libraries
and run this file:

    pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    python tests/oracles/record_schedules.py

Everything is in float64 on the CPU. The file holds

- ``names`` and ``rates``, shape (entries, 300): η at k = 0 … 299 of each entry of `TORCH` and `OPTAX`;
- ``plateau names``, ``plateau losses`` and ``plateau rates``, both of shape (entries, 300): the η after each loss was
  shown to PyTorch's ``ReduceLROnPlateau``;
- ``network …``: θ, data, dropout masks, and loss and gradient by PyTorch's autograd, one row for each of `NETWORKS`;
- ``versions``, a JSON text.

PyTorch has no schedule that rises, stays and falls; optax's ``join_schedules`` builds it out of its pieces.
"""

import json
import os
import sys
from functools import partial
from itertools import pairwise
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import numpy as np
import optax
import torch
from torch.optim import lr_scheduler as lrs

STEPS = 300
one_cycle = partial(lrs.OneCycleLR, cycle_momentum=False)


def warmed(after, factor, steps):
    """PyTorch's way to warm up: LinearLR, and `after` once that is over."""
    return lambda opt: lrs.SequentialLR(
        opt, [lrs.LinearLR(opt, start_factor=factor, total_iters=steps), after(opt)], milestones=[steps]
    )


# name: (learning rate, scheduler, steps of the optimizer for each step of the scheduler)
TORCH = {
    "StepLR": (0.1, partial(lrs.StepLR, step_size=30, gamma=0.1), 1),
    "StepLR slow": (0.7, partial(lrs.StepLR, step_size=1, gamma=0.99), 1),
    "StepLR per epoch": (0.1, partial(lrs.StepLR, step_size=3, gamma=0.5), 7),
    "ExponentialLR": (0.1, partial(lrs.ExponentialLR, gamma=0.95), 1),
    "ExponentialLR per epoch": (0.3, partial(lrs.ExponentialLR, gamma=0.8), 25),
    "ExponentialLR without decay": (0.3, partial(lrs.ExponentialLR, gamma=1.0), 1),
    "PolynomialLR": (0.1, partial(lrs.PolynomialLR, total_iters=100, power=2.0), 1),
    "PolynomialLR root": (0.4, partial(lrs.PolynomialLR, total_iters=299, power=0.5), 1),
    "PolynomialLR line": (0.1, partial(lrs.PolynomialLR, total_iters=250, power=1.0), 1),
    "LinearLR": (0.2, partial(lrs.LinearLR, start_factor=1.0, end_factor=0.1, total_iters=120), 1),
    "CosineAnnealingLR": (0.1, partial(lrs.CosineAnnealingLR, T_max=299), 1),
    "CosineAnnealingLR end": (0.5, partial(lrs.CosineAnnealingLR, T_max=100, eta_min=0.01), 1),
    "CosineAnnealingWarmRestarts": (0.1, partial(lrs.CosineAnnealingWarmRestarts, T_0=25), 1),
    "CosineAnnealingWarmRestarts 2": (0.1, partial(lrs.CosineAnnealingWarmRestarts, T_0=10, T_mult=2, eta_min=1e-3), 1),
    "CosineAnnealingWarmRestarts 3": (0.3, partial(lrs.CosineAnnealingWarmRestarts, T_0=7, T_mult=3), 1),
    "CosineAnnealingWarmRestarts 1, 2": (0.3, partial(lrs.CosineAnnealingWarmRestarts, T_0=1, T_mult=2), 1),
    "OneCycleLR": (0.1, partial(one_cycle, max_lr=0.1, total_steps=300), 1),
    "OneCycleLR early": (
        0.1,
        partial(one_cycle, max_lr=0.5, total_steps=300, pct_start=0.1, div_factor=10, final_div_factor=100),
        1,
    ),
    "OneCycleLR late": (0.1, partial(one_cycle, max_lr=0.1, total_steps=300, pct_start=0.85), 1),
    "OneCycleLR between steps": (0.1, partial(one_cycle, max_lr=0.1, total_steps=300, pct_start=0.123), 1),
    "OneCycleLR without rise": (0.1, partial(one_cycle, max_lr=0.1, total_steps=300, pct_start=0.002), 1),
    "SequentialLR cosine": (0.1, warmed(partial(lrs.CosineAnnealingLR, T_max=280), 0.1, 20), 1),
    "SequentialLR exponential": (0.2, warmed(partial(lrs.ExponentialLR, gamma=0.98), 0.25, 50), 1),
    "SequentialLR steps": (0.2, warmed(partial(lrs.StepLR, step_size=40, gamma=0.5), 1 / 3, 15), 1),
}

OPTAX = {
    "constant_schedule": optax.constant_schedule(0.3),
    "linear_schedule": optax.linear_schedule(0.2, 0.02, transition_steps=150),
    "polynomial_schedule": optax.polynomial_schedule(0.1, 0.01, power=3.0, transition_steps=200),
    "cosine_decay_schedule": optax.cosine_decay_schedule(0.1, decay_steps=120),
    "cosine_decay_schedule end": optax.cosine_decay_schedule(0.5, decay_steps=200, alpha=0.1),
    "exponential_decay": optax.exponential_decay(0.1, transition_steps=20, decay_rate=0.7, staircase=True),
    "sgdr_schedule": optax.sgdr_schedule(
        [
            {"init_value": 0.2, "peak_value": 0.2, "warmup_steps": 0, "decay_steps": steps, "end_value": 0.01}
            for steps in (30, 60, 120, 240)
        ]
    ),
    "warmup_cosine_decay_schedule": optax.warmup_cosine_decay_schedule(0.0, 0.1, warmup_steps=30, decay_steps=300),
    "join_schedules": optax.join_schedules(
        [optax.linear_schedule(0.05, 0.2, 60), optax.exponential_decay(0.2, 10, 0.8, staircase=True)], [60]
    ),
    "join_schedules without warm-up": optax.join_schedules(
        [optax.constant_schedule(0.0), optax.polynomial_schedule(0.3, 0.0, power=2.0, transition_steps=90)], [0]
    ),
    "warm up, stay, decay": optax.join_schedules(
        [optax.linear_schedule(0.0, 0.1, 40), optax.constant_schedule(0.1), optax.linear_schedule(0.1, 0.0, 80)],
        [40, 200],
    ),
    "stay, decay": optax.join_schedules([optax.constant_schedule(0.3), optax.linear_schedule(0.3, 0.0, 100)], [200]),
    "piecewise_interpolate_schedule": optax.piecewise_interpolate_schedule(
        "linear", 0.2, {60: 0.5, 120: 0.3, 180: 2.0, 240: 0.1}
    ),
}

# name: (learning rate, options, losses)
PLATEAU = {
    "default": (0.1, {}, "noisy"),
    "cooldown": (0.5, {"factor": 0.5, "patience": 5, "cooldown": 12}, "noisy"),
    "min_lr": (0.2, {"factor": 0.3, "patience": 3, "min_lr": 0.004}, "noisy"),
    "threshold": (0.1, {"factor": 0.7, "patience": 4, "threshold": 0.05, "cooldown": 3}, "noisy"),
    "impatient": (0.1, {"factor": 0.9, "patience": 0, "threshold": 0.0}, "noisy"),
    "down to eps": (0.1, {"factor": 0.1, "patience": 2, "cooldown": 1}, "noisy"),
    "negative losses": (0.1, {"factor": 0.8, "patience": 2, "threshold": 0.01}, "negative"),
}

# name: (activation, λ, dropout)
NETWORKS = {
    "tanh": ("tanh", 0.0, 0.0),
    "sigmoid": ("sigmoid", 0.3, 0.0),
    "relu": ("relu", 0.0, 0.0),
    "relu, λ, dropout": ("relu", 0.3, 0.4),
    "tanh, λ, dropout": ("tanh", 0.05, 0.4),
}
SIZES, BATCH = (5, 7, 6, 4), 9


def torch_rates(lr, scheduler, every):
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=lr)
    schedule = scheduler(opt)
    rates = []
    for k in range(STEPS):
        rates.append(float(opt.param_groups[0]["lr"]))
        opt.step()
        if (k + 1) % every == 0 and k + 1 < STEPS:
            schedule.step()
    return rates


def plateau_losses():
    random, k = np.random.default_rng(3), np.arange(STEPS)
    noisy = 0.4 + np.exp(-np.minimum(k, 120) / 40) + 0.06 * random.standard_normal(STEPS)
    return {"noisy": noisy, "negative": noisy - 1}


def plateau_rates(lr, options, losses):
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], lr=lr)
    schedule = lrs.ReduceLROnPlateau(opt, **options)
    rates = []
    for loss in losses:
        schedule.step(float(loss))
        rates.append(float(opt.param_groups[0]["lr"]))
    return rates


def network_data():
    random = np.random.default_rng(5)
    size = sum((a + 1) * b for a, b in pairwise(SIZES))
    return {
        "network theta": random.normal(0, 0.5, size),
        "network X": random.standard_normal((BATCH, SIZES[0])),
        "network y": random.integers(0, SIZES[-1], BATCH),
        "network kept": random.random((BATCH, sum(SIZES[1:-1]))) < 0.6,  # the units dropout leaves on, layer by layer
    }


def network_gradient(data, activation, l2, dropout):
    theta = torch.tensor(data["network theta"], requires_grad=True)
    kept = torch.tensor(data["network kept"])
    a, penalty, at, unit = torch.tensor(data["network X"]), 0.0, 0, 0
    for n_in, n_out in pairwise(SIZES):
        W = theta[at : at + n_in * n_out].reshape(n_in, n_out)
        b = theta[at + n_in * n_out : at + (n_in + 1) * n_out]
        a = torch.nn.functional.linear(a, W.T, b)
        penalty, at = penalty + l2 / 2 * (W**2).sum(), at + (n_in + 1) * n_out
        if at < len(theta):
            a = getattr(torch, activation)(a)
            a = a * kept[:, unit : unit + n_out] / (1 - dropout) if dropout else a
            unit += n_out
    loss = torch.nn.functional.cross_entropy(a, torch.tensor(data["network y"])) + penalty
    loss.backward()
    return loss.item(), theta.grad.numpy()


def record():
    losses, data = plateau_losses(), network_data()
    rates = [torch_rates(*entry) for entry in TORCH.values()]
    rates += [[float(schedule(k)) for k in range(STEPS)] for schedule in OPTAX.values()]
    gradients = [network_gradient(data, *entry) for entry in NETWORKS.values()]
    versions = {m.__name__: m.__version__.split("+")[0] for m in (torch, optax, jax, np)}
    return {
        "names": np.array([f"torch {name}" for name in TORCH] + [f"optax {name}" for name in OPTAX]),
        "rates": np.array(rates),
        "plateau names": np.array(list(PLATEAU)),
        "plateau losses": np.array([losses[kind] for _, _, kind in PLATEAU.values()]),
        "plateau rates": np.array([plateau_rates(lr, opts, losses[kind]) for lr, opts, kind in PLATEAU.values()]),
        "network names": np.array(list(NETWORKS)),
        "network losses": np.array([loss for loss, _ in gradients]),
        "network gradients": np.array([gradient for _, gradient in gradients]),
        "versions": np.array(json.dumps(versions)),
        **data,
    }


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("schedules.npz")
    np.savez_compressed(target, **record())
    print(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
