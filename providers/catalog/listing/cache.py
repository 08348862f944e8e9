"""A cache for lists that are built from the whole catalog: valid while the catalog's version stays the same."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connection

MAX_AGE_SECONDS = 60
"""Cached lists are rebuilt after this, in case the catalog was changed without a new version."""
MAX_VARIANTS = 16
"""Cached variants of one list: the shop's own, and those of the latest customers with own prices."""

T = TypeVar("T")


def catalog_version() -> str | None:
    """The version, which changes with everything that customers see; None while nothing was published."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM catalog_catalogversion WHERE id = 1")
        row = cursor.fetchone()
    return None if row is None else str(row[0])


class CatalogCache(Generic[T]):
    """Holds what was built for each variant. A hit costs one small query."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, float, T]] = {}
        self._building = threading.Lock()

    def get(self, variant: str, build: Callable[[], T]) -> T:
        """The variant for the catalog as it is now; built once, however many threads ask at the same time."""
        version = catalog_version()
        if version is None:  # nothing to compare a cached value with
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
        """Empty the cache."""
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
