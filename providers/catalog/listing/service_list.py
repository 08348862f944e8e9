"""The services of the catalog as plain values, at the rates of a customer's `terms`.

Called by the order form, the price list, the API and the commands.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet

from panel.web.formatting import duration_text
from providers.catalog.models import Category, Service
from providers.catalog.pricing.rates import PER_PACKAGE, SHOP_TERMS, Terms

FOR_SALE = Q(is_enabled=True, is_available=True)
MAX_SEARCH_WORDS = 8


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """A category and the number of its services for sale."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """A service of the catalog. `cost` and `rate` are per 1,000 or per package, in the shop's currency.

    `reason` is why it cannot be sold, or empty. `description` is empty unless it was requested.
    """

    id: int
    provider: str
    provider_service: str
    name: str
    type: str
    category_id: int
    category: str
    cost: Decimal
    rate: Decimal
    min: int
    max: int
    refill: bool
    cancel: bool
    dripfeed: bool
    provider_average_time: str
    measured_seconds: int | None
    is_enabled: bool
    is_available: bool
    reason: str
    allow_below_cost: bool
    description: str = ""

    @property
    def average_time(self) -> str:
        """How long an order takes: measured from recent orders, else as the provider states it, else empty."""
        return self.provider_average_time if self.measured_seconds is None else duration_text(self.measured_seconds)

    @property
    def is_for_sale(self) -> bool:
        return self.is_enabled and self.is_available

    @property
    def is_per_package(self) -> bool:
        """Whether `rate` is the price of one package instead of 1,000 units."""
        return self.type in PER_PACKAGE


COLUMNS = (
    "id",
    "provider__name",
    "upstream__external_id",
    "name",
    "type",
    "category_id",
    "category__name",
    "cost",
    "rate",
    "min",
    "max",
    "refill",
    "cancel",
    "dripfeed",
    "average_time",
    "measured_seconds",
    "is_enabled",
    "is_available",
    "unavailable_reason",
    "allow_below_cost",
)


def categories_for_sale() -> list[CategoryCount]:
    """The categories that have services for sale, in the shop's order."""
    counted = Category.objects.annotate(
        count=Count("services", filter=Q(services__is_enabled=True, services__is_available=True))
    )
    rows = counted.filter(count__gt=0).order_by("position", "name").values_list("pk", "name", "count")
    return [CategoryCount(*row) for row in rows]


def services_for_sale(
    *,
    terms: Terms,
    category_id: int | None = None,
    search: str = "",
    limit: int | None = None,
    with_descriptions: bool = False,
) -> list[ServiceLine]:
    """The services for sale, in the shop's order; of one category, and matching `search`, where given."""
    rows = _matching(Service.objects.filter(FOR_SALE), search)
    if category_id is not None:
        rows = rows.filter(category_id=category_id)
    columns = (*COLUMNS, "description") if with_descriptions else COLUMNS
    return [_line(row, terms) for row in rows.values_list(*columns)[:limit]]


def catalog_page(
    *,
    terms: Terms,
    number: str | None,
    rows: int,
    category_ids: Collection[int] | None = None,
    search: str = "",
    only: Collection[int] | None = None,
) -> Page[ServiceLine]:
    """A page of the services for sale, in the shop's order; `only` these services where given.

    Two queries. An invalid page number means page 1.
    """
    found = _matching(Service.objects.filter(FOR_SALE), search)
    if only is not None:
        found = found.filter(pk__in=only)
    if category_ids is not None:
        found = found.filter(category_id__in=category_ids)
    page: Page[Any] = Paginator(found, rows).get_page(number)
    rows_shown: Any = page.object_list
    page.object_list = [_line(row, terms) for row in rows_shown.values_list(*COLUMNS)]
    return page


def all_services(*, search: str = "") -> list[ServiceLine]:
    """All services for staff, also those that are disabled or unavailable, with the reason."""
    return [ServiceLine(*row) for row in _matching(Service.objects.all(), search).values_list(*COLUMNS)]


def services_by_id(*, terms: Terms, ids: Collection[int]) -> list[ServiceLine]:
    """Those of these services that are for sale, in the shop's order."""
    rows = Service.objects.filter(FOR_SALE, pk__in=ids).values_list(*COLUMNS)
    return [_line(row, terms) for row in rows]


def service_for_sale(*, terms: Terms, service_id: int) -> ServiceLine | None:
    """One service with its description, or None if it is not for sale."""
    row = Service.objects.filter(FOR_SALE, pk=service_id).values_list(*COLUMNS, "description").first()
    return None if row is None else _line(row, terms)


def _line(row: tuple[Any, ...], terms: Terms) -> ServiceLine:
    line = ServiceLine(*row)
    if terms is SHOP_TERMS:
        return line
    rate = terms.rate_of(service_id=line.id, rate=line.rate, cost=line.cost, allow_below_cost=line.allow_below_cost)
    return line if rate == line.rate else replace(line, rate=rate)


def _matching(rows: QuerySet[Service], search: str) -> QuerySet[Service]:
    """Services with every word of `search` in their name or category, or as their ID."""
    for word in search.split()[:MAX_SEARCH_WORDS]:
        found = Q(name__icontains=word) | Q(category__name__icontains=word)
        rows = rows.filter(found | Q(pk=int(word)) if re.fullmatch("[0-9]{1,18}", word) else found)
    return rows
