"""The exact gradient of a recorded formula: reverse mode over the operations of its tape.

Each operation has a rule, the slopes of its result along its arguments. From the last operation to the first, what a
result weighs is handed on to its arguments (Griewank & Walther 2008, *Evaluating derivatives*, chapter 3). So the whole
gradient costs a small multiple of the formula, however many parameters there are. This is done with symbolic numbers,
so that the gradient is a tape again: it is run on arrays, and it travels to the browser.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import check_function, check_numbers, check_whole, told
from .tape import Symbolic, Tape, as_symbolic, record

__all__ = ["Recorded", "recorded", "gradient_of"]

MANY = 100  # parameters of a formula


@dataclass(frozen=True)
class Recorded:
    """A tape as a function of θ. It can be recorded in its turn: θ may be symbolic.

    It is asked with an array of shape (..., d), and gives one of shape (..., m) for m outputs, in the precision of θ.
    """

    tape: Tape

    @property
    def dim(self) -> int:
        """d, how many numbers the inputs have together."""
        return sum(math.prod(shape) for shape in self.tape.inputs.values())

    @property
    def moves(self) -> bool:
        """Whether an output depends on θ."""
        ends = {i for places in self.tape.outputs.values() for i in places}
        return any(not self.dim <= i < self.dim + len(self.tape.constants) for i in ends)

    def __call__(self, theta: Any) -> np.ndarray:
        theta = check_numbers(theta, f"θ must be numbers of shape (..., {self.dim})")
        if theta.ndim == 0 or theta.shape[-1] != self.dim:
            raise ValueError(f"θ must have shape (..., {self.dim}), got {theta.shape}")
        return np.stack(self.parts(*(theta[..., i] for i in range(self.dim))), axis=-1)

    def parts(self, *coordinates: Any) -> list[Any]:
        """The outputs one by one, for coordinates of one shape, and each of that shape."""
        registers, shape = followed(self.tape, coordinates), np.shape(coordinates[0])
        parts = [registers[i] for places in self.tape.outputs.values() for i in places]
        return [part if np.shape(part) == shape else filled(coordinates[0], part) for part in parts]


def recorded(function: Callable, dim: int | None = None) -> Recorded:
    """A function of `dim` numbers, as many as it takes if None, recorded. Raises `Unrecordable`.

    >>> recorded(lambda x, y: x * np.sin(y))([2.0, np.pi / 2])
    array([2.])
    """
    check_function("what is recorded must be a function of numbers, f(x, y)", function)
    dim = len(inspect.signature(function).parameters) if dim is None else check_whole("dim", dim, 1, MANY)
    outputs = lambda v: {"L": function(*(v["θ"][i] for i in range(dim)))}  # noqa: E731
    return Recorded(record(outputs, {"θ": (dim,)}))


def gradient_of(thing: Tape | Recorded | Callable, dim: int | None = None) -> Recorded:
    """The gradient of a formula, exact but for rounding, as a `Recorded`: it takes (..., d) and gives (..., d).

    Where there is none, it is a subgradient, or stands in for one: sign(x), floor(x) and what is true or false have the
    slope 0; \\|x\\| has 0 at 0; of max and min, and so of clip, each side has a half where both are equal; ``where``
    has the slope of the side that it takes. A vertical tangent at 0 (√x, the length of a vector) is taken as 0 too.

    Parameters
    ----------
    thing : a tape or a `Recorded` with one number as its output, or a function of numbers, ``f(x, y)``
    dim : how many numbers a function takes; as many as it has parameters if None

    Raises
    ------
    Unrecordable : for a function that decides by a value, or asks for an operation that a tape does not know

    >>> gradient_of(lambda x, y: x**2 + 10 * np.abs(y))([[3.0, -2.0], [1.0, 0.0]])
    array([[  6., -10.],
           [  2.,   0.]])
    """
    tape = thing if isinstance(thing, Tape) else (thing if isinstance(thing, Recorded) else recorded(thing, dim)).tape
    ends = [i for places in tape.outputs.values() for i in places]
    if len(ends) != 1:
        raise ValueError(f"only a formula that gives one number has a gradient, got {len(ends)}: {told(tape.outputs)}")
    count = Recorded(tape).dim

    def slopes(values: dict[str, Symbolic]) -> dict[str, Any]:
        registers = followed(tape, [values["θ"][i] for i in range(count)])
        return {"∇L": np.stack(np.broadcast_arrays(*reverse(tape, registers, ends[0], count)))}

    return Recorded(record(slopes, {"θ": (count,)}))


def filled(x: Any, number: Any) -> Any:
    """A number that is the same everywhere, as an array like x."""
    return np.broadcast_arrays(x, number)[1] if as_symbolic(x) is not None else np.full(np.shape(x), number)


# Forward


def followed(tape: Tape, coordinates: Any) -> list[Any]:
    """Every register of a tape, for numbers, arrays or symbolic numbers."""
    if any(as_symbolic(x) is not None for x in coordinates):
        registers = [*coordinates, *tape.constants]
        for name, *places in tape.operations:
            registers.append(operate(name, *(registers[i] for i in places)))
        return registers
    dtype = np.result_type(*coordinates) if coordinates else np.dtype(float)
    registers = [*coordinates, *(dtype.type(c) for c in tape.constants)]
    with np.errstate(all="ignore"):
        for name, *places in tape.operations:
            result = operate(name, *(registers[i] for i in places))
            registers.append(result if result.dtype == dtype else result.astype(dtype))
    return registers


def operate(name: str, *arguments: Any) -> Any:
    if name == "where":
        return np.where(arguments[0] != 0, *arguments[1:])
    return getattr(np, name)(*arguments)


# Backward


def reverse(tape: Tape, registers: list[Any], end: int, count: int) -> list[Any]:
    """The slopes of register `end` along the first `count` registers."""
    first = count + len(tape.constants)
    moving = set(range(count))  # the registers that depend on θ
    for i, (_, *places) in enumerate(tape.operations, first):
        if moving.intersection(places):
            moving.add(i)
    weights: dict[int, Any] = {end: 1.0}
    masked: set[int] = set()  # registers whose weight may be 0 because another side was taken
    for i, (name, *places) in reversed([*enumerate(tape.operations, first)]):
        if i not in weights or i not in moving or name not in RULES:
            continue
        weight = weights.pop(i)
        for place, slope in zip(places, RULES[name](registers[i], *(registers[p] for p in places))):
            if slope is None or place not in moving:
                continue
            part = times(weight, slope, i in masked)
            weights[place] = weights[place] + part if place in weights else part
            if name in CHOOSING or i in masked:
                masked.add(place)
    return [weights.get(i, 0.0) for i in range(count)]


def times(weight: Any, slope: Any, masked: bool) -> Any:
    """Weight · slope; where a side was not taken, its slope may be infinite, and counts as 0 all the same."""
    if isinstance(slope, float) and abs(slope) == 1:
        return weight if slope == 1 else -weight
    if isinstance(weight, float) and weight == 1:
        return slope
    return np.where(weight == 0, 0.0, weight * slope) if masked else weight * slope


def over(x: Any, y: Any) -> Any:
    """x / y, and 0 where y = 0."""
    return x / np.where(y == 0, np.inf, y)


def larger(r: Any, a: Any, b: Any) -> tuple:
    share = np.where(a == b, 0.5, a > b)
    return share, 1.0 - share


def smaller(r: Any, a: Any, b: Any) -> tuple:
    return larger(r, b, a)


def ignoring(rule: Callable) -> Callable:
    """The rule of fmax and fmin, which pass over what is not a number."""

    def shares(r: Any, a: Any, b: Any) -> tuple:
        share = np.where(np.isnan(b), 1.0, np.where(np.isnan(a), 0.0, rule(r, a, b)[0]))
        return share, 1.0 - share

    return shares


def raised(r: Any, a: Any, b: Any) -> tuple:
    slope = b * a ** (b - 1)
    if isinstance(b, float) and 0 < b < 1:
        slope = np.where(a == 0, 0.0, slope)
    return slope, None if isinstance(b, float) else r * np.log(np.where(a == 0, 1.0, a))


CHOOSING = {"where", "maximum", "minimum", "fmax", "fmin"}
RULES: dict[str, Callable[..., tuple]] = {  # of the result and the arguments; what is not here is flat
    "absolute": lambda r, a: (np.sign(a),),
    "arccos": lambda r, a: (-1 / np.sqrt((1 - a) * (1 + a)),),
    "arccosh": lambda r, a: (1 / (np.sqrt(a - 1) * np.sqrt(a + 1)),),
    "arcsin": lambda r, a: (1 / np.sqrt((1 - a) * (1 + a)),),
    "arcsinh": lambda r, a: (1 / np.sqrt(a * a + 1),),
    "arctan": lambda r, a: (1 / (a * a + 1),),
    "arctanh": lambda r, a: (1 / ((1 - a) * (1 + a)),),
    "cbrt": lambda r, a: (over(1.0, 3 * r * r),),
    "cos": lambda r, a: (-np.sin(a),),
    "cosh": lambda r, a: (np.sinh(a),),
    "exp": lambda r, a: (r,),
    "expm1": lambda r, a: (np.exp(a),),
    "log": lambda r, a: (1 / a,),
    "log10": lambda r, a: (1 / (a * math.log(10)),),
    "log1p": lambda r, a: (1 / (1 + a),),
    "log2": lambda r, a: (1 / (a * math.log(2)),),
    "negative": lambda r, a: (-1.0,),
    "sin": lambda r, a: (np.cos(a),),
    "sinh": lambda r, a: (np.cosh(a),),
    "sqrt": lambda r, a: (over(0.5, r),),
    "tan": lambda r, a: (1 + r * r,),
    "tanh": lambda r, a: (1 / np.cosh(a) ** 2,),
    "add": lambda r, a, b: (1.0, 1.0),
    "subtract": lambda r, a, b: (1.0, -1.0),
    "multiply": lambda r, a, b: (2 * a, None) if a is b else (b, a),
    "divide": lambda r, a, b: (1 / b, -r / b),
    "power": raised,
    "arctan2": lambda r, a, b: (over(b, a * a + b * b), over(-a, a * a + b * b)),
    "hypot": lambda r, a, b: (over(a, r), over(b, r)),
    "logaddexp": lambda r, a, b: (np.exp(a - r), np.exp(b - r)),
    "remainder": lambda r, a, b: (1.0, -np.floor(a / b)),
    "fmod": lambda r, a, b: (1.0, -np.trunc(a / b)),
    "maximum": larger,
    "minimum": smaller,
    "fmax": ignoring(larger),
    "fmin": ignoring(smaller),
    "where": lambda r, c, a, b: (None, np.where(c != 0, 1.0, 0.0), np.where(c != 0, 0.0, 1.0)),
}
