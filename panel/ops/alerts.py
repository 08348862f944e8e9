"""Alerts: what a person should look at. One is open a subject, however often its cause is met; it is mailed once."""

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from panel.ops import audit
from panel.ops.models import Alert

log = logging.getLogger(__name__)


def raise_alert(*, subject: str, level: Alert.Level, title: str, detail: str = "") -> None:
    """Open the alert of `subject`, or refresh the open one. After the commit it is mailed to ALERT_EMAILS, once."""
    now = timezone.now()
    news = {"level": level, "title": title[:200], "detail": detail, "seen_at": now}
    if not Alert.objects.filter(subject=subject, closed_at__isnull=True).update(**news):
        try:
            with transaction.atomic():
                Alert.objects.create(subject=subject, opened_at=now, **news)
        except IntegrityError:  # another process opened it in this moment
            Alert.objects.filter(subject=subject, closed_at__isnull=True).update(**news)

    def mail() -> None:
        _mail_once(subject)

    transaction.on_commit(mail, robust=True)


def close_alert(*, subject: str) -> bool:
    """Close the open alert of `subject`, since its cause is gone. False when none was open."""
    return Alert.objects.filter(subject=subject, closed_at__isnull=True).update(closed_at=timezone.now()) == 1


def take_alert(*, alert_id: int, actor: str) -> bool:
    """A person looks after it: the alert stays open and says who. False when it is closed by now."""
    now = timezone.now()
    return Alert.objects.filter(pk=alert_id, closed_at__isnull=True).update(taken_at=now, taken_by=actor[:100]) == 1


def dismiss_alert(*, alert_id: int, actor: str) -> bool:
    """A person closes it; it opens anew when its cause is met again. False when it was closed already."""
    with transaction.atomic():
        alerts = Alert.objects.filter(pk=alert_id, closed_at__isnull=True)
        closed = alerts.update(closed_at=timezone.now(), closed_by=actor[:100]) == 1
        if closed:
            audit.record(actor=actor, action="alert.close", target=f"alert:{alert_id}")
    return closed


def _mail_once(subject: str) -> None:
    """Mail the open alert unless that was done. One that fails is logged, and tried when the cause is met again."""
    if not settings.ALERT_EMAILS:
        return
    alert = Alert.objects.filter(subject=subject, closed_at__isnull=True, mailed_at__isnull=True).first()
    if alert is None or not Alert.objects.filter(pk=alert.pk, mailed_at=None).update(mailed_at=timezone.now()):
        return
    body = f"{alert.detail}\n\n{settings.SITE_URL}/staff/alerts/\n"
    try:
        send_mail(f"[{settings.SITE_NAME}] {alert.title}", body, None, settings.ALERT_EMAILS)
    except OSError:  # what smtplib and files raise
        log.warning("alert not mailed", exc_info=True, extra={"alert": alert.pk})
        Alert.objects.filter(pk=alert.pk).update(mailed_at=None)
