"""What throwing the size of a gradient away costs: how far from the minimum noise keeps steps that are signs only."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..adam_theory import noise_floor
from ..checks import check_whole
from ..knobs import Knob
from ..optimizers import Adam, GradientDescent, Lion, Optimizer, Signum
from ..palette import style_of
from ..sign_theory import sign_floor_any, signum_floor
from ..stage.marks import Curve, Histogram, HLine, Mark, Points
from ..stage.scene import Panel, Readout, Run, Scene
from ..stage.widget import Source
from .lab import Control, Lab
from .sources import numbers
from .travel import formula_recipe

__all__ = ["sign_lab"]

RATE = Knob("η", "learning rate", 3e-3, 0.1, log=True, allowed="(0, 1]", count=62)
NOISE = Knob("σ", "noise", 1e-3, 2.0, log=True, allowed="[0.0001, 100]", count=67)
BETA = Knob("β", "momentum of Signum", 0.0, 0.99, allowed="[0, 0.99]", count=67)
METHODS = {
    "sign": "sign descent",
    "Signum": "Signum",
    "Lion": "Lion",
    "Adam": "Adam",
    "GradientDescent": "gradient descent",
}
SEED = 0
RECORDED = 101  # steps that are drawn
STEP, SHARE, SQUARE = range(3)  # channels of a method: the step, E[x²]/s², and E[x²] in the last quarter
FORESEEN = ("sign", "Signum", "Adam", "GradientDescent")  # E[x²] in theory, by channel
WIDE, BINS = 3.0, 48  # the histogram reaches from −WIDE to WIDE
ALONG = np.geomspace(NOISE.low, NOISE.high, 45)  # σ
NORMAL = np.linspace(-WIDE, WIDE, 61)
SMALL = 0.3  # η/σ up to which the formula of Signum is known to hold
DOTTED = (1, 1.5)
LABELLED = {"sign": 0.62, "Signum": 0.4, "Lion": 0.2}  # at which share of its curve
SYMBOLS = {"Signum": "ring", "Lion": "ring"}


def sign_lab(eta: float = 0.01, sigma: float = 1.0, beta: float = 0.9, steps: int = 2000, copies: int = 800) -> Lab:
    """Five methods that begin at the minimum of ½x² and see the gradient x + σξ: how far does the noise drive them out?

    Sign descent (Signum with β = 0), Signum, Lion, Adam and gradient descent have one η and meet the same noise. All is
    measured by s², which is E[x²] of sign descent in theory (`optimlab.sign_theory.sign_floor_any`). Left: E[x²]/s²
    over the copies, beside theory (dotted): where η is much smaller than σ, it comes to 1 for sign descent and to
    √(2/π) = 0.8 for Adam. Middle: where x is in the last quarter of the steps, beside normal distributions of the
    predicted widths. Right: √E[x²] itself against σ. For each method it rises with σ. Where σ falls below η, sign
    descent, Signum and Lion come no nearer: their steps stay as long as η and jump to and fro over the minimum.

    The copies begin between −η and η: without that, all of sign descent's would be at the same places, η apart.

    Parameters
    ----------
    eta : η in (0, 1], of all methods
    sigma : σ in [10⁻⁴, 100]
    beta : β of Signum in [0, 0.99]; Lion has its own, 0.9 and 0.99
    steps : from 100 to 10 000; σ/η of them should be few beside it
    copies : how many there are of each, from 10 to 2000
    """
    check_whole("steps", steps, 100, 10_000)
    check_whole("copies", copies, 10, 2000)
    controls = [
        Control("eta", RATE, RATE.check_one(eta), "all"),
        Control("sigma", NOISE, NOISE.check_one(sigma), "all"),
        Control("beta", BETA, BETA.check_one(beta), "all"),
    ]
    runs = [Run(name, label, *style) for (name, label), style in zip(METHODS.items(), styles(), strict=True)]
    measure = partial(measured, steps, copies)
    sources = [Source(name, needs_of(name), partial(measure, name), ()) for name in METHODS]
    sources += [Source(f"{name} dot", needs_of(name), partial(dot, measure, name), ()) for name in METHODS]
    sources += [Source(f"{n} bars", needs_of(n), partial(bars, steps, copies, n), ()) for n in ("sign", "Adam")]
    sources += [formula("levels", levels), formula("widths", widths), formula("curves", curves)]
    readouts = [
        Readout("E[x²], sign descent", "sign", SQUARE),
        Readout("its theory", "levels", len(FORESEEN) + FORESEEN.index("sign")),
        Readout("Adam", "Adam", SQUARE),
        Readout("its theory", "levels", len(FORESEEN) + FORESEEN.index("Adam")),
    ]

    def summary(values: Any) -> Any:
        found = {name: float(measure(name, values)[0, SQUARE]) for name in METHODS}
        foreseen = dict(zip(FORESEEN, np.asarray(levels(values))[0, len(FORESEEN) :], strict=True))
        yield f"η={values['eta']:.3g}, σ={values['sigma']:.3g}, β={values['beta']:.3g}: E[x²] in the last quarter"
        for name, label in METHODS.items():
            known = np.isfinite(foreseen.get(name, np.nan))
            yield f"{label}: {found[name]:.2g}" + (f", theory {foreseen[name]:.2g}" if known else "")

    panels = [share_panel(runs, steps), place_panel(runs), noise_panel(runs)]
    title = f"from the minimum of ½x² into noise, {steps} steps, {copies} copies"
    return Lab(Scene(panels, runs, 0, readouts), sources, controls, None, summary, title)


def styles() -> list:
    """Those of the optimizers; sign descent is Signum without memory, and has a solid line."""
    signum, *others = style_of(["Signum", "Lion", "Adam", "GradientDescent"])
    return [(*signum[:2], ()), signum, *others]


def needs_of(name: str) -> tuple[str, ...]:
    return ("eta", "sigma", "beta") if name == "Signum" else ("eta", "sigma")


def formula(name: str, compute: Any) -> Source:
    needs = ("eta", "sigma", "beta")
    return Source(name, needs, compute, recipe=formula_recipe(compute, {control: () for control in needs}))


# Measured


def optimizer(name: str, eta: float, beta: float) -> Optimizer:
    if name == "sign":
        return Signum(eta, 0.0)
    if name == "Signum":
        return Signum(eta, beta)
    return {"Lion": Lion, "Adam": Adam, "GradientDescent": GradientDescent}[name](eta)


@lru_cache(maxsize=2)
def draws(steps: int, copies: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the copies begin, in units of η, and their noise at each step."""
    random = np.random.default_rng(SEED)
    return random.uniform(-1, 1, copies), random.standard_normal((steps, copies))


