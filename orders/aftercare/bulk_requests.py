"""Refills and cancels of many orders, asked for at once: by customers in lists and API calls, by staff in the admin.

Each answer maps an order to "" where it is done or asked for, else to the reason in the customer's words.
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

A_TRANSACTION = 100

Ask = Callable[[list[int], datetime], dict[int, Verdict]]


def request_refills(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Refills of the customer's orders. Orders of others, and those that do not exist, are left out."""
    return _each_hundred(_owned(customer, order_ids), _refills(actor))


def request_cancels(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Cancels of the customer's orders, at once where they wait. Those of others, or of nobody, are left out."""
    return _each_hundred(_owned(customer, order_ids), _cancels(actor))


def request_refills_for_customers(*, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """Refills of anybody's orders, asked for by staff; what is done is in the audit trail."""
    return _audited(_each_hundred(sorted(order_ids), _refills(actor)), actor, "order refill")


def request_cancels_for_customers(*, order_ids: Sequence[int], actor: str, reason: str = "") -> Mapping[int, str]:
    """Cancels of anybody's orders, asked for by staff; what is done is in the audit trail."""
    return _each_hundred(sorted(order_ids), _cancels(actor, reason))


def _refills(actor: str) -> Ask:
    return lambda ids, now: ask_for_refills(order_ids=ids, actor=actor, now=now)


def _cancels(actor: str, reason: str | None = None) -> Ask:
    return lambda ids, now: ask_for_cancels(order_ids=ids, actor=actor, now=now, reason=reason)


def _owned(customer: User, order_ids: Iterable[int]) -> list[int]:
    mine = Order.objects.filter(customer=customer, pk__in=set(order_ids)).order_by("pk")
    return list(mine.values_list("pk", flat=True))


def _each_hundred(ids: list[int], ask: Ask) -> dict[int, str]:
    """A hundred orders a transaction, so that no wallet is locked for long."""
    said: dict[int, str] = {}
    for start in range(0, len(ids), A_TRANSACTION):
        verdicts = ask(ids[start : start + A_TRANSACTION], timezone.now())
        said |= {order_id: verdict.text for order_id, verdict in verdicts.items()}
    return said


def _audited(said: dict[int, str], actor: str, action: str) -> dict[int, str]:
    for order_id, reason in said.items():
        if not reason:
            audit.record(actor=actor, action=action, target=f"order:{order_id}")
    return said
