r"""A multi-layer network in numpy: forward, backward, training. A page or three, readable as the mathematics.

    z₁ = X W₁ + b₁,  a₁ = φ(z₁),  z₂ = a₁ W₂ + b₂,  …,  p = softmax(z_last),  L = −mean log p[class]

θ, all weights and biases, is one flat vector; the layers are views of it. So any optimizer of the package drives a
network unchanged.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from functools import cache, partial
from threading import Lock

import numpy as np

from .descent import check_clip, check_optimizer, clipped, scheduled, with_rate
from .extras import needed
from .knobs import (
    Knob,
    check_choice,
    check_function,
    check_numbers,
    check_seed,
    check_whole,
    is_whole,
    knob,
    knobs_of,
    told,
)
from .optimizers import Optimizer
from .problems import from_sklearn

__all__ = ["Data", "History", "Network", "RangeTest", "clip_norm", "clip_value", "digits", "range_test", "train"]

ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "sigmoid": (lambda z: 0.5 * (1 + np.tanh(0.5 * z)), lambda a: a * (1 - a)),
    "relu": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(a.dtype)),
}
"""φ, and φ′ written in terms of a = φ(z)."""

VARIANCES = {
    "xavier": lambda n_in, n_out: 2 / (n_in + n_out),  # Glorot & Bengio 2010
    "he": lambda n_in, n_out: 2 / n_in,  # He, Zhang, Ren & Sun 2015
    "plain": lambda n_in, n_out: 1.0,
}
"""The variance of a weight at the start, by scheme."""


@dataclass(frozen=True)
class Network:
    """A multi-layer perceptron with a softmax at its end.

    Parameters
    ----------
    sizes : the widths of its layers: inputs, hidden …, classes, as in (64, 64, 10)
    activation : "relu", "tanh" or "sigmoid", of the hidden layers
    l2 : λ ≥ 0, adds (λ/2)·Σ W² to the loss (weights only, not biases)
    dropout : share of the hidden units that are switched off in training, in [0, 1); the others are scaled up by
        1/(1 − share), so that the expectation stays (inverted dropout, Srivastava et al. 2014)
    """

    sizes: tuple
    activation: str = "relu"
    l2: float = knob(0.0, "λ", "penalty", low=0.0, high=0.1)
    dropout: float = knob(0.0, "p", "dropout share", low=0.0, high=0.9, allowed="[0, 1)")

    def __post_init__(self):
        sizes = list(self.sizes) if np.iterable(self.sizes) else []
        sizes = np.array(sizes if all(map(is_whole, sizes)) else [])
        if sizes.ndim != 1 or len(sizes) < 2 or sizes.dtype.kind not in "iu" or sizes.min() < 1:
            raise ValueError(f"the sizes of the layers must be at least two whole numbers ≥ 1, got {told(self.sizes)}")
        object.__setattr__(self, "sizes", tuple(sizes.tolist()))
        check_choice("the activation", self.activation, ACTIVATIONS)
        for name, spec in knobs_of(self).items():
            object.__setattr__(self, name, spec.check(getattr(self, name)))

    @property
    def size(self) -> int:
        """How many parameters there are: the length of θ."""
        return sum((n_in + 1) * n_out for n_in, n_out in zip(self.sizes, self.sizes[1:]))

    def init(self, seed: int = 0, scheme: str | None = None) -> np.ndarray:
        """θ at the start: weights from a normal distribution, biases 0.

        Parameters
        ----------
        scheme : "he", "xavier" or "plain" (variance 1); "he" for ReLU and "xavier" for the others if None
        """
        if scheme is None:
            scheme = "he" if self.activation == "relu" else "xavier"
        check_choice("the initialization", scheme, VARIANCES)
        check_seed(seed)
        random, theta = np.random.default_rng(seed), np.zeros(self.size)
        for W, _ in self.layers(theta):
            W[:] = random.normal(0, np.sqrt(VARIANCES[scheme](*W.shape)), W.shape)
        return theta

    def layers(self, theta) -> list:
        """The (W, b) of each layer, as views of θ: W has shape (n_in, n_out)."""
        must = f"θ of a {self.sizes} network must have shape ({self.size},)"
        numbers = check_numbers(theta, must)
        if numbers.shape != (self.size,):
            raise ValueError(f"{must}, got {numbers.shape}")
        theta = theta if isinstance(theta, np.ndarray) else numbers
        views, at = [], 0
        for n_in, n_out in zip(self.sizes, self.sizes[1:]):
            W = theta[at : at + n_in * n_out].reshape(n_in, n_out)
            b = theta[at + n_in * n_out : at + (n_in + 1) * n_out]
            views.append((W, b))
            at += (n_in + 1) * n_out
        return views

    def forward(self, theta, X, masks=None) -> list:
        """The activations of all layers, [X, a₁, …, logits]; `masks` are dropout's, one for each hidden layer."""
        phi, _ = ACTIVATIONS[self.activation]
        layers, a = self.layers(theta), [self.examples(X)]
        for i, (W, b) in enumerate(layers):
            z = a[-1] @ W + b
            last = i == len(layers) - 1
            a.append(z if last else phi(z) * (masks[i] if masks else 1))
        return a

    def masks(self, random, batch: int) -> list | None:
        """New dropout masks for a batch: 0 for a unit that is off, 1/(1 − share) for the others."""
        if self.dropout == 0:
            return None
        keep = 1 - self.dropout
        return [(random.random((batch, n)) < keep) / keep for n in self.sizes[1:-1]]

    def value(self, theta, X, y) -> float:
        """The loss: mean cross-entropy, and the penalty."""
        self.check(X, y)
        log_p = log_softmax(self.forward(theta, X)[-1])
        return float(-np.mean(log_p[np.arange(len(y)), y]) + self._penalty(theta))

    def gradient(self, theta, X, y, masks=None) -> np.ndarray:
        """∇L(θ) by backpropagation, shape (size,)."""
        self.check(X, y)
        _, slope = ACTIVATIONS[self.activation]
        a = self.forward(theta, X, masks)
        layers, gradient = self.layers(theta), np.zeros(self.size, a[-1].dtype)
        delta = np.exp(log_softmax(a[-1]))  # ∂L/∂logits = (p − 1[class]) / batch
        delta[np.arange(len(y)), y] -= 1
        delta /= len(y)
        for i, (dW, db) in reversed(list(enumerate(self.layers(gradient)))):
            W, _ = layers[i]
            dW[:] = a[i].T @ delta + self.l2 * W
            db[:] = delta.sum(axis=0)
            if i > 0:
                mask = masks[i - 1] if masks else 1
                # a is φ(z)·mask: φ′ is written in φ(z), so the mask is taken out of it first, and put on after.
                plain = a[i] / np.where(mask == 0, 1, mask) if masks else a[i]
                delta = (delta @ W.T) * slope(plain) * mask
        return gradient

    def examples(self, X) -> np.ndarray:
        """X as a float array of shape (n, inputs), or a `ValueError`."""
        X = check_numbers(X, "X must be numbers of shape (n, features)")
        if X.ndim != 2 or X.shape[1] != self.sizes[0]:
            raise ValueError(f"the network takes rows of {self.sizes[0]} inputs, got X of shape {X.shape}")
        return X

    def check(self, X, y):
        """That the network fits the examples: one sentence if it does not."""
        X, labels, classes = self.examples(X), as_array("y", y), self.sizes[-1]
        if labels.shape != X.shape[:1] or labels.size == 0:
            raise ValueError(f"X needs one label for each of its rows, got {X.shape} and {labels.shape}")
        if labels.dtype.kind not in "iu":
            raise ValueError(
                f"the labels must be whole numbers in [0, {classes - 1}], got the type {labels.dtype.name}"
            )
        if labels.min() < 0 or labels.max() >= classes:
            wrong = labels[(labels < 0) | (labels >= classes)][0]
            raise ValueError(f"the labels of {classes} classes must be in [0, {classes - 1}], got {wrong}")

    def predict(self, theta, X) -> np.ndarray:
        """The most probable class of each row of X, shape (n,)."""
        return np.argmax(self.forward(theta, X)[-1], axis=1)

    def accuracy(self, theta, X, y) -> float:
        """The share of rows that are classified correctly."""
        self.check(X, y)
        return float(np.mean(self.predict(theta, X) == y))

    def weights(self, theta) -> np.ndarray:
        """θ with zeros in place of the biases: what is penalized, and what weight decay shrinks."""
        weights = np.array(check_numbers(theta, "θ must be numbers"))
        for _, b in self.layers(weights):
            b[:] = 0
        return weights

    def _penalty(self, theta) -> float:
        return 0.5 * self.l2 * float(np.sum(self.weights(theta) ** 2)) if self.l2 else 0.0


