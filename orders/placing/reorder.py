"""Staff order once more, for the same customer, what ended with all of its money back. Called by the staff page.

It is a new order at today's price, charged anew; an attempt that was made is never repeated.
"""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.core.change import audit_change, lock_orders, write
from orders.models import Order, OrderEvent
from orders.placing.place import Placement, place_order, placed_before, quote_order
from orders.placing.validation import BadOrderError
from orders.rules.idempotency import reorder_token
from orders.rules.states import State
from panel.lib.money import plain
from panel.wallet.ledger import NotEnoughFundsError

EVENT = "ordered again"


class CannotReorderError(Exception):
    """Nothing was ordered or charged. The message is for the person."""


def price_now(order: Order) -> Decimal:
    """What the same order costs its customer today. Raises CannotReorderError where it cannot be ordered."""
    _check(order)
    try:
        return quote_order(customer=order.customer, service_id=order.service_id, params=order.fields).charge
    except BadOrderError as error:
        raise CannotReorderError(str(error)) from None


def reorder(*, order_id: int, agreed: Decimal, actor: str, reason: str) -> Placement:
    """A new order of the same service, link and quantity, at most at the `agreed` charge. Clicked twice it is one.

    Both orders tell of each other. Raises CannotReorderError, but not where it was ordered again before.
    """
    order = Order.objects.select_related("customer").get(pk=order_id)
    earlier = placed_before(customer=order.customer, token=reorder_token(order_id=order_id))
    if earlier is not None:
        _link(order.pk, earlier, actor, reason)
        return Placement(earlier, is_new=False)
    if not reason.strip():
        raise CannotReorderError("Say why: the reason is kept with both orders.")
    _check(order)
    try:
        placement = place_order(
            customer=order.customer,
            service_id=order.service_id,
            params=order.fields,
            now=timezone.now(),
            token=reorder_token(order_id=order.pk),
            agreed_charge=agreed,
        )
    except BadOrderError as error:
        raise CannotReorderError(str(error)) from None
    except NotEnoughFundsError:
        raise CannotReorderError("There is less in the customer's wallet than it costs.") from None
    _link(order.pk, placement.order, actor, reason)
    return placement


def ordered_as(order: Order) -> int | None:
    """The order that this one was ordered again as."""
    earlier = placed_before(customer=order.customer, token=reorder_token(order_id=order.pk))
    return earlier.pk if earlier else None


def _check(order: Order) -> None:
    if order.state not in {State.REJECTED, State.CANCELED} or order.refunded != order.charge:
        raise CannotReorderError("Only what ended with all of its money back is ordered again.")
    if order.customer.is_suspended:
        raise CannotReorderError(_("The customer is suspended and can't place orders."))


def _link(order_id: int, new: Order, actor: str, reason: str) -> None:
    """Once, whichever of two clicks comes here first."""
    with transaction.atomic(durable=True):
        changes = lock_orders(order_ids=[order_id, new.pk], now=timezone.now())
        if OrderEvent.objects.filter(order=order_id, what=EVENT).exists():
            return
        changes[order_id].note(EVENT, reason=f"As order {new.pk}: {reason}", actor=actor, amount=new.charge)
        changes[new.pk].note("is again", reason=f"Order {order_id} once more: {reason}", actor=actor)
        write(list(changes.values()))
        audit_change(
            changes[order_id],
            actor=actor,
            action="order again",
            reason=reason,
            more={"order": new.pk, "charge": plain(new.charge)},
        )
