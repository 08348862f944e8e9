"""The log of what customers see change on the shelf. Written by the shelf and by staff's switches, in bulk.

What happens to very many services at once, as when a new provider's list comes in, is one line with their number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from providers.catalog.models import CatalogUpdate, Service

MAX_LINES = 200
"""More services than these at once are one line of the log."""
KEPT = timedelta(days=90)
Kind = CatalogUpdate.Kind


class PublicOffer(NamedTuple):
    """How a service stands on the shelf, for customers."""

    rate: Decimal
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class OfferChange:
    """A service before and after; None where it was or is not on sale. `was_listed`: customers have seen it before."""

    service_id: int
    name: str
    before: PublicOffer | None
    after: PublicOffer | None
    was_listed: bool = True

    @property
    def kind(self) -> str:
        """As in CatalogUpdate; empty where customers see no change."""
        if self.before == self.after:
            return ""
        if self.after is None:
            return Kind.REMOVED
        if self.before is None:
            return Kind.BACK if self.was_listed else Kind.NEW
        if self.before.rate == self.after.rate:
            return Kind.LIMITS
        return Kind.DEARER if self.after.rate > self.before.rate else Kind.CHEAPER


def public_offer(service: Service) -> PublicOffer:
    """How the service stands there if it is on sale."""
    return PublicOffer(service.rate, service.min, service.max)


def log_updates(*, moves: Iterable[OfferChange], now: datetime) -> None:
    """Write down what customers see of these. Call it in the transaction that made them; at most three statements."""
    seen = sorted((move for move in moves if move.kind), key=lambda move: move.kind)
    lines: list[CatalogUpdate] = []
    for kind, group in groupby(seen, key=lambda move: move.kind):
        alike = list(group)
        if len(alike) > MAX_LINES:
            lines.append(CatalogUpdate(kind=kind, count=len(alike), at=now))
        else:
            lines += _lines(kind, alike, now)
    if lines:
        CatalogUpdate.objects.bulk_create(lines)


def delete_old_updates(*, now: datetime) -> int:
    """Drop what is older than it is kept; how many lines."""
    return CatalogUpdate.objects.filter(at__lt=now - KEPT).delete()[0]


def _lines(kind: str, moves: Sequence[OfferChange], now: datetime) -> list[CatalogUpdate]:
    left = _when_they_left([move.service_id for move in moves]) if kind == Kind.BACK else {}
    return [_line(move, move.before or left.get(move.service_id), now) for move in moves]


def _line(move: OfferChange, before: PublicOffer | None, now: datetime) -> CatalogUpdate:
    line = CatalogUpdate(service_id=move.service_id, name=move.name, kind=move.kind, at=now)
    if before is not None:
        line.old_rate, line.old_min, line.old_max = before
    if move.after is not None:
        line.new_rate, line.new_min, line.new_max = move.after
    return line


def _when_they_left(service_ids: Sequence[int]) -> dict[int, PublicOffer]:
    """How these stood when they last went off sale, as far as the log knows.

    A line for many services may have been any one's: what was removed before it is not known to be the last.
    """
    removed: Any = CatalogUpdate.objects.filter(kind=Kind.REMOVED)
    many = removed.filter(service=None).order_by("-pk").values_list("pk", flat=True).first()
    rows = removed.filter(service__in=service_ids, pk__gt=many or 0).order_by("pk")
    return {row.service_id: PublicOffer(row.old_rate, row.old_min, row.old_max) for row in rows}
