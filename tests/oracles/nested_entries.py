"""What was recorded of AdamW, Lookahead, schedule-free and Muon: options, learning rates, and the small network.

Only the options named here are passed to the library; all others stay at the library's own default (the defaults are
in ``nested.npz``, too).  A name ending in "decay" uses the schedule η_k = lr / (1 + 0.1 k) of `problems.decayed`, a
name ending in "hump" η_k = `humped` (lr); k = 0, 1, 2, … counts the steps.

The rules, as read in the sources (torch 2.13.0, optax 0.2.8, schedulefree 1.4.1).  g is the gradient, η the learning
rate (η_k where it makes a difference), λ the weight decay, t = k + 1 = 1, 2, …; all state starts from 0 unless said
otherwise, and squares, roots and quotients are taken element by element.

AdamW: m ← β₁m + (1-β₁)g,  v ← β₂v + (1-β₂)g²,  u = m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε);  g holds no weight decay
  torch   θ ← (1 - η_k λ)θ,  then  θ ← θ - η_k u      λ = 0.01,  ε = 1e-8
  optax   θ ← θ - η_k (u + λθ)                        λ = 1e-4,  ε = 1e-8
  The same but for λ: u does not depend on θ, so the decay acts on the old θ in both, and is multiplied by η_k.

Lookahead (optax) around any optimizer, α "slow_step_size", K "sync_period"; both weights start at θ₀
  every step    fast ← fast + u(g, fast)              g taken at fast; u with the inner optimizer's own state
  then, if t is a multiple of K:   slow ← slow + α(fast - slow),  fast ← slow
  The inner state lives on through the synchronisation; reset_state=True puts it back to its start after it: momentum,
  both moments, and all its counters, too: Adam's t, and the k of a *schedule* (η starts again from η_0).

Schedule-free: z the base steps, x their average, y between: gradients at y, θ of the library is y; z = x = y at start
  z' = z - η_k d(g(y))                               d: g, or Adam's direction, as below
  c = w_k / (w_0 + … + w_k)                          so c = 1 at the first step
  x' = (1-c)x + cz',   y' = βx' + (1-β)z'            x = (y - (1-β)z)/β is not stored, and recomputed when asked for
  optax   w_k = (largest of η_1 … η_{k+1})^p         p = "weight_lr_power" = 2, β = "b1" = 0.9
          its count starts at 1, that of the base optimizer at 0: the step is taken with η_k, but weighed with η_{k+1}
          schedule_free      around any optimizer: z' = z + u(g(y), y), with the inner optimizer's own state;
                             learning_rate only makes the weights
          schedule_free_sgd      d = g + λy             λ = None
          schedule_free_adamw    d = g / (√(v/(1-β₂ᵗ)) + ε) + λy,  v ← β₂v + (1-β₂)g²     λ = 0, β₂ = 0.999, ε = 1e-8
          warm-up over W steps:  η_k = lr min(k/W, 1)   the first step has η = 0
  schedulefree   w_k = tʳ (largest of η_0 … η_k)^p    r = 0, p = 2, β = "momentum" or "betas[0]" = 0.9
          SGDScheduleFree        d = g + λy             λ = 0
          AdamWScheduleFree      d = g / (√(v/(1-β₂ᵗ)) + ε) + λy                          λ = 0, β₂ = 0.999, ε = 1e-8
          warm-up over W steps:  η_k = lr min((k+1)/W, 1)
          computed as y' = y + c(z - y) + η_k (β(1-c) - 1) d, which is the same y'

Muon, for matrices: B ← μB + (1-μ)g, then a direction U, then O = NS(U), then θ ← θ - η_k (s O + λθ)
  NS(U)   X = U/‖U‖ (Frobenius), transposed if it has more rows than columns; 5 times
          A = XXᵀ,  X ← aX + (bA + cAA)X;  transposed back;  (a, b, c) = (3.4445, -4.7750, 2.0315)
  torch   U = (1-μ)g + μB, or B with nesterov=False; no bias correction;  ‖U‖ means max(‖U‖, ε), ε = 1e-7
          s = √max(1, rows/columns), or 0.2 √max(rows, columns) with "match_rms_adamw";  μ = 0.95, λ = 0.1
          done as θ ← (1 - η_k λ)θ, then θ ← θ - η_k s O;  biases: a torch.optim.AdamW of their own
          NS runs in *bfloat16*; in the recording it runs in float64 (see `record_nested.float64_newton_schulz`)
  optax   U = (1-β) g/(1-βᵗ) + β B/(1-βᵗ⁺¹), or B/(1-βᵗ) with nesterov=False;  ‖U‖ means ‖U‖ + ε, ε = 1e-8
          s = √max(1, columns/rows), or r √max(rows, columns) with consistent_rms=r;  μ = "beta" = 0.95, λ = 0
          adaptive=True: O is replaced by (Σ U∘O) O, before s
          biases: AdamW with λ = "adam_weight_decay" = 0, and the same ε, and with *Nesterov* as long as nesterov is
          True:  m̂ = β₁ m/(1-β₁ᵗ⁺¹) + (1-β₁) g/(1-β₁ᵗ)  instead of m/(1-β₁ᵗ)
  Here W has the shape (n_in, n_out).  Optax means that too, so its s is √max(1, n_out/n_in).  PyTorch's layers hold
  (n_out, n_in), and so torch's s is the same on its own layers, the entries "transposed".
"""

