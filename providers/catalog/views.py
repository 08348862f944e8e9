"""The price list: pages that work by themselves, and all of it as JSON for the instant search. Open to everybody."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from panel.lib.money import ZERO
from panel.web.figures import SIGNS
from providers.catalog.listing import CategoryCount, ServiceLine, categories_for_sale, service_for_sale, shelf_page
from providers.catalog.price_list import price_list
from providers.catalog.pricing import PER_PACKAGE

ROWS = 100
LONGEST_SEARCH = 100
BLANK = {"id": 0, "name": "", "rate": ZERO, "min": 0, "max": 0, "refill": True, "cancel": True, "dripfeed": True}
"""A row with every mark, for the page's script to fill."""


@dataclass(frozen=True, slots=True)
class Group:
    """A heading of the price list with the rows that stand under it on this page."""

    id: int
    name: str
    lines: Sequence[ServiceLine]


@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """One page of what is for sale, as the address asks for it. Three queries, however long the list is."""
    categories = categories_for_sale()
    category = _chosen(categories, request.GET.get("category", ""))
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    ids = None if category is None else [category.id]
    page = shelf_page(number=request.GET.get("page"), rows=ROWS, category_ids=ids, search=search)
    context = {
        "page": page,
        "groups": _groups(list(page)),
        "categories": categories,
        "category": category,
        "search": search,
        "total": sum(row.count for row in categories),
        "package_types": ",".join(sorted(PER_PACKAGE)),
        "sign": SIGNS.get(settings.CURRENCY, ""),
        "blank": BLANK,
    }
    return render(request, "catalog/services.html", context)


@require_safe
def service(request: HttpRequest, service_id: int) -> HttpResponse:
    """What one service is: a page of its own, or for htmx what the drawer shows."""
    line = service_for_sale(service_id=service_id)
    if line is None:
        raise Http404("There is no such service for sale.")
    template = "catalog/_service.html" if getattr(request, "htmx", False) else "catalog/service.html"
    return render(request, template, {"line": line})


@require_safe
def service_prices(request: HttpRequest) -> HttpResponse:
    """The whole price list as JSON, compressed; a browser that has it already is only told so."""
    prices = price_list()
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


def _chosen(categories: Sequence[CategoryCount], text: str) -> CategoryCount | None:
    return next((row for row in categories if str(row.id) == text), None)


def _groups(lines: Sequence[ServiceLine]) -> list[Group]:
    by_category = groupby(lines, key=lambda line: (line.category_id, line.category))
    return [Group(pk, name, list(rows)) for (pk, name), rows in by_category]
