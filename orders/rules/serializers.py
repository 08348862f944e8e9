"""Our rows in the protocol's shapes: ids as integers, amounts as texts, the canonical words. Pure."""

from decimal import Decimal
from typing import Any, NamedTuple

from orders.rules.states import State, word_for_customer
from panel.lib.money import plain


class StatusRow(NamedTuple):
    """What an order's status is built from, named like the columns of an order."""

    pk: int
    state: str
    provider_status: str
    charge: Decimal
    refunded: Decimal
    start_count: int | None
    remains: int | None
    quantity: int
    currency: str
    post_units: int | None = None
    """Of a subscription: how many units a post of it is charged as."""


REFILL_WORDS = {
    "wanted": "Pending",
    "sending": "Pending",
    "unknown": "Pending",
    "pending": "Pending",
    "in progress": "In progress",
    "completed": "Completed",
    "rejected": "Rejected",
}
"""By the state of a refill: how the protocol says it."""


def error(text: str) -> dict[str, str]:
    return {"error": text}


def status(row: StatusRow) -> dict[str, Any]:
    """An order's status. `charge` is what the customer has paid for it so far, less refunds.

    A subscription's status also has the posts served: panels that buy from us pay their customers back by them.
    """
    answer = {
        "charge": plain(row.charge - row.refunded),
        "start_count": None if row.start_count is None else str(row.start_count),
        "status": word_for_customer(row.state, row.provider_status),
        "remains": str(_remains(row)),
        "currency": row.currency,
    }
    if row.post_units:
        answer["posts"] = str((row.quantity - _remains(row)) // row.post_units)
    return answer


def _remains(row: StatusRow) -> int:
    if row.state == State.COMPLETED:
        return 0
    if row.remains is None or row.state in {State.CANCELED, State.REJECTED}:  # nothing was paid for
        return row.quantity
    return max(0, min(row.remains, row.quantity))
