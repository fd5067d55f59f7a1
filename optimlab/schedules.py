r"""Learning rates as functions of the step.

A schedule is a frozen dataclass that is called with k = 0, 1, 2, … (a number or an array) and gives η. Any optimizer
takes one as its ``lr``: ``Adam(lr=cosine_decay(0.1, decay_steps=200))``.

**Per epoch or per iteration?** All schedules count steps of the optimizer. A rule that is meant per epoch is told how
many steps an epoch has: ``exponential_decay(0.1, 0.95, steps_per_epoch=100)`` multiplies by 0.95 every 100 steps.

The names of the parameters are those of PyTorch's ``lr_scheduler`` and of optax. The classes have small letters, for
they are used like functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from itertools import pairwise
from typing import Any

import numpy as np

from .checks import check_numbers, is_whole, short, told
from .knobs import knob, knobs_of
from .tape import as_symbolic

__all__ = [
    "ReduceOnPlateau",
    "Schedule",
    "constant",
    "cosine_decay",
    "cosine_restarts",
    "cyclic",
    "exponential_decay",
    "inverse_sqrt",
    "join_schedules",
    "linear_decay",
    "one_cycle",
    "piecewise_linear",
    "polynomial_decay",
    "step_decay",
    "warmup",
    "warmup_stable_decay",
]


def initial_rate() -> Any:
    return knob(0.1, "η₀", "learning rate", low=1e-3, high=1.0, log=True)


def final_rate() -> Any:
    return knob(0.0, "η_end", "final learning rate", low=0.0, high=0.1)


def factor(default: float, meaning: str = "decay factor") -> Any:
    return knob(default, "α", meaning, low=0.5, high=1.0, allowed="(0, 1]", count=51)


def count(default: int, symbol: str, meaning: str, low: int = 1, high: int = 200, allowed: str = "[1, ∞)") -> Any:
    return knob(default, symbol, meaning, low=low, high=high, allowed=allowed, count=int(high - low + 1))


def epoch_length() -> Any:
    return knob(1, "steps per epoch", "number of", low=1, high=100, allowed="[1, ∞)", slider=False)


def warmup_length(low: int = 0) -> Any:
    return count(10, "warm-up", "length of the", low=low, allowed=f"[{low}, ∞)")


@dataclass(frozen=True, repr=False)
class Rule:
    """What schedules and `ReduceOnPlateau` share: legal parameters and a label."""

    def __post_init__(self) -> None:
        for name, spec in knobs_of(self).items():
            object.__setattr__(self, name, spec.check(getattr(self, name)))

    @property
    def name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        shown = [(knobs_of(self)[f.name].symbol if f.name in knobs_of(self) else f.name, f) for f in fields(self)]
        return f"{self.name}({', '.join(f'{s}={value_text(getattr(self, f.name))}' for s, f in shown)})"


def of_steps(call: Callable[..., Any]) -> Callable[..., Any]:
    """A schedule that refuses what is no step k, nor an array of steps, with a sentence."""

    @wraps(call)
    def checked(self: Any, k: Any) -> Any:
        return call(self, check_numbers(k, "the step k must be a number, or an array of numbers"))

    return checked


@dataclass(frozen=True, repr=False)
class Schedule(Rule):
    """η as a function of the step k. Parameters may be arrays: with ``lr`` of shape (n, 1), n descents run at once."""

    def __call__(self, k: Any) -> Any:
        """η at step k = 0, 1, 2, …; an array of steps gives an array."""
        raise NotImplementedError(f"{type(self).__name__} does not say what η is")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__call__" in vars(cls):
            cls.__call__ = of_steps(cls.__call__)  # type: ignore[method-assign]


def value_text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_text, value))}]"
    return repr(value) if isinstance(value, Schedule) else short(value)


@dataclass(frozen=True, repr=False)
class constant(Schedule):
    """η(k) = η₀."""

    lr: float = initial_rate()

    def __call__(self, k: Any) -> Any:
        return self.lr + 0.0 * k


@dataclass(frozen=True, repr=False)
class step_decay(Schedule):
    r"""Multiply by α every `step_size` epochs: η(k) = η₀ α^⌊epoch/step_size⌋ (PyTorch's ``StepLR``)."""

    lr: float = initial_rate()
    decay_rate: float = factor(0.1)
    step_size: int = count(30, "period", "length of the")
    steps_per_epoch: int = epoch_length()

    def __call__(self, k: Any) -> Any:
        epoch = np.floor_divide(k, self.steps_per_epoch)
        return self.lr * self.decay_rate ** np.floor_divide(epoch, self.step_size)


@dataclass(frozen=True, repr=False)
class exponential_decay(Schedule):
    r"""Multiply by α once an epoch: η(k) = η₀ αᵗ, t the epoch (PyTorch's ``ExponentialLR``).

    With ``steps_per_epoch=1``, the default, once in every step.
    """

    lr: float = initial_rate()
    decay_rate: float = factor(0.95)
    steps_per_epoch: int = epoch_length()

    def __call__(self, k: Any) -> Any:
        return self.lr * self.decay_rate ** np.floor_divide(k, self.steps_per_epoch)


@dataclass(frozen=True, repr=False)
class polynomial_decay(Schedule):
    r"""η(k) = (η₀ − η_end)(1 − k/T)^p + η_end, then η_end (``polynomial_schedule`` in optax, ``PolynomialLR``)."""

    lr: float = initial_rate()
    decay_steps: int = count(100, "T", "number of steps")
    power: float = knob(2.0, "p", "power", low=0.5, high=4.0, allowed="(0, ∞)")
    end_value: float = final_rate()

    def __call__(self, k: Any) -> Any:
        left = 1 - np.minimum(k, self.decay_steps) / self.decay_steps
        return (self.lr - self.end_value) * left**self.power + self.end_value


@dataclass(frozen=True, repr=False)
class linear_decay(Schedule):
    """A straight line from η₀ to η_end in T steps, then η_end (optax's ``linear_schedule``)."""

    lr: float = initial_rate()
    decay_steps: int = count(100, "T", "number of steps")
    end_value: float = final_rate()

    def __call__(self, k: Any) -> Any:
        left = 1 - np.minimum(k, self.decay_steps) / self.decay_steps
        return (self.lr - self.end_value) * left + self.end_value


@dataclass(frozen=True, repr=False)
class cosine_decay(Schedule):
    r"""η(k) = η_end + ½(η₀ − η_end)(1 + cos πk/T), then η_end (Loshchilov & Hutter 2017; ``CosineAnnealingLR``)."""

    lr: float = initial_rate()
    decay_steps: int = count(100, "T", "number of steps")
    end_value: float = final_rate()

    def __call__(self, k: Any) -> Any:
        return cosine_between(self.lr, self.end_value, np.minimum(k, self.decay_steps) / self.decay_steps)


def cosine_between(start: Any, end: Any, share: Any) -> Any:
    return end + 0.5 * (start - end) * (1 + np.cos(np.pi * share))


@dataclass(frozen=True, repr=False)
class cosine_restarts(Schedule):
    r"""Cosine with warm restarts, SGDR (Loshchilov & Hutter 2017; PyTorch's ``CosineAnnealingWarmRestarts``).

    The first period has `T_0` steps, each later one `T_mult` times as many.
    """

    lr: float = initial_rate()
    T_0: int = count(25, "T₀", "first period")
    T_mult: int = count(1, "T_mult", "growth of the period", high=4)
    end_value: float = final_rate()

    def __call__(self, k: Any) -> Any:
        periods, growth = k / self.T_0, self.T_mult - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):  # the geometric series, and its limit for T_mult = 1
            cycle = np.floor(np.where(growth == 0, periods, np.log1p(periods * growth) / np.log(self.T_mult)) + 1e-12)
            start = np.where(growth == 0, cycle, (self.T_mult**cycle - 1) / growth)
        return cosine_between(self.lr, self.end_value, (periods - start) / self.T_mult**cycle)


