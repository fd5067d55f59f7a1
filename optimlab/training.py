"""Training a network: mini-batches, epochs, what they bring, and the learning rate range test.

The loop itself is `optimlab.descent.walk`; here it is counted in epochs. The network is in `optimlab.networks`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from .checks import check_choice, check_function, check_numbers, check_seed, check_whole, told
from .clipping import Clip, check_clip
from .data import Data
from .descent import Driver, Point, walk
from .extras import needed
from .knobs import Knob
from .layers import Layers
from .losses import Gradient, Loss
from .networks import Network
from .optimizers import DecoupledWeightDecay, Optimizer
from .optimizers.base import check_optimizer
from .threads import ONE_THREAD

__all__ = ["Examples", "History", "RangeTest", "range_test", "train"]

SMOOTHING = Knob("β", "decay", low=0.0, high=0.99, allowed="[0, 1)")
RANGE = Knob("η", "the range of", low=1e-4, high=10.0, log=True, allowed="(0, ∞)")
WEIGHT_DECAY = Knob("λ", "weight decay", low=0.0, high=0.1)


class Examples(Loss):
    """The loss of a network on the training examples of some data: what ``network.on(data)`` makes.

    The loss is that of all examples. With a batch size, the gradient of step k sees only the k-th mini-batch, and
    dropout's masks are drawn for it; each epoch shuffles the examples anew and cuts them into batches of about one
    size. The same seed gives the same batches, whatever the optimizer.

    Parameters
    ----------
    batch_size : B in [1, N]; None for all N, in their own order
    seed : draws θ₀, the shuffling and dropout
    """

    error = "cross-entropy"

    def __init__(self, network: Network, data: Data, batch_size: int | None = None, seed: int = 0):
        check_parts(network, data, len(data.X) if batch_size is None else batch_size, seed)
        self.network, self.data, self.batch_size, self.seed = network, data, batch_size, seed
        self.name = f"{data.name} for a network {network.sizes}"
        self._random, self._drawn = np.random.default_rng(), -1
        self._batch: Any = None

    @cached_property
    def start(self) -> np.ndarray:
        """θ₀, from ``network.init(seed)``."""
        return self.network.init(self.seed)

    @property
    def dim(self) -> int:
        return self.network.size

    @property
    def layers(self) -> Layers:
        return self.network.layout

    @property
    def batches_per_epoch(self) -> int:
        """How many steps make an epoch."""
        return 1 if self.batch_size is None else -(-len(self.data.X) // self.batch_size)

    def value(self, theta: np.ndarray) -> np.ndarray:
        """L(θ) on all training examples, with the penalty: shape (..., d) → (...)."""
        return self._each(lambda one: self.network.value(one, self.data.X, self.data.y), theta)

    def gradient(self, theta: np.ndarray) -> np.ndarray:
        """∇L(θ) on all training examples, without dropout: shape (..., d) → (..., d)."""
        return self._slope(theta, self.data.X, self.data.y)

    def _slope(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray, masks: list | None = None) -> np.ndarray:
        """∇L(θ) in θ's own precision."""
        gradient = self._each(lambda one: self.network.gradient(one, X, y, masks), theta)
        return gradient.astype(theta.dtype, copy=False)

    def gradient_at(self, k: int) -> Gradient:
        X, y, masks = self.batch(k)
        return lambda theta: self._slope(theta, X, y, masks)

    def price(self, k: int) -> int:
        return len(self.batch(k)[0])

    def batch(self, k: int) -> tuple[np.ndarray, np.ndarray, list | None]:
        """X, y and dropout's masks of step k. They come one after the other: going back starts again from the first."""
        if check_whole("the step k", k) < self._drawn:
            self._drawn = -1
        while self._drawn < k:
            self._draw()
        return self._batch

    def _draw(self) -> None:
        """The next batch of the stream of random numbers that the seed opens."""
        if self._drawn < 0:
            self._random = np.random.default_rng([self.seed, 1])
        self._drawn += 1
        turn = self._drawn % self.batches_per_epoch
        if turn == 0:
            n = len(self.data.X)
            order = np.arange(n) if self.batch_size is None else self._random.permutation(n)
            self._rows = np.array_split(order, self.batches_per_epoch)
        rows = self._rows[turn]
        self._batch = self.data.X[rows], self.data.y[rows], self.network.masks(self._random, len(rows))

    def measured(self, theta: np.ndarray) -> dict[str, float]:
        """What an epoch has brought: losses without the penalty, and accuracies."""
        plain, data = replace(self.network, l2=0.0), self.data
        with np.errstate(over="ignore", invalid="ignore"):
            return {
                "loss": plain.value(theta, data.X, data.y),
                "test_loss": plain.value(theta, data.X_test, data.y_test),
                "accuracy": plain.accuracy(theta, data.X, data.y),
                "test_accuracy": plain.accuracy(theta, data.X_test, data.y_test),
            }

    @staticmethod
    def _each(function: Callable[[np.ndarray], Any], theta: np.ndarray) -> Any:
        """The function of one θ for each of many, one after the other: shape (..., d) → (..., *result)."""
        if theta.ndim == 1:
            return function(theta)
        results = np.array([function(one) for one in theta.reshape(-1, theta.shape[-1])], theta.dtype)
        return results.reshape(*theta.shape[:-1], *results.shape[1:])

    def __repr__(self) -> str:
        return self.name if self.batch_size is None else f"{self.name}, in batches of {self.batch_size}"


