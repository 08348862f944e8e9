"""Follow the orders: ask their providers how they stand, a hundred a call, several calls in flight, one writer.

An order that is due is claimed by moving its next look to where it belongs when nothing has changed, so that an answer
with no news needs no second write, and two pollers never ask for the same order.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from orders.core import safe_mode
from orders.models import UNTIL_ANSWERED, Order
from orders.rules.polling_interval import FIRST_POLL, next_poll
from orders.rules.states import State
from orders.tracking.reported import reported_cost
from orders.tracking.settle import Answer, settle_batch
from panel.lib.crypto import SealError
from panel.lib.database.bulk import update_rows
from providers.adapters.base import OrderStatus, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.adapters.registry import adapter_class
from providers.availability.circuit_breaker import pause_provider
from providers.connection.connect import connected
from providers.connection.fan_out import fan_out
from providers.models import Provider

log = logging.getLogger(__name__)

CLAIM = 1000
FAILURES_IN_A_ROW = 3


class Seen(NamedTuple):
    """What we knew of an order when it was claimed."""

    pk: int
    external_id: str
    state: str
    word: str
    raw: str
    start_count: int | None
    remains: int | None
    cost: Decimal
    misses: int
    sent_at: datetime
    finished_at: datetime | None
    next_poll_at: datetime | None
    attention: str


COLUMNS = (
    "pk", "provider_order_id", "state", "provider_status", "provider_status_raw", "start_count", "remains", "cost",
    "misses", "sent_at", "finished_at", "next_poll_at", "attention",
)  # fmt: skip


@dataclass(slots=True)
class Polled:
    """What a run came to, in orders; `requests` and `failed_requests` count calls."""

    orders: int = 0
    changed: int = 0
    refunded: int = 0
    failed: int = 0
    requests: int = 0
    failed_requests: int = 0


def providers_due(*, now: datetime, everything: bool = False) -> list[Provider]:
    """The providers at which an order's status is due; also those that are switched off, since their orders go on."""
    due = _followed(everything, now).values("provider")
    return list(Provider.objects.filter(pk__in=due).order_by("pk"))


def poll_provider(*, provider: Provider, everything: bool = False) -> Polled:
    """Ask for all orders of the provider that are due now, or for all that are followed, and settle them.

    Ends early when the provider fails several times in a row; what was not answered is due again in a minute.
    """
    result = Polled()
    if safe_mode.is_on():
        return result
    failures_in_a_row = 0

    def is_failing() -> bool:
        return failures_in_a_row >= FAILURES_IN_A_ROW

    with (
        closing(_batches(provider, everything, is_failing)) as batches,
        closing(fan_out(provider=provider, questions=batches, ask=_ask, in_flight=settings.POLL_IN_FLIGHT)) as replies,
    ):
        for batch, reply in replies:
            result.requests += 1
            if isinstance(reply, RetryLater):
                log.warning("statuses not read", extra={"provider": provider.pk, "reason": reply.text})
                result.failed_requests += 1
                failures_in_a_row += 1
                _poll_again_soon(batch)
            else:
                failures_in_a_row = 0
                result.orders += len(batch)
                _settle_news(provider, batch, reply, result)
    return result


class CannotAskError(Exception):
    """The provider did not tell how the order stands; nothing was changed. The message is for the person."""


def poll_order(*, order_id: int) -> Answer:
    """Ask for this order now, due or not, ended or not, and settle what is said. Raises CannotAskError."""
    if safe_mode.is_on_now():
        raise CannotAskError(safe_mode.STAFF_NOTICE)
    order = Order.objects.select_related("provider").get(pk=order_id)
    row = Order.objects.filter(pk=order_id, provider_order_id__isnull=False).values_list(*COLUMNS).first()
    if row is None:
        raise CannotAskError("The provider gave it no number, so there is nothing to ask for.")
    batch = _claim([Seen(*row)])
    if not batch:
        raise CannotAskError("It is being asked for at this moment. Look again in a minute.")
    try:
        with connected(order.provider) as adapter:
            asked_at, answers = _ask(adapter, batch)
    except SealError:
        raise CannotAskError("The provider's API key cannot be opened, so it was not asked.") from None
    except RetryLater as error:
        _poll_again_soon(batch)
        raise CannotAskError(f"The provider could not be asked: {error.text}") from None
    result = Polled()
    _settle_news(order.provider, batch, (asked_at, answers), result)
    if result.failed:
        raise CannotAskError("Its answer could not be settled, so the order is as it was.")
    return answers[order_id]


