"""A search for text as pages of orders. Called by the customers' list and by the staff's search.

All orders are searched, however many there are. Where no index helps, a page searches REACH orders and tells where to
go on: for a text of one or two letters, for one that many orders have beside a filter that few of them pass, and for
one whose parts are everywhere and which itself is nowhere.
"""

from dataclasses import replace

from django.db.models import Q, QuerySet

from orders.listing import paging
from orders.listing.paging import Page, Place, make_page, reach, turn_to
from orders.listing.search_index import (
    Found,
    Match,
    TooManyNamesError,
    Way,
    find_all,
    find_among,
    find_near,
    has_parts,
    in_orders,
)
from orders.models import Order

FEW = 1_000
"""So many hits are read at once; so many orders that pass the filters are searched without the index of texts."""
NEAR = 1_000
"""Among so many orders a text is found that many orders have."""
REACH = 5_000
"""So many orders a page searches where no index helps."""


class TextSearch:
    """The orders that match. The rows that its methods take are those that pass the filters, found by an index."""

    def __init__(self, match: Match, *, related: tuple[str, ...] = ()) -> None:
        """Orders of pages come with the rows that `related` names."""
        self._match, self._related = match, related
        self._has_parts = has_parts(match.text)
        self._near: dict[Way, Found] = {}
        self._all: dict[Way, Found | None] = {}

    def page(
        self,
        rows: QuerySet[Order],
        *,
        is_filtered: bool,
        also: Q | None = None,
        before: Place | None = None,
        after: Place | None = None,
    ) -> Page:
        """The newest that are found, those older than `before`, or those newer than `after`.

        Without filters, the order with the highest id is the newest. `also` is a filter that no index finds.
        """
        if not is_filtered:
            return self._judged(make_page(self._find, before=before, after=after))
        ids = self._complete(rows, is_filtered=is_filtered)
        if ids is not None:
            hits = rows.filter(also or Q(), pk__in=ids)
            return turn_to(hits, also=None, before=before, after=after)
        condition = in_orders(self._match) & (also or Q())
        return self._judged(turn_to(rows, also=condition, most=REACH, before=before, after=after))

    def newest(self, rows: QuerySet[Order], *, is_filtered: bool) -> tuple[QuerySet[Order], bool]:
        """The newest that are found, to be counted, and whether there may be more."""
        if not is_filtered:
            found = self._hits(Way())
            return Order.objects.filter(pk__in=found.ids), found.end is not None
        ids = self._complete(rows, is_filtered=is_filtered)
        return self.among_newest(rows, REACH) if ids is None else (rows.filter(pk__in=ids), False)

    def among_newest(self, rows: QuerySet[Order], most: int) -> tuple[QuerySet[Order], bool]:
        """All that are found where these are few, else those among the newest `most`; whether there may be more."""
        found = self._read_all(Way())
        if found is not None and found.end is None:
            return rows.filter(pk__in=found.ids), False
        rows, end = reach(rows, most)
        return rows.filter(in_orders(self._match)), end is not None

    def _find(self, place: Place | None, is_newer: bool, count: int) -> tuple[list[Order], Place | None]:
        """A paging.Finder. The ids alone are asked for: beside a customer's, a database might take the wrong index."""
        found = self._hits(Way(is_newer, place.id if place else None))
        ids, end = found.ids[:count], found.end
        rows = Order.objects.filter(pk__in=ids).select_related(*self._related).order_by("pk" if is_newer else "-pk")
        return list(rows), None if end is None or len(ids) == count else _place(end)

    def _judged(self, page: Page) -> Page:
        return replace(page, is_short=not self._has_parts)

    def _complete(self, rows: QuerySet[Order], *, is_filtered: bool) -> list[int] | None:
        """The ids of all that match, or of all that also pass the filters; None where they are not few."""
        if is_filtered:
            few = list(rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[: FEW + 1])
            if len(few) <= FEW:
                return find_among(self._match, few)
        found = self._read_all(Way())
        return None if found is None or found.end is not None else found.ids

    def _hits(self, way: Way) -> Found:
        """More than a page of what comes next; less where that is all, or all within some distance."""
        if way not in self._near:
            near = find_near(self._match, way, most=NEAR)
            if not self._has_parts and near.end is not None and len(near.ids) <= paging.ROWS:
                near = find_near(self._match, way, most=REACH)
            self._near[way] = near
        near = self._near[way]
        if near.end is None or len(near.ids) > paging.ROWS:
            return near
        found = self._read_all(way)
        return near if found is None or (found.end is not None and way.is_within(found.end, near.end)) else found

    def _read_all(self, way: Way) -> Found | None:
        """FEW of what comes next, or all; None where no index finds it."""
        if way not in self._all:
            try:
                self._all[way] = find_all(self._match, way, most=FEW) if self._has_parts else None
            except TooManyNamesError:
                self._all[way] = None
        return self._all[way]


def _place(order_id: int) -> Place:
    return Place(*Order.objects.values_list("created_at", "pk").get(pk=order_id))