import numpy as np

SHAPES = ((3, 5), (5,), (5, 2), (2,))
SIZE = 32


def humped(lr):
    """Rises until k = 29, then falls: lr · 2u / (1 + u²), u = (k + 1) / 30."""
    return lambda k: lr * 2.0 * ((k + 1) / 30.0) / (1.0 + ((k + 1) / 30.0) ** 2)


def _product(a, b):
    """The matrix product of a and b, written out (no BLAS)."""
    return (a[:, :, None] * b[None]).sum(axis=1)


def split(theta):
    """W₁, b₁, W₂, b₂ of θ, with W of shape (n_in, n_out), row by row."""
    parts, at = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        parts.append(theta[at : at + size].reshape(shape))
        at += size
    return parts


def join(parts):
    """θ of W₁, b₁, W₂, b₂."""
    return np.concatenate([part.ravel() for part in parts])


class Network:
    """Mean of ½‖tanh(XW₁ + b₁)W₂ + b₂ - T‖² over 8 examples, with the formula of its gradient."""

    def __init__(self):
        rng = np.random.default_rng(11)
        self.X, self.T = rng.standard_normal((8, 3)), rng.standard_normal((8, 2))
        self.start = 0.6 * rng.standard_normal(SIZE)

    def loss(self, theta):
        W1, b1, W2, b2 = split(theta)
        hidden = np.tanh(_product(self.X, W1) + b1)
        return 0.5 * ((_product(hidden, W2) + b2 - self.T) ** 2).sum() / len(self.X)

    def grad(self, theta, k=0):
        W1, b1, W2, b2 = split(theta)
        hidden = np.tanh(_product(self.X, W1) + b1)
        out = (_product(hidden, W2) + b2 - self.T) / len(self.X)
        back = _product(out, W2.T) * (1.0 - hidden * hidden)
        return join([_product(self.X.T, back), back.sum(axis=0), _product(hidden.T, out), out.sum(axis=0)])


NETWORK = Network()

# Where the numbers of a problem are in the last axis of a recorded array of AdamW, Lookahead or schedule-free.
COLUMNS = {"quadratic": slice(0, 2), "rosenbrock": slice(2, 4), "logistic": slice(4, 7)}


def _lr(quadratic, rosenbrock, logistic):
    return {"quadratic": quadratic, "rosenbrock": rosenbrock, "logistic": logistic}


# Chosen so small that a difference of 1e-12 in the start stays below 1e-11 for 200 steps, everywhere in this file.
ADAM = _lr(0.05, 0.02, 0.05)
SGD = _lr(0.04, 5e-4, 0.2)
HEAVY = _lr(0.04, 2e-4, 0.1)
HEAVY_DECAY = _lr(0.1, 5e-4, 0.5)
# Powers of 2, and 16 steps to warm up: optax's warm-up is computed in *float32* (an int32 count over an int), even in
# a float64 session, and these are exact in it.
FREE = _lr(2.0**-4, 2.0**-11, 2.0**-1)
FREE_ADAM = _lr(2.0**-4, 2.0**-7, 2.0**-4)

# name: (library, options, learning rates): torch.optim.AdamW, optax.adamw
ADAMW = {
    "torch adamw": ("torch", {}, ADAM),
    "torch adamw 0.1": ("torch", {"weight_decay": 0.1}, ADAM),
    "torch adamw 0.1 decay": ("torch", {"weight_decay": 0.1}, ADAM),
    "optax adamw": ("optax", {}, ADAM),
    "optax adamw 0.1": ("optax", {"weight_decay": 0.1}, ADAM),
    "optax adamw 0.1 decay": ("optax", {"weight_decay": 0.1}, ADAM),
}

