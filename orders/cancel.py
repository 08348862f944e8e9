"""Cancel an order that was not sent yet. Called by the customer's and the staff's buttons."""

from django.db import transaction
from django.utils import timezone

from orders.change import lock_orders, write
from orders.settle import Houses, end_with_refund
from orders.states import State


class CannotCancelError(Exception):
    """The order has been sent in the meantime; nothing was changed."""


def cancel_queued(*, order_id: int, actor: str) -> None:
    """End a QUEUED order as CANCELED with all of its money back. Raises CannotCancelError when it is not QUEUED."""
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=timezone.now())[order_id]
        if change.state != State.QUEUED:
            raise CannotCancelError("This order has been sent already, so it can no longer be canceled here.")
        end_with_refund(change, State.CANCELED, houses=Houses(), what="canceled", actor=actor)
        write([change])
