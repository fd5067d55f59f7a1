"""Run an optimizer on a loss: `descend` for one setting, `sweep` for many at once.

A *loss* is any object with ``value(theta)`` and ``gradient(theta)``; `optimlab.surfaces` and `optimlab.problems` are
full of them. A loss whose gradient changes from step to step (mini-batches) also has ``gradient_at(k)``, which returns
the gradient function of step k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .knobs import Knob, check_choice, check_function, check_numbers, check_whole, short, told
from .optimizers import Optimizer

__all__ = ["Trajectory", "descend", "sweep"]

TOLERANCE = 1e-3
TARGET = Knob("tolerance", "the", low=1e-6, high=1.0, log=True, allowed="(0, ∞)")


@dataclass(frozen=True, repr=False)
class Trajectory:
    """Where a descent went.

    Attributes
    ----------
    theta : the points θ₀ … θ_T, shape (T+1, ..., d)
    loss : L at each of them, shape (T+1, ...)
    state : with ``record=True``, the optimizer's state before the first and after each step, {name: (T+1, ..., d)},
        and under "g" the gradient that each step used, shape (T, ..., d), taken at the points "θ_g"
    optimizer : the optimizer that walked here
    minimum : the smallest possible loss, where it is known, else 0
    """

    theta: np.ndarray
    loss: np.ndarray
    optimizer: Optimizer
    minimum: float = 0.0
    state: dict = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return len(self.theta) - 1

    @cached_property
    def diverged_at(self):
        """The first step whose θ or L is not finite: None if there is none (NaN, in an array, for many descents)."""
        finite = np.isfinite(self.loss) & np.isfinite(self.theta).all(axis=-1)
        return _index_or_none(np.where(finite.all(axis=0), np.nan, np.argmin(finite, axis=0)))

    def settled_at(self, tolerance=TOLERANCE):
        """The settling time: the first step after which L − min L stays at or below `tolerance` for good.

        It is the *last* time the loss leaves the target that counts, not the first time it touches it.
        None if it does not stay there (NaN, in an array, for many descents).
        """
        tolerance = TARGET.check(tolerance)
        outside = ~(self.loss - self.minimum <= tolerance)
        last_outside = self.steps - np.argmax(outside[::-1], axis=0)
        settled = np.where(outside.any(axis=0), last_outside + 1.0, 0.0)
        return _index_or_none(np.where(settled > self.steps, np.nan, settled))

    def summary(self, tolerance=TOLERANCE) -> str:
        """One line for a learner; the numbers have three significant digits."""
        name, rest = repr(self.optimizer).removesuffix(")").split("(", 1)
        head = f"{name}  {rest.replace(', ', '  ')}".rstrip()
        if self.loss.ndim > 1:
            return f"{head}  {self.loss[0].size} descents of {self.steps} steps"
        tolerance = TARGET.check(tolerance)
        target = f"L<{short(self.minimum + tolerance)}"
        if self.diverged_at is not None:
            return f"{head}  diverges: not finite from step {self.diverged_at} on"
        if (settled := self.settled_at(tolerance)) is not None:
            return f"{head}  settles at {target} after {settled} steps"
        reached = f"{head}  reaches L={short(self.loss[-1])} after {self.steps} steps"
        return f"{reached}, not settled at {target}" if np.isfinite(self.minimum) else reached

    def __repr__(self) -> str:
        return self.summary()


def descend(
    loss, optimizer: Optimizer, start=None, steps: int = 100, record: bool = False, schedule=None, clip=None
) -> Trajectory:
    """Walk `steps` steps with `optimizer` on `loss`.

    Parameters
    ----------
    loss : has ``value`` and ``gradient``, and ``start`` if none is given here
    start : θ₀, shape (..., d); many starts are walked at once
    steps : T ≥ 0
    record : keep the optimizer's state and gradients as well
    schedule : replaces the optimizer's ``lr``: a function of the step k, or a `ReduceOnPlateau`, which is told L
    clip : ``clip_value(limit)`` or ``clip_norm(limit)``, applied to each gradient

    Hyperparameters of the optimizer may be arrays that broadcast against θ, such as ``lr`` of shape (n, 1).
    Divergence is not an error: the trajectory is kept, and `Trajectory.diverged_at` says from where on.

    >>> from optimlab.optimizers import GradientDescent
    >>> from optimlab.surfaces import parabola
    >>> descend(parabola(), GradientDescent(lr=0.1), steps=10).theta[-1]
    array([2.67787745])
    """
    check_loss(loss)
    check_optimizer(optimizer)
    steps = check_steps(steps)
    theta = check_start(loss.start if start is None else start, loss)
    optimizer, plateau = scheduled(optimizer, schedule)
    check_clip(clip)
    check_choice("record", record, (True, False))
    optimizer = _as_arrays(optimizer, theta.dtype)
    theta, shape = _broadcast(theta, optimizer)

    path = np.empty((steps + 1, *theta.shape), theta.dtype)
    values = np.empty((steps + 1, *theta.shape[:-1]), theta.dtype)
    gradient_at = getattr(loss, "gradient_at", lambda k: loss.gradient)
    recorder = _Recorder() if record else None
    with np.errstate(all="ignore"):
        path[0], values[0] = theta, loss.value(theta)
        state = optimizer.init(theta)
        walker, memory = optimizer, plateau.init() if plateau else None
        if record:
            recorder.state(state)
        for k in range(steps):
            if plateau:
                lr, memory = plateau.step(values[k][..., None], memory)
                walker = with_rate(optimizer, lr.astype(theta.dtype))
            grad = clipped(gradient_at(k), clip)
            grad = recorder.watch(grad) if record else grad
            theta, state = walker.step(theta, grad, state, k)
            if theta.shape != path.shape[1:]:
                raise ValueError(
                    f"a schedule, a clipping limit or noise for {theta.shape[:-1]} descents needs as many starts: "
                    f"θ₀ of shape {theta.shape}, got {path.shape[1:]}"
                )
            path[k + 1], values[k + 1] = theta, loss.value(theta)
            if record:
                recorder.state(state)
    return Trajectory(
        path.reshape(steps + 1, *shape),
        values.reshape(steps + 1, *shape[:-1]),
        optimizer,
        float(getattr(loss, "minimum", 0.0)),
        recorder.stacked(shape) if record else {},
    )


def sweep(loss, optimizer: Optimizer, name: str, values: Sequence, start=None, steps: int = 100) -> Trajectory:
    """Descend once for each of `values` of the hyperparameter `name`, all at the same time.

    Parameters
    ----------
    name : a hyperparameter of the optimizer ("lr", "gamma", …) or, failing that, of the surface ("kappa", "angle")
    values : shape (n,)
    start, steps : as in `descend`

    Returns
    -------
    Trajectory : theta (T+1, n, ..., d), equal to a loop of `descend` over `values`
    """
    check_loss(loss)
    check_optimizer(optimizer)
    start = check_start(loss.start if start is None else start, loss)
    values = check_numbers(values, "the values of a sweep must be numbers")
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"the values of a sweep must have shape (n,) with n ≥ 1, got {values.shape}")
    column = values.reshape(-1, *[1] * start.ndim)
    known = [*optimizer.knobs, *getattr(loss, "knobs", {})]
    check_choice("the hyperparameter to sweep", name, known)
    if name in optimizer.knobs:
        optimizer = optimizer.replace(**{name: column})
    else:
        loss = loss.replace(**{name: column[..., 0]})
    return descend(loss, optimizer, np.broadcast_to(start, (len(values), *start.shape)), steps)


class _Recorder:
    """Keeps each step's state, and the gradient it asked for with the place where it asked."""

    def __init__(self):
        self.states, self.gradients, self.places = [], [], []

    def state(self, state):
        self.states.append(state)

    def watch(self, gradient):
        def watched(theta):
            g = gradient(theta)
            self.gradients.append(g)
            self.places.append(theta)
            return g

        return watched

    def stacked(self, shape) -> dict:
        rows = {name: [state[name] for state in self.states] for name in self.states[0]}
        rows |= {"g": self.gradients, "θ_g": self.places}
        return {name: np.array(values).reshape(len(values), *shape) for name, values in rows.items() if values}


