"""The health pages: what they say, and that they say nothing more."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from panel.ops import health
from panel.ops.models import JobRun

HOURS_AGO = timezone.now() - timedelta(hours=3)
QUICK_JOBS = (
    "sweep_orders",
    "poll_orders",
    "poll_refills",
    "poll_cancels",
    "read_balances",
    "sync_services",
    "measure_times",
    "deliver_webhooks",
    "probe_doubts",
    "look_for_strays",
    "tell_alerts",
    "count_orders",
    "roll_up_reports",
)


def finish(*names: str, ago: timedelta = timedelta(0)) -> None:
    """Have the jobs finished that long ago."""
    for name in names:
        JobRun.objects.create(name=name, finished_at=timezone.now() - ago)


@pytest.mark.django_db
def test_a_fresh_panel_is_given_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED_AT", timezone.now())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_jobs_that_run_are_in_order(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED_AT", HOURS_AGO)
    finish(*QUICK_JOBS)
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_jobs_that_stopped_are_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED_AT", HOURS_AGO)
    finish(*QUICK_JOBS[1:])
    finish("sweep_orders", ago=timedelta(minutes=4))
    at = JobRun.objects.get(name="sweep_orders").finished_at
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert at is not None
    assert answer.content.decode() == f"job sweep_orders: last finished {at.isoformat(timespec='seconds')}\n"


@pytest.mark.django_db
def test_jobs_that_never_ran_are_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED_AT", HOURS_AGO)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert sorted(answer.content.decode().splitlines()) == sorted(
        f"job {name}: last finished never" for name in QUICK_JOBS
    )
    assert client.get("/healthz/web").status_code == 200


@pytest.mark.django_db
def test_jobs_run_elsewhere_are_not_looked_at(client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(health, "STARTED_AT", HOURS_AGO)
    settings.EXPECT_JOBS = False
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/healthz/web"])
def test_a_database_that_is_away_is_said_without_its_address(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("connection to server at db.internal failed for user panel")

    monkeypatch.setattr(connection, "cursor", away)
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (503, b"database: OperationalError\n")


@pytest.mark.django_db
def test_it_is_only_asked(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
