"""The list of services as programs read it: JSON built once for each version of the shelf, kept compressed."""

import gzip
import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from panel.lib.money import plain
from providers.catalog.listing import ServiceLine, services_for_sale
from providers.catalog.models import Shelf

OLDEST_SECONDS = 60
"""A kept list is built anew after this, should someone have changed the shelf without saying so."""


@dataclass(frozen=True, slots=True)
class Prebuilt:
    """An answer that is written already: JSON in UTF-8, and the same compressed with gzip."""

    body: bytes
    compressed: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    built: float
    answer: Prebuilt


_kept: list[_Kept] = []
_building = threading.Lock()


def services_list() -> Prebuilt:
    """The list as the shelf is now: one small query where it did not change."""
    version = Shelf.objects.filter(pk=1).values_list("version", flat=True).first()
    if version is None:  # nothing was ever put up through the shelf's own doors: nothing to check a kept list against
        return _build()
    if (found := _fitting(version)) is not None:
        return found
    with _building:
        if (found := _fitting(version)) is not None:
            return found
        answer = _build()
        _kept[:] = [_Kept(version, time.monotonic(), answer)]
        return answer


def forget() -> None:
    """Drop what is kept."""
    _kept.clear()


def _fitting(version: str) -> Prebuilt | None:
    for kept in _kept:
        if kept.version == version and time.monotonic() - kept.built < OLDEST_SECONDS:
            return kept.answer
    return None


def _build() -> Prebuilt:
    rows = [_shown(line) for line in services_for_sale(with_descriptions=True)]
    body = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return Prebuilt(body, gzip.compress(body, mtime=0))


def _shown(line: ServiceLine) -> dict[str, Any]:
    return {
        "service": line.id,
        "name": line.name,
        "type": line.type,
        "category": line.category,
        "rate": plain(line.rate),
        "min": str(line.min),
        "max": str(line.max),
        "refill": line.refill,
        "cancel": line.cancel,
        "dripfeed": line.dripfeed,
        "desc": line.description,
        "average_time": line.average_time,
    }
