"""Record what became of an attempt to buy an order. Called by submit with the answer, by the sweep where none came."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from orders.aftercare.cancel_waiting import cancel_if_requested, is_cancel_requested
from orders.core import safe_mode
from orders.core.change import Change, lock_orders, write
from orders.core.wake import wake_submit
from orders.models import Attempt, Order
from orders.rules.states import UNCONFIRMED_STATES, State
from orders.submission.due import due_orders
from orders.submission.failover import fail_over
from orders.tracking.settle import Houses, accept, end_with_refund
from orders.unconfirmed.alert import update_unconfirmed_alert
from orders.unconfirmed.late_confirmation import record_late_placement
from providers.adapters.base import Placed
from providers.adapters.errors import NotPlaced, OutcomeUnknown, Refused
from providers.availability import circuit_breaker
from providers.catalog.publishing.unpublish import unpublish_service

log = logging.getLogger(__name__)

Outcome = Placed | Refused | NotPlaced | OutcomeUnknown

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=10)
_WORDS = {
    Placed: Attempt.Outcome.PLACED,
    Refused: Attempt.Outcome.REFUSED,
    NotPlaced: Attempt.Outcome.NOT_PLACED,
    OutcomeUnknown: Attempt.Outcome.UNKNOWN,
}


def record_outcome(*, attempt_id: int, outcome: Outcome) -> None:
    """Bring the order where the attempt's `outcome` says, once. A late answer counts while nobody has decided."""
    attempt = Attempt.objects.select_related("order").get(pk=attempt_id)
    with bound_contextvars(order=attempt.order_id):
        _record(attempt, outcome)


def _record(attempt: Attempt, outcome: Outcome) -> None:
    order = attempt.order  # as it was sent: by the outcome it may go to another supplier
    if isinstance(outcome, Placed) and _is_taken(order, outcome.order_id):
        outcome = _already_ours(outcome)
    try:
        final = _write_outcome(attempt, outcome)
    except IntegrityError:  # the same id was linked to another order in this moment
        if not isinstance(outcome, Placed):
            raise
        final = _write_outcome(attempt, _already_ours(outcome))
    if final is not None and not isinstance(final, OutcomeUnknown):
        _follow_answer(attempt, final)
        _wake_next(order)


def _wake_next(order: Order) -> None:
    """The order that waited behind this one where it was sent, since it costs the same."""
    due = due_orders(now=timezone.now())
    behind = due.filter(provider=order.provider_id, expected_cost=order.expected_cost)
    next_id = behind.order_by("next_attempt_at", "pk").values_list("pk", flat=True).first()
    if next_id is not None:
        wake_submit(order_id=next_id)


def _is_taken(order: Order, provider_order_id: str) -> bool:
    same = Order.objects.filter(provider=order.provider_id, provider_order_id=provider_order_id)
    return same.exclude(pk=order.pk).exists()


def _already_ours(placed: Placed) -> OutcomeUnknown:
    text = f"The provider answered with the id {placed.order_id}, which belongs to another order."
    return OutcomeUnknown(text, candidate=placed.order_id, evidence=placed.evidence)


