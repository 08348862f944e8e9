"""Sends due notifications: claims them, sends them with no transaction open, records the result. Called by its tasks.

Channels are served in parallel, each with one message at a time, so that a slow one delays only itself. A message can
arrive twice only if a worker died between sending and recording; its id is the same then. The end of an alert is sent
after its opening, and failed messages are retried with growing pauses.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Least
from django.utils import timezone

from panel.lib.delivery_pool import Job, serve
from panel.lib.future_times import SKEW
from panel.lib.outbound.retries import RETRIES, next_try
from panel.ops.alerts.channels import NotSentError, send
from panel.ops.alerts.notices import NoticeChannel
from panel.ops.models import AlertNotice

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RUN_SECONDS = 45
CHANNELS_AT_ONCE = 16
KEPT_FOR = timedelta(days=30)
MAX_TRIES = 1000
"""Tries without a recorded failure, because the worker died, are counted up to here."""


@dataclass(slots=True)
class SendResult:
    """The numbers of messages sent and failed in a run."""

    sent: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Run:
    """The channels with a message being sent, and those that failed and are skipped for the rest of the run."""

    result: SendResult = field(default_factory=SendResult)
    busy: set[NoticeChannel] = field(default_factory=set)
    failed: set[NoticeChannel] = field(default_factory=set)

    def next_turn(self) -> "_Turn | None":
        due = AlertNotice.objects.filter(_is_due(timezone.now()))
        for row in due.values_list("channel", "target").distinct().order_by("channel", "target"):
            channel = NoticeChannel(*row)
            if channel not in self.busy | self.failed and (notice := _claim(channel)):
                self.busy.add(channel)
                return _Turn(self, channel, notice)
        return None


@dataclass(slots=True)
class _Turn:
    """One message to one channel."""

    run: _Run
    channel: NoticeChannel
    notice: AlertNotice
    is_taken: bool = False

    def take(self) -> Job | None:
        if self.is_taken:
            return None
        self.is_taken = True
        return partial(_send, self.notice)

    def record(self, reason: str) -> None:
        self.run.busy.discard(self.channel)
        _record(self.notice, reason)
        if reason:
            self.run.failed.add(self.channel)
            self.run.result.failed += 1
        else:
            self.run.result.sent += 1


def send_due() -> SendResult:
    """Send what is due. A channel that fails is skipped for the rest of the run."""
    run = _Run()
    serve(next_turn=run.next_turn, at_once=CHANNELS_AT_ONCE, seconds=RUN_SECONDS)
    return run.result


def forget_old(*, now: datetime) -> int:
    """Delete finished messages after 30 days; returns how many. Those of open alerts stay, for the closing message."""
    over = AlertNotice.objects.filter(next_at=None, created_at__lt=now - KEPT_FOR)
    return over.exclude(alert__isnull=False, alert__closed_at=None).delete()[0]


def _is_due(now: datetime) -> Q:
    """Due messages. A time later than any that we set comes from a clock that was ahead, and counts as due."""
    return Q(next_at__lte=now) | Q(next_at__gt=now + max(RETRIES) + SKEW)


def _claim(channel: NoticeChannel) -> AlertNotice | None:
    """Claim the oldest due message of the channel. The end of an alert is not due while its opening waits."""
    now = timezone.now()
    here = AlertNotice.objects.filter(channel=channel.channel, target=channel.target)
    opening = here.filter(alert=OuterRef("alert"), event=AlertNotice.Event.OPENED, next_at__isnull=False)
    due = here.filter(_is_due(now)).exclude(Q(event=AlertNotice.Event.CLOSED) & Exists(opening))
    notice = due.select_related("alert").order_by("pk").first()
    if notice is None:
        return None
    lease = {"next_at": now + LEASE, "tried_at": now}
    seen = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at, tries=notice.tries)
    if not seen.update(tries=Least(F("tries") + 1, MAX_TRIES), **lease):  # another worker was quicker
        return None
    notice.tries, notice.next_at = notice.tries + 1, lease["next_at"]
    return notice


def _send(notice: AlertNotice) -> str:
    """Send the message; returns why it failed, or an empty string."""
    try:
        send(notice)
    except NotSentError as problem:
        log.warning("alert not sent", extra={"notice": notice.pk, "channel": notice.channel, "reason": str(problem)})
        return str(problem)
    return ""


def _record(notice: AlertNotice, reason: str) -> None:
    """Record the result, unless the lease ended and another worker has the message."""
    next_at = next_try(failed=notice.tries, now=timezone.now()) if reason else None
    ours = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at)
    ours.update(next_at=next_at, reason=reason[:300], is_delivered=not reason)
