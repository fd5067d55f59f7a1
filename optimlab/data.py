"""Examples to learn from: `Data` for classification, and handwritten digits. The data sets are scikit-learn's.

They come with scikit-learn, nothing is downloaded. Regression problems on data are in `optimlab.problems`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .checks import check_numbers, check_seed, check_whole, told
from .extras import needed

__all__ = ["Data", "digits"]


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

    def __post_init__(self) -> None:
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


def from_sklearn(loader: str, **options: Any) -> Any:
    """What one of scikit-learn's loaders of data sets returns, or an `ImportError` that says how to get it."""
    browser = "; in the browser, run `import sklearn` in a cell of its own instead, then run this cell again"
    return getattr(needed("data", "the data sets need", "sklearn.datasets", remedy=browser), loader)(**options)


def as_array(name: str, values: Any) -> np.ndarray:
    """An array, or a `ValueError` where the rows have different lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must have rows of one length, got {told(values)}") from None
