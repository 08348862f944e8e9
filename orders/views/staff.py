"""The staff's first page: is money safe, are providers funded, what is stuck, what do we earn; then what to do."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.earnings import Earned, earned_by_day
from orders.overview import Safety, Stuck, look_at_money, look_at_orders
from panel.lib.money import ZERO, round_to
from panel.ops.alert_views import open_alerts
from panel.ops.models import Alert
from panel.web.access import staff_only
from panel.web.sparkline import spark_path
from providers.funding import Funding, fundings

DAYS = 30
KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that a person should do; `tone` is red, amber or blue."""

    tone: str
    icon: str
    title: str
    text: str
    url: str
    since: datetime | None


@staff_only("providers.view_balancereading")
@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """The four answers in figures and, below them, what to do, the most urgent first."""
    now = timezone.now()
    money, stuck, providers = look_at_money(now=now), look_at_orders(now=now), fundings(now=now)
    days = _earned(now, _zone(request))
    active = [funding for funding in providers if funding.provider.is_active]
    context = {
        "money": money,
        "stuck": stuck,
        "fundings": providers,
        "active": active,
        "funded": round_to(sum((funding.balance_in_shop for funding in active), ZERO), places=2),
        "low": sum(funding.is_low or funding.is_short for funding in active),
        "today": days[-1],
        "month": sum(days, Earned()),
        "earned_line": spark_path([day.profit for day in days]),
        "todos": _todos(money, stuck, active),
        "days": DAYS,
    }
    return render(request, "staff/overview.html", context)


def _earned(now: datetime, zone: tzinfo) -> list[Earned]:
    """Day by day, at most a minute old: the one figure here that looks at many orders."""
    key = f"staff-earned:{zone}:{now.astimezone(zone):%Y-%m-%d}"
    days: list[Earned] | None = cache.get(key)
    if days is None:
        days = list(earned_by_day(days=DAYS, now=now, zone=zone).values())
        cache.set(key, days, KEPT_SECONDS)
    return days


def _zone(request: HttpRequest) -> tzinfo:
    name = getattr(request.user, "time_zone", "")
    return zoneinfo.ZoneInfo(name) if name else UTC


def _todos(money: Safety, stuck: Stuck, providers: list[Funding]) -> list[Todo]:
    """Alerts say most of it; what they do not say is added. Red before amber before blue, then the oldest."""
    found = [*_from_alerts(), *_from_orders(stuck), *_from_money(money, providers)]
    urgency = {"red": 0, "amber": 1, "blue": 2}
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda todo: (urgency[todo.tone], todo.since or latest))


def _from_alerts() -> list[Todo]:
    return [
        Todo(
            tone="red" if shown.alert.level == Alert.Level.CRITICAL else "amber",
            icon="exclamation-circle" if shown.alert.level == Alert.Level.CRITICAL else "exclamation-triangle",
            title=shown.alert.title,
            text=f"{shown.alert.taken_by} looks after it." if shown.alert.taken_by else shown.alert.detail[:200],
            url=shown.place or reverse("staff_alerts"),
            since=shown.alert.opened_at,
        )
        for shown in open_alerts()
        if not shown.alert.subject.startswith("doubtful:")
    ]


def _from_orders(stuck: Stuck) -> list[Todo]:
    doubtful, found = reverse("staff_doubtful"), []
    if stuck.doubtful:
        title = _count(
            stuck.doubtful, "order may or may not have been bought", "orders may or may not have been bought"
        )
        text = "Their money is held. Look at the evidence and decide."
        found.append(Todo("red", "exclamation-diamond", title, text, doubtful, stuck.doubtful_since))
    if stuck.late:
        title = _count(stuck.late, "order has waited to be sent for long", "orders have waited to be sent for long")
        text = "Look at how their provider stands: what waits is sent by itself once it can be."
        orders = f"{reverse('staff_orders')}?state=QUEUED"
        found.append(Todo("amber", "hourglass-split", title, text, orders, stuck.queued_since))
    if stuck.attention:
        title = _count(stuck.attention, "order should be looked at", "orders should be looked at")
        found.append(Todo("amber", "flag", title, "The provider said something odd of them.", doubtful, None))
    if stuck.services_in_doubt:
        title = _count(stuck.services_in_doubt, "service is in doubt", "services are in doubt")
        text = "Their price jumped, their number stands for something else, or their entry makes no sense."
        services = f"{reverse('admin:catalog_service_changelist')}?is_available__exact=0"
        found.append(Todo("blue", "tags", title, text, services, None))
    return found


def _from_money(money: Safety, providers: list[Funding]) -> list[Todo]:
    found = []
    if money.is_stale or (money.checked_at and money.differences is None):
        text = "The recount of the books did not run to its end lately. Look at the jobs' runs."
        found.append(Todo("amber", "shield-check", "The books were not checked", text, _job_runs(), money.checked_at))
    for funding in providers:
        if funding.is_short and not funding.is_low:
            title = f"The balance at {funding.provider} lasts {funding.runway_text}"
            text = "At the pace of the last day. Top it up, or orders will wait."
            url = reverse("staff_provider", args=[funding.provider.pk])
            found.append(Todo("amber", "hourglass-split", title, text, url, None))
    return found


def _job_runs() -> str:
    return reverse("admin:ops_jobrun_changelist")


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
