"""Customers' own terms: read for whoever buys or looks at prices, renewed when staff change them."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from providers.catalog.models import CustomerRate, CustomerTerms, new_version
from providers.catalog.pricing.rates import SHOP_TERMS, OwnRate, Terms

DISCOUNT: Any = CustomerTerms._meta.get_field("discount_percent")


def terms_for(*, customer_id: int | None) -> Terms:
    """What the customer pays; the shop's terms for nobody. One query, and a second for who has terms of their own."""
    if customer_id is None:
        return SHOP_TERMS
    with connection.cursor() as cursor:  # in plain SQL, since nearly everybody has none, and every call asks
        cursor.execute(
            "SELECT id, discount_percent, version FROM catalog_customerterms WHERE customer_id = %s", [customer_id]
        )
        found = cursor.fetchone()
    if found is None:
        return SHOP_TERMS
    pk, discount, version = found
    rates = CustomerRate.objects.filter(terms=pk).values_list("service", "rate", "is_fixed")
    return Terms(
        discount_percent=discount_from_column(discount),
        own_rates={service: OwnRate(rate, is_fixed) for service, rate, is_fixed in rates},
        min_margin_percent=settings.MINIMUM_MARGIN_PERCENT,
        version=version,
    )


def discount_from_column(stored: int | None) -> Decimal:
    """The per cent of a discount as the database holds it."""
    return Decimal(stored or 0).scaleb(-DISCOUNT.places)


def change_terms_version(*, terms: CustomerTerms) -> None:
    """Call it in the transaction that changed them: what is kept of the old terms is not shown again."""
    CustomerTerms.objects.filter(pk=terms.pk).update(version=new_version())
