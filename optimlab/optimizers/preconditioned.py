"""Optimizers that choose their own axes: Shampoo and SOAP, by the second moments of the rows and columns of a gradient.

L sums GGᵀ, R sums GᵀG: their eigenvectors are the directions in which the rows and the columns of a matrix move.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..knobs import Rate, knob
from ..layers import Layer, Layers, one_layer
from ..losses import Gradient
from .base import Optimizer, State, Step, Work, decay, learning_rate, option, remembered, stabilizer

__all__ = ["Shampoo", "SOAP"]

Sides = dict[str, np.ndarray]
"""What stands at the left and at the right of the matrix number i: "Li", shape (..., n_in, n_in), and "Ri"."""


def every(default: int, meaning: str) -> Any:
    return knob(default, "f", meaning, low=1, high=100, count=100, allowed="[1, ∞)", whole=True)


@dataclass(frozen=True, repr=False)
class Shampoo(Optimizer):
    r"""Shampoo (Gupta, Koren & Singer 2018): AdaGrad with a matrix for the rows, and one for the columns.

    .. math::
        L \leftarrow L + GG^\top, \qquad R \leftarrow R + G^\top G, \qquad
        W \leftarrow W - \eta\,L^{-1/4}\,G\,R^{-1/4}

    A vector g, such as the gradient of a bias, has one side only, and the step :math:`-\eta L^{-1/2} g`: AdaGrad with
    the full matrix. L and R start as εI.

    Parameters
    ----------
    lr : η ≥ 0, default 0.1
    eps : ε ≥ 0, default 1e-6
    exponent : p in [0, 1] of the matrices, default 1/4 (1/2 in many later versions)
    beta2 : β₂ in [0, 1], default 1, the sum above; below it the mean L ← β₂L + (1−β₂)GGᵀ, not corrected for its start
    frequency : f ≥ 1, default 1: the roots are computed anew at every f-th step, the first one included
    gamma : γ in [0, 1), default 0: momentum of the steps, B ← γB + step
    graft : ``"none"`` (default; the paper); or each layer's step is as long as that of ``"sgd"``, its gradient, or of
        ``"sqrt_n"``, the gradient's sign, that is, of root mean square 1
    vectors : ``"full"`` as above (default; the paper); ``"graft"``, they take the step that is grafted from

    Notes
    -----
    Where no gradient has been yet, L^(−p) is ε^(−p), a thousand on both sides together: if f > 1, the first
    gradients that come there make giant steps, unless they are grafted or ε is larger.

    ``Li root`` is L^(−p), kept from the step at which it was computed. Without layers (a surface), θ is one vector, and
    the rule is AdaGrad with the full matrix, which does not see how the axes are turned.

    State: ``B``, shaped like θ; for the layer number i ``Li`` and ``Li root``, shape (n_in, n_in), and ``Ri`` and
    ``Ri root``, shape (n_out, n_out), if it is a matrix.

    >>> shampoo, theta = Shampoo(eps=0.0), np.array([3.0, 4.0])
    >>> shampoo.step(theta, lambda theta: theta, shampoo.init(theta), 0)[0].round(6)
    array([2.94, 3.92])
    """

    paper, year = "Gupta, Koren & Singer", 2018

    lr: Rate = learning_rate(0.1)
    eps: float = stabilizer(1e-6)
    exponent: float = knob(0.25, "p", "exponent", low=0.0, high=0.5, allowed="[0, 1]", count=11, slider=False)
    beta2: float = knob(1.0, "β₂", "decay of L and R", low=0.9, high=1.0, allowed="[0, 1]", slider=False)
    frequency: int = every(1, "how often roots are computed")
    gamma: float = decay(0.0, "γ", "momentum")
    graft: str = option("none", "none", "sgd", "sqrt_n")
    vectors: str = option("full", "full", "graft")
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, layers=layers)

    def init(self, theta: np.ndarray) -> State:
        state = {"B": np.zeros_like(theta)}
        for name, gram in self._grams(theta).items():
            one = np.zeros_like(gram) + np.eye(gram.shape[-1], dtype=theta.dtype)
            state |= {name: wide(self.eps) * one, f"{name} root": one}
        return state

    def memory(self, layer: Layer) -> int:
        """L and R, their roots if these outlive a step (f > 1), and B if there is momentum."""
        matrices = remembered(self.beta2) + bool(np.any(self.frequency > 1))
        return layer.size * remembered(self.gamma) + matrices * sum(n**2 for n in self._sides(layer))

    def work(self, layer: Layer) -> Work:
        """GGᵀ, GᵀG and a product with each root; every f steps eigenvectors, and a product to make each root."""
        sides = self._sides(layer)
        now_and_then = sum(n**3 for n in sides) / int(np.min(self.frequency))
        return Work(2 * layer.size * sum(sides) + now_and_then, now_and_then)

    def _sides(self, layer: Layer) -> tuple[int, ...]:
        if layer.is_matrix:
            return layer.shape
        return (layer.size,) if self.vectors == "full" else ()

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        g = grad(theta)
        layers = self.layers or one_layer(theta.shape[-1])
        beta2, weight = wide(self.beta2), wide(1 - self.beta2 + (self.beta2 == 1))
        grams = self._grams(g)
        sides = {name: beta2 * state[name] + weight * gram for name, gram in grams.items()}
        roots = {name: state[f"{name} root"] for name in grams}
        if grams and np.any(due := k % self.frequency == 0):
            for name, side in sides.items():
                is_vector = f"R{name[1:]}" not in sides
                new = root(side, 0.5 if is_vector else self.exponent)
                roots[name] = np.where(wide(due), new, roots[name])
        step = self._grafted(layers, between(layers, roots, g), g)
        B = self.gamma * state["B"] + step
        return theta - self.rate(k) * B, {"B": B} | sides | {f"{name} root": P for name, P in roots.items()}

    def _grams(self, g: np.ndarray) -> Sides:
        return grams_of(self.layers or one_layer(g.shape[-1]), g, vectors=self.vectors == "full")

    def _grafted(self, layers: Layers, step: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The step of each layer, as long as that of a simpler rule."""
        plain = np.sign(g) if self.graft == "sqrt_n" else g
        vectors = plain if self.vectors == "graft" else step
        step = layers.each(lambda layer, matrix, vector: matrix if layer.is_matrix else vector, step, vectors)
        if self.graft == "none":
            return step
        return step * lengths(layers, plain) / (lengths(layers, step) + 1e-16)

    @property
    def formula(self) -> str:
        sums = r"L \leftarrow L + GG^\top, \quad R \leftarrow R + G^\top G"
        if np.any(self.beta2 != 1):
            sums = (
                r"L \leftarrow \beta_2 L + (1-\beta_2)\,GG^\top, \quad R \leftarrow \beta_2 R + (1-\beta_2)\,G^\top G"
            )
        return rf"W \leftarrow W \;\step{{-\,\eta}}\,L^{{-p}}\,\gradient{{G}}\,R^{{-p}}, \qquad {sums}"


