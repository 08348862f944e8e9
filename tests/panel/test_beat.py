"""Beat goes on where the last runs left off."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from panel.beat import NEVER, JobScheduler, job_name
from panel.celery import app, periods
from panel.ops.models import JobRun


@pytest.mark.django_db
def test_a_job_that_ran_is_due_a_period_after_it_and_one_that_never_ran_at_once() -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    JobRun.objects.create(name="check_books", started_at=an_hour_ago)
    JobRun.objects.create(name="providers.sync_services", started_at=an_hour_ago)
    schedule = JobScheduler(app).schedule
    assert set(schedule) == set(periods())
    last_runs = {job_name(name): entry.last_run_at for name, entry in schedule.items()}
    assert last_runs == {
        "sync_services": an_hour_ago,
        "check_books": an_hour_ago,
        "sweep_orders": NEVER,
        "poll_orders": NEVER,
        "poll_refills": NEVER,
        "poll_cancels": NEVER,
        "read_balances": NEVER,
        "measure_times": NEVER,
        "deliver_webhooks": NEVER,
        "deliver_slow_webhooks": NEVER,
        "probe_doubts": NEVER,
        "search_unmatched_orders": NEVER,
        "forget_deliveries": NEVER,
        "tell_alerts": NEVER,
        "count_orders": NEVER,
        "reset_future_times": NEVER,
        "forget_notices": NEVER,
        "forget_sessions": NEVER,
        "forget_alerts": NEVER,
        "check_alerts": NEVER,
        "forget_updates": NEVER,
        "thin_readings": NEVER,
        "forget_mails": NEVER,
        "sweep_pictures": NEVER,
        "expire_approvals": NEVER,
        "roll_up_reports": NEVER,
        "take_checkpoints": NEVER,
        "back_up": NEVER,
    }
    due = {job_name(name) for name, entry in schedule.items() if entry.is_due().is_due}
    assert due == set(last_runs) - {"check_books"}


@pytest.mark.django_db
def test_a_run_noted_while_the_clock_was_ahead_counts_as_none() -> None:
    JobRun.objects.create(name="check_books", started_at=timezone.now() + timedelta(days=30))
    schedule = JobScheduler(app).schedule
    assert schedule["orders.tasks.check_books"].last_run_at == NEVER


@pytest.mark.django_db
def test_a_timetable_whose_clock_was_ahead_for_a_moment_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(JobScheduler, "apply_entry", lambda self, entry, **_: sent.append(entry.task))
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=30), tick=False) as clock:
        beat = JobScheduler(app)
        while beat.tick() == 0:
            pass
        assert sorted(sent) == sorted(periods())
        clock.move_to(now)
        sent.clear()
        while beat.tick() == 0:
            pass
        assert sorted(sent) == sorted(periods())
        clock.shift(4.9 if periods()["orders.tasks.sweep_orders"] == 5 else 14.9)
        sent.clear()
        while beat.tick() == 0:
            pass
        assert "orders.tasks.sweep_orders" not in sent


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert [task for task in periods() if task not in app.tasks] == []


def test_never_is_long_ago() -> None:
    assert datetime(2001, 1, 1, tzinfo=UTC) > NEVER
