"""Deliver what is due, in two lanes: one for webhooks that answer quickly, one for all others. Called by its tasks.

A webhook begins in the slow lane and comes to the quick one by its first quick answer. One that fails or answers
slowly goes back for a while: so slow ones, however many, hold up nobody who is quick. In each lane whoever was served
least recently is next and has one turn a run; its share of messages and of time is bounded. Messages may arrive twice
where a worker died between sending and recording, or where a quick one turned slow; their `webhook-id` is the same.
After a failure the webhook rests for a while, and after the last of RETRIES it is paused.
"""

from datetime import datetime, timedelta
from functools import partial

from orders.webhooks.models import Delivery
from orders.webhooks.turn import QUICK_SECONDS, Delivered, Lane, claim_turn
from panel.lib.turns import serve

DEADLINE_SECONDS = 10
RUN_SECONDS = 45
KEPT_FOR = timedelta(days=30)


def quick_lane() -> Lane:
    """Short turns for those who answer within QUICK_SECONDS, and no patience with others."""
    return Lane(is_quick=True, at_once=16, seconds=4, deadline=min(QUICK_SECONDS, DEADLINE_SECONDS))


def slow_lane() -> Lane:
    """The time that the customers' page promises."""
    return Lane(is_quick=False, at_once=16, seconds=10, deadline=DEADLINE_SECONDS)


def deliver_quick() -> Delivered:
    """Serve the webhooks that are known to answer quickly."""
    return _run(quick_lane())


def deliver_slow() -> Delivered:
    """Serve all other webhooks: new, slow and failing ones."""
    return _run(slow_lane())


def deliver_due() -> Delivered:
    """Both, one after the other."""
    quick, slow = deliver_quick(), deliver_slow()
    return Delivered(quick.delivered + slow.delivered, quick.failed + slow.failed)


def forget_old(*, now: datetime) -> int:
    """Delete what was over long ago; how many."""
    return Delivery.objects.filter(next_at=None, created_at__lt=now - KEPT_FOR).delete()[0]


def _run(lane: Lane) -> Delivered:
    result, served = Delivered(), set[int]()
    serve(
        next_turn=partial(claim_turn, lane=lane, served=served, result=result),
        at_once=lane.at_once,
        seconds=RUN_SECONDS,
    )
    return result
