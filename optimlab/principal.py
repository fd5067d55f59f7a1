r"""The principal plane of a path, and the random walk that looks as if it were going somewhere.

A path of many parameters is often drawn in its first two principal directions. A random walk of d dimensions, which
has no aim at all, is drawn there as a smooth arc: its principal components are cosines, and the first two have 61 % and
15 % of its variance, for any large d and any number of steps (Antognini & Sohl-Dickstein 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import MILLION, check_choice, check_numbers, check_seed, check_whole
from .knobs import Knob
from .landscapes import Plane

__all__ = ["PathPlane", "pca_plane", "random_walk", "walk_cosines", "walk_shares"]

DRIFT = Knob("v", "drift", 0.0, 0.5, allowed="[0, ∞)", count=26)
ROOM = 0.15  # of the extent of a path, left free on each side of it
STRAIGHT = 1e-12  # shares of variance below it are rounding
LONGEST = 5000  # points


@dataclass(frozen=True, eq=False, repr=False)
class PathPlane:
    """What `pca_plane` finds.

    Attributes
    ----------
    origin : a point of the plane, shape (d,)
    directions : d₁ and d₂ of length 1, at a right angle, shape (2, d)
    shares : of the path's variance, of the first components, the largest first, shape (m,)
    components : where each point of the path is along the first directions, from the mean, shape (T, m)
    coordinates : φ of each point of the path in the plane, from the origin, shape (T, 2)
    """

    origin: np.ndarray
    directions: np.ndarray
    shares: np.ndarray
    components: np.ndarray
    coordinates: np.ndarray

    @property
    def outside(self) -> float:
        """The share of the path's variance that is not in the plane."""
        return float(1 - self.shares[:2].sum())

    @property
    def view(self) -> tuple:
        """((low, high), (low, high)) of φ, with some room around the path; at least a third as high as wide."""
        low, high = self.coordinates.min(axis=0), self.coordinates.max(axis=0)
        middle, half = (low + high) / 2, (high - low) / 2
        half = np.maximum(half, half.max() / 3) * (1 + 2 * ROOM)
        return tuple((float(m - h), float(m + h)) for m, h in zip(middle, half))

    def plane(self, loss: Any, name: str | None = None) -> Plane:
        """The loss on this plane, seen as far as the path goes; a lab starts where the path does."""
        d1, d2 = self.directions
        return Plane(loss, self.origin, d1, d2, self.view, tuple(self.coordinates[0].tolist()), name)

    def __repr__(self) -> str:
        first, second = self.shares[:2]
        return f"the plane of {len(self.components)} points: {100 * first:.1f} % and {100 * second:.1f} % of variance"


def pca_plane(path: Any, origin: str = "mean", components: int = 10) -> PathPlane:
    r"""The plane that holds most of a path's variance: its first two principal directions.

    .. math:: \theta_t - \bar\theta = \sum_i c_i(t)\, d_i, \qquad
        s_i = \sum_t c_i(t)^2 \Big/ \sum_t |\theta_t - \bar\theta|^2

    The signs are such that the path ends on the positive side of each direction.

    Parameters
    ----------
    path : θ_t, shape (T, d), T in [3, 5000], finite, not on a line
    origin : the origin of the plane: "mean" or "end" of the path. The directions are the same. Through the mean the
        plane holds as much of the path as a plane can; through the end it shows the loss that the run has reached
        (Li et al. 2018)
    components : m, how many shares and components are kept, at most

    >>> t = np.linspace(0, 1, 50)[:, None]
    >>> found = pca_plane(t * [3.0, 4.0, 0.0] + np.cos(20 * t) * [0.0, 0.0, 0.1])
    >>> found, found.directions[0].round(1).tolist()
    (the plane of 50 points: 99.8 % and 0.2 % of variance, [0.6, 0.8, 0.0])
    """
    must = "a path must be finite numbers of shape (T, d) with T ≥ 3 and d ≥ 2"
    points = check_numbers(path, must)
    if points.ndim != 2 or len(points) < 3 or points.shape[1] < 2:
        raise ValueError(f"{must}, got {points.shape}")
    check_whole("the number T of points", len(points), 3, LONGEST)
    if not np.isfinite(points).all():
        raise ValueError(f"{must}, got some that are not finite")
    check_choice("the origin", origin, ("mean", "end"))
    check_whole("components", components, 2)
    mean = points.mean(axis=0)
    centred = points - mean
    variances, directions = principal(centred, components)
    if len(variances) < 2:
        raise ValueError("a path must leave a line to have a plane, got one that does not")
    found = centred @ directions.T
    place, shift = (points[-1], found[-1, :2]) if origin == "end" else (mean, 0.0)
    return PathPlane(place, directions[:2], variances / np.sum(centred**2), found, found[:, :2] - shift)


