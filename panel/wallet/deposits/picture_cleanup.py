"""Pictures of deposits that are no longer needed: of closed deposits, of old ones, and files without a deposit.

A picture goes with its withdrawn or refused deposit at once; this finds what a crash left. Called by a daily job.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.storage import Storage
from django.db.models import Q, QuerySet

from panel.wallet.models import TopUp

KEPT_FOR = timedelta(days=180)
"""So long the picture of a credited deposit is kept."""
BEING_WRITTEN = timedelta(days=1)
"""A younger file may belong to a deposit that is not committed yet."""
NAMES_A_QUERY = 500


@dataclass(slots=True)
class Swept:
    """What a run came to: pictures of deposits that were dropped, and files without a deposit."""

    dropped: int = 0
    orphaned: int = 0


def sweep_pictures(*, now: datetime) -> Swept:
    """Delete what is no longer needed, once."""
    result = Swept()
    for top_up in _over(now).order_by("pk").iterator():
        drop_picture(top_up)
        result.dropped += 1
    store = _store()
    for name in _without_deposit(now):
        store.delete(name)
        result.orphaned += 1
    return result


def drop_picture(top_up: TopUp) -> None:
    """The row first, so that no row names a file that is gone. Call it outside any transaction, or on its commit."""
    name = str(top_up.picture.name)
    TopUp.objects.filter(pk=top_up.pk, picture=name).update(picture="")
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
    for start in range(0, len(names), NAMES_A_QUERY):
        some = names[start : start + NAMES_A_QUERY]
        known = set(TopUp.objects.filter(picture__in=some).values_list("picture", flat=True))
        yield from (name for name in some if name not in known and _is_old(store, name, now))


def _is_old(store: Storage, name: str, now: datetime) -> bool:
    try:
        return store.get_modified_time(name) < now - BEING_WRITTEN
    except FileNotFoundError:  # its customer, or another run, was faster
        return False
