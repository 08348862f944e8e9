"""The log of what customers see change on the shelf. Written by the shelf and by staff's switches, in bulk.

What happens to very many services at once, as when a new provider's list comes in, is one line with their number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from providers.catalog.models import Service, ShelfChange

MOST_LINES = 200
"""More services than these at once are one line of the log."""
KEPT = timedelta(days=90)
Kind = ShelfChange.Kind


class Offer(NamedTuple):
    """How a service stands on the shelf, for customers."""

    rate: Decimal
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Move:
    """A service before and after; None where it was or is not on sale. `was_listed`: customers have seen it before."""

    service_id: int
    name: str
    before: Offer | None
    after: Offer | None
    was_listed: bool = True

    @property
    def kind(self) -> str:
        """As in ShelfChange; empty where customers see no change."""
        if self.before == self.after:
            return ""
        if self.after is None:
            return Kind.REMOVED
        if self.before is None:
            return Kind.BACK if self.was_listed else Kind.NEW
        if self.before.rate == self.after.rate:
            return Kind.LIMITS
        return Kind.DEARER if self.after.rate > self.before.rate else Kind.CHEAPER


def offer_of(service: Service) -> Offer:
    """How the service stands there if it is on sale."""
    return Offer(service.rate, service.min, service.max)


def log_moves(*, moves: Iterable[Move], now: datetime) -> None:
    """Write down what customers see of these. Call it in the transaction that made them; at most three statements."""
    seen = sorted((move for move in moves if move.kind), key=lambda move: move.kind)
    lines: list[ShelfChange] = []
    for kind, group in groupby(seen, key=lambda move: move.kind):
        alike = list(group)
        if len(alike) > MOST_LINES:
            lines.append(ShelfChange(kind=kind, count=len(alike), at=now))
        else:
            lines += _lines(kind, alike, now)
    if lines:
        ShelfChange.objects.bulk_create(lines)


def forget_old(*, now: datetime) -> int:
    """Drop what is older than it is kept; how many lines."""
    return ShelfChange.objects.filter(at__lt=now - KEPT).delete()[0]


def _lines(kind: str, moves: Sequence[Move], now: datetime) -> list[ShelfChange]:
    left = _when_they_left([move.service_id for move in moves]) if kind == Kind.BACK else {}
    return [_line(move, move.before or left.get(move.service_id), now) for move in moves]


def _line(move: Move, before: Offer | None, now: datetime) -> ShelfChange:
    line = ShelfChange(service_id=move.service_id, name=move.name, kind=move.kind, at=now)
    if before is not None:
        line.old_rate, line.old_min, line.old_max = before
    if move.after is not None:
        line.new_rate, line.new_min, line.new_max = move.after
    return line


def _when_they_left(service_ids: Sequence[int]) -> dict[int, Offer]:
    """How these stood when they last went off sale, as far as the log knows.

    A line for many services may have been any one's: what was removed before it is not known to be the last.
    """
    removed: Any = ShelfChange.objects.filter(kind=Kind.REMOVED)
    many = removed.filter(service=None).order_by("-pk").values_list("pk", flat=True).first()
    rows = removed.filter(service__in=service_ids, pk__gt=many or 0).order_by("pk")
    return {row.service_id: Offer(row.old_rate, row.old_min, row.old_max) for row in rows}
