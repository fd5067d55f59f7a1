"""Draw the schedule: η(k) is a line to be pulled with the mouse, and the descent follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..checks import check_whole, told
from ..descent import descend
from ..losses import Loss
from ..noise import Noisy
from ..optimizers import GradientDescent, Optimizer
from ..palette import role_style
from ..schedules import cosine_decay, piecewise_linear
from ..stage.marks import Curve, Knots
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .inputs import fixed, plane
from .lab import Lab
from .panels import loss_panel, rate_panel, surface_panel
from .sources import field_source, rows_of
from .travel import Taken, Walk, walk_recipe

__all__ = ["DrawnLab", "draw_lab", "expected_excess"]

MINE, COSINE = "yours", "cosine"
RATE, EXCESS = 2, 0  # channels: η of a path, and of an expectation E[L − min L]
TRIED = 121  # learning rates among which the cosine's is chosen
TOP = 1.0  # of 2/λmax: so high a knot can be pulled, and the cosine can begin


class Moments(Loss):
    """`expected_excess` as a loss, so that it travels: ½ Σ λᵢ mᵢ, where the mᵢ are what it calls mean squares."""

    name = "mean over all noises"

    def __init__(self, curvatures: Any):
        self.curvatures = np.asarray(curvatures, float)
        self.start = np.ones(len(self.curvatures))

    def value(self, theta: Any) -> Any:
        return 0.5 * (self.curvatures * theta).sum(axis=-1)

    def gradient(self, theta: Any) -> Any:
        return 0.5 * self.curvatures + 0.0 * theta


@dataclass(frozen=True, repr=False)
class Spread(Optimizer):
    """What a step of noisy gradient descent does to these mean squares: mᵢ ← (1 − ηλᵢ)² mᵢ + (ησ)²."""

    sigma: float = 0.0

    def step(self, theta: Any, grad: Any, state: Any, k: int) -> Any:
        eta, curvatures = self.rate(k), 2 * grad(theta)  # the loss is ½ λ·m
        return (1 - eta * curvatures) ** 2 * theta + (eta * self.sigma) ** 2, state


def expected_excess(schedule: Any, curvatures: Any, distances: Any, sigma: Any, steps: int) -> np.ndarray:
    r"""The mean of L − min L over all noises, exactly, for gradient descent on a quadratic: shape (steps + 1, ...).

    The start is at the distances dᵢ, shape (..., d), along the axes of curvature λᵢ, and each coordinate of the
    gradient has the noise σξ. The mean squares obey
    :math:`m_i \leftarrow (1 - \eta_k\lambda_i)^2 m_i + \eta_k^2\sigma^2`, and
    :math:`E[L] - \min L = \tfrac12 \sum_i \lambda_i m_i`.
    """
    lam, m = np.asarray(curvatures, float), np.square(np.asarray(distances, float))
    rows = [m]
    for k in range(steps):
        eta = schedule(k)
        m = (1 - eta * lam) ** 2 * m + (eta * sigma) ** 2
        rows.append(m)
    return 0.5 * (lam * np.array(rows)).sum(axis=-1)


@dataclass(frozen=True)
class Line:
    """A schedule of the lab: the controls that it hears, with their shapes, and how they make it."""

    controls: Mapping[str, tuple[int, ...]]
    schedule: Callable[[Mapping[str, Any]], Any]


class DrawnLab(Lab):
    """A lab in which a schedule is drawn: `draw_lab` makes it, `schedule` is what has been drawn."""

    steps: int

    @property
    def schedule(self) -> piecewise_linear:
        """The drawn line as a schedule, for the budget of the lab."""
        return piecewise_linear(self.values["knots"], self.steps)

    def scaled(self, lr: float, steps: int) -> piecewise_linear:
        """The same shape for another training: `lr` is its largest η, `steps` the length."""
        knots = np.asarray(self.values["knots"])
        if not knots.max() > 0:
            raise ValueError("the drawn schedule is 0 everywhere: pull a knot up first")
        return piecewise_linear(tuple(lr * knots / knots.max()), steps)


def draw_lab(surface: Any, steps: int = 60, knots: int = 12) -> DrawnLab:
    """Draw η(k) through some knots, and beat the cosine on the same budget of steps.

    The losses are means over all noises, computed exactly (`expected_excess`); the paths are those of one noise. The
    cosine has the η₀ below 2/λmax with which it ends lowest; no knot goes higher than 2/λmax either.

    Parameters
    ----------
    surface : a quadratic surface of two parameters (`ravine`, `bowl`), or `Noisy` of one
    steps : the budget
    knots : how many numbers the line goes through, 2 to 40
    """
    noisy = surface if isinstance(surface, Noisy) else Noisy(surface, 0.0)
    calm = fixed(plane("draw_lab", noisy.surface))
    if not calm.eigenvalues or not calm.minima:
        raise ValueError(f"draw_lab needs a quadratic surface with a minimum, as ravine() has, got {told(surface)}")
    check_whole("steps", steps, 2, 500)
    check_whole("knots", knots, 2, 40)
    loss, start = Noisy(calm, float(noisy.sigma), noisy.seed), np.asarray(calm.start, float)
    curvatures, distances = along_axes(calm, start)
    limit = 2 / float(curvatures[-1])

    def expected(schedule: Any) -> np.ndarray:
        return expected_excess(schedule, curvatures, distances, loss.sigma, steps)

    best = best_cosine(curvatures, distances, loss.sigma, steps)
    drawn = (best,) * knots  # a constant η to begin with
    runs = [
        Run(name, label, *role_style(role), (f"mean{i}", EXCESS), 0.0, reads="mean L − min L")
        for i, (name, label, role) in enumerate(
            [(MINE, "yours", "constant"), (COSINE, f"cosine, best η₀ = {best:.3g}", "cosine")]
        )
    ]

    lines = [
        Line({"knots": (knots,)}, lambda values: piecewise_linear(values["knots"], steps)),
        Line({}, lambda values: cosine_decay(best, steps)),
    ]
    sources = [path(f"run{i}", line, loss, start, steps) for i, line in enumerate(lines)]
    moments = Moments(curvatures)
    means = [mean(f"mean{i}", line, moments, loss.sigma, distances**2, steps) for i, line in enumerate(lines)]
    places = np.linspace(0, steps, knots).tolist()
    panels = [
        rate_panel(sources, runs, steps, RATE, TOP * limit, "draw η(k): pull the knots, or draw across").with_marks(
            Knots(control="knots", x=places, label="η")
        ),
        surface_panel(calm, sources, runs, title=f"{calm.name}, one noise").without("handle"),
        mean_panel(loss_panel(calm, means, runs, steps, float(calm.value(start))), means, runs),
    ]

    def summary(values: Any) -> Any:
        for line, name in zip(lines, ("yours", f"cosine with its best η₀ = {best:.3g}"), strict=True):
            yield f"{name:34}  mean L − min L {expected(line.schedule(values))[-1]:.3e} at step {steps}"

    scene = Scene(panels, runs, steps)
    title = f"a drawn schedule on {loss!r}, {steps} steps, {knots} knots"
    lab = DrawnLab(scene, [*sources, *means, field_source(calm)], [], {"knots": drawn}, summary, title)
    lab.steps = steps
    return lab


def along_axes(surface: Any, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curvatures of a quadratic, ascending, and the start's distances from its minimum along their axes."""
    zero, unit = np.zeros(surface.dim), np.eye(surface.dim)
    hessian = np.array([surface.gradient(e) - surface.gradient(zero) for e in unit])
    curvatures, axes = np.linalg.eigh(hessian)
    return curvatures, (start - np.asarray(surface.minima[0])) @ axes