class Entries(list):
    """The numbers of a training, one an epoch. Of one that was cut short, the last number is not the end's."""

    told = ""

    def __getitem__(self, index: Any) -> Any:
        if self.told and not isinstance(index, slice) and index < 0:
            raise ValueError(self.told)
        return super().__getitem__(index)


@dataclass
class History:
    """What a training run leaves: one entry an epoch, epoch 0 being the start.

    The losses are mean cross-entropies, without the penalty of ``l2``, so that any two networks can be compared;
    ``lr`` is the η that the next step has, or would have. ``gradients`` counts the gradients that were asked for.
    ``per_layer`` is there with ``train(..., watch_layers=True)``: for each epoch an array of shape (2, layers) with
    |∇W| and |ΔW|/|W| of the matrices of weights, the means over its steps; at epoch 0 those of the very first step.

    One that was ``interrupted`` says so, and ``history.loss[-1]`` is an error then: what has not been trained to the
    end is not to be averaged with what has. Its curves and its θ can be used.
    """

    loss: Entries = field(default_factory=Entries)
    test_loss: Entries = field(default_factory=Entries)
    accuracy: Entries = field(default_factory=Entries)
    test_accuracy: Entries = field(default_factory=Entries)
    lr: Entries = field(default_factory=Entries)
    per_layer: Entries = field(default_factory=Entries)
    theta: np.ndarray | None = None
    steps: int = 0
    gradients: int = 0
    interrupted: bool = False

    @property
    def epochs(self) -> int:
        return len(self.loss) - 1

    @property
    def curves(self) -> list[Entries]:
        """All that has one entry an epoch."""
        return [self.loss, self.test_loss, self.accuracy, self.test_accuracy, self.lr, *filter(len, [self.per_layer])]

    def add(self, entry: dict[str, Any], lr: float) -> None:
        """Write down one epoch, with the η that the next step will have."""
        for name, number in (entry | {"lr": lr}).items():
            getattr(self, name).append(number)

    def cut_short(self, epochs: int) -> None:
        """Note an interrupt; drop an epoch of which it has left only a part."""
        self.interrupted = True
        whole = min(map(len, self.curves))
        for entries in self.curves:
            del entries[whole:]
            entries.told = (
                f"this training was interrupted after {whole - 1} of {epochs} epochs: it has no last entry to compare "
                f"with others; entry [{whole - 1}] is the last that there is"
            )

    def __repr__(self) -> str:
        if not self.loss:
            return "no epochs yet"
        how = "interrupted after" if self.interrupted else "after"
        accuracy, loss = (entries[len(entries) - 1] for entries in (self.test_accuracy, self.loss))
        return f"{how} {self.epochs} epochs: test accuracy {accuracy:.3f}, training loss {loss:.3g}"


