"""How often somebody may ask: counters in the cache, by windows of time. Called by the API.

Where the cache cannot be reached nothing is refused: a limit guards against haste, and is not worth an outage.
"""

import logging
import time
from dataclasses import dataclass

from django.core.cache import cache

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """`count` times in `seconds`; a count of 0 is no limit."""

    name: str
    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Taken:
    """Where somebody stands after one more: how often they may still ask, and in how many seconds it starts anew."""

    limit: Limit
    left: int
    reset: int
    is_over: bool


def take(limit: Limit, *, who: str) -> Taken:
    """Count one of `who`'s, and say where that leaves them."""
    now = int(time.time())
    reset = limit.seconds - now % limit.seconds
    if limit.count == 0:
        return Taken(limit, 0, reset, is_over=False)
    used = _count(f"limit:{limit.name}:{who}:{now // limit.seconds}", limit.seconds)
    return Taken(limit, max(0, limit.count - used), reset, is_over=used > limit.count)


def _count(key: str, seconds: int) -> int:
    try:
        if cache.add(key, 1, timeout=seconds + 1):
            return 1
        return int(cache.incr(key))
    except ValueError:  # it ended between the two
        return 1
    except Exception:
        log.warning("limits are not counted", exc_info=True)
        return 0
