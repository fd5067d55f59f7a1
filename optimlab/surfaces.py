r"""Losses of two parameters (and one of one), with analytic gradients.

Each function below returns a `Surface`: the loss, its gradient, its minima, and the start and view in which it is
usually shown. Values and gradients take θ of any shape (..., 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .checks import check_numbers, short, told
from .knobs import Knob
from .losses import Loss
from .returned import FLOATS, MISTAKES, broadcast, explain, value_of

__all__ = [
    "Surface",
    "absolute",
    "ackley",
    "beale",
    "bowl",
    "cliff",
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
    "two_wells",
]


@dataclass(frozen=True, repr=False)
class Surface(Loss):
    """A loss L(θ) of one or two parameters.

    Parameters
    ----------
    name : how it is called
    formula : LaTeX, without dollar signs
    of : the loss as a function of the coordinates, ``of(x, y)`` (or ``of(x)``)
    slope : its partial derivatives, ``slope(x, y) -> (∂x, ∂y)`` (or ``slope(x) -> (∂x,)``)
    minima : the global minima, shape (m, d)
    start : the customary start, shape (d,)
    view : ((x low, x high), (y low, y high)), the part of the plane that is drawn
    eigenvalues : λ of the Hessian where it is constant (quadratics), ascending
    knobs, params, family : the surface's own sliders, their values, and the function that rebuilds it
    """

    name: str = field()
    formula: str = field()
    of: Callable = field()
    slope: Callable = field()
    minima: tuple = field()
    start: tuple = field()
    view: tuple = field()
    eigenvalues: tuple | None = None
    knobs: Mapping[str, Knob] = field(default_factory=dict)
    params: Mapping = field(default_factory=dict)
    family: Callable | None = None

    @property
    def dim(self) -> int:
        return len(self.start)

    def value(self, theta: Any) -> np.ndarray:
        """L(θ): shape (..., d) → (...)."""
        coordinates = self._coordinates(theta)
        try:
            value = self.of(*coordinates)
        except MISTAKES as error:
            explain(error, f"the formula of {self.name}")
            raise
        return self._for_each(value, coordinates[0], "of", self.name)

    def gradient(self, theta: Any) -> np.ndarray:
        """∇L(θ): shape (..., d) → (..., d)."""
        coordinates = self._coordinates(theta)
        try:
            slopes = self.slope(*coordinates)
        except MISTAKES as error:
            explain(error, f"the slope of {self.name}")
            raise
        if not isinstance(slopes, tuple | list) or len(slopes) != self.dim:
            must = f"the slope of {self.name} must return {self.dim} partial derivatives, one for each coordinate"
            raise ValueError(f"{must}, got {told(slopes)}")
        parts = [self._for_each(part, coordinates[0], "slope", self.name) for part in slopes]
        return np.stack(np.broadcast_arrays(*parts), axis=-1)

    @staticmethod
    def _for_each(result: Any, x: np.ndarray, what: str, name: str) -> np.ndarray:
        """What a formula gives for each point: real numbers, as many as there are points; 3 is 3 everywhere."""
        if isinstance(result, FLOATS) and result.shape == x.shape and result.dtype.kind == "f":
            return np.asarray(result)
        if type(result) in (int, float):
            return np.full_like(x, result)
        must = f"{what}(x, y) of {name} must give real numbers of the coordinates' shape {x.shape}"
        numbers = check_numbers(result, must)
        if broadcast(numbers.shape, x.shape) != numbers.shape:
            raise ValueError(f"{must}, got the shape {numbers.shape}: without sums over the points")
        return numbers

    @cached_property
    def minimum(self) -> float:
        """The smallest value of L; −∞ where there is no minimum."""
        return float(np.min(self.value(np.array(self.minima[0], float)))) if self.minima else -np.inf

    def replace(self, **changes: Any) -> Surface:
        """The same surface with other knobs: ``ravine().replace(kappa=50)``. Arrays give a family at once."""
        if unknown := set(changes) - set(self.knobs):
            raise ValueError(
                f"{self.name} has no knob {told(sorted(unknown)[0])}; it has {sorted(self.knobs) or 'none'}"
            )
        return self.family(**{**self.params, **changes}) if self.family else self

    def _coordinates(self, theta: Any) -> list[np.ndarray]:
        theta = check_numbers(theta, f"θ must be numbers of shape (..., {self.dim}) on {self.name}")
        if theta.ndim == 0 or theta.shape[-1] != self.dim:
            raise ValueError(f"θ must have shape (..., {self.dim}) on {self.name}, got {theta.shape}")
        # Contiguous coordinates: the same numbers for one point as for many, and faster.
        return [np.copy(theta[..., i], order="C") for i in range(self.dim)]

    def __repr__(self) -> str:
        values = [f"{knob.symbol}={short(self.params[name])}" for name, knob in self.knobs.items()]
        return f"{self.name}({', '.join(values)})" if values else self.name


def field_grid(surface: Loss, view: Any, width: int = 121, height: int = 91, **knobs: Any) -> np.ndarray:
    """The surface on a grid over `view`, shape (..., height, width), row 0 at the bottom. Knobs may be arrays (n,)."""
    (x0, x1), (y0, y1) = view
    x, y = np.meshgrid(np.linspace(x0, x1, width), np.linspace(y0, y1, height))
    if knobs:
        surface = surface.replace(**{name: np.asarray(v, float)[..., None, None] for name, v in knobs.items()})
        many = np.broadcast_shapes(*(np.shape(v) for v in knobs.values()))
        x, y = np.broadcast_to(x, (*many, *x.shape)), np.broadcast_to(y, (*many, *y.shape))
    with np.errstate(all="ignore"):  # where a height is not a number, there is no ground
        return value_of(surface, np.stack([x, y], axis=-1))


KAPPA = Knob("κ", "condition number", low=1.0, high=100.0, log=True, allowed="[1, ∞)", count=31)
ANGLE = Knob("angle", "rotation in degrees", low=0.0, high=90.0, allowed="[-360, 360]", count=31)


def ravine(kappa: Any = 20.0, angle: Any = 0.0) -> Surface:
    """The quadratic ½(x² + κy²), turned by `angle` degrees: the field's standard test of conditioning.

    Parameters
    ----------
    kappa : κ ≥ 1, the condition number λmax/λmin (λmin = 1)
    angle : rotation in degrees
    """
    kappa, angle = KAPPA.check(kappa), ANGLE.check(angle)
    # Rounded, so that they are the same on every machine: their last digit decides where RMSprop's hops end.
    turn = np.deg2rad(angle)
    shape = np.round(np.cos(turn), 15), np.round(np.sin(turn), 15), kappa

    def like(x: np.ndarray) -> Iterator[Any]:
        """cos, sin and κ in the precision of x, so that float32 stays float32."""
        return (number if type(number) is float else number.astype(x.dtype) for number in shape)

    def of(x: Any, y: Any) -> Any:
        c, s, kappa = like(x)
        along, across = c * x + s * y, c * y - s * x
        return 0.5 * (along**2 + kappa * across**2)

    def slope(x: Any, y: Any) -> tuple:
        c, s, kappa = like(x)
        along, across = c * x + s * y, kappa * (c * y - s * x)
        return c * along - s * across, s * along + c * across

    return Surface(
        name="ravine",
        formula=r"\tfrac12 (x^2 + \kappa y^2)",
        of=of,
        slope=slope,
        minima=((0.0, 0.0),),
        start=(-1.0, 0.53),
        view=((-1.6, 1.6), (-1.15, 1.15)),
        eigenvalues=(1.0, kappa),
        knobs={"kappa": KAPPA, "angle": ANGLE},
        params={"kappa": kappa, "angle": angle},
        family=ravine,
    )


def bowl() -> Surface:
    """The round bowl ½(x² + y²): a ravine with κ = 1, and nothing to turn."""
    return Surface(
        name="bowl",
        formula=r"\tfrac12 (x^2 + y^2)",
        of=lambda x, y: 0.5 * (x**2 + y**2),
        slope=lambda x, y: (x, y),
        minima=((0.0, 0.0),),
        start=(-1.0, 0.53),
        view=((-1.6, 1.6), (-1.15, 1.15)),
        eigenvalues=(1.0, 1.0),
    )


def parabola(center: Any = 3.0, curvature: Any = 2.0) -> Surface:
    """One parameter: ½·curvature·(w − center)². The defaults are the lesson's (w − 3)²."""
    center = Knob("c", "center", -10, 10, allowed="(-∞, ∞)").check_one(center)
    curvature = Knob("λ", "curvature", 0.1, 10, allowed="(0, ∞)").check_one(curvature)
    return Surface(
        name="parabola",
        formula=rf"{curvature / 2:g}\,(w - {center:g})^2",
        of=lambda w: 0.5 * curvature * (w - center) ** 2,
        slope=lambda w: (curvature * (w - center),),
        minima=((center,),),
        start=(0.0,),
        view=((center - 4.0, center + 4.0),),
        eigenvalues=(curvature, curvature),
    )


