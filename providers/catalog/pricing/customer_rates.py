"""Customers' own prices: read for orders and price lists, with a new version when staff change them."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection

from providers.catalog.models import CustomerRate, CustomerTerms, new_version
from providers.catalog.pricing.rates import SHOP_TERMS, OwnRate, Terms

DISCOUNT: Any = CustomerTerms._meta.get_field("discount_percent")


def terms_for(*, customer_id: int | None) -> Terms:
    """The customer's terms, or the shop's without a customer. One query, two for customers with own prices."""
    if customer_id is None:
        return SHOP_TERMS
    with connection.cursor() as cursor:  # plain SQL: most customers have none, and every API call asks
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
    """The discount in percent from the integer that the database stores."""
    return Decimal(stored or 0).scaleb(-DISCOUNT.places)


def change_terms_version(*, terms: CustomerTerms) -> None:
    """Give the terms a new version, so that caches of the old ones end. Call it in the transaction of the change."""
    CustomerTerms.objects.filter(pk=terms.pk).update(version=new_version())
