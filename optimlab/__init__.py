"""optimlab: the optimizers of deep learning, each as its formula, and labs in which they move.

>>> from optimlab import Momentum, descend, ravine
>>> descend(ravine(kappa=20), Momentum(lr=0.05, gamma=0.9), steps=200)
Momentum  η=0.05  γ=0.9  settles at L<0.001 after 76 steps

The core needs numpy alone. The labs (`race`, `anatomy`, …) load matplotlib and ipywidgets when they are first used.
"""

from importlib import import_module

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
    "check": "exercises",
    "show": "reading",
    "race": "labs.race",
    "anatomy": "labs.anatomy",
    "batch_lab": "labs.batch",
    "dialects": "labs.dialects",
    "fit_lab": "labs.fit",
    "gradient_lab": "labs.gradient",
    "schedule_lab": "labs.schedule",
    "clip_lab": "labs.clip",
    "depth_lab": "labs.depth",
    "overfit_lab": "labs.overfit",
    "saddle_lab": "labs.saddle",
    "training_lab": "labs.training",
    "live_curves": "labs.live",
    "range_lab": "labs.range",
}
"""What loads when it is first asked for: the labs bring matplotlib and ipywidgets, the data sets scikit-learn."""

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
    return sorted({*globals(), *__all__})
