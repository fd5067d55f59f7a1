"""The dialects: what PyTorch, Keras and optax call by the same name, side by side."""

from __future__ import annotations

import numpy as np

from .. import optimizers
from ..checks import check_choice
from ..descent import TARGET, TOLERANCE, check_steps, descend
from ..knobs import Knob
from ..palette import role_style
from ..stage.scene import Run, Scene
from ..stage.widget import Source
from .inputs import fixed, plane, start_on
from .lab import Control, Lab
from .panels import loss_panel, surface_panel
from .sources import field_source, floor_of, shapes, trailing
from .travel import Walk, theta_and_excess, walk_recipe

__all__ = ["DIALECTS", "dialects"]

# Read in the sources of PyTorch 2.13, Keras 3.15 and optax 0.2.8, and tested against their trajectories.
DIALECTS: dict[str, dict[str, dict]] = {
    "Momentum": {
        "paper": {},
        "PyTorch": {"lr_outside": True},
        "Keras": {},
        "optax": {"lr_outside": True},
    },
    "Nesterov": {
        "paper": {},
        "PyTorch": {"form": "torch"},
        "Keras": {"form": "keras"},
        "optax": {"form": "torch"},
    },
    "AdaGrad": {
        "paper": {},
        "PyTorch": {"eps_in_sqrt": False},
        "Keras": {"initial_accumulator_value": 0.1},
        "optax": {"initial_accumulator_value": 0.1},
    },
    "RMSprop": {
        "paper": {},
        "PyTorch": {"gamma": 0.99, "eps_in_sqrt": False},
        "Keras": {},
        "optax": {},
    },
    "Adam": {"paper": {}, "PyTorch": {}, "Keras": {"eps_hat": True}, "optax": {}},
}
"""Options that turn the papers' rule into each library's: {optimizer: {library: {option: value}}}."""

ALPHA = Knob("α", "decay of η per step", 0.9, 1.0, allowed="(0, 1]", count=26)
EPS = Knob("ε", "stabilizer", 1e-8, 1.0, log=True, count=41)


def dialects(
    surface, name: str, lr: float | None = None, eps: float = 1e-8, alpha: float = 1.0, steps: int = 80, start=None,
    tolerance: float = TOLERANCE,
) -> Lab:  # fmt: skip
    """One name, four rules: the same hyperparameters in the papers', PyTorch's, Keras's and optax's reading.

    Parameters
    ----------
    surface : a `Surface`
    name : "Momentum", "Nesterov", "AdaGrad", "RMSprop" or "Adam"
    lr : η₀, the optimizer's default if None
    eps : ε, for those that have one; the same in all dialects, so that only its place differs
    alpha : the learning rate is η₀αᵏ; with α = 1 it is constant
    """
    check_choice("the name of an optimizer with dialects", name, DIALECTS)
    check_steps(steps)
    tolerance = TARGET.check_one(tolerance)
    surface = plane("dialects", surface)
    start, title = start_on(surface, start), f"dialects of {name} on {surface!r}, {steps} steps"
    surface = fixed(surface)  # here the rules are compared, on one surface
    base = getattr(optimizers, name)()
    readings = {library: base.replace(**options) for library, options in DIALECTS[name].items()}
    set_by_library = set().union(*DIALECTS[name].values())
    shared = [n for n, knob in base.knobs.items() if knob.slider and n not in set_by_library]
    base = base if lr is None else base.replace(lr=lr)
    controls = [Control(n, base.knobs[n], getattr(base, n), "all") for n in shared]
    controls.append(Control("alpha", ALPHA, alpha, "all"))
    if "eps" in base.knobs:
        controls.append(Control("eps", EPS, eps, "more"))
    needs = ("start", *(control.name for control in controls))
    runs = [
        Run(
            library,
            library,
            *role_style(library),
            loss=(f"run{i}", 2),
            minimum=floor_of(surface),
            tolerance=tolerance,
        )
        for i, library in enumerate(readings)
    ]
    sources = [dialect_source(f"run{i}", surface, reading, needs, steps) for i, reading in enumerate(readings.values())]
    first = float(surface.value(np.array(start)))
    panels = [
        surface_panel(surface, sources, runs),
        loss_panel(surface, sources, runs, steps, first, tolerance),
    ]

    def summary(values):
        for library, reading in readings.items():
            walk = descend(surface, set_to(reading, values), values["start"], steps)
            end = ", ".join(f"{x:.3g}" for x in walk.theta[-1])
            options = ", ".join(f"{n}={v}" for n, v in DIALECTS[name][library].items()) or "as in the paper"
            yield f"{library:8} ends at ({end})  [{options}]"

    scene = Scene(panels, runs, steps)
    return Lab(scene, [*sources, field_source(surface)], controls, {"start": start}, summary, title)


def set_to(reading, values, axes=0):
    """The dialect as the shared sliders stand, with the learning rate η₀αᵏ."""
    arrays = {n: trailing(values[n], axes) for n in reading.knobs if n in values and n != "lr"}
    eta, alpha = trailing(values["lr"], axes), trailing(values["alpha"], axes)
    return reading.replace(lr=lambda k: eta * alpha**k, **arrays)


def dialect_source(name, surface, reading, needs, steps) -> Source:
    """θ and L − min L of one dialect."""
    floor = floor_of(surface)

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in needs if n != "start"))
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, 2))
        walk = descend(surface, set_to(reading, values, axes=1), start, steps)
        rows = np.concatenate([walk.theta, (walk.loss - floor)[..., None]], axis=-1)
        return np.moveaxis(rows, 0, -2)

    def begin(values):
        return Walk(surface, set_to(reading, values), values["start"])

    return Source(name, needs, compute, recipe=walk_recipe(begin, shapes(needs), steps, theta_and_excess(floor)))
