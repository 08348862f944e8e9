"""The table of service types, and what agrees with it."""

from orders.rules.service_types import SERVICE_TYPES
from providers.catalog.pricing.rates import PER_PACKAGE
from providers.catalog.publishing.derived_fields import SOLD_TYPES


def test_the_shelf_sells_what_can_be_ordered() -> None:
    assert frozenset(SERVICE_TYPES) == SOLD_TYPES


def test_the_shelf_prices_packages_as_they_are_charged() -> None:
    assert {name for name, kind in SERVICE_TYPES.items() if kind.is_per_package} == PER_PACKAGE & SOLD_TYPES
