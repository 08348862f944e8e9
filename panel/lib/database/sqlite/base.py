"""Django's SQLite backend, with lookups that ignore case for all letters as they do on PostgreSQL.

SQLite's own LIKE ignores case for A to Z alone: “подписчики” would not find “Подписчики”. The lookups icontains,
iexact, istartswith and iendswith compare both sides in lower case, which Python makes.
"""

from typing import Any

from django.db.backends.sqlite3 import base, operations

CASELESS = ("iexact", "icontains", "istartswith", "iendswith")
LOWERED = "PANEL_LOWER"


def lowered(value: object) -> object:
    """Texts in lower case; numbers and NULL as they are."""
    return value.lower() if isinstance(value, str) else value


class DatabaseOperations(operations.DatabaseOperations):
    """The column's side of a comparison."""

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        return f"{LOWERED}(%s)" if lookup_type in CASELESS else super().lookup_cast(lookup_type, internal_type)


class DatabaseWrapper(base.DatabaseWrapper):
    """The other side: a text that is searched for, or an expression."""

    operators = base.DatabaseWrapper.operators | dict.fromkeys(CASELESS, f"LIKE {LOWERED}(%s) ESCAPE '\\'")
    pattern_ops = {
        lookup: sql.replace("UPPER(", f"{LOWERED}(") for lookup, sql in base.DatabaseWrapper.pattern_ops.items()
    }
    ops_class = DatabaseOperations

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.create_function(LOWERED, 1, lowered, deterministic=True)
        return connection
