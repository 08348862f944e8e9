"""Queues webhook messages in the transaction of the change that they report, so none is lost and none is wrong.

Called by everything that changes orders and refills, at most once in a transaction and last: it locks the webhooks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.pause import pause_webhook

MAX_WAITING = 10_000
"""How many messages of one webhook may wait: one more pauses it."""


@dataclass(frozen=True, slots=True)
class Update:
    """A change that a customer can see; `payload` has the fields of the API."""

    customer_id: int
    event: str
    at: datetime
    payload: Mapping[str, Any]


def queue_updates(updates: Sequence[Update]) -> int:
    """Queue a message for each customer with an active webhook; returns how many. One query where nobody has one.

    The webhooks stay locked until the caller's transaction ends: none is deleted or paused while it gets a message.
    """
    if not updates:
        return 0
    active = Webhook.objects.filter(customer__in={update.customer_id for update in updates}, is_active=True)
    locked = active.select_for_update(no_key=True, of=("self",)).order_by("pk")
    webhooks = dict(locked.values_list("customer_id", "pk"))
    rows = [message(webhooks[update.customer_id], update) for update in updates if update.customer_id in webhooks]
    if rows:
        full = _pause_full(rows)
        rows = Delivery.objects.bulk_create([row for row in rows if row.webhook_id not in full])
    return len(rows)


def message(webhook_id: int, update: Update) -> Delivery:
    """The row of one message, due now."""
    payload = {"event": update.event, "at": f"{update.at:%Y-%m-%dT%H:%M:%SZ}", **update.payload}
    return Delivery(webhook_id=webhook_id, event=update.event, payload=payload, created_at=update.at, next_at=update.at)


def waiting_of(webhook_ids: Sequence[int]) -> dict[int, int]:
    """How many messages of each webhook are waiting; webhooks without any are left out."""
    waiting = Delivery.objects.filter(webhook__in=webhook_ids, next_at__isnull=False)
    return dict(waiting.values_list("webhook").annotate(Count("pk")).order_by())


def _pause_full(rows: Sequence[Delivery]) -> set[int]:
    """Pause the webhooks that would get too many waiting messages; returns their ids."""
    new = Counter(row.webhook_id for row in rows)
    waiting = waiting_of(list(new))
    full = {pk for pk, count in new.items() if waiting.get(pk, 0) + count > MAX_WAITING}
    for pk in sorted(full):
        reason = _("More than %(max)s messages were waiting.") % {"max": f"{MAX_WAITING:,}"}
        pause_webhook(webhook_id=pk, reason=reason)
    return full
