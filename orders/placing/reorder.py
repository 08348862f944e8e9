"""Staff reorder, for the same customer, an order that was refunded in full. Called by the staff's order page.

A reorder is a new order at today's price with a charge of its own; an earlier attempt is never repeated.
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
    """Nothing was ordered or charged. The message is for staff."""


def price_now(order: Order) -> Decimal:
    """What the same order costs its customer today. Raises CannotReorderError where it cannot be reordered."""
    _check(order)
    try:
        return quote_order(customer=order.customer, service_id=order.service_id, params=order.fields).charge
    except BadOrderError as error:
        raise CannotReorderError(str(error)) from None


def reorder(*, order_id: int, agreed: Decimal, actor: str, reason: str) -> Placement:
    """Place a new order of the same service, link and quantity for at most the `agreed` charge, once however often.

    The histories of both orders name each other. Raises CannotReorderError, but not where it was reordered before.
    """
    order = Order.objects.select_related("customer").get(pk=order_id)
    earlier = placed_before(customer=order.customer, token=reorder_token(order_id=order_id))
    if earlier is not None:
        _link(order.pk, earlier, actor, reason)
        return Placement(earlier, is_new=False)
    if not reason.strip():
        raise CannotReorderError(_("Enter a reason. It is saved with both orders."))
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
        raise CannotReorderError(_("The customer's balance is too low.")) from None
    _link(order.pk, placement.order, actor, reason)
    return placement


def ordered_as(order: Order) -> int | None:
    """The id of the reorder of this order, None where there is none."""
    earlier = placed_before(customer=order.customer, token=reorder_token(order_id=order.pk))
    return earlier.pk if earlier else None


def _check(order: Order) -> None:
    if order.state not in {State.REJECTED, State.CANCELED} or order.refunded != order.charge:
        raise CannotReorderError(_("Only orders that ended with a full refund can be reordered."))
    if order.customer.is_suspended:
        raise CannotReorderError(_("The customer is suspended and can't place orders."))


def _link(order_id: int, new: Order, actor: str, reason: str) -> None:
    """Note the reorder in both histories, once, whichever of two clicks comes first."""
    with transaction.atomic(durable=True):
        changes = lock_orders(order_ids=[order_id, new.pk], now=timezone.now())
        if OrderEvent.objects.filter(order=order_id, what=EVENT).exists():
            return
        reordered = _("Reordered as order #%(order)s: %(reason)s") % {"order": new.pk, "reason": reason}
        reorder_of = _("Reorder of order #%(order)s: %(reason)s") % {"order": order_id, "reason": reason}
        changes[order_id].note(EVENT, reason=reordered, actor=actor, amount=new.charge)
        changes[new.pk].note("is again", reason=reorder_of, actor=actor)
        write(list(changes.values()))
        audit_change(
            changes[order_id],
            actor=actor,
            action="reorder",
            reason=reason,
            more={"order": new.pk, "charge": plain(new.charge)},
        )