@dataclass(frozen=True, repr=False)
class SOAP(Optimizer):
    r"""SOAP (Vyas et al. 2024): Adam, in the axes of the eigenvectors of Shampoo's L and R.

    .. math::
        m \leftarrow \beta_1 m + (1-\beta_1)\,G, \qquad
        v \leftarrow \beta_2 v + (1-\beta_2)\,(Q_L^\top G\,Q_R)^2, \qquad
        W \leftarrow W - \eta\,\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\;
        Q_L\,\frac{Q_L^\top m\,Q_R}{\sqrt v + \varepsilon}\,Q_R^\top, \\
        L \leftarrow \beta_2 L + (1-\beta_2)\,GG^\top, \qquad R \leftarrow \beta_2 R + (1-\beta_2)\,G^\top G,
        \qquad \text{every } f \text{ steps:}\quad Q \leftarrow \mathrm{QR}(L Q)

    of a matrix of gradients G; vectors, such as biases, get Adam in the axes they have.

    Parameters
    ----------
    lr : η ≥ 0, default 0.003
    beta1 : β₁ in [0, 1), default 0.95
    beta2 : β₂ in [0, 1), default 0.95, of v, L and R
    eps : ε ≥ 0, default 1e-8
    frequency : f ≥ 1, default 10: how often the axes follow L and R, by one step of the power iteration
    first : the first step is taken, in the axes of its own gradient; or it only finds these axes (default; the authors)
    ridge : δ ≥ 0, default 0: the QR is of LQ + δλQ, where λ is the largest number on the diagonal of QᵀLQ

    Notes
    -----
    The first axes are those of an eigen-decomposition. Before each QR the columns of Q are sorted by how much of L they
    see, and v with them. ε stands where the authors' code has it, beside √v before the correction. Which sign an
    eigenvector has does not matter. The authors compute Q in float32; here it is as exact as θ. Their weight decay, by
    default 0.01, is ``DecoupledWeightDecay(SOAP())`` here, and spares the biases. Without layers (a surface), the rule
    is Adam.

    In a plane of which no gradient has told yet, such as that of pixels that are always black, all axes are alike: with
    the authors' code rounding chooses them, and where the path goes when gradients do tell. Here the first axes are the
    same on every computer, and a ridge of 1e-8 keeps what axes there are; without it, each QR leaves it to rounding.

    State: ``m`` and ``v``, shaped like θ, v in the turned axes; for the matrix that is layer number i, ``Li`` and
    ``Q_Li``, shape (n_in, n_in), ``Ri`` and ``Q_Ri``, shape (n_out, n_out).

    >>> SOAP(lr=0.1, first=True).step(np.array([2.0]), lambda theta: theta, SOAP().init(np.ones(1)), 0)[0].round(6)
    array([1.9])
    """

    paper, year = "Vyas et al.", 2024

    lr: Rate = learning_rate(0.003)
    beta1: float = decay(0.95, "β₁", "first-moment decay")
    beta2: float = decay(0.95, "β₂", "second-moment decay", low=0.9, high=0.999, count=34)
    eps: float = stabilizer(1e-8)
    frequency: int = every(10, "how often the axes are turned")
    first: bool = option(False)
    ridge: float = stabilizer(0.0, "δ")
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, layers=layers)

    def init(self, theta: np.ndarray) -> State:
        state = {"m": np.zeros_like(theta), "v": np.zeros_like(theta)}
        for name, gram in grams_of(self.layers or one_layer(theta.shape[-1]), theta).items():
            zero = np.zeros_like(gram)
            state |= {name: zero, f"Q_{name}": zero + np.eye(gram.shape[-1], dtype=theta.dtype)}
        return state

    def memory(self, layer: Layer) -> int:
        """Adam's m and v; of a matrix L and R, and Q of each."""
        sides = layer.shape if layer.is_matrix else ()
        matrices = remembered(self.beta2) + 1
        return layer.size * remembered(self.beta1, self.beta2) + matrices * sum(n**2 for n in sides)

    def work(self, layer: Layer) -> Work:
        """GGᵀ, GᵀG, G and m turned, the step turned back; every f steps a product LQ and the QR of it."""
        sides = layer.shape if layer.is_matrix else ()
        now_and_then = sum(n**3 for n in sides) / int(np.min(self.frequency))
        return Work(4 * layer.size * sum(sides) + now_and_then, now_and_then)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        t = (k + self.first) * np.ones_like(theta[..., :1])  # for each run, so that one run rounds as many do
        g = grad(theta)
        layers = self.layers or one_layer(theta.shape[-1])
        beta2, grams = wide(self.beta2), grams_of(layers, g)
        sides = {name: beta2 * state[name] + (1 - beta2) * gram for name, gram in grams.items()}
        Q = {name: state[f"Q_{name}"] for name in sides}
        if Q and k == 0:
            Q = {name: axes(side) for name, side in sides.items()}
        if not self.first and k == 0:
            return theta, state | sides | named(Q)
        there = {name: T(q) if name[0] == "L" else q for name, q in Q.items()}
        back = {name: T(q) for name, q in there.items()}
        m = self.beta1 * state["m"] + (1 - self.beta1) * g
        v = self.beta2 * state["v"] + (1 - self.beta2) * between(layers, there, g) ** 2
        adam = between(layers, back, between(layers, there, m) / (np.sqrt(v) + self.eps))
        if Q and np.any(due := t % self.frequency == 0):
            Q, v = turned(layers, sides, Q, v, due, wide(self.ridge))
        eta = self.rate(k) * np.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        return theta - eta * adam, {"m": m, "v": v} | sides | named(Q)

    @property
    def formula(self) -> str:
        return (
            r"W \leftarrow W \;\step{-\,\eta}\,Q_L\,\frac{Q_L^\top \hat m\,Q_R}{\sqrt{\hat v}+\varepsilon}\,Q_R^\top, "
            r"\qquad v \leftarrow \beta_2 v + (1-\beta_2)\,(Q_L^\top \gradient{G}\,Q_R)^2"
        )


