"""What the order page offers to choose from: platforms, their categories, and one page of services."""

from dataclasses import dataclass

from django.core.paginator import Page
from django.http import QueryDict
from django.utils.translation import gettext_noop

from panel.customers.models import User
from panel.web.icons import GENERIC, platform_of
from panel.web.text_input import read_text
from providers.catalog.listing.favorites import favourite_ids
from providers.catalog.listing.service_list import (
    CategoryCount,
    ServiceLine,
    catalog_page,
    categories_for_sale,
    services_by_id,
)
from providers.catalog.pricing.customer_rates import terms_for

PAGE_SIZE = 50
MAX_FAVORITES = 20
MAX_SEARCH_LENGTH = 100
OTHER = gettext_noop("Other")
"""The group of categories whose name has no known platform."""


@dataclass(frozen=True, slots=True)
class CategoryChip:
    """A category to filter by. `label` leaves out the platform's name, which is selected already."""

    id: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Picker:
    """One page of services with its filters: the platforms that have services, and the selected one's categories."""

    platforms: list[str]
    platform: str
    chips: list[CategoryChip]
    category: CategoryCount | None
    search: str
    favorites: list[ServiceLine]
    page: Page[ServiceLine]
    service_id: int | None

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.platform)


def read_picker(query: QueryDict, *, customer: User, service_id: int | None) -> Picker:
    """The picker for the filters in the URL; a platform or category without services is ignored.

    The customer's favorites come first, on the first page without filters.
    """
    by_platform: dict[str, list[CategoryCount]] = {}
    for category in categories_for_sale():
        by_platform.setdefault(_platform(category), []).append(category)
    chosen_id = read_id(query.get("category", ""))
    chosen = next((row for rows in by_platform.values() for row in rows if row.id == chosen_id), None)
    platform = _platform(chosen) if chosen else query.get("platform", "")
    categories = by_platform.get(platform, [])
    search = read_text(query, "q", max_length=MAX_SEARCH_LENGTH)
    selected = [chosen] if chosen else categories
    ids = [row.id for row in selected] if selected else None
    is_plain = not (search or platform or query.get("page"))
    starred = favourite_ids(customer=customer) if is_plain else set()
    terms = terms_for(customer_id=customer.pk)
    return Picker(
        favorites=services_by_id(terms=terms, ids=starred)[:MAX_FAVORITES] if starred else [],
        platforms=sorted(by_platform, key=lambda name: name == OTHER),
        platform=platform if categories else "",
        chips=[CategoryChip(row.id, _label(row.name, platform), row.count) for row in categories],
        category=chosen,
        search=search,
        page=catalog_page(terms=terms, number=query.get("page"), rows=PAGE_SIZE, category_ids=ids, search=search),
        service_id=service_id,
    )


def _platform(category: CategoryCount) -> str:
    platform = platform_of(category.name)
    return OTHER if platform == GENERIC else platform.name


def _label(name: str, platform: str) -> str:
    return name.removeprefix(platform).strip(" -–|:·") or name


def read_id(text: str) -> int | None:
    """The id in a URL or form, or None where the text is no valid id."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if is_number else None
