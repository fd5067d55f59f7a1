"""Shadows: real trainings on the plane of their principal directions and on a random one, and what is left out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from ..checks import check_whole
from ..data import digits
from ..descent import descend
from ..knobs import Knob
from ..landscapes import Plane, random_direction
from ..networks import Network
from ..optimizers import Adam, GradientDescent, Momentum, Optimizer
from ..palette import role, style_of
from ..principal import pca_plane
from ..stage.marks import Curve, Field, Mark, Path, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .inputs import runners
from .lab import Control, Lab

__all__ = ["shadow_lab"]

NETWORK, EXAMPLES = Network((64, 32, 10)), 400
USUAL = {"SGD": GradientDescent(0.5), "Momentum": Momentum(0.1, 0.9), "Adam": Adam(0.01)}
SEED = Knob("seed", "number of the random plane, its", 0, 9, allowed="[0, ∞)", count=10, whole=True)
ACROSS, UP = 29, 17  # places at which a plane's heights are computed
ROOM, FLAT = 0.06, 0.55  # around the shadows, and how high a view is at least
TRUE, SHADOW, HELD, RANDOM = "L", "shadow", "held", "random"
X, Y, HEIGHT = range(3)
WAY, DISTANCE = 1, 2


def shadow_lab(
    optimizers: Any = None, steps: int = 400, batch_size: int | None = 32, seed: int = 0, names: Any = None
) -> Lab:
    """Real trainings as shadows: their nearest points on a plane, step by step, with the loss of the plane below.

    A network 64-32-10 of ReLUs (d = 2410 parameters) learns 400 digits. On the left is the plane of the first two
    principal directions of one run, through its end; in the middle one through the same end in two random directions,
    normalized by filters (Li et al. 2018). Both have the same scale, in lengths |θ|. On a random plane is about 2/d of
    a path's variance: the shadows stand still while the loss falls. On the right is the loss L(θₜ) of the run beside
    that at its shadows. Noise moves a run off its principal plane, and up: without it (batch_size=None) the shadow has
    the loss of the run to some per cent, but for the first steps.

    A run "held on the plane" starts at the first shadow and goes on with the same optimizer and batches, but with φ₁
    and φ₂ as its only parameters. Gradient descent and momentum do not know axes, and it stays close to the shadow. A
    step of Adam is about η along each axis, and two axes get it less far than 2410; with an η about ten times as large
    it gets there.

    The settings of SGD, momentum and Adam are usual ones, for pictures of a good training and not for a race.

    Parameters
    ----------
    optimizers : one `Optimizer` or several; SGD (η = 0.5), momentum (0.1) and Adam (0.01) if None
    steps : from 10 to 2000
    batch_size : B in [1, 400]; None for all examples in each gradient, without noise
    seed : of θ₀ and of the batches
    names : what to call the runs, their class names if None
    """
    if optimizers is None:
        names = list(USUAL) if names is None else names
        optimizers = list(USUAL.values())
    family, names = runners("the lab of shadows", optimizers, names)
    check_whole("steps", steps, 10, 2000)
    shadows = Shadows(family, names, steps, batch_size, seed)
    styles = style_of([optimizer.name for optimizer in family])
    labels = [f"{i}: {name}" for i, name in enumerate(names, start=1)] if len(names) > 1 else names
    runs = [Run(f"run{i}", label, *style) for i, (label, style) in enumerate(zip(labels, styles, strict=True))]
    runs += [
        Run(TRUE, "L(θₜ)", **role("ink")),
        Run(SHADOW, "L at its shadow", **role("theory"), dash=(4, 2)),
        Run(RANDOM, "L, random plane", **role("data"), dash=(1, 1.5)),
        Run(HELD, "held on the plane", **role("velocity"), dash=(7, 2)),
    ]
    count = len(family)
    which = Knob("run", "number of the", 1, max(count, 2), allowed=f"[1, {count}]", count=max(count, 2), whole=True)
    controls = [Control("run", which, 1, "the planes")] if count > 1 else []
    controls.append(Control("seed", SEED, 0, "the planes"))
    readouts = [
        Readout("L", TRUE, 0),
        Readout("at its shadow", SHADOW, 0),
        Readout("on the random plane", RANDOM, 0),
        Readout("way", TRUE, WAY),
        Readout("from θ₀", TRUE, DISTANCE),
    ]
    scene = Scene(panels(shadows, count, steps), runs, steps, readouts)
    title = f"shadows of trainings with {NETWORK.size} parameters, {steps} steps"
    return Lab(scene, sources(shadows, count), controls, None, shadows.told, title)


class Shadows:
    """The paths of some trainings, and what planes show of them. Runs are counted from 0."""

    def __init__(self, family: list[Optimizer], names: list[str], steps: int, batch_size: Any, seed: int):
        self.loss = NETWORK.on(digits(EXAMPLES), batch_size, seed)
        self.family, self.names, self.steps = family, names, steps
        with ONE_THREAD, np.errstate(all="ignore"):
            paths = [descend(self.loss, optimizer, steps=steps) for optimizer in family]
        self.paths, self.losses = [path.theta for path in paths], [np.asarray(path.loss) for path in paths]
        for name, path in zip(names, self.paths, strict=True):
            if not np.isfinite(path).all():
                raise ValueError(f"{name} must stay finite for {steps} steps to have a shadow: take a smaller η")
        self.plane = cache(self._plane)
        self.at_shadow = cache(self._at_shadow)
        self.held = cache(self._held)
        self.heights = cache(self._heights)
        self.view, self.middle = self._views()

    def _plane(self, run: int, seed: int | None) -> Plane:
        """Through the end of a run: the principal plane, or the random one of a seed."""
        if seed is None:
            try:
                return pca_plane(self.paths[run], "end").plane(self.loss)
            except ValueError as reason:
                raise ValueError(f"{self.names[run]} has no plane: {reason}") from None
        end = self.paths[run][-1]
        drawn = [random_direction(NETWORK, end, 2 * seed + i) for i in (0, 1)]
        return Plane(self.loss, end, *(d / np.linalg.norm(d) for d in drawn))

    def _views(self) -> tuple[tuple, tuple]:
        """The range that holds all shadows on all principal planes, and one as large around 0."""
        runs = range(len(self.paths))
        places = np.concatenate([self.plane(run, None).coordinates(path) for run in runs for path in self.paths])
        low, high = places.min(axis=0), places.max(axis=0)
        half = (high - low) / 2
        half = np.maximum(half, FLAT * half.max()) + ROOM * half.max()
        middle = (low + high) / 2
        return view_of(middle, half), view_of(0 * middle, half)

    def _at_shadow(self, run: int, seed: int | None) -> np.ndarray:
        """The loss at the shadow of each step, on the run's own plane, shape (T+1,)."""
        plane = self.plane(run, seed)
        return self.of_all(plane.to(plane.coordinates(self.paths[run])))

    def _held(self, run: int) -> np.ndarray:
        """φ and the loss of a descent of φ alone, shape (T+1, 3)."""
        plane = self.plane(run, None)
        with ONE_THREAD, np.errstate(all="ignore"):
            path = descend(plane, self.family[run], plane.coordinates(self.paths[run][0]), self.steps)
        return np.column_stack([path.theta, path.loss])

    def _heights(self, run: int, seed: int | None) -> np.ndarray:
        plane = self.plane(run, seed)
        (x0, x1), (y0, y1) = self.view if seed is None else self.middle
        places = np.stack(np.meshgrid(np.linspace(x0, x1, ACROSS), np.linspace(y0, y1, UP)), axis=-1)
        return self.of_all(plane.to(places))

    def of_all(self, theta: np.ndarray) -> np.ndarray:
        with ONE_THREAD:
            return self.loss.value(theta)

    def lengths(self, run: int) -> np.ndarray:
        """How far the run has gone, and how far it is from θ₀, shape (T+1, 2)."""
        path = self.paths[run]
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
        return np.column_stack([way, np.linalg.norm(path - path[0], axis=1)])

    def inside(self, run: int, plane: Plane) -> float:
        """The share of the run's variance that its shadow on a plane has."""
        path = self.paths[run]
        return float(plane.to(plane.coordinates(path)).var(axis=0).sum() / path.var(axis=0).sum())

    def told(self, values: Any) -> Any:
        run, seed = chosen(values)
        loss, (way, distance) = self.losses[run], self.lengths(run)[-1]
        own, random, held = self.at_shadow(run, None), self.at_shadow(run, seed), self.held(run)
        share, least = (100 * self.inside(run, self.plane(run, s)) for s in (None, seed))
        shadow = self.plane(run, None).coordinates(self.paths[run])
        apart = np.linalg.norm(held[-1, :HEIGHT] - shadow[-1]) / np.linalg.norm(shadow[-1] - shadow[0])
        k = self.steps // 4
        yield f"{self.names[run]}: L from {loss[0]:#.2g} to {loss[-1]:#.2g}; a way of {way:.2g}, {distance:.2g} from θ₀"
        yield (
            f"its principal plane has {share:.0f} % of its variance; L at the shadow is {own[0]:#.2g} instead of "
            f"{loss[0]:#.2g} at first, {own[k]:#.2g} instead of {loss[k]:#.2g} at step {k}"
        )
        yield (
            f"the random plane has {least:.1g} % (2/d is {200 / NETWORK.size:.1g} %); L at the shadow goes from "
            f"{random[0]:#.2g} to {random[-1]:#.2g}"
        )
        yield f"held on the plane: L={held[-1, HEIGHT]:#.2g}, {100 * apart:.0f} % of the way from the shadow's end"