def named(Q: Sides) -> Sides:
    return {f"Q_{name}": q for name, q in Q.items()}


def turned(layers: Layers, sides: Sides, Q: Sides, v: np.ndarray, due: Any, ridge: Any) -> tuple[Sides, np.ndarray]:
    """Q after one step of the power iteration where it is due, its columns sorted; and v, sorted with them."""
    new, sort = {}, {}
    for name, side in sides.items():
        power = side @ Q[name]
        seen = np.sum(Q[name] * power, axis=-2)  # the diagonal of QᵀLQ
        order = np.where(due, np.argsort(-seen, axis=-1), np.arange(seen.shape[-1]))
        rows = np.eye(seen.shape[-1], dtype=v.dtype)[order]
        power = power + ridge * np.max(seen, axis=-1)[..., None, None] * Q[name]
        new[name] = np.where(wide(due), np.linalg.qr(power @ T(rows))[0], Q[name])
        sort[name] = rows if name[0] == "L" else T(rows)
    return new, between(layers, sort, v)


# Matrices at both sides of each layer


def T(A: np.ndarray) -> np.ndarray:
    return np.swapaxes(A, -2, -1)


def wide(number: Any) -> Any:
    """A number for each run, (n, 1), as one for the matrices of each run, (n, 1, 1)."""
    return number[..., None] if np.ndim(number) else number


