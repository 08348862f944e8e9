"""A customer's orders: the list with its tabs, search and pages, the rows that keep themselves fresh, the export."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.listing.export import MOST_EXPORTED, csv_lines
from orders.listing.order_list import MOST_COUNTED, WORDS, Counts, Listing
from orders.models import Order
from orders.rules.states import FINAL
from orders.site.access import customer_of
from orders.site.list_query import LONGEST_SEARCH, PERIODS, Query, read_query, slug
from orders.site.service_picker import read_id
from panel.customers.models import User

LATEST = 5
MOST_LIVE = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """One word to look at: `slug` is its name in the address, empty for all of them."""

    slug: str
    label: str
    count: str
    is_current: bool


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The customer's orders as the address asks for them, newest first."""
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
    """The rows of these orders as they are now, and which of them to ask for again. Ids of others are left out."""
    ids = [read_id(text) for text in request.GET.get("ids", "").split(",")[:MOST_LIVE]]
    found = Order.objects.filter(customer=customer_of(request), pk__in=[pk for pk in ids if pk is not None])
    rows = list(found.select_related("service"))
    context = {"rows": rows, "live": live_ids(rows), "selectable": request.GET.get("select") == "1"}
    return render(request, "orders/_live.html", context)


@login_required
@require_safe
def orders_export(request: HttpRequest) -> HttpResponseBase:
    """The orders that the address asks for as a CSV file, written while it is sent; at most MOST_EXPORTED."""
    now = timezone.now()
    query = read_query(request.GET, customer=customer_of(request), now=now)
    batches = Listing(query.wanted).batches(word=query.word, most=MOST_EXPORTED)
    answer = StreamingHttpResponse(csv_lines(batches, zone=query.zone), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="orders-{now.astimezone(query.zone):%Y-%m-%d}.csv"'
    return answer


def latest_orders(customer: User) -> dict[str, object]:
    """The customer's last orders, newest first, and which of them are open."""
    found = Order.objects.filter(customer=customer).select_related("service")
    rows = list(found.order_by("-created_at", "-pk")[:LATEST])
    return {"rows": rows, "live": live_ids(rows)}


def live_ids(rows: Sequence[Order]) -> str:
    """The ids of those that can still change by themselves, as the address of `orders_live` takes them."""
    return ",".join(str(order.pk) for order in rows if order.state not in FINAL)


def _tabs(query: Query, counts: Counts) -> list[Tab]:
    all_of_them = Tab("", "All", _count_text(counts.all, counts), query.word == "")
    rest = [Tab(slug(w), w, _count_text(counts.words[w], counts), query.word == w) for w in WORDS]
    return [all_of_them, *rest]


def _count_text(count: int, counts: Counts) -> str:
    """1,234, or 10,000+ where more were not counted; 12+ where a search did not look at all of them."""
    return f"{min(count, MOST_COUNTED):,}{'+' if count > MOST_COUNTED or counts.is_partial else ''}"
