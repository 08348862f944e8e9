"""Read many tables as they were at one moment, on both databases, without stopping anybody who writes.

On PostgreSQL such reading keeps to one core, and compiles no statement: it leaves the others to the shop, and is
quicker by that where it asks the same of part after part.
"""

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
            cursor.execute("SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # a reader's snapshot; Django's own transactions here are a writer's
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
