"""The phase diagram of heavy ball: how fast each pair (ηλ, γ) is, for one curvature and for a spectrum [1, κ]."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..checks import check_whole
from ..heavy_ball import REGIONS, larger_size, optimum, rate, region, transient
from ..knobs import Knob
from ..optimizers import Momentum
from ..palette import role, role_style
from ..stage.marks import Curve, Handle, HLine, Map, Mark, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .direction import Direction
from .lab import Control, Lab
from .sources import numbers, rows_of
from .travel import EVERY, Walk, formula_recipe, map_recipe, walk_recipe

__all__ = ["phase_lab"]

CONDITION = Knob("κ", "condition number λmax/λmin", 1.0, 1e4, log=True, allowed="[1, 10000]", count=81)
SMALL = 1e-6  # the map counts the steps until the error is so small
WIDE, COLUMNS, ROWS = 4.2, 105, 100
ACROSS = (np.arange(COLUMNS) + 0.5) * WIDE / COLUMNS
UP = (np.arange(ROWS) + 0.5) / ROWS
HIGHEST = 0.999  # γ
STEEP, FLAT = "steep", "flat"
BORDERS = (  # channel, label, where on the line, dashes
    (1, "creep | swing", 0.35, (1.5, 1.5)),
    (2, "swing | flip", 0.93, (6, 2)),
    (3, "flip | flight: 2+2γ", 0.12, ()),
    (4, "flat end", 0.75, (4, 2, 1, 2)),
)


def phase_lab(kappa: float = 1.0, eta_lambda: float = 1.0, gamma: float = 0.5, steps: int = 60) -> Lab:
    """The plane (ηλmax, γ), coloured by how many steps heavy ball takes to make the error 10⁶ times smaller.

    That is ln 10⁻⁶/ln |σ|, with |σ| the rate (`optimlab.heavy_ball.rate`) of the slower end of the spectrum [1, κ];
    hatched where it diverges. Over it lie the borders between the regions and the fastest pair (Polyak 1964); a dot to
    drag has its errors along both ends beside it.

    Parameters
    ----------
    kappa : κ = λmax/λmin in [1, 10⁴]; 1 is a single curvature
    eta_lambda, gamma : where the dot is, ηλmax in (0, 4.2] and γ in [0, 0.999]
    steps : how long its descent is
    """
    check_whole("steps", steps, 2, 1000)
    x = Knob("ηλ", "step in units of 1/λmax", 0.0, WIDE, allowed="(0, 4.2]").check_one(eta_lambda)
    g = Knob("γ", "momentum", 0.0, HIGHEST, allowed="[0, 0.999]").check_one(gamma)
    runs = [
        Run(STEEP, "steepest direction", *role_style("steepest direction")),
        Run(FLAT, "flattest direction", *role_style("flattest direction")),
    ]
    sources = [
        map_source(),
        source_of("borders", ("kappa",), borders),
        source_of("tip", ("kappa",), tip),
        source_of("rates", ("kappa", "dot"), rates),
        *(error_source(name, steps) for name in (STEEP, FLAT)),
    ]
    readouts = [
        Readout("|σ| steep", "rates", 0, 4),
        Readout("|σ| flat", "rates", 1, 4),
        Readout("steps to 10⁻⁶", "rates", 2, 3),
    ]

    def summary(values: Any) -> Any:
        x, g = pair(values)
        kappa = float(values["kappa"])
        slow = float(np.maximum(rate(x, g), rate(x / kappa, g)))
        named = f"steep {REGIONS[int(region(x, g))]}, flat {REGIONS[int(region(x / kappa, g))]}"
        yield f"κ={kappa:.4g}, ηλmax={float(x):.4g}, γ={float(g):.4g}: {named}, |σ| = {slow:.4g}"
        eta, best, fast = optimum(1.0, kappa)
        yield f"fastest pair: ηλmax={eta * kappa:.4g}, γ={best:.4g}, |σ| = {fast:.4g}"

    scene = Scene([map_panel(), error_panel(steps)], runs, steps, readouts)
    control = Control("kappa", CONDITION, CONDITION.check_one(kappa), "all")
    return Lab(scene, sources, [control], {"dot": (x, g)}, summary, f"phase diagram of heavy ball, {steps} steps")


def map_panel() -> Panel:
    marks: list[Mark] = [Map(source="map", low=5, top=2000)]
    for channel, label, where, dash in BORDERS:
        pen: dict[str, Any] = {"dash": dash, "label": label, "label_at": where, **role("ink")}
        marks.append(Curve(source="borders", x=channel, y=0, still=True, **pen))
    marks.append(Points(source="tip", symbol="star", label="fastest pair", **role("ink")))
    marks.append(Handle(control="dot", label="the pair (ηλ, γ)", hint="drag me"))
    return Panel(
        (0, WIDE),
        (0, 1),
        x_label="ηλmax",
        y_label="momentum γ",
        title="steps to 10⁻⁶",
        alt="map of the steps that heavy ball takes over ηλmax and γ, with the borders between its regions",
        marks=marks,
    )


def error_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-2.2, 2.2),
        x_label="step k",
        y_label="error xₖ",
        title="the error along both ends of the spectrum",
        alt="error against step along the steepest and the flattest direction",
        follow="both",
        marks=[HLine(y=0, **role("theory")), *(Curve(source=name, y=0, run=name) for name in (FLAT, STEEP))],
    )


def pair(values: Any) -> tuple[Any, Any]:
    """ηλmax and γ of the dot, which can be dragged to the edges."""
    dot = numbers(values["dot"])
    return np.clip(dot[..., 0], 1e-9, WIDE), np.clip(dot[..., 1], 0.0, HIGHEST)


def end_of(name: str, values: Any) -> Any:
    """λ/λmax at an end of the spectrum."""
    return 1.0 if name == STEEP else 1 / values["kappa"]


def source_of(name: str, controls: tuple[str, ...], compute: Any) -> Source:
    shapes = {control: (2,) if control == "dot" else () for control in controls}
    return Source(name, controls, compute, recipe=formula_recipe(compute, shapes))


def error_source(name: str, steps: int) -> Source:
    """The error along one end of the spectrum, from 1 at rest."""

    def compute(values: Any) -> np.ndarray:
        x, g = pair(values)
        return rows_of(transient(x * end_of(name, values), g + 0.0 * numbers(values["kappa"]), steps))

    def begin(values: Any) -> Walk:
        x, g = pair(values)
        return Walk(Direction(end_of(name, values)), Momentum(x, g), (1.0,))

    shapes = {"dot": (2,), "kappa": ()}
    recipe = walk_recipe(begin, shapes, steps, lambda walk, taken: [taken.theta])
    return Source(name, tuple(shapes), compute, recipe=recipe)


def steps_at(rate: Any) -> Any:
    """Steps until σᵏ = 10⁻⁶; infinitely many from |σ| = 1 on."""
    shrinks = rate < 1 - 1e-12
    return np.where(shrinks, np.log(SMALL) / np.log(np.where(shrinks, np.maximum(rate, 1e-9), 0.5)), np.inf)


def map_of(values: Any, every: int = 1) -> Any:
    flat = 1 / numbers(values["kappa"])[..., None, None]
    return slower(ACROSS[::every], UP[::every, None], flat)


def slower(x: Any, g: Any, flat: Any) -> Any:
    """Steps until 10⁻⁶, at the slower end of a spectrum from `flat` to 1."""
    return steps_at(np.maximum(larger_size(x, g), larger_size(x * flat, g)))


def map_source() -> Source:
    """The map travels as one of walks of no step, of which each tells what its formula says."""

    def begin(values: Any) -> Walk:
        return Walk(Direction(end_of(FLAT, values)), Momentum(values["x"], values["gamma"]), (1.0,))

    def tell(walk: Walk, taken: Any, memory: Any) -> tuple[dict, list]:
        ball: Any = walk.optimizer
        along: Any = walk.loss
        return {}, [slower(ball.lr, ball.gamma, along.curvature)]

    recipe = map_recipe(begin, {"kappa": ()}, 0, {"x": ACROSS, "gamma": UP}, {}, tell)
    return Source("map", ("kappa",), map_of, (), recipe=recipe, few=partial(map_of, every=EVERY))


def borders(values: Any) -> Any:
    """γ, then ηλmax where the steep end begins to swing, to flip and to fly, and where the flat end begins to swing."""
    kappa = numbers(values["kappa"])[..., None]
    root = np.sqrt(np.linspace(0, HIGHEST, 101)) + 0.0 * kappa
    flat = np.where(kappa > 1, kappa * (1 - root) ** 2, np.nan)
    return np.stack([root**2, (1 - root) ** 2, (1 + root) ** 2, 2 + 2 * root**2, flat], axis=-1)


def tip(values: Any) -> Any:
    kappa = numbers(values["kappa"])
    eta, gamma, _ = optimum(1.0, kappa)
    return np.stack([eta * kappa, gamma], axis=-1)[..., None, :]


def rates(values: Any) -> Any:
    x, g = pair(values)
    ends = [larger_size(x * end_of(name, values), g) for name in (STEEP, FLAT)]
    row = np.broadcast_arrays(*ends, steps_at(np.maximum(*ends)), numbers(values["kappa"]))[:3]
    return np.stack(row, axis=-1)[..., None, :]
