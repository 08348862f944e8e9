"""The staff page of alerts: open alerts first, then closed ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, IntegerField, Max, Prefetch, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from panel.ops.alerts.alerts import dismiss_alert, take_alert
from panel.ops.alerts.notices import NoChannelError, NoticeChannel, notice_channels, queue_test
from panel.ops.models import Alert, AlertNotice
from panel.web.access import actor_of, need, staff_only

PAGE_SIZE = 25
PAGES = {
    "balance-low": "staff_provider",
    "balance-unread": "staff_provider",
    "runway": "staff_provider",
    "drift": "staff_provider",
    "paused-drift": "staff_provider",
    "paused-funds": "staff_provider",
    "paused-key": "admin:providers_provider_change",
    "paused-currency": "admin:providers_provider_change",
    "paused-list-currency": "admin:providers_provider_change",
    "breaker": "staff_provider",
    "sync": "admin:providers_provider_change",
    "prices": "staff_changes",
    "doubtful": "staff_doubtful",
    "requests": "staff_requests",
    "safe-mode": "staff_safe_mode",
    "orphans": "staff_safe_mode",
    "top-ups": "admin:wallet_topup_changelist",
    "approvals": "staff_approvals",
}
PAGES_WITHOUT_ID = {
    *("admin:wallet_topup_changelist", "staff_doubtful", "staff_requests", "staff_changes", "staff_safe_mode"),
    "staff_approvals",
}
"""PAGES: the page for an alert, by the first part of its subject. PAGES_WITHOUT_ID take no id from the subject."""
NOTICES = Prefetch("notices", AlertNotice.objects.order_by("pk"))


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An open alert with the URL of the page where staff handle it, empty if there is none."""

    alert: Alert
    page_url: str


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A channel and the last notification sent to it, if any."""

    name: str
    last: Sequence[AlertNotice]


@staff_only("ops.view_alert")
@require_safe
def staff_alerts(request: HttpRequest) -> HttpResponse:
    """Shows open alerts, critical ones first, and closed alerts, newest first."""
    closed_alerts = Alert.objects.filter(closed_at__isnull=False).prefetch_related(NOTICES)
    closed = Paginator(closed_alerts.order_by("-closed_at", "-pk"), PAGE_SIZE)
    context = {
        "open_alerts": open_alerts(with_notices=True),
        "closed": closed.get_page(request.GET.get("page")),
        "channels": channel_statuses(),
    }
    return render(request, "staff/alerts.html", context)


@staff_only("ops.view_alert")
@require_POST
def take(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Assigns the alert to the member of staff."""
    need(request, "ops.change_alert")
    assignee = take_alert(alert_id=alert_id, actor=actor_of(request))
    if assignee is None:
        messages.info(request, _("This alert was already closed."))
    elif assignee != actor_of(request)[:100]:
        messages.warning(request, _("This alert is already assigned to %(person)s.") % {"person": assignee})
    return redirect("staff_alerts")


@staff_only("ops.view_alert")
@require_POST
def close(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Closes the alert."""
    need(request, "ops.change_alert")
    if dismiss_alert(alert_id=alert_id, actor=actor_of(request)):
        messages.success(request, _("Alert closed. It opens again if its cause is still there."))
    else:
        messages.info(request, _("This alert was already closed."))
    return redirect("staff_alerts")


@staff_only("ops.view_alert")
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Sends a test notification to every channel."""
    need(request, "ops.change_alert")
    try:
        with transaction.atomic():
            queue_test(actor=actor_of(request), now=timezone.now())
    except NoChannelError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Test sent. Refresh this page in a few seconds to see the result."))
    return redirect("staff_alerts")


def channel_statuses() -> list[ChannelStatus]:
    """Every configured channel with the last notification sent to it. Two queries at most."""
    latest = AlertNotice.objects.filter(tries__gt=0).values("channel", "target").annotate(newest=Max("pk"))
    notices = AlertNotice.objects.filter(pk__in=latest.values("newest"))
    last = {NoticeChannel(notice.channel, notice.target): [notice] for notice in notices}
    return [
        ChannelStatus(AlertNotice(channel=one.channel, target=one.target).channel_name, last.get(one, []))
        for one in notice_channels()
    ]


def open_alerts(*, with_notices: bool = False) -> list[OpenAlert]:
    """The open alerts, critical ones first, then the oldest."""
    urgency = Case(When(level=Alert.Level.CRITICAL, then=Value(0)), default=Value(1), output_field=IntegerField())
    alerts = Alert.objects.filter(closed_at__isnull=True).order_by(urgency, "opened_at", "pk")
    if with_notices:
        alerts = alerts.prefetch_related(NOTICES)
    return [OpenAlert(alert, page_url_of(alert.subject)) for alert in alerts]


def page_url_of(subject: str) -> str:
    """The URL of the page for alerts of this subject, empty if there is none."""
    kind, _colon, number = subject.partition(":")
    name = PAGES.get(kind, "")
    try:
        return reverse(name) if name in PAGES_WITHOUT_ID else reverse(name, args=[int(number)])
    except (NoReverseMatch, ValueError):  # a subject without a page
        return ""
