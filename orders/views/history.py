"""A customer's orders: the list with its tabs, search and pages, and the rows that keep themselves fresh."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.decorators.http import require_safe

from orders.models import Order
from orders.states import AT_RISK, FINAL, State, word_for_customer
from orders.views.customer import customer_of
from orders.views.picker import LONGEST_SEARCH, read_id
from panel.customers.models import User

ROWS = 50
LATEST = 5
MOST_LIVE = 100
SINCE = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
_ACTIVE = Q(state=State.ACTIVE)
_SAID = {word: Q(provider_status=word) for word in ("Pending", "Processing")}
WORDS = {
    "Pending": Q(state__in=[State.QUEUED, *AT_RISK]) | _ACTIVE & _SAID["Pending"],
    "Processing": _ACTIVE & _SAID["Processing"],
    "In progress": _ACTIVE & ~_SAID["Pending"] & ~_SAID["Processing"],
    "Completed": Q(state=State.COMPLETED),
    "Partial": Q(state=State.PARTIAL),
    "Canceled": Q(state__in=[State.CANCELED, State.REJECTED]),
}
"""The words that customers read, and the orders that each stands for."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One state to look at: `slug` is its name in the address, empty for all of them."""

    slug: str
    label: str
    count: int
    is_current: bool


class CountedPaginator(Paginator):  # type: ignore[type-arg] # generic to the type checker alone
    """Pages of rows whose number is known already."""

    def __init__(self, rows: QuerySet[Order], *, known: int) -> None:
        super().__init__(rows, ROWS)
        self._known = known

    @cached_property
    def count(self) -> int:
        return self._known


@login_required
@require_safe
def orders(request: HttpRequest) -> HttpResponse:
    """The customer's orders as the address asks for them, newest first."""
    search = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    since = request.GET.get("since", "")
    found = _found(customer_of(request), search=search, since=since, now=timezone.now())
    counts = _counts(found)
    word = next((word for word in WORDS if _slug(word) == request.GET.get("state")), "")
    rows = found.filter(WORDS[word]) if word else found
    page = CountedPaginator(
        rows.select_related("service").order_by("-created_at", "-pk"),
        known=counts[word] if word else sum(counts.values()),
    ).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tabs": [Tab("", "All", sum(counts.values()), word == "")]
        + [Tab(_slug(name), name, counts[name], name == word) for name in WORDS],
        "state": _slug(word),
        "search": search,
        "since": since if since in SINCE else "",
        "periods": SINCE.items(),
        "live": live_ids(list(page)),
    }
    return render(request, "orders/orders.html", context)


@login_required
@require_safe
def orders_live(request: HttpRequest) -> HttpResponse:
    """The rows of these orders as they are now, and which of them to ask for again. Ids of others are left out."""
    ids = [read_id(text) for text in request.GET.get("ids", "").split(",")[:MOST_LIVE]]
    found = Order.objects.filter(customer=customer_of(request), pk__in=[pk for pk in ids if pk is not None])
    rows = list(found.select_related("service"))
    return render(request, "orders/_live.html", {"rows": rows, "live": live_ids(rows)})


def latest_orders(customer: User) -> dict[str, object]:
    """The customer's last orders, newest first, and which of them are open."""
    rows = list(
        Order.objects.filter(customer=customer).select_related("service").order_by("-created_at", "-pk")[:LATEST]
    )
    return {"rows": rows, "live": live_ids(rows)}


def live_ids(rows: Sequence[Order]) -> str:
    """The ids of those that can still change by themselves, as the address of `orders_live` takes them."""
    return ",".join(str(order.pk) for order in rows if order.state not in FINAL)


def _found(customer: User, *, search: str, since: str, now: datetime) -> QuerySet[Order]:
    rows = Order.objects.filter(customer=customer)
    if search:
        number = read_id(search.removeprefix("#"))
        words = Q(link__icontains=search) | Q(service__name__icontains=search)
        rows = rows.filter(words | Q(pk=number) if number is not None else words)
    if since in SINCE:
        rows = rows.filter(created_at__gte=now - timedelta(days=int(since)))
    return rows


def _counts(rows: QuerySet[Order]) -> dict[str, int]:
    counts = dict.fromkeys(WORDS, 0)
    for state, said, count in rows.order_by().values_list("state", "provider_status").annotate(Count("pk")):
        counts[word_for_customer(state, said)] += count
    return counts


def _slug(word: str) -> str:
    return word.lower().replace(" ", "-")