def view_of(middle: np.ndarray, half: np.ndarray) -> tuple:
    return tuple((float(m - h), float(m + h)) for m, h in zip(middle, half, strict=True))


def chosen(values: Any) -> tuple[int, int]:
    """The run, from 0, and the seed of the random plane."""
    return round(float(values.get("run", 1))) - 1, round(float(values["seed"]))


# Sources


def sources(shadows: Shadows, count: int) -> list[Source]:
    run = ("run",) if count > 1 else ()
    both = (*run, "seed")

    def path(i: int, at: int, seed: int | None) -> np.ndarray:
        return shadows.plane(at, seed).coordinates(shadows.paths[i])

    def own(i: int, at: int, seed: int) -> np.ndarray:
        return path(i, at, None)

    made = [
        source("principal", run, lambda run, seed: shadows.heights(run, None)),
        source("field", both, shadows.heights),
        source(TRUE, run, lambda run, seed: np.column_stack([shadows.losses[run], shadows.lengths(run)])),
        source(SHADOW, run, lambda run, seed: shadows.at_shadow(run, None)[:, None]),
        source(RANDOM, both, lambda run, seed: shadows.at_shadow(run, seed)[:, None]),
        source(HELD, run, lambda run, seed: shadows.held(run)),
    ]
    for i in range(count):
        made.append(source(f"own{i}", run, partial(own, i)))
        made.append(source(f"random{i}", both, partial(path, i)))
    return made


