"""The staff's page of alerts: what is open first, who looks after it, and what was."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST, require_safe

from panel.ops.alerts import dismiss_alert, take_alert
from panel.ops.models import Alert
from panel.web.access import need, staff_only

CLOSED_A_PAGE = 25
PLACES = {
    "balance-low": "staff_provider",
    "balance-unread": "staff_provider",
    "drift": "staff_provider",
    "paused-funds": "staff_provider",
    "paused-key": "admin:providers_provider_change",
    "paused-currency": "admin:providers_provider_change",
    "breaker": "staff_provider",
    "sync": "admin:providers_provider_change",
    "prices": "staff_changes",
    "doubtful": "staff_doubtful",
    "requests": "staff_requests",
}
WHOLE_PAGES = {"staff_doubtful", "staff_requests", "staff_changes"}
"""Where an alert is dealt with, by the first part of its subject."""


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert with the page on which it is dealt with; empty where there is none."""

    alert: Alert
    place: str


@staff_only("ops.view_alert")
@require_safe
def staff_alerts(request: HttpRequest) -> HttpResponse:
    """Open alerts, critical ones first; below them the closed ones, newest first."""
    closed = Paginator(Alert.objects.filter(closed_at__isnull=False).order_by("-closed_at", "-pk"), CLOSED_A_PAGE)
    context = {"open_alerts": open_alerts(), "closed": closed.get_page(request.GET.get("page"))}
    return render(request, "staff/alerts.html", context)


@staff_only("ops.view_alert")
@require_POST
def take(request: HttpRequest, alert_id: int) -> HttpResponse:
    """This person looks after it."""
    need(request, "ops.change_alert")
    if not take_alert(alert_id=alert_id, actor=request.user.get_username()):
        messages.info(request, "This alert is closed by now.")
    return redirect("staff_alerts")


@staff_only("ops.view_alert")
@require_POST
def close(request: HttpRequest, alert_id: int) -> HttpResponse:
    """This person closes it."""
    need(request, "ops.change_alert")
    if dismiss_alert(alert_id=alert_id, actor=request.user.get_username()):
        messages.success(request, "Closed. It opens again when its cause is met again.")
    else:
        messages.info(request, "This alert was closed already.")
    return redirect("staff_alerts")


def open_alerts() -> list[ShownAlert]:
    """All that are open, critical ones first, then the oldest."""
    urgency = Case(When(level=Alert.Level.CRITICAL, then=Value(0)), default=Value(1), output_field=IntegerField())
    alerts = Alert.objects.filter(closed_at__isnull=True).order_by(urgency, "opened_at", "pk")
    return [ShownAlert(alert, place_of(alert.subject)) for alert in alerts]


def place_of(subject: str) -> str:
    """The address of the page on which an alert of this subject is dealt with; empty where there is none."""
    kind, _, number = subject.partition(":")
    name = PLACES.get(kind, "")
    try:
        return reverse(name) if name in WHOLE_PAGES else reverse(name, args=[int(number)])
    except (NoReverseMatch, ValueError):  # a subject without a page
        return ""
