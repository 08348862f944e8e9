"""A customer's orders as a list, newest first: found by word, time and text. How its pages are cut is paging's, and how
text is found text_search's.

Counting stops at MAX_COUNTED. Called by the customers' pages and their export.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from orders.listing.paging import Page, Place, older_than, place_in, reach, read_numbers, turn_to
from orders.listing.search_index import Match
from orders.listing.text_search import TextSearch
from orders.models import Order
from panel.customers.models import User
from panel.lib.database.counts import count_each
from providers.catalog.models import Service

WORDS = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
"""What an order can be listed under: the words that customers read."""
MAX_COUNTED = 10_000
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
    """How many orders each word has, exact up to MAX_COUNTED, and one more than that where there are more.

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
        self._is_dated = wanted.since is not None or wanted.until is not None
        self._search: TextSearch | None = None
        if wanted.is_nothing or not wanted.search:
            return
        numbered = self._rows.filter(pk__in=read_numbers(wanted.search))
        if numbered.exists():
            self._rows = numbered
        else:
            self._search = TextSearch(_match(wanted), related=("service",))

    def page(self, *, word: str = "", before: Place | None = None, after: Place | None = None) -> Page:
        """The newest of that word (all where empty), those older than `before`, or those newer than `after`."""
        rows = self._of(word).select_related("service")
        if self._search is None:
            return turn_to(rows, also=None, before=before, after=after)
        is_filtered = bool(word) or self._is_dated
        return self._search.page(rows, is_filtered=is_filtered, before=before, after=after)

    def counts(self) -> Counts:
        """How many there are of each word. At most a fixed number of rows is read."""
        if self._search is None:
            return Counts(count_each(**{word: self._of(word).values("pk")[: MAX_COUNTED + 1] for word in WORDS}))
        rows, is_partial = self._search.newest(self._rows, is_filtered=self._is_dated)
        grouped = rows.order_by().values_list("listed_as").annotate(Count("pk"))
        return Counts({**dict.fromkeys(WORDS, 0), **dict(grouped)}, is_partial=is_partial)

    def batches(self, *, word: str, most: int) -> Iterator[list[Order]]:
        """The newest `most` of that word, BATCH at a time, each read when it is wanted.

        Of a search: all that are found, and where these are many, those among the newest `most` of that word.
        """
        rows = self._of(word)
        rows = reach(rows, most)[0] if self._search is None else self._search.among_newest(rows, most)[0]
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


def _match(wanted: Wanted) -> Match:
    named = Service.objects.all()
    for word in wanted.search.split()[:WORDS_IN_SEARCH]:
        named = named.filter(name__icontains=word)
    return Match(wanted.search, customer=wanted.customer.pk, services=named)