def as_array(name: str, values) -> np.ndarray:
    """An array, or a `ValueError` where the rows have different lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length, got {told(values)}") from None


def log_softmax(z):
    """log(eᶻ/Σeᶻ) along the last axis, without overflow."""
    z = z - z.max(axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


CLIP = Knob("limit", "clipping", low=0.01, high=10.0, log=True, allowed="(0, ∞)")
SMOOTHING = Knob("β", "decay", low=0.0, high=0.99, allowed="[0, 1)")
RANGE = Knob("η", "the range of", low=1e-4, high=10.0, log=True, allowed="(0, ∞)")
WEIGHT_DECAY = Knob("λ", "weight decay", low=0.0, high=0.1)


def gradient_array(g) -> np.ndarray:
    """A gradient as a float array of shape (..., d), or a `ValueError`."""
    return np.atleast_1d(check_numbers(g, "the gradient must be numbers of shape (..., d)"))


def clip_value(limit):
    """Gradient clipping by value: each coordinate into [−limit, limit]."""
    limit = CLIP.check(limit)

    def clip(g):
        g = gradient_array(g)
        return np.clip(g, -limit, limit).astype(g.dtype)

    return clip


def clip_norm(limit):
    """Gradient clipping by norm (Pascanu, Mikolov & Bengio 2013): g · min(1, limit/|g|); the direction stays."""
    limit = CLIP.check(limit)

    def clip(g):
        g = gradient_array(g)
        norm = np.linalg.norm(g, axis=-1, keepdims=True)
        return g * np.minimum(1.0, limit / np.maximum(norm, 1e-30)).astype(g.dtype)

    return clip


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """Training and test examples of a classification: X of shape (n, features), y of classes 0, 1, ….

    Parameters
    ----------
    X, y : for training
    X_test, y_test : held out, for an honest accuracy
    """

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    name: str = "data"

    def __post_init__(self):
        for name in ("X", "y", "X_test", "y_test"):
            array = as_array(name, getattr(self, name))
            object.__setattr__(self, name, array)
            if name[0] == "X" and not np.isfinite(check_numbers(array, f"{name} must be finite numbers")).all():
                raise ValueError(f"{name} must be finite numbers")
        for X, y in ((self.X, self.y), (self.X_test, self.y_test)):
            if X.ndim != 2 or y.shape != X.shape[:1] or len(y) == 0:
                raise ValueError(
                    f"X must have shape (n, features) and y shape (n,), n ≥ 1, got {X.shape} and {y.shape}"
                )

    def __repr__(self) -> str:
        return f"{self.name}: {len(self.X)} training and {len(self.X_test)} test examples"


def digits(train_size: int = 1297, seed: int = 0) -> Data:
    """scikit-learn's 1797 handwritten digits, 8 × 8 pixels in [0, 1]: shuffled by `seed`, the rest is for testing."""
    bunch = from_sklearn("load_digits")
    check_whole("train_size", train_size, 1, len(bunch.target) - 1)
    check_seed(seed)
    order = np.random.default_rng(seed).permutation(len(bunch.target))
    X, y = bunch.data[order] / 16, bunch.target[order]
    return Data(X[:train_size], y[:train_size], X[train_size:], y[train_size:], name="digits")


