"""The scheduled check of the ledger: as much as fits into a run, what changed since the last one first.

The orders are checked in slices, round after round; a run goes on where the last one ended, also where it was stopped.
Each slice is read as it was at one moment. `manage.py check_ledger` checks everything at once (orders/books.py).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from orders.books import ROWS, recount_orders, recount_the_rest
from orders.models import LedgerCheck, Order, OrderEvent
from panel.lib.snapshot import one_snapshot
from panel.ops.alerts import close_alert, raise_alert
from panel.ops.models import Alert

RUN_SECONDS = 15 * 60
"""No slice is begun after that."""


@dataclass(slots=True)
class Checked:
    """What a run came to: the differences it found, a line each, and how many orders of the round are left."""

    differences: list[str] = field(default_factory=list)
    orders_left: int = 0


def check_ledger(*, seconds: float = RUN_SECONDS) -> Checked:
    """Check what fits into so many seconds, and tell staff what differs, and that orders are left."""
    until = time.monotonic() + seconds
    place, _ = LedgerCheck.objects.get_or_create(pk=1)
    with one_snapshot():
        found = dict.fromkeys(recount_the_rest())
    for lines in chain(_changed_orders(place, until), _next_orders(place, until)):
        found |= dict.fromkeys(lines)
        place.differences += len(lines)
    checked = Checked(list(found), Order.objects.filter(pk__gt=place.last_order).count())
    _tell_staff(checked, is_clean=not found and not place.differences)
    if not checked.orders_left:
        place.last_order = place.differences = 0
    place.save()
    return checked


def _changed_orders(place: LedgerCheck, until: float) -> Iterator[list[str]]:
    """A slice after the other of the orders with new events. In the first run there is nothing to compare with."""
    latest = OrderEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if not place.last_event:
        place.last_event = latest
    while place.last_event < latest and time.monotonic() < until:
        events = OrderEvent.objects.filter(pk__gt=place.last_event, pk__lte=latest).order_by("pk")
        rows = list(events.values_list("pk", "order")[:ROWS])
        with one_snapshot():
            lines = recount_orders(Order.objects.filter(pk__in={order for _, order in rows}))
        place.last_event = rows[-1][0] if rows else latest
        place.save()
        yield lines


def _next_orders(place: LedgerCheck, until: float) -> Iterator[list[str]]:
    """A slice after the other of all orders, from where the last run ended."""
    while time.monotonic() < until:
        with one_snapshot():
            orders = list(Order.objects.filter(pk__gt=place.last_order).order_by("pk")[:ROWS])
            lines = recount_orders(orders)
        if not orders:
            return
        place.last_order = orders[-1].pk
        yield lines
        place.save()


def _tell_staff(checked: Checked, *, is_clean: bool) -> None:
    if checked.differences:
        raise_alert(
            subject="books",
            level=Alert.Level.CRITICAL,
            title="The books do not add up",
            detail="\n".join(checked.differences[:20]),
        )
    elif is_clean and not checked.orders_left:
        close_alert(subject="books")
    if checked.orders_left:
        raise_alert(
            subject="books-unfinished",
            level=Alert.Level.WARNING,
            title="The ledger check did not get through",
            detail=f"{checked.orders_left:,} orders are left. The next run goes on there, after the orders that "
            "changed. Until then differences among them are not noticed.",
        )
    else:
        close_alert(subject="books-unfinished")
