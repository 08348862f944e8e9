"""Hold the roll-ups against the ledger, to the last millionth. Called by the recount of the books; reads only."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncDate

from orders.reports.days import report_zone
from orders.reports.figures import Figures
from orders.reports.models import DailyFigure, RolledDay, Scope
from panel.lib.money import ZERO
from panel.wallet.ledger import HELD, REVENUE
from panel.wallet.models import Transfer

OF_ORDERS = ("orders", "charged", "refunded", "revenue")
SPLIT = {
    Scope.PROVIDER: (*OF_ORDERS, "cost"),
    Scope.SERVICE: OF_ORDERS,
    Scope.CUSTOMER: OF_ORDERS,
}
"""The figures that each grouping splits without a rest."""


def check_reports() -> Iterator[str]:
    """Every difference of a closed day from its transfers, and of a grouping from the whole, a line each."""
    closed = set(RolledDay.objects.filter(is_closed=True).values_list("day", flat=True))
    booked = _booked(closed)
    sums = _rolled(closed)
    for day in sorted(closed):
        whole = sums[day, Scope.ALL]
        for name, amount in booked[day].items():
            rolled = sums[day, Scope.PROVIDER].own_cost if name == "own_cost" else getattr(whole, name)
            if rolled != amount:
                yield f"report of {day}: {name.replace('_', ' ')} is {rolled}, the ledger says {amount}"
        for scope, names in SPLIT.items():
            for name in names:
                part, all_of_it = getattr(sums[day, scope], name), getattr(whole, name)
                if part != all_of_it:
                    yield f"report of {day}: {name} by {scope} comes to {part}, in all to {all_of_it}"


def _booked(days: set[date]) -> defaultdict[date, dict[str, Decimal]]:
    """What the accounts say of each of these days."""
    found: defaultdict[date, dict[str, Decimal]] = defaultdict(
        lambda: dict.fromkeys(("charged", "refunded", "revenue", "own_cost"), ZERO)
    )
    flows = (
        Transfer.objects.annotate(day=TruncDate("created_at", tzinfo=report_zone()))
        .values_list("day", "source__house", "target__house")
        .annotate(sum=Sum("amount"))
        .order_by()
    )
    for day, source, target, amount in flows:
        if day not in days:
            continue
        of_day = found[day]
        of_day["charged"] += amount * (not source and target == HELD)
        of_day["refunded"] += amount * (not target and source in {HELD, REVENUE})
        of_day["revenue"] += amount * ((target == REVENUE) - (source == REVENUE))
        of_day["own_cost"] += amount * (target.startswith("cost:") - source.startswith("cost:"))
    return found


def _rolled(days: set[date]) -> defaultdict[tuple[date, str], Figures]:
    names = (*OF_ORDERS, "cost", "own_cost")
    rows = DailyFigure.objects.values_list("day", "scope").annotate(*(Sum(name) for name in names)).order_by()
    found: defaultdict[tuple[date, str], Figures] = defaultdict(Figures)
    for day, scope, *sums in rows:
        if day in days:
            for name, value in zip(names, sums, strict=True):
                found[day, scope].add(name, value)
    return found
