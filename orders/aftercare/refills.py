"""Request refills. Called by customers' and staff pages, the API and commands; refill_jobs sends them.

A refill moves no money. The order is locked while its rule is checked, so two requests never open at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from orders.core import safe_mode
from orders.models import Order, OrderEvent, Refill
from orders.rules.request_rules import RefillFacts, Verdict, may_refill
from orders.rules.states import State


class CannotRefillError(Exception):
    """The order cannot be refilled now; nothing was changed. The message is for the customer."""


def request_refill(*, order: Order, actor: str) -> Refill:
    """Request a refill; the next run sends it. Raises CannotRefillError."""
    with bound_contextvars(order=order.pk):
        verdict = ask_for_refills(order_ids=[order.pk], actor=actor, now=timezone.now())[order.pk]
    if not verdict.is_possible:
        raise CannotRefillError(verdict.text)
    return Refill.objects.get(order=order, state__in=Refill.OPEN)


def ask_for_refills(*, order_ids: Iterable[int], actor: str, now: datetime) -> dict[int, Verdict]:
    """Request refills of the orders that allow it; the rule's result for each. One transaction."""
    if safe_mode.is_on():
        return {order_id: Verdict(safe_mode.CUSTOMER_NOTICE) for order_id in order_ids}
    with transaction.atomic():
        rows = Order.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=sorted(order_ids))
        orders = list(rows.select_related("service").order_by("pk"))
        verdicts = refill_verdicts(orders=orders, now=now)
        granted = [order for order in orders if verdicts[order.pk].is_possible]
        Refill.objects.bulk_create([Refill(order=order, created_at=now, next_at=now) for order in granted])
        OrderEvent.objects.bulk_create(
            [OrderEvent(order=order, at=now, what="refill", actor=actor[:100]) for order in granted]
        )
    return verdicts


def refill_verdicts(*, orders: Sequence[Order], now: datetime) -> dict[int, Verdict]:
    """The rule's result for each order, with its service loaded. One query."""
    asked = (
        Refill.objects.filter(order__in=[order.pk for order in orders])
        .values("order_id")
        .annotate(last=Max("created_at"), open=Count("pk", filter=Q(state__in=Refill.OPEN)))
        .values_list("order_id", "last", "open")
    )
    known = {order_id: (last, is_open > 0) for order_id, last, is_open in asked}
    return {order.pk: _verdict(order, *known.get(order.pk, (None, False)), now) for order in orders}


def refill_verdict(*, order: Order, refills: Sequence[Refill], now: datetime) -> Verdict:
    """The rule's result for an order whose service and refills are loaded."""
    times = [refill.created_at for refill in refills]
    return _verdict(order, max(times, default=None), any(refill.state in Refill.OPEN for refill in refills), now)


def _verdict(order: Order, last_at: datetime | None, has_open: bool, now: datetime) -> Verdict:
    facts = RefillFacts(
        state=State(order.state),
        is_offered=order.service.refill,
        days=order.service.refill_days,
        finished_at=order.finished_at,
        has_open=has_open,
        last_at=last_at,
    )
    return may_refill(facts, now=now, wait=timedelta(seconds=settings.REFILL_WAIT_SECONDS))
