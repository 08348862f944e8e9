"""Deletes images of deposits that are no longer needed: of closed and old deposits, and files without a deposit.

The image of a canceled or rejected deposit is deleted immediately; this finds what a crash left. Called by a daily job.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.storage import Storage
from django.db.models import Q, QuerySet

from panel.wallet.models import TopUp

KEPT_FOR = timedelta(days=180)
"""How long the image of a credited deposit is kept."""
BEING_WRITTEN = timedelta(days=1)
"""A younger file may belong to a deposit that is not committed yet."""
BATCH_SIZE = 500


@dataclass(slots=True)
class CleanupResult:
    """The result of a run: deleted images of deposits, and deleted files without a deposit."""

    dropped: int = 0
    orphaned: int = 0


def sweep_pictures(*, now: datetime) -> CleanupResult:
    """Delete what is no longer needed."""
    result = CleanupResult()
    for deposit in _over(now).order_by("pk").iterator():
        drop_picture(deposit)
        result.dropped += 1
    store = _store()
    for name in _without_deposit(now):
        store.delete(name)
        result.orphaned += 1
    return result


def drop_picture(deposit: TopUp) -> None:
    """Delete the image: the row first, so that no row refers to a missing file. Call it outside a transaction."""
    name = str(deposit.picture.name)
    TopUp.objects.filter(pk=deposit.pk, picture=name).update(picture="")
    _store().delete(name)


def _store() -> Storage:
    return TopUp.picture.field.storage


def _over(now: datetime) -> QuerySet[TopUp]:
    closed = Q(state__in=[TopUp.State.WITHDRAWN, TopUp.State.REFUSED])
    old = Q(state=TopUp.State.APPROVED, decided_at__lt=now - KEPT_FOR)
    return TopUp.objects.exclude(picture="").filter(closed | old)


def _without_deposit(now: datetime) -> Iterator[str]:
    store = _store()
    names = store.listdir("")[1] if store.exists("") else []
    for start in range(0, len(names), BATCH_SIZE):
        some = names[start : start + BATCH_SIZE]
        known = set(TopUp.objects.filter(picture__in=some).values_list("picture", flat=True))
        yield from (name for name in some if name not in known and _is_old(store, name, now))


def _is_old(store: Storage, name: str, now: datetime) -> bool:
    try:
        return store.get_modified_time(name) < now - BEING_WRITTEN
    except FileNotFoundError:  # another run, or the customer, was faster
        return False
