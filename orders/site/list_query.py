"""What the address of the order list asks for, read without trust: a filter without sense finds nothing and says so."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from orders.listing.order_list import WORDS, Wanted, find_place
from orders.listing.paging import Place
from orders.site.filters import read_choice
from orders.site.service_picker import read_id
from panel.customers.models import User
from panel.lib.zones import day_zone, find_zone
from panel.web.text_input import read_words

LONGEST_SEARCH = 1000
"""Enough for a hundred order numbers."""
PERIODS = {"1": "Last 24 hours", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
YEARS = range(2000, 2101)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for, and the words of it to show in the form again. `problems` are sentences for the customer."""

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
        """Whether anything but the tab leaves orders out."""
        wanted = self.wanted
        return bool(wanted.is_nothing or wanted.search or wanted.since or wanted.until)

    @property
    def is_first(self) -> bool:
        """Whether this is the newest page."""
        return self.before is None and self.after is None


def read_query(query: QueryDict, *, customer: User, now: datetime) -> Query:
    """The address as a query. Dates go before a period; one query for a page.

    Dates are days in the customer's zone, else in the one that the address names, else in the shop's.
    """
    problems: list[str] = []
    zone = find_zone(customer.time_zone or query.get("zone", "")) or day_zone(customer.time_zone)
    first, last = read_days(query, problems)
    word = read_choice(query, "state", of=BY_SLUG, label=_("State"), problems=problems)
    period = read_choice(query, "since", of=PERIODS, label=_("Ordered"), problems=problems)
    period = "" if first or last else period
    since = now - timedelta(days=int(period)) if period else midnight(first, zone)
    until = midnight(last + timedelta(days=1) if last else None, zone)
    return Query(
        wanted=Wanted(
            customer,
            search=read_words(query, "q", longest=LONGEST_SEARCH),
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


def slug(word: str) -> str:
    """The word as the address has it."""
    return word.lower().replace(" ", "-")


BY_SLUG = {slug(word): word for word in WORDS}


def read_days(query: QueryDict, problems: list[str]) -> tuple[date | None, date | None]:
    """The first and the last day that are asked for; what is wrong with them is added to `problems`."""
    first, last = read_date(query.get("from", ""), problems), read_date(query.get("to", ""), problems)
    if first and last and first > last:
        problems.append("The first date is after the last one, so there is no order between them.")
    return first, last


def read_date(text: str, problems: list[str]) -> date | None:
    """The date that `text` writes; None for nothing, and for what is none, which is then said in `problems`."""
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip()) if _DATE.fullmatch(text.strip()) else None
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        said = _("“%(text)s” is not a date, so nothing was found. Write it like 2026-03-31.")
        problems.append(said % {"text": text[:20]})
        return None
    return found


def midnight(day: date | None, zone: tzinfo) -> datetime | None:
    """When the day begins there."""
    return None if day is None else datetime.combine(day, time(), zone)


def _place(text: str | None, customer: User, problems: list[str]) -> Place | None:
    if not text:
        return None
    order_id = read_id(text)
    place = None if order_id is None else find_place(customer=customer, order_id=order_id)
    if place is None:
        problems.append("That page is not there. These are the newest orders.")
    return place
