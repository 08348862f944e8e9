"""Delivers due messages in two lanes: one for webhooks that respond quickly, one for all others. Called by its tasks.

A webhook starts in the slow lane and moves to the quick one with its first quick response. One that fails or is slow
moves back for a while, so slow webhooks never delay quick ones. In each lane the webhook served least recently is
next and has one turn in a run, with a limited number of messages and a limited time. Messages may arrive twice
where a worker died between sending and recording, or where a quick one turned slow; their `webhook-id` is the same.
After a failure nothing is sent to the webhook for a while, and after the last of RETRIES it is paused.
"""

from datetime import datetime, timedelta
from functools import partial

from orders.webhooks.models import Delivery
from orders.webhooks.turn import QUICK_SECONDS, DeliveryResult, Lane, claim_turn
from panel.lib.delivery_pool import serve

DEADLINE_SECONDS = 10
RUN_SECONDS = 45
RETENTION = timedelta(days=30)


def quick_lane() -> Lane:
    """Short turns for webhooks that respond within QUICK_SECONDS."""
    return Lane(is_quick=True, at_once=16, seconds=4, deadline=min(QUICK_SECONDS, DEADLINE_SECONDS))


def slow_lane() -> Lane:
    """Longer turns, with the response time that the customers' page promises."""
    return Lane(is_quick=False, at_once=16, seconds=10, deadline=DEADLINE_SECONDS)


def deliver_quick() -> DeliveryResult:
    """Serve the webhooks that are known to respond quickly."""
    return _run(quick_lane())


def deliver_slow() -> DeliveryResult:
    """Serve all other webhooks: new, slow and failing ones."""
    return _run(slow_lane())


def deliver_due() -> DeliveryResult:
    """Serve both lanes, one after the other."""
    quick, slow = deliver_quick(), deliver_slow()
    return DeliveryResult(quick.delivered + slow.delivered, quick.failed + slow.failed)


def forget_old(*, now: datetime) -> int:
    """Delete finished messages older than RETENTION; returns how many."""
    return Delivery.objects.filter(next_at=None, created_at__lt=now - RETENTION).delete()[0]


def _run(lane: Lane) -> DeliveryResult:
    result, served = DeliveryResult(), set[int]()
    serve(
        next_turn=partial(claim_turn, lane=lane, served=served, result=result),
        at_once=lane.at_once,
        seconds=RUN_SECONDS,
    )
    return result