def train(
    network: Network,
    data: Data,
    optimizer: Optimizer,
    schedule: Any = None,
    epochs: int = 20,
    batch_size: int = 32,
    seed: int = 0,
    clip: Clip | None = None,
    weight_decay: float = 0.0,
    theta: Any = None,
    progress: bool = True,
    on_epoch: Callable[[History], Any] | None = None,
    stoppable: bool = False,
    watch_layers: bool = False,
) -> History:
    """Train a network with mini-batches.

    Parameters
    ----------
    optimizer : any `Optimizer`
    schedule : replaces the optimizer's ``lr``: a function of the step k, or a `ReduceOnPlateau`, which is told the
        training loss after each epoch
    epochs, batch_size, seed : the seed draws θ₀, the shuffling and dropout
    clip : ``clip_value(limit)`` or ``clip_norm(limit)``, applied to each gradient
    weight_decay : λ of decoupled weight decay, W ← W − ηλW in each step beside the optimizer's own (Loshchilov &
        Hutter 2019); weights only, like ``l2``, with which it agrees for gradient descent and for no other optimizer.
        One that keeps averages has to decay inside: ``Lookahead(AdamW())``
    theta : start here instead of at ``network.init(seed)``
    progress : show a progress bar (tqdm)
    on_epoch : called with the history before the first and after each epoch; training ends early if it returns True
    stoppable : what the stop button does (■, `KeyboardInterrupt`): True returns the history so far, marked as
        interrupted, and the cell goes on; otherwise it stops the cell, as everywhere in Python
    watch_layers : note, for each layer, how large its gradient is (after clipping) and how far a step moves it:
        ``history.per_layer``
    """
    check_parts(network, data, batch_size, seed)
    check_whole("epochs", epochs)
    check_clip(clip)
    if on_epoch is not None:
        check_function("on_epoch must be a function of the history", on_epoch)
    check_choice("progress", progress, (True, False))
    check_choice("stoppable", stoppable, (True, False))
    check_choice("watch_layers", watch_layers, (True, False))
    if decay := WEIGHT_DECAY.check_one(weight_decay):
        optimizer = DecoupledWeightDecay(check_optimizer(optimizer), decay)
    driver = Driver(optimizer, schedule)
    driver.optimizer.check_single()
    if progress:
        progress_bar()  # without it, say so before anything is trained
    loss = network.on(data, batch_size, seed)
    theta = loss.start if theta is None else np.array(check_numbers(theta, "θ must be numbers"))
    network.layers(theta)  # says at once what is wrong with θ
    if theta.dtype != float:
        driver.optimizer = driver.optimizer.of_type(theta.dtype)
    history, points = History(), walk(loss, driver, theta, clip, record=watch_layers)
    sizes: list[np.ndarray] = []
    if watch_layers:
        points = sizing(points, network.layout, sizes)
    try:
        follow(points, loss, driver, history, epochs, progress, on_epoch, sizes)
    except KeyboardInterrupt:
        if not stoppable:
            raise
        history.cut_short(epochs)
    history.theta = None if history.theta is None else np.array(history.theta)
    return history


def follow(
    points: Iterator[Point],
    loss: Examples,
    driver: Driver,
    history: History,
    epochs: int,
    progress: bool,
    on_epoch: Callable[[History], Any] | None,
    sizes: list[np.ndarray],
) -> None:
    """Count a walk in epochs, and write each of them down in the history; `sizes` is what `sizing` has noted."""

    def walk_on(steps: int) -> dict[str, Any]:
        with ONE_THREAD:
            for point in islice(points, steps):
                history.theta, history.steps = point.theta, point.k
                history.gradients += len(point.asked)
            entry = loss.measured(point.theta)
        if not sizes:
            return entry
        mean = np.mean(sizes, axis=0)
        sizes.clear()
        return entry | {"per_layer": mean}

    def note(entry: dict[str, float]) -> Any:
        rate = driver.optimizer.knobs["lr"].check_one(driver.optimizer.rate(history.steps))
        history.add(entry, rate)
        stop = on_epoch(history) if on_epoch else None
        if not (stop is None or isinstance(stop, bool | np.bool_)):
            raise ValueError(f"on_epoch must return True, to end the training, or False, or nothing, got {told(stop)}")
        return stop

    stop = note(walk_on(1))  # the start
    for _ in (bar := with_bar(range(epochs), progress, BAR)):
        if stop:
            break
        entry = walk_on(loss.batches_per_epoch)
        if not history.gradients:
            raise ValueError(
                f"{driver.optimizer.name} has not asked for a gradient in an epoch: it must call grad(theta)"
            )
        driver.hear(entry["loss"], np.asarray(history.theta).dtype)
        stop = note(entry)
        if progress:
            now = f"loss {entry['loss']:.3g}, test accuracy {entry['test_accuracy']:.3f}"
            bar.set_postfix_str(now, refresh=False)


def sizing(points: Iterator[Point], layers: Layers, sizes: list[np.ndarray]) -> Iterator[Point]:
    """The same points; |∇W| and |ΔW|/|W| of each step's matrices are added to `sizes`, the first step's twice.

    For at the start, where there is no step yet, they are those of the step that comes.
    """

    def norms(flat: np.ndarray) -> np.ndarray:
        views = zip(layers, layers.views(flat))
        return np.array([np.linalg.norm(part) for layer, part in views if layer.is_matrix])

    def sizes_of(before: Point, after: Point) -> np.ndarray:
        with np.errstate(all="ignore"):
            moved = norms(after.theta - before.theta) / norms(before.theta)
            gradient = norms(np.asarray(after.asked[-1][1])) if after.asked else np.full(len(moved), np.nan)
        return np.stack([gradient, moved])

    start = next(points)
    before = next(points)
    sizes.append(first := sizes_of(start, before))
    yield start
    sizes.append(first)
    yield before
    for after in points:
        sizes.append(sizes_of(before, after))
        yield after
        before = after


