"""Gradient clipping: by value and by norm, as functions of a gradient; `optimlab.descent` puts them in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .checks import check_function, check_numbers
from .knobs import Knob
from .losses import Gradient

__all__ = ["clip_norm", "clip_value"]

Clip = Callable[[np.ndarray], np.ndarray]
CLIP = Knob("limit", "clipping", low=0.01, high=10.0, log=True, allowed="(0, ∞)")


def gradient_array(g: Any) -> np.ndarray:
    """A gradient as a float array of shape (..., d), or a `ValueError`."""
    return np.atleast_1d(check_numbers(g, "the gradient must be numbers of shape (..., d)"))


def clip_value(limit: float | np.ndarray) -> Clip:
    """Gradient clipping by value: each coordinate into [−limit, limit]."""
    limit = CLIP.check(limit)

    def clip(g: np.ndarray) -> np.ndarray:
        g = gradient_array(g)
        return np.clip(g, -limit, limit).astype(g.dtype)

    return clip


def clip_norm(limit: float | np.ndarray) -> Clip:
    """Gradient clipping by norm (Pascanu, Mikolov & Bengio 2013): g · min(1, limit/|g|); the direction stays."""
    limit = CLIP.check(limit)

    def clip(g: np.ndarray) -> np.ndarray:
        g = gradient_array(g)
        if g.shape[-1] == 0:
            return g
        # In units of a power of two near |g|, which rounds nothing: no square overflows, and none becomes 0.
        _, power = np.frexp(np.abs(g).max(axis=-1, keepdims=True))
        unit = np.ldexp(g, 1 - power)
        norm = np.linalg.norm(unit, axis=-1, keepdims=True)
        with np.errstate(over="ignore", under="ignore"):
            allowed = limit / np.where(norm > 0, norm, 1)
            one = np.ldexp(1.0, power - 1)
        return np.where(one <= allowed, g, unit * allowed.astype(g.dtype))

    return clip


def check_clip(clip: Any) -> None:
    """That it can clip, or a `ValueError`."""
    if clip is not None:
        check_function("clip must be clip_value(limit) or clip_norm(limit)", clip)


def clipped(gradient: Gradient, clip: Clip | None) -> Gradient:
    """A gradient function whose results are clipped."""
    if clip is None:
        return gradient

    def clipping(theta: np.ndarray) -> np.ndarray:
        g = gradient(theta)
        shorter = check_numbers(clip(g), "clip must return numbers")
        if shorter.shape != g.shape:
            raise ValueError(f"clip must return the gradient's shape {g.shape}, got {shorter.shape}")
        return shorter

    return clipping
