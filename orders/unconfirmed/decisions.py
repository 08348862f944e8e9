"""What a person decides of an order whose fate is unknown, or that was flagged. Called by the staff's pages and admin.

The panel itself adopts at most what evidence leaves no doubt about (orders/unconfirmed/probe.py); it neither sends
again nor refunds.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from orders.core import safe_mode
from orders.core.change import Change, audit_change, lock_orders, write
from orders.core.unmatched_orders import THE_PANEL
from orders.models import UNKNOWN_WORD, Attempt, Order, Probe
from orders.rules.states import UNCONFIRMED_STATES, State
from orders.tracking.settle import Houses, accept, end_with_refund
from orders.unconfirmed.alert import follow_doubts
from panel.lib.logs.context import about_order
from panel.ops import audit
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.models import ApprovalRequest
from providers.adapters.base import ItemError
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

WORDS_CLEARED = 500


class CannotResolveError(Exception):
    """The verdict cannot be carried out; nothing was changed. The message is for the person."""


@about_order
def it_was_placed(*, order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """The order is at the provider under this id: it goes on from there. The provider is asked for the id first."""
    _check_safe_mode()
    it_was_found(order_id=order_id, provider_order_id=provider_order_id, actor=actor, reason=reason)


@about_order
def it_was_found(*, order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """As `it_was_placed`, also in safe mode: for what a search for orders of ours found."""
    order = Order.objects.select_related("provider").get(pk=order_id)
    _check_id(order.provider, provider_order_id)
    _adopt(order_id, provider_order_id, actor, reason)


@about_order
def evidence_shows_it(*, order_id: int, provider_order_id: str, why: str) -> None:
    """The provider's own ids leave no doubt that the order is there under this one: it goes on from there."""
    _adopt(order_id, provider_order_id, "", why)


@about_order
def it_was_not_placed(*, order_id: int, actor: str, reason: str) -> None:
    """The provider does not have the order: it is queued and sent again."""
    _check_safe_mode()

    def decide(change: Change, attempt: Attempt) -> None:
        change.order.next_attempt_at = change.order.queued_at = change.now
        change.to(State.QUEUED, what="not placed", reason=reason, actor=actor)
        _close_attempt(attempt, Attempt.Outcome.ABSENT)
        _grade(attempt, "")

    _resolve(order_id, decide, "was not placed", actor, reason)


@about_order
def refund_unconfirmed(*, order_id: int, actor: str, reason: str, approval: int | None = None) -> None:
    """End the order with its money refunded, whatever became of it at the provider. Raises as `authorize` does, too."""
    _check_safe_mode()

    def decide(change: Change, attempt: Attempt) -> None:
        order = change.order
        proposed = Proposed(
            action=ApprovalRequest.Action.UNCONFIRMED,
            subject=f"order:{order.pk}",
            customer=order.customer,
            amount=order.charge - order.refunded,
            reason=reason,
        )
        authorize(proposed, actor=actor, approval=approval, now=change.now)
        end_with_refund(change, State.REJECTED, houses=Houses(), what="rejected", reason=reason, actor=actor)

    _resolve(order_id, decide, "money back", actor, reason)


@about_order
def clear_attention(*, order_id: int, actor: str, reason: str) -> None:
    """A person has looked at a flagged order."""
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=timezone.now())[order_id]
        change.note("seen", reason=f"{change.order.attention}: {reason}", actor=actor)
        change.order.attention = ""
        write([change])
        audit_change(change, actor=actor, action="order looked at", reason=reason)


def _adopt(order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """Without an actor the panel itself decided; a person's verdict also grades the evidence."""

    def decide(change: Change, attempt: Attempt) -> None:
        accept(
            change, provider_order_id=provider_order_id, houses=Houses(), what="confirmed", reason=reason, actor=actor
        )
        _close_attempt(attempt, Attempt.Outcome.PLACED)
        if actor:
            _grade(attempt, provider_order_id)

    try:
        _resolve(order_id, decide, "was placed", actor or THE_PANEL, reason)
    except IntegrityError:
        raise CannotResolveError("That id belongs to another order already.") from None


def clear_word(*, provider_id: int, word: str, actor: str, reason: str) -> int:
    """A person knows what a provider's word for a status means: orders that have it are flagged no more.

    How many were, at most some hundreds a call; in the audit trail with who and why.
    """
    flagged = Order.objects.filter(provider=provider_id, attention=UNKNOWN_WORD, provider_status_raw=word)
    with transaction.atomic(durable=True):
        ids = flagged.exclude(attention="").order_by("pk").values_list("pk", flat=True)[:WORDS_CLEARED]
        changes = lock_orders(order_ids=list(ids), now=timezone.now()).values()
        cleared = [change for change in changes if change.order.attention == UNKNOWN_WORD]
        for change in cleared:
            change.note("seen", reason=f"{UNKNOWN_WORD} “{word}”: {reason}", actor=actor)
            change.order.attention = ""
        write(cleared)
        detail = {"word": word, "orders": len(cleared), "reason": reason}
        audit.record(actor=actor, action="provider.word", target=f"provider:{provider_id}", detail=detail)
    return len(cleared)


def _check_safe_mode() -> None:
    if safe_mode.is_on_now():
        raise CannotResolveError(safe_mode.STAFF_NOTICE)


def _check_id(provider: Provider, provider_order_id: str) -> None:
    try:
        with connected(provider) as adapter:
            status = adapter.status(order_id=provider_order_id)
    except RetryLater as error:
        raise CannotResolveError(f"The provider could not be asked for this id: {error.text}") from None
    if isinstance(status, ItemError):
        raise CannotResolveError(f"The provider does not know this id: {status.text}")


def _resolve(order_id: int, decide: Callable[[Change, Attempt], None], verdict: str, actor: str, reason: str) -> None:
    if not reason.strip():
        raise CannotResolveError("Say why: the reason is kept with the order.")
    now = timezone.now()
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        attempt = Attempt.objects.filter(order=order_id, outcome=Attempt.Outcome.UNKNOWN).first()
        if change.state not in UNCONFIRMED_STATES or attempt is None:
            raise CannotResolveError("This order is no longer in doubt.")
        if attempt.lease_until > now:
            raise CannotResolveError("Its answer may still come. Wait two minutes, then decide.")
        decide(change, attempt)
        write([change])
        audit_change(change, actor=actor, action=f"order {verdict}", reason=reason)
        follow_doubts(provider_id=change.order.provider_id)


def _grade(attempt: Attempt, found: str) -> None:
    """Keep whether the evidence had said the same: under this id, or with none, not placed."""
    probe = Probe.objects.filter(attempt=attempt, is_right=None, verdict__in=["placed", "absent"]).first()
    if probe is None:
        return
    probe.is_right = probe.candidate == found
    probe.save(update_fields=["is_right"])
    column = "probes_right" if probe.is_right else "probes_wrong"
    Provider.objects.filter(pk=attempt.order.provider_id).update(**{column: F(column) + 1})


def _close_attempt(attempt: Attempt, outcome: Attempt.Outcome) -> None:
    attempt.outcome = outcome
    attempt.ended_at = timezone.now()
    attempt.save(update_fields=["outcome", "ended_at"])
