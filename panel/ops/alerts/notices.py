"""What is to be told of an alert, written in the transaction that opened or closed it: neither lost nor told twice.

A flapping alert is damped. Of one subject, a channel gets at most one opening message in QUIET_FOR: a later one waits
until then, and where its alert is over before it was begun, neither the opening nor the end is told. A channel that
was told of the opening is always told of the end, once, and no other channel is: one that was added while the alert
was open never heard of it. Called by alerts; notice_jobs delivers.
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
    """Queue the end to each channel that was told of the opening, or may have been, in the caller's transaction."""
    openings = AlertNotice.objects.filter(alert=alert, event=Event.OPENED)
    unsent = openings.filter(tries=0, next_at__isnull=False)
    locked = list(unsent.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    unsent.filter(pk__in=locked).update(next_at=None, why=SKIPPED)
    begun = {Way(*row) for row in openings.filter(tries__gt=0).values_list("channel", "target")}
    _queue([(way, now) for way in ways() if way in begun], Event.CLOSED, now, alert)


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
