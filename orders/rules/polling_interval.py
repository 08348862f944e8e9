"""When an order is polled next: often while young, rarely when old, and a few times after its end. Pure."""

from datetime import datetime, timedelta
from itertools import pairwise

from orders.rules.states import FINAL, State

FIRST_POLL = timedelta(seconds=60)
INTERVALS_BY_AGE = (
    (timedelta(minutes=30), timedelta(minutes=1)),
    (timedelta(hours=3), timedelta(minutes=3)),
    (timedelta(days=1), timedelta(minutes=10)),
)
"""Younger than the first, every second."""
MAX_INTERVAL = timedelta(minutes=30)
POLLS_AFTER_END = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24))
MAX_INTERVAL_AFTER_END = max(later - sooner for sooner, later in pairwise((timedelta(), *POLLS_AFTER_END)))


def next_poll(*, state: State, sent_at: datetime, finished_at: datetime | None, now: datetime) -> datetime | None:
    """When the provider is asked about the order next; None when it need not be any more."""
    if state in FINAL:
        ended = min(finished_at or now, now)  # an end in the future was noted while the clock was ahead
        return next((ended + after for after in POLLS_AFTER_END if ended + after > now), None)
    age = now - sent_at
    return now + next((step for limit, step in INTERVALS_BY_AGE if age < limit), MAX_INTERVAL)
