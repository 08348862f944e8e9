"""The table of service types, and what agrees with it."""

from orders.kinds import KINDS
from providers.catalog.derive import SOLD_TYPES
from providers.catalog.pricing import PER_PACKAGE


def test_the_shelf_sells_what_can_be_ordered() -> None:
    assert frozenset(KINDS) == SOLD_TYPES


def test_the_shelf_prices_packages_as_they_are_charged() -> None:
    assert {name for name, kind in KINDS.items() if kind.is_per_package} == PER_PACKAGE & SOLD_TYPES
