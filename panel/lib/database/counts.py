"""Counting rows where a page shows many counts, or a list may be very long."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def count_each(**rows: QuerySet[Any, Any]) -> dict[str, int]:
    """The number of rows of each, by its name. One query."""
    counts: list[str] = []
    params: list[Any] = []
    for name, queryset in rows.items():
        sql, given = queryset.query.get_compiler(connection=connection, elide_empty=False).as_sql()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS {connection.ops.quote_name(name)})")  # noqa: S608 (Django's own)
        params += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return dict(zip(rows, cursor.fetchone(), strict=True))


def count_up_to(rows: QuerySet[Any, Any], most: int) -> int:
    """How many there are, looking at no more than `most`."""
    return rows.order_by()[:most].count()
