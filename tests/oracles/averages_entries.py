"""What was recorded of EMA, SWA, SAM, Prodigy and AdEMAMix: options, learning rates, and the rules.

Only the options named here are passed to the library; all others stay at the library's own default.  A name ending in
"decay" uses the schedule η_k = lr / (1 + 0.1 k) of `problems.decayed`, a name ending in "hump" that of
`nested_entries.humped`, which rises first; k = 0, 1, 2, … counts the steps, t = k + 1.

The rules, as read in the sources (torch 2.13.0, optax 0.2.8, pytorch_optimizer 4.1.0, prodigyopt 1.1.2, and the
AdEMAMix of github.com/apple/ml-ademamix).  g is the gradient, η the learning rate, λ the weight decay.

EMA   torch   AveragedModel with get_ema_multi_avg_fn(β): the first update_parameters copies the model, each other one
              does a ← a + (1-β)(w - a).  Called before the first step as well, a starts at w₀, else at w₁ ("first")
      optax   ema(β) of the points in place of gradients, from 0:  a ← βa + (1-β)w,  θ = a/(1-βᵗ)
SWA   torch   AveragedModel:  a ← a + (w - a)/(n+1), n counts the calls; here after the steps s, s+c, s+2c, …
              1/(n+1) has torch's default type: double in the recording
SAM   optax   contrib.sam, opaque_mode, with chain(normalize(), sgd(ρ)) inside:  g at θ + ρ g/‖g‖, then the optimizer
      pytorch_optimizer  g at θ + g ρ/(‖g‖ + 1e-12), back to θ, then the optimizer.  ‖g‖ passes through *float32*;
              in the recording it does not (see `record_averages.ALTERED`)
Prodigy       d₀ = 1e-6;  b = √(1-β₂ᵗ)/(1-β₁ᵗ) or 1;  β₃ = √β₂;  m ← β₁m + (1-β₁)dg,  v ← β₂v + (1-β₂)d²g²
              r ← β₃r + (d/d₀) dηb ⟨g, θ₀-θ⟩,  s ← β₃s + (d/d₀) dηb g,  or without ηb with safeguard_warmup
              d' = max(d, c r/‖s‖₁),  θ ← θ - dηb (m/(√v + d'ε) + λθ)
      prodigyopt  b = 1 without use_bias_correction
      optax   b as above always;  safeguard_warmup leaves ηb out, as there
AdEMAMix      m₁ ← β₁m₁ + (1-β₁)g,  m₂ ← β₃m₂ + (1-β₃)g,  θ ← θ - η ((m₁/(1-β₁ᵗ) + αm₂)/(√(v/(1-β₂ᵗ)) + ε) + λθ)
      authors     α = 2;  t < T: α t/T, and 1/(h+1) with h between those of β₁ and β₃, h = ln ½/ln(β + 1e-8) - 1;
              in the recording without the 1e-8, which makes 1-β₃ up to 10⁻⁴ smaller
      pytorch_optimizer  α = 5;  the paper's formula, min(exp(ln β₁ ln β₃/((1-t/T) ln β₃ + t/T ln β₁)), β₃)
      optax   α = 5;  α and β₃ may be functions of k
Newton–Schulz  torch.optim's own function, in float64 (see `record_nested.float64_newton_schulz`), and that of
              pytorch_optimizer, which takes the coefficients and the factor 1.01 of Polar Express.
"""

import numpy as np

from .nested_entries import ADAM, HEAVY, NETWORK, SGD
from .problems import PROBLEMS

ALL = {**PROBLEMS, "network": NETWORK}
NETWORK_STEPS = np.array([1, 2, 3, 5, 10, 20, 50, 100, 200])


def _calm(rates, by, network):
    return {name: lr / by for name, lr in rates.items()} | {"network": network}


