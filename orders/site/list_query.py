"""Reads the filters of the order list from its URL. An invalid filter finds nothing and is reported on the page."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.listing.order_list import WORDS, Wanted, find_place
from orders.listing.paging import Place
from orders.site.filters import read_choice
from orders.site.service_picker import read_id
from panel.customers.models import User
from panel.lib.zones import day_zone, find_zone
from panel.web.text_input import read_text

LONGEST_SEARCH = 1000
"""Enough for a hundred order ids."""
PERIODS = {
    "1": _lazy("Last 24 hours"),
    "7": _lazy("Last 7 days"),
    "30": _lazy("Last 30 days"),
    "90": _lazy("Last 90 days"),
}
YEARS = range(2000, 2101)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Query:
    """The filters, and their texts to show in the form again. `problems` are sentences for the customer."""

    wanted: Wanted
    word: str
    before: Place | None
    after: Place | None
    period: str
    first: str
    last: str
    zone: tzinfo
    problems: tuple[str, ...]

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter beside the tab is set."""
        wanted = self.wanted
        return bool(wanted.is_nothing or wanted.search or wanted.since or wanted.until)

    @property
    def is_first(self) -> bool:
        """Whether this is the newest page."""
        return self.before is None and self.after is None


def read_query(query: QueryDict, *, customer: User, now: datetime) -> Query:
    """The URL as a query. Dates win over a period.

    Dates are days in the customer's time zone, else in the one that the URL names, else in the shop's.
    """
    problems: list[str] = []
    zone = find_zone(customer.time_zone or query.get("zone", "")) or day_zone(customer.time_zone)
    first, last = read_days(query, problems)
    word = read_choice(query, "state", of=BY_SLUG, label=_("Status"), problems=problems)
    period = read_choice(query, "since", of=PERIODS, label=_("Placed"), problems=problems)
    period = "" if first or last else period
    since = now - timedelta(days=int(period)) if period else midnight(first, zone)
    until = midnight(last + timedelta(days=1) if last else None, zone)
    return Query(
        wanted=Wanted(
            customer,
            search=read_text(query, "q", max_length=LONGEST_SEARCH),
            since=since,
            until=until,
            is_nothing=bool(problems),
        ),
        word=BY_SLUG.get(word, ""),
        before=_place(query.get("before"), customer, problems),
        after=None if query.get("before") else _place(query.get("after"), customer, problems),
        period=period,
        first=first.isoformat() if first else "",
        last=last.isoformat() if last else "",
        zone=zone,
        problems=tuple(dict.fromkeys(problems)),
    )


def slug(status: str) -> str:
    """The status as the URL has it."""
    return status.lower().replace(" ", "-")


BY_SLUG = {slug(word): word for word in WORDS}


def read_days(query: QueryDict, problems: list[str]) -> tuple[date | None, date | None]:
    """The first and the last day of the filter; what is wrong with them is added to `problems`."""
    first, last = read_date(query.get("from", ""), problems), read_date(query.get("to", ""), problems)
    if first and last and first > last:
        problems.append(_("The start date is after the end date. Choose an earlier start date."))
    return first, last


def read_date(text: str, problems: list[str]) -> date | None:
    """The date in `text`, or None for an empty or invalid one; an invalid one is added to `problems`."""
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip()) if _DATE.fullmatch(text.strip()) else None
    except ValueError:
        day = None
    if day is None or day.year not in YEARS:
        message = _("“%(text)s” isn't a date. Use the format YYYY-MM-DD, for example 2026-03-31.")
        problems.append(message % {"text": text[:20]})
        return None
    return day


def midnight(day: date | None, zone: tzinfo) -> datetime | None:
    """When the day begins in the time zone."""
    return None if day is None else datetime.combine(day, time(), zone)


def _place(text: str | None, customer: User, problems: list[str]) -> Place | None:
    if not text:
        return None
    order_id = read_id(text)
    place = None if order_id is None else find_place(customer=customer, order_id=order_id)
    if place is None:
        problems.append(_("That page doesn't exist. Showing the newest orders."))
    return place
