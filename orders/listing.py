"""A customer's orders as a list, newest first: found by word, time and text. How its pages are cut is paging's.

Counting stops at MOST_COUNTED. Called by the customers' pages and their export.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from orders.models import Order
from orders.paging import Page, Place, older_than, place_in, reach, read_numbers, turn_to
from panel.customers.models import User
from panel.lib.counts import count_each
from providers.catalog.models import Service

WORDS = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
"""What an order can be listed under: the words that customers read."""
MOST_COUNTED = 10_000
WORDS_IN_SEARCH = 8
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders of a customer: with `search` in them, ordered from `since` to before `until`, where given.

    With `is_nothing` none: what is wanted could not be read.
    """

    customer: User
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_nothing: bool = False


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


def find_place(*, customer: User, order_id: int) -> Place | None:
    """Where the customer's order stands; None where they have no such order."""
    return place_in(Order.objects.filter(customer=customer), order_id=order_id)


class Listing:
    """The orders that are wanted. A search for numbers finds the orders of those numbers, if there are any.

    Making one takes a query only where the search may be numbers.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._rows = _of_customer(wanted)
        self._text: Q | None = None
        if not wanted.search:
            return
        numbered = self._rows.filter(pk__in=read_numbers(wanted.search))
        if numbered.exists():
            self._rows = numbered
        else:
            self._text = _text(wanted.search)

    def page(self, *, word: str = "", before: Place | None = None, after: Place | None = None) -> Page:
        """The newest of that word (all where empty), those older than `before`, or those newer than `after`.

        At most three queries and paging.REACH rows.
        """
        return turn_to(self._of(word).select_related("service"), also=self._text, before=before, after=after)

    def counts(self) -> Counts:
        """How many there are of each word. Two queries at most, and a bounded number of rows looked at."""
        if self._text is None:
            return Counts(count_each(**{word: self._of(word).values("pk")[: MOST_COUNTED + 1] for word in WORDS}))
        rows, end = reach(self._rows)
        grouped = rows.filter(self._text).order_by().values_list("listed_as").annotate(Count("pk"))
        return Counts({**dict.fromkeys(WORDS, 0), **dict(grouped)}, is_partial=end is not None)

    def batches(self, *, word: str, most: int) -> Iterator[list[Order]]:
        """All that are found among the newest `most` of that word, BATCH at a time, each read when it is wanted."""
        rows, _ = reach(self._of(word), most)
        rows = rows.filter(self._text or Q())
        place: Place | None = None
        while batch := list(older_than(rows, place).select_related("service")[:BATCH]):
            yield batch
            place = Place(batch[-1].created_at, batch[-1].pk)

    def _of(self, word: str) -> QuerySet[Order]:
        return self._rows.filter(listed_as=word) if word else self._rows


def _of_customer(wanted: Wanted) -> QuerySet[Order]:
    if wanted.is_nothing:
        return Order.objects.none()
    rows = Order.objects.filter(customer=wanted.customer).order_by("-created_at", "-pk")
    if wanted.since is not None:
        rows = rows.filter(created_at__gte=wanted.since)
    return rows if wanted.until is None else rows.filter(created_at__lt=wanted.until)


def _text(search: str) -> Q:
    named = Service.objects.all()
    for word in search.split()[:WORDS_IN_SEARCH]:
        named = named.filter(name__icontains=word)
    return Q(link__icontains=search) | Q(service__in=named.values("pk"))
