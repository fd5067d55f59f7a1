r"""The optimizers, each as its formula.

An optimizer is a frozen dataclass of hyperparameters with two pure methods::

    state        = optimizer.init(theta)                   # v, m, G … all zero
    theta, state = optimizer.step(theta, grad, state, k)   # the rule, once

``theta`` has shape (..., d). ``grad`` is a *function*, so that the code can say ``grad(theta)`` where the formula
says ∇L(θ), and look elsewhere (Nesterov) in the same words. ``k`` = 0, 1, 2, … is the index of the step.
Hyperparameters broadcast against θ: with ``lr`` of shape (n, 1) and θ of shape (n, d), n descents run at once.
The learning rate may also be a schedule, that is, a function of k. An optimizer can contain another one (`Around`).

The defaults are the rules as papers and lessons write them. Where PyTorch, Keras or optax differ, an option with
the field's name gives their dialect.
"""

from .adam import Adam, AdamW
from .adaptive import Adadelta, AdaGrad, RMSprop
from .ademamix import AdEMAMix
from .around import Around, DecoupledWeightDecay, Lookahead, ScheduleFree
from .averages import EMA, SWA
from .base import Optimizer
from .cautious import Cautious
from .factored import Adafactor
from .layerwise import Muon
from .momentum import GradientDescent, Momentum, Nesterov
from .preconditioned import SOAP, Shampoo
from .prodigy import Prodigy
from .relatives import AdaBelief, AMSGrad, Nadam, RAdam
from .sam import SAM
from .sign import Lion, Signum
from .trust import LAMB, LARS

__all__ = [
    "AMSGrad",
    "AdEMAMix",
    "AdaBelief",
    "AdaGrad",
    "Adadelta",
    "Adafactor",
    "Adam",
    "AdamW",
    "Around",
    "Cautious",
    "DecoupledWeightDecay",
    "EMA",
    "GradientDescent",
    "LAMB",
    "LARS",
    "Lion",
    "Lookahead",
    "Momentum",
    "Muon",
    "Nadam",
    "Nesterov",
    "Optimizer",
    "Prodigy",
    "RAdam",
    "RMSprop",
    "SAM",
    "SOAP",
    "SWA",
    "ScheduleFree",
    "Shampoo",
    "Signum",
]
