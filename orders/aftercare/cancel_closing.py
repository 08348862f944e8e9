"""Close cancel requests of orders that have ended, and cancel queued orders with an open request. Called by jobs."""

from datetime import datetime
from functools import partial

from django.db import transaction

from orders.aftercare.cancel_waiting import cancel_if_requested
from orders.aftercare.claims import ClaimedRequest, RequestUpdate, write_updates
from orders.aftercare.unanswered_requests import give_up, update_unanswered_alert
from orders.core import safe_mode
from orders.core.change import lock_orders, write
from orders.models import Cancellation
from orders.rules.states import FINAL, State
from orders.tracking.settle import Houses
from panel.lib.database.each_row import each_apart

MAX_PER_RUN = 1000

S = Cancellation.State


def close_cancels(*, now: datetime) -> int:
    """Close the requests whose orders have ended and give up those never answered; returns how many closed.

    Does nothing in safe mode.
    """
    if safe_mode.is_on():
        return 0
    ended = Cancellation.objects.filter(state__in=Cancellation.OPEN, order__state__in=FINAL).order_by("pk")
    columns = ("pk", "order_id", "state", "tries", "next_at", "order__state", "order__provider")
    rows = list(ended.values_list(*columns)[:MAX_PER_RUN])
    updates = []
    for pk, order_id, state, tries, next_at, end, _ in rows:
        new = RequestUpdate(S.TOO_LATE, event="cancel late") if end == State.COMPLETED else RequestUpdate(S.DONE)
        updates.append((ClaimedRequest(pk, order_id, "", state, tries, next_at, state), new))
    closed = write_updates(Cancellation, updates)
    update_unanswered_alert(provider_ids={row[-1] for row in rows})
    give_up(Cancellation, event="cancel unanswered", now=now)
    return closed


def cancel_unsent(*, now: datetime) -> int:
    """Cancel and refund the queued orders with an open cancel request; how many."""
    waiting = Cancellation.objects.filter(state__in=Cancellation.OPEN, order__state=State.QUEUED).order_by("pk")
    ids = list(waiting.values_list("order_id", flat=True)[:MAX_PER_RUN])
    return each_apart(partial(_cancel, now=now), ids, row="order", what="order not canceled")


def _cancel(order_id: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.QUEUED or not cancel_if_requested(change, houses=Houses()):
            return False  # it was just sent: the request goes to the provider instead
        write([change])
        return True
