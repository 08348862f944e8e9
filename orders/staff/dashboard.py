"""The staff's first page: is money safe, are providers funded, what is stuck, what do we earn; then what to do."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders.reports.days import day_of, last_days
from orders.reports.read import by_day, sum_of
from orders.staff.overview import Safety, Stuck, look_at_money, look_at_orders
from orders.staff.review.stuck_orders import count_some, slow_orders
from panel.lib.money import ZERO, round_to
from panel.ops.alerts.alert_pages import ShownAlert, open_alerts
from panel.ops.jobs.schedule import FailingJob, failing_jobs
from panel.ops.models import Alert
from panel.web.access import staff_only
from panel.web.sparkline import spark_path
from providers.balances.provider_balances import provider_balances

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
    money, stuck, providers = look_at_money(now=now), look_at_orders(now=now), provider_balances(now=now)
    days, slow = by_day(period=last_days(today=day_of(now), count=DAYS)), _slow(now)
    alerts, failing = open_alerts(), failing_jobs(now=now)
    active = [funding for funding in providers if funding.provider.is_active]
    context = {
        "money": money,
        "stuck": stuck,
        "fundings": providers,
        "active": active,
        "funded": round_to(sum((funding.balance_in_shop for funding in active), ZERO), places=2),
        "low": sum(funding.is_low or funding.is_short for funding in active),
        "today": days[day_of(now)],
        "month": sum_of(days),
        "earned_line": spark_path([day.profit for day in days.values()]),
        "todos": _todos(money, stuck, slow, failing, alerts),
        "days": DAYS,
    }
    return render(request, "staff/overview.html", context)


def _slow(now: datetime) -> int:
    """How many orders take too long: at most a minute old, as many are looked at."""
    found: int | None = cache.get("staff-slow-orders")
    if found is None:
        found = count_some(slow_orders(now=now))
        cache.set("staff-slow-orders", found, KEPT_SECONDS)
    return found


def _todos(money: Safety, stuck: Stuck, slow: int, failing: list[FailingJob], alerts: list[ShownAlert]) -> list[Todo]:
    """Alerts say most of it; what they do not say is added. Red before amber before blue, then the oldest."""
    found = [*_from_alerts(alerts), *_from_orders(stuck, slow), *_from_jobs(money, failing)]
    urgency = {"red": 0, "amber": 1, "blue": 2}
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda todo: (urgency[todo.tone], todo.since or latest))


def _from_alerts(alerts: list[ShownAlert]) -> list[Todo]:
    return [
        Todo(
            tone="red" if shown.alert.level == Alert.Level.CRITICAL else "amber",
            icon="exclamation-circle" if shown.alert.level == Alert.Level.CRITICAL else "exclamation-triangle",
            title=shown.alert.title,
            text=f"{shown.alert.taken_by} looks after it." if shown.alert.taken_by else shown.alert.detail[:200],
            url=shown.place or reverse("staff_alerts"),
            since=shown.alert.opened_at,
        )
        for shown in alerts
        if not shown.alert.subject.startswith("doubtful:")
    ]


def _from_orders(stuck: Stuck, slow: int) -> list[Todo]:
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
    if slow:
        title = _count(slow, "order takes too long", "orders take too long")
        text = "More than three times what their service usually takes. Ask the provider."
        found.append(Todo("amber", "hourglass-split", title, text, f"{doubtful}?show=slow", None))
    if stuck.services_in_doubt:
        title = _count(stuck.services_in_doubt, "service is in doubt", "services are in doubt")
        text = "Their price jumped, their number stands for something else, or their entry makes no sense."
        found.append(Todo("blue", "tags", title, text, reverse("staff_changes"), None))
    return found


def _from_jobs(money: Safety, failing: list[FailingJob]) -> list[Todo]:
    found = []
    if money.is_stale or (money.checked_at and money.differences is None):
        text = "The recount of the books did not run to its end lately. Look at the jobs' runs."
        found.append(Todo("amber", "shield-check", "The books were not checked", text, _job_runs(), money.checked_at))
    if failing:
        title, text = _count(len(failing), "job fails or is late", "jobs fail or are late"), failing[0].title
        since = min((job.since for job in failing if job.since), default=None)
        found.append(Todo("amber", "clock", title, text, f"{reverse('staff_doubtful')}?show=jobs", since))
    return found


def _job_runs() -> str:
    return reverse("admin:ops_jobrun_changelist")


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