def rosenbrock() -> Surface:
    """Rosenbrock's banana valley (1960): easy to enter, slow to follow."""
    return Surface(
        name="Rosenbrock",
        formula=r"(1-x)^2 + 100\,(y-x^2)^2",
        of=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        slope=lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
        minima=((1.0, 1.0),),
        start=(-1.5, 2.0),
        view=((-2.0, 2.0), (-1.0, 3.0)),
    )


def beale() -> Surface:
    """Beale's function (1958): flat plains and steep walls at the corners."""

    def residuals(x: Any, y: Any) -> tuple:
        return (1.5 - x + x * y, 1), (2.25 - x + x * y**2, 2), (2.625 - x + x * y * y * y, 3)

    def power(y: Any, n: int) -> Any:
        return (np.ones_like(y), y, y**2, y * y * y)[n]

    def slope(x: Any, y: Any) -> tuple:
        dx = sum(2 * r * (power(y, n) - 1) for r, n in residuals(x, y))
        dy = sum(2 * r * n * x * power(y, n - 1) for r, n in residuals(x, y))
        return dx, dy

    return Surface(
        name="Beale",
        formula=r"(1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2",
        of=lambda x, y: sum(r**2 for r, _ in residuals(x, y)),
        slope=slope,
        minima=((3.0, 0.5),),
        start=(1.0, 1.0),
        view=((-4.5, 4.5), (-4.5, 4.5)),
    )


