"""What Adam remembers and what Adafactor keeps of it, and how many gigabytes that is in a large model."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from ..checks import check_seed, check_whole
from ..data import digits
from ..knobs import Knob
from ..layers import Layer
from ..networks import Network
from ..optimizers import SOAP, Adafactor, Adam, GradientDescent, Lion, Momentum, Muon, Optimizer, Shampoo
from ..optimizers.costs import state_size
from ..palette import role, style_of
from ..stage.marks import Bars, HLine, Map
from ..stage.scene import Panel, Readout, Scene
from ..stage.widget import Source
from ..threads import ONE_THREAD
from .lab import Control, Lab

__all__ = ["memory_lab", "rank_one", "transformer"]

NETWORK = Network((64, 64, 10))
MATRICES = [layer for layer in NETWORK.layout if layer.is_matrix]
BATCH, RATE = 32, 0.01  # B and η
RECORDED = 26  # steps at which the picture can be seen, the first and the last among them
LAYER = Knob("layer", "number of the", 1, len(MATRICES), allowed="[1, 2]", count=len(MATRICES), whole=True)
PARAMETERS = Knob("N", "billions of parameters", 0.1, 70.0, log=True, allowed="[0.1, 70]", count=58)
SIZE = Knob("N", "number of parameters", 1e6, 1e12, log=True, allowed="[1000000, ∞)")
BYTES = Knob("bytes", "number of", 1, 4, log=True, allowed="[1, 4]", count=3, whole=True)
OPTIMIZERS: dict[str, Optimizer] = {  # from little memory to much; but SOAP stands behind the two that it is made of
    "SGD": GradientDescent(),
    "Adafac.": Adafactor(),
    "Mom.": Momentum(),
    "Lion": Lion(),
    "Muon": Muon(),
    "Shamp.": Shampoo(frequency=10),
    "Adam": Adam(),
    "SOAP": SOAP(),
}
LEAST, MOST = 1, 1000  # of the colours, in per cent of the mean
GIGA = 1e9
CARD = 80.0  # GB, of a large graphics card
ERROR, LOW, MEDIAN, HIGH, FULL, KEPT = range(6)  # channels of how well the copy fits
WIDTH, BLOCKS, WEIGHTS = range(len(OPTIMIZERS), len(OPTIMIZERS) + 3)  # channels of the model, behind the bars


def memory_lab(layer: int = 1, parameters: float = 7.0, bytes_each: int = 2, steps: int = 400, seed: int = 0) -> Lab:
    """Adam's v of one weight matrix, beside what Adafactor would keep of it; and the state of a large model.

    A network 64-64-10 learns digits with Adam (η = 0.01, batches of 32). V is v̂ after step t, R and C are the means of
    its rows and columns, and the copy is V₁ = RCᵀ/mean(R) (Shazeer & Stern 2018): what Adafactor would keep if it had
    Adam's β₂. Colours are logarithmic, in per cent of the mean of V; grey: no gradient has come yet, as at pixels that
    are always blank. Told are ‖V₁ − V‖/‖V‖, and √(V₁/V), by which Adafactor's step of a weight would be shorter, where
    V > 0.

    The bars are gigabytes beside the weights, of a transformer with N billion parameters: blocks of four d × d and two
    d × 4d matrices, N/(12d²) of them, as many as d/128, as in GPT-3 (Brown et al. 2020). What an optimizer needs is
    what it says itself (`Optimizer.memory`). Biases and embeddings are left aside; Shampoo keeps its roots for 10
    steps, and both it and SOAP keep all of their matrices, however large. The line is a card of 80 GB.

    Parameters
    ----------
    layer : 1, the 64 × 64 weights of the first layer, or 2, the 64 × 10 of the second
    parameters : N in billions, from 0.1 to 70
    bytes_each : bytes a number, from 1 (8-bit optimizers; Dettmers et al. 2022) to 4 (float32)
    steps : how long the network is trained, from 30 to 2000
    seed : of the weights at the start, and of the batches
    """
    check_whole("steps", steps, 30, 2000)
    seed = check_seed(seed)
    shown = Knob("t", "step", 1, steps, log=True, allowed=f"[1, {steps}]", count=RECORDED, whole=True)
    controls = [
        Control("t", shown, steps, "the training"),
        Control("layer", LAYER, layer, "the training"),
        Control("parameters", PARAMETERS, parameters, "a model"),
        Control("bytes", BYTES, bytes_each, "a model"),
    ]
    seen = ("t", "layer")
    sources = [
        Source("full", seen, partial(over, partial(full, steps, seed)), ("t",)),
        Source("copy", seen, partial(over, partial(copied, steps, seed)), ("t",)),
        Source("fit", seen, partial(over, partial(fitted, steps, seed)), ("t",)),
        Source("state", ("parameters", "bytes"), partial(over, state_rows)),
    ]
    readouts = [
        Readout("numbers in V", "fit", FULL, 4),
        Readout("in R and C", "fit", KEPT, 4),
        Readout("error ‖V₁−V‖/‖V‖", "fit", ERROR, 2),
        Readout("√(V₁/V): median", "fit", MEDIAN),
        Readout("10 %", "fit", LOW, 2),
        Readout("90 %", "fit", HIGH, 2),
        Readout("weights (GB)", "state", WEIGHTS),
        *(Readout(f"{name} (GB)", "state", list(OPTIMIZERS).index(name)) for name in ("Adafac.", "Adam", "SOAP")),
    ]

    def summary(values: Any) -> Any:
        matrix = MATRICES[int(values["layer"]) - 1]
        error, low, median, high, size, kept = fitted(steps, seed, values)[0]
        yield f"layer {values['layer']:.0f}, {shape_of(matrix)}, step {values['t']:.0f}: V has {size:.0f} numbers"
        yield f"R and C have {kept:.0f}, and tell V with an error of {error:.0%}"
        yield f"√(V₁/V): median {median:.2f}, 10–90 % {low:.2f}–{high:.2f}"
        row = state_rows(values)[0]
        width, blocks = row[WIDTH], row[BLOCKS]
        yield f"{values['parameters']:.3g} billion parameters, {blocks:.0f} blocks of width {width:.0f}, in GB:"
        bars = zip([optimizer.name for optimizer in OPTIMIZERS.values()], row, strict=False)
        yield ", ".join([f"weights {told(row[WEIGHTS])}", *(f"{name} {told(number)}" for name, number in bars)])

    panels = [
        map_panel("full", "V, % of mean", "the mean square of each gradient, as Adam keeps it"),
        map_panel("copy", "from R and C", "the same from the means of rows and columns, as Adafactor keeps it"),
        bars_panel(),
    ]
    return Lab(
        Scene(panels, readouts=readouts), sources, controls, None, summary, f"memory, after {steps} steps of Adam"
    )


def over(compute: Any, values: Any) -> np.ndarray:
    """The rows of each value of a sweep, or of the one that there is."""
    swept = [name for name, value in values.items() if np.ndim(value)]
    if not swept:
        return compute(values)
    return np.stack([compute({**values, swept[0]: float(one)}) for one in values[swept[0]]])


def told(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def shape_of(layer: Layer) -> str:
    return " × ".join(map(str, layer.shape))


# The training


@lru_cache(maxsize=2)
def trained(steps: int, seed: int) -> list[np.ndarray]:
    """Adam's v̂ of each weight matrix after each step, shape (steps, n_in, n_out)."""
    adam, loss = Adam(RATE), NETWORK.on(digits(), BATCH, seed)
    theta = loss.start
    state, found = adam.init(theta), []
    with ONE_THREAD:
        for k in range(steps):
            theta, state = adam.step(theta, loss.gradient_at(k), state, k)
            found.append(state["v"] / (1 - adam.beta2 ** (k + 1)))
    views = NETWORK.layout.views(np.array(found, np.float32))
    return [view for layer, view in zip(NETWORK.layout, views, strict=True) if layer.is_matrix]


