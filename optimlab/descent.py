"""Run an optimizer on a loss: `walk` is the one loop; `descend` records it, `sweep` does so for many settings at once.

A *loss* is a `Loss`, or any object with ``value(theta)`` and ``gradient(theta)``; `optimlab.surfaces` and
`optimlab.problems` are full of them. How networks are trained is told in `optimlab.training`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from .checks import check_choice, check_function, check_numbers, check_whole, short
from .clipping import Clip, check_clip, clipped
from .knobs import Knob
from .losses import Adopted, Gradient, Loss, as_loss
from .optimizers import Optimizer
from .optimizers.base import State, check_optimizer
from .returned import MISTAKES, check_rows, explain, gradient_of, read_only, state_of, stepped, value_of

__all__ = ["Driver", "Point", "Trajectory", "descend", "sweep", "walk"]

TOLERANCE = 1e-3
MEMORY = 2 * 10**9  # bytes that a trajectory may take
TARGET = Knob("tolerance", "the", low=1e-6, high=1.0, log=True, allowed="(0, ∞)")


@dataclass(frozen=True, repr=False)
class Trajectory:
    """Where a descent went.

    Attributes
    ----------
    theta : the points θ₀ … θ_T, shape (T+1, ..., d)
    loss : L at each of them, shape (T+1, ...)
    optimizer : the optimizer that walked here
    minimum : the smallest possible loss, where it is known, else 0
    state : with ``record=True``, the optimizer's state before the first and after each step, {name: (T+1, ..., d)}
        where it is shaped like θ; and under "g" the last gradient that each step asked for, shape (T, ..., d), taken
        at the points "θ_g" (NaN where a step asked for none)
    evaluations : how many gradients were asked for until each step, shape (T+1,)
    cost : the same in gradients of single examples, for losses that have examples, shape (T+1,)
    at : the step of each point, shape (T+1,): 0, 1, …, T

    With ``keep=n``, there are fewer points than T+1: those of every n-th step, and of the last; ``at`` says which.
    Steps are counted truly all the same, and `settled_at` and `diverged_at` answer with steps of points that are kept.
    """

    theta: np.ndarray
    loss: np.ndarray
    optimizer: Optimizer
    minimum: float = 0.0
    state: dict[str, np.ndarray] = field(default_factory=dict)
    evaluations: np.ndarray = field(default_factory=lambda: np.zeros(1, int))
    cost: np.ndarray = field(default_factory=lambda: np.zeros(1, int))
    at: np.ndarray = field(default=None)  # type: ignore[assignment, arg-type]

    def __post_init__(self) -> None:
        if self.at is None:
            object.__setattr__(self, "at", np.arange(len(self.theta)))

    @property
    def steps(self) -> int:
        """T, how many steps were walked."""
        return int(self.at[-1])

    @cached_property
    def diverged_at(self) -> Any:
        """The first step whose θ or L is not finite: None if there is none (NaN, in an array, for many descents)."""
        finite = np.isfinite(self.loss) & np.isfinite(self.theta).all(axis=-1)
        return _index_or_none(np.where(finite.all(axis=0), np.nan, self.at[np.argmin(finite, axis=0)]))

    def settled_at(self, tolerance: Any = TOLERANCE) -> Any:
        """The settling time: the first step after which L − min L stays at or below `tolerance` for good.

        It is the *last* time the loss leaves the target that counts, not the first time it touches it.
        None if it does not stay there (NaN, in an array, for many descents).
        """
        tolerance = TARGET.check(tolerance)
        outside = ~(self.loss - self.minimum <= tolerance)
        last_outside = len(outside) - 1 - np.argmax(outside[::-1], axis=0)
        settled = np.where(outside.any(axis=0), last_outside + 1, 0)
        steps = np.append(self.at, np.nan)  # beyond the last point: never
        return _index_or_none(steps[settled])

    def summary(self, tolerance: float = TOLERANCE) -> str:
        """One line for a learner; the numbers have three significant digits."""
        head = "  ".join([self.optimizer.name, *self.optimizer.settings])
        if self.loss.ndim > 1:
            return f"{head}  {self.loss[0].size} descents of {self.steps} steps"
        TARGET.check(tolerance)
        target = f"L<{short(self.minimum + tolerance)}"
        if self.diverged_at is not None:
            return f"{head}  diverges: not finite from step {self.diverged_at} on"
        if (settled := self.settled_at(tolerance)) is not None:
            return f"{head}  settles at {target} after {settled} steps"
        reached = f"{head}  reaches L={short(self.loss[-1])} after {self.steps} steps"
        return f"{reached}, not settled at {target}" if np.isfinite(self.minimum) else reached

    def __repr__(self) -> str:
        return self.summary()


class Watched:
    """A gradient function that keeps what it was asked: the places, and the gradients there.

    To `record`, it keeps copies: the rule may go on with its own arrays.
    """

    def __init__(self, gradient: Gradient, record: bool = False):
        self.gradient, self.record = gradient, record
        self.asked: list[tuple[np.ndarray, np.ndarray]] = []

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        g = self.gradient(theta)
        self.asked.append((np.array(theta), np.array(g)) if self.record else (theta, g))
        return g


class Driver:
    """An optimizer under a schedule. One that watches the loss (`ReduceOnPlateau`) is told it by ``hear(loss)``.

    Parameters
    ----------
    schedule : None, a function of the step k, or a `ReduceOnPlateau`; replaces the optimizer's ``lr``
    """

    def __init__(self, optimizer: Optimizer, schedule: Any = None):
        self.optimizer = check_optimizer(optimizer)
        self.plateau: Any = None
        self.memory: dict = {}
        if schedule is None:
            return
        from .schedules import ReduceOnPlateau  # only now: `import optimlab` stays fast

        if isinstance(schedule, ReduceOnPlateau):
            self.plateau, self.memory = schedule, schedule.init()
            self.optimizer = optimizer.replace(lr=schedule.lr)
        else:
            check_function("the schedule must be a function of the step k", schedule)
            self.optimizer = optimizer.replace(lr=schedule)

    def hear(self, loss: Any, dtype: Any = float) -> None:
        """Tell a schedule that watches the loss what it has become; others do not listen."""
        if self.plateau is not None:
            lr, self.memory = self.plateau.step(loss, self.memory)
            self.optimizer = self.optimizer.with_rate(np.asarray(lr, dtype))


@dataclass(frozen=True)
class Point:
    """Where a walk is after k steps: θ, the optimizer's state, and what the step that led here asked for.

    ``asked`` are (place, gradient) pairs, as many as the step has evaluated.
    """

    k: int
    theta: np.ndarray
    state: State
    asked: list = field(default_factory=list)


def walk(
    loss: Loss, driver: Driver, theta: np.ndarray, clip: Clip | None = None, record: bool = False
) -> Iterator[Point]:
    """The one loop: yield θ₀, θ₁, θ₂, …, for ever.

    Whoever asks for the next point may have told the driver the loss of this one. The caller stops it, records it,
    or counts it in epochs. What loss and optimizer give back is looked at by `optimlab.returned`.
    """
    driver.optimizer = driver.optimizer.on(loss.layers)
    inner = getattr(driver.optimizer, "inner", None)
    if inner is not None and foreign(inner):  # what it returns goes through another's hands: tried alone once
        try_once(inner, loss, theta)
    name, point = driver.optimizer.name, start_of(driver.optimizer, theta)
    while True:
        yield point
        grad = Watched(clipped(gradient_of(loss, loss.gradient_at(point.k)), clip), record)
        try:
            with np.errstate(all="ignore"):  # a descent that diverges is no error
                result = driver.optimizer.step(point.theta, grad, dict(point.state), point.k)
        except MISTAKES as error:
            explain(error, f"the step of {name}", driver.optimizer.lr)
            raise
        point = Point(point.k + 1, *stepped(result, point.theta, name), grad.asked)


def foreign(thing: Any) -> bool:
    """Whether it is not of this package, but somebody's own."""
    return type(thing).__module__.partition(".")[0] != __package__


