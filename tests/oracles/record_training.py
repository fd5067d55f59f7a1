"""Record what PyTorch's AdamW and its gradient clipping make of a small network: training.npz.

Not needed to run the tests: the recorded file is part of the repository. To record it anew, in a venv of its own:

    pip install torch==2.13.0 numpy
    python tests/oracles/record_training.py
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch

SIZES, STEPS, LIMIT = (3, 6, 4), 60, 0.05
OPTIONS = {"lr": 0.03, "betas": (0.9, 0.99), "eps": 1e-8}
DECAY = 0.2


def main():
    random = np.random.default_rng(7)
    X, y = random.normal(size=(30, 3)), random.integers(0, 4, 30)
    theta = [random.normal(size=(n, m)) for n, m in pairwise(SIZES)]
    arrays = {"X": X, "y": y, "version": np.array(torch.__version__), "theta": flat(theta, [0.0] * 2)}
    for name, decay, clip in (
        ("decay", DECAY, None),
        ("norm", 0.0, torch.nn.utils.clip_grad_norm_),
        ("value", 0.0, torch.nn.utils.clip_grad_value_),
    ):
        arrays[name] = train(X, y, theta, decay, clip)
    np.savez_compressed(Path(__file__).parent / "training.npz", **arrays)


def train(X, y, theta, decay, clip):
    """θ after each step, with the biases of our layout behind each matrix: shape (STEPS + 1, size)."""
    X, y = torch.tensor(X), torch.tensor(y)
    weights = [torch.tensor(W, requires_grad=True) for W in theta]
    biases = [torch.zeros(W.shape[1], dtype=torch.float64, requires_grad=True) for W in theta]
    groups = [{"params": weights, "weight_decay": decay}, {"params": biases, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, **OPTIONS)
    path = [flat(weights, biases)]
    for _ in range(STEPS):
        optimizer.zero_grad()
        hidden = torch.tanh(X @ weights[0] + biases[0])
        torch.nn.functional.cross_entropy(hidden @ weights[1] + biases[1], y).backward()
        if clip:
            clip([*weights, *biases], LIMIT)
        optimizer.step()
        path.append(flat(weights, biases))
    return np.array(path)


def flat(weights, biases):
    parts = []
    for W, b in zip(weights, biases):
        W = W.detach().numpy() if isinstance(W, torch.Tensor) else W
        b = b.detach().numpy() if isinstance(b, torch.Tensor) else np.zeros(W.shape[1])
        parts += [W.ravel(), b]
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
