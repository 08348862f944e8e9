"""Refund a sent order, in part or in full, by staff's decision. Called by the order's staff page.

What the provider reports afterwards still counts: it may raise the refund, never lower it, and its cost is booked.
"""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from orders.core import safe_mode
from orders.core.change import Change, audit_change, lock_orders, write
from orders.models import Order
from orders.rules.polling_interval import next_poll
from orders.rules.states import State
from orders.tracking.reported import undelivered
from orders.tracking.settle import Houses, end_partial, end_with_refund
from panel.lib.money import plain
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.models import ApprovalRequest

SENT = frozenset({State.ACTIVE, State.COMPLETED, State.PARTIAL})
"""States of orders that were sent for certain and not canceled: these can be refunded here."""

ALREADY_REFUNDED = _lazy("This order is already refunded in full.")


class CannotRefundError(Exception):
    """The refund is not possible; nothing was changed. The message is for the person."""


def partial_refund(order: Order, *, remains: int) -> Decimal:
    """The amount to refund now if `remains` units were not delivered. Raises CannotRefundError."""
    _check_state(order)
    if not 0 < remains <= order.quantity:
        text = _("Enter an undelivered quantity from 1 to %(quantity)s.")
        raise CannotRefundError(text % {"quantity": f"{order.quantity:,}"})
    amount: Decimal = undelivered(order, remains) - order.refunded
    if amount <= 0:
        raise CannotRefundError(_("At least this much is already refunded, and a refund is never taken back."))
    return amount


def full_refund(order: Order) -> Decimal:
    """The amount to refund now if the order ended as canceled. Raises CannotRefundError."""
    _check_state(order)
    if order.refunded == order.charge:
        raise CannotRefundError(str(ALREADY_REFUNDED))
    return Decimal(order.charge - order.refunded)


def set_partial(
    *, order_id: int, remains: int, agreed: Decimal, actor: str, reason: str, approval: int | None = None
) -> None:
    """End the order as PARTIAL and refund `remains` of its units.

    Raises CannotRefundError, also where the amount is not exactly `agreed`, which the person saw, and the errors of
    `authorize`.
    """
    with transaction.atomic(durable=True):
        change = _locked(order_id, reason)
        _check_agreed(change.order, partial_refund(change.order, remains=remains), agreed)
        proposed = _proposed(change.order, ApprovalRequest.Action.PARTIAL, agreed, reason, remains=remains)
        authorize(proposed, actor=actor, approval=approval, now=change.now)
        change.order.remains = remains
        end_partial(change, remains=remains, houses=Houses(), reason=reason, actor=actor)
        _write(change, "order partial", actor, reason)


def refund_all(*, order_id: int, agreed: Decimal, actor: str, reason: str, approval: int | None = None) -> None:
    """End the order as CANCELED and refund it in full, whatever the provider does. Errors as in `set_partial`."""
    with transaction.atomic(durable=True):
        change = _locked(order_id, reason)
        _check_agreed(change.order, full_refund(change.order), agreed)
        proposed = _proposed(change.order, ApprovalRequest.Action.REFUND, agreed, reason)
        authorize(proposed, actor=actor, approval=approval, now=change.now)
        end_with_refund(change, State.CANCELED, houses=Houses(), what="canceled", reason=reason, actor=actor)
        _write(change, "order money back", actor, reason)


def _locked(order_id: int, reason: str) -> Change:
    if safe_mode.is_on_now():
        raise CannotRefundError(str(safe_mode.STAFF_NOTICE))
    if not reason.strip():
        raise CannotRefundError(_("Enter a reason. It is saved with the order."))
    return lock_orders(order_ids=[order_id], now=timezone.now())[order_id]


def _proposed(order: Order, action: ApprovalRequest.Action, amount: Decimal, reason: str, **arguments: int) -> Proposed:
    return Proposed(
        action=action,
        subject=f"order:{order.pk}",
        customer=order.customer,
        amount=amount,
        reason=reason,
        arguments=arguments,
    )


def _check_agreed(order: Order, amount: Decimal, agreed: Decimal) -> None:
    if amount != agreed:
        text = _("The order has changed: %(amount)s %(currency)s would be refunded now. Check it and try again.")
        raise CannotRefundError(text % {"amount": plain(amount), "currency": order.currency})


def _write(change: Change, action: str, actor: str, reason: str) -> None:
    """Write the change. Answers that were requested before it are dropped, and the order is polled as after any end."""
    order, now = change.order, change.now
    order.applied_at = now
    order.next_poll_at = next_poll(
        state=change.state, sent_at=order.sent_at or now, finished_at=order.finished_at, now=now
    )
    write([change])
    audit_change(change, actor=actor, action=action, reason=reason)


def _check_state(order: Order) -> None:
    match State(order.state):
        case State.CANCELED | State.REJECTED:
            raise CannotRefundError(str(ALREADY_REFUNDED))
        case state if state not in SENT:
            raise CannotRefundError(_("This order is not known to be sent. Cancel it or decide on it instead."))
