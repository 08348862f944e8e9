"""Tell what is due: claimed and committed, sent with no transaction open, recorded. Called by its tasks.

Channels are served at once, each with one message at a time: one that hangs holds up itself alone. A message may
arrive twice only where a worker died between sending and recording; its number is the same then. An alert's end is
told after its opening, and what failed is tried again with growing pauses.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Least
from django.utils import timezone

from panel.lib.future_times import SKEW
from panel.lib.outbound.retries import RETRIES, next_try
from panel.lib.turns import Job, serve
from panel.ops.alerts.channels import NotToldError, send
from panel.ops.alerts.notices import Way
from panel.ops.models import AlertNotice

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RUN_SECONDS = 45
CHANNELS_AT_ONCE = 16
KEPT_FOR = timedelta(days=30)
MOST_TRIES = 1000
"""Tries that no failure was recorded of, since each worker died, are counted up to here."""


@dataclass(slots=True)
class Told:
    """What a run came to, in messages."""

    told: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Run:
    """Which channels have a message on its way, and which have failed and are left alone for the rest of the run."""

    result: Told = field(default_factory=Told)
    busy: set[Way] = field(default_factory=set)
    failed: set[Way] = field(default_factory=set)

    def next_turn(self) -> "_Turn | None":
        due = AlertNotice.objects.filter(_is_due(timezone.now()))
        for row in due.values_list("channel", "target").distinct().order_by("channel", "target"):
            way = Way(*row)
            if way not in self.busy | self.failed and (notice := _claim(way)):
                self.busy.add(way)
                return _Turn(self, way, notice)
        return None


@dataclass(slots=True)
class _Turn:
    """One message of one channel."""

    run: _Run
    way: Way
    notice: AlertNotice
    is_taken: bool = False

    def take(self) -> Job | None:
        if self.is_taken:
            return None
        self.is_taken = True
        return partial(_send, self.notice)

    def record(self, why: str) -> None:
        self.run.busy.discard(self.way)
        _record(self.notice, why)
        if why:
            self.run.failed.add(self.way)
            self.run.result.failed += 1
        else:
            self.run.result.told += 1


def tell_due() -> Told:
    """Send what is due; the first failure of a channel ends its turn."""
    run = _Run()
    serve(next_turn=run.next_turn, at_once=CHANNELS_AT_ONCE, seconds=RUN_SECONDS)
    return run.result


def forget_old(*, now: datetime) -> int:
    """Delete the messages that were over long ago; how many. Those of open alerts stay: they say who hears the end."""
    over = AlertNotice.objects.filter(next_at=None, created_at__lt=now - KEPT_FOR)
    return over.exclude(alert__isnull=False, alert__closed_at=None).delete()[0]


def _is_due(now: datetime) -> Q:
    """A time further away than any that we set is of a clock that was ahead, and counts as none."""
    return Q(next_at__lte=now) | Q(next_at__gt=now + max(RETRIES) + SKEW)


def _claim(way: Way) -> AlertNotice | None:
    """The oldest that is due there, ours until its lease ends; an end whose opening still waits is not due."""
    now = timezone.now()
    here = AlertNotice.objects.filter(channel=way.channel, target=way.target)
    opening = here.filter(alert=OuterRef("alert"), event=AlertNotice.Event.OPENED, next_at__isnull=False)
    due = here.filter(_is_due(now)).exclude(Q(event=AlertNotice.Event.CLOSED) & Exists(opening))
    notice = due.select_related("alert").order_by("pk").first()
    if notice is None:
        return None
    lease = {"next_at": now + LEASE, "tried_at": now}
    seen = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at, tries=notice.tries)
    if not seen.update(tries=Least(F("tries") + 1, MOST_TRIES), **lease):  # another worker was quicker
        return None
    notice.tries, notice.next_at = notice.tries + 1, lease["next_at"]
    return notice


def _send(notice: AlertNotice) -> str:
    """Why it did not arrive; empty where it did."""
    try:
        send(notice)
    except NotToldError as problem:
        log.warning("alert not told", extra={"notice": notice.pk, "channel": notice.channel, "why": str(problem)})
        return str(problem)
    return ""


def _record(notice: AlertNotice, why: str) -> None:
    """Write it, unless the claim ended and another worker has the message now."""
    next_at = next_try(failed=notice.tries, now=timezone.now()) if why else None
    ours = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at)
    ours.update(next_at=next_at, why=why[:300], is_delivered=not why)
