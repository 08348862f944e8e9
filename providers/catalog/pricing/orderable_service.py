"""What placing an order needs to know of one service, read with one query. Called by orders.placing."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from panel.lib.money import from_micro
from providers.catalog.pricing.customer_rates import discount_from_column
from providers.catalog.pricing.rates import OwnRate, rate_for_customer
from providers.models import Provider

MAX_ID = 2**63 - 1
_EXCHANGE_RATE: Any = Provider._meta.get_field("exchange_rate")

# Plain SQL, since every order waits for it: the ORM would take as long for this read as for all writes of an order.
_SALE = """
SELECT service.id, service.type, service.min, service.max, service.dripfeed, service.allow_below_cost, service.rate,
    service.cost, service.provider_id, upstream.external_id, upstream.rate, provider.currency, provider.exchange_rate,
    terms.discount_percent, own.rate, own.is_fixed
FROM catalog_service service
JOIN providers_upstreamservice upstream ON upstream.id = service.upstream_id
JOIN providers_provider provider ON provider.id = service.provider_id
LEFT JOIN catalog_customerterms terms ON terms.customer_id = %s
LEFT JOIN catalog_customerrate own ON own.terms_id = terms.id AND own.service_id = service.id
WHERE service.id = %s AND service.is_enabled AND service.is_available
"""


@dataclass(frozen=True, slots=True)
class OrderableService:
    """A service that a customer can order now, at that customer's rate.

    `rate` and `cost` are in the shop's currency, `upstream_rate` in the provider's, each per 1,000 or per package. One
    unit of the provider's currency is `exchange_rate` of the shop's.
    """

    service_id: int
    type: str
    min: int
    max: int
    dripfeed: bool
    allow_below_cost: bool
    rate: Decimal
    cost: Decimal
    provider_id: int
    external_id: str
    upstream_rate: Decimal
    provider_currency: str
    exchange_rate: Decimal

    @property
    def is_below_cost(self) -> bool:
        """Whether the service would be sold at a loss without permission."""
        return self.rate < self.cost and not self.allow_below_cost


class _Row(NamedTuple):
    """The row as the query selects it: amounts in millionths, switches as the database keeps them."""

    id: int
    type: str
    min: int
    max: int
    dripfeed: int
    allow_below_cost: int
    rate: int
    cost: int
    provider_id: int
    external_id: str
    upstream_rate: int
    currency: str
    exchange_rate: int
    discount_percent: int | None
    own_rate: int | None
    own_is_fixed: int | None


def orderable_service(*, service_id: int, customer_id: int) -> OrderableService | None:
    """The service for that customer, or None if it cannot be ordered now. One query."""
    if not 0 < service_id <= MAX_ID:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SALE, [customer_id, service_id])
        row = cursor.fetchone()
    return None if row is None else _sale(_Row._make(row))


def _sale(row: _Row) -> OrderableService:
    return OrderableService(
        service_id=row.id,
        type=row.type,
        min=row.min,
        max=row.max,
        dripfeed=bool(row.dripfeed),
        allow_below_cost=bool(row.allow_below_cost),
        rate=_rate(row),
        cost=from_micro(row.cost),
        provider_id=row.provider_id,
        external_id=row.external_id,
        upstream_rate=from_micro(row.upstream_rate),
        provider_currency=row.currency,
        exchange_rate=Decimal(row.exchange_rate).scaleb(-_EXCHANGE_RATE.places),
    )


def _rate(row: _Row) -> Decimal:
    """The customer's rate: the shop's, less the discount, or the customer's own."""
    return rate_for_customer(
        rate=from_micro(row.rate),
        cost=from_micro(row.cost),
        allow_below_cost=bool(row.allow_below_cost),
        discount_percent=discount_from_column(row.discount_percent),
        own=None if row.own_rate is None else OwnRate(from_micro(row.own_rate), bool(row.own_is_fixed)),
        min_margin_percent=settings.MINIMUM_MARGIN_PERCENT,
    )
