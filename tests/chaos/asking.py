"""Questions to the run's database by the harness itself, in threads of its own, while that database comes and goes."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

T = TypeVar("T")


def asked(question: Callable[[], T], *, seconds: float = 90) -> T:
    """The answer, asked for again as long as the database is away."""
    until = time.monotonic() + seconds
    while True:
        try:
            return question()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
