"""What explains that a provider's balance differs from our books: when it arose, and which doubtful orders it would be.

Called by the staff's page of a provider. It shows what speaks for what and decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Subquery, Value, Window
from django.db.models.functions import Coalesce, Lag

from orders.accounting.subset_sum import MAX_AMOUNTS, sole_subset
from orders.models import Order
from orders.rules.states import POSSIBLY_PLACED
from panel.lib.money import ZERO
from providers.models import BalanceReading, Provider

LOOK_BACK = timedelta(days=30)
STEPS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """Two readings between which the drift changed: how the balance and our books moved from one to the other."""

    since: datetime
    until: datetime
    balance: Decimal
    books: Decimal
    unexplained: Decimal


@dataclass(frozen=True, slots=True)
class DriftFacts:
    """The newest steps; what the balance is below our books; the doubtful orders whose costs alone add up to that."""

    steps: list[Step]
    missing: Decimal
    suspects: list[Order]


def drift_facts(*, provider: Provider, reading: BalanceReading, now: datetime) -> DriftFacts:
    """What is known of the drift of `reading`, the newest one. Two queries."""
    missing = max(ZERO, reading.expected - reading.balance)
    return DriftFacts(_steps(provider, now), missing, _suspects(provider, missing))


def _steps(provider: Provider, now: datetime) -> list[Step]:
    """The newest first, since the books were last right."""
    begin = now - LOOK_BACK
    readings = BalanceReading.objects.filter(provider=provider, at__gte=begin)
    right = readings.filter(drift=0).order_by("-at", "-pk").values("at")[:1]
    rows = (
        readings.filter(at__gte=Coalesce(Subquery(right), Value(begin)))
        .annotate(
            was_at=_before("at"),
            was_balance=_before("balance"),
            was_expected=_before("expected"),
            was_drift=_before("drift"),
        )
        .filter(was_at__isnull=False)
        .exclude(drift=F("was_drift"))
        .order_by("-at", "-pk")
        .values("at", "balance", "expected", "drift", "was_at", "was_balance", "was_expected", "was_drift")[:STEPS]
    )
    return [
        Step(
            since=row["was_at"],
            until=row["at"],
            balance=row["balance"] - row["was_balance"],
            books=row["expected"] - row["was_expected"],
            unexplained=row["drift"] - row["was_drift"],
        )
        for row in rows
    ]


def _before(name: str) -> Window:
    return Window(Lag(name), order_by=[F("at").asc(), F("pk").asc()])


def _suspects(provider: Provider, missing: Decimal) -> list[Order]:
    """Where exactly one choice among the orders in doubt costs what is missing, they were probably bought."""
    if not missing:
        return []
    doubtful = list(
        Order.objects.filter(provider=provider, state__in=POSSIBLY_PLACED).order_by("pk")[: MAX_AMOUNTS + 1]
    )
    places = sole_subset([order.expected_cost for order in doubtful], total=missing)
    return [doubtful[place] for place in places or []]