def try_once(optimizer: Optimizer, loss: Loss, theta: np.ndarray) -> None:
    """Take one step, and say what is wrong with it."""
    next(islice(walk(loss, Driver(optimizer), theta), 1, None))


def start_of(optimizer: Optimizer, theta: np.ndarray) -> Point:
    """Where a walk begins: θ₀, and the state that the optimizer makes of it."""
    theta = read_only(theta)
    try:
        state = optimizer.init(theta)
    except MISTAKES as error:
        explain(error, f"init of {optimizer.name}")
        raise
    return Point(0, theta, state_of(state, f"the state that init of {optimizer.name} returns"))


def descend(
    loss: Any,
    optimizer: Optimizer,
    start: Any = None,
    steps: int = 100,
    record: bool = False,
    schedule: Any = None,
    clip: Clip | None = None,
    keep: int = 1,
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
    keep : n ≥ 1: keep the points of every n-th step and of the last, where all of them would take too much memory

    Hyperparameters of the optimizer may be arrays that broadcast against θ, such as ``lr`` of shape (n, 1).
    Divergence is not an error: the trajectory is kept, and `Trajectory.diverged_at` says from where on.

    >>> from optimlab.optimizers import GradientDescent
    >>> from optimlab.surfaces import parabola
    >>> descend(parabola(), GradientDescent(lr=0.1), steps=10).theta[-1]
    array([2.67787745])
    """
    loss, steps = as_loss(loss), check_steps(steps)
    check_optimizer(optimizer)
    theta = check_start(loss.start if start is None else start, loss)
    driver = Driver(optimizer, schedule)
    check_clip(clip)
    check_choice("record", record, (True, False))
    check_whole("keep", keep, 1)
    driver.optimizer = walker = driver.optimizer.of_type(theta.dtype)
    theta = walker.widened(theta)
    shape = theta.shape
    theta = theta.reshape(1, -1) if theta.ndim == 1 else theta

    own = loss.thing if isinstance(loss, Adopted) else loss
    if foreign(own) and not loss.stochastic and theta.size > theta.shape[-1]:
        check_rows(loss, theta)
    marks = kept_steps(steps, keep)
    check_memory(len(marks), theta, start_of(walker.on(loss.layers), theta).state if record else {}, keep)
    path = np.empty((len(marks), *theta.shape), theta.dtype)
    values = np.empty((len(marks), *theta.shape[:-1]), theta.dtype)
    evaluations, prices = np.zeros(len(marks), int), np.zeros(len(marks), int)
    recorder = Recorder(shape) if record else None
    asked = price = row = 0
    for point in walk(loss, driver, theta, clip, record):
        k = point.k
        asked += len(point.asked)
        price += len(point.asked) * loss.price(k - 1) if k else 0
        if kept := k == marks[row]:
            with np.errstate(all="ignore"):
                path[row], values[row] = point.theta, value_of(loss, point.theta)
            evaluations[row], prices[row] = asked, price
            if recorder:
                recorder.keep(point)
            row += 1
        if k == steps:
            break
        if driver.plateau is not None:
            driver.hear((values[row - 1] if kept else value_of(loss, point.theta))[..., None], theta.dtype)
    if steps and not asked:
        raise ValueError(f"{walker.name} has not asked for a gradient in {steps} steps: its step must call grad(theta)")
    return Trajectory(
        path.reshape(-1, *shape),
        values.reshape(-1, *shape[:-1]),
        walker,
        float(loss.minimum),
        recorder.stacked() if recorder else {},
        evaluations,
        prices,
        marks,
    )


def kept_steps(steps: int, keep: int) -> np.ndarray:
    """The steps whose points are kept: every `keep`-th one, and the last."""
    return np.unique([*range(0, steps, keep), steps]) if keep > 1 else np.arange(steps + 1)


def check_memory(points: int, theta: np.ndarray, state: State, keep: int) -> None:
    """That what would be kept fits into memory, or a `ValueError` that says how to keep less."""
    arrays = [theta, *(np.asarray(entry) for entry in state.values()), *([theta, theta] if state else [])]
    needed = points * sum(array.size * array.itemsize for array in arrays)
    if needed > MEMORY:
        raise ValueError(
            f"{points} points of {theta.size} numbers would take {needed / 1e9:.3g} GB: keep every n-th point, "
            f"keep={keep * int(np.ceil(needed / MEMORY))}"
        )


def sweep(
    loss: Any, optimizer: Optimizer, name: str, values: Any, start: Any = None, steps: int = 100, keep: int = 1
) -> Trajectory:
    """Descend once for each of `values` of the hyperparameter `name`, all at the same time.

    Parameters
    ----------
    name : a hyperparameter of the optimizer ("lr", "gamma", …) or, failing that, of the surface ("kappa", "angle")
    values : shape (n,)
    start, steps, keep : as in `descend`

    Returns
    -------
    Trajectory : theta (T+1, n, ..., d), equal to a loop of `descend` over `values`
    """
    loss = as_loss(loss)
    check_optimizer(optimizer)
    start = check_start(loss.start if start is None else start, loss)
    values = check_numbers(values, "the values of a sweep must be numbers")
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"the values of a sweep must have shape (n,) with n ≥ 1, got {values.shape}")
    column = values.reshape(-1, *[1] * start.ndim)
    check_choice("the hyperparameter to sweep", name, [*optimizer.knobs, *loss.knobs])
    if name in optimizer.knobs:
        optimizer = optimizer.replace(**{name: column})
    else:
        loss = loss.replace(**{name: column[..., 0]})
    return descend(loss, optimizer, np.broadcast_to(start, (len(values), *start.shape)), steps, keep=keep)


class Recorder:
    """Keeps the state of each point, and the last gradient that the step to it asked for, with its place."""

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape  # of the result's θ; the walk's own has at least one axis for runs
        self.points: list[Point] = []

    def keep(self, point: Point) -> None:
        self.points.append(point)

    def stacked(self) -> dict[str, np.ndarray]:
        for point in self.points:
            if point.state.keys() != self.points[0].state.keys():
                names = (", ".join(map(str, state)) or "nothing" for state in (self.points[0].state, point.state))
                raise ValueError("step must return the entries that init has made, {}; it returns {}".format(*names))
        rows = {name: [point.state[name] for point in self.points] for name in self.points[0].state}
        lost = np.full(self.points[0].theta.shape, np.nan)
        last = [point.asked[-1] if point.asked else (lost, lost) for point in self.points[1:]]
        if last:
            rows |= {"g": [g for _, g in last], "θ_g": [place for place, _ in last]}
        return {name: self.in_shape(np.array(entries)) for name, entries in rows.items()}

    def in_shape(self, entries: np.ndarray) -> np.ndarray:
        """Entries of any shape; where their axes are those of the runs, these become the result's."""
        runs = self.points[0].theta.shape[:-1]
        if entries.shape[1 : 1 + len(runs)] != runs:
            return entries
        return entries.reshape(len(entries), *self.shape[:-1], *entries.shape[1 + len(runs) :])


def check_start(start: Any, loss: Loss | None = None) -> np.ndarray:
    """θ₀ as a float array of shape (..., d), or a `ValueError` that says what is wrong with it."""
    theta = check_numbers(start, "the start θ₀ must be numbers of shape (..., d)")
    if theta.ndim == 0 or theta.size == 0:
        raise ValueError(f"the start θ₀ must have shape (..., d) with d ≥ 1, got {theta.shape}")
    dim = None if loss is None else loss.dim
    if dim is not None and theta.shape[-1] != dim:
        raise ValueError(f"the start θ₀ must have shape (..., {dim}) on {loss!r}, got {theta.shape}")
    if not np.isfinite(theta).all():
        raise ValueError(f"the start θ₀ must be finite, got {theta.tolist()}")
    return theta


def check_steps(steps: Any) -> int:
    """The number of steps as an int, or a `ValueError`."""
    return check_whole("steps", steps)


def _index_or_none(index: Any) -> Any:
    """An array of step numbers (NaN for never); for a single descent an int, or None for never."""
    if index.ndim:
        return index
    return None if np.isnan(index) else int(index)
