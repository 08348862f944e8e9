"""The staff reports: revenue, cost, refunds and profit by day, provider, service or customer; also as CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from orders.reports.days import day_of
from orders.reports.models import Scope
from orders.reports.read import by_day, by_subject, count_subjects, freshness, names_of, sum_of, totals
from orders.reports.totals import ReportTotals
from orders.staff.report_query import GROUPINGS, PRESETS, ReportQuery, read_report
from panel.lib.spreadsheet import Cell, csv_lines
from panel.web.access import staff_only
from providers.models import Provider

PAGE_SIZE = 50
COLUMNS = (
    ("orders", _lazy("Orders")),
    ("charged", _lazy("Charged")),
    ("refunded", _lazy("Refunded")),
    ("revenue", _lazy("Revenue")),
    ("cost", _lazy("Cost")),
    ("lost", _lazy("Losses")),
    ("profit", _lazy("Profit")),
    ("topped_up", _lazy("Deposits")),
)
"""The figures of a report's rows: name and heading."""
PROVIDER_COLUMNS = (("own_cost", _lazy("Provider cost")), ("deposited", _lazy("Provider deposits")))
"""Columns in the provider's currency."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: a day or a subject. `currency` is the provider's, for providers only."""

    day: date | None
    subject: int
    name: str
    figures: ReportTotals
    currency: str = ""


class Subjects:
    """The rows of a grouping, for a paginator: each page takes one query, and one for the names."""

    def __init__(self, query: ReportQuery) -> None:
        self.query = query
        self.scope = Scope(query.by)

    @cached_property
    def _count(self) -> int:
        return count_subjects(period=self.query.period, scope=self.scope)

    def count(self) -> int:
        return self._count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, part: slice) -> list[Line]:
        rows = by_subject(
            period=self.query.period,
            scope=self.scope,
            sort=self.query.sort,
            start=part.start or 0,
            count=None if part.stop is None else part.stop - (part.start or 0),
        )
        names = names_of(scope=self.scope, subjects=[subject for subject, figures in rows])
        currencies = dict(Provider.objects.values_list("pk", "currency")) if self.scope == Scope.PROVIDER else {}
        return [
            Line(None, subject, names.get(subject, f"{subject}"), figures, currencies.get(subject, ""))
            for subject, figures in rows
        ]


@staff_only("reports.view_dailyfigure")
@require_safe
def staff_reports(request: HttpRequest) -> HttpResponse:
    """Show the report with the filters in the address."""
    today = day_of(timezone.now())
    query = read_report(request.GET, today=today)
    if query.is_nothing:
        return render(
            request, "staff/reports.html", {"query": query, "presets": PRESETS, "zone": settings.REPORT_TIME_ZONE}
        )
    days = by_day(period=query.period, scope=query.scope, subject=query.subject)
    whole = sum_of(days)
    context = {
        "query": query,
        "name": _name(query),
        "whole": whole,
        "before": totals(period=query.period.before, scope=query.scope, subject=query.subject),
        "page": _page(query, days, request.GET.get("page")),
        "chart": _chart(days),
        "freshness": freshness(period=query.period, today=today),
        "presets": PRESETS,
        "groupings": GROUPINGS.values(),
        "grouping": GROUPINGS[query.by],
        "columns": COLUMNS,
        "provider_columns": PROVIDER_COLUMNS,
        "zone": settings.REPORT_TIME_ZONE,
    }
    return render(request, "staff/reports.html", context)


@staff_only("reports.view_dailyfigure")
@require_safe
def staff_reports_csv(request: HttpRequest) -> HttpResponseBase:
    """Download all rows of the report as a CSV file."""
    query = read_report(request.GET, today=day_of(timezone.now()))
    if query.is_nothing:
        lines = []
    elif query.is_by_day:
        lines = _day_lines(by_day(period=query.period, scope=query.scope, subject=query.subject))
    else:
        lines = Subjects(query)[:]
    has_own = query.by == Scope.PROVIDER
    columns = [*COLUMNS, *(PROVIDER_COLUMNS if has_own else ())]
    head = [str(GROUPINGS[query.by].one), _("Name"), _("Currency"), *(str(label) for name, label in columns)]
    rows = (_cells(line, [name for name, label in columns], has_own) for line in lines)
    answer = StreamingHttpResponse(
        csv_lines(head=[*head, _("Provider currency")] if has_own else head, batches=[rows]),
        content_type="text/csv; charset=utf-8",
    )
    name = f"report-{query.by}-{query.period.first}-{query.period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(query: ReportQuery, days: dict[date, ReportTotals], number: str | None) -> "Page[Line]":
    rows: Any = _day_lines(days)[::-1] if query.is_by_day else Subjects(query)
    return Paginator(rows, PAGE_SIZE).get_page(number)


def _day_lines(days: dict[date, ReportTotals]) -> list[Line]:
    return [Line(day, 0, day.isoformat(), figures) for day, figures in days.items()]


def _name(query: ReportQuery) -> str:
    """The name of the report's subject; empty for the whole shop."""
    if not query.subject:
        return ""
    try:
        return names_of(scope=query.scope, subjects=[query.subject])[query.subject]
    except KeyError:
        raise Http404 from None


def _chart(days: dict[date, ReportTotals]) -> dict[str, Any]:
    """The chart's data by day, as floats for drawing only, and its texts."""
    return {
        "day": [day.isoformat() for day in days],
        "revenue": [float(figures.revenue) for figures in days.values()],
        "cost": [float(figures.cost) for figures in days.values()],
        "profit": [float(figures.profit) for figures in days.values()],
        "currency": settings.CURRENCY,
        "labels": {"revenue": _("Revenue"), "cost": _("Cost"), "profit": _("Profit")},
    }


def _cells(line: Line, names: list[str], has_own: bool) -> Iterator[Cell]:
    yield line.name if line.day else line.subject
    yield None if line.day else line.name
    yield settings.CURRENCY
    yield from (getattr(line.figures, name) for name in names)
    if has_own:
        yield line.currency
