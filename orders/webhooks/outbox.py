"""What customers are to hear, written in the transaction that changed it: neither lost nor told of what never was.

Called by whatever changes orders and refills.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.webhooks.models import Delivery, Webhook


@dataclass(frozen=True, slots=True)
class News:
    """One change that a customer can see; `payload` in the API's words."""

    customer_id: int
    event: str
    at: datetime
    payload: Mapping[str, Any]


def tell(news: Sequence[News]) -> int:
    """Queue a message for each customer who has an active webhook; how many. One query where nobody has."""
    if not news:
        return 0
    active = Webhook.objects.filter(customer__in={one.customer_id for one in news}, is_active=True)
    webhooks = dict(active.values_list("customer_id", "pk"))
    rows = [message(webhooks[one.customer_id], one) for one in news if one.customer_id in webhooks]
    if rows:
        Delivery.objects.bulk_create(rows)
    return len(rows)


def message(webhook_id: int, news: News) -> Delivery:
    """The row of one message, due at once."""
    payload = {"event": news.event, "at": f"{news.at:%Y-%m-%dT%H:%M:%SZ}", **news.payload}
    return Delivery(webhook_id=webhook_id, event=news.event, payload=payload, created_at=news.at, next_at=news.at)
