"""The page of metrics: exact figures, for who has the token, at a cost that does not grow with what is over."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders import tasks
from orders.models import Order
from panel.ops.alerts.alerts import raise_alert
from panel.ops.metrics import files, provider_calls
from panel.ops.models import Alert, JobRun
from providers.models import Provider
from tests.fixtures_orders import Store

TOKEN = "a-long-random-token-for-prometheus-0001"
pytestmark = pytest.mark.django_db


@pytest.fixture
def token(settings: LazySettings) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def scrape() -> dict[str, float]:
    """Every figure of the page, by its name with its labels."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(figure) for name, _, figure in (line.rpartition(" ") for line in lines)}


def test_every_figure_of_a_small_shop(store: Store, token: str, clock: time_machine.Traveller) -> None:
    store.simulator.next("add", "reset_after_create")
    store.submit(store.place())
    store.active(quantity="2000")
    waiting = store.place(quantity="3000")
    store.read_balance()
    raise_alert(subject="drift:1", level=Alert.Level.CRITICAL, title="x")
    tasks.count_orders()
    tasks.check_books()
    clock.shift(90)
    found = {name: figure for name, figure in scrape().items() if "provider_call" not in name}
    states = dict.fromkeys(("SENDING", "REVIEW", "COMPLETED", "PARTIAL", "CANCELED", "REJECTED"), 0.0)
    states |= {"QUEUED": 1, "UNCONFIRMED": 1, "ACTIVE": 1}
    assert found == {
        **{f'panel_orders{{state="{state}"}}': figure for state, figure in states.items()},
        "panel_orders_counted_age_seconds": 90,
        "panel_orders_doubtful": 1,
        "panel_queue_age_seconds": (timezone.now() - waiting.next_attempt_at).total_seconds(),  # type: ignore[operator]
        "panel_books_age_seconds": 90,
        "panel_books_differences": 0,
        'panel_provider_balance{currency="USD",provider="North"}': 997.3,
        'panel_provider_drift{currency="USD",provider="North"}': 0,
        'panel_provider_reading_age_seconds{provider="North"}': 90,
        'panel_job_age_seconds{job="count_orders"}': 90,
        'panel_job_age_seconds{job="check_books"}': 90,
        'panel_job_ok{job="count_orders"}': 1,
        'panel_job_ok{job="check_books"}': 1,
        'panel_alerts_open{level="warning"}': 1,
        'panel_alerts_open{level="critical"}': 1,
        "panel_alert_messages_failing": 0,
    }
    assert found["panel_queue_age_seconds"] == 90


def test_an_empty_panel(token: str) -> None:
    found = {name: figure for name, figure in scrape().items() if "provider_call" not in name}
    assert found == {
        **{f'panel_orders{{state="{state}"}}': 0 for state in ("QUEUED", "SENDING", "UNCONFIRMED", "REVIEW")},
        "panel_orders_doubtful": 0,
        "panel_queue_age_seconds": 0,
        'panel_alerts_open{level="warning"}': 0,
        'panel_alerts_open{level="critical"}': 0,
        "panel_alert_messages_failing": 0,
    }


def test_what_failed_says_nothing_of_the_books(token: str) -> None:
    JobRun.objects.create(name="check_books", finished_at=timezone.now(), ok=False, summary={"error": "RuntimeError"})
    found = scrape()
    assert found['panel_job_ok{job="check_books"}'] == 0
    assert "panel_books_differences" not in found
    assert "panel_books_age_seconds" not in found


def test_calls_are_counted_by_how_they_went(store: Store, token: str) -> None:
    name = f"Counted {os.getpid()}"
    Provider.objects.update(name=name, probing="off")
    store.active()
    store.simulator.next("add", "error500_after")
    store.active(quantity="2000")
    store.simulator.next("status", "error503")
    store.poll()
    store.poll()
    store.read_balance()
    counts = {
        match[1]: figure
        for metric, figure in scrape().items()
        if (match := re.fullmatch(rf'panel_provider_call_seconds_count{{(.*),provider="{name}"}}', metric))
    }
    assert counts == {
        'action="add",outcome="ok"': 1,
        'action="add",outcome="unknown"': 1,
        'action="status",outcome="busy"': 1,
        'action="status",outcome="ok"': 1,
        'action="balance",outcome="ok"': 1,
    }
    found = scrape()
    labels = f'action="add",outcome="ok",provider="{name}"'
    assert 0 < found[f"panel_provider_call_seconds_sum{{{labels}}}"] < 30
    assert found[f'panel_provider_call_seconds_bucket{{action="add",le="+Inf",outcome="ok",provider="{name}"}}'] == 1


