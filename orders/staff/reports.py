"""The staff's reports: what was earned, spent and given back, by day, provider, service or customer; also as CSV."""

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
from django.views.decorators.http import require_safe

from orders.reports.days import day_of
from orders.reports.figures import Figures
from orders.reports.models import Scope
from orders.reports.read import by_day, by_subject, count_subjects, names_of, standing, sum_of, totals
from orders.staff.report_query import GROUPINGS, PRESETS, ReportQuery, read_report
from panel.lib.spreadsheet import Cell, csv_lines
from panel.web.access import staff_only
from providers.models import Provider

A_PAGE = 50
COLUMNS = (
    ("orders", "Orders"),
    ("charged", "Charged"),
    ("refunded", "Given back"),
    ("revenue", "Revenue"),
    ("cost", "Cost"),
    ("lost", "Lost"),
    ("profit", "Profit"),
    ("topped_up", "Paid in"),
)
"""The figures of a report's rows, by their names and as they are headed."""
OF_PROVIDERS = (("own_cost", "Cost there"), ("deposited", "Paid to it"))
"""In the provider's currency."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row: of a day or a subject. `currency` is a provider's own."""

    day: date | None
    subject: int
    name: str
    figures: Figures
    currency: str = ""


class Subjects:
    """The rows of a grouping, for a paginator: each page is one query, and one for the names."""

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
        found = by_subject(
            period=self.query.period,
            scope=self.scope,
            sort=self.query.sort,
            start=part.start or 0,
            count=None if part.stop is None else part.stop - (part.start or 0),
        )
        names = names_of(scope=self.scope, subjects=[subject for subject, _ in found])
        currencies = dict(Provider.objects.values_list("pk", "currency")) if self.scope == Scope.PROVIDER else {}
        return [
            Line(None, subject, names.get(subject, f"{subject}"), figures, currencies.get(subject, ""))
            for subject, figures in found
        ]


@staff_only("reports.view_dailyfigure")
@require_safe
def staff_reports(request: HttpRequest) -> HttpResponse:
    """The report that the address asks for."""
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
        "standing": standing(period=query.period, today=today),
        "presets": PRESETS,
        "groupings": GROUPINGS.items(),
        "columns": COLUMNS,
        "zone": settings.REPORT_TIME_ZONE,
    }
    return render(request, "staff/reports.html", context)


@staff_only("reports.view_dailyfigure")
@require_safe
def staff_reports_csv(request: HttpRequest) -> HttpResponseBase:
    """The same report, all of its rows, as a CSV file."""
    query = read_report(request.GET, today=day_of(timezone.now()))
    if query.is_nothing:
        lines = []
    elif query.is_by_day:
        lines = _day_lines(by_day(period=query.period, scope=query.scope, subject=query.subject))
    else:
        lines = Subjects(query)[:]
    has_own = query.by == Scope.PROVIDER
    columns = [*COLUMNS, *(OF_PROVIDERS if has_own else ())]
    head = [GROUPINGS[query.by][:-1], "Name", "Currency", *(label for _, label in columns)]
    rows = (_cells(line, [name for name, _ in columns], has_own) for line in lines)
    answer = StreamingHttpResponse(
        csv_lines(head=[*head, "Currency there"] if has_own else head, batches=[rows]),
        content_type="text/csv; charset=utf-8",
    )
    name = f"report-{query.by}-{query.period.first}-{query.period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(query: ReportQuery, days: dict[date, Figures], number: str | None) -> "Page[Line]":
    rows: Any = _day_lines(days)[::-1] if query.is_by_day else Subjects(query)
    return Paginator(rows, A_PAGE).get_page(number)


def _day_lines(days: dict[date, Figures]) -> list[Line]:
    return [Line(day, 0, day.isoformat(), figures) for day, figures in days.items()]


def _name(query: ReportQuery) -> str:
    """Whom the report is about; empty for the whole shop."""
    if not query.subject:
        return ""
    try:
        return names_of(scope=query.scope, subjects=[query.subject])[query.subject]
    except KeyError:
        raise Http404 from None


def _chart(days: dict[date, Figures]) -> dict[str, Any]:
    """The days as the chart wants them; floats for drawing alone."""
    return {
        "day": [day.isoformat() for day in days],
        "revenue": [float(figures.revenue) for figures in days.values()],
        "cost": [float(figures.cost) for figures in days.values()],
        "profit": [float(figures.profit) for figures in days.values()],
        "currency": settings.CURRENCY,
    }


def _cells(line: Line, names: list[str], has_own: bool) -> Iterator[Cell]:
    yield line.name if line.day else line.subject
    yield None if line.day else line.name
    yield settings.CURRENCY
    yield from (getattr(line.figures, name) for name in names)
    if has_own:
        yield line.currency
