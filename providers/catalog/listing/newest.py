"""Pages of a log, newest first, at a constant cost however long the log is. Called by the readers of logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

MAX_SCANNED = 20_000
"""Rows that one search scans when no index helps. The page then says where to continue."""

Line = TypeVar("Line", bound=Model)


@dataclass(frozen=True, slots=True)
class NewestPage(Generic[Line]):
    """Some rows. `older` is the next page's `before`, None at the end; `is_partial`: older rows were not searched."""

    lines: Sequence[Line]
    older: int | None
    is_partial: bool = False


def newest(*, rows: QuerySet[Line], search: Q | None, before: int | None, size: int) -> NewestPage[Line]:
    """`size` of the rows below the primary key `before` that match `search`. One query, two with a search."""
    rows = rows.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    end = None
    if search is not None:
        end = next(iter(rows.values_list("pk", flat=True)[MAX_SCANNED - 1 : MAX_SCANNED]), None)
        rows = rows.filter(search) if end is None else rows.filter(search, pk__gte=end)
    found = list(rows[: size + 1])
    if len(found) > size:
        return NewestPage(found[:size], found[size - 1].pk)
    return NewestPage(found, end, is_partial=end is not None)
