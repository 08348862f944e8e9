"""The leases of jobs: one run at a time, and no lease that outlives its own length."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.utils import timezone

from panel.lib.database.each_row import each_apart
from panel.ops.jobs.leases import run_leased
from panel.ops.metrics import provider_calls
from panel.ops.models import JobRun
from panel.ops.wake import wake


def run(job: Any = lambda: {"done": 1}, *, seconds: int = 120) -> dict[str, Any] | None:
    return run_leased(name="sweep_orders", seconds=seconds, job=job)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ahead", "runs"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(seconds=1), False),
        (timedelta(seconds=120), False),
        (timedelta(seconds=121), True),
        (timedelta(days=30), True),
    ],
)
def test_a_lease_counts_for_no_longer_than_its_own_length(ahead: timedelta, runs: bool) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        JobRun.objects.create(name="sweep_orders", holder="another", lease_until=timezone.now() + ahead)
        assert run() == ({"done": 1} if runs else None)
        assert JobRun.objects.get().holder == ("" if runs else "another")


@pytest.mark.django_db(transaction=True)
def test_a_run_that_outlives_its_lease_is_not_joined_by_another_in_its_process() -> None:
    begun, go_on = threading.Event(), threading.Event()
    came: list[Any] = []

    def slow() -> dict[str, Any]:
        begun.set()
        go_on.wait(10)
        return {"done": "slow"}

    def first() -> None:
        came.append(run(slow, seconds=0))
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(10)
    assert run() is None
    go_on.set()
    thread.join()
    assert came == [{"done": "slow"}]
    assert run() == {"done": 1}


@pytest.mark.django_db
def test_a_job_that_raises_frees_its_name() -> None:
    def broken() -> dict[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(broken)
    assert JobRun.objects.get().summary == {"error": "ZeroDivisionError"}
    assert run() == {"done": 1}


def stop(*args: Any, **options: Any) -> Any:
    raise SoftTimeLimitExceeded


def test_the_time_limit_ends_a_job_over_many_rows() -> None:
    asked: list[int] = []

    def job(pk: int) -> bool:
        asked.append(pk)
        return bool(stop())

    with pytest.raises(SoftTimeLimitExceeded):
        each_apart(job, [1, 2], row="order", what="order not sent")
    assert asked == [1]


def test_the_time_limit_passes_the_counting_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_calls, "make_folder", stop)
    with pytest.raises(SoftTimeLimitExceeded):
        provider_calls.record_call("North", "status", "ok", 0.1)


@pytest.mark.django_db(transaction=True)
def test_the_time_limit_passes_a_wake_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panel.celery.app.send_task", stop)
    with pytest.raises(SoftTimeLimitExceeded):
        wake(task="orders.tasks.submit_order", args=[1])