@dataclass(frozen=True, repr=False)
class warmup(Schedule):
    """A straight line up to the schedule's first η, from `start_factor` times it; then the schedule.

    The schedule starts counting when the warm-up is over (PyTorch's ``SequentialLR``, optax's ``join_schedules``).
    """

    schedule: Schedule
    warmup_steps: int = warmup_length()
    start_factor: float = knob(0.0, "start", "factor at the", low=0.0, high=1.0, allowed="[0, 1]")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_schedule(self.schedule):
            raise ValueError(f"warmup needs a schedule to warm up for, got {told(self.schedule)}")

    def __call__(self, k: Any) -> Any:
        share = k / np.maximum(self.warmup_steps, 1)
        rising = (self.start_factor + (1 - self.start_factor) * share) * self.schedule(0)
        return np.where(k < self.warmup_steps, rising, at_steps(self.schedule, np.maximum(k - self.warmup_steps, 0)))


@dataclass(frozen=True, repr=False)
class join_schedules(Schedule):
    """One schedule after the other, each counting its own steps from 0 (optax's name; PyTorch's ``SequentialLR``).

    ``join_schedules([linear_decay(0.0, 10, end_value=0.1), cosine_decay(0.1, 90)], [10])`` rises for the steps
    0 … 9, and at step 10 the cosine has its own step 0.

    Parameters
    ----------
    schedules : schedules or functions of k, at least one
    boundaries : the steps at which the second, third, … takes over: rising whole numbers, one less than schedules
    """

    schedules: tuple = ()
    boundaries: tuple = ()

    def __post_init__(self) -> None:
        parts = self.schedules
        if not isinstance(parts, list | tuple) or not parts or not all(map(is_schedule, parts)):
            raise ValueError(f"join_schedules needs a list of schedules, functions of the step k, got {told(parts)}")
        steps = self.boundaries
        rising = isinstance(steps, list | tuple | np.ndarray) and all(is_whole(k) and k > 0 for k in steps)
        if not rising or any(a >= b for a, b in pairwise(steps)):
            raise ValueError(f"the boundaries must be rising whole numbers ≥ 1, got {told(steps)}")
        if len(steps) != len(parts) - 1:
            raise ValueError(f"{len(parts)} schedules need {len(parts) - 1} boundaries between them, got {told(steps)}")
        object.__setattr__(self, "schedules", tuple(parts))
        object.__setattr__(self, "boundaries", tuple(int(k) for k in steps))

    def __call__(self, k: Any) -> Any:
        eta = at_steps(self.schedules[0], k)
        for begin, schedule in zip(self.boundaries, self.schedules[1:]):
            eta = np.where(k < begin, eta, at_steps(schedule, np.maximum(k - begin, 0)))
        return eta


