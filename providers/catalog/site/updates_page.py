"""The page of catalog updates by day: new, changed and removed services. Open to everybody."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from panel.customers.signed_in import customer_of
from panel.lib.zones import day_zone
from panel.web.text_input import read_text
from providers.catalog.listing.favorites import favourite_ids
from providers.catalog.listing.service_list import categories_for_sale
from providers.catalog.listing.updates import Update, update_of, updates_page
from providers.catalog.models import CatalogUpdate
from providers.catalog.pricing.customer_rates import terms_for

MAX_SEARCH_LENGTH = 100


@require_safe
def updates(request: HttpRequest) -> HttpResponse:
    """The newest updates for the filters in the URL. At most six queries, however long the log is."""
    query, customer_id = request.GET, request.user.pk
    starred = favourite_ids(customer=customer_of(request)) if request.user.is_authenticated else set()
    is_favourites = "favourites" in query and request.user.is_authenticated
    kind = query.get("kind", "")
    kind = kind if kind in CatalogUpdate.Kind.values else ""
    search, category = read_text(query, "q", max_length=MAX_SEARCH_LENGTH), _number(query.get("category", ""))
    terms = terms_for(customer_id=customer_id)
    page = updates_page(
        terms=terms,
        kind=kind,
        category_id=category,
        search=search,
        only=starred if is_favourites else None,
        before=_number(query.get("before", "")),
    )
    context = {
        "page": page,
        "days": _by_day([update_of(line, terms) for line in page.lines], _zone(request)),
        "terms": terms,
        "kind": kind,
        "kinds": CatalogUpdate.Kind.choices,
        "categories": categories_for_sale(),
        "category": category,
        "search": search,
        "starred": starred,
        "is_favourites": is_favourites,
        "is_filtered": bool(kind or search or category or is_favourites),
    }
    return render(request, "catalog/updates.html", context)


def _by_day(updates: Sequence[Update], zone: tzinfo) -> list[tuple[str, list[Update]]]:
    today = timezone.localdate(timezone=zone)
    days = groupby(updates, key=lambda update: _day(update.line.at, zone))
    return [(_day_name(day, today), list(lines)) for day, lines in days]


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _day_name(day: date, today: date) -> str:
    if day == today:
        return _("Today")
    return _("Yesterday") if day == today - timedelta(days=1) else date_format(day, "l, F j, Y")


def _zone(request: HttpRequest) -> tzinfo:
    return day_zone(getattr(request.user, "time_zone", ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
