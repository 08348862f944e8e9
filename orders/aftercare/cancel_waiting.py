"""Orders whose cancel is asked for: those that wait end at once. Called by whatever would send them or wait on."""

from orders.core.change import Change
from orders.models import Cancellation, Order, OrderEvent
from orders.rules.states import State
from orders.tracking.settle import Houses, end_with_refund


def is_cancel_asked(order: Order) -> bool:
    """Whether a cancel of the order is open: then it is neither sent nor bought elsewhere."""
    return Cancellation.objects.filter(order=order, state__in=Cancellation.OPEN).exists()


def cancel_if_asked(change: Change, *, houses: Houses) -> bool:
    """End the locked QUEUED order where a cancel of it is open, with all of its money back; whether one was."""
    if not is_cancel_asked(change.order):
        return False
    asked = OrderEvent.objects.filter(order=change.order, what="cancel asked").order_by("-pk").first()
    actor = asked.actor if asked else ""
    end_with_refund(change, State.CANCELED, houses=houses, what="canceled", actor=actor)
    return True
