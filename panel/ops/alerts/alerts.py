"""Opens and closes alerts. A subject has at most one open alert, however often its cause is seen.

Every channel of the settings is notified of an opened and a closed alert (notices.py). Use `follow_condition` for
something that lasts, such as waiting orders; `raise_alert` and `close_alert` for a single event.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.ops import audit
from panel.ops.alerts.notices import queue_closed, queue_opened
from panel.ops.models import Alert


@dataclass(frozen=True, slots=True)
class AlertText:
    """The level and the texts of an alert while its condition holds."""

    level: Alert.Level
    title: str
    detail: str = ""


def follow_condition(*, subject: str, look: Callable[[], AlertText | None]) -> bool:
    """Keep the alert of `subject` open exactly while `look` returns a text; returns whether it did.

    `look` reads the database under a lock of the subject that lasts until the transaction ends. Call it last in the
    transaction that changed what `look` reads, so that the later of two concurrent changes sees both. An alert that
    staff closed opens again at the next call while its condition holds.
    """
    with transaction.atomic():
        lock_subject(subject)
        text = look()
        if text is None:
            close_alert(subject=subject)
        else:
            raise_alert(subject=subject, level=text.level, title=text.title, detail=text.detail)
    return text is not None


def raise_alert(*, subject: str, level: Alert.Level, title: str, detail: str = "") -> None:
    """Open the alert of `subject` and notify the channels, or update the open one without a new notification."""
    now = timezone.now()
    values = {"level": level, "title": title[:200], "detail": detail, "seen_at": now}
    already_open = Alert.objects.filter(subject=subject, closed_at__isnull=True)
    if already_open.update(**values):
        return
    try:
        with transaction.atomic():
            queue_opened(alert=Alert.objects.create(subject=subject, opened_at=now, **values))
    except IntegrityError:  # another process opened it in this moment
        already_open.update(**values)


def close_alert(*, subject: str) -> bool:
    """Close the open alert of `subject` and notify the channels. False if none was open."""
    now = timezone.now()
    alert = Alert.objects.filter(subject=subject, closed_at__isnull=True).first()
    if alert is None:
        return False
    with transaction.atomic():
        return _close(alert, by="", now=now)


def is_alert_open(subject: str) -> bool:
    """Whether the alert of `subject` is open."""
    return Alert.objects.filter(subject=subject, closed_at__isnull=True).exists()


def take_alert(*, alert_id: int, actor: str) -> str | None:
    """Assign the open alert to `actor`, unless it is already assigned.

    Returns the assignee, or None if the alert is closed.
    """
    _open(alert_id).filter(taken_at=None).update(taken_at=timezone.now(), taken_by=actor[:100])
    return _open(alert_id).values_list("taken_by", flat=True).first()


def dismiss_alert(*, alert_id: int, actor: str) -> bool:
    """Close the alert as `actor`. It opens again when its cause is seen again. False if it was already closed."""
    alert = _open(alert_id).first()
    if alert is None:
        return False
    with transaction.atomic():
        closed = _close(alert, by=actor[:100], now=timezone.now())
        if closed:
            audit.record(actor=actor, action="alert.close", target=f"alert:{alert_id}")
    return closed


def lock_subject(subject: str) -> None:
    """Lock the subject until the transaction ends.

    Does nothing on SQLite, which runs one writing transaction at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"alert {subject}"])


def _open(alert_id: int) -> QuerySet[Alert]:
    return Alert.objects.filter(pk=alert_id, closed_at__isnull=True)


def _close(alert: Alert, *, by: str, now: datetime) -> bool:
    """Close it once, in the caller's transaction."""
    if not _open(alert.pk).update(closed_at=now, closed_by=by):
        return False
    queue_closed(alert=alert, now=now)
    return True
