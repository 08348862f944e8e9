"""What a change of the shelf would do, to the last price: it is made, looked at and taken back. Called by the admin.

Nothing can differ from the change itself, since it is the change itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from providers.catalog.markups import PreviewRow
from providers.catalog.models import Service


class Shown(NamedTuple):
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
class Rehearsal:
    """What would be different, in services. `others` change without being chosen; `unsold` says why, and how many."""

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


COLUMNS = (
    "pk", "name", "category_id", "position", "cost", "rate", "own_rate", "is_enabled", "is_available",
    "unavailable_reason",
)  # fmt: skip
Shelf = dict[int, Shown]


def rehearse(*, chosen: Q, change: Callable[[], object]) -> Rehearsal:
    """What `change` would do to the shelf, and to the `chosen` services; nothing stays. Its errors come through."""
    with transaction.atomic():
        before = _shelf()
        change()
        after = _shelf()
        reached = set(Service.objects.filter(chosen).values_list("pk", flat=True))
        transaction.set_rollback(True)
    return _compared(before, after, reached)


def _shelf() -> Shelf:
    return {pk: Shown(*values) for pk, *values in Service.objects.order_by("pk").values_list(*COLUMNS)}


def _compared(before: Shelf, after: Shelf, reached: set[int]) -> Rehearsal:
    changed = {pk for pk, now in after.items() if before.get(pk) != now}
    both = [(before[pk], after[pk]) for pk in changed if pk in before]
    now = [after[pk] for pk in reached]
    return Rehearsal(
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
    )


def _why(row: Shown) -> str:
    return row.reason or "Switched off."


def _rows(before: Shelf, after: Shelf, pks: set[int]) -> Iterator[PreviewRow]:
    """First what is not sold, then what changes its price."""
    for pk in sorted(pks, key=lambda pk: (after[pk].is_sold, pk in before and before[pk].rate == after[pk].rate, pk)):
        now, old = after[pk], before.get(pk)
        problem = "" if now.is_sold else _why(now)
        yield PreviewRow(pk, now.name, now.cost, old and old.rate, now.rate, problem, now.own_rate is not None)
