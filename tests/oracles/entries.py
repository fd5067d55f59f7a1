"""What was recorded: library, optimizer, options, learning rate per problem.

Only the options named here are passed to the library; all others stay at the
library's own default.  The test spells these defaults out on our side, so it
also proves the defaults in the table below.

The rules, as read in the sources (torch 2.13.0, optax 0.2.8, keras 3.15.1).
g is the gradient, η the learning rate (η_k where it makes a difference),
all state starts from 0 unless said otherwise, and squares, roots and quotients
are taken element by element.

momentum
  torch   first step v = g, then v ← γv + (1-τ)g;  θ ← θ - η_k v     η outside
          (τ "dampening", default 0; the first step is *not* dampened)
  optax   v ← γv + g;                              θ ← θ - η_k v     η outside
  keras   v ← γv - η_k g;                          θ ← θ + v         η inside
  For a constant η and τ = 0 all three are the same; with a schedule they differ.

Nesterov (gradient at the current point in all three, never "looking ahead")
  torch   v as above;                              θ ← θ - η_k (g + γv)
  optax   v as above;                              θ ← θ - η_k (g + γv)
  keras   v as above;                              θ ← θ + γv - η_k g

Adagrad: G ← G + g²
  torch   θ ← θ - η g / (√G + ε)     ε = 1e-10 outside, G starts at 0
  optax   θ ← θ - η g / √(G + ε)     ε = 1e-7  inside,  G starts at 0.1
  keras   θ ← θ - η g / √(G + ε)     ε = 1e-7  inside,  G starts at 0.1

Adadelta: E ← ρE + (1-ρ)g²,  Δ = g √(D + ε) / √(E + ε),  D ← ρD + (1-ρ)Δ²,
          θ ← θ - ηΔ  (η does not enter D); the same rule everywhere
  torch   η = 1,     ρ = 0.9,  ε = 1e-6
  optax   η = None,  ρ = 0.9,  ε = 1e-6   (η = None is not η = 1: the minus sign
                                           is left out, and the step goes *uphill*)
  keras   η = 0.001, ρ = 0.95, ε = 1e-7

RMSprop: E ← γE + (1-γ)g²
  torch   θ ← θ - η g / (√E + ε)     γ = 0.99 ("alpha"), ε = 1e-8 outside
  optax   θ ← θ - η g / √(E + ε)     γ = 0.9  ("decay"), ε = 1e-8 inside;
                                     outside with eps_in_sqrt=False
  keras   θ ← θ - η g / √(E + ε)     γ = 0.9  ("rho"),   ε = 1e-7 inside

Adam: m ← β₁m + (1-β₁)g,  v ← β₂v + (1-β₂)g²,  step number t = 1, 2, ...
      m̂ = m/(1-β₁ᵗ),  v̂ = v/(1-β₂ᵗ);  β₁ = 0.9, β₂ = 0.999 everywhere
  torch   θ ← θ - η m̂ / (√v̂ + ε)                 ε = 1e-8
  optax   θ ← θ - η m̂ / (√(v̂ + ε_root) + ε)      ε = 1e-8, ε_root = 0
  keras   θ ← θ - η √(1-β₂ᵗ)/(1-β₁ᵗ) m / (√v + ε)   ε = 1e-7
          that is η m̂ / (√v̂ + ε/√(1-β₂ᵗ)): the "epsilon hat" of the Adam paper
"""


def _lr(quadratic, rosenbrock, logistic):
    return {"quadratic": quadratic, "rosenbrock": rosenbrock, "logistic": logistic}


# RMSprop and Adadelta take full-length steps even where the gradient is tiny, so
# with a constant rate they bounce at the bottom of a ravine, and chaotically: a
# difference of 1e-12 in the start grows to order 1e-2 within 200 steps.  Their
# rates are chosen so small here that the rounding of the last digit stays there.
PLAIN = _lr(0.04, 5e-4, 0.2)
HEAVY = _lr(0.04, 2e-4, 0.1)
SCHEDULE = _lr(0.1, 5e-4, 0.5)
NESTEROV_SCHEDULE = _lr(0.05, 5e-4, 0.5)
ADAGRAD = _lr(0.3, 0.1, 0.3)
ADADELTA = _lr(1.0, 0.1, 1.0)
RMSPROP = _lr(0.003, 2e-4, 0.02)
ADAM = _lr(0.05, 0.05, 0.05)

