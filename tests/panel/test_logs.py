"""What log lines carry: the request, the task and its run, the order; and that two threads do not mix."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery.app.trace import trace_task
from django.db import connections
from django.test import Client
from structlog.contextvars import bound_contextvars, get_contextvars

from orders.aftercare import cancels
from orders.models import Order
from orders.submission import record, submit, sweep
from orders.tracking import poll, settle
from orders.unconfirmed import decisions
from orders.unconfirmed.decisions import CannotResolveError
from panel.celery import app
from panel.celery_settings import PLACING_QUEUE
from panel.lib.logs.context import about_order, carried
from panel.lib.logs.settings import log_settings
from panel.ops.wake import wake
from tests.fixtures_orders import Store

log = logging.getLogger("tests.logs")


class Lines:
    """The lines that were logged, as a machine reads them."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def __call__(self, event: str = "said") -> list[dict[str, Any]]:
        """What those of `event` carry beside what every line has."""
        every = [json.loads(line) for line in self._stream.getvalue().splitlines()]
        plain = {"event", "level", "logger", "timestamp", "exception"}
        return [{k: v for k, v in line.items() if k not in plain} for line in every if line["event"] == event]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Our own way of logging, as JSON into a string; the tests' own handlers come back afterwards."""
    root = logging.getLogger()
    handlers, level, stream = list(root.handlers), root.level, io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    log_settings(as_json=True, level="INFO")
    yield Lines(stream)
    root.handlers, root.level = handlers, level


def say_in(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Have a function of a module log a line and fail."""

    def fail(*args: Any, **kwargs: Any) -> Any:
        log.info("said")
        raise RuntimeError(name)

    monkeypatch.setattr(module, name, fail)


def test_an_order_that_is_submitted(store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    order = store.place()
    say_in(monkeypatch, submit, "record_outcome")
    with pytest.raises(RuntimeError):
        submit.submit_order(order_id=order.pk)
    assert lines() == [{"order": order.pk}]
    assert get_contextvars() == {}


def test_an_outcome_that_is_recorded(store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    order = store.place()
    monkeypatch.setattr(submit, "_record", lambda claim, outcome: None)
    submit.submit_order(order_id=order.pk)
    store.let_lease_end(order)
    say_in(monkeypatch, record, "lock_orders")
    assert sweep.reap_attempts(now=order.created_at + sweep.timedelta(hours=1)) == 0
    assert lines() == [{"order": order.pk}]


def test_an_order_of_a_batch_that_is_settled_by_itself(
    store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = store.active(), store.active(quantity="2000")
    say_in(monkeypatch, settle, "write")
    assert poll.poll_provider(provider=store.provider, everything=True).failed == 2
    assert lines() == [{}, {"order": first.pk}, {"order": second.pk}]
    assert lines("batch not settled") == [
        {"orders": 2}, {"orders": 1, "order": first.pk}, {"orders": 1, "order": second.pk},
    ]  # fmt: skip


def test_a_persons_verdict_and_a_cancel(store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    order = store.place()
    with pytest.raises(CannotResolveError):
        decisions.refund_unconfirmed(order_id=order.pk, actor="ada", reason="why")
    say_in(monkeypatch, decisions, "lock_orders")
    say_in(monkeypatch, cancels, "lock_orders")
    for act in (decisions.refund_unconfirmed, decisions.requeue_order, decisions.clear_flag):
        with pytest.raises(RuntimeError):
            act(order_id=order.pk, actor="ada", reason="why")
    with pytest.raises(RuntimeError):
        cancels.request_cancel(order_id=order.pk, actor="ada")
    assert lines() == [{"order": order.pk}] * 4


@pytest.mark.django_db(transaction=True)
def test_orders_submitted_at_once_do_not_mix(store: Store, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [store.place(quantity=str(1000 + number)) for number in range(4)]
    together = threading.Barrier(4, timeout=20)

    def send(claim: submit.Claim) -> Any:
        together.wait()  # all four are being sent now
        log.info("said", extra={"claimed": claim.order_id})
        connections.close_all()
        raise RuntimeError

    monkeypatch.setattr(submit, "_send", send)
    with bound_contextvars(task="sweep", run="r-1"):
        sweep.submit_orders(now=orders[-1].created_at + sweep.timedelta(minutes=1), in_flight=4)
    found = sorted(lines(), key=lambda line: int(line["order"]))
    assert found == [{"claimed": o.pk, "order": o.pk, "task": "sweep", "run": "r-1"} for o in orders]
    assert [line["run"] for line in lines("order not submitted")] == ["r-1"] * 4


def test_two_threads_do_not_mix(lines: Lines) -> None:
    together = threading.Barrier(2, timeout=20)

    @about_order
    def work(*, order_id: int) -> None:
        for _ in range(50):
            together.wait()
            log.info("said", extra={"own": order_id})

    with ThreadPoolExecutor(2) as pool, bound_contextvars(run="r-2"):
        list(pool.map(lambda number: work(order_id=number), (1, 2)))
        list(pool.map(carried(lambda number: work(order_id=number)), (3, 4)))
        list(pool.map(lambda number: work(order_id=number), (5, 6)))
    assert len(lines()) == 300
    assert [line for line in lines() if line["own"] != line["order"]] == []
    assert {line["own"] for line in lines() if line.get("run") == "r-2"} == {3, 4}


def test_a_tasks_lines_carry_its_name_and_run_and_the_request_that_caused_it(lines: Lines) -> None:
    @app.task(name="tests.say")
    def say() -> None:
        log.info("said")

    try:
        trace_task(say, "run-7", (), {}, request={"request_id": "abc123"}, app=app)
        trace_task(say, "run-8", (), {}, request={}, app=app)
    finally:
        app.tasks.pop("tests.say")
    assert lines() == [
        {"task": "tests.say", "run": "run-7", "request_id": "abc123"},
        {"task": "tests.say", "run": "run-8"},
    ]
    assert get_contextvars() == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("caused_by", ["abc123", ""])
def test_a_wake_up_names_the_request_in_its_headers_alone(store: Store, caused_by: str) -> None:
    with app.connection() as connection, connection.SimpleQueue(PLACING_QUEUE) as queue:
        queue.clear()
        with bound_contextvars(**({"request_id": caused_by} if caused_by else {})):
            order = store.place()
        message = queue.get(timeout=2)
        message.ack()
    assert message.headers.get("request_id", "") == caused_by
    assert message.payload[:2] == [[order.pk], {}]


@pytest.mark.django_db
def test_a_requests_lines_carry_its_id(client: Client, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[str]:
        log.info("said")
        return []

    monkeypatch.setattr("panel.ops.health.health_pages.database_problems", broken)
    answer = client.get("/healthz/web")
    assert lines() == [{"request_id": answer["X-Request-Id"]}]
    assert get_contextvars() == {}


@pytest.mark.django_db
def test_a_lost_wake_up_says_what_was_wanted(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True), bound_contextvars(task="orders.tasks.sweep_orders"):
        wake(task="orders.tasks.submit_order", args=[7], about={"order": 7})
    assert lines("wake-up lost")[0] | {"task": ""} == {"wanted": "orders.tasks.submit_order", "order": 7, "task": ""}
    assert Order.objects.count() == 0
