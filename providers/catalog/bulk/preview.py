"""Previews a bulk change exactly: the change is applied, compared and rolled back. Called by the admin."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from providers.catalog.markups import PreviewRow
from providers.catalog.models import Category, Service
from providers.catalog.publishing.publish import lock_catalog

T = TypeVar("T")


class ServiceSnapshot(NamedTuple):
    """The fields of a service that are compared."""

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
    """What would change, in numbers of services. `others` change without being selected.

    `unsold` holds the reasons for which services would not be sold, with counts. Equal previews have equal digests.
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
    """The change would no longer do what its preview showed; nothing was changed. `preview` is the current one."""

    def __init__(self, preview: ChangePreview) -> None:
        super().__init__()
        self.preview = preview


COLUMNS = (
    "pk", "name", "category_id", "position", "cost", "rate", "own_rate", "is_enabled", "is_available",
    "unavailable_reason",
)  # fmt: skip
Snapshot = dict[int, ServiceSnapshot]


def preview_change(*, chosen: Q, change: Callable[[], object]) -> ChangePreview:
    """What `change` would do to the `chosen` services and all others. It is rolled back; its errors are raised."""
    with transaction.atomic():
        _result, preview = _observed(chosen, change)
        transaction.set_rollback(True)
    return preview


def apply_change(*, chosen: Q, change: Callable[[], T], as_previewed: str) -> T:
    """Apply `change` if it still does what the preview with this digest showed. Raises PreviewOutdatedError if not."""
    with transaction.atomic():
        lock_catalog()  # first, so that what is compared is what is made
        result, preview = _observed(chosen, change)
        if preview.digest != as_previewed:
            raise PreviewOutdatedError(preview)
    return result


def _observed(chosen: Q, change: Callable[[], T]) -> tuple[T, ChangePreview]:
    before = _snapshot()
    result = change()
    after = _snapshot()
    reached = set(Service.objects.filter(chosen).values_list("pk", flat=True))
    return result, _compared(before, after, reached)


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
        unsold=Counter(_unsold_reason(row) for row in now if not row.is_sold).most_common(),
        rows=list(_rows(before, after, reached | changed)),
        digest=_digest(before, after, reached | changed),
    )


def _digest(before: Snapshot, after: Snapshot, pks: set[int]) -> str:
    """New rows get other IDs each time, so new services count without their ID, and categories by name."""
    names = dict(Category.objects.values_list("pk", "name"))
    pairs = ((pk if pk in before else None, before.get(pk), after[pk]) for pk in pks)
    lines = sorted(repr((pk, _named(was, names), _named(now, names))) for pk, was, now in pairs)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _named(row: ServiceSnapshot | None, names: Mapping[int, str]) -> tuple[object, ...] | None:
    return None if row is None else (*row._replace(category_id=0), names.get(row.category_id))


def _unsold_reason(row: ServiceSnapshot) -> str:
    return row.reason or _("Disabled.")


def _rows(before: Snapshot, after: Snapshot, pks: set[int]) -> Iterator[PreviewRow]:
    """Services that would not be sold first, then those whose price would change."""
    for pk in sorted(pks, key=lambda pk: (after[pk].is_sold, pk in before and before[pk].rate == after[pk].rate, pk)):
        now, old = after[pk], before.get(pk)
        problem = "" if now.is_sold else _unsold_reason(now)
        yield PreviewRow(pk, now.name, now.cost, old and old.rate, now.rate, problem, now.own_rate is not None)
