"""What is built from the whole shelf, kept while the shelf's version stays: for lists that are dear to build."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connection

MAX_AGE_SECONDS = 60
"""What is kept is built anew after this, should someone have changed the shelf without saying so."""
MAX_VARIANTS = 16
"""Of how many variants one list is kept: the shop's own, and those of the customers with own terms who asked last."""

T = TypeVar("T")


def catalog_version() -> str | None:
    """What changes with everything that customers see; None where nothing was put up by the shelf's own doors."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM catalog_catalogversion WHERE id = 1")
        row = cursor.fetchone()
    return None if row is None else str(row[0])


class CatalogCache(Generic[T]):
    """`get` gives what was built of the shelf as it is now: one small query where it did not change."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float, T]] = {}
        self._building = threading.Lock()

    def get(self, variant: str, build: Callable[[], T]) -> T:
        """That variant as the shelf is now; built once, however many ask at the same time."""
        version = catalog_version()
        if version is None:  # nothing to check what is kept against
            return build()
        if found := self._fitting(variant, version):
            return found[0]
        with self._building:
            if found := self._fitting(variant, version):
                return found[0]
            made = build()
            self._keep(variant, version, made)
            return made

    def forget(self) -> None:
        """Drop what is kept."""
        with self._building:
            self._kept = {}

    def _fitting(self, variant: str, version: str) -> list[T]:
        found = self._kept.get(variant)
        if found is None or found[0] != version or time.monotonic() - found[1] >= MAX_AGE_SECONDS:
            return []
        return [found[2]]

    def _keep(self, variant: str, version: str, made: T) -> None:
        others = {name: kept for name, kept in self._kept.items() if name != variant and kept[0] == version}
        newest = sorted(others, key=lambda name: others[name][1])[-(MAX_VARIANTS - 1) :]
        self._kept = {name: others[name] for name in newest} | {variant: (version, time.monotonic(), made)}
