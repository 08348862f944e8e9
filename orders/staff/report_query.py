"""What the address of the reports asks for, read without trust: a filter without sense finds nothing, and says so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict
from django.utils.translation import gettext as _

from orders.reports.days import LONGEST, ONE, Period, last_days
from orders.reports.models import Scope
from orders.reports.read import SORTS
from orders.site.filters import read_choice, read_number
from orders.site.list_query import read_date

BY_DAY = "day"
GROUPINGS = {BY_DAY: "Days", Scope.PROVIDER: "Providers", Scope.SERVICE: "Services", Scope.CUSTOMER: "Customers"}
"""What a report has a row for."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A period that is chosen by its name."""

    slug: str
    label: str
    of: Callable[[date], Period]


PRESETS = (
    Preset("today", "Today", lambda today: Period(today, today)),
    Preset("yesterday", "Yesterday", lambda today: Period(today - ONE, today - ONE)),
    Preset("week", "7 days", lambda today: last_days(today=today, count=7)),
    Preset("month", "30 days", lambda today: last_days(today=today, count=30)),
    Preset("this-month", "This month", lambda today: Period(today.replace(day=1), today)),
    Preset("last-month", "Last month", lambda today: _month_before(today)),
    Preset("year", "12 months", lambda today: last_days(today=today, count=365)),
)
USUAL = PRESETS[3]


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The report asked for. With a `subject` it is the days of that one, else a row for each of `by`."""

    period: Period
    preset: str
    by: str
    scope: Scope
    subject: int
    sort: str
    problems: tuple[str, ...]
    is_nothing: bool = False
    """What is asked for could not be read, so nothing is shown."""

    @property
    def is_by_day(self) -> bool:
        return self.by == BY_DAY


def read_report(query: QueryDict, *, today: date) -> ReportQuery:
    """The address as a report; without dates the last 30 days."""
    problems: list[str] = []
    slugs = {known.slug: known for known in PRESETS}
    preset = slugs.get(read_choice(query, "range", of=slugs, label=_("Period"), problems=problems), USUAL)
    first, last = read_date(query.get("from", ""), problems), read_date(query.get("to", ""), problems)
    period, slug = preset.of(today), preset.slug
    if first or last:
        period, slug = Period(first or last or today, last or max(today, first or today)), ""
    scope, subject = _subject(query, problems)
    is_nothing = bool(problems)
    if period.first > period.last:
        problems.append("The first date is after the last one, so they were exchanged.")
        period = Period(period.last, period.first)
    if period.length > LONGEST:
        problems.append(f"A report covers {LONGEST:,} days at most: these are the last of them.")
        period = last_days(today=period.last, count=LONGEST)
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
    """The one that the report is about: the first of provider, service and customer that is named."""
    labels = {Scope.PROVIDER: _("Provider"), Scope.SERVICE: _("Service ID"), Scope.CUSTOMER: _("Customer")}
    for scope, label in labels.items():
        subject = read_number(query, scope, label=label, problems=problems)
        if subject:
            return scope, subject
    return Scope.ALL, 0


def _month_before(today: date) -> Period:
    last = today.replace(day=1) - ONE
    return Period(last.replace(day=1), last)
