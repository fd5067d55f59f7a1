"""Caution around another optimizer: no coordinate moves against its gradient."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..layers import Layer, Layers, one_layer
from ..losses import Gradient
from .around import Around, DecoupledWeightDecay
from .base import Optimizer, State, Step, option

__all__ = ["Cautious"]


@dataclass(frozen=True, repr=False)
class Cautious(Around):
    r"""Cautious optimizers (Liang et al. 2024): what momentum carries uphill stands still; what is left moves further.

    .. math::
        \varphi = \mathbb{1}(u \odot g > 0), \qquad
        \theta \leftarrow \theta - \frac{\varphi}{\max(\bar\varphi,\, 10^{-3})} \odot u

    with u the step of the inner optimizer, and φ̄ the mean of φ over a layer.

    Parameters
    ----------
    inner : an `Optimizer` that has a momentum, such as ``AdamW()`` (C-AdamW) or ``Lion()`` (C-Lion)
    rescaling : φ is divided by its ``"mean"`` as above (default; the authors' C-AdamW, timm), or multiplied by the
        ``"count"`` d/(‖φ‖₀ + 1) of a layer of d numbers (the paper, the authors' C-Lion, pytorch_optimizer)

    Notes
    -----
    The weight decay of `AdamW` and `Lion` is no part of u: it acts on all of θ. g is the gradient that the inner
    optimizer asked for last. With ``"count"``, small layers walk more slowly: two numbers that agree move by 2/3 u.
    Without layers (a surface), θ is one layer.

    State: that of the inner optimizer.

    >>> from .momentum import Momentum
    >>> inner, state = Momentum(lr=0.1, gamma=0.9), {"v": np.array([0.1, -1.0])}
    >>> Cautious(inner).step(np.array([1.0, 1.0]), lambda theta: theta, state, 1)[0].round(2)
    array([0.62, 1.  ])
    """

    paper, year = "Liang et al.", 2024

    rescaling: str = option("mean", "mean", "count")
    layers: Layers | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.inner, DecoupledWeightDecay):
            raise ValueError("weight decay belongs outside of Cautious: DecoupledWeightDecay(Cautious(Adam()), 0.01)")
        if isinstance(self.inner, Around) and self.inner.letters:
            name = type(self.inner).__name__
            raise ValueError(f"Cautious belongs inside of {name}: {name}(Cautious(Adam()))")

    def on(self, layers: Layers | None) -> Optimizer:
        return replace(self, inner=self.inner.on(layers), layers=layers)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        heard: list[np.ndarray] = []

        def listened(at: np.ndarray) -> np.ndarray:
            heard.append(grad(at))
            return heard[-1]

        there, after = self.inner.step(theta, listened, state, k)
        if not heard:
            return there, after
        g = heard[-1]
        here = theta + self.inner.terms(theta, lambda at: g, state, k).get("decay", 0)
        u = here - there
        agree = (u * g > 0).astype(u.dtype)
        layers = self.layers or one_layer(theta.shape[-1])
        return here - layers.each(self._rescaled, agree) * u, after

    def _rescaled(self, layer: Layer, agree: np.ndarray) -> np.ndarray:
        """φ of one layer, so that about as much moves as before."""
        count = np.sum(agree, axis=tuple(range(-len(layer.shape), 0)), keepdims=True)
        share = (count + 1) / layer.size if self.rescaling == "count" else np.maximum(count / layer.size, 1e-3)
        return agree / share
