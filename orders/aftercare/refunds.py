"""Staff give money of a sent order back: for what was not delivered, or all of it. Called by the order's staff page.

What the provider says afterwards is heard as ever: it may give back more, never less, and its cost is booked.
"""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

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
"""Sent for certain, and not canceled: what may be given back of."""

ALL_BACK = "All of its money is back already."


class CannotGiveBackError(Exception):
    """Nothing was changed. The message is for the person."""


def adds_partial(order: Order, *, remains: int) -> Decimal:
    """What would go back now if `remains` units were not delivered. Raises CannotGiveBackError."""
    _check_state(order)
    if not 0 < remains <= order.quantity:
        raise CannotGiveBackError(f"What remains is a number from 1 to {order.quantity:,}.")
    adds: Decimal = undelivered(order, remains) - order.refunded
    if adds <= 0:
        raise CannotGiveBackError("As much or more was given back already, and it is never taken again.")
    return adds


def adds_all(order: Order) -> Decimal:
    """What would go back now if the order ended as canceled. Raises CannotGiveBackError."""
    _check_state(order)
    if order.refunded == order.charge:
        raise CannotGiveBackError(ALL_BACK)
    return Decimal(order.charge - order.refunded)


def set_partial(
    *, order_id: int, remains: int, agreed: Decimal, actor: str, reason: str, approval: int | None = None
) -> None:
    """End the order as PARTIAL with `remains` of its units given back.

    Raises CannotGiveBackError, also where it would not be exactly `agreed`, what the person was shown, and the errors
    of `authorize`.
    """
    with transaction.atomic(durable=True):
        change = _locked(order_id, reason)
        _check_agreed(change.order, adds_partial(change.order, remains=remains), agreed)
        proposed = _proposed(change.order, ApprovalRequest.Action.PARTIAL, agreed, reason, remains=remains)
        authorize(proposed, actor=actor, approval=approval, now=change.now)
        change.order.remains = remains
        end_partial(change, remains=remains, houses=Houses(), why=reason, actor=actor)
        _write(change, "order partial", actor, reason)


def give_all_back(*, order_id: int, agreed: Decimal, actor: str, reason: str, approval: int | None = None) -> None:
    """End the order as CANCELED with all of its money back, whatever the provider does. Errors as in `set_partial`."""
    with transaction.atomic(durable=True):
        change = _locked(order_id, reason)
        _check_agreed(change.order, adds_all(change.order), agreed)
        proposed = _proposed(change.order, ApprovalRequest.Action.REFUND, agreed, reason)
        authorize(proposed, actor=actor, approval=approval, now=change.now)
        end_with_refund(change, State.CANCELED, houses=Houses(), what="canceled", why=reason, actor=actor)
        _write(change, "order money back", actor, reason)


def _locked(order_id: int, reason: str) -> Change:
    if safe_mode.is_on_now():
        raise CannotGiveBackError(safe_mode.SAID_TO_STAFF)
    if not reason.strip():
        raise CannotGiveBackError("Say why: the reason is kept with the order.")
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


def _check_agreed(order: Order, adds: Decimal, agreed: Decimal) -> None:
    if adds != agreed:
        raise CannotGiveBackError(f"It has changed meanwhile: now {plain(adds)} {order.currency} would go back.")


def _write(change: Change, action: str, actor: str, reason: str) -> None:
    """What the provider was asked before this is dropped, and it is asked again as after any end."""
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
            raise CannotGiveBackError(ALL_BACK)
        case state if state not in SENT:
            raise CannotGiveBackError("It is not known to be sent: it is canceled or decided on instead.")
