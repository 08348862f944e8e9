"""The cache at scale: Redis, and while Redis is away the database, so that no request fails for want of a counter.

Named in the settings. What is counted in one is not known in the other: around an outage limits are a little looser.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""While Redis is away it is tried once in so many seconds: each try may cost its time-out."""


class _Outage:
    """What all threads of this process know of it, on the monotonic clock."""

    until = 0.0


def is_degraded() -> bool:
    """Whether the cache of this process is in the database now."""
    return time.monotonic() < _Outage.until


class DegradingRedisCache(RedisCache):
    """Django's Redis cache; each operation goes to the cache "database" while Redis does not answer."""

    def _use(self, name: str, redis_operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not is_degraded():
            try:
                return redis_operation(*args, **kwargs)
            except RedisError:
                _Outage.until = time.monotonic() + RETRY_SECONDS
                log.warning("Redis does not answer; the cache is in the database", exc_info=True)
        return getattr(caches["database"], name)(*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("add", super().add, *args, **kwargs)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("get", super().get, *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("set", super().set, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("touch", super().touch, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("delete", super().delete, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("get_many", super().get_many, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("set_many", super().set_many, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("delete_many", super().delete_many, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("has_key", super().has_key, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._use("incr", super().incr, *args, **kwargs)

    def clear(self) -> Any:
        return self._use("clear", super().clear)
