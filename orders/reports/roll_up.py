"""The job that keeps the daily roll-ups: days that are over are added up once, the running day again and again.

A transfer bears the time of its own process and is seen when its transaction ends. A day is closed an hour after its
end: no transaction lasts that long.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.reports.add_up import Subject, add_up
from orders.reports.days import ONE, day_of, midnight
from orders.reports.figures import NAMES, Figures
from orders.reports.models import DailyFigure, RolledDay
from panel.wallet.models import Transfer

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
    """Add the day up as its transfers are `now`, the moment of the call; how many rows changed."""
    found = add_up(since=midnight(day), until=midnight(day + ONE))
    with transaction.atomic(durable=True):
        RolledDay.objects.get_or_create(day=day, defaults={"zone": settings.REPORT_TIME_ZONE, "rolled_at": now})
        rolled = RolledDay.objects.select_for_update().get(day=day)
        if rolled.rolled_at > now:  # a rival looked later, and knows more
            return 0
        changed = _write(day, found)
        rolled.rolled_at, rolled.is_closed = now, now >= midnight(day + ONE) + CLOSES_AFTER
        rolled.save(update_fields=["rolled_at", "is_closed"])
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


def _write(day: date, found: dict[Subject, Figures]) -> int:
    """Bring the day's rows in line, touching only those that differ."""
    known = {(row.scope, row.subject): row for row in DailyFigure.objects.filter(day=day)}
    differing = [
        DailyFigure(day=day, scope=scope, subject=subject, **{name: getattr(figures, name) for name in NAMES})
        for (scope, subject), figures in found.items()
        if (scope, subject) not in known or known[scope, subject].figures != figures
    ]
    DailyFigure.objects.bulk_create(
        differing,
        batch_size=ROWS_A_STATEMENT,
        update_conflicts=True,
        unique_fields=["scope", "subject", "day"],
        update_fields=NAMES,
    )
    gone = [row.pk for place, row in known.items() if place not in found]
    DailyFigure.objects.filter(pk__in=gone).delete()
    return len(differing) + len(gone)
