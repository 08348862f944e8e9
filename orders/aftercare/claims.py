"""Claim due refills and cancellations in batches and write the results, one statement per batch.

A claim moves `next_at`, and each write is guarded by the claimed values, so only one worker has a row and a late one
changes nothing.
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
MAX_WAIT = timedelta(days=1)
"""The longest time until a request is sent again, whatever the provider asks for."""


class ClaimedRequest(NamedTuple):
    """A request claimed until `next_at`. `external_id` is its ID, or its order's, at the provider."""

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
        """Whether it was never sent before. Otherwise the provider may have accepted an earlier one.

        A refusal may then be an echo of that, so it proves nothing.
        """
        return self.was == "wanted"


@dataclass(frozen=True, slots=True)
class RequestUpdate:
    """The new state of a claimed request, when it is due next, and a line for its order's history."""

    state: str
    next_at: datetime | None = None
    tries: int = 0
    reason: str = ""
    event: str = ""


Due = QuerySet[Refill] | QuerySet[Cancellation]


def claim_to_send(due: Due, *, until: datetime, after: int, size: int) -> list[ClaimedRequest]:
    """Claim up to `size` requests to send, beyond the primary key `after`; due again at `until` if the worker dies."""
    found = _read(due, "order__provider_order_id", after, size)
    ours = [row._replace(state=SENDING, tries=row.tries + 1, next_at=until) for row in found]
    now = timezone.now()
    changes = [
        (new.pk, new.state, new.tries, until, now, old.state, old.next_at) for old, new in zip(found, ours, strict=True)
    ]
    fields = ["state", "tries", "next_at", "asked_at"]
    taken = set(update_rows(due.model, changes, fields=fields, guard=["state", "next_at"]))
    return [row for row in ours if row.pk in taken]


def claim_to_follow(due: QuerySet[Refill], *, until: datetime, after: int, size: int) -> list[ClaimedRequest]:
    """Claim up to `size` refills to poll, beyond the primary key `after`; due again at `until`."""
    found = _read(due, "provider_refill_id", after, size)
    changes = [(row.pk, until, row.state, row.next_at) for row in found]
    taken = set(update_rows(due.model, changes, fields=["next_at"], guard=["state", "next_at"]))
    return [row._replace(next_at=until) for row in found if row.pk in taken]


def write_updates(
    model: type[Refill] | type[Cancellation],
    updates: Sequence[tuple[ClaimedRequest, RequestUpdate]],
    *,
    values: Mapping[int, str] | None = None,
    column: str = "",
) -> int:
    """Write the updates, with `values` (by primary key) in `column`; how many rows were still as claimed."""
    now = timezone.now()
    rows = [
        _row(claimed, new, now, model.OPEN, () if values is None else (values[claimed.pk],)) for claimed, new in updates
    ]
    fields = ["state", "tries", "reason", "next_at", "ended_at", *([column] if column else [])]
    with transaction.atomic():
        written = set(update_rows(model, rows, fields=fields, guard=["state", "next_at"]))
        OrderEvent.objects.bulk_create(
            [
                OrderEvent(order_id=claimed.order_id, at=now, what=new.event, reason=new.reason[:300])
                for claimed, new in updates
                if new.event and claimed.pk in written
            ]
        )
        if model is Refill:
            changed = [(row.pk, row.order_id, row.was, new.state) for row, new in updates if row.pk in written]
            notify_refills(changed, now=now)
    return len(written)


def notify_refills(changed: Sequence[tuple[int, int, str, str]], *, now: datetime) -> None:
    """Notify customers' webhooks of refills whose public status changed: refill, order, state before and after."""
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
    model: type[Refill] | type[Cancellation],
    batch: Sequence[ClaimedRequest],
    error: RetryLater,
    *,
    unsent_for: timedelta,
) -> None:
    """Write the result of a failed call.

    Requests that were provably not sent stay as before and are due after `unsent_for` or the provider's retry time, at
    most MAX_WAIT; the others are unknown and due again when their claim ends.
    """
    retry_after = min(error.retry_after or 0, MAX_WAIT.total_seconds())
    again = timezone.now() + max(unsent_for, timedelta(seconds=retry_after))
    updates = [
        RequestUpdate("unknown", row.next_at, row.tries, error.text)
        if error.may_be_done
        else not_sent(row, again=again, reason=error.text)
        for row in batch
    ]
    write_updates(model, list(zip(batch, updates, strict=True)))


def not_sent(row: ClaimedRequest, *, again: datetime, reason: str) -> RequestUpdate:
    """The update for a request that was not sent: it returns to its state before the claim."""
    return RequestUpdate("wanted" if row.is_first_request else "unknown", again, row.tries - 1, reason)


def _read(due: Due, external: str, after: int, size: int) -> list[ClaimedRequest]:
    columns = ("pk", "order_id", external, "state", "tries", "next_at", "state")
    rows: Any = due.filter(pk__gt=after).order_by("pk").values_list(*columns)[:size]
    return [ClaimedRequest(*row) for row in rows]


def _row(
    claimed: ClaimedRequest, new: RequestUpdate, now: datetime, still_open: Sequence[str], values: tuple[str, ...]
) -> tuple[Any, ...]:
    is_over = new.state not in still_open
    next_at, ended_at = (None, now) if is_over else (new.next_at, None)
    return (
        claimed.pk,
        new.state,
        new.tries,
        new.reason[:300],
        next_at,
        ended_at,
        *values,
        claimed.state,
        claimed.next_at,
    )
