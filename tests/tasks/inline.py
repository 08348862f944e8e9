"""The tasks that jobs hand out, one for each provider, run at once where there is no worker."""

import pytest

from orders import tasks
from providers import tasks as provider_tasks

HANDED_OUT = [
    tasks.poll_provider,
    tasks.poll_provider_refills,
    tasks.poll_provider_cancels,
    tasks.probe_provider,
    tasks.find_unmatched_orders,
    tasks.read_provider_balance,
    provider_tasks.sync_provider_services,
]


def run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the rest of the test."""
    for task in HANDED_OUT:
        monkeypatch.setattr(task, "apply_async", lambda args, *, task=task, **options: task(*args))
