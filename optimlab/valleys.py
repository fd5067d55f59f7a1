"""Where an unknown loss of two parameters is lowest: a coarse grid on growing squares, then descents from its hollows.

A descent takes Newton's steps with the moduli of the curvatures, so that saddles repel it (Dauphin et al. 2014), within
a radius that grows when the loss falls and shrinks when it does not (a trust region; Nocedal & Wright 2006, chapter 4).
A compass search after it (Kolda, Lewis & Torczon 2003) also comes down at a kink. Nothing here is a proof: what is
narrower than a cell of the grid may be missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .checks import short

__all__ = ["Valleys", "valleys"]

NEAR = ((-5.0, 5.0), (-5.0, 5.0))  # where most formulas that people write have their hollows
FURTHER = (25.0, 125.0, 625.0, 3125.0)
ROUNDS = 60
MANY = 20  # local minima: there may be more of them than descents
SAME = 1e-9  # heights that differ by less, in units of 1 + |L|, are equal
DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)], float)
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Valleys:
    """What was found.

    Attributes
    ----------
    minima : the lowest points, those in view if there are any, shape (m, 2); none where the loss falls without end, or
        towards a limit
    others : local minima that lie higher, shape (k, 2)
    bounded : False where the loss falls without end
    note : in words
    finite : some places where the loss is finite, shape (n, 2)
    """

    minima: np.ndarray
    others: np.ndarray
    bounded: bool
    note: str
    finite: np.ndarray


def valleys(value: Function, gradient: Function, view: Any = None, count: int = 41, seeds: int = 40) -> Valleys:
    """The minima of a loss, inside `view` and around it.

    Parameters
    ----------
    value, gradient : (n, 2) → (n,) and (n, 2) → (n, 2)
    view : where to look first, [−5, 5]² if None
    count : cells of the grid along an edge
    seeds : how many descents are walked, at most

    >>> found = valleys(lambda p: (p[:, 0] ** 2 - 1) ** 2 + p[:, 1] ** 2,
    ...     lambda p: np.stack([4 * p[:, 0] * (p[:, 0] ** 2 - 1), 2 * p[:, 1]], axis=-1))
    >>> found.minima.tolist(), found.note
    ([[-1.0, 0.0], [1.0, 0.0]], '2 minima')
    """
    with np.errstate(all="ignore"):
        start, finite, spacing, sinking = hollows(value, view or NEAR, count, seeds)
        if not len(start):
            return Valleys(start, start, True, "it is nowhere finite", finite)
        first = value(start)
        ends, heights = descended(value, gradient, start, spacing)
        ends, heights = compass(value, ends, heights, spacing)
        ends, heights = rounded(value, *polished(value, gradient, ends, heights))
        away = ran_away(value, ends, heights, view or NEAR)
        sunk = ~(heights > -1e9 * (1 + np.abs(first)))
        found = judged(value, gradient, ends, heights, away, sunk, finite, view or NEAR)
    if sinking and len(found.minima) and np.abs(found.minima).max() <= 1.1 * FURTHER[-1]:
        note = "its hollows lie lower and lower far out: it has no minimum"
        return replace(found, minima=found.minima[:0], bounded=False, note=note)
    return found


def hollows(value: Function, view: Any, count: int, seeds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """Where descents begin, some places where the loss is finite, how far from each other the cells there are, and
    whether each square lies lower than the one before, by more and more."""
    points, heights, spacing = cells(value, view, count)
    middle = np.hypot(*np.moveaxis(points - points.mean(axis=(0, 1)), -1, 0)).ravel()
    lowest = is_hollow(heights).ravel()
    chosen = [i for i in np.lexsort((middle, heights.ravel())) if lowest[i]][:seeds]
    flat, level = points.reshape(-1, 2), heights.ravel()
    start, widths = [flat[chosen]], [np.full(len(chosen), spacing)]
    finite = flat[np.isfinite(level)]
    best = level.min()
    lows = []
    for reach in FURTHER:
        points, heights, spacing = cells(value, ((-reach, reach), (-reach, reach)), count // 2 | 1)
        flat, level = points.reshape(-1, 2), heights.ravel()
        lower = [i for i in np.argsort(level, kind="stable")[:3] if level[i] < best]
        start.append(flat[lower])
        widths.append(np.full(len(lower), spacing))
        best = min(best, level.min())
        lows.append(best)
        if not len(finite):
            finite = flat[np.isfinite(level)]
    drops = -np.diff(lows)
    sinking = bool((drops > 0).all() and (drops[1:] >= 0.9 * drops[:-1]).all())
    return np.concatenate(start), finite, np.concatenate(widths), sinking


def cells(value: Function, view: Any, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Places on a grid, their heights, infinite where they are no number, and the distance of the places."""
    (x0, x1), (y0, y1) = view
    points = np.stack(np.meshgrid(np.linspace(x0, x1, count), np.linspace(y0, y1, count)), axis=-1)
    heights = value(points.reshape(-1, 2)).reshape(count, count)
    return points, np.where(np.isnan(heights), np.inf, heights), max(x1 - x0, y1 - y0) / (count - 1)


