"""The health pages: what they say, and that they say nothing more."""

import errno
import os
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from panel.ops.health import disks, health
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
    "check_alerts",
    "deliver_webhooks",
    "deliver_slow_webhooks",
    "probe_doubts",
    "search_unmatched_orders",
    "tell_alerts",
    "count_orders",
    "reset_future_times",
    "roll_up_reports",
    "take_checkpoints",
    "expire_approvals",
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
def test_a_job_that_ended_in_the_future_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "STARTED_AT", HOURS_AGO)
    finish(*QUICK_JOBS[1:])
    finish("sweep_orders", ago=timedelta(days=-30))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"job sweep_orders: last finished never\n")


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


@pytest.fixture
def own_disks(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """DATA_DIR and the database in folders of their own, with no jobs to look at."""
    (tmp_path / "data").mkdir()
    (tmp_path / "database").mkdir()
    settings.EXPECT_JOBS = False
    written = [("database", tmp_path / "database"), ("DATA_DIR", tmp_path / "data")]
    monkeypatch.setattr(disks, "folders", lambda: written)
    disks._disk_problem.cache_clear()
    yield tmp_path
    disks._disk_problem.cache_clear()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_disks_that_can_be_written_are_in_order(client: Client, own_disks: Path, path: str) -> None:
    assert client.get(path).content == b"ok\n"
    assert [list(folder.iterdir()) for folder in own_disks.iterdir()] == [[], []]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_full_disk_is_named_without_its_path(
    client: Client, own_disks: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.content == b"disk of DATA_DIR: No space left on device\ndisk of database: No space left on device\n"
    assert client.get("/healthz/web").content == b"ok\n"


@pytest.mark.django_db
def test_a_disk_that_cannot_be_written_is_named(client: Client, own_disks: Path) -> None:
    (own_disks / "data").rmdir()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"disk of DATA_DIR: No such file or directory\n")


@pytest.mark.django_db
def test_a_disk_with_little_room_is_named(
    client: Client, own_disks: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(disks.shutil, "disk_usage", lambda path: usage(0, 0, 300 * 1024 * 1024 - 1))
    settings.DISK_ROOM_MB = 299
    assert client.get("/healthz").content == b"ok\n"
    settings.DISK_ROOM_MB = 300
    disks._disk_problem.cache_clear()
    expected = "disk of DATA_DIR: 299 MB free, less than 300 MB\ndisk of database: 299 MB free, less than 300 MB\n"
    assert client.get("/healthz").content.decode() == expected


@pytest.mark.django_db
def test_a_disk_is_tried_once_in_ten_seconds(client: Client, own_disks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    now = [1000.0]
    monkeypatch.setattr(disks, "_write", tried.append)
    monkeypatch.setattr(disks.time, "monotonic", lambda: now[0])
    for _ in range(5):
        client.get("/healthz")
    assert sorted(tried) == sorted([str(own_disks / "data"), str(own_disks / "database")])
    now[0] += 10
    client.get("/healthz")
    assert len(tried) == 4


def test_the_folders_are_those_of_the_settings(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.IS_SQLITE = False
    assert list(disks.folders()) == [("DATA_DIR", tmp_path)]
    settings.IS_SQLITE = True
    database = Path(settings.DATABASES["default"]["NAME"]).parent
    assert list(disks.folders()) == [("database", database), ("DATA_DIR", tmp_path)]


@pytest.mark.django_db
def test_it_is_only_asked(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
