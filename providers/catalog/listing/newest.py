"""Pages of a log, newest first, however long it is. Called by the readers of the logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

MAX_SCANNED = 20_000
"""So many lines are looked at for words that no index finds; the page tells where to look on."""

Line = TypeVar("Line", bound=Model)


@dataclass(frozen=True, slots=True)
class NewestPage(Generic[Line]):
    """Some lines; `older` leads to the next page as `before`, None at the end. `is_partial`: not all was looked at."""

    lines: Sequence[Line]
    older: int | None
    is_partial: bool = False


def newest(*, rows: QuerySet[Line], words: Q | None, before: int | None, size: int) -> NewestPage[Line]:
    """`size` of the rows below the primary key `before`, that `words` find. One query, and one more for words."""
    rows = rows.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    end = None
    if words is not None:
        end = next(iter(rows.values_list("pk", flat=True)[MAX_SCANNED - 1 : MAX_SCANNED]), None)
        rows = rows.filter(words) if end is None else rows.filter(words, pk__gte=end)
    found = list(rows[: size + 1])
    if len(found) > size:
        return NewestPage(found[:size], found[size - 1].pk)
    return NewestPage(found, end, is_partial=end is not None)
