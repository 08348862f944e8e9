"""What a provider's answer reports of an order, as it is kept with it: its word, counts, what is left, what it costs.

Called by settle, which decides what follows, and by the poller, which asks whether an answer is news.
"""

from decimal import Decimal

from orders.core.change import Change
from orders.models import Order
from orders.rules.states import FINAL
from panel.lib.money import share
from providers.adapters.base import OrderStatus, ReportedStatus

REFUNDING = frozenset({ReportedStatus.PARTIAL, ReportedStatus.CANCELED})


def undelivered(order: Order, remains: int) -> Decimal:
    """What the order gives back in all when `remains` of its units are not delivered."""
    return share(charge=order.charge, part=remains, whole=order.quantity)


def reported_cost(status: OrderStatus) -> Decimal | None:
    """What the order costs by this answer; None where it does not tell.

    Zero is also what providers say who have not reckoned yet, so it counts only where something was refunded.
    """
    return status.charge if status.charge or status.word in REFUNDING else None


def note_facts(change: Change, status: OrderStatus) -> None:
    """Keep the provider's word, its counts, and what is left of the order."""
    order = change.order
    if status.word != order.provider_status and status.word == ReportedStatus.IN_PROGRESS:
        change.note("started")
    order.provider_status, order.provider_status_raw = status.word, status.raw[:100]
    if status.start_count is not None:
        order.start_count = _storable(status.start_count)
    if status.remains is not None and (change.was not in FINAL or _gives_back_more(order, status)):
        order.remains = _storable(status.remains)


def _gives_back_more(order: Order, status: OrderStatus) -> bool:
    """Once an order has ended, only this says what is left, so that the API never contradicts the refund."""
    remains = status.remains or 0
    is_part = status.word in REFUNDING and 0 < remains <= order.quantity
    return is_part and undelivered(order, remains) > order.refunded


def _storable(number: int) -> int:
    return max(-(2**62), min(number, 2**62))
