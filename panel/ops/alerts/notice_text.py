"""The text of a notification for people, and its JSON for programs. Called by channels."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from panel.ops.models import Alert, AlertNotice
from panel.web.mail import prefixed


def heading(notice: AlertNotice) -> str:
    """The subject line: the shop's name, what happened and the alert's title."""
    return prefixed(_title(notice))


def body(notice: AlertNotice) -> str:
    """The text below the subject line, with the URL of the alerts page."""
    return "\n\n".join([*lines(notice), page_url()]) + "\n"


def payload(notice: AlertNotice) -> dict[str, Any]:
    """The notification as JSON for programs."""
    fields = {"event": f"alert.{notice.event}", "at": f"{notice.created_at:%Y-%m-%dT%H:%M:%SZ}", "page": page_url()}
    alert = notice.alert
    if alert is None:
        return {**fields, "text": "This is a test."}
    names = ("subject", "level", "title", "detail", "closed_by")
    return {**fields, "alert": alert.pk, **{name: getattr(alert, name) for name in names}}


def _title(notice: AlertNotice) -> str:
    alert = notice.alert
    if alert is None:
        return _("Test notification")
    title = " ".join(alert.title.split())
    if notice.event == AlertNotice.Event.CLOSED:
        return _("Resolved: %(title)s") % {"title": title}
    return _("Critical: %(title)s") % {"title": title} if alert.level == Alert.Level.CRITICAL else title


def lines(notice: AlertNotice) -> list[str]:
    """The paragraphs below the subject line."""
    alert = notice.alert
    if alert is None:
        return [_("This is a test. You will receive alerts here.")]
    if notice.event == AlertNotice.Event.CLOSED and alert.closed_at:
        if alert.closed_by:
            text = _("Closed by %(person)s. Open from %(opened)s to %(closed)s UTC.")
        else:
            text = _("The cause is gone. Open from %(opened)s to %(closed)s UTC.")
        times = {"opened": f"{alert.opened_at:%Y-%m-%d %H:%M}", "closed": f"{alert.closed_at:%Y-%m-%d %H:%M}"}
        return [text % {"person": alert.closed_by, **times}]
    return [alert.detail] if alert.detail else []


def page_url() -> str:
    """The URL of the alerts page."""
    return f"{settings.SITE_URL}/staff/alerts/"
