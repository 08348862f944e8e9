"""Wishes to cancel that the order's own life decides: closed when it ended, carried out when it waits to be sent."""

from datetime import datetime
from functools import partial

from django.db import transaction

from orders.aftercare.cancel_waiting import cancel_if_asked
from orders.aftercare.claims import Claimed, Told, write_told
from orders.aftercare.unanswered import give_up, tell_staff
from orders.core import safe_mode
from orders.core.change import lock_orders, write
from orders.models import Cancellation
from orders.rules.states import FINAL, State
from orders.tracking.settle import Houses
from panel.lib.database.each_row import each_apart

A_RUN = 1000

S = Cancellation.State


def close_cancels(*, now: datetime) -> int:
    """Close the wishes whose orders have ended, done or too late, and give up those never answered; how many closed.

    None in safe mode.
    """
    if safe_mode.is_on():
        return 0
    ended = Cancellation.objects.filter(state__in=Cancellation.OPEN, order__state__in=FINAL).order_by("pk")
    columns = ("pk", "order_id", "state", "tries", "next_at", "order__state", "order__provider")
    rows = list(ended.values_list(*columns)[:A_RUN])
    told = []
    for pk, order_id, state, tries, next_at, end, _ in rows:
        new = Told(S.TOO_LATE, event="cancel late") if end == State.COMPLETED else Told(S.DONE)
        told.append((Claimed(pk, order_id, "", state, tries, next_at, state), new))
    closed = write_told(Cancellation, told)
    tell_staff(provider_ids={row[-1] for row in rows})
    give_up(Cancellation, event="cancel unanswered", now=now)
    return closed


def cancel_unsent(*, now: datetime) -> int:
    """End the orders that wait to be sent (again) and are wanted no more, with their money back; how many."""
    waiting = Cancellation.objects.filter(state__in=Cancellation.OPEN, order__state=State.QUEUED).order_by("pk")
    ids = list(waiting.values_list("order_id", flat=True)[:A_RUN])
    return each_apart(partial(_cancel, now=now), ids, row="order", what="order not canceled")


def _cancel(order_id: int, *, now: datetime) -> bool:
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        if change.state != State.QUEUED or not cancel_if_asked(change, houses=Houses()):
            return False  # it was sent in this moment: the wish is passed on instead
        write([change])
        return True
