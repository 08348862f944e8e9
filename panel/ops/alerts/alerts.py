"""Alerts: what a person should look at. One is open a subject, however often its cause is met.

Each that opens and each that closes is told by every channel of the settings (notices.py). An alert about
something that lasts, such as orders that wait, is kept in line with it by `follow_condition`; `raise_alert` and
`close_alert` alone are for what happens in one moment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from panel.ops import audit
from panel.ops.alerts.notices import tell_closed, tell_opened
from panel.ops.models import Alert


@dataclass(frozen=True, slots=True)
class AlertText:
    """What an alert tells people while its condition holds."""

    level: Alert.Level
    title: str
    detail: str = ""


def follow_condition(*, subject: str, look: Callable[[], AlertText | None]) -> bool:
    """Have the alert of `subject` be open exactly while `look` finds something to tell; whether it did.

    `look` reads the database, and nobody else judges the same subject until the transaction ends. Call it last in the
    transaction that changed what `look` reads: of a cause that comes and one that goes in the same moment, whichever
    is second sees both. One that a person closed opens again at the next call while its condition holds.
    """
    with transaction.atomic():
        judge_alone(subject)
        text = look()
        if text is None:
            close_alert(subject=subject)
        else:
            raise_alert(subject=subject, level=text.level, title=text.title, detail=text.detail)
    return text is not None


def raise_alert(*, subject: str, level: Alert.Level, title: str, detail: str = "") -> None:
    """Open the alert of `subject` and have it told, or refresh the open one, which is not told again."""
    now = timezone.now()
    news = {"level": level, "title": title[:200], "detail": detail, "seen_at": now}
    already_open = Alert.objects.filter(subject=subject, closed_at__isnull=True)
    if already_open.update(**news):
        return
    try:
        with transaction.atomic():
            tell_opened(alert=Alert.objects.create(subject=subject, opened_at=now, **news))
    except IntegrityError:  # another process opened it in this moment
        already_open.update(**news)


def close_alert(*, subject: str) -> bool:
    """Close the open alert of `subject`, since its cause is gone, and have that told. False when none was open."""
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
    """A person looks after it: the alert stays open and says who.

    Who has it now: somebody else where they were first. None when it is closed.
    """
    _open(alert_id).filter(taken_at=None).update(taken_at=timezone.now(), taken_by=actor[:100])
    return _open(alert_id).values_list("taken_by", flat=True).first()


def dismiss_alert(*, alert_id: int, actor: str) -> bool:
    """A person closes it; it opens anew when its cause is met again. False when it was closed already."""
    alert = _open(alert_id).first()
    if alert is None:
        return False
    with transaction.atomic():
        closed = _close(alert, by=actor[:100], now=timezone.now())
        if closed:
            audit.record(actor=actor, action="alert.close", target=f"alert:{alert_id}")
    return closed


def judge_alone(subject: str) -> None:
    """Wait for whoever judges the subject, then hold it until the transaction ends.

    SQLite lets one transaction write at a time as it is.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"alert {subject}"])


def _open(alert_id: int) -> QuerySet[Alert]:
    return Alert.objects.filter(pk=alert_id, closed_at__isnull=True)


def _close(alert: Alert, *, by: str, now: datetime) -> bool:
    """In the caller's transaction, once, whoever closes it."""
    if not _open(alert.pk).update(closed_at=now, closed_by=by):
        return False
    tell_closed(alert=alert, now=now)
    return True