def himmelblau() -> Surface:
    """Himmelblau's function (1972): four equal minima; where you start decides where you end."""
    return Surface(
        name="Himmelblau",
        formula=r"(x^2+y-11)^2 + (x+y^2-7)^2",
        of=lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        slope=lambda x, y: (
            4 * x * (x**2 + y - 11) + 2 * (x + y**2 - 7),
            2 * (x**2 + y - 11) + 4 * y * (x + y**2 - 7),
        ),
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        start=(0.1, -0.2),
        view=((-5.0, 5.0), (-5.0, 5.0)),
    )


def rastrigin() -> Surface:
    """Rastrigin's function (1974): a bowl full of dimples."""
    tau = 2 * np.pi
    return Surface(
        name="Rastrigin",
        formula=r"20 + \sum_i (x_i^2 - 10\cos 2\pi x_i)",
        of=lambda x, y: 20 + x**2 - 10 * np.cos(tau * x) + y**2 - 10 * np.cos(tau * y),
        slope=lambda x, y: (2 * x + 10 * tau * np.sin(tau * x), 2 * y + 10 * tau * np.sin(tau * y)),
        minima=((0.0, 0.0),),
        start=(-2.0, 3.5),
        view=((-4.5, 4.5), (-4.5, 4.5)),
    )


def saddle() -> Surface:
    """A saddle with walls, ½x² − ½y² + ¼y⁴: a ridge between two valleys."""
    return Surface(
        name="saddle with walls",
        formula=r"\tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
        of=lambda x, y: 0.5 * x**2 - 0.5 * y**2 + 0.25 * (y**2) ** 2,
        slope=lambda x, y: (x, y**2 * y - y),
        minima=((0.0, 1.0), (0.0, -1.0)),
        start=(1.07, 1e-6),
        view=((-1.5, 1.5), (-1.6, 1.6)),
    )


def plateau() -> Surface:
    """A plateau with a hole, 1 − exp(−r²/2): far out the gradient all but vanishes."""

    def hole(x: Any, y: Any) -> Any:
        return np.exp(-0.5 * (x**2 + y**2))

    return Surface(
        name="plateau",
        formula=r"1 - e^{-(x^2+y^2)/2}",
        of=lambda x, y: 1 - hole(x, y),
        slope=lambda x, y: (x * hole(x, y), y * hole(x, y)),
        minima=((0.0, 0.0),),
        start=(3.5, 2.0),
        view=((-4.5, 4.5), (-3.5, 3.5)),
    )


def two_wells() -> Surface:
    """A shallow well on the right, a deep one on the left, and a bowl around both."""

    def wells(x: Any, y: Any) -> tuple:
        return np.exp(-((x - 1) ** 2 + y**2) / 0.2), np.exp(-((x + 1) ** 2 + y**2) / 0.2)

    def of(x: Any, y: Any) -> Any:
        right, left = wells(x, y)
        return -2 * right - 6 * left + x**2 + y**2

    def slope(x: Any, y: Any) -> tuple:
        right, left = wells(x, y)
        return 20 * (x - 1) * right + 60 * (x + 1) * left + 2 * x, (20 * right + 60 * left) * y + 2 * y

    return Surface(
        name="two wells",
        formula=r"-2e^{-((x-1)^2+y^2)/0.2} - 6e^{-((x+1)^2+y^2)/0.2} + x^2 + y^2",
        of=of,
        slope=slope,
        minima=((-0.9675774464554597, 0.0),),
        start=(1.7, 0.9),
        view=((-2.2, 2.2), (-1.6, 1.6)),
    )


