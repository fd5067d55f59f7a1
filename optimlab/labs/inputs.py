"""What a lab is given, checked where it enters: surfaces, starts, optimizers and their names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..checks import told
from ..descent import check_start
from ..losses import Loss, as_loss
from ..optimizers import Optimizer
from ..optimizers.base import check_optimizer


def plane(what: str, surface: Any) -> Loss:
    """A loss of two parameters that can be drawn, or a `ValueError`."""
    surface = as_loss(surface)
    if surface.dim != 2:
        raise ValueError(f"{what} needs a surface of two parameters, got {told(surface)} with {surface.dim}")
    if surface.view is None or surface.start is None:
        raise ValueError(f"{what} needs to know where to start and what to draw: give {told(surface)} start= and view=")
    return surface


def start_on(surface: Any, start: Any = None) -> tuple:
    """Where a lab starts: one point, the surface's customary start if None."""
    surface = as_loss(surface)
    point = check_start(surface.start if start is None else start)
    if point.shape != (surface.dim,):
        raise ValueError(f"the start θ₀ must have shape ({surface.dim},) on {surface.name}, got {point.shape}")
    return tuple(point.tolist())


def fixed(surface: Any) -> Any:
    """The surface as it stands, without sliders of its own."""
    return replace(surface, knobs={}) if surface.knobs else surface


def runners(what: str, optimizers: Any, names: Any = None) -> tuple[list[Optimizer], list[str]]:
    """One optimizer or several as a list, and a name for each: those given, or their class names."""
    family = [check_optimizer(o) for o in (optimizers if np.iterable(optimizers) else [optimizers])]
    if not family:
        raise ValueError(f"{what} needs at least one optimizer, got none")
    names = [names] if isinstance(names, str) else names
    if names is not None and not (isinstance(names, list | tuple) and all(isinstance(name, str) for name in names)):
        raise ValueError(f"the names must be a list of texts, got {told(names)}")
    if names is not None and len(names) != len(family):
        raise ValueError(f"{len(family)} optimizers need {len(family)} names, got {told(names)}")
    return family, unique(list(names) if names else [optimizer.name for optimizer in family])


def unique(names: list[str]) -> list[str]:
    """Names that differ: a second "Adam" becomes "Adam 2"."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return result
