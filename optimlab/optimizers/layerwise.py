"""Optimizers that see the layers: Muon turns the momentum of each weight matrix into the nearest orthogonal one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer, Layers, one_layer
from ..losses import Gradient
from ..newton_schulz import COEFFICIENTS, orthogonalized, polar
from .base import Optimizer, State, Step, Work, decay, learning_rate, option, remembered, stabilizer

__all__ = ["Muon"]


@dataclass(frozen=True, repr=False)
class Muon(Optimizer):
    r"""Muon (Jordan et al. 2024) on the weight matrices of a network, Adam on all the rest.

    .. math::
        B \leftarrow \mu B + (1-\mu)\,G, \qquad U = \mu B + (1-\mu)\,G, \qquad
        W \leftarrow W - \eta\,\Big(\sqrt{\max(1, n_\text{out}/n_\text{in})}\;\mathrm{NS}(U) + \lambda W\Big)

    NS, the Newton–Schulz iteration, takes U/‖U‖ and repeats X ← aX + (bA + cA²)X with A = XXᵀ: it brings all singular
    values near 1 that are not too small (`optimlab.newton_schulz`).

    Parameters
    ----------
    lr : η ≥ 0, default 0.02
    mu : μ in [0, 1), default 0.95
    nesterov : U looks ahead as above (default), or U = B
    coefficients : a, b and c of each step: ``"Jordan"`` (default) (3.4445, −4.7750, 2.0315); ``"Polar Express"`` (Amsel
        et al. 2025), ``"cubic"`` or ``"quintic"``; ``"exact"`` sets all singular values but 0 to 1, without iteration
    ns_steps : how often the iteration is repeated, default 5
    weight_decay : λ ≥ 0 of the matrices, default 0 (0.1 in PyTorch)
    scaling : ``"original"`` as above; ``"match_rms_adamw"`` 0.2·√max(n_in, n_out), so that a step is as long as AdamW's
    form : ``"torch"`` as above; ``"optax"`` corrects B for its start, and takes NAdam for the rest while ``nesterov``
    lr_ratio, beta1, beta2, eps, adam_weight_decay : of Adam, whose η is ``lr_ratio`` times Muon's

    Notes
    -----
    PyTorch computes NS in bfloat16, which moves its steps by up to 10⁻³; here it is as exact as θ. W has the shape
    (n_in, n_out); PyTorch's ``Linear`` keeps its transpose, with the same result. Without matrices (a surface), all of
    θ is "the rest".

    State: ``B``, ``m`` and ``v``, shaped like θ.
    """

    paper, year = "Jordan et al.", 2024

    lr: Rate = learning_rate(0.02)
    mu: float = decay(0.95, "μ", "momentum")
    nesterov: bool = option(True)
    ns_steps: int = knob(5, "s", "number of iterations", low=1, high=10, allowed="[1, 100]", whole=True, slider=False)
    weight_decay: float = knob(0.0, "λ", "weight decay", low=0.0, high=1.0, slider=False)
    scaling: str = option("original", "original", "match_rms_adamw")
    form: str = option("torch", "torch", "optax")
    lr_ratio: float = knob(1.0, "ratio", "Adam's learning rate", low=0.1, high=10.0, log=True, slider=False)
    beta1: float = decay(0.9, "β₁", "first-moment decay")
    beta2: float = decay(0.999, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-8)
    adam_weight_decay: float = knob(0.0, "λ_Adam", "weight decay", low=0.0, high=1.0, slider=False)
    coefficients: str = option("Jordan", *COEFFICIENTS, "exact")
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def init(self, theta: np.ndarray) -> State:
        return {"B": np.zeros_like(theta), "m": np.zeros_like(theta), "v": np.zeros_like(theta)}

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, layers=layers)

    def memory(self, layer: Layer) -> int:
        """B of a matrix, Adam's m and v of the rest; the state here has all three of all of θ, to be simple."""
        means = remembered(self.mu) if layer.is_matrix else remembered(self.beta1, self.beta2)
        return layer.size * means

    def work(self, layer: Layer) -> Work:
        """In each iteration A = XXᵀ, A² and a product with X, from the shorter side; or an SVD."""
        if not layer.is_matrix:
            return Work()
        short, long = sorted(layer.shape)
        if self.coefficients == "exact":
            return Work(decompositions=short**2 * long)
        return Work(int(np.max(self.ns_steps)) * (2 * short**2 * long + short**3))

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        B = self.mu * state["B"] + (1 - self.mu) * g
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * g**2
        layers = self.layers or one_layer(theta.shape[-1])
        step = layers.each(self._of_layer, self._momentum(B, g, k, self.mu), self._adam(m, v, g, k))
        matrices = layers.matrices(theta)
        shrink = self.weight_decay * matrices + self.lr_ratio * self.adam_weight_decay * (theta - matrices)
        return theta - self.rate(k) * (step + shrink), {"B": B, "m": m, "v": v}

    def _of_layer(self, layer: Layer, U: np.ndarray, adam: np.ndarray) -> np.ndarray:
        if not layer.is_matrix:
            return adam
        n_in, n_out = layer.shape
        longest = 0.2 * max(n_in, n_out) ** 0.5 if self.scaling == "match_rms_adamw" else max(1, n_out / n_in) ** 0.5
        return longest * self._orthogonal(U)

    def _orthogonal(self, U: np.ndarray) -> np.ndarray:
        if self.coefficients == "exact":
            return polar(U)
        return orthogonalized(U, self.coefficients, int(np.max(self.ns_steps)), self.form)

    def _momentum(self, B: np.ndarray, g: np.ndarray, k: int, mu: float) -> np.ndarray:
        """U: the mean of the gradients, with a look ahead, and in optax's form corrected for its start."""
        t = k + 1
        if self.form == "torch":
            return mu * B + (1 - mu) * g if self.nesterov else B
        if self.nesterov:
            return mu * B / (1 - mu ** (t + 1)) + (1 - mu) * g / (1 - mu**t)
        return B / (1 - mu**t)

    def _adam(self, m: np.ndarray, v: np.ndarray, g: np.ndarray, k: int) -> np.ndarray:
        v_hat = v / (1 - self.beta2 ** (k + 1))
        m_hat = self._momentum(m, g, k, self.beta1) if self.form == "optax" else m / (1 - self.beta1 ** (k + 1))
        return self.lr_ratio * m_hat / (np.sqrt(v_hat) + self.eps)
