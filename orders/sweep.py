"""The sweep: what wake-ups lost is found here. Dead workers are noticed, queued orders are sent, old ones ended."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connections, transaction

from orders import safe_mode
from orders.cancel_close import cancel_unsent
from orders.change import lock_orders, write
from orders.models import Attempt, Order
from orders.record import record_outcome
from orders.settle import Houses, end_with_refund
from orders.states import State
from orders.submit import due_orders, submit_order
from panel.lib.apart import each_apart
from panel.lib.log_context import carried
from providers.adapters.errors import OutcomeUnknown


@dataclass(slots=True)
class Swept:
    """What a sweep came to, in orders."""

    doubtful: int = 0
    expired: int = 0
    canceled: int = 0
    submitted: int = 0


def sweep_orders(*, now: datetime, everything: bool = False, in_flight: int = 1, seconds: float = math.inf) -> Swept:
    """Notice dead attempts, end what waited too long or is wanted no more, send what is due; each row by itself.

    With `everything`, also what is to wait. No order is sent after so many `seconds`: the rest is the next sweep's. In
    safe mode only dead attempts are noticed.
    """
    if safe_mode.tell_staff():
        return Swept(doubtful=reap_attempts(now=now))
    until = time.monotonic() + seconds
    return Swept(
        doubtful=reap_attempts(now=now),
        expired=expire_queued(now=now),
        canceled=cancel_unsent(),
        submitted=submit_orders(now=now, everything=everything, in_flight=in_flight, until=until),
    )


def reap_attempts(*, now: datetime) -> int:
    """Attempts whose worker never came back: nobody knows whether they were sent, so their orders are UNCONFIRMED."""
    dead = list(Attempt.objects.filter(outcome=None, lease_until__lte=now).order_by("pk").values_list("pk", flat=True))
    return each_apart(_reap, dead, row="attempt", what="attempt not reaped")


def _reap(attempt_id: int) -> bool:
    record_outcome(attempt_id=attempt_id, outcome=OutcomeUnknown("The worker that sent it did not come back."))
    return True


def expire_queued(*, now: datetime) -> int:
    """Orders that could not be sent for too long are ended, with their money back."""
    limit = now - timedelta(seconds=settings.QUEUED_LIMIT_SECONDS)
    stale = list(
        Order.objects.filter(state=State.QUEUED, queued_at__lte=limit).order_by("pk").values_list("pk", flat=True)
    )
    return each_apart(partial(_expire, now=now), stale, row="order", what="order not ended")


def _expire(order_id: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.QUEUED:
            return False
        why = "It could not be sent to the provider in time."
        end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", why=why)
        write([change])
        return True


def submit_orders(*, now: datetime, everything: bool = False, in_flight: int = 1, until: float = math.inf) -> int:
    """Send the queued orders that are due, oldest first, `in_flight` rows at a time; how many were sent.

    None is begun after `until`, on the monotonic clock: a job that is stopped while it sends would leave doubts. An
    order that fails in an unforeseen way is logged and does not stop the others.
    """
    due = due_orders(now=now, everything=everything)
    if in_flight == 1:
        return sum(_submit_row(row, everything=everything, until=until) for row in due)
    with ThreadPoolExecutor(in_flight, thread_name_prefix="submit") as pool:
        return sum(pool.map(carried(partial(_submit_in_thread, everything=everything, until=until)), due))


def _submit_row(order_ids: Sequence[int], *, everything: bool, until: float) -> int:
    in_time = (order_id for order_id in order_ids if time.monotonic() < until)
    return each_apart(partial(_submit, everything=everything), in_time, row="order", what="order not submitted")


def _submit(order_id: int, *, everything: bool) -> bool:
    return submit_order(order_id=order_id, even_early=everything)


def _submit_in_thread(order_ids: Sequence[int], *, everything: bool, until: float) -> int:
    try:
        return _submit_row(order_ids, everything=everything, until=until)
    finally:
        connections.close_all()
