"""Cancel orders or request their cancel. Called by customers' and staff pages, the API, commands and the sweep.

A queued order ends at once with a refund. For an order that may have been sent a request is created, cancel_jobs sends
it, and money moves only when the order's status changes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from orders.core import safe_mode
from orders.core.change import audit_change, lock_orders, write
from orders.models import Cancellation, Order
from orders.rules.request_rules import CancelFacts, Verdict, may_cancel
from orders.rules.states import State
from orders.tracking.settle import Houses, end_with_refund
from panel.lib.logs.context import about_order
from providers.catalog.models import Service

WAIT_AFTER_REFUSAL = timedelta(hours=1)


class CannotCancelError(Exception):
    """The order cannot be canceled now; nothing was changed. The message is for the customer."""


@about_order
def request_cancel(*, order_id: int, actor: str, reason: str | None = None) -> None:
    """Cancel the order or request its cancel, by its state; staff give a `reason`. Raises CannotCancelError."""
    verdict = ask_for_cancels(order_ids=[order_id], actor=actor, now=timezone.now(), reason=reason)[order_id]
    if not verdict.is_possible:
        raise CannotCancelError(verdict.text)


def ask_for_cancels(
    *, order_ids: Iterable[int], actor: str, now: datetime, reason: str | None = None
) -> dict[int, Verdict]:
    """Cancel queued orders and request cancels of sent ones; the rule's result for each. One transaction.

    Staff give a `reason`: it is saved with the order and in the audit log.
    """
    if safe_mode.is_on():
        return {order_id: Verdict(safe_mode.CUSTOMER_NOTICE) for order_id in order_ids}
    with transaction.atomic(durable=True):
        changes = lock_orders(order_ids=order_ids, now=now)
        verdicts = cancel_verdicts(orders=[change.order for change in changes.values()], now=now)
        granted = [change for order_id, change in changes.items() if verdicts[order_id].is_possible]
        houses, requests = Houses(), []
        for change in granted:
            if change.state == State.QUEUED:
                end_with_refund(
                    change, State.CANCELED, houses=houses, what="canceled", reason=reason or "", actor=actor
                )
            else:
                requests.append(Cancellation(order=change.order, created_at=now, next_at=now))
                change.note("cancel asked", reason=reason or "", actor=actor)
        Cancellation.objects.bulk_create(requests)
        write(granted)
        for change in granted if reason is not None else ():
            audit_change(change, actor=actor, action="order cancel", reason=reason or "")
    return verdicts


def cancel_verdicts(*, orders: Sequence[Order], now: datetime) -> dict[int, Verdict]:
    """The rule's result for each order. Two queries."""
    services = Service.objects.filter(pk__in={order.service_id for order in orders}, cancel=True)
    cancelable = set(services.values_list("pk", flat=True))
    asked = (
        Cancellation.objects.filter(order__in=[order.pk for order in orders])
        .values("order_id")
        .annotate(
            refused=Max("ended_at", filter=Q(state=Cancellation.State.REFUSED)),
            open=Count("pk", filter=Q(state__in=Cancellation.OPEN)),
        )
        .values_list("order_id", "refused", "open")
    )
    known = {order_id: (refused, is_open > 0) for order_id, refused, is_open in asked}
    return {
        order.pk: _verdict(order, order.service_id in cancelable, *known.get(order.pk, (None, False)), now)
        for order in orders
    }


def cancel_verdict(*, order: Order, cancellations: Sequence[Cancellation], now: datetime) -> Verdict:
    """The rule's result for an order whose service and cancellations are loaded."""
    refused = [row.ended_at for row in cancellations if row.state == Cancellation.State.REFUSED and row.ended_at]
    has_open = any(row.state in Cancellation.OPEN for row in cancellations)
    return _verdict(order, order.service.cancel, max(refused, default=None), has_open, now)


def _verdict(order: Order, is_offered: bool, refused_at: datetime | None, has_open: bool, now: datetime) -> Verdict:
    facts = CancelFacts(state=State(order.state), is_offered=is_offered, has_open=has_open, refused_at=refused_at)
    return may_cancel(facts, now=now, wait=WAIT_AFTER_REFUSAL)
