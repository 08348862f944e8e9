"""Do a job for many rows, each by itself: one that fails, as when its lock is held, holds up no other. For sweeps."""

import logging
from collections.abc import Callable, Iterable

from celery.exceptions import SoftTimeLimitExceeded

log = logging.getLogger(__name__)


def each_apart(job: Callable[[int], bool], pks: Iterable[int], *, row: str, what: str) -> int:
    """How many of the jobs came to something. One that raises is logged as `what`, its number as `row`.

    The next sweep finds it again. Celery's soft time limit ends them all: it is raised on.
    """
    return sum(_apart(job, pk, row, what) for pk in pks)


def _apart(job: Callable[[int], bool], pk: int, row: str, what: str) -> bool:
    try:
        return job(pk)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception(what, extra={row: pk})
        return False
