"""What was recorded of Signum, Lion, LARS, LAMB and cautious optimizers: options, learning rates, and the rules.

Only the options named here are passed to the library; all others stay at the library's own default.  A name ending in
"decay" uses the schedule η_k = lr / (1 + 0.1 k) of `problems.decayed`; k = 0, 1, 2, … counts the steps.

The rules, as read in the sources (optax 0.2.8, lion-pytorch 0.2.5, pytorch_optimizer 4.1.0, timm 1.0.31).  g is the
gradient, η the learning rate, λ the weight decay, |·| the norm of one tensor, t = k + 1; all state starts from 0:

Signum    optax, pytorch_optimizer (SignSGD)   m ← βm + (1-β)g,   θ ← θ - η sign(m)
Lion      u = sign(β₁m + (1-β₁)g),  m ← β₂m + (1-β₂)g;   β₁ = 0.9, β₂ = 0.99
          optax          θ ← θ - η(u + λθ)                  λ = 0.001
          lion-pytorch   θ ← (1 - ηλ)θ,  then θ ← θ - ηu    λ = 0;  the same, as u does not depend on θ
LARS      u = g + λW,  r = τ|W| / (…), or r = 1 where a norm is zero;   γ = 0.9, τ = 0.001, λ = 0
          optax               r = τ|W| / (|u| + ε),   v ← γv + ηru,   W ← W - v;     ε = 0; biases are tensors as others
          pytorch_optimizer   r = τ|W| / (|g| + λ|W|),        v ← γv + ru,  W ← W - ηv;     biases: r = 1, λ = 0
          timm                r = τ|W| / (|g| + λ|W| + ε),    v ← γv + ru,  W ← W - ηv;     ε = 1e-8; r = 1 where λ = 0
LAMB      u = m̂/(√v̂ + ε) + λW,  r = |W|/|u|, or r = 1 where a norm is zero,  W ← W - ηru;   ε = 1e-6, λ = 0
          optax               biases are tensors as others
          timm                λ = 0.01 and r = 1 where λ = 0; gradients longer than 1 are cut unless max_grad_norm=None
          pytorch_optimizer   m and v in place of m̂ and v̂;  r = min(|W|, 10) / (|u| + ε);  λ shrinks W before, and is
                              no part of u, unless weight_decouple=False;  η is divided by 1 - β₁ᵗ, though r has made
                              the length of u forgotten (the first step is ten times too long), unless adam_debias=True
Cautious  φ = 1(m g > 0), or 1(u g > 0) for Lion, for each tensor;  the decay is as without caution, and comes first
          timm                m ← m φ/max(mean φ, 0.001)  in AdamWLegacy and in Lion; the m that is kept is as it was
          pytorch_optimizer   u ← u φ d/(Σφ + 1)          in Lion, d the size of the tensor
"""

from .nested_entries import ADAM, _lr

# Steps of ±η: small enough to arrive, and no number that leads to a place where a gradient is exactly zero.
SIGN = _lr(0.0173, 0.0061, 0.0237)

# name: (library, optimizer, options, learning rates by problem)
ON_PROBLEMS = {
    "optax sign_sgd": ("optax", "sign_sgd", {}, SIGN),
    "optax signum": ("optax", "signum", {}, SIGN),
    "optax signum 0.5 decay": ("optax", "signum", {"beta": 0.5}, SIGN),
    "pytorch_optimizer signum": ("pytorch_optimizer", "SignSGD", {"momentum": 0.95}, SIGN),
    "optax lion": ("optax", "lion", {}, SIGN),
    "optax lion 0.1 decay": ("optax", "lion", {"weight_decay": 0.1, "b1": 0.8, "b2": 0.9}, SIGN),
    "lion-pytorch lion": ("lion_pytorch", "Lion", {}, SIGN),
    "lion-pytorch lion 0.1 decay": ("lion_pytorch", "Lion", {"weight_decay": 0.1}, SIGN),
    "optax lars": ("optax", "lars", {"weight_decay": 0.0005, "trust_coefficient": 0.01}, _lr(0.4, 0.05, 0.4)),
    "optax lamb": ("optax", "lamb", {"weight_decay": 0.01}, _lr(0.02, 0.01, 0.05)),
    "timm adamw": ("timm", "AdamWLegacy", {"caution": True}, ADAM),
    "timm adamw 0.1 decay": ("timm", "AdamWLegacy", {"caution": True, "weight_decay": 0.1}, ADAM),
    "timm lion": ("timm", "Lion", {"caution": True}, SIGN),
    "pytorch_optimizer lion": ("pytorch_optimizer", "Lion", {"cautious": True, "weight_decay": 0.1}, SIGN),
}

# Options of the biases, where they have others.
PLAIN = {"biases": {"weight_decay": 0.0}}

# name: (library, optimizer, options, learning rate), on the network, whose four parts are four tensors.
# Where a name says "zero", the biases begin at zero; "masked" means optax's masks that leave the biases out.
ON_NETWORK = {
    "net optax lars": ("optax", "lars", {"weight_decay": 0.01, "trust_coefficient": 0.01}, 0.5),
    "net optax lars zero decay": ("optax", "lars", {"momentum": 0.8, "trust_coefficient": 0.01}, 0.1),
    "net optax lars masked": ("optax", "lars", {"weight_decay": 0.01}, 0.05),
    "net pytorch_optimizer lars": ("pytorch_optimizer", "LARS", {"weight_decay": 0.01}, 0.05),
    "net timm lars decay": ("timm", "Lars", {"weight_decay": 0.01, "momentum": 0.9, **PLAIN}, 0.2),
    "net optax lamb": ("optax", "lamb", {"weight_decay": 0.01}, 0.003),
    "net optax lamb zero decay": ("optax", "lamb", {"b1": 0.8, "b2": 0.99}, 0.01),
    "net timm lamb": ("timm", "Lamb", {"max_grad_norm": None, **PLAIN}, 0.003),
    "net pytorch_optimizer lamb": (
        "pytorch_optimizer",
        "Lamb",
        {"weight_decay": 0.1, "weight_decouple": False, "adam_debias": True},
        0.003,
    ),
    "net timm adamw": ("timm", "AdamWLegacy", {"caution": True}, 0.01),
    "net pytorch_optimizer lion": ("pytorch_optimizer", "Lion", {"cautious": True}, 0.0031),
}
