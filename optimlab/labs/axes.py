"""Choose the axes: a valley that is turned against the coordinates, for Adam, Shampoo and SOAP on a 2×2 matrix."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole
from ..descent import descend
from ..knobs import Knob
from ..matrix_quadratic import MatrixQuadratic
from ..optimizers import SOAP, Adam, Momentum, Optimizer, Shampoo
from ..palette import role, role_style, style_of
from ..stage.marks import Arrow, Curve, Field, Path, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from ..surfaces import field_grid, ravine
from .lab import Control, Lab
from .sources import numbers
from .travel import field_recipe, formula_recipe

__all__ = ["axes_lab"]

ANGLE = Knob("φ", "angle of the valley in degrees", 0.0, 45.0, allowed="[0, 45]", count=46)
KAPPA = Knob("κ", "condition number", 10.0, 1e4, log=True, allowed="[1, 100000]", count=31)
FREQUENCY = Knob("f", "steps between new axes", 1.0, 100.0, allowed="[1, 100]", count=100, whole=True)
HEIGHT = Knob("s", "height of the start", 1e-4, 1.0, log=True, allowed="[0.00001, 1]", count=41)
RATIO = Knob("η/η*", "learning rate over the tuned one", 0.1, 10.0, log=True, allowed="[0.01, 100]", count=41)
BETAS = (0.9, 0.999)  # of Adam and of SOAP, so that nothing but the axes differs
GAMMA = 0.9  # of Shampoo and of momentum
RIDGE = 1e-8
STARTS, RATES = 8, 20  # starts, and learning rates that are tried
TRIED = {"Adam": (0.001, 5.0), "Shampoo": (0.003, 30.0), "SOAP": (0.001, 5.0), "Momentum": (0.01, 5.0)}
LABELS = {"Adam": "Adam", "Shampoo": "Shampoo", "SOAP": "SOAP", "Momentum": "momentum γ=0.9"}
STYLES = dict(zip(LABELS, style_of(LABELS), strict=True)) | {"Shampoo": role_style("Shampoo beside SOAP")}
X, Y, LOSS, RATE = range(4)  # channels of a method
OFF, CROSS = 4, 5  # more of Adam and SOAP: how far their axes are off; of SOAP two arrows of four numbers each
SHARED = ("kappa", "angle", "height", "ratio")
REACH, ARM = 2.5, 1.5  # half the view, and half an arrow
LEAST = 1e-30  # a loss below it is 0
VIEW = ((-REACH, REACH), (-REACH, REACH))


def axes_lab(
    angle: float = 30.0,
    kappa: float = 1000.0,
    frequency: int = 10,
    height: float = 0.01,
    steps: int = 100,
    seed: int = 13,
) -> Lab:
    """A 2×2 weight matrix whose columns lie in one valley, turned by φ, and the axes in which SOAP sees it.

    L(W) = ½ tr(WᵀSW), where S has the curvatures 1 (steep) and 1/κ (flat), and the flat direction is at the angle φ. In
    the plane: the valley, its true axes, the way of the first column, and SOAP's axes at step k as arrows (before the
    first gradient, the coordinates). Beside it, by how much SOAP's axes on this way, and the coordinates, which are
    Adam's, are off the true ones (an axis has no sign and no number, so at most 45°). Then L/L₀: the geometric mean
    over eight starts, of which the plane shows the first.

    Each start is normal along the flat direction, and s times normal along the steep one. At s = 1 the first gradient
    shows SOAP the axes, and f hardly counts. Near s = 1/κ it does not: SOAP's first axes are wrong, and frequent new
    ones help (with κ = 1000, f = 1 ends more than ten times below f = 100 at s = 0.001, two to five times at s = 0.01).
    At φ = 0 Adam has the true axes from the start: it ties with SOAP, within a factor of about 2, from s = 0.01 on, and
    wins at s = 1/κ. Shampoo, SOAP and momentum do not see φ. Adam bears some 5°, and lags far behind at 30°, but not
    where the valley is as mild as κ = 100.

    Each method has the η, of twenty at equal ratios of at most 1.65, with which the mean of log L is least after the
    last step; a slider multiplies them all. Adam and SOAP both have β = (0.9, 0.999), so that the axes are what they
    differ by. The best other β that we found for Adam, (0.9, 0.9), helps it at first by a factor of 30 to 50, and
    leaves it about as far above SOAP. Shampoo is that of the paper with γ = 0.9 and new roots at each step. Momentum is
    switched off at first: at s = 0.01, without noise, it does as well as SOAP up to κ = 1000, and lags at 10⁴.

    Parameters
    ----------
    angle : φ in [0, 45], in degrees
    kappa : κ in [1, 10⁵]
    frequency : f of SOAP, a whole number from 1 to 100
    height : s in [10⁻⁵, 1]
    steps : from 50 to 300
    seed : of the starts
    """
    check_whole("steps", steps, 50, 300)
    problem = (steps, check_seed(seed))
    controls = [
        Control("angle", ANGLE, ANGLE.check_one(angle), "the valley"),
        Control("kappa", KAPPA, KAPPA.check_one(kappa), "the valley"),
        Control("height", HEIGHT, HEIGHT.check_one(height), "the valley"),
        Control("frequency", FREQUENCY, FREQUENCY.check_one(frequency), "SOAP"),
        Control("ratio", RATIO, 1.0, "all"),
    ]
    runs = [
        Run(name, label, *STYLES[name], loss=(name, LOSS), shown=name != "Momentum", reads="L/L₀")
        for name, label in LABELS.items()
    ]
    sources = [method_source(name, *problem) for name in LABELS]
    sources += [
        field_source(),
        Source("true", ("angle",), true_axes, (), recipe=formula_recipe(true_axes, {"angle": ()})),
    ]
    panels = [plane_panel(), off_panel(steps), loss_panel(runs, steps)]
    readouts = [Readout("SOAP's axes are off by (°)", "SOAP", OFF, 2)]
    scene = Scene(panels, runs, steps, readouts)
    summary = partial(told, *problem)
    return Lab(scene, sources, controls, None, summary, f"choose the axes: a 2×2 matrix, {steps} steps")


def told(steps: int, seed: int, values: Any) -> Any:
    found = {name: rows_of_method(name, steps, seed, values) for name in LABELS}
    yield (
        f"φ={values['angle']:.4g}°, κ={values['kappa']:.4g}, s={values['height']:.3g}, f={values['frequency']:.0f}, "
        f"η={values['ratio']:.3g} times the best"
    )
    ends = [f"{LABELS[name]} {shown(rows[-1, LOSS])}" for name, rows in found.items()]
    yield f"L/L₀ after {steps} steps: {', '.join(ends)}"
    first, last = found["SOAP"][1, OFF], found["SOAP"][-1, OFF]
    yield f"SOAP's axes on the way shown: off by {first:.1f}° after the first gradient, {last:.1f}° at the end"
    yield f"tuned η: {', '.join(f'{LABELS[name]} {rows[0, RATE]:.2g}' for name, rows in found.items())}"


def shown(loss: float) -> str:
    return "below 1e-9" if loss < 1e-9 else f"{loss:.1e}"


# Descents


def method(name: str, eta: Any, frequency: int) -> Optimizer:
    if name == "Adam":
        return Adam(eta, *BETAS)
    if name == "SOAP":
        return SOAP(eta, *BETAS, frequency=frequency, ridge=RIDGE)
    return Shampoo(eta, gamma=GAMMA) if name == "Shampoo" else Momentum(eta, GAMMA)


def valley(kappa: float, angle: float, height: float, seed: int) -> tuple[MatrixQuadratic, np.ndarray]:
    """The loss, and the starts, shape (starts, 4)."""
    turn = np.deg2rad(angle)
    c, s = np.cos(turn), np.sin(turn)
    Q = np.array([[c, -s], [s, c]])  # its columns: the flat and the steep direction
    normal = np.random.default_rng(seed).normal(size=(STARTS, 2, 2))
    starts = Q @ (np.array([[1.0], [height]]) * normal)
    return MatrixQuadratic.of(Q @ np.diag([1 / kappa, 1.0]) @ Q.T, np.eye(2), np.zeros((2, 2))), starts.reshape(-1, 4)


def mean_loss(loss: np.ndarray) -> np.ndarray:
    """The geometric mean of L/L₀ over the starts, which are the second axis; infinity where one has run away."""
    with np.errstate(all="ignore"):
        ratio = loss / loss[0]
        return np.exp(np.mean(np.log(np.where(np.isfinite(ratio), np.maximum(ratio, LEAST), np.inf)), axis=1))


@lru_cache(maxsize=64)
def tuned(name: str, frequency: int, steps: int, *setting: Any) -> float:
    """The η with which the mean loss is least after the last step."""
    loss, starts = valley(*setting)
    etas = np.geomspace(*TRIED[name], RATES)
    many, rates = np.repeat(starts, RATES, axis=0), np.tile(etas, STARTS)[:, None]
    path = descend(loss, method(name, rates, frequency), many, steps, keep=steps)
    return float(etas[np.argmin(mean_loss(path.loss.reshape(-1, STARTS, RATES))[-1])])


@lru_cache(maxsize=64)
def walked(name: str, ratio: float, frequency: int, steps: int, *setting: Any) -> np.ndarray:
    """The first column of the first start, the mean loss and η; how far the axes are off, and those of SOAP."""
    loss, starts = valley(*setting)
    eta = ratio * tuned(name, frequency, steps, *setting)
    path = descend(loss, method(name, eta, frequency), starts, steps, record=name == "SOAP")
    first = path.theta[:, 0].reshape(-1, 2, 2)[:, :, 0]
    rows = np.column_stack([first, mean_loss(path.loss), np.full(steps + 1, eta)])
    if name == "SOAP":
        return np.column_stack([rows, cross(path.state["Q_L0"][:, 0], setting[1])])
    return np.column_stack([rows, np.full(steps + 1, setting[1])]) if name == "Adam" else rows


def rows_of_method(name: str, steps: int, seed: int, values: Any) -> np.ndarray:
    kappa, angle, height, ratio = (float(values[control]) for control in SHARED)
    frequency = int(values["frequency"]) if name == "SOAP" else 1
    return walked(name, ratio, frequency, steps, kappa, angle, height, seed)


def cross(Q: np.ndarray, angle: float) -> np.ndarray:
    """For axes Q, shape (n, 2, 2): how many degrees Q is off; and two arrows, each from where and by how much.

    The axes are those of Q, in the order and with the signs in which they are nearest to the true ones.
    """
    turn = np.rad2deg(np.arctan2(Q[:, 1, 0], Q[:, 0, 0]))
    off = (turn - angle + 45) % 90 - 45
    at = np.deg2rad(angle + off)
    arrows = []
    for axis in (np.stack([np.cos(at), np.sin(at)], -1), np.stack([-np.sin(at), np.cos(at)], -1)):
        arrows += [-ARM * axis, 2 * ARM * axis]
    return np.column_stack([np.abs(off), *arrows])


# Sources


def method_source(name: str, steps: int, seed: int) -> Source:
    needs = (*SHARED, "frequency") if name == "SOAP" else SHARED
    return Source(name, needs, partial(rows_of_method, name, steps, seed), ())


def true_axes(values: Any) -> Any:
    """From end to end of the flat direction and of the steep one, by way of the middle, so that it is one line."""
    angle = numbers(values["angle"])
    c, s = np.cos(angle * np.pi / 180), np.sin(angle * np.pi / 180)
    ends = [(c, s), (-c, -s), (0.0 * c, 0.0 * s), (-s, c), (s, -c)]
    far = 1.5 * REACH
    return np.stack([np.stack([far * x, far * y], axis=-1) for x, y in ends], axis=-2)


def field_source() -> Source:
    """The loss of one column, times κ."""

    def surface(values: Any) -> Any:
        return ravine(values["kappa"], values["angle"])

    def heights(values: Any, width: int = 9, height: int = 9) -> np.ndarray:
        return field_grid(surface(values), VIEW, width, height)

    recipe = field_recipe(surface, {"kappa": (), "angle": ()}, VIEW, width=9, height=9)
    return Source(
        "field", ("kappa", "angle"), heights, (), still=partial(heights, width=121, height=121), recipe=recipe
    )


# Panels


def plane_panel() -> Panel:
    return Panel(
        *VIEW,
        x_label="W₁₁",
        y_label="W₂₁",
        title="a column of W, and SOAP's axes",
        alt="the valley with its true axes, the ways of the methods, and the axes of SOAP at step k as two arrows",
        equal=True,
        marks=[
            Field(source="field", minimum=0.0, count=12),
            Points(source="true", symbol="line", label="true axes", **role("ink")),
            *(
                Arrow(source="SOAP", run="SOAP", at=[i, i + 1], by=[i + 2, i + 3], width=1.5)
                for i in (CROSS, CROSS + 4)
            ),
            *(Path(source=name, run=name, x=X, y=Y) for name in LABELS),
        ],
    )


def off_panel(steps: int) -> Panel:
    return Panel(
        (0, steps),
        (-2, 47),
        x_label="step k",
        y_label="angle to the true axes (°)",
        title="how far their axes are off",
        alt="angle between the axes of SOAP and the true ones against the step; those of Adam stay off by φ",
        marks=[
            Curve(source="Adam", run="Adam", y=OFF),
            Curve(source="SOAP", run="SOAP", y=OFF),
        ],
    )


def loss_panel(runs: list[Run], steps: int) -> Panel:
    return Panel(
        (0, steps),
        (1e-6, 10.0),
        x_label="step k",
        y_label="L/L₀, mean of 8 starts",
        title="loss, each at its best η",
        alt="loss against step for Adam, Shampoo and SOAP, logarithmic, each with its tuned learning rate",
        y_log=True,
        follow="up",
        marks=[Curve(source=run.id, run=run.id, y=LOSS) for run in runs],
    )
