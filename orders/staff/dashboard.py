"""The staff overview: customer and provider balances, orders that need review, profit, and what needs attention."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from orders.reports.days import day_of, last_days
from orders.reports.read import by_day, sum_of
from orders.staff.overview import CustomerMoney, StuckOrders, customer_money, stuck_orders
from orders.staff.review.stuck_orders import count_capped, slow_orders
from panel.lib.money import ZERO, round_to
from panel.ops.alerts.alert_pages import OpenAlert, open_alerts
from panel.ops.jobs.schedule import FailingJob, failing_jobs
from panel.ops.models import Alert
from panel.web.access import staff_only
from panel.web.sparkline import spark_path
from providers.balances.provider_balances import provider_balances

DAYS = 30
CACHE_SECONDS = 60


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
    """Show the four figures and, below them, what needs attention, the most urgent first."""
    now = timezone.now()
    money, stuck, providers = customer_money(now=now), stuck_orders(now=now), provider_balances(now=now)
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
    """How many orders are slow; cached for a minute, counted up to a limit."""
    count: int | None = cache.get("staff-slow-orders")
    if count is None:
        count = count_capped(slow_orders(now=now))
        cache.set("staff-slow-orders", count, CACHE_SECONDS)
    return count


def _todos(
    money: CustomerMoney, stuck: StuckOrders, slow: int, failing: list[FailingJob], alerts: list[OpenAlert]
) -> list[Todo]:
    """The open alerts and what no alert covers. Red before amber before blue, then the oldest first."""
    todos = [*_from_alerts(alerts), *_from_orders(stuck, slow), *_from_jobs(money, failing)]
    urgency = {"red": 0, "amber": 1, "blue": 2}
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(todos, key=lambda todo: (urgency[todo.tone], todo.since or latest))


def _from_alerts(alerts: list[OpenAlert]) -> list[Todo]:
    return [
        Todo(
            tone="red" if shown.alert.level == Alert.Level.CRITICAL else "amber",
            icon="exclamation-circle" if shown.alert.level == Alert.Level.CRITICAL else "exclamation-triangle",
            title=shown.alert.title,
            text=_alert_text(shown.alert),
            url=shown.page_url or reverse("staff_alerts"),
            since=shown.alert.opened_at,
        )
        for shown in alerts
        if not shown.alert.subject.startswith("doubtful:")
    ]


def _alert_text(alert: Alert) -> str:
    if alert.taken_by:
        return _("Assigned to %(person)s.") % {"person": alert.taken_by}
    return str(alert.detail[:200])


def _from_orders(stuck: StuckOrders, slow: int) -> list[Todo]:
    review, todos = reverse("staff_doubtful"), []
    if stuck.doubtful:
        title = ngettext("%(count)s unconfirmed order", "%(count)s unconfirmed orders", stuck.doubtful)
        text = _("The charges are on hold. Check the evidence and decide.")
        todos.append(_counted(stuck.doubtful, "red", "exclamation-diamond", title, text, review, stuck.doubtful_since))
    if stuck.late:
        title = ngettext("%(count)s order waits too long", "%(count)s orders wait too long", stuck.late)
        text = _("Check the provider's status. Queued orders are sent automatically once the provider accepts orders.")
        queued = f"{reverse('staff_orders')}?state=QUEUED"
        todos.append(_counted(stuck.late, "amber", "hourglass-split", title, text, queued, stuck.queued_since))
    if stuck.attention:
        title = ngettext("%(count)s flagged order", "%(count)s flagged orders", stuck.attention)
        text = _("The provider returned something unexpected.")
        todos.append(_counted(stuck.attention, "amber", "flag", title, text, review, None))
    if slow:
        title = ngettext("%(count)s slow order", "%(count)s slow orders", slow)
        text = _("More than three times the usual time. Ask the provider's support.")
        todos.append(_counted(slow, "amber", "hourglass-split", title, text, f"{review}?show=slow", None))
    if stuck.services_in_review:
        title = ngettext("%(count)s service needs review", "%(count)s services need review", stuck.services_in_review)
        text = _("A large price jump, a reused service ID or an invalid entry.")
        todos.append(_counted(stuck.services_in_review, "blue", "tags", title, text, reverse("staff_changes"), None))
    return todos


def _from_jobs(money: CustomerMoney, failing: list[FailingJob]) -> list[Todo]:
    todos = []
    if money.is_stale or (money.checked_at and money.differences is None):
        text = _("The last ledger check did not finish. Check the job's runs.")
        todos.append(Todo("amber", "shield-check", _("Ledger check overdue"), text, _job_runs(), money.checked_at))
    if failing:
        title = ngettext("%(count)s job failed or is late", "%(count)s jobs failed or are late", len(failing))
        since = min((job.since for job in failing if job.since), default=None)
        jobs = f"{reverse('staff_doubtful')}?show=jobs"
        todos.append(_counted(len(failing), "amber", "clock", title, failing[0].title, jobs, since))
    return todos


def _job_runs() -> str:
    return reverse("admin:ops_jobrun_changelist")


def _counted(count: int, tone: str, icon: str, title: str, text: str, url: str, since: datetime | None) -> Todo:
    """A todo whose title names the count."""
    return Todo(tone, icon, title % {"count": f"{count:,}"}, text, url, since)
