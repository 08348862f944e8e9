"""The page of a customer's refills with their status."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders.models import Refill
from orders.site.access import customer_of
from orders.site.filters import read_choice
from orders.site.request_texts import refill_request_status

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter of the list; `slug` is its name in the URL, empty for all refills."""

    slug: str
    label: str
    count: int


@login_required
@require_safe
def refills(request: HttpRequest) -> HttpResponse:
    """The customer's refills, newest first: all, the open or the finished ones."""
    mine = Refill.objects.filter(order__customer=customer_of(request))
    by_tab = {"": mine, "open": mine.filter(state__in=Refill.OPEN), "past": mine.exclude(state__in=Refill.OPEN)}
    total, open_count = mine.count(), by_tab["open"].count()
    problems: list[str] = []
    state = read_choice(request.GET, "state", of=by_tab, label=_("Status"), problems=problems)
    selected = mine.none() if problems else by_tab[state]
    rows = selected.select_related("order__service").order_by("-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(refill, refill_request_status(refill)) for refill in page],
        "tabs": [
            Tab("", _("All"), total),
            Tab("open", _("Open"), open_count),
            Tab("past", _("Finished"), total - open_count),
        ],
        "state": state,
        "problems": problems,
        "is_live": any(refill.state in Refill.OPEN for refill in page),
    }
    return render(request, "orders/refills.html", context)
