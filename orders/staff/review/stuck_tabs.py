"""The tabs of the Needs review page with their counts, and the content of each. Called by needs_review."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from orders.models import MISSING_THERE, UNKNOWN_WORD, Order
from orders.staff.review import stuck_orders
from orders.unconfirmed.decisions import clear_unknown_status
from panel.ops.jobs.schedule import FailingJob, failing_jobs
from panel.web.access import need, staff_only
from panel.web.formatting import duration_text
from panel.web.text_input import read_reason, read_text
from providers.models import Provider

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; `is_most` where the count stopped at its limit."""

    slug: str
    label: str
    count: int

    @property
    def is_most(self) -> bool:
        return self.count >= stuck_orders.MAX_COUNTED


@dataclass(frozen=True, slots=True)
class Stuck:
    """All tabs, and the failing jobs counted for theirs."""

    tabs: list[Tab]
    jobs: list[FailingJob]

    def tab(self, slug: str) -> Tab:
        """The tab of this name, or else the first one with something in it."""
        filled = [tab for tab in self.tabs if tab.count] or self.tabs
        return next((tab for tab in self.tabs if tab.slug == slug), filled[0])


def count_stuck(request: HttpRequest, *, now: datetime) -> Stuck:
    """Count what needs review now. The jobs are for those who may see them."""
    doubtful, flags = stuck_orders.count_for_review()
    missing, unknown = flags.pop(MISSING_THERE, 0), flags.pop(UNKNOWN_WORD, 0)
    tabs = [
        Tab("doubtful", _("Unconfirmed"), doubtful),
        Tab("flagged", _("Flagged"), sum(flags.values())),
        Tab("slow", _("Slow"), stuck_orders.count_capped(stuck_orders.slow_orders(now=now))),
        Tab("words", _("Unknown statuses"), unknown),
        Tab("missing", _("Missing"), missing),
    ]
    jobs = failing_jobs(now=now) if request.user.has_perm("ops.view_jobrun") else []
    return Stuck([*tabs, Tab("jobs", _("Jobs"), len(jobs))] if request.user.has_perm("ops.view_jobrun") else tabs, jobs)


def tab_context(tab: Tab, jobs: list[FailingJob], *, number: str | None, now: datetime) -> dict[str, Any]:
    """The template's context for a tab other than the unconfirmed orders."""
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
            return {"words": stuck_orders.unknown_statuses()}
    return {"jobs": jobs}


def page_of(orders: QuerySet[Order], count: int, number: str | None) -> Page[Order]:
    """A page of the orders, by a count that is already known."""
    paginator = Paginator(orders, PAGE_SIZE)
    paginator.count = count
    return paginator.get_page(number)


@staff_only("orders.view_order")
@require_POST
def know_word(request: HttpRequest, provider_id: int) -> HttpResponse:
    """Clear the flag of all orders with this provider status: a person knows its meaning."""
    need(request, "orders.change_order")
    provider = get_object_or_404(Provider, pk=provider_id)
    reason, word = read_reason(request, max_length=150), read_text(request.POST, "word", max_length=100)
    if reason:
        actor = request.user.get_username()
        cleared = clear_unknown_status(provider_id=provider.pk, word=word, actor=actor, reason=reason)
        text = ngettext(
            "Flag cleared on %(count)s order with the status “%(status)s” at %(provider)s.",
            "Flag cleared on %(count)s orders with the status “%(status)s” at %(provider)s.",
            cleared,
        )
        messages.success(request, text % {"count": f"{cleared:,}", "status": word[:100], "provider": provider})
    else:
        messages.error(request, _("Enter the meaning of the status. It is saved with the orders."))
    return redirect(f"{reverse('staff_doubtful')}?show=words")


def _usual(order: Order) -> str:
    seconds = order.service.measured_seconds
    return "" if seconds is None else duration_text(seconds)


def _age(order: Order, now: datetime) -> str:
    waited: timedelta = now - (order.sent_at or order.created_at)
    return duration_text(int(waited.total_seconds()))