@dataclass
class History:
    """What a training run leaves: one entry an epoch, epoch 0 being the start; usable after an interrupt as well.

    The losses are mean cross-entropies, without the penalty of ``l2``, so that any two networks can be compared;
    ``lr`` is the η that the next step has, or would have.
    """

    loss: list = field(default_factory=list)
    test_loss: list = field(default_factory=list)
    accuracy: list = field(default_factory=list)
    test_accuracy: list = field(default_factory=list)
    lr: list = field(default_factory=list)
    theta: np.ndarray | None = None
    steps: int = 0
    interrupted: bool = False

    @property
    def epochs(self) -> int:
        return len(self.loss) - 1

    def level(self):
        """Drop an epoch of which an interrupt has left only a part."""
        lists = [self.loss, self.test_loss, self.accuracy, self.test_accuracy, self.lr]
        for entries in lists:
            del entries[min(map(len, lists)) :]

    def __repr__(self) -> str:
        if not self.loss:
            return "no epochs yet"
        how = "interrupted after" if self.interrupted else "after"
        return (
            f"{how} {self.epochs} epochs: test accuracy {self.test_accuracy[-1]:.3f}, training loss {self.loss[-1]:.3g}"
        )


def train(
    network: Network,
    data: Data,
    optimizer: Optimizer,
    schedule=None,
    epochs: int = 20,
    batch_size: int = 32,
    seed: int = 0,
    clip=None,
    weight_decay: float = 0.0,
    theta=None,
    progress: bool = True,
    on_epoch=None,
) -> History:
    """Train a network with mini-batches; interrupt it (stop button) and the history so far is returned.

    Parameters
    ----------
    optimizer : any `Optimizer`
    schedule : replaces the optimizer's ``lr``: a function of the step k, or a `ReduceOnPlateau`, which is told the
        training loss after each epoch
    epochs, batch_size, seed : the seed draws θ₀, the shuffling and dropout
    clip : ``clip_value(limit)`` or ``clip_norm(limit)``, applied to each gradient
    weight_decay : λ of decoupled weight decay, W ← W − ηλW in each step beside the optimizer's own (Loshchilov &
        Hutter 2019); weights only, like ``l2``, with which it agrees for gradient descent and for no other optimizer
    theta : start here instead of at ``network.init(seed)``
    progress : show a progress bar (tqdm)
    on_epoch : called with the history before the first and after each epoch; training ends early if it returns True
    """
    check_parts(network, data, batch_size, seed)
    check_whole("epochs", epochs)
    check_clip(clip)
    if on_epoch is not None:
        check_function("on_epoch must be a function of the history", on_epoch)
    check_choice("progress", progress, (True, False))
    decay = WEIGHT_DECAY.check_one(weight_decay)
    optimizer, plateau = scheduled(check_optimizer(optimizer), schedule)
    for name, spec in optimizer.knobs.items():
        if not callable(value := getattr(optimizer, name)):
            spec.check_one(value)
    random, memory = np.random.default_rng([seed, 1]), plateau.init() if plateau else None
    theta = network.init(seed) if theta is None else np.array(check_numbers(theta, "θ must be numbers"), float)
    state, history = optimizer.init(theta), History()
    try:
        record(history, measured(network, data, theta), optimizer, theta)
        stop = on_epoch and on_epoch(history)
        for _ in (bar := epochs_bar(epochs, progress)):
            if stop:
                break
            with np.errstate(over="ignore", invalid="ignore"), ONE_THREAD:
                for grad in batch_gradients(network, data, batch_size, random, clip):
                    k = history.steps
                    shrink = optimizer.rate(k) * decay * network.weights(theta) if decay else 0.0
                    theta, state = optimizer.step(theta, grad, state, k)
                    theta = theta - shrink
                    history.steps = k + 1
                entry = measured(network, data, theta)
            if plateau:
                lr, memory = plateau.step(entry["loss"], memory)
                optimizer = with_rate(optimizer, lr)
            record(history, entry, optimizer, theta)
            if progress:
                now = f"loss {history.loss[-1]:.3g}, test accuracy {history.test_accuracy[-1]:.3f}"
                bar.set_postfix_str(now, refresh=False)
            stop = on_epoch and on_epoch(history)
    except KeyboardInterrupt:
        history.interrupted = True
        history.theta = theta
        history.level()
    return history


