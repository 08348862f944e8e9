"""Serves one webhook: sends its messages, oldest first, until one fails or its share of the run is used up.

A claim is a token in the webhook's row. Whoever changes the webhook takes the token away, and a turn writes nothing
without it: a new URL or secret, a pause or a removal wins over what was under way, which is then sent again. A
message that fails stays the first one, so none is overtaken, not even where a worker died. Called by deliver.
"""

import secrets
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.webhooks.models import Delivery, Webhook
from orders.webhooks.pause import pause_webhook
from orders.webhooks.send import SendResult, send_message
from panel.lib.crypto import SealError
from panel.lib.delivery_pool import Job
from panel.lib.future_times import SKEW
from panel.lib.outbound.retries import RETRIES, next_try
from panel.lib.secret import Secret

LEASE = timedelta(minutes=1)
BATCH_SIZE = 100
QUICK_SECONDS = 2
PROBATION = timedelta(hours=1)
"""How long a webhook that failed or was slow stays in the slow lane, however fast it responds."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A group of webhooks served alike. `seconds` is one webhook's share of a run, `deadline` one message's."""

    is_quick: bool
    at_once: int
    seconds: float
    deadline: float


@dataclass(slots=True)
class DeliveryResult:
    """How many messages a run delivered and how many failed."""

    delivered: int = 0
    failed: int = 0


@dataclass(slots=True)
class WebhookTurn:
    """A claimed turn of a webhook. Its secret is opened beforehand, since threads may not use the database."""

    webhook: Webhook
    secret: Secret | None
    lane: Lane
    waiting: deque[Delivery]
    until: float
    result: DeliveryResult
    sending: Delivery = field(default_factory=Delivery)
    last_took: float = 0

    def take(self) -> Job | None:
        """The next message to send, unless it would likely take longer than the share allows."""
        if not self.waiting or time.monotonic() + self.last_took > self.until:
            self._write(claim="", claimed_until=None)
            return None
        self.sending = self.waiting.popleft()
        return partial(
            send_message,
            url=self.webhook.url,
            secret=self.secret,
            delivery=self.sending,
            seconds=self.lane.deadline,
        )

    def record(self, sent: SendResult) -> None:
        """Save the result of the message, where the claim still holds. A failure ends the turn."""
        self.last_took = sent.seconds
        with transaction.atomic():
            is_ours = self._record(sent, timezone.now())
        if sent.error or not is_ours:
            self.waiting.clear()

    def _record(self, sent: SendResult, now: datetime) -> bool:
        if not sent.error:
            return self._delivered(sent, now)
        if self.lane.is_quick and sent.seconds >= self.lane.deadline:
            # The endpoint had less time than promised: not a failure, the slow lane tries it again.
            return self._write(slow_until=now + PROBATION)
        return self._failed(sent, now)

    def _delivered(self, sent: SendResult, now: datetime) -> bool:
        is_proven = not self.lane.is_quick and sent.seconds <= QUICK_SECONDS and _is_past(self.webhook.slow_until, now)
        if not self._write(**({"slow_until": None} if is_proven else {})):
            return False
        self._note(sent, tried_at=now, next_at=None, is_delivered=True)
        self.result.delivered += 1
        return True

    def _failed(self, sent: SendResult, now: datetime) -> bool:
        next_at = next_try(failed=self.sending.tries + 1, now=now)
        if not self._write(retry_at=next_at, slow_until=now + PROBATION):
            return False
        self._note(sent, tried_at=now, next_at=next_at, is_delivered=False)
        self.result.failed += 1
        if next_at is None:
            reason = _("The last attempt failed: %(error)s") % {"error": sent.error}
            pause_webhook(webhook_id=self.webhook.pk, reason=reason)
        return True

    def _note(self, sent: SendResult, **more: Any) -> None:
        row = Delivery.objects.filter(pk=self.sending.pk)
        row.update(tries=self.sending.tries + 1, status=sent.status, reason=sent.error[:300], **more)

    def _write(self, **changes: Any) -> bool:
        """Save changes of the webhook and extend the claim; False, and nothing saved, where the claim is lost."""
        mine = Webhook.objects.filter(pk=self.webhook.pk, claim=self.webhook.claim)
        return bool(mine.update(**{"claimed_until": timezone.now() + LEASE, **changes}))


def claim_turn(*, lane: Lane, served: set[int], result: DeliveryResult) -> WebhookTurn | None:
    """A turn for the webhook served least recently but not in `served`, which it joins; None where none waits."""
    now = timezone.now()
    for pk in _waiting(lane, served, now):
        served.add(pk)
        token = secrets.token_hex(8)
        ready = _ready(lane, now).filter(pk=pk)
        if ready.update(claim=token, claimed_until=now + LEASE, last_turn_at=now):
            webhook = Webhook.objects.filter(pk=pk, claim=token).first()
            if webhook is not None:
                rows = Delivery.objects.filter(webhook=webhook, next_at__isnull=False).order_by("pk")[:BATCH_SIZE]
                until = time.monotonic() + lane.seconds
                return WebhookTurn(webhook, _secret_of(webhook), lane, deque(rows), until, result)
    return None


def _waiting(lane: Lane, served: Collection[int], now: datetime) -> QuerySet[Webhook, int]:
    open_messages = Delivery.objects.filter(webhook=OuterRef("pk"), next_at__isnull=False)
    waiting = _ready(lane, now).filter(Exists(open_messages)).exclude(pk__in=served)
    by_last_turn = waiting.order_by(F("last_turn_at").asc(nulls_first=True), "pk")
    return by_last_turn.values_list("pk", flat=True)[: lane.at_once]


def _ready(lane: Lane, now: datetime) -> QuerySet[Webhook]:
    """The webhooks that may be served. Times further ahead than we ever set came from a wrong clock and don't count."""
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_until__gt=now + LEASE + SKEW)
    may_retry = Q(retry_at=None) | Q(retry_at__lte=now) | Q(retry_at__gt=now + max(RETRIES) + SKEW)
    return Webhook.objects.filter(is_free, may_retry, is_active=True, slow_until__isnull=lane.is_quick)


def _is_past(moment: datetime | None, now: datetime) -> bool:
    return moment is None or moment <= now


def _secret_of(webhook: Webhook) -> Secret | None:
    try:
        return webhook.open_secret()
    except SealError:
        return None
