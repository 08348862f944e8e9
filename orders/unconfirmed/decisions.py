"""Staff decisions on unconfirmed and flagged orders. Called by the staff pages and the admin.

The panel itself only confirms orders with clear evidence (probe.py); it never sends again or refunds.
"""

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from orders.core import safe_mode
from orders.core.change import Change, audit_change, lock_orders, write
from orders.core.unmatched_orders import THE_PANEL
from orders.models import UNKNOWN_WORD, Attempt, Order, Probe
from orders.rules.states import UNCONFIRMED_STATES, State
from orders.tracking.settle import Houses, accept, end_with_refund
from orders.unconfirmed.alert import update_unconfirmed_alert
from panel.lib.logs.context import about_order
from panel.ops import audit
from panel.wallet.approvals.second_approval import Proposed, authorize
from panel.wallet.models import ApprovalRequest
from providers.adapters.base import ItemError
from providers.adapters.errors import RetryLater
from providers.connection.connect import connected
from providers.models import Provider

MAX_CLEARED = 500


class CannotResolveError(Exception):
    """The decision cannot be carried out; nothing was changed. The message is for the person."""


@about_order
def confirm_placed(*, order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """Confirm that the provider has the order under this ID, after asking the provider for it. The order continues."""
    _check_safe_mode()
    confirm_found(order_id=order_id, provider_order_id=provider_order_id, actor=actor, reason=reason)


@about_order
def confirm_found(*, order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """As `confirm_placed`, also in safe mode: for orders found by a search at the provider."""
    order = Order.objects.select_related("provider").get(pk=order_id)
    _check_id(order.provider, provider_order_id)
    _adopt(order_id, provider_order_id, actor, reason)


@about_order
def confirm_by_evidence(*, order_id: int, provider_order_id: str, reason: str) -> None:
    """Confirm the order by clear evidence from the provider's IDs. The order continues."""
    _adopt(order_id, provider_order_id, "", reason)


@about_order
def requeue_order(*, order_id: int, actor: str, reason: str) -> None:
    """Queue the order to be sent again: the provider does not have it."""
    _check_safe_mode()

    def decide(change: Change, attempt: Attempt) -> None:
        change.order.next_attempt_at = change.order.queued_at = change.now
        change.to(State.QUEUED, what="not placed", reason=reason, actor=actor)
        _close_attempt(attempt, Attempt.Outcome.ABSENT)
        _grade(attempt, "")

    _resolve(order_id, decide, "was not placed", actor, reason)


@about_order
def refund_unconfirmed(*, order_id: int, actor: str, reason: str, approval: int | None = None) -> None:
    """End the order and refund it, whatever the provider does. Raises also the errors of `authorize`."""
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
def clear_flag(*, order_id: int, actor: str, reason: str) -> None:
    """Clear an order's flag: a person has checked it."""
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=timezone.now())[order_id]
        change.note("seen", reason=f"{change.order.attention}: {reason}", actor=actor)
        change.order.attention = ""
        write([change])
        audit_change(change, actor=actor, action="order reviewed", reason=reason)


def _adopt(order_id: int, provider_order_id: str, actor: str, reason: str) -> None:
    """Confirm the order. Without an actor the panel itself decided; a person's decision also grades the evidence."""

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
        raise CannotResolveError(_("That ID already belongs to another order.")) from None


def clear_unknown_status(*, provider_id: int, word: str, actor: str, reason: str) -> int:
    """Clear the flag of orders with this provider status, whose meaning a person knows; returns how many, at most 500.

    The audit log records who and reason.
    """
    flagged = Order.objects.filter(provider=provider_id, attention=UNKNOWN_WORD, provider_status_raw=word)
    with transaction.atomic(durable=True):
        ids = flagged.exclude(attention="").order_by("pk").values_list("pk", flat=True)[:MAX_CLEARED]
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
        text = _("The provider could not be asked for this ID: %(error)s")
        raise CannotResolveError(text % {"error": error.text}) from None
    if isinstance(status, ItemError):
        text = _("The provider does not know this ID: %(error)s")
        raise CannotResolveError(text % {"error": status.text})


def _resolve(order_id: int, decide: Callable[[Change, Attempt], None], verdict: str, actor: str, reason: str) -> None:
    if not reason.strip():
        raise CannotResolveError(_("Enter a reason. It is saved with the order."))
    now = timezone.now()
    with transaction.atomic(durable=True):
        change = lock_orders(order_ids=[order_id], now=now)[order_id]
        attempt = Attempt.objects.filter(order=order_id, outcome=Attempt.Outcome.UNKNOWN).first()
        if change.state not in UNCONFIRMED_STATES or attempt is None:
            raise CannotResolveError(_("This order is no longer unconfirmed."))
        if attempt.lease_until > now:
            raise CannotResolveError(_("The provider may still answer. Wait two minutes, then decide."))
        decide(change, attempt)
        write([change])
        audit_change(change, actor=actor, action=f"order {verdict}", reason=reason)
        update_unconfirmed_alert(provider_id=change.order.provider_id)


def _grade(attempt: Attempt, actual: str) -> None:
    """Record whether the evidence agreed: `actual` is the provider order ID, or empty where it was not placed."""
    probe = Probe.objects.filter(attempt=attempt, is_right=None, verdict__in=["placed", "absent"]).first()
    if probe is None:
        return
    probe.is_right = probe.candidate == actual
    probe.save(update_fields=["is_right"])
    column = "probes_right" if probe.is_right else "probes_wrong"
    Provider.objects.filter(pk=attempt.order.provider_id).update(**{column: F(column) + 1})


def _close_attempt(attempt: Attempt, outcome: Attempt.Outcome) -> None:
    attempt.outcome = outcome
    attempt.ended_at = timezone.now()
    attempt.save(update_fields=["outcome", "ended_at"])
