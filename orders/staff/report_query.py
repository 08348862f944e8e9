"""Read and check the filters in the address of the reports. An invalid filter finds nothing, and the page says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.reports.days import MAX_DAYS, ONE, Period, last_days
from orders.reports.models import Scope
from orders.reports.read import SORTS
from orders.site.filters import read_choice, read_number
from orders.site.list_query import read_date

BY_DAY = "day"


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a report has a row for, with its label for one and for several."""

    slug: str
    one: str | Promise
    several: str | Promise


GROUPINGS = {
    grouping.slug: grouping
    for grouping in (
        Grouping(BY_DAY, _lazy("Day"), _lazy("Days")),
        Grouping(Scope.PROVIDER, _lazy("Provider"), _lazy("Providers")),
        Grouping(Scope.SERVICE, _lazy("Service"), _lazy("Services")),
        Grouping(Scope.CUSTOMER, _lazy("Customer"), _lazy("Customers")),
    )
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A period that can be chosen by name."""

    slug: str
    label: str | Promise
    of: Callable[[date], Period]


PRESETS = (
    Preset("today", _lazy("Today"), lambda today: Period(today, today)),
    Preset("yesterday", _lazy("Yesterday"), lambda today: Period(today - ONE, today - ONE)),
    Preset("week", _lazy("7 days"), lambda today: last_days(today=today, count=7)),
    Preset("month", _lazy("30 days"), lambda today: last_days(today=today, count=30)),
    Preset("this-month", _lazy("This month"), lambda today: Period(today.replace(day=1), today)),
    Preset("last-month", _lazy("Last month"), lambda today: _month_before(today)),
    Preset("year", _lazy("12 months"), lambda today: last_days(today=today, count=365)),
)
DEFAULT_PRESET = PRESETS[3]


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The report's filters. With a `subject` the rows are its days, else there is a row for each of `by`."""

    period: Period
    preset: str
    by: str
    scope: Scope
    subject: int
    sort: str
    problems: tuple[str, ...]
    is_nothing: bool = False
    """A filter is invalid, so nothing is shown."""

    @property
    def is_by_day(self) -> bool:
        return self.by == BY_DAY


def read_report(query: QueryDict, *, today: date) -> ReportQuery:
    """Read the address; without dates the report covers the last 30 days."""
    problems: list[str] = []
    slugs = {known.slug: known for known in PRESETS}
    preset = slugs.get(read_choice(query, "range", of=slugs, label=_("Period"), problems=problems), DEFAULT_PRESET)
    first, last = read_date(query.get("from", ""), problems), read_date(query.get("to", ""), problems)
    period, slug = preset.of(today), preset.slug
    if first or last:
        period, slug = Period(first or last or today, last or max(today, first or today)), ""
    scope, subject = _subject(query, problems)
    is_nothing = bool(problems)
    if period.first > period.last:
        problems.append(_("The start date is after the end date, so they were swapped."))
        period = Period(period.last, period.first)
    if period.length > MAX_DAYS:
        text = _("A report covers at most %(days)s days. These are the last of them.")
        problems.append(text % {"days": f"{MAX_DAYS:,}"})
        period = last_days(today=period.last, count=MAX_DAYS)
    by = BY_DAY if subject else query.get("by", "")
    sort = query.get("sort", "")
    return ReportQuery(
        period=period,
        preset=slug,
        by=by if by in GROUPINGS else BY_DAY,
        scope=scope,
        subject=subject,
        sort=sort if sort in SORTS else SORTS[0],
        problems=tuple(dict.fromkeys(problems)),
        is_nothing=is_nothing,
    )


def _subject(query: QueryDict, problems: list[str]) -> tuple[Scope, int]:
    """The subject of the report: the first of provider, service and customer in the address."""
    labels = {Scope.PROVIDER: _("Provider"), Scope.SERVICE: _("Service ID"), Scope.CUSTOMER: _("Customer")}
    for scope, label in labels.items():
        subject = read_number(query, scope, label=label, problems=problems)
        if subject:
            return scope, subject
    return Scope.ALL, 0


def _month_before(today: date) -> Period:
    last = today.replace(day=1) - ONE
    return Period(last.replace(day=1), last)