def _as_arrays(optimizer, dtype):
    """Hyperparameters as arrays of θ's type: float32 stays float32, and one descent rounds as a sweep does."""
    numbers = {name: getattr(optimizer, name) for name in optimizer.knobs if not callable(getattr(optimizer, name))}
    copy = optimizer.replace()
    for name, value in numbers.items():
        object.__setattr__(copy, name, np.asarray(value, dtype))
    return copy


def _broadcast(theta, optimizer):
    """θ₀ as wide as the hyperparameters, with at least one axis for runs; and the shape the result shall have."""
    for name, spec in optimizer.knobs.items():
        value = getattr(optimizer, name)
        if callable(value):
            continue
        try:
            wide = np.broadcast_shapes(theta.shape, value.shape)
        except ValueError:
            wide = None
        if wide is None or wide[-1] != theta.shape[-1]:
            raise ValueError(
                f"{spec.meaning} {spec.symbol} of shape {value.shape} does not broadcast against θ of shape "
                f"{theta.shape}; one value for each of n descents has shape (n, 1)"
            )
        theta = np.broadcast_to(theta, wide)
    return theta.reshape(1, -1) if theta.ndim == 1 else theta, theta.shape


def scheduled(optimizer, schedule):
    """The optimizer under a schedule; and the schedule itself if it is one that watches the loss, else None."""
    if schedule is None:
        return optimizer, None
    from .schedules import ReduceOnPlateau  # only now: `import optimlab` stays fast

    if isinstance(schedule, ReduceOnPlateau):
        return optimizer.replace(lr=schedule.lr), schedule
    check_function("the schedule must be a function of the step k", schedule)
    return optimizer.replace(lr=schedule), None


