"""Beat goes on where the last runs left off."""

from datetime import UTC, datetime, timedelta

import pytest
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
        "probe_doubts": NEVER,
        "look_for_strays": NEVER,
        "forget_deliveries": NEVER,
        "tell_alerts": NEVER,
        "count_orders": NEVER,
        "forget_notices": NEVER,
        "forget_updates": NEVER,
        "thin_readings": NEVER,
        "roll_up_reports": NEVER,
    }
    due = {job_name(name) for name, entry in schedule.items() if entry.is_due().is_due}
    assert due == set(last_runs) - {"check_books"}


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    assert [task for task in periods() if task not in app.tasks] == []


def test_never_is_long_ago() -> None:
    assert datetime(2001, 1, 1, tzinfo=UTC) > NEVER