@dataclass(frozen=True, repr=False)
class piecewise_linear(Schedule):
    r"""Straight lines between knots at equal distances; after the last one η stays.

    .. math:: \eta(k) = \sum_i \eta_i \max\left(0,\ 1 - \left|\tfrac{(n-1)\min(k, T)}{T} - i\right|\right)

    ``piecewise_linear((0.1, 0.1, 0), 100)`` is constant for 50 steps and falls to 0 in the next 50 (optax's
    ``piecewise_interpolate_schedule("linear", …)`` and NumPy's ``interp`` are the same).

    Parameters
    ----------
    values : η₀, …, η_{n−1} at the n knots, n ≥ 2
    steps : T, the step of the last knot
    """

    values: Any = (0.1, 0.0)
    steps: int = count(100, "T", "number of steps")

    def __post_init__(self) -> None:
        super().__post_init__()
        if as_symbolic(self.values) is not None:
            return
        must = "the learning rates η at the knots must be in [0, ∞), two numbers or more"
        values = check_numbers(self.values, must)
        if values.ndim != 1 or len(values) < 2 or not (values >= 0).all():
            raise ValueError(f"{must}, got {told(self.values)}")
        object.__setattr__(self, "values", tuple(values.tolist()))

    def __call__(self, k: Any) -> Any:
        knots = np.arange(len(self.values))
        place = np.minimum(k, self.steps) * (knots[-1] / self.steps)
        return (np.maximum(0.0, 1.0 - np.abs(place[..., None] - knots)) * self.values).sum(axis=-1)


