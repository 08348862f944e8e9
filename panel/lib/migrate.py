"""Migrations on large tables beside a shop that goes on selling. Used by migrations of what grows with every order.

A new column is one that the database can add without a look at the rows: nullable or with a constant default. A new
index is added by `AddIndexOnline`. tests/test_migrations.py holds migrations to it.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import AddIndex


class AddIndexOnline(AddIndexConcurrently):
    """An index that PostgreSQL builds while rows are written; elsewhere a plain one. Its migration is not atomic.

    However long that takes, no time-out of ours ends it. A build that broke off is begun anew by the next `migrate`.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
            return
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = 0")  # it waits for others, and nobody for it
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
