"""Send requested refills to providers and poll the running ones. Called by tasks and commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.claims import (
    ClaimedRequest,
    RequestUpdate,
    claim_to_follow,
    claim_to_send,
    not_sent,
    write_failure,
    write_updates,
)
from orders.aftercare.provider_batches import Step, run_steps
from orders.aftercare.unanswered_requests import MAX_TRIES, give_up, update_unanswered_alert
from orders.core import safe_mode
from orders.models import Refill
from providers.adapters.base import ItemError, ProviderAdapter, RefillStatus, ReportedRefillStatus
from providers.adapters.errors import RetryLater
from providers.adapters.vocabulary import classify_error
from providers.models import Provider

POLL_EVERY = timedelta(minutes=30)
UNSENT_FOR = timedelta(minutes=10)
"""How long a refill that was provably not sent waits, unless the provider says otherwise."""
UNKNOWN_FOR = timedelta(hours=24)
"""How long a refill without a clear answer waits before it is sent again."""

S = Refill.State
_STATES = {
    ReportedRefillStatus.PENDING: S.PENDING,
    ReportedRefillStatus.IN_PROGRESS: S.IN_PROGRESS,
    ReportedRefillStatus.COMPLETED: S.COMPLETED,
    ReportedRefillStatus.REJECTED: S.REJECTED,
}


@dataclass(slots=True)
class RefillsRun:
    """The result of a run: refills answered when sent, refills polled, changes, failed calls."""

    requested: int = 0
    read: int = 0
    changed: int = 0
    failed_requests: int = 0


def providers_due(*, now: datetime, everything: bool = False) -> list[Provider]:
    """The providers with refills to send or poll; also inactive ones, whose orders continue."""
    due = _to_send(now, everything) | _to_follow(now, everything)
    return list(Provider.objects.filter(pk__in=due.values("order__provider")).order_by("pk"))


def give_up_refills(*, now: datetime) -> int:
    """Stop sending refills that were never answered, and alert staff; how many."""
    return give_up(Refill, event="refill unanswered", now=now)


def poll_refills(*, now: datetime, everything: bool = False) -> RefillsRun:
    """Process all providers in turn. With `everything` also what is not due, except requests without a clear answer."""
    total = RefillsRun()
    give_up_refills(now=now)
    for provider in providers_due(now=now, everything=everything):
        done = poll_provider_refills(provider=provider, now=now, everything=everything)
        total.requested += done.requested
        total.read += done.read
        total.changed += done.changed
        total.failed_requests += done.failed_requests
    return total


def poll_provider_refills(*, provider: Provider, now: datetime, everything: bool = False) -> RefillsRun:
    """Send the refills due at this provider, then poll the others, in batches; nothing in safe mode."""
    result = RefillsRun()
    if safe_mode.is_on():
        return result
    mine = Q(order__provider=provider)
    steps: list[Step] = [
        _Send(_to_send(now, everything).filter(mine), result),
        _Poll(_to_follow(now, everything).filter(mine), result),
    ]
    result.failed_requests = run_steps(provider=provider, steps=steps)
    update_unanswered_alert(provider_ids=[provider.pk])
    return result


def _to_send(now: datetime, everything: bool) -> QuerySet[Refill]:
    due = Q(state__in=[S.WANTED, S.UNKNOWN, S.SENDING], next_at__lte=now)  # sending: the worker that sent it is gone
    if everything:
        due |= Q(state=S.WANTED)
    return Refill.objects.filter(due, tries__lt=MAX_TRIES)


def _to_follow(now: datetime, everything: bool) -> QuerySet[Refill]:
    running = Refill.objects.filter(state__in=[S.PENDING, S.IN_PROGRESS])
    return running if everything else running.filter(next_at__lte=now)


@dataclass(slots=True)
class _Send:
    """Send refills to the provider."""

    due: QuerySet[Refill]
    result: RefillsRun

    def claim(self, *, after: int, size: int) -> Sequence[ClaimedRequest]:
        return claim_to_send(self.due, until=timezone.now() + UNKNOWN_FOR, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.refills(order_ids=ids)

    def record(self, batch: Sequence[ClaimedRequest], answers: Mapping[str, Any]) -> None:
        now = timezone.now()
        updates = [(row, _update(row, answers.get(row.external_id), now)) for row in batch]
        refill_ids = {row.pk: answers[row.external_id] if new.state == S.PENDING else "" for row, new in updates}
        self.result.requested += write_updates(Refill, updates, values=refill_ids, column="provider_refill_id")

    def record_failure(self, batch: Sequence[ClaimedRequest], error: RetryLater) -> None:
        write_failure(Refill, batch, error, unsent_for=UNSENT_FOR)


def _update(row: ClaimedRequest, answer: str | ItemError | None, now: datetime) -> RequestUpdate:
    if isinstance(answer, str):
        return RequestUpdate(S.PENDING, now + POLL_EVERY)
    if answer is None:
        return RequestUpdate(S.UNKNOWN, row.next_at, row.tries, _("The provider did not answer for this order."))
    if classify_error(answer.text) == "busy":
        return not_sent(row, again=now + UNSENT_FOR, reason=answer.text)
    if not row.is_first_request:
        return RequestUpdate(S.UNKNOWN, None, row.tries, answer.text, event="refill unanswered")
    return RequestUpdate(S.REJECTED, reason=answer.text, event="refill refused")


@dataclass(slots=True)
class _Poll:
    """Poll the status of refills."""

    due: QuerySet[Refill]
    result: RefillsRun

    def claim(self, *, after: int, size: int) -> Sequence[ClaimedRequest]:
        return claim_to_follow(self.due, until=timezone.now() + POLL_EVERY, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.refill_statuses(refill_ids=ids)

    def record(self, batch: Sequence[ClaimedRequest], answers: Mapping[str, Any]) -> None:
        updates = [(row, _poll_update(row, answers.get(row.external_id))) for row in batch]
        news = [(row, new) for row, new in updates if new.state != row.state or new.tries != row.tries]
        raw = {row.pk: _raw(answers.get(row.external_id)) for row, _ in news}
        write_updates(Refill, news, values=raw, column="provider_status_raw")
        self.result.read += len(batch)
        self.result.changed += sum(new.state != row.state for row, new in news)

    def record_failure(self, batch: Sequence[ClaimedRequest], error: RetryLater) -> None:
        """Leave the refills due at the end of their claim; an unreachable provider tells nothing about them."""


def _poll_update(row: ClaimedRequest, answer: RefillStatus | ItemError | None) -> RequestUpdate:
    """The update after a poll: a known status changes the state; anything else counts as a missed poll."""
    if isinstance(answer, RefillStatus) and answer.word in _STATES:
        state = _STATES[answer.word]
        event = {S.COMPLETED: "refilled", S.REJECTED: "refill refused"}.get(state, "")
        return RequestUpdate(state, row.next_at, reason=answer.raw if state == S.REJECTED else "", event=event)
    reason = (
        answer.text if isinstance(answer, ItemError) else _("The provider's answer for this refill is not understood.")
    )
    return RequestUpdate(row.state, row.next_at, min(row.tries + 1, 1000), reason)


def _raw(answer: RefillStatus | ItemError | None) -> str:
    return answer.raw[:100] if isinstance(answer, RefillStatus) else ""