def ackley() -> Surface:
    """Ackley's function (1987): a funnel under a corrugated sheet. Its gradient jumps at the minimum."""
    tau = 2 * np.pi

    def parts(x: Any, y: Any) -> tuple:
        radius = np.sqrt(0.5 * (x**2 + y**2))
        return radius, np.exp(-0.2 * radius), np.exp(0.5 * (np.cos(tau * x) + np.cos(tau * y)))

    def of(x: Any, y: Any) -> Any:
        _, funnel, waves = parts(x, y)
        return -20 * funnel - waves + np.e + 20

    def slope(x: Any, y: Any) -> tuple:
        radius, funnel, waves = parts(x, y)
        steep = 2 * funnel / np.where(radius == 0, 1, radius)
        return steep * x + np.pi * np.sin(tau * x) * waves, steep * y + np.pi * np.sin(tau * y) * waves

    return Surface(
        name="Ackley",
        formula=r"-20e^{-0.2\sqrt{(x^2+y^2)/2}} - e^{(\cos 2\pi x+\cos 2\pi y)/2} + e + 20",
        of=of,
        slope=slope,
        minima=((0.0, 0.0),),
        start=(-2.4, 3.1),
        view=((-4.5, 4.5), (-4.5, 4.5)),
    )


def monkey_saddle() -> Surface:
    """x³ − 3xy², a degenerate saddle: three valleys, and no minimum at all."""
    return Surface(
        name="monkey saddle",
        formula=r"x^3 - 3xy^2",
        of=lambda x, y: x * x * x - 3 * x * y**2,
        slope=lambda x, y: (3 * x**2 - 3 * y**2, -6 * x * y),
        minima=(),
        start=(0.31, 0.43),
        view=((-1.5, 1.5), (-1.5, 1.5)),
    )


def six_hump_camel() -> Surface:
    """The six-hump camel (Dixon & Szegő 1978): six minima, two of them global."""
    return Surface(
        name="six-hump camel",
        formula=r"(4 - 2.1x^2 + x^4/3)\,x^2 + xy + (4y^2-4)\,y^2",
        of=lambda x, y: (4 - 2.1 * x**2 + (x**2) ** 2 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2,
        slope=lambda x, y: (
            (8 - 8.4 * x**2 + 2 * (x**2) ** 2) * x + y,
            x + (16 * y**2 - 8) * y,
        ),
        minima=((0.08984201310031806, -0.7126564030207396), (-0.08984201310031806, 0.7126564030207396)),
        start=(-1.7, 0.7),
        view=((-2.2, 2.2), (-1.3, 1.3)),
    )


def cliff() -> Surface:
    """A valley that ends in a cliff: ½(x² + y²)/10 plus a steep step of height 2 at x = 1.

    The formula is x²/20 + y²/20 + 2/(1 + exp(−40(x − 1))): the gradient is 20 at the edge, and below 1 beside it.
    """

    def sigmoid(x: Any) -> Any:
        return 0.5 * (1 + np.tanh(20 * (x - 1)))

    return Surface(
        name="cliff",
        formula=r"\tfrac{1}{20}(x^2+y^2) + \frac{2}{1+e^{-40(x-1)}}",
        of=lambda x, y: (x**2 + y**2) / 20 + 2 * sigmoid(x),
        slope=lambda x, y: (x / 10 + 80 * sigmoid(x) * (1 - sigmoid(x)), y / 10),
        minima=((0.0, 0.0),),
        start=(2.3, 0.9),
        view=((-3.0, 3.0), (-2.0, 2.0)),
    )


def absolute() -> Surface:
    """|x| + 10|y|: not differentiable on the axes (there the gradient is 0 in that coordinate)."""
    return Surface(
        name="|x|+10|y|",
        formula=r"|x| + 10\,|y|",
        of=lambda x, y: np.abs(x) + 10 * np.abs(y),
        slope=lambda x, y: (np.sign(x), 10 * np.sign(y)),
        minima=((0.0, 0.0),),
        start=(-1.03, 0.57),
        view=((-1.5, 1.5), (-1.0, 1.0)),
    )


def product() -> Surface:
    """½(xy − 1)²: a two-weight linear network; its minima form a hyperbola, flat near (±1, ±1), sharp far out."""
    return Surface(
        name="½(xy−1)²",
        formula=r"\tfrac12 (xy-1)^2",
        of=lambda x, y: 0.5 * (x * y - 1) ** 2,
        slope=lambda x, y: ((x * y - 1) * y, (x * y - 1) * x),
        minima=((1.0, 1.0), (-1.0, -1.0)),
        start=(2.7, 0.4),
        view=((-3.0, 3.0), (-3.0, 3.0)),
    )
