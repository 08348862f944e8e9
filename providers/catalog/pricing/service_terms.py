"""What placing has to know of one service: one row, no model instances. Called by orders.placing."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from panel.lib.money import from_micro
from providers.catalog.pricing.customer_rates import discount_of
from providers.catalog.pricing.rates import OwnRate, rate_for_customer
from providers.models import Provider

LARGEST_ID = 2**63 - 1
_EXCHANGE_RATE: Any = Provider._meta.get_field("exchange_rate")

# In plain SQL, since every order waits for it: for three joined models the ORM takes as long as all that is written.
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
class Sale:
    """A service that a customer can buy now, at that customer's rate.

    `rate` and `cost` are in the shop's currency, `upstream_rate` in the provider's, each per 1000 or per package. One
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
        """Whether it would be sold at a loss that staff did not allow."""
        return self.rate < self.cost and not self.allow_below_cost


def sale_of(*, service_id: int, customer_id: int) -> Sale | None:
    """The service as it is sold to that customer now, or None where it is not. One query."""
    if not 0 < service_id <= LARGEST_ID:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_SALE, [customer_id, service_id])
        row = cursor.fetchone()
    if row is None:
        return None
    (
        pk,
        kind,
        least,
        most,
        dripfeed,
        below_cost,
        rate,
        cost,
        provider_id,
        external_id,
        *upstream,
        discount,
        own,
        fixed,
    ) = row
    upstream_rate, currency, exchange = upstream
    cost = from_micro(cost)
    rate = rate_for_customer(
        rate=from_micro(rate),
        cost=cost,
        allow_below_cost=bool(below_cost),
        discount_percent=discount_of(discount),
        own=None if own is None else OwnRate(from_micro(own), bool(fixed)),
        least_margin_percent=settings.MINIMUM_MARGIN_PERCENT,
    )
    return Sale(
        service_id=pk,
        type=kind,
        min=least,
        max=most,
        dripfeed=bool(dripfeed),
        allow_below_cost=bool(below_cost),
        rate=rate,
        cost=cost,
        provider_id=provider_id,
        external_id=external_id,
        upstream_rate=from_micro(upstream_rate),
        provider_currency=currency,
        exchange_rate=Decimal(exchange).scaleb(-_EXCHANGE_RATE.places),
    )
