"""Adafactor: of the squares of a matrix of gradients, only the means of the rows and of the columns are remembered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer, Layers, one_layer
from ..losses import Gradient
from .base import Optimizer, State, Step, learning_rate, option, remembered, stabilizer

__all__ = ["Adafactor"]


@dataclass(frozen=True, repr=False)
class Adafactor(Optimizer):
    r"""Adafactor (Shazeer & Stern 2018): n_in + n_out numbers stand for the n_in · n_out of a mean of squares.

    .. math::
        \beta_t = 1 - t^{-c}, \quad
        R \leftarrow \beta_t R + (1-\beta_t)\,\mathrm{mean}_\text{row}(G^2 + \varepsilon_1), \quad
        C \leftarrow \beta_t C + (1-\beta_t)\,\mathrm{mean}_\text{column}(G^2 + \varepsilon_1), \\
        V = \frac{R\,C^\top}{\mathrm{mean}(R)}, \quad U = \frac{G}{\sqrt V}, \quad
        W \leftarrow W - \min\!\big(\eta, \tfrac{1}{\sqrt t}\big)\,\max\!\big(\varepsilon_2, \mathrm{RMS}(W)\big)\,
        \frac{U}{\max(1, \mathrm{RMS}(U)/d)}

    in each layer; where it is no matrix, V is Adam's v, a mean of G² + ε₁ itself.

    Parameters
    ----------
    lr : η ≥ 0, default 0.01: the largest change of a layer in one step, as a part of its size
    decay_rate : c ≥ 0, default 0.8: the mean is over about the last t^c steps
    eps1 : ε₁ ≥ 0, default 1e-30 (2.2e-16 in PyTorch, as a floor)
    eps2 : ε₂ ≥ 0, default 0.001: the least size of a layer
    clip_threshold : d > 0, default 1: the longest U, as a root mean square
    relative_step : η falls as 1/√t above (default; the paper, PyTorch), or it is the schedule's alone (optax)
    scale_parameter : the step is as long as the layer's size above (default), or η is the length (optax: False)
    eps_as_floor : ε₁ is added to G² as above (default; optax), or mean(R) and √V are at least ε₁ (PyTorch)
    min_dim_size_to_factor : a matrix with a shorter side keeps all of V, default 1 (128 in optax)

    Notes
    -----
    The paper sums where this takes means, with the same V. PyTorch's weight decay is that of
    ``DecoupledWeightDecay(Adafactor())``, but for the biases; optax's is not multiplied by η. There is no momentum, as
    in the paper by default. Optax computes βₜ in float32, which moves its steps by about 10⁻⁸.

    State: for the layer number i ``Ri``, shape (n_in,), and ``Ci``, shape (n_out,), if it is a matrix, else ``Vi``,
    shaped like the layer. Without layers (a surface) θ is one vector, and there is ``V0`` only.

    >>> Adafactor().step(np.array([2.0]), lambda theta: theta, Adafactor().init(np.ones(1)), 0)[0]
    array([1.98])
    """

    paper, year = "Shazeer & Stern", 2018

    lr: Rate = learning_rate(0.01)
    decay_rate: float = knob(0.8, "c", "decay rate", low=0.1, high=1.0, count=19)
    eps1: float = stabilizer(1e-30, "ε₁")
    eps2: float = stabilizer(1e-3, "ε₂")
    clip_threshold: float = knob(1.0, "d", "clipping threshold", low=0.5, high=5.0, allowed="(0, ∞)", slider=False)
    relative_step: bool = option(True)
    scale_parameter: bool = option(True)
    eps_as_floor: bool = option(False)
    min_dim_size_to_factor: int = knob(
        1, "n", "shortest side that is factored", low=1, high=256, allowed="[1, ∞)", whole=True, slider=False
    )
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, layers=layers)

    def init(self, theta: np.ndarray) -> State:
        layers = self.layers or one_layer(theta.shape[-1])
        state: State = {}
        for i, (layer, W) in enumerate(zip(layers, layers.views(np.zeros_like(theta)))):
            state |= {f"R{i}": W[..., 0], f"C{i}": W[..., 0, :]} if self._factors(layer) else {f"V{i}": W}
        return state

    def memory(self, layer: Layer) -> int:
        return remembered(self.decay_rate) * (sum(layer.shape) if self._factors(layer) else layer.size)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = (k + 1) * np.ones_like(theta[..., :1])  # for each run, so that one run rounds as many do
        g = grad(theta)
        layers = self.layers or one_layer(theta.shape[-1])
        V, state = self._means(layers, g**2 if self.eps_as_floor else g**2 + self.eps1, state, t)
        U = g / (np.maximum(np.sqrt(V), self.eps1) if self.eps_as_floor else np.sqrt(V))
        size = np.maximum(self.eps2, rms(layers, theta)) if self.scale_parameter else np.ones_like(theta)
        alpha = self.rate(k) * size
        if self.relative_step:
            alpha = np.minimum(alpha, size * t**-0.5)
        return theta - alpha * U / np.maximum(1, rms(layers, U) / self.clip_threshold), state

    def _means(self, layers: Layers, squares: np.ndarray, state: State, t: np.ndarray) -> tuple[np.ndarray, State]:
        """V, shaped like θ, and the new state."""
        beta = 1 - t**-self.decay_rate
        parts: list[np.ndarray] = []
        new: State = {}
        for i, (layer, square) in enumerate(zip(layers, layers.views(squares))):
            flat = square.reshape(*squares.shape[:-1], layer.size)
            if self._factors(layer):
                new[f"R{i}"] = R = beta * state[f"R{i}"] + (1 - beta) * np.mean(square, axis=-1)
                new[f"C{i}"] = C = beta * state[f"C{i}"] + (1 - beta) * np.mean(square, axis=-2)
                mean = np.mean(R, axis=-1, keepdims=True)
                mean = np.maximum(mean, self.eps1) if self.eps_as_floor else mean
                flat = ((R / mean)[..., :, None] * C[..., None, :]).reshape(flat.shape)
            else:
                before = state[f"V{i}"].reshape(flat.shape)
                flat = beta * before + (1 - beta) * flat
                new[f"V{i}"] = flat.reshape(square.shape)
            parts.append(flat)
        return np.concatenate(parts, axis=-1), new

    def _factors(self, layer: Layer) -> bool:
        return layer.is_matrix and min(layer.shape) >= np.max(self.min_dim_size_to_factor)

    @property
    def formula(self) -> str:
        rate = r"\min(\eta, t^{-1/2})" if self.relative_step else r"\eta"
        size = r"\max(\varepsilon_2, \mathrm{RMS}(\theta))" if self.scale_parameter else ""
        root = r"\max(\sqrt{V}, \varepsilon_1)" if self.eps_as_floor else r"\sqrt{V}"
        return (
            rf"\theta \leftarrow \theta \;\step{{-\,{rate}\,{size}\frac{{U}}{{\max(1, \mathrm{{RMS}}(U)/d)}}}}, "
            rf"\qquad U = \frac{{\gradient{{g}}}}{{{root}}}, \quad V = \frac{{R\,C^\top}}{{\mathrm{{mean}}(R)}}"
        )


def rms(layers: Layers, flat: np.ndarray) -> np.ndarray:
    """The root mean square of each layer, at each of its numbers: shaped like θ."""

    def of_layer(layer: Layer, part: np.ndarray) -> np.ndarray:
        axes = tuple(range(-len(layer.shape), 0))
        return np.broadcast_to(np.sqrt(np.mean(part**2, axis=axes, keepdims=True)), part.shape)

    return layers.each(of_layer, flat)
