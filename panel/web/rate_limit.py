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
    count = _count(_key(limit, who, now), limit.seconds)
    return Taken(limit, max(0, limit.count - count), reset, is_over=count > limit.count)


def used(limit: Limit, *, who: str) -> int:
    """How many of `who`'s were counted in the present window."""
    try:
        return int(cache.get(_key(limit, who, int(time.time())), 0))
    except Exception:
        log.warning("limits are not counted", exc_info=True)
        return 0


def may_pass(name: str, *, who: str, every_seconds: int) -> bool:
    """Whether `who` is the first in so many seconds."""
    try:
        return bool(cache.add(f"pass:{name}:{who}", 1, timeout=every_seconds))
    except Exception:
        log.warning("limits are not counted", exc_info=True)
        return True


def _key(limit: Limit, who: str, now: int) -> str:
    return f"limit:{limit.name}:{who}:{now // limit.seconds}"


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