def is_hollow(heights: np.ndarray) -> np.ndarray:
    """Whether a cell is finite and no neighbour lies lower."""
    around = np.pad(heights, 1, constant_values=np.inf)
    n, m = heights.shape
    shifts = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    return np.all([heights <= around[i : i + n, j : j + m] for i, j in shifts], axis=0) & (heights < np.inf)


def descended(
    value: Function, gradient: Function, theta: np.ndarray, radius: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where descents from these places end, and how high that is."""
    theta, radius, height = theta.copy(), radius.copy(), np.array(value(theta))
    going = np.arange(len(theta))
    for _ in range(ROUNDS):
        here = theta[going]
        step = downhill(gradient, here, radius[going])
        there = here + step
        level = value(there)
        falls = level < height[going]
        theta[going], height[going] = np.where(falls[:, None], there, here), np.where(falls, level, height[going])
        length = np.linalg.norm(step, axis=-1)
        radius[going] = np.where(falls, np.maximum(radius[going], 2 * length), length / 4)
        still = ~falls & (length <= 1e-9 * (1 + np.abs(here).max(axis=-1)))
        going = going[~still & np.isfinite(step).all(axis=-1)]
        if not len(going):
            break
    return theta, height


def downhill(gradient: Function, theta: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Newton's step with the moduli of the curvatures, no longer than the radius."""
    g, (curvatures, axes) = gradient(theta), curved(gradient, theta)
    along = np.einsum("nij,ni->nj", axes, g)
    least = 1e-14 * np.abs(curvatures).max(axis=-1, keepdims=True) + 1e-300
    step = -np.einsum("nij,nj->ni", axes, along / np.maximum(np.abs(curvatures), least))
    length = np.linalg.norm(step, axis=-1)
    plain = ~np.isfinite(length)
    size = np.linalg.norm(g, axis=-1)
    step = np.where(plain[:, None], -g, step)
    length = np.where(plain, size, length)
    return step * np.minimum(1, radius / np.where(length > 0, length, 1))[:, None]


def curved(gradient: Function, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues and axes of the Hessian, by central differences of the gradient."""
    h = 1e-5 * (1 + np.abs(theta).max(axis=-1))
    columns = []
    for i in range(2):
        step = h[:, None] * np.eye(2)[i]
        columns.append((gradient(theta + step) - gradient(theta - step)) / (2 * h[:, None]))
    hessian = np.stack(columns, axis=-1)
    hessian = (hessian + np.swapaxes(hessian, -1, -2)) / 2
    return np.linalg.eigh(np.where(np.isfinite(hessian).all(axis=(-1, -2), keepdims=True), hessian, 0.0))


def compass(
    value: Function, theta: np.ndarray, height: np.ndarray, spacing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best of eight neighbours, as long as one is lower; else nearer neighbours."""
    reach = 1e-3 * spacing
    for _ in range(ROUNDS):
        around = theta[:, None] + reach[:, None, None] * DIRECTIONS
        levels = value(around.reshape(-1, 2)).reshape(len(theta), -1)
        levels = np.where(np.isnan(levels), np.inf, levels)
        best = levels.argmin(axis=1)
        rows = np.arange(len(theta))
        falls = levels[rows, best] < height
        theta = np.where(falls[:, None], around[rows, best], theta)
        height = np.where(falls, levels[rows, best], height)
        reach = np.where(falls, 2 * reach, reach / 4)
        if (reach < 1e-13 * (1 + np.abs(theta).max(axis=-1))).all():
            break
    return theta, height


def polished(
    value: Function, gradient: Function, theta: np.ndarray, height: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Newton's last steps, where they shorten the gradient: heights alone tell a minimum to half of the digits."""
    for _ in range(3):
        g, (curvatures, axes) = gradient(theta), curved(gradient, theta)
        along = np.einsum("nij,ni->nj", axes, g)
        there = theta - np.einsum("nij,nj->ni", axes, along / curvatures)
        level, slope = value(there), np.linalg.norm(gradient(there), axis=-1)
        better = (curvatures[:, 0] > 0) & (slope < np.linalg.norm(g, axis=-1))
        better &= level <= height + 1e-14 * np.abs(height)
        theta, height = np.where(better[:, None], there, theta), np.where(better, level, height)
    return theta, height


def rounded(value: Function, theta: np.ndarray, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round numbers, where these are as low: 0 for 1e-17."""
    for digits in (12, 4, 2):
        near = np.round(theta, digits) + 0.0
        level = value(near)
        lower = level <= height + 1e-15 * np.abs(height)
        theta, height = np.where(lower[:, None], near, theta), np.where(lower, level, height)
    return theta, height


def ran_away(value: Function, ends: np.ndarray, heights: np.ndarray, view: Any) -> np.ndarray:
    """Whether a descent went very far, and it is no higher ten times as far."""
    low, high = np.transpose(view)
    far = np.abs(ends - (low + high) / 2).max(axis=-1) > 100 * (high - low).max() / 2
    return ~np.isfinite(ends).all(axis=-1) | (far & ~(value(10 * ends) > heights))


def judged(
    value: Function,
    gradient: Function,
    ends: np.ndarray,
    heights: np.ndarray,
    away: np.ndarray,
    sunk: np.ndarray,
    finite: np.ndarray,
    view: Any,
) -> Valleys:
    """What the ends of the descents tell."""
    settled = ~away & ~sunk & np.isfinite(heights)
    places, levels = distinct(ends[settled], heights[settled])
    lowest = levels.min() if len(levels) else np.inf
    lower = (away | sunk) & (heights < lowest - SAME * (1 + np.abs(lowest if np.isfinite(lowest) else 0)))
    nothing = np.zeros((0, 2))
    if lower.any() or not len(levels):
        hole = sunk & ~away & lower
        if hole.any():
            x, y = ends[np.argmax(hole)]
            x, y = np.round([x, y], 3) + 0.0
            note = f"it falls without end near ({short(x)}, {short(y)}): it has no minimum"
            return Valleys(nothing, places[isolated(gradient, places)], False, note, finite)
        falling = any(falls_on(value, end) for end in ends[lower])
        how = "falls without end far out" if falling else "falls far out, towards a limit that it does not reach"
        return Valleys(nothing, places[isolated(gradient, places)], not falling, f"it {how}: it has no minimum", finite)
    best = levels <= lowest + SAME * (1 + abs(lowest))
    minima, others = places[best], places[~best]
    low, high = np.transpose(view)
    seen = ((low <= minima) & (minima <= high)).all(axis=-1)
    minima = minima[seen] if seen.any() else minima
    others = others[isolated(gradient, others)]
    if len(minima) > 2 and not isolated(gradient, minima).any():
        far = np.linalg.norm(minima - np.mean(finite, axis=0), axis=-1)
        return Valleys(minima[far <= far.min() + 1e-6], others, True, "a whole line or plain of minima", finite)
    return Valleys(minima, others, True, counted(len(minima), len(others)), finite)


def isolated(gradient: Function, places: np.ndarray) -> np.ndarray:
    """Whether the loss is curved upwards on all sides of these places, and flat at them."""
    if not len(places):
        return np.zeros(0, bool)
    curvatures = curved(gradient, places)[0]
    flat = np.linalg.norm(gradient(places), axis=-1) <= 1e-5 * curvatures[:, 1] * (1 + np.abs(places).max(axis=-1))
    return flat & (curvatures[:, 0] > 1e-6 * curvatures[:, 1])


def counted(best: int, others: int) -> str:
    told = "1 minimum" if best == 1 else f"{best} minima"
    many = others if others < MANY else "many"
    higher = "1 local one that lies higher" if others == 1 else f"{many} local ones that lie higher"
    return f"{told}, and {higher}" if others else told


def falls_on(value: Function, end: np.ndarray) -> bool:
    """Whether the loss goes on falling along the ray to a far place, by as much with each decade as before or more."""
    unit = end / max(np.abs(end).max(), 1e-300)
    if not np.isfinite(unit).all():
        return True
    height = value(10.0 ** np.arange(1, 13)[:, None] * unit)
    height = height[: int(np.argmin(np.isfinite(height))) or len(height)]
    if len(height) < 4:
        return True
    drops = -np.diff(height)
    return bool(drops[-1] > 0.9 * drops[len(drops) // 2] > 0)


def distinct(places: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places that are not the same, from left to right; of each the lowest."""
    kept: list[int] = []
    for i in np.argsort(levels, kind="stable"):
        if all(np.abs(places[i] - places[j]).max() > 1e-3 * (1 + np.abs(places[j]).max()) for j in kept):
            kept.append(int(i))
    kept.sort(key=lambda i: tuple(np.round(places[i], 6)))
    return places[kept], levels[kept]
