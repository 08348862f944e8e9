"""Many receivers served at once, each with a turn of its own: a slow one holds up nobody but itself.

Threads do the sending and leave the database alone; what is claimed and recorded is done by the caller's thread, which
is the one that `serve` runs in. Called by the deliveries of webhooks and of alerts.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

from django.db import DatabaseError

from panel.lib.logs.context import carried

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds after which a run with a free thread looks again for somebody to serve."""

Job = Callable[[], Any]


class Turn(Protocol):
    """One receiver's turn."""

    def take(self) -> Job | None:
        """What to send next, claimed; None where the turn is over."""

    def record(self, outcome: Any) -> None:
        """Write what became of the job that was taken last."""


def serve(*, next_turn: Callable[[], Turn | None], at_once: int, seconds: float) -> None:
    """Serve the turns that `next_turn` gives until there is none, or begin none after `seconds`.

    Turns that have begun come to their end. One whose outcome the database does not take is over, logged, and holds up
    no other. Raises what a job raises, once those under way have ended.
    """
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(at_once, thread_name_prefix="turn") as pool:
        running: dict[Future[Any], Turn] = {}

        def go_on(turn: Turn) -> None:
            if job := turn.take():
                running[pool.submit(carried(job))] = turn

        while True:
            while len(running) < at_once and time.monotonic() < until and (turn := next_turn()):
                go_on(turn)
            if not running:
                return
            done, _ = wait(running, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
            for future in done:
                turn, outcome = running.pop(future), future.result()
                try:
                    turn.record(outcome)
                    go_on(turn)
                except DatabaseError:
                    log.exception("turn not recorded")
