"""Hold the roll-ups against the ledger, to the last millionth. Called by the ledger check.

A closed day is held against its transfers; when that finds nothing, the sums of its figures are kept with it, so that
later on any figure of any row that was changed shows.
"""

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from orders.reports.days import ONE, midnight
from orders.reports.models import DailyFigure, RolledDay, Scope
from orders.reports.totals import NAMES, ReportTotals
from panel.lib.database.snapshot import one_snapshot
from panel.lib.money import ZERO, plain
from panel.wallet.audit import PairSums, pair_sums
from panel.wallet.ledger import HELD, REVENUE
from panel.wallet.models import Account

OF_ORDERS = ("orders", "charged", "refunded", "revenue")
SPLIT = {
    Scope.PROVIDER: (*OF_ORDERS, "cost"),
    Scope.SERVICE: OF_ORDERS,
    Scope.CUSTOMER: OF_ORDERS,
}
"""The figures that each grouping splits without a rest."""


class TimeRange(NamedTuple):
    """A part of the ledger's time: a closed day, or what lies before, between or after closed days."""

    since: datetime | None
    until: datetime | None
    closed: RolledDay | None

    def check(self, sums: PairSums) -> list[str]:
        """Every difference of the closed day from these transfers, and of a grouping from the whole, a line each."""
        return list(_differences(self.closed, sums)) if self.closed else []


def time_ranges() -> list[TimeRange]:
    """All of time, in order. The last one has no end, and no closed day."""
    found, since = [], None
    for rolled in RolledDay.objects.filter(is_closed=True).order_by("day"):
        begins = midnight(rolled.day)
        if since != begins:
            found.append(TimeRange(since, begins, None))
        since = midnight(rolled.day + ONE)
        found.append(TimeRange(begins, since, rolled))
    return [*found, TimeRange(since, None, None)]


def check_new_days(*, until: float) -> list[str]:
    """Check the closed days of which no sums are kept, each in its own snapshot, and keep those of days that are right.

    None is begun after `until` on the monotonic clock; the newest comes first.
    """
    found: list[str] = []
    for rolled in RolledDay.objects.filter(is_closed=True, sums__isnull=True).order_by("-day"):
        if time.monotonic() >= until:
            break
        with one_snapshot():
            lines = list(_differences(rolled, pair_sums(since=midnight(rolled.day), until=midnight(rolled.day + ONE))))
            sums = {
                f"{scope} {name}": plain(Decimal(getattr(figures, name)))
                for scope, figures in _rolled(rolled.day).items()
                for name in NAMES
            }
        if not lines:
            RolledDay.objects.filter(pk=rolled.pk, is_closed=True, sums__isnull=True).update(sums=sums)
        found += lines
    return found


def _differences(rolled: RolledDay, pairs: PairSums) -> Iterator[str]:
    sums = _rolled(rolled.day)
    whole = sums[Scope.ALL]
    for name, amount in _booked(pairs).items():
        figure = sums[Scope.PROVIDER].own_cost if name == "own_cost" else getattr(whole, name)
        if figure != amount:
            yield f"report of {rolled.day}: {name.replace('_', ' ')} is {figure}, the ledger says {amount}"
    for scope, names in SPLIT.items():
        for name in names:
            part, all_of_it = getattr(sums[scope], name), getattr(whole, name)
            if part != all_of_it:
                yield f"report of {rolled.day}: {name} by {scope} comes to {part}, in all to {all_of_it}"
    for place, kept in (rolled.sums or {}).items():
        scope, _, name = place.partition(" ")
        figure = getattr(sums[Scope(scope)], name)
        if figure != Decimal(kept):
            yield f"report of {rolled.day}: {name} by {scope} comes to {figure}, at its check it came to {kept}"


def _booked(pairs: PairSums) -> dict[str, Decimal]:
    """What the accounts say of these transfers."""
    houses = dict(Account.objects.filter(customer=None).values_list("pk", "house"))
    found = dict.fromkeys(("charged", "refunded", "revenue", "own_cost"), ZERO)
    for (source_pk, target_pk), amount in pairs.items():
        source, target = houses.get(source_pk, ""), houses.get(target_pk, "")
        found["charged"] += amount * (not source and target == HELD)
        found["refunded"] += amount * (not target and source in {HELD, REVENUE})
        found["revenue"] += amount * ((target == REVENUE) - (source == REVENUE))
        found["own_cost"] += amount * (target.startswith("cost:") - source.startswith("cost:"))
    return found


def _rolled(day: date) -> defaultdict[Scope, ReportTotals]:
    """The sums of the day's rows, by scope."""
    rows = DailyFigure.objects.filter(day=day).order_by().values_list("scope").annotate(*(Sum(name) for name in NAMES))
    found: defaultdict[Scope, ReportTotals] = defaultdict(ReportTotals)
    for scope, *sums in rows:
        found[Scope(scope)] = ReportTotals(*sums)
    return found
