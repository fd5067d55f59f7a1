"""Averages of the points that another optimizer walks through: they calm it down, as a decaying η does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..knobs import knob
from ..losses import Gradient
from .around import Around
from .base import State, Step, decay, option

__all__ = ["EMA", "SWA"]


@dataclass(frozen=True, repr=False)
class Averaged(Around):
    r"""What they share: the inner optimizer walks on w as if it were alone, and θ follows as an average of its points.

    .. math:: w \leftarrow \text{inner}(w), \qquad \theta \leftarrow (1-c_t)\,\theta + c_t\,w

    θ is where the loss is evaluated, so ``descend`` draws the average and ``train`` tests it; gradients are taken at w.
    """

    letters = ("w",)

    def init(self, theta: np.ndarray) -> State:
        return self.beside(self.inner.init(theta), w=theta)

    def step(self, theta: np.ndarray, grad: Gradient, state: State, k: int) -> Step:
        w, inner = self.inner.step(state["w"], grad, self.inside(state), k)
        c = self.share(k + 1)
        return (1 - c) * theta + c * w, inner | {"w": w}

    def share(self, t: int) -> Any:
        """c: the share of the t-th point in the average, t = 1, 2, …"""
        raise NotImplementedError(f"{type(self).__name__} does not say its share")


@dataclass(frozen=True, repr=False)
class EMA(Averaged):
    r"""The exponential moving average of the points, after Polyak & Juditsky (1992), who weigh all of them alike.

    .. math::
        w \leftarrow \text{inner}(w), \qquad \theta \leftarrow \beta\,\theta + (1-\beta)\,w, \qquad
        \text{corrected:}\quad \theta = \frac{1-\beta}{1-\beta^t}\sum_{i=1}^t \beta^{t-i}\,w_i

    Parameters
    ----------
    inner : any `Optimizer`, whose points w are averaged; it knows nothing of it
    beta : β in [0, 1), default 0.99: the average reaches back about 1/(1−β) steps (0.999 in PyTorch)
    initial : θ begins at w₀, where the walk starts (``"start"``, default), or at w₁ (``"first"``; PyTorch, whose
        `AveragedModel` copies the first point that it is shown), or it has no beginning (``"corrected"``; optax)

    Notes
    -----
    With ``"start"`` w₀ keeps the weight βᵗ; ``"corrected"`` divides by what is missing, as Adam does: the same as
    shares c = (1−β)/(1−βᵗ) in place of 1−β. Weight decay belongs inside: ``EMA(AdamW())``.

    State: ``w``, shaped like θ, beside the inner optimizer's.

    >>> from optimlab.optimizers import GradientDescent
    >>> ema, w = EMA(GradientDescent(0.5), beta=0.75), np.array([8.0])
    >>> ema.step(w, lambda w: w, ema.init(w), 0)
    (array([7.]), {'w': array([4.])})
    """

    paper, year = "Polyak & Juditsky", 1992

    beta: float = decay(0.99, "β", "decay of the average", low=0.9, high=0.999, count=34)
    initial: str = option("start", "start", "first", "corrected")

    def share(self, t: int) -> Any:
        if self.initial == "corrected":
            return (1 - self.beta) / (1 - self.beta**t)
        return np.where(t == 1, 1.0, 1 - self.beta) if self.initial == "first" else 1 - self.beta


@dataclass(frozen=True, repr=False)
class SWA(Averaged):
    r"""Stochastic weight averaging (Izmailov et al. 2018): the mean of every c-th point, from the s-th on.

    .. math::
        w \leftarrow \text{inner}(w), \qquad
        \theta = \frac{1}{n}\,\big(w_s + w_{s+c} + w_{s+2c} + \dots\big), \qquad \text{before:}\quad \theta = w

    Parameters
    ----------
    inner : any `Optimizer`, whose points w are averaged, with a constant or cyclical η
    start : s ≥ 0, default 0: after so many steps the averaging begins (in the paper three quarters of the budget)
    cycle : c ≥ 1, default 1: so many steps are between two points of the mean (an epoch, or a cycle of η, in the paper)

    Notes
    -----
    With s = 0 and c = 1 it is the mean of all points, w₀ too (Polyak & Juditsky 1992). Between two points that count, θ
    stands still. PyTorch's `AveragedModel`, updated after these steps, is the same. Where a network has batch
    normalization, its statistics must be taken anew at θ; those of optimlab have none.

    State: ``w``, shaped like θ, beside the inner optimizer's.

    >>> from optimlab.optimizers import GradientDescent
    >>> swa, w = SWA(GradientDescent(0.5)), np.array([8.0])
    >>> swa.step(w, lambda w: w, swa.init(w), 0)
    (array([6.]), {'w': array([4.])})
    """

    paper, year = "Izmailov et al.", 2018

    start: int = knob(0, "s", "start of the average", low=0, high=400, count=41, whole=True)
    cycle: int = knob(1, "c", "cycle", low=1, high=20, count=20, allowed="[1, ∞)", whole=True)

    def share(self, t: int) -> Any:
        late = np.maximum(t - self.start, 0)
        return np.where(late % self.cycle == 0, 1 / (late / self.cycle + 1), 0.0)
