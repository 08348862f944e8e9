"""The scheduled jobs' leases and heartbeats: one run of a job at a time, whichever worker or beat started it.

Leases only save work; what the jobs do is safe when two run at once.
"""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from panel.ops.models import JobRun


def run_leased(*, name: str, seconds: int, job: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Run `job` unless another run of `name` holds the lease; its summary, or None when it did not run.

    The lease ends with the job, or after `seconds` where the worker died. What `job` raises is recorded and raised on.
    """
    holder = _take(name, seconds)
    if holder is None:
        return None
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


def _take(name: str, seconds: int) -> str | None:
    now = timezone.now()
    holder = secrets.token_hex(8)
    JobRun.objects.get_or_create(name=name)
    free = JobRun.objects.filter(name=name).filter(Q(lease_until=None) | Q(lease_until__lte=now))
    taken = free.update(lease_until=now + timedelta(seconds=seconds), holder=holder, started_at=now)
    return holder if taken else None
