"""Averages, wrappers and Prodigy on the digits: tuned on a validation part, compared on several seeds and splits.

    python -m benchmarks.averages [results.json]

A network (64, 64, 10) in batches of 32. Each method's η is tuned over a grid of factor 2.15 on 297 of the 1297 training
digits, which each of six seeds holds out anew; most right answers win, then the lower loss. Then it trains on all
1297 (10 epochs, 410 steps) and is tested on the other 500: six seeds on one split, four on each of four more. The
digits of the other splits' tests have been among those that η was tuned on. Prodigy's η stays 1.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optimlab import Data, Network, digits, train
from optimlab.descent import descend
from optimlab.optimizers import EMA, SAM, SWA, Adam, Cautious, Lookahead, Prodigy, ScheduleFree
from optimlab.schedules import cosine_decay

NETWORK, BATCH, EPOCHS = Network((64, 64, 10)), 32, 10
RATES = [float(f"{10 ** (i / 3):.3g}") for i in range(-9, -1)]
FOLDS, SEEDS = range(6), range(6)
SPLITS, SPLIT_SEEDS = range(5), range(4)
BASE = "Adam cosine"
STOPS = (5, 10, 20)  # epochs


def cosine(eta, steps):
    return cosine_decay(eta, steps)


def constant(eta, steps):
    return eta


@dataclass(frozen=True)
class Method:
    """How to make the optimizer, from η and the number of steps; where η is known it is not tuned."""

    make: object
    share: float = 1.0  # of the epochs, where a step costs more gradients
    rate: float | None = None


def lookahead(schedule):
    return lambda eta, steps: Lookahead(Adam(schedule(eta, steps)), 5, 0.5)


METHODS = {
    "Adam constant": Method(lambda eta, steps: Adam(eta)),
    BASE: Method(lambda eta, steps: Adam(cosine(eta, steps))),
    "EMA(.98)": Method(lambda eta, steps: EMA(Adam(eta), 0.98)),
    "EMA(.99)": Method(lambda eta, steps: EMA(Adam(eta), 0.99)),
    "SWA last quarter": Method(lambda eta, steps: SWA(Adam(eta), round(0.75 * steps))),
    "Lookahead constant": Method(lookahead(constant)),
    "Lookahead cosine": Method(lookahead(cosine)),
    "SAM cosine": Method(lambda eta, steps: SAM(Adam(cosine(eta, steps)), 0.05)),
    "SAM cosine, half the steps": Method(lambda eta, steps: SAM(Adam(cosine(eta, steps)), 0.05), share=0.5),
    "schedule-free .9": Method(lambda eta, steps: ScheduleFree(Adam(eta, beta1=0.0), 0.9)),
    "schedule-free .98": Method(lambda eta, steps: ScheduleFree(Adam(eta, beta1=0.0), 0.98)),
    "Cautious constant": Method(lambda eta, steps: Cautious(Adam(eta))),
    "Cautious cosine": Method(lambda eta, steps: Cautious(Adam(cosine(eta, steps)))),
    "Prodigy constant": Method(lambda eta, steps: Prodigy(eta), rate=1.0),
    "Prodigy cosine": Method(lambda eta, steps: Prodigy(cosine(eta, steps)), rate=1.0),
    "Prodigy constant, corrected": Method(lambda eta, steps: Prodigy(eta, use_bias_correction=True), rate=1.0),
    "Prodigy cosine, corrected": Method(
        lambda eta, steps: Prodigy(cosine(eta, steps), use_bias_correction=True), rate=1.0
    ),
}


def run(method, eta, data, epochs, seed):
    epochs = round(epochs * method.share)
    steps = epochs * -(-len(data.X) // BATCH)
    with np.errstate(all="ignore"):
        optimizer = method.make(eta, steps)
        return train(NETWORK, data, optimizer, epochs=epochs, batch_size=BATCH, seed=seed, progress=False)


def held_out(data, fold):
    order = np.random.default_rng([7, fold]).permutation(len(data.X))
    fit, rest = order[:1000], order[1000:]
    return Data(data.X[fit], data.y[fit], data.X[rest], data.y[rest])


def tuned(method, data):
    """η, and all that was tried: accuracy and loss on what was held out."""
    if method.rate is not None:
        return method.rate, {}
    tried = {}
    for eta in RATES:
        ends = [run(method, eta, held_out(data, fold), 13, 100 + fold) for fold in FOLDS]  # 416 steps
        tried[eta] = tuple(float(np.mean([getattr(h, of)[-1] for h in ends])) for of in ("test_accuracy", "test_loss"))
    return max(RATES, key=lambda eta: (tried[eta][0], -tried[eta][1])), tried


def told(numbers, digits):
    return f"{np.mean(numbers):.{digits}f} ± {np.std(numbers, ddof=1):.{digits}f}"


def main(path="averages.json"):
    data, results = digits(), {}
    for name, method in METHODS.items():
        eta, tried = tuned(method, data)
        ends = [run(method, eta, data, EPOCHS, seed) for seed in SEEDS]
        found = {"eta": eta, "tried": tried, "gradients": ends[0].gradients}
        found |= {of: [float(getattr(h, of)[-1]) for h in ends] for of in ("test_accuracy", "loss", "test_loss")}
        found["splits"] = [
            [float(run(method, eta, digits(seed=s), EPOCHS, seed).test_accuracy[-1]) for seed in SPLIT_SEEDS]
            for s in SPLITS
        ]
        results[name] = found
        print(f"{name:28} η={eta:<7g} acc {told(found['test_accuracy'], 4)}  loss {told(found['loss'], 4)}", flush=True)
        Path(path).write_text(json.dumps(results))
    paired(results)
    stopped(results, data)
    estimates(data)


def paired(results):
    """Differences from Adam with a cosine: on the first split seed by seed, and over the splits."""
    print("\naccuracy − that of", BASE, "(mean ± standard error)")
    base = results[BASE]
    for name, found in results.items():
        one = np.subtract(found["test_accuracy"], base["test_accuracy"])
        many = np.mean(np.subtract(found["splits"], base["splits"]), axis=1)
        errors = [np.std(d, ddof=1) / np.sqrt(len(d)) for d in (one, many)]
        print(f"{name:28} seeds {one.mean():+.4f} ± {errors[0]:.4f}   splits {many.mean():+.4f} ± {errors[1]:.4f}")


def stopped(results, data):
    """What is there at half the horizon, at it, and at twice it."""
    print("\nstopped after", STOPS, "epochs: test accuracy, training loss")
    for name in ("Adam constant", "EMA(.98)", "schedule-free .9", "schedule-free .98", BASE):
        runs = [run(METHODS[name], results[name]["eta"], data, STOPS[-1], seed) for seed in SEEDS]
        show(f"{name}, planned for {STOPS[-1]}" if name == BASE else name, runs, STOPS)
    for horizon in STOPS[:-1]:
        runs = [run(METHODS[BASE], results[BASE]["eta"], data, horizon, seed) for seed in SEEDS]
        show(f"{BASE}, planned for {horizon}", runs, [epoch for epoch in STOPS if epoch <= horizon])
    runs = [run(METHODS["SWA last quarter"], results["SWA last quarter"]["eta"], data, 10, seed) for seed in SEEDS]
    show("SWA, planned for 10", runs, STOPS[:2])


def show(name, runs, epochs):
    cells = [f"{told([h.test_accuracy[e] for h in runs], 4)} {told([h.loss[e] for h in runs], 4)}" for e in epochs]
    print(f"{name:28} {' | '.join(cells)}", flush=True)


def estimates(data):
    """Prodigy's d, over the steps."""
    print("\nProdigy's d after steps: mean (least … most) over the seeds")
    after = [1, 5, 10, 15, 20, 30, 50, 100, 200, 410]
    for corrected in (False, True):
        for schedule in (constant, cosine):
            walks = [
                descend(
                    NETWORK.on(data, BATCH, seed),
                    Prodigy(schedule(1.0, 410), use_bias_correction=corrected),
                    NETWORK.init(seed),
                    410,
                    record=True,
                ).state["d"][:, 0]
                for seed in SEEDS
            ]
            d = np.array(walks)[:, after]
            cells = [f"{k}: {m:.2g} ({a:.2g}…{b:.2g})" for k, m, a, b in zip(after, d.mean(0), d.min(0), d.max(0))]
            print(f"corrected={corrected}, {schedule.__name__}: {', '.join(cells)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
