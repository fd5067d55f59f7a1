"""What the Newton–Schulz iteration does to singular values: four sets of coefficients, and a real momentum of Muon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import numpy as np

from ..checks import check_choice, check_seed
from ..data import digits
from ..descent import Driver, walk
from ..knobs import Knob
from ..networks import Network
from ..newton_schulz import COEFFICIENTS, on_values
from ..optimizers import Muon, Optimizer
from ..palette import Style, role, role_style
from ..stage.marks import Curve, HLine, Mark, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .direction import Direction
from .lab import Control, Lab
from .sources import numbers
from .travel import EVERY, Taken, Walk, formula_recipe, map_recipe

__all__ = ["newton_schulz_lab", "real_values"]

MOST = 10  # iterations
ITERATIONS = Knob("s", "number of iterations", 0, MOST, allowed=f"[0, {MOST}]", count=MOST + 1, whole=True)
SIGMA = np.geomspace(1e-4, 1.0, 401)
LOW = 0.01  # the readout tells of σ in [LOW, 1]
BAND = (0.68, 1.21)  # where five iterations with Jordan's coefficients bring what is not too small
SETS = tuple(COEFFICIENTS)
BEFORE = "before"
SPAN = (1e-6, 4.0)  # of the singular values on the right
TRAINED = 60  # steps
ROWS = np.array([list(coefficients.of(MOST + 1)) for coefficients in COEFFICIENTS.values()])  # (sets, steps, 3)
MARGINS = np.array([coefficients.margin for coefficients in COEFFICIENTS.values()])
X, Y, RANK = 0, 1, 2  # channels of the real values: σ, σ′ and the rank


@dataclass(frozen=True, repr=False)
class Iteration(Optimizer):
    """θ ← aθ + bθ³ + cθ⁵ for each set of coefficients, in the first ``count`` steps; ``place`` is of whom it tells."""

    count: Any = MOST
    place: Any = ()

    def step(self, theta: Any, grad: Any, state: Any, k: Any) -> Any:
        now = k == np.arange(MOST + 1)[:, None]
        a, b, c = (np.sum(np.where(now, ROWS[..., i].T, 0.0), axis=0) for i in range(3))
        moved = theta * (a + theta**2 * (b + theta**2 * c))
        return np.where(k < self.count, moved, theta), {}


def newton_schulz_lab(coefficients: str | Iterable[str] = SETS, steps: int = 5, seed: int = 0) -> Lab:
    """σ and what s iterations make of it, for four sets of coefficients, with the singular values of a real matrix.

    The matrix is Muon's momentum B of the first layer, 64 × 64, of a network (64, 64, 10) for the digits, after 60
    steps with η = 0.02 and batches of 32. Its singular values are divided by ‖B‖_F, as the iteration begins. On the
    left they lie on the curves; those below 10⁻⁴, among them the zeros of three pixels that are always blank, are
    beyond the edge. On the right they are sorted, before and after. A set is switched on and off by its name in the
    legend.

    Parameters
    ----------
    coefficients : the set that is shown at first, or several: of "Jordan", "Polar Express", "cubic" and "quintic"
    steps : s, a whole number from 0 to 10
    seed : of the network
    """
    many = isinstance(coefficients, Iterable) and not isinstance(coefficients, str)
    shown: list[Any] = list(coefficients) if many else [coefficients]
    for name in shown:
        check_choice("the coefficients", name, SETS)
    real = real_values(check_seed(seed))
    controls = [Control("s", ITERATIONS, ITERATIONS.check_one(steps), "all")]
    runs = [
        Run(name, name, *style, loss=("told", 3 * i + 2), reads="in the band", shown=name in shown)
        for i, (name, style) in enumerate(styles().items())
    ]
    runs.append(Run(BEFORE, "before (s = 0)", *role_style("before")))
    sources = [curves_source(), *(values_source(name, real) for name in SETS), told_source(real)]
    readouts = [
        Readout(label, "told", 3 * SETS.index(name) + end)
        for name in ("Jordan", "Polar Express")
        for end, label in enumerate([f"{name}, σ ≥ {LOW}: lowest σ′", "highest"])
    ]
    scene = Scene([map_panel(), values_panel()], runs, 0, readouts)

    def summary(values: Any) -> Any:
        told = told_at(float(values["s"]), readings(real))[0].reshape(-1, 3)
        yield f"s={values['s']:g}; how σ from {LOW} to 1, and how much of a real momentum, comes near 1:"
        for name, (low, high, share) in zip(SETS, told, strict=True):
            yield (
                f"{name + ':':14} σ′ from {low:.3f} to {high:.3f}; "
                f"{100 * share:.0f} % of the real values are in [{BAND[0]}, {BAND[1]}]"
            )

    return Lab(scene, sources, controls, None, summary, "what the Newton–Schulz iteration does to singular values")


def styles() -> dict[str, Style]:
    return {name: role_style(name) for name in SETS}


@lru_cache(maxsize=8)
def real_values(seed: int = 0) -> np.ndarray:
    """The singular values of the momentum of the first layer, as parts of its ‖B‖_F, the largest first: shape (64,)."""
    network = Network((64, 64, 10))
    loss = network.on(digits(), 32, seed)
    *_, last = islice(walk(loss, Driver(Muon(0.02)), loss.start), TRAINED + 1)
    sigma = np.linalg.svd(network.layout.views(last.state["B"])[0], compute_uv=False)
    return np.asarray(np.where(sigma > 1e-12 * sigma[0], sigma, 0.0) / np.linalg.norm(sigma))


# Sources


def iterated(sigma: Any, steps: Any, place: list) -> Walk:
    """The iterations of one σ, with all sets at once."""
    return Walk(Direction(), Iteration(count=steps, place=place), tuple(sigma / margin for margin in MARGINS))


def of(walk: Walk) -> Any:
    """Of whom a walk tells."""
    optimizer: Any = walk.optimizer
    return optimizer.place


def curves_source() -> Source:
    """σ, and what becomes of it with each set of coefficients: shape (..., σ, 1 + sets)."""

    def compute(values: Any) -> np.ndarray:
        s = np.asarray(values["s"])
        rows = [np.column_stack([SIGMA, *(on_values(SIGMA, name, int(n)) for name in SETS)]) for n in s.flat]
        return np.reshape(rows, (*s.shape, len(SIGMA), 1 + len(SETS)))

    def begin(values: Any) -> Walk:
        return iterated(values["σ"], values["s"], [values["σ"]])

    recipe = map_recipe(begin, {"s": ()}, MOST, {"σ": SIGMA}, {}, lambda walk, taken, _: ({}, [*of(walk), taken.theta]))
    return Source("curves", ("s",), compute, recipe=recipe, few=lambda values: compute(values)[::EVERY])


def values_source(name: str, real: np.ndarray) -> Source:
    """σ, what becomes of it, and the rank, of each of the real values: shape (..., values, 3)."""
    which, ranks = SETS.index(name), np.arange(1.0, len(real) + 1)

    def compute(values: Any) -> np.ndarray:
        s = np.asarray(values["s"])
        rows = [np.column_stack([real, on_values(real, name, int(n)), ranks]) for n in s.flat]
        return np.reshape(rows, (*s.shape, len(real), 3))

    def begin(values: Any) -> Walk:
        sigma = np.sum(np.where(values["rank"] == ranks, real, 0.0))
        return iterated(sigma, values["s"], [sigma, values["rank"]])

    def tell(walk: Walk, taken: Taken, memory: Any) -> tuple[dict, list]:
        sigma, rank = of(walk)
        return {}, [sigma, taken.theta[which], rank]

    recipe = map_recipe(begin, {"s": ()}, MOST, {"rank": ranks}, {}, tell)
    return Source(name, ("s",), compute, recipe=recipe, few=lambda values: compute(values)[::EVERY])


def readings(real: np.ndarray) -> np.ndarray:
    """Lowest and highest σ′ of σ in [0.01, 1], and the share of real values in the band: shape (MOST + 1, 3 · sets)."""
    wide = np.geomspace(LOW, 1.0, 4001)

    def told(name: str, steps: int) -> list[float]:
        moved, after = on_values(wide, name, steps), on_values(real, name, steps)
        return [moved.min(), moved.max(), np.mean((after >= BAND[0]) & (after <= BAND[1]))]

    return np.array([[number for name in SETS for number in told(name, steps)] for steps in range(MOST + 1)])


def told_at(s: Any, table: np.ndarray) -> Any:
    """The row of the table for s iterations: shape (..., 1, channels)."""
    now = numbers(s)[..., None, None, None] == np.arange(len(table))[:, None]
    return np.sum(np.where(now, table, 0.0), axis=-2)


def told_source(real: np.ndarray) -> Source:
    at = partial(told_at, table=readings(real))
    return Source("told", ("s",), lambda v: at(v["s"]), recipe=formula_recipe(lambda v: at(v["s"]), {"s": ()}))


# Panels


def map_panel() -> Panel:
    lines = [HLine(y=y, label=f"{y:g}", **role("theory")) for y in BAND]
    marks: list[Mark] = [HLine(y=1.0, **role("ink")), *lines]
    marks += [Curve(source="curves", run=name, x=0, y=1 + i, still=True) for i, name in enumerate(SETS)]
    marks += [Points(source=name, run=name) for name in SETS]
    return Panel(
        (1e-4, 1.0),
        (0.0, 2.05),
        x_label="σ, as a part of ‖B‖",
        y_label="σ′ after s iterations",
        title="what becomes of a singular value",
        alt="a singular value after the iteration against the one before, logarithmic, for four sets of coefficients",
        x_log=True,
        marks=marks,
    )


def values_panel() -> Panel:
    marks: list[Mark] = [HLine(y=1.0, **role("ink"))]
    marks += [Curve(source="Jordan", run=BEFORE, x=RANK, y=X, still=True)]
    marks += [Curve(source=name, run=name, x=RANK, y=Y, still=True) for name in SETS]
    return Panel(
        (0, 65),
        SPAN,
        x_label="rank",
        y_label="singular value",
        title="those of a real momentum",
        alt="the singular values of a momentum, sorted, before and after the iteration, logarithmic",
        y_log=True,
        marks=marks,
    )
