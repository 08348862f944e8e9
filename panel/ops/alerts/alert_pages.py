"""The staff's page of alerts: what is open first, who looks after it, and what was."""

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
from panel.ops.alerts.notices import NoChannelError, Way, tell_test, ways
from panel.ops.models import Alert, AlertNotice
from panel.web.access import actor_of, need, staff_only

CLOSED_A_PAGE = 25
PLACES = {
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
WHOLE_PAGES = {
    *("admin:wallet_topup_changelist", "staff_doubtful", "staff_requests", "staff_changes", "staff_safe_mode"),
    "staff_approvals",
}
"""Where an alert is dealt with, by the first part of its subject."""
TOLD = Prefetch("notices", AlertNotice.objects.order_by("pk"))


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert with the page on which it is dealt with; empty where there is none."""

    alert: Alert
    place: str


@dataclass(frozen=True, slots=True)
class ShownWay:
    """A channel and the message that it was sent last, if there was one."""

    name: str
    last: Sequence[AlertNotice]


@staff_only("ops.view_alert")
@require_safe
def staff_alerts(request: HttpRequest) -> HttpResponse:
    """Open alerts, critical ones first; below them the closed ones, newest first."""
    over = Alert.objects.filter(closed_at__isnull=False).prefetch_related(TOLD)
    closed = Paginator(over.order_by("-closed_at", "-pk"), CLOSED_A_PAGE)
    context = {
        "open_alerts": open_alerts(with_notices=True),
        "closed": closed.get_page(request.GET.get("page")),
        "channels": shown_ways(),
    }
    return render(request, "staff/alerts.html", context)


@staff_only("ops.view_alert")
@require_POST
def take(request: HttpRequest, alert_id: int) -> HttpResponse:
    """This person looks after it."""
    need(request, "ops.change_alert")
    holder = take_alert(alert_id=alert_id, actor=actor_of(request))
    if holder is None:
        messages.info(request, _("This alert is closed."))
    elif holder != actor_of(request)[:100]:
        messages.warning(request, _("%(person)s is already looking after this alert.") % {"person": holder})
    return redirect("staff_alerts")


@staff_only("ops.view_alert")
@require_POST
def close(request: HttpRequest, alert_id: int) -> HttpResponse:
    """This person closes it."""
    need(request, "ops.change_alert")
    if dismiss_alert(alert_id=alert_id, actor=actor_of(request)):
        messages.success(request, _("Closed. It opens again if its cause still holds or is met again."))
    else:
        messages.info(request, _("This alert was closed already."))
    return redirect("staff_alerts")


@staff_only("ops.view_alert")
@require_POST
def send_test(request: HttpRequest) -> HttpResponse:
    """Send a test to every channel."""
    need(request, "ops.change_alert")
    try:
        with transaction.atomic():
            tell_test(actor=actor_of(request), now=timezone.now())
    except NoChannelError as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, "A test is on its way. Look at this page again in some seconds.")
    return redirect("staff_alerts")


def shown_ways() -> list[ShownWay]:
    """Every channel of the settings with the message that it was sent last. Two queries at most."""
    latest = AlertNotice.objects.filter(tries__gt=0).values("channel", "target").annotate(newest=Max("pk"))
    notices = AlertNotice.objects.filter(pk__in=latest.values("newest"))
    last = {Way(notice.channel, notice.target): [notice] for notice in notices}
    return [ShownWay(AlertNotice(channel=way.channel, target=way.target).way, last.get(way, [])) for way in ways()]


def open_alerts(*, with_notices: bool = False) -> list[ShownAlert]:
    """All that are open, critical ones first, then the oldest; with how they were told where that is shown."""
    urgency = Case(When(level=Alert.Level.CRITICAL, then=Value(0)), default=Value(1), output_field=IntegerField())
    alerts = Alert.objects.filter(closed_at__isnull=True).order_by(urgency, "opened_at", "pk")
    if with_notices:
        alerts = alerts.prefetch_related(TOLD)
    return [ShownAlert(alert, place_of(alert.subject)) for alert in alerts]


def place_of(subject: str) -> str:
    """The address of the page on which an alert of this subject is dealt with; empty where there is none."""
    kind, _, number = subject.partition(":")
    name = PLACES.get(kind, "")
    try:
        return reverse(name) if name in WHOLE_PAGES else reverse(name, args=[int(number)])
    except (NoReverseMatch, ValueError):  # a subject without a page
        return ""