@dataclass(frozen=True, repr=False)
class cyclic(Schedule):
    r"""Given learning rates in turn, again and again: η(k) = η_{k mod n}.

    ``cyclic(chebyshev_steps(1, 100, 64))`` are Chebyshev's steps.

    Parameters
    ----------
    values : η₀, …, η_{n−1}, one or more
    """

    values: Any = (0.1,)

    def __post_init__(self) -> None:
        super().__post_init__()
        if as_symbolic(self.values) is not None:
            return
        must = "the learning rates η of a cycle must be in [0, ∞), one number or more"
        values = check_numbers(self.values, must)
        if values.ndim != 1 or len(values) < 1 or not (values >= 0).all():
            raise ValueError(f"{must}, got {told(self.values)}")
        object.__setattr__(self, "values", tuple(values.tolist()))

    def __call__(self, k: Any) -> Any:
        if as_symbolic(k) is None and as_symbolic(self.values) is None:
            return np.asarray(self.values)[np.asarray(k, int) % len(self.values)]
        return (np.equal((k % len(self.values))[..., None], np.arange(len(self.values))) * self.values).sum(axis=-1)


def is_schedule(thing: Any) -> bool:
    return callable(thing) and not isinstance(thing, type)


def at_steps(schedule: Any, k: np.ndarray) -> Any:
    """η of any function of the step at an array of steps; one that takes single steps only is asked one by one."""
    try:
        return schedule(k)
    except (TypeError, ValueError):
        return np.array([schedule(int(step)) for step in np.ravel(k)], float).reshape(np.shape(k))


@dataclass(frozen=True, repr=False)
class one_cycle(Schedule):
    """Up to `max_lr` in the first `pct_start` of the steps, then down to almost nothing (``OneCycleLR``).

    After Smith & Topin (2018), who drew straight lines. Here both ways follow a cosine, from max_lr/div_factor and to
    max_lr/(div_factor · final_div_factor).
    """

    max_lr: float = knob(0.1, "η_max", "highest learning rate", low=1e-3, high=1.0, log=True)
    total_steps: int = count(100, "T", "number of steps", low=2, allowed="[2, ∞)")
    pct_start: float = knob(0.3, "rise", "share of the rise", low=0.05, high=0.95, allowed="(0, 1)")
    div_factor: float = knob(25.0, "div", "factor", low=1.0, high=100.0, allowed="[1, ∞)", slider=False)
    final_div_factor: float = knob(1e4, "final div", "factor", low=1.0, high=1e5, allowed="[1, ∞)", slider=False)

    def __call__(self, k: Any) -> Any:
        first = self.max_lr / self.div_factor
        last = first / self.final_div_factor
        peak, end = self.pct_start * self.total_steps - 1, self.total_steps - 1
        k = np.minimum(k, end)
        up = cosine_between(first, self.max_lr, k / np.where(peak > 0, peak, 1))
        down = cosine_between(self.max_lr, last, (k - peak) / (end - peak))
        return np.where(k < peak, up, down)


