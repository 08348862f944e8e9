"""Refills and cancels of many orders of one customer, asked for at once. Called by the lists and the API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from orders.cancel import ask_for_cancels
from orders.models import Order
from orders.refill import ask_for_refills
from orders.request_rules import Verdict
from panel.customers.models import User

A_TRANSACTION = 100


def request_refills(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """For each of the customer's orders "" where its refill is asked for, else the reason in the customer's words.

    Orders of others, and those that do not exist, are left out.
    """

    def ask(ids: list[int], now: datetime) -> dict[int, Verdict]:
        return ask_for_refills(order_ids=ids, actor=actor, now=now)

    return _each_hundred(customer, order_ids, ask)


def request_cancels(*, customer: User, order_ids: Sequence[int], actor: str) -> Mapping[int, str]:
    """For each of the customer's orders "" where it is canceled or its cancel is asked for, else the reason in words.

    Orders of others, and those that do not exist, are left out.
    """

    def ask(ids: list[int], now: datetime) -> dict[int, Verdict]:
        return ask_for_cancels(order_ids=ids, actor=actor, now=now)

    return _each_hundred(customer, order_ids, ask)


def _each_hundred(
    customer: User, order_ids: Sequence[int], ask: Callable[[list[int], datetime], dict[int, Verdict]]
) -> dict[int, str]:
    """A hundred orders a transaction, so that the customer's wallet is never locked for long."""
    mine = Order.objects.filter(customer=customer, pk__in=set(order_ids)).order_by("pk")
    ids = list(mine.values_list("pk", flat=True))
    said: dict[int, str] = {}
    for start in range(0, len(ids), A_TRANSACTION):
        verdicts = ask(ids[start : start + A_TRANSACTION], timezone.now())
        said |= {order_id: verdict.text for order_id, verdict in verdicts.items()}
    return said
