"""What is to be told of an alert, written in the transaction that opened or closed it: neither lost nor told twice.

A flapping alert is damped. Of one subject, a channel gets at most one opening message in QUIET_FOR: a later one waits
until then, and where its alert is over before it was begun, neither the opening nor the end is told. What was told
open is always told closed, once. Called by alerts; notice_jobs delivers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from panel.ops import audit
from panel.ops.models import Alert, AlertNotice
from panel.ops.wake import wake

QUIET_FOR = timedelta(minutes=5)
SKIPPED = "It was over before it was told."

Event, Channel = AlertNotice.Event, AlertNotice.Channel


class NoChannelError(Exception):
    """There is nobody to tell; the message is for the person who wanted it."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where messages go: a channel, and the chat where it has several."""

    channel: str
    target: str = ""


def ways() -> list[Way]:
    """Every way that the settings name."""
    found = [Way(Channel.EMAIL)] if settings.ALERT_EMAILS else []
    if settings.ALERT_TELEGRAM_TOKEN:
        found += [Way(Channel.TELEGRAM, chat) for chat in settings.ALERT_TELEGRAM_CHATS]
    return [*found, Way(Channel.WEBHOOK)] if settings.ALERT_WEBHOOK_URL else found


def tell_opened(*, alert: Alert) -> None:
    """Queue a message to each channel, in the caller's transaction; sooner after the last one than it may be, later."""
    told = AlertNotice.objects.filter(alert__subject=alert.subject, event=Event.OPENED, tries__gt=0)
    last = {
        Way(channel, target): at + QUIET_FOR
        for channel, target, at in told.values_list("channel", "target").annotate(Max("tried_at"))
    }
    now = alert.opened_at
    _queue([(way, max(now, last.get(way, now))) for way in ways()], Event.OPENED, now, alert)


def tell_closed(*, alert: Alert, now: datetime) -> None:
    """Queue the end to each channel, in the caller's transaction, unless its opening was not begun: then neither."""
    unsent = AlertNotice.objects.filter(alert=alert, event=Event.OPENED, tries=0, next_at__isnull=False)
    locked = list(unsent.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    unsent.filter(pk__in=[notice.pk for notice in locked]).update(next_at=None, why=SKIPPED)
    never_told = {Way(notice.channel, notice.target) for notice in locked}
    _queue([(way, now) for way in ways() if way not in never_told], Event.CLOSED, now, alert)


def tell_test(*, actor: str, now: datetime) -> int:
    """Queue a message that speaks of nothing to each channel; how many. Raises NoChannelError."""
    found = ways()
    if not found:
        raise NoChannelError("No channel is set: see ALERT_EMAILS, ALERT_TELEGRAM_TOKEN and ALERT_WEBHOOK_URL.")
    _queue([(way, now) for way in found], Event.TEST, now, None)
    audit.record(actor=actor, action="alert.test", target="alerts", detail={"messages": len(found)})
    return len(found)


def _queue(due: list[tuple[Way, datetime]], event: str, now: datetime, alert: Alert | None) -> None:
    if not due:
        return
    AlertNotice.objects.bulk_create(
        [
            AlertNotice(alert=alert, event=event, channel=way.channel, target=way.target, created_at=now, next_at=at)
            for way, at in due
        ]
    )
    wake(task="panel.ops.tasks.tell_alerts")
