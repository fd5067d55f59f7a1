"""What was recorded of Adafactor, Shampoo and SOAP: options, learning rates, a regression, and the rules.

Only the options named here are passed to the library; all others stay at the library's own default.  A name ending in
"decay" uses the schedule η_k = lr / (1 + 0.1 k) of `problems.decayed`; k = 0, 1, 2, … counts the steps, t = k + 1.

The rules, as read in the sources (torch 2.13.0, optax 0.2.8, pytorch_optimizer 4.1.0, optax-shampoo 0.0.6, and for SOAP
the authors' soap.py at github.com/nikhilvyas/SOAP, which is no package).  G is the gradient of a layer; means and
products with ∘ are taken element by element.

Adafactor, β = 1 - t^(-0.8):  R ← βR + (1-β) mean of each row of G∘G,  C ← βC + (1-β) mean of each column
        V = RC/mean(R), but in a vector V ← βV + (1-β) G∘G;  U = G/√V,  Û = U / max(1, RMS(U)/d),  d = 1
  torch   θ ← (1 - ηλ)θ, then θ ← θ - min(η, 1/√t) max(10⁻³, RMS(θ)) Û, with the RMS of the θ before the decay;  λ = 0
          mean(R) is max(mean(R), ε₁) and √V is max(√V, ε₁), ε₁ = 2.2e-16 in float64;  η = 0.01
  optax   θ ← θ - η max(10⁻³, RMS(θ)) Û, without the RMS if multiply_by_parameter_scale=False;  G∘G is G∘G + 10⁻³⁰
          a matrix with a side below min_dim_size_to_factor = 128 has V as a vector has it
          t^(-0.8) is computed in *float32*; in the recording in float64 (see `record_matrices.float64_beta`)

Shampoo
  pytorch_optimizer Shampoo   L ← L + GGᵀ,  R ← R + GᵀG, both from εI, ε = 10⁻⁶;  W ← W - η L^(-1/4) G R^(-1/4)
          a vector: L ← L + ggᵀ,  b ← b - η L^(-1/2) g
          With preconditioning_compute_steps = f the roots are zero before step f, so that nothing moves.  Its momentum
          mixes the gradient with the last *step*.  Neither is recorded.
  pytorch_optimizer ScalableShampoo   L ← β₂L + (1-β₂)GGᵀ, …;  P = L^(-1/4) G R^(-1/4), or L^(-1/p) with
          inverse_exponent_override=p;  P ← P ‖graft‖/‖P‖ in each layer (not with graft NONE), graft = G with SGD,
          sign(G) with SQRTN;  a vector's step is its graft, or g with NONE;  B ← β₁B + P,  θ ← θ - ηB
          all of it with use_svd=True, else the roots come from an iteration that stops at an error of 10⁻³
  optax-shampoo (Anil, Gupta, Koren et al.)   the same; a vector has L, and L^(-1/2) or L^(-1/p)
          with β₂ = 1 L is the sum
          with preconditioning_compute_steps = f the roots are computed at k = 0, f, 2f, …
          float32 is written into it, and roots come from an iteration that stops at 10⁻⁶; in the recording all is
          float64, and the roots are those of an eigen-decomposition (see `record_matrices.google`)

SOAP, pytorch_optimizer   k = 0: L ← (1-β₂)GGᵀ, R ← (1-β₂)GᵀG, Q = their eigenvectors, largest first; θ stays
  then    G' = Q_Lᵀ G Q_R,  m ← β₁m + (1-β₁)G,  v ← β₂v + (1-β₂)G'∘G'
          W ← W - η √(1-β₂ᵏ)/(1-β₁ᵏ) Q_L [(Q_Lᵀ m Q_R) / (√v + ε)] Q_Rᵀ,  then W ← (1 - ηλ)W;  λ = 0.01, recorded with 0
          L ← β₂L + (1-β₂)GGᵀ, …;  if k is a multiple of f = 10: the columns of Q, and the rows (columns) of v, are
          sorted by diag(QᵀLQ), largest first;  Q ← the Q of the QR of LQ
          a vector has Adam;  β₁ = β₂ = 0.95,  η = 0.003,  ε = 10⁻⁸
          QR runs in *float32*; in the recording in float64 (see `record_matrices.float64_qr`)
  the authors' code is the same, with m held in the turned axes, and turned along with Q; all of Q is float32

Where the first gradient of a matrix has less than full rank, as a matrix with unequal sides always has, the
eigenvectors to the eigenvalue 0 are any: what rounding makes of them changes the path at once.  So SOAP is recorded on
a regression with a square matrix and, on the network, with the library's first Q beside it.
"""

import numpy as np

from .nested_entries import NETWORK, _product
from .problems import STEPS, decayed

SIDE = 4


