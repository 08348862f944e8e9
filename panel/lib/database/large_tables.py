"""Migrations on large tables beside a shop that goes on selling. Used by migrations of what grows with every order.

A new column is one that the database can add without a look at the rows: nullable or with a constant default. A new
index is added by `AddIndexOnline`; other work that takes long is an `OnlineStep`. tests/test_migrations.py holds
migrations to it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddIndex, RunPython


class AddIndexOnline(AddIndexConcurrently):
    """An index that PostgreSQL builds while rows are written; elsewhere a plain one. Its migration is not atomic.

    However long that takes, no time-out of ours ends it. A build that broke off is begun anew by the next `migrate`.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        name = schema_editor.quote_name(self.index.name)
        with without_timeouts(schema_editor.connection), schema_editor.connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)


class OnlineStep(RunPython):
    """Work that holds nobody up: in short statements, each committed. It can be repeated, and so can be broken off.

    Its migration is not atomic. `work` and `undo` are given the connection.
    """

    def __init__(
        self, work: Callable[[BaseDatabaseWrapper], None], undo: Callable[[BaseDatabaseWrapper], None] | None = None
    ) -> None:
        self.work, self.undo = work, undo
        super().__init__(
            lambda apps, schema_editor: work(schema_editor.connection),
            lambda apps, schema_editor: undo(schema_editor.connection) if undo else None,
            atomic=False,
        )

    def describe(self) -> str:
        return f"Online: {self.work.__name__}"


@contextmanager
def without_timeouts(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """On PostgreSQL: statements that wait for others, and nobody for them, however long it takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        before = cursor.fetchone()
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        yield
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false)", before
        )
