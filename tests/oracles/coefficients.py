"""The coefficients of the Newton–Schulz iteration, typed in from the papers, and what they do to a singular value."""

import numpy as np

# Amsel, Persson, Musco & Gower 2025; each is divided as there, so that no rounding carries a value out of reach.
PAPER = [
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
]
CUBIC, QUINTIC = (1.5, -0.5, 0.0), (1.875, -1.25, 0.375)
EXPRESS = [*((a / 1.01, b / 1.01**3, c / 1.01**5) for a, b, c in PAPER), QUINTIC]
JORDAN = (3.4445, -4.7750, 2.0315)
SETS = {"Jordan": [JORDAN] * 10, "Polar Express": EXPRESS + [QUINTIC] * 2, "cubic": [CUBIC] * 10}
SETS["quintic"] = [QUINTIC] * 10


def moved(sigma, name, steps):
    """What becomes of singular values, as parts of the norm."""
    sigma = np.array(sigma) / (1.01 if name == "Polar Express" else 1.0)
    for a, b, c in SETS[name][:steps]:
        sigma = a * sigma + b * sigma**3 + c * sigma**5
    return sigma


def orthogonal(X):
    """Five iterations of Muon's polynomial."""
    X = X / np.linalg.norm(X)
    for a, b, c in SETS["Jordan"][:5]:
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X