def _followed(everything: bool, now: datetime) -> QuerySet[Order]:
    followed = Order.objects.filter(next_poll_at__isnull=False, provider_order_id__isnull=False)
    return followed if everything else followed.filter(next_poll_at__lte=now)


def _batches(provider: Provider, everything: bool, is_failing: Callable[[], bool]) -> Generator[list[Seen], None, None]:
    """Claim what is due, a chunk at a time, and yield it in batches. What is claimed and not taken is released."""
    started = timezone.now()
    size = adapter_class(provider.adapter).batch_size
    followed = _followed(everything, started).filter(provider=provider)
    last = 0
    while True:
        ordered = followed.filter(pk__gt=last).order_by("pk") if everything else followed.order_by("next_poll_at", "pk")
        chunk = [Seen(*row) for row in ordered.values_list(*COLUMNS)[:CLAIM]]
        if not chunk or is_failing():
            return
        last = chunk[-1].pk
        claimed = _claim(chunk)
        given = 0
        try:
            while given < len(claimed) and not is_failing():
                batch = claimed[given : given + size]
                given += len(batch)
                yield batch
        finally:
            _poll_again_soon(claimed[given:])


def _claim(chunk: Sequence[Seen]) -> list[Seen]:
    """Those of the chunk that no other poller took first; their next look is moved on."""
    now = timezone.now()
    moved = [
        seen._replace(
            next_poll_at=next_poll(state=State(seen.state), sent_at=seen.sent_at, finished_at=seen.finished_at, now=now)
        )
        for seen in chunk
    ]
    rows = [(new.pk, new.next_poll_at, old.next_poll_at) for old, new in zip(chunk, moved, strict=True)]
    ours = set(update_rows(Order, rows, fields=["next_poll_at"], guard=["next_poll_at"]))
    return [seen for seen in moved if seen.pk in ours]


def _poll_again_soon(batch: Sequence[Seen]) -> None:
    soon = timezone.now() + FIRST_POLL
    rows = [(seen.pk, soon, seen.next_poll_at) for seen in batch]
    update_rows(Order, rows, fields=["next_poll_at"], guard=["next_poll_at"])


def _ask(adapter: ProviderAdapter, batch: Sequence[Seen]) -> tuple[datetime, dict[int, Answer]]:
    asked_at = timezone.now()
    answers = adapter.statuses(order_ids=[seen.external_id for seen in batch])
    return asked_at, {seen.pk: answers.get(seen.external_id) for seen in batch}


def _settle_news(
    provider: Provider, batch: Sequence[Seen], reply: tuple[datetime, dict[int, Answer]], result: Polled
) -> None:
    asked_at, answers = reply
    news = {seen.pk: answers[seen.pk] for seen in batch if _is_news(seen, answers[seen.pk], provider)}
    settled = settle_batch(answers=news, asked_at=asked_at, now=timezone.now())
    result.changed += settled.changed
    result.refunded += settled.refunded
    result.failed += settled.failed
    if settled.other_currency:
        pause_provider(provider_id=provider.pk, reason="currency")


def _is_news(seen: Seen, answer: Answer, provider: Provider) -> bool:
    """Whether the answer says anything that is not written yet."""
    if not isinstance(answer, OrderStatus) or seen.misses or answer.posts is not None:
        return True
    if seen.attention in UNTIL_ANSWERED:
        return True
    return not (
        reported_cost(answer) in {None, seen.cost}
        and answer.word == seen.word
        and answer.raw[:100] == seen.raw
        and answer.start_count in {None, seen.start_count}
        and answer.remains in {None, seen.remains}
        and (not answer.currency or answer.currency.upper() == provider.currency.upper())
    )
