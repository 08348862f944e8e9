"""Orders that have a text, found by indexes however many orders there are: in the link, or by names that have it.

A text that many orders have is found among the next ones; one that few have, by the index of texts, which is
asked for one block of orders, then for two, four, …, unless that is expected to take longer than BUDGET_SECONDS. Used
by text_search.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper

from orders.listing.search_triggers import has_text_index
from orders.models.search_entry import BLOCK, SearchEntry
from panel.lib.database.sqlite.base import lowered

BUDGET_SECONDS = 0.1
MOST_NAMES = 2_000
_WORD = re.compile(r"[^\W_]{3}")


@dataclass(frozen=True, slots=True)
class Match:
    """What an order has to have: `text` in its link, or one of these services, or one of these customers.

    `customer` is whose orders are searched; None: everybody's.
    """

    text: str
    customer: int | None = None
    services: QuerySet[Any] | None = None
    customers: QuerySet[Any] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of orders that match, the nearest first: all there are up to the order `end`, or at all where it is None."""

    ids: list[int]
    end: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """Which way to look from the order with the id `beyond`, which is left out; None: from that end of the list."""

    is_newer: bool = False
    beyond: int | None = None

    @property
    def order(self) -> str:
        return "order_id" if self.is_newer else "-order_id"

    def sort(self, ids: Iterable[int]) -> list[int]:
        return sorted(ids, reverse=not self.is_newer)

    def nearest(self, ends: Iterable[int]) -> int:
        return min(ends) if self.is_newer else max(ends)

    def is_within(self, pk: int, end: int | None) -> bool:
        return end is None or (pk <= end if self.is_newer else pk >= end)


class TooManyNamesError(Exception):
    """More services or customers are named than can be asked for one by one."""


def has_parts(text: str) -> bool:
    """Whether the index of texts can find it: it takes three letters or digits in a row, on SQLite three characters."""
    if not has_text_index(connection):
        return False
    return bool(_WORD.search(text)) if connection.vendor == "postgresql" else len(str(lowered(text))) >= 3


def find_near(match: Match, way: Way, *, most: int) -> Found:
    """Those that match among the next `most` orders."""
    searched, ids = _hits(_entries(match, way).order_by(way.order)[:most], match)
    return Found(ids, searched[-1] if len(searched) == most else None)


def find_among(match: Match, ids: list[int]) -> list[int]:
    """Those of the orders that match."""
    return _hits(SearchEntry.objects.filter(order_id__in=ids), match)[1]


def find_all(match: Match, way: Way, *, most: int) -> Found:
    """The nearest `most` of all that match, by indexes; fewer with an `end` where time was up. TooManyNamesError."""
    parts = [_by_text(match, way, most), *_by_names(match, way, most)]
    ends = [part.end for part in parts if part.end is not None]
    end = way.nearest(ends) if ends else None
    ids = way.sort({pk for part in parts for pk in part.ids if way.is_within(pk, end)})
    return Found(ids, end)


def in_orders(match: Match) -> Q:
    """The condition for orders themselves, which no index finds."""
    found = Q(link__icontains=match.text)
    if match.services is not None:
        found |= Q(service__in=match.services.values("pk"))
    if match.customers is not None:
        found |= Q(customer__in=match.customers.values("pk"))
    return found


def _hits(rows: QuerySet[SearchEntry], match: Match) -> tuple[list[int], list[int]]:
    """The ids of all orders searched, and of those that match. Three queries at most."""
    is_hit = models.ExpressionWrapper(Q(text__contains=_folded(match.text)), output_field=models.BooleanField())
    searched = list(rows.annotate(is_hit=is_hit).values_list("order_id", "service", "customer", "is_hit"))
    services = _named(match.services, {row[1] for row in searched})
    customers = _named(match.customers, {row[2] for row in searched})
    ids = [pk for pk, service, customer, hit in searched if hit or service in services or customer in customers]
    return [row[0] for row in searched], ids


def _entries(match: Match, way: Way) -> QuerySet[SearchEntry]:
    rows = SearchEntry.objects.all() if match.customer is None else SearchEntry.objects.filter(customer=match.customer)
    if way.beyond is None:
        return rows
    return rows.filter(order_id__gt=way.beyond) if way.is_newer else rows.filter(order_id__lt=way.beyond)


def _folded(text: str) -> Any:
    return Upper(Value(text)) if connection.vendor == "postgresql" else lowered(text)


def _named(rows: QuerySet[Any] | None, among: set[int]) -> set[int]:
    return set() if rows is None or not among else set(rows.filter(pk__in=among).values_list("pk", flat=True))