def batch_gradients(network, data, batch_size, random, clip):
    """The gradient functions of one epoch."""
    for rows in batch_rows(data, batch_size, random):
        masks = network.masks(random, len(rows))
        yield clipped(partial(network.gradient, X=data.X[rows], y=data.y[rows], masks=masks), clip)


def batch_rows(data, batch_size, random):
    """The rows of each mini-batch of one epoch: the examples are shuffled and cut into batches of about one size."""
    return np.array_split(random.permutation(len(data.X)), -(-len(data.X) // batch_size))


def measured(network, data, theta) -> dict:
    """What an epoch has brought: losses without the penalty, and accuracies."""
    network = replace(network, l2=0.0)
    return {
        "loss": network.value(theta, data.X, data.y),
        "test_loss": network.value(theta, data.X_test, data.y_test),
        "accuracy": network.accuracy(theta, data.X, data.y),
        "test_accuracy": network.accuracy(theta, data.X_test, data.y_test),
    }


def record(history, entry, optimizer, theta):
    """Write down one epoch, with the η that the next step will have."""
    for name, number in entry.items():
        getattr(history, name).append(number)
    history.lr.append(float(optimizer.rate(history.steps)))
    history.theta = theta


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
    rates, seen, plain = np.geomspace(low, high, steps), [], replace(network, l2=0.0)
    random = np.random.default_rng([seed, 1])

    def batches():
        while True:
            yield from batch_rows(data, batch_size, random)

    optimizer = check_optimizer(optimizer).replace(lr=lambda k: rates[k])
    theta = network.init(seed)
    state, average, best, smooth = optimizer.init(theta), 0.0, np.inf, []
    with np.errstate(over="ignore", invalid="ignore"), ONE_THREAD:
        for k, rows in zip(range(steps), batches()):
            X, y, masks = data.X[rows], data.y[rows], network.masks(random, len(rows))
            seen.append(plain.value(theta, X, y))
            average = beta * average + (1 - beta) * seen[-1]
            smooth.append(average / (1 - beta ** (k + 1)))
            best = min(best, smooth[-1])
            if not smooth[-1] <= 4 * best:
                break
            grad = partial(network.gradient, X=X, y=y, masks=masks)
            theta, state = optimizer.step(theta, grad, state, k)
    n = int(np.isfinite(smooth).sum())
    return RangeTest(rates[:n], np.array(seen[:n]), np.array(smooth[:n]))


class OneThread:
    """Matrix products on one thread, as a context: for batches this small, a second one costs more than it helps.

    A lab may train while a cell does: the first one in sets the limit, and the last one out takes it back.
    """

    def __init__(self):
        self.users, self.turn, self.limit = 0, Lock(), None

    def __enter__(self):
        libraries = blas_libraries()  # before anything is counted: threadpoolctl may not be installed
        with self.turn:
            self.users += 1
            if self.users == 1:
                self.limit = libraries.limit(limits=1, user_api="blas")

    def __exit__(self, *trouble):
        with self.turn:
            self.users -= 1
            if self.users == 0:
                self.limit.restore_original_limits()


ONE_THREAD = OneThread()


@cache
def blas_libraries():
    return needed("data", "training needs", "threadpoolctl").ThreadpoolController()


def check_parts(network, data, batch_size, seed):
    """That these are a network, data for it, a batch size that they allow, and a seed; or a `ValueError`."""
    if not isinstance(network, Network):
        raise ValueError(f"the network must be a Network, such as Network((64, 64, 10)), got {told(network)}")
    if not isinstance(data, Data):
        raise ValueError(f"the data must be Data, such as digits(), got {told(data)}")
    check_whole("the batch size B", batch_size, 1, len(data.X))
    check_seed(seed)


BAR = "{bar:24} epoch {n_fmt} / {total_fmt}{postfix}"


def epochs_bar(epochs, progress):
    """The epochs, with a progress bar: as text, so that it stands in a saved notebook too, and without times."""
    if not progress:
        return range(epochs)
    tqdm = needed("data", "the progress bar needs", "tqdm").tqdm
    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0  # a browser has no second thread to watch over the bar
    return tqdm(range(epochs), file=sys.stdout, ascii=" ━", bar_format=BAR)
