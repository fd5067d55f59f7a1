"""Optimizers by their names: those of `optimlab.optimizers`, and a learner's own, as soon as its class is there."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from . import optimizers
from .checks import check_choice, told
from .optimizers import (
    EMA,
    SAM,
    SOAP,
    SWA,
    Adam,
    AdEMAMix,
    Around,
    Cautious,
    DecoupledWeightDecay,
    Lookahead,
    Momentum,
    Optimizer,
    ScheduleFree,
    Shampoo,
)

__all__ = ["USUAL", "known", "named", "runner"]

USUAL: dict[str, Optimizer] = {
    "AdEMAMix": AdEMAMix(beta3=0.99),  # its slow mean would reach back 10 000 steps
    "Cautious": Cautious(Adam()),
    "DecoupledWeightDecay": DecoupledWeightDecay(Adam()),
    "EMA": EMA(Adam()),
    "Lookahead": Lookahead(Adam()),
    "SAM": SAM(Momentum()),
    "SOAP": SOAP(ridge=1e-8),  # without it rounding chooses the axes of black pixels
    "SWA": SWA(Adam()),
    "ScheduleFree": ScheduleFree(Adam(0.0025, beta1=0.0)),
    "Shampoo": Shampoo(0.001, frequency=10, graft="sqrt_n"),  # a grafted step is as long as a sign's: η as Adam's
}
"""What a name or a class alone means, where the class without arguments is none, or is not what people use."""

ABSTRACT = {"Optimizer", "Around"}


def known() -> dict[str, type[Optimizer]]:
    """All optimizers that have a name: the public ones, and classes of one's own; of two the newer one."""
    public = {name: getattr(optimizers, name) for name in optimizers.__all__ if name not in ABSTRACT}
    own = {cls.__name__: cls for cls in below(Optimizer) if cls.__module__.partition(".")[0] != __package__}
    return own | public


def below(cls: Any) -> list[type]:
    """All classes that are made from one, in the order in which they were made."""
    return [each for child in cls.__subclasses__() for each in (child, *below(child))]


def named(name: str) -> Optimizer:
    """The optimizer of a name, as it is usually set; or a `ValueError` with the names there are, the closest first.

    >>> named("Adam")
    Adam(η=0.001, β₁=0.9, β₂=0.999)
    """
    classes = known()

    def distance(other: str) -> float:
        return -SequenceMatcher(None, str(name).lower(), other.lower()).ratio()

    return usual(classes[check_choice("the name of an optimizer", name, sorted(classes, key=distance))])


def usual(cls: type[Optimizer]) -> Optimizer:
    """An optimizer of this class, with its defaults, or as people set it."""
    if cls is getattr(optimizers, cls.__name__, None) and cls.__name__ in USUAL:
        return USUAL[cls.__name__]
    try:
        return cls(Adam()) if issubclass(cls, Around) else cls()  # type: ignore[arg-type]
    except TypeError as error:
        raise ValueError(f"{cls.__name__} needs hyperparameters: give an instance, {cls.__name__}(…)") from error


def runner(given: Any) -> Optimizer:
    """An optimizer, whether an instance was given, a class, or its name; or a `ValueError`."""
    if isinstance(given, Optimizer):
        return given
    if isinstance(given, str):
        return named(given)
    if isinstance(given, type) and issubclass(given, Optimizer) and given.__name__ not in ABSTRACT:
        return usual(given)
    raise ValueError(
        f"an optimizer must be an instance, a class or a name, such as Adam(), Adam or 'Adam', got {told(given)}"
    )