@dataclass(frozen=True, repr=False)
class warmup_stable_decay(Schedule):
    """Rise, stay, fall: linear warm-up, a constant η, and a linear decay to zero at the end (Hu et al. 2024, MiniCPM).

    Unlike cosine, the long middle part does not need to know when the training will end.
    """

    lr: float = initial_rate()
    total_steps: int = count(100, "T", "number of steps")
    warmup_steps: int = warmup_length()
    decay_steps: int = count(20, "decay", "length of the", low=0, allowed="[0, ∞)")

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.any(self.warmup_steps + self.decay_steps > self.total_steps):
            raise ValueError(
                f"warm-up and decay must fit into T={short(self.total_steps)} steps, "
                f"got {short(self.warmup_steps)} + {short(self.decay_steps)}"
            )

    def __call__(self, k: Any) -> Any:
        left = np.maximum(self.total_steps - k, 0)
        rise = np.where(k < self.warmup_steps, k / np.maximum(self.warmup_steps, 1), 1.0)
        fall = np.where(left < self.decay_steps, left / np.maximum(self.decay_steps, 1), 1.0)
        return self.lr * np.minimum(rise, fall)


@dataclass(frozen=True, repr=False)
class inverse_sqrt(Schedule):
    r"""Linear warm-up to η₀, then η₀ √(warm-up/t), with t = k + 1 (Vaswani et al. 2017)."""

    lr: float = initial_rate()
    warmup_steps: int = warmup_length(low=1)

    def __call__(self, k: Any) -> Any:
        t = k + 1
        return self.lr * np.minimum(t / self.warmup_steps, np.sqrt(self.warmup_steps / t))


@dataclass(frozen=True, repr=False)
class ReduceOnPlateau(Rule):
    """Multiply η by `factor` when the loss has not improved for more than `patience` checks (``ReduceLROnPlateau``).

    It looks at losses, not at k, so it has a state: ``state = plateau.init()``, then after each check (usually an
    epoch) ``lr, state = plateau.step(loss, state)``. `descend` and `train` do that if it is their ``schedule``.

    Parameters
    ----------
    lr : the first η
    factor : in (0, 1)
    patience : how many checks without improvement are borne
    threshold : an improvement is a loss below best − threshold · |best|
    cooldown : how many checks to wait after a reduction
    min_lr : η never falls below it

    Notes
    -----
    PyTorch asks for a loss below best · (1 − threshold), which is the same where the loss is positive; below zero that
    lies *above* the best loss, so that a loss that stands still, or rises a little, would count as an improvement.
    As in PyTorch, η stays where the reduction would be by less than 1e-8.
    """

    lr: float = initial_rate()
    factor: float = knob(0.1, "α", "decay factor", low=0.1, high=0.9, allowed="(0, 1)")
    patience: int = count(10, "patience", "the", low=0, high=50, allowed="[0, ∞)")
    threshold: float = knob(1e-4, "threshold", "the", low=0.0, high=0.1, allowed="[0, 1)", slider=False)
    cooldown: int = count(0, "cooldown", "the", low=0, high=50, allowed="[0, ∞)")
    min_lr: float = knob(0.0, "η_min", "smallest learning rate", low=0.0, high=0.1)

    def init(self) -> dict:
        return {"lr": self.lr, "best": np.inf, "bad": 0, "cooldown": 0}

    def step(self, loss: Any, state: dict) -> tuple:
        best = state["best"]
        better = loss < best - self.threshold * np.abs(np.where(np.isfinite(best), best, 0))
        best = np.where(better, loss, state["best"])
        waiting = state["cooldown"] > 0
        cooldown = np.where(waiting, state["cooldown"] - 1, 0)
        bad = np.where(better | waiting, 0, state["bad"] + 1)
        tired, lr = bad > self.patience, state["lr"]
        smaller = np.maximum(lr * self.factor, self.min_lr)
        lr = np.where(tired & (lr - smaller > 1e-8), smaller, lr)
        cooldown, bad = np.where(tired, self.cooldown, cooldown), np.where(tired, 0, bad)
        return lr, {"lr": lr, "best": best, "bad": bad, "cooldown": cooldown}
