"""Queues notifications in the transaction that opens or closes an alert, so that none is lost or sent twice.

A flapping alert is damped: a channel gets at most one opening message of a subject in QUIET_FOR. A later one waits, and
if its alert closes before it was tried, neither the opening nor the end is sent. Channels that got the opening, and
only they, also get the end. Called by alerts; notice_jobs delivers.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from panel.ops import audit
from panel.ops.models import Alert, AlertNotice
from panel.ops.wake import wake

QUIET_FOR = timedelta(minutes=5)
SKIPPED = _lazy("The alert closed before the notification was sent.")

Event, Channel = AlertNotice.Event, AlertNotice.Channel


class NoChannelError(Exception):
    """No channel is configured. The message is for the member of staff."""


@dataclass(frozen=True, slots=True)
class NoticeChannel:
    """Where notifications go: a channel, with the chat if it has several."""

    channel: str
    target: str = ""


def notice_channels() -> list[NoticeChannel]:
    """The channels of the settings."""
    channels = [NoticeChannel(Channel.EMAIL)] if settings.ALERT_EMAILS else []
    if settings.ALERT_TELEGRAM_TOKEN:
        channels += [NoticeChannel(Channel.TELEGRAM, chat) for chat in settings.ALERT_TELEGRAM_CHATS]
    return [*channels, NoticeChannel(Channel.WEBHOOK)] if settings.ALERT_WEBHOOK_URL else channels


def queue_opened(*, alert: Alert) -> None:
    """Queue a message to each channel, in the caller's transaction; it waits until QUIET_FOR after the last one."""
    earlier = AlertNotice.objects.filter(alert__subject=alert.subject, event=Event.OPENED, tries__gt=0)
    last = {
        NoticeChannel(channel, target): at + QUIET_FOR
        for channel, target, at in earlier.values_list("channel", "target").annotate(Max("tried_at"))
    }
    now = alert.opened_at
    _queue([(channel, max(now, last.get(channel, now))) for channel in notice_channels()], Event.OPENED, now, alert)


def queue_closed(*, alert: Alert, now: datetime) -> None:
    """Queue the end to each channel that got the opening, or may have, in the caller's transaction."""
    openings = AlertNotice.objects.filter(alert=alert, event=Event.OPENED)
    unsent = openings.filter(tries=0, next_at__isnull=False)
    locked = list(unsent.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True))
    unsent.filter(pk__in=locked).update(next_at=None, reason=str(SKIPPED))
    begun = {NoticeChannel(*row) for row in openings.filter(tries__gt=0).values_list("channel", "target")}
    _queue([(channel, now) for channel in notice_channels() if channel in begun], Event.CLOSED, now, alert)


def queue_test(*, actor: str, now: datetime) -> int:
    """Queue a test message to each channel; returns how many. Raises NoChannelError."""
    channels = notice_channels()
    if not channels:
        raise NoChannelError(
            _("No channel is configured. Set ALERT_EMAILS, ALERT_TELEGRAM_TOKEN or ALERT_WEBHOOK_URL.")
        )
    _queue([(channel, now) for channel in channels], Event.TEST, now, None)
    audit.record(actor=actor, action="alert.test", target="alerts", detail={"messages": len(channels)})
    return len(channels)


def _queue(due: list[tuple[NoticeChannel, datetime]], event: str, now: datetime, alert: Alert | None) -> None:
    if not due:
        return
    AlertNotice.objects.bulk_create(
        [
            AlertNotice(
                alert=alert, event=event, channel=channel.channel, target=channel.target, created_at=now, next_at=at
            )
            for channel, at in due
        ]
    )
    wake(task="panel.ops.tasks.tell_alerts")
