"""A customer's orders as a list, newest first: found by word, time and text, in the same time however many there are.

Pages go on from an order ("older than 17"), and counting stops at MOST_COUNTED. A search for text cannot use an index:
it looks through REACH orders at most, and says where to go on. Called by the customers' pages and their export.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, IntegerField, Q, QuerySet, Subquery

from orders.models import Order
from panel.customers.models import User
from providers.catalog.models import Service

WORDS = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
"""What an order can be listed under: the words that customers read."""
ROWS = 50
REACH = 100_000
MOST_COUNTED = 10_000
MOST_NUMBERS = 100
WORDS_IN_SEARCH = 8
BATCH = 2_000
_NUMBERS = re.compile(r"#?[0-9]{1,18}(?:[\s,;]+#?[0-9]{1,18})*")


class Place(NamedTuple):
    """Where an order stands in its customer's list."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders of a customer: with `search` in them, ordered from `since` to before `until`, where given."""

    customer: User
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first. `newer` and `older` are the ids that the pages beside it begin after; None: there is none.

    `looked_to` is set where a search ended before the list did: the order it looked at last, which `older` goes on
    from, or `newer` where the search went that way (`is_newer`).
    """

    rows: list[Order]
    newer: int | None
    older: int | None
    looked_to: Place | None = None
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many orders each word has, exact up to MOST_COUNTED, and one more than that where there are more.

    `is_partial`: a search did not look at all of them, so that there may be more.
    """

    words: dict[str, int]
    is_partial: bool = False

    @property
    def all(self) -> int:
        return sum(self.words.values())


class CountOf(Subquery):
    """How many rows a query has, as one value of another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def find_place(*, customer: User, order_id: int) -> Place | None:
    """Where the customer's order stands; None where they have no such order."""
    row = Order.objects.filter(customer=customer, pk=order_id).values_list("created_at", "pk").first()
    return None if row is None else Place(*row)


class Listing:
    """The orders that are wanted. A search for numbers finds the orders of those numbers, if there are any.

    Making one takes a query only where the search may be numbers.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._customer = wanted.customer
        self._rows = _of_customer(wanted)
        self._text: Q | None = None
        if not wanted.search:
            return
        numbered = self._rows.filter(pk__in=_numbers(wanted.search))
        if numbered.exists():
            self._rows = numbered
        else:
            self._text = _text(wanted.search)

    def page(self, *, word: str = "", before: Place | None = None, after: Place | None = None) -> Page:
        """The newest ROWS of that word (all where empty), those older than `before`, or those newer than `after`.

        Where fewer than ROWS are newer than `after`, that is the newest page. At most three queries and REACH rows.
        """
        if after is not None:
            rows, end = self._next(_newer(self._of(word), after).order_by("created_at", "pk"))
            if len(rows) > ROWS or end:
                return _page_of_newer(rows, end)
        rows, end = self._next(_older(self._of(word), before))
        shown = rows[:ROWS]
        older = shown[-1].pk if len(rows) > ROWS else end.id if end else None
        newer = shown[0].pk if before and after is None and shown else None
        return Page(shown, newer, older, end if len(rows) <= ROWS else None)

    def counts(self) -> Counts:
        """How many there are of each word. Two queries at most, and a bounded number of rows looked at."""
        if self._text is None:
            parts = [self._of(word).values("pk")[: MOST_COUNTED + 1] for word in WORDS]
            found = User.objects.filter(pk=self._customer.pk).values_list(*(CountOf(part) for part in parts))
            return Counts(dict(zip(WORDS, found[0], strict=True)))
        rows, end = _reach(self._rows, REACH)
        grouped = rows.filter(self._text).order_by().values_list("listed_as").annotate(Count("pk"))
        return Counts({**dict.fromkeys(WORDS, 0), **dict(grouped)}, is_partial=end is not None)

    def batches(self, *, word: str, most: int) -> Iterator[list[Order]]:
        """All that are found among the newest `most` of that word, BATCH at a time, each read when it is wanted."""
        rows, _ = _reach(self._of(word), most)
        rows = rows.filter(self._text or Q())
        place: Place | None = None
        while batch := list(_older(rows, place).select_related("service")[:BATCH]):
            yield batch
            place = Place(batch[-1].created_at, batch[-1].pk)

    def _of(self, word: str) -> QuerySet[Order]:
        return self._rows.filter(listed_as=word) if word else self._rows

    def _next(self, rows: QuerySet[Order]) -> tuple[list[Order], Place | None]:
        """The first rows that are found, one more than a page; where the search ended if it did before the rows."""
        end = None
        if self._text is not None:
            rows, end = _reach(rows, REACH)
            rows = rows.filter(self._text)
        return list(rows.select_related("service")[: ROWS + 1]), end


def _page_of_newer(rows: list[Order], end: Place | None) -> Page:
    """A page of what is newer than some order, from rows that are oldest first."""
    shown = rows[:ROWS][::-1]
    newer = shown[0].pk if len(rows) > ROWS else end.id if end else None
    older = shown[-1].pk if shown else None
    return Page(shown, newer, older, end if len(rows) <= ROWS else None, is_newer=True)


def _of_customer(wanted: Wanted) -> QuerySet[Order]:
    rows = Order.objects.filter(customer=wanted.customer).order_by("-created_at", "-pk")
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    return rows if wanted.until is None else rows.filter(created_at__lt=wanted.until)


def _reach(rows: QuerySet[Order], most: int) -> tuple[QuerySet[Order], Place | None]:
    """The first `most` of the rows, as a range that an index finds, and the last of them; None where that is all."""
    last: Any = list(rows.values_list("created_at", "pk")[most - 1 : most + 1])
    if len(last) < 2:
        return rows, None
    end, beyond = (Place(*row) for row in last)
    return _newer(rows, beyond) if beyond < end else _older(rows, beyond), end


def _older(rows: QuerySet[Order], place: Place | None) -> QuerySet[Order]:
    if place is None:
        return rows
    return rows.filter(Q(created_at__lt=place.at) | Q(pk__lt=place.id), created_at__lte=place.at)


def _newer(rows: QuerySet[Order], place: Place) -> QuerySet[Order]:
    return rows.filter(Q(created_at__gt=place.at) | Q(pk__gt=place.id), created_at__gte=place.at)


def _numbers(search: str) -> list[int]:
    """The numbers that the search is made of; none where it is anything else."""
    if not _NUMBERS.fullmatch(search):
        return []
    return [int(number) for number in re.findall("[0-9]+", search)][:MOST_NUMBERS]


def _text(search: str) -> Q:
    named = Service.objects.all()
    for word in search.split()[:WORDS_IN_SEARCH]:
        named = named.filter(name__icontains=word)
    return Q(link__icontains=search) | Q(service__in=named.values("pk"))
