"""How many orders stand, as their customer's programs ask for it: plain values in one query."""

from collections.abc import Collection

from django.db import connection

from orders.answers import StatusRow
from panel.lib.money import from_micro

# In plain SQL: programs ask for a hundred at a time and all day, and the ORM takes twice as long for the same rows.
_ROWS = """
SELECT id, state, provider_status, charge, refunded, start_count, remains, quantity, currency
FROM orders_order WHERE customer_id = %s AND id IN ({marks})
"""


def status_rows(*, customer_id: int, order_ids: Collection[int]) -> dict[int, StatusRow]:
    """Those of the orders that are the customer's, by their numbers."""
    if not order_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS.format(marks=", ".join(["%s"] * len(order_ids))), [customer_id, *order_ids])
        return {
            pk: StatusRow(pk, state, provider_status, from_micro(charge), from_micro(refunded), *rest)
            for pk, state, provider_status, charge, refunded, *rest in cursor.fetchall()
        }
