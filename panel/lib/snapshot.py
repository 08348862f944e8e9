"""Read many tables as they were at one moment, on both databases, without stopping anybody who writes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_snapshot() -> Iterator[None]:
    """What is read inside is of one moment. Inside an open transaction it adds nothing. Only for reading."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # a reader's snapshot; Django's own transactions here are a writer's
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