@dataclass(frozen=True, eq=False, repr=False)
class RangeTest:
    """What a learning rate range test found: the loss of each step, against the η of that step.

    Attributes
    ----------
    lr : the learning rates, rising geometrically, shape (n,)
    loss : the loss of each step's mini-batch, before the step, shape (n,)
    smooth : its moving average, with bias correction, shape (n,)
    """

    lr: np.ndarray
    loss: np.ndarray
    smooth: np.ndarray

    @property
    def lowest(self) -> float:
        """The η at which the smoothed loss is lowest; a good constant η is often smaller."""
        return float(self.lr[np.argmin(self.smooth)])

    @property
    def steepest(self) -> float:
        """The η at which the smoothed loss falls most steeply against log η, before it is lowest.

        fastai calls it *steep*, and it is what Lightning suggests. The first ten steps are left out, as they do: the
        average has only begun there.
        """
        falling = self.smooth[: np.argmin(self.smooth) + 1]
        if len(falling) < 12:
            return self.lowest
        return float(self.lr[10 + np.argmin(np.gradient(falling)[10:])])

    def centred(self, width: int = 9) -> np.ndarray:
        """The mean of each loss and its `width` neighbours on either side, shape (n,): an average that does not lag."""
        window = np.ones(2 * check_whole("the width of the average", width, 0) + 1)
        whole = np.pad(self.loss, width, constant_values=0.0), np.pad(np.ones_like(self.loss), width)
        sums, counts = (np.convolve(part, window, "valid") for part in whole)
        return sums / counts

    def __repr__(self) -> str:
        return f"range test: the smoothed loss is lowest at η={self.lowest:.2g}"


def range_test(
    network: Network, data: Data, optimizer: Optimizer, low: float = 1e-4, high: float = 10.0, steps: int = 200,
    batch_size: int = 32, seed: int = 0, beta: float = 0.9,
) -> RangeTest:  # fmt: skip
    """The learning rate range test, after Smith (2017): one short training in which η rises from `low` to `high`.

    As is common today, η rises geometrically and the loss is smoothed; Smith let η rise linearly, and looked at the
    accuracy. The test ends early where the smoothed loss has grown to four times its lowest value.

    Parameters
    ----------
    low, high : the first and the last η, 0 < low < high
    steps : how many mini-batches, at least 2
    beta : β of the moving average that smooths the loss
    """
    low, high = (RANGE.check_one(end) for end in (low, high))
    if not low < high:
        raise ValueError(f"the range of η must be 0 < low < high, got {told(low)} and {told(high)}")
    check_parts(network, data, batch_size, seed)
    check_whole("steps", steps, 2)
    beta = SMOOTHING.check_one(beta)
    rates, plain = np.geomspace(low, high, steps), replace(network, l2=0.0)
    loss = network.on(data, batch_size, seed)
    driver = Driver(check_optimizer(optimizer).replace(lr=lambda k: rates[min(k, steps - 1)]))
    seen: list[float] = []
    smooth: list[float] = []
    average = 0.0
    with np.errstate(over="ignore", invalid="ignore"), ONE_THREAD:
        for point in islice(walk(loss, driver, loss.start), steps):
            X, y, _ = loss.batch(point.k)
            seen.append(plain.value(point.theta, X, y))
            average = beta * average + (1 - beta) * seen[-1]
            smooth.append(average / (1 - beta ** (point.k + 1)))
            if not smooth[-1] <= 4 * min(smooth):
                break
    n = int(np.isfinite(smooth).sum())
    return RangeTest(rates[:n], np.array(seen[:n]), np.array(smooth[:n]))


def check_parts(network: Any, data: Any, batch_size: Any, seed: Any) -> None:
    """That these are a network, data for it, a batch size that they allow, and a seed; or a `ValueError`."""
    if not isinstance(network, Network):
        raise ValueError(f"the network must be a Network, such as Network((64, 64, 10)), got {told(network)}")
    if not isinstance(data, Data):
        raise ValueError(f"the data must be Data, such as digits(), got {told(data)}")
    check_whole("the batch size B", batch_size, 1, len(data.X))
    check_seed(seed)


BAR = "{bar:24} epoch {n_fmt} / {total_fmt}{postfix}"


def progress_bar() -> Any:
    return needed("data", "the progress bar needs", "tqdm").tqdm


def with_bar(turns: Collection, progress: bool, form: str) -> Any:
    """The turns, with a progress bar: as text, so that it stands in a saved notebook too, and without times."""
    if not progress:
        return turns
    tqdm = progress_bar()

    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0  # a browser has no second thread to watch over the bar
    return tqdm(turns, file=sys.stdout, ascii=" ━", bar_format=form)
