"""Figures of the staff overview: customers' money, the last ledger check, orders that need review. Reads only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum

from orders.models import Order
from orders.rules.states import UNCONFIRMED_STATES, State
from panel.lib.money import ZERO
from panel.ops.models import JobRun
from panel.wallet.ledger import HELD, house_balance
from panel.wallet.models import Account
from providers.catalog.review.pending_review import services_pending_review

LATE = timedelta(minutes=15)
LEDGER_CHECK_STALE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class CustomerMoney:
    """Customers' money in the shop's currency, and the result of the last ledger check; None where there was none."""

    in_wallets: Decimal
    held: Decimal
    checked_at: datetime | None
    differences: int | None
    is_stale: bool

    @property
    def is_safe(self) -> bool:
        return self.differences == 0 and not self.is_stale


@dataclass(frozen=True, slots=True)
class StuckOrders:
    """Orders that wait or need review: how many, how much of the customers' money, since when."""

    queued: int
    late: int
    queued_since: datetime | None
    doubtful: int
    doubtful_money: Decimal
    doubtful_since: datetime | None
    attention: int
    services_in_review: int


def customer_money(*, now: datetime) -> CustomerMoney:
    """The sums in wallets and on hold, and the result of the last ledger check. It reads no orders."""
    wallets = Account.objects.filter(customer__isnull=False).aggregate(sum=Sum("balance"))["sum"] or ZERO
    held = house_balance(house=HELD, currency=settings.CURRENCY)
    run = JobRun.objects.filter(name="check_books").first()
    if run is None or run.finished_at is None:
        return CustomerMoney(wallets, held, None, None, is_stale=False)
    differences = run.summary.get("differences") if run.ok else None
    return CustomerMoney(
        wallets, held, run.finished_at, differences, is_stale=now - run.finished_at > LEDGER_CHECK_STALE
    )


def stuck_orders(*, now: datetime) -> StuckOrders:
    """Count queued, unconfirmed and flagged orders. Two queries."""
    queued, doubtful, flagged = Q(state=State.QUEUED), Q(state__in=UNCONFIRMED_STATES), ~Q(attention="")
    counts: dict[str, Any] = Order.objects.filter(queued | doubtful | flagged).aggregate(
        queued=Count("pk", filter=queued),
        late=Count("pk", filter=queued & Q(queued_at__lt=now - LATE)),
        queued_since=Min("queued_at", filter=queued),
        doubtful=Count("pk", filter=doubtful),
        doubtful_money=Sum("charge", filter=doubtful, default=ZERO),
        doubtful_since=Min("sent_at", filter=doubtful),
        attention=Count("pk", filter=flagged),
    )
    return StuckOrders(**counts, services_in_review=services_pending_review().count())


def orders_for_review() -> QuerySet[Order, Any]:
    """Unconfirmed and flagged orders; one that is both is in it twice. For counting."""
    doubtful, flagged = Order.objects.filter(state__in=UNCONFIRMED_STATES), Order.objects.exclude(attention="")
    return doubtful.order_by().values("pk").union(flagged.order_by().values("pk"), all=True)
