"""One statement that gives many rows their own values, guarded by what they held before; on both databases."""

from collections.abc import Sequence
from typing import Any

from django.db import connections, models, router


def update_rows(
    model: type[models.Model], rows: Sequence[tuple[Any, ...]], *, fields: Sequence[str], guard: Sequence[str]
) -> list[int]:
    """Set `fields` of the rows whose `guard` fields still hold the given values; the primary keys of those that did.

    Each row is (pk, *values of fields, *values of guard). NULL equals NULL in a guard. Where two rows name the same
    primary key the outcome is undefined.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(model)]
    columns: list[Any] = [model._meta.pk, *(model._meta.get_field(name) for name in (*fields, *guard))]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    names = ["pk", *(f"set_{name}" for name in fields), *(f"was_{name}" for name in guard)]
    is_postgresql = connection.vendor == "postgresql"
    casts = [f"CAST(%s AS {column.db_type(connection)})" if is_postgresql else "%s" for column in columns]
    first, other = f"({', '.join(casts)})", f"({', '.join(['%s'] * len(columns))})"
    same = "IS NOT DISTINCT FROM" if is_postgresql else "IS"
    setters = ", ".join(f"{quote(column.column)} = v.set_{name}" for name, column in _pairs(fields, columns[1:]))
    guards = [
        f"{table}.{quote(column.column)} {same} v.was_{name}"
        for name, column in _pairs(guard, columns[1 + len(fields) :])
    ]
    where = " AND ".join([f"{table}.{quote(columns[0].column)} = v.pk", *guards])
    sql = (
        f"WITH v({', '.join(names)}) AS (VALUES {', '.join([first, *[other] * (len(rows) - 1)])}) "  # noqa: S608
        f"UPDATE {table} SET {setters} FROM v WHERE {where} RETURNING {table}.{quote(columns[0].column)}"
    )
    values = [
        column.get_db_prep_save(value, connection) for row in rows for column, value in zip(columns, row, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def _pairs(names: Sequence[str], columns: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(names, columns, strict=False))
