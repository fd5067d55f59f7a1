r"""Pictures of a loss of many parameters: planes through it, the directions they are drawn in, and how they lie.

A plane shows L(θ + φ₁d₁ + φ₂d₂). What it shows depends on how long d₁ and d₂ are: a network of ReLUs is the same
function with W₁·c and W₂/c (`rescaled`; Dinh et al. 2017), but random directions of one length see another valley for
each c. With filter normalization (`random_direction`; Li et al. 2018) they see the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, check_seed, check_whole, told
from .curvature import check_vector
from .knobs import Knob
from .layers import Layer, Layers, one_layer
from .losses import Gradient, Loss, as_loss
from .networks import Network
from .tape import as_symbolic

__all__ = ["Plane", "random_direction", "rescaled"]

FACTOR = Knob("c", "factor", 1 / 8, 8.0, log=True, allowed="(0, ∞)", count=25)
SQUARE = ((-1.0, 1.0), (-1.0, 1.0))
NORMALIZATIONS = ("filter", "layer", "whole", None)
GRID, REMEMBERED = 100, 4  # points that make a grid, and so many grids are kept
OWN = 6  # a stream of its own: with that of `Network.init` d would have the direction of θ₀
PARALLEL = 1e-6  # directions whose angle is smaller span no plane


class Plane(Loss):
    r"""The loss of two parameters φ ↦ L(θ + φ₁d₁ + φ₂d₂), for every lab that draws a surface.

    .. math:: \partial L / \partial\varphi_i = d_i^\top \nabla L(\theta + \varphi_1 d_1 + \varphi_2 d_2)

    A descent on it never leaves the plane: it is not the descent of the d parameters, seen from above.

    Parameters
    ----------
    loss : any loss of d parameters
    theta : θ, the origin, shape (d,)
    d1, d2 : the directions, shape (d,), of any length and angle, but not parallel
    view : ((low, high), (low, high)) of φ₁ and φ₂ that a lab draws
    start : φ from which a lab starts; if None, well away from the middle of the view
    name : what it is called; "a plane of …" if None

    >>> from optimlab.surfaces import ravine
    >>> plane = Plane(ravine(20), [1.0, 1.0], [1.0, 0.0], [0.0, 2.0])
    >>> plane.to([1.0, 0.5]), plane.coordinates([2.0, 2.0]), float(plane.value(np.array([1.0, 0.5])))
    (array([2., 2.]), array([1. , 0.5]), 42.0)
    """

    symbols = ("φ₁", "φ₂")

    def __init__(
        self, loss: Any, theta: Any, d1: Any, d2: Any, view: Any = SQUARE, start: Any = None, name: str | None = None
    ):
        loss = as_loss(loss)
        self.origin = of_dim("θ", theta, loss.dim)
        self.directions = np.stack([of_dim(f"d{i}", d, self.origin.size) for i, d in (("₁", d1), ("₂", d2))])
        lengths = np.linalg.norm(self.directions, axis=1, keepdims=True)
        if not (np.all(lengths > 0) and np.linalg.svd(self.directions / lengths, compute_uv=False)[-1] > PARALLEL):
            raise ValueError("d₁ and d₂ must span a plane, got two that are parallel, or one that is 0")
        self.inner, self.view = loss, view
        self.stochastic, self.minimum = loss.stochastic, loss.minimum
        self._grids: dict[bytes, np.ndarray] = {}
        self.name = f"a plane of {loss.name}" if name is None else name
        if start is None and view is not None:
            (x0, x1), (y0, y1) = view
            start = (x0 + 0.15 * (x1 - x0), y0 + 0.8 * (y1 - y0))
        self.start = start

    @property
    def dim(self) -> int:
        return 2

    @property
    def layers(self) -> Layers:
        """One: φ has no weights and biases."""
        return one_layer(2)

    def to(self, phi: Any) -> np.ndarray:
        """θ + φ₁d₁ + φ₂d₂: shape (..., 2) → (..., d)."""
        return self.origin + check_numbers(phi, "φ must be numbers of shape (..., 2)") @ self.directions

    def coordinates(self, theta: Any) -> np.ndarray:
        """φ of the nearest point of the plane (least squares): shape (..., d) → (..., 2)."""
        return (np.asarray(theta, float) - self.origin) @ np.linalg.pinv(self.directions)

    def outside(self, path: Any) -> float:
        r"""The share of a path that is not in the plane, in [0, 1]: 0 for one that is, near 1 for one across it.

        .. math:: \sum_t |\theta_t - \hat\theta_t|^2 \Big/ \sum_t |\theta_t - \theta|^2,

        with θ̂ the nearest points of the plane, for a path of shape (..., d).
        """
        path = np.asarray(path, float)
        whole = np.sum((path - self.origin) ** 2)
        return float(np.sum((path - self.to(self.coordinates(path))) ** 2) / whole) if whole else 0.0

    def value(self, theta: Any) -> Any:
        """L: shape (..., 2) → (...). A grid is remembered: labs ask for the same one several times."""
        phi = check_numbers(theta, "φ must be numbers of shape (..., 2)")
        if as_symbolic(phi) is not None or phi.size < 2 * GRID:
            return self.inner.value(self.to(phi))
        key = phi.tobytes()
        if key not in self._grids:
            parts = [self.inner.value(self.to(part)) for part in np.array_split(phi.reshape(-1, 2), phi.size // GRID)]
            self._grids = dict([*self._grids.items()][1 - REMEMBERED :]) | {key: np.concatenate(parts)}
        return self._grids[key].reshape(phi.shape[:-1]).copy()

    def gradient(self, theta: Any) -> Any:
        return self.inner.gradient(self.to(theta)) @ self.directions.T

    def gradient_at(self, k: int) -> Gradient:
        slope = self.inner.gradient_at(k)
        return lambda phi: slope(self.to(phi)) @ self.directions.T

    def price(self, k: int) -> int:
        return self.inner.price(k)

    def __repr__(self) -> str:
        return self.name


def of_dim(what: str, values: Any, dim: int | None) -> np.ndarray:
    """A finite vector of as many numbers as there are parameters, or a `ValueError`."""
    vector = check_vector(what, values)
    if dim is not None and vector.size != dim:
        raise ValueError(f"{what} must have shape ({dim},), as the loss has parameters, got {vector.shape}")
    if not np.isfinite(vector).all():
        raise ValueError(f"{what} must be finite numbers, got {told(values)}")
    return vector


def random_direction(layers: Any, theta: Any, seed: int = 0, normalize: str | None = "filter") -> np.ndarray:
    r"""A random direction, shape (d,), as long as θ in each part: 0 for biases, normal numbers for weights.

    .. math:: d_u \leftarrow d_u \, |\theta_u| / |d_u|

    The parts u are, with "filter", the incoming weights of each unit (Li et al. 2018: a filter of a convolution), with
    "layer" each matrix, with "whole" all weights together; with None, d stays as it was drawn, of length about √d.
    The same seed draws the same numbers for all of them, and others than those of a network's θ₀.

    Parameters
    ----------
    layers : a `Network`, or a loss or anything else with layers, or `Layers`; without matrices all of θ is one part
    theta : θ, shape (d,)
    normalize : "filter", "layer", "whole" or None

    >>> network = Network((3, 2))
    >>> theta = np.array([1.0, 0, 0, 0, 0, 2, 9, 9])  # W of shape (3, 2), then b
    >>> d = random_direction(network, theta, seed=1)
    >>> np.linalg.norm(d[:6].reshape(3, 2), axis=0).round(6).tolist(), d[6:].tolist()
    ([1.0, 2.0], [0.0, 0.0])
    """
    layers = layers_of(layers)
    theta = of_dim("θ", theta, layers.size)
    check_seed(seed)
    if normalize is not None and normalize not in NORMALIZATIONS:
        raise ValueError(f"normalize must be 'filter', 'layer', 'whole' or None, got {told(normalize)}")
    drawn = np.random.default_rng([seed, OWN]).normal(size=layers.size)
    if layers.has_matrices:
        drawn, theta = layers.matrices(drawn), layers.matrices(theta)
    if normalize == "whole":
        return drawn * ratio(theta, drawn, None)
    axis = {"filter": 0, "layer": None}

    def scaled(layer: Layer, part: np.ndarray, own: np.ndarray) -> np.ndarray:
        return part * ratio(own, part, axis[str(normalize)] if layer.is_matrix else None)

    return drawn if normalize is None else layers.each(scaled, drawn, theta)


def ratio(own: np.ndarray, drawn: np.ndarray, axis: int | None) -> np.ndarray:
    """|θ_u| / |d_u| of each part; 0 where nothing was drawn."""
    length = np.linalg.norm(drawn, axis=axis)
    return np.linalg.norm(own, axis=axis) / np.where(length == 0, 1, length)


def layers_of(thing: Any) -> Layers:
    layers = getattr(thing, "layout", None) or getattr(thing, "layers", None) or thing
    if not isinstance(layers, Layers):
        raise ValueError(f"the layers must be those of a network or of a loss, got {told(thing)}")
    return layers


def rescaled(network: Network, theta: Any, c: float, layer: int = 1) -> np.ndarray:
    r"""The same function with other weights, shape (d,), for a network of ReLUs (Dinh et al. 2017).

    .. math:: W_l \leftarrow c\,W_l, \quad b_l \leftarrow c\,b_l, \quad W_{l+1} \leftarrow W_{l+1}/c

    for max(cz, 0) = c max(z, 0) for c > 0. The Hessian is another one, and so is every measure of flatness that
    depends on it alone.

    Parameters
    ----------
    network : with ReLU and at least one hidden layer
    theta : θ, shape (d,)
    c : the factor, > 0
    layer : l, the hidden layer whose units grow by c, from 1 to the number of hidden layers

    >>> network, x = Network((3, 4, 2)), np.eye(3)
    >>> theta = network.init(0)
    >>> bool(np.allclose(network.forward(theta, x)[-1], network.forward(rescaled(network, theta, 8.0), x)[-1]))
    True
    """
    if not isinstance(network, Network) or network.activation != "relu" or len(network.sizes) < 3:
        raise ValueError(f"only networks of ReLUs with a hidden layer can be rescaled, got {told(network)}")
    c = FACTOR.check_one(c)
    check_whole("the layer", layer, 1, len(network.sizes) - 2)
    theta = of_dim("θ", theta, network.size).copy()
    (W, b), (after, _) = network.layers(theta)[layer - 1 : layer + 1]
    W *= c
    b *= c
    after /= c
    return theta