# name: (library, optimizer, options passed to the library, learning rates)
# A name ending in "decay" uses the schedule lr / (1 + 0.1 k).
ENTRIES = {
    "torch sgd": ("torch", "SGD", {}, PLAIN),
    "optax sgd": ("optax", "sgd", {}, PLAIN),
    "keras sgd": ("keras", "SGD", {}, PLAIN),
    "torch momentum": ("torch", "SGD", {"momentum": 0.9}, HEAVY),
    "optax momentum": ("optax", "sgd", {"momentum": 0.9}, HEAVY),
    "keras momentum": ("keras", "SGD", {"momentum": 0.9}, HEAVY),
    "torch dampening": ("torch", "SGD", {"momentum": 0.9, "dampening": 0.5}, HEAVY),
    "torch nesterov": ("torch", "SGD", {"momentum": 0.9, "nesterov": True}, HEAVY),
    "optax nesterov": ("optax", "sgd", {"momentum": 0.9, "nesterov": True}, HEAVY),
    "keras nesterov": ("keras", "SGD", {"momentum": 0.9, "nesterov": True}, HEAVY),
    "torch momentum decay": ("torch", "SGD", {"momentum": 0.9}, SCHEDULE),
    "optax momentum decay": ("optax", "sgd", {"momentum": 0.9}, SCHEDULE),
    "keras momentum decay": ("keras", "SGD", {"momentum": 0.9}, SCHEDULE),
    "torch nesterov decay": ("torch", "SGD", {"momentum": 0.9, "nesterov": True}, NESTEROV_SCHEDULE),
    "keras nesterov decay": ("keras", "SGD", {"momentum": 0.9, "nesterov": True}, NESTEROV_SCHEDULE),
    "torch adagrad": ("torch", "Adagrad", {}, ADAGRAD),
    "torch adagrad start": ("torch", "Adagrad", {"initial_accumulator_value": 0.1}, ADAGRAD),
    "optax adagrad": ("optax", "adagrad", {}, ADAGRAD),
    "keras adagrad": ("keras", "Adagrad", {}, ADAGRAD),
    "torch adagrad large": ("torch", "Adagrad", {"eps": 1e-2}, ADAGRAD),
    "optax adagrad large": ("optax", "adagrad", {"eps": 1e-2}, ADAGRAD),
    "keras adagrad large": ("keras", "Adagrad", {"epsilon": 1e-2}, ADAGRAD),
    "torch adadelta": ("torch", "Adadelta", {}, ADADELTA),
    "optax adadelta": ("optax", "adadelta", {}, ADADELTA),
    "keras adadelta": ("keras", "Adadelta", {}, ADADELTA),
    "torch rmsprop": ("torch", "RMSprop", {}, RMSPROP),
    "torch rmsprop 0.9": ("torch", "RMSprop", {"alpha": 0.9}, RMSPROP),
    "optax rmsprop": ("optax", "rmsprop", {}, RMSPROP),
    "optax rmsprop outside": ("optax", "rmsprop", {"eps_in_sqrt": False}, RMSPROP),
    "keras rmsprop": ("keras", "RMSprop", {}, RMSPROP),
    "torch rmsprop large": ("torch", "RMSprop", {"alpha": 0.9, "eps": 1e-2}, RMSPROP),
    "optax rmsprop large": ("optax", "rmsprop", {"eps": 1e-2}, RMSPROP),
    "optax rmsprop large outside": ("optax", "rmsprop", {"eps": 1e-2, "eps_in_sqrt": False}, RMSPROP),
    "keras rmsprop large": ("keras", "RMSprop", {"epsilon": 1e-2}, RMSPROP),
    "torch adam": ("torch", "Adam", {}, ADAM),
    "optax adam": ("optax", "adam", {}, ADAM),
    "optax adam root": ("optax", "adam", {"eps_root": 1e-4}, ADAM),
    "keras adam": ("keras", "Adam", {}, ADAM),
    "torch adam large": ("torch", "Adam", {"eps": 1e-2}, ADAM),
    "optax adam large": ("optax", "adam", {"eps": 1e-2}, ADAM),
    "keras adam large": ("keras", "Adam", {"epsilon": 1e-2}, ADAM),
}