@lru_cache(maxsize=8)
def walked(name: str, steps: int, copies: int, eta: float, sigma: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """The mean of x² at each step, and x of all copies at the steps of the last quarter."""
    rule = optimizer(name, eta, beta)
    start, noise = draws(steps, copies)
    x = eta * start
    state, squares, late = rule.init(x), [x @ x], []
    for k in range(steps):
        xi = sigma * noise[k]
        x, state = rule.step(x, lambda theta, xi=xi: theta + xi, state, k)  # type: ignore[misc]
        squares.append(x @ x)
        if k >= 3 * steps // 4:
            late.append(x)
    return np.array(squares) / copies, np.array(late)


def walk_of(steps: int, copies: int, name: str, values: Any) -> tuple[np.ndarray, np.ndarray]:
    beta = float(values["beta"]) if name == "Signum" else 0.0
    return walked(name, steps, copies, float(values["eta"]), float(values["sigma"]), beta)


def measured(steps: int, copies: int, name: str, values: Any) -> np.ndarray:
    """At some steps: the step, E[x²]/s², and in each row E[x²] over the last quarter."""
    squares, late = walk_of(steps, copies, name, values)
    at = np.linspace(0, steps, RECORDED).round().astype(int)
    return np.column_stack(
        [at, squares[at] / sign_floor_any(values["eta"], values["sigma"]), np.full(RECORDED, np.mean(late**2))]
    )


def dot(measure: Any, name: str, values: Any) -> np.ndarray:
    return np.array([[float(values["sigma"]), np.sqrt(measure(name, values)[0, SQUARE])]])


def bars(steps: int, copies: int, name: str, values: Any) -> np.ndarray:
    """How densely x/s lies in each bin in the last quarter; what is beyond the ends is counted, not drawn."""
    late = walk_of(steps, copies, name, values)[1] / np.sqrt(sign_floor_any(values["eta"], values["sigma"]))
    counts = np.histogram(late, BINS, (-WIDE, WIDE))[0]
    return counts[None] / late.size * BINS / (2 * WIDE)


# Theory


def floors(eta: Any, sigma: Any, beta: Any) -> list:
    """E[x²] of each method in `FORESEEN`; of gradient descent it is exact."""
    return [
        sign_floor_any(eta, sigma),
        signum_floor(eta, sigma, beta),
        noise_floor(eta, sigma),
        eta * sigma**2 / (2 - eta),
    ]


def levels(values: Any) -> Any:
    """Of each method E[x²]/s², then E[x²]; NaN of Signum where η is too large for its formula."""
    eta, sigma, beta = (numbers(values[name]) for name in ("eta", "sigma", "beta"))
    sign, signum, *others = floors(eta, sigma, beta)
    squares = [sign, np.where(eta <= SMALL * sigma, signum, np.nan), *others]
    row = np.broadcast_arrays(*(square / sign for square in squares), *squares)
    return np.stack(row, axis=-1)[..., None, :]


def curves(values: Any) -> Any:
    """σ, and √E[x²] of each method there; last σ and √E[x²] of Signum, for those σ that its formula is for."""
    eta, beta = (numbers(values[name])[..., None] for name in ("eta", "beta"))
    least = np.minimum(np.maximum(NOISE.low, eta / SMALL), NOISE.high)
    some = least * (NOISE.high / least) ** np.linspace(0, 1, len(ALONG))
    rows = [np.sqrt(square) for square in floors(eta, ALONG, beta)]
    return np.stack(np.broadcast_arrays(ALONG, *rows, some, np.sqrt(signum_floor(eta, some, beta))), axis=-1)


def widths(values: Any) -> Any:
    """x/s, and the density there of a normal distribution as wide as theory says: of sign descent and of Adam."""
    eta, sigma = (numbers(values[name])[..., None] for name in ("eta", "sigma"))
    variance = noise_floor(eta, sigma) / sign_floor_any(eta, sigma)
    rows = [np.exp(-(NORMAL**2) / (2 * v)) / np.sqrt(2 * np.pi * v) for v in (1.0, variance)]
    return np.stack(np.broadcast_arrays(NORMAL, *rows), axis=-1)


# Panels


def hue(run: Run) -> dict[str, Any]:
    return {"color": run.color, "color_dark": run.color_dark, "dash": DOTTED}


def share_panel(runs: list[Run], steps: int) -> Panel:
    by_name = {run.id: run for run in runs}
    marks: list[Mark] = [HLine(source="levels", y=i, **hue(by_name[name])) for i, name in enumerate(FORESEEN)]
    marks += [Curve(source=run.id, run=run.id, x=STEP, y=SHARE, still=True, **label_of(run)) for run in runs]
    return Panel(
        (0, steps),
        (0.05, 20.0),
        x_label="step k",
        y_label="E[x²] / s²",
        title="from the minimum into noise",
        alt="mean square of x against the step for five methods, each of which rises to a level of its own",
        y_log=True,
        marks=marks,
    )


def label_of(run: Run) -> dict[str, Any]:
    """A name beside the curves that have one hue."""
    return {"label": run.label, "label_at": LABELLED[run.id]} if run.id in LABELLED else {}


def place_panel(runs: list[Run]) -> Panel:
    by_name = {run.id: run for run in runs}
    marks: list[Mark] = []
    for i, name in enumerate(("sign", "Adam")):
        marks.append(Histogram(source=f"{name} bars", run=name, first=0, count=BINS))
        marks.append(Curve(source="widths", x=0, y=1 + i, still=True, **hue(by_name[name])))
    return Panel(
        (-WIDE, WIDE),
        (0, 0.6),
        x_label="x / s, s: sign descent in theory",
        y_label="how often (density)",
        title="sign descent and Adam, last quarter",
        alt="histograms of x for sign descent and Adam, beside the normal distributions that theory predicts",
        marks=marks,
    )


def noise_panel(runs: list[Run]) -> Panel:
    by_name = {run.id: run for run in runs}
    channels = {name: (0, 1 + i) for i, name in enumerate(FORESEEN)} | {"Signum": (5, 6)}
    marks: list[Mark] = [
        Curve(source="curves", x=x, y=y, still=True, **hue(by_name[name])) for name, (x, y) in channels.items()
    ]
    marks += [Points(source=f"{run.id} dot", run=run.id, symbol=SYMBOLS.get(run.id, "dot")) for run in runs]
    return Panel(
        (0.7 * NOISE.low, 1.5 * NOISE.high),
        (3e-5, 3.0),
        x_label="noise σ",
        y_label="√E[x²]",
        title="the floor rises with the noise",
        alt="root mean square of x against the noise, logarithmic: all rise with it, gradient descent most steeply; "
        "sign descent stays near η where there is little noise",
        x_log=True,
        y_log=True,
        marks=marks,
    )
