"""The tape: a formula as a list of operations, found by running it once with symbolic numbers.

A `Symbolic` array looks to NumPy like an array and computes nothing: each operation on it is written down. So code that
is there already, the ``step`` of an optimizer or the ``of`` of a surface, becomes a `Tape`: plain data, which
`stage/tape.js` runs in the browser, and `Tape.run` here. Nothing is ever evaluated as code.

What decides by a value (``if x > 0``), or asks for an operation that is not known here, is `Unrecordable`. Which of a
lab's sources have a tape is told in `optimlab.labs.travel`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

__all__ = ["Symbolic", "Tape", "Unrecordable", "as_symbolic", "record"]

MOST = 2000  # operations: what is longer is no formula, and nothing for the rate of a screen

UNARY = (
    "absolute", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh", "exp",
    "expm1", "floor", "isfinite", "isinf", "isnan", "log", "log10", "log1p", "log2", "logical_not", "negative", "rint",
    "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
BINARY = (
    "add", "arctan2", "divide", "equal", "floor_divide", "fmax", "fmin", "fmod", "greater", "greater_equal", "hypot",
    "less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply",
    "not_equal", "power", "remainder", "subtract",
)  # fmt: skip
OPERATIONS = {*UNARY, *BINARY, "where"}
OTHER_NAMES = {
    "fabs": "absolute",
    "true_divide": "divide",
    "float_power": "power",
    "invert": "logical_not",
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor",
}


class Unrecordable(Exception):
    """What cannot be written down as a list of operations; the message says why."""


@dataclass(frozen=True)
class Tape:
    """A formula as operations on numbered registers: first the inputs, then the constants, then each result in turn.

    Attributes
    ----------
    inputs : {name: shape}; the registers of one input follow one another, and so do the inputs
    constants : the numbers that the formula contains
    operations : (name, register, …) each, of `OPERATIONS`; truth is 1, falsehood 0
    outputs : {name: its registers, in C order}
    """

    inputs: dict[str, tuple[int, ...]]
    constants: tuple[float, ...]
    operations: tuple[tuple, ...]
    outputs: dict[str, tuple[int, ...]]

    def as_dict(self) -> dict[str, Any]:
        """For the browser, ready for JSON, which knows no infinity; and notebooks are saved with sorted keys."""
        return {
            "inputs": [[name, math.prod(shape)] for name, shape in self.inputs.items()],
            "constants": [c if math.isfinite(c) else told(c) for c in self.constants],
            "operations": [list(operation) for operation in self.operations],
            "outputs": {name: list(registers) for name, registers in self.outputs.items()},
        }

    def run(self, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The outputs for `values` of the inputs, each of shape (..., numbers): all that it computes, by NumPy.

        Inputs have shape (..., *their own shape); what stands before is broadcast, as many runs at once.
        """
        registers: list[Any] = []
        for name, shape in self.inputs.items():
            value = np.asarray(values[name], float)
            flat = value.reshape(*value.shape[: value.ndim - len(shape)], -1)
            registers += [flat[..., i] for i in range(flat.shape[-1])]
        registers += self.constants
        with np.errstate(all="ignore"):
            for name, *arguments in self.operations:
                registers.append(calculate(name, *(registers[i] for i in arguments)))
        return {name: stacked([registers[i] for i in places]) for name, places in self.outputs.items()}


def stacked(numbers: list[Any]) -> np.ndarray:
    return np.stack(np.broadcast_arrays(*numbers), axis=-1) if numbers else np.zeros(0)


def told(number: float) -> str:
    """A number that JSON does not know, as JavaScript's ``Number(…)`` reads it."""
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def calculate(name: str, *arguments: Any) -> Any:
    """One operation, by NumPy."""
    if name == "where":
        return np.where(np.asarray(arguments[0]) != 0, *arguments[1:])
    return np.asarray(getattr(np, name)(*(np.asarray(a, float) for a in arguments)), float)


