"""Pass on the refills that were asked for and follow the others, provider by provider. Called by tasks and commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.aftercare.claims import (
    Claimed,
    Told,
    claim_to_follow,
    claim_to_send,
    not_passed_on,
    write_failure,
    write_told,
)
from orders.aftercare.provider_batches import Step, run_steps
from orders.aftercare.unanswered import MAX_TRIES, give_up, tell_staff
from orders.core import safe_mode
from orders.models import Refill
from providers.adapters.base import ItemError, ProviderAdapter, RefillStatus, ReportedRefillStatus
from providers.adapters.errors import RetryLater
from providers.adapters.vocabulary import classify_error
from providers.models import Provider

LOOK_EVERY = timedelta(minutes=30)
UNSENT_FOR = timedelta(minutes=10)
"""How long a refill that provably was not passed on waits, unless the provider says otherwise."""
UNKNOWN_FOR = timedelta(hours=24)
"""How long one whose request got no sensible answer is left alone before it is asked for again."""

S = Refill.State
_STATES = {
    ReportedRefillStatus.PENDING: S.PENDING,
    ReportedRefillStatus.IN_PROGRESS: S.IN_PROGRESS,
    ReportedRefillStatus.COMPLETED: S.COMPLETED,
    ReportedRefillStatus.REJECTED: S.REJECTED,
}


@dataclass(slots=True)
class Refilled:
    """What a run came to: refills answered when passed on, refills asked about, changes, calls that failed."""

    requested: int = 0
    read: int = 0
    changed: int = 0
    failed_requests: int = 0


def providers_due(*, now: datetime, everything: bool = False) -> list[Provider]:
    """The providers with refills to pass on or to follow; also those switched off, since their orders go on."""
    due = _to_send(now, everything) | _to_follow(now, everything)
    return list(Provider.objects.filter(pk__in=due.values("order__provider")).order_by("pk"))


def give_up_refills(*, now: datetime) -> int:
    """Stop passing on those that were never answered, and tell staff; how many."""
    return give_up(Refill, event="refill unanswered", now=now)


def poll_refills(*, now: datetime, everything: bool = False) -> Refilled:
    """All providers in turn. With `everything` also what is not due, save what waits for an unknown answer."""
    total = Refilled()
    give_up_refills(now=now)
    for provider in providers_due(now=now, everything=everything):
        done = poll_provider_refills(provider=provider, now=now, everything=everything)
        total.requested += done.requested
        total.read += done.read
        total.changed += done.changed
        total.failed_requests += done.failed_requests
    return total


def poll_provider_refills(*, provider: Provider, now: datetime, everything: bool = False) -> Refilled:
    """Pass on what is due at this provider, then ask how the others stand, each in batches; nothing in safe mode."""
    result = Refilled()
    if safe_mode.is_on():
        return result
    mine = Q(order__provider=provider)
    steps: list[Step] = [
        _Send(_to_send(now, everything).filter(mine), result),
        _Follow(_to_follow(now, everything).filter(mine), result),
    ]
    result.failed_requests = run_steps(provider=provider, steps=steps)
    tell_staff(provider_ids=[provider.pk])
    return result


def _to_send(now: datetime, everything: bool) -> QuerySet[Refill]:
    due = Q(state__in=[S.WANTED, S.UNKNOWN, S.SENDING], next_at__lte=now)  # sending: the worker that asked is gone
    if everything:
        due |= Q(state=S.WANTED)
    return Refill.objects.filter(due, tries__lt=MAX_TRIES)


def _to_follow(now: datetime, everything: bool) -> QuerySet[Refill]:
    running = Refill.objects.filter(state__in=[S.PENDING, S.IN_PROGRESS])
    return running if everything else running.filter(next_at__lte=now)


@dataclass(slots=True)
class _Send:
    """Ask the provider for refills."""

    due: QuerySet[Refill]
    result: Refilled

    def claim(self, *, after: int, size: int) -> Sequence[Claimed]:
        return claim_to_send(self.due, until=timezone.now() + UNKNOWN_FOR, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.refills(order_ids=ids)

    def record(self, batch: Sequence[Claimed], answers: Mapping[str, Any]) -> None:
        now = timezone.now()
        told = [(row, _told(row, answers.get(row.external_id), now)) for row in batch]
        given = {row.pk: answers[row.external_id] if new.state == S.PENDING else "" for row, new in told}
        self.result.requested += write_told(Refill, told, said=given, column="provider_refill_id")

    def record_failure(self, batch: Sequence[Claimed], error: RetryLater) -> None:
        write_failure(Refill, batch, error, unsent_for=UNSENT_FOR)


def _told(row: Claimed, answer: str | ItemError | None, now: datetime) -> Told:
    if isinstance(answer, str):
        return Told(S.PENDING, now + LOOK_EVERY)
    if answer is None:
        return Told(S.UNKNOWN, row.next_at, row.tries, "The provider did not answer for this order.")
    if classify_error(answer.text) == "busy":
        return not_passed_on(row, again=now + UNSENT_FOR, why=answer.text)
    if not row.is_first_request:
        return Told(S.UNKNOWN, None, row.tries, answer.text, event="refill unanswered")
    return Told(S.REJECTED, why=answer.text, event="refill refused")


@dataclass(slots=True)
class _Follow:
    """Ask the provider how refills stand."""

    due: QuerySet[Refill]
    result: Refilled

    def claim(self, *, after: int, size: int) -> Sequence[Claimed]:
        return claim_to_follow(self.due, until=timezone.now() + LOOK_EVERY, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.refill_statuses(refill_ids=ids)

    def record(self, batch: Sequence[Claimed], answers: Mapping[str, Any]) -> None:
        told = [(row, _followed(row, answers.get(row.external_id))) for row in batch]
        news = [(row, new) for row, new in told if new.state != row.state or new.tries != row.tries]
        raw = {row.pk: _raw(answers.get(row.external_id)) for row, _ in news}
        write_told(Refill, news, said=raw, column="provider_status_raw")
        self.result.read += len(batch)
        self.result.changed += sum(new.state != row.state for row, new in news)

    def record_failure(self, batch: Sequence[Claimed], error: RetryLater) -> None:
        """They are due again as they were claimed; a provider that is away says nothing of a refill."""


def _followed(row: Claimed, answer: RefillStatus | ItemError | None) -> Told:
    """Only a word that we know changes its state; anything else is counted."""
    if isinstance(answer, RefillStatus) and answer.word in _STATES:
        state = _STATES[answer.word]
        event = {S.COMPLETED: "refilled", S.REJECTED: "refill refused"}.get(state, "")
        return Told(state, row.next_at, why=answer.raw if state == S.REJECTED else "", event=event)
    why = answer.text if isinstance(answer, ItemError) else "The provider said nothing of it that makes sense."
    return Told(row.state, row.next_at, min(row.tries + 1, 1000), why)


def _raw(answer: RefillStatus | ItemError | None) -> str:
    return answer.raw[:100] if isinstance(answer, RefillStatus) else ""
