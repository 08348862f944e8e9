"""What customers are to hear, written in the transaction that changed it: neither lost nor told of what never was.

Called by whatever changes orders and refills, at most once a transaction and last: it locks the webhooks.
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

MOST_WAITING = 10_000
"""So many messages of one webhook may wait: it is paused when one more would."""


@dataclass(frozen=True, slots=True)
class News:
    """One change that a customer can see; `payload` in the API's words."""

    customer_id: int
    event: str
    at: datetime
    payload: Mapping[str, Any]


def tell(news: Sequence[News]) -> int:
    """Queue a message for each customer who has an active webhook; how many. One query where nobody has.

    The webhooks are locked until the caller's transaction ends: none is removed or paused while it gets a message.
    """
    if not news:
        return 0
    active = Webhook.objects.filter(customer__in={one.customer_id for one in news}, is_active=True)
    locked = active.select_for_update(no_key=True, of=("self",)).order_by("pk")
    webhooks = dict(locked.values_list("customer_id", "pk"))
    rows = [message(webhooks[one.customer_id], one) for one in news if one.customer_id in webhooks]
    if rows:
        full = _pause_full(rows)
        rows = Delivery.objects.bulk_create([row for row in rows if row.webhook_id not in full])
    return len(rows)


def message(webhook_id: int, news: News) -> Delivery:
    """The row of one message, due at once."""
    payload = {"event": news.event, "at": f"{news.at:%Y-%m-%dT%H:%M:%SZ}", **news.payload}
    return Delivery(webhook_id=webhook_id, event=news.event, payload=payload, created_at=news.at, next_at=news.at)


def waiting_of(webhook_ids: Sequence[int]) -> dict[int, int]:
    """How many messages of each wait; those of which none does are left out."""
    waiting = Delivery.objects.filter(webhook__in=webhook_ids, next_at__isnull=False)
    return dict(waiting.values_list("webhook").annotate(Count("pk")).order_by())


def _pause_full(rows: Sequence[Delivery]) -> set[int]:
    """Pause the webhooks for which more would wait than may; their ids."""
    new = Counter(row.webhook_id for row in rows)
    waiting = waiting_of(list(new))
    full = {pk for pk, count in new.items() if waiting.get(pk, 0) + count > MOST_WAITING}
    for pk in sorted(full):
        why = _("More than %(most)s messages were waiting.") % {"most": f"{MOST_WAITING:,}"}
        pause_webhook(webhook_id=pk, why=why)
    return full
