"""Orders that do not move, by what is to be done about them. Reads only; called by the staff's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, DurationField, ExpressionWrapper, IntegerField, Min, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from orders.models import MISSING_THERE, UNKNOWN_WORD, Order
from orders.rules.states import DOUBTFUL, State
from panel.lib.database.counts import count_up_to

TIMES = 3
"""So many times its service's usual time is too long."""
AT_LEAST, UNMEASURED = timedelta(hours=1), timedelta(days=7)
MOST_COUNTED = 10_000
WORDS = 50


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A provider's word for a status that we do not know, with how many orders have it and the first of them."""

    provider_id: int
    provider: str
    word: str
    orders: int
    example: int


def doubtful_orders() -> QuerySet[Order]:
    """Orders that may or may not have been bought, the oldest first."""
    return _orders().filter(state__in=DOUBTFUL).order_by("sent_at", "pk")


def flagged_orders() -> QuerySet[Order]:
    """Orders that a person should look at, but for those missing there and those with an unknown word."""
    return _flagged().exclude(attention__in=[MISSING_THERE, UNKNOWN_WORD])


def missing_orders() -> QuerySet[Order]:
    """Orders whose id the provider no longer knows."""
    return _flagged().filter(attention=MISSING_THERE)


def slow_orders(*, now: datetime) -> QuerySet[Order]:
    """Orders that are on their way for longer than three times their service's usual time, the oldest first.

    Within the first hour none is; where the service was never measured, none within seven days.
    """
    seconds = Cast("service__measured_seconds", IntegerField())
    usual = ExpressionWrapper(seconds * Value(timedelta(seconds=TIMES)), output_field=DurationField())
    limit = Case(
        When(service__measured_seconds__isnull=True, then=Value(UNMEASURED)),
        When(service__measured_seconds__lte=int(AT_LEAST.total_seconds()) // TIMES, then=Value(AT_LEAST)),
        default=usual,
        output_field=DurationField(),
    )
    active = _orders().filter(state=State.ACTIVE, sent_at__lt=now - AT_LEAST)
    return active.filter(sent_at__lt=Value(now) - limit).order_by("sent_at", "pk")


def unknown_words() -> list[UnknownWord]:
    """The words that most orders have first, at most fifty. One query."""
    rows = (
        Order.objects.exclude(attention="")
        .filter(attention=UNKNOWN_WORD)
        .order_by()
        .values_list("provider", "provider__name", "provider_status_raw")
        .annotate(orders=Count("pk"), example=Min("pk"))
        .order_by("-orders", "provider__name", "provider_status_raw")
    )
    return [UnknownWord(*row) for row in rows[:WORDS]]


def count_for_a_person() -> tuple[int, dict[str, int]]:
    """How many orders are in doubt, and how many are flagged, by the reason. One query."""
    doubtful = Q(state__in=DOUBTFUL)
    rows = Order.objects.filter(doubtful | ~Q(attention="")).order_by().values_list("attention")
    found = list(rows.annotate(orders=Count("pk"), doubtful=Count("pk", filter=doubtful)))
    return sum(row[2] for row in found), {attention: orders for attention, orders, _ in found if attention}


def count_some(orders: QuerySet[Order]) -> int:
    """How many, counted to ten thousand."""
    return count_up_to(orders, MOST_COUNTED)


def ids_by_provider(orders: Sequence[Order]) -> dict[str, list[str]]:
    """The ids at each provider, by its name: what its support wants to be told."""
    found: dict[str, list[str]] = {}
    for order in orders:
        if order.provider_order_id:
            found.setdefault(order.provider.name, []).append(order.provider_order_id)
    return found


def _orders() -> QuerySet[Order]:
    return Order.objects.select_related("customer", "service", "provider")


def _flagged() -> QuerySet[Order]:
    return _orders().exclude(attention="").order_by("pk")
