"""Something built from the whole shelf, kept while the shelf's version stays: for lists that are dear to build."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from providers.catalog.models import Shelf

OLDEST_SECONDS = 60
"""What is kept is built anew after this, should someone have changed the shelf without saying so."""

T = TypeVar("T")


def shelf_version() -> str | None:
    """What changes with everything that customers see; None where nothing was put up by the shelf's own doors."""
    return Shelf.objects.filter(pk=1).values_list("version", flat=True).first()


class KeptByShelf(Generic[T]):
    """`get` gives what `build` made of the shelf as it is now: one small query where it did not change."""

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._kept: list[tuple[str, float, T]] = []
        self._building = threading.Lock()

    def get(self) -> T:
        """As the shelf is now; built once, however many ask at the same time."""
        version = shelf_version()
        if version is None:  # nothing to check what is kept against
            return self._build()
        if found := self._fitting(version):
            return found[0]
        with self._building:
            if found := self._fitting(version):
                return found[0]
            made = self._build()
            self._kept[:] = [(version, time.monotonic(), made)]
            return made

    def forget(self) -> None:
        """Drop what is kept."""
        self._kept.clear()

    def _fitting(self, version: str) -> list[T]:
        return [made for of, built, made in self._kept if of == version and time.monotonic() - built < OLDEST_SECONDS]
