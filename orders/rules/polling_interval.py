"""When an order is looked at again: often while young, rarely when old, and a few times after its end. Pure."""

from datetime import datetime, timedelta
from itertools import pairwise

from orders.rules.states import FINAL, State

FIRST_LOOK = timedelta(seconds=60)
BY_AGE = (
    (timedelta(minutes=30), timedelta(minutes=1)),
    (timedelta(hours=3), timedelta(minutes=3)),
    (timedelta(days=1), timedelta(minutes=10)),
)
"""Younger than the first, every second."""
OLDEST = timedelta(minutes=30)
AFTER_THE_END = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24))
LONGEST_AFTER_THE_END = max(later - sooner for sooner, later in pairwise((timedelta(), *AFTER_THE_END)))


def next_look(*, state: State, sent_at: datetime, finished_at: datetime | None, now: datetime) -> datetime | None:
    """When the provider is asked about the order next; None when it need not be any more."""
    if state in FINAL:
        ended = min(finished_at or now, now)  # an end in the future was noted while the clock was ahead
        return next((ended + after for after in AFTER_THE_END if ended + after > now), None)
    age = now - sent_at
    return now + next((step for limit, step in BY_AGE if age < limit), OLDEST)
