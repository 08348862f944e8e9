"""How many rows several querysets have, asked for at once. Called where a page shows many counts."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def count_each(**rows: QuerySet[Any, Any]) -> dict[str, int]:
    """The number of rows of each, by its name. One query."""
    counts: list[str] = []
    params: list[Any] = []
    for name, queryset in rows.items():
        sql, given = queryset.order_by().query.sql_with_params()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS {connection.ops.quote_name(name)})")  # noqa: S608 (Django's own)
        params += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return dict(zip(rows, cursor.fetchone(), strict=True))
