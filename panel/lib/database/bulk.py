"""Writing rows faster than the ORM does, on both databases: many at once with their own values, or one new one."""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from typing import Any

from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper


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
    same = "IS NOT DISTINCT FROM" if connection.vendor == "postgresql" else "IS"
    setters = ", ".join(f"{quote(column.column)} = v.set_{name}" for name, column in _pairs(fields, columns[1:]))
    guards = [
        f"{table}.{quote(column.column)} {same} v.was_{name}"
        for name, column in _pairs(guard, columns[1 + len(fields) :])
    ]
    where = " AND ".join([f"{table}.{quote(columns[0].column)} = v.pk", *guards])
    source, values = _given(connection, columns, rows)
    sql = (
        f"WITH v({', '.join(names)}) AS ({source}) "  # noqa: S608
        f"UPDATE {table} SET {setters} FROM v WHERE {where} RETURNING {table}.{quote(columns[0].column)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def insert_row(row: models.Model) -> None:
    """Insert a new row as `save` would, at a third of its cost: the statement is built once. Sends no signals."""
    model = type(row)
    connection = connections[router.db_for_write(model)]
    sql, fields = _insertion(model, connection.alias)
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        (row.pk,) = cursor.fetchone()
    row._state.adding, row._state.db = False, connection.alias


@lru_cache(maxsize=100)
def _insertion(model: type[models.Model], alias: str) -> tuple[str, Sequence[Any]]:
    quote = connections[alias].ops.quote_name
    fields = [field for field in model._meta.concrete_fields if not field.primary_key and not field.generated]
    columns = ", ".join(quote(str(field.column)) for field in fields)
    key = quote(str(model._meta.pk.column))
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places}) RETURNING {key}", fields  # noqa: S608


def _given(
    connection: BaseDatabaseWrapper, columns: Sequence[Any], rows: Sequence[tuple[Any, ...]]
) -> tuple[str, list[Any]]:
    """The rows as a table of the statement, and its parameters.

    PostgreSQL gets an array a column: a parameter for each value costs it, and the driver even more, many times that.
    """
    if connection.vendor == "postgresql":
        # Without its length a type refuses what is too long when it is written, where a cast would cut it off.
        types = [column.db_type(connection).partition("(")[0] for column in columns]
        arrays = [
            [_plain(column.get_db_prep_save(value, connection)) for value in values]
            for column, values in zip(columns, zip(*rows, strict=True), strict=True)
        ]
        return f"SELECT * FROM unnest({', '.join(f'%s::{name}[]' for name in types)})", arrays  # noqa: S608
    one = f"({', '.join(['%s'] * len(columns))})"
    values = [
        column.get_db_prep_save(value, connection) for row in rows for column, value in zip(columns, row, strict=True)
    ]
    return f"VALUES {', '.join([one] * len(rows))}", values


def _plain(value: Any) -> Any:
    """The driver takes arrays of one type alone."""
    return value.value if isinstance(value, Enum) else value


def _pairs(names: Sequence[str], columns: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(names, columns, strict=False))
