"""Customers' own terms: read for whoever buys or looks at prices, renewed when staff change them."""

from providers.catalog.models import CustomerRate, CustomerTerms, new_version
from providers.catalog.pricing import SHOP_TERMS, Terms


def terms_of(*, customer_id: int | None) -> Terms:
    """What the customer pays; the shop's terms for nobody. One query, and a second for who has terms of their own."""
    if customer_id is None:
        return SHOP_TERMS
    found = CustomerTerms.objects.filter(customer=customer_id).values_list("pk", "discount_percent", "version").first()
    if found is None:
        return SHOP_TERMS
    pk, discount, version = found
    rates = CustomerRate.objects.filter(terms=pk).values_list("service", "rate")
    return Terms(discount_percent=discount, own_rates=dict(rates), version=version)


def renew_terms(*, terms: CustomerTerms) -> None:
    """Call it in the transaction that changed them: what is kept of the old terms is not shown again."""
    CustomerTerms.objects.filter(pk=terms.pk).update(version=new_version())
