"""What a lab is given, checked where it enters: surfaces, starts, optimizers and their names."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks import check_numbers, told
from ..descent import check_start
from ..losses import Loss, as_loss
from ..optimizers import Optimizer
from ..optimizers.base import check_optimizer
from ..returned import called
from .sources import HUGE, floor_of


def plane(what: str, surface: Any) -> Loss:
    """A loss of two parameters that can be drawn, or a `ValueError`."""
    surface = as_loss(surface)
    if surface.dim != 2:
        raise ValueError(f"{what} needs a surface of two parameters, got {told(surface)} with {surface.dim}")
    return drawable(what, surface)


def drawable(what: str, surface: Any) -> Loss:
    """A loss of one or two parameters that can be drawn: with a start, a view, and a height somewhere in it."""
    surface = as_loss(surface)
    if surface.dim not in (1, 2, None):
        raise ValueError(f"{what} needs a surface of one or two parameters, got {told(surface)} with {surface.dim}")
    _ = surface.minimum  # where there can be none, this says why
    if surface.view is None or surface.start is None:
        raise ValueError(f"{what} needs to know where to start and what to draw: give {told(surface)} start= and view=")
    must = f"the view of {called(surface)} must be a pair (low, high) of numbers for each of {surface.dim} parameters"
    view = check_numbers(surface.view, must)
    if view.shape != (surface.dim, 2):
        raise ValueError(f"{must}, got {told(surface.view)}")
    low, high = view.T
    if not np.all((np.abs(view) < HUGE) & (high - low > 1e-9 * np.abs(view).max(axis=1))):
        raise ValueError(f"{must}, low < high, well below {HUGE:g} and apart, got {told(surface.view)}")
    floor = floor_of(surface)
    if not abs(floor) < HUGE:
        raise ValueError(f"the minimum of {called(surface)} must be a number well below {HUGE:g}, got {floor:g}")
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
    return family, unique([plain(name) for name in names or [optimizer.name for optimizer in family]])


def plain(name: str) -> str:
    """A name on one line, without what cannot be seen and what turns the direction of writing."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" or c == "\u200d" else " " for c in name)
    return " ".join(visible.split()) or "?"


def unique(names: list[str]) -> list[str]:
    """Names that differ: a second "Adam" becomes "Adam 2"."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return result
