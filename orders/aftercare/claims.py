"""Claim the due refills and cancellations a batch at a time, and write what became of them: one statement a batch.

A claim moves `next_at`, and what is written asks for the claimed row as it was, so that of two workers one has a row,
and a late one changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import Cancellation, Order, OrderEvent, Refill
from orders.rules.serializers import REFILL_WORDS
from orders.webhooks.outbox import Update, queue_updates
from panel.lib.database.bulk import update_rows
from providers.adapters.errors import RetryLater

SENDING = "sending"
LONGEST_REST = timedelta(days=1)
"""No request waits for longer until it is passed on again, whatever the provider wishes."""


class Claimed(NamedTuple):
    """A request that is ours until `next_at`. `external_id` names it, or its order, at the provider."""

    pk: int
    order_id: int
    external_id: str
    state: str
    tries: int
    next_at: datetime | None
    was: str
    """Its state before the claim."""

    @property
    def is_first_request(self) -> bool:
        """Whether it was never passed on before: else an earlier request may have been taken.

        What the provider refuses then may be an echo of that, so it proves nothing.
        """
        return self.was == "wanted"


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a claimed request: its state, when it is due next, and a line of its order's history."""

    state: str
    next_at: datetime | None = None
    tries: int = 0
    why: str = ""
    event: str = ""


Due = QuerySet[Refill] | QuerySet[Cancellation]


def claim_to_send(due: Due, *, until: datetime, after: int, size: int) -> list[Claimed]:
    """Up to `size` requests to pass on, from the first beyond `after`; due again at `until` where the worker dies."""
    found = _read(due, "order__provider_order_id", after, size)
    ours = [row._replace(state=SENDING, tries=row.tries + 1, next_at=until) for row in found]
    now = timezone.now()
    changes = [
        (new.pk, new.state, new.tries, until, now, old.state, old.next_at) for old, new in zip(found, ours, strict=True)
    ]
    fields = ["state", "tries", "next_at", "asked_at"]
    taken = set(update_rows(due.model, changes, fields=fields, guard=["state", "next_at"]))
    return [row for row in ours if row.pk in taken]


def claim_to_follow(due: QuerySet[Refill], *, until: datetime, after: int, size: int) -> list[Claimed]:
    """Up to `size` refills to ask about, from the first beyond `after`; they are due again at `until`."""
    found = _read(due, "provider_refill_id", after, size)
    changes = [(row.pk, until, row.state, row.next_at) for row in found]
    taken = set(update_rows(due.model, changes, fields=["next_at"], guard=["state", "next_at"]))
    return [row._replace(next_at=until) for row in found if row.pk in taken]


def write_told(
    model: type[Refill] | type[Cancellation],
    told: Sequence[tuple[Claimed, Told]],
    *,
    said: Mapping[int, str] | None = None,
    column: str = "",
) -> int:
    """Write what became of these, with `said` (by primary key) in `column`; how many were still as claimed."""
    now = timezone.now()
    rows = [_row(claimed, new, now, model.OPEN, () if said is None else (said[claimed.pk],)) for claimed, new in told]
    fields = ["state", "tries", "reason", "next_at", "ended_at", *([column] if column else [])]
    with transaction.atomic():
        written = set(update_rows(model, rows, fields=fields, guard=["state", "next_at"]))
        OrderEvent.objects.bulk_create(
            [
                OrderEvent(order_id=claimed.order_id, at=now, what=new.event, reason=new.why[:300])
                for claimed, new in told
                if new.event and claimed.pk in written
            ]
        )
        if model is Refill:
            changed = [(row.pk, row.order_id, row.was, new.state) for row, new in told if row.pk in written]
            tell_refills(changed, now=now)
    return len(written)


def tell_refills(changed: Sequence[tuple[int, int, str, str]], *, now: datetime) -> None:
    """Have customers hear of refills whose word has changed: refill, order, its state before, and now."""
    news = [row for row in changed if REFILL_WORDS[row[2]] != REFILL_WORDS[row[3]]]
    orders = Order.objects.filter(pk__in={order_id for _, order_id, _, _ in news}) if news else Order.objects.none()
    customers = dict(orders.values_list("pk", "customer_id"))
    queue_updates(
        [
            Update(
                customers[order_id],
                "refill.changed",
                now,
                {"refill": pk, "order": order_id, "status": REFILL_WORDS[state]},
            )
            for pk, order_id, _, state in news
        ]
    )


def write_failure(
    model: type[Refill] | type[Cancellation], batch: Sequence[Claimed], error: RetryLater, *, unsent_for: timedelta
) -> None:
    """The call that was to pass these on brought nothing.

    Those that provably were not passed on are as before, after `unsent_for` or as long as the provider wishes, at most
    LONGEST_REST; the others are unknown, and due again when their claim ends.
    """
    wish = min(error.retry_after or 0, LONGEST_REST.total_seconds())
    again = timezone.now() + max(unsent_for, timedelta(seconds=wish))
    told = [
        Told("unknown", row.next_at, row.tries, error.text)
        if error.may_be_done
        else not_passed_on(row, again=again, why=error.text)
        for row in batch
    ]
    write_told(model, list(zip(batch, told, strict=True)))


def not_passed_on(row: Claimed, *, again: datetime, why: str) -> Told:
    """It was not passed on this time: what it was before the claim, it is again."""
    return Told("wanted" if row.is_first_request else "unknown", again, row.tries - 1, why)


def _read(due: Due, external: str, after: int, size: int) -> list[Claimed]:
    columns = ("pk", "order_id", external, "state", "tries", "next_at", "state")
    rows: Any = due.filter(pk__gt=after).order_by("pk").values_list(*columns)[:size]
    return [Claimed(*row) for row in rows]


def _row(
    claimed: Claimed, new: Told, now: datetime, still_open: Sequence[str], said: tuple[str, ...]
) -> tuple[Any, ...]:
    is_over = new.state not in still_open
    next_at, ended_at = (None, now) if is_over else (new.next_at, None)
    return (claimed.pk, new.state, new.tries, new.why[:300], next_at, ended_at, *said, claimed.state, claimed.next_at)
