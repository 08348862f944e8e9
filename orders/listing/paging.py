"""Long lists of orders, newest first, a page at a time and in the same time however many there are.

Pages go on from an order ("older than 17"). What no index finds is searched for in REACH orders at most, and the page
tells where to go on. Called by the customers' list and by the staff's search.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from orders.models import Order

ROWS = 50
REACH = 100_000
MOST_NUMBERS = 100
_NUMBERS = re.compile(r"#?[0-9]{1,18}(?:[\s,;]+#?[0-9]{1,18})*")


class Place(NamedTuple):
    """Where an order stands in a list."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first. `newer` and `older` are the ids that the pages beside it begin after; None: there is none.

    `searched_to` is set where a search ended before the list did: the last order searched, from which `older`
    continues, or `newer` where the search went that way (`is_newer`). `is_short`: its text is too short for an index.
    """

    rows: list[Order]
    newer: int | None
    older: int | None
    searched_to: Place | None = None
    is_newer: bool = False
    is_short: bool = False


def place_in(rows: QuerySet[Order], *, order_id: int) -> Place | None:
    """Where the order stands; None where it is not among the rows."""
    row = rows.filter(pk=order_id).values_list("created_at", "pk").first()
    return None if row is None else Place(*row)


Finder = Callable[[Place | None, bool, int], tuple[list[Order], Place | None]]
"""Given a place, whether to look for newer orders, and how many: these, and where it ended if that was before the list.

Orders are older than the place, newest first, or newer, oldest first.
"""


def turn_to(
    rows: QuerySet[Order],
    *,
    also: Q | None,
    most: int | None = None,
    before: Place | None = None,
    after: Place | None = None,
) -> Page:
    """The newest ROWS of the rows, those older than `before`, or those newer than `after`.

    `also` is what must be true of them that no index finds. At most three queries and `most` (REACH) rows.
    """

    def find(place: Place | None, is_newer: bool, count: int) -> tuple[list[Order], Place | None]:
        if is_newer and place is not None:
            return _next(newer_than(rows, place).order_by("created_at", "pk"), also, count, most)
        return _next(older_than(rows.order_by("-created_at", "-pk"), place), also, count, most)

    return make_page(find, before=before, after=after)


def make_page(find: Finder, *, before: Place | None = None, after: Place | None = None) -> Page:
    """A page of what is found. Where fewer than ROWS are newer than `after`, that is the newest page."""
    if after is not None:
        found, end = find(after, True, ROWS + 1)
        if len(found) > ROWS or end:
            return _page_of_newer(found, end)
    found, end = find(before, False, ROWS + 1)
    shown = found[:ROWS]
    older = shown[-1].pk if len(found) > ROWS else end.id if end else None
    newer = shown[0].pk if before and after is None and shown else None
    return Page(shown, newer, older, end if len(found) <= ROWS else None)


def reach(rows: QuerySet[Order], most: int | None = None) -> tuple[QuerySet[Order], Place | None]:
    """The first `most` (REACH) of the rows, as a range that an index finds, and the last of them; None: that is all."""
    count = REACH if most is None else most
    last: Any = list(rows.values_list("created_at", "pk")[count - 1 : count + 1])
    if len(last) < 2:
        return rows, None
    end, beyond = (Place(*row) for row in last)
    return newer_than(rows, beyond) if beyond < end else older_than(rows, beyond), end


def older_than(rows: QuerySet[Order], place: Place | None) -> QuerySet[Order]:
    """Those that stand after the place; all where there is none."""
    if place is None:
        return rows
    return rows.filter(Q(created_at__lt=place.at) | Q(pk__lt=place.id), created_at__lte=place.at)


def newer_than(rows: QuerySet[Order], place: Place) -> QuerySet[Order]:
    """Those that stand before the place."""
    return rows.filter(Q(created_at__gt=place.at) | Q(pk__gt=place.id), created_at__gte=place.at)


def read_numbers(search: str) -> list[int]:
    """The numbers that the search is made of; none where it is anything else."""
    if not _NUMBERS.fullmatch(search):
        return []
    return [int(number) for number in re.findall("[0-9]+", search)][:MOST_NUMBERS]


def _next(rows: QuerySet[Order], also: Q | None, count: int, most: int | None) -> tuple[list[Order], Place | None]:
    """The first `count` rows that are found; where the search ended if it did before the rows."""
    end = None
    if also is not None:
        rows, end = reach(rows, most)
        rows = rows.filter(also)
    return list(rows[:count]), end


def _page_of_newer(rows: list[Order], end: Place | None) -> Page:
    """A page of what is newer than some order, from rows that are oldest first."""
    shown = rows[:ROWS][::-1]
    newer = shown[0].pk if len(rows) > ROWS else end.id if end else None
    older = shown[-1].pk if shown else None
    return Page(shown, newer, older, end if len(rows) <= ROWS else None, is_newer=True)