def matrix_at(steps: int, seed: int, values: Any) -> np.ndarray:
    """V of the layer, after the step that is shown."""
    t = int(np.clip(round(float(values["t"])), 1, steps))
    return np.asarray(trained(steps, seed)[int(values["layer"]) - 1][t - 1], float)


def rank_one(V: Any) -> np.ndarray:
    """V₁ = RCᵀ/mean(R), with R and C the means of the rows and of the columns (Shazeer & Stern 2018).

    It has V's own means of rows and columns, and of all matrices of rank 1 without negative numbers it is the nearest
    to V as their divergence Σ V log(V/V₁) − V + V₁ tells.

    >>> rank_one([[1.0, 3.0], [3.0, 1.0]])
    array([[2., 2.],
           [2., 2.]])
    """
    V = np.asarray(V, float)
    R, C = V.mean(axis=1), V.mean(axis=0)
    return np.outer(R, C) / (R.mean() or 1.0)


def full(steps: int, seed: int, values: Any) -> np.ndarray:
    V = matrix_at(steps, seed, values)
    return coloured(V, V.mean())


def copied(steps: int, seed: int, values: Any) -> np.ndarray:
    V = matrix_at(steps, seed, values)
    return coloured(rank_one(V), V.mean())


def coloured(V: np.ndarray, mean: float) -> np.ndarray:
    """In per cent of the mean; where no gradient has come yet NaN, which is grey."""
    return np.where(V > 0, 100 * V / (mean or 1.0), np.nan)


