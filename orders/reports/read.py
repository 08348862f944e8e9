"""Reports, read from the daily roll-ups. Called by the staff's pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, ExpressionWrapper, F, QuerySet, Sum

from orders.reports.days import Period
from orders.reports.models import DailyFigure, RolledDay, Scope
from orders.reports.totals import NAMES, ReportTotals
from panel.customers.models import User
from panel.lib.database.fields import AmountField
from providers.catalog.models import Service
from providers.models import Provider

SORTS = ("revenue", "profit", "cost", "charged", "refunded", "orders", "topped_up")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current a period's figures are: when the newest was made, and how many of the days are still to be added."""

    as_of: datetime | None
    missing: int


def freshness(*, period: Period, today: date) -> Freshness:
    """Days before the first one that was ever added up are counted as missing only while older ones follow."""
    days = dict(RolledDay.objects.filter(day__lte=period.last).values_list("day", "rolled_at"))
    oldest = min(days, default=today)
    wanted = [day for day in period.days() if oldest <= day <= today]
    known = [days[day] for day in wanted if day in days]
    return Freshness(max(known, default=None), len(wanted) - len(known))


def totals(*, period: Period, scope: Scope = Scope.ALL, subject: int = 0) -> ReportTotals:
    """What the days of the period come to."""
    return _figures(_rows(period, scope).filter(subject=subject).aggregate(**_sums()))


def by_day(*, period: Period, scope: Scope = Scope.ALL, subject: int = 0) -> dict[date, ReportTotals]:
    """Day by day, the first one first; a day on which nothing moved is there too."""
    found = {row.day: row.figures for row in _rows(period, scope).filter(subject=subject)}
    return {day: found.get(day) or ReportTotals() for day in period.days()}


def count_subjects(*, period: Period, scope: Scope) -> int:
    """How many of them moved anything."""
    counted: int = _rows(period, scope).aggregate(count=Count("subject", distinct=True))["count"]
    return counted


def by_subject(
    *, period: Period, scope: Scope, sort: str = "revenue", start: int = 0, count: int | None = None
) -> list[tuple[int, ReportTotals]]:
    """The subjects with their figures, the largest `sort` (of SORTS) first; `count` of them from the `start`-th on."""
    profit = ExpressionWrapper(F("sum_revenue") - F("sum_cost") - F("sum_lost"), output_field=AmountField())
    rows = _rows(period, scope).values("subject").annotate(**_sums()).annotate(sum_profit=profit)
    stop = None if count is None else start + count
    ordered = rows.order_by(f"-sum_{sort if sort in SORTS else SORTS[0]}", "subject")[start:stop]
    return [(row["subject"], _figures(row)) for row in ordered]


def names_of(*, scope: Scope, subjects: Iterable[int]) -> dict[int, str]:
    """What people call these subjects."""
    pks = list(subjects)
    match scope:
        case Scope.PROVIDER:
            return dict(Provider.objects.filter(pk__in=pks).values_list("pk", "name"))
        case Scope.SERVICE:
            return {pk: f"{pk} {name}" for pk, name in Service.objects.filter(pk__in=pks).values_list("pk", "name")}
        case Scope.CUSTOMER:
            return dict(User.objects.filter(pk__in=pks).values_list("pk", "email"))
    return {}


def sum_of(days: dict[date, ReportTotals]) -> ReportTotals:
    """What the days come to."""
    whole = ReportTotals()
    for figures in days.values():
        whole.add_all(figures)
    return whole


def _rows(period: Period, scope: Scope) -> QuerySet[DailyFigure]:
    return DailyFigure.objects.filter(scope=scope, day__range=(period.first, period.last))


def _sums() -> dict[str, Sum]:
    return {f"sum_{name}": Sum(name) for name in NAMES}


def _figures(sums: Mapping[str, Any]) -> ReportTotals:
    return ReportTotals(**{name: sums[f"sum_{name}"] for name in NAMES if sums[f"sum_{name}"]})