def test_other_processes_count_too(token: str, settings: LazySettings) -> None:
    name = f"Elsewhere {os.getpid()}"
    code = "import django; django.setup(); from panel.ops.metrics.provider_calls import record_call"
    code += f"; record_call({name!r}, 'add', 'ok', 0.2)"
    environment = {key: value for key, value in os.environ.items() if key != "PROMETHEUS_MULTIPROC_DIR"}
    environment |= {"DATA_DIR": str(settings.DATA_DIR), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
    provider_calls.record_call(name, "add", "ok", 0.7)
    found = scrape()
    labels = f'outcome="ok",provider="{name}"'
    assert found[f'panel_provider_call_seconds_count{{action="add",{labels}}}'] == 3
    assert found[f'panel_provider_call_seconds_bucket{{action="add",le="0.25",{labels}}}'] == 2
    assert found[f'panel_provider_call_seconds_bucket{{action="add",le="1.0",{labels}}}'] == 3


def test_a_start_deletes_what_ended_runs_left(settings: LazySettings, tmp_path: Path) -> None:
    settings.METRICS_DIR = tmp_path
    ended = subprocess.Popen(["true"])
    ended.wait()
    host = settings.HOST_NAME
    over = [f"{host}-{ended.pid}", f"{host}-{os.getpid()}", "old-container-7"]
    alive = [f"{host}-{os.getppid()}", "new-container-7"]
    for name in [*over, *alive]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "histogram_7.db").write_bytes(b"")
    long_ago = timezone.now() - timedelta(hours=25)
    os.utime(tmp_path / "old-container-7" / "histogram_7.db", (long_ago.timestamp(), long_ago.timestamp()))
    files.clean_up()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(alive)


def test_a_call_that_cannot_be_counted_is_no_failure(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(provider_calls, "make_folder", full)
    assert store.active().state == "ACTIVE"
    assert "call not counted" in caplog.text


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"bearer {TOKEN}", TOKEN, "Bearer tökén"]
)
def test_it_is_for_who_has_the_token(token: str, given: str | None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = Client().get("/metrics", headers={} if given is None else {"Authorization": given})
    assert (answer.status_code, answer.content) == (401, b"A token is needed.\n")
    assert Client().post("/metrics").status_code == 405


def test_without_a_token_in_the_settings_there_is_no_page(admin_client: Client) -> None:
    for given in ("Bearer ", "Bearer"):
        assert admin_client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_a_scrape_costs_the_same_whatever_there_is(
    store: Store, token: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    store.active()
    with django_assert_num_queries(8):
        scrape()
    Provider.objects.create(name="South", url="https://south.example/")
    store.place(quantity="2000")
    raise_alert(subject="books", level=Alert.Level.CRITICAL, title="x")
    with django_assert_num_queries(8):
        scrape()


def test_what_is_counted_live_is_counted_in_partial_indexes(store: Store) -> None:
    risky = Order.objects.filter(state__in=["SENDING", "UNCONFIRMED", "REVIEW"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read so small a table whole
        assert "order_at_risk" in risky.explain()  # SQLite sees that only where nothing is a parameter
    # SQLite may as well take the index of states and times: it knows the sizes of neither.
    wanted = (
        ("order_to_send",) if connection.vendor == "postgresql" else ("order_to_send", "order_state_time (state=?)")
    )
    queued = Order.objects.filter(state="QUEUED").explain()
    assert any(index in queued for index in wanted), queued


def test_nobody_counts_for_nobody(store: Store) -> None:
    tasks.count_orders()
    assert JobRun.objects.get(name="count_orders").summary == {}
