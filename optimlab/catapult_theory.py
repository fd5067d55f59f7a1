r"""What theory knows of gradient descent on L = ½(xy−1)²: how sharp it is, what a flow keeps, which η is too large.

With the error r = xy − 1, a step is x ← x − ηry, y ← y − ηrx. Two things follow by arithmetic:

- x² − y² ← (x² − y²)(1 − η²r²). The gradient flow (η → 0) keeps it; a step that is long for its error does not.
- The ellipse x² + y² − η(xy−1) = 4/η is mapped into itself. Almost every start inside comes to rest while η < 1, and
  almost every one outside diverges.

Each function takes arrays, which broadcast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import check_numbers, told
from .tape import as_symbolic

__all__ = ["border", "flow_sharpness", "largest_rate", "sharpness", "shrinkage"]


def coordinate(value: Any, symbol: str) -> Any:
    """The value as an array, or a `ValueError` that names it; a symbolic number as it is."""
    return check_numbers(value, f"{symbol} must be a number")


def rate(eta: Any, allowed: str, most: float) -> Any:
    """η as an array, or a `ValueError` that says which are allowed."""
    if as_symbolic(eta) is not None:
        return eta
    numbers = check_numbers(eta, f"the learning rate η must be {allowed}")
    if not np.all((numbers > 0) & (numbers < most)):
        raise ValueError(f"the learning rate η must be {allowed}, got {told(eta)}")
    return numbers


def sharpness(x: Any, y: Any) -> Any:
    r"""The largest eigenvalue of the Hessian of ½(xy−1)².

    .. math:: \lambda = \tfrac12\Bigl(x^2+y^2 + \sqrt{(x^2-y^2)^2 + 4(2xy-1)^2}\Bigr)

    On the minima, where xy = 1, that is x² + y², the squared distance from the origin: 2 at (±1, ±1), more elsewhere.

    Parameters
    ----------
    x, y : any numbers

    >>> float(sharpness(4.0, 0.25)), float(sharpness(1.0, 1.0))
    (16.0625, 2.0)
    """
    x, y = coordinate(x, "x"), coordinate(y, "y")
    return 0.5 * (x * x + y * y + np.sqrt((x * x - y * y) ** 2 + 4 * (2 * x * y - 1) ** 2))


def flow_sharpness(x: Any, y: Any) -> Any:
    r"""The sharpness of the minimum to which the gradient flow leads from (x, y).

    .. math:: \sqrt{(x^2-y^2)^2 + 4}

    The flow keeps x² − y² (Saxe, McClelland & Ganguli 2014, of deep linear networks), and at a minimum (x²+y²)² is
    (x²−y²)² + 4x²y², with xy = 1.

    Parameters
    ----------
    x, y : any numbers, but x = −y, from where the flow leads to the saddle at 0

    >>> round(float(flow_sharpness(4.0, 0.25)), 4)
    16.0625
    """
    x, y = coordinate(x, "x"), coordinate(y, "y")
    return np.sqrt((x * x - y * y) ** 2 + 4)


def shrinkage(x: Any, y: Any, eta: Any) -> Any:
    r"""By which factor one step of gradient descent from (x, y) changes x² − y².

    .. math:: 1 - \eta^2 (xy-1)^2

    Below 0, which takes η|r| > 1, the other weight becomes the larger one; below −1, that is for η|r| > √2, x² − y²
    grows.

    Parameters
    ----------
    x, y : any numbers
    eta : η > 0

    >>> round(float(shrinkage(4.0, 0.5, 0.2)), 4)
    0.96
    """
    x, y = coordinate(x, "x"), coordinate(y, "y")
    return 1 - (rate(eta, "a number above 0", np.inf) * (x * y - 1)) ** 2


def largest_rate(x: Any, y: Any) -> Any:
    r"""The learning rate from which on gradient descent from (x, y) does not come to rest.

    .. math:: \min\Bigl(1,\ \frac{8}{S + \sqrt{S^2 - 16\,(xy-1)}}\Bigr), \quad S = x^2 + y^2

    An exact critical step is due to Liang & Montúfar (2025); this form is where the ellipse of `border` goes through
    (x, y), and bisection agrees with it; for large S it is close to 4/S, and to 4/λ
    (Lewkowycz et al. 2020). From η = 1 = 2/2 on not even the flattest minima are stable. A start that is a minimum, or
    is led into one or into the saddle exactly, is not meant.

    Parameters
    ----------
    x, y : any numbers

    >>> round(float(largest_rate(4.0, 0.3)), 4), float(largest_rate(1.5, 1.5))
    (0.2494, 1.0)
    """
    x, y = coordinate(x, "x"), coordinate(y, "y")
    size = x * x + y * y
    return np.minimum(1.0, 8 / (size + np.sqrt(np.maximum(size**2 - 16 * (x * y - 1), 0.0))))


def border(eta: Any, angle: Any) -> tuple[Any, Any]:
    r"""x and y of a point of the ellipse inside which gradient descent comes to rest while η < 1.

    .. math:: x^2 + y^2 - \eta\,(xy-1) = \frac4\eta

    Its axes are the diagonals of the plane: (1 − η/2) p² + (1 + η/2) q² = 4/η − η, with p = (x+y)/√2, q = (x−y)/√2.

    Parameters
    ----------
    eta : η in (0, 2); from 1 on a descent stays inside, but does not come to rest
    angle : the direction, in radians, 0 along p

    >>> x, y = border(0.5, 0.3)
    >>> round(float(x**2 + y**2 - 0.5 * (x * y - 1)), 6)
    8.0
    """
    eta = rate(eta, "a number in (0, 2)", 2.0)
    angle = coordinate(angle, "the angle")
    level = 4 / eta - eta
    p = np.sqrt(level / (1 - eta / 2)) * np.cos(angle)
    q = np.sqrt(level / (1 + eta / 2)) * np.sin(angle)
    return (p + q) / np.sqrt(2.0), (p - q) / np.sqrt(2.0)
