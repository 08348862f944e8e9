"""A hint to a worker, after the commit, that something waits. It can be lost: a scheduled job finds what waits."""

import logging
from collections.abc import Mapping, Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from panel.celery import app

log = logging.getLogger(__name__)


def wake(*, task: str, args: Sequence[int] = (), about: Mapping[str, int] | None = None) -> None:
    """After the commit, hand `task` to a worker; `about` goes into the log where that fails.

    Raises nothing but Celery's soft time limit, and never hangs the caller for long.
    """

    def send() -> None:
        try:
            app.send_task(task, args=args, retry=False, ignore_result=True, expires=60)
        except SoftTimeLimitExceeded:
            raise
        except Exception:  # whatever the broker's client raises, what waits is safe and the person is answered
            log.warning("wake-up lost", exc_info=True, extra={"wanted": task, **(about or {})})

    transaction.on_commit(send)  # not `robust`: Django would swallow the time limit, too
