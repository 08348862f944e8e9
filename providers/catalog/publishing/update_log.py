"""Logs the catalog changes that customers see. Called by publish.py and when staff enable or disable services.

A change of very many services at once, like the first list of a new provider, is one row with their count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from providers.catalog.models import CatalogUpdate, Service

MAX_LINES = 200
"""A change of more services than this at once is one row."""
RETENTION = timedelta(days=90)
Kind = CatalogUpdate.Kind


class PublicOffer(NamedTuple):
    """What customers see of a service that is for sale."""

    rate: Decimal
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class OfferChange:
    """A service before and after; None if it was or is not for sale. `was_listed`: it has been for sale before."""

    service_id: int
    name: str
    before: PublicOffer | None
    after: PublicOffer | None
    was_listed: bool = True

    @property
    def kind(self) -> str:
        """As in CatalogUpdate; empty if customers see no change."""
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
    """What customers see of the service if it is for sale."""
    return PublicOffer(service.rate, service.min, service.max)


def log_updates(*, changes: Iterable[OfferChange], now: datetime) -> None:
    """Log what customers see of these changes. Call it in their transaction; at most three statements."""
    visible = sorted((change for change in changes if change.kind), key=lambda change: change.kind)
    lines: list[CatalogUpdate] = []
    for kind, group in groupby(visible, key=lambda change: change.kind):
        same_kind = list(group)
        if len(same_kind) > MAX_LINES:
            lines.append(CatalogUpdate(kind=kind, count=len(same_kind), at=now))
        else:
            lines += _lines(kind, same_kind, now)
    if lines:
        CatalogUpdate.objects.bulk_create(lines)


def delete_old_updates(*, now: datetime) -> int:
    """Delete the rows that are older than RETENTION; returns how many."""
    return CatalogUpdate.objects.filter(at__lt=now - RETENTION).delete()[0]


def _lines(kind: str, changes: Sequence[OfferChange], now: datetime) -> list[CatalogUpdate]:
    last = _last_offers([change.service_id for change in changes]) if kind == Kind.BACK else {}
    return [_line(change, change.before or last.get(change.service_id), now) for change in changes]


def _line(change: OfferChange, before: PublicOffer | None, now: datetime) -> CatalogUpdate:
    line = CatalogUpdate(service_id=change.service_id, name=change.name, kind=change.kind, at=now)
    if before is not None:
        line.old_rate, line.old_min, line.old_max = before
    if change.after is not None:
        line.new_rate, line.new_min, line.new_max = change.after
    return line


def _last_offers(service_ids: Sequence[int]) -> dict[int, PublicOffer]:
    """The offers of these services when they were last removed, as far as the log knows.

    A row for many services may include any service, so only rows after the last such row count.
    """
    removed: Any = CatalogUpdate.objects.filter(kind=Kind.REMOVED)
    many = removed.filter(service=None).order_by("-pk").values_list("pk", flat=True).first()
    rows = removed.filter(service__in=service_ids, pk__gt=many or 0).order_by("pk")
    return {row.service_id: PublicOffer(row.old_rate, row.old_min, row.old_max) for row in rows}