def best_cosine(curvatures: np.ndarray, distances: np.ndarray, sigma: Any, steps: int) -> float:
    """The η₀ below 2/λmax with which the cosine ends lowest in the mean, to three digits."""
    limit = 2 / float(curvatures[-1])
    rates = np.geomspace(limit / 300, 0.999 * limit, TRIED)
    many = np.broadcast_to(distances, (TRIED, len(distances)))
    schedule = cosine_decay(rates[:, None], steps)  # type: ignore[arg-type]
    ends = expected_excess(schedule, curvatures, many, sigma, steps)[-1]
    return float(f"{rates[int(np.argmin(ends))]:.3g}")


def path(name: str, line: Line, loss: Noisy, start: np.ndarray, steps: int) -> Source:
    """θ under one noise, and η."""

    def compute(values: Any) -> np.ndarray:
        schedule = line.schedule(values)
        walk = descend(loss, GradientDescent(), start, steps, schedule=schedule)
        return rows_of(*walk.theta.T, schedule(np.arange(steps + 1)))

    def begin(values: Any) -> Walk:
        return Walk(loss, GradientDescent(line.schedule(values)), start)

    def row(walk: Walk, taken: Taken) -> list:
        return [taken.theta, walk.optimizer.lr(taken.k)]  # type: ignore[operator]

    return Source(name, tuple(line.controls), compute, recipe=walk_recipe(begin, line.controls, steps, row))


def mean(name: str, line: Line, loss: Moments, sigma: Any, squares: np.ndarray, steps: int) -> Source:
    """E[L − min L], exactly."""

    def begin(values: Any) -> Walk:
        return Walk(loss, Spread(line.schedule(values), sigma), squares)

    def compute(values: Any) -> np.ndarray:
        walk = begin(values)
        return rows_of(descend(walk.loss, walk.optimizer, walk.start, steps).loss)

    def row(walk: Walk, taken: Taken) -> list:
        return [walk.loss.value(taken.theta)]

    return Source(name, tuple(line.controls), compute, recipe=walk_recipe(begin, line.controls, steps, row))


def mean_panel(panel: Panel, means: Any, runs: Any) -> Panel:
    """The loss panel for means over all noises, which are no paths."""
    curves = [Curve(source=s.name, run=run.id, y=EXCESS) for s, run in zip(means, runs, strict=True)]
    return replace(panel, title="loss, mean over all noises", marks=curves)
