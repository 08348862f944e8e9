"""What a change of the shelf would do, to the last price: it is made, looked at and taken back. Called by the admin.

Nothing can differ from the change itself, since it is the change itself.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Q

from providers.catalog.markups import PreviewRow
from providers.catalog.models import Category, Service
from providers.catalog.publishing.publish import lock_catalog

T = TypeVar("T")


class ServiceSnapshot(NamedTuple):
    """What is compared of a service."""

    name: str
    category_id: int
    position: int
    cost: Decimal
    rate: Decimal
    own_rate: Decimal | None
    is_enabled: bool
    is_available: bool
    reason: str

    @property
    def is_sold(self) -> bool:
        return self.is_enabled and self.is_available


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What would be different, in services. `others` change without being chosen; `unsold` says why, and how many.

    `digest` is the same for two that differ in nothing, down to the last price.
    """

    reached: int
    created: int
    dearer: int
    cheaper: int
    sold: int
    no_longer_sold: int
    moved: int
    placed: int
    others: int
    unsold: list[tuple[str, int]]
    rows: list[PreviewRow]
    digest: str


class PreviewOutdatedError(Exception):
    """The change would not do any more what its preview told; nothing was changed. `found` is what it would do now."""

    def __init__(self, found: ChangePreview) -> None:
        super().__init__()
        self.found = found


COLUMNS = (
    "pk", "name", "category_id", "position", "cost", "rate", "own_rate", "is_enabled", "is_available",
    "unavailable_reason",
)  # fmt: skip
Snapshot = dict[int, ServiceSnapshot]


def preview_change(*, chosen: Q, change: Callable[[], object]) -> ChangePreview:
    """What `change` would do to the shelf, and to the `chosen` services; nothing stays. Its errors come through."""
    with transaction.atomic():
        _, found = _observed(chosen, change)
        transaction.set_rollback(True)
    return found


def apply_change(*, chosen: Q, change: Callable[[], T], as_previewed: str) -> T:
    """Apply `change` if it still does what the preview with this digest showed. Raises PreviewOutdatedError if not."""
    with transaction.atomic():
        lock_catalog()  # first, so that what is compared is what is made
        done, found = _observed(chosen, change)
        if found.digest != as_previewed:
            raise PreviewOutdatedError(found)
    return done


def _observed(chosen: Q, change: Callable[[], T]) -> tuple[T, ChangePreview]:
    before = _snapshot()
    done = change()
    after = _snapshot()
    reached = set(Service.objects.filter(chosen).values_list("pk", flat=True))
    return done, _compared(before, after, reached)


def _snapshot() -> Snapshot:
    return {pk: ServiceSnapshot(*values) for pk, *values in Service.objects.order_by("pk").values_list(*COLUMNS)}


def _compared(before: Snapshot, after: Snapshot, reached: set[int]) -> ChangePreview:
    changed = {pk for pk, now in after.items() if before.get(pk) != now}
    both = [(before[pk], after[pk]) for pk in changed if pk in before]
    now = [after[pk] for pk in reached]
    return ChangePreview(
        reached=len(reached),
        created=len(after.keys() - before.keys()),
        dearer=sum(new.rate > old.rate for old, new in both),
        cheaper=sum(new.rate < old.rate for old, new in both),
        sold=sum(after[pk].is_sold and not (pk in before and before[pk].is_sold) for pk in changed),
        no_longer_sold=sum(old.is_sold and not new.is_sold for old, new in both),
        moved=sum(old.category_id != new.category_id for old, new in both),
        placed=sum(old.position != new.position and old.category_id == new.category_id for old, new in both),
        others=len(changed - reached),
        unsold=Counter(_why(row) for row in now if not row.is_sold).most_common(),
        rows=list(_rows(before, after, reached | changed)),
        digest=_digest(before, after, reached | changed),
    )


def _digest(before: Snapshot, after: Snapshot, pks: set[int]) -> str:
    """What is made has another number each time: new services count without theirs, categories by their names."""
    names = dict(Category.objects.values_list("pk", "name"))
    pairs = ((pk if pk in before else None, before.get(pk), after[pk]) for pk in pks)
    lines = sorted(repr((pk, _named(was, names), _named(now, names))) for pk, was, now in pairs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _named(row: ServiceSnapshot | None, names: Mapping[int, str]) -> tuple[object, ...] | None:
    return None if row is None else (*row._replace(category_id=0), names.get(row.category_id))


def _why(row: ServiceSnapshot) -> str:
    return row.reason or "Switched off."


def _rows(before: Snapshot, after: Snapshot, pks: set[int]) -> Iterator[PreviewRow]:
    """First what is not sold, then what changes its price."""
    for pk in sorted(pks, key=lambda pk: (after[pk].is_sold, pk in before and before[pk].rate == after[pk].rate, pk)):
        now, old = after[pk], before.get(pk)
        problem = "" if now.is_sold else _why(now)
        yield PreviewRow(pk, now.name, now.cost, old and old.rate, now.rate, problem, now.own_rate is not None)
