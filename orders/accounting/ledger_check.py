"""The scheduled check of the ledger: every day what moved, and once a week everything.

A daily run looks at the wallets from their checkpoints on, at the days that were closed since, and at the orders with
new transfers or events. Once a week a round looks at everything from the first transfer on, and so does every run after
one that found a difference, until a round found none. What a daily run cannot see is what changed without a transfer or
an event: rows of old orders, old days or checkpoints that somebody wrote to by hand.

Orders are checked in slices, each as it was at one moment; a round that does not fit into a run goes on in the next
one, also where it was stopped. `manage.py check_ledger` checks everything at once (orders/accounting/audit.py).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from django.utils import timezone

from orders.accounting.audit import ROWS, audit_between, audit_ledger, audit_orders, audit_recent, next_order
from orders.models import LedgerCheck, Order, OrderEvent
from orders.reports.check import check_new_days
from panel.lib.database.snapshot import one_snapshot
from panel.lib.future_times import is_future
from panel.ops.alerts.alerts import close_alert, raise_alert
from panel.ops.jobs.settled_ids import settle_ids
from panel.ops.models import Alert
from panel.wallet.models import Transfer

RUN_SECONDS = 15 * 60
"""No slice is begun after that."""
ROUND_EVERY = timedelta(days=6, hours=12)
"""So the seventh daily run begins one, also where it comes a little early."""


@dataclass(slots=True)
class LedgerCheckResult:
    """What a run came to: the differences it found, a line each, and how many orders of the round are left."""

    differences: list[str] = field(default_factory=list)
    orders_left: int = 0


def check_ledger(*, seconds: float = RUN_SECONDS) -> LedgerCheckResult:
    """Check what fits into so many seconds, and tell staff what differs, and that orders are left."""
    now, until = timezone.now(), time.monotonic() + seconds
    place, _ = LedgerCheck.objects.get_or_create(pk=1)
    found: dict[str, None] = {}
    moved = _ChangedOrders(place, now)
    for lines in chain(_lately(until), moved.check(until), _round(place, moved, until)):
        found |= dict.fromkeys(lines)
        place.differences += len(lines)
    moved.note(everything=place.round_began == now)
    in_round = Order.objects.filter(pk__gt=place.last_order).count() if place.is_in_round else 0
    checked = LedgerCheckResult(list(found), in_round + moved.left)
    _tell_staff(checked, is_clean=place.is_in_round and not place.differences)
    place.is_in_round = bool(in_round)
    place.save()
    return checked


def _lately(until: float) -> Iterator[list[str]]:
    with one_snapshot():
        lines = audit_recent()
    yield lines
    yield check_new_days(until=until)


class _ChangedOrders:
    """The orders with transfers or events that may have appeared only after the last run."""

    def __init__(self, place: LedgerCheck, now: datetime) -> None:
        self.place, self.now = place, now
        self.settled = {model: settle_ids(model=model, now=now) for model in (Transfer, OrderEvent)}
        self.left = 0
        self.is_known = bool(place.last_transfer and place.last_event)

    def check(self, until: float) -> Iterator[list[str]]:
        """A slice after the other. The next run begins with all of them again where some are left."""
        orders = self._orders() if self.is_known else []
        for start in range(0, len(orders), ROWS):
            if time.monotonic() >= until:
                self.left = len(orders) - start
                return
            with one_snapshot():
                lines = audit_orders(orders[start : start + ROWS])
            yield lines

    def note(self, *, everything: bool) -> None:
        """What was settled when this run began needs no second look, where all that moved or `everything` was begun."""
        if everything or (self.is_known and not self.left):
            self.place.last_transfer, self.place.last_event = self.settled[Transfer], self.settled[OrderEvent]

    def _orders(self) -> list[int]:
        events = OrderEvent.objects.filter(pk__gt=self.place.last_event).values_list("order", flat=True)
        causes = Transfer.objects.filter(pk__gt=self.place.last_transfer, cause__startswith="order:")
        numbers = {int(cause.partition(":")[2]) for cause in causes.values_list("cause", flat=True).iterator()}
        return sorted(numbers.union(events.iterator()))


def _round(place: LedgerCheck, moved: _ChangedOrders, until: float) -> Iterator[list[str]]:
    """Everything, from where the last run ended; nothing where no round is under way or due."""
    if not place.is_in_round:
        if moved.is_known and not _is_due(place, moved.now):
            return
        place.is_in_round, place.round_began = True, moved.now
        place.last_order = place.differences = 0
    if not place.last_order:
        yield audit_ledger(snapshots=True)
        place.save()
    while time.monotonic() < until and (upto := next_order(after=place.last_order, rows=ROWS)):
        with one_snapshot():
            lines = audit_between(after=place.last_order, upto=upto)
        place.last_order = upto
        yield lines
        place.save()


def _is_due(place: LedgerCheck, now: datetime) -> bool:
    began = place.round_began
    if began is None or is_future(began, now=now):
        return True
    return bool(place.differences) or now - began >= ROUND_EVERY


def _tell_staff(checked: LedgerCheckResult, *, is_clean: bool) -> None:
    """`is_clean`: the round has found nothing so far."""
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
