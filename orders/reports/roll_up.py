"""The job that keeps the daily roll-ups: days that are over are added up once, the running day by what came since.

A transfer bears the time of its own process and is seen when its transaction ends. A day is closed an hour after its
end: no transaction lasts that long. It is added up whole once more then, which verifies what it came to bit by bit.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.reports.aggregation import Subject, add_up_these
from orders.reports.days import ONE, day_of, midnight
from orders.reports.models import DailyFigure, RolledDay, Scope
from orders.reports.today import Counted, count_new
from orders.reports.totals import NAMES, ReportTotals
from panel.lib.database.snapshot import one_snapshot
from panel.wallet.models import Transfer

log = logging.getLogger(__name__)

CLOSES_AFTER = timedelta(hours=1)
SECONDS = 45
ROWS_A_STATEMENT = 1000


@dataclass(slots=True)
class RollUp:
    """What a run came to: days added up, rows that changed, and days of the past that still wait."""

    days: int = 0
    changed: int = 0
    waiting: int = 0


def roll_up(*, seconds: float = SECONDS) -> RollUp:
    """Bring the roll-ups up to date, the newest day first; days are begun for so many seconds, then the rest waits."""
    _forget_other_zone()
    result, stop_at = RollUp(), time.monotonic() + seconds
    due = list(_due_days(timezone.now()))
    for place, day in enumerate(due):
        if place and time.monotonic() >= stop_at:
            result.waiting = len(due) - place
            break
        result.changed += roll_day(day=day, now=timezone.now())
        result.days += 1
    return result


def roll_day(*, day: date, now: datetime) -> int:
    """Bring the day's rows up to what its transfers are `now`, the moment of the call; how many rows changed."""
    is_closing = now >= midnight(day + ONE) + CLOSES_AFTER
    bit_by_bit = RolledDay.objects.filter(day=day, upto__gt=0).exists()
    changed = _roll(day, now) if bit_by_bit or not is_closing else 0
    if not is_closing:
        return changed
    differing = _roll(day, now, closes=True)
    if bit_by_bit and differing:
        log.error("a day's figures differed from its transfers, and were put right", extra={"day": str(day)})
    return changed + differing


def _roll(day: date, now: datetime, *, closes: bool = False) -> int:
    """Add what came since to the day's rows; where that is not known, or the day closes, add it up whole."""
    transfers = Transfer.objects.filter(created_at__gte=midnight(day), created_at__lt=midnight(day + ONE))
    with one_snapshot():
        before = Counted() if closes else Counted.of(RolledDay.objects.filter(day=day).first())
        after, new = (Counted(), None) if closes else count_new(before)
        found = add_up_these(transfers if new is None else transfers & new)
    with transaction.atomic(durable=True):
        RolledDay.objects.get_or_create(day=day, defaults={"zone": settings.REPORT_TIME_ZONE, "rolled_at": now})
        rolled = RolledDay.objects.select_for_update().get(day=day)
        is_outdated = new is not None and Counted.of(rolled) != before
        if rolled.rolled_at > now or is_outdated or (rolled.is_closed and not closes):  # a rival knows more
            return 0
        changed = _write(day, found) if new is None else _add(day, found)
        after.note(rolled)
        rolled.rolled_at, rolled.is_closed, rolled.sums = now, closes, None
        rolled.save()
    return changed


def forget_days() -> int:
    """Drop all roll-ups, so that the next runs add everything up anew; how many days those were."""
    with transaction.atomic():
        DailyFigure.objects.all().delete()
        return RolledDay.objects.all().delete()[0]


def _forget_other_zone() -> None:
    """Days begin at another hour since the setting was changed: none of the roll-ups holds any more."""
    if RolledDay.objects.exclude(zone=settings.REPORT_TIME_ZONE).exists():
        forget_days()


def _due_days(now: datetime) -> Iterator[date]:
    """The days that are not closed, from today back to the first transfer's."""
    first = Transfer.objects.order_by("pk").values_list("created_at", flat=True).first()
    closed = set(RolledDay.objects.filter(is_closed=True).values_list("day", flat=True))
    day, oldest = day_of(now), day_of(first or now)
    while day >= oldest:
        if day not in closed:
            yield day
        day -= ONE


def _add(day: date, found: dict[Subject, ReportTotals]) -> int:
    """Add to the day's rows."""
    for scope, subjects in _by_scope(found).items():
        for start in range(0, len(subjects), ROWS_A_STATEMENT):
            part = subjects[start : start + ROWS_A_STATEMENT]
            for row in DailyFigure.objects.filter(day=day, scope=scope, subject__in=part):
                found[Scope(row.scope), row.subject].add_all(row.figures)
    _upsert(day, found)
    return len(found)


def _by_scope(found: Iterable[Subject]) -> dict[str, list[int]]:
    subjects: defaultdict[str, list[int]] = defaultdict(list)
    for scope, subject in found:
        subjects[scope].append(subject)
    return subjects


def _write(day: date, found: dict[Subject, ReportTotals]) -> int:
    """Bring the day's rows in line, touching only those that differ."""
    known = {(row.scope, row.subject): row for row in DailyFigure.objects.filter(day=day)}
    differing = {
        place: figures for place, figures in found.items() if place not in known or known[place].figures != figures
    }
    _upsert(day, differing)
    gone = [row.pk for place, row in known.items() if place not in found]
    DailyFigure.objects.filter(pk__in=gone).delete()
    return len(differing) + len(gone)


def _upsert(day: date, found: dict[Subject, ReportTotals]) -> None:
    DailyFigure.objects.bulk_create(
        (
            DailyFigure(day=day, scope=scope, subject=subject, **{name: getattr(figures, name) for name in NAMES})
            for (scope, subject), figures in found.items()
        ),
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["scope", "subject", "day"],
        update_fields=NAMES,
    )
