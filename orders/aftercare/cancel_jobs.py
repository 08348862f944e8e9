"""Pass on the wishes to cancel, provider by provider, and have those closed whose orders ended. For tasks and commands.

"Accepted" moves no money: the order's status does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.claims import SENDING, Claimed, Told, claim_to_send, not_passed_on, write_failure, write_told
from orders.aftercare.provider_batches import run_steps
from orders.aftercare.unanswered import MAX_TRIES, tell_staff
from orders.core import safe_mode
from orders.models import Cancellation, Order
from orders.rules.polling_interval import FIRST_POLL
from orders.rules.states import State
from providers.adapters.base import Accepted, ItemError, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.adapters.vocabulary import classify_error
from providers.models import Provider

UNSENT_FOR = timedelta(minutes=5)
"""How long one that provably was not passed on waits, unless the provider says otherwise."""
UNKNOWN_FOR = timedelta(minutes=10)
"""How long one without a sensible answer waits before it is passed on again: asking twice does no harm."""

S = Cancellation.State


@dataclass(slots=True)
class CancelsRun:
    """What a run came to: wishes answered, those accepted among them, those closed, calls that failed."""

    requested: int = 0
    accepted: int = 0
    closed: int = 0
    failed_requests: int = 0


def providers_due(*, now: datetime, everything: bool = False) -> list[Provider]:
    """The providers with wishes to pass on."""
    due = _to_send(now, everything)
    return list(Provider.objects.filter(pk__in=due.values("order__provider")).order_by("pk"))


def poll_cancels(*, now: datetime, everything: bool = False) -> CancelsRun:
    """Close what has ended, then all providers in turn. With `everything` also what waits to be sent again."""
    total = CancelsRun(closed=close_cancels(now=now))
    for provider in providers_due(now=now, everything=everything):
        done = pass_on_cancels(provider=provider, now=now, everything=everything)
        total.requested += done.requested
        total.accepted += done.accepted
        total.failed_requests += done.failed_requests
    return total


def pass_on_cancels(*, provider: Provider, now: datetime, everything: bool = False) -> CancelsRun:
    """Pass on what is due at this provider, in batches; nothing in safe mode."""
    result = CancelsRun()
    if safe_mode.is_on():
        return result
    step = _Send(_to_send(now, everything).filter(order__provider=provider), result)
    result.failed_requests = run_steps(provider=provider, steps=[step])
    tell_staff(provider_ids=[provider.pk])
    return result


def _to_send(now: datetime, everything: bool) -> QuerySet[Cancellation]:
    due = Q(state__in=[S.WANTED, S.UNKNOWN, SENDING], next_at__lte=now)  # sending: the worker that asked is gone
    if everything:
        due |= Q(state=S.WANTED)
    return Cancellation.objects.filter(due, tries__lt=MAX_TRIES, order__state=State.ACTIVE)


@dataclass(slots=True)
class _Send:
    """Ask the provider to cancel orders."""

    due: QuerySet[Cancellation]
    result: CancelsRun

    def claim(self, *, after: int, size: int) -> Sequence[Claimed]:
        return claim_to_send(self.due, until=timezone.now() + UNKNOWN_FOR, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.cancels(order_ids=ids)

    def record(self, batch: Sequence[Claimed], answers: Mapping[str, Any]) -> None:
        now = timezone.now()
        told = [(row, _told(row, answers.get(row.external_id), now)) for row in batch]
        self.result.requested += write_told(Cancellation, told)
        accepted = [row.order_id for row, new in told if new.state == S.ASKED]
        self.result.accepted += len(accepted)
        _look_soon(accepted, now)

    def record_failure(self, batch: Sequence[Claimed], error: RetryLater) -> None:
        write_failure(Cancellation, batch, error, unsent_for=UNSENT_FOR)


def _told(row: Claimed, answer: Accepted | ItemError | None, now: datetime) -> Told:
    if isinstance(answer, Accepted):
        return Told(S.ASKED, event="cancel taken")
    if answer is None:
        return Told(S.UNKNOWN, row.next_at, row.tries, "The provider did not answer for this order.")
    if classify_error(answer.text) == "busy":
        return not_passed_on(row, again=now + UNSENT_FOR, why=answer.text)
    if not row.is_first_request:
        return Told(S.UNKNOWN, None, row.tries, answer.text, event="cancel unanswered")
    return Told(S.REFUSED, why=answer.text, event="cancel refused")


def _look_soon(order_ids: Sequence[int], now: datetime) -> None:
    """Old orders are looked at rarely: what becomes of these is asked for in a minute."""
    soon = now + FIRST_POLL
    Order.objects.filter(pk__in=order_ids, state=State.ACTIVE, next_poll_at__gt=soon).update(next_poll_at=soon)
