"""The sweep: what wake-ups lost is found here. Dead workers are noticed, queued orders are sent, old ones ended."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import TypeVar

from django.conf import settings
from django.db import connections, transaction

from orders.aftercare.cancel_closing import cancel_unsent
from orders.core import safe_mode
from orders.core.change import lock_orders, write
from orders.models import Attempt, Order
from orders.rules.states import State
from orders.submission.due import first_of_each_cost, providers_in_turn
from orders.submission.record import record_outcome
from orders.submission.submit import submit_order
from orders.tracking.settle import Houses, end_with_refund
from panel.lib.database.each_row import each_apart
from panel.lib.logs.context import carried
from providers.adapters.errors import OutcomeUnknown

T = TypeVar("T")

SENT_A_SWEEP = 1000
"""Orders that a sweep tries to send at one provider, at most."""
MOST_AT_ONE_PROVIDER = 4
"""Orders in flight at one provider: so many may become doubts before the breaker opens."""
EXPIRED_A_SWEEP = 200
EXPIRE_FOR = 5
"""Seconds of a sweep in which orders that waited too long are ended: the rest is for those that can be sent."""


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
    if safe_mode.update_alert():
        return Swept(doubtful=reap_attempts(now=now))
    started = time.monotonic()
    until = started + seconds
    return Swept(
        doubtful=reap_attempts(now=now),
        expired=expire_queued(now=now, until=started + min(seconds, EXPIRE_FOR)),
        canceled=cancel_unsent(now=now),
        submitted=submit_orders(now=now, everything=everything, in_flight=in_flight, until=until),
    )


def reap_attempts(*, now: datetime) -> int:
    """Attempts whose worker never came back: nobody knows whether they were sent, so their orders are UNCONFIRMED."""
    dead = list(Attempt.objects.filter(outcome=None, lease_until__lte=now).order_by("pk").values_list("pk", flat=True))
    return each_apart(_reap, dead, row="attempt", what="attempt not reaped")


def _reap(attempt_id: int) -> bool:
    record_outcome(attempt_id=attempt_id, outcome=OutcomeUnknown("The worker that sent it did not come back."))
    return True


def expire_queued(*, now: datetime, until: float = math.inf) -> int:
    """Orders that could not be sent for too long are ended, with their money back; some hundreds a sweep, oldest first.

    None is begun after `until`, on the monotonic clock.
    """
    limit = now - timedelta(seconds=settings.QUEUED_LIMIT_SECONDS)
    stale = Order.objects.filter(state=State.QUEUED, queued_at__lte=limit).order_by("pk")
    ids = list(stale.values_list("pk", flat=True)[:EXPIRED_A_SWEEP])
    return each_apart(partial(_expire, now=now), _in_time(ids, until), row="order", what="order not ended")


def _expire(order_id: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.QUEUED:
            return False
        reason = "It could not be sent to the provider in time."
        end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", reason=reason)
        write([change])
        return True


def submit_orders(*, now: datetime, everything: bool = False, in_flight: int = 1, until: float = math.inf) -> int:
    """Send the queued orders that are due, `in_flight` at a time; how many were sent.

    Each provider has its share of what is in flight, and at least one, so that one that answers slowly, or has a long
    queue, holds up no other. No order is begun after `until`, on the monotonic clock: a job that is stopped while it
    sends would leave doubts. An order that fails in an unforeseen way is logged and does not stop the others.
    """
    providers = providers_in_turn(now=now, even_early=everything)
    share = min(MOST_AT_ONE_PROVIDER, max(1, in_flight // max(1, len(providers))))
    serve = partial(_serve, now=now, everything=everything, until=until, at_once=share)
    if in_flight == 1:
        return sum(map(serve, providers))
    with ThreadPoolExecutor(in_flight, thread_name_prefix="submit") as pool:
        return sum(pool.map(carried(partial(_in_thread, serve)), providers))


def _serve(provider_id: int, *, now: datetime, everything: bool, until: float, at_once: int) -> int:
    """Send what is due at one provider: the first of each cost, then those behind them, each at most once a sweep."""
    send, sent, seen = partial(_send, everything=everything, until=until), 0, set[int]()
    while len(seen) < SENT_A_SWEEP and time.monotonic() < until:
        found = first_of_each_cost(provider_id=provider_id, now=now, but=seen, even_early=everything)
        if not found:
            break
        seen.update(found)
        if at_once == 1:
            sent += send(found)
            continue
        parts = [found[first::at_once] for first in range(at_once)]
        with ThreadPoolExecutor(at_once, thread_name_prefix="submit") as pool:
            sent += sum(pool.map(carried(partial(_in_thread, send)), parts))
    return sent


def _send(order_ids: Sequence[int], *, everything: bool, until: float) -> int:
    submit = partial(submit_order, even_early=everything)
    return each_apart(
        lambda pk: submit(order_id=pk), _in_time(order_ids, until), row="order", what="order not submitted"
    )


def _in_thread(work: Callable[[T], int], given: T) -> int:
    try:
        return work(given)
    finally:
        connections.close_all()


def _in_time(ids: Iterable[int], until: float) -> Iterator[int]:
    """Those whose turn comes before `until`."""
    return takewhile(lambda _: time.monotonic() < until, ids)
