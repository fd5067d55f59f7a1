"""Matrix products on one thread: for networks as small as ours, a second one costs more than it helps."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

from .extras import needed

__all__ = ["ONE_THREAD"]


class OneThread:
    """A context. A lab may train while a cell does: the first one in sets the limit, the last one out takes it back."""

    def __init__(self) -> None:
        self.users, self.turn = 0, Lock()
        self.limit: Any = None

    def __enter__(self) -> None:
        libraries = blas_libraries()
        with self.turn:
            self.users += 1
            if self.users == 1:
                self.limit = libraries.limit(limits=1, user_api="blas")

    def __exit__(self, *trouble: object) -> None:
        with self.turn:
            self.users -= 1
            if self.users == 0:
                self.limit.restore_original_limits()


ONE_THREAD = OneThread()


@cache
def blas_libraries() -> Any:
    return needed("data", "training needs", "threadpoolctl").ThreadpoolController()
