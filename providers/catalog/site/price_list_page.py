"""The price list: pages that work without JavaScript, and the whole list as JSON for the instant search. Public."""

import gzip
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panel.customers.signed_in import customer_of
from panel.lib.money import ZERO, plain
from panel.web.formatting import SIGNS
from panel.web.text_input import read_text
from providers.catalog.listing.cache import catalog_version
from providers.catalog.listing.favorites import (
    TooManyFavouritesError,
    favourite_ids,
    favourites_off_sale,
    set_favourite,
)
from providers.catalog.listing.price_list import price_list
from providers.catalog.listing.service_list import (
    CategoryCount,
    ServiceLine,
    catalog_page,
    categories_for_sale,
    service_for_sale,
)
from providers.catalog.pricing.customer_rates import terms_for
from providers.catalog.pricing.rates import PER_PACKAGE, Terms

PAGE_SIZE = 100
MAX_SEARCH_LENGTH = 100
BLANK = {"id": 0, "name": "", "rate": ZERO, "min": 0, "max": 0, "refill": True, "cancel": True, "dripfeed": True}
"""A row with every tag, as a template for the page's script."""


@dataclass(frozen=True, slots=True)
class Group:
    """A category of the price list with its services on this page."""

    id: int
    name: str
    lines: Sequence[ServiceLine]


class PriceListPage:
    """A page of the price list. Its parts are read from the database when the template needs them."""

    def __init__(self, request: HttpRequest, starred: Collection[int] | None) -> None:
        self._query = request.GET
        self.terms = _terms(request)
        self._starred = starred
        self.search = read_text(request.GET, "q", max_length=MAX_SEARCH_LENGTH)
        self.is_favourites = "favourites" in request.GET and starred is not None

    @property
    def is_first_view(self) -> bool:
        """Whether there is no filter: then the page is the same for all customers with the same prices."""
        return not self._query

    @property
    def version(self) -> str | None:
        """The cache key of the first view; None where it cannot be cached."""
        version = catalog_version() if self.is_first_view else None
        return version and f"{version} {self.terms.version}"

    @property
    def discount(self) -> str:
        """The customer's discount in percent, or "" without one."""
        return plain(self.terms.discount_percent) if self.terms.discount_percent else ""

    @cached_property
    def categories(self) -> list[CategoryCount]:
        return categories_for_sale()

    @cached_property
    def total(self) -> int:
        return sum(row.count for row in self.categories)

    @cached_property
    def category(self) -> CategoryCount | None:
        return _chosen(self.categories, self._query.get("category", ""))

    @cached_property
    def page(self) -> Page[ServiceLine]:
        return catalog_page(
            terms=self.terms,
            number=self._query.get("page"),
            rows=PAGE_SIZE,
            category_ids=None if self.category is None else [self.category.id],
            search=self.search,
            only=self._starred if self.is_favourites else None,
        )

    @property
    def only(self) -> str:
        """The IDs of the favorites, for the page's instant search."""
        return ",".join(map(str, sorted(self._starred or ())))

    @cached_property
    def off_sale(self) -> list[tuple[int, str]]:
        """The favorites that cannot be ordered now: ID and name."""
        return favourites_off_sale(service_ids=set(self._starred or ()))

    @cached_property
    def groups(self) -> list[Group]:
        return _groups(list(self.page))


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """One page of the services for sale, for the filters in the URL.

    Three queries, however long the list is, and one for a customer's favorites. The rendered first view is cached by
    the catalog's version: one query.
    """
    starred = _starred(request)
    listing = PriceListPage(request, starred)
    context = {
        "listing": listing,
        "version": listing.version,
        "package_types": ",".join(sorted(PER_PACKAGE)),
        "sign": SIGNS.get(settings.CURRENCY, ""),
        "blank": BLANK,
        "starred": starred,
    }
    return render(request, "catalog/services.html", context)


@require_safe
def service(request: HttpRequest, service_id: int) -> HttpResponse:
    """The details of one service: a page, or for htmx the content of the drawer."""
    line = service_for_sale(terms=_terms(request), service_id=service_id)
    if line is None:
        raise Http404(_("Service not found."))
    template = "catalog/_service.html" if getattr(request, "htmx", False) else "catalog/service.html"
    starred = _starred(request)
    return render(
        request, template, {"line": line, "can_star": starred is not None, "is_starred": line.id in (starred or ())}
    )


@login_required
@require_POST
def service_favourite(request: HttpRequest, service_id: int) -> HttpResponse:
    """Add a service to the customer's favorites or remove it; for htmx the new state of the button.

    A service that is no longer for sale can only be removed.
    """
    line, is_favourite = service_for_sale(terms=_terms(request), service_id=service_id), request.POST.get("star") == "1"
    if line is None and is_favourite:
        raise Http404(_("Service not found."))
    problem = ""
    try:
        set_favourite(customer=customer_of(request), service_id=service_id, is_favourite=is_favourite)
    except TooManyFavouritesError as error:
        problem, is_favourite = str(error), False
    if line is None:
        return redirect(f"{reverse('services')}?favourites=1")
    if getattr(request, "htmx", False):
        return render(request, "catalog/_star.html", {"line": line, "is_starred": is_favourite, "problem": problem})
    if problem:
        messages.error(request, problem)
    return redirect("service", line.id)


@require_safe
def service_prices(request: HttpRequest) -> HttpResponse:
    """The whole price list as compressed JSON; 304 for a browser that has it already."""
    prices = price_list(terms=_terms(request))
    etag = f"W/{prices.etag}"
    takes_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(
        prices.body if takes_gzip else gzip.decompress(prices.body), content_type="application/json"
    )
    if takes_gzip:
        response["Content-Encoding"] = "gzip"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Accept-Encoding"])
    return get_conditional_response(request, etag=etag, response=response) or response


def _starred(request: HttpRequest) -> set[int] | None:
    """The IDs of the customer's favorites; None if nobody is signed in."""
    return favourite_ids(customer=customer_of(request)) if request.user.is_authenticated else None


def _terms(request: HttpRequest) -> Terms:
    """The customer's terms; the shop's if nobody is signed in."""
    return terms_for(customer_id=request.user.pk)


def _chosen(categories: Sequence[CategoryCount], text: str) -> CategoryCount | None:
    return next((row for row in categories if str(row.id) == text), None)


def _groups(lines: Sequence[ServiceLine]) -> list[Group]:
    by_category = groupby(lines, key=lambda line: (line.category_id, line.category))
    return [Group(pk, name, list(rows)) for (pk, name), rows in by_category]
