"""The noise ball: how far from the minimum mini-batches keep a path at a constant learning rate."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ..checks import check_whole, told
from ..noise_ball import mean_excess, mean_square_limit, stationary_covariance
from ..optimizers import GradientDescent
from ..palette import role, role_style
from ..problems import LinearRegression
from ..stage.marks import Curve, Dot, HLine, Mark, Path, Points, VLine
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .inputs import plane
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import EXCESS, batch_source, field_source, rows_of, size_knob

__all__ = ["noise_lab"]

WAYS = {"shuffled": False, "independent draws": True}
MEAN = EXCESS + 1  # the channel of a `path_with_mean` after L − min L
LEVEL, LIMIT, WHOLE = range(3)  # channels of the source "theory"
NINETY_FIVE = 2 * np.log(20)  # χ² with two degrees of freedom
WIDEST = 4.5  # standard deviations from the star to the edge of the picture


def noise_lab(problem, lr: float = 0.05, batch_size: int = 1, steps: int = 1000, seed: int = 0) -> Lab:
    """A path that trembles around the minimum, seen from close by, beside what theory says of it.

    Two ways to draw a batch: each epoch shuffles the examples, as frameworks do; or each is drawn anew, as theory
    assumes. Theory's part is exact for the second one: the ellipse in which θ is for 95 % of the time (were it normally
    distributed), the mean of L − min L, and the η from which on there is no such mean; see `optimlab.noise_ball`.

    Parameters
    ----------
    problem : a `LinearRegression` of two parameters
    lr : η; the picture is as wide as its noise ball, and starts at the edge of it
    batch_size : B; the slider runs over the powers of two
    steps : how many steps each walks
    seed : of the shuffling and of the draws
    """
    if not isinstance(problem, LinearRegression):
        raise ValueError(f"noise_lab needs a LinearRegression of two parameters, got {told(problem)}")
    problem = plane("noise_lab", problem)
    check_whole("steps", steps, 1)
    problem.minibatch(batch_size, seed)  # says at once what is wrong with B
    rate, size = GradientDescent().knobs["lr"], size_knob(problem)
    lr = rate.check_one(lr)
    start, view = surroundings(problem, lr, batch_size)
    problem = replace(problem, view=view)
    runs = [
        Run(way, way, *role_style(way), loss=(f"run{i}", EXCESS), minimum=problem.minimum) for i, way in enumerate(WAYS)
    ]
    draws = [partial(problem.minibatch, seed=seed, replacement=replacement) for replacement in WAYS.values()]
    paths = [path_with_mean(f"run{i}", draw, steps) for i, draw in enumerate(draws)]
    first = float(problem.value(np.array(start)))
    surface = thin(surface_panel(problem, paths, runs, f"{problem.name}, close to its minimum", [ellipse()]))
    losses = thin(loss_panel(problem, paths, runs, steps, first))
    scene = Scene(
        [
            surface,
            losses.with_marks(
                HLine(source="theory", y=LEVEL, label="theory: mean {y}", side="right", **role("theory"))
            ),
            ruler(rate),
        ],
        runs,
        steps,
        [Readout(f"mean L − min L, second half, {way}", f"run{i}", MEAN) for i, way in enumerate(WAYS)],
    )

    def summary(values):
        mean, limit, whole = theory(values, problem)[0]
        stable = f"stable for η < {limit:.3g} (full batch {whole:.3g})"
        yield f"theory, independent draws: mean L − min L = {mean:.3g}, {stable}"
        for way, path in zip(WAYS, paths, strict=True):
            yield f"measured, {way:17}: mean L − min L = {path.compute(values)[0, MEAN]:.3g} in the second half"

    sources = [
        *paths,
        Source("theory", ("lr", "B"), lambda values: theory(values, problem)),
        Source("ellipse", ("lr", "B"), lambda values: ellipse_of(values, problem)),
        field_source(problem),
    ]
    controls = [Control("lr", rate, lr, "all"), Control("B", size, batch_size, "all")]
    title = f"noise ball on {problem.name}, η={lr:g}, B={batch_size}, {steps} steps"
    return Lab(scene, sources, controls, {"start": start}, summary, title)


def surroundings(problem, lr, batch_size) -> tuple:
    """A start beside the minimum, and a view of both that is as wide as the noise ball."""
    limit = 0.5 * mean_square_limit(problem, batch_size)  # beyond it the ball is all excursions
    sigma = stationary_covariance(problem, min(lr, limit), batch_size)
    across = WIDEST * np.sqrt(np.diag(sigma))
    centre = problem.solution
    view = tuple((float(c - a), float(c + a)) for c, a in zip(centre, across, strict=True))
    return tuple((centre + np.array([-0.7, -0.7]) * across).tolist()), view


def path_with_mean(name, draw, steps) -> Source:
    """θ, L − min L, and the mean of that over the second half of the path, the same at each step."""
    path = batch_source(name, draw, lambda values: values["B"], ("start", "lr", "B"), steps)

    def compute(values):
        rows = path.compute(values)
        rows[..., MEAN] = rows[..., steps // 2 :, EXCESS].mean(axis=-1, keepdims=True)  # in the place of the cost
        return rows

    return replace(path, compute=compute)


def theory(values, problem) -> np.ndarray:
    """The mean of L − min L, the limit of η, and that of the full batch; shape (..., 1, 3)."""
    lr, size = values["lr"], np.round(values["B"])
    level, limit = mean_excess(problem, lr, size), mean_square_limit(problem, size)
    return rows_of(*(np.asarray(x)[None] for x in np.broadcast_arrays(level, limit, 2 / problem.eigenvalues[-1])))


def ellipse_of(values, problem) -> np.ndarray:
    """θ − θ* with (θ − θ*)ᵀ Σ⁻¹ (θ − θ*) = `NINETY_FIVE`, as a closed line; shape (..., 73, 2)."""
    turn = np.linspace(0, 2 * np.pi, 73)
    circle = np.column_stack([np.cos(turn), np.sin(turn)])
    sigma = stationary_covariance(problem, values["lr"], np.round(values["B"]))
    known = np.isfinite(sigma).all(axis=(-2, -1), keepdims=True)
    root = np.linalg.cholesky(np.where(known, sigma, np.eye(2)))
    return problem.solution + np.sqrt(NINETY_FIVE) * np.where(known, circle @ np.swapaxes(root, -1, -2), np.nan)


def ellipse() -> Mark:
    return Points(source="ellipse", symbol="line", label="theory: 95 % of the time", **role("theory"))


def thin(panel) -> Panel:
    """The panel with thinner lines: these paths cross themselves a thousand times."""
    return replace(panel, marks=[replace(m, width=1.1) if isinstance(m, Path | Curve) else m for m in panel.marks])


def ruler(rate) -> Panel:
    """η beside the two limits: the upper row is for batches of this size, the lower one for the full batch."""
    marks = [
        VLine(source="theory", x=LIMIT, row=0, label="limit for this B = {x}", **role("theory")),
        VLine(source="theory", x=WHOLE, row=1, label="full batch: 2/λmax = {x}", **role("text")),
        Dot(control="lr", row=0),
    ]
    return Panel(
        (rate.low, 3 * rate.high),
        (0, 2),
        x_label="learning rate η",
        alt="the learning rate, beside the limits that theory gives for this batch size and for the full batch",
        x_log=True,
        height="ruler",
        marks=marks,
    )
