"""What was recorded of AMSGrad, Nadam, RAdam and AdaBelief: options, learning rates, and the rules.

Only the options named here are passed to the library; all others stay at the library's own default.  A name ending in
"decay" uses the schedule η_k = lr / (1 + 0.1 k) of `problems.decayed`; k = 0, 1, 2, … counts the steps.

The rules, as read in the sources (torch 2.13.0, optax 0.2.8).  g is the gradient, t = k + 1, m and v are Adam's means:

AMSGrad   torch  w ← max(w, v),           θ ← θ - η m/(1-β₁ᵗ) / (√w/√(1-β₂ᵗ) + ε)
          optax  w ← max(w, v/(1-β₂ᵗ)),   θ ← θ - η m/(1-β₁ᵗ) / (√w + ε); with both corrections off the paper's:
                 w ← max(w, v),           θ ← θ - η m / (√w + ε)
Nadam     torch  μ_t = β₁(1 - ½·0.96^{tψ}), ψ = 0.004;  Π_t = μ_1 ⋯ μ_t
                 θ ← θ - η (μ_{t+1} m/(1-Π_{t+1}) + (1-μ_t) g/(1-Π_t)) / (√(v/(1-β₂ᵗ)) + ε)
                 Π is held in torch's default type: double in the recording, else the steps are 1e-9 off
          optax  the same with μ_t = β₁
RAdam     torch  ρ_t > 5:  θ ← θ - η r_t m/(1-β₁ᵗ) √(1-β₂ᵗ)/(√v + ε),  else θ ← θ - η m/(1-β₁ᵗ)
          optax  ρ_t ≥ 5:  θ ← θ - η r_t m/(1-β₁ᵗ) / (√(v/(1-β₂ᵗ)) + ε)
AdaBelief optax  s ← β₂s + (1-β₂)(g-m)² + ε',  θ ← θ - η m/(1-β₁ᵗ) / (√(s/(1-β₂ᵗ)) + ε);  ε = ε' = 1e-16
"""

from .nested_entries import ADAM, HEAVY

CALM = {name: lr / 5 for name, lr in ADAM.items()}  # where an end depends less on the last digit of the start

RELATIVES = {
    "torch amsgrad": ("torch", "Adam", {"amsgrad": True}, ADAM),
    "torch amsgrad quick": ("torch", "Adam", {"amsgrad": True, "betas": (0.8, 0.9)}, ADAM),
    "torch amsgrad decay": ("torch", "Adam", {"amsgrad": True}, ADAM),
    "optax amsgrad": ("optax", "amsgrad", {}, ADAM),
    "optax amsgrad quick": ("optax", "amsgrad", {"b1": 0.8, "b2": 0.9}, ADAM),
    "optax amsgrad paper": (
        "optax",
        "amsgrad",
        {"bias_correction_mu": False, "bias_correction_nu": False},
        ADAM,
    ),
    "torch nadam": ("torch", "NAdam", {}, ADAM),
    "torch nadam quick": ("torch", "NAdam", {"betas": (0.8, 0.99), "momentum_decay": 0.05}, CALM),
    "torch nadam decay": ("torch", "NAdam", {}, ADAM),
    "optax nadam": ("optax", "nadam", {}, ADAM),
    "torch radam": ("torch", "RAdam", {}, HEAVY),
    "torch radam quick": ("torch", "RAdam", {"betas": (0.8, 0.9)}, HEAVY),
    "torch radam decay": ("torch", "RAdam", {}, HEAVY),
    "optax radam": ("optax", "radam", {}, HEAVY),
    "optax radam never": ("optax", "radam", {"b2": 0.6}, HEAVY),
    "optax adabelief": ("optax", "adabelief", {}, ADAM),
    "optax adabelief quick": ("optax", "adabelief", {"b1": 0.8, "b2": 0.9}, CALM),
    "optax adabelief decay": ("optax", "adabelief", {}, ADAM),
}
"""{name: (library, optimizer, options, learning rate by problem)}."""
