"""Refills: asked for by the customer, passed on and followed in batches of a hundred. They move no money."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from orders.models import Order, OrderEvent, Refill
from orders.states import State
from providers.adapters.base import ItemError, ProviderAdapter, RefillStatus, RefillWord
from providers.adapters.errors import RetryLater
from providers.connect import connected
from providers.models import Provider

log = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=30)
UNKNOWN_FOR = timedelta(hours=24)
"""How long a refill whose request got no sensible answer is left alone before it is asked for again."""

_STATES = {
    RefillWord.PENDING: Refill.State.PENDING,
    RefillWord.IN_PROGRESS: Refill.State.IN_PROGRESS,
    RefillWord.COMPLETED: Refill.State.COMPLETED,
    RefillWord.REJECTED: Refill.State.REJECTED,
}


class CannotRefillError(Exception):
    """The order cannot be refilled now; nothing was changed. The message is for the customer."""


@dataclass(slots=True)
class Refilled:
    """What a run came to: refills passed on, statuses read, and calls that failed."""

    requested: int = 0
    read: int = 0
    changed: int = 0
    failed_requests: int = 0


def request_refill(*, order: Order, actor: str) -> Refill:
    """Note the wish; the next run passes it on. Raises CannotRefillError."""
    if not may_refill(order):
        raise CannotRefillError("This order cannot be refilled.")
    try:
        with transaction.atomic():
            refill = Refill.objects.create(order=order)
            OrderEvent.objects.create(order=order, what="refill", actor=actor)
            return refill
    except IntegrityError:
        raise CannotRefillError("A refill of this order is under way already.") from None


def may_refill(order: Order) -> bool:
    """Whether the order is of a kind and in a state that can be refilled; one may be under way all the same."""
    return order.state in {State.COMPLETED, State.PARTIAL} and order.service.refill and bool(order.provider_order_id)


def poll_refills(*, now: datetime, everything: bool = False) -> Refilled:
    """Pass on what was asked for and read how the others stand, provider by provider."""
    result = Refilled()
    open_refills = Refill.objects.filter(next_poll_at__isnull=False)
    due = open_refills if everything else open_refills.filter(next_poll_at__lte=now)
    for provider in Provider.objects.filter(pk__in=due.values("order__provider")):
        mine = due.filter(order__provider=provider).select_related("order").order_by("pk")
        never_answered = Q(state=Refill.State.SENDING, next_poll_at__lte=now)  # the worker that asked is gone
        wanted = list(mine.filter(Q(state__in=[Refill.State.WANTED, Refill.State.UNKNOWN]) | never_answered))
        running = list(mine.filter(state__in=[Refill.State.PENDING, Refill.State.IN_PROGRESS]))
        with connected(provider) as adapter:
            _each_batch(adapter, wanted, _request, result)
            _each_batch(adapter, running, _read, result)
    return result


Work = Callable[[ProviderAdapter, Sequence[Refill], Refilled], None]


def _each_batch(adapter: ProviderAdapter, refills: Sequence[Refill], work: Work, result: Refilled) -> None:
    for batch in _batches(refills, adapter.batch_size):
        try:
            work(adapter, batch, result)
        except RetryLater as error:
            log.warning("refills not followed", extra={"why": error.text})
            result.failed_requests += 1
            return


def _batches(refills: Sequence[Refill], size: int) -> Iterator[Sequence[Refill]]:
    for start in range(0, len(refills), size):
        yield refills[start : start + size]


def _request(adapter: ProviderAdapter, batch: Sequence[Refill], result: Refilled) -> None:
    now = timezone.now()
    claimed = [refill for refill in batch if _claim(refill, Refill.State.SENDING, now + UNKNOWN_FOR)]
    if not claimed:
        return
    try:
        answers = adapter.refills(order_ids=[refill.order.provider_order_id or "" for refill in claimed])
    except RetryLater as error:
        is_unsent = error.reason in {"not_connected", "busy", "key"}
        for refill in claimed:
            refill.next_poll_at = now + (ASK_EVERY if is_unsent else UNKNOWN_FOR)
            _move(refill, Refill.State.WANTED if is_unsent else Refill.State.UNKNOWN, why=error.text)
        raise
    for refill in claimed:
        answer = answers.get(refill.order.provider_order_id or "")
        refill.next_poll_at = now + ASK_EVERY
        if isinstance(answer, str):
            refill.provider_refill_id = answer
            _move(refill, Refill.State.PENDING)
        elif isinstance(answer, ItemError):
            _move(refill, Refill.State.REJECTED, why=answer.text)
        else:
            refill.next_poll_at = now + UNKNOWN_FOR
            _move(refill, Refill.State.UNKNOWN, why="The provider did not answer for this order.")
        result.requested += 1


def _read(adapter: ProviderAdapter, batch: Sequence[Refill], result: Refilled) -> None:
    now = timezone.now()
    claimed = [refill for refill in batch if _claim(refill, Refill.State(refill.state), now + ASK_EVERY)]
    if not claimed:
        return
    answers = adapter.refill_statuses(refill_ids=[refill.provider_refill_id for refill in claimed])
    for refill in claimed:
        answer = answers.get(refill.provider_refill_id)
        result.read += 1
        if not isinstance(answer, RefillStatus) or answer.word not in _STATES:
            continue
        refill.provider_status_raw = answer.raw[:100]
        if _STATES[answer.word] != refill.state:
            _move(refill, _STATES[answer.word], why="" if answer.word != RefillWord.REJECTED else answer.raw)
            result.changed += 1


def _claim(refill: Refill, state: Refill.State, until: datetime) -> bool:
    """Whether this run has it: whoever moves its next look first."""
    mine = Refill.objects.filter(pk=refill.pk, state=refill.state, next_poll_at=refill.next_poll_at)
    if not mine.update(state=state, next_poll_at=until):
        return False
    refill.state, refill.next_poll_at = state, until
    return True


def _move(refill: Refill, new: Refill.State, why: str = "") -> None:
    """Write the refill in its new state, with a line in the order's history where it ended."""
    refill.state, refill.why = new, why[:300]
    with transaction.atomic():
        if new in {Refill.State.COMPLETED, Refill.State.REJECTED}:
            refill.next_poll_at, refill.ended_at = None, timezone.now()
            what = "refilled" if new == Refill.State.COMPLETED else "refill refused"
            OrderEvent.objects.create(order=refill.order, what=what, why=refill.why)
        refill.save()
