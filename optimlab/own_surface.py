"""A surface of a learner's own: `surface(lambda x, y: x**2 + 10 * np.sin(y) ** 2)`, for every lab.

The gradient is exact where the function can be recorded (`optimlab.derivative`), and by central differences where not.
Where to start, what to draw and where the minima are is found (`optimlab.valleys`), unless it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import check_numbers, shortened, told
from .own_source import LONGEST, latex_of, name_of
from .pointwise import Differences, Pointwise, Slopes, check_arguments, of_gradient, place
from .surfaces import Surface
from .valleys import NEAR, Valleys, valleys

__all__ = ["OwnSurface", "surface"]

EXAMPLE = "lambda x, y: x**2 + 10 * np.sin(y) ** 2"
SLOPE_EXAMPLE = "lambda x, y: (2 * x, 10 * np.sin(2 * y))"
TRIED = 40  # points at which functions are compared
HUGE = 1e30
SEARCHES = {True: (41, 40), False: (25, 6)}  # of all points at once, or one by one: cells, descents
CORNERS = ((0.18, 0.79), (0.83, 0.74), (0.17, 0.2), (0.79, 0.23), (0.34, 0.61), (0.62, 0.37), (0.55, 0.93))


@dataclass(frozen=True, repr=False)
class OwnSurface(Surface):
    """A `Surface` that was made from a function; see `surface`.

    Attributes
    ----------
    recorded : whether the function could be recorded, so that the gradient is exact and labs travel to the browser
    reason : why it could not, or ""
    bounded : False where L falls without end
    found : what the search for minima has found, in words; "" if the minima were given
    local_minima : minima that lie higher than others, shape (k, 2)
    """

    recorded: bool = True
    reason: str = ""
    bounded: bool = True
    found: str = ""
    local_minima: tuple = ()

    def summary(self) -> str:
        """What is known of it, in one line."""
        how = "gradient exact" if self.recorded else f"gradient by central differences, for {self.reason}"
        return f"{self.name}: {how}; {self.found or f'{len(self.minima)} minima given'}"


def surface(
    function: Callable,
    start: Any = None,
    view: Any = None,
    minima: Any = None,
    name: str | None = None,
    gradient: Callable | None = None,
) -> OwnSurface:
    """The loss L(x, y) that a function computes, with its gradient, minima, start and view.

    Parameters
    ----------
    function : ``f(x, y)``, one real number for two; written with ``np.sin``, not ``math.sin``, and ``np.where``, not
        ``if``, it is much faster, and travels to the browser
    start : θ₀, shape (2,); a place on a slope if None
    view : ((x low, x high), (y low, y high)); a square around the minima if None
    minima : the global minima, shape (m, 2); searched for if None. That is no proof: narrow ones may be missed
    name : the text of a lambda, or the name of any other function, if None
    gradient : a slope of your own, ``g(x, y) -> (∂x, ∂y)``. It is compared with the right one at 40 points, and a wrong
        one is refused

    >>> s = surface(lambda x, y: (x - 1) ** 2 + 3 * y**2, name="mine")
    >>> s.minima, s.gradient([2.0, 1.0]).tolist()
    (((1.0, 0.0),), [2.0, 6.0])
    >>> s.summary()
    'mine: gradient exact; 1 minimum'
    """
    check_arguments(function, "the loss", EXAMPLE)
    if name is not None and not (isinstance(name, str) and name.strip()):
        raise ValueError(f"the name must be a text, got {told(name)}")
    called = shortened(name, LONGEST) if name else name_of(function)
    view = None if view is None else check_view(view, called)
    start = None if start is None else check_point(start, "the start θ₀")
    trials = points_in(view or NEAR, TRIED)
    of = Pointwise(function, called, None, trials)
    if of.formula is not None and not of.formula.moves:
        raise ValueError(f"the loss must depend on x or y, {called} is the same everywhere")
    slope = exact = of_gradient(of)
    if gradient is not None:
        check_arguments(gradient, "the gradient", SLOPE_EXAMPLE)
        slope = checked_slope(gradient, exact, trials, called)
    found = search(of, slope, view, called)
    given = None if minima is None else check_minima(minima, of, found)
    minima = found.minima if given is None else given
    view = view or view_of(minima if len(minima) else found.others, found.finite)
    return OwnSurface(
        name=called,
        formula=latex_of(function, called),
        of=of,
        slope=slope,
        minima=pairs(inside(minima, view)),
        start=start or start_in(of, slope, view, minima),
        view=view,
        recorded=isinstance(exact, Slopes),
        reason=getattr(exact, "reason", ""),
        bounded=found.bounded,
        found=found.note if given is None else "",
        local_minima=pairs(found.others),
    )


# The gradient


def checked_slope(gradient: Callable, right: Callable, trials: np.ndarray, name: str) -> Callable:
    """A slope that somebody has written, if it is the right one."""
    mine = Pointwise(gradient, f"the gradient of {name}", 2, trials)
    x, y = trials.T
    with np.errstate(all="ignore"):
        given, wanted = (np.stack(np.broadcast_arrays(x, *slope(x, y))[1:], axis=-1) for slope in (mine, right))
    tolerance = 1e-6 if isinstance(right, Slopes) else 1e-4
    size = 1 + np.abs(wanted)
    wrong = ~(np.abs(given - wanted) <= tolerance * size) & np.isfinite(wanted)
    if wrong.any():
        i = int(np.argmax(wrong.any(axis=1)))
        turned = np.abs(given + wanted) <= tolerance * size
        signs = [f"∂L/∂{letter}" for k, letter in enumerate("xy") if wrong[:, k].any() and turned[wrong[:, k], k].all()]
        hint = f": the sign of {' and '.join(signs)} is wrong" if signs else ""
        at, told_given, told_right = (pair(numbers) for numbers in (trials[i], given[i], wanted[i]))
        raise ValueError(
            f"the gradient of {name} must be (∂L/∂x, ∂L/∂y), at (x, y) = {at} it gives {told_given}, "
            f"right is {told_right}{hint}"
        )
    return mine if mine.formula is not None or isinstance(right, Differences) else right


def pair(numbers: np.ndarray) -> str:
    return "({:.6g}, {:.6g})".format(*numbers)


# What is found


def search(of: Pointwise, slope: Callable, view: Any, name: str) -> Valleys:
    """The valleys of the loss; a function that is asked point by point is asked for fewer."""

    def value(theta: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.asarray(of(*theta.T), float), theta.shape[:1])

    def gradient(theta: np.ndarray) -> np.ndarray:
        return np.stack(np.broadcast_arrays(theta[:, 0], *slope(*theta.T))[1:], axis=-1).astype(float)

    found = valleys(value, gradient, view, *SEARCHES[of.formula is not None or of.arrays])
    if view is not None:
        with np.errstate(all="ignore"):
            heights = value(points_in(view, 200))
        if not np.isfinite(heights).any():
            must = f"{name} must give finite numbers somewhere in its view {told(view)}, it gives none"
            raise ValueError(must + because(of.error)) from of.error
    elif not len(found.finite):
        must = f"{name} must give finite numbers somewhere, it gives none for x and y between −3125 and 3125"
        raise ValueError(must + because(of.error)) from of.error
    return found


def because(error: Exception | None) -> str:
    return "" if error is None else f": {type(error).__name__}: {error}"


def view_of(minima: np.ndarray, finite: np.ndarray) -> tuple:
    """A square around the minima, or else around where the loss is finite, with borders that are round numbers."""
    if len(minima):
        nearest = minima[np.argmin(np.abs(minima).max(axis=1))]
        close = minima[np.abs(minima - nearest).max(axis=1) <= 10]
        low, high = close.min(axis=0), close.max(axis=0)
    else:
        low = high = np.clip(0.0, finite.min(axis=0), finite.max(axis=0))
    half = float(np.ceil(2 * max(2.5, 1.3 * float((high - low).max()) / 2)) / 2)
    middle = np.round(np.where(np.abs(low + high) / 2 < half / 4, 0.0, (low + high) / 2), 1)
    return pairs(np.round(np.stack([middle - half, middle + half], axis=-1), 1))


def start_in(of: Pointwise, slope: Callable, view: Any, minima: np.ndarray) -> tuple:
    """Of some places in the view the first that is on a slope, not on a plain nor on a wall, and far from minima."""
    low, high = np.transpose(view)
    size = 10.0 ** np.floor(np.log10((high - low) / 20))
    shares = np.array([*CORNERS, *np.random.default_rng(0).uniform(0.05, 0.95, (200, 2))])
    places = np.round((low + shares * (high - low)) / size, 0) * size
    with np.errstate(all="ignore"):
        steep = np.linalg.norm(np.stack(np.broadcast_arrays(places[:, 0], *slope(*places.T))[1:]), axis=0)
        drawn = np.abs(np.broadcast_to(of(*places.T), steep.shape)) < HUGE
    good = drawn & np.isfinite(steep) & (steep > 0)
    usual = np.median(steep[good]) if good.any() else 0.0
    away = np.abs(places[:, None] - minima).max(axis=-1) > 0.15 * (high - low).max()
    fine = good & (steep >= 0.1 * usual) & (steep <= 100 * usual) & away.all(axis=-1)
    chosen = next((mask for mask in (fine, good, drawn) if mask.any()), np.ones(len(places), bool))
    return tuple(np.round(places[int(np.argmax(chosen))], 12).tolist())


def inside(minima: np.ndarray, view: Any) -> np.ndarray:
    """Those minima that are in the view; all, if none is."""
    low, high = np.transpose(view)
    seen = minima[((low <= minima) & (minima <= high)).all(axis=-1)] if len(minima) else minima
    return seen if len(seen) else minima


def points_in(view: Any, count: int) -> np.ndarray:
    """Random places in a view, always the same."""
    low, high = np.transpose(view)
    return np.random.default_rng(20).uniform(low, high, (count, 2))


def pairs(points: np.ndarray) -> tuple:
    return tuple(tuple(point) for point in np.asarray(points).tolist())


# What is given


def check_view(view: Any, name: str) -> tuple:
    must = f"the view of {name} must be ((x low, x high), (y low, y high)) with low < high"
    numbers = check_numbers(view, must)
    if numbers.shape != (2, 2) or not np.isfinite(numbers).all() or not (numbers[:, 0] < numbers[:, 1]).all():
        raise ValueError(f"{must}, got {told(view)}")
    return pairs(numbers)


def check_point(point: Any, what: str) -> tuple:
    must = f"{what} must be two finite numbers (x, y)"
    numbers = check_numbers(point, must)
    if numbers.shape != (2,) or not np.isfinite(numbers).all():
        raise ValueError(f"{must}, got {told(point)}")
    return tuple(numbers.tolist())


def check_minima(minima: Any, of: Pointwise, found: Valleys) -> np.ndarray:
    """The minima that are given, of shape (m, 2), equally low and none lower than what was found."""
    must = "the minima must be a list of points (x, y)"
    points = check_numbers(minima, must)
    points = points[None] if points.shape == (2,) else points.reshape(-1, 2) if points.size == 0 else points
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"{must}, got {told(minima)}")
    if not len(points):
        return points
    heights = np.broadcast_to(of(*points.T), len(points))
    others = np.concatenate([points, found.minima])
    levels = np.broadcast_to(of(*others.T), len(others))
    low, high = int(np.argmin(levels)), int(np.argmax(np.where(np.isnan(heights), np.inf, heights)))
    if not heights[high] - levels[low] <= 1e-6 * (1 + abs(levels[low])):
        raise ValueError(
            f"the minima must be the lowest points, got L = {heights[high]:.6g} at {place(*points[high])}, "
            f"where L = {levels[low]:.6g} at {place(*others[low])}"
        )
    return points