def with_rate(optimizer, lr) -> Optimizer:
    """The same optimizer at another η, which is known to be legal."""
    copy = optimizer.replace()
    object.__setattr__(copy, "lr", lr)
    return copy


def check_clip(clip):
    """That it can clip, or a `ValueError`."""
    if clip is not None:
        check_function("clip must be clip_value(limit) or clip_norm(limit)", clip)


def clipped(gradient, clip):
    """A gradient function whose results are clipped."""
    if clip is None:
        return gradient

    def clipping(theta):
        g = gradient(theta)
        shorter = check_numbers(clip(g), "clip must return numbers")
        if shorter.shape != g.shape:
            raise ValueError(f"clip must return the gradient's shape {g.shape}, got {shorter.shape}")
        return shorter

    return clipping


def check_optimizer(optimizer) -> Optimizer:
    """The optimizer, or a `ValueError`: `Adam` is a class, `Adam(lr=0.1)` an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"the optimizer must be an Optimizer, such as Adam(lr=0.1), got {told(optimizer)}")
    return optimizer


def check_loss(loss):
    """That it has a value and a gradient: `ravine` is a function, `ravine()` a loss."""
    knows_gradient = hasattr(loss, "gradient") or hasattr(loss, "gradient_at")
    if not (hasattr(loss, "value") and knows_gradient) or isinstance(loss, type):
        raise ValueError(f"the loss must have value(theta) and gradient(theta), got {told(loss)}")


def check_start(start, loss=None):
    """θ₀ as a float array of shape (..., d), or a `ValueError` that says what is wrong with it."""
    theta = check_numbers(start, "the start θ₀ must be numbers of shape (..., d)")
    if theta.ndim == 0 or theta.size == 0:
        raise ValueError(f"the start θ₀ must have shape (..., d) with d ≥ 1, got {theta.shape}")
    dim = getattr(loss, "dim", theta.shape[-1])
    if theta.shape[-1] != dim:
        raise ValueError(f"the start θ₀ must have shape (..., {dim}) on {loss!r}, got {theta.shape}")
    if not np.isfinite(theta).all():
        raise ValueError(f"the start θ₀ must be finite, got {theta.tolist()}")
    return theta


def check_steps(steps):
    """The number of steps as an int, or a `ValueError`."""
    return check_whole("steps", steps)


def _index_or_none(index):
    """An array of step numbers (NaN for never); for a single descent an int, or None for never."""
    if index.ndim:
        return index
    return None if np.isnan(index) else int(index)
