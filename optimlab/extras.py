"""What is needed beyond numpy: imported when it is first used, or one sentence that says how to install it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["needed"]

PACKAGES = {"sklearn": "scikit-learn"}
"""Where a package is not called as the module that it brings."""


def needed(extra: str, what: str, *modules: str, remedy: str = "") -> ModuleType:
    """Import all of the modules and return the first, or raise an `ImportError` that names those not installed.

    Parameters
    ----------
    extra : the extra of optimlab that brings them
    what : who needs them, and the verb, as in "the labs need"
    modules : their names
    remedy : what else can be done, after the ``pip install`` line
    """
    found, missing = [], []
    for module in modules:
        root = module.partition(".")[0]
        try:
            found.append(import_module(module))
        except ModuleNotFoundError as error:
            if error.name != root:  # it is here, but something that it needs itself is not
                raise
            missing.append(PACKAGES.get(root, root))
    if missing:
        names = " and ".join(filter(None, [", ".join(missing[:-1]), missing[-1]]))
        raise ImportError(f"{what} {names}: pip install 'optimlab[{extra}]'{remedy}")
    return found[0]
