"""A customer's refills: those under way and those that ended, with the reason where one was refused."""

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
from orders.site.request_texts import refill_words

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Tab:
    """Which of them to look at: `slug` is its name in the address, empty for all."""

    slug: str
    label: str
    count: int


@login_required
@require_safe
def refills(request: HttpRequest) -> HttpResponse:
    """The customer's refills, newest first: all of them, the open or the past ones."""
    mine = Refill.objects.filter(order__customer=customer_of(request))
    shown = {"": mine, "open": mine.filter(state__in=Refill.OPEN), "past": mine.exclude(state__in=Refill.OPEN)}
    total, is_open = mine.count(), shown["open"].count()
    problems: list[str] = []
    state = read_choice(request.GET, "state", of=shown, label=_("State"), problems=problems)
    found = mine.none() if problems else shown[state]
    rows = found.select_related("order__service").order_by("-pk")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(refill, refill_words(refill)) for refill in page],
        "tabs": [Tab("", "All", total), Tab("open", "Open", is_open), Tab("past", "Past", total - is_open)],
        "state": state,
        "problems": problems,
        "is_live": any(refill.state in Refill.OPEN for refill in page),
    }
    return render(request, "orders/refills.html", context)