def record(function: Callable[[dict[str, Symbolic]], Mapping[str, Any]], inputs: Mapping[str, Sequence[int]]) -> Tape:
    """The tape of ``function(values) -> {name: array}``, for inputs of these shapes, {name: shape}.

    It is run twice, and must do the same both times: what draws random numbers, or counts its calls, does not.

    >>> tape = record(lambda v: {"L": 0.5 * np.sum(v["θ"] ** 2)}, {"θ": (2,)})
    >>> tape.operations
    (('multiply', 0, 0), ('multiply', 1, 1), ('add', 3, 4), ('multiply', 2, 5))
    >>> tape.run({"θ": [3.0, 4.0]})["L"]
    array([12.5])
    """
    first, second = (recorded(function, inputs) for _ in range(2))
    if first != second:
        raise Unrecordable("it does not do the same each time")
    return first


def recorded(function: Callable, inputs: Mapping[str, Sequence[int]]) -> Tape:
    recorder = Recorder()
    values = {name: recorder.input(name, tuple(shape)) for name, shape in inputs.items()}
    try:
        with np.errstate(all="ignore"):
            outputs = {name: recorder.lift(output) for name, output in function(values).items()}
    except Unrecordable:
        raise
    except Exception as error:  # somebody's code met a symbolic number, and no array
        raise Unrecordable(f"{type(error).__name__}: {error}") from error
    return recorder.tape({name: tuple(shape) for name, shape in inputs.items()}, outputs)