def principal(centred: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Σ c_i² of the first components, shape (m,), and their directions, (m, d), by the smaller of two matrices."""
    wide = len(centred) <= centred.shape[1]
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    first = np.argsort(-values)[:count]
    first = first[values[first] > STRAIGHT * values.max()]
    values, vectors = values[first], vectors[:, first].T
    directions = vectors @ centred / np.sqrt(values)[:, None] if wide else vectors
    ends = directions @ centred[-1]
    return values, directions * np.where(ends < 0, -1, 1)[:, None]


def walk_shares(count: int = 10, points: int | None = None) -> np.ndarray:
    r"""The shares of variance of a random walk's first components, for a large dimension, shape (count,).

    .. math:: s_k = \frac{6}{\pi^2 k^2}, \qquad s_k(T) = \frac{6}{(T^2-1)\, 4\sin^2(\pi k/2T)}

    the first for many points (Antognini & Sohl-Dickstein 2018), the second for T of them, for the walk's matrix of
    inner products has the cosines of `walk_cosines` for eigenvectors. They know neither the dimension nor the steps.

    Parameters
    ----------
    count : how many, ≥ 1, below T
    points : T of the walk, its start among them; None for very many

    >>> walk_shares(3).round(3).tolist(), walk_shares(3, points=10).round(3).tolist()
    ([0.608, 0.152, 0.068], [0.619, 0.159, 0.074])
    """
    check_whole("count", count, 1, MILLION if points is None else check_whole("points", points, 2) - 1)
    k = np.arange(1, count + 1)
    if points is None:
        return 6 / (np.pi * k) ** 2
    return 6 / ((points**2 - 1) * 4 * np.sin(np.pi * k / (2 * points)) ** 2)


def walk_cosines(count: int, points: int) -> np.ndarray:
    r"""What a random walk's first components look like, from −1 to 1, shape (points, count).

    .. math:: c_k(t) \propto \cos \frac{\pi k (t + 1/2)}{T}, \qquad t = 0 … T-1

    with the signs of `pca_plane`, which end on the positive side. The second against the first is a parabola, and the
    higher ones are the Lissajous figures that look like spirals.

    >>> walk_cosines(1, 2).round(2).tolist()
    [[-0.71], [0.71]]
    """
    check_whole("points", points, 2)
    k = np.arange(1, check_whole("count", count, 1, points - 1) + 1)
    return (-1.0) ** k * np.cos(np.pi * k * (np.arange(points)[:, None] + 0.5) / points)


def random_walk(dim: int = 4810, steps: int = 400, seed: int = 0, drift: float = 0.0) -> np.ndarray:
    r"""A path without an aim from 0, shape (steps + 1, dim): each step is normal, of a length of about 1.

    .. math:: \theta_{t+1} = \theta_t + \xi_t + v u, \qquad \xi_t \sim N(0, 1/d), \quad |u| = 1

    Without drift it is √T away after T steps, with v it is vT away in the direction u as well. That makes the first
    component a straight way instead of a cosine as soon as v²T is well above 2, the ratio of the two variances being
    v²T/2.

    Parameters
    ----------
    dim : d, from 2 on
    steps : T, in [2, 4999]
    seed : of the steps and of u
    drift : v ≥ 0, in lengths of a step; the steps and u are the same for every v

    >>> random_walk(1000, 400).shape
    (401, 1000)
    """
    check_whole("dim", dim, 2)
    check_whole("steps", steps, 2, LONGEST - 1)
    v = DRIFT.check_one(drift)
    random = np.random.default_rng(check_seed(seed))
    u = random.normal(size=dim)
    moves = random.normal(0, 1 / np.sqrt(dim), (steps, dim)) + v * u / np.linalg.norm(u)
    return np.concatenate([np.zeros((1, dim)), np.cumsum(moves, axis=0)])
