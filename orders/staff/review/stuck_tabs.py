"""The parts of the page of stuck orders: their tabs with counts, and what each shows. Called by staff_doubtful."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from orders.models import MISSING_THERE, UNKNOWN_WORD, Order
from orders.staff.review import stuck_orders
from orders.unconfirmed.decisions import clear_word
from panel.ops.jobs.schedule import FailingJob, failing_jobs
from panel.web.access import need, staff_only
from panel.web.formatting import duration_text
from panel.web.text_input import read_reason, read_words
from providers.models import Provider

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Tab:
    """One kind of what is stuck; `is_most` where there are more than were counted."""

    slug: str
    label: str
    count: int

    @property
    def is_most(self) -> bool:
        return self.count >= stuck_orders.MOST_COUNTED


@dataclass(frozen=True, slots=True)
class Stuck:
    """All tabs, and the jobs that were looked at for theirs."""

    tabs: list[Tab]
    jobs: list[FailingJob]

    def named(self, slug: str) -> Tab:
        """That tab; where there is none of this name the first with something in it."""
        filled = [tab for tab in self.tabs if tab.count] or self.tabs
        return next((tab for tab in self.tabs if tab.slug == slug), filled[0])


def look(request: HttpRequest, *, now: datetime) -> Stuck:
    """What is stuck now, counted. The jobs are for those who may see them."""
    doubtful, flags = stuck_orders.count_for_a_person()
    missing, words = flags.pop(MISSING_THERE, 0), flags.pop(UNKNOWN_WORD, 0)
    tabs = [
        Tab("doubtful", "In doubt", doubtful),
        Tab("flagged", "Flagged", sum(flags.values())),
        Tab("slow", "Too slow", stuck_orders.count_some(stuck_orders.slow_orders(now=now))),
        Tab("words", "Unknown words", words),
        Tab("missing", "Missing there", missing),
    ]
    jobs = failing_jobs(now=now) if request.user.has_perm("ops.view_jobrun") else []
    return Stuck([*tabs, Tab("jobs", "Jobs", len(jobs))] if request.user.has_perm("ops.view_jobrun") else tabs, jobs)


def shown(tab: Tab, jobs: list[FailingJob], *, number: str | None, now: datetime) -> dict[str, Any]:
    """What a tab shows beside orders in doubt, which have a page of their own."""
    match tab.slug:
        case "flagged":
            return {"flags": page_of(stuck_orders.flagged_orders(), tab.count, number)}
        case "missing":
            page = page_of(stuck_orders.missing_orders(), tab.count, number)
            return {"flags": page, "ids": stuck_orders.ids_by_provider(list(page))}
        case "slow":
            page = page_of(stuck_orders.slow_orders(now=now), tab.count, number)
            rows = [(order, _usual(order), _age(order, now)) for order in page]
            return {"slow": rows, "page": page, "ids": stuck_orders.ids_by_provider(list(page))}
        case "words":
            return {"words": stuck_orders.unknown_words()}
    return {"jobs": jobs}


def page_of(orders: QuerySet[Order], count: int, number: str | None) -> Page[Order]:
    """A page of them, without counting what was counted."""
    paginator = Paginator(orders, A_PAGE)
    paginator.count = count
    return paginator.get_page(number)


@staff_only("orders.view_order")
@require_POST
def know_word(request: HttpRequest, provider_id: int) -> HttpResponse:
    """A person knows what the word means: its orders are not flagged any more."""
    need(request, "orders.change_order")
    provider = get_object_or_404(Provider, pk=provider_id)
    reason, word = read_reason(request, longest=150), read_words(request.POST, "word", longest=100)
    if reason:
        actor = request.user.get_username()
        cleared = clear_word(provider_id=provider.pk, word=word, actor=actor, reason=reason)
        orders = f"{cleared:,} order{'' if cleared == 1 else 's'}"
        messages.success(request, f"{orders} with “{word[:100]}” at {provider} flagged no more.")
    else:
        messages.error(request, "Say what the word means: it is kept with the orders.")
    return redirect(f"{reverse('staff_doubtful')}?show=words")


def _usual(order: Order) -> str:
    seconds = order.service.measured_seconds
    return "" if seconds is None else duration_text(seconds)


def _age(order: Order, now: datetime) -> str:
    waited: timedelta = now - (order.sent_at or order.created_at)
    return duration_text(int(waited.total_seconds()))
