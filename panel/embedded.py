"""The jobs inside the web process: Celery workers on threads and beat, watched. Started by the server's one worker.

What places orders has a worker of its own, so that jobs that wait for slow providers never hold it up. The in-process
broker forgets its messages with the process, by design: the database says what is to be done, and the sweep publishes
it again.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from celery import beat, bootsteps
from celery.worker import WorkController

from panel.beat import JobScheduler
from panel.celery import app
from panel.celery_settings import GENERAL_QUEUE, PLACING_QUEUE

logger = logging.getLogger(__name__)

JOB_THREADS = 8
"""Of these, slow receivers may hold three (customers' webhooks in two lanes, and the alerts), slow providers three more
(providers/availability/backoff.py): the others are for what is quick."""
PLACING_THREADS = 8


class Part(Protocol):
    """A long-running part: `start` returns when it was stopped, or when it died."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class OneQueue(bootsteps.StartStopStep):  # type: ignore[misc] # Celery is not typed
    """Has a worker read its own queue alone. Celery knows one choice of queues for all workers of a process."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, consumer: Any) -> None:
        for name in app.amqp.queues:
            if name != consumer.controller.queue:
                consumer.task_consumer.cancel_by_queue(name)


class QueueWorker(WorkController):  # type: ignore[misc]
    """A worker on threads for one queue."""

    def __init__(self, *, queue: str, threads: int) -> None:
        self.queue = queue
        super().__init__(
            app=app,
            hostname=f"{queue}@",
            pool_cls="threads",
            concurrency=threads,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )


class EmbeddedJobs:
    """Celery's workers and beat in threads of this process. `on_death` is called once when one of them dies."""

    def __init__(self, *, on_death: Callable[[], None], look_every: float = 1.0) -> None:
        self._on_death = on_death
        self._look_every = look_every
        self._stopping = threading.Event()
        self._parts: dict[str, Part] = {}
        self._threads: dict[str, threading.Thread] = {}

    def start(self) -> None:
        """Start the parts and the watch over them; raises what Celery raises on a wrong configuration."""
        self._parts = self.make_parts()
        self._threads = {
            name: threading.Thread(target=part.start, name=name, daemon=True) for name, part in self._parts.items()
        }
        for thread in self._threads.values():
            thread.start()
        threading.Thread(target=self._watch, name="jobs-watch", daemon=True).start()

    def stop(self) -> None:
        """Stop beat, let running jobs end, stop the workers. Harmless when nothing was started."""
        self._stopping.set()
        alive = [part for name, part in reversed(self._parts.items()) if self._threads[name].is_alive()]
        stops = [threading.Thread(target=part.stop) for part in alive]
        for stop in stops[:1]:  # beat, which is last: nothing new is begun
            stop.start()
            stop.join()
        for stop in stops[1:]:  # the workers at once: each waits for its jobs
            stop.start()
        for stop in stops[1:]:
            stop.join()

    def make_parts(self) -> dict[str, Part]:
        """What runs, by the name it has in the log; beat last, so that it stops first."""
        app.steps["consumer"].add(OneQueue)
        return {
            "celery-worker": QueueWorker(queue=GENERAL_QUEUE, threads=JOB_THREADS),
            "celery-placing": QueueWorker(queue=PLACING_QUEUE, threads=PLACING_THREADS),
            "celery-beat": beat.Service(app, scheduler_cls=JobScheduler, max_interval=1, remote_control=False),
        }

    def _watch(self) -> None:
        while not self._stopping.wait(self._look_every):
            dead = [name for name, thread in self._threads.items() if not thread.is_alive()]
            if dead:
                logger.critical("jobs died; this process is replaced", extra={"parts": ", ".join(dead)})
                self._on_death()
                return
