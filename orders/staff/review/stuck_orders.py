"""Queries for orders that need review. Reads only; called by the staff pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, DurationField, ExpressionWrapper, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from orders.models import MISSING_THERE, UNKNOWN_WORD, Order
from orders.rules.states import UNCONFIRMED_STATES, State
from panel.lib.database.counts import count_up_to

SLOW_FACTOR = 3
"""An order is slow after this many times the usual time of its service."""
MIN_SLOW, SLOW_UNMEASURED = timedelta(hours=1), timedelta(days=7)
MAX_COUNTED = 10_000
MAX_STATUSES = 50


@dataclass(frozen=True, slots=True)
class UnknownStatus:
    """A provider status that the panel does not recognize, with the number of orders that have it and the first one."""

    provider_id: int
    provider: str
    word: str
    orders: int
    example: int


def doubtful_orders() -> QuerySet[Order]:
    """Unconfirmed orders, the oldest first."""
    return _orders().filter(state__in=UNCONFIRMED_STATES).order_by("sent_at", "pk")


def flagged_orders() -> QuerySet[Order]:
    """Flagged orders, without those missing at the provider and those with an unknown status."""
    return _flagged().exclude(attention__in=[MISSING_THERE, UNKNOWN_WORD])


def missing_orders() -> QuerySet[Order]:
    """Orders whose ID the provider no longer recognizes."""
    return _flagged().filter(attention=MISSING_THERE)


def slow_orders(*, now: datetime) -> QuerySet[Order]:
    """Orders that take longer than three times the usual time of their service, the oldest first.

    None is slow in its first hour, or, where the service was never measured, in its first seven days.
    """
    seconds = Cast("service__measured_seconds", IntegerField())
    usual = ExpressionWrapper(seconds * Value(timedelta(seconds=SLOW_FACTOR)), output_field=DurationField())
    limit = Case(
        When(service__measured_seconds__isnull=True, then=Value(SLOW_UNMEASURED)),
        When(service__measured_seconds__lte=int(MIN_SLOW.total_seconds()) // SLOW_FACTOR, then=Value(MIN_SLOW)),
        default=usual,
        output_field=DurationField(),
    )
    active = _orders().filter(state=State.ACTIVE, sent_at__lt=now - MIN_SLOW)
    return active.filter(sent_at__lt=Value(now) - limit).order_by("sent_at", "pk")


def unknown_statuses() -> list[UnknownStatus]:
    """At most fifty unknown statuses, the most frequent first. One query."""
    rows = (
        Order.objects.exclude(attention="")
        .filter(attention=UNKNOWN_WORD)
        .order_by()
        .values_list("provider", "provider__name", "provider_status_raw")
        .annotate(orders=Count("pk"), example=Min("pk"))
        .order_by("-orders", "provider__name", "provider_status_raw")
    )
    return [UnknownStatus(*row) for row in rows[:MAX_STATUSES]]


def count_for_review() -> tuple[int, dict[str, int]]:
    """How many orders are unconfirmed, and how many are flagged, by reason. One query."""
    doubtful = Q(state__in=UNCONFIRMED_STATES)
    rows = Order.objects.filter(doubtful | ~Q(attention="")).order_by().values_list("attention")
    counts = list(rows.annotate(orders=Count("pk"), doubtful=Count("pk", filter=doubtful)))
    return sum(row[2] for row in counts), {attention: orders for attention, orders, _ in counts if attention}


def count_capped(orders: QuerySet[Order]) -> int:
    """How many orders, counted up to ten thousand."""
    return count_up_to(orders, MAX_COUNTED)


def ids_by_provider(orders: Sequence[Order]) -> dict[str, list[str]]:
    """The provider order IDs by provider name, to send to the provider's support."""
    ids: dict[str, list[str]] = {}
    for order in orders:
        if order.provider_order_id:
            ids.setdefault(order.provider.name, []).append(order.provider_order_id)
    return ids


def _orders() -> QuerySet[Order]:
    return Order.objects.select_related("customer", "service", "provider")


def _flagged() -> QuerySet[Order]:
    return _orders().exclude(attention="").order_by("pk")
