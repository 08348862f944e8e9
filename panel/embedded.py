"""The jobs inside the web process: a Celery worker on threads and beat, watched. Started by the server's one worker.

The in-process broker forgets its messages with the process, by design: the database says what is to be done, and the
sweep publishes it again.
"""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from celery import beat
from celery.worker import WorkController

from panel.beat import JobScheduler
from panel.celery import app

logger = logging.getLogger(__name__)

JOB_THREADS = 4


class Part(Protocol):
    """A long-running part: `start` returns when it was stopped, or when it died."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class EmbeddedJobs:
    """Celery's worker and beat in threads of this process. `on_death` is called once when one of them dies."""

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
        """Stop beat, let running jobs end, stop the worker. Harmless when nothing was started."""
        self._stopping.set()
        for name, part in reversed(self._parts.items()):
            if self._threads[name].is_alive():
                part.stop()

    def make_parts(self) -> dict[str, Part]:
        """What runs, by the name it has in the log; beat last, so that it stops first."""
        worker = WorkController(
            app=app,
            pool_cls="threads",
            concurrency=JOB_THREADS,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        schedule = beat.Service(app, scheduler_cls=JobScheduler, max_interval=1, remote_control=False)
        return {"celery-worker": worker, "celery-beat": schedule}

    def _watch(self) -> None:
        while not self._stopping.wait(self._look_every):
            dead = [name for name, thread in self._threads.items() if not thread.is_alive()]
            if dead:
                logger.critical("jobs died; this process is replaced", extra={"parts": ", ".join(dead)})
                self._on_death()
                return
