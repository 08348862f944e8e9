"""Request refills and cancels of many orders at once. Called by customers' lists, the API and the admin.

Each result maps an order to "" where the request was accepted, else to the reason, written for the customer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from orders.aftercare.cancels import ask_for_cancels
from orders.aftercare.refills import ask_for_refills
from orders.models import Order
from orders.rules.request_rules import Verdict
from panel.customers.models import User
from panel.ops import audit

ORDERS_PER_TRANSACTION = 100

Ask = Callable[[list[int], datetime], dict[int, Verdict]]


def request_refills(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Request refills of the customer's orders. Orders of others, and those that do not exist, are left out."""
    return _in_batches(_owned(customer, order_ids), _refills(actor))


def request_cancels(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Cancel the customer's queued orders and request cancels of the others. Orders of others are left out."""
    return _in_batches(_owned(customer, order_ids), _cancels(actor))


def request_refills_for_customers(*, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Request refills of any orders for staff, with a line in the audit log for each."""
    return _audited(_in_batches(sorted(order_ids), _refills(actor)), actor, "order refill")


def request_cancels_for_customers(*, order_ids: Sequence[int], actor: str, reason: str = "") -> Mapping[int, str]:
    """Cancel or request cancels of any orders for staff, with a line in the audit log for each."""
    return _in_batches(sorted(order_ids), _cancels(actor, reason))


def _refills(actor: str) -> Ask:
    return lambda ids, now: ask_for_refills(order_ids=ids, actor=actor, now=now)


def _cancels(actor: str, reason: str | None = None) -> Ask:
    return lambda ids, now: ask_for_cancels(order_ids=ids, actor=actor, now=now, reason=reason)


def _owned(customer: User, order_ids: Iterable[int]) -> list[int]:
    mine = Order.objects.filter(customer=customer, pk__in=set(order_ids)).order_by("pk")
    return list(mine.values_list("pk", flat=True))


def _in_batches(ids: list[int], ask: Ask) -> dict[int, str]:
    """Process a hundred orders per transaction, so that no wallet is locked for long."""
    reasons: dict[int, str] = {}
    for start in range(0, len(ids), ORDERS_PER_TRANSACTION):
        verdicts = ask(ids[start : start + ORDERS_PER_TRANSACTION], timezone.now())
        reasons |= {order_id: verdict.text for order_id, verdict in verdicts.items()}
    return reasons


def _audited(reasons: dict[int, str], actor: str, action: str) -> dict[int, str]:
    for order_id, reason in reasons.items():
        if not reason:
            audit.record(actor=actor, action=action, target=f"order:{order_id}")
    return reasons
