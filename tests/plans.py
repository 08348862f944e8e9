"""How the database finds what is asked for: by an index, or by reading everything."""

from collections.abc import Callable
from typing import Any

from django.db import connection


def plan_of(call: Callable[[], Any]) -> str:
    """How the database carries out the first thing that `call` asks for, with its parameters as they are."""
    asked: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        call()
    sql, params = asked[0]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # it would read so small a table whole
        how = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{how} {sql}", params)
        return " ".join(str(row) for row in cursor.fetchall())