# name: (inner optimizer, its options, options of optax.lookahead, learning rates of the inner optimizer)
FIVE = {"sync_period": 5, "slow_step_size": 0.5}
SIX = {"sync_period": 6, "slow_step_size": 0.8}
LOOKAHEAD = {
    "lookahead sgd": ("sgd", {}, FIVE, SGD),
    "lookahead sgd 6": ("sgd", {}, SIX, SGD),
    "lookahead momentum": ("sgd", {"momentum": 0.9}, FIVE, HEAVY),
    "lookahead momentum 6": ("sgd", {"momentum": 0.9}, SIX, HEAVY),
    "lookahead momentum reset": ("sgd", {"momentum": 0.9}, {**FIVE, "reset_state": True}, HEAVY),
    "lookahead momentum decay": ("sgd", {"momentum": 0.9}, FIVE, HEAVY_DECAY),
    "lookahead momentum reset decay": ("sgd", {"momentum": 0.9}, {**FIVE, "reset_state": True}, HEAVY),
    "lookahead adam": ("adam", {}, FIVE, ADAM),
    "lookahead adam 6": ("adam", {}, SIX, ADAM),
    "lookahead adam reset": ("adam", {}, {**SIX, "reset_state": True}, ADAM),
}

# name: (library, optimizer, inner optimizer of optax.contrib.schedule_free with its options, options, learning rates)
WARM = {"warmup_steps": 16}
SCHEDULE_FREE = {
    "optax free sgd": ("optax", "schedule_free", ("sgd", {}), {}, FREE),
    "optax free sgd 0.5": ("optax", "schedule_free", ("sgd", {}), {"b1": 0.5, "weight_lr_power": 0.0}, FREE),
    "optax free sgd hump": ("optax", "schedule_free", ("sgd", {}), {}, FREE),
    "optax free adam": ("optax", "schedule_free", ("adam", {}), {}, FREE_ADAM),
    "optax schedule_free_sgd": ("optax", "schedule_free_sgd", None, {}, FREE),
    "optax schedule_free_sgd warm": ("optax", "schedule_free_sgd", None, {**WARM, "weight_decay": 0.1}, FREE),
    "optax schedule_free_adamw": ("optax", "schedule_free_adamw", None, {}, FREE_ADAM),
    "optax schedule_free_adamw warm": (
        "optax",
        "schedule_free_adamw",
        None,
        {**WARM, "weight_decay": 0.1, "b1": 0.95},
        FREE_ADAM,
    ),
    "authors sgd": ("schedulefree", "SGDScheduleFree", None, {}, FREE),
    "authors sgd warm": ("schedulefree", "SGDScheduleFree", None, {**WARM, "weight_decay": 0.1}, FREE),
    "authors sgd power": ("schedulefree", "SGDScheduleFree", None, {**WARM, "r": 1.0, "weight_lr_power": 1.0}, FREE),
    "authors sgd hump": ("schedulefree", "SGDScheduleFree", None, {}, FREE),
    "authors adamw": ("schedulefree", "AdamWScheduleFree", None, {}, FREE_ADAM),
    "authors adamw warm": (
        "schedulefree",
        "AdamWScheduleFree",
        None,
        {**WARM, "weight_decay": 0.1, "betas": (0.95, 0.999)},
        FREE_ADAM,
    ),
}

# name: (library, options of torch.optim.Muon or optax.contrib.muon, options of torch.optim.AdamW for the biases,
#        learning rates of the matrices and the biases)
# An entry named "transposed" shows the library the matrices as (n_out, n_in); the recording is in our order always.
SMALL = (0.002, 0.005)
BIASES = {"weight_decay": 0.0}
PLAIN = {"nesterov": False, "weight_decay": 0.0, "momentum": 0.9}
MUON = {
    "torch muon": ("torch", {}, BIASES, SMALL),
    "torch muon transposed": ("torch", {}, BIASES, SMALL),
    "torch muon match": ("torch", {"adjust_lr_fn": "match_rms_adamw"}, BIASES, SMALL),
    "torch muon plain": ("torch", PLAIN, {}, SMALL),
    "torch muon decay": ("torch", {"ns_steps": 3}, {"weight_decay": 0.1}, SMALL),
    "optax muon": ("optax", {}, None, SMALL),
    "optax muon transposed": ("optax", {}, None, SMALL),
    "optax muon rms": ("optax", {"consistent_rms": 0.2, "weight_decay": 0.1}, None, SMALL),
    "optax muon plain": ("optax", {"nesterov": False, "beta": 0.9}, None, SMALL),
    "optax muon adaptive": ("optax", {"adaptive": True}, None, SMALL),
    "optax muon decay": ("optax", {"weight_decay": 0.1, "adam_weight_decay": 0.1}, None, SMALL),
}
