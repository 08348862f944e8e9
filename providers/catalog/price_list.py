"""The whole price list as one compressed JSON text, built once for each version of the shelf. Called by its page.

{"currency": "USD", "categories": [{"id": 3, "name": "Instagram Followers", "services": [
    {"id": 17, "name": …, "type": "Default", "rate": "0.9", "min": 50, "max": 10000,
     "refill": true, "cancel": true, "dripfeed": false, "average_time": "1 hour"}, …]}, …]}
"""

import gzip
import hashlib
import json
import threading
import time
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from django.conf import settings

from panel.lib.money import plain
from providers.catalog.listing import ServiceLine, services_for_sale
from providers.catalog.models import Shelf

SHOWN = ("id", "name", "type", "min", "max", "refill", "cancel", "dripfeed", "average_time")
OLDEST_SECONDS = 60
"""A kept list is built anew after this, should someone have changed the shelf without saying so."""


class PriceList(NamedTuple):
    """`body` is gzip of JSON in UTF-8; `etag` names its content, quoted as in the header."""

    etag: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    built: float
    prices: PriceList


_kept: list[_Kept] = []
_building = threading.Lock()


def price_list() -> PriceList:
    """The list as the shelf is now: one small query where it did not change."""
    version = shelf_version()
    if version is None:  # nothing was ever put up through the shelf's own doors: nothing to check a kept list against
        return _build()
    if (kept := _fitting(version)) is not None:
        return kept
    with _building:
        if (kept := _fitting(version)) is not None:
            return kept
        prices = _build()
        _kept[:] = [_Kept(version, time.monotonic(), prices)]
        return prices


def shelf_version() -> str | None:
    """What changes with everything that customers see; None where nothing was put up by the shelf's own doors."""
    return Shelf.objects.filter(pk=1).values_list("version", flat=True).first()


def _fitting(version: str) -> PriceList | None:
    for kept in _kept:
        if kept.version == version and time.monotonic() - kept.built < OLDEST_SECONDS:
            return kept.prices
    return None


def _build() -> PriceList:
    categories = [
        {"id": category_id, "name": name, "services": [_shown(line) for line in lines]}
        for (category_id, name), lines in groupby(
            services_for_sale(), key=lambda line: (line.category_id, line.category)
        )
    ]
    content = {"currency": settings.CURRENCY, "categories": categories}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return PriceList(etag=f'"{hashlib.sha256(text).hexdigest()[:32]}"', body=gzip.compress(text, mtime=0))


def _shown(line: ServiceLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in SHOWN} | {"rate": plain(line.rate)}
