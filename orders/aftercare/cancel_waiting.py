"""Cancel queued orders with an open cancel request. Called before an order is sent or queued again."""

from orders.core.change import Change
from orders.models import Cancellation, Order, OrderEvent
from orders.rules.states import State
from orders.tracking.settle import Houses, end_with_refund


def is_cancel_requested(order: Order) -> bool:
    """Whether a cancel request is open: then the order is not sent to this or another supplier."""
    return Cancellation.objects.filter(order=order, state__in=Cancellation.OPEN).exists()


def cancel_if_requested(change: Change, *, houses: Houses) -> bool:
    """Cancel and refund the locked QUEUED order where a cancel request is open; whether one was."""
    if not is_cancel_requested(change.order):
        return False
    request = OrderEvent.objects.filter(order=change.order, what="cancel asked").order_by("-pk").first()
    actor = request.actor if request else ""
    end_with_refund(change, State.CANCELED, houses=houses, what="canceled", actor=actor)
    return True