def _write_outcome(attempt: Attempt, outcome: Outcome) -> Outcome | None:
    """Write it; what it came to, or None when the attempt had been decided before."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[attempt.order_id], now=now)[attempt.order_id]
        attempt.refresh_from_db()
        is_undecided = attempt.outcome in {None, Attempt.Outcome.UNKNOWN}
        if not is_undecided or change.state not in {State.SENDING, State.UNCONFIRMED, State.REVIEW}:
            log.warning("late outcome dropped", extra={"outcome": type(outcome).__name__})
            if isinstance(outcome, Placed):
                record_late_placement(attempt=attempt, placed=outcome)
            return None
        outcome = _weigh(attempt, outcome, now)
        if isinstance(outcome, OutcomeUnknown) and change.state != State.SENDING:
            return None
        was_in_doubt, sent_to = change.state in UNCONFIRMED_STATES, change.order.provider_id
        _apply(change, attempt, outcome)
        _close(attempt, outcome, now)
        write([change])
        _follow_trouble(attempt, outcome, now)
        if was_in_doubt or change.state in UNCONFIRMED_STATES:
            update_unconfirmed_alert(provider_id=sent_to)
    return outcome


def _weigh(attempt: Attempt, outcome: Outcome, now: datetime) -> Outcome:
    """What "this link is busy" means: the earlier attempt was placed after all, or the order has waited long enough.

    Only what was tried at the same provider tells that; how long was waited, only what was tried as the same service.
    """
    if not isinstance(outcome, NotPlaced) or outcome.reason != "link_busy":
        return outcome
    there = Q(provider=attempt.provider_id) | Q(provider=None)  # None: before attempts kept their provider
    earlier = Attempt.objects.filter(there, order=attempt.order_id, number__lt=attempt.number)
    if earlier.filter(outcome=Attempt.Outcome.ABSENT).exists():
        return OutcomeUnknown(f"An earlier attempt may have been placed: {outcome.text}", evidence=outcome.evidence)
    busy = earlier.filter(reason__startswith="link_busy", provider_service=attempt.provider_service)
    first = busy.order_by("number").first()
    if first is not None and now - first.started_at >= timedelta(seconds=settings.LINK_BUSY_SECONDS):
        return Refused(outcome.text, code="order", evidence=outcome.evidence)
    return outcome


def _apply(change: Change, attempt: Attempt, outcome: Outcome) -> None:
    houses = Houses()
    match outcome:
        case Placed():
            accept(change, provider_order_id=outcome.order_id, houses=houses, what="accepted")
        case Refused():
            _refused(change, outcome, houses)
        case NotPlaced():
            change.order.next_attempt_at = change.now + _wait(attempt, outcome)
            change.to(State.QUEUED, what="waits", reason=outcome.text)
            cancel_if_requested(change, houses=houses)
        case OutcomeUnknown():
            change.to(State.UNCONFIRMED, what="doubt", reason=outcome.text)


def _refused(change: Change, outcome: Refused, houses: Houses) -> None:
    """Over for who wants it no more; else the next supplier's turn, or the money back."""
    if is_cancel_requested(change.order):
        change.to(State.QUEUED, what="waits", reason=outcome.text)
        cancel_if_requested(change, houses=houses)
    elif not fail_over(change, reason=outcome.text):
        end_with_refund(change, State.REJECTED, houses=houses, what="rejected", reason=outcome.text)


def _wait(attempt: Attempt, outcome: NotPlaced) -> timedelta:
    if outcome.retry_after:
        return min(timedelta(seconds=outcome.retry_after), LONGEST_WAIT)
    doublings: int = min(attempt.number - 1, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _close(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    attempt.outcome = _WORDS[type(outcome)]
    attempt.ended_at = now
    attempt.http_status = outcome.evidence.http_status
    attempt.body_sha256 = outcome.evidence.body_sha256
    attempt.excerpt = outcome.evidence.excerpt[:500]
    if isinstance(outcome, NotPlaced):
        attempt.reason = f"{outcome.reason}: {outcome.text}"[:300]
    elif not isinstance(outcome, Placed):
        attempt.reason = outcome.text[:300]
    if isinstance(outcome, OutcomeUnknown):
        attempt.candidate = outcome.candidate[:64]
    attempt.save()


def _follow_trouble(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    """What it means for the provider that was asked: in the outcome's transaction, since nobody would make it good."""
    provider_id = attempt.provider_id or attempt.order.provider_id
    match outcome:
        case NotPlaced(reason="funds") | NotPlaced(reason="key"):
            circuit_breaker.pause_provider(
                provider_id=provider_id, reason="funds" if outcome.reason == "funds" else "key"
            )
        case NotPlaced(reason="safe_mode"):
            safe_mode.open_safe_mode_alert(reason=outcome.text)
        case NotPlaced(reason="not_connected"):
            circuit_breaker.record_failure(
                provider_id=provider_id, kind="unreached", sent_at=attempt.started_at, now=now
            )
        case OutcomeUnknown():
            circuit_breaker.record_failure(provider_id=provider_id, kind="unknown", sent_at=attempt.started_at, now=now)


def _follow_answer(attempt: Attempt, outcome: Outcome) -> None:
    """What a clear answer means for the provider; after the order is safe, for the next answer says it again."""
    provider_id = attempt.provider_id or attempt.order.provider_id
    if isinstance(outcome, Placed | Refused):
        circuit_breaker.record_success(provider_id=provider_id)
    if isinstance(outcome, Refused) and outcome.code == "service_gone":
        unpublish_service(provider_id=provider_id, external_id=attempt.provider_service)
