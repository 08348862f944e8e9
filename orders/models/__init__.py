"""What was bought and its fate. Constraints make the wrong states impossible; states.py holds the allowed moves."""

from orders.models.attempt import Attempt, Probe
from orders.models.ledger_check import LedgerCheck
from orders.models.order import (
    LISTED_AS,
    MISSING_THERE,
    NOT_AS_SOLD,
    ODD_REMAINS,
    OTHER_CURRENCY,
    PRICE_ROSE,
    UNKNOWN_WORD,
    UNTIL_ANSWERED,
    WHILE_IT_WAITS,
    WITHOUT_REMAINS,
    Order,
    OrderEvent,
)
from orders.models.parts import HasParts
from orders.models.request import Cancellation, Refill, Request
from orders.models.search_entry import SearchEntry
from orders.models.unmatched_order import UnmatchedOrder

__all__ = [
    "LISTED_AS",
    "MISSING_THERE",
    "NOT_AS_SOLD",
    "ODD_REMAINS",
    "OTHER_CURRENCY",
    "PRICE_ROSE",
    "UNKNOWN_WORD",
    "UNTIL_ANSWERED",
    "WHILE_IT_WAITS",
    "WITHOUT_REMAINS",
    "Attempt",
    "Cancellation",
    "HasParts",
    "LedgerCheck",
    "Order",
    "OrderEvent",
    "Probe",
    "Refill",
    "Request",
    "SearchEntry",
    "UnmatchedOrder",
]
