"""The service list of the API as JSON, built once for each version of the catalog and of a customer's terms."""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from panel.lib.money import plain
from providers.catalog.listing.cache import CatalogCache
from providers.catalog.listing.service_list import ServiceLine, services_for_sale
from providers.catalog.pricing.rates import Terms


@dataclass(frozen=True, slots=True)
class Prebuilt:
    """A response that is built already: JSON in UTF-8, and the same compressed with gzip."""

    body: bytes
    compressed: bytes


def _build(terms: Terms) -> Prebuilt:
    rows = [_row(line) for line in services_for_sale(terms=terms, with_descriptions=True)]
    body = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    return Prebuilt(body, gzip.compress(body, mtime=0))


def _row(line: ServiceLine) -> dict[str, Any]:
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


kept: CatalogCache[Prebuilt] = CatalogCache()


def services_list(*, terms: Terms) -> Prebuilt:
    """The list as the shelf is now, at these terms: one small query where it did not change."""
    return kept.get(terms.version, lambda: _build(terms))