class Recorder:
    """Writes operations down. What was written before is not written twice; what is constant is computed at once."""

    def __init__(self) -> None:
        self.nodes: list[tuple] = []  # ("input", name, i), ("constant", number) or (operation, node, …)
        self.known: dict[tuple, int] = {}

    def node(self, *content: Any) -> int:
        key = (*content, math.copysign(1, content[1])) if content[0] == "constant" else content  # 0 is not −0
        if key in self.known:
            return self.known[key]
        if len(self.nodes) >= 2 * MOST:
            raise Unrecordable(f"it has more than {MOST} operations")
        self.nodes.append(content)
        self.known[key] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def input(self, name: str, shape: tuple[int, ...]) -> Symbolic:
        cells = [self.node("input", name, i) for i in range(math.prod(shape))]
        return Symbolic(self, np.array(cells, int).reshape(shape))

    def constant(self, number: Any) -> int:
        number = float(number)
        return self.node("constant", math.nan if math.isnan(number) else number)  # one NaN for all

    def lift(self, value: Any) -> Symbolic:
        """Anything that holds numbers, symbolic ones among them, as a symbolic array."""
        if isinstance(value, Symbolic):
            if value.recorder is not self:
                raise Unrecordable("it remembers numbers of another recording")
            return value
        array = value if isinstance(value, np.ndarray) else as_objects(value)
        if array.dtype != object:
            if array.dtype.kind not in "fiub":
                raise Unrecordable(f"{array.dtype} is no number")
            return Symbolic(self, np.array([self.constant(x) for x in array.flat], int).reshape(array.shape))
        cells = [int(self.lift(x).cells) if isinstance(x, Symbolic) else self.constant(x) for x in array.flat]
        return Symbolic(self, np.array(cells, int).reshape(array.shape))

    def operation(self, name: str, *arguments: int) -> int:
        parts = [self.nodes[i] for i in arguments]
        if all(part[0] == "constant" for part in parts):
            return self.constant(calculate(name, *(part[1] for part in parts)))
        if name == "power" and parts[1][0] == "constant":  # as NumPy does
            base, exponent = arguments[0], parts[1][1]
            if exponent == 2:
                return self.node("multiply", base, base)
            if exponent == 0.5:
                return self.node("sqrt", base)
            if exponent == 1:
                return base
            if exponent == 0:
                return self.constant(1)
            if exponent == -1:
                return self.node("divide", self.constant(1), base)
        return self.node(name, *arguments)

    def each(self, name: str, *arguments: Any) -> Symbolic:
        """An operation on arrays, which are broadcast."""
        cells = np.broadcast_arrays(*(self.lift(a).cells for a in arguments))
        rows = zip(*(c.flat for c in cells), strict=True)
        results = [self.operation(name, *(int(i) for i in row)) for row in rows]
        return Symbolic(self, np.array(results, int).reshape(cells[0].shape))

    def reduce(self, name: str, value: Any, axis: Any = None, keepdims: bool = False) -> Symbolic:
        """An operation between all entries along an axis, several or all of them, in turn."""
        cells = self.lift(value).cells
        axes = tuple(range(cells.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(a % cells.ndim for a in axes) if cells.ndim else ()
        moved = np.moveaxis(cells, axes, range(len(axes)))
        rows = moved.reshape(-1, *moved.shape[len(axes) :])
        if not len(rows):
            raise Unrecordable("there is nothing to add up")
        total = Symbolic(self, rows[0])
        for row in rows[1:]:
            total = self.each(name, total, Symbolic(self, row))
        return Symbolic(self, np.expand_dims(total.cells, axes)) if keepdims else total

    def tape(self, inputs: dict[str, tuple[int, ...]], outputs: dict[str, Symbolic]) -> Tape:
        """What the outputs need, renumbered."""
        needed = self.needed(i for output in outputs.values() for i in output.cells.flat)
        constants = [i for i in needed if self.nodes[i][0] == "constant"]
        operations = [i for i in needed if self.nodes[i][0] not in ("constant", "input")]
        if len(operations) > MOST:
            raise Unrecordable(f"it has more than {MOST} operations")
        known = [self.known["input", name, i] for name, shape in inputs.items() for i in range(math.prod(shape))]
        place = {node: i for i, node in enumerate([*known, *constants, *operations])}
        return Tape(
            inputs,
            tuple(self.nodes[i][1] for i in constants),
            tuple((self.nodes[i][0], *(place[j] for j in self.nodes[i][1:])) for i in operations),
            {name: tuple(place[int(i)] for i in output.cells.flat) for name, output in outputs.items()},
        )

    def needed(self, ends: Iterable[int]) -> list[int]:
        """The nodes that these depend on, in the order in which they were written."""
        found: set[int] = set()
        waiting = [int(i) for i in ends]
        while waiting:
            i = waiting.pop()
            if i in found:
                continue
            found.add(i)
            if self.nodes[i][0] not in ("constant", "input"):
                waiting += self.nodes[i][1:]
        return sorted(found)


class Symbolic(NDArrayOperatorsMixin):
    """An array of numbers that are not known yet; see the module. It has the shape that the real array would have."""

    __slots__ = ("cells", "recorder")
    __hash__ = None  # type: ignore[assignment]
    dtype = np.dtype(float)

    def __init__(self, recorder: Recorder, cells: np.ndarray):
        self.recorder, self.cells = recorder, np.asarray(cells)

    # What NumPy asks for

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *arguments: Any, **options: Any) -> Any:
        name = OTHER_NAMES.get(ufunc.__name__, ufunc.__name__)
        options = {key: value for key, value in options.items() if key not in ("dtype", "casting")}
        if method == "reduce" and name in BINARY and options.pop("where", True) is True:
            options.pop("out", None), options.pop("initial", None)
            return self.recorder.reduce(name, *arguments, **options)
        if method != "__call__" or options:
            raise Unrecordable(f"numpy.{name} is not known in this form: {', '.join([method, *options])}")
        return self.call(name, *arguments)

    def call(self, name: str, *arguments: Any) -> Symbolic:
        if name in OPERATIONS:
            return self.recorder.each(name, *arguments)
        if name in MADE_OF_OTHERS:
            return MADE_OF_OTHERS[name](*(self.recorder.lift(a) for a in arguments))
        raise Unrecordable(f"numpy.{name} is not known")

    def __array_function__(self, function: Callable, types: Any, arguments: tuple, options: dict) -> Any:
        name = function.__name__
        if name in ARRANGING:
            return self.arranged(function, arguments, options)
        if name not in FUNCTIONS:
            raise Unrecordable(f"numpy.{name} is not known")
        return FUNCTIONS[name](self.recorder, *arguments, **options)

    def arranged(self, function: Callable, arguments: tuple, options: dict) -> Any:
        """Functions that only move numbers around move the cells."""
        several = function.__name__ in ARRANGING_SEVERAL
        first = arguments[0]
        head = [self.recorder.lift(part).cells for part in first] if several else self.recorder.lift(first).cells
        result = function(head, *arguments[1:], **options)
        wrap = lambda part: Symbolic(self.recorder, part)  # noqa: E731
        return [wrap(part) for part in result] if isinstance(result, list | tuple) else wrap(result)

    # What an array has

    @property
    def shape(self) -> tuple[int, ...]:
        return self.cells.shape

    @property
    def ndim(self) -> int:
        return self.cells.ndim

    @property
    def size(self) -> int:
        return self.cells.size

    @property
    def T(self) -> Symbolic:
        return Symbolic(self.recorder, self.cells.T)

    def __getitem__(self, place: Any) -> Symbolic:
        return Symbolic(self.recorder, self.cells[place])

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def reshape(self, *shape: Any) -> Symbolic:
        return Symbolic(self.recorder, self.cells.reshape(*shape))

    def astype(self, *_: Any, **__: Any) -> Symbolic:
        return self

    def copy(self) -> Symbolic:
        return self

    # What nobody knows yet

    def __bool__(self) -> bool:
        raise Unrecordable("it decides by a value that is not known yet: np.where(…) can be recorded, an if cannot")

    def __float__(self) -> float:
        raise Unrecordable("it makes a plain number of a value that is not known yet")

    __int__ = __index__ = __complex__ = __float__  # type: ignore[assignment]

    def __setitem__(self, place: Any, value: Any) -> None:
        raise Unrecordable("it modifies an array in place")

    def __getattr__(self, name: str) -> Any:
        """The methods that are functions too; NumPy asks the entries of an object array for ``sqrt()`` as well."""
        if name in UNARY or name in MADE_OF_OTHERS:
            return partial(self.call, name, self)
        if name in FUNCTIONS:
            return partial(FUNCTIONS[name], self.recorder, self)
        if name in ARRANGING:
            return lambda *arguments, **options: self.arranged(getattr(np, name), (self, *arguments), options)
        if name.startswith("__"):
            raise AttributeError(name)
        raise Unrecordable(f"the attribute {name} of an array is not known")

    def __repr__(self) -> str:
        return f"Symbolic{self.shape}"


def as_objects(value: Any) -> np.ndarray:
    """A number, or lists of numbers, as an array; of objects where there are symbolic ones."""
    if not isinstance(value, list | tuple):
        return np.asarray(value)
    parts = [part if isinstance(part, Symbolic) else as_objects(part) for part in value]
    symbolic = next((part for part in parts if isinstance(part, Symbolic) or part.dtype == object), None)
    if symbolic is None:
        return np.asarray(value)
    flat = np.empty((len(parts), *symbolic.shape), object)
    for i, part in enumerate(parts):
        for place in np.ndindex(symbolic.shape):
            flat[(i, *place)] = part[place]
    return flat


def as_symbolic(value: Any) -> Symbolic | None:
    """The value as a symbolic array, if it is one, or an array of such; else None. Validators let it pass."""
    if isinstance(value, Symbolic):
        return value
    if isinstance(value, np.ndarray) and value.dtype == object and value.size:
        first = next((entry for entry in value.flat if isinstance(entry, Symbolic)), None)
        return None if first is None else first.recorder.lift(value)
    return None


# Functions of NumPy that are made of the operations above

MADE_OF_OTHERS: dict[str, Callable[..., Any]] = {
    "frexp": lambda x: halves(x),
    "positive": lambda x: x,
    "conjugate": lambda x: x,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "deg2rad": lambda x: x * (np.pi / 180),
    "radians": lambda x: x * (np.pi / 180),
    "rad2deg": lambda x: x * (180 / np.pi),
    "degrees": lambda x: x * (180 / np.pi),
    "exp2": lambda x: 2.0**x,
    "logaddexp2": lambda x, y: np.logaddexp(x * np.log(2), y * np.log(2)) / np.log(2),
    "heaviside": lambda x, y: np.where(x == 0, y, x > 0),
    "copysign": lambda x, y: np.abs(x) * np.where(y < 0, -1.0, 1.0),
    "matmul": lambda a, b: matmul(a, b),
    "ldexp": lambda x, n: x * 2.0**n,
}


def halves(x: Symbolic) -> tuple[Any, Any]:
    """x = m · 2ⁿ with |m| near 1; n may be one off, where the logarithm is rounded."""
    n = np.where(x == 0, 0, np.floor(np.log2(np.abs(np.where(x == 0, 1, x)))) + 1)
    return x * 2.0**-n, n


def matmul(a: Symbolic, b: Symbolic) -> Symbolic:
    rows = a if a.ndim > 1 else a[None]
    columns = b if b.ndim > 1 else b[:, None]
    product = (rows[..., :, :, None] * columns[..., None, :, :]).sum(axis=-2)
    product = product if b.ndim > 1 else product[..., 0]
    return product if a.ndim > 1 else product[..., 0, :] if b.ndim > 1 else product[..., 0]


def filled(recorder: Recorder, like: Any, number: Any) -> Symbolic:
    return Symbolic(recorder, np.broadcast_to(recorder.lift(number).cells, np.shape(like)))


def rounded(recorder: Recorder, x: Any, decimals: int = 0, out: None = None) -> Symbolic:
    shift = 10.0**decimals
    return recorder.each("rint", recorder.lift(x) * shift) / shift if decimals else recorder.each("rint", x)


def clipped(recorder: Recorder, x: Any, a_min: Any = None, a_max: Any = None, **ends: Any) -> Symbolic:
    low, high = ends.get("min", a_min), ends.get("max", a_max)
    x = recorder.lift(x) if low is None else recorder.each("maximum", x, low)
    return x if high is None else recorder.each("minimum", x, high)


def norm(recorder: Recorder, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Symbolic:
    if ord not in (None, 2) or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise Unrecordable(f"numpy.linalg.norm is not known with ord={ord}")
    return np.sqrt((recorder.lift(x) ** 2).sum(axis=axis, keepdims=keepdims))


def averaged(x: Symbolic, axis: Any, keepdims: bool) -> Symbolic:
    total = x.sum(axis=axis, keepdims=keepdims)
    return total / (x.size / max(total.size, 1))


def reduced(name: str) -> Callable[..., Symbolic]:
    return lambda recorder, x, axis=None, keepdims=False, **_: recorder.reduce(name, x, axis, bool(keepdims))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where": lambda recorder, condition, a, b: recorder.each("where", condition, a, b),
    "zeros_like": lambda recorder, like, *_, **__: filled(recorder, like, 0.0),
    "ones_like": lambda recorder, like, *_, **__: filled(recorder, like, 1.0),
    "full_like": lambda recorder, like, number, *_, **__: filled(recorder, like, number),
    "empty_like": lambda recorder, like, *_, **__: filled(recorder, like, 0.0),
    "clip": clipped,
    "round": rounded,
    "around": rounded,
    "sum": reduced("add"),
    "prod": reduced("multiply"),
    "max": reduced("maximum"),
    "amax": reduced("maximum"),
    "min": reduced("minimum"),
    "amin": reduced("minimum"),
    "mean": lambda recorder, x, axis=None, keepdims=False, **_: averaged(recorder.lift(x), axis, bool(keepdims)),
    "norm": norm,
    "dot": lambda recorder, a, b, **_: recorder.lift(a) * b if 0 in (np.ndim(a), np.ndim(b)) else np.matmul(a, b),
    "inner": lambda recorder, a, b: (recorder.lift(a) * b).sum(axis=-1),
    "shape": lambda recorder, x: recorder.lift(x).shape,
    "ndim": lambda recorder, x: recorder.lift(x).ndim,
    "size": lambda recorder, x, axis=None: recorder.lift(x).size if axis is None else recorder.lift(x).shape[axis],
    "broadcast_arrays": lambda recorder, *arrays, **_: [
        Symbolic(recorder, cells) for cells in np.broadcast_arrays(*(recorder.lift(a).cells for a in arrays))
    ],
}
ARRANGING_SEVERAL = {"stack", "concatenate", "hstack", "vstack", "column_stack"}
ARRANGING = ARRANGING_SEVERAL | {
    "reshape", "ravel", "transpose", "moveaxis", "swapaxes", "expand_dims", "squeeze", "broadcast_to", "flip", "roll",
    "repeat", "tile", "copy", "take", "diagonal", "split", "array_split", "atleast_1d", "atleast_2d",
}  # fmt: skip