def grams_of(layers: Layers, g: np.ndarray, vectors: bool = False) -> Sides:
    """GGᵀ and GᵀG of each matrix in a flat g; and ggᵀ of each vector, if asked for."""
    found: Sides = {}
    for i, (layer, G) in enumerate(zip(layers, layers.views(g))):
        if layer.is_matrix:
            found |= {f"L{i}": G @ T(G), f"R{i}": T(G) @ G}
        elif vectors:
            column = G.reshape(*g.shape[:-1], layer.size, 1)
            found[f"L{i}"] = column @ T(column)
    return found


def between(layers: Layers, sides: Sides, flat: np.ndarray) -> np.ndarray:
    """L G R of each layer, which has become flat again; a vector has no R, and what has no sides stays as it is."""
    parts = []
    for i, (layer, G) in enumerate(zip(layers, layers.views(flat))):
        if f"L{i}" in sides:
            G = G if layer.is_matrix else G.reshape(*flat.shape[:-1], layer.size, 1)
            G = sides[f"L{i}"] @ G
            G = G @ sides[f"R{i}"] if layer.is_matrix else G
        parts.append(G.reshape(*flat.shape[:-1], layer.size))
    return np.concatenate(parts, axis=-1)


def lengths(layers: Layers, flat: np.ndarray) -> np.ndarray:
    """The norm of each layer, at each of its numbers: shaped like θ."""

    def of_layer(layer: Layer, part: np.ndarray) -> np.ndarray:
        axes = tuple(range(-len(layer.shape), 0))
        return np.broadcast_to(np.sqrt(np.sum(part**2, axis=axes, keepdims=True)), part.shape)

    return layers.each(of_layer, flat)


def eigen(A: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, rising, and eigenvectors of symmetric matrices; NaN where a descent has run away."""
    finite = np.isfinite(A).all(axis=(-2, -1))
    values, Q = np.linalg.eigh(np.where(finite[..., None, None], A, 0))
    return np.where(finite[..., None], values, np.nan), np.where(finite[..., None, None], Q, np.nan)


def axes(A: np.ndarray) -> np.ndarray:
    """Eigenvectors of symmetric matrices without negative eigenvalues, the largest first.

    Of a plane that A does not see, any axes are eigenvectors, and rounding would choose: here a ladder of small numbers
    to large ones tells them apart, so that they are near the coordinate axes, and the same on every computer.
    """
    values, Q = eigen(A)
    n, largest = A.shape[-1], values[..., -1:]
    unseen = (Q * (values <= n * np.finfo(A.dtype).eps * largest)[..., None, :]) @ T(Q)
    ladder = np.arange(1, n + 1, dtype=A.dtype) / n
    return eigen(A - largest[..., None] * ((unseen * ladder) @ unseen))[1][..., ::-1]


def root(A: np.ndarray, p: Any) -> np.ndarray:
    """A^(−p) of symmetric matrices without negative eigenvalues; of zero it is zero.

    Eigenvalues too small for the rounding of the largest are raised to what it can tell.
    """
    values, Q = eigen(A)
    values = np.maximum(values, A.shape[-1] * np.finfo(A.dtype).eps * values[..., -1:])
    powers = np.where(values > 0, np.where(values > 0, values, 1) ** -p, 0)
    return (Q * powers[..., None, :]) @ T(Q)
