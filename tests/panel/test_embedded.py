"""The jobs inside the web process: watched, and stopped in order."""

import threading
from collections.abc import Iterator

import pytest
from django.conf import settings

from orders import tasks as order_tasks
from panel.celery import app, periods, timetable
from panel.celery_settings import GENERAL_QUEUE, PLACING_QUEUE
from panel.embedded import JOB_THREADS, PLACING_THREADS, EmbeddedJobs, Part
from panel.ops import tasks as ops_tasks
from providers.adapters.v2 import READ_SECONDS
from tests.process.processes import PATIENCE, wait_until


class FakePart:
    """Runs until it is stopped, or dies at once."""

    def __init__(self, name: str, stopped: list[str], *, dies: bool = False) -> None:
        self.name, self.stopped, self.dies = name, stopped, dies
        self.end = threading.Event()

    def start(self) -> None:
        if not self.dies:
            self.end.wait(30)

    def stop(self) -> None:
        self.stopped.append(self.name)
        self.end.set()


class FakeJobs(EmbeddedJobs):
    """Jobs of fake parts; `died` is set when the watch reports a death."""

    def __init__(self, **parts: FakePart) -> None:
        self.died = threading.Event()
        super().__init__(on_death=self.died.set, look_every=0.01)
        self.parts = parts

    def make_parts(self) -> dict[str, Part]:
        return dict(self.parts)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_the_death_of_either_part_is_reported(name: str, caplog: pytest.LogCaptureFixture) -> None:
    stopped: list[str] = []
    jobs = FakeJobs(**{part: FakePart(part, stopped, dies=part == name) for part in ("worker", "beat")})
    jobs.start()
    assert jobs.died.wait(10)
    jobs.stop()
    assert stopped == [part for part in ("beat", "worker") if part != name]
    (record,) = [record for record in caplog.records if record.name == "panel.embedded"]
    assert record.levelname == "CRITICAL"
    assert vars(record)["parts"] == name


def test_stopping_is_no_death_and_ends_beat_before_the_worker() -> None:
    stopped: list[str] = []
    jobs = FakeJobs(worker=FakePart("worker", stopped), beat=FakePart("beat", stopped))
    jobs.start()
    jobs.stop()
    assert stopped == ["beat", "worker"]
    assert not jobs.died.is_set()


def test_stopping_what_was_never_started_is_harmless() -> None:
    FakeJobs().stop()


@pytest.fixture
def workers() -> Iterator[dict[str, Part]]:
    """The two real workers, without beat; what other tests left in their queues is not theirs to run."""
    app.control.purge()
    parts = {
        name: part for name, part in EmbeddedJobs(on_death=lambda: None).make_parts().items() if "beat" not in name
    }
    threads = [threading.Thread(target=part.start, daemon=True) for part in parts.values()]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(getattr(part.consumer, "task_consumer", None) for part in parts.values()))
    yield parts
    for part in parts.values():
        part.stop()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)


def test_jobs_that_wait_for_providers_leave_the_placing_of_orders_alone(workers: dict[str, Part]) -> None:
    go_on, begun, placed = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)
    waiting: list[str] = []

    @app.task(name="tests.wait", ignore_result=True)
    def wait() -> None:
        waiting.append(threading.current_thread().name)
        begun.release()
        go_on.wait(PATIENCE)

    @app.task(name="tests.place", ignore_result=True)
    def place() -> None:
        placed.release()

    try:
        for part in workers.values():
            part.consumer.update_strategies()  # type: ignore[attr-defined]
        for _ in range(3 * (JOB_THREADS + PLACING_THREADS)):
            wait.apply_async(retry=False)
        for _ in range(JOB_THREADS):
            assert begun.acquire(timeout=PATIENCE)
        for _ in range(20):
            place.apply_async(retry=False, queue=PLACING_QUEUE)
            assert placed.acquire(timeout=PATIENCE)
        assert len(waiting) == JOB_THREADS
    finally:
        go_on.set()
        app.control.purge()
        del app.tasks["tests.wait"], app.tasks["tests.place"]


def test_what_places_orders_goes_to_a_queue_of_its_own_and_may_come_late() -> None:
    schedule = timetable()
    for task in ("orders.tasks.sweep_orders", "orders.tasks.submit_order"):
        assert app.amqp.router.route({}, task)["queue"].name == PLACING_QUEUE
    assert app.amqp.router.route({}, "orders.tasks.poll_orders")["queue"].name == GENERAL_QUEUE
    assert schedule["orders.tasks.sweep_orders"]["options"] == {"expires": 600}
    assert schedule["orders.tasks.poll_orders"]["options"] == {"expires": periods()["orders.tasks.poll_orders"]}


def test_a_lease_outlasts_the_longest_run() -> None:
    for lease in (order_tasks.LEASE, ops_tasks.LEASE):
        assert lease >= settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT + READ_SECONDS < settings.CELERY_TASK_TIME_LIMIT