def _by_text(match: Match, way: Way, most: int) -> Found:
    """By the index of texts. Where the search stops early, `end` is the last order searched."""
    ids: list[int] = []
    asked, edge, started = 0, 0, time.monotonic()
    for first, last in _blocks(match, way):
        count = abs(last - first) + 1
        if asked and (time.monotonic() - started) * (asked + count) / asked > BUDGET_SECONDS:
            return Found(ids, _last_of(match, way, edge))
        ids += _ask(match, way, blocks=(first, last), most=most - len(ids))
        if len(ids) == most:
            return Found(ids, ids[-1])
        asked, edge = asked + count, last
    return Found(ids, None)


def _blocks(match: Match, way: Way) -> Iterator[tuple[int, int]]:
    """Ranges of blocks that hold the orders, in the way's direction: one block, then two, four, …"""
    ids = _entries(match, way).order_by(way.order).values_list("order_id", flat=True)
    first, last = ids.first(), ids.last()
    if first is None or last is None:
        return
    block, end, count = first // BLOCK, last // BLOCK, 1
    step = 1 if way.is_newer else -1
    while (end - block) * step >= 0:
        edge = block + step * (min(count, abs(end - block) + 1) - 1)
        yield block, edge
        block, count = edge + step, count * 2


def _last_of(match: Match, way: Way, block: int) -> int | None:
    """The order that stands last up to the end of the block."""
    within = Q(order_id__lt=(block + 1) * BLOCK) if way.is_newer else Q(order_id__gte=block * BLOCK)
    return _entries(match, way).filter(within).order_by(way.order).values_list("order_id", flat=True).last()


def _ask(match: Match, way: Way, *, blocks: tuple[int, int], most: int) -> list[int]:
    sign, direction = (">", "ASC") if way.is_newer else ("<", "DESC")
    if connection.vendor == "postgresql":
        whose = "" if match.customer is None else "AND customer = %(customer)s"
        beyond = "" if way.beyond is None else f"AND order_id {sign} %(beyond)s"
        sql = f"""
            SELECT found.order_id FROM generate_series(%(first)s, %(last)s, %(step)s) AS series(block), LATERAL (
                SELECT order_id FROM orders_searchentry WHERE block = series.block {whose} {beyond}
                AND text LIKE UPPER(%(text)s) ORDER BY order_id {direction}
            ) AS found LIMIT %(most)s"""
    else:
        beyond = "" if way.beyond is None else f"AND rowid {sign} %(beyond)s"
        sql = f"""
            SELECT rowid FROM orders_searchtext WHERE orders_searchtext MATCH %(text)s
            AND rowid >= %(low)s AND rowid < %(high)s {beyond} ORDER BY rowid {direction} LIMIT %(most)s"""
    given = {
        "first": blocks[0],
        "last": blocks[1],
        "step": 1 if way.is_newer else -1,
        "low": min(blocks) * BLOCK,
        "high": (max(blocks) + 1) * BLOCK,
        "customer": match.customer,
        "beyond": way.beyond,
        "text": _pattern(match),
        "most": most,
    }
    return _ids(sql, given)


def _pattern(match: Match) -> str:
    """The text as the index of texts is asked for it."""
    if connection.vendor == "postgresql":
        return f"%{connection.ops.prep_for_like_query(match.text)}%"
    text = 'text : "{}"'.format(str(lowered(match.text)).replace('"', '""'))
    return text if match.customer is None else f'{text} AND customer : "c{match.customer}c"'


def _by_names(match: Match, way: Way, most: int) -> Iterator[Found]:
    """The nearest of each service and customer that is named, by an index for each."""
    for column, rows in (("service", match.services), ("customer", match.customers)):
        if rows is not None:
            names = list(rows.values_list("pk", flat=True)[: MOST_NAMES + 1])
            if len(names) > MOST_NAMES:
                raise TooManyNamesError
            ids = _ask_names(match, way, column=column, names=names, most=most)
            yield Found(ids, ids[-1] if len(ids) == most else None)


def _ask_names(match: Match, way: Way, *, column: str, names: list[int], most: int) -> list[int]:
    sign, direction = (">", "ASC") if way.is_newer else ("<", "DESC")
    whose = "" if match.customer is None else "AND customer = %(customer)s"
    beyond = "" if way.beyond is None else f"AND order_id {sign} %(beyond)s"
    each = f"""SELECT order_id FROM orders_searchentry WHERE {column} = name.value {whose} {beyond}
        ORDER BY order_id {direction} LIMIT %(most)s"""
    if connection.vendor == "postgresql":
        source = f"unnest(%(names)s::bigint[]) AS name(value), LATERAL ({each}) AS found"
    else:
        source = f"json_each(%(names)s) AS name CROSS JOIN orders_searchentry AS found ON found.order_id IN ({each})"
    sql = f"SELECT found.order_id FROM {source} ORDER BY found.order_id {direction} LIMIT %(most)s"
    listed = names if connection.vendor == "postgresql" else json.dumps(names)
    return _ids(sql, {"names": listed, "customer": match.customer, "beyond": way.beyond, "most": most})


def _ids(sql: str, given: Mapping[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [row[0] for row in cursor.fetchall()]
