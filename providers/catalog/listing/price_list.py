"""The whole price list as one compressed JSON text, built once for each catalog version and each customer's terms.

Called by its page:

{"currency": "USD", "categories": [{"id": 3, "name": "Instagram Followers", "services": [
    {"id": 17, "name": …, "type": "Default", "rate": "0.9", "min": 50, "max": 10000,
     "refill": true, "cancel": true, "dripfeed": false, "average_time": "1 hour"}, …]}, …]}
"""

import gzip
import hashlib
import json
from itertools import groupby
from typing import Any, NamedTuple

from django.conf import settings

from panel.lib.money import plain
from providers.catalog.listing.cache import CatalogCache
from providers.catalog.listing.service_list import ServiceLine, services_for_sale
from providers.catalog.pricing.rates import Terms

PUBLIC_FIELDS = ("id", "name", "type", "min", "max", "refill", "cancel", "dripfeed", "average_time")


class PriceList(NamedTuple):
    """`body` is gzip of JSON in UTF-8; `etag` names its content, quoted as in the header."""

    etag: str
    body: bytes


def _build(terms: Terms) -> PriceList:
    categories = [
        {"id": category_id, "name": name, "services": [_public_fields(line) for line in lines]}
        for (category_id, name), lines in groupby(
            services_for_sale(terms=terms), key=lambda line: (line.category_id, line.category)
        )
    ]
    content = {"currency": settings.CURRENCY, "categories": categories}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return PriceList(etag=f'"{hashlib.sha256(text).hexdigest()[:32]}"', body=gzip.compress(text, mtime=0))


def _public_fields(line: ServiceLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in PUBLIC_FIELDS} | {"rate": plain(line.rate)}


_kept: CatalogCache[PriceList] = CatalogCache()


def price_list(*, terms: Terms) -> PriceList:
    """The current price list for these terms. One small query if it is cached."""
    return _kept.get(terms.version, lambda: _build(terms))
