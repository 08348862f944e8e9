"""Deliver what is due: claimed and committed, sent with no transaction open, recorded. Called by its task.

A message may arrive twice where a worker died between sending and recording; it has the same `webhook-id` then. After
a failure its webhook rests for a while, and after the last of RETRIES it is paused: its customer switches it on again.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.send import send_message
from panel.lib.bulk import update_rows
from panel.lib.crypto import SealError
from panel.lib.log_context import carried
from panel.lib.retries import next_try
from panel.lib.secret import Secret

LEASE = timedelta(minutes=2)
A_TURN = 20
"""So many messages of one webhook are claimed at once: one with many holds up no other."""
WEBHOOKS_AT_ONCE = 8
DEADLINE_SECONDS = 10
RUN_SECONDS = 45
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a run came to."""

    delivered: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one message; `why` is empty where it was taken."""

    delivery: Delivery
    status: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What is claimed of one webhook. Its secret is opened before, since threads leave the database alone."""

    webhook: Webhook
    secret: Secret | None
    deliveries: Sequence[Delivery]


def deliver_due() -> Delivered:
    """Send what is due, many webhooks at once, each one's messages one after the other until one fails."""
    delivered = failed = 0
    until = time.monotonic() + RUN_SECONDS
    with ThreadPoolExecutor(WEBHOOKS_AT_ONCE, thread_name_prefix="webhook") as pool:
        while time.monotonic() < until and (turns := list(_claim(timezone.now()))):
            for turn, tried in zip(turns, pool.map(carried(partial(_send_all, until=until)), turns), strict=True):
                _record(turn, tried)
                delivered += sum(not one.why for one in tried)
                failed += sum(bool(one.why) for one in tried)
    return Delivered(delivered, failed)


def forget_old(*, now: datetime) -> int:
    """Delete what was over long ago; how many."""
    return Delivery.objects.filter(next_at=None, created_at__lt=now - KEPT_FOR).delete()[0]


def _claim(now: datetime) -> Iterator[Turn]:
    awake = Q(webhook__rests_until=None) | Q(webhook__rests_until__lte=now)
    due = Delivery.objects.filter(awake, next_at__lte=now)
    ids = list(due.order_by("webhook").values_list("webhook", flat=True).distinct()[: 4 * WEBHOOKS_AT_ONCE])
    for webhook in Webhook.objects.filter(pk__in=ids):
        rows = list(due.filter(webhook=webhook).order_by("pk")[:A_TURN])
        claims = [(row.pk, now + LEASE, row.next_at) for row in rows]
        ours = set(update_rows(Delivery, claims, fields=["next_at"], guard=["next_at"]))
        if ours:
            yield Turn(webhook, _secret_of(webhook), [row for row in rows if row.pk in ours])


def _secret_of(webhook: Webhook) -> Secret | None:
    try:
        return webhook.open_secret()
    except SealError:
        return None


def _send_all(turn: Turn, until: float) -> list[Tried]:
    """In their order; what stands behind a failed one is not tried."""
    tried: list[Tried] = []
    for delivery in turn.deliveries:
        if time.monotonic() >= until:
            break
        sent = send_message(url=turn.webhook.url, secret=turn.secret, delivery=delivery, seconds=DEADLINE_SECONDS)
        tried.append(Tried(delivery, sent.status, sent.why))
        if tried[-1].why:
            break
    return tried


def _record(turn: Turn, tried: Sequence[Tried]) -> None:
    """Write what was tried, have the webhook rest after a failure, and give back what was not tried."""
    now = timezone.now()
    with transaction.atomic():
        for one in tried:
            row = one.delivery
            next_at = None if not one.why else next_try(failed=row.tries + 1, now=now)
            Delivery.objects.filter(pk=row.pk).update(
                tries=row.tries + 1,
                tried_at=now,
                is_delivered=not one.why,
                status=one.status,
                why=one.why[:300],
                next_at=next_at,
            )
            if one.why and next_at is None:
                _pause(turn.webhook, one.why)
                return
            if one.why:
                Webhook.objects.filter(pk=turn.webhook.pk).update(rests_until=next_at)
        untried = [row.pk for row in turn.deliveries[len(tried) :]]
        Delivery.objects.filter(pk__in=untried).update(next_at=now)


def _paused(why: str) -> str:
    return _("The webhook is paused. The last try failed: %(why)s Switch it on again when it works.") % {"why": why}


def _pause(webhook: Webhook, why: str) -> None:
    """Nothing more is sent to it; what waited is over, and can be sent again by hand."""
    Webhook.objects.filter(pk=webhook.pk).update(is_active=False, paused_why=_paused(why)[:300])
    Delivery.objects.filter(webhook=webhook, next_at__isnull=False).update(
        next_at=None, why="The webhook was paused before it was sent."
    )
