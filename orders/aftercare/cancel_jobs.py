"""Send cancel requests to providers and close those whose orders have ended. Called by tasks and commands.

An accepted request moves no money: the order's status does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.aftercare.cancel_closing import close_cancels
from orders.aftercare.claims import (
    SENDING,
    ClaimedRequest,
    RequestUpdate,
    claim_to_send,
    not_sent,
    write_failure,
    write_updates,
)
from orders.aftercare.provider_batches import run_steps
from orders.aftercare.unanswered_requests import MAX_TRIES, update_unanswered_alert
from orders.core import safe_mode
from orders.models import Cancellation, Order
from orders.rules.polling_interval import FIRST_POLL
from orders.rules.states import State
from providers.adapters.base import Accepted, ItemError, ProviderAdapter
from providers.adapters.errors import RetryLater
from providers.adapters.vocabulary import classify_error
from providers.models import Provider

UNSENT_FOR = timedelta(minutes=5)
"""How long a request that was provably not sent waits, unless the provider says otherwise."""
UNKNOWN_FOR = timedelta(minutes=10)
"""How long a request without a clear answer waits before it is sent again; sending twice does no harm."""

S = Cancellation.State


@dataclass(slots=True)
class CancelsRun:
    """The result of a run: requests answered, accepted and closed, and failed calls."""

    requested: int = 0
    accepted: int = 0
    closed: int = 0
    failed_requests: int = 0


def providers_due(*, now: datetime, everything: bool = False) -> list[Provider]:
    """The providers with cancel requests to send."""
    due = _to_send(now, everything)
    return list(Provider.objects.filter(pk__in=due.values("order__provider")).order_by("pk"))


def poll_cancels(*, now: datetime, everything: bool = False) -> CancelsRun:
    """Close requests of ended orders, then send to all providers in turn. With `everything` also what waits longer."""
    total = CancelsRun(closed=close_cancels(now=now))
    for provider in providers_due(now=now, everything=everything):
        done = send_cancels(provider=provider, now=now, everything=everything)
        total.requested += done.requested
        total.accepted += done.accepted
        total.failed_requests += done.failed_requests
    return total


def send_cancels(*, provider: Provider, now: datetime, everything: bool = False) -> CancelsRun:
    """Send the requests due at this provider, in batches; none in safe mode."""
    result = CancelsRun()
    if safe_mode.is_on():
        return result
    step = _Send(_to_send(now, everything).filter(order__provider=provider), result)
    result.failed_requests = run_steps(provider=provider, steps=[step])
    update_unanswered_alert(provider_ids=[provider.pk])
    return result


def _to_send(now: datetime, everything: bool) -> QuerySet[Cancellation]:
    due = Q(state__in=[S.WANTED, S.UNKNOWN, SENDING], next_at__lte=now)  # sending: the worker that sent it is gone
    if everything:
        due |= Q(state=S.WANTED)
    return Cancellation.objects.filter(due, tries__lt=MAX_TRIES, order__state=State.ACTIVE)


@dataclass(slots=True)
class _Send:
    """Ask the provider to cancel orders."""

    due: QuerySet[Cancellation]
    result: CancelsRun

    def claim(self, *, after: int, size: int) -> Sequence[ClaimedRequest]:
        return claim_to_send(self.due, until=timezone.now() + UNKNOWN_FOR, after=after, size=size)

    def ask(self, adapter: ProviderAdapter, ids: Sequence[str]) -> Mapping[str, Any]:
        return adapter.cancels(order_ids=ids)

    def record(self, batch: Sequence[ClaimedRequest], answers: Mapping[str, Any]) -> None:
        now = timezone.now()
        updates = [(row, _update(row, answers.get(row.external_id), now)) for row in batch]
        self.result.requested += write_updates(Cancellation, updates)
        accepted = [row.order_id for row, new in updates if new.state == S.ASKED]
        self.result.accepted += len(accepted)
        _poll_soon(accepted, now)

    def record_failure(self, batch: Sequence[ClaimedRequest], error: RetryLater) -> None:
        write_failure(Cancellation, batch, error, unsent_for=UNSENT_FOR)


def _update(row: ClaimedRequest, answer: Accepted | ItemError | None, now: datetime) -> RequestUpdate:
    if isinstance(answer, Accepted):
        return RequestUpdate(S.ASKED, event="cancel taken")
    if answer is None:
        return RequestUpdate(S.UNKNOWN, row.next_at, row.tries, _("The provider did not answer for this order."))
    if classify_error(answer.text) == "busy":
        return not_sent(row, again=now + UNSENT_FOR, reason=answer.text)
    if not row.is_first_request:
        return RequestUpdate(S.UNKNOWN, None, row.tries, answer.text, event="cancel unanswered")
    return RequestUpdate(S.REFUSED, reason=answer.text, event="cancel refused")


def _poll_soon(order_ids: Sequence[int], now: datetime) -> None:
    """Poll these orders within a minute: old orders are polled rarely."""
    soon = now + FIRST_POLL
    Order.objects.filter(pk__in=order_ids, state=State.ACTIVE, next_poll_at__gt=soon).update(next_poll_at=soon)