class Regression:
    """Mean of ½‖XW + b - T‖² over batches of 12 of 60 examples, with a square W, and features on different scales."""

    name = "regression"

    def __init__(self):
        rng = np.random.default_rng(5)
        self.X = rng.standard_normal((60, SIDE)) * np.array([3.0, 1.5, 1.0, 0.5])
        self.T = _product(self.X, rng.standard_normal((SIDE, SIDE))) + rng.standard_normal((60, SIDE))
        self.batches = np.array([rng.choice(60, size=12, replace=False) for _ in range(STEPS)])
        self.start = np.zeros(SIDE * SIDE + SIDE)

    def split(self, theta):
        return [theta[: SIDE * SIDE].reshape(SIDE, SIDE), theta[SIDE * SIDE :]]

    def grad(self, theta, k=0):
        X, T = self.X[self.batches[k]], self.T[self.batches[k]]
        W, b = self.split(theta)
        error = (_product(X, W) + b - T) / len(X)
        return np.concatenate([_product(X.T, error).ravel(), error.sum(axis=0)])


REGRESSION = Regression()


def rate(name, lr):
    """The learning rate that an entry's name asks for: a number or a function of k."""
    return decayed(lr) if name.endswith("decay") else lr


def _lr(quadratic, rosenbrock, logistic):
    return {"quadratic": quadratic, "rosenbrock": rosenbrock, "logistic": logistic}


# Chosen so that a difference of 1e-12 in the start stays below 1e-10 for 200 steps.
RELATIVE = _lr(0.02, 0.001, 0.1)
FLAT = {"multiply_by_parameter_scale": False, "decay_rate": 0.5, "clipping_threshold": 2.0}

# name: (library, optimizer, options, learning rate); a table of rates means the three problems, side by side
ADAFACTOR = {
    "torch adafactor": ("torch", "Adafactor", {}, RELATIVE),
    "torch adafactor decay": ("torch", "Adafactor", {}, RELATIVE),
    "optax adafactor": ("optax", "adafactor", {}, RELATIVE),
    "optax adafactor flat": ("optax", "adafactor", FLAT, _lr(0.005, 0.01, 0.02)),
    "torch adafactor network": ("torch", "Adafactor", {}, 0.01),
    "torch adafactor network fast": ("torch", "Adafactor", {"beta2_decay": -0.9, "eps": (0.03, 0.3)}, 0.1),
    "torch adafactor network weights": ("torch", "Adafactor", {"weight_decay": 0.1}, 0.01),
    "optax adafactor network": ("optax", "adafactor", {"min_dim_size_to_factor": 1}, 0.01),
    "optax adafactor network three": ("optax", "adafactor", {"min_dim_size_to_factor": 3, "eps": 0.001, **FLAT}, 0.002),
}

SCALABLE = {
    "start_preconditioning_step": 1,
    "preconditioning_compute_steps": 1,
    "shape_interpretation": False,
    "nesterov": False,
    "use_svd": True,
}
GOOGLE = {
    "block_size": 128,
    "beta1": 0.0,
    "beta2": 1.0,
    "start_preconditioning_step": 0,
    "best_effort_shape_interpretation": False,
    "nesterov": False,
}
SHAMPOO = {
    "shampoo": ("pytorch_optimizer", "Shampoo", {}, _lr(0.05, 0.02, 0.05)),
    "shampoo network": ("pytorch_optimizer", "Shampoo", {}, 0.1),
    "shampoo network decay": ("pytorch_optimizer", "Shampoo", {"matrix_eps": 0.01}, 0.1),
    "scalable network": (
        "pytorch_optimizer",
        "ScalableShampoo",
        {**SCALABLE, "betas": (0.0, 0.99), "graft_type": 0},
        0.01,
    ),
    "scalable network half": (
        "pytorch_optimizer",
        "ScalableShampoo",
        {**SCALABLE, "betas": (0.8, 0.99), "graft_type": 1, "inverse_exponent_override": 2},
        0.01,
    ),
    "scalable network sign": (
        "pytorch_optimizer",
        "ScalableShampoo",
        {**SCALABLE, "betas": (0.0, 0.99), "graft_type": 4},
        0.0003,
    ),
    "google network": ("optax_shampoo", "SGD", {**GOOGLE, "preconditioning_compute_steps": 10}, 0.01),
    "google network sign": (
        "optax_shampoo",
        "SQRT_N",
        {**GOOGLE, "beta1": 0.8, "beta2": 0.99, "preconditioning_compute_steps": 3},
        0.0003,
    ),
}

PLAIN = {"weight_decay": 0.0}
SOAP = {
    "soap": ("pytorch_optimizer", "SOAP", PLAIN, _lr(0.05, 0.02, 0.05)),
    "soap regression": ("pytorch_optimizer", "SOAP", PLAIN, 0.03),
    "soap regression decay": ("pytorch_optimizer", "SOAP", PLAIN, 0.1),
    "soap regression always": ("pytorch_optimizer", "SOAP", {**PLAIN, "precondition_frequency": 1}, 0.03),
    "soap regression slow": (
        "pytorch_optimizer",
        "SOAP",
        {**PLAIN, "betas": (0.9, 0.99), "precondition_frequency": 3},
        0.03,
    ),
    "soap network": ("pytorch_optimizer", "SOAP", PLAIN, 0.003),
}

MATRICES = ADAFACTOR | SHAMPOO | SOAP


def where(name):
    """What an entry was recorded on: the network, the regression, or None for the three problems."""
    return NETWORK if "network" in name else REGRESSION if "regression" in name else None
