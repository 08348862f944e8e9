"""Recent spending at each provider by the ledger. Called by provider_balances.py and alert_rules.py."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max, Q, Sum

from panel.lib.money import ZERO
from panel.wallet.models import Transfer

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Spending:
    """The cost of orders in the last day and the last week, and the largest single cost of the day."""

    day: Decimal = ZERO
    week: Decimal = ZERO
    largest: Decimal = ZERO

    @property
    def per_day(self) -> Decimal:
        """Spending per day: the higher of the last day and the week's average."""
        return max(self.day, self.week / 7)

    @property
    def per_hour(self) -> Decimal:
        return self.per_day / 24


def spending_by_provider(*, now: datetime, provider_ids: Iterable[int] | None = None) -> defaultdict[int, Spending]:
    """Spending by provider, in its currency and less refunds; of all providers, or of the given ones.

    One query.
    """
    in_a_day = Q(created_at__gte=now - DAY)
    transfers = Transfer.objects.filter(key__startswith="cost:", created_at__gte=now - WEEK)
    if provider_ids is not None:
        houses = [f"cost:{pk}" for pk in provider_ids]  # by account: by key, SQLite would read every cost ever recorded
        transfers = transfers.filter(Q(source__house__in=houses) | Q(target__house__in=houses))
    rows = transfers.values_list("source__house", "target__house").annotate(
        week=Sum("amount"), day=Sum("amount", filter=in_a_day), largest=Max("amount", filter=in_a_day)
    )
    found: defaultdict[int, Spending] = defaultdict(Spending)
    for source, target, week, day, largest in rows:
        sign = 1 if target.startswith("cost:") else -1
        pk = int((target if sign > 0 else source).removeprefix("cost:"))
        spend = found[pk]
        found[pk] = Spending(
            day=spend.day + sign * (day or ZERO),
            week=spend.week + sign * week,
            largest=max(spend.largest, (largest or ZERO) if sign > 0 else ZERO),
        )
    return found
