"""What a message about an alert says, in words for people and as values for programs. Called by channels."""

from typing import Any

from django.conf import settings

from panel.ops.models import Alert, AlertNotice


def heading(notice: AlertNotice) -> str:
    """One line: whose panel, what happened, the alert's title."""
    return f"[{settings.SITE_NAME}] {_what(notice)}"


def body(notice: AlertNotice) -> str:
    """The lines below it, and the address of the page."""
    return "\n\n".join([*_lines(notice), _page()]) + "\n"


def payload(notice: AlertNotice) -> dict[str, Any]:
    """The same for a program."""
    said = {"event": f"alert.{notice.event}", "at": f"{notice.created_at:%Y-%m-%dT%H:%M:%SZ}", "page": _page()}
    alert = notice.alert
    if alert is None:
        return {**said, "text": "This is a test."}
    names = ("subject", "level", "title", "detail", "closed_by")
    return {**said, "alert": alert.pk, **{name: getattr(alert, name) for name in names}}


def _what(notice: AlertNotice) -> str:
    alert = notice.alert
    if alert is None:
        return "A test of the alerts"
    title = " ".join(alert.title.split())
    if notice.event == AlertNotice.Event.CLOSED:
        return f"Over: {title}"
    return f"Critical: {title}" if alert.level == Alert.Level.CRITICAL else title


def _lines(notice: AlertNotice) -> list[str]:
    alert = notice.alert
    if alert is None:
        return ["This is a test. Alerts reach you here."]
    if notice.event == AlertNotice.Event.CLOSED and alert.closed_at:
        by = f"It was closed by {alert.closed_by}." if alert.closed_by else "Its cause is gone."
        return [f"{by} It was open from {alert.opened_at:%Y-%m-%d %H:%M} to {alert.closed_at:%Y-%m-%d %H:%M} UTC."]
    return [alert.detail] if alert.detail else []


def _page() -> str:
    return f"{settings.SITE_URL}/staff/alerts/"
