"""What the order page offers to choose from: platforms, their categories, and one page of services."""

from dataclasses import dataclass

from django.core.paginator import Page
from django.http import QueryDict

from panel.customers.models import User
from panel.web.icons import GENERIC, platform_of
from panel.web.text_input import read_words
from providers.catalog.listing.favorites import favourite_ids
from providers.catalog.listing.service_list import (
    CategoryCount,
    ServiceLine,
    catalog_page,
    categories_for_sale,
    services_by_id,
)
from providers.catalog.pricing.customer_rates import terms_for

ROWS = 50
FAVOURITES = 20
LONGEST_SEARCH = 100
OTHER = "Other"
"""What categories are filed under that speak of no platform we know."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A category to choose: `label` leaves out the platform's name, which is chosen already."""

    id: int
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Picker:
    """`platforms` are those with something for sale, the rest last; `chips` the chosen one's categories."""

    platforms: list[str]
    platform: str
    chips: list[Chip]
    category: CategoryCount | None
    search: str
    favourites: list[ServiceLine]
    page: Page[ServiceLine]
    service_id: int | None

    @property
    def is_filtered(self) -> bool:
        return bool(self.search or self.platform)


def read_picker(query: QueryDict, *, customer: User, service_id: int | None) -> Picker:
    """The picker as the address asks for it. What an address names and the shelf does not have is left out.

    The customer's favourites stand first, on the first page of a picker that looks for nothing.
    """
    by_platform: dict[str, list[CategoryCount]] = {}
    for category in categories_for_sale():
        by_platform.setdefault(_platform(category), []).append(category)
    chosen_id = read_id(query.get("category", ""))
    chosen = next((row for rows in by_platform.values() for row in rows if row.id == chosen_id), None)
    platform = _platform(chosen) if chosen else query.get("platform", "")
    categories = by_platform.get(platform, [])
    search = read_words(query, "q", longest=LONGEST_SEARCH)
    wanted = [chosen] if chosen else categories
    ids = [row.id for row in wanted] if wanted else None
    is_plain = not (search or platform or query.get("page"))
    starred = favourite_ids(customer=customer) if is_plain else set()
    terms = terms_for(customer_id=customer.pk)
    return Picker(
        favourites=services_by_id(terms=terms, ids=starred)[:FAVOURITES] if starred else [],
        platforms=sorted(by_platform, key=lambda name: name == OTHER),
        platform=platform if categories else "",
        chips=[Chip(row.id, _label(row.name, platform), row.count) for row in categories],
        category=chosen,
        search=search,
        page=catalog_page(terms=terms, number=query.get("page"), rows=ROWS, category_ids=ids, search=search),
        service_id=service_id,
    )


def _platform(category: CategoryCount) -> str:
    platform = platform_of(category.name)
    return OTHER if platform == GENERIC else platform.name


def _label(name: str, platform: str) -> str:
    return name.removeprefix(platform).strip(" -–|:·") or name


def read_id(text: str) -> int | None:
    """The number that an address names, or None where it is none that a row can have."""
    is_number = text.isascii() and text.isdigit() and len(text) <= 18
    return int(text) if is_number else None
