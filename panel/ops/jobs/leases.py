"""The scheduled jobs' leases and heartbeats: one run of a job at a time, whichever worker or beat started it.

Leases only save work; what the jobs do is safe when two run at once.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from panel.ops.models import JobRun

_running: set[str] = set()
_running_lock = threading.Lock()


def run_leased(*, name: str, seconds: int, job: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Run `job` unless another run of `name` holds the lease; its summary, or None when it did not run.

    The lease ends with the job, or after `seconds` where the worker died. Threads know no time limit, so a run that
    outlives its lease is still not joined by another one in the same process. What `job` raises is recorded and raised
    on.
    """
    with _only_run_in_process(name) as is_only:
        holder = _take(name, seconds) if is_only else None
        return None if holder is None else _run(name, holder, job)


def _run(name: str, holder: str, job: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    summary: dict[str, Any] = {"error": "stopped"}
    try:
        summary = job()
        return summary
    except Exception as error:
        summary = {"error": type(error).__name__}
        raise
    finally:
        JobRun.objects.filter(name=name, holder=holder).update(
            lease_until=None, holder="", finished_at=timezone.now(), ok="error" not in summary, summary=summary
        )


@contextmanager
def _only_run_in_process(name: str) -> Iterator[bool]:
    with _running_lock:
        is_only = name not in _running
        _running.add(name)
    try:
        yield is_only
    finally:
        if is_only:
            with _running_lock:
                _running.discard(name)


def _take(name: str, seconds: int) -> str | None:
    """Take the lease if it is free. One that ends later than any lease can was given while the clock was ahead."""
    now = timezone.now()
    until = now + timedelta(seconds=seconds)
    holder = secrets.token_hex(8)
    JobRun.objects.get_or_create(name=name)
    free = JobRun.objects.filter(name=name).filter(
        Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=until)
    )
    taken = free.update(lease_until=until, holder=holder, started_at=now)
    return holder if taken else None