def fitted(steps: int, seed: int, values: Any) -> np.ndarray:
    """The relative error of V₁; the 10 %, the median and the 90 % of √(V₁/V); how many numbers V, and R and C have."""
    V = matrix_at(steps, seed, values)
    copy, layer = rank_one(V), MATRICES[int(values["layer"]) - 1]
    ratio = np.sqrt(copy[V > 0] / V[V > 0])
    error = np.linalg.norm(copy - V) / np.linalg.norm(V)
    return np.array([[error, *np.quantile(ratio, [0.1, 0.5, 0.9]), layer.size, Adafactor().memory(layer)]])


# A large model


def transformer(parameters: float) -> tuple[int, float, list[Layer]]:
    """The width d of a transformer, how many blocks it has, and the weight matrices of one block, of 12d² weights.

    Parameters
    ----------
    parameters : N, the number of all weights, at least 1e6; the blocks are N/(12d²), where d is such that they are
        about d/128

    >>> width, blocks, _ = transformer(175e9)
    >>> width, round(blocks)  # GPT-3 has 12 288 and 96
    (12313, 96)
    """
    parameters = SIZE.check_one(parameters)
    d = round((128 * parameters / 12) ** (1 / 3))
    block = [Layer(name, (d, d)) for name in ("query", "key", "value", "output")]
    block += [Layer("up", (d, 4 * d)), Layer("down", (4 * d, d))]
    return d, parameters / (12 * d**2), block


def state_rows(values: Any) -> np.ndarray:
    """GB of state of each optimizer; then the width, the number of blocks, and GB of weights."""
    parameters, each = float(values["parameters"]) * 1e9, float(values["bytes"])
    d, blocks, block = transformer(parameters)
    states = [blocks * state_size(optimizer, block) * each / GIGA for optimizer in OPTIMIZERS.values()]
    return np.array([[*states, d, blocks, parameters * each / GIGA]])


# Panels


def map_panel(source: str, title: str, alt: str) -> Panel:
    return Panel(
        (0, 64),
        (0, 64),
        x_label="unit of the layer",
        y_label="input",
        title=title,
        alt=f"heat map of a weight matrix: {alt}",
        x_ticks=False,
        height=0.85,
        marks=[Map(source=source, low=LEAST, top=MOST)],
    )


def bars_panel() -> Panel:
    styles = style_of([optimizer.name for optimizer in OPTIMIZERS.values()])
    return Panel(
        (-0.6, len(OPTIMIZERS) - 0.4),
        (1e-4, 1e4),
        x_label="optimizer",
        y_label="GB beside the weights",
        title="state of a large model",
        alt="bars of the gigabytes of optimizer state, logarithmic: none for SGD, most for SOAP",
        y_log=True,
        x_ticks=False,
        wide=1.25,
        marks=[
            HLine(y=CARD, label=f"{CARD:.0f} GB", **role("data")),
            Bars(
                source="state",
                channels=list(range(len(OPTIMIZERS))),
                labels=list(OPTIMIZERS),
                colors=[light for light, _, _ in styles],
                colors_dark=[dark for _, dark, _ in styles],
            ),
        ],
    )
