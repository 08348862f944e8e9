"""Tell what is due: claimed and committed, sent with no transaction open, recorded. Called by its tasks.

A message may arrive twice only where a worker died between sending and recording; its number is the same then. An
alert's end is told after its opening, and what failed is tried again with growing pauses.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from panel.lib.retries import next_try
from panel.ops.channels import NotToldError, send
from panel.ops.models import AlertNotice
from panel.ops.notices import Way

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
RUN_SECONDS = 45
KEPT_FOR = timedelta(days=30)


@dataclass(slots=True)
class Told:
    """What a run came to, in messages."""

    told: int = 0
    failed: int = 0


def tell_due() -> Told:
    """Send what is due, one channel after the other; the first failure of a channel ends its turn."""
    result = Told()
    until = time.monotonic() + RUN_SECONDS
    due = AlertNotice.objects.filter(next_at__lte=timezone.now())
    for channel, target in due.values_list("channel", "target").distinct().order_by("channel", "target"):
        while time.monotonic() < until and (notice := _claim(Way(channel, target))):
            if not _tell(notice):
                result.failed += 1
                break
            result.told += 1
    return result


def forget_old(*, now: datetime) -> int:
    """Delete the messages that were over long ago; how many."""
    return AlertNotice.objects.filter(next_at=None, created_at__lt=now - KEPT_FOR).delete()[0]


def _claim(way: Way) -> AlertNotice | None:
    """The oldest that is due there, ours until its lease ends; an end whose opening still waits is not due."""
    now = timezone.now()
    here = AlertNotice.objects.filter(channel=way.channel, target=way.target)
    opening = here.filter(alert=OuterRef("alert"), event=AlertNotice.Event.OPENED, next_at__isnull=False)
    due = here.filter(next_at__lte=now).exclude(Q(event=AlertNotice.Event.CLOSED) & Exists(opening))
    notice = due.select_related("alert").order_by("pk").first()
    if notice is None:
        return None
    lease = {"next_at": now + LEASE, "tried_at": now}
    seen = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at, tries=notice.tries)
    if not seen.update(tries=F("tries") + 1, **lease):  # another worker was quicker
        return None
    notice.tries, notice.next_at = notice.tries + 1, lease["next_at"]
    return notice


def _tell(notice: AlertNotice) -> bool:
    why, next_at = "", None
    try:
        send(notice)
    except NotToldError as problem:
        why, next_at = str(problem), next_try(failed=notice.tries, now=timezone.now())
        log.warning("alert not told", extra={"notice": notice.pk, "channel": notice.channel, "why": why})
    ours = AlertNotice.objects.filter(pk=notice.pk, next_at=notice.next_at)
    ours.update(next_at=next_at, why=why[:300], is_delivered=not why)
    return not why
