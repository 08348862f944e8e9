"""All providers' money at a glance, in the shop's currency, with the orders that wait. Called by the staff's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from django.db.models import Count, Min, Sum

from orders.models import Order
from orders.rules.states import State
from panel.lib.money import ZERO, round_to
from providers.balances.provider_balances import ProviderBalance


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that are not sent yet: how many, what they would cost in the provider's currency, since when."""

    orders: int = 0
    cost: Decimal = ZERO
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """One provider's money and what waits for it."""

    funding: ProviderBalance
    waiting: Waiting

    @property
    def covers_waiting(self) -> bool:
        """Whether the last balance pays for all that waits."""
        reading = self.funding.reading
        return reading is not None and reading.balance >= self.waiting.cost


@dataclass(frozen=True, slots=True)
class Funds:
    """All of them, the most urgent first. Amounts are in the shop's currency, those of active providers.

    `explained` is how many percent of what left the balances in a week our books explain; None where nothing left.
    """

    rows: list[ProviderRow]
    total: Decimal
    per_day: Decimal
    missing: Decimal
    waiting: int
    waiting_cost: Decimal
    explained: Decimal | None
    first_dry: ProviderBalance | None

    @property
    def paused(self) -> int:
        return sum(bool(row.funding.pauses) for row in self.rows if row.funding.provider.is_active)


def funds(*, fundings: Sequence[ProviderBalance], waiting: dict[int, Waiting]) -> Funds:
    """Sum up what is known of every provider."""
    rows = [ProviderRow(funding, waiting.get(funding.provider.pk, Waiting())) for funding in fundings]
    rows.sort(key=lambda row: row.funding.urgency)
    active = [row for row in rows if row.funding.provider.is_active]
    spent = sum((row.funding.in_shop(row.funding.spend.week) for row in active), ZERO)
    missing = sum((row.funding.in_shop(row.funding.missing) for row in active), ZERO)
    drying = [row.funding for row in active if row.funding.dry_at is not None]
    return Funds(
        rows=rows,
        total=sum((row.funding.balance_in_shop for row in active), ZERO),
        per_day=sum((row.funding.in_shop(row.funding.spend.per_day) for row in active), ZERO),
        missing=missing,
        waiting=sum(row.waiting.orders for row in rows),
        waiting_cost=sum((row.funding.in_shop(row.waiting.cost) for row in rows), ZERO),
        explained=_percent(spent, spent + missing),
        first_dry=min(drying, key=lambda funding: funding.urgency[1], default=None),
    )


def waiting_orders() -> dict[int, Waiting]:
    """By provider. One query."""
    rows = Order.objects.filter(state=State.QUEUED).order_by().values_list("provider")
    sums = rows.annotate(orders=Count("pk"), cost=Sum("expected_cost"), since=Min("queued_at"))
    return {provider: Waiting(orders, cost, since) for provider, orders, cost, since in sums}


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """To one decimal, rounded down so that 100 means all of it."""
    return round_to(part * 100 / whole, places=1, rounding=ROUND_DOWN) if whole > 0 else None
