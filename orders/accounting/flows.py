"""What the transfers of orders add up to, set against their rows by the database. Called by the ledger check.

The condition keeps every order with a difference, and may keep one without: the caller decides, with exact numbers.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from panel.lib.money import from_micro
from panel.wallet.ledger import HELD, REVENUE
from panel.wallet.models import Account

EXACT_QUANTITY = 3_000_000_000
"""The square of a larger one may not fit into the database's integers."""


class OrderFlows(NamedTuple):
    """An order's row beside what its transfers add up to."""

    order: int
    state: str
    quantity: int
    remains: int | None
    charges: int
    charge: Decimal
    refunded: Decimal
    captured: Decimal
    cost: Decimal
    charged: Decimal
    booked_refund: Decimal
    booked_cost: Decimal
    held: Decimal
    earned: Decimal


_AMOUNTS = OrderFlows._fields.index("charge")
_SUMS = """
SELECT o.id, o.state, o.quantity, o.remains, COUNT(CASE WHEN t.key LIKE 'charge:%%' THEN 1 END) AS charges,
    o.charge, o.refunded, o.captured, o.cost,
    COALESCE(SUM(CASE WHEN t.key LIKE 'charge:%%' THEN t.amount END), 0) AS charged,
    COALESCE(SUM(CASE WHEN t.key LIKE 'refund:%%' THEN t.amount END), 0) AS booked_refund,
    COALESCE(SUM(CASE WHEN t.key LIKE 'cost:%%' THEN
        CASE WHEN t.target_id IN ({costs}) THEN t.amount ELSE -t.amount END END), 0) AS booked_cost,
    COALESCE(SUM(CASE WHEN t.target_id IN ({held}) THEN t.amount
        WHEN t.source_id IN ({held}) THEN -t.amount END), 0) AS held,
    COALESCE(SUM(CASE WHEN t.target_id IN ({revenue}) THEN t.amount
        WHEN t.source_id IN ({revenue}) THEN -t.amount END), 0) AS earned
FROM orders_order o LEFT JOIN wallet_transfer t ON t.cause = 'order:' || o.id
WHERE {orders} GROUP BY o.id
"""
_DIFFER = """
SELECT * FROM ({sums}) AS o WHERE charges <> 1 OR charged <> charge OR booked_refund <> refunded OR booked_cost <> cost
    OR captured <> earned
    OR held <> CASE WHEN state IN ('COMPLETED', 'PARTIAL', 'CANCELED', 'REJECTED') THEN 0 ELSE charge - refunded END
    OR earned <> CASE WHEN state IN ('COMPLETED', 'PARTIAL', 'CANCELED', 'REJECTED') THEN charge - refunded ELSE 0 END
    OR state IN ('CANCELED', 'REJECTED') AND refunded <> charge
    OR state = 'PARTIAL' AND remains > 0 AND remains <= quantity AND (quantity > {exact_quantity}
        OR refunded < charge / quantity * remains + charge %% quantity * remains / quantity)
ORDER BY id
"""


def differing_between(*, after: int, upto: int) -> list[OrderFlows]:
    """The orders after the one id up to the other that differ."""
    return _differing("o.id > %(after)s AND o.id <= %(upto)s", {"after": after, "upto": upto})


def differing_of(order_ids: Iterable[int]) -> list[OrderFlows]:
    """Those of these orders that differ."""
    return _differing(f"o.id IN ({_ids(order_ids)})", {})


def _differing(orders: str, given: dict[str, int]) -> list[OrderFlows]:
    houses = dict(_house_ids())
    sql = _DIFFER.format(sums=_SUMS.format(orders=orders, **houses), exact_quantity=EXACT_QUANTITY)
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [OrderFlows(*row[:_AMOUNTS], *(from_micro(int(micro)) for micro in row[_AMOUNTS:])) for row in cursor]


def _house_ids() -> Iterator[tuple[str, str]]:
    """The accounts that the sums know by name, in every currency, as lists of a statement."""
    names = Account.objects.filter(customer=None).values_list("pk", "house")
    houses = list(names)
    yield "held", _ids(pk for pk, house in houses if house == HELD)
    yield "revenue", _ids(pk for pk, house in houses if house == REVENUE)
    yield "costs", _ids(pk for pk, house in houses if house.startswith("cost:"))


def _ids(numbers: Iterable[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers) or "NULL"