def source(name: str, needs: tuple[str, ...], of: Callable[[int, int], np.ndarray]) -> Source:
    """A source of a run and a seed, one of which may be an array of shape (n,)."""

    def compute(values: Any) -> np.ndarray:
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs))
        if not many:
            return of(*chosen(values))
        each = [{n: np.broadcast_to(values[n], many)[i] for n in needs} for i in range(many[0])]
        return np.stack([of(*chosen({"seed": 0} | one)) for one in each])

    return Source(name, needs, compute, tuple(n for n in needs if n == "run"))


# Panels


def panels(shadows: Shadows, count: int, steps: int) -> list[Panel]:
    principal = plane_panel("principal", "own", shadows.view, count, "on the run's principal plane")
    principal = principal.with_marks(Path(source=HELD, run=HELD, x=X, y=Y, width=1.6))
    random = plane_panel("field", "random", shadows.middle, count, "on a random plane, same scale")
    top = max(float(loss[0]) for loss in shadows.losses)
    low = min(float(loss.min()) for loss in shadows.losses)
    return [principal, random, loss_panel(steps, 0.5 * low, 2 * top)]


def plane_panel(field: str, source: str, view: tuple, count: int, title: str) -> Panel:
    marks: list[Mark] = [Field(source=field, minimum=0.0)]
    marks += [Path(source=f"{source}{i}", run=f"run{i}", x=X, y=Y, width=2.4) for i in range(count)]
    marks.append(Points(data=[[0, 0]], symbol="star", label="end of the run", **role("ink")))
    return Panel(
        view[0],
        view[1],
        x_label="φ₁",
        y_label="φ₂",
        title=title,
        alt=f"contours of the loss, and the shadows of the trainings, {title}",
        equal=True,
        marks=marks,
    )


def loss_panel(steps: int, low: float, high: float) -> Panel:
    marks = [Curve(source=HELD, run=HELD, y=HEIGHT)]
    marks += [Curve(source=name, run=name, y=0) for name in (TRUE, RANDOM, SHADOW)]
    return Panel(
        (0, steps),
        (low, high),
        x_label="step t",
        y_label="training loss",
        title="the run's loss, and its shadows'",
        alt="training loss against step, beside the loss at the shadows on both planes, logarithmic",
        y_log=True,
        follow="both",
        marks=marks,
    )
