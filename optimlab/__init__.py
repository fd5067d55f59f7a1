"""optimlab: the optimizers of deep learning, each as its formula, and labs in which they move.

>>> from optimlab import Momentum, descend, ravine
>>> descend(ravine(kappa=20), Momentum(lr=0.05, gamma=0.9), steps=200)
Momentum  η=0.05  γ=0.9  settles at L<0.001 after 76 steps

The core needs numpy alone. The labs (`race`, `anatomy`, …) load matplotlib and ipywidgets when they are first used;
the extra ``optimlab[labs]`` brings them, ``optimlab[data]`` the data sets and what training needs.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .descent import Trajectory, descend, sweep
from .optimizers import Adadelta, AdaGrad, Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from .surfaces import (
    Surface,
    absolute,
    ackley,
    beale,
    bowl,
    cliff,
    himmelblau,
    monkey_saddle,
    parabola,
    plateau,
    product,
    rastrigin,
    ravine,
    rosenbrock,
    saddle,
    six_hump_camel,
    two_wells,
)

__version__ = "0.1.0"

LAZY = {
    "Noisy": "noise",
    "Data": "networks",
    "Network": "networks",
    "clip_norm": "networks",
    "clip_value": "networks",
    "digits": "networks",
    "range_test": "networks",
    "train": "networks",
    "LinearRegression": "problems",
    "LogisticRegression": "problems",
    "breast_cancer": "problems",
    "diabetes": "problems",
    "fair_race": "fair",
    "answers": "predictions",
    "check": "exercises",
    "find_the_fault": "faults",
    "observe": "predictions",
    "predict": "predictions",
    "review": "account",
    "recall": "quiz",
    "inventory": "quiz",
    "gains": "quiz",
    "why": "whys",
    "show": "reading",
    "race": "labs.race",
    "anatomy": "labs.anatomy",
    "batch_lab": "labs.batch",
    "batch_momentum_lab": "labs.batch_momentum",
    "cycle_lab": "labs.cycle",
    "detective": "labs.detective",
    "dialects": "labs.dialects",
    "fit_lab": "labs.fit",
    "gradient_lab": "labs.gradient",
    "schedule_lab": "labs.schedule",
    "clip_lab": "labs.clip",
    "depth_lab": "labs.depth",
    "draw_lab": "labs.draw",
    "overfit_lab": "labs.overfit",
    "saddle_lab": "labs.saddle",
    "spring_lab": "labs.spring",
    "eigen_lab": "labs.eigen",
    "phase_lab": "labs.phase",
    "steps_lab": "labs.steps",
    "bias_lab": "labs.bias",
    "decay_lab": "labs.decay",
    "giant_lab": "labs.giant",
    "rare_lab": "labs.rare",
    "signal_lab": "labs.signal",
    "spike_lab": "labs.spike",
    "sign_lab": "labs.sign",
    "memory_lab": "labs.memory",
    "newton_schulz_lab": "labs.newton_schulz",
    "modes_lab": "labs.modes",
    "average_lab": "labs.average",
    "axes_lab": "labs.axes",
    "fair_lab": "labs.fair",
    "plane_lab": "labs.plane",
    "shadow_lab": "labs.shadow",
    "pca_lab": "labs.pca",
    "line_lab": "labs.line",
    "catapult_lab": "labs.catapult",
    "edge_lab": "labs.edge",
    "live_edge": "labs.live_edge",
    "river_lab": "labs.river",
    "bulk_lab": "labs.bulk",
    "training_lab": "labs.training",
    "live_curves": "labs.live",
    "live_layers": "labs.live",
    "map_lab": "labs.map",
    "noise_lab": "labs.noise",
    "range_lab": "labs.range",
}
"""What loads when it is first asked for: the labs bring matplotlib and ipywidgets, the data sets scikit-learn."""

if TYPE_CHECKING:  # for editors and type checkers; a test holds it equal to LAZY
    from .account import review as review
    from .exercises import check as check
    from .fair import fair_race as fair_race
    from .faults import find_the_fault as find_the_fault
    from .labs.anatomy import anatomy as anatomy
    from .labs.average import average_lab as average_lab
    from .labs.axes import axes_lab as axes_lab
    from .labs.batch import batch_lab as batch_lab
    from .labs.batch_momentum import batch_momentum_lab as batch_momentum_lab
    from .labs.bias import bias_lab as bias_lab
    from .labs.bulk import bulk_lab as bulk_lab
    from .labs.catapult import catapult_lab as catapult_lab
    from .labs.clip import clip_lab as clip_lab
    from .labs.cycle import cycle_lab as cycle_lab
    from .labs.decay import decay_lab as decay_lab
    from .labs.depth import depth_lab as depth_lab
    from .labs.detective import detective as detective
    from .labs.dialects import dialects as dialects
    from .labs.draw import draw_lab as draw_lab
    from .labs.edge import edge_lab as edge_lab
    from .labs.eigen import eigen_lab as eigen_lab
    from .labs.fair import fair_lab as fair_lab
    from .labs.fit import fit_lab as fit_lab
    from .labs.giant import giant_lab as giant_lab
    from .labs.gradient import gradient_lab as gradient_lab
    from .labs.line import line_lab as line_lab
    from .labs.live import live_curves as live_curves
    from .labs.live import live_layers as live_layers
    from .labs.live_edge import live_edge as live_edge
    from .labs.map import map_lab as map_lab
    from .labs.memory import memory_lab as memory_lab
    from .labs.modes import modes_lab as modes_lab
    from .labs.newton_schulz import newton_schulz_lab as newton_schulz_lab
    from .labs.noise import noise_lab as noise_lab
    from .labs.overfit import overfit_lab as overfit_lab
    from .labs.pca import pca_lab as pca_lab
    from .labs.phase import phase_lab as phase_lab
    from .labs.plane import plane_lab as plane_lab
    from .labs.race import race as race
    from .labs.range import range_lab as range_lab
    from .labs.rare import rare_lab as rare_lab
    from .labs.river import river_lab as river_lab
    from .labs.saddle import saddle_lab as saddle_lab
    from .labs.schedule import schedule_lab as schedule_lab
    from .labs.shadow import shadow_lab as shadow_lab
    from .labs.sign import sign_lab as sign_lab
    from .labs.signal import signal_lab as signal_lab
    from .labs.spike import spike_lab as spike_lab
    from .labs.spring import spring_lab as spring_lab
    from .labs.steps import steps_lab as steps_lab
    from .labs.training import training_lab as training_lab
    from .networks import Data as Data
    from .networks import Network as Network
    from .networks import clip_norm as clip_norm
    from .networks import clip_value as clip_value
    from .networks import digits as digits
    from .networks import range_test as range_test
    from .networks import train as train
    from .noise import Noisy as Noisy
    from .predictions import answers as answers
    from .predictions import observe as observe
    from .predictions import predict as predict
    from .problems import LinearRegression as LinearRegression
    from .problems import LogisticRegression as LogisticRegression
    from .problems import breast_cancer as breast_cancer
    from .problems import diabetes as diabetes
    from .quiz import gains as gains
    from .quiz import inventory as inventory
    from .quiz import recall as recall
    from .reading import show as show
    from .whys import why as why

__all__ = [
    "AdaGrad",
    "Adadelta",
    "Adam",
    "GradientDescent",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "Surface",
    "Trajectory",
    "absolute",
    "ackley",
    "beale",
    "bowl",
    "cliff",
    "descend",
    "himmelblau",
    "monkey_saddle",
    "parabola",
    "plateau",
    "product",
    "rastrigin",
    "ravine",
    "rosenbrock",
    "saddle",
    "six_hump_camel",
    "sweep",
    "two_wells",
    *LAZY,
]


def __getattr__(name):
    if name not in LAZY:
        raise AttributeError(f"module 'optimlab' has no attribute {name!r}")
    value = getattr(import_module(f".{LAZY[name]}", __name__), name)
    globals()[name] = value  # next time it is there at once, and a submodule of the same name cannot shadow it
    return value


def __dir__():
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
