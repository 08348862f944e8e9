"""The jobs' page: how each went, what is late, and one run now, by who may and once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from panel.celery import app, periods
from panel.customers.models import User
from panel.ops.jobs.schedule import scheduled_jobs
from panel.ops.models import AuditEvent, JobRun

pytestmark = pytest.mark.django_db
PAGE = "/staff/jobs/"


def member(*permissions: str) -> Client:
    user = User.objects.create_user("staff@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were handed to the broker."""
    found: list[str] = []
    monkeypatch.setattr(app, "send_task", lambda task, **options: found.append(task))
    return found


def test_every_job_is_told_with_its_last_run(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    now = timezone.now()
    JobRun.objects.create(
        name="poll_orders",
        started_at=now - timedelta(seconds=62.5),
        finished_at=now - timedelta(seconds=60),
        summary={"providers": 2},
    )
    JobRun.objects.create(name="sweep_orders", started_at=now, holder="x", finished_at=now - timedelta(hours=1))
    JobRun.objects.create(
        name="check_books", started_at=now, finished_at=now, ok=False, summary={"error": "RuntimeError"}
    )
    JobRun.objects.create(name="providers.read_lists", started_at=now)  # none of the timetable
    JobRun.objects.create(name="providers.sync_services", started_at=now - timedelta(hours=1), finished_at=now)
    with django_assert_num_queries(1):
        jobs = {job.name: job for job in scheduled_jobs(now=now)}
    assert len(jobs) == len(periods())
    poll, sweep, books, sync = (jobs[name] for name in ("poll_orders", "sweep_orders", "check_books", "sync_services"))
    assert (poll.status, poll.seconds, poll.result, poll.is_late) == ("Done", 2.5, "providers: 2", False)
    assert poll.next_at == now - timedelta(seconds=2.5)
    assert (sweep.status, sweep.seconds, sweep.is_late) == ("Running", None, True)
    assert (books.status, books.result) == ("Failed", "error: RuntimeError")
    assert (sync.status, sync.seconds) == ("Done", 3600.0)
    never = jobs["measure_times"]
    assert (never.status, never.result, never.next_at, never.is_late) == ("Never", "", None, False)


def test_the_page_before_anything_ran(sent: list[str]) -> None:
    page = member("view_jobrun").get(PAGE).content.decode()
    assert page.count("Never") == len(periods())
    assert "Run now</button>" not in page
    assert sent == []


def test_a_job_is_run_now_by_who_may(sent: list[str]) -> None:
    client = member("view_jobrun", "change_jobrun")
    assert "Run now</button>" in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}poll_orders/run/").status_code == 302
    assert sent == ["orders.tasks.poll_orders"]
    assert AuditEvent.objects.get().target == "job:poll_orders"
    assert client.post(f"{PAGE}submit_order/run/").status_code == 404  # a task, and none of the timetable
    assert client.get(f"{PAGE}poll_orders/run/").status_code == 405
    assert sent == ["orders.tasks.poll_orders"]


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise ConnectionError("redis://secret@host")

    monkeypatch.setattr(app, "send_task", away)
    page = member("view_jobrun", "change_jobrun").post(f"{PAGE}poll_orders/run/", follow=True).content.decode()
    assert "The job could not be started now." in page
    assert "secret" not in page
    assert AuditEvent.objects.count() == 0


def test_it_is_for_staff_who_may(sent: list[str]) -> None:
    customer = Client()
    customer.force_login(User.objects.create_user("ada@example.com"))
    for path in (PAGE, f"{PAGE}poll_orders/run/"):
        assert Client().post(path).status_code == 302
        assert customer.post(path).status_code == 404
    assert member("view_jobrun").post(f"{PAGE}poll_orders/run/").status_code == 403
    assert sent == []


@pytest.mark.parametrize(("url", "status"), [("", 200), ("redis://127.0.0.1:1/0", 503)])
def test_readiness_asks_the_broker_too(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, status: int
) -> None:
    monkeypatch.setattr("panel.ops.health.health.STARTED_AT", timezone.now())
    settings.REDIS_URL = url
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (status, b"broker: ConnectionError\n" if url else b"ok\n")
    assert client.post("/readyz").status_code == 405
