"""The page of a customer's orders with tabs, search and pages; the rows that refresh themselves; the CSV export."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from orders.listing.export import MOST_EXPORTED, csv_lines
from orders.listing.order_list import MAX_COUNTED, WORDS, Counts, Listing
from orders.models import Order
from orders.rules.states import FINAL
from orders.site.access import customer_of
from orders.site.list_query import LONGEST_SEARCH, PERIODS, Query, read_query, slug
from orders.site.service_picker import read_id
from panel.customers.models import User

RECENT_ORDERS = 5
MAX_LIVE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """A status to filter by; `slug` is its name in the URL, empty for all orders."""

    slug: str
    label: str
    count: str
    is_current: bool


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The customer's orders that match the filters of the URL, newest first."""
    query = read_query(request.GET, customer=customer_of(request), now=timezone.now())
    listing = Listing(query.wanted)
    page = listing.page(word=query.word, before=query.before, after=query.after)
    counts = listing.counts()
    context = {
        "query": query,
        "page": page,
        "total": _count_text(counts.words[query.word] if query.word else counts.all, counts),
        "tabs": _tabs(query, counts),
        "state": slug(query.word),
        "periods": PERIODS.items(),
        "longest_search": LONGEST_SEARCH,
        "most_exported": MOST_EXPORTED,
        "live": live_ids(page.rows),
        "selectable": True,
    }
    return render(request, "orders/orders.html", context)


@login_required
@require_safe
def orders_live(request: HttpRequest) -> HttpResponse:
    """The present rows of these orders, and the ids to refresh again. Other customers' orders are left out."""
    ids = [read_id(text) for text in request.GET.get("ids", "").split(",")[:MAX_LIVE_ROWS]]
    orders = Order.objects.filter(customer=customer_of(request), pk__in=[pk for pk in ids if pk is not None])
    rows = list(orders.select_related("service"))
    context = {"rows": rows, "live": live_ids(rows), "selectable": request.GET.get("select") == "1"}
    return render(request, "orders/_live.html", context)


@login_required
@require_safe
def orders_export(request: HttpRequest) -> HttpResponseBase:
    """The orders that match the filters of the URL as a CSV file, streamed; at most MOST_EXPORTED."""
    now = timezone.now()
    query = read_query(request.GET, customer=customer_of(request), now=now)
    batches = Listing(query.wanted).batches(word=query.word, most=MOST_EXPORTED)
    response = StreamingHttpResponse(csv_lines(batches, zone=query.zone), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="orders-{now.astimezone(query.zone):%Y-%m-%d}.csv"'
    return response


def latest_orders(customer: User) -> dict[str, object]:
    """The customer's most recent orders, newest first, and the ids of those to refresh."""
    recent = Order.objects.filter(customer=customer).select_related("service")
    rows = list(recent.order_by("-created_at", "-pk")[:RECENT_ORDERS])
    return {"rows": rows, "live": live_ids(rows)}


def live_ids(rows: Sequence[Order]) -> str:
    """The ids of the orders that can still change by themselves, as the URL of `orders_live` takes them."""
    return ",".join(str(order.pk) for order in rows if order.state not in FINAL)


def _tabs(query: Query, counts: Counts) -> list[Tab]:
    all_orders = Tab("", _("All"), _count_text(counts.all, counts), query.word == "")
    by_status = [Tab(slug(w), _(w), _count_text(counts.words[w], counts), query.word == w) for w in WORDS]
    return [all_orders, *by_status]


def _count_text(count: int, counts: Counts) -> str:
    """1,234, or 10,000+ where counting stopped; 12+ where a search did not cover all orders."""
    return f"{min(count, MAX_COUNTED):,}{'+' if count > MAX_COUNTED or counts.is_partial else ''}"