MIXED = _calm(ADAM, 10, 0.002)
CALM = _calm(ADAM, 2, 0.01)
PLAIN = _calm(SGD, 1, 0.2)
MOMENTUM = _calm(HEAVY, 1, 0.05)
SHARP = {"quadratic": 0.005, "rosenbrock": 1e-4, "logistic": 0.1, "network": 0.05}  # SAM jumps about a sharp minimum
ONE, HALF, TENTH = ({name: lr for name in ALL} for lr in (1.0, 0.5, 0.1))
FREE = ONE | {"rosenbrock": 0.1, "network": 0.2}

# Chosen so that a difference of 1e-12 in the start stays below 1e-9 for 200 steps.

# name: (library, inner optimizer, its options, options of the average, learning rates)
AVERAGES = {
    "torch ema": ("torch", "adam", {}, {"beta": 0.9, "first": 0}, CALM),
    "torch ema first decay": ("torch", "sgd", {"momentum": 0.9}, {"beta": 0.99, "first": 1}, MOMENTUM),
    "optax ema": ("optax", "adam", {}, {"beta": 0.95}, CALM),
    "optax ema short": ("optax", "sgd", {}, {"beta": 0.5}, PLAIN),
    "torch swa": ("torch", "adam", {}, {"start": 50, "cycle": 1}, CALM),
    "torch swa cycle decay": ("torch", "sgd", {"momentum": 0.9}, {"start": 40, "cycle": 7}, MOMENTUM),
    "torch swa all": ("torch", "sgd", {}, {"start": 0, "cycle": 1}, PLAIN),
}
# name: (library, inner optimizer, its options, ρ, learning rates)
SAM = {
    "optax sam": ("optax", "sgd", {}, 0.05, SHARP),
    "optax sam adam": ("optax", "adam", {}, 0.1, CALM),
    "pytorch_optimizer sam momentum decay": ("pytorch_optimizer", "sgd", {"momentum": 0.9}, 0.05, SHARP),
    "pytorch_optimizer sam adam": ("pytorch_optimizer", "adam", {}, 0.02, CALM),
}
# name: (library, options, learning rates)
SPECIAL = {"weight_decay": 0.1, "betas": (0.8, 0.99), "beta3": 0.9, "d_coef": 0.5, "d0": 1e-4}
SAFE = {"safeguard_warmup": True, "estim_lr0": 1e-4}
PRODIGY = {
    "authors prodigy": ("prodigyopt", {}, FREE),
    "authors prodigy special": ("prodigyopt", SPECIAL, TENTH),
    "authors prodigy corrected decay": ("prodigyopt", {"use_bias_correction": True}, ONE),
    "authors prodigy safe hump": ("prodigyopt", {"safeguard_warmup": True, "d0": 1e-4}, HALF),
    "optax prodigy": ("optax", {}, FREE),
    "optax prodigy safe": ("optax", {**SAFE, "weight_decay": 0.1, "beta3": 0.95}, HALF),
    "optax prodigy hump": ("optax", {"estim_lr_coef": 0.5, "estim_lr0": 1e-3}, HALF),
}
# name: (library, options, learning rates)
QUICK = {"betas": (0.8, 0.99, 0.995)}
ADEMAMIX = {
    "authors ademamix": ("authors", {}, MIXED),
    "authors ademamix 0.1": ("authors", {**QUICK, "weight_decay": 0.1, "alpha": 4.0, "alpha_warmup": 60}, MIXED),
    "authors ademamix warm": ("authors", {"alpha_warmup": 90, "beta3_warmup": 120}, MIXED),
    "pytorch_optimizer ademamix warm": ("pytorch_optimizer", {"t_alpha_beta3": 120}, MIXED),
    "pytorch_optimizer ademamix long decay": ("pytorch_optimizer", {**QUICK, "t_alpha_beta3": 500}, CALM),
    "optax ademamix": ("optax", {}, MIXED),
    "optax ademamix decay": ("optax", {"b3": 0.99, "alpha": 8.0, "weight_decay": 0.1, "eps_root": 0.0}, CALM),
}
