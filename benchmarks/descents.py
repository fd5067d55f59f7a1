"""descend and sweep against a loop of torch.optim and against optax with lax.scan: 200 steps of Adam on a ravine."""

import time

import jax
import numpy as np
import optax
import torch

from optimlab import Adam, descend, ravine, sweep

STEPS, RUNS = 200, (1, 200, 40_000)
SURFACE = ravine(kappa=20)
CURVATURES = np.array([1.0, 20.0])


def seconds(call, repeats) -> float:
    """The fastest of several calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def ours(rates):
    if len(rates) == 1:
        return lambda: descend(SURFACE, Adam(rates[0]), steps=STEPS)
    return lambda: sweep(SURFACE, Adam(), "lr", rates, steps=STEPS)


def with_torch(rates):
    """As people write it: one optimizer, one loop, autograd."""

    def run():
        for rate in rates:
            theta = torch.tensor(SURFACE.start, dtype=torch.float64, requires_grad=True)
            optimizer, scale = torch.optim.Adam([theta], lr=float(rate)), torch.tensor(CURVATURES)
            path = [theta.detach().clone()]
            for _ in range(STEPS):
                optimizer.zero_grad()
                (0.5 * (scale * theta**2).sum()).backward()
                optimizer.step()
                path.append(theta.detach().clone())

    return run


def with_optax(rates):
    """Compiled: lax.scan over the steps, vmap over the rates."""
    scale = jax.numpy.array(CURVATURES)

    def one(rate):
        optimizer = optax.adam(rate)
        theta = jax.numpy.array(SURFACE.start)

        def step(carry, _):
            theta, state = carry
            updates, state = optimizer.update(jax.grad(lambda t: 0.5 * (scale * t**2).sum())(theta), state)
            theta = optax.apply_updates(theta, updates)
            return (theta, state), theta

        return jax.lax.scan(step, (theta, optimizer.init(theta)), length=STEPS)[1]

    run = jax.jit(jax.vmap(one))
    return lambda: run(jax.numpy.array(rates)).block_until_ready()


def told(time) -> str:
    """A time in the unit that people would choose."""
    if time < 1:
        return f"{rounded(1000 * time)} ms"
    return f"{rounded(time)} s" if time < 100 else f"{time / 60:.0f} min"


def rounded(number) -> str:
    """Two significant digits: 0.025, 13, 450."""
    return f"{float(f'{number:.2g}'):g}"


def ratio(times) -> str:
    """How many times as long as ours, or as fast."""
    if times < 1:
        return f"{rounded(1 / times)} × as fast"
    return f"{rounded(times)} × as long"


def main():
    jax.config.update("jax_enable_x64", True)
    torch.set_num_threads(1)
    print("| Adam, 200 steps | optimlab | torch.optim in a loop | optax, compiled | its compilation |")
    print("|---|---|---|---|---|")
    for runs in RUNS:
        rates = np.logspace(-3, -1, runs)
        few = rates if runs <= 200 else rates[:100]  # a loop of 40 000 would take many minutes: a hundred, times 400
        mine = seconds(ours(rates), 5)
        loop = seconds(with_torch(few), 3 if runs == 1 else 1) * runs / len(few)
        compiled = with_optax(rates)
        first = seconds(compiled, 1)
        fast = seconds(compiled, 5)
        cells = [f"{told(time)} ({ratio(time / mine)})" for time in (loop, fast)]
        name = "one descent" if runs == 1 else f"{runs} learning rates at once"
        print(f"| {name} | {told(mine)} | {' | '.join(cells)} | {told(first - fast)} |")


if __name__ == "__main__":
    main()
